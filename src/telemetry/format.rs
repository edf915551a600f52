//! What a line of the log looks like: a sentence with fields, or one flat JSON
//! object. By hand, because every request has a line, and the formats of
//! tracing-subscriber cost several times as much.

use std::{
    fmt::{self, Write as _},
    time::SystemTime,
};

use clap::ValueEnum;
use time::OffsetDateTime;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// When a line is written.
#[expect(
    clippy::disallowed_methods,
    reason = "the log tells what the machine's clock says"
)]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people to read.
    Human,
    /// One flat JSON object a line.
    Json,
}

/// A format, and whether it has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Plain,
    Coloured,
    Json,
}

impl<S, N> FormatEvent<S, N> for Style
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _spans: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        let mut text = String::new();
        let mut line = Line::begin(&mut text, *self, now(), level, target);
        event.record(&mut line);
        line.end(target);
        writer.write_str(&text)
    }
}

/// Writes a moment as RFC 3339 has it, in UTC and to the microsecond.
fn push_timestamp(text: &mut String, at: SystemTime) {
    let at = OffsetDateTime::from(at);
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second, microsecond) = at.to_hms_micro();
    let mut digits = *b"0000-00-00T00:00:00.000000Z";
    for (start, width, mut number) in [
        (0, 4, year.unsigned_abs()),
        (5, 2, u32::from(u8::from(month))),
        (8, 2, u32::from(day)),
        (11, 2, u32::from(hour)),
        (14, 2, u32::from(minute)),
        (17, 2, u32::from(second)),
        (20, 6, microsecond),
    ] {
        for digit in digits[start..start + width].iter_mut().rev() {
            *digit += (number % 10) as u8;
            number /= 10;
        }
    }
    text.push_str(std::str::from_utf8(&digits).unwrap_or_default());
}

/// A line as far as it is written. A message is the first of its fields.
pub struct Line<'t> {
    text: &'t mut String,
    style: Style,
}

impl<'t> Line<'t> {
    pub fn begin(
        text: &'t mut String,
        style: Style,
        at: SystemTime,
        level: Level,
        target: &str,
    ) -> Self {
        let name = level.as_str();
        let pad = if name.len() < 5 { "  " } else { " " };
        let colour = match level {
            Level::ERROR => "\x1b[31m",
            Level::WARN => "\x1b[33m",
            _ => "\x1b[32m",
        };
        if style == Style::Json {
            text.push_str("{\"timestamp\":\"");
        }
        push_timestamp(text, at);
        match style {
            Style::Json => text.extend(["\",\"level\":\"", name, "\""]),
            Style::Plain => text.extend([pad, name, " ", target, ":"]),
            Style::Coloured => text.extend([pad, colour, name, "\x1b[0m ", target, ":"]),
        }
        Self { text, style }
    }

    pub fn end(self, target: &str) {
        match self.style {
            Style::Plain | Style::Coloured => self.text.push('\n'),
            Style::Json => self.text.extend([",\"target\":\"", target, "\"}\n"]),
        }
    }

    /// Writes a field whose value is a text.
    pub fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        if self.style != Style::Json && name == "message" {
            self.bare(value);
        } else {
            self.quoted(value);
        }
    }

    /// Writes a field whose value is a text in which nothing is to be escaped.
    pub fn word<'w>(&mut self, name: &str, parts: impl IntoIterator<Item = &'w str>) {
        self.name(name);
        self.text.push('"');
        self.text.extend(parts);
        self.text.push('"');
    }

    /// Writes a field whose value is a number.
    pub fn number(&mut self, name: &str, value: impl itoa::Integer) {
        self.name(name);
        self.text.push_str(itoa::Buffer::new().format(value));
    }

    fn name(&mut self, name: &str) {
        let name = name.strip_prefix("r#").unwrap_or(name);
        match (self.style, name) {
            (Style::Json, name) => self.text.extend([",\"", name, "\":"]),
            (_, "message") => self.text.push(' '),
            (_, name) => self.text.extend([" ", name, "="]),
        }
    }

    fn quoted(&mut self, value: &str) {
        let is_usual = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        if value.as_bytes().iter().all(is_usual) {
            self.text.extend(["\"", value, "\""]);
        } else if self.style == Style::Json {
            let _ = write!(self.text, "{}", serde_json::Value::from(value));
        } else {
            let _ = write!(self.text, "{value:?}");
        }
    }

    /// Writes a text as it is, without what would begin a line or tell a
    /// terminal something.
    fn bare(&mut self, value: &str) {
        for c in value.chars() {
            if c.is_control() {
                self.text.extend(c.escape_default());
            } else {
                self.text.push(c);
            }
        }
    }
}

