//! The reference model: users, sessions and challenges as the contract has them,
//! in lists. It knows no limits but those of a single token, and counts in
//! whole seconds.

mod challenge;
mod session;

pub use self::{
    challenge::{Challenge, SMS_TOKEN},
    session::{Pair, Session},
};

pub type Index = usize;

/// A problem's code, or `ok`.
pub type Outcome = &'static str;

pub const OK: Outcome = "ok";
const LEEWAY: i64 = 5;
const UNUSED: i64 = 90 * 86_400;
const DEVICES: usize = 20;

#[derive(Default)]
pub struct Model {
    pub now: i64,
    /// The same, unless the clock was set back.
    pub monotonic: i64,
    pub users: Vec<User>,
    pub sessions: Vec<Session>,
    pub challenges: Vec<Challenge>,
}

#[derive(Default)]
pub struct User {
    pub id: i64,
    pub phone: String,
    pub code: String,
    /// First name, last name, e-mail address.
    pub about: [String; 3],
    pub referrer: Option<Index>,
    pub invitees: Vec<Index>,
    pub is_deleted: bool,
    /// Known devices and their latest logins. The one that was used last is last.
    pub devices: Vec<(String, i64)>,
}

impl Model {
    pub fn owner(&self, phone: &str) -> Option<Index> {
        let is_owner = |user: &User| !user.is_deleted && user.phone == phone;
        self.users.iter().position(is_owner)
    }

    fn owner_of_code(&self, code: &str) -> Option<Index> {
        let is_owner = |user: &User| !user.is_deleted && user.code == code;
        self.users.iter().position(is_owner)
    }

    /// The device, if it is known to the phone's user.
    pub fn known(&self, phone: &str, device: Option<&String>) -> Option<String> {
        let devices = self.devices_of(self.owner(phone)?);
        device.filter(|device| devices.contains(device)).cloned()
    }

    /// The user's known devices, the one that was used last first.
    pub fn devices_of(&self, user: Index) -> Vec<&String> {
        let latest = self.users[user].devices.iter().rev().take(DEVICES);
        let known = latest.filter(|(_, used_at)| used_at + UNUSED > self.monotonic);
        known.map(|(device, _)| device).collect()
    }

    /// The outcome of redeeming a well-formed invitation code.
    pub fn redeem(&self, user: Index, code: &str) -> Outcome {
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

    /// The referrer, the referrer's referrer and so on, of which none comes twice.
    pub fn ancestors(&self, user: Index) -> Vec<Index> {
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
    pub fn refer(&mut self, user: Index, code: &str) -> Index {
        let owner = self.owner_of_code(code).expect("a user has the code");
        if self.users[user].referrer.is_none() {
            self.users[user].referrer = Some(owner);
            self.users[owner].invitees.push(user);
        }
        owner
    }

    /// An account was deleted.
    pub fn delete_account(&mut self, user: Index) {
        self.users[user].is_deleted = true;
        let phone = self.users[user].phone.clone();
        for challenge in &mut self.challenges {
            challenge.is_removed |=
                challenge.moving == Some(user) || challenge.phone == phone && challenge.is_used;
        }
    }

    /// Phones of those who redeemed the user's code, but for deleted accounts.
    pub fn invitees(&self, user: Index) -> Vec<&str> {
        let invitees = self.users[user].invitees.iter();
        let invitees = invitees.map(|invitee| &self.users[*invitee]);
        let existing = invitees.filter(|invitee| !invitee.is_deleted);
        existing.map(|invitee| digits(&invitee.phone)).collect()
    }
}

/// The first outcome that is not ok.
pub fn first<const N: usize>(outcomes: [Outcome; N]) -> Outcome {
    let mut outcomes = outcomes.into_iter();
    outcomes.find(|outcome| *outcome != OK).unwrap_or(OK)
}

pub fn refuse_if(is_refused: bool, code: Outcome) -> Outcome {
    if is_refused { code } else { OK }
}

/// A phone as responses write it.
pub fn digits(phone: &str) -> &str {
    phone.trim_start_matches('+')
}
