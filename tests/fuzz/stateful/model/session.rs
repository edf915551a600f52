//! Sessions: which are live, and what their tokens lead to.

use super::{Index, LEEWAY, Model, OK, Outcome, first, refuse_if};

const ACCESS: i64 = 9000;
const REFRESH: i64 = 86_400;
const GRACE: i64 = 10;
const SESSION: i64 = 90 * 86_400;
const SESSIONS: usize = 50;
/// The default of `login.fresh_for`.
const FRESH: i64 = 900;

pub struct Session {
    pub id: i64,
    pub user: Index,
    pub device: String,
    pub begun: i64,
    /// Every pair that was issued, the current one last.
    pub pairs: Vec<Pair>,
    pub has_ended: bool,
}

#[derive(Clone)]
pub struct Pair {
    pub access: String,
    pub refresh: String,
    pub at: i64,
    /// The same, unless the clock was set back.
    pub since: i64,
    /// Whether the access token was ever used.
    pub is_used: bool,
}

impl Model {
    fn check_token(&self, session: Index, pair: Index, life: i64) -> Outcome {
        let session = &self.sessions[session];
        let at = session.pairs[pair].at;
        let until = (at + life).min(session.begun + SESSION);
        first([
            refuse_if(at > self.now + LEEWAY, "token_invalid"),
            refuse_if(until + LEEWAY <= self.now, "token_expired"),
        ])
    }

    /// Whether an access token is valid by itself.
    pub fn check_access(&self, session: Index, pair: Index) -> Outcome {
        self.check_token(session, pair, ACCESS)
    }

    /// Whether a session exists, once its token was read.
    pub fn session_exists(&self, session: Index) -> Outcome {
        let session = &self.sessions[session];
        let has_ended = session.has_ended || self.users[session.user].is_deleted;
        refuse_if(has_ended, "token_invalid")
    }

    /// Whether the session may move the account to another phone.
    pub fn is_fresh(&self, session: Index) -> Outcome {
        let until = self.sessions[session].begun + FRESH;
        refuse_if(until <= self.monotonic, "fresh_login_required")
    }

    /// The account has moved to another phone from this session.
    pub fn change_phone(&mut self, session: Index, phone: String) {
        let user = self.sessions[session].user;
        for (at, other) in self.sessions.iter_mut().enumerate() {
            other.has_ended |= other.user == user && at != session;
        }
        let kept = &self.sessions[session].device;
        let user = &mut self.users[user];
        user.phone = phone;
        user.devices.retain(|(device, _)| device == kept);
    }

    /// Whether the session may still be refreshed.
    pub fn is_refreshable(&self, session: Index) -> Outcome {
        let until = self.sessions[session].begun + SESSION;
        refuse_if(until <= self.now, "token_invalid")
    }

    /// A session was begun: of too many of its user's, the longest unused end.
    pub fn begin(&mut self, session: Session) {
        let user = session.user;
        self.sessions.push(session);
        let is_kept = |at: &Index| {
            let session = &self.sessions[*at];
            session.user == user && !session.has_ended
        };
        let mut kept: Vec<Index> = (0..self.sessions.len()).filter(is_kept).collect();
        let last = self.sessions.len() - 1;
        kept.sort_by_key(|at| {
            let session = &self.sessions[*at];
            let since = session.pairs[session.pairs.len() - 1].since;
            std::cmp::Reverse((*at == last, since, session.id))
        });
        for at in kept.into_iter().skip(SESSIONS) {
            self.sessions[at].has_ended = true;
        }
    }

    /// The outcome of a refresh token.
    pub fn exchange(&self, session: Index, pair: Index) -> Outcome {
        let pairs = &self.sessions[session].pairs;
        let last = pairs.len() - 1;
        let is_lost = self.monotonic - pairs[last].since <= GRACE || !pairs[last].is_used;
        let is_valid = self.check_token(session, pair, REFRESH);
        match first([
            is_valid,
            self.session_exists(session),
            self.is_refreshable(session),
        ]) {
            OK if pair == last || pair + 1 == last && is_lost => OK,
            OK => "refresh_reused",
            refused => refused,
        }
    }

    /// The user's sessions that can still be refreshed.
    pub fn sessions_of(&self, user: Index) -> Vec<i64> {
        let is_live = |session: &&Session| {
            let until = session.pairs[session.pairs.len() - 1].at + REFRESH;
            let until = until.min(session.begun + SESSION);
            session.user == user && !session.has_ended && until > self.now
        };
        let live = self.sessions.iter().filter(is_live);
        live.map(|session| session.id).collect()
    }
}
