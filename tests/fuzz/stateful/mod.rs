//! Random steps in any order, while the clock moves; every response is compared
//! with the model.

mod invitation;
mod login;
mod model;
mod phone;
mod profile;
mod session;
mod spelling;

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use poem::http::Method;
use serde_json::Value;

use self::model::{Index, Model, OK, Outcome, first};
use super::{
    Outcomes,
    checks::{ResponseChecks, outcome},
    request::{GeneratedRequest, header::Header},
    rng::TestRng,
};
use crate::harness::{Harness, Reply};

/// How many phones there are at a time.
const PHONES: usize = 5;
/// How many of the last steps a failure prints.
const TRACE: usize = 40;
/// The clock is never set back by so much that something is pruned which
/// would matter again: challenges are kept for ten minutes.
const BACK: i64 = 590;

pub struct StatefulTest {
    harness: Option<Harness>,
    checks: ResponseChecks,
    /// The last byte of the client's address.
    peer: u8,
    rng: TestRng,
    model: Model,
    /// Whether limits are on: then their refusals are right as well.
    is_limited: bool,
    phones: Vec<String>,
    /// Of so many waits one is long.
    long_wait_in: usize,
    trace: Vec<String>,
    pub outcomes: Outcomes,
    /// When unknown devices guessed short codes of a phone wrong.
    wrong_guesses: BTreeMap<String, Vec<i64>>,
    /// When a phone got messages for unknown devices.
    sends: BTreeMap<String, Vec<i64>>,
    latest: i64,
}

impl StatefulTest {
    pub fn with_limits(rng: TestRng) -> Self {
        Self::new(Harness::as_is(&[]), rng, true)
    }

    pub fn without_limits(rng: TestRng) -> Self {
        // Too many guesses are wrong for short codes to stay valid.
        let long_codes = [("INVITED_LOGIN__CODE_LENGTH", "6")];
        Self::new(Harness::with(&long_codes), rng, false)
    }

    fn new(harness: Harness, mut rng: TestRng, is_limited: bool) -> Self {
        let now = harness.app.now().seconds();
        Self {
            model: Model {
                now,
                monotonic: harness.app.monotonic.now().seconds(),
                ..Model::default()
            },
            harness: Some(harness),
            checks: ResponseChecks::read(),
            peer: 0,
            phones: (0..PHONES).map(|_| rng.phone()).collect(),
            long_wait_in: *rng.choose(&[3, 8, 30]),
            rng,
            is_limited,
            trace: Vec::new(),
            outcomes: Outcomes::new(),
            wrong_guesses: BTreeMap::new(),
            sends: BTreeMap::new(),
            latest: now,
        }
    }

    fn harness(&self) -> &Harness {
        let harness = self.harness.as_ref();
        harness.expect("there is a harness between steps")
    }

    pub fn sent(&self) -> usize {
        self.outcomes.values().sum()
    }

    /// Sends a request; whether its outcome is the predicted one. Otherwise it is
    /// one of the `limits` that may come in between.
    async fn call(
        &mut self,
        (method, path): (Method, &str),
        headers: Vec<Header>,
        body: Option<Value>,
        (predicted, limits): (Outcome, &[&str]),
    ) -> (Reply, bool) {
        let mut request = GeneratedRequest::plain(method, path, headers);
        if let Some(body) = body {
            let json = ("content-type", b"application/json".to_vec());
            request.headers.push(json);
            request.body = body.to_string().into_bytes();
        }
        let peer = IpAddr::from([198, 51, 100, self.peer]);
        let reply = request.send(self.harness(), peer).await;
        let reply = reply.expect("a client can send this");
        let outcome = outcome(&reply);
        self.record(format!("{} {request:?}\n  {outcome}\n", self.model.now));
        *self.outcomes.entry(outcome.clone()).or_default() += 1;
        if let Err(violation) = self.checks.check(&request, &reply) {
            panic!("{violation}: {reply:?}");
        }
        let as_predicted = outcome == predicted;
        let is_limit = self.is_limited && limits.contains(&&*outcome);
        assert!(as_predicted || is_limit, "not {predicted}: {reply:?}");
        (reply, as_predicted)
    }

    fn record(&mut self, step: String) {
        if self.trace.len() > 2 * TRACE {
            self.trace.drain(..TRACE);
        }
        self.trace.push(step);
    }

    pub async fn step(&mut self) {
        self.peer = self.rng.byte() % 2;
        match self.rng.below(30) {
            0..=4 => self.request_code().await,
            5..=11 => self.confirm().await,
            12..=14 => self.exchange().await,
            15 | 16 => self.redeem().await,
            17 | 18 => self.read().await,
            19 => self.update().await,
            20 => self.list_invitees().await,
            21 => self.list_sessions().await,
            22 => self.end_session().await,
            23 if self.rng.one_in(2) => self.log_out().await,
            24 if self.rng.one_in(3) => self.delete().await,
            25 => self.request_phone_change().await,
            26 | 27 => self.confirm_phone_change().await,
            _ => self.pass_time(),
        }
    }

