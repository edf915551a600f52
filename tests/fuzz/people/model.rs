//! What must be so: users, sessions and codes as the contract has them, kept
//! in lists. It knows no limits but those of a single token, and counts in
//! whole seconds.

/// The place of something in its list.
pub type At = usize;

/// A problem's code, or `ok`.
pub type Outcome = &'static str;

pub const OK: Outcome = "ok";
const ACCESS: i64 = 9000;
const REFRESH: i64 = 86_400;
pub const SMS_TOKEN: i64 = 180;
const GRACE: i64 = 10;
const LEEWAY: i64 = 5;
const SESSION: i64 = 90 * 86_400;
const SESSIONS: usize = 50;
const UNUSED: i64 = 90 * 86_400;
const DEVICES: usize = 20;

/// The default of `login.fresh_for`.
const FRESH: i64 = 900;

#[derive(Default)]
pub struct Model {
    pub now: i64,
    /// The same, unless the clock was set back.
    pub at: i64,
    pub users: Vec<User>,
    pub sessions: Vec<Session>,
    pub tickets: Vec<Ticket>,
}

#[derive(Default)]
pub struct User {
    pub id: i64,
    pub phone: String,
    pub code: String,
    /// First name, last name, e-mail address.
    pub about: [String; 3],
    pub referrer: Option<At>,
    pub invitees: Vec<At>,
    pub is_gone: bool,
    /// Known devices and their latest logins. The one that was used last is last.
    pub devices: Vec<(String, i64)>,
}

pub struct Session {
    pub id: i64,
    pub user: At,
    /// The device that it was begun on.
    pub device: String,
    pub begun: i64,
    /// Every generation of it, the current one last.
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

/// An sms-token.
pub struct Ticket {
    /// One of those that were had for it.
    pub token: String,
    pub challenge: i64,
    /// From where it was asked for.
    pub peer: u8,
    pub phone: String,
    pub code: String,
    /// Who wants the phone for their account; nobody, to log in.
    pub mover: Option<At>,
    /// The known device that asked.
    pub device: Option<String>,
    pub at: i64,
    pub wrong: u64,
    pub is_spent: bool,
    pub is_forgotten: bool,
}

impl Model {
    pub fn owner(&self, phone: &str) -> Option<At> {
        self.users
            .iter()
            .position(|user| !user.is_gone && user.phone == phone)
    }

    fn owner_of_code(&self, code: &str) -> Option<At> {
        self.users
            .iter()
            .position(|user| !user.is_gone && user.code == code)
    }

    /// The device, if it is known to the phone's user.
    pub fn known(&self, phone: &str, device: Option<&String>) -> Option<String> {
        let devices = self.devices_of(self.owner(phone)?);
        device.filter(|device| devices.contains(device)).cloned()
    }

    /// The user's known devices, the one that was used last first.
    pub fn devices_of(&self, user: At) -> Vec<&String> {
        let latest = self.users[user].devices.iter().rev().take(DEVICES);
        let known = latest.filter(|(_, used_at)| used_at + UNUSED > self.at);
        known.map(|(device, _)| device).collect()
    }

    fn is_live(&self, ticket: &Ticket) -> bool {
        !ticket.is_spent
            && !ticket.is_forgotten
            && ticket.wrong < 3
            && ticket.at + SMS_TOKEN > self.now
    }

