//! The file that is imported: text of which nothing is known yet.

use std::{fs, path::Path};

/// What every archive of `pg_dump -Fc` begins with.
const ARCHIVE: &[u8] = b"PGDMP";

/// A whole file.
pub struct Source(String);

impl Source {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
        if bytes.starts_with(ARCHIVE) {
            return Err(
                "is an archive of pg_dump: write it as SQL with `pg_restore -f dump.sql`"
                    .to_owned(),
            );
        }
        if bytes.contains(&0) {
            return Err("is not a text".to_owned());
        }
        let text = String::from_utf8(bytes).map_err(|_| "is not a text in UTF-8".to_owned())?;
        if text.trim().is_empty() {
            return Err("is empty".to_owned());
        }
        Ok(Self(text))
    }

    /// Its text, without the mark that some editors put in front of it.
    pub fn text(&self) -> &str {
        self.0.strip_prefix('\u{feff}').unwrap_or(&self.0)
    }

    /// Whether it is a script for psql rather than a table.
    pub fn is_sql(&self) -> bool {
        let text = self.text().trim_start();
        [
            "--",
            "\\restrict",
            "SET ",
            "COPY ",
            "INSERT INTO ",
            "CREATE TABLE ",
        ]
        .iter()
        .any(|start| text.starts_with(start))
    }
}
