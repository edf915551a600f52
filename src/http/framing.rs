//! Requests that others on the path may read differently, refused: a proxy
//! that sees another length, another host or another end of a line can be
//! made to pass on what it never saw (request smuggling). What cannot be read
//! as HTTP at all does not come so far: see `server::unreadable` and `server::http2`.

use poem::{
    Request,
    http::{HeaderValue, Method, Version, header, uri::Scheme},
};

use super::{
    problem::{self, Problem},
    server::Ambiguous,
};

/// Whether there is one way to read the request (RFC 9112, sections 3.2 and 6.3).
pub fn check(request: &Request) -> Result<(), Problem> {
    let plain = request.extensions().get::<Ambiguous>().is_none()
        && is_one_body(request)
        && is_one_host(request);
    plain
        .then_some(())
        .ok_or_else(|| Problem::new(&problem::MALFORMED_REQUEST))
}

/// Chunked, once, is the one coding understood (section 6.1).
fn is_one_body(request: &Request) -> bool {
    let mut codings = request.headers().get_all(header::TRANSFER_ENCODING).iter();
    let chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    codings.next().is_none_or(chunked) && codings.next().is_none()
}

/// One host where it is due, and a target that agrees with it (section 3.2).
/// In HTTP/2 the target may be what names it (RFC 9113, section 8.3.1).
fn is_one_host(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, another) = (hosts.next(), hosts.next());
    let target = request.uri();
    let proper = match (host, request.version()) {
        (Some(host), _) => is_host(host.as_bytes()),
        (None, Version::HTTP_2) => target
            .authority()
            .is_some_and(|named| is_host(named.as_str().as_bytes())),
        (None, version) => version < Version::HTTP_11,
    };
    let agrees = match (target.scheme(), target.authority()) {
        (Some(scheme), Some(authority)) => {
            let same = |host: &HeaderValue| {
                let authority = authority.as_str().as_bytes();
                host.as_bytes().eq_ignore_ascii_case(authority)
            };
            [Scheme::HTTP, Scheme::HTTPS].contains(scheme) && host.is_none_or(same)
        }
        // `host:port` alone, which is for tunnels.
        (None, Some(_)) => false,
        _ => true,
    };
    let is_of_method = match *request.method() {
        Method::CONNECT => false,
        Method::OPTIONS => true,
        _ => target.path() != "*",
    };
    another.is_none() && proper && agrees && is_of_method
}

/// A name or an address, perhaps a port, and nothing else; empty is a host too.
fn is_host(text: &[u8]) -> bool {
    let allowed = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'%' | b':' | b'[' | b']')
    };
    text.iter().all(allowed)
}
