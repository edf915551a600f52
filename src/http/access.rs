//! What the access log tells of each request, whoever answered it.

use std::net::IpAddr;

use poem::{
    Response,
    http::{Method, StatusCode},
};
use tokio::time::Instant;

use super::{problem::Kind, route::Route};
use crate::telemetry::{self, Access};

/// The line of a request under way. It is written when it is dropped: without
/// a status when the client went away before the answer.
pub struct Line {
    request_id: u128,
    method: Option<&'static str>,
    route: Option<&'static str>,
    source: Option<IpAddr>,
    begun: Instant,
    status: Option<StatusCode>,
    code: Option<&'static str>,
}

impl Line {
    /// Of a request that has just come, or of what cannot be read as one.
    pub fn begin(
        request_id: u128,
        method: Option<&Method>,
        route: Option<&Route>,
        source: Option<IpAddr>,
    ) -> Self {
        Self {
            request_id,
            method: method.map(name),
            route: route.map(|route| route.pattern),
            source,
            begun: Instant::now(),
            status: None,
            code: None,
        }
    }

    /// Notes how the request was answered.
    pub fn end(&mut self, response: &Response) {
        self.status = Some(response.status());
        let kind = response.extensions().get::<&'static Kind>();
        self.code = kind.map(|kind| kind.code);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        telemetry::log(Access {
            method: self.method,
            route: self.route,
            status: self.status.map(|status| status.as_u16()),
            code: self.code,
            duration: self.begun.elapsed(),
            source: self.source,
            request_id: self.request_id,
        });
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
