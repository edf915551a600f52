//! Reads SQL from left to right: by lines, and the rows of an INSERT by values.

use std::borrow::Cow;

/// A text, and how far it was read.
pub struct Scanner<'t> {
    rest: &'t str,
    /// The line that is next.
    pub line: u64,
}

impl<'t> Scanner<'t> {
    /// At the beginning of a text.
    pub fn new(text: &'t str) -> Self {
        Self {
            rest: text,
            line: 1,
        }
    }

    /// Whether this is next.
    pub fn is_at(&self, text: &str) -> bool {
        self.rest.starts_with(text)
    }

    /// The rest of this line, without its end; `None` behind the last one.
    pub fn next_line(&mut self) -> Option<&'t str> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.find('\n').map_or(self.rest.len(), |end| end + 1);
        Some(self.take(end).trim_end_matches(['\n', '\r']))
    }

    /// What stands before `end`, which is passed.
    pub fn until(&mut self, end: &str) -> Result<&'t str, String> {
        let at = self.rest.find(end).ok_or_else(|| self.unreadable())?;
        let before = self.take(at);
        self.take(end.len());
        Ok(before)
    }

    /// The values of one row of an INSERT, and whether it is the last one.
    pub fn tuple(&mut self) -> Result<(Vec<Cow<'t, str>>, bool), String> {
        let mut values = Vec::new();
        self.skip_space();
        self.expect('(')?;
        loop {
            self.skip_space();
            values.push(self.value()?);
            if self.expect(',').is_err() {
                self.expect(')')?;
                break;
            }
        }
        self.skip_space();
        let is_last = self.expect(',').is_err();
        if is_last {
            // It may say what is done about conflicts first.
            self.until(";")?;
        }
        Ok((values, is_last))
    }

    /// NULL is nothing; a quotation mark within a text is doubled.
    fn value(&mut self) -> Result<Cow<'t, str>, String> {
        if self.expect('\'').is_err() {
            let end = self.rest.find([',', ')', '\'']);
            let end = end.ok_or_else(|| self.unreadable())?;
            let value = self.take(end).trim();
            return Ok(if value == "NULL" { "" } else { value }.into());
        }
        let mut text = Cow::from(self.until("'")?);
        while self.expect('\'').is_ok() {
            text.to_mut().push('\'');
            text.to_mut().push_str(self.until("'")?);
        }
        Ok(text)
    }

    fn expect(&mut self, character: char) -> Result<(), String> {
        if !self.rest.starts_with(character) {
            return Err(self.unreadable());
        }
        self.take(character.len_utf8());
        Ok(())
    }

    fn skip_space(&mut self) {
        let space = self.rest.len() - self.rest.trim_start().len();
        self.take(space);
    }

    fn take(&mut self, bytes: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        self.line += taken.bytes().filter(|byte| *byte == b'\n').count() as u64;
        taken
    }

    fn unreadable(&self) -> String {
        format!(
            "has something in line {} that pg_dump does not write",
            self.line
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_an_insert_are_read_by_values() {
        let mut scanner = Scanner::new(
            "\n\t(1, 'O''Neil', NULL),\n\t(-2, 'a\n);', '''''')ON CONFLICT DO NOTHING;x",
        );
        assert_eq!(
            scanner.tuple().unwrap(),
            (vec!["1".into(), "O'Neil".into(), "".into()], false)
        );
        assert_eq!(
            scanner.tuple().unwrap(),
            (vec!["-2".into(), "a\n);".into(), "''".into()], true)
        );
        assert_eq!((scanner.rest, scanner.line), ("x", 4));
        for text in [
            "", "(", "(1", "(1, 'x", "(1, 'x'", "(1)", "(1 'x');", "(E'x');", "x(1);",
        ] {
            assert!(Scanner::new(text).tuple().is_err(), "{text}");
        }
    }
}
