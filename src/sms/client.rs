//! The one HTTP client of all gateways.

use std::{
    error::Error,
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{Proxy, Request, redirect::Policy};

use super::{
    declared::answer::{Answer, Refusal},
    error::{Failure, SmsError},
};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(2);
/// How long a whole call may take.
const CALL: Duration = Duration::from_secs(5);
/// Longer answers are not read to their end.
const LONGEST: usize = 64 * 1024;

/// A client that goes nowhere it was not sent to. It is made when the first
/// message is sent, since it reads every certificate that the system trusts:
/// that takes as long as all the rest of a start. Cheap to clone.
#[derive(Clone)]
pub struct Client(Arc<Lazy>);

struct Lazy {
    proxy: Option<Proxy>,
    made: OnceLock<Result<reqwest::Client, String>>,
}

impl Client {
    /// One that goes through `proxy` to https alone: what is plain stays on this machine.
    pub fn new(proxy: Option<&String>) -> Result<Self, String> {
        let proxy = proxy.map(Proxy::https).transpose();
        let proxy = proxy.map_err(|error| format!("HTTPS_PROXY: {error}"))?;
        let made = OnceLock::new();
        Ok(Self(Arc::new(Lazy { proxy, made })))
    }

    /// The client itself.
    pub fn get(&self) -> Result<&reqwest::Client, Failure> {
        let made = self.0.made.get_or_init(|| make(self.0.proxy.clone()));
        made.as_ref()
            .map_err(|reason| Failure::of(SmsError::NotSent, reason))
    }
}

fn make(proxy: Option<Proxy>) -> Result<reqwest::Client, String> {
    let mut builder = reqwest::Client::builder().no_proxy();
    if let Some(proxy) = proxy {
        builder = builder.proxy(proxy);
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
pub async fn exchange(client: &reqwest::Client, request: Request) -> Result<Answer, Refusal> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_made_for_the_first_message_and_once() {
        let client = Client::new(None).unwrap();
        assert!(client.0.made.get().is_none());
        let first = client.get().unwrap();
        assert!(std::ptr::eq(first, client.clone().get().unwrap()));
    }

    #[test]
    fn a_proxy_that_is_none_is_refused_before_that() {
        let refused = Client::new(Some(&"not a proxy".to_owned())).err().unwrap();
        assert!(refused.starts_with("HTTPS_PROXY: "), "{refused}");
    }
}
