//! Successful answers: JSON, or nothing.

use std::marker::PhantomData;

use hyper::body::Bytes;
use poem::{IntoResponse, Response, http::StatusCode};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use serde::Serialize;

use super::json::CONTENT_TYPE;

/// A JSON answer: 200, the members in the order in which the type has them.
pub struct Reply<T> {
    body: Bytes,
    of: PhantomData<T>,
}

impl<T: Serialize> Reply<T> {
    /// Writes `value`.
    pub fn of(value: &T) -> Self {
        Self::again(serde_json::to_vec(value).expect("an answer is plain JSON"))
    }
}

impl<T> Reply<T> {
    /// What was written before.
    pub fn again(body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            of: PhantomData,
        }
    }

    /// What is written.
    pub fn body(&self) -> Bytes {
        self.body.clone()
    }
}

impl<T: Send> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(CONTENT_TYPE)
            .body(self.body)
    }
}

impl<T: Type> ApiResponse for Reply<T> {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType {
            content_type: CONTENT_TYPE,
            schema: T::schema_ref(),
        }];
        let ok = MetaResponse {
            description: "Done",
            status: Some(200),
            status_range: None,
            content,
            headers: vec![],
        };
        MetaResponses {
            responses: vec![ok],
        }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// An answer without a body: 204.
pub struct Done;

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into()
    }
}

impl ApiResponse for Done {
    fn meta() -> MetaResponses {
        let done = MetaResponse {
            description: "Done",
            status: Some(204),
            status_range: None,
            content: vec![],
            headers: vec![],
        };
        MetaResponses {
            responses: vec![done],
        }
    }

    fn register(_: &mut Registry) {}
}
