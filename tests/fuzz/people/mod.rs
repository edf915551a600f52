//! People who do things in any order, while the clock moves; every answer is
//! held against the model.

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

use self::model::{At, Model, OK, Outcome};
use super::{
    Outcomes,
    chance::Chance,
    law::{Law, told},
    shot::{Shot, header::Header},
};
use crate::harness::{Harness, Reply};

/// How many phones there are at a time.
const PHONES: usize = 5;
/// Deeds of which the last are told when one went wrong.
const STORY: usize = 40;
/// The clock is never set back by so much that something is pruned which
/// would matter again: challenges are kept for ten minutes.
const BACK: i64 = 590;

pub struct People {
    harness: Option<Harness>,
    law: Law,
    /// The last byte of the address of whoever does something.
    peer: u8,
    chance: Chance,
    model: Model,
    /// Whether limits are on: then a refusal for their sake is as good.
    is_limited: bool,
    phones: Vec<String>,
    /// Of so many waits one is long.
    pace: usize,
    story: Vec<String>,
    /// How often each outcome came.
    pub outcomes: Outcomes,
    /// When strangers guessed short codes of a phone wrong.
    misses: BTreeMap<String, Vec<i64>>,
    /// When a phone got messages for strangers.
    sends: BTreeMap<String, Vec<i64>>,
    latest: i64,
}

impl People {
    pub fn of(harness: Harness, mut chance: Chance, is_limited: bool) -> Self {
        let now = harness.app.now().seconds();
        Self {
            model: Model {
                now,
                at: harness.app.monotonic.now().seconds(),
                ..Model::default()
            },
            harness: Some(harness),
            law: Law::read(),
            peer: 0,
            phones: (0..PHONES).map(|_| chance.phone()).collect(),
            pace: *chance.pick(&[3, 8, 30]),
            chance,
            is_limited,
            story: Vec::new(),
            outcomes: Outcomes::new(),
            misses: BTreeMap::new(),
            sends: BTreeMap::new(),
            latest: now,
        }
    }

    fn harness(&self) -> &Harness {
        self.harness
            .as_ref()
            .expect("there is a harness between deeds")
    }

    /// How many requests were sent.
    pub fn sent(&self) -> usize {
        self.outcomes.values().sum()
    }

    /// Sends a request; whether it came out as predicted. Otherwise it was one
    /// of those `limits` that may come in between.
    async fn call(
        &mut self,
        (method, path): (Method, &str),
        headers: Vec<Header>,
        body: Option<Value>,
        (predicted, limits): (Outcome, &[&str]),
    ) -> (Reply, bool) {
        let mut shot = Shot::plain(method, path, headers);
        if let Some(body) = body {
            shot.headers
                .push(("content-type", b"application/json".to_vec()));
            shot.body = body.to_string().into_bytes();
        }
        let peer = IpAddr::from([198, 51, 100, self.peer]);
        let reply = shot
            .send(self.harness(), peer)
            .await
            .expect("a client can send this");
        let told = told(&reply);
        self.tell(format!("{} {shot:?}\n  {told}\n", self.model.now));
        *self.outcomes.entry(told.clone()).or_default() += 1;
        if let Err(reason) = self.law.judge(&shot, &reply) {
            panic!("{reason}: {reply:?}");
        }
        let as_predicted = told == predicted;
        assert!(
            as_predicted || self.is_limited && limits.contains(&told.as_str()),
            "not {predicted}: {reply:?}"
        );
        (reply, as_predicted)
    }

    fn tell(&mut self, deed: String) {
        if self.story.len() > 2 * STORY {
            self.story.drain(..STORY);
        }
        self.story.push(deed);
    }

    /// Somebody does something.
    pub async fn act(&mut self) {
        self.peer = self.chance.byte() % 2;
        match self.chance.below(30) {
            0..=4 => self.ask().await,
            5..=11 => self.confirm().await,
            12..=14 => self.exchange().await,
            15 | 16 => self.redeem().await,
            17 | 18 => self.read().await,
            19 => self.describe().await,
            20 => self.page().await,
            21 => self.list_sessions().await,
            22 => self.end_session().await,
            23 if self.chance.one_in(2) => self.log_out().await,
            24 if self.chance.one_in(3) => self.delete().await,
            25 => self.ask_move().await,
            26 | 27 => self.confirm_move().await,
            _ => self.wait(),
        }
    }