impl Visit for Line<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.name(field.name());
        self.text.push_str(if value { "true" } else { "false" });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = format!("{value:?}");
        self.name(field.name());
        match self.style {
            Style::Json => self.quoted(&value),
            Style::Plain | Style::Coloured => self.bare(&value),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Seek},
        sync::Arc,
    };

    use serde_json::{Value, json};

    use super::*;

    const TEXT: &str = "a \"quote\"\n\u{1b}[1m \\ \u{9b} ё";

    fn written(style: Style) -> String {
        let output = Arc::new(tempfile::tempfile().unwrap());
        let subscriber = tracing_subscriber::fmt()
            .event_format(style)
            .with_writer(Arc::clone(&output))
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(
                text = TEXT,
                shown = %TEXT,
                debugged = ?Some(TEXT),
                number = u64::MAX,
                negative = -7,
                is_true = true,
                none = None::<u8>,
                r#type = "word",
                "a sentence: {TEXT}",
            );
        });
        let (mut output, mut written) = (&*output, String::new());
        output.rewind().unwrap();
        output.read_to_string(&mut written).unwrap();
        written
    }

    #[test]
    fn a_timestamp_is_that_of_rfc_3339() {
        let mut text = String::new();
        let at = OffsetDateTime::from_unix_timestamp_nanos(1_785_501_296_000_407_999).unwrap();
        push_timestamp(&mut text, at.into());
        assert_eq!(text, "2026-07-31T12:34:56.000407Z");
    }

    #[test]
    fn a_line_of_json_is_an_object_whatever_is_in_it() {
        let line = written(Style::Json);
        assert!(line.ends_with('\n') && line.lines().count() == 1);
        let mut object: Value = serde_json::from_str(&line).unwrap();
        let timestamp = object["timestamp"].take();
        let timestamp = timestamp.as_str().unwrap();
        assert!(timestamp.ends_with('Z') && timestamp.len() == 27);
        let expected = json!({
            "timestamp": null, "level": "WARN", "message": format!("a sentence: {TEXT}"),
            "text": TEXT, "shown": TEXT, "debugged": format!("{:?}", Some(TEXT)),
            "number": u64::MAX, "negative": -7, "is_true": true, "type": "word",
            "target": module_path!(),
        });
        assert_eq!(object, expected);
    }

    #[test]
    fn a_line_for_people_stays_one_and_tells_a_terminal_nothing() {
        let bare = r#"a "quote"\n\u{1b}[1m \ \u{9b} ё"#;
        let quoted = r#""a \"quote\"\n\u{1b}[1m \\ \u{9b} ё""#;
        let target = module_path!();
        let expected = format!(
            " {target}: a sentence: {bare} text={quoted} shown={bare} debugged=Some({quoted}) \
             number=18446744073709551615 negative=-7 is_true=true type=\"word\"\n",
        );
        for (style, level) in [
            (Style::Plain, "  WARN"),
            (Style::Coloured, "  \x1b[33mWARN\x1b[0m"),
        ] {
            let line = written(style);
            let (timestamp, rest) = line.split_at(27);
            assert!(timestamp.ends_with('Z'));
            assert_eq!(rest.strip_prefix(level), Some(&*expected));
        }
    }
}
