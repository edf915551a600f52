//! JSON as tables for people: a list is a table with a row each, one thing a
//! table of two columns, and what is in it comes after it.

use std::fmt::Write;

use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use rustix::termios::{isatty, tcgetwinsize};
use serde_json::{Map, Value};

/// The tables of an answer.
pub fn table(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value);
    text
}

fn write(text: &mut String, value: &Value) {
    match value {
        Value::Array(rows) if rows.is_empty() => text.push_str("none\n"),
        Value::Array(rows) => list(text, rows),
        Value::Object(members) => one(text, members),
        scalar => text.push_str(&(cell(scalar) + "\n")),
    }
}

fn list(text: &mut String, rows: &[Value]) {
    let objects = || rows.iter().filter_map(Value::as_object);
    let mut table = empty();
    if let Some(first) = objects().next() {
        table.set_header(first.keys().map(|name| title(name)));
    }
    for row in objects() {
        table.add_row(row.values().map(cell));
    }
    print(text, table);
}

fn one(text: &mut String, members: &Map<String, Value>) {
    let is_row = |value: &Value| value.is_object();
    let is_list = |items: &Vec<Value>| items.is_empty() || items.iter().any(is_row);
    let is_inner = |value: &Value| is_row(value) || value.as_array().is_some_and(is_list);
    let mut table = empty();
    for (name, value) in members.iter().filter(|(_, value)| !is_inner(value)) {
        table.add_row([title(name), cell(value)]);
    }
    print(text, table);
    for (name, value) in members.iter().filter(|(_, value)| is_inner(value)) {
        let _ = writeln!(text, "\n{}", title(name));
        write(text, value);
    }
}

fn print(text: &mut String, mut table: Table) {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for line in table.lines().filter(|line| !line.is_empty()) {
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

fn empty() -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    let stdout = std::io::stdout();
    if isatty(&stdout)
        && let Ok(size) = tcgetwinsize(&stdout)
    {
        table.set_width(size.ws_col);
    }
    table
}

fn title(name: &str) -> String {
    name.replace('_', " ")
}

/// What people wrote about themselves may not drive the terminal.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    };
    text.chars().filter(|c| !c.is_control()).collect()
}
