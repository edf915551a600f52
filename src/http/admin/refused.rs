//! What the rules refuse operators, as problems.

use crate::{
    app::admin::AdminError,
    domain::{admin::Refused, audit::Forbidden},
    http::problem::{self, Kind, Problem},
};

/// What every call of somebody who operates the service may refuse.
pub const OPERATOR: &[&Kind] = &[
    &problem::UNAUTHENTICATED,
    &problem::FORBIDDEN,
    &problem::RATE_LIMITED,
];
/// What a call that changes something may refuse beside that: it says why, and
/// is not another site's.
pub const CHANGE: &[&Kind] = &[
    &problem::UNSUPPORTED_MEDIA_TYPE,
    &problem::VALIDATION_FAILED,
];
/// What a call about one person may.
pub const PERSON: &[&Kind] = &[&problem::USER_NOT_FOUND];

impl From<AdminError> for Problem {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Refused(refused) => refused.into(),
            AdminError::Store(error) => error.into(),
            AdminError::Unauthenticated => Self::new(&problem::UNAUTHENTICATED),
            AdminError::Missing(_) => Self::new(&problem::USER_NOT_FOUND),
            AdminError::Invalid(_) => Self::at(&problem::VALIDATION_FAILED, "#", "is not known"),
            AdminError::Failed(cause) => {
                tracing::error!(cause, "what an operator asked for failed");
                Self::new(&problem::INTERNAL)
            }
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Forbidden(Forbidden(permission)) => Self::forbidden(permission),
            Refused::Store(error) => error.into(),
            refused => Self::new(match refused {
                Refused::Already(_) => &problem::ALREADY_DONE,
                Refused::PhoneTaken => &problem::PHONE_TAKEN,
                Refused::Cycle => &problem::INVITATION_CYCLE,
                Refused::LastOwner => &problem::LAST_OWNER,
                Refused::NameTaken => &problem::NAME_TAKEN,
                Refused::NoSession | Refused::NoKey => &problem::NOT_FOUND,
                Refused::NoOperator => &problem::USER_NOT_FOUND,
                _ => &problem::FORBIDDEN,
            }),
        }
    }
}

/// The same, where what was said of a member cannot be what was meant.
pub fn of(member: &'static str, expected: &'static str) -> impl Fn(AdminError) -> Problem {
    move |error| match error {
        AdminError::Invalid(_) => Problem::at(&problem::VALIDATION_FAILED, member, expected),
        error => error.into(),
    }
}
