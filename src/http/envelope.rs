//! The envelope around every answer, whoever made it: one spelling of paths, a
//! request id, one shape of problem, a panic that is a 500, the headers.

use std::{
    net::{IpAddr, SocketAddr},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderValue, StatusCode, header, uri::Scheme},
};
use rand::{RngExt, rngs::StdRng};
use tracing::Instrument;

use super::{
    access::Line,
    admin, forwarded, framing,
    page::invite,
    pow,
    problem::{self, Problem},
    route::spell_plainly,
    server::Service,
    surface::Surface,
};
use crate::{
    app::{App, Reloadable, refusals::RefusedRequest},
    telemetry::RequestId,
};

/// How often the log says why the store refuses to work.
const REMINDER: Duration = Duration::from_secs(10);

/// What must hold for every answer.
pub struct Envelope {
    service: Arc<Reloadable>,
    /// What is asked of browsers that came over TLS.
    hsts: Option<HeaderValue>,
    main: Surface,
    /// What is under `/admin/` beside it.
    admin: Option<Surface>,
    /// What request ids are drawn from.
    ids: Mutex<StdRng>,
}

impl Endpoint for Envelope {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let (app, id) = (self.service.current(), self.draw_id());
        let source = forwarded::address(&app, &request);
        let surface = self.surface(request.uri().path());
        let plain = framing::check(&request).and_then(|()| spell_plainly(request.uri_mut()));
        let route = surface.routes.find(&request).filter(|_| plain.is_ok());
        let mut line = Line::begin(&app.requests, id, Some(request.method()), route, source);
        let origin = surface.cors.known(&request);
        let is_encrypted = *request.scheme() == Scheme::HTTPS;
        let beforehand = || {
            let preflight = origin.as_ref().zip(route);
            let preflight =
                preflight.and_then(|(_, route)| surface.cors.preflight(&request, &route.methods));
            preflight.map(Ok).or_else(|| surface.pages.answer(&request))
        };
        let mut response = match plain.map_or_else(|problem| Some(Err(problem)), |()| beforehand())
        {
            Some(Ok(response)) => response,
            Some(Err(problem)) => problem.answer(id.as_str(), app.config.prefix()),
            None => {
                let route = route.map(|route| route.pattern);
                let handling = handle(surface, request, source, &app, route, id);
                handling.instrument(line.span.clone()).await
            }
        };
        line.end(&response);
        surface.cors.mark(origin, &mut response);
        let status = response.status();
        if let Some(route) = route.filter(|_| status == StatusCode::METHOD_NOT_ALLOWED) {
            let headers = response.headers_mut();
            headers.insert(header::ALLOW, route.methods.clone());
        }
        mark(&mut response, id);
        // Over HTTP it would be ignored (RFC 6797, section 8.1).
        if let Some(hsts) = self.hsts.as_ref().filter(|_| is_encrypted) {
            let headers = response.headers_mut();
            headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        Ok(response)
    }
}

impl Service for Envelope {
    fn refuse(&self, status: StatusCode, peer: SocketAddr) -> Response {
        let (app, id) = (self.service.current(), self.draw_id());
        let mut line = Line::begin(&app.requests, id, None, None, Some(peer.ip()));
        let problem = Problem::unreadable(status);
        let mut response = problem.answer(id.as_str(), app.config.prefix());
        line.end(&response);
        mark(&mut response, id);
        response
    }
}

fn hsts(max_age: Duration) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("max-age={}", max_age.as_secs())).ok()
}

/// Gives an answer the headers that every one has.
fn mark(response: &mut Response, id: RequestId) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert("x-request-id", id);
    }
    // Pages say themselves how long they may be kept.
    let no_store = HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(no_store);
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
}

impl Envelope {
    /// Around the one surface and, under `/admin/`, the other.
    pub fn new(service: &Arc<Reloadable>, main: Surface, admin: Option<Surface>) -> Self {
        let app = service.current();
        Self {
            service: Arc::clone(service),
            hsts: app.config.tls.hsts.and_then(hsts),
            main,
            admin,
            ids: Mutex::new(app.dice()),
        }
    }

    /// What a path belongs to.
    fn surface(&self, path: &str) -> &Surface {
        let admin = self.admin.as_ref().filter(|_| admin::is_of(path));
        admin.unwrap_or(&self.main)
    }

    fn draw_id(&self) -> RequestId {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        RequestId::of(ids.random())
    }
}

/// Has the request handled, and makes a problem of whatever went wrong.
async fn handle(
    surface: &Surface,
    mut request: Request,
    source: Option<IpAddr>,
    app: &Arc<App>,
    route: Option<&'static str>,
    id: RequestId,
) -> Response {
    let reader = invite::reader(route, &request, app);
    request.extensions_mut().insert(Arc::clone(app));
    let handled = AssertUnwindSafe(surface.calls.call(request)).catch_unwind();
    let problem = match handled.await {
        Ok(Ok(response)) => return response,
        Ok(Err(error)) => Problem::of(&error),
        Err(_panic) => {
            tracing::error!(request_id = id.as_str(), "a request was lost to a panic");
            Problem::new(&problem::INTERNAL)
        }
    };
    let code = problem.kind().code;
    // A store that fails does so at every request, and the access log has them all.
    if let Some(cause) = problem.cause()
        && (problem.kind().status != 503
            || app
                .log_throttle
                .is_due_every(REMINDER, code, app.monotonic.now()))
    {
        tracing::error!(request_id = id.as_str(), code, cause, "a request failed");
    }
    let problem = match source.filter(|_| pow::is_asked_for(app)) {
        Some(source) => pow::offer(app, source.into(), problem),
        None => problem,
    };
    let response = problem.answer(id.as_str(), app.config.prefix());
    let wait = response.headers().get(header::RETRY_AFTER);
    let refused = RefusedRequest {
        request_id: id.as_str().to_owned(),
        at: app.now(),
        route: route.unwrap_or_default(),
        status: problem.kind().status,
        code,
        limit: problem.limit(),
        wait: wait.and_then(|wait| wait.to_str().ok()?.parse().ok()),
    };
    app.note_refusal(refused);
    match reader {
        Some(language) => invite::in_words(app, language, response),
        None => response,
    }
}
