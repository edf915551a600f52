//! `invited bench`: how many requests a second a server answers, and how soon,
//! for people who have no tool for that. Everything between two runs is the
//! same but the server: one request, over and over, on connections that stay.

mod answer;
pub mod load;
pub mod outcome;
mod report;
mod request;

use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::{load::Load, request::Target};
use super::{Failure, print, serve::open_files};

/// Open files that are not connections.
const FILES: u64 = 16;

/// The command, as it was typed.
#[derive(Args)]
pub(super) struct Bench {
    #[arg(
        long,
        value_name = "URL",
        help = "What to ask for, as in http://127.0.0.1:8080/profile/"
    )]
    url: String,
    /// Connections at once, each with one request under way.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// For how long.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// How to ask.
    #[arg(long, value_name = "METHOD", default_value = "GET")]
    method: String,
    /// A header, as in 'authorization: Bearer TOKEN'; as often as there are headers.
    #[arg(long = "header", value_name = "HEADER")]
    headers: Vec<String>,
    /// A body to send; JSON, unless a header names another content-type.
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
}

impl Bench {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let target = Target::read(&self.url)?;
        let request = target.request(&self.method, &self.headers, self.body.as_deref())?;
        if open_files().is_some_and(|files| u64::from(self.connections) + FILES > files) {
            let sentence = "--connections are more than the system lets a process have open files";
            return Err(Failure::misconfigured(sentence));
        }
        let failed = |error| Failure::of(format!("cannot measure: {error}"));
        let address = target.reach()?.peer_addr().map_err(failed)?;
        let load = Load {
            address,
            connections: self.connections.into(),
            time: Duration::from_secs(self.seconds),
        };
        let bar = progress(load.time);
        let requests = |_| std::iter::repeat(request.clone());
        let outcome = load
            .play(requests, |elapsed| bar.set_position(millis(elapsed)))
            .map_err(failed)?;
        bar.finish_and_clear();
        if outcome.answers() == 0 {
            let failed = outcome.errors + outcome.unanswered;
            let sentence = format!("no request was answered ({failed} were tried)");
            return Err(Failure::of(sentence));
        }
        print(&report::report(&outcome))
    }
}

fn progress(time: Duration) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {elapsed}, {eta} to go");
    ProgressBar::new(millis(time))
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
