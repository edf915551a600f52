//! The budget: what messages may cost within each of its spans, for strangers
//! and, as much again, for known devices.

use std::time::Duration;

use super::Guard;
use crate::domain::{
    counter::{Counter, Tallies},
    error::StoreError,
    limit::{self, Reached},
    money::{Allowance, Money, Price},
    phone::Phone,
    time::Timestamp,
    tx::Tx,
};

/// The name of the budget, where limits have theirs.
pub const BUDGET: &str = "budget";

/// That a share of the budget is spent which the operator wants to know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spending {
    /// What was spent.
    pub spent: Money,
    /// What may be.
    pub amount: Money,
    /// In how long.
    pub span: Duration,
}

impl Guard {
    /// What was spent within the span of each allowance, for strangers and for
    /// known devices.
    pub fn spending(
        &self,
        tx: &mut dyn Tx,
        at: Timestamp,
    ) -> Result<Vec<(Counter, Spending)>, StoreError> {
        let counters = [Counter::SendsToStrangers, Counter::SendsToKnown];
        let so_far = Tallies::read(tx, &counters, at)?;
        let allowances = self.policy.budget.allowances().iter();
        let spending = allowances.flat_map(|&Allowance { amount, span }| {
            counters.map(|counter| {
                let spent = so_far.of(counter, span).amount;
                let spending = Spending {
                    spent,
                    amount,
                    span,
                };
                (counter, spending)
            })
        });
        Ok(spending.collect())
    }

    /// The first allowance of which this very message spends the share that
    /// is warned of is told beside what is used up.
    pub(super) fn budget_wait(
        &self,
        so_far: &Tallies,
        counter: Counter,
        cost: Money,
    ) -> (Option<Reached>, Option<Spending>) {
        let (mut longest, mut spending) = (None, None);
        for &Allowance { amount, span } in self.policy.budget.allowances() {
            let before = so_far.of(counter, span);
            let (spent, share) = (before.amount + cost, amount.percent(self.policy.warn_at));
            if spent > amount {
                longest = longest.max(Some(before.wait));
            } else if before.amount < share && spent >= share {
                spending.get_or_insert(Spending {
                    spent,
                    amount,
                    span,
                });
            }
        }
        let reached = longest.map(|wait| Reached {
            limit: BUDGET,
            subject: limit::Subject::Everybody,
            wait,
        });
        (reached, spending)
    }

    /// What the common price list says of a message to `phone`.
    pub fn price(&self, phone: Phone) -> Money {
        Price::of(phone, &self.policy.prices)
    }
}
