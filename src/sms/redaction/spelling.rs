//! How a text can be spelled within another: encoded as a whole, or escaped
//! letter by letter.

use std::{fmt::Write, ops::Range};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// A letter, and where what it is written with stands.
pub type Letter = (char, Range<usize>);

/// Shorter pieces of base64 are found everywhere.
const SHORTEST: usize = 5;
/// Escapes within escapes that are seen through.
const DEPTH: usize = 3;

/// The text as it is and as it is encoded: in hexadecimal digits, and in base64
/// wherever it stands within something longer. The longest is the first.
pub fn spellings(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned(), text.replace(' ', "+")];
    let hex = text.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    all.extend([hex.to_ascii_uppercase(), hex]);
    for before in 0..3 {
        let bytes = [&[0; 2][..before.min(2)], text.as_bytes()].concat();
        // Digits that what stands before or after has a part in.
        let (first, last) = ((before * 4).div_ceil(3), bytes.len() * 4 / 3);
        for code in [
            STANDARD_NO_PAD.encode(&bytes),
            URL_SAFE_NO_PAD.encode(&bytes),
        ] {
            let middle = code
                .get(first..last)
                .filter(|middle| middle.len() >= SHORTEST);
            all.extend(middle.map(str::to_owned));
            // By itself it is found whole, however short it is.
            all.extend(Some(code).filter(|_| before == 0));
        }
    }
    all.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
    all
}

/// Without what is not seen or moves what is: control and format characters.
/// White space stays, line breaks of one kind among it.
pub fn visible(text: &str) -> Vec<char> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let letters = text.chars().filter(|letter| match letter {
        '\t' | '\n' => true,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{feff}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => false,
        letter => !letter.is_control(),
    });
    letters.collect()
}

/// The letters of a text without white space, and what it can be read as when
/// escapes are taken off, one kind after the other: what looks like an escape
/// of another kind may belong to the text itself.
pub fn readings(text: &[char]) -> Vec<Vec<Letter>> {
    let letters = text.iter().enumerate();
    let letters = letters.filter(|(_, letter)| !letter.is_whitespace());
    let mut all: Vec<Vec<Letter>> =
        vec![letters.map(|(at, letter)| (*letter, at..at + 1)).collect()];
    let mut latest = 0..1;
    for _ in 0..DEPTH {
        let end = all.len();
        for at in latest {
            for escape in [percent, backslash, entity] {
                let next = unescaped(&all[at], escape);
                if !all.contains(&next) {
                    all.push(next);
                }
            }
        }
        latest = end..all.len();
    }
    all
}

/// The letters that these stand for, where some are escaped so.
fn unescaped(letters: &[Letter], escape: fn(&[Letter]) -> Read) -> Vec<Letter> {
    let (mut plain, mut at) = (Vec::new(), 0);
    while at < letters.len() {
        let rest = &letters[at..];
        let (read, length) = escape(rest).unwrap_or_else(|| (vec![rest[0].clone()], 1));
        let read = read.into_iter();
        plain.extend(read.filter(|(letter, _)| !letter.is_whitespace() && !letter.is_control()));
        at += length;
    }
    plain
}

type Read = Option<(Vec<Letter>, usize)>;

fn span(letters: &[Letter]) -> Range<usize> {
    let first = letters.first().map_or(0, |(_, range)| range.start);
    first..letters.last().map_or(first, |(_, range)| range.end)
}

fn number(letters: &[Letter], radix: u32) -> Option<u32> {
    let digit = |sum: Option<u32>, letter: &Letter| {
        let digit = letter.0.to_digit(radix)?;
        sum?.checked_mul(radix)?.checked_add(digit)
    };
    letters
        .iter()
        .fold(Some(0), digit)
        .filter(|_| !letters.is_empty())
}

/// `%D0%BA`: a run of bytes, as UTF-8.
fn percent(letters: &[Letter]) -> Read {
    let bytes: Vec<u8> = letters
        .chunks(3)
        .map_while(|chunk| match chunk {
            [('%', _), digits @ ..] if digits.len() == 2 => {
                number(digits, 16).and_then(|byte| u8::try_from(byte).ok())
            }
            _ => None,
        })
        .collect();
    let (mut read, mut at) = (Vec::new(), 0);
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            let end = at + letter.len_utf8();
            read.push((letter, span(&letters[at * 3..end * 3])));
            at = end;
        }
        at += chunk.invalid().len();
    }
    (!bytes.is_empty()).then_some((read, bytes.len() * 3))
}

/// `\"`, `\u043a`, `\x41`.
fn backslash(letters: &[Letter]) -> Read {
    let [('\\', _), (kind, _), rest @ ..] = letters else {
        return None;
    };
    let digits = match kind {
        'u' => 4,
        'x' => 2,
        'b' | 'f' | 'n' | 'r' | 't' => return Some((Vec::new(), 2)),
        other => return Some((vec![(*other, span(&letters[..2]))], 2)),
    };
    let unit = number(rest.get(..digits)?, 16)?;
    let one = |code: u32, length: usize| {
        let letter = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        Some((vec![(letter, span(&letters[..length]))], length))
    };
    // The second of a pair (RFC 8259, section 7).
    let second = match rest.get(4..10) {
        Some([('\\', _), ('u', _), digits @ ..]) if (0xd800..0xdc00).contains(&unit) => {
            number(digits, 16).filter(|unit| (0xdc00..0xe000).contains(unit))
        }
        _ => None,
    };
    match second {
        Some(second) => one(0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00), 12),
        None => one(unit, 2 + digits),
    }
}

/// `&#65;`, `&#x41;`, `&amp;`.
fn entity(letters: &[Letter]) -> Read {
    let [('&', _), rest @ ..] = letters else {
        return None;
    };
    let length = rest
        .iter()
        .take(10)
        .position(|(letter, _)| *letter == ';')?;
    let letter = match &rest[..length] {
        [('#', _), ('x' | 'X', _), digits @ ..] => number(digits, 16).and_then(char::from_u32)?,
        [('#', _), digits @ ..] => number(digits, 10).and_then(char::from_u32)?,
        name => match name
            .iter()
            .map(|(letter, _)| letter)
            .collect::<String>()
            .as_str()
        {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => return None,
        },
    };
    Some((vec![(letter, span(&letters[..length + 2]))], length + 2))
}
