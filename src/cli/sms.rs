//! `invited sms`: the gateways there are, whether they would work, and a
//! message to try one with.

use clap::{Args, Subcommand};

use super::{
    failure::Failure,
    help::gateways,
    settings::Settings,
    terminal::{print, run_now},
};
use crate::{
    app,
    clock::{Clock, SystemClock, dice},
    config::Config,
    domain::{code::OneTimeCode, phone::Phone},
    sms::{
        Message, Setting, SmsError, Transcript, presets,
        redaction::Redacted,
        route::{Routes, written},
    },
    token::{key_file, keys::Keys},
};

#[derive(Args)]
pub struct Sms {
    #[command(flatten)]
    settings: Settings,
    #[arg(long = "sms", value_name = "GATEWAY", global = true, help = gateways("The gateway to use, whatever the configuration says"))]
    gateway: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Send a message to a phone, and print what was said, secrets masked.
    Test {
        /// The phone, as in +79123456789.
        phone: String,
        /// Send it also to a number that `login.destinations` does not cover.
        #[arg(long)]
        any_number: bool,
    },
    /// Ask every gateway whether it would take messages; sends none.
    Check,
    /// Print the gateways that messages go through, and the presets there are.
    List,
}

impl Sms {
    pub fn run(&self) -> Result<(), Failure> {
        let mut layers = self.settings.layers()?;
        layers.flag("sms.gateway", "--sms", self.gateway.as_ref());
        let config = Config::read(layers)?;
        match &self.command {
            Command::Test { phone, any_number } => {
                let phone = addressee(&config, phone, *any_number)?;
                run_now(test(&config, &routes(&config)?, phone))
            }
            Command::Check => run_now(check(&routes(&config)?)),
            Command::List => list(&routes(&config)),
        }
    }
}

/// The gateways that are configured, whether or not a server runs.
pub fn routes(config: &Config) -> Result<Routes, Failure> {
    // Only the ledgers' key and the epoch name anything, and a first start has yet to draw them.
    let stored = key_file::read(&config.keys_path())?;
    let mut keys = Keys::draw(&mut dice());
    if let Some(stored) = stored {
        keys.epoch = stored.epoch;
        keys.ledger = stored.ledger.unwrap_or(keys.ledger);
    }
    Ok(app::gateways(config, &keys, &Routes::default())?)
}

/// The phone to try: one that could log in, since a slip of the finger is paid for.
fn addressee(config: &Config, text: &str, any_number: bool) -> Result<Phone, Failure> {
    let phone = Phone::parse(text, config.login.default_region).map_err(|_| {
        Failure::misconfigured(format!(
            "{text} is not a phone number in international form"
        ))
    })?;
    if any_number || config.may_send_to(phone) {
        return Ok(phone);
    }
    Err(Failure::misconfigured(format!(
        "{} is not covered by login.destinations: name a number that is, or add --any-number to send there all the same",
        phone.e164()
    )))
}

async fn test(config: &Config, routes: &Routes, phone: Phone) -> Result<(), Failure> {
    let mut dice = dice();
    let code = OneTimeCode::draw(*config.login.code_length, &mut dice);
    let message = Message {
        to: phone,
        text: config.template.text(&code, config.sms.language),
        code: Some(code),
        at: SystemClock.now(),
        ttl: config.tokens.sms_token_ttl,
        request_id: Keys::draw(&mut dice).name("request", "test"),
        ip: None,
        language: config.sms.language,
    };
    let mut transcript = Transcript::kept();
    let delivery = routes.deliver(&message, &mut transcript).await;
    for configured in routes.chain(phone) {
        configured.gateway().flush().await;
    }
    print(transcript.text())?;
    for attempt in &delivery.calls {
        let line = match &attempt.outcome {
            Ok(receipt) => {
                let id = receipt.id.as_ref().map(|id| format!(", as {id}"));
                let cost = receipt
                    .cost
                    .or(attempt.price)
                    .map(|cost| format!(", for {cost}"));
                format!(
                    "{} took it{}{}",
                    attempt.gateway,
                    id.unwrap_or_default(),
                    cost.unwrap_or_default()
                )
            }
            Err(failure) => format!("{}: {failure}", attempt.gateway),
        };
        print(&format!("{line}\n"))?;
    }
    let sent = delivery.outcome();
    sent.map_err(|error| Failure::of(format!("{}: {error}", phone.masked())))
}

async fn check(routes: &Routes) -> Result<(), Failure> {
    let mut wrong = 0;
    for configured in routes.gateways() {
        let mut transcript = Transcript::kept();
        let said = match configured.gateway().check(&mut transcript).await {
            Ok(Some(said)) => said,
            Ok(None) => Redacted::own("cannot be asked without sending something"),
            Err(failure) => {
                wrong += 1;
                let what = match failure.error {
                    SmsError::Misconfigured => "does not accept what is configured",
                    _ => "cannot be asked",
                };
                Redacted::own(format!(
                    "{what}: {}\n{}",
                    failure.detail,
                    transcript.text().trim_end()
                ))
            }
        };
        print(&format!("{}: {said}\n", configured.name))?;
    }
    match wrong {
        0 => Ok(()),
        1 => Err(Failure::of("a gateway would not take messages")),
        many => Err(Failure::of(format!(
            "{many} gateways would not take messages"
        ))),
    }
}

fn list(routes: &Result<Routes, Failure>) -> Result<(), Failure> {
    print("messages go through\n")?;
    match routes {
        Ok(routes) => {
            for (prefix, chain) in routes.chains() {
                let names: Vec<_> = chain
                    .iter()
                    .map(|configured| configured.name.as_str())
                    .collect();
                let prefix = written(prefix);
                print(&format!("  {prefix:<12}{}\n", names.join(", then ")))?;
            }
            for configured in routes.gateways() {
                if let Some(url) = configured.gateway().report_url() {
                    print(&format!("  {} reports to {url}\n", configured.name))?;
                }
            }
        }
        Err(failure) => print(&format!("  nothing yet: {}\n", failure.sentence))?,
    }
    print("\npresets, and the variables or settings of [sms.gateway.NAME] that each needs\n")?;
    for preset in presets::all() {
        print(&format!("  {:<12}{}\n", preset.name, preset.about))?;
        for (name, Setting { help, default, .. }) in &preset.settings {
            let variable = Setting::variable(preset.name, name);
            let default = default.as_ref().map(|default| format!(" [{default}]"));
            let default = default.unwrap_or_default();
            print(&format!("{:14}{variable}, {name}: {help}{default}\n", ""))?;
        }
    }
    Ok(())
}
