//! Every setting, once: its key, its type, its default and what it does.
//!
//! From these lines come the TOML file, the `INVITED_*` variables, the table
//! in its README and the output of `invited config`. A mistake is one sentence
//! that names the setting and where it was set.

mod admin;
mod brand;
pub mod development;
mod fixed;
mod given;
mod layers;
mod names;
mod origin;
mod place;
mod print;
mod referral;
mod sections;
mod store;
mod target;
mod test_number;
mod tls;
mod value;
mod words;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::PathBuf,
    time::Duration,
};

use given::Given;
use place::Places;

pub use admin::AdminAt;
pub use brand::{Color, Logo};
pub use layers::{ConfigError, Layers};
pub use origin::{Origin, PublicUrl};
pub use referral::{AndroidApp, AppLink, IosApp, ShowReferrer};
pub use sections::{
    Backup, Budget, Entry, Http, Login, Otel, Pages, Referral, Relief, Server, Sms, Store, Tls,
    Tokens,
};
pub use target::Target;
pub use test_number::TestNumber;
pub use value::{AppHash, Count, ForwardingHeader, Host, Name};

use crate::{
    domain::{
        challenge,
        guard::{self, limits::Limits},
        phone::Phone,
        proof, session,
        time::Timestamp,
    },
    sms::{Flaw, route::written, setup::Setup, text::Template},
};

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the server is and what it keeps.
    pub server: Server,
    /// How often what may happen.
    pub limits: Limits,
    /// What lets a client off some of them.
    pub relief: Relief,
    /// What messages may cost.
    pub budget: Budget,
    /// How long tokens live.
    pub tokens: Tokens,
    /// How people log in.
    pub login: Login,
    /// What is around the server.
    pub http: Http,
    /// Whose the page is that people log in with.
    pub pages: Pages,
    /// How connections are encrypted.
    pub tls: Tls,
    /// How codes reach phones.
    pub sms: Sms,
    /// What links of invitations lead to.
    pub referral: Referral,
    /// Where traces go.
    pub otel: Otel,
    /// How a database on a server is used.
    pub store: Store,
    /// Backups that the server makes by itself.
    pub backup: Backup,
    /// The words of a message, made of `sms`.
    pub template: Template,
    /// The gateways there are to be, made of `sms` too.
    pub plan: Setup,
    places: Places,
    /// The settings that some layer had.
    given: Given,
    /// Numbers with a fixed code and no messages.
    pub test_numbers: Vec<TestNumber>,
}

impl Config {
    /// Reads every setting from the layers that were given.
    pub fn read(mut layers: Layers) -> Result<Self, ConfigError> {
        let login = Login::read(&mut layers)?;
        let (mut plan, chosen) = layers.plan()?;
        let sms = Sms::read(&mut layers)?;
        if chosen.is_some() || plan.chains.is_empty() {
            plan.chains = vec![(String::new(), vec![sms.gateway.clone()])];
        }
        let is_routed = chosen.is_none();
        plan.chooser = chosen.unwrap_or_else(|| "sms.route".to_owned());
        if let Some((prefix, reason)) = plan.stranger() {
            let route = layers.member("sms.route", &written(prefix));
            let name = if is_routed { &route } else { &plan.chooser };
            return Err(ConfigError::of(name, &reason));
        }
        let digits = (*login.code_length).max(guard::LONG);
        let template = Template::new(words::of(&sms), digits)
            .map_err(|(setting, reason)| ConfigError::of(setting, &reason))?;
        let mut config = Self {
            server: Server::read(&mut layers)?,
            limits: Limits::read(|key, default| layers.take(key, default))?,
            relief: Relief::read(&mut layers)?,
            budget: Budget::read(&mut layers)?,
            tokens: Tokens::read(&mut layers)?,
            http: Http::read(&mut layers)?,
            pages: Pages::read(&mut layers)?,
            referral: Referral::read(&mut layers)?,
            otel: Otel::read(&mut layers)?,
            store: Store::read(&mut layers)?,
            backup: Backup::read(&mut layers)?,
            tls: Tls::read(&mut layers)?,
            test_numbers: TestNumber::read(&mut layers, login.default_region)?,
            login,
            sms,
            template,
            plan,
            places: layers.places(),
            given: layers.given(),
        };
        layers.finish(Self::entries().map(|entry| entry.key))?;
        config.tls.check(&config.http)?;
        config.complete_database()?;
        if config.otel.endpoint.is_some() && !cfg!(feature = "otel") {
            let reason = "is for a build with traces in it (cargo build --features otel)";
            return Err(ConfigError::of("otel.endpoint", reason));
        }
        let has_budget = !config.budget.amounts.allowances().is_empty();
        if has_budget && config.budget.prices.is_empty() && !config.plan.is_priced() {
            return Err(ConfigError::of(
                "budget.amounts",
                "bounds nothing as long as budget.prices is empty and a gateway has no prices of its own",
            ));
        }
        Ok(config)
    }

