//! Rows that statements answer.

use tokio_postgres::types::FromSql;

use crate::domain::{phone::Phone, time::Timestamp};

/// The number of a column whose value this build does not write there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("column {0} of a row is not what this build writes there")]
pub struct Unreadable(pub usize);

/// What is read of a row.
pub type Read<T> = Result<T, Unreadable>;

/// A row.
pub struct Row<'r>(pub &'r tokio_postgres::Row);

impl<'r> Row<'r> {
    /// The value in a column.
    pub fn get<T: Column<'r>>(&self, column: usize) -> Read<T> {
        let stored = self.0.try_get(column).map_err(|_| Unreadable(column))?;
        T::of(stored).ok_or(Unreadable(column))
    }

    /// The text in a column.
    pub fn text(&self, column: usize) -> Read<&'r str> {
        self.0.try_get(column).map_err(|_| Unreadable(column))
    }
}

/// What can stand in a column.
pub trait Column<'r>: Sized {
    /// As the engine has it.
    type Stored: FromSql<'r>;

    /// What is behind it; `None` if it cannot be.
    fn of(stored: Self::Stored) -> Option<Self>;
}

macro_rules! columns {
    ($($type:ty),+) => {
        $(
            impl<'r> Column<'r> for $type {
                type Stored = $type;

                fn of(stored: $type) -> Option<Self> {
                    Some(stored)
                }
            }
        )+
    };
}

columns!(i64, bool, String, Vec<u8>);

impl Column<'_> for u32 {
    type Stored = i64;

    fn of(stored: i64) -> Option<Self> {
        stored.try_into().ok()
    }
}

impl<'r, T: Column<'r>> Column<'r> for Option<T> {
    type Stored = Option<T::Stored>;

    fn of(stored: Option<T::Stored>) -> Option<Self> {
        match stored {
            Some(stored) => T::of(stored).map(Some),
            None => Some(None),
        }
    }
}

/// The phone in a column.
pub fn phone(row: &Row<'_>, column: usize) -> Read<Phone> {
    let number = u64::try_from(row.get::<i64>(column)?);
    let phone = number.ok().map(Phone::from_number);
    phone.and_then(Result::ok).ok_or(Unreadable(column))
}

/// The instant in a column.
pub fn at(row: &Row<'_>, column: usize) -> Read<Timestamp> {
    row.get(column).map(Timestamp::from_millis)
}
