//! How answers write what JSON has no type for.

use time::OffsetDateTime;

use crate::domain::time::Timestamp;

/// An instant in UTC, to the second; for fields that are written by
/// `time::serde::rfc3339`.
pub fn instant(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
