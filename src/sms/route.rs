//! Which gateways a message goes through: a chain for each prefix. The next
//! one gets the same message when the one before did not take it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, timeout};

use super::{
    Failure, Fate, Gateway, Message, Receipt, SmsError, Transcript,
    breaker::{Breaker, Turn},
    standing::{Move, Standing},
};
use crate::domain::{
    money::{Money, Price},
    phone::Phone,
};

/// How long a whole delivery may take.
pub const PATIENCE: Duration = Duration::from_secs(8);
/// How long one gateway may take of that.
const CALL: Duration = Duration::from_secs(5);
/// Less is not worth another call.
const LEAST: Duration = Duration::from_millis(200);

/// A gateway in its place: with a name, a breaker and its prices.
pub struct Link {
    /// What the configuration calls it.
    pub name: String,
    gateway: Arc<dyn Gateway>,
    prices: Vec<Price>,
    breaker: Mutex<Breaker>,
    standing: Mutex<Standing>,
    /// Whether what it takes is on record: it costs nothing otherwise.
    pub is_paid: bool,
}

impl Link {
    /// A gateway that costs something.
    pub fn new(name: &str, gateway: Arc<dyn Gateway>, prices: Vec<Price>) -> Self {
        Self {
            name: name.to_owned(),
            gateway,
            prices,
            breaker: Mutex::default(),
            standing: Mutex::default(),
            is_paid: true,
        }
    }

    /// A gateway of this machine: the terminal, a file.
    pub fn local(name: &str, gateway: Arc<dyn Gateway>) -> Self {
        Self {
            is_paid: false,
            ..Self::new(name, gateway, Vec::new())
        }
    }

    /// What a message to `phone` costs, where that is known of this gateway.
    pub fn price(&self, phone: Phone) -> Option<Money> {
        (!self.prices.is_empty()).then(|| Price::of(phone, &self.prices))
    }

    /// The gateway itself.
    pub fn gateway(&self) -> &dyn Gateway {
        &*self.gateway
    }

    /// Calls the gateway until `deadline`; twice when nobody knows what came
    /// of it, and the provider would know the message again.
    async fn call(
        &self,
        message: &Message,
        deadline: Instant,
        transcript: &mut Transcript,
    ) -> Result<Receipt, Failure> {
        let outcome = self.call_once(message, deadline, transcript).await;
        let is_lost = matches!(&outcome, Err(failure) if failure.error == SmsError::Unknown);
        let left = deadline.saturating_duration_since(Instant::now());
        if is_lost && self.gateway.is_idempotent() && left >= LEAST {
            return self.call_once(message, deadline, transcript).await;
        }
        outcome
    }

    async fn call_once(
        &self,
        message: &Message,
        deadline: Instant,
        transcript: &mut Transcript,
    ) -> Result<Receipt, Failure> {
        transcript.note(|| format!("= {}\n", self.name));
        let left = deadline.saturating_duration_since(Instant::now());
        let delivery = timeout(left.min(CALL), self.gateway.deliver(message, transcript));
        let late = |_| Err(Failure::of(SmsError::Unknown, "no answer in time"));
        let mut outcome = delivery.await.unwrap_or_else(late);
        let chosen = outcome
            .as_ref()
            .ok()
            .and_then(|receipt| receipt.code.as_ref());
        if chosen.is_some_and(|code| code.digits() < message.code.digits()) {
            outcome = Err(Failure::of(SmsError::Unknown, "its code is too short"));
        }
        let turn = self.breaker().note(
            outcome.as_ref().map(drop).map_err(|failure| failure.error),
            Instant::now(),
        );
        self.tell(&outcome, turn, message.to);
        if let Ok(receipt) = &mut outcome {
            // Those who give it no name of their own report it by ours.
            let id = receipt.id.get_or_insert_with(|| message.request_id.clone());
            self.standing().took(id, Instant::now());
        }
        outcome
    }

    fn tell(&self, outcome: &Result<Receipt, Failure>, turn: Option<Turn>, phone: Phone) {
        let (gateway, phone) = (&self.name, phone.masked());
        match outcome {
            Ok(_) => tracing::debug!(gateway, phone, "a message was taken"),
            Err(failure) => tracing::warn!(gateway, phone, %failure, "a message was not taken"),
        }
        match turn {
            Some(Turn::Opened(span)) => {
                let seconds = span.as_secs();
                tracing::error!(
                    gateway,
                    seconds,
                    "a gateway fails and is left alone for a while"
                );
            }
            Some(Turn::Closed) => tracing::info!(gateway, "a gateway works again"),
            None => {}
        }
    }

