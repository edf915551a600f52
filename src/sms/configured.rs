//! A gateway in its place.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, timeout};
use tracing::{Instrument, field::Empty};

use super::{
    breaker::{Breaker, Circuit, Transition},
    delivery_rate::Change,
    error::{Failure, SmsError},
    gateway::{Gateway, Receipt, Transcript},
    history::{Calls, History},
    message::Message,
    redaction::{MessageId, Redacted},
};
use crate::domain::{
    delivery::Reported,
    money::{Money, Price},
    phone::Phone,
    time::Timestamp,
};

/// How long one gateway may take of that.
const CALL: Duration = Duration::from_secs(5);
/// Less is not worth another call.
pub const LEAST: Duration = Duration::from_millis(200);

/// What is known of a gateway at the moment.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// How many calls ended how.
    pub calls: Calls,
    /// Whether it fails and is not called for a while.
    pub circuit: Circuit,
    /// Whether all others are tried before it.
    pub is_demoted: bool,
    /// The share of the latest messages that arrived, where it reports.
    pub arrived: Option<f64>,
    /// How long the middle one of those took.
    pub median: Option<Duration>,
    /// What was left on the account when it said so last.
    pub balance: Option<f64>,
}

/// A gateway in its place: with a name, a breaker and its prices.
pub struct Configured {
    /// What the configuration calls it.
    pub name: String,
    gateway: Arc<dyn Gateway>,
    prices: Vec<Price>,
    breaker: Mutex<Breaker>,
    history: Arc<History>,
    /// Whether what it takes is on record: it costs nothing otherwise.
    pub is_paid: bool,
}

impl Configured {
    /// A gateway that costs something.
    pub fn new(name: &str, gateway: Arc<dyn Gateway>, prices: Vec<Price>) -> Self {
        Self {
            name: name.to_owned(),
            gateway,
            prices,
            breaker: Mutex::default(),
            history: Arc::default(),
            is_paid: true,
        }
    }

    /// In the place of the one `before`, whose history goes on. The breaker does
    /// not: what made calls fail may be what was set right.
    pub fn after(self, before: &Self) -> Self {
        Self {
            history: Arc::clone(&before.history),
            ..self
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

    /// Whether it can bring this message, to whomever.
    pub fn carries(&self, message: &Message) -> bool {
        match &message.code {
            Some(code) => self.gateway.digits() >= code.digits(),
            None => self.gateway.carries_text(),
        }
    }

    /// Whether it may be called, as far as it was well of late.
    pub fn admits(&self) -> bool {
        self.breaker().admits(Instant::now())
    }

    /// Calls the gateway until `deadline`; twice when nobody knows what came
    /// of it, and the provider would know the message again.
    pub async fn call(
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
        transcript.note(|| Redacted::own(format!("= {}\n", self.name)));
        let left = deadline.saturating_duration_since(Instant::now());
        let delivery = timeout(left.min(CALL), self.gateway.deliver(message, transcript));
        let late = |_| Err(Failure::of(SmsError::Unknown, "no answer in time"));
        let (name, kind) = (&*self.name, "client");
        let span = tracing::debug_span!(target: "invited::span", "gateway.call", otel.kind = kind, gateway = name, outcome = Empty);
        let mut outcome = delivery.instrument(span.clone()).await.unwrap_or_else(late);
        let chosen = outcome
            .as_ref()
            .ok()
            .and_then(|receipt| receipt.code.as_ref());
        if chosen.is_some_and(|code| code.digits() < message.digits()) {
            outcome = Err(Failure::of(SmsError::Unknown, "its code is too short"));
        }
        let ended = outcome.as_ref().map(drop).map_err(|failure| failure.error);
        span.record("outcome", self.history.note(&outcome, message.at));
        let transition = self.breaker().note(ended, Instant::now());
        self.tell(&outcome, transition, message.to);
        if let Ok(receipt) = &mut outcome {
            // Those who give it no name of their own report it by ours.
            let own = || MessageId::own(&message.request_id);
            let id = receipt.id.get_or_insert_with(own);
            self.history.delivery_rate().took(id.raw(), Instant::now());
        }
        outcome
    }

    fn tell(
        &self,
        outcome: &Result<Receipt, Failure>,
        transition: Option<Transition>,
        phone: Phone,
    ) {
        let (gateway, phone) = (&self.name, phone.masked());
        match outcome {
            Ok(_) => tracing::debug!(gateway, phone, "a message was taken"),
            Err(failure) => tracing::warn!(gateway, phone, %failure, "a message was not taken"),
        }
        match transition {
            Some(Transition::Opened(span)) => {
                let seconds = span.as_secs();
                tracing::error!(
                    gateway,
                    seconds,
                    "a gateway fails and is not tried for a while"
                );
            }
            Some(Transition::Closed) => tracing::info!(gateway, "a gateway works again"),
            None => {}
        }
    }

    /// Takes note that a message which it took is for a phone that has proved
    /// itself before.
    pub fn note_verified(&self, message: &str, phone: Phone) {
        self.history.delivery_rate().note_verified(message, phone);
    }

    /// Takes note of what its provider reports.
    pub fn heard(&self, message: &str, reported: Reported, now: Instant) {
        self.history.delivery_rate().heard(message, reported, now);
    }

    /// What is known of it.
    pub fn figures(&self) -> Figures {
        let (delivery_rate, now) = (self.history.delivery_rate(), Instant::now());
        Figures {
            calls: self.history.calls(),
            circuit: self.circuit(now),
            is_demoted: delivery_rate.is_demoted_now(now),
            arrived: delivery_rate.arrived(now),
            median: delivery_rate.median(),
            balance: self.history.balance(),
        }
    }

    /// What is on this machine needs no rest.
    fn circuit(&self, now: Instant) -> Circuit {
        if self.is_paid {
            self.breaker().circuit(now)
        } else {
            Circuit::Closed
        }
    }

    /// The latest calls that failed, the latest first: when the message was asked
    /// for, and why.
    pub fn latest_errors(&self) -> Vec<(Timestamp, String)> {
        self.history.latest_errors()
    }

    /// Whether all others are to be tried before it.
    pub fn is_demoted(&self) -> bool {
        let mut delivery_rate = self.history.delivery_rate();
        let (is_demoted, news) = delivery_rate.review(Instant::now());
        let gateway = &self.name;
        match news {
            Some(Change::Demoted(arrived, of)) => {
                let median = delivery_rate.median().map(|median| median.as_secs());
                tracing::error!(
                    gateway,
                    arrived,
                    of,
                    median,
                    "messages of a gateway do not arrive: it is tried last for a while"
                );
            }
            Some(Change::Restored) => {
                tracing::info!(gateway, "a gateway is tried in its place again");
            }
            None => {}
        }
        is_demoted
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
