//! What operators are shown, as JSON.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    app::backup::Made,
    domain::{
        audit::Audit,
        device::Device,
        guard::standing::Standing,
        limit::Limit,
        money::Money,
        phone::Phone,
        session::Session,
        statistic::{Day, Measure, Statistic},
        time::Timestamp,
        user::{Invitee, User},
    },
};

/// An instant as text (RFC 3339), to the second.
pub fn instant(at: Timestamp) -> String {
    let at = OffsetDateTime::from_unix_timestamp(at.seconds());
    let text = at.ok().and_then(|at| at.format(&Rfc3339).ok());
    text.unwrap_or_default()
}

/// A phone, masked unless it is to be shown in full.
pub fn phone(phone: Phone, full: bool) -> String {
    if full { phone.e164() } else { phone.masked() }
}

/// A backup that was made.
pub fn backup(made: &Made) -> Value {
    json!({
        "backup": made.place,
        "database_bytes": made.database_bytes,
        "bytes": made.bytes,
        "verified": true,
    })
}

/// A user, in a list.
pub fn user(user: &User, full: bool) -> Value {
    json!({
        "id": user.id.0,
        "phone": phone(user.phone, full),
        "invitation_code": user.invitation_code.as_str(),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "created_at": instant(user.created_at),
        "banned_at": user.banned_at.map(instant),
    })
}

/// A session. Its tokens are nobody's business.
pub fn session(session: &Session) -> Value {
    json!({
        "id": session.id.0,
        "created_at": instant(session.created_at),
        "used_at": instant(session.used_at),
        "expires_at": instant(session.expires_at),
        "user_agent": session.origin.user_agent,
        "ip": session.origin.ip.map(|ip| ip.to_string()),
    })
}

/// A known device. Its secret is nobody's business.
pub fn device(device: &Device) -> Value {
    json!({
        "created_at": instant(device.created_at),
        "used_at": instant(device.used_at),
        "user_agent": device.origin.user_agent,
        "ip": device.origin.ip.map(|ip| ip.to_string()),
    })
}

/// Somebody who was invited.
pub fn invitee(invitee: &Invitee, full: bool) -> Value {
    json!({ "phone": phone(invitee.phone, full), "at": instant(invitee.at) })
}

/// How much of a limit is used up.
pub fn standing(standing: &Standing) -> Value {
    let windows = standing.windows.iter();
    let used = windows
        .map(|(window, counted)| format!("{counted} of {} in {}", window.count, span(window.span)));
    json!({
        "limit": standing.limit,
        "of": standing.party,
        "used": used.collect::<Vec<_>>().join(", "),
        "room_in_seconds": standing.wait.map(|wait| wait.as_secs() + 1),
    })
}

/// A limit as it is written in settings.
pub fn limit(limit: &Limit) -> String {
    let windows = limit.windows().iter();
    let windows = windows.map(|window| format!("{}/{}", window.count, span(window.span)));
    windows.collect::<Vec<_>>().join(", ")
}

/// A span as it is written in settings.
fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(86_400, 'd'), (3600, 'h'), (60, 'm')];
    let unit = units
        .into_iter()
        .find(|(unit, _)| seconds.is_multiple_of(*unit) && seconds > *unit);
    let (unit, letter) = unit.unwrap_or((1, 's'));
    format!("{}{letter}", seconds / unit)
}

/// A row of the audit.
pub fn audit(audit: &Audit) -> Value {
    json!({
        "at": instant(audit.at),
        "actor": audit.actor,
        "action": audit.action.name(),
        "user": audit.user.map(|user| user.0),
        "detail": audit.detail,
        "reason": audit.reason,
    })
}

/// What happened: a row a day, a row for each gateway and limit, and a row for each prefix.
pub fn statistics(rows: &[(Day, Statistic)]) -> Value {
    let mut days: BTreeMap<Day, Map<String, Value>> = BTreeMap::new();
    let mut labels: BTreeMap<(Measure, &str), (i64, Money)> = BTreeMap::new();
    let mut costs: BTreeMap<Day, Money> = BTreeMap::new();
    for (day, row) in rows {
        let members = days.entry(*day).or_insert_with(|| empty_day(*day));
        let name = row.measure.name();
        let before = members.get(name).and_then(Value::as_i64).unwrap_or(0);
        members.insert(name.to_owned(), json!(before + row.count));
        let cost = costs.entry(*day).or_default();
        *cost = *cost + row.cost;
        if !row.label.is_empty() {
            let sum = labels.entry((row.measure, &row.label)).or_default();
            *sum = (sum.0 + row.count, sum.1 + row.cost);
        }
    }
    for (day, members) in &mut days {
        let cost = costs.get(day).copied().unwrap_or_default();
        members.insert("cost".to_owned(), json!(cost.to_string()));
    }
    let by_label = labels.iter().map(|((measure, label), (count, cost))| {
        json!({ "measure": measure.name(), "of": label, "count": count, "cost": cost.to_string() })
    });
    json!({
        "by_day": days.into_values().map(Value::Object).collect::<Value>(),
        "by_gateway_and_limit": by_label.collect::<Value>(),
        "by_prefix": by_prefix(rows),
    })
}

fn by_prefix(rows: &[(Day, Statistic)]) -> Value {
    let of_phones = || {
        rows.iter()
            .map(|(_, row)| row)
            .filter(|row| !row.prefix.is_empty())
    };
    let prefixes: BTreeSet<_> = of_phones().map(|row| &row.prefix).collect();
    let row = |prefix: &String| {
        let of_prefix = || of_phones().filter(|row| row.prefix == *prefix);
        let mut members = Map::from_iter([("prefix".to_owned(), json!(prefix))]);
        members.extend(Measure::FUNNEL.map(|measure| {
            let counts = of_prefix().filter(|row| row.measure == measure);
            let count: i64 = counts.map(|row| row.count).sum();
            (measure.name().to_owned(), json!(count))
        }));
        let cost = of_prefix().fold(Money::default(), |sum, row| sum + row.cost);
        members.insert("cost".to_owned(), json!(cost.to_string()));
        Value::Object(members)
    };
    prefixes.into_iter().map(row).collect()
}

fn empty_day(day: Day) -> Map<String, Value> {
    let date = instant(day.begin());
    let date = date.split('T').next().unwrap_or_default();
    let mut members = Map::from_iter([("day".to_owned(), json!(date))]);
    members.extend(Measure::ALL.map(|measure| (measure.name().to_owned(), json!(0))));
    members
}