    fn device(&mut self) -> Option<String> {
        let user = self.pick_late(self.model.users.len())?;
        // Older ones may have had to make room, and some were forgotten.
        let latest = self.model.users[user].devices.iter().rev().take(5);
        let latest: Vec<_> = latest.map(|(device, _)| device.clone()).collect();
        if latest.is_empty() {
            return None;
        }
        Some(self.chance.pick(&latest).clone()).filter(|_| self.chance.one_in(2))
    }

    /// A call with an access token and nothing that could go wrong otherwise.
    async fn simply(
        &mut self,
        call: (Method, &str),
        body: Option<Value>,
    ) -> Option<(Reply, At, At)> {
        let at = self.pick_session()?;
        let (predicted, header) = self.bearer(at);
        let (reply, _) = self.call(call, vec![header], body, (predicted, &[])).await;
        let user = self.model.sessions[at.0].user;
        reply.status.is_success().then_some((reply, at.0, user))
    }

    /// Lets time pass, sets the clock back, moves to other phones, or starts
    /// the service anew.
    fn wait(&mut self) {
        let is_long = self.chance.one_in(self.pace);
        let spans: &[u64] = if is_long {
            &[179, 180, 181, 901, 3601, 9004, 9005, 86_400]
        } else {
            &[1, 1, 1, 4, 5, 6, 10, 11, 61]
        };
        let seconds = *self.chance.pick(spans);
        match self.chance.below(40) {
            0 => {
                let place = self.chance.below(PHONES);
                self.phones[place] = self.chance.phone();
            }
            1 => self.harness = self.harness.take().map(Harness::restarted),
            2..=5 if !self.is_limited => {
                let most = BACK - (self.latest - self.model.now);
                let back = seconds.min(most.unsigned_abs());
                let harness = self.harness();
                harness
                    .clock
                    .set(harness.app.now() - Duration::from_secs(back));
            }
            _ => self.harness().advance(seconds),
        }
        self.model.now = self.harness().app.now().seconds();
        self.model.at = self.harness().app.monotonic.now().seconds();
        self.latest = self.latest.max(self.model.now);
        self.tell(format!("it is {}\n", self.model.now));
    }

    /// One of the latest of a list; an early one now and then.
    fn pick_late(&mut self, length: usize) -> Option<At> {
        if length == 0 {
            return None;
        }
        let reach = if self.chance.one_in(5) {
            length
        } else {
            length.min(6)
        };
        Some(length - 1 - self.chance.below(reach))
    }

    /// A session and a generation of it; mostly ones that are good.
    fn pick_session(&mut self) -> Option<(At, At)> {
        let session = (0..4)
            .filter_map(|_| self.pick_late(self.model.sessions.len()))
            .collect::<Vec<_>>();
        let live = session
            .iter()
            .find(|session| self.model.is_there(**session) == OK);
        let session = *live.or(session.first())?;
        let pairs = self.model.sessions[session].pairs.len();
        let pair = if self.chance.one_in(5) {
            self.chance.below(pairs)
        } else {
            pairs - 1
        };
        Some((session, pair))
    }

    /// What the access token of a session comes to, and the header for it.
    fn bearer(&mut self, (session, pair): (At, At)) -> (Outcome, Header) {
        let checks = [
            self.model.reads_access(session, pair),
            self.model.is_there(session),
        ];
        let outcome = first(checks);
        let pair = &mut self.model.sessions[session].pairs[pair];
        pair.is_used |= outcome == OK;
        let token = &pair.access;
        (
            outcome,
            ("authorization", format!("Bearer {token}").into_bytes()),
        )
    }
}

impl Drop for People {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let told = self.story.len().saturating_sub(STORY);
            println!("{}", self.story[told..].concat());
        }
    }
}

/// Asserts that no window of so many seconds holds more events than it may,
/// now that the last of them has come.
#[track_caller]
pub fn assert_within(windows: &[(usize, i64)], events: &[i64]) {
    let last = *events.last().expect("something happened");
    for (most, span) in windows {
        let counted = events.iter().filter(|at| **at + span > last).count();
        assert!(counted <= *most, "{counted} in {span} s");
    }
}

/// A token in a header, if there is one.
fn shown(name: &'static str, token: Option<String>) -> Vec<Header> {
    token
        .into_iter()
        .map(|token| (name, token.into_bytes()))
        .collect()
}

/// The first check that does not pass.
fn first<const N: usize>(checks: [Outcome; N]) -> Outcome {
    checks.into_iter().find(|check| *check != OK).unwrap_or(OK)
}
