//! Why a row, or something in it, is not kept.

use crate::domain::phone::Phone;

/// Why a row is refused, or what it lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Reason {
    /// Nobody can be found by it.
    #[error("not imported: the phone is not one")]
    NotAPhone,
    /// JavaScript could not hold it.
    #[error("not imported: the identifier is not a whole number from 1 to 2^53 - 1")]
    NotAnId,
    /// Of rows with one identifier the oldest is imported.
    #[error("not imported: an older row has the same identifier")]
    SameId,
    /// Of rows with one phone the oldest is imported.
    #[error("not imported: an older row has the same phone")]
    SamePhone,
    /// The user with this identifier has another phone.
    #[error("not imported: another user has this identifier")]
    IdTaken,
    /// The user with this phone has another identifier.
    #[error("not imported: another user has this phone")]
    PhoneTaken,
    /// It was imported before, and deleted since.
    #[error("not imported: the account was deleted since an earlier import")]
    Deleted,
    /// Of landlines and of countries that nothing is sent to.
    #[error("cannot log in: login.destinations does not cover the phone")]
    NotADestination,
    /// The old service had none for this user.
    #[error("fresh invitation code: there was none")]
    NoCode,
    /// Nobody could enter it.
    #[error("fresh invitation code: the old one is not six of A-Z and 0-9")]
    NotACode,
    /// Somebody has it, or had it.
    #[error("fresh invitation code: the old one is somebody else's")]
    CodeTaken,
    /// It is entered in either case.
    #[error("the invitation code is written as six of A-Z and 0-9 now")]
    CodeFolded,
    /// Which rule of names it breaks.
    #[error("first name left empty: it {0}")]
    FirstName(&'static str),
    /// Which rule of names it breaks.
    #[error("last name left empty: it {0}")]
    LastName(&'static str),
    /// Which rule of addresses it breaks.
    #[error("e-mail address left empty: it {0}")]
    Email(&'static str),
    /// Which date.
    #[error("{0} is the time of the import: it was not a date of the past")]
    Date(&'static str),
    /// The referrer is not a user, or was not imported.
    #[error("no referrer: the one that is named is not a user")]
    NoReferrer,
    /// They would be their own referrer, over some number of steps.
    #[error("no referrer: the invitation closed a circle")]
    Circle,
    /// There are operators in place of staff, and codes in place of passwords.
    #[error("a plain user: staff and passwords are not kept")]
    Privileged,
}

impl Reason {
    /// Whether the row is not imported at all.
    pub fn is_refusal(self) -> bool {
        self <= Self::Deleted
    }
}

/// What there is to report of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line of the file that the row begins in.
    pub line: u64,
    /// Its identifier, as it stands there.
    pub id: String,
    /// Its phone, if it is one.
    pub phone: Option<Phone>,
    /// Why something of it was not kept.
    pub reason: Reason,
}
