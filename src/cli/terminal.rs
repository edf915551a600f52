//! What commands print, and how they wait.

use super::failure::Failure;

/// Waits for work on this thread.
pub fn run_now<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build();
    let cannot = |error| Failure::of(format!("cannot start: {error}"));
    runtime.map_err(cannot)?.block_on(work)
}

/// Prints, and takes a reader who stops reading for content.
pub fn print(text: &str) -> Result<(), Failure> {
    use std::io::{ErrorKind, Write};
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::of(format!("cannot print: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says something that is not output. If nobody can hear it, so be it.
pub fn tell(text: &str) {
    use std::io::Write;
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
