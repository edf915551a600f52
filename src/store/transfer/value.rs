//! What is in a row, whatever the engine that has it.

use std::fmt::Write;

/// What is in a column of a row; `None` where there is nothing (NULL).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Integer(Option<i64>),
    /// A text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
    /// Whether something is so.
    Flag(Option<bool>),
}

/// The values of a row, in the order of its table's columns.
pub type Row = Vec<Value>;

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
