//! Challenges: which are live, and what a request or a guess leads to.

use super::{Index, LEEWAY, Model, OK, Outcome, first, refuse_if};

pub const SMS_TOKEN: i64 = 180;

pub struct Challenge {
    /// The latest for it.
    pub token: String,
    pub id: i64,
    /// Who requested it.
    pub peer: u8,
    pub phone: String,
    pub code: String,
    /// The user who moves to the phone; none for a login.
    pub moving: Option<Index>,
    /// The known device that asked.
    pub device: Option<String>,
    pub at: i64,
    pub wrong: u64,
    pub is_used: bool,
    pub is_removed: bool,
}

impl Model {
    fn is_live(&self, challenge: &Challenge) -> bool {
        !challenge.is_used
            && !challenge.is_removed
            && challenge.wrong < 3
            && challenge.at + SMS_TOKEN > self.now
    }

    /// Of unknown devices, or of all the phone's known ones.
    fn live<'a>(
        &'a self,
        phone: &'a str,
        device: Option<&'a String>,
    ) -> impl Iterator<Item = &'a Challenge> {
        self.challenges.iter().filter(move |challenge| {
            let is_known = challenge.device.is_some();
            challenge.phone == phone && is_known == device.is_some() && self.is_live(challenge)
        })
    }

    /// The outcome of requesting a code, for a known or an unknown device.
    pub fn ask(&self, phone: &str, device: Option<&String>) -> Outcome {
        let is_limited = self.live(phone, device).count() >= 3;
        refuse_if(is_limited, "sms_rate_limited")
    }

    /// The live challenges that a repeated request may get again.
    pub fn reusable<'a>(
        &'a self,
        phone: &'a str,
        moving: Option<Index>,
        device: Option<&'a String>,
        peer: u8,
    ) -> impl Iterator<Item = &'a Challenge> {
        let is_own = move |challenge: &&Challenge| {
            challenge.moving == moving && (device.is_some() || challenge.peer == peer)
        };
        // The clock may have been set back since.
        let is_past = |challenge: &&Challenge| challenge.at <= self.now;
        self.live(phone, device).filter(is_own).filter(is_past)
    }

    /// Seconds until there is room for another token.
    pub fn resend_in(&self, phone: &str, device: Option<&String>) -> i64 {
        let live = self.live(phone, device);
        let waits = live.map(|challenge| challenge.at + SMS_TOKEN - self.now);
        let is_limited = self.ask(phone, device) != OK;
        waits.min().filter(|_| is_limited).unwrap_or(0)
    }

    /// The live code of this length, which has to be sent again.
    pub fn live_code(&self, phone: &str, moving: Option<Index>, digits: usize) -> Option<&str> {
        let is_sibling = |challenge: &&Challenge| {
            challenge.phone == phone
                && challenge.moving == moving
                && challenge.code.len() == digits
                && self.is_live(challenge)
        };
        let found = self.challenges.iter().rfind(is_sibling);
        found.map(|challenge| challenge.code.as_str())
    }

    /// Whether an sms-token is valid by itself.
    pub fn check_challenge(&self, challenge: Index) -> Outcome {
        let challenge = &self.challenges[challenge];
        first([
            refuse_if(challenge.at > self.now + LEEWAY, "sms_token_invalid"),
            refuse_if(challenge.at + SMS_TOKEN <= self.now, "sms_token_expired"),
        ])
    }

    /// The outcome of a guess once the token was opened.
    pub fn guess(&self, challenge: Index, moving: Option<Index>, guess: &str) -> Outcome {
        let challenge = &self.challenges[challenge];
        let is_invalid = challenge.is_removed || challenge.moving != moving;
        let is_malformed = challenge.code.len() != guess.len();
        first([
            refuse_if(is_invalid, "sms_token_invalid"),
            refuse_if(challenge.is_used, "sms_token_used"),
            refuse_if(challenge.wrong >= 3, "too_many_attempts"),
            refuse_if(is_malformed, "validation_failed"),
            refuse_if(challenge.code != guess, "sms_code_invalid"),
        ])
    }

    /// A phone was proved.
    pub fn use_up(&mut self, phone: &str) {
        for challenge in &mut self.challenges {
            challenge.is_used |= challenge.phone == phone;
        }
    }
}
