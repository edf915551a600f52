//! Reading a file, row by row.

use super::{
    person::{Person, Row, Rules},
    plan::Plan,
    reason::Note,
};

/// The rows of a file so far.
pub struct Reading {
    rules: Rules,
    people: Vec<Person>,
    refused: Vec<Note>,
}

impl Reading {
    /// Begins with none.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            people: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Reads one more.
    pub fn add(&mut self, row: &Row<'_>) {
        match Person::read(row, &self.rules) {
            Ok(person) => self.people.push(person),
            Err(reason) => self.refused.push(Note {
                line: row.line,
                id: row.id.to_owned(),
                phone: None,
                reason,
            }),
        }
    }

    /// Decides about all of them.
    pub fn plan(self) -> Plan {
        Plan::of(self.people, self.refused)
    }
}
