//! Which gateways a message goes through: a chain for each prefix. The next
//! one gets the same message when the one before did not take it.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    configured::{Configured, LEAST},
    error::{Failure, SmsError},
    gateway::{Gateway, Receipt, Transcript},
    message::Message,
};
use crate::domain::{money::Money, phone::Phone};

/// How long a whole delivery may take.
pub const PATIENCE: Duration = Duration::from_secs(8);
/// One call of a delivery.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which gateway.
    pub gateway: String,
    /// What its price list says.
    pub price: Option<Money>,
    /// What came of it.
    pub outcome: Result<Receipt, Failure>,
}

/// All that was done to bring a message to a phone.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    /// The calls, in order.
    pub calls: Vec<Call>,
}

impl Delivery {
    /// Who took it.
    pub fn taken(&self) -> Option<(&Call, &Receipt)> {
        let last = self.calls.last()?;
        last.outcome.as_ref().ok().map(|receipt| (last, receipt))
    }

    /// What is to be answered. Where anybody may have sent it, it may arrive.
    pub fn outcome(&self) -> Result<(), SmsError> {
        if self.taken().is_some() {
            return Ok(());
        }
        let failures = self
            .calls
            .iter()
            .filter_map(|one| one.outcome.as_ref().err());
        let errors: Vec<_> = failures.map(|failure| failure.error).collect();
        let is_lost = errors.contains(&SmsError::Unknown);
        let last = errors.last().copied().unwrap_or(SmsError::NotSent);
        Err(if is_lost { SmsError::Unknown } else { last })
    }

    /// What it cost, as far as anybody knows: what was taken, and what may
    /// have been. `None` where nobody but the common price list knows.
    pub fn cost(&self) -> Option<Money> {
        let costs = self.calls.iter().filter_map(|call| match &call.outcome {
            Ok(receipt) => receipt.cost.or(call.price),
            Err(failure) if failure.error == SmsError::Unknown => call.price,
            Err(_) => None,
        });
        costs.reduce(|sum, cost| sum + cost)
    }
}

/// Gateways to try one after the other.
pub type Chain = Vec<Arc<Configured>>;

/// The most digits that a code can have which one of the gateways brings.
pub fn longest_code(chain: &[Arc<Configured>]) -> usize {
    let digits = chain.iter().map(|configured| configured.gateway().digits());
    digits.max().unwrap_or_default()
}

/// A prefix as people write it.
pub fn written(prefix: &str) -> String {
    if prefix.is_empty() {
        "*".to_owned()
    } else {
        format!("+{prefix}")
    }
}

/// The chains, by prefix.
#[derive(Default)]
pub struct Routes(Vec<(String, Chain)>);

impl Routes {
    /// With a chain for each prefix of digits; the empty one is for all others.
    pub fn new(mut chains: Vec<(String, Chain)>) -> Self {
        chains.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Self(chains)
    }

    /// With one gateway of this machine for everybody.
    pub fn only(gateway: Arc<dyn Gateway>) -> Self {
        let configured = Configured::local("only", gateway);
        Self(vec![(String::new(), vec![Arc::new(configured)])])
    }

    /// Every chain with its prefix, the most exact first.
    pub fn chains(&self) -> &[(String, Chain)] {
        &self.0
    }

    /// Every gateway once, in the order of the chains.
    pub fn gateways(&self) -> impl Iterator<Item = &Configured> {
        let mut gateways: Vec<&Configured> = Vec::new();
        for configured in self.0.iter().flat_map(|(_, chain)| chain) {
            if !gateways.iter().any(|known| known.name == configured.name) {
                gateways.push(configured);
            }
        }
        gateways.into_iter()
    }

    /// The gateway of a name.
    pub fn gateway_named(&self, name: &str) -> Option<&Configured> {
        let mut gateways = self.0.iter().flat_map(|(_, chain)| chain);
        gateways
            .find(|configured| configured.name == name)
            .map(|configured| &**configured)
    }

    /// The chain for a phone.
    pub fn chain(&self, phone: Phone) -> &[Arc<Configured>] {
        let digits = phone.to_string();
        let mut chains = self.0.iter();
        let chain = chains.find(|(prefix, _)| digits.starts_with(prefix.as_str()));
        chain.map_or(&[], |(_, chain)| chain)
    }

    /// The most digits that a code to a phone can have.
    pub fn longest_code(&self, phone: Phone) -> usize {
        longest_code(self.chain(phone))
    }

    /// Whether a delivery to a phone may cost anything.
    pub fn is_paid(&self, phone: Phone) -> bool {
        self.chain(phone)
            .iter()
            .any(|configured| configured.is_paid)
    }

    /// Whether any gateway on the way to a phone brings texts, and not codes alone.
    pub fn carries_text(&self, phone: Phone) -> bool {
        let mut chain = self.chain(phone).iter();
        chain.any(|configured| configured.gateway().carries_text())
    }

    /// Brings a message to its phone through the first gateway that takes it.
    /// A number that one rejects is not tried elsewhere.
    pub async fn deliver(&self, message: &Message, transcript: &mut Transcript) -> Delivery {
        let mut delivery = Delivery::default();
        let deadline = Instant::now() + PATIENCE;
        let mut chain: Vec<_> = self.chain(message.to).iter().collect();
        if chain.len() > 1 {
            chain.sort_by_cached_key(|configured| configured.is_demoted());
        }
        for configured in chain {
            let left = deadline.saturating_duration_since(Instant::now());
            if !configured.carries(message) || left < LEAST {
                continue;
            }
            // What is on this machine needs no rest.
            if configured.is_paid && !configured.admits() {
                continue;
            }
            let outcome = configured.call(message, deadline, transcript).await;
            let ends = matches!(
                &outcome,
                Ok(_)
                    | Err(Failure {
                        error: SmsError::Rejected,
                        ..
                    })
            );
            delivery.calls.push(Call {
                gateway: configured.name.clone(),
                price: configured.price(message.to),
                outcome,
            });
            if ends {
                break;
            }
        }
        delivery
    }
}
