//! Bodies: what an operation expects, and everything else.

use serde_json::{Map, Value, json};

use super::text;
use crate::fuzz::rng::{MARKER, TestRng};

/// The limit of a body.
const LIMIT: usize = 16 * 1024;

/// A body of these members, mutated more often than not.
pub fn mutated(rng: &mut TestRng, members: &Map<String, Value>) -> Vec<u8> {
    let mut members = members.clone();
    for _ in 0..rng.below(4) {
        mutate_value(rng, &mut members);
    }
    let value = match rng.below(12) {
        0 => json!([members]),
        1 => value(rng, 3),
        _ => Value::Object(members),
    };
    let mut bytes = value.to_string().into_bytes();
    for _ in 0..rng.below(3) {
        mutate_bytes(rng, &mut bytes);
    }
    bytes
}

fn mutate_value(rng: &mut TestRng, members: &mut Map<String, Value>) {
    let names: Vec<_> = members.keys().cloned().collect();
    let name = match names.len() {
        0 => rng.marker(),
        _ => rng.choose(&names).clone(),
    };
    match rng.below(8) {
        0 => drop(members.remove(&name)),
        1 => drop(members.insert(name.to_uppercase(), value(rng, 1))),
        2 => drop(members.insert(text::hostile(rng), value(rng, 3))),
        3 => drop(members.insert(name, text::hostile(rng).into())),
        _ => drop(members.insert(name, value(rng, 2))),
    }
}

/// Any JSON.
fn value(rng: &mut TestRng, depth: usize) -> Value {
    let inner = |rng: &mut TestRng| match depth {
        0 => Value::Null,
        _ => value(rng, depth - 1),
    };
    match rng.below(11) {
        0 => Value::Null,
        1 => json!(rng.one_in(2)),
        2 => json!(i64::from_ne_bytes([rng.byte(); 8])),
        3 => json!(79_001_234_567_u64),
        4 => json!(1e300),
        5 => (0..rng.below(4)).map(|_| inner(rng)).collect(),
        6 => json!({ text::hostile(rng): inner(rng) }),
        7 => json!({ "phone": inner(rng), "sms_code": inner(rng) }),
        8 => json!(rng.digits(4)),
        _ => json!(text::hostile(rng)),
    }
}

fn mutate_bytes(rng: &mut TestRng, bytes: &mut Vec<u8>) {
    let at = rng.below(bytes.len() + 1);
    let first = bytes.len().min(1);
    let splice = |bytes: &mut Vec<u8>, at: usize, what: &[u8]| {
        bytes.splice(at..at, what.iter().copied());
    };
    match rng.below(14) {
        0 => bytes.truncate(at),
        1 => bytes.extend_from_slice(rng.choose::<&[u8]>(&[b"x", b"{}", b"\0", b",", b" \n"])),
        2 => splice(bytes, 0, b"\xef\xbb\xbf"),
        3 => splice(bytes, at, &[*rng.choose(b"\xff\xc0\x80\xed")]),
        4 => splice(bytes, at, &[rng.byte()]),
        5 => splice(bytes, first, b"\"phone\":\"1\",\"phone\":\"2\","),
        6 => replace_marker(rng, bytes),
        7 => *bytes = rng.bytes(300),
        8 => bytes.clear(),
        9 => splice(bytes, 0, &vec![b' '; LIMIT - 40 + rng.below(80)]),
        10 => splice(bytes, first, b"\"\xf0\x9f\":NaN,'a':1e999,/**/"),
        11 => *bytes = b"{\"phone\":".repeat(1 + rng.below(600)),
        12 => *bytes = [b"[".repeat(at), b"]".repeat(at)].concat(),
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << rng.below(8);
            }
        }
    }
}

/// Escapes that stand for no character, and characters that want an escape.
fn replace_marker(rng: &mut TestRng, bytes: &mut Vec<u8>) {
    let payloads: [&[u8]; 8] = [
        b"\\ud800",
        b"\\udc00\\ud800",
        b"\\ud83d\\ude00",
        b"\\u0000",
        b"\\uFEFF",
        b"\n",
        b"\\x41",
        b"\xed\xa0\x80",
    ];
    let mut words = bytes.windows(MARKER.len());
    let found = words.position(|word| word == MARKER.as_bytes());
    if let Some(at) = found {
        bytes.splice(at..at + MARKER.len(), rng.choose(&payloads).iter().copied());
    }
}
