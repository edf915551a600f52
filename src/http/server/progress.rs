//! What the stream and the service tell one another of the request under way.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How far a connection is with the request under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its head is awaited, or arriving.
    Head,
    /// Its head was handed to hyper, which has made no request of it yet.
    Handed {
        /// Others may read that head differently.
        ambiguous: bool,
    },
    /// It is a request, of whose body so many bytes were not asked for yet.
    Body(u64),
    /// It is a request, whose body says itself where it ends. Where that is,
    /// others may see differently, so nothing after it is read as a request.
    Chunks,
}

/// Shared by the two ends of hyper: the stream below and the service above.
pub struct Progress(Mutex<Part>);

impl Progress {
    /// Of a connection that nothing came from yet.
    pub fn new() -> Self {
        Self(Mutex::new(Part::Head))
    }

    /// hyper made a request of the head, with a body so long or in chunks.
    /// Tells whether the head is ambiguous.
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
