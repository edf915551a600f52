//! The state that one phone must have by all acknowledged responses, refusals
//! included.

use crate::harness::line::Response;

/// What was acknowledged, and at most one request that is indeterminate.
#[derive(Default)]
pub struct PhoneState {
    pub phone: String,
    pub account: Option<Account>,
    pub session: Option<Session>,
    /// A challenge that can still be answered, or is exhausted.
    pub challenge: Option<Challenge>,
    /// The last request, as long as it has no response.
    pub pending: Option<Request>,
    /// Challenges that no longer log anybody in.
    pub refused: Vec<(Challenge, Refusals)>,
    pub ended: Vec<Session>,
    /// Invitation codes of deleted accounts.
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
    pub attempts_left: u64,
}

/// The problems of which one refuses an sms-token.
type Refusals = &'static [&'static str];

const EXHAUSTED: Refusals = &["too_many_attempts"];
const USED: Refusals = &["sms_token_used"];
/// The account is deleted, and the token's record with it.
const DELETED: Refusals = &["sms_token_used", "sms_token_invalid"];

pub enum Request {
    Ask,
    Guess,
    /// With the phone of the referrer whose code was sent along.
    Confirm(Option<String>),
    Rename(String),
    Redeem(String),
    Refresh,
    EndSession,
    DeleteAccount,
}

impl PhoneState {
    pub fn new(phone: String) -> Self {
        Self {
            phone,
            ..Self::default()
        }
    }

    pub fn logged_in(&mut self, response: &Response) {
        self.use_up_tokens();
        self.session = Some(Session {
            access: response.text("access"),
            refresh: response.text("refresh"),
            before: [None, None],
        });
        self.account.get_or_insert_default();
    }

    /// A login uses up every token of the phone.
    pub fn use_up_tokens(&mut self) {
        self.retire_challenge();
        for (_, refusals) in &mut self.refused {
            if *refusals == EXHAUSTED {
                *refusals = USED;
            }
        }
    }

    pub fn retire_challenge(&mut self) {
        let exhausted = self.challenge.take();
        let exhausted = exhausted.map(|challenge| (challenge, EXHAUSTED));
        self.refused.extend(exhausted);
    }

    pub fn end_session(&mut self) {
        self.ended.extend(self.session.take());
    }

    pub fn delete_account(&mut self) {
        self.end_session();
        let code = self.account.take().and_then(|account| account.code);
        self.retired_codes.extend(code);
        for (_, refusals) in &mut self.refused {
            *refusals = DELETED;
        }
    }
}

impl Session {
    pub fn refreshed(&mut self, response: &Response) {
        let used = std::mem::replace(&mut self.refresh, response.text("refresh"));
        self.access = response.text("access");
        self.before = [Some(used), self.before[0].take()];
    }
}
