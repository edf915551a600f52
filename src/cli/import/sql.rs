//! One table of a script of `pg_dump`: its rows as COPY has them, or as INSERT
//! does.
//!
//! Whatever else the script holds is passed over with as much grammar as it
//! takes to know that it is something else: what people wrote into other tables
//! may look like rows of this one.

use std::borrow::Cow;

use super::{
    scanner::Scanner,
    source::Source,
    table::{Record, Table, fields},
};

/// What `pg_dump` writes when it is done, within so many lines of the end.
const LAST: &str = "-- PostgreSQL database dump complete";
const END: usize = 10;
const CUT: &str = "ends in the middle of the dump: its last line, \"PostgreSQL database dump complete\", is missing";

/// Where a script stands.
enum Place {
    /// Between two statements.
    Between,
    /// Among the rows of the table's COPY.
    Copy,
    /// Among the rows of an INSERT of the table's.
    Values,
    /// Behind the last row.
    End,
}

struct Script<'t> {
    scanner: Scanner<'t>,
    table: String,
    columns: Vec<String>,
    /// Whether these are the columns of rows already.
    has_rows: bool,
    place: Place,
}

/// Reads the rows of the table with this name.
pub fn read<'t>(source: &'t Source, table: &str) -> Result<Table<'t>, String> {
    let mut end = source.text().lines().rev().take(END);
    if !end.any(|line| line == LAST) {
        return Err(CUT.to_owned());
    }
    let mut script = Script {
        scanner: Scanner::new(source.text()),
        table: table.to_owned(),
        columns: Vec::new(),
        has_rows: false,
        place: Place::Between,
    };
    script.advance()?;
    if matches!(script.place, Place::End) {
        return Err(format!(
            "has no rows of a table {table}: name another with --table"
        ));
    }
    if script.columns.is_empty() {
        return Err(format!(
            "does not name the columns of {table}: dump the schema too, or use pg_dump --column-inserts"
        ));
    }
    Ok(Table {
        columns: script.columns.clone(),
        records: Box::new(std::iter::from_fn(move || script.next().transpose())),
    })
}

impl<'t> Script<'t> {
    /// The next row.
    fn next(&mut self) -> Result<Option<Record<'t>>, String> {
        if matches!(self.place, Place::Between) {
            self.advance()?;
        }
        let line = self.scanner.line;
        let fields = match self.place {
            Place::Between | Place::End => return Ok(None),
            Place::Copy => match self.scanner.next_line().ok_or(CUT)? {
                "\\." => {
                    self.place = Place::End;
                    return Ok(None);
                }
                row => row.split('\t').map(unescaped).collect(),
            },
            Place::Values => {
                let (values, is_last) = self.scanner.tuple()?;
                if is_last {
                    self.place = Place::Between;
                }
                values
            }
        };
        let (found, expected) = (fields.len(), self.columns.len());
        if found != expected {
            return Err(self::fields(line, found, expected));
        }
        Ok(Some(Record { line, fields }))
    }

    /// Goes on to the next rows of the table.
    fn advance(&mut self) -> Result<(), String> {
        loop {
            if self.scanner.is_at("INSERT INTO ") {
                let head = self.scanner.until("VALUES")?;
                if self.insert(head)? {
                    self.place = Place::Values;
                    return Ok(());
                }
                while !self.scanner.tuple()?.1 {}
            }
            let Some(line) = self.scanner.next_line() else {
                self.place = Place::End;
                return Ok(());
            };
            if let Some(copied) = line.strip_prefix("COPY ") {
                let (name, columns) = copied.split_once(" (").unwrap_or((copied, ""));
                if self.is_ours(name) {
                    self.columns = names(columns);
                    self.place = Place::Copy;
                    return Ok(());
                }
                while self.scanner.next_line().ok_or(CUT)? != "\\." {}
            } else if let Some(name) = line.strip_prefix("CREATE TABLE ")
                && self.is_ours(name.trim_end_matches(" ("))
            {
                self.create()?;
            }
        }
    }

    /// Whether an INSERT is the table's; it may name the columns.
    fn insert(&mut self, head: &str) -> Result<bool, String> {
        let head = head.trim_start_matches("INSERT INTO ").trim();
        let (name, columns) = head.split_once(" (").unwrap_or((head, ""));
        let is_ours = self.is_ours(name.split(' ').next().unwrap_or_default());
        if is_ours && !columns.is_empty() {
            let columns = names(columns);
            if self.has_rows && columns != self.columns {
                return Err("names other columns in some rows than in others".to_owned());
            }
            self.columns = columns;
        }
        self.has_rows |= is_ours;
        Ok(is_ours)
    }

    /// Reads the columns that the table is created with.
    fn create(&mut self) -> Result<(), String> {
        loop {
            let line = self.scanner.next_line().ok_or(CUT)?;
            if line.starts_with(')') {
                return Ok(());
            }
            let name = line.trim().split(' ').next().unwrap_or_default();
            if name != "CONSTRAINT" {
                self.columns.push(unquoted(name));
            }
        }
    }

    /// Whether a name, with or without its schema, is the table's.
    fn is_ours(&self, name: &str) -> bool {
        let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
        unquoted(name) == self.table
    }
}

/// The names of a list up to its bracket.
fn names(list: &str) -> Vec<String> {
    let (list, _) = list.split_once(')').unwrap_or((list, ""));
    list.split(',').map(unquoted).collect()
}

fn unquoted(name: &str) -> String {
    name.trim().trim_matches('"').to_owned()
}

/// A field of COPY's text format, as it was meant; NULL is nothing.
fn unescaped(field: &str) -> Cow<'_, str> {
    if !field.contains('\\') {
        return field.into();
    }
    if field == "\\N" {
        return "".into();
    }
    let mut text = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => match characters.next() {
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('v') => '\u{b}',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_copy_are_read_as_they_were_meant() {
        for (field, meant) in [
            ("Анна", "Анна"),
            ("\\N", ""),
            ("\\\\N", "\\N"),
            ("a\\tb\\nc\\\\d", "a\tb\nc\\d"),
        ] {
            assert_eq!(unescaped(field), meant, "{field}");
        }
    }
}
