//! How backups are named: after the database and the time (UTC).

use std::{ffi::OsStr, path::Path};

use time::{
    OffsetDateTime, PrimitiveDateTime, format_description::StaticFormatDescription,
    macros::format_description,
};

use crate::domain::time::Timestamp;

/// As in `2026-11-30T02-00-00Z`; in file names, colons are trouble.
const TIME: StaticFormatDescription =
    format_description!("[year]-[month]-[day]T[hour]-[minute]-[second]Z");

/// The names of one database's backups.
pub struct Names {
    /// What they all begin with.
    pub prefix: String,
}

impl Names {
    /// Those of the database at `database`.
    pub fn of(database: &Path) -> Self {
        let stem = database.file_stem().unwrap_or(OsStr::new("invited"));
        Self {
            prefix: format!("{}-", stem.to_string_lossy()),
        }
    }

    /// The name of one that was made then.
    pub fn name(&self, at: Timestamp) -> String {
        let time = OffsetDateTime::from_unix_timestamp(at.seconds()).ok();
        let time = time.and_then(|time| time.format(TIME).ok());
        format!("{}{}", self.prefix, time.unwrap_or_default())
    }

    /// When the one of this name was made, if it is one.
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        let time = name.strip_prefix(&self.prefix)?;
        let time = PrimitiveDateTime::parse(time, TIME).ok()?.assume_utc();
        Some(Timestamp::from_seconds(time.unix_timestamp()))
    }
}
