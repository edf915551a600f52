//! The stream between a client's socket and hyper's HTTP/1.1. It knows which part of a
//! request is under way, so that each part has a timeout of its own.
//!
//! hyper reads one request at a time: a head to its very end and not a byte
//! more before its service has seen the request, then as much body as the
//! service was told of. So the head that is checked here consists of the same
//! bytes that hyper parses, whatever else was sent along (pipelining).

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use hyper::body::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use super::{
    connections::Slot,
    head::Head,
    progress::{Finding, Part, Progress},
    socket::Socket,
    timeouts::{Timeouts, Timer},
    unreadable::{self, Refuse},
};

/// A connection, as hyper sees it.
pub struct ClientStream {
    // Declared first, so that it is closed before the slot is released.
    socket: Socket,
    slot: Slot,
    progress: Arc<Progress>,
    head: Head,
    /// Whether the timeout of the next head runs: for the first one from the
    /// beginning, for others from their first byte.
    head_begun: bool,
    /// Bytes that arrived together with the part before them.
    surplus: Bytes,
    timeouts: Timeouts,
    timer: Timer,
    /// When the next head must have begun or, once it has, must be complete.
    head_deadline: Instant,
    /// When the client must have read more; set from when the socket's buffer
    /// was full until the whole answer is written.
    write_deadline: Option<Instant>,
    /// When the client must have stopped sending, once it was answered.
    drain_deadline: Option<Instant>,
    refuse: Refuse,
    /// The rest of what is written in place of hyper's own refusal.
    refusal: Option<Bytes>,
}

impl ClientStream {
    /// A new connection, whose first head must be there at the deadline.
    pub fn new(
        socket: Socket,
        slot: Slot,
        head_deadline: Instant,
        progress: Arc<Progress>,
        timeouts: Timeouts,
        refuse: Refuse,
    ) -> Self {
        Self {
            socket,
            slot,
            progress,
            head: Head::default(),
            head_begun: true,
            surplus: Bytes::new(),
            timeouts,
            timer: Timer::new(head_deadline),
            head_deadline,
            write_deadline: None,
            drain_deadline: None,
            refuse,
            refusal: None,
        }
    }

    /// Which part of a request hyper is about to read.
    fn begin_read(&mut self) -> io::Result<Part> {
        let mut part = self.progress.part();
        match *part {
            // hyper takes a head for incomplete that is complete here.
            Part::Handed(_) => return Err(io::ErrorKind::InvalidData.into()),
            Part::Body(0) => {
                *part = Part::Head;
                self.head_begun = false;
                let now = Instant::now();
                self.head_deadline = now + self.timeouts.idle;
                self.slot.set_idle(now);
            }
            Part::Head | Part::Body(_) | Part::Chunks => {}
        }
        Ok(*part)
    }

    /// How many of the bytes that arrived belong to the part that hyper reads.
    fn consume(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = match &mut *self.progress.part() {
            Part::Body(left) => {
                let taken =
                    usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= taken as u64;
                taken
            }
            Part::Chunks => bytes.len(),
            part @ (Part::Head | Part::Handed(_)) => {
                if !self.head_begun {
                    self.head_begun = true;
                    self.head_deadline = Instant::now() + self.timeouts.head;
                }
                let Some(taken) = self.head.read(bytes) else {
                    return Ok(bytes.len());
                };
                let ambiguous = std::mem::take(&mut self.head).is_ambiguous();
                *part = Part::Handed(match (self.socket.is_cleartext(), ambiguous) {
                    (true, _) => Finding::Cleartext,
                    (false, true) => Finding::Ambiguous,
                    (false, false) => Finding::Plain,
                });
                taken
            }
        };
        self.slot.set_active()?;
        Ok(taken)
    }

    /// Nothing has arrived: pending until the timeout of this part.
    fn poll_idle(&mut self, cx: &mut Context<'_>, part: Part) -> Poll<io::Result<()>> {
        if part == Part::Head {
            return self.timer.poll(cx, self.head_deadline);
        }
        // The timeouts of bodies are in `json`.
        self.slot.resume_idle();
        Poll::Pending
    }

