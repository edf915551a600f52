//! One phone and all that its client was told of it, refusals included.

use crate::harness::line::Told;

/// What the client was told, and the one thing at most that it does not know.
#[derive(Default)]
pub struct Person {
    pub phone: String,
    pub account: Option<Account>,
    pub session: Option<Session>,
    /// A challenge that can still be answered, or is exhausted.
    pub token: Option<Challenge>,
    /// What was asked for last, as long as no answer came.
    pub doubt: Option<Doubt>,
    pub used: Vec<Used>,
    pub ended: Vec<Session>,
    /// Invitation codes of accounts that were deleted.
    pub retired_codes: Vec<String>,
}

#[derive(Default)]
pub struct Account {
    /// The invitation code, once it was read.
    pub code: Option<String>,
    pub name: String,
    /// Phone of the referrer.
    pub referrer: Option<String>,
}

#[derive(Clone)]
pub struct Session {
    pub access: String,
    pub refresh: String,
    /// The refresh token that was exchanged for this one, and the one before that.
    pub before: [Option<String>; 2],
}

pub struct Challenge {
    pub token: String,
    pub code: String,
    /// Guesses that are left.
    pub left: u64,
}

/// A token that nobody gets in with any more.
pub struct Used {
    pub token: String,
    pub code: String,
    /// With which of these it is refused.
    pub refusals: &'static [&'static str],
}

const EXHAUSTED: &[&str] = &["too_many_attempts"];
const USED: &[&str] = &["sms_token_used"];
/// The account is deleted, and the token's record with it.
const CLOSED: &[&str] = &["sms_token_used", "sms_token_invalid"];

/// A request whose answer did not come: it was done, or it was not.
pub enum Doubt {
    Asked,
    Guessed,
    /// With the phone of the referrer whose code was sent along.
    Confirmed(Option<String>),
    Named(String),
    Redeemed(String),
    Rotated,
    Ended,
    Closed,
}

impl Person {
    pub fn of(phone: String) -> Self {
        Self {
            phone,
            ..Self::default()
        }
    }

    /// The login succeeded: every token of the phone is used up.
    pub fn welcome(&mut self, told: &Told) {
        self.use_up();
        self.session = Some(Session {
            access: told.text("access"),
            refresh: told.text("refresh"),
            before: [None, None],
        });
        self.account.get_or_insert_default();
    }

    /// No token of the phone is good any more.
    pub fn use_up(&mut self) {
        self.retire_token();
        for used in self
            .used
            .iter_mut()
            .filter(|used| used.refusals == EXHAUSTED)
        {
            used.refusals = USED;
        }
    }

    /// Puts an exhausted token aside.
    pub fn retire_token(&mut self) {
        self.used.extend(self.token.take().map(|token| Used {
            token: token.token,
            code: token.code,
            refusals: EXHAUSTED,
        }));
    }

    /// The session has ended.
    pub fn end(&mut self) {
        self.ended.extend(self.session.take());
    }

    /// The account is deleted.
    pub fn close(&mut self) {
        self.end();
        let account = self.account.take();
        self.retired_codes
            .extend(account.and_then(|account| account.code));
        for used in &mut self.used {
            used.refusals = CLOSED;
        }
    }
}

impl Session {
    /// The session goes on with the next pair.
    pub fn rotate(&mut self, told: &Told) {
        let [before, _] = std::mem::take(&mut self.before);
        let shown = std::mem::replace(&mut self.refresh, told.text("refresh"));
        self.access = told.text("access");
        self.before = [Some(shown), before];
    }
}
