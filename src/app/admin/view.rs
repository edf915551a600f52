//! What operators are shown, as JSON.

use std::time::Duration;

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    app::backup::Made,
    domain::{
        audit::Audit,
        cohort::Cohort,
        counter::Counter,
        delivery::{Record, State},
        device::Device,
        guard::{alarm::Alarm, budget::Spending, standing::Standing},
        limit::Limit,
        permission::{Permission, Role},
        phone::Phone,
        service_key::ServiceKey,
        session::Session,
        time::Timestamp,
        tree::Node,
        user::{Invitee, User},
    },
};

/// An instant as text (RFC 3339), to the second.
pub fn instant(at: Timestamp) -> String {
    let at = OffsetDateTime::from_unix_timestamp(at.seconds());
    let text = at.ok().and_then(|at| at.format(&Rfc3339).ok());
    text.unwrap_or_default()
}

/// The day of an instant (ISO 8601).
pub fn date(at: Timestamp) -> String {
    let text = instant(at);
    text.split('T').next().unwrap_or_default().to_owned()
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

/// A user with a role.
pub fn appointed(user: &User, role: Role, since: Timestamp, full: bool) -> Value {
    json!({
        "id": user.id.0,
        "phone": phone(user.phone, full),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": role.name(),
        "granted_at": instant(since),
    })
}

/// A service key, of which only whoever makes it learns the secret.
pub fn service_key(key: &ServiceKey, is_good: bool) -> Value {
    let permissions = key.permissions.iter().map(Permission::name);
    json!({
        "id": key.id.0,
        "name": key.name.as_str(),
        "permissions": permissions.collect::<Vec<_>>(),
        "created_at": instant(key.created_at),
        "expires_at": key.expires_at.map(instant),
        "used_at": key.used_at.map(instant),
        "good": is_good,
    })
}

/// A message to a phone.
pub fn delivery(record: &Record) -> Value {
    json!({
        "at": instant(record.at),
        "gateway": record.gateway,
        "state": record.state.map(State::name),
        "cost": record.cost.to_string(),
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
        "id": audit.id.0,
        "at": instant(audit.at),
        "actor": audit.actor,
        "action": audit.action.name(),
        "user": audit.user.map(|user| user.0),
        "detail": audit.detail,
        "reason": audit.reason,
    })
}

/// Somebody in the tree of who invited whom.
pub fn node(node: &Node, full: bool) -> Value {
    json!({
        "id": node.id.0,
        "phone": node.phone.map(|number| phone(number, full)),
        "first_name": node.first_name,
        "invited_at": node.invited_at.map(instant),
        "invited_users_count": node.invitees,
    })
}

/// The people of a week, and how many each of them invited in the mean.
pub fn cohort(cohort: &Cohort) -> Value {
    let mean = f64::from(cohort.invited) / f64::from(cohort.accounts.max(1));
    json!({
        "week": date(cohort.week.begin()),
        "accounts": cohort.accounts,
        "invited": cohort.invited,
        "k": (mean * 1000.0).round() / 1000.0,
    })
}

/// When a gateway did not take a message, and why.
pub fn error((at, error): (Timestamp, String)) -> Value {
    json!({ "at": instant(at), "error": error })
}

/// That codes are guessed.
pub fn alarm(alarm: Alarm) -> Value {
    json!({
        "since": alarm.since.map(instant),
        "wrong": alarm.wrong,
        "entered": alarm.entered,
    })
}

/// What may be spent, and what was.
pub fn budget((counter, spending): &(Counter, Spending)) -> Value {
    json!({
        "of": counter.party(),
        "span": span(spending.span),
        "amount": spending.amount.to_string(),
        "spent": spending.spent.to_string(),
    })
}
