//! How people are found by what is known of their phone.

use super::{error::StoreError, user::User};

/// What is known of the digits of a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digits {
    /// It begins with these, of which the first is not a zero.
    First(i64),
    /// It ends with these, four of them at least.
    Last {
        /// As a number, without the zeros that they begin with.
        digits: i64,
        /// How many there are.
        count: u32,
    },
    /// It is masked: `first`, so many that are hidden, and two more.
    Masked {
        /// The first ones.
        first: i64,
        /// How many are hidden.
        hidden: u32,
        /// The last two.
        last: i64,
    },
}

/// Users by a part of their phone.
pub trait Search {
    /// Users whose phones have these digits, in no order.
    fn users_by_digits(&mut self, digits: Digits, most: usize) -> Result<Vec<User>, StoreError>;
}
