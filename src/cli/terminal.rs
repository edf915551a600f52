//! What commands print, and how they wait.

use std::{
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{failure::Failure, progress::counted};
use crate::store::Progress;

/// How often a bar is drawn anew.
const REDRAWN: Duration = Duration::from_millis(100);

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

/// A bar of bytes, where there is a terminal.
pub fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}{msg}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::no_length().with_style(style)
}

/// Moves a bar to where something is.
pub fn move_bar(bar: &ProgressBar, done: u64, total: u64) {
    bar.set_length(total.max(done));
    bar.set_position(done);
    // How long that takes is not known.
    if done >= total && total > 0 {
        bar.set_message(", verifying");
    }
}

/// Does something long on another thread, and shows how far it is, in bytes.
pub fn watch<T: Send>(
    progress: &Progress,
    work: impl FnOnce() -> Result<T, Failure> + Send,
) -> Result<T, Failure> {
    watch_by(&bar(), move_bar, progress, work)
}

/// The same, in rows.
pub fn watch_rows<T: Send>(
    progress: &Progress,
    work: impl FnOnce() -> Result<T, Failure> + Send,
) -> Result<T, Failure> {
    let move_rows = |bar: &ProgressBar, done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    watch_by(&counted(0, "rows"), move_rows, progress, work)
}

fn watch_by<T: Send>(
    bar: &ProgressBar,
    show: impl Fn(&ProgressBar, u64, u64),
    progress: &Progress,
    work: impl FnOnce() -> Result<T, Failure> + Send,
) -> Result<T, Failure> {
    let (answer, outcome) = channel();
    let done = thread::scope(|scope| {
        scope.spawn(move || answer.send(work()));
        loop {
            match outcome.recv_timeout(REDRAWN) {
                Ok(done) => return done,
                Err(RecvTimeoutError::Timeout) => {
                    let (done, total) = progress.so_far();
                    show(bar, done, total);
                }
                // Its panic was reported.
                Err(RecvTimeoutError::Disconnected) => return Err(Failure::of("it broke off")),
            }
        }
    });
    bar.finish_and_clear();
    done
}
