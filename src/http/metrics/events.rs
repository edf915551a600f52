//! What happened since the start, and what may still be spent.

use std::fmt;

use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use crate::{
    app::App,
    domain::{
        counter::Counter,
        guard::budget::Spending,
        money::Money,
        statistic::{Measure, Statistic},
    },
};

/// How a measure is called here, what it is, and what its labels name.
type Metric = (Measure, &'static str, &'static str, &'static [&'static str]);

const METRICS: [Metric; 11] = [
    (
        Measure::Asked,
        "codes_asked",
        "Codes that were asked for and granted",
        &["prefix"],
    ),
    (
        Measure::Limited,
        "limits_hit",
        "Refusals, by the limit that was reached",
        &["limit"],
    ),
    (
        Measure::Sent,
        "messages_sent",
        "Messages that a gateway took",
        &["gateway", "prefix"],
    ),
    (
        Measure::Unsent,
        "messages_unsent",
        "Messages that no gateway took",
        &["prefix"],
    ),
    (
        Measure::Delivered,
        "messages_delivered",
        "Messages that arrived, as reported",
        &["gateway", "prefix"],
    ),
    (
        Measure::Undelivered,
        "messages_undelivered",
        "Messages that did not arrive, as reported",
        &["gateway", "prefix"],
    ),
    (Measure::Wrong, "codes_wrong", "Wrong codes", &[]),
    (
        Measure::Confirmed,
        "logins",
        "Right codes that opened a session",
        &["prefix"],
    ),
    (
        Measure::Accounts,
        "accounts_created",
        "First logins",
        &["prefix"],
    ),
    (
        Measure::Invitations,
        "invitations_entered",
        "Invitation codes that were entered",
        &["prefix"],
    ),
    (
        Measure::Deleted,
        "accounts_deleted",
        "Accounts that their users deleted",
        &[],
    ),
];

/// A figure of an allowance.
type Of = fn(&Spending) -> Money;

/// Writes them.
pub fn encode(
    app: &App,
    spending: &[(Counter, Spending)],
    encoder: &mut DescriptorEncoder<'_>,
) -> fmt::Result {
    let happened = app.statistics.since_start();
    let prefixes = app.config.login.destinations.prefixes();
    for (measure, name, help, labels) in METRICS {
        let mut counter = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        let events = || happened.iter().filter(|event| event.measure == measure);
        let count = |event: &Statistic| event.count.unsigned_abs();
        if labels.is_empty() {
            ConstCounter::new(events().map(count).sum::<u64>()).encode(counter)?;
            continue;
        }
        for event in events() {
            let labels = labelled(labels, event);
            ConstCounter::new(count(event)).encode(counter.encode_family(&labels)?)?;
        }
        // A rate is known of what was told before it happened.
        let is_new = |prefix: &&String| events().all(|event| event.prefix != **prefix);
        for prefix in prefixes
            .iter()
            .filter(is_new)
            .filter(|_| labels == ["prefix"])
        {
            let labels = [("prefix", prefix.as_str())];
            ConstCounter::new(0_u64).encode(counter.encode_family(&labels)?)?;
        }
    }
    let help = "What messages cost, by the gateway that took them";
    let mut costs = encoder.encode_descriptor("messages_cost", help, None, MetricType::Counter)?;
    for event in happened
        .iter()
        .filter(|event| event.measure == Measure::Sent)
    {
        let labels = labelled(&["gateway", "prefix"], event);
        ConstCounter::new(amount(event.cost)).encode(costs.encode_family(&labels)?)?;
    }
    encode_budgets(spending, encoder)
}

/// The labels of these names.
fn labelled<'e>(names: &[&'static str], event: &'e Statistic) -> Vec<(&'static str, &'e str)> {
    let value = |name| match name {
        "prefix" => event.prefix.as_str(),
        _ => event.label.as_str(),
    };
    names.iter().map(|name| (*name, value(*name))).collect()
}

fn encode_budgets(
    spending: &[(Counter, Spending)],
    encoder: &mut DescriptorEncoder<'_>,
) -> fmt::Result {
    let budgets: [(&str, &str, Of); 2] = [
        (
            "budget_spent",
            "What was spent within the span of an allowance",
            |one| one.spent,
        ),
        ("budget_amount", "What may be spent within it", |one| {
            one.amount
        }),
    ];
    for (name, help, of) in budgets {
        let mut gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (counter, one) in spending {
            let span = one.span.as_secs().to_string();
            let labels = [("party", counter.party()), ("span_seconds", &span)];
            ConstGauge::new(amount(of(one))).encode(gauge.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

/// In the currency's unit.
#[expect(
    clippy::cast_precision_loss,
    reason = "a chart does not show the difference"
)]
fn amount(money: Money) -> f64 {
    money.units() as f64 / 10_000.0
}
