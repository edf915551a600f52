//! How far the request under way is, shared by the stream and the service.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How far a connection is with the request under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its head is awaited or arriving.
    Head,
    /// hyper has read its head, and not called the service yet.
    Handed(Finding),
    /// The service was called, and so many bytes of the body are unread.
    Body(u64),
    /// The service was called, and the body is chunked. Others on the path may
    /// see its end elsewhere, so nothing after it is read as a request.
    Chunks,
}

/// What the stream saw of a head, and hyper does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Nothing.
    Plain,
    /// Others on the path may read it differently.
    Ambiguous,
    /// It came in the clear, where TLS is expected.
    Cleartext,
}

/// Shared by the stream below hyper and the service above it.
pub struct Progress(Mutex<Part>);

impl Progress {
    /// Of a new connection.
    pub fn new() -> Self {
        Self(Mutex::new(Part::Head))
    }

    /// Notes that the service was called, with a body of this length or chunked.
    /// What was seen of its head.
    pub fn open(&self, length: Option<u64>) -> Finding {
        let mut part = self.part();
        let opened = length.map_or(Part::Chunks, Part::Body);
        match std::mem::replace(&mut *part, opened) {
            Part::Handed(finding) => finding,
            Part::Head | Part::Body(_) | Part::Chunks => Finding::Plain,
        }
    }

    pub fn part(&self) -> MutexGuard<'_, Part> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
