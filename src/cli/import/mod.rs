//! `invited import`: takes in the users of another service.

mod django;
mod fill;
mod input;
mod old_tokens;
pub mod people;
mod scanner;
mod source;
mod sql;
mod table;
mod tally;

use clap::{Args, Subcommand};

use self::{
    fill::fill,
    input::Input,
    old_tokens::{OldTokens, take_up},
    source::Source,
};
use super::{
    admin::OptionalReason, failure::Failure, installation::Found, settings::Settings,
    terminal::print,
};
use crate::{
    clock::{Clock, SystemClock},
    config::Config,
    domain::import::{Reading, Tokens},
    store::Store,
    token::imported::ImportedKey,
};

#[derive(Args)]
pub struct Import {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    why: OptionalReason,
    #[command(subcommand)]
    from: From,
}

#[derive(Subcommand)]
enum From {
    /// Import the table of users of the Django service, while no server runs.
    ///
    /// FILE is its dump by `pg_dump`, plain or with --inserts, or a CSV file with a header, as \copy
    /// writes one. Identifiers, phones, names, e-mail addresses, invitation codes, referrers and dates
    /// are kept; the date of an invitation is the day on which the invitee joined. Whoever is not active
    /// is banned. A phone that login.destinations does not cover is kept too: nobody can log in by it,
    /// until an operator moves the account to another phone (invited user move-phone). Of an older and a
    /// younger row that want the same, the older gets it. What is not kept is told at the end.
    ///
    /// With --secret-key-file nobody is logged out: an access token of the old service is good until it
    /// expires, and a refresh token is exchanged once for tokens of this one, until --tokens-until or
    /// `invited keys new-epoch`. To log out anywhere ends all old tokens of the user that were not
    /// exchanged yet.
    ///
    /// To run it again, with the same file or a longer one, adds nothing twice.
    Django(Django),
    /// Import people from a CSV file, while no server runs.
    ///
    /// The first line names the columns, in any order: phone, and any of id, `first_name`, `last_name`,
    /// email, `invitation_code`, `invited_by_phone` or `invited_by_code`, `invited_at`, `created_at` and `banned_at`.
    /// Dates are written as 2024-03-01T00:00:00Z. What is missing is drawn (id, `invitation_code`), empty,
    /// or now (`created_at`). The file of `invited export csv` is one.
    ///
    /// To run it again, with the same file or a longer one, adds nothing twice.
    Csv(Csv),
}

#[derive(Args)]
struct Django {
    #[command(flatten)]
    file: Input,
    /// The table of users.
    #[arg(long, value_name = "NAME", default_value = "users_user")]
    table: String,
    #[command(flatten)]
    tokens: OldTokens,
}

#[derive(Args)]
struct Csv {
    #[command(flatten)]
    file: Input,
}

impl Import {
    pub fn run(&self) -> Result<(), Failure> {
        let config = self.settings.read()?;
        match &self.from {
            From::Django(django) => {
                let key = django.tokens.key()?;
                let read = |source: &Source, reading: &mut Reading| {
                    django::read(source, &django.table, reading)
                };
                import(&config, &django.file, read, key, &self.why)
            }
            From::Csv(csv) => import(&config, &csv.file, people::read, None, &self.why),
        }
    }
}

/// Reads all of a file before anything is changed, writes it to the store, and
/// tells what came of it.
fn import(
    config: &Config,
    file: &Input,
    read: impl FnOnce(&Source, &mut Reading) -> Result<(), String>,
    key: Option<ImportedKey>,
    why: &OptionalReason,
) -> Result<(), Failure> {
    let plan = file.read(config, read)?;
    let found = match &key {
        Some(_) => Some(Found::look(config)?.fitting()?),
        None => None,
    };
    Store::migrate(&config.server.database)?;
    let store = Store::open_to_fill(&config.server.database)?;
    if let (Some(found), Some(key)) = (found, &key) {
        // Before any session is there that needs the keys.
        take_up(found, key, &store)?;
    }
    let tokens = key.map(|key| Tokens {
        since: SystemClock.now() - config.login.fresh_for,
        until: key.until(),
    });
    let mut tally = fill(&store, plan, tokens, &why.operator(), &file.name())?;
    print(&tally.summary())?;
    file.report(&tally)
}
