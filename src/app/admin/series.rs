//! What happened over time, as JSON: by hour or day, gateway, limit and prefix.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::view;
use crate::domain::{
    arrival::Arrivals,
    money::Money,
    statistic::{Day, Measure, Span, Statistic},
    time::Timestamp,
};

/// What happened on some days: a row for each on which anything did, a row for
/// each gateway and limit, and a row for each prefix.
pub fn by_day(rows: &[(Day, Statistic)]) -> Value {
    let mut days: BTreeMap<Day, Vec<&Statistic>> = BTreeMap::new();
    let mut labels: BTreeMap<(Measure, &str), (i64, Money)> = BTreeMap::new();
    for (day, row) in rows.iter().filter(|(_, row)| is_told(row)) {
        days.entry(*day).or_default().push(row);
        if !row.label.is_empty() {
            let sum = labels.entry((row.measure, &row.label)).or_default();
            *sum = (sum.0 + row.count, sum.1 + row.cost);
        }
    }
    let by_day = days.iter().map(|(day, rows)| {
        let date = json!(view::date(day.begin()));
        sums("day", date, rows, &Measure::ALL)
    });
    let by_label = labels.iter().map(|((measure, label), (count, cost))| {
        json!({ "measure": measure.name(), "of": label, "count": count, "cost": cost.to_string() })
    });
    json!({
        "by_day": by_day.collect::<Value>(),
        "by_gateway_and_limit": by_label.collect::<Value>(),
        "by_prefix": by_prefix(rows.iter().map(|(_, row)| row)),
    })
}

/// What happened in a span: a point for each of its hours or days, also where
/// nothing did, and sums over all of it.
pub fn over(span: Span, now: Timestamp, rows: &[(Timestamp, Statistic)]) -> Value {
    let mut points: BTreeMap<Timestamp, Vec<&Statistic>> =
        span.beginnings(now).map(|at| (at, Vec::new())).collect();
    for (at, row) in rows.iter().filter(|(_, row)| is_told(row)) {
        // The clock may have been set back.
        if let Some(point) = points.get_mut(at) {
            point.push(row);
        }
    }
    let rows = || rows.iter().map(|(_, row)| row);
    json!({
        "unit": span.unit(),
        "points": points.iter().map(|(at, rows)| point(*at, rows)).collect::<Value>(),
        "by_gateway": by_gateway(rows()),
        "by_prefix": by_prefix(rows()),
        "by_limit": by_limit(rows()),
    })
}

/// What happened in the hour or on the day that begins `at`.
pub fn point(at: Timestamp, rows: &[&Statistic]) -> Value {
    sums("at", json!(view::instant(at)), rows, &Measure::ALL)
}

/// How soon messages arrive is told by gateway alone.
fn is_told(row: &Statistic) -> bool {
    !matches!(row.measure, Measure::Arrived(_))
}

/// How often each measure happened in all of these rows, and what it cost.
fn sums(name: &str, value: Value, rows: &[&Statistic], measures: &[Measure]) -> Value {
    let mut members = Map::from_iter([(name.to_owned(), value)]);
    members.extend(measures.iter().map(|measure| {
        let counts = rows.iter().filter(|row| row.measure == *measure);
        let count: i64 = counts.map(|row| row.count).sum();
        (measure.name().to_owned(), json!(count))
    }));
    let cost = rows
        .iter()
        .fold(Money::default(), |sum, row| sum + row.cost);
    members.insert("cost".to_owned(), json!(cost.to_string()));
    Value::Object(members)
}

fn by_prefix<'r>(rows: impl Iterator<Item = &'r Statistic>) -> Value {
    let of_phones = rows.filter(|row| !row.prefix.is_empty());
    grouped(of_phones, |row| &row.prefix)
        .into_iter()
        .map(|(prefix, rows)| sums("prefix", json!(prefix), &rows, &Measure::FUNNEL))
        .collect()
}

fn by_limit<'r>(rows: impl Iterator<Item = &'r Statistic>) -> Value {
    let limited = rows.filter(|row| row.measure == Measure::Limited);
    let limits = grouped(limited, |row| &row.label).into_iter();
    let row = |(limit, rows): (&str, Vec<&Statistic>)| {
        let count: i64 = rows.iter().map(|row| row.count).sum();
        json!({ "limit": limit, "count": count })
    };
    limits.map(row).collect()
}

fn by_gateway<'r>(rows: impl Iterator<Item = &'r Statistic>) -> Value {
    const OF_GATEWAYS: [Measure; 3] = [Measure::Sent, Measure::Delivered, Measure::Undelivered];
    let is_of_one = |row: &&Statistic| OF_GATEWAYS.contains(&row.measure) || !is_told(row);
    grouped(rows.filter(is_of_one), |row| &row.label)
        .into_iter()
        .map(|(gateway, rows)| {
            let mut members = sums("gateway", json!(gateway), &rows, &OF_GATEWAYS);
            members["delivery_seconds"] = delivery_seconds(&rows);
            members
        })
        .collect()
}

/// Half of the messages, and all but a twentieth, arrived in so many seconds:
/// estimates from the buckets that they are counted in.
fn delivery_seconds(rows: &[&Statistic]) -> Value {
    let mut arrivals = Arrivals::default();
    for row in rows {
        if let Measure::Arrived(arrival) = row.measure {
            arrivals.add(arrival, row.count);
        }
    }
    let [p50, p95] = [0.5, 0.95].map(|share| arrivals.quantile(share));
    p50.map_or(Value::Null, |p50| json!({ "p50": p50, "p95": p95 }))
}

fn grouped<'r>(
    rows: impl Iterator<Item = &'r Statistic>,
    by: fn(&Statistic) -> &String,
) -> BTreeMap<&'r str, Vec<&'r Statistic>> {
    let mut groups: BTreeMap<&str, Vec<&Statistic>> = BTreeMap::new();
    for row in rows {
        groups.entry(by(row)).or_default().push(row);
    }
    groups
}
