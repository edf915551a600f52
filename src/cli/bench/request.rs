//! The request, from what was typed: the bytes to send, and where to.

use std::{
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

use hyper::{
    Method, Uri,
    header::{
        ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue,
        TRANSFER_ENCODING, USER_AGENT,
    },
};

use super::super::Failure;

/// How long an address may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(5);
const URL: &str = "--url is no address: write it as in http://127.0.0.1:8080/profile/";

/// Where requests go.
pub struct Target {
    host: String,
    port: u16,
    /// The authority, as the header `host` has it.
    authority: String,
    path: String,
}

impl Target {
    /// Reads a URL.
    pub fn read(url: &str) -> Result<Self, Failure> {
        let uri: Uri = url.parse().map_err(|_| Failure::misconfigured(URL))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                let sentence = "--url names https, but bench speaks plain http only: give it the server's own address, behind the proxy";
                return Err(Failure::misconfigured(sentence));
            }
            _ => return Err(Failure::misconfigured(URL)),
        }
        let authority = uri
            .authority()
            .filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.ok_or_else(|| Failure::misconfigured(URL))?;
        Ok(Self {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(80),
            authority: authority.to_string(),
            path: uri
                .path_and_query()
                .map_or("/", |path| path.as_str())
                .to_owned(),
        })
    }

    /// A connection to the first of its addresses that accepts one.
    pub fn reach(&self) -> Result<TcpStream, Failure> {
        let of = |error| {
            Failure::of(format!(
                "--url: {} cannot be reached: {error}",
                self.authority
            ))
        };
        let addresses = (self.host.as_str(), self.port)
            .to_socket_addrs()
            .map_err(of)?;
        let mut last = std::io::ErrorKind::NotFound.into();
        for address in addresses {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(of(last))
    }

    /// The bytes of a request to it.
    pub fn request(
        &self,
        method: &str,
        headers: &[String],
        body: Option<&str>,
    ) -> Result<Vec<u8>, Failure> {
        let method = Method::from_bytes(method.as_bytes())
            .ok()
            .filter(|method| method != Method::CONNECT);
        let method = method.ok_or_else(|| {
            Failure::misconfigured("--method is no method: write one as in GET, POST or PATCH")
        })?;
        let mut lines = headers
            .iter()
            .map(|header| line(header))
            .collect::<Result<Vec<_>, _>>()?;
        let mut default = |name: HeaderName, value: &str| {
            if !lines.iter().any(|(named, _)| *named == name) {
                lines.push((
                    name,
                    HeaderValue::from_str(value).expect("an authority is plain text"),
                ));
            }
        };
        default(HOST, &self.authority);
        default(ACCEPT, "*/*");
        default(
            USER_AGENT,
            concat!("invited-bench/", env!("CARGO_PKG_VERSION")),
        );
        if let Some(body) = body {
            default(CONTENT_TYPE, "application/json");
            default(CONTENT_LENGTH, &body.len().to_string());
        }
        let mut bytes = format!("{method} {} HTTP/1.1\r\n", self.path).into_bytes();
        for (name, value) in lines {
            bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        bytes.extend([b"\r\n", body.unwrap_or_default().as_bytes()].concat());
        Ok(bytes)
    }
}

fn line(header: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let read = || {
        let (name, value) = header.split_once(':')?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(value.trim()).ok()?))
    };
    let (name, value) = read().ok_or_else(|| {
        Failure::misconfigured(
            "--header is no header: write one as in --header 'authorization: Bearer TOKEN'",
        )
    })?;
    if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&name) {
        let sentence = format!("--header names {name}, which bench sets by itself");
        return Err(Failure::misconfigured(sentence));
    }
    Ok((name, value))
}
