//! A table as both engines have it: which columns, of what kind, in what order.

use super::value::{Row, Value, hex};

/// A table of the schema.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// How many of the first columns are its primary key.
    pub key: usize,
    /// Its columns, the key first.
    pub columns: &'static [Column],
    /// By what rows are ordered before they are by the key: rows that others
    /// refer to come before those.
    pub first: Option<&'static str>,
}

/// A column of a table.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What is in it.
    pub kind: Kind,
    /// What several rows with the same key come to.
    pub merge: Merge,
}

/// What is in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers of 64 bits.
    Integer,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// Whether something is so: a number where the engine has no such type.
    Flag,
}

/// What rows with the same key come to, where an engine keeps several (`shard`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// There is only one.
    One,
    /// Their sum.
    Sum,
    /// The greatest.
    Max,
}

impl Table {
    /// The columns' names, with commas between them.
    pub fn names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|column| column.name).collect();
        names.join(", ")
    }

    /// The columns of the primary key, with commas between them.
    pub fn key_names(&self) -> String {
        let names = self.columns[..self.key].iter().map(|column| column.name);
        names.collect::<Vec<_>>().join(", ")
    }

    /// What `ORDER BY` is followed by: no two rows are equal in it.
    pub fn order(&self) -> String {
        let first = self.first.map(|first| format!("{first}, "));
        first.unwrap_or_default() + &self.key_names()
    }

    /// Whether an engine may keep several rows with the same key.
    pub fn is_sharded(&self) -> bool {
        self.columns.iter().any(|column| column.merge != Merge::One)
    }

    /// How operators are told which row it is.
    pub fn row_name(&self, row: &Row) -> String {
        let shown = |value: &Value| match value {
            Value::Integer(Some(number)) => number.to_string(),
            Value::Text(Some(text)) => format!("{text:?}"),
            Value::Bytes(Some(bytes)) => hex(bytes),
            Value::Flag(Some(flag)) => flag.to_string(),
            _ => "NULL".to_owned(),
        };
        let key = self.columns[..self.key].iter().zip(row);
        let key: Vec<_> = key
            .map(|(column, value)| format!("{} = {}", column.name, shown(value)))
            .collect();
        format!("the row of {} with {}", self.name, key.join(", "))
    }
}
