//! A family: all whom invitations bind to one another.

pub use super::id::FamilyId;
use super::{error::StoreError, id::UserId};

/// All whom invitations bind to one another, deleted users among them. Families
/// that were united point to one that stands for them: a disjoint-set forest,
/// united by rank, in which that one is at most log2(n) steps away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Which one, of those that stand for themselves.
    pub id: FamilyId,
    /// At most so many families point to one another below it.
    pub rank: u32,
}

/// Families: who is bound to whom by invitations.
pub trait Families {
    /// The family of a user, if an invitation ever bound them to anybody.
    fn family(&mut self, user: UserId) -> Result<Option<Family>, StoreError>;
    /// Begins a family of which this user is the first.
    fn begin_family(&mut self, first: UserId) -> Result<Family, StoreError>;
    /// Has `upper` stand for `lower` too, with the rank that it has then.
    fn unite_families(&mut self, lower: FamilyId, upper: Family) -> Result<(), StoreError>;
}
