//! The API: routes, and the envelope around every answer.
//!
//! Handlers return typed answers and typed refusals. The envelope does what
//! must hold for all of them, whoever made the answer: one spelling of paths,
//! a request id, one shape of problem, a panic that is a 500, the headers.

mod auth;
mod catalogue;
mod challenge;
mod client;
mod cors;
mod delivery;
mod device;
mod docs;
mod framing;
mod health;
mod hooks;
mod invitation;
mod json;
mod login;
pub mod metrics;
mod notice;
mod phone;
mod pow;
pub mod problem;
mod profile;
mod refusal;
pub mod server;
mod session;
mod shown;
mod spec;
mod strict;
mod types;

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::FutureExt;
use poem::{
    Endpoint, EndpointExt, Request, Response, Result,
    endpoint::BoxEndpoint,
    http::{HeaderValue, Method, StatusCode, Uri, header},
};
use poem_openapi::{LicenseObject, OpenApi, OpenApiService, Tags};
use rand::Rng;

use self::{cors::Cors, problem::Problem};
use crate::{
    app::{App, Context},
    config::Origin,
};

/// The chapters of the documentation.
#[derive(Tags)]
enum Tag {
    /// A phone asks for a code and confirms it.
    Login,
    /// New tokens for old, the list of logins, logging out.
    Sessions,
    /// One's own account.
    Profile,
    /// Who invited whom.
    Invitations,
    /// For load balancers and supervisors.
    Health,
}

/// The whole API of `app`, ready to be served.
pub fn router(app: &Arc<App>) -> impl Endpoint<Output = Response> + 'static {
    let document = document();
    Envelope {
        app: Arc::clone(app),
        cors: Cors::new(app.config.http.allowed_origins.iter().map(Origin::as_str)),
        allowed: spec::methods(&document),
        process: app.dice().next_u64(),
        requests: AtomicU64::new(0),
        inner: docs::around(service(), document.to_string())
            .data(Arc::new(pow::Solved::default()))
            .boxed(),
    }
}

/// The OpenAPI document, as text.
pub fn openapi() -> String {
    pretty(&document())
}

fn document() -> serde_json::Value {
    spec::complete(&service().spec())
}

fn pretty(document: &serde_json::Value) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("a document is plain JSON");
    text.push('\n');
    text
}

fn service() -> OpenApiService<impl OpenApi, ()> {
    let apis = (
        login::LoginApi,
        session::SessionApi,
        profile::ProfileApi::default(),
        phone::PhoneApi,
        invitation::InvitationApi,
        health::HealthApi,
    );
    OpenApiService::new(apis, "invited", env!("CARGO_PKG_VERSION"))
        .description(include_str!("about.md"))
        .license(LicenseObject::new("MIT").url("https://spdx.org/licenses/MIT.html"))
}

/// What must hold for every answer.
struct Envelope {
    app: Arc<App>,
    cors: Cors,
    inner: BoxEndpoint<'static, Response>,
    allowed: Vec<(String, String)>,
    process: u64,
    requests: AtomicU64,
}

impl Endpoint for Envelope {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let id = format!(
            "{:016x}{:08x}",
            self.process,
            self.requests.fetch_add(1, Ordering::Relaxed)
        );
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let origin = self.cors.known(&request);
        let plain = framing::check(&request).and_then(|()| spell_plainly(request.uri_mut()));
        let preflight = origin
            .as_ref()
            .and_then(|_| cors::preflight(&request, self.allow(uri.path())));
        let mut response = match (plain, preflight) {
            (Err(problem), _) => problem.answer(&id),
            (Ok(()), Some(response)) => response,
            (Ok(()), None) => self.handle(request, self.app.context(), &id).await,
        };
        let status = response.status();
        let method = name(&method);
        tracing::debug!(
            request_id = id,
            method,
            status = status.as_u16(),
            "answered"
        );
        self.cors.mark(origin, &mut response);
        let headers = response.headers_mut();
        if status == StatusCode::METHOD_NOT_ALLOWED
            && let Ok(methods) = HeaderValue::from_str(self.allow(uri.path()))
        {
            headers.insert(header::ALLOW, methods);
        }
        if let Ok(id) = HeaderValue::try_from(id) {
            headers.insert("x-request-id", id);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let nosniff = HeaderValue::from_static("nosniff");
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
        Ok(response)
    }
}

impl Envelope {
    /// Has the request handled, and makes a problem of whatever went wrong.
    async fn handle(&self, mut request: Request, context: Context, id: &str) -> Response {
        let source = pow::is_asked_for(&context).then(|| client::address(&context, &request));
        request.extensions_mut().insert(context.clone());
        let handled = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        let problem = match handled.await {
            Ok(Ok(response)) => return response,
            Ok(Err(error)) => Problem::of(&error),
            Err(_panic) => {
                tracing::error!(request_id = id, "a request was lost to a panic");
                Problem::new(&problem::INTERNAL)
            }
        };
        if let Some(cause) = problem.cause() {
            let code = problem.kind().code;
            tracing::error!(request_id = id, code, cause, "a request failed");
        }
        match source.flatten() {
            Some(source) => pow::offer(&context, source.into(), problem).answer(id),
            None => problem.answer(id),
        }
    }

    /// The methods that `path` knows. Pages outside of the document know GET.
    fn allow(&self, path: &str) -> &str {
        let is_like = |template: &str| {
            let (template, path) = (template.split('/'), path.trim_end_matches('/').split('/'));
            template.clone().count() == path.clone().count()
                && template
                    .zip(path)
                    .all(|(part, given)| part.starts_with('{') || part == given)
        };
        let known = self.allowed.iter().find(|(template, _)| is_like(template));
        let elsewhere = if path.starts_with("/hooks/") {
            "GET, HEAD, POST"
        } else {
            "GET, HEAD"
        };
        known.map_or(elsewhere, |(_, methods)| methods)
    }
}

/// The method's name for the log. One that nobody knows is the client's own
/// word, which may be anything: a token, a phone.
fn name(method: &Method) -> &str {
    use Method as M;
    let known = [
        M::GET,
        M::HEAD,
        M::POST,
        M::PUT,
        M::PATCH,
        M::DELETE,
        M::OPTIONS,
    ];
    if known.contains(method) {
        method.as_str()
    } else {
        "other"
    }
}

/// Leaves one spelling of each path: without the slash at its end, which is as
/// good as with it. Empty and dot segments and escapes name nothing here, and
/// a redirect would lose a request's body.
fn spell_plainly(uri: &mut Uri) -> Result<(), Problem> {
    let path = uri.path();
    let odd = |segment: &str| {
        segment.is_empty() || segment == "." || segment == ".." || segment.contains('%')
    };
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    let named = trimmed
        .strip_prefix('/')
        .is_none_or(|segments| !segments.split('/').any(odd));
    if !named || !path.starts_with('/') {
        return Err(Problem::new(&problem::NOT_FOUND));
    }
    if trimmed.len() == path.len() || trimmed.is_empty() {
        return Ok(());
    }
    let plain = match uri.query() {
        Some(query) => format!("{trimmed}?{query}"),
        None => trimmed.to_owned(),
    };
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = Some(
        plain
            .parse()
            .map_err(|_| Problem::new(&problem::NOT_FOUND))?,
    );
    *uri = Uri::from_parts(parts).map_err(|_| Problem::new(&problem::NOT_FOUND))?;
    Ok(())
}
