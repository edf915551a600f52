//! People as comma-separated values, as any other service can write them, and
//! as this one does.

use super::{
    source::Source,
    table::{Record, Table},
};
use crate::domain::import::{InvitedBy, Reading, Row};

/// The columns; all but the phone may be missing, or empty.
pub const COLUMNS: [&str; 11] = [
    "phone",
    "id",
    "first_name",
    "last_name",
    "email",
    "invitation_code",
    "invited_by_phone",
    "invited_by_code",
    "invited_at",
    "created_at",
    "banned_at",
];

/// Reads every row.
pub fn read(source: &Source, reading: &mut Reading) -> Result<(), String> {
    let table = Table::csv(source)?;
    let places = table.places(COLUMNS, 1)?;
    let is_unknown = |name: &&String| !COLUMNS.contains(&name.as_str());
    if let Some(name) = table.columns.iter().find(is_unknown) {
        let known = COLUMNS.join(", ");
        return Err(format!(
            "has a column \"{}\" that is not one of {known}",
            name.escape_debug()
        ));
    }
    for record in table.records {
        reading.add(&row(&record?, places));
    }
    Ok(())
}

fn row<'r>(record: &'r Record<'_>, places: [Option<usize>; COLUMNS.len()]) -> Row<'r> {
    let [
        phone,
        id,
        first_name,
        last_name,
        email,
        invitation_code,
        invited_by_phone,
        invited_by_code,
        invited_at,
        created_at,
        banned_at,
    ] = places.map(|place| record.field(place));
    Row {
        line: record.line,
        id,
        phone,
        first_name,
        last_name,
        email,
        invitation_code,
        invited_by: match (invited_by_code, invited_by_phone) {
            ("", "") => InvitedBy::Nobody,
            ("", phone) => InvitedBy::Phone(phone),
            (code, _) => InvitedBy::Code(code),
        },
        invited_at,
        created_at,
        banned_at: (!banned_at.is_empty()).then_some(banned_at),
        is_privileged: false,
    }
}
