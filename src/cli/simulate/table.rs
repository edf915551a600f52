//! Figures as people read them, and tables of them in plain text.

use comfy_table::{CellAlignment, ColumnConstraint, Table, presets::NOTHING};

/// From here on nobody would bet against it.
const CERTAIN: f64 = 0.999;

pub struct Line {
    /// What stands above this line and those that follow, if anything does.
    pub above: Option<&'static str>,
    /// What comes first.
    pub name: String,
    /// What comes after it, below the heads.
    pub cells: Vec<String>,
}

/// A table. Heads have one line or two, and the last is next to the cells.
pub fn table(heads: impl Iterator<Item = String>, lines: &[Line]) -> String {
    let bottom = |head: String| {
        if head.contains('\n') {
            head
        } else {
            format!("\n{head}")
        }
    };
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header([String::new()].into_iter().chain(heads.map(bottom)));
    for line in lines {
        table.add_row([&line.name].into_iter().chain(&line.cells));
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        let Some(cell) = at.checked_sub(1) else {
            column.set_padding((0, 0));
            continue;
        };
        column
            .set_padding((2, 0))
            .set_cell_alignment(CellAlignment::Right);
        if lines.iter().all(|line| line.cells[cell].is_empty()) {
            column.set_constraint(ColumnConstraint::Hidden);
        }
    }
    let mut printed = table.lines();
    let mut text: Vec<_> = printed.by_ref().take(2).collect();
    for (line, printed) in lines.iter().zip(printed) {
        text.extend(line.above.map(|above| format!("{above}:")));
        text.push(printed);
    }
    let text: Vec<_> = text.iter().map(|line| line.trim_end()).collect();
    text.join("\n") + "\n"
}

/// A whole number, in groups of three digits.
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// How likely something is.
pub fn chance(chance: f64) -> String {
    match chance {
        0.0 => "none".to_owned(),
        chance if chance > CERTAIN => "certain".to_owned(),
        chance if chance > 0.1 => format!("{:.0} %", chance * 100.0),
        chance => format!("1 in {}", grouped((1.0 / chance).floor())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_for_people() {
        let written = [0.0, 999.4, 1000.0, 1_234_567.0].map(grouped);
        assert_eq!(written, ["0", "999", "1 000", "1 234 567"]);
        let written = [0.0, 0.000_821, 0.5, 0.9999].map(chance);
        assert_eq!(written, ["none", "1 in 1 218", "50 %", "certain"]);
    }

    #[test]
    fn columns_stand_below_their_heads_and_empty_ones_are_left_out() {
        let line = |name: &str, above, cells: [&str; 3]| Line {
            above,
            name: name.to_owned(),
            cells: cells.map(str::to_owned).into(),
        };
        let heads = ["messages\na day", "unknown", "cost"].map(str::to_owned);
        let lines = [
            line("with", Some("a name that is longer"), ["10", "", "2.50"]),
            line("without", None, ["1", "", "22.50"]),
        ];
        let expected = "         messages\n            a day   cost\na name that is longer:\n\
                        with           10   2.50\nwithout         1  22.50\n";
        assert_eq!(table(heads.into_iter(), &lines), expected);
    }
}
