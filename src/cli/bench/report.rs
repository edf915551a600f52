//! What came of a load, as people read it.

use std::{fmt::Write, time::Duration};

use super::outcome::Outcome;

/// Most lines of the histogram.
const LINES: usize = 9;
/// The longest bar.
const WIDTH: usize = 40;
const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

/// The report.
pub fn report(outcome: &Outcome) -> String {
    let mut text = String::new();
    let seconds = outcome.elapsed.as_secs_f64();
    let mut line = |figure: &str, what: &str| {
        let _ = writeln!(text, "{figure:>12}  {what}");
    };
    line(
        &format!("{:.1}", outcome.rate()),
        &format!("answers a second, for {seconds:.1} s"),
    );
    for class in 1..=9 {
        let of_class = outcome
            .statuses
            .iter()
            .filter(|(status, _)| **status / 100 == class);
        let count: u64 = of_class.map(|(_, count)| count).sum();
        if count > 0 {
            line(&count.to_string(), &format!("answers {class}xx"));
        }
    }
    line(&outcome.errors.to_string(), "errors");
    if outcome.unanswered > 0 {
        line(
            &outcome.unanswered.to_string(),
            "requests without an answer",
        );
    }
    text.push('\n');
    for (name, share) in QUANTILES {
        let _ = write!(text, "{name} {}   ", millis(outcome.quantile(share)));
    }
    let _ = writeln!(
        text,
        "max {}\n",
        millis(Duration::from_micros(outcome.latencies.max()))
    );
    text + &bars(outcome)
}

fn millis(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

/// The latencies, as bars. Steps grow, so that the few long ones are seen beside the many.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bar is so many characters long, give or take"
)]
fn bars(outcome: &Outcome) -> String {
    let counts = counts(outcome);
    let longest = counts.iter().map(|(_, count)| *count).max().unwrap_or(0) as f64;
    let all = outcome.answers() as f64;
    let mut text = String::new();
    for (name, count) in counts {
        let length = (count as f64 / longest * WIDTH as f64).round() as usize;
        // Whatever happened is to be seen.
        let bar = if length == 0 && count > 0 {
            "▏".to_owned()
        } else {
            "█".repeat(length)
        };
        let _ = writeln!(
            text,
            "{name:>15}  {:>6.2} %  {bar}",
            count as f64 / all * 100.0
        );
    }
    text
}

/// How many latencies are in which step: 1, 2, 5, 10 .. and what is over the last.
fn counts(outcome: &Outcome) -> Vec<(String, u64)> {
    let powers = (0..13).map(|zeros| 10_u64.pow(zeros));
    let steps = powers.flat_map(|power| [1, 2, 5].map(|first| first * power));
    let least = outcome.latencies.min();
    let steps: Vec<_> = steps.skip_while(|step| *step < least).collect();
    let mut counts = Vec::new();
    for value in outcome.latencies.iter_recorded() {
        let latency = value.value_iterated_to();
        let at = steps.partition_point(|step| *step < latency).min(LINES - 1);
        counts.resize(counts.len().max(at + 1), 0);
        counts[at] += value.count_at_value();
    }
    let name = |at: usize| match at.checked_sub(LINES - 2) {
        Some(1) => format!("over {}", short(steps[at - 1])),
        _ => format!("up to {}", short(steps[at])),
    };
    counts
        .into_iter()
        .enumerate()
        .map(|(at, count)| (name(at), count))
        .collect()
}

/// A step, with no more digits than it has.
fn short(micros: u64) -> String {
    format!(
        "{} ms",
        Duration::from_micros(micros).as_secs_f64() * 1000.0
    )
}
