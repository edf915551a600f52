//! Tokens that are almost the server's.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use super::text;
use crate::fuzz::chance::Chance;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Headers of which each was once enough to be let in somewhere.
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

/// Another token than `token`, though like it. `others` are good elsewhere.
pub fn changed(chance: &mut Chance, token: &str, others: &[String]) -> String {
    loop {
        let changed = change(chance, token, others);
        // White space around a header's value is not part of it.
        if changed.trim() != token {
            return changed;
        }
    }
}

fn change(chance: &mut Chance, token: &str, others: &[String]) -> String {
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    // A token of one part gets another, to be spoilt with it.
    parts.resize(parts.len().max(2), String::new());
    let (part, other) = (chance.below(parts.len()), chance.below(parts.len()));
    match chance.below(16) {
        0..=2 => return with_another_byte(chance, token),
        3 => return token[..chance.below(token.len())].to_owned(),
        4 => return format!("{token}{}", text::odd(chance)),
        5 => return chance.pick(others).clone(),
        6 => {
            let foreign = chance.pick(others).split('.').nth(part);
            foreign.unwrap_or_default().clone_into(&mut parts[part]);
        }
        7 => parts.swap(part, other),
        8 => drop(parts.remove(part)),
        9 => parts.insert(part, String::new()),
        10 => parts[0] = URL_SAFE_NO_PAD.encode(chance.pick(&HEADERS)),
        11 => parts[1] = claims(chance, &parts[1]),
        12 => parts[part] = spelled_differently(chance, &parts[part]),
        13 => {
            let most = parts[part].len();
            parts[part].truncate(chance.below(most + 1));
        }
        14 => parts[part] = with_another_byte(chance, &parts[part]),
        _ => return text::odd(chance),
    }
    parts.join(".")
}

fn with_another_byte(chance: &mut Chance, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    if !bytes.is_empty() {
        let at = chance.below(bytes.len());
        bytes[at] = *chance.pick(ALPHABET);
    }
    String::from_utf8(bytes).unwrap()
}

/// The token with the next letter in place of each one, and with each part cut
/// to every length. At a part's end that may be the same bytes to a lenient reader.
pub fn broken(token: &str) -> Vec<String> {
    let mut broken = Vec::new();
    for at in 0..token.len() {
        let mut bytes = token.as_bytes().to_vec();
        let place = ALPHABET.iter().position(|letter| *letter == bytes[at]);
        bytes[at] = ALPHABET[place.map_or(0, |place| place + 1) % ALPHABET.len()];
        broken.push(String::from_utf8(bytes).unwrap());
        let (head, tail) = token.split_at(at);
        let rest = tail.find('.').map_or("", |dot| &tail[dot..]);
        broken.push(format!("{head}{rest}"));
    }
    broken.retain(|broken| broken != token);
    broken
}

/// The same claims but for one, which nobody signed.
fn claims(chance: &mut Chance, part: &str) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    let mut claims: Value = serde_json::from_slice(&bytes).unwrap_or(json!({}));
    let name = *chance.pick(&["token_type", "exp", "iat", "jti", "user_id", "session_id"]);
    claims[name] = match chance.below(4) {
        0 => json!(i64::MAX),
        1 => json!("access"),
        2 => json!(text::odd(chance)),
        _ => json!(claims[name].as_i64().unwrap_or(0) + 1),
    };
    URL_SAFE_NO_PAD.encode(claims.to_string())
}

/// Base64 in one of the spellings that lenient readers take for the same.
fn spelled_differently(chance: &mut Chance, part: &str) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    let last = part.bytes().last().unwrap_or(b'A');
    let last = ALPHABET
        .iter()
        .position(|letter| *letter == last)
        .unwrap_or(0);
    match chance.below(7) {
        0 => URL_SAFE.encode(bytes) + "=",
        1 => STANDARD.encode(bytes) + "==",
        2 => format!("{part}="),
        3 => format!(
            "{}{}",
            &part[..part.len().saturating_sub(1)],
            char::from(ALPHABET[last ^ 1])
        ),
        4 => part.replace('-', "+").replace('_', "/") + "\n",
        5 => part.replace('A', "%41") + "%3D",
        _ => format!(" {part}"),
    }
}
