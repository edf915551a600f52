//! Figures as people read them, and tables of them in plain text.

use std::iter::once;

use comfy_table::{CellAlignment, ColumnConstraint, Table, presets::NOTHING};
use indicatif::HumanFloatCount;

/// From here on nobody would bet against it.
const CERTAIN: f64 = 0.999;

/// What stands above this line and those that follow, if anything does; and
/// its name, with what comes below the heads.
pub type Line = (Option<&'static str>, Vec<String>);

/// A table. Each head has two lines; a column that is empty in every line is left out.
pub fn table(heads: impl Iterator<Item = String>, lines: &[Line]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(once(String::new()).chain(heads));
    table.add_rows(lines.iter().map(|(_, cells)| cells));
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if at > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if lines.iter().all(|(_, cells)| cells[at].is_empty()) {
            column.set_constraint(ColumnConstraint::Hidden);
        }
    }
    let mut printed = table.lines();
    let mut text: Vec<_> = printed.by_ref().take(2).collect();
    for ((above, _), printed) in lines.iter().zip(printed) {
        text.extend(above.map(|above| format!("{above}:")));
        text.push(printed);
    }
    let text: Vec<_> = text.iter().map(|line| line.trim_end()).collect();
    text.join("\n") + "\n"
}

/// A whole number, in groups of three digits.
pub fn grouped(number: f64) -> String {
    format!("{:.0}", HumanFloatCount(number)).replace(',', " ")
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
        let line = |above, cells: [&str; 4]| (above, cells.map(str::to_owned).into());
        let heads = ["messages\na day", "\nunknown", "\ncost"].map(str::to_owned);
        let lines = [
            line(Some("a name that is longer"), ["with", "10", "", "2.50"]),
            line(None, ["without", "1", "", "22.50"]),
        ];
        let expected = "         messages\n            a day   cost\na name that is longer:\n\
                        with           10   2.50\nwithout         1  22.50\n";
        assert_eq!(table(heads.into_iter(), &lines), expected);
    }
}
