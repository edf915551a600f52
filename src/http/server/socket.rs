//! A client's socket, with TLS over it or without.
//!
//! Whoever sends anything but a handshake is read in the clear, so that it can be refused.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use openssl::ssl::Ssl;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_openssl::SslStream;

/// The first byte of a handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;

/// A client's socket.
pub enum Socket {
    /// One that TLS is not expected of.
    Plain(TcpStream),
    /// One that it is expected of.
    Tls(SslStream<TcpStream>, Phase),
}

/// Where a socket is that TLS is expected of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The handshake is under way, if anything has come.
    Handshake,
    /// It is over.
    Encrypted,
    /// Something else came.
    Cleartext,
    /// TLS has ended.
    Ended,
}

/// What bytes go through.
enum Layer<'s> {
    Tcp(&'s mut TcpStream),
    Tls(&'s mut SslStream<TcpStream>),
}

impl Socket {
    /// The socket of a new connection, with TLS if there is a server's side of it.
    pub fn new(stream: TcpStream, ssl: Option<Ssl>) -> io::Result<Self> {
        Ok(match ssl {
            Some(ssl) => Self::Tls(SslStream::new(ssl, stream)?, Phase::Handshake),
            None => Self::Plain(stream),
        })
    }

    /// Waits for the handshake, if TLS is expected and comes.
    pub async fn handshake(&mut self) -> io::Result<()> {
        let Self::Tls(stream, phase) = self else {
            return Ok(());
        };
        let mut first = [HANDSHAKE];
        stream.get_ref().peek(&mut first).await?;
        *phase = if first == [HANDSHAKE] {
            let over = Pin::new(stream).do_handshake().await;
            over.map_err(|_| io::ErrorKind::InvalidData)?;
            Phase::Encrypted
        } else {
            Phase::Cleartext
        };
        Ok(())
    }

    /// Whether the handshake agreed on HTTP/2.
    pub fn is_http2(&self) -> bool {
        matches!(self, Self::Tls(stream, Phase::Encrypted)
            if stream.ssl().selected_alpn_protocol() == Some(b"h2"))
    }

    /// Whether TLS was expected, and did not come.
    pub fn is_cleartext(&self) -> bool {
        matches!(self, Self::Tls(_, Phase::Cleartext))
    }

    /// The socket itself.
    pub fn tcp(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream, _) => stream.get_mut(),
        }
    }

    /// Reads and drops whatever comes, until the client has nothing more to send.
    pub fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut unwanted = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut unwanted);
            ready!(Pin::new(self.tcp()).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn layer(&mut self) -> Layer<'_> {
        match self {
            Self::Plain(stream) => Layer::Tcp(stream),
            Self::Tls(stream, Phase::Cleartext) => Layer::Tcp(stream.get_mut()),
            Self::Tls(stream, _) => Layer::Tls(stream),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut().layer() {
            Layer::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Layer::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut().layer() {
            Layer::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Layer::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut().layer() {
            Layer::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Layer::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    /// TLS makes a record of each slice, so hyper had better join them.
    fn is_write_vectored(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Neither a socket nor OpenSSL has a buffer to flush.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ends TLS as well, if there is room to say so: nobody waits for a client that does not read.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Self::Tls(stream, phase @ Phase::Encrypted) = this {
            *phase = Phase::Ended;
            let _ = Pin::new(stream).poll_shutdown(cx);
        }
        Pin::new(this.tcp()).poll_shutdown(cx)
    }
}
