//! The API, and that of operators.
//!
//! Handlers return typed answers and typed refusals. The envelope does what
//! must hold for all of them.

mod access;
mod admin;
mod auth;
mod authorized;
mod catalogue;
mod client;
mod cors;
mod device;
mod envelope;
mod examples;
mod forwarded;
mod framing;
mod health;
mod invitation;
mod json;
mod login;
mod message;
pub mod metrics;
mod page;
mod phone;
mod pow;
pub mod problem;
mod problem_body;
mod profile;
mod profile_cache;
mod proof;
mod receipt;
pub mod redirect;
mod refusal;
mod reply;
mod route;
pub mod server;
mod session;
mod spec;
mod strict;
mod surface;
mod tag;
mod token;
mod types;

use std::sync::Arc;

use poem::{EndpointExt, Route, get};
use poem_openapi::{LicenseObject, OpenApi, OpenApiService};

use self::{
    admin::Place,
    envelope::Envelope,
    page::{Pages, invite},
    surface::Surface,
};
use crate::{
    app::Reloadable,
    config::{AdminAt, Config},
};

/// The whole API, ready to be served; that of operators too, if it is to be beside it.
pub fn router(service: &Arc<Reloadable>) -> impl server::Service + use<> {
    let app = service.current();
    let config = &app.config;
    let solved = Arc::new(pow::Solved::default());
    let beside = config.http.admin == AdminAt::Beside;
    let admin = beside.then(|| admin::surface(service, Place::beside(config), &solved));
    Envelope::new(service, api(config, &solved), admin)
}

/// The API of operators alone, for a listener of its own.
pub fn admin_router(service: &Arc<Reloadable>) -> impl server::Service + use<> {
    let app = service.current();
    let surface = admin::surface(service, Place::alone(&app.config), &Arc::default());
    Envelope::new(service, surface, None)
}

fn api(config: &Config, solved: &Arc<pow::Solved>) -> Surface {
    let document = document(&config.base_url());
    let pages = Pages::new(document.to_string(), config);
    // In the notation of poem.
    let receipts = receipt::PATTERN.replace("/{", "/:").replace("}/", "/");
    let receipts = receipts.trim_end_matches('/');
    let mut calls = Route::new();
    if config.http.pages {
        let path = message::PATH.trim_end_matches('/');
        calls = calls.at(path, get(message::printed));
        calls = invite::routed(calls);
    }
    let calls = calls
        .at(receipts, get(receipt::sms).post(receipt::sms))
        .at("/*path", open_api())
        .data(Arc::clone(solved));
    let others = [
        (receipt::PATTERN, "GET, HEAD, POST"),
        (message::PATH, "GET, HEAD"),
    ];
    Surface::new(
        &document,
        &others,
        calls,
        pages,
        &config.http.allowed_origins,
    )
}

/// Where a server is reached that was started without any setting.
const BASE_URL: &str = "http://127.0.0.1:8080";

/// The OpenAPI document, as text.
pub fn openapi() -> String {
    pretty(&document(BASE_URL))
}

/// The document of the API of operators, as text.
pub fn admin_openapi() -> String {
    pretty(&admin::document(BASE_URL))
}

fn document(base_url: &str) -> serde_json::Value {
    spec::complete(&open_api().spec(), base_url)
}

fn pretty(document: &serde_json::Value) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("a document is plain JSON");
    text.push('\n');
    text
}

fn open_api() -> OpenApiService<impl OpenApi, ()> {
    let apis = (
        login::LoginApi,
        token::TokenApi,
        session::SessionApi,
        profile::ProfileApi::default(),
        phone::PhoneApi,
        invitation::InvitationApi,
        health::HealthApi::default(),
    );
    OpenApiService::new(apis, "invited", env!("CARGO_PKG_VERSION"))
        .description(include_str!("about.md"))
        .license(LicenseObject::new("MIT").url("https://spdx.org/licenses/MIT.html"))
}
