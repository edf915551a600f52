//! The table of users of the Django service that this one takes the place of.

use super::{
    source::Source,
    sql,
    table::{Record, Table},
};
use crate::domain::import::{InvitedBy, Reading, Row};

/// The columns that are read; the last ones may be missing.
const COLUMNS: [&str; 12] = [
    "id",
    "phone",
    "first_name",
    "last_name",
    "email",
    "invitation_code",
    "invited_by_id",
    "date_joined",
    "is_active",
    "is_staff",
    "is_superuser",
    "password",
];
const REQUIRED: usize = 9;

/// Reads every row of the table.
pub fn read(source: &Source, table: &str, reading: &mut Reading) -> Result<(), String> {
    let table = if source.is_sql() {
        sql::read(source, table)?
    } else {
        Table::csv(source)?
    };
    let places = table.places(COLUMNS, REQUIRED)?;
    for record in table.records {
        reading.add(&row(&record?, places)?);
    }
    Ok(())
}

fn row<'r>(
    record: &'r Record<'_>,
    places: [Option<usize>; COLUMNS.len()],
) -> Result<Row<'r>, String> {
    let [
        id,
        phone,
        first_name,
        last_name,
        email,
        invitation_code,
        invited_by_id,
        date_joined,
        is_active,
        is_staff,
        is_superuser,
        password,
    ] = places.map(|place| record.field(place));
    let is_true = |name, text| flag(text).ok_or_else(|| wrong(record.line, name));
    let is_privileged = is_true("is_staff", is_staff)? || is_true("is_superuser", is_superuser)?;
    // Django marks those that nobody can log in with.
    let has_password = !password.is_empty() && !password.starts_with('!');
    Ok(Row {
        line: record.line,
        id,
        phone,
        first_name,
        last_name,
        email,
        invitation_code,
        invited_by: match invited_by_id {
            "" => InvitedBy::Nobody,
            id => InvitedBy::Id(id),
        },
        // Nobody wrote down when.
        invited_at: "",
        created_at: date_joined,
        banned_at: (!is_true("is_active", is_active)?).then_some(""),
        is_privileged: is_privileged || has_password,
    })
}

/// A boolean as COPY, INSERT and other programs write it.
fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "t" | "true" | "1" => Some(true),
        "f" | "false" | "0" | "" => Some(false),
        _ => None,
    }
}

fn wrong(line: u64, name: &str) -> String {
    format!("has something else than true or false in line {line}, column {name}")
}
