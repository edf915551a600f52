//! Whether what was read of a user may have changed since.
//!
//! Whatever changes what a user is shown raises the user's version, after its
//! commit and before its answer. So what was read after a version was taken is
//! still what would be read now for as long as the version stays the same.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::{user::UserId, version::Version};

/// Users share this many versions: now and then one is raised for another's sake.
const VERSIONS: usize = 1 << 14;

/// Whose versions a transaction is to raise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalidated {
    /// One user's.
    User(UserId),
    /// Everybody's: too many are shown it to look for them.
    Everybody,
}

/// The versions.
pub struct Versions {
    everybody: AtomicU64,
    users: Box<[AtomicU64]>,
}

impl Default for Versions {
    fn default() -> Self {
        Self {
            everybody: AtomicU64::default(),
            users: (0..VERSIONS).map(|_| AtomicU64::default()).collect(),
        }
    }
}

impl Versions {
    /// The user's version at this moment. Neither of its parts ever falls.
    pub fn of(&self, user: UserId) -> Version {
        let own = self.users[slot(user)].load(Ordering::Acquire);
        Version(self.everybody.load(Ordering::Acquire) + own)
    }

    /// Raises a version, or all.
    pub fn raise(&self, invalidated: Invalidated) {
        let version = match invalidated {
            Invalidated::User(user) => &self.users[slot(user)],
            Invalidated::Everybody => &self.everybody,
        };
        version.fetch_add(1, Ordering::Release);
    }
}

/// The lowest bits of identifiers are random.
fn slot(user: UserId) -> usize {
    usize::try_from(user.0).unwrap_or_default() % VERSIONS
}
