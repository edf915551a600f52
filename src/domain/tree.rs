//! The tree of who invited whom, a branch at a time: whoever looks at it opens
//! what they want to see, so no question walks more of it than a page.

use super::{error::StoreError, phone::Phone, time::Timestamp, user::UserId};

/// Somebody in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What the next page begins after, if this one ends here.
    pub place: i64,
    /// Who.
    pub id: UserId,
    /// Their phone; `None` of those who are deleted.
    pub phone: Option<Phone>,
    /// Their first name, `""` when unset.
    pub first_name: String,
    /// When they were invited; `None` at the top.
    pub invited_at: Option<Timestamp>,
    /// How many they invited who are still there.
    pub invitees: u64,
}

/// The tree of who invited whom.
pub trait Tree {
    /// Those whom nobody invited and who invited somebody, in the order of their
    /// identifiers. A deleted user is one of them for as long as an invitee is
    /// there: whoever is deleted leaves the tree that they were in.
    fn roots(&mut self, after: UserId, most: usize) -> Result<Vec<Node>, StoreError>;
    /// Those who entered this user's code after the `after`-th, oldest first.
    fn branch(&mut self, of: UserId, after: i64, most: usize) -> Result<Vec<Node>, StoreError>;
    /// Who leads from the top to this user, and the user; of a longer line than
    /// `most` the last of it.
    fn lineage(&mut self, of: UserId, most: usize) -> Result<Vec<Node>, StoreError>;
}
