//! Logs: a sentence and fields, on stderr, for people or as JSON. A failure is
//! logged once, at the edge; phones appear masked, and codes, tokens and names
//! never. And traces, in builds with the feature `otel`: what takes its time
//! says so in a span of the target `invited::span`, which nobody else enables.

mod access;
mod filter;
mod format;
#[cfg(feature = "otel")]
mod otlp;
mod queue;

use std::{
    ffi::OsString,
    io::IsTerminal,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use tracing::Level;
use tracing_subscriber::{
    EnvFilter,
    fmt::{Formatter, format::DefaultFields},
    reload::Handle,
};
#[cfg(feature = "otel")]
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

#[cfg(feature = "otel")]
pub use self::otlp::export_during;
pub use self::{
    access::{Access, RequestId},
    filter::Filter,
    format::Format,
};
use self::{format::Style, queue::Queue};

/// Where the lines of requests go. Like the subscriber of all others, the first
/// is kept.
static QUEUE: OnceLock<Queue> = OnceLock::new();
/// Whether the filter lets them through.
static HAS_ACCESS: AtomicBool = AtomicBool::new(false);
/// Puts another filter in the place of the one that is there.
static HANDLE: OnceLock<Handle<EnvFilter, Formatter<DefaultFields, Style, Queue>>> =
    OnceLock::new();

/// The log. What waits to be written is written when it is dropped.
pub struct Log(Queue);

impl Drop for Log {
    fn drop(&mut self) {
        self.0.flush();
    }
}

/// Starts logging what `filter` lets through.
///
/// # Errors
/// When there is no thread for it.
pub fn start(filter: &Filter, format: Format) -> Result<Log, String> {
    let is_coloured =
        std::io::stderr().is_terminal() && wants_colour(|name| std::env::var_os(name));
    let style = match format {
        Format::Json => Style::Json,
        Format::Human if is_coloured => Style::Coloured,
        Format::Human => Style::Plain,
    };
    let queue = Queue::start(std::io::stderr(), style)
        .map_err(|error| format!("the log cannot be written: {error}"))?;
    let subscriber = tracing_subscriber::fmt()
        // A log that cannot be written (a full disk, a closed pipe) is not a reason to
        // stop serving; this would print that to the same place, and panic.
        .log_internal_errors(false)
        .with_writer(queue.clone())
        .event_format(style)
        .with_env_filter(filter.directives())
        .with_filter_reloading();
    let handle = subscriber.reload_handle();
    #[cfg(feature = "otel")]
    let subscriber = subscriber.finish().with(otlp::Layer);
    // A second start in one process (tests) keeps the first.
    if subscriber.try_init().is_ok() {
        let _ = QUEUE.set(queue.clone());
        let _ = HANDLE.set(handle);
        note_access();
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

/// Logs what `filter` lets through from now on.
pub fn refilter(filter: &Filter) {
    if let Some(handle) = HANDLE.get() {
        let _ = handle.reload(filter.directives());
        note_access();
    }
}

/// Asked once, and not at each request.
fn note_access() {
    let is_on = tracing::enabled!(target: access::TARGET, Level::INFO);
    HAS_ACCESS.store(is_on, Ordering::Relaxed);
}

/// Has the log tell of a request, if it is to.
pub fn log(access: Access) {
    if let Some(queue) = QUEUE.get()
        && HAS_ACCESS.load(Ordering::Relaxed)
    {
        queue.push(format::now(), access);
    }
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
