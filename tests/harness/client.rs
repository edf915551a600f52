//! A client that sends bytes of its own, over one connection.

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use serde_json::Value;

/// How long a test waits for what must come, before it fails.
const GUARD: Duration = Duration::from_secs(20);

pub struct Client {
    stream: BufReader<TcpStream>,
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// The `code` of a problem, or nothing when it is none.
    pub fn code(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        Some(body["code"].as_str()?.to_owned())
    }

    pub fn closes(&self) -> bool {
        self.head.contains("connection: close\r\n")
    }
}

impl Client {
    pub fn new(address: &str) -> Self {
        Self::of(TcpStream::connect(address).unwrap())
    }

    pub fn of(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(GUARD)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// One that sends something at once.
    pub fn sending(address: &str, text: &str) -> Self {
        let mut client = Self::new(address);
        client.send(text);
        client
    }

    /// Sends; `false` when the server has gone.
    pub fn send(&mut self, text: &str) -> bool {
        self.stream.get_mut().write_all(text.as_bytes()).is_ok()
    }

    /// Says that it has nothing more to send.
    pub fn half_close(&self) {
        self.stream.get_ref().shutdown(Shutdown::Write).unwrap();
    }

    /// The next answer to anything but HEAD; `None` when the connection ended instead.
    pub fn answer(&mut self) -> Option<Answer> {
        self.read(true)
    }

    /// The next answer, which has no body.
    pub fn head(&mut self) -> Option<Answer> {
        self.read(false)
    }

    fn read(&mut self, with_body: bool) -> Option<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match self.stream.read_line(&mut head) {
                Ok(0) => return None,
                Err(error) => return ended(&error),
                Ok(_) => {}
            }
        }
        head.make_ascii_lowercase();
        let length = head.split("content-length: ").nth(1);
        let length = length.map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
        let mut body = vec![0; if with_body { length } else { 0 }];
        if let Err(error) = self.stream.read_exact(&mut body) {
            return ended(&error);
        }
        Some(Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: String::from_utf8(body).unwrap(),
        })
    }

    /// The first line of an answer, and no more.
    pub fn status_line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line
    }

    /// Reads so much, or less when the connection ends.
    pub fn some(&mut self, most: usize) -> usize {
        let mut some = Vec::new();
        let mut limited = self.stream.by_ref().take(most as u64);
        limited.read_to_end(&mut some).unwrap_or_default()
    }

    /// Reads until the connection ends; how many bytes there still were.
    pub fn rest(mut self) -> usize {
        let mut rest = Vec::new();
        if let Err(error) = self.stream.read_to_end(&mut rest) {
            ended::<()>(&error);
        }
        rest.len()
    }

    /// Whether the connection ended within `pace`, without a word.
    pub fn ends_within(&mut self, pace: Duration) -> bool {
        self.stream.get_ref().set_read_timeout(Some(pace)).unwrap();
        let read = self.stream.read(&mut [0]);
        self.stream.get_ref().set_read_timeout(Some(GUARD)).unwrap();
        match read {
            Ok(count) => count == 0,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    }
}

/// A reset is an end too; having waited in vain is none.
#[track_caller]
fn ended<T>(error: &std::io::Error) -> Option<T> {
    assert_ne!(error.kind(), ErrorKind::WouldBlock, "nothing came");
    None
}
