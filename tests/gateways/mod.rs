//! Gateways that are data, and how messages find their way through several.

mod answers;
mod binary;
mod delivery;
mod mistakes;
mod preset;
mod request;
mod response;
mod route;
pub mod stub;

use std::time::Duration;

use invited::{
    domain::{code::OneTimeCode, phone::Phone},
    sms::{
        Failure, Message, Receipt, SmsError, Transcript, choice::Choice, language::Language,
        route::Routes, setup::Setup,
    },
};

use crate::harness::NOON;

const KEY: &str = "the provider's own secret";

/// The secret of a webhook (Standard Webhooks, in its libraries' tests).
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn message(text: &str) -> Message {
    Message {
        to: Phone::from_digits("79123456789").unwrap(),
        text: text.to_owned(),
        code: OneTimeCode::parse("0042").ok(),
        at: NOON,
        ttl: Duration::from_mins(3),
        request_id: "00ff".to_owned(),
        ip: Some([192, 0, 2, 7].into()),
        language: Language::English,
    }
}

/// The plan of a configuration with one gateway, called `mine`.
fn plan(toml: &str) -> Setup {
    let mut plan = Setup::default();
    plan.gateways
        .insert("mine".to_owned(), toml.parse().unwrap());
    plan.chains = vec![(String::new(), vec![Choice::Named("mine".to_owned())])];
    plan.environment.insert("KEY".to_owned(), KEY.to_owned());
    plan
}

fn open(toml: &str) -> Routes {
    let routes = plan(toml).open(&Routes::default(), &|_| {
        "https://login.example.com/hook/".to_owned()
    });
    routes.unwrap_or_else(|flaw| panic!("{flaw:?}: {toml}"))
}

/// Sends one message, and tells what came of it and what was said.
async fn exchange(toml: &str, text: &str) -> (Result<Receipt, Failure>, String) {
    let mut transcript = Transcript::kept();
    let mut delivery = open(toml).deliver(&message(text), &mut transcript).await;
    (
        delivery.calls.remove(0).outcome,
        transcript.text().to_owned(),
    )
}

async fn error(toml: &str) -> SmsError {
    exchange(toml, "hello").await.0.unwrap_err().error
}

/// A gateway that only has to be answered 2xx.
fn plain(url: &str) -> String {
    format!("kind = \"http\"\nurl = \"{url}\"\nbody.json.text = \"{{{{text}}}}\"\n")
}
