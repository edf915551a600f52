//! Text that has been somebody's undoing.

use crate::fuzz::chance::Chance;

const TRAPS: [&str; 34] = [
    "\0",
    "\u{feff}",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{ad}",
    "\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "\u{fdfa}",
    "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "\u{10ffff}",
    "\u{fffe}",
    "\u{e0041}",
    "\u{85}",
    "\u{2028}",
    "\r\nX-Injected: 1\r\n\r\n",
    "\u{1b}[31m",
    "\u{7f}",
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

/// A text with a mark in it, odd in one way or another.
pub fn odd(chance: &mut Chance) -> String {
    let (mark, trap) = (chance.mark(), *chance.pick(&TRAPS));
    match chance.below(8) {
        0 => mark,
        1 => format!("{trap}{mark}"),
        2 => format!("{mark}{trap}"),
        3 => format!("{mark}{trap}{}", chance.pick(&TRAPS)),
        4 => format!("{trap}{mark}").repeat(1 + chance.below(12)),
        5 => mark.repeat(1 + chance.below(80)),
        6 => format!("{mark}{}", trap.repeat(1 + chance.below(200))),
        _ => format!("{}{mark}", " ".repeat(chance.below(400))),
    }
}
