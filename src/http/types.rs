//! How answers write what JSON has no type for.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::domain::time::Timestamp;

/// An instant in UTC, to the second (RFC 3339).
pub fn instant(at: Timestamp) -> String {
    let at =
        OffsetDateTime::from_unix_timestamp(at.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_default()
}
