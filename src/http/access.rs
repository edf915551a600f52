//! What the access log and the metrics tell of each request, whoever answered it.

use std::{net::IpAddr, time::Duration};

use poem::{Response, http::Method};
use tokio::time::Instant;
use tracing::{Span, field::Empty};

use super::{problem::Kind, route::Route};
use crate::{
    app::requests::{Answered, Requests},
    telemetry::{self, Access, RequestId},
};

/// The line of a request under way. It is written when it is dropped: without
/// a status when the client went away before the answer.
pub struct Line<'a> {
    requests: &'a Requests,
    access: Access,
    begun: Instant,
    /// For traces.
    pub span: Span,
}

impl<'a> Line<'a> {
    /// Of a request that has just come, or of what cannot be read as one.
    pub fn begin(
        requests: &'a Requests,
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
        let (method, route) = (access.method, access.route);
        let span = tracing::debug_span!(
            target: "invited::span",
            parent: None,
            "request",
            otel.name = format!("{} {}", method.unwrap_or("other"), route.unwrap_or_default()).trim_end(),
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method,
            http.route = route,
            http.response.status_code = Empty,
            problem.code = Empty,
            request_id = request_id.as_str(),
        );
        Self {
            requests,
            access,
            begun,
            span,
        }
    }

    /// Notes how the request was answered.
    pub fn end(&mut self, response: &Response) {
        self.access.status = Some(response.status().as_u16());
        let kind = response.extensions().get::<&'static Kind>();
        self.access.code = kind.map(|kind| kind.code);
        let status = response.status().as_u16();
        self.span.record("http.response.status_code", status);
        self.span.record("problem.code", self.access.code);
        if status >= 500 {
            self.span.record("otel.status_code", "ERROR");
        }
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.access.duration = self.begun.elapsed();
        let answered = Answered {
            method: self.access.method.unwrap_or("other"),
            route: self.access.route.unwrap_or_default(),
            status: self.access.status.unwrap_or_default(),
            code: self.access.code.unwrap_or_default(),
        };
        self.requests.note(&answered, self.access.duration);
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
