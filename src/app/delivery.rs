//! Sends the code of a challenge, after the challenge is committed and never
//! within its transaction.

use std::{net::IpAddr, panic, sync::Arc};

use tracing::Instrument;

use super::{App, events::Happened};
use crate::{
    domain::{
        challenge::{Challenge, ChallengeId},
        delivery::{Dispatch, Handover, Trace},
        error::StoreError,
        phone::Phone,
        proof,
        statistic::Measure,
        time::Timestamp,
        visitor::Visitor,
    },
    sms::{Message, SmsError, Transcript, language::Language, route::Delivery},
};

/// Who reads a message.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// What they read.
    pub language: Language,
    /// From where they asked for it.
    pub ip: Option<IpAddr>,
}

/// Why a code was not sent.
#[derive(Debug)]
pub enum SendError {
    /// No gateway took the message.
    Refused,
    /// The service is shutting down.
    ShuttingDown,
    /// What came of it could not be recorded.
    Store(StoreError),
}

impl From<StoreError> for SendError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The service is shutting down.
#[derive(Debug)]
pub struct ShuttingDown;

impl From<ShuttingDown> for SendError {
    fn from(_: ShuttingDown) -> Self {
        Self::ShuttingDown
    }
}

/// The message to a phone, if a provider is to bring it: what it may cost is
/// what the dearest gateway on its way takes.
pub fn dispatch(app: &App, phone: Phone) -> Option<Dispatch> {
    let chain = app.sms.chain(phone);
    let paid = chain.iter().filter(|configured| configured.is_paid);
    let prices = paid.map(|configured| {
        configured
            .price(phone)
            .unwrap_or_else(|| app.guard.price(phone))
    });
    let price = prices.max()?;
    Some(Dispatch { price: Some(price) })
}

/// Sends the code of a challenge, and says which challenge it is now: the
/// provider may have chosen another code.
pub async fn send(
    app: &Arc<App>,
    visitor: Visitor,
    challenge: Challenge,
    reader: Reader,
) -> Result<Challenge, SendError> {
    let is_paid = app.sms.is_paid(challenge.phone);
    let sending = carry(app.clone(), visitor, challenge, reader);
    if !is_paid {
        return sending.await;
    }
    // A paid message counts against limits, so its outcome has to be recorded.
    finish(sending).await?
}

/// Runs something to its end, even if the client disconnects.
pub async fn finish<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, ShuttingDown> {
    match tokio::spawn(work.in_current_span()).await {
        Ok(done) => Ok(done),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => panic::resume_unwind(panic),
            Err(_cancelled) => Err(ShuttingDown),
        },
    }
}

/// The name of the message with a challenge's code.
pub fn request_id(app: &App, challenge: ChallengeId) -> String {
    app.keys().name("request", &challenge.0.to_string())
}

async fn carry(
    app: Arc<App>,
    visitor: Visitor,
    mut challenge: Challenge,
    reader: Reader,
) -> Result<Challenge, SendError> {
    let message = Message {
        to: challenge.phone,
        text: app.config.template.text(&challenge.code, reader.language),
        code: Some(challenge.code.clone()),
        at: challenge.created_at,
        ttl: challenge.expires_at.since(challenge.created_at),
        request_id: request_id(&app, challenge.id),
        ip: reader.ip,
        language: reader.language,
    };
    let delivery = app.sms.deliver(&message, &mut Transcript::default()).await;
    let outcome = delivery.outcome();
    let chosen = delivery
        .taken()
        .and_then(|(_, receipt)| receipt.code.clone());
    let is_on_record = app.sms.is_paid(challenge.phone);
    count(&app, &delivery, challenge.phone, visitor.now);
    if is_on_record || chosen.is_some() || !matches!(outcome, Ok(()) | Err(SmsError::Unknown)) {
        let (service, id, code) = (app.clone(), challenge.id, chosen.clone());
        let (handover, cost, phone) = (handover(&app, &delivery), delivery.cost(), challenge.phone);
        let writing = app.store.write(move |tx| {
            tx.ahead(&mut |tx| {
                tx.sent(id)?;
                tx.user_by_phone(phone)?;
                Ok(())
            })?;
            if let Some(code) = &code {
                tx.set_challenge_code(id, code)?;
            }
            proof::settle(tx, &service.guard, &visitor, id, &handover, cost)?;
            Ok::<_, StoreError>(tx.user_by_phone(phone)?.is_some())
        });
        if writing.await? {
            note_verified(&app, &delivery, phone);
        }
    }
    let phone = challenge.phone.masked();
    match outcome {
        Ok(()) => {
            challenge.code = chosen.unwrap_or(challenge.code);
            Ok(challenge)
        }
        // It may have arrived; then the token in the answer is what makes it of use.
        Err(SmsError::Unknown) => {
            tracing::warn!(phone, "a message may be lost");
            Ok(challenge)
        }
        Err(error) => {
            tracing::error!(phone, %error, "no message was sent");
            Err(SendError::Refused)
        }
    }
}

fn count(app: &App, delivery: &Delivery, phone: Phone, now: Timestamp) {
    let may_cost = matches!(delivery.outcome(), Ok(()) | Err(SmsError::Unknown));
    let common = || (may_cost && app.sms.is_paid(phone)).then(|| app.guard.price(phone));
    let cost = delivery.cost().or_else(common).unwrap_or_default();
    let (measure, of) = match delivery.taken() {
        Some((attempt, _)) => (Measure::Sent, &*attempt.gateway),
        None => (Measure::Unsent, ""),
    };
    let happened = Happened::at(measure, now).of_phone(phone);
    app.count(Happened {
        of,
        cost,
        ..happened
    });
}

/// A user's phone has proved itself: what becomes of its message tells
/// something of the gateway.
fn note_verified(app: &App, delivery: &Delivery, phone: Phone) {
    let taken = delivery.taken();
    let Some((gateway, id)) =
        taken.and_then(|(attempt, receipt)| Some((&attempt.gateway, receipt.id.as_ref()?)))
    else {
        return;
    };
    if let Some(configured) = app.sms.gateway_named(gateway) {
        configured.note_verified(id.raw(), phone);
    }
}

/// What came of a delivery just now, for the record.
pub fn handover(app: &App, delivery: &Delivery) -> Handover {
    match (delivery.taken(), delivery.outcome()) {
        (Some((attempt, receipt)), _) => Handover::Taken {
            trace: Trace {
                gateway: attempt.gateway.clone(),
                message: receipt.id.as_ref().map(|id| id.raw().to_owned()),
            },
            at: app.now(),
        },
        (None, Ok(()) | Err(SmsError::Unknown)) => Handover::Unknown,
        (None, Err(error)) => Handover::Refused {
            is_blameless: !matches!(error, SmsError::Rejected | SmsError::Unreachable),
        },
    }
}
