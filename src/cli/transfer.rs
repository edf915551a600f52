//! `invited migrate --from .. --to ..`: moves everything to another database.

use std::fmt::Write;

use clap::Args;

use super::{
    failure::Failure,
    settings::Settings,
    terminal::{print, tell, watch_rows},
};
use crate::{
    clock::{Clock, SystemClock},
    store::{
        Location, OpenError, Progress,
        transfer::{self, Compared, error::TransferError},
    },
};

/// Hexadecimal digits of a checksum that are printed.
const DIGITS: usize = 16;

/// From where to where.
#[derive(Args)]
pub struct Transfer {
    /// Move everything that is in this database to another; without --from, what is in --database
    ///
    /// Nothing may use either meanwhile: stop the server, or all nodes. Where it is broken off, by whatever, the same
    /// command goes on. At the end both databases are compared, row by row. The key file is not moved.
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// The database to move it to, which must be new or empty; without --to, --database
    #[arg(long, value_name = "URL")]
    to: Option<String>,
}

impl Transfer {
    /// Whether it is asked for.
    pub fn is_wanted(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    pub fn run(&self, settings: &Settings) -> Result<(), Failure> {
        let location = |flag: &str, url: &Option<String>| match url {
            Some(url) => url
                .parse()
                .map_err(|reason: String| Failure::misconfigured(format!("{flag} {reason}"))),
            None => Ok(settings.read()?.server.database),
        };
        let from: Location = location("--from", &self.from)?;
        let to: Location = location("--to", &self.to)?;
        let (progress, begun) = (Progress::default(), SystemClock.now());
        let compared = watch_rows(&progress, || {
            transfer::run(&from, &to, &progress).map_err(failure)
        })?;
        print(&table(&compared))?;
        let mut different = compared.iter().filter(|table| !table.is_same());
        if let Some(table) = different.next() {
            return Err(Failure::of(format!(
                "--to: {} is not what the source has: something else wrote to one of them. Remove the target, and \
                 begin again",
                table.table
            )));
        }
        let rows: u64 = compared.iter().map(|table| table.source.rows).sum();
        let seconds = SystemClock.now().since(begun).as_secs().max(1);
        tell(&format!(
            "{rows} rows of {from} are in {to} now, the same ones ({} a second)\n\
             The key file was not moved: whatever serves from there needs the same keys (--keys).\n",
            rows / seconds
        ));
        Ok(())
    }
}

fn failure(error: TransferError) -> Failure {
    match error {
        TransferError::Open(
            _,
            OpenError::Io { .. } | OpenError::Missing(_) | OpenError::Exposed(_),
        )
        | TransferError::Same => Failure::misconfigured(error),
        error => Failure::of(error),
    }
}

/// What both databases have.
fn table(compared: &[Compared]) -> String {
    let mut text = format!(
        "{:<17}  {:>10}  {:<DIGITS$}  {:>10}  {}\n",
        "table", "rows", "checksum", "rows there", "checksum there"
    );
    for Compared {
        table,
        source,
        target,
    } in compared
    {
        let [from, to] = [source, target].map(|mark| &mark.checksum[..DIGITS]);
        let _ = writeln!(
            text,
            "{table:<17}  {:>10}  {from}  {:>10}  {to}",
            source.rows, target.rows
        );
    }
    text
}
