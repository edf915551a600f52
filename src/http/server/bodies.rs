//! Bodies of HTTP/2 that tell how far their request is.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Buf, Bytes, Frame, SizeHint};

use super::open_requests::{OpenRequest, Phase};

type Boxed = BoxBody<Bytes, io::Error>;

/// A request's body, while it arrives.
pub struct Arriving {
    body: Boxed,
    request: Arc<OpenRequest>,
}

impl Arriving {
    /// The body of this request.
    pub fn of(request: &Arc<OpenRequest>, body: poem::Body) -> poem::Body {
        let request = Arc::clone(request);
        let body = body.into();
        Boxed::new(Self { body, request }).into()
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let waits = polled.is_pending();
        let phase = if waits {
            Phase::Arriving
        } else {
            Phase::AtWork
        };
        self.request.enter(phase);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body. Its request is open until the last piece is written.
pub struct Answer {
    body: Boxed,
    request: Arc<OpenRequest>,
}

impl Answer {
    /// The body of the answer to this request.
    pub fn new(request: Arc<OpenRequest>, body: Boxed) -> Self {
        request.enter(Phase::Answered);
        Self { body, request }
    }
}

impl Body for Answer {
    type Data = Piece;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, io::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        // While there is no more of it yet, the client is not to blame.
        let phase = if polled.is_pending() {
            Phase::AtWork
        } else {
            Phase::Answered
        };
        self.request.enter(phase);
        polled.map_ok(|frame| {
            let request = Arc::clone(&self.request);
            frame.map_data(|bytes| Piece { bytes, request })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A part of an answer, until it is written.
pub struct Piece {
    bytes: Bytes,
    request: Arc<OpenRequest>,
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.request.take(count);
    }
}
