//! How people write what the service reads: numbers, codes, names and addresses.

use crate::fuzz::chance::Chance;

/// What means nothing within a number or a code.
const MARKS: [&str; 10] = [
    "",
    "",
    "",
    "",
    " ",
    "-",
    "\u{a0}",
    "\u{2011}",
    "\u{2212}",
    "\u{200b}\u{202c}",
];

/// A Russian mobile number, otherwise written.
pub fn phone(chance: &mut Chance, phone: &str) -> String {
    let starts = ["+7", "7", "8", "", "\u{ff0b}7 (", "\u{202a}+7", "tel:+7"];
    let mut text = (*chance.pick(&starts)).to_owned();
    for digit in phone[2..].chars() {
        text.push_str(mark(chance));
        text.push(digit);
    }
    text + mark(chance)
}

fn mark(chance: &mut Chance) -> &'static str {
    chance.pick::<&str>(&MARKS)
}

/// An invitation code, otherwise written.
pub fn code(chance: &mut Chance, code: &str) -> String {
    let mut text = String::new();
    for letter in code.chars() {
        text.push(match chance.below(5) {
            0 => letter.to_ascii_lowercase(),
            1 => char::from_u32(u32::from(letter) + 0xfee0).unwrap(),
            2 => twin(letter),
            _ => letter,
        });
        text.push_str(mark(chance));
    }
    match chance.below(4) {
        0 => format!("https://example.com/login/i/{text}/"),
        1 => format!("example.com/i/{text}?from=a/b"),
        _ => format!(" {text}\n"),
    }
}

/// The Cyrillic letter that cannot be told from a Latin one.
fn twin(letter: char) -> char {
    let found = "ABCEHKMOPTXY".find(letter);
    let twin = found.and_then(|at| "АВСЕНКМОРТХУ".chars().nth(at));
    twin.unwrap_or(letter)
}

/// A text with white space around it and an accent apart; and as it is kept.
pub fn text(chance: &mut Chance, text: &str) -> (String, String) {
    let around = *chance.pick(&["", " ", "\u{3000}", "\n\t"]);
    let (written, kept) = *chance.pick(&[("", ""), ("e\u{301}", "é"), ("и\u{306}", "й")]);
    let (written, kept) = (format!("{written}{text}"), format!("{kept}{text}"));
    (format!("{around}{written}{around}"), kept)
}
