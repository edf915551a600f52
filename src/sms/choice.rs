//! A gateway, as a flag, a variable or a chain names it.

use std::{fmt, path::PathBuf, str::FromStr};

/// One that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Prints to the terminal.
    Console,
    /// Appends to a file.
    File(PathBuf),
    /// A preset, or one that the configuration declares.
    Named(String),
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Console => f.write_str("console"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Named(name) => f.write_str(name),
        }
    }
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "console" => Ok(Self::Console),
            None if is_name(text) => Ok(Self::Named(text.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            _ => Err(
                "is not a gateway: write \"console\", \"file:PATH\", or a name that `invited sms list` prints".to_owned(),
            ),
        }
    }
}

/// Whether a gateway can be called this.
pub fn is_name(text: &str) -> bool {
    let known =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    !text.is_empty() && text.len() <= 64 && text.bytes().all(known)
}
