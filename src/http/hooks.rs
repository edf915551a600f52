//! Where providers report what became of messages.
//!
//! The address is the secret: nobody else knows it. Where the provider signs
//! what it says, that is checked too. A message that nobody knows of is no
//! mistake of the provider's, who would only say it again.

use poem::{
    Body, Request, Response, Result,
    http::header,
    web::{Data, Path},
};
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use super::problem::{self, Problem};
use crate::{
    app::{Context, HOOK},
    domain::delivery::{State, Trace},
    sms::{Doubt, Fate, Post},
};

/// Longer reports are not read.
const LONGEST: usize = 64 * 1024;

/// The path, as the routes of poem are written.
pub const PATH: &str = "/hooks/sms/:gateway/:secret";
/// The same, as the log tells it.
pub const PATTERN: &str = "/hooks/sms/{gateway}/{secret}/";

/// Where messages of one gateway are reported.
#[poem::handler]
pub async fn sms(
    request: &Request,
    body: Body,
    Path((gateway, secret)): Path<(String, String)>,
    app: Data<&Context>,
) -> Result<Response> {
    let own = app.keys().name(HOOK, &gateway);
    let is_known: bool = own.as_bytes().ct_eq(secret.as_bytes()).into();
    let link = app.sms.link(&gateway).filter(|_| is_known);
    let link = link.ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    let body = body.into_bytes_limit(LONGEST).await;
    let body = body.map_err(|_| Problem::new(&problem::PAYLOAD_TOO_LARGE))?;
    let post = Post {
        query: request.uri().query().unwrap_or_default(),
        body: &body,
        headers: request.headers(),
    };
    let report = link.gateway().hear(post).map_err(|doubt| {
        tracing::warn!(gateway, ?doubt, "a report of messages is not believed");
        Problem::new(match doubt {
            Doubt::Unexpected | Doubt::Forged => &problem::NOT_FOUND,
            Doubt::Unreadable => &problem::MALFORMED_REQUEST,
        })
    })?;
    for (message, fate) in &report.fates {
        link.heard(message, *fate, Instant::now());
    }
    let fates = report.fates;
    let writing = app.store.write(move |tx| {
        for (message, fate) in &fates {
            let trace = Trace {
                gateway: gateway.clone(),
                message: Some(message.clone()),
            };
            tx.report_delivery(&trace, state(*fate))?;
        }
        Ok::<_, Problem>(())
    });
    writing.await?;
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, "text/plain")
        .body(report.answer))
}

fn state(fate: Fate) -> State {
    match fate {
        Fate::Delivered => State::Delivered,
        Fate::Undelivered => State::Undelivered,
    }
}
