//! The log's way out. Lines are kept in memory and written by a thread of its
//! own, many at a time: whoever logs never waits for stderr, which may be a
//! pipe that nobody reads. What there is no room for is dropped and counted,
//! and the log says so once it can be written again.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Most bytes that wait to be written.
const MOST: usize = 1024 * 1024;
/// How long a line may wait for others to be written with it. Warnings do not wait.
const LINGER: Duration = Duration::from_millis(20);
/// How long the end of the process waits for the last lines.
const FLUSH: Duration = Duration::from_millis(500);

/// Lines that wait to be written. Cheap to clone.
#[derive(Clone, Default)]
pub struct Queue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// There is something to write.
    filled: Condvar,
    /// Everything was written.
    empty: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    /// Lines that found no room, or could not be written.
    lost: u64,
    is_urgent: bool,
    is_writing: bool,
}

impl Queue {
    /// Starts writing lines to `output`, for as long as the process runs.
    pub fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let queue = Self::default();
        let shared = Arc::clone(&queue.0);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || shared.write_on(output))?;
        Ok(queue)
    }

    /// Waits until everything was written, though not for ever.
    pub fn flush(&self) {
        let mut waiting = self.0.lock();
        waiting.is_urgent = true;
        self.0.filled.notify_one();
        let is_busy = |waiting: &mut Waiting| waiting.is_writing || !waiting.lines.is_empty();
        let flushed = self.0.empty.wait_timeout_while(waiting, FLUSH, is_busy);
        drop(flushed);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8], is_urgent: bool) {
        let mut waiting = self.lock();
        if waiting.lines.len() + line.len() > MOST {
            waiting.lost += 1;
            return;
        }
        let was_empty = waiting.lines.is_empty();
        waiting.lines.extend_from_slice(line);
        waiting.is_urgent |= is_urgent;
        drop(waiting);
        if was_empty || is_urgent {
            self.filled.notify_one();
        }
    }

    fn write_on(&self, mut output: impl Write) {
        let mut batch = Vec::new();
        loop {
            self.take(&mut batch);
            let written = output.write_all(&batch).and_then(|()| output.flush());
            let lost = self.note(&batch, written.is_ok());
            batch.clear();
            if lost > 0 {
                tracing::warn!(lost, "lines of the log could not be written");
            }
        }
    }

    /// Waits for lines, and takes them all.
    fn take(&self, batch: &mut Vec<u8>) {
        let mut waiting = self.lock();
        if waiting.lines.is_empty() {
            waiting.is_writing = false;
            self.empty.notify_all();
        }
        let filled = self
            .filled
            .wait_while(waiting, |waiting| waiting.lines.is_empty());
        let waiting = filled.unwrap_or_else(PoisonError::into_inner);
        let has_time = |waiting: &mut Waiting| !waiting.is_urgent;
        let more = self.filled.wait_timeout_while(waiting, LINGER, has_time);
        let (mut waiting, _) = more.unwrap_or_else(PoisonError::into_inner);
        waiting.is_urgent = false;
        waiting.is_writing = true;
        std::mem::swap(&mut waiting.lines, batch);
    }

    /// How many lines were lost, if now is the time to say so.
    fn note(&self, batch: &[u8], is_written: bool) -> u64 {
        let mut waiting = self.lock();
        if is_written {
            return std::mem::take(&mut waiting.lost);
        }
        waiting.lost += memchr::memchr_iter(b'\n', batch).count() as u64;
        0
    }
}

/// Where one line is written to.
pub struct Line<'q> {
    queue: &'q Shared,
    is_urgent: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.queue.push(line, self.is_urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'q> MakeWriter<'q> for Queue {
    type Writer = Line<'q>;

    fn make_writer(&'q self) -> Line<'q> {
        let (queue, is_urgent) = (&*self.0, true);
        Line { queue, is_urgent }
    }

    fn make_writer_for(&'q self, about: &Metadata<'_>) -> Line<'q> {
        let is_urgent = *about.level() < Level::INFO;
        Line {
            is_urgent,
            ..self.make_writer()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    /// An output that takes a batch when somebody asks for it.
    struct Slow(SyncSender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Queue, Receiver<Vec<u8>>) {
        let (sender, receiver) = sync_channel(0);
        (Queue::start(Slow(sender)).unwrap(), receiver)
    }

    #[test]
    fn lines_come_out_whole_and_in_order() {
        let (queue, output) = slow();
        for number in 0..1000 {
            queue.0.push(format!("{number}\n").as_bytes(), false);
        }
        let mut text = Vec::new();
        while !text.ends_with(b"999\n") {
            text.extend(output.recv().unwrap());
        }
        let expected: Vec<_> = (0..1000).map(|number| format!("{number}\n")).collect();
        assert_eq!(String::from_utf8(text).unwrap(), expected.concat());
    }

    #[test]
    fn an_output_that_blocks_holds_nobody_up_and_what_is_lost_is_counted() {
        let (queue, output) = slow();
        let line = [b'x'; 1024];
        for _ in 0..4096 {
            queue.0.push(&line, true);
        }
        let waiting = queue.0.lock();
        assert!(waiting.lines.len() <= MOST);
        assert!(waiting.lost >= 2047, "{}", waiting.lost);
        drop((waiting, output));
    }

    #[test]
    fn what_cannot_be_written_is_counted_until_something_can() {
        let queue = Queue::default();
        assert_eq!(queue.0.note(b"a\nb\n", false), 0);
        assert_eq!(queue.0.note(b"c\n", true), 2);
        assert_eq!(queue.0.note(b"d\n", true), 0);
    }
}
