//! People, as operators see them.

use poem_openapi::Object;
use time::OffsetDateTime;

/// A person, in a list.
#[derive(Object)]
pub struct PersonEntry {
    /// Who.
    id: i64,
    /// Masked for whoever lacks the permission `phones`.
    phone: String,
    /// What others enter to name this person.
    invitation_code: String,
    /// First name, `""` when unset.
    first_name: String,
    /// Last name, `""` when unset.
    last_name: String,
    /// E-mail address, `""` when unset.
    email: String,
    /// The first login.
    created_at: OffsetDateTime,
    /// Since when they may not log in, if so.
    #[oai(nullable)]
    banned_at: Option<OffsetDateTime>,
}

/// A page of people.
#[derive(Object)]
pub struct PeopleReply {
    /// They, in the order in which they came; whoever was named exactly is first.
    people: Vec<PersonEntry>,
    /// What to send as `after` for the next page, `null` on the last.
    #[oai(nullable)]
    next: Option<i64>,
}

/// A person, with all that helps.
#[derive(Object)]
pub struct PersonReply {
    #[oai(flatten)]
    person: PersonEntry,
    /// Who invited them, if they still exist.
    #[oai(nullable)]
    invited_by: Option<ReferrerEntry>,
    /// When that was.
    #[oai(nullable)]
    invited_at: Option<OffsetDateTime>,
    /// How many they invited who still exist.
    invited_users_count: u64,
    /// Their sessions, newest first.
    sessions: Vec<LoginEntry>,
    /// Their known devices, the one that was used last first.
    devices: Vec<KnownDeviceEntry>,
    /// Messages to their phone lately, the latest first.
    deliveries: Vec<DeliveryEntry>,
    /// How they stand with their limits.
    limits: Vec<LimitEntry>,
    /// What operators did to them lately, the latest first.
    audit: Vec<AuditEntry>,
}

/// A phone is let in again.
#[derive(Object)]
pub struct UnlockedReply {
    /// Masked for whoever lacks the permission `phones`.
    phone: String,
    /// `true`.
    unlocked: bool,
}

/// Who invited somebody.
#[derive(Object)]
pub struct ReferrerEntry {
    /// Who.
    id: i64,
    /// Masked for whoever lacks the permission `phones`.
    phone: String,
}

/// A session of a person.
#[derive(Object)]
pub struct LoginEntry {
    /// Which one, for ending it.
    id: i64,
    /// The login.
    created_at: OffsetDateTime,
    /// When it drew tokens last.
    used_at: OffsetDateTime,
    /// When its last token expires.
    expires_at: OffsetDateTime,
    /// What its client called itself.
    user_agent: String,
    /// The address it was begun from, `null` when unknown.
    #[oai(nullable)]
    ip: Option<String>,
}

/// A known device of a person.
#[derive(Object)]
pub struct KnownDeviceEntry {
    /// Its first login.
    created_at: OffsetDateTime,
    /// Its latest login.
    used_at: OffsetDateTime,
    /// What its client called itself.
    user_agent: String,
    /// The address of its latest login, `null` when unknown.
    #[oai(nullable)]
    ip: Option<String>,
}

/// A message to a person.
#[derive(Object)]
pub struct DeliveryEntry {
    /// When it was asked for.
    at: OffsetDateTime,
    /// Which gateway took it, if any did.
    #[oai(nullable)]
    gateway: Option<String>,
    /// What is known of it, if a provider was asked lately.
    #[oai(nullable)]
    state: Option<String>,
    /// What it cost.
    cost: String,
}

/// A limit of a person.
#[derive(Object)]
pub struct LimitEntry {
    /// Its name, as in the settings.
    limit: String,
    /// Whose it is.
    of: String,
    /// How much of it is used, for people.
    used: String,
    /// Seconds until there is room again, `null` when there is.
    #[oai(nullable)]
    room_in_seconds: Option<u64>,
}

/// Something that an operator did.
#[derive(Object)]
pub struct AuditEntry {
    /// Which row.
    id: i64,
    /// When.
    at: OffsetDateTime,
    /// Who: `operator` with an identifier, `key` with a name, `uid` with a user of the system.
    actor: String,
    /// What.
    action: String,
    /// To whom, if to anybody; they may be gone.
    #[oai(nullable)]
    user: Option<i64>,
    /// What there is to know beyond that.
    detail: String,
    /// Why.
    reason: String,
}
