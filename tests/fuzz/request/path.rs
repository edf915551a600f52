//! Paths, methods and queries beside the documented ones.

use poem::http::Method;

use super::text;
use crate::fuzz::rng::TestRng;

const METHODS: &str = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|QUERY|get|PROPFIND";

const PATHS: &str = "/|//|/.|/..|/*|/openapi.json|/swagger|/redoc/|/problems/|\
    /problems/not_found/|/problems/%6eot_found|/problems/..%2f|/admin/|/metrics|/.env|\
    /profile/sessions/|/profile/sessions/1/2/|/profile/sessions/-9223372036854775809/|\
    /profile/sessions/0x1/|/profile/sessions/NaN/|/profile/sessions/9007199254740993/|\
    /profile/sessions/{id}/";

/// The first is empty.
const QUERIES: &str = "|limit=1|limit=500|limit=0|limit=501|limit=-1|limit=1.5|\
    limit=99999999999999999999|limit=|limit=1&limit=2|limit=%31|limit=%ff|after=|after=0|\
    after=-1|after=9223372036854775807|after=9223372036854775808|after=%00|\
    after[]=1&limit[a]=1|&&==&%&%4";

/// A method that the path may have or not.
pub fn method(rng: &mut TestRng) -> Method {
    let name = match rng.below(4) {
        0 => rng.marker(),
        _ => rng.choose_from(METHODS).to_owned(),
    };
    name.parse().unwrap()
}

/// Another path than `path`, or another way to write it.
pub fn mutated(rng: &mut TestRng, path: &str) -> String {
    let at = rng.below(path.len());
    match rng.below(9) {
        0 => path.trim_end_matches('/').to_owned(),
        1 => format!("{path}/"),
        2 => path.to_uppercase(),
        3 => {
            let (before, byte, after) = (&path[..at], path.as_bytes()[at], &path[at + 1..]);
            format!("{before}%{byte:02x}{after}")
        }
        4 => format!("/x/..{path}"),
        5 => format!("{path}{}", rng.marker()),
        6 => path.replacen('/', "//", 1),
        7 => format!("/{}{path}", rng.marker()),
        _ => rng.choose_from(PATHS).to_owned(),
    }
}

/// A query, escaped where it has to be.
pub fn query(rng: &mut TestRng) -> String {
    let hostile = |rng: &mut TestRng| -> String {
        let escaped = |byte: u8| match byte {
            b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        };
        text::hostile(rng).bytes().map(escaped).collect()
    };
    match rng.below(5) {
        0 => format!("after={}", hostile(rng)),
        1 => format!("limit={}", hostile(rng)),
        2 => format!("{}={}", hostile(rng), hostile(rng)),
        _ => rng.choose_from(QUERIES).to_owned(),
    }
}