    /// Takes note of what its provider reports.
    pub fn heard(&self, message: &str, fate: Fate, now: Instant) {
        self.standing().heard(message, fate, now);
    }

    /// Whether all others are to be tried before it.
    fn is_last(&self) -> bool {
        let mut standing = self.standing();
        let (is_last, news) = standing.is_last(Instant::now());
        let gateway = &self.name;
        match news {
            Some(Move::Back(arrived, of)) => {
                let median = standing.median().map(|median| median.as_secs());
                tracing::error!(
                    gateway,
                    arrived,
                    of,
                    median,
                    "messages of a gateway do not arrive: it stands last for a while"
                );
            }
            Some(Move::Forth) => tracing::info!(gateway, "a gateway stands in its place again"),
            None => {}
        }
        is_last
    }

    fn standing(&self) -> std::sync::MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call of a delivery.
#[derive(Debug, Clone)]
pub struct Attempt {
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
    pub attempts: Vec<Attempt>,
}

impl Delivery {
    /// Who took it.
    pub fn taken(&self) -> Option<(&Attempt, &Receipt)> {
        let last = self.attempts.last()?;
        last.outcome.as_ref().ok().map(|receipt| (last, receipt))
    }

    /// What is to be answered. Where anybody may have sent it, it may arrive.
    pub fn outcome(&self) -> Result<(), SmsError> {
        if self.taken().is_some() {
            return Ok(());
        }
        let failures = self
            .attempts
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
        let costs = self
            .attempts
            .iter()
            .filter_map(|attempt| match &attempt.outcome {
                Ok(receipt) => receipt.cost.or(attempt.price),
                Err(failure) if failure.error == SmsError::Unknown => attempt.price,
                Err(_) => None,
            });
        costs.reduce(|sum, cost| sum + cost)
    }
}

/// Gateways to try one after the other.
pub type Chain = Vec<Arc<Link>>;

/// The chains, by prefix.
pub struct Routes(Vec<(String, Chain)>);

impl Routes {
    /// With a chain for each prefix of digits; the empty one is for all others.
    pub fn new(mut chains: Vec<(String, Chain)>) -> Self {
        chains.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Self(chains)
    }

    /// With one gateway of this machine for everybody.
    pub fn only(gateway: Arc<dyn Gateway>) -> Self {
        let link = Link::local("only", gateway);
        Self(vec![(String::new(), vec![Arc::new(link)])])
    }

    /// Every chain with its prefix, the most exact first.
    pub fn chains(&self) -> &[(String, Chain)] {
        &self.0
    }

    /// The gateway of a name.
    pub fn link(&self, name: &str) -> Option<&Link> {
        let mut links = self.0.iter().flat_map(|(_, chain)| chain);
        links.find(|link| link.name == name).map(|link| &**link)
    }

    /// The chain for a phone.
    pub fn chain(&self, phone: Phone) -> &[Arc<Link>] {
        let digits = phone.to_string();
        let mut chains = self.0.iter();
        let chain = chains.find(|(prefix, _)| digits.starts_with(prefix.as_str()));
        chain.map_or(&[], |(_, chain)| chain)
    }

    /// Whether a delivery to a phone may cost anything.
    pub fn is_paid(&self, phone: Phone) -> bool {
        self.chain(phone).iter().any(|link| link.is_paid)
    }

    /// Brings a message to its phone through the first gateway that takes it.
    /// A number that one rejects is not tried elsewhere.
    pub async fn deliver(&self, message: &Message, transcript: &mut Transcript) -> Delivery {
        let mut delivery = Delivery::default();
        let deadline = Instant::now() + PATIENCE;
        let mut chain: Vec<_> = self.chain(message.to).iter().collect();
        if chain.len() > 1 {
            chain.sort_by_cached_key(|link| link.is_last());
        }
        for link in chain {
            let left = deadline.saturating_duration_since(Instant::now());
            if link.gateway.digits() < message.code.digits() || left < LEAST {
                continue;
            }
            // What is on this machine needs no rest.
            let is_admitted = !link.is_paid || link.breaker().admits(Instant::now());
            if !is_admitted {
                continue;
            }
            let outcome = link.call(message, deadline, transcript).await;
            let ends = matches!(
                &outcome,
                Ok(_)
                    | Err(Failure {
                        error: SmsError::Rejected,
                        ..
                    })
            );
            delivery.attempts.push(Attempt {
                gateway: link.name.clone(),
                price: link.price(message.to),
                outcome,
            });
            if ends {
                break;
            }
        }
        delivery
    }
}
