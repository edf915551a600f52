//! Paths, methods and queries beside the documented ones.

use poem::http::Method;

use super::text;
use crate::fuzz::chance::Chance;

const METHODS: [&str; 12] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY", "get",
    "PROPFIND",
];

const PLACES: [&str; 22] = [
    "/",
    "//",
    "/.",
    "/..",
    "/*",
    "/openapi.json",
    "/swagger",
    "/redoc/",
    "/problems/",
    "/problems/not_found/",
    "/problems/%6eot_found",
    "/problems/..%2f",
    "/admin/",
    "/metrics",
    "/.env",
    "/profile/sessions/",
    "/profile/sessions/1/2/",
    "/profile/sessions/-9223372036854775809/",
    "/profile/sessions/0x1/",
    "/profile/sessions/NaN/",
    "/profile/sessions/9007199254740993/",
    "/profile/sessions/{id}/",
];

const QUERIES: [&str; 20] = [
    "",
    "limit=1",
    "limit=500",
    "limit=0",
    "limit=501",
    "limit=-1",
    "limit=1.5",
    "limit=99999999999999999999",
    "limit=",
    "limit=1&limit=2",
    "limit=%31",
    "limit=%ff",
    "after=",
    "after=0",
    "after=-1",
    "after=9223372036854775807",
    "after=9223372036854775808",
    "after=%00",
    "after[]=1&limit[a]=1",
    "&&==&%&%4",
];

/// A method that may be known to the path or not.
pub fn method(chance: &mut Chance) -> Method {
    let name = match chance.below(4) {
        0 => chance.mark(),
        _ => (*chance.pick(&METHODS)).to_owned(),
    };
    name.parse().unwrap()
}

/// Another path than `path`, or another way to write it.
pub fn changed(chance: &mut Chance, path: &str) -> String {
    let at = chance.below(path.len());
    match chance.below(9) {
        0 => path.trim_end_matches('/').to_owned(),
        1 => format!("{path}/"),
        2 => path.to_uppercase(),
        3 => format!(
            "{}%{:02x}{}",
            &path[..at],
            path.as_bytes()[at],
            &path[at + 1..]
        ),
        4 => format!("/x/..{path}"),
        5 => format!("{path}{}", chance.mark()),
        6 => path.replacen('/', "//", 1),
        7 => format!("/{}{path}", chance.mark()),
        _ => (*chance.pick(&PLACES)).to_owned(),
    }
}

/// A query, escaped where it has to be.
pub fn query(chance: &mut Chance) -> String {
    let odd = |chance: &mut Chance| -> String {
        let escaped = |byte: u8| match byte {
            b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        };
        text::odd(chance).bytes().map(escaped).collect()
    };
    match chance.below(5) {
        0 => format!("after={}", odd(chance)),
        1 => format!("limit={}", odd(chance)),
        2 => format!("{}={}", odd(chance), odd(chance)),
        _ => (*chance.pick(&QUERIES)).to_owned(),
    }
}
