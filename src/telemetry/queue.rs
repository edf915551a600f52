//! The log's way out. Lines are kept in memory and written by a thread of its
//! own, many at a time: whoever logs never waits for stderr, which may be a
//! pipe that nobody reads. What there is no room for is dropped and counted,
//! and the log says so once it can be written again.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, SystemTime},
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::{access::Access, format::Style};

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
    entries: Vec<Entry>,
    /// What they take up.
    bytes: usize,
    /// Entries that found no room, or could not be written.
    lost: u64,
    is_urgent: bool,
    is_writing: bool,
}

/// What becomes a line.
enum Entry {
    Line(Box<str>),
    /// Formatted where it is written: many in a row are cheaper than one beside
    /// each request.
    Access(SystemTime, Access),
}

impl Entry {
    /// What it takes up while it waits.
    fn bytes(&self) -> usize {
        let Self::Line(line) = self else {
            return size_of::<Self>();
        };
        size_of::<Self>() + line.len()
    }
}

impl Queue {
    /// Starts writing lines to `output`, for as long as the process runs.
    pub fn start(output: impl Write + Send + 'static, style: Style) -> io::Result<Self> {
        let queue = Self::default();
        let shared = Arc::clone(&queue.0);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || shared.write_on(output, style))?;
        Ok(queue)
    }

    /// Has a request's line written.
    pub fn push(&self, at: SystemTime, access: Access) {
        self.0.push(Entry::Access(at, access), false);
    }

    /// Waits until everything was written, though not for ever.
    pub fn flush(&self) {
        let mut waiting = self.0.lock();
        waiting.is_urgent = true;
        self.0.filled.notify_one();
        let is_busy = |waiting: &mut Waiting| waiting.is_writing || !waiting.entries.is_empty();
        let flushed = self.0.empty.wait_timeout_while(waiting, FLUSH, is_busy);
        drop(flushed);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, entry: Entry, is_urgent: bool) {
        let mut waiting = self.lock();
        if waiting.bytes + entry.bytes() > MOST {
            waiting.lost += 1;
            return;
        }
        let was_empty = waiting.entries.is_empty();
        waiting.bytes += entry.bytes();
        waiting.entries.push(entry);
        waiting.is_urgent |= is_urgent;
        drop(waiting);
        if was_empty || is_urgent {
            self.filled.notify_one();
        }
    }

    fn write_on(&self, mut output: impl Write, style: Style) {
        let (mut entries, mut text) = (Vec::new(), String::new());
        loop {
            self.take(&mut entries);
            let count = entries.len();
            for entry in entries.drain(..) {
                match entry {
                    Entry::Line(line) => text.push_str(&line),
                    Entry::Access(at, access) => access.write(at, style, &mut text),
                }
            }
            let written = output
                .write_all(text.as_bytes())
                .and_then(|()| output.flush());
            text.clear();
            let lost = self.note(count, written.is_ok());
            if lost > 0 {
                tracing::warn!(lost, "lines of the log could not be written");
            }
        }
    }

    /// Waits for entries, and takes them all.
    fn take(&self, entries: &mut Vec<Entry>) {
        let mut waiting = self.lock();
        if waiting.entries.is_empty() {
            waiting.is_writing = false;
            self.empty.notify_all();
        }
        let filled = self
            .filled
            .wait_while(waiting, |waiting| waiting.entries.is_empty());
        let waiting = filled.unwrap_or_else(PoisonError::into_inner);
        let has_time = |waiting: &mut Waiting| !waiting.is_urgent;
        let more = self.filled.wait_timeout_while(waiting, LINGER, has_time);
        let (mut waiting, _) = more.unwrap_or_else(PoisonError::into_inner);
        waiting.is_urgent = false;
        waiting.is_writing = true;
        waiting.bytes = 0;
        std::mem::swap(&mut waiting.entries, entries);
    }

    /// How many lines were lost, if now is the time to say so.
    fn note(&self, lines: usize, is_written: bool) -> u64 {
        let mut waiting = self.lock();
        if is_written {
            return std::mem::take(&mut waiting.lost);
        }
        waiting.lost += lines as u64;
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
        let text = String::from_utf8_lossy(line).into();
        self.queue.push(Entry::Line(text), self.is_urgent);
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
        (Queue::start(Slow(sender), Style::Plain).unwrap(), receiver)
    }

    fn line(text: &str) -> Entry {
        Entry::Line(text.into())
    }

    #[test]
    fn lines_come_out_whole_and_in_order() {
        let (queue, output) = slow();
        for number in 0..1000 {
            queue.0.push(line(&format!("{number}\n")), false);
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
        for _ in 0..4096 {
            queue.0.push(line(&"x".repeat(1024)), true);
        }
        let waiting = queue.0.lock();
        assert!(waiting.bytes <= MOST);
        assert!(waiting.lost >= 2047, "{}", waiting.lost);
        drop((waiting, output));
    }

    #[test]
    fn what_cannot_be_written_is_counted_until_something_can() {
        let queue = Queue::default();
        assert_eq!(queue.0.note(2, false), 0);
        assert_eq!(queue.0.note(1, true), 2);
        assert_eq!(queue.0.note(1, true), 0);
    }
}