    fn device(&mut self) -> Option<String> {
        let user = self.choose_recent(self.model.users.len())?;
        // Older ones may have been evicted, and some have expired.
        let devices = &self.model.users[user].devices;
        let latest = &devices[devices.len().saturating_sub(5)..];
        if latest.is_empty() {
            return None;
        }
        let (device, _) = self.rng.choose(latest);
        Some(device.clone()).filter(|_| self.rng.one_in(2))
    }

    /// A call that nothing but its access token decides.
    async fn authorized(
        &mut self,
        call: (Method, &str),
        body: Option<Value>,
    ) -> Option<(Reply, Index, Index)> {
        let at = self.choose_session()?;
        let (_, reply) = self.authorized_with(at, call, body).await;
        let user = self.model.sessions[at.0].user;
        reply.status.is_success().then_some((reply, at.0, user))
    }

    async fn authorized_with(
        &mut self,
        at: (Index, Index),
        call: (Method, &str),
        body: Option<Value>,
    ) -> (Outcome, Reply) {
        let (predicted, header) = self.bearer(at);
        let (reply, _) = self.call(call, vec![header], body, (predicted, &[])).await;
        (predicted, reply)
    }

    /// Advances the clock, sets it back, replaces a phone, or restarts the
    /// service.
    fn pass_time(&mut self) {
        let is_long = self.rng.one_in(self.long_wait_in);
        let spans: &[u64] = if is_long {
            &[179, 180, 181, 901, 3601, 9004, 9005, 86_400]
        } else {
            &[1, 1, 1, 4, 5, 6, 10, 11, 61]
        };
        let seconds = *self.rng.choose(spans);
        match self.rng.below(40) {
            0 => {
                let place = self.rng.below(PHONES);
                self.phones[place] = self.rng.phone();
            }
            1 => self.harness = self.harness.take().map(Harness::restarted),
            2..=5 if !self.is_limited => {
                let most = BACK - (self.latest - self.model.now);
                let back = seconds.min(most.unsigned_abs());
                let now = self.harness().app.now();
                self.harness().clock.set(now - Duration::from_secs(back));
            }
            _ => self.harness().advance(seconds),
        }
        self.model.now = self.harness().app.now().seconds();
        self.model.monotonic = self.harness().app.monotonic.now().seconds();
        self.latest = self.latest.max(self.model.now);
        self.record(format!("it is {}\n", self.model.now));
    }

    /// An index near the end of a list; any one now and then.
    fn choose_recent(&mut self, length: usize) -> Option<Index> {
        if length == 0 {
            return None;
        }
        let is_any = self.rng.one_in(5);
        let reach = if is_any { length } else { length.min(6) };
        Some(length - 1 - self.rng.below(reach))
    }

    /// A session and one of its pairs; mostly valid ones.
    fn choose_session(&mut self) -> Option<(Index, Index)> {
        let count = self.model.sessions.len();
        let tried: Vec<_> = (0..4).filter_map(|_| self.choose_recent(count)).collect();
        let is_live = |session: &&Index| self.model.session_exists(**session) == OK;
        let session = *tried.iter().find(is_live).or(tried.first())?;
        let pairs = self.model.sessions[session].pairs.len();
        let pair = if self.rng.one_in(5) {
            self.rng.below(pairs)
        } else {
            pairs - 1
        };
        Some((session, pair))
    }

    /// The outcome of a session's access token, and the header with it.
    fn bearer(&mut self, (session, pair): (Index, Index)) -> (Outcome, Header) {
        let is_valid = self.model.check_access(session, pair);
        let outcome = first([is_valid, self.model.session_exists(session)]);
        let pair = &mut self.model.sessions[session].pairs[pair];
        pair.is_used |= outcome == OK;
        let bearer = format!("Bearer {}", pair.access).into_bytes();
        (outcome, ("authorization", bearer))
    }
}

impl Drop for StatefulTest {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let start = self.trace.len().saturating_sub(TRACE);
            println!("{}", self.trace[start..].concat());
        }
    }
}

/// Asserts that no window of so many seconds has more events than it may, now
/// that the last of them has come.
#[track_caller]
pub fn assert_rate(windows: &[(usize, i64)], events: &[i64]) {
    let last = *events.last().expect("something happened");
    for (most, span) in windows {
        let counted = events.iter().filter(|at| **at + span > last).count();
        assert!(counted <= *most, "{counted} in {span} s");
    }
}

/// A token in a header, if there is one.
fn token_header(name: &'static str, token: Option<String>) -> Vec<Header> {
    let header = token.map(|token| (name, token.into_bytes()));
    header.into_iter().collect()
}
