//! Whether what was read of a user may have changed since.
//!
//! Whatever changes what a user is shown raises the user's stamp, after its
//! commit and before its answer. So what was read after a stamp was taken is
//! still what would be read now for as long as the stamp stays the same.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::{tx::Stamp, user::UserId};

/// Users share this many stamps: now and then one is raised for another's sake.
const STAMPS: usize = 1 << 14;

/// Whose stamps a transaction is to raise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touched {
    /// One user's.
    User(UserId),
    /// Everybody's: too many are shown it to look for them.
    Everybody,
}

/// The stamps.
pub struct Stamps {
    everybody: AtomicU64,
    users: Box<[AtomicU64]>,
}

impl Default for Stamps {
    fn default() -> Self {
        Self {
            everybody: AtomicU64::default(),
            users: (0..STAMPS).map(|_| AtomicU64::default()).collect(),
        }
    }
}

impl Stamps {
    /// The user's stamp at this moment. Neither of its parts ever falls.
    pub fn of(&self, user: UserId) -> Stamp {
        let own = self.users[slot(user)].load(Ordering::Acquire);
        Stamp(self.everybody.load(Ordering::Acquire) + own)
    }

    /// Raises a stamp, or all.
    pub fn raise(&self, touched: Touched) {
        let stamp = match touched {
            Touched::User(user) => &self.users[slot(user)],
            Touched::Everybody => &self.everybody,
        };
        stamp.fetch_add(1, Ordering::Release);
    }
}

/// The lowest bits of identifiers are random.
fn slot(user: UserId) -> usize {
    usize::try_from(user.0).unwrap_or_default() % STAMPS
}
