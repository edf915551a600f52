//! What came of an import: how many, and what was not kept of whom.

use std::{collections::BTreeMap, fmt, fs::File, io, path::Path};

use serde_json::{Value, json};

use crate::{
    cli::admin::table,
    domain::import::{Note, Outcome, Person, Reason},
};

/// Rows of a table that are named; a report names all.
const NAMED: usize = 3;

/// How many rows so far came to what.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    added: usize,
    before: usize,
    refused: usize,
}

impl Counts {
    /// With one more.
    pub fn with(mut self, outcome: &Outcome) -> Self {
        *match outcome {
            Outcome::Added(_) => &mut self.added,
            Outcome::Before(_) => &mut self.before,
            Outcome::Refused(_) => &mut self.refused,
        } += 1;
        self
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            added,
            before,
            refused,
        } = self;
        write!(
            f,
            "{added} imported, {before} imported before, {refused} not imported"
        )
    }
}

/// What came of the rows so far.
pub struct Tally {
    /// How many.
    pub counts: Counts,
    notes: Vec<Note>,
}

impl Tally {
    /// Begins with those that were refused without looking at the store.
    pub fn new(refused: Vec<Note>) -> Self {
        let counts = Counts {
            refused: refused.len(),
            ..Counts::default()
        };
        Self {
            counts,
            notes: refused,
        }
    }

    /// Counts one more.
    pub fn add(&mut self, person: &Person, outcome: Outcome) {
        self.counts = self.counts.with(&outcome);
        let reasons = match outcome {
            Outcome::Added(reasons) | Outcome::Before(reasons) => reasons,
            Outcome::Refused(reason) => vec![reason],
        };
        let notes = reasons.into_iter().map(|reason| person.note(reason));
        self.notes.extend(notes);
    }

    /// How many, and a table of what was not kept.
    pub fn summary(&mut self) -> String {
        self.notes.sort_by_key(|note| (note.line, note.reason));
        let mut text = format!("{}\n", self.counts);
        if !self.notes.is_empty() {
            text += "\n";
            text += &table(&self.by_reason());
        }
        text
    }

    fn by_reason(&self) -> Value {
        let mut groups: BTreeMap<Reason, Vec<&Note>> = BTreeMap::new();
        for note in &self.notes {
            groups.entry(note.reason).or_default().push(note);
        }
        let row = |(reason, notes): (Reason, Vec<&Note>)| {
            let named: Vec<_> = notes.iter().take(NAMED).map(|note| name(note)).collect();
            let more = if notes.len() > NAMED { ", …" } else { "" };
            json!({ "not kept": reason.to_string(), "rows": notes.len(), "which": named.join(", ") + more })
        };
        groups.into_iter().map(row).collect()
    }

    /// Writes down all that was not kept.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(File::create_new(path)?);
        writer.write_record(["line", "id", "phone", "reason"])?;
        for note in &self.notes {
            let phone = note
                .phone
                .map(crate::domain::phone::Phone::masked)
                .unwrap_or_default();
            let (line, reason) = (note.line.to_string(), note.reason.to_string());
            writer.write_record([&line, &note.id, &phone, &reason])?;
        }
        writer.flush()
    }
}

/// A row by its identifier, or by its line.
fn name(note: &Note) -> String {
    match note.id.as_str() {
        "" => format!("line {}", note.line),
        id => id.to_owned(),
    }
}
