//! Checksums of rows: of the values, not of how an engine stores or writes them,
//! so that both engines come to the same.

use sha2::{Digest, Sha256};

use super::{
    table::Table,
    value::{Row, Value, hex},
};

/// How many rows of a table were seen in its order, and a hash of them.
#[derive(Clone)]
pub struct Checksum {
    rows: u64,
    hash: Sha256,
}

impl Checksum {
    /// Of no row of a table yet.
    pub fn of(table: &Table) -> Self {
        let mut checksum = Self {
            rows: 0,
            hash: Sha256::new(),
        };
        checksum.bytes(table.name.as_bytes());
        checksum.bytes(table.names().as_bytes());
        checksum
    }

    /// Adds the row that comes next.
    pub fn add(&mut self, row: &Row) {
        self.rows += 1;
        for value in row {
            match value {
                Value::Integer(Some(number)) => {
                    self.hash.update([1]);
                    self.hash.update(number.to_le_bytes());
                }
                Value::Text(Some(text)) => {
                    self.hash.update([2]);
                    self.bytes(text.as_bytes());
                }
                Value::Bytes(Some(bytes)) => {
                    self.hash.update([3]);
                    self.bytes(bytes);
                }
                Value::Flag(Some(flag)) => self.hash.update([4, u8::from(*flag)]),
                _ => self.hash.update([0]),
            }
        }
    }

    /// How many rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What is known of the rows so far.
    pub fn mark(&self) -> Mark {
        Mark {
            rows: self.rows,
            checksum: hex(&self.hash.clone().finalize()),
        }
    }

    /// With its length, or what follows could be taken for a part of it.
    fn bytes(&mut self, bytes: &[u8]) {
        self.hash.update((bytes.len() as u64).to_le_bytes());
        self.hash.update(bytes);
    }
}

/// So many rows of a table, and their checksum in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// How many.
    pub rows: u64,
    /// Their checksum.
    pub checksum: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::transfer::tables::TABLES;

    fn checksum(rows: &[Row]) -> Mark {
        let mut checksum = Checksum::of(&TABLES[0]);
        for row in rows {
            checksum.add(row);
        }
        checksum.mark()
    }

    #[test]
    fn rows_that_differ_anyhow_have_different_checksums() {
        let text = |text: &str| Value::Text(Some(text.to_owned()));
        let all: [&[Row]; 9] = [
            &[],
            &[vec![text("ab"), text("c")]],
            &[vec![text("a"), text("bc")]],
            &[vec![text("abc"), Value::Text(None)]],
            &[vec![text("abc"), text("")]],
            &[vec![Value::Bytes(Some(b"ab".to_vec())), text("c")]],
            &[vec![Value::Integer(Some(1))], vec![Value::Integer(Some(2))]],
            &[vec![Value::Integer(Some(2))], vec![Value::Integer(Some(1))]],
            &[vec![Value::Flag(Some(true))]],
        ];
        let mut seen: Vec<_> = all.iter().map(|rows| checksum(rows).checksum).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), all.len());
    }
}
