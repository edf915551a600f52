//! Where a setting stands in the configuration file.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use toml::de::{DeTable, DeValue};

/// The file, as it was read.
#[derive(Clone, Default)]
pub struct Places {
    path: PathBuf,
    text: String,
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Places")
    }
}

impl Places {
    /// The places in a file with this text.
    pub fn of(path: &Path, text: String) -> Self {
        let path = path.to_owned();
        Self { path, text }
    }

    /// Whether the file says `text` anywhere.
    pub fn mention(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// A setting's name for people: its keys, and file and line if it stands in one.
    pub fn name(&self, keys: &[String]) -> String {
        let name: Vec<_> = keys.iter().map(|key| written(key)).collect();
        let name = name.join(".");
        match self.line(keys) {
            Some(line) => format!("{name} in {}, line {line},", self.path.display()),
            None => name,
        }
    }

    /// The line of the innermost of the keys that is there, if the first is.
    fn line(&self, keys: &[String]) -> Option<usize> {
        let document = DeTable::parse(&self.text).ok()?;
        let (mut table, mut at) = (document.get_ref(), None);
        for key in keys {
            let Some((found, value)) = table.iter().find(|(name, _)| name.get_ref() == key) else {
                break;
            };
            at = Some(found.span().start);
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                _ => break,
            }
        }
        at.map(|start| self.text[..start].matches('\n').count() + 1)
    }
}

/// A key as it is written: in quotes unless it is bare (TOML 1.0, Keys).
fn written(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.chars().all(is_bare) {
        key.to_owned()
    } else {
        format!("\"{key}\"")
    }
}
