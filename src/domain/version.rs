//! Versions: whether what a user is shown may have changed, for those who keep
//! what they read.

use super::{error::StoreError, id::UserId, session::Bearer};

/// What stays the same for as long as a user would be shown the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(pub u64);

/// The versions of users.
pub trait Versions {
    /// The user's version. To be asked before what it is to vouch for.
    fn version(&mut self, id: UserId) -> Result<Version, StoreError>;
    /// The version of each of these callers, or none when their session has ended.
    fn versions_in(&mut self, bearers: &[Bearer]) -> Result<Vec<Option<Version>>, StoreError>;
}
