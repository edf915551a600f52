//! What the types of the document have in common.

use time::OffsetDateTime;

use crate::domain::time::Timestamp;

/// An instant in UTC, to the second; for fields that are written by
/// `time::serde::rfc3339`.
pub fn instant(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Gives a type the example that the document has of it.
macro_rules! example {
    ($type:ident { $($members:tt)* }) => {
        impl poem_openapi::types::Example for $type {
            fn example() -> Self {
                Self { $($members)* }
            }
        }
    };
}
pub(super) use example;
