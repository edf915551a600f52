//! Tokens that are almost valid.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use super::text;
use crate::fuzz::rng::TestRng;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Headers of known attacks on JWT and JWE.
const HEADERS: [&str; 14] = [
    r#"{"alg":"none"}"#,
    r#"{"alg":"None","typ":"JWT"}"#,
    r#"{"alg":"HS256"}"#,
    r#"{"typ":"JWT","alg":"HS256"}"#,
    r#"{"alg":"HS512","typ":"JWT"}"#,
    r#"{"alg":"RS256","typ":"JWT"}"#,
    r#"{"alg":"HS256","typ":"JWT","kid":"../../dev/null"}"#,
    r#"{"alg":"HS256","typ":"JWT","crit":["b64"],"b64":false}"#,
    r#"{"alg":"dir","enc":"A128GCM"}"#,
    r#"{"alg":"dir","enc":"A256CBC-HS512"}"#,
    r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#,
    r#"{"alg":"dir","enc":"A256GCM","kid":"1"}"#,
    r#"{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":2147483647,"p2s":"AA"}"#,
    "{}",
];

/// Another token than `token`, though like it. `others` are valid elsewhere.
pub fn mutated(rng: &mut TestRng, token: &str, others: &[String]) -> String {
    loop {
        let changed = change(rng, token, others);
        // White space around a header's value is not part of it.
        if changed.trim() != token {
            return changed;
        }
    }
}

fn change(rng: &mut TestRng, token: &str, others: &[String]) -> String {
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    // A token of one part gets another, to be mutated with it.
    parts.resize(parts.len().max(2), String::new());
    let (part, other) = (rng.below(parts.len()), rng.below(parts.len()));
    match rng.below(16) {
        0..=2 => return with_replaced_byte(rng, token),
        3 => return token[..rng.below(token.len())].to_owned(),
        4 => return format!("{token}{}", text::hostile(rng)),
        5 => return rng.choose(others).clone(),
        6 => {
            let other = rng.choose(others).split('.').nth(part);
            other.unwrap_or_default().clone_into(&mut parts[part]);
        }
        7 => parts.swap(part, other),
        8 => drop(parts.remove(part)),
        9 => parts.insert(part, String::new()),
        10 => parts[0] = URL_SAFE_NO_PAD.encode(rng.choose(&HEADERS)),
        11 => parts[1] = mutated_claims(rng, &parts[1]),
        12 => parts[part] = reencoded(rng, &parts[part]),
        13 => {
            let most = parts[part].len();
            parts[part].truncate(rng.below(most + 1));
        }
        14 => parts[part] = with_replaced_byte(rng, &parts[part]),
        _ => return text::hostile(rng),
    }
    parts.join(".")
}

fn with_replaced_byte(rng: &mut TestRng, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    if !bytes.is_empty() {
        let at = rng.below(bytes.len());
        bytes[at] = *rng.choose(ALPHABET);
    }
    String::from_utf8(bytes).unwrap()
}

/// The token with the next letter in place of each one, and with each part cut
/// to every length. At a part's end that may be the same bytes to a lenient decoder.
pub fn corrupted(token: &str) -> Vec<String> {
    let mut corrupted = Vec::new();
    for at in 0..token.len() {
        let mut bytes = token.as_bytes().to_vec();
        let place = ALPHABET.iter().position(|letter| *letter == bytes[at]);
        bytes[at] = ALPHABET[place.map_or(0, |place| place + 1) % ALPHABET.len()];
        corrupted.push(String::from_utf8(bytes).unwrap());
        let (head, tail) = token.split_at(at);
        let rest = tail.find('.').map_or("", |dot| &tail[dot..]);
        corrupted.push(format!("{head}{rest}"));
    }
    corrupted.retain(|other| other != token);
    corrupted
}

/// The same claims but for one.
fn mutated_claims(rng: &mut TestRng, part: &str) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    let mut claims: Value = serde_json::from_slice(&bytes).unwrap_or(json!({}));
    let name = *rng.choose(&["token_type", "exp", "iat", "jti", "user_id", "session_id"]);
    claims[name] = match rng.below(4) {
        0 => json!(i64::MAX),
        1 => json!("access"),
        2 => json!(text::hostile(rng)),
        _ => json!(claims[name].as_i64().unwrap_or(0) + 1),
    };
    URL_SAFE_NO_PAD.encode(claims.to_string())
}

/// Base64 in one of the forms that lenient decoders take for the same.
fn reencoded(rng: &mut TestRng, part: &str) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    let last = part.bytes().last().unwrap_or(b'A');
    let last = ALPHABET.iter().position(|letter| *letter == last);
    let last = last.unwrap_or(0);
    match rng.below(7) {
        0 => URL_SAFE.encode(bytes) + "=",
        1 => STANDARD.encode(bytes) + "==",
        2 => format!("{part}="),
        3 => {
            let start = &part[..part.len().saturating_sub(1)];
            format!("{start}{}", char::from(ALPHABET[last ^ 1]))
        }
        4 => part.replace('-', "+").replace('_', "/") + "\n",
        5 => part.replace('A', "%41") + "%3D",
        _ => format!(" {part}"),
    }
}