    /// Every setting there is, in order.
    pub fn entries() -> impl Iterator<Item = Entry> {
        let limits = Limits::SETTINGS.iter().map(|limit| Entry {
            key: limit.key,
            default: limit.default,
            help: limit.help,
        });
        let others = [
            Relief::ENTRIES,
            Budget::ENTRIES,
            Tokens::ENTRIES,
            Login::ENTRIES,
            Http::ENTRIES,
            Pages::ENTRIES,
            Tls::ENTRIES,
            Sms::ENTRIES,
            Referral::ENTRIES,
            Otel::ENTRIES,
            Store::ENTRIES,
            Backup::ENTRIES,
        ];
        let first = Server::ENTRIES.iter().copied();
        first
            .chain(limits)
            .chain(others.into_iter().flatten().copied())
    }

    /// The sentence about a mistake in a gateway.
    pub fn of_gateway(&self, flaw: Flaw) -> ConfigError {
        if flaw.path.is_empty() {
            return ConfigError::of(&format!("{}:", self.plan.chooser), &flaw.reason);
        }
        let mut keys = vec!["sms".to_owned(), "gateway".to_owned()];
        keys.extend(flaw.path);
        ConfigError::of(&self.places.name(&keys), &flaw.reason)
    }

    /// How long any token can live.
    pub fn longest_life(&self) -> Duration {
        let Tokens {
            access_ttl,
            refresh_ttl,
            sms_token_ttl,
            ..
        } = self.tokens;
        access_ttl.max(refresh_ttl).max(sms_token_ttl)
    }

    /// Where the keys are.
    pub fn keys_path(&self) -> PathBuf {
        let database = self.server.database.place();
        self.server
            .keys
            .clone()
            .unwrap_or_else(|| database.with_file_name("invited.keys.json"))
    }

    /// Where the server is reached. As long as `http.public_url` does not say so, that is known of this machine alone.
    pub fn base_url(&self) -> String {
        let public = self.http.public_url.as_ref();
        public.map_or_else(
            || {
                let mut listen = self.server.listen;
                if listen.ip().is_unspecified() {
                    listen.set_ip(match listen.ip() {
                        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
                    });
                }
                format!("{}://{listen}", self.tls.scheme())
            },
            |public| public.as_str().to_owned(),
        )
    }

    /// What pages call the service.
    pub fn name(&self) -> &str {
        self.pages
            .name
            .as_ref()
            .unwrap_or(&self.sms.service_name)
            .as_str()
    }

    /// What a proxy puts in front of every path, and clients must be told.
    pub fn prefix(&self) -> &str {
        let public = self.http.public_url.as_ref();
        public.map_or("", PublicUrl::prefix)
    }

    /// The fixed code of a test number that is still one at `now`.
    pub fn fixed_code(&self, phone: Phone, now: Timestamp) -> Option<&proof::Fixed> {
        let number = self
            .test_numbers
            .iter()
            .find(|number| number.phone == phone && number.fixed.until > now);
        number.map(|number| &number.fixed)
    }

    /// Whether messages may be sent to `phone`.
    pub fn may_send_to(&self, phone: Phone) -> bool {
        self.login.destinations.cover(phone)
    }

    /// The numbers that bound challenges.
    pub fn challenges(&self) -> challenge::Policy {
        challenge::Policy {
            code_length: *self.login.code_length,
            ttl: self.tokens.sms_token_ttl,
            guesses: u32::try_from(*self.login.guesses_per_token).unwrap_or(u32::MAX),
            live_per_phone: *self.login.live_tokens_per_phone,
        }
    }

    /// The limits, as the guard wants them.
    pub fn guard(&self) -> guard::Policy {
        guard::Policy {
            challenges: self.challenges(),
            limits: self.limits.clone(),
            prices: self.budget.prices.clone(),
            budget: self.budget.amounts.clone(),
            warn_at: *self.budget.warn_at,
            invitation_code_length: *self.referral.code_length,
        }
    }

    /// How long sessions and their tokens last.
    pub fn sessions(&self) -> session::Policy {
        session::Policy {
            access_ttl: self.tokens.access_ttl,
            refresh_ttl: self.tokens.refresh_ttl,
            session_ttl: self.tokens.session_ttl,
            grace: self.tokens.refresh_grace,
            fresh_for: self.login.fresh_for,
        }
    }
}
