//! One row, and what it says of a person once it is read by the rules that
//! people's own entries are read by.

use super::reason::{Note, Reason};
use crate::domain::{
    code::InvitationCode,
    destination::Destinations,
    id::{self, UserId},
    person::{Email, Name},
    phone::Phone,
    region::Region,
    time::{self, Timestamp},
};

/// One row as it stands in the file; what is `""` is not known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Row<'a> {
    /// The line that it begins in.
    pub line: u64,
    /// The identifier; a fresh one is drawn where there is none.
    pub id: &'a str,
    /// The phone.
    pub phone: &'a str,
    /// The first name.
    pub first_name: &'a str,
    /// The last name.
    pub last_name: &'a str,
    /// The e-mail address.
    pub email: &'a str,
    /// The invitation code; a fresh one is drawn where there is none.
    pub invitation_code: &'a str,
    /// The referrer.
    pub invited_by: InvitedBy<'a>,
    /// When the referrer's code was entered; that is `created_at` where it is not known.
    pub invited_at: &'a str,
    /// When the account came to be; that is now where it is not known.
    pub created_at: &'a str,
    /// Since when the user is banned, if so; that is now where it is not known.
    pub banned_at: Option<&'a str>,
    /// Whether it is staff's, or there is a password to it.
    pub is_privileged: bool,
}

/// How a row names its referrer.
#[derive(Debug, Clone, Copy, Default)]
pub enum InvitedBy<'a> {
    /// It does not.
    #[default]
    Nobody,
    /// By identifier.
    Id(&'a str),
    /// By phone.
    Phone(&'a str),
    /// By invitation code.
    Code(&'a str),
}

/// What rows are read by.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Where phones are from that are written in a domestic form.
    pub region: Region,
    /// Which phones can be sent to.
    pub destinations: Destinations,
    /// The longest invitation codes.
    pub code_length: usize,
    /// The time of the import.
    pub now: Timestamp,
}

/// A referrer, as they can be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is what the user is found by")]
pub enum Referrer {
    Id(UserId),
    Phone(Phone),
    Code(InvitationCode),
}

/// Somebody to be imported.
#[derive(Debug, Clone)]
pub struct Person {
    /// The line that the row begins in.
    pub line: u64,
    /// The identifier, if the row has one.
    pub id: Option<UserId>,
    /// The phone.
    pub phone: Phone,
    /// The first name.
    pub first_name: Name,
    /// The last name.
    pub last_name: Name,
    /// The e-mail address.
    pub email: Email,
    /// The invitation code, if it can be kept.
    pub code: Option<InvitationCode>,
    /// The letters and digits of a fresh one.
    pub code_length: usize,
    /// Who invited them, if anybody did.
    pub referrer: Option<Referrer>,
    /// When that was.
    pub invited_at: Timestamp,
    /// When the account came to be.
    pub created_at: Timestamp,
    /// Since when they are banned, if so.
    pub banned_at: Option<Timestamp>,
    /// What was not kept.
    pub reasons: Vec<Reason>,
}

impl Person {
    /// Reads a row by itself.
    ///
    /// # Errors
    /// Why it cannot be imported.
    pub fn read(row: &Row<'_>, rules: &Rules) -> Result<Self, Reason> {
        let id = user_id(row.id)?;
        let phone = Phone::parse(row.phone, rules.region).map_err(|_| Reason::NotAPhone)?;
        let mut reasons = Vec::new();
        if !rules.destinations.cover(phone) {
            reasons.push(Reason::NotADestination);
        }
        let mut date = |name, text: &str, unknown| match time::parse_instant(text) {
            _ if text.is_empty() => unknown,
            Some(at) if (Timestamp::default()..=rules.now).contains(&at) => at,
            _ => {
                reasons.push(Reason::Date(name));
                rules.now
            }
        };
        let created_at = date("created_at", row.created_at, rules.now);
        let invited_at = date("invited_at", row.invited_at, created_at);
        let banned_at = row.banned_at.map(|at| date("banned_at", at, rules.now));
        let code = kept(code(row.invitation_code, rules), &mut reasons);
        let first_name = Name::parse(row.first_name).map_err(Reason::FirstName);
        let last_name = Name::parse(row.last_name).map_err(Reason::LastName);
        let email = Email::parse(row.email).map_err(Reason::Email);
        let person = Self {
            line: row.line,
            id,
            phone,
            first_name: kept(first_name, &mut reasons),
            last_name: kept(last_name, &mut reasons),
            email: kept(email, &mut reasons),
            code,
            code_length: rules.code_length,
            referrer: kept(referrer(row.invited_by, rules.region), &mut reasons),
            invited_at,
            created_at,
            banned_at,
            reasons,
        };
        Ok(person.with_its_row(row))
    }

    /// What is lost that no value of the row's is to blame for.
    fn with_its_row(mut self, row: &Row<'_>) -> Self {
        let is_folded = |code: InvitationCode| code.as_str() != row.invitation_code;
        if self.code.is_some_and(is_folded) {
            self.reasons.push(Reason::CodeFolded);
        }
        if row.is_privileged {
            self.reasons.push(Reason::Privileged);
        }
        self
    }

    /// Whether the code was not written as it is kept.
    pub fn is_folded(&self) -> bool {
        self.reasons.contains(&Reason::CodeFolded)
    }

    /// Takes the code away, which is somebody else's.
    pub fn lose_code(&mut self) {
        self.code = None;
        self.reasons.retain(|reason| *reason != Reason::CodeFolded);
        self.reasons.push(Reason::CodeTaken);
    }

    /// What there is to report, for this reason.
    pub fn note(&self, reason: Reason) -> Note {
        Note {
            line: self.line,
            id: self.id.map(|id| id.0.to_string()).unwrap_or_default(),
            phone: Some(self.phone),
            reason,
        }
    }
}

/// The value, or its default and why.
fn kept<T: Default>(read: Result<T, Reason>, reasons: &mut Vec<Reason>) -> T {
    read.unwrap_or_else(|reason| {
        reasons.push(reason);
        T::default()
    })
}

fn user_id(text: &str) -> Result<Option<UserId>, Reason> {
    if text.is_empty() {
        return Ok(None);
    }
    let id = text.parse().ok().filter(|id| id::RANGE.contains(id));
    id.map(|id| Some(UserId(id))).ok_or(Reason::NotAnId)
}

fn code(text: &str, rules: &Rules) -> Result<Option<InvitationCode>, Reason> {
    if text.trim().is_empty() {
        return Err(Reason::NoCode);
    }
    let code = InvitationCode::parse(text).and_then(|code| code.within(rules.code_length));
    code.map(Some).map_err(|_| Reason::NotACode)
}

fn referrer(named: InvitedBy<'_>, region: Region) -> Result<Option<Referrer>, Reason> {
    let referrer = match named {
        InvitedBy::Nobody => return Ok(None),
        InvitedBy::Id(text) => user_id(text).ok().flatten().map(Referrer::Id),
        InvitedBy::Phone(text) => Phone::parse(text, region).ok().map(Referrer::Phone),
        InvitedBy::Code(text) => InvitationCode::parse(text).ok().map(Referrer::Code),
    };
    referrer.map(Some).ok_or(Reason::NoReferrer)
}
