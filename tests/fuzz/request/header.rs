//! Headers: the ones that this service reads, and those that others have
//! trusted too much.

use super::text;
use crate::fuzz::rng::TestRng;

/// A name and a value.
pub type Header = (&'static str, Vec<u8>);

const NAMES: &str = "accept|accept-encoding|accept-language|access-control-request-method|\
    connection|content-encoding|content-length|content-type|cookie|device-token|expect|\
    forwarded|host|if-none-match|origin|range|referer|sms-token|te|transfer-encoding|upgrade|\
    user-agent|x-forwarded-for|x-forwarded-host|x-http-method-override|x-request-id";

/// The first is empty, the second a space.
const VALUES: &str = "| |*/*|*|0|-1|1, 2|99999999999999999999|chunked|Chunked|gzip, chunked|\
    identity|gzip|br;q=1.0|100-continue|close|upgrade|DELETE|bytes=0-0|127.0.0.1|\
    203.0.113.7, 10.0.0.1|[2001:db8::1]:4711, unknown, _hidden|::ffff:203.0.113.7|null";

/// The first is empty.
const TYPES: &str = "|application/json|application/json;charset=utf-8|\
    Application/JSON; Charset=\"UTF-8\"|application/json; charset=utf-16|\
    application/json; charset|application/json;|application/json, text/plain|\
    application/problem+json|application/x-www-form-urlencoded|\
    multipart/form-data; boundary=x|multipart/form-data|text/plain|text/json|\
    application/octet-stream|application/json; boundary=\"";

/// A header beside the documented ones.
pub fn extra(rng: &mut TestRng) -> Header {
    let name = rng.choose_from(NAMES);
    match rng.below(4) {
        0 => (name, text::hostile(rng).into_bytes()),
        1 => (name, [rng.marker().into_bytes(), rng.bytes(40)].concat()),
        _ => (name, rng.choose_from(VALUES).as_bytes().to_vec()),
    }
}

/// A media type, the right one more often than not.
pub fn media_type(rng: &mut TestRng) -> Header {
    let media_type = match rng.below(12) {
        0 => text::hostile(rng).into_bytes(),
        1 | 2 => rng.choose_from(TYPES).as_bytes().to_vec(),
        _ => b"application/json".to_vec(),
    };
    ("content-type", media_type)
}

/// An access token in a header that must not be accepted.
pub fn broken_authorization(rng: &mut TestRng, token: &str) -> Vec<Header> {
    let one = |value: String| vec![("authorization", value.into_bytes())];
    match rng.below(16) {
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
        12 => vec![one(format!("Bearer {token}")).remove(0); 2],
        13 => vec![("authorization", [b"Bearer \xff", token.as_bytes()].concat())],
        14 => one(format!("Bearer {}x", token.repeat(1 + rng.below(40)))),
        _ => one(text::hostile(rng)),
    }
}
