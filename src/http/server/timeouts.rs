//! How long a client's slowness is borne, and the clock that tells when it was too long.

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
    /// To read on once its socket is full ..
    pub reader: Duration,
    /// .. and then at least so many bytes a second, over the whole answer:
    /// whoever takes a byte now and then makes progress too.
    pub reader_rate: u32,
    /// To stop sending what nobody wants any more, so that it sees its answer.
    pub farewell: Duration,
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
            farewell: Duration::from_secs(1),
            stop: Duration::from_secs(8),
        }
    }
}

impl Timeouts {
    /// How long a reader may take for so many bytes.
    pub fn reading(&self, bytes: usize) -> Duration {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Duration::from_secs(1) * bytes / self.reader_rate
    }
}

/// The one clock of a connection, for whatever it waits for. Setting a clock
/// costs more than letting it ring too early, so it is only set back.
pub struct Timer(Pin<Box<Sleep>>);

impl Timer {
    /// One that is set to `until`.
    pub fn new(until: Instant) -> Self {
        Self(Box::pin(sleep_until(until)))
    }

    /// Waits until then; ready with an error.
    pub fn poll<T>(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<io::Result<T>> {
        if self.0.deadline() > until {
            self.0.as_mut().reset(until);
        }
        while self.0.as_mut().poll(cx).is_ready() {
            if self.0.deadline() >= until {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.0.as_mut().reset(until);
        }
        Poll::Pending
    }
}