    /// Of strangers, or of all the phone's known devices.
    fn live<'a>(
        &'a self,
        phone: &'a str,
        device: Option<&'a String>,
    ) -> impl Iterator<Item = &'a Ticket> {
        let of = move |ticket: &&Ticket| {
            ticket.phone == phone && ticket.device.is_some() == device.is_some()
        };
        self.tickets
            .iter()
            .filter(of)
            .filter(|ticket| self.is_live(ticket))
    }

    /// What asking for a code of a phone comes to, for a known device or a stranger.
    pub fn ask(&self, phone: &str, device: Option<&String>) -> Outcome {
        if self.live(phone, device).count() >= 3 {
            "sms_rate_limited"
        } else {
            OK
        }
    }

    /// What somebody may go on with who asks again before that is time.
    pub fn again<'a>(
        &'a self,
        phone: &'a str,
        mover: Option<At>,
        device: Option<&'a String>,
        peer: u8,
    ) -> impl Iterator<Item = &'a Ticket> {
        let is_own = move |ticket: &&Ticket| {
            ticket.mover == mover && (device.is_some() || ticket.peer == peer)
        };
        // The clock may have been set back since.
        let is_past = |ticket: &&Ticket| ticket.at <= self.now;
        self.live(phone, device).filter(is_own).filter(is_past)
    }

    /// Seconds until there is room for another token.
    pub fn resend_in(&self, phone: &str, device: Option<&String>) -> i64 {
        let first = self
            .live(phone, device)
            .map(|ticket| ticket.at + SMS_TOKEN - self.now)
            .min();
        first.filter(|_| self.ask(phone, device) != OK).unwrap_or(0)
    }

    /// The code that has to be sent again, if there is one of this length.
    pub fn code_alive(&self, phone: &str, mover: Option<At>, digits: usize) -> Option<&str> {
        let is_sibling = |ticket: &&Ticket| {
            ticket.phone == phone
                && ticket.mover == mover
                && ticket.code.len() == digits
                && self.is_live(ticket)
        };
        self.tickets
            .iter()
            .rfind(is_sibling)
            .map(|ticket| ticket.code.as_str())
    }

    /// What an sms-token is worth before anything is looked up.
    pub fn opens(&self, ticket: At) -> Outcome {
        let ticket = &self.tickets[ticket];
        if ticket.at > self.now + LEEWAY {
            "sms_token_invalid"
        } else if ticket.at + SMS_TOKEN <= self.now {
            "sms_token_expired"
        } else {
            OK
        }
    }

    /// What a guess comes to once the token was opened.
    pub fn guess(&self, ticket: At, mover: Option<At>, guess: &str) -> Outcome {
        let ticket = &self.tickets[ticket];
        if ticket.is_forgotten || ticket.mover != mover {
            "sms_token_invalid"
        } else if ticket.is_spent {
            "sms_token_used"
        } else if ticket.wrong >= 3 {
            "too_many_attempts"
        } else if ticket.code.len() != guess.len() {
            "validation_failed"
        } else if ticket.code == guess {
            OK
        } else {
            "sms_code_invalid"
        }
    }

    /// A phone was proved.
    pub fn spend(&mut self, phone: &str) {
        let of_phone = self
            .tickets
            .iter_mut()
            .filter(|ticket| ticket.phone == phone);
        of_phone.for_each(|ticket| ticket.is_spent = true);
    }

    fn reads(&self, session: At, pair: At, life: i64) -> Outcome {
        let session = &self.sessions[session];
        let at = session.pairs[pair].at;
        let until = (at + life).min(session.begun + SESSION);
        if at > self.now + LEEWAY {
            "token_invalid"
        } else if until + LEEWAY <= self.now {
            "token_expired"
        } else {
            OK
        }
    }

    /// What an access token is worth before anything is looked up.
    pub fn reads_access(&self, session: At, pair: At) -> Outcome {
        self.reads(session, pair, ACCESS)
    }

    /// Whether a session is there, once its token was read.
    pub fn is_there(&self, session: At) -> Outcome {
        let session = &self.sessions[session];
        if session.has_ended || self.users[session.user].is_gone {
            "token_invalid"
        } else {
            OK
        }
    }

    /// Whether the session may move the account to another phone.
    pub fn is_fresh(&self, session: At) -> Outcome {
        if self.sessions[session].begun + FRESH > self.at {
            OK
        } else {
            "fresh_login_required"
        }
    }

    /// The account has moved to another phone from this session.
    pub fn move_to(&mut self, session: At, phone: String) {
        let (user, kept) = (
            self.sessions[session].user,
            self.sessions[session].device.clone(),
        );
        for (at, other) in self.sessions.iter_mut().enumerate() {
            other.has_ended |= other.user == user && at != session;
        }
        self.users[user].phone = phone;
        self.users[user]
            .devices
            .retain(|(device, _)| *device == kept);
    }

    /// Whether the session may draw tokens at all.
    pub fn goes_on(&self, session: At) -> Outcome {
        if self.sessions[session].begun + SESSION > self.now {
            OK
        } else {
            "token_invalid"
        }
    }

    /// A session was begun: too many of its user's, and the longest unused end.
    pub fn begin(&mut self, session: Session) {
        let user = session.user;
        self.sessions.push(session);
        let is_kept = |at: &At| {
            let session = &self.sessions[*at];
            session.user == user && !session.has_ended
        };
        let mut kept: Vec<At> = (0..self.sessions.len()).filter(is_kept).collect();
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

    /// What a refresh token comes to.
    pub fn exchange(&self, session: At, pair: At) -> Outcome {
        let pairs = &self.sessions[session].pairs;
        let last = pairs.len() - 1;
        let is_lost = self.at - pairs[last].since <= GRACE || !pairs[last].is_used;
        let checks = [
            self.reads(session, pair, REFRESH),
            self.is_there(session),
            self.goes_on(session),
        ];
        match checks.into_iter().find(|check| *check != OK) {
            Some(refused) => refused,
            None if pair == last || pair + 1 == last && is_lost => OK,
            None => "refresh_reused",
        }
    }

    /// The user's sessions that can still draw tokens.
    pub fn sessions_of(&self, user: At) -> Vec<i64> {
        let draws = |session: &&Session| {
            let until = session.pairs[session.pairs.len() - 1].at + REFRESH;
            until.min(session.begun + SESSION) > self.now
        };
        let live = self
            .sessions
            .iter()
            .filter(|session| session.user == user && !session.has_ended);
        live.filter(draws).map(|session| session.id).collect()
    }

    /// What entering a well-formed invitation code comes to.
    pub fn redeem(&self, user: At, code: &str) -> Outcome {
        let owner = self.owner_of_code(code);
        match (self.users[user].referrer, owner) {
            (Some(first), Some(owner)) if first == owner => OK,
            (Some(_), _) => "invitation_already_set",
            (None, None) => "invitation_not_found",
            (None, Some(owner)) if owner == user => "invitation_self",
            (None, Some(owner)) if self.ancestors(owner).contains(&user) => "invitation_cycle",
            (None, Some(_)) => OK,
        }
    }

    /// Who led to a user, step by step. It ends, for there is no cycle.
    pub fn ancestors(&self, user: At) -> Vec<At> {
        let mut ancestors = Vec::new();
        let mut next = self.users[user].referrer;
        while let Some(referrer) = next {
            assert!(!ancestors.contains(&referrer), "a cycle");
            ancestors.push(referrer);
            next = self.users[referrer].referrer;
        }
        ancestors
    }

    /// A code was accepted; its owner.
    pub fn refer(&mut self, user: At, code: &str) -> At {
        let owner = self.owner_of_code(code).expect("somebody has the code");
        if self.users[user].referrer.is_none() {
            self.users[user].referrer = Some(owner);
            self.users[owner].invitees.push(user);
        }
        owner
    }

    /// An account was deleted.
    pub fn close(&mut self, user: At) {
        self.users[user].is_gone = true;
        let phone = self.users[user].phone.clone();
        for ticket in &mut self.tickets {
            ticket.is_forgotten |=
                ticket.mover == Some(user) || ticket.phone == phone && ticket.is_spent;
        }
    }

    /// Phones of those who entered the user's code and are still there.
    pub fn invitees(&self, user: At) -> Vec<&str> {
        let invitees = self.users[user]
            .invitees
            .iter()
            .map(|invitee| &self.users[*invitee]);
        invitees
            .filter(|invitee| !invitee.is_gone)
            .map(|invitee| digits(&invitee.phone))
            .collect()
    }
}

/// A phone as answers write it.
pub fn digits(phone: &str) -> &str {
    phone.trim_start_matches('+')
}
