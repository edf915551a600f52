//! Bodies: what a call wants, and everything else.

use serde_json::{Map, Value, json};

use super::text;
use crate::fuzz::chance::{Chance, MARK};

/// What is allowed in a body.
const MOST: usize = 16 * 1024;

/// A body of these members with something amiss, more often than not.
pub fn spoilt(chance: &mut Chance, members: &Map<String, Value>) -> Vec<u8> {
    let mut members = members.clone();
    for _ in 0..chance.below(4) {
        spoil_value(chance, &mut members);
    }
    let value = match chance.below(12) {
        0 => json!([members]),
        1 => value(chance, 3),
        _ => Value::Object(members),
    };
    let mut bytes = value.to_string().into_bytes();
    for _ in 0..chance.below(3) {
        spoil_text(chance, &mut bytes);
    }
    bytes
}

fn spoil_value(chance: &mut Chance, members: &mut Map<String, Value>) {
    let names: Vec<_> = members.keys().cloned().collect();
    let name = match names.len() {
        0 => chance.mark(),
        _ => chance.pick(&names).clone(),
    };
    match chance.below(8) {
        0 => drop(members.remove(&name)),
        1 => drop(members.insert(name.to_uppercase(), value(chance, 1))),
        2 => drop(members.insert(text::odd(chance), value(chance, 3))),
        3 => drop(members.insert(name, text::odd(chance).into())),
        _ => drop(members.insert(name, value(chance, 2))),
    }
}

/// Any JSON.
fn value(chance: &mut Chance, depth: usize) -> Value {
    let inner = |chance: &mut Chance| match depth {
        0 => Value::Null,
        _ => value(chance, depth - 1),
    };
    match chance.below(11) {
        0 => Value::Null,
        1 => json!(chance.one_in(2)),
        2 => json!(i64::from_ne_bytes([chance.byte(); 8])),
        3 => json!(79_001_234_567_u64),
        4 => json!(1e300),
        5 => (0..chance.below(4)).map(|_| inner(chance)).collect(),
        6 => json!({ text::odd(chance): inner(chance) }),
        7 => json!({ "phone": inner(chance), "sms_code": inner(chance) }),
        8 => json!(chance.digits(4)),
        _ => json!(text::odd(chance)),
    }
}

fn spoil_text(chance: &mut Chance, bytes: &mut Vec<u8>) {
    let at = chance.below(bytes.len() + 1);
    let splice = |bytes: &mut Vec<u8>, at: usize, what: &[u8]| {
        bytes.splice(at..at, what.iter().copied());
    };
    match chance.below(14) {
        0 => bytes.truncate(at),
        1 => bytes.extend_from_slice(chance.pick::<&[u8]>(&[b"x", b"{}", b"\0", b",", b" \n"])),
        2 => splice(bytes, 0, b"\xef\xbb\xbf"),
        3 => splice(bytes, at, &[*chance.pick(b"\xff\xc0\x80\xed")]),
        4 => splice(bytes, at, &[chance.byte()]),
        5 => splice(
            bytes,
            bytes.len().min(1),
            b"\"phone\":\"1\",\"phone\":\"2\",",
        ),
        6 => in_place_of_a_mark(chance, bytes),
        7 => *bytes = chance.bytes(300),
        8 => bytes.clear(),
        9 => splice(bytes, 0, &vec![b' '; MOST - 40 + chance.below(80)]),
        10 => splice(
            bytes,
            bytes.len().min(1),
            b"\"\xf0\x9f\":NaN,'a':1e999,/**/",
        ),
        11 => *bytes = b"{\"phone\":".repeat(1 + chance.below(600)),
        12 => *bytes = [b"[".repeat(at), b"]".repeat(at)].concat(),
        _ => bytes
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|byte| *byte ^= 1 << chance.below(8)),
    }
}

/// Escapes that stand for no character, and characters that want an escape.
fn in_place_of_a_mark(chance: &mut Chance, bytes: &mut Vec<u8>) {
    let traps: [&[u8]; 8] = [
        b"\\ud800",
        b"\\udc00\\ud800",
        b"\\ud83d\\ude00",
        b"\\u0000",
        b"\\uFEFF",
        b"\n",
        b"\\x41",
        b"\xed\xa0\x80",
    ];
    let found = bytes
        .windows(MARK.len())
        .position(|word| word == MARK.as_bytes());
    if let Some(at) = found {
        bytes.splice(at..at + MARK.len(), chance.pick(&traps).iter().copied());
    }
}
