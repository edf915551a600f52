//! Hostile strings: control and bidirectional characters, odd digits, injections.

use crate::fuzz::rng::TestRng;

/// Invisible, unassigned and control characters, and one that normalizes to 18.
const CHARACTERS: &str = "\0\u{feff}\u{202e}\u{2066}\u{200b}\u{ad}\u{fdfa}\u{10ffff}\u{fffe}\
    \u{e0041}\u{85}\u{2028}\u{7f}";

const PAYLOADS: [&str; 21] = [
    "\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "\r\nX-Injected: 1\r\n\r\n",
    "\u{1b}[31m",
    "\t\u{b}\u{c}",
    "\u{130}\u{17f}\u{212a}",
    "\u{661}\u{662}\u{663}",
    "\u{ff11}\u{ff12}\u{ff13}",
    "\u{5d0}\u{5d1}",
    "'; DROP TABLE users; --",
    "${jndi:ldap://127.0.0.1/x}",
    "{{7*7}}%s%n%x",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "%00%2e%2e%2f",
    "\\u0000\\ud800",
    "\"}],\"all\":true",
    "+79",
    "-1e999",
    "null",
    "@example.com",
];

fn payload(rng: &mut TestRng) -> String {
    let characters: Vec<_> = CHARACTERS.chars().map(String::from).collect();
    let payloads = PAYLOADS.map(String::from);
    rng.choose(&[&characters[..], &payloads].concat()).clone()
}

/// A payload around a marker, which is in every such text.
pub fn hostile(rng: &mut TestRng) -> String {
    let (marker, payload) = (rng.marker(), payload(rng));
    match rng.below(8) {
        0 => marker,
        1 => format!("{payload}{marker}"),
        2 => format!("{marker}{payload}"),
        3 => format!("{marker}{payload}{}", self::payload(rng)),
        4 => format!("{payload}{marker}").repeat(1 + rng.below(12)),
        5 => marker.repeat(1 + rng.below(80)),
        6 => format!("{marker}{}", payload.repeat(1 + rng.below(200))),
        _ => format!("{}{marker}", " ".repeat(rng.below(400))),
    }
}
