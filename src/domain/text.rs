//! What characters do in a text that people typed or pasted, by their Unicode
//! properties: the vocabulary of the rules for phones, codes, names and
//! e-mail addresses.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{Dash, DefaultIgnorableCodePoint, GeneralCategory},
};

/// The text in NFC, without white space around it.
pub fn trimmed(text: &str) -> String {
    let nfc = ComposingNormalizerBorrowed::new_nfc();
    nfc.normalize(text.trim()).into_owned()
}

/// The text with every mark on its own (NFD), as it is to be counted.
pub fn decomposed(text: &str) -> Cow<'_, str> {
    DecomposingNormalizerBorrowed::new_nfd().normalize(text)
}

/// Whether it means nothing within a number or a code, and is pasted along
/// with them: white space, dashes, and the format characters that editors,
/// messengers and address counters put around them.
pub fn is_separator(character: char) -> bool {
    matches!(
        character,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
    ) || character.is_whitespace()
        || CodePointSetData::new::<Dash>().contains(character)
}

/// Whether it ends a line, controls a device, or turns the direction of the
/// text around it (Unicode Standard Annex 9, section 2: embeddings, overrides
/// and isolates).
pub fn is_control(character: char) -> bool {
    use GeneralCategory as G;
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(
            category(character),
            G::Control | G::LineSeparator | G::ParagraphSeparator
        )
}

/// Whether it is a mark on the letter before it that takes no room of its own.
pub fn is_mark(character: char) -> bool {
    use GeneralCategory as G;
    matches!(category(character), G::NonspacingMark | G::EnclosingMark)
}

/// Whether it takes no room, or shows nothing in the room that it takes.
/// Marks do neither by themselves.
pub fn is_blank(character: char) -> bool {
    use GeneralCategory as G;
    // The Braille pattern without a dot counts as a symbol.
    character == '\u{2800}'
        || character.is_whitespace()
        || matches!(category(character), G::Control | G::Format)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

/// Whether it belongs to the letter before it: a mark of any kind, or a
/// character that joins letters or chooses between their shapes.
pub fn continues_letter(character: char) -> bool {
    category(character) == GeneralCategory::SpacingMark
        || is_blank(character) && !character.is_whitespace()
}

fn category(character: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(character)
}
