//! The message that would have come by SMS, for a developer's browser: the
//! code is read on the page that asks for it, and not in the terminal.
//!
//! This is there as long as messages are only printed and only this machine
//! can connect. Pages of others are kept out all the same: what they send has
//! their own host in it, also when its name was made to lead here (DNS
//! rebinding), and a proxy that lets others in names them.

use std::sync::Arc;

use poem::{
    Request, Response,
    http::{Version, header, uri::Authority},
    web::Data,
};
use serde_json::json;

use super::{
    forwarded,
    json::CONTENT_TYPE,
    problem::{self, Problem},
};
use crate::{
    app::{App, delivery::request_id},
    token::{TokenError, challenge::open},
};

/// The path, as the log writes it.
pub const PATH: &str = "/app/message/";

/// The text of the message that was printed with the code of an sms-token.
#[poem::handler]
pub fn printed(request: &Request, Data(app): Data<&Arc<App>>) -> poem::Result<Response> {
    let is_own =
        app.config.is_for_development() && is_loopback(request) && !is_through_proxy(request);
    if !is_own {
        return Err(Problem::new(&problem::NOT_FOUND).into());
    }
    let token = request.headers().get("sms-token");
    let token = token.ok_or_else(|| Problem::new(&problem::SMS_TOKEN_MISSING))?;
    let opened = open(app.keys(), token.to_str().unwrap_or_default(), app.now());
    let opened = opened.map_err(|error| {
        Problem::new(match error {
            TokenError::Expired => &problem::SMS_TOKEN_EXPIRED,
            TokenError::Invalid => &problem::SMS_TOKEN_INVALID,
        })
    })?;
    let name = request_id(app, opened.challenge);
    let mut gateways = app.sms.chain(opened.phone).iter();
    let text = gateways.find_map(|configured| configured.gateway().printed(&name));
    let text = text.ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    Ok(Response::builder()
        .content_type(CONTENT_TYPE)
        .body(json!({ "text": text }).to_string()))
}

/// Whether a proxy sent it. No browser speaks HTTP/1.0, but nginx does unless it
/// is told otherwise, and names then neither its client nor the host asked for.
fn is_through_proxy(request: &Request) -> bool {
    forwarded::is_forwarded(request)
        || request.headers().contains_key(header::VIA)
        || request.version() < Version::HTTP_11
}

/// Whether the host that was asked for is this machine, whatever its port.
fn is_loopback(request: &Request) -> bool {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    // HTTP/2 has it in the target.
    let host = request.uri().authority().or(host.as_ref());
    let names = ["localhost", "127.0.0.1", "[::1]"];
    host.is_some_and(|host| {
        names
            .iter()
            .any(|name| host.host().eq_ignore_ascii_case(name))
    })
}
