//! The open requests of an HTTP/2 connection, and what it waits for.
//!
//! A request is open until its answer is written. While one is at work, the
//! connection is active. While all of them wait for the client (for the rest of
//! a body, or because it does not take an answer), the connection is idle like
//! one without requests, and can be evicted. Each that is open beside another
//! counts as a connection: HTTP/2 gives nobody more room than HTTP/1.1.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::time::Instant;

use super::{
    connections::{Connections, Slot},
    timeouts::Timeouts,
};

/// Most bytes that may come without a new request: more than heads and bodies
/// take that are allowed at a time. What else would come is of no use to a
/// client (pings, settings, refused requests).
const MOST_RECEIVED: usize = 1 << 20;
/// How many more requests a client may cancel than it lets be answered. Each
/// may have left something to do behind.
const MOST_CANCELLED: usize = 100;

/// What a request waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// For the server.
    AtWork,
    /// For more of its body.
    Arriving,
    /// For the client to take its answer.
    Answered,
}

/// Shared by a connection's stream and its requests.
pub struct OpenRequests {
    timeouts: Timeouts,
    state: Mutex<State>,
}

struct State {
    slot: Slot,
    at_work: usize,
    arriving: usize,
    answered: usize,
    /// By when a request must have come, while none is open.
    idle_deadline: Instant,
    /// When the client must have taken more, while an answer is not written.
    reader_deadline: Instant,
    /// Since the last request.
    received: usize,
    cancelled: usize,
    is_stopping: bool,
}

impl OpenRequests {
    /// Of a new connection, whose first request must come before the deadline.
    pub fn new(slot: Slot, deadline: Instant, timeouts: Timeouts) -> Self {
        let state = State {
            slot,
            at_work: 0,
            arriving: 0,
            answered: 0,
            idle_deadline: deadline,
            reader_deadline: deadline,
            received: 0,
            cancelled: 0,
            is_stopping: false,
        };
        Self {
            timeouts,
            state: Mutex::new(state),
        }
    }

    /// Opens a request; `None` when there is no room for it.
    pub fn open(
        self: &Arc<Self>,
        connections: &Arc<Connections>,
        peer: IpAddr,
    ) -> Option<OpenRequest> {
        let mut state = self.state();
        let others = state.open();
        state.change(None, Some(Phase::AtWork)).ok()?;
        state.received = 0;
        drop(state);
        let mut request = OpenRequest {
            requests: Arc::clone(self),
            phase: Mutex::new(Phase::AtWork),
            slot: None,
        };
        if others > 0 {
            request.slot = Some(connections.acquire_active(peer)?);
        }
        Some(request)
    }

    /// Notes that so many bytes came; fails when their client only wears the server out.
    pub fn receive(&self, bytes: usize) -> io::Result<()> {
        let mut state = self.state();
        state.received += bytes;
        if state.received > MOST_RECEIVED || state.cancelled > MOST_CANCELLED {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }

    /// When the connection is to be closed, as far as is known now.
    pub fn deadline(&self) -> Instant {
        let state = self.state();
        if state.answered > 0 {
            state.reader_deadline
        } else if state.open() > 0 {
            // Services have timeouts of their own. This is to look again, since
            // the stream is not told when one ends without an answer.
            Instant::now() + self.timeouts.idle
        } else {
            state.idle_deadline
        }
    }

    /// Gives an idle client only the time that it needs to hear of the end.
    pub fn stop(&self) {
        let mut state = self.state();
        state.is_stopping = true;
        let soon = Instant::now() + self.timeouts.drain;
        state.idle_deadline = state.idle_deadline.min(soon);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn open(&self) -> usize {
        self.at_work + self.arriving + self.answered
    }

    fn number(&mut self, phase: Phase) -> &mut usize {
        match phase {
            Phase::AtWork => &mut self.at_work,
            Phase::Arriving => &mut self.arriving,
            Phase::Answered => &mut self.answered,
        }
    }

    /// Takes a request from one phase to another; fails once the connection is evicted.
    fn change(&mut self, from: Option<Phase>, to: Option<Phase>) -> io::Result<()> {
        if let Some(from) = from {
            *self.number(from) -= 1;
        }
        if let Some(to) = to {
            *self.number(to) += 1;
        }
        if self.at_work > 0 {
            return self.slot.set_active();
        }
        if to == Some(Phase::Arriving) {
            self.slot.resume_idle();
        } else {
            self.slot.set_idle(Instant::now());
        }
        Ok(())
    }
}

/// A request that is open for as long as this is there.
pub struct OpenRequest {
    requests: Arc<OpenRequests>,
    phase: Mutex<Phase>,
    /// What it takes beside another.
    slot: Option<Slot>,
}

impl OpenRequest {
    /// Goes on to another phase.
    pub fn enter(&self, next: Phase) {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        if *phase == next {
            return;
        }
        let mut state = self.requests.state();
        if next == Phase::Answered && state.answered == 0 {
            state.reader_deadline = Instant::now() + self.requests.timeouts.reader;
        }
        // A connection that was evicted ends by itself.
        let _ = state.change(Some(*phase), Some(next));
        *phase = next;
    }

    /// Notes that the client takes so many bytes of the answer.
    pub fn take(&self, bytes: usize) {
        self.requests.state().reader_deadline += self.requests.timeouts.reading(bytes);
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        let phase = *self.phase.get_mut().unwrap_or_else(PoisonError::into_inner);
        let timeouts = &self.requests.timeouts;
        let mut state = self.requests.state();
        let _ = state.change(Some(phase), None);
        state.cancelled = match phase {
            Phase::Answered => state.cancelled.saturating_sub(1),
            Phase::AtWork | Phase::Arriving => state.cancelled + 1,
        };
        if state.open() == 0 {
            let (idle, drain) = (timeouts.idle, timeouts.drain);
            let wait = if state.is_stopping { drain } else { idle };
            state.idle_deadline = Instant::now() + wait;
        }
    }
}
