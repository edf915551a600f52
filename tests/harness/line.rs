//! A client that keeps its connection, and knows an answer from half of one.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

/// How long an answer may take; far more than any should.
const PATIENCE: Duration = Duration::from_mins(1);

/// One connection to a server, made when it is first needed.
pub struct Line {
    address: String,
    stream: Option<BufReader<TcpStream>>,
}

/// An answer that came as a whole.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub json: Value,
}

impl Response {
    pub fn text(&self, name: &str) -> String {
        let text = self.json[name].as_str();
        text.unwrap_or_else(|| panic!("no {name}: {self:?}"))
            .to_owned()
    }

    /// The problem's code; empty for a success.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))?;
        Some(value.trim_end())
    }
}

/// No answer came; nobody knows whether the request was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Not a byte of one.
    Whole,
    /// It broke off.
    Half,
}

impl Line {
    pub fn to(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            stream: None,
        }
    }

    /// Sends JSON (or nothing, if it is null) with some headers.
    pub fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Response, Lost> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        if body.is_null() {
            request.push_str("\r\n");
        } else {
            let body = body.to_string();
            let length = body.len().to_string();
            let kind = "content-type: application/json\r\ncontent-length: ";
            request.extend([kind, &length, "\r\n\r\n", &body]);
        }
        let response = self.ask(&request);
        if response.is_err() {
            self.stream = None;
        }
        response
    }

    /// Confirms a code.
    pub fn confirm(&mut self, token: &str, code: &str) -> Result<Response, Lost> {
        let (headers, body) = ([("sms-token", token)], json!({ "sms_code": code }));
        self.call("POST", "/login/sms-confirm/", &headers, &body)
    }

    fn ask(&mut self, request: &str) -> Result<Response, Lost> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(&self.address).map_err(|_| Lost::Whole)?;
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                stream.set_nodelay(true).unwrap();
                none.insert(BufReader::new(stream))
            }
        };
        let sent = stream.get_mut().write_all(request.as_bytes());
        sent.map_err(|_| Lost::Whole)?;
        answer(stream)
    }
}

fn answer(stream: &mut BufReader<TcpStream>) -> Result<Response, Lost> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        match stream.read_line(&mut head) {
            Ok(1..) => {}
            _ if head.is_empty() => return Err(Lost::Whole),
            _ => return Err(Lost::Half),
        }
    }
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut response = Response {
        status,
        head,
        json: Value::Null,
    };
    let length = response.header("content-length").unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).map_err(|_| Lost::Half)?;
    if !body.is_empty() {
        response.json = serde_json::from_slice(&body).unwrap();
    }
    Ok(response)
}
