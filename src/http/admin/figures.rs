//! How things go: over time, by week, and right now.

use poem_openapi::{Enum, Object, OpenApi, param::Query};
use time::OffsetDateTime;

use super::{
    answer::told,
    auth::Caller,
    people::Browse,
    refused::OPERATOR,
    series::{PointEntry, SeriesReply},
    tag::Tag,
};
use crate::{
    app::admin::Look,
    domain::statistic::Span,
    http::{
        problem::Problem,
        refusal::{ANY, Groups, Refusal, Refusals},
        reply::Reply,
    },
};

/// The calls that tell figures.
pub struct FiguresApi;

/// How far back, and by what.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
pub enum SpanName {
    /// The last 24 hours, by hour.
    Day,
    /// The last 7 days, by hour.
    Week,
    /// The last 30 days.
    Month,
    /// The last 365 days.
    Year,
}

impl From<SpanName> for Span {
    fn from(name: SpanName) -> Self {
        match name {
            SpanName::Day => Self::Day,
            SpanName::Week => Self::Week,
            SpanName::Month => Self::Month,
            SpanName::Year => Self::Year,
        }
    }
}

/// The people of each week.
#[derive(Object)]
pub struct CohortsReply {
    /// The earliest first.
    cohorts: Vec<CohortEntry>,
}

/// Those whose accounts were made in a week.
#[derive(Object)]
pub struct CohortEntry {
    /// Its Monday.
    week: String,
    /// How many they are.
    accounts: u32,
    /// How many they invited since.
    invited: u32,
    /// How many each of them invited in the mean.
    k: f64,
}

/// How things are.
#[derive(Object)]
pub struct OverviewReply {
    /// That codes are guessed, if they are.
    #[oai(nullable)]
    alarm: Option<AlarmEntry>,
    /// What may be spent, and what was.
    budgets: Vec<BudgetEntry>,
    /// What the service knows of itself.
    health: HealthEntry,
    /// How many accounts there are.
    people: i64,
    /// What happened today.
    today: PointEntry,
}

/// That codes are guessed.
#[derive(Object)]
pub struct AlarmEntry {
    /// Since when.
    #[oai(nullable)]
    since: Option<OffsetDateTime>,
    /// Wrong codes in that time.
    wrong: i64,
    /// Codes that were entered in it.
    entered: i64,
}

/// A budget.
#[derive(Object)]
pub struct BudgetEntry {
    /// Whose messages it is for.
    of: String,
    /// For how long, as in the settings.
    span: String,
    /// What may be spent.
    amount: String,
    /// What was.
    spent: String,
}

/// What the service knows of itself.
#[expect(clippy::struct_excessive_bools, reason = "each is told by itself")]
#[derive(Object)]
pub struct HealthEntry {
    /// What the check of the database found; `null` before it, and on a server, which checks itself.
    #[oai(nullable)]
    integrity: Option<String>,
    /// Whether the store refuses to write.
    stopped: bool,
    /// For how long its log could not be merged; `null` on a server.
    #[oai(nullable)]
    log_blocked_seconds: Option<u64>,
    /// How far the clock was set back.
    clock_behind_seconds: u64,
    /// Whether codes are guessed.
    alarm: bool,
    /// The backups that are made.
    backups: Vec<BackupEntry>,
    /// Whether somebody who may be a proxy is not among the trusted ones.
    has_unknown_proxy: bool,
    /// Whether a trusted proxy does not name its clients.
    has_nameless_clients: bool,
}

/// A place that backups are made in.
#[derive(Object)]
pub struct BackupEntry {
    /// Where.
    to: String,
    /// How long ago the last one was verified.
    #[oai(nullable)]
    seconds_ago: Option<u64>,
    /// Whether the last attempt failed.
    failing: bool,
}

/// How messages go.
#[derive(Object)]
pub struct GatewaysReply {
    /// Each gateway that is configured.
    gateways: Vec<GatewayEntry>,
}

/// A gateway, and what became of its messages in the last 24 hours.
#[derive(Object)]
pub struct GatewayEntry {
    /// Its name.
    name: String,
    /// Prefixes of phones that it is tried for; `*` is all others.
    prefixes: Vec<String>,
    /// `closed` while it is called, `open` while it is not, `half-open` while it is tried.
    circuit: String,
    /// Whether others are tried before it, since few of its messages arrive.
    demoted: bool,
    /// What was left on the account when the provider said so last.
    #[oai(nullable)]
    balance: Option<f64>,
    /// Messages that it took.
    sent: i64,
    /// Messages that arrived.
    delivered: i64,
    /// Its latest failures.
    last_errors: Vec<FailureEntry>,
}

/// That a gateway did not take a message.
#[derive(Object)]
pub struct FailureEntry {
    /// When.
    at: OffsetDateTime,
    /// What it said, secrets masked.
    error: String,
}

/// What telling figures may refuse.
pub struct Tell;

impl Refusals for Tell {
    const KINDS: Groups = &[OPERATOR, ANY];
}

type Told<T> = Result<Reply<T>, Refusal<Tell>>;

#[OpenApi(prefix_path = "/admin/api", tag = "Tag::Figures")]
impl FiguresApi {
    /// Show what happened over time
    #[oai(path = "/series/", method = "get", operation_id = "show_series")]
    async fn series(
        &self,
        caller: Caller,
        /// How far back; a day by default.
        span: Query<Option<SpanName>>,
    ) -> Result<Reply<SeriesReply>, Refusal<Browse>> {
        let span = span.0.unwrap_or(SpanName::Day).into();
        let series = caller.look(Look::Series { span }).await;
        Ok(told(&series.map_err(Problem::from)?))
    }

    /// Show how many each week's people invited
    #[oai(path = "/cohorts/", method = "get", operation_id = "show_cohorts")]
    async fn cohorts(&self, caller: Caller) -> Told<CohortsReply> {
        let cohorts = caller.look(Look::Cohorts).await;
        Ok(told(&cohorts.map_err(Problem::from)?))
    }

    /// Show how gateways do
    #[oai(path = "/gateways/", method = "get", operation_id = "show_gateways")]
    async fn gateways(&self, caller: Caller) -> Told<GatewaysReply> {
        let gateways = caller.look(Look::Gateways).await;
        Ok(told(&gateways.map_err(Problem::from)?))
    }

    /// Show how things are
    #[oai(path = "/overview/", method = "get", operation_id = "show_overview")]
    async fn overview(&self, caller: Caller) -> Told<OverviewReply> {
        let overview = caller.look(Look::Overview).await;
        Ok(told(&overview.map_err(Problem::from)?))
    }
}
