//! Where providers report what became of messages.
//!
//! The address is the secret: nobody else knows it. Where the provider signs
//! its reports, the signature is checked too. A report of an unknown message is
//! accepted all the same, since the provider would only repeat it.

use std::{sync::Arc, time::Duration};

use poem::{
    Body, Request, Response, Result,
    http::header,
    web::{Data, Path},
};
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use super::{
    json::arrive,
    problem::{self, Problem},
};
use crate::{
    app::{App, events::Happened, hook_secret},
    domain::{
        arrival::Arrival,
        delivery::{News, Reported, Trace},
        money::Money,
        statistic::Measure,
    },
    sms::{Doubt, Post, Report},
};

/// Longer reports are not read.
const LONGEST: usize = 64 * 1024;
/// How long one may take to arrive: less than the server waits for at its end.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The path, as the document and the log write such.
pub const PATTERN: &str = "/hooks/sms/{gateway}/{secret}/";

/// Where messages of one gateway are reported.
#[poem::handler]
pub async fn sms(
    request: &Request,
    body: Body,
    Path((gateway, secret)): Path<(String, String)>,
    app: Data<&Arc<App>>,
) -> Result<Response> {
    let own = hook_secret(app.keys(), &gateway);
    let is_known: bool = own.as_bytes().ct_eq(secret.as_bytes()).into();
    let configured = app.sms.gateway_named(&gateway).filter(|_| is_known);
    let configured = configured.ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    let body = arrive(body, LONGEST, TIMEOUT).await?;
    let post = Post {
        query: request.uri().query().unwrap_or_default(),
        body: &body,
        headers: request.headers(),
        at: app.now(),
    };
    let Report { messages, answer } = configured.gateway().hear(post).map_err(|doubt| {
        tracing::warn!(gateway, ?doubt, "a report of messages is not believed");
        Problem::new(match doubt {
            Doubt::Unexpected | Doubt::Forged => &problem::NOT_FOUND,
            Doubt::Unreadable => &problem::MALFORMED_REQUEST,
        })
    })?;
    let (name, now) = (gateway.clone(), app.now());
    let writing = app.store.write(move |tx| {
        let mut news = Vec::new();
        for (message, reported) in &messages {
            let trace = Trace {
                gateway: gateway.clone(),
                message: Some(message.clone()),
            };
            for one in tx.report_delivery(&trace, *reported)? {
                news.push((message.clone(), *reported, one));
            }
        }
        Ok::<_, Problem>(news)
    });
    // What was known before says nothing new of the gateway either.
    for (message, reported, News { phone, taken_at }) in writing.await? {
        app.count(Happened {
            phone,
            of: &name,
            ..Happened::at(measure(reported), now)
        });
        if let (Reported::Delivered, Some(taken_at)) = (reported, taken_at) {
            let arrived = Measure::Arrived(Arrival::after(now.since(taken_at)));
            let what = (arrived, &*name, "");
            app.statistics.count_of(what, Money::default(), now);
        }
        configured.heard(&message, reported, Instant::now());
    }
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, "text/plain")
        .body(answer))
}

fn measure(reported: Reported) -> Measure {
    match reported {
        Reported::Delivered => Measure::Delivered,
        Reported::Undelivered => Measure::Undelivered,
    }
}
