//! Headers: the ones that are read here, and those that others have read too
//! trustingly.

use super::text;
use crate::fuzz::chance::Chance;

/// A name and a value, as bytes.
pub type Header = (&'static str, Vec<u8>);

const OTHERS: [&str; 26] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "access-control-request-method",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "device-token",
    "expect",
    "forwarded",
    "host",
    "if-none-match",
    "origin",
    "range",
    "referer",
    "sms-token",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-http-method-override",
    "x-request-id",
];

const VALUES: [&str; 24] = [
    "",
    " ",
    "*/*",
    "*",
    "0",
    "-1",
    "1, 2",
    "99999999999999999999",
    "chunked",
    "Chunked",
    "gzip, chunked",
    "identity",
    "gzip",
    "br;q=1.0",
    "100-continue",
    "close",
    "upgrade",
    "DELETE",
    "bytes=0-0",
    "127.0.0.1",
    "203.0.113.7, 10.0.0.1",
    "[2001:db8::1]:4711, unknown, _hidden",
    "::ffff:203.0.113.7",
    "null",
];

const TYPES: [&str; 16] = [
    "",
    "application/json",
    "application/json;charset=utf-8",
    "Application/JSON; Charset=\"UTF-8\"",
    "application/json; charset=utf-16",
    "application/json; charset",
    "application/json;",
    "application/json, text/plain",
    "application/problem+json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/plain",
    "text/json",
    "application/octet-stream",
    "application/json; boundary=\"",
];

/// Some header that nobody asked for.
pub fn stray(chance: &mut Chance) -> Header {
    let name = *chance.pick(&OTHERS);
    match chance.below(4) {
        0 => (name, text::odd(chance).into_bytes()),
        1 => (
            name,
            [chance.mark().into_bytes(), chance.bytes(40)].concat(),
        ),
        _ => (name, chance.pick(&VALUES).as_bytes().to_vec()),
    }
}

/// A media type, the right one more often than not.
pub fn media_type(chance: &mut Chance) -> Header {
    let media_type = match chance.below(12) {
        0 => text::odd(chance).into_bytes(),
        1 | 2 => chance.pick(&TYPES).as_bytes().to_vec(),
        _ => b"application/json".to_vec(),
    };
    ("content-type", media_type)
}

/// What stands around an access token that is not to be believed any more.
pub fn broken_authorization(chance: &mut Chance, token: &str) -> Vec<Header> {
    let one = |value: String| vec![("authorization", value.into_bytes())];
    match chance.below(16) {
        0 => Vec::new(),
        1 => one(String::new()),
        2 => one("Bearer".to_owned()),
        3 => one("Bearer ".to_owned()),
        4 => one(token.to_owned()),
        5 => one(format!("Bearer{token}")),
        6 => one(format!("Bearer\t{token}")),
        7 => one(format!("Basic {token}")),
        8 => one(format!("Bearer {token} {token}")),
        9 => one(format!("Bearer {token},Bearer {token}")),
        10 => one(format!("Bearer \"{token}\"")),
        11 => one(format!("Bearer Bearer {token}")),
        12 => [
            one(format!("Bearer {token}")),
            one(format!("Bearer {token}")),
        ]
        .concat(),
        13 => vec![(
            "authorization",
            [b"Bearer \xff".to_vec(), token.into()].concat(),
        )],
        14 => one(format!(
            "Bearer {}",
            token.repeat(1 + chance.below(40)) + "x"
        )),
        _ => one(text::odd(chance)),
    }
}
