//! A table as text has it: the names of its columns, and its rows.

use std::borrow::Cow;

use super::source::Source;

/// A row.
pub struct Record<'t> {
    /// The line that it begins in.
    pub line: u64,
    /// What stands in its columns; nothing and NULL are the same.
    pub fields: Vec<Cow<'t, str>>,
}

/// A table, whose rows are read one after the other.
pub struct Table<'t> {
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its rows, or why there are no more.
    pub records: Box<dyn Iterator<Item = Result<Record<'t>, String>> + 't>,
}

impl<'t> Table<'t> {
    /// Reads comma-separated values with a header (RFC 4180), or semicolons where a
    /// spreadsheet keeps the comma for fractions.
    pub fn csv(source: &'t Source) -> Result<Self, String> {
        let text = source.text();
        if !text.ends_with('\n') {
            return Err("ends in the middle of a row: its last line has no end".to_owned());
        }
        if text.matches('"').count() % 2 == 1 {
            return Err("has a quotation mark without its counterpart".to_owned());
        }
        let header = text.lines().next().unwrap_or_default();
        let has_semicolons = header.contains(';') && !header.contains(',');
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(if has_semicolons { b';' } else { b',' })
            .from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| unreadable(&error))?;
        let columns = header.iter().map(|name| name.trim().to_owned()).collect();
        let records = reader.into_records().map(|record| {
            let record = record.map_err(|error| unreadable(&error))?;
            Ok(Record {
                line: record.position().map_or(0, csv::Position::line),
                fields: record.iter().map(|field| field.to_owned().into()).collect(),
            })
        });
        Ok(Self {
            columns,
            records: Box::new(records),
        })
    }

    /// Where these columns are, of which the first `required` must be there.
    pub fn places<const N: usize>(
        &self,
        names: [&str; N],
        required: usize,
    ) -> Result<[Option<usize>; N], String> {
        let places = names.map(|name| self.columns.iter().position(|column| column == name));
        let missing = names[..required].iter().zip(places);
        let missing: Vec<_> = missing
            .filter_map(|(name, place)| place.is_none().then_some(*name))
            .collect();
        if missing.is_empty() {
            return Ok(places);
        }
        Err(format!("has no column {}", missing.join(", nor ")))
    }
}

impl Record<'_> {
    /// What stands in a column; `""` where there is none.
    pub fn field(&self, place: Option<usize>) -> &str {
        let field = place.and_then(|place| self.fields.get(place));
        field.map_or("", |field| field)
    }
}

fn unreadable(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            fields(
                line,
                usize::try_from(*len).unwrap_or(0),
                usize::try_from(*expected_len).unwrap_or(0),
            )
        }
        _ => format!("cannot be read as CSV: {error}"),
    }
}

/// A row is not of the table.
pub fn fields(line: u64, found: usize, expected: usize) -> String {
    format!("has {found} fields in line {line} in place of {expected}")
}
