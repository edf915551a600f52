//! The list of tables is that of both schemas: a column that is added to them,
//! and not to the list, would be forgotten.

use std::collections::BTreeMap;

use invited::store::transfer::{
    table::Kind,
    tables::{OWN_COLUMNS, OWN_TABLES, TABLES},
};
use tempfile::TempDir;

use super::{look, on_server, told};
use crate::harness::{postgres::Session, server::command};

/// Of each table, the columns of the key in order, and all with their types.
type Schema = BTreeMap<String, (Vec<String>, BTreeMap<String, String>)>;

/// What the list says, with the types of an engine.
fn listed(type_of: fn(Kind) -> &'static str) -> Schema {
    let tables = TABLES.iter().map(|table| {
        let names = table.columns.iter().map(|column| column.name.to_owned());
        let types = table
            .columns
            .iter()
            .map(|column| type_of(column.kind).to_owned());
        let key = names.clone().take(table.key).collect();
        (table.name.to_owned(), (key, names.zip(types).collect()))
    });
    tables.collect()
}

/// The schema that rows of columns (table, column, type, place in the key) tell.
fn schema(rows: impl IntoIterator<Item = [String; 4]>) -> Schema {
    let mut schema = Schema::new();
    let mut keys: BTreeMap<String, BTreeMap<u32, String>> = BTreeMap::new();
    for [table, column, kind, place] in rows {
        if OWN_TABLES.contains(&&*table) || OWN_COLUMNS.contains(&(&table, &column)) {
            continue;
        }
        let place: u32 = place.parse().unwrap();
        if place > 0 {
            keys.entry(table.clone())
                .or_default()
                .insert(place, column.clone());
        }
        schema.entry(table).or_default().1.insert(column, kind);
    }
    for (table, key) in keys {
        schema.get_mut(&table).unwrap().0 = key.into_values().collect();
    }
    schema
}

#[test]
fn every_column_of_sqlite_is_moved() {
    let folder = TempDir::new().unwrap();
    let migrate = command(folder.path())
        .args(["migrate", "--database", "new.db"])
        .output();
    told(&migrate.unwrap());
    let file = look(&folder.path().join("new.db")).unwrap();
    let sql = "SELECT tables.name, columns.name, columns.type, columns.pk
               FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'";
    let mut rows = file.prepare(sql).unwrap();
    let rows = rows.query_map([], |row| {
        Ok([
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get::<_, u32>(3)?.to_string(),
        ])
    });
    let found = schema(rows.unwrap().map(Result::unwrap));
    let type_of = |kind| match kind {
        Kind::Integer | Kind::Flag => "INTEGER",
        Kind::Text => "TEXT",
        Kind::Bytes => "BLOB",
    };
    assert_eq!(found, listed(type_of));
}

#[test]
fn every_column_of_postgresql_is_moved() {
    let Some((server, url)) = on_server() else {
        return;
    };
    let migrate = command(server.path())
        .args(["migrate", "--database", &url])
        .output();
    told(&migrate.unwrap());
    let rows = Session::to(&url).run(
        "SELECT columns.table_name, columns.column_name, data_type, coalesce(keys.ordinal_position, 0)
         FROM information_schema.columns AS columns
         LEFT JOIN (information_schema.table_constraints AS constraints
                    JOIN information_schema.key_column_usage AS keys USING (table_schema, table_name, constraint_name))
             ON constraints.constraint_type = 'PRIMARY KEY' AND keys.table_schema = columns.table_schema
                AND keys.table_name = columns.table_name AND keys.column_name = columns.column_name
         WHERE columns.table_schema = current_schema()",
    );
    let whole = |row: Vec<Option<String>>| -> [String; 4] {
        let row: Vec<_> = row.into_iter().map(Option::unwrap).collect();
        row.try_into().unwrap()
    };
    let found = schema(rows.into_iter().map(whole));
    let type_of = |kind| match kind {
        Kind::Integer => "bigint",
        Kind::Flag => "boolean",
        Kind::Text => "text",
        Kind::Bytes => "bytea",
    };
    assert_eq!(found, listed(type_of));
}
