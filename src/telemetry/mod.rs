//! Logs: a sentence and fields, on stderr, for people or as JSON. A failure is
//! logged once, at the edge; phones appear masked, and codes, tokens and names
//! never.

mod access;
mod format;
mod queue;

use std::{ffi::OsString, io::IsTerminal, sync::OnceLock};

use tracing::Level;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

pub use self::{
    access::{Access, RequestId},
    format::Format,
};
use self::{format::Style, queue::Queue};

const NO_FILTER: &str = "--log is not a filter: write a level (error, warn, info, debug, trace, off), and others for parts \
    of the program if you like, as in \"info\" or \"warn,invited=debug\"";

/// Where the lines of requests go, if the filter lets them through. Like the
/// subscriber of all others, the first is kept.
static QUEUE: OnceLock<Queue> = OnceLock::new();

/// The log. What waits to be written is written when it is dropped.
pub struct Log(Queue);

impl Drop for Log {
    fn drop(&mut self) {
        self.0.flush();
    }
}

/// Starts logging what `filter` lets through (`info`, `invited=debug`, ..).
///
/// # Errors
/// When `filter` is not one.
pub fn start(filter: &str, format: Format) -> Result<Log, String> {
    let filter = parsed(filter).ok_or(NO_FILTER)?;
    let is_coloured =
        std::io::stderr().is_terminal() && wants_colour(|name| std::env::var_os(name));
    let style = match format {
        Format::Json => Style::Json,
        Format::Human if is_coloured => Style::Coloured,
        Format::Human => Style::Plain,
    };
    let queue = Queue::start(std::io::stderr(), style)
        .map_err(|error| format!("the log cannot be written: {error}"))?;
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::fmt()
        // A log that cannot be written (a full disk, a closed pipe) is not a reason to
        // stop serving; this would print that to the same place, and panic.
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_writer(queue.clone())
        .event_format(style)
        .try_init();
    if tracing::enabled!(target: access::TARGET, Level::INFO) {
        let _ = QUEUE.set(queue.clone());
    }
    // A panic's own message may hold what a request held, so only its place is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(place, "a bug: the code panicked");
    }));
    Ok(Log(queue))
}

/// Has the log tell of a request, if it is to.
pub fn log(access: Access) {
    if let Some(queue) = QUEUE.get() {
        queue.push(format::now(), access);
    }
}

/// A filter of levels and of `target=level`. What no level is given for is
/// logged at `info`, so that a mistake in a target's name silences nothing.
fn parsed(filter: &str) -> Option<EnvFilter> {
    let parts = filter.split(',').map(str::trim);
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    for part in &parts {
        let (target, level) = part.split_once('=').unwrap_or(("invited", part));
        let is_path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let is_level = level.starts_with(|c: char| c.is_ascii_alphabetic())
            && level.parse::<LevelFilter>().is_ok();
        if !is_level || target.is_empty() || !target.chars().all(is_path) {
            return None;
        }
    }
    let parts = parts.join(",");
    EnvFilter::builder().parse(format!("info,{parts}")).ok()
}

/// Whether a terminal is to be written in colours (no-color.org, bixense.com/clicolors).
fn wants_colour(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let is = |name: &str, value: &str| variable(name).is_some_and(|set| set == value);
    let is_unwanted = variable("NO_COLOR").is_some_and(|set| !set.is_empty());
    !is_unwanted && !is("CLICOLOR", "0") && !is("TERM", "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_of_words_that_are_no_levels_is_none() {
        for good in [
            "info",
            "INFO",
            "off",
            "warn,invited=debug",
            "invited::http=trace",
            "",
            "debug, hyper=warn",
        ] {
            assert!(parsed(good).is_some(), "{good}");
        }
        for wrong in [
            "infoo",
            "inof",
            "invited",
            "invited=",
            "=debug",
            "invited=dbug",
            "warn,verbose",
            "[span]=info",
            "9",
        ] {
            assert!(parsed(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn what_a_filter_does_not_name_is_logged() {
        let shown = |filter: &str| parsed(filter).unwrap().to_string();
        assert_eq!(shown("invted=debug"), "invted=debug,info");
        assert_eq!(shown("warn"), "warn");
    }

    #[test]
    fn colours_are_for_terminals_whose_owners_want_them() {
        let wants = |set: &[(&str, &str)]| {
            wants_colour(|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).into())
            })
        };
        assert!(wants(&[]) && wants(&[("NO_COLOR", ""), ("CLICOLOR", "1"), ("TERM", "xterm")]));
        for unwanted in [("NO_COLOR", "1"), ("CLICOLOR", "0"), ("TERM", "dumb")] {
            assert!(!wants(&[unwanted]), "{unwanted:?}");
        }
    }
}
