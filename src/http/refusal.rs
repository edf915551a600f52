//! What each operation may refuse, as a type, so that the OpenAPI document
//! names it. A handler that refuses anything else fails its test.

use std::{collections::BTreeMap, marker::PhantomData};

use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};

use super::problem::{self, Kind, Problem};

/// Between the codes in a documented response's description, which `spec.rs`
/// makes examples and titles of.
pub const BETWEEN_CODES: &str = " · ";

/// Kinds, in groups that operations have in common.
pub type Groups = &'static [&'static [&'static Kind]];

/// The refusals of one operation.
pub trait Refusals: Send + Sync + 'static {
    /// Their kinds.
    const KINDS: Groups;
}

/// What every operation may come to.
pub const ANY: &[&Kind] = &[
    &problem::MALFORMED_REQUEST,
    &problem::HEADER_TOO_LARGE,
    &problem::INTERNAL,
    &problem::STORAGE_UNAVAILABLE,
    &problem::OVERLOADED,
];
/// What an operation with a body may refuse.
pub const BODY: &[&Kind] = &[
    &problem::MALFORMED_JSON,
    &problem::REQUEST_TIMEOUT,
    &problem::PAYLOAD_TOO_LARGE,
    &problem::UNSUPPORTED_MEDIA_TYPE,
    &problem::VALIDATION_FAILED,
];
/// What an operation of a logged-in user may refuse.
pub const USER: &[&Kind] = &[
    &problem::UNAUTHENTICATED,
    &problem::TOKEN_INVALID,
    &problem::TOKEN_EXPIRED,
];

/// A refusal of the operation `Of`.
pub struct Refusal<Of>(Problem, PhantomData<Of>);

impl<Of: Refusals> From<Problem> for Refusal<Of> {
    fn from(problem: Problem) -> Self {
        let listed = || {
            Of::KINDS
                .iter()
                .copied()
                .flatten()
                .any(|kind| kind.code == problem.kind().code)
        };
        debug_assert!(
            listed(),
            "{} is not among the refusals of the operation",
            problem.kind().code
        );
        Self(problem, PhantomData)
    }
}

impl<Of: Refusals> From<Refusal<Of>> for poem::Error {
    fn from(refusal: Refusal<Of>) -> Self {
        refusal.0.into()
    }
}

impl<Of: Refusals> ApiResponse for Refusal<Of> {
    fn meta() -> MetaResponses {
        let mut by_status = BTreeMap::<u16, Vec<&'static str>>::new();
        for kind in Of::KINDS.iter().copied().flatten() {
            by_status.entry(kind.status).or_default().push(kind.code);
        }
        let response = |(status, codes): (u16, Vec<&'static str>)| MetaResponse {
            // The registry wants a static text; the document is made once or twice in a process's life.
            description: String::leak(codes.join(BETWEEN_CODES)),
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: "application/problem+json",
                schema: problem::Body::schema_ref(),
            }],
            headers: vec![],
        };
        MetaResponses {
            responses: by_status.into_iter().map(response).collect(),
        }
    }

    fn register(registry: &mut Registry) {
        problem::Body::register(registry);
    }
}