    /// Whether hyper has made no request of what it read, so that what it
    /// writes can only be a refusal of its own.
    fn is_unparsed(&self) -> bool {
        matches!(*self.progress.part(), Part::Head | Part::Handed(_))
    }

    /// Writes the whole refusal in place of hyper's `bare` one.
    fn refuse(&mut self, cx: &mut Context<'_>, bare: &[u8]) -> Poll<io::Result<usize>> {
        let refusal = self.refusal.take();
        let mut rest = refusal.unwrap_or_else(|| unreadable::complete(bare, &self.refuse).into());
        while !rest.is_empty() {
            match self.send(cx, &rest) {
                Poll::Ready(written) => rest.advance(written?),
                Poll::Pending => {
                    self.refusal = Some(rest);
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(bare.len()))
    }

    fn send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.written(cx, written)
    }

    /// A client that does not read is idle like one that does not send, so its
    /// connection can be evicted.
    fn written(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            self.slot.set_active()?;
            if let (Some(deadline), Ok(bytes)) = (&mut self.write_deadline, &written) {
                *deadline += self.timeouts.reading(*bytes);
            }
            return Poll::Ready(written);
        }
        let deadline = *self.write_deadline.get_or_insert_with(|| {
            let now = Instant::now();
            self.slot.set_idle(now);
            now + self.timeouts.reader
        });
        self.slot.resume_idle();
        self.timer.poll(cx, deadline)
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let part = this.begin_read()?;
        if this.surplus.is_empty() {
            let before = buffer.filled().len();
            let Poll::Ready(read) = Pin::new(&mut this.socket).poll_read(cx, buffer) else {
                return this.poll_idle(cx, part);
            };
            read?;
            let arrived = &buffer.filled()[before..];
            if arrived.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let taken = this.consume(arrived)?;
            if taken < arrived.len() {
                this.surplus = Bytes::copy_from_slice(&arrived[taken..]);
                buffer.set_filled(before + taken);
            }
        } else {
            let most = this.surplus.len().min(buffer.remaining());
            let arrived = this.surplus.slice(..most);
            let taken = this.consume(&arrived)?;
            buffer.put_slice(&arrived[..taken]);
            this.surplus.advance(taken);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.is_unparsed() {
            return this.refuse(cx, bytes);
        }
        this.send(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.is_unparsed() {
            // A refusal is a head and nothing else.
            let bare = slices.iter().find(|slice| !slice.is_empty());
            return this.refuse(cx, bare.map_or(&[], |slice| slice));
        }
        let written = Pin::new(&mut this.socket).poll_write_vectored(cx, slices);
        this.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    /// A socket has no buffer to flush. hyper calls this when all of an answer
    /// is written, before it reads the next head.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().write_deadline = None;
        Poll::Ready(Ok(()))
    }

    /// Closes in two stages (RFC 9112, section 9.6): closed while the client is
    /// still sending, the connection would be reset and the answer lost. So
    /// what it sends is read and dropped for a moment.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.socket).poll_shutdown(cx))?;
        let part = *this.progress.part();
        if part == Part::Body(0) || (part == Part::Head && this.head.is_empty()) {
            return Poll::Ready(Ok(()));
        }
        let deadline = *this.drain_deadline.get_or_insert_with(|| {
            let now = Instant::now();
            this.slot.set_idle(now);
            now + this.timeouts.drain
        });
        // Before reading, or a client that sends fast enough would never time out.
        if let Poll::Ready(late) = this.timer.poll(cx, deadline) {
            return Poll::Ready(late);
        }
        this.socket.poll_drain(cx)
    }
}

impl Drop for ClientStream {
    fn drop(&mut self) {
        if self.write_deadline.is_some() {
            // Or the kernel would keep for minutes what this client does not read.
            let _ = self.socket.tcp().set_zero_linger();
        }
    }
}
