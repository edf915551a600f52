//! Other spellings of what the service reads: phones, codes and texts.

use crate::fuzz::rng::TestRng;

/// What is ignored within a phone or a code.
const SEPARATORS: [&str; 11] = [
    "", "", "", "", " ", "-", "\u{a0}", "\u{2011}", "\u{2212}", "\u{200b}", "\u{202c}",
];

/// Another spelling of a Russian mobile number.
pub fn phone(rng: &mut TestRng, phone: &str) -> String {
    let starts = ["+7", "7", "8", "", "\u{ff0b}7 (", "\u{202a}+7", "tel:+7"];
    let mut text = (*rng.choose(&starts)).to_owned();
    for digit in phone[2..].chars() {
        text.push_str(separator(rng));
        text.push(digit);
    }
    text + separator(rng)
}

fn separator(rng: &mut TestRng) -> &'static str {
    rng.choose::<&str>(&SEPARATORS)
}

/// Another spelling of an invitation code.
pub fn code(rng: &mut TestRng, code: &str) -> String {
    let mut text = String::new();
    for letter in code.chars() {
        text.push(match rng.below(5) {
            0 => letter.to_ascii_lowercase(),
            1 => char::from_u32(u32::from(letter) + 0xfee0).unwrap(),
            2 => lookalike(letter),
            _ => letter,
        });
        text.push_str(separator(rng));
    }
    match rng.below(4) {
        0 => format!("https://example.com/login/i/{text}/"),
        1 => format!("example.com/i/{text}?from=a/b"),
        _ => format!(" {text}\n"),
    }
}

/// The Cyrillic letter that looks like a Latin one.
fn lookalike(letter: char) -> char {
    let found = "ABCEHKMOPTXY".find(letter);
    let lookalike = found.and_then(|at| "АВСЕНКМОРТХУ".chars().nth(at));
    lookalike.unwrap_or(letter)
}

/// A text with white space around it and a separate accent; and as it is stored.
pub fn text(rng: &mut TestRng, text: &str) -> (String, String) {
    let around = *rng.choose(&["", " ", "\u{3000}", "\n\t"]);
    let (written, stored) = *rng.choose(&[("", ""), ("e\u{301}", "é"), ("и\u{306}", "й")]);
    let (written, stored) = (format!("{written}{text}"), format!("{stored}{text}"));
    (format!("{around}{written}{around}"), stored)
}
