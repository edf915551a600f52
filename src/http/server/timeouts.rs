//! How long a client may take, and the timer of a connection.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// How long a client may take for what it has to do.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To send a whole head: from the beginning of the connection or, for
    /// later requests, from the first byte.
    pub head: Duration,
    /// To send that first byte of a later request.
    pub idle: Duration,
    /// To read more once the socket's buffer is full ..
    pub reader: Duration,
    /// .. and then at least so many bytes a second, over the whole answer:
    /// a client that reads a byte now and then makes progress too.
    pub reader_rate: u32,
    /// To stop sending once it was answered, before the connection is closed.
    pub drain: Duration,
    /// For requests in flight to finish once the server is asked to stop.
    pub stop: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(5),
            idle: Duration::from_mins(1),
            reader: Duration::from_secs(30),
            reader_rate: 500,
            drain: Duration::from_secs(1),
            stop: Duration::from_secs(8),
        }
    }
}

impl Timeouts {
    /// How long a client may take to read so many bytes.
    pub fn reading(&self, bytes: usize) -> Duration {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Duration::from_secs(1) * bytes / self.reader_rate
    }
}

/// The one timer of a connection, for whichever deadline it has. Resetting a
/// timer costs more than an early wake-up, so a later deadline is set only then.
pub struct Timer(Pin<Box<Sleep>>);

impl Timer {
    /// A timer for this deadline.
    pub fn new(deadline: Instant) -> Self {
        Self(Box::pin(sleep_until(deadline)))
    }

    /// Pending until the deadline; then ready with an error.
    pub fn poll<T>(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<io::Result<T>> {
        if self.0.deadline() > deadline {
            self.0.as_mut().reset(deadline);
        }
        while self.0.as_mut().poll(cx).is_ready() {
            if self.0.deadline() >= deadline {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.0.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}
