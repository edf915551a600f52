//! The one HTTP client of all gateways.

use std::{error::Error, time::Duration};

use reqwest::{Client, Proxy, Request, redirect::Policy};

use super::{
    SmsError,
    declared::answer::{Answer, Refusal},
};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(2);
/// How long a whole call may take.
const CALL: Duration = Duration::from_secs(5);
/// Longer answers are not read to their end.
const LONGEST: usize = 64 * 1024;

/// A client that goes nowhere it was not sent to. `proxy` is for https alone:
/// what is plain stays on this machine.
pub fn new(proxy: Option<&String>) -> Result<Client, String> {
    let mut builder = Client::builder().no_proxy();
    if let Some(proxy) = proxy {
        let proxy = Proxy::https(proxy.as_str());
        builder = builder.proxy(proxy.map_err(|error| format!("HTTPS_PROXY: {error}"))?);
    }
    builder
        .user_agent(concat!("invited/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .connect_timeout(CONNECT)
        .timeout(CALL)
        .build()
        .map_err(|error| format!("the HTTP client cannot be made: {}", causes(&error)))
}

/// Sends a request and reads the answer. A refusal tells whether anything can
/// have been sent: once the request was on its way, nobody knows.
pub async fn exchange(client: &Client, request: Request) -> Result<Answer, Refusal> {
    let mut response = client.execute(request).await.map_err(|error| {
        let certain = error.is_connect() || error.is_builder();
        let class = if certain {
            SmsError::NotSent
        } else {
            SmsError::Unknown
        };
        Refusal::of(class, None, causes(&error.without_url()))
    })?;
    let status = response.status().as_u16();
    let broken = |reason: String| Refusal::of(SmsError::Unknown, Some(status), reason);
    let mut body = Vec::new();
    loop {
        let chunk = response.chunk().await;
        match chunk.map_err(|error| broken(causes(&error.without_url())))? {
            Some(chunk) if body.len() + chunk.len() > LONGEST => {
                return Err(broken(format!("an answer of more than {LONGEST} bytes")));
            }
            Some(chunk) => body.extend_from_slice(&chunk),
            None => break,
        }
    }
    Ok(Answer::new(
        status,
        String::from_utf8_lossy(&body).into_owned(),
    ))
}

/// An error and what caused it: the last word is mostly the one that helps.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
