//! The progress of a command that takes a while, where somebody watches.

use std::fmt;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// A bar for so many people.
pub fn progress(total: u64) -> ProgressBar {
    counted(total, "people")
}

/// A bar for so many of what is counted.
pub fn counted(total: u64, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(&format!(
        "{{bar:40}} {{human_pos}} of {{human_len}} {what}, {{rate}} a second, {{eta}} to go"
    ));
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
        let _ = write!(text, "{:.0}", state.per_sec());
    };
    ProgressBar::new(total).with_style(style.with_key("rate", rate))
}
