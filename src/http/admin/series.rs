//! What happened over time, as the document describes it.

use poem_openapi::Object;
use time::OffsetDateTime;

/// What happened in an hour or on a day.
#[derive(Object)]
pub struct PointEntry {
    /// When it began.
    at: OffsetDateTime,
    /// Codes that were asked for.
    asked: i64,
    /// Requests that met a limit.
    limited: i64,
    /// Messages that were sent.
    sent: i64,
    /// Messages that no gateway took.
    unsent: i64,
    /// Messages that arrived, as far as gateways report.
    delivered: i64,
    /// Messages that did not.
    undelivered: i64,
    /// Wrong codes.
    wrong: i64,
    /// Right codes.
    confirmed: i64,
    /// New accounts.
    accounts: i64,
    /// Invitation codes that were entered.
    invitations: i64,
    /// Accounts that were deleted.
    deleted: i64,
    /// What messages cost.
    cost: String,
}

/// What became of the messages of a gateway.
#[derive(Object)]
pub struct GatewaySumEntry {
    /// Its name.
    gateway: String,
    /// Messages that it took.
    sent: i64,
    /// Messages that arrived.
    delivered: i64,
    /// Messages that did not.
    undelivered: i64,
    /// What they cost.
    cost: String,
    /// How soon they arrived, if any did.
    #[oai(nullable)]
    delivery_seconds: Option<DeliverySeconds>,
}

/// How soon messages arrive.
#[derive(Object)]
pub struct DeliverySeconds {
    /// Half of them within so many seconds.
    p50: f64,
    /// All but a twentieth within so many.
    p95: f64,
}

/// What happened to phones with a prefix.
#[derive(Object)]
pub struct PrefixSumEntry {
    /// The prefix.
    prefix: String,
    /// Codes that were asked for.
    asked: i64,
    /// Messages that were sent.
    sent: i64,
    /// Messages that arrived.
    delivered: i64,
    /// Right codes.
    confirmed: i64,
    /// New accounts.
    accounts: i64,
    /// Invitation codes that were entered.
    invitations: i64,
    /// What messages cost.
    cost: String,
}

/// How often a limit was met.
#[derive(Object)]
pub struct LimitSumEntry {
    /// Its name, as in the settings.
    limit: String,
    /// How often.
    count: i64,
}

/// What happened in a span.
#[derive(Object)]
pub struct SeriesReply {
    /// `hour` or `day`.
    unit: String,
    /// One for each hour or day, also where nothing happened.
    points: Vec<PointEntry>,
    /// The same over all of it, by gateway.
    by_gateway: Vec<GatewaySumEntry>,
    /// By prefix.
    by_prefix: Vec<PrefixSumEntry>,
    /// By limit.
    by_limit: Vec<LimitSumEntry>,
}
