//! How far the request under way is, shared by the stream and the service.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How far a connection is with the request under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its head is awaited or arriving.
    Head,
    /// hyper has read its head, and not called the service yet.
    Handed {
        /// Others on the path may read that head differently.
        ambiguous: bool,
    },
    /// The service was called, and so many bytes of the body are unread.
    Body(u64),
    /// The service was called, and the body is chunked. Others on the path may
    /// see its end elsewhere, so nothing after it is read as a request.
    Chunks,
}

/// Shared by the stream below hyper and the service above it.
pub struct Progress(Mutex<Part>);

impl Progress {
    /// Of a new connection.
    pub fn new() -> Self {
        Self(Mutex::new(Part::Head))
    }

    /// Notes that the service was called, with a body of this length or chunked.
    /// Whether the head is ambiguous.
    pub fn open(&self, length: Option<u64>) -> bool {
        let mut part = self.part();
        let ambiguous = *part == Part::Handed { ambiguous: true };
        *part = length.map_or(Part::Chunks, Part::Body);
        ambiguous
    }

    pub fn part(&self) -> MutexGuard<'_, Part> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
