//! Logs: a sentence and fields, on stderr, for people or as JSON. A failure is
//! logged once, at the edge; phones appear masked, and codes, tokens and names
//! never.

mod queue;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use self::queue::Queue;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people to read.
    Human,
    /// One flat JSON object a line.
    Json,
}

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
    let filter = EnvFilter::builder().parse(filter).map_err(|_| {
        "--log is no filter: write a level, as in \"info\" or \"invited=debug\"".to_owned()
    })?;
    let queue = Queue::start(std::io::stderr())
        .map_err(|error| format!("the log cannot be written: {error}"))?;
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log = tracing_subscriber::fmt()
        // A log that cannot be written (a full disk, a closed pipe) is no reason to
        // stop serving; this would print that to the same place, and panic.
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_writer(queue.clone());
    // A second start in one process (tests) keeps the first.
    let _ = match format {
        Format::Human => log.with_ansi(ansi).try_init(),
        Format::Json => log.json().flatten_event(true).try_init(),
    };
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
