//! What hyper reads from and writes to: a client's socket that knows how far
//! its request is, so that each part of it has a clock of its own.
//!
//! hyper is handed one request at a time: a head to its very end and not a
//! byte more before its service has seen the request, then as much body as the
//! service was told of. So what was read of a head here is of the same bytes
//! that hyper made the request of, whatever else was sent along.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use hyper::body::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};

use super::{
    connections::Slot,
    head::Head,
    progress::{Part, Progress},
    timeouts::{Timeouts, Timer},
    unreadable::{self, Refuse},
};

/// A connection, as hyper sees it.
pub struct ClientStream {
    // Closed before the slot is given back.
    socket: TcpStream,
    slot: Slot,
    progress: Arc<Progress>,
    head: Head,
    /// Whether the head that is awaited has its time running: the first one
    /// from the beginning, others once anything comes of them.
    begun: bool,
    /// What arrived together with something before it.
    surplus: Bytes,
    timeouts: Timeouts,
    timer: Timer,
    /// When the head that is awaited must have gone further.
    until: Instant,
    /// When the client must have read on, from when its socket was full until
    /// the whole answer was written.
    write_deadline: Option<Instant>,
    /// When the client must have stopped sending, once it was answered.
    farewell: Option<Instant>,
    refuse: Refuse,
    /// What is written in place of hyper's own refusal, as far as it was not yet.
    refusal: Option<Bytes>,
}

impl ClientStream {
    /// Of a client who has just come, and has its first head to send.
    pub fn new(
        socket: TcpStream,
        slot: Slot,
        progress: Arc<Progress>,
        timeouts: Timeouts,
        refuse: Refuse,
    ) -> Self {
        let until = Instant::now() + timeouts.head;
        Self {
            socket,
            slot,
            progress,
            head: Head::default(),
            begun: true,
            surplus: Bytes::new(),
            timeouts,
            timer: Timer::new(until),
            until,
            write_deadline: None,
            farewell: None,
            refuse,
            refusal: None,
        }
    }

    /// What hyper asks for, when it asks for more.
    fn asked(&mut self) -> io::Result<Part> {
        let mut part = self.progress.part();
        match *part {
            // hyper takes for half a head what was read as a whole one here.
            Part::Handed { .. } => return Err(io::ErrorKind::InvalidData.into()),
            Part::Body(0) => {
                *part = Part::Head;
                self.begun = false;
                let now = Instant::now();
                self.until = now + self.timeouts.idle;
                self.slot.rest(now);
            }
            Part::Head | Part::Body(_) | Part::Chunks => {}
        }
        Ok(*part)
    }

    /// How many of the bytes that arrived are part of what hyper asked for.
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut part = self.progress.part();
        let taken = match &mut *part {
            Part::Body(left) => {
                let taken =
                    usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= taken as u64;
                taken
            }
            Part::Chunks => bytes.len(),
            Part::Head | Part::Handed { .. } => {
                if !self.begun {
                    self.begun = true;
                    self.until = Instant::now() + self.timeouts.head;
                }
                let Some(taken) = self.head.read(bytes) else {
                    return Ok(bytes.len());
                };
                let ambiguous = std::mem::take(&mut self.head).is_ambiguous();
                *part = Part::Handed { ambiguous };
                taken
            }
        };
        drop(part);
        self.work()?;
        Ok(taken)
    }

    fn work(&mut self) -> io::Result<()> {
        if self.slot.work() {
            Ok(())
        } else {
            Err(io::ErrorKind::ConnectionAborted.into())
        }
    }

    fn wait(&mut self, cx: &mut Context<'_>, part: Part) -> Poll<io::Result<()>> {
        if part == Part::Head {
            return self.timer.poll(cx, self.until);
        }
        // Bodies are timed where they are read.
        self.slot.wait();
        Poll::Pending
    }

    /// Whether hyper made no request of what it read, so that what it writes
    /// can only be a refusal of its own.
    fn is_unread(&self) -> bool {
        matches!(*self.progress.part(), Part::Head | Part::Handed { .. })
    }

    /// Writes the whole refusal, and tells of hyper's `bare` one that it was written.
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

    /// A client who does not read is waited for like one who does not send:
    /// it has the slot only until another wants it.
    fn written(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            self.work()?;
            if let (Some(deadline), Ok(bytes)) = (&mut self.write_deadline, &written) {
                *deadline += self.timeouts.reading(*bytes);
            }
            return Poll::Ready(written);
        }
        let deadline = *self.write_deadline.get_or_insert_with(|| {
            let now = Instant::now();
            self.slot.rest(now);
            now + self.timeouts.reader
        });
        self.slot.wait();
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
        let part = this.asked()?;
        if this.surplus.is_empty() {
            let before = buffer.filled().len();
            let Poll::Ready(read) = Pin::new(&mut this.socket).poll_read(cx, buffer) else {
                return this.wait(cx, part);
            };
            read?;
            let arrived = &buffer.filled()[before..];
            if arrived.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let taken = this.take(arrived)?;
            if taken < arrived.len() {
                this.surplus = Bytes::copy_from_slice(&arrived[taken..]);
                buffer.set_filled(before + taken);
            }
        } else {
            let most = this.surplus.len().min(buffer.remaining());
            let arrived = this.surplus.slice(..most);
            let taken = this.take(&arrived)?;
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
        if this.is_unread() {
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
        if this.is_unread() {
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

    /// A socket keeps nothing back. So this tells that all was written, and
    /// only after it hyper asks for the next head.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().write_deadline = None;
        Poll::Ready(Ok(()))
    }

    /// Closes, after a moment for a client who is still sending: closed under
    /// its hands, the connection would be reset and the answer lost with it
    /// (RFC 9112, section 9.6).
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.socket).poll_shutdown(cx))?;
        let part = *this.progress.part();
        if part == Part::Body(0) || (part == Part::Head && this.head.is_empty()) {
            return Poll::Ready(Ok(()));
        }
        let timeouts = this.timeouts.farewell;
        let until = *this.farewell.get_or_insert_with(|| {
            let now = Instant::now();
            this.slot.rest(now);
            now + timeouts
        });
        // First, or whoever sends fast enough would never be found late.
        if let Poll::Ready(late) = this.timer.poll(cx, until) {
            return Poll::Ready(late);
        }
        let mut unwanted = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut unwanted);
            ready!(Pin::new(&mut this.socket).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl Drop for ClientStream {
    fn drop(&mut self) {
        if self.write_deadline.is_some() {
            // Or the system would keep for minutes what this client does not read.
            let _ = self.socket.set_zero_linger();
        }
    }
}
