//! Everything the API can refuse, in one shape (RFC 9457).
//!
//! The words of a problem are ours alone. No text of a request, a parser or a
//! library ever becomes part of an answer.

use std::time::Duration;

use poem::{
    Response,
    error::ResponseError,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::error::{ParseParamError, ParsePathError};

pub use super::{
    catalogue::*,
    problem_body::{Body, FieldError},
};
use crate::domain::{
    error::StoreError,
    limit::{Reached, Subject},
    permission::Permission,
};

/// A refusal under way to the client.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: &'static Kind,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
    limit: Option<&'static str>,
    subject: Option<Subject>,
    attempts_left: Option<u32>,
    permission: Option<Permission>,
    challenge: Option<Box<str>>,
    cause: Option<StoreError>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: &'static Kind) -> Self {
        let retry_after = match kind.status {
            429 | 503 => Some(1),
            _ => None,
        };
        Self {
            kind,
            errors: Vec::new(),
            retry_after,
            limit: None,
            subject: None,
            attempts_left: None,
            permission: None,
            challenge: None,
            cause: None,
        }
    }

    /// One that says what is wrong with the member `pointer`.
    pub fn at(kind: &'static Kind, pointer: &str, detail: &str) -> Self {
        Self::with_errors(
            kind,
            vec![FieldError {
                pointer: pointer.to_owned(),
                detail: detail.to_owned(),
            }],
        )
    }

    /// One that says what is wrong with several members.
    pub fn with_errors(kind: &'static Kind, errors: Vec<FieldError>) -> Self {
        Self {
            errors,
            ..Self::new(kind)
        }
    }

    /// One that says which limit was reached, and how long to wait.
    pub fn limited(kind: &'static Kind, reached: Reached) -> Self {
        Self {
            limit: Some(reached.limit),
            subject: Some(reached.subject),
            retry_after: Some(seconds(reached.wait).max(1)),
            ..Self::new(kind)
        }
    }

    /// A wrong code.
    pub fn wrong_code(attempts_left: u32) -> Self {
        Self {
            attempts_left: Some(attempts_left),
            ..Self::new(&SMS_CODE_INVALID)
        }
    }

    /// Something that needs a permission.
    pub fn forbidden(permission: Permission) -> Self {
        Self {
            permission: Some(permission),
            ..Self::new(&FORBIDDEN)
        }
    }

    /// Whatever kept poem from calling a handler.
    pub fn of(error: &poem::Error) -> Self {
        if let Some(problem) = error.downcast_ref::<Self>() {
            return problem.clone();
        }
        if let Some(ParseParamError { name, .. }) = error.downcast_ref() {
            return Self::at(
                &VALIDATION_FAILED,
                &format!("#/{name}"),
                "must be of the documented type and within its bounds",
            );
        }
        if error.is::<ParsePathError>() {
            return Self::new(&NOT_FOUND);
        }
        Self::new(match error.status().as_u16() {
            404 => &NOT_FOUND,
            405 => &METHOD_NOT_ALLOWED,
            408 => &REQUEST_TIMEOUT,
            413 => &PAYLOAD_TOO_LARGE,
            415 => &UNSUPPORTED_MEDIA_TYPE,
            400..500 => &MALFORMED_REQUEST,
            _ => &INTERNAL,
        })
    }

    /// A head that cannot be read, which an HTTP server refuses with this status.
    pub fn unreadable(status: StatusCode) -> Self {
        Self::new(match status {
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => &HEADER_TOO_LARGE,
            _ => &MALFORMED_REQUEST,
        })
    }

    /// Its kind.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// The limit that was reached, if that is what it is.
    pub fn limit(&self) -> Option<&'static str> {
        self.limit
    }

    /// Whose doings that counts.
    pub fn subject(&self) -> Option<Subject> {
        self.subject
    }

    /// The same, with something to work on.
    pub fn with_challenge(self, challenge: String) -> Self {
        let challenge = Some(challenge.into_boxed_str());
        Self { challenge, ..self }
    }

    /// What is behind it, for the log and for nobody else.
    pub fn cause(&self) -> Option<String> {
        match self.cause.as_ref()? {
            StoreError::Unavailable(cause) => Some(cause.to_string()),
            error => Some(error.to_string()),
        }
    }

    /// As it is written in answer to the request `request_id`, by a server that
    /// is reached under `prefix`.
    pub fn body(&self, request_id: &str, prefix: &str) -> Body {
        let Kind {
            code,
            status,
            title,
            detail,
        } = self.kind;
        // A budget is not a limit of the client's.
        let limit = self.limit.filter(|_| *status == 429);
        Body {
            kind: format!("{prefix}/problems/{code}"),
            title: (*title).to_owned(),
            status: *status,
            detail: (*detail).to_owned(),
            code: (*code).to_owned(),
            request_id: request_id.to_owned(),
            errors: (self.kind.status == 422).then(|| self.errors.clone()),
            retry_after: self.retry_after,
            limit: limit.map(str::to_owned),
            attempts_left: self.attempts_left,
            permission: self.permission.map(|permission| permission.to_string()),
            challenge: self.challenge.as_deref().map(str::to_owned),
        }
    }

    /// The answer to the request `request_id`.
    pub fn answer(&self, request_id: &str, prefix: &str) -> Response {
        let body =
            serde_json::to_vec(&self.body(request_id, prefix)).expect("a problem is plain JSON");
        let mut response = Response::builder()
            .status(self.status())
            .content_type("application/problem+json")
            .body(body);
        // For the log.
        response.extensions_mut().insert(self.kind);
        let headers = response.headers_mut();
        if self.kind.status == 401 {
            let challenge = HeaderValue::from_static(self.kind.authenticate());
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if [
            MALFORMED_REQUEST.code,
            REQUEST_TIMEOUT.code,
            PAYLOAD_TOO_LARGE.code,
            HEADER_TOO_LARGE.code,
        ]
        .contains(&self.kind.code)
        {
            // What is left of the request is not worth reading, or cannot be found.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind.title)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).expect("the catalogue has proper statuses")
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let problem = match &error {
            StoreError::Overloaded => Self::new(&OVERLOADED),
            StoreError::Unavailable(_) => Self {
                retry_after: Some(5),
                ..Self::new(&STORAGE_UNAVAILABLE)
            },
            StoreError::Broken(_) => Self::new(&INTERNAL),
        };
        Self {
            cause: Some(error),
            ..problem
        }
    }
}

/// Whole seconds, so many that the wait is over by then.
pub fn seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
}
