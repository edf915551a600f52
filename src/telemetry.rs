//! Logs: a sentence and fields, on stderr. A failure is logged once, at the
//! edge; phones appear masked, and codes, tokens and names never.

use tracing_subscriber::EnvFilter;

/// Starts logging what `filter` lets through (`info`, `invited=debug`, ..).
///
/// # Errors
/// When `filter` is not one.
pub fn start(filter: &str) -> Result<(), String> {
    let filter = EnvFilter::builder().parse(filter).map_err(|_| {
        "--log is no filter: write a level, as in \"info\" or \"invited=debug\"".to_owned()
    })?;
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log = tracing_subscriber::fmt()
        // A log that cannot be written (a full disk, a closed pipe) is no reason to
        // stop serving; this would print that to the same place, and panic.
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(ansi);
    // A second start in one process (tests) keeps the first.
    let _ = log.try_init();
    // A panic's own message may hold what a request held, so only its place is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(place, "a bug: the code panicked");
    }));
    Ok(())
}
