//! How long the log may get.

/// Bytes of a frame: a page and its header.
const FRAME: u64 = 4096 + 24;

/// How many frames a log has.
#[derive(Debug, Clone, Copy)]
pub struct Length {
    /// From here on it is merged.
    pub usual: u32,
    /// Here nothing is written any more.
    pub most: u32,
}

/// 32 MiB, and a gigabyte: more than is written during a backup of ten million
/// users, and still read within seconds by the next start. A build for tests
/// merges sooner, so that what ends it at any time also ends it while it merges.
pub const LENGTH: Length = Length {
    usual: if cfg!(debug_assertions) { 512 } else { 8192 },
    most: 260_000,
};

/// How many times its usual length the log may reach before the writer waits for the merger.
const MOST_BEHIND: u32 = 4;

/// How far the log has grown.
pub struct Growth {
    /// Its frames.
    pub frames: u32,
    length: Length,
    /// The length at which it is to be merged.
    merge_at: u32,
    /// The length that was warned of last; 0 if none was.
    warned: u32,
}

impl Growth {
    /// Of a log with so many frames.
    pub fn of(length: Length, frames: u32) -> Self {
        Self {
            frames,
            length,
            merge_at: length.usual,
            warned: 0,
        }
    }

    /// Whether it is to be merged.
    pub fn is_due(&self) -> bool {
        self.frames >= self.merge_at
    }

    /// Has it merged whatever its length.
    pub fn hurry(&mut self) {
        self.merge_at = 0;
    }

    /// Has it merged at its usual length, and where that was not possible an eighth later.
    pub fn put_off(&mut self) {
        let usual = self.length.usual;
        self.merge_at = usual.max(self.frames + usual / 8);
    }

    /// Whether it is not to grow faster than it can be merged.
    pub fn is_excessive(&self) -> bool {
        self.frames / MOST_BEHIND >= self.length.usual
    }

    /// Why nothing is written any more, if so.
    pub fn refusal(&self) -> Option<TooLong> {
        (self.frames >= self.length.most).then(|| TooLong(mebibytes(self.frames)))
    }

    /// Whether it cannot be merged, as was warned of.
    pub fn is_held(&self) -> bool {
        self.warned > 0
    }

    /// Warns of a log that cannot be merged: at twice its usual length, and whenever that doubles.
    pub fn warn(&mut self, has_own_read: bool) {
        if self.frames / 2 >= self.warned.max(self.length.usual) {
            self.warned = self.frames;
            let holder = if has_own_read {
                "a backup or the check of this server reads the database; it gives up in time"
            } else {
                "another program (a backup, an sqlite3 shell) holds a read transaction open"
            };
            tracing::warn!(
                mebibytes = mebibytes(self.frames),
                refused_at = mebibytes(self.length.most),
                "the write-ahead log grows, because {holder}"
            );
        }
    }

    /// Notes that all of it is in the database.
    pub fn note_merged(&mut self) {
        if std::mem::take(&mut self.warned) > 0 {
            tracing::info!("the write-ahead log could be merged again");
        }
    }
}

/// The log has its greatest length.
#[derive(Debug, thiserror::Error)]
#[error(
    "the write-ahead log has {0} MiB and cannot be merged, because another program (a backup, an sqlite3 shell) holds a \
     read transaction open: end that program, and writing goes on"
)]
pub struct TooLong(u64);

fn mebibytes(frames: u32) -> u64 {
    (u64::from(frames) * FRAME) >> 20
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Seek},
        sync::Arc,
    };

    use super::*;
    use crate::store::sqlite::figures::LogFigures;

    fn warned(figures: &LogFigures) -> String {
        let output = Arc::new(tempfile::tempfile().unwrap());
        let subscriber = tracing_subscriber::fmt()
            .with_writer(Arc::clone(&output))
            .finish();
        let mut growth = Growth::of(LENGTH, 2 * LENGTH.usual);
        tracing::subscriber::with_default(subscriber, || growth.warn(figures.has_own_read()));
        let (mut output, mut written) = (&*output, String::new());
        output.rewind().unwrap();
        output.read_to_string(&mut written).unwrap();
        written
    }

    #[test]
    fn another_program_is_not_blamed_for_what_this_one_reads() {
        let figures = LogFigures::default();
        let read = figures.begin_read();
        let told = warned(&figures);
        assert!(told.contains("of this server") && !told.contains("another program"));
        drop(read);
        assert!(warned(&figures).contains("another program"));
    }
}
