//! What the access log tells of each request, whoever answered it.

use std::{net::IpAddr, time::Duration};

use poem::{Response, http::Method};
use tokio::time::Instant;

use super::{problem::Kind, route::Route};
use crate::telemetry::{self, Access, RequestId};

/// The line of a request under way. It is written when it is dropped: without
/// a status when the client went away before the answer.
pub struct Line {
    access: Access,
    begun: Instant,
}

impl Line {
    /// Of a request that has just come, or of what cannot be read as one.
    pub fn begin(
        request_id: RequestId,
        method: Option<&Method>,
        route: Option<&Route>,
        source: Option<IpAddr>,
    ) -> Self {
        let access = Access {
            method: method.map(name),
            route: route.map(|route| route.pattern),
            status: None,
            code: None,
            duration: Duration::ZERO,
            source,
            request_id,
        };
        let begun = Instant::now();
        Self { access, begun }
    }

    /// Notes how the request was answered.
    pub fn end(&mut self, response: &Response) {
        self.access.status = Some(response.status().as_u16());
        let kind = response.extensions().get::<&'static Kind>();
        self.access.code = kind.map(|kind| kind.code);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.access.duration = self.begun.elapsed();
        telemetry::log(self.access);
    }
}

/// The method's name. One that nobody knows is the client's own word, which
/// may be anything: a token, a phone.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
