//! A client that writes frames of its own, and one that keeps to the protocol.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    pin::Pin,
    time::Duration,
};

use hyper::body::Bytes;
use openssl::{
    ssl::{Ssl, SslContext, SslMethod, SslStream, SslVerifyMode},
    x509::X509,
};
use poem::http::{Request, Response};
use serde_json::Value;

use crate::tls::certificates::{TLS, connect};

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RESET: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GO_AWAY: u8 = 7;
pub const WINDOW: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

pub const PROTOCOL_ERROR: u32 = 1;
pub const REFUSED: u32 = 7;

/// How a request ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Answer(String),
    Reset(u32),
    /// The whole connection ended, with the reason of a GOAWAY if there was one.
    Gone(Option<u32>),
}

impl End {
    /// The code of a problem that was answered.
    pub fn code(&self) -> Option<String> {
        let Self::Answer(body) = self else {
            return None;
        };
        let body: Value = serde_json::from_str(body).ok()?;
        Some(body["code"].as_str()?.to_owned())
    }
}

pub struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

pub struct Frames {
    stream: SslStream<TcpStream>,
    arrived: Vec<u8>,
}

impl Frames {
    /// One that begins as it has to; `None` when it is not let in.
    pub fn new(address: &str, believed: &X509, settings: &[(u16, u32)]) -> Option<Self> {
        let mut frames = Self {
            stream: connect(address, believed, TLS, b"\x02h2")?,
            arrived: Vec::new(),
        };
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        let settings = settings.iter().flat_map(|(name, value)| {
            let (name, value) = (name.to_be_bytes(), value.to_be_bytes());
            name.into_iter().chain(value)
        });
        let settings: Vec<_> = settings.collect();
        let begun = frames.stream.write_all(preface).is_ok();
        (begun && frames.send(SETTINGS, 0, 0, &settings)).then_some(frames)
    }

    /// Sends a frame; `false` when the server has gone.
    pub fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> bool {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.stream.write_all(&frame).is_ok()
    }

    /// Sends the head of a request with these fields, and no others.
    pub fn head(&mut self, stream: u32, fields: &[(&str, &str)], flags: u8) -> bool {
        self.send(HEADERS, flags | END_HEADERS, stream, &block(fields))
    }

    pub fn get(&mut self, stream: u32, path: &str) -> bool {
        self.head(stream, &fields("GET", path), END_STREAM)
    }

    /// The head of a POST, whose body does not come.
    pub fn post(&mut self, stream: u32, path: &str) -> bool {
        self.head(stream, &fields("POST", path), 0)
    }

    /// Reads until the head of this request's answer has come.
    pub fn reads_head(&mut self, stream: u32) {
        let is_head = |frame: &Frame| frame.kind == HEADERS && frame.stream == stream;
        while !is_head(&self.next().unwrap()) {}
    }

    /// Reads until this request has ended.
    pub fn end(&mut self, stream: u32) -> End {
        let (mut body, mut reason) = (Vec::new(), None);
        while let Some(frame) = self.next() {
            let code = |at: usize| {
                let code = frame.payload[at..at + 4].try_into().unwrap();
                u32::from_be_bytes(code)
            };
            match frame.kind {
                GO_AWAY => reason = Some(code(4)),
                RESET if frame.stream == stream => return End::Reset(code(0)),
                DATA | HEADERS if frame.stream == stream => {
                    if frame.kind == DATA {
                        body.extend(&frame.payload);
                    }
                    if frame.flags & END_STREAM != 0 {
                        return End::Answer(String::from_utf8(body).unwrap());
                    }
                }
                _ => {}
            }
        }
        End::Gone(reason)
    }

    /// The next frame; `None` when the connection ended instead.
    pub fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.parse() {
                let asks = frame.kind == SETTINGS || frame.kind == PING;
                if asks && frame.flags & ACK == 0 {
                    let echo = if frame.kind == PING {
                        &*frame.payload
                    } else {
                        &[]
                    };
                    self.send(frame.kind, ACK, 0, echo);
                }
                return Some(frame);
            }
            let mut piece = [0; 16 << 10];
            match self.stream.read(&mut piece) {
                Ok(0) => return None,
                Ok(read) => self.arrived.extend(&piece[..read]),
                Err(error) => {
                    assert_ne!(error.kind(), ErrorKind::WouldBlock, "nothing came");
                    return None;
                }
            }
        }
    }

    fn parse(&mut self) -> Option<Frame> {
        let head: [u8; 9] = self.arrived.get(..9)?.try_into().unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let end = 9 + usize::try_from(length).unwrap();
        let payload = self.arrived.get(9..end)?.to_vec();
        self.arrived.drain(..end);
        Some(Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
            payload,
        })
    }

    /// Whether the connection ended within `pace`. What comes is dropped.
    pub fn ends_within(&mut self, pace: Duration) -> bool {
        let tcp = self.stream.get_ref();
        tcp.set_read_timeout(Some(pace)).unwrap();
        let ended = loop {
            match self.stream.read(&mut [0; 16 << 10]) {
                Ok(0) => break true,
                Ok(_) => {}
                Err(error) => break error.kind() != ErrorKind::WouldBlock,
            }
        };
        let tcp = self.stream.get_ref();
        tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        ended
    }
}

pub fn fields<'t>(method: &'t str, path: &'t str) -> [(&'t str, &'t str); 4] {
    [
        (":method", method),
        (":scheme", "https"),
        (":authority", "x"),
        (":path", path),
    ]
}

/// A block of header fields, neither indexed nor compressed (RFC 7541, section 6.2.2).
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.as_bytes());
        }
    }
    block
}

/// One request by a client that keeps to the protocol.
pub async fn call(
    address: &str,
    believed: &X509,
    request: Request<()>,
    body: &str,
) -> Option<Response<String>> {
    let mut context = SslContext::builder(SslMethod::tls_client()).unwrap();
    context.cert_store_mut().add_cert(believed.clone()).unwrap();
    context.set_verify(SslVerifyMode::PEER);
    context.set_alpn_protos(b"\x02h2\x08http/1.1").unwrap();
    let ssl = Ssl::new(&context.build()).unwrap();
    let tcp = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut stream = tokio_openssl::SslStream::new(ssl, tcp).unwrap();
    Pin::new(&mut stream).connect().await.ok()?;
    let (mut requests, connection) = h2::client::handshake(stream).await.ok()?;
    let connection = tokio::spawn(connection);
    let (answer, mut sending) = requests.send_request(request, body.is_empty()).ok()?;
    if !body.is_empty() {
        sending
            .send_data(Bytes::copy_from_slice(body.as_bytes()), true)
            .ok()?;
    }
    let (head, mut body) = answer.await.ok()?.into_parts();
    let mut text = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece.ok()?;
        body.flow_control().release_capacity(piece.len()).ok()?;
        text.extend_from_slice(&piece);
    }
    connection.abort();
    Some(Response::from_parts(head, String::from_utf8(text).unwrap()))
}
