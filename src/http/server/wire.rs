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
    crowd::Place,
    exchange::{Exchange, Part},
    head::Head,
    patience::{Alarm, Patience},
    unreadable::{self, Refuse},
};

/// A connection, as hyper sees it.
pub struct Wire {
    // Closed before the place is given back.
    stream: TcpStream,
    place: Place,
    exchange: Arc<Exchange>,
    head: Head,
    /// Whether the head that is awaited has its time running: the first one
    /// from the beginning, others once anything comes of them.
    begun: bool,
    /// What arrived together with something before it.
    surplus: Bytes,
    patience: Patience,
    alarm: Alarm,
    /// When the head that is awaited must have gone further.
    until: Instant,
    /// When the client must have read on, from when its socket was full until
    /// the whole answer was written.
    write_deadline: Option<Instant>,
    /// When the client must have stopped sending, once it was answered.
    farewell: Option<Instant>,
    refuse: Refuse,
    /// What is written in the place of hyper's own refusal, as far as it was not yet.
    refusal: Option<Bytes>,
}

impl Wire {
    /// Of a client who has just come, and has its first head to send.
    pub fn new(
        stream: TcpStream,
        place: Place,
        exchange: Arc<Exchange>,
        patience: Patience,
        refuse: Refuse,
    ) -> Self {
        let until = Instant::now() + patience.head;
        Self {
            stream,
            place,
            exchange,
            head: Head::default(),
            begun: true,
            surplus: Bytes::new(),
            patience,
            alarm: Alarm::new(until),
            until,
            write_deadline: None,
            farewell: None,
            refuse,
            refusal: None,
        }
    }

    /// What hyper asks for, when it asks for more.
    fn asked(&mut self) -> io::Result<Part> {
        let mut part = self.exchange.part();
        match *part {
            // hyper takes for half a head what was read as a whole one here.
            Part::Handed { .. } => return Err(io::ErrorKind::InvalidData.into()),
            Part::Body(0) => {
                *part = Part::Head;
                self.begun = false;
                let now = Instant::now();
                self.until = now + self.patience.idle;
                self.place.rest(now);
            }
            Part::Head | Part::Body(_) | Part::Chunks => {}
        }
        Ok(*part)
    }

    /// How many of the bytes that arrived are part of what hyper asked for.
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut part = self.exchange.part();
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
                    self.until = Instant::now() + self.patience.head;
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
        if self.place.work() {
            Ok(())
        } else {
            Err(io::ErrorKind::ConnectionAborted.into())
        }
    }

    fn wait(&mut self, cx: &mut Context<'_>, part: Part) -> Poll<io::Result<()>> {
        if part == Part::Head {
            return self.alarm.poll(cx, self.until);
        }
        // Bodies are timed where they are read.
        self.place.wait();
        Poll::Pending
    }

    /// Whether hyper made no request of what it read, so that what it writes
    /// can only be a refusal of its own.
    fn is_unread(&self) -> bool {
        matches!(*self.exchange.part(), Part::Head | Part::Handed { .. })
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
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, written)
    }

    /// A client who does not read is waited for like one who does not send:
    /// it has the place only until another wants it.
    fn written(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            self.work()?;
            if let (Some(deadline), Ok(bytes)) = (&mut self.write_deadline, &written) {
                *deadline += self.patience.reading(*bytes);
            }
            return Poll::Ready(written);
        }
        let deadline = *self.write_deadline.get_or_insert_with(|| {
            let now = Instant::now();
            self.place.rest(now);
            now + self.patience.reader
        });
        self.place.wait();
        self.alarm.poll(cx, deadline)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let part = wire.asked()?;
        if wire.surplus.is_empty() {
            let before = buffer.filled().len();
            let Poll::Ready(read) = Pin::new(&mut wire.stream).poll_read(cx, buffer) else {
                return wire.wait(cx, part);
            };
            read?;
            let arrived = &buffer.filled()[before..];
            if arrived.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let taken = wire.take(arrived)?;
            if taken < arrived.len() {
                wire.surplus = Bytes::copy_from_slice(&arrived[taken..]);
                buffer.set_filled(before + taken);
            }
        } else {
            let most = wire.surplus.len().min(buffer.remaining());
            let arrived = wire.surplus.slice(..most);
            let taken = wire.take(&arrived)?;
            buffer.put_slice(&arrived[..taken]);
            wire.surplus.advance(taken);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        if wire.is_unread() {
            return wire.refuse(cx, bytes);
        }
        wire.send(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        if wire.is_unread() {
            // A refusal is a head and nothing else.
            let bare = slices.iter().find(|slice| !slice.is_empty());
            return wire.refuse(cx, bare.map_or(&[], |slice| slice));
        }
        let written = Pin::new(&mut wire.stream).poll_write_vectored(cx, slices);
        wire.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
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
        let wire = self.get_mut();
        ready!(Pin::new(&mut wire.stream).poll_shutdown(cx))?;
        let part = *wire.exchange.part();
        if part == Part::Body(0) || (part == Part::Head && wire.head.is_empty()) {
            return Poll::Ready(Ok(()));
        }
        let patience = wire.patience.farewell;
        let until = *wire.farewell.get_or_insert_with(|| {
            let now = Instant::now();
            wire.place.rest(now);
            now + patience
        });
        // First, or whoever sends fast enough would never be found late.
        if let Poll::Ready(late) = wire.alarm.poll(cx, until) {
            return Poll::Ready(late);
        }
        let mut unwanted = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut unwanted);
            ready!(Pin::new(&mut wire.stream).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.write_deadline.is_some() {
            // Or the system would keep for minutes what this client does not read.
            let _ = self.stream.set_zero_linger();
        }
    }
}
