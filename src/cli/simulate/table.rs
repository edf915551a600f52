//! Figures as people read them, and tables of them in plain text.

use std::fmt::Write;

/// From here on nobody would bet against it.
pub const CERTAIN: f64 = 0.999;
/// Between two columns.
const GAP: usize = 2;
/// How wide a paragraph may be.
const WIDTH: usize = 100;

/// A line of a table: its name and its cells, or a name alone that stands
/// above others.
pub struct Line {
    /// What comes first.
    pub name: String,
    /// What comes after it.
    pub cells: Vec<String>,
}

/// A table. Heads may have two lines.
pub fn table(heads: &[String], lines: &[Line]) -> String {
    let names = lines.iter().filter(|line| !line.cells.is_empty());
    let name = names
        .map(|line| line.name.chars().count())
        .max()
        .unwrap_or(0);
    let widths: Vec<_> = (0..heads.len())
        .map(|column| {
            let cells = lines.iter().filter_map(|line| line.cells.get(column));
            let texts = heads[column].lines().chain(cells.map(String::as_str));
            texts.map(|text| text.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    let mut row = |first: &str, cells: Vec<&str>| {
        let mut line = format!("{first:name$}");
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(line, "{cell:>width$}", width = width + GAP);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    };
    for part in 0..2 {
        let part_of = |head: &'_ String| -> String {
            // A head of one line stands on the lower one.
            let lines: Vec<_> = head.lines().collect();
            let at = (part + lines.len()).checked_sub(2);
            at.map_or_else(String::new, |at| lines[at].to_owned())
        };
        let cells: Vec<_> = heads.iter().map(part_of).collect();
        row("", cells.iter().map(String::as_str).collect());
    }
    for line in lines {
        row(&line.name, line.cells.iter().map(String::as_str).collect());
    }
    text
}

/// A paragraph in lines that fit a terminal.
pub fn wrapped(text: &str) -> String {
    let mut paragraph = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width > 0 {
            let fits = width + 1 + length <= WIDTH;
            paragraph.push(if fits { ' ' } else { '\n' });
            width = if fits { width + 1 } else { 0 };
        }
        paragraph.push_str(word);
        width += length;
    }
    paragraph + "\n"
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
    fn columns_stand_below_their_heads() {
        let line = |name: &str, cells: &[&str]| Line {
            name: name.to_owned(),
            cells: cells.iter().map(|&cell| cell.to_owned()).collect(),
        };
        let heads = ["messages\na day".to_owned(), "cost".to_owned()];
        let lines = [line("without", &["1", "22.50"]), line("without cells", &[])];
        let expected = "         messages\n            a day   cost\nwithout         1  22.50\nwithout cells\n";
        assert_eq!(table(&heads, &lines), expected);
    }
}
