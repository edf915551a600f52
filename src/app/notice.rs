//! Telling a phone what happened to its account. A notice that cannot be sent
//! does not undo what it would have told.

use std::{sync::Arc, time::Duration};

use super::{
    App,
    delivery::{self, Reader},
};
use crate::{
    domain::{
        error::StoreError,
        notice::{self, Notice},
        phone::Phone,
        tx::Tx,
        visitor::Visitor,
    },
    sms::{Message, Transcript},
};

/// How long a notice is worth delivering: the phone may be switched off.
const TTL: Duration = Duration::from_hours(4);

/// Puts a notice to the phone that an account has left on record, within the
/// transaction that moves the account; `None` where none is to be sent.
pub fn begin(
    app: &App,
    tx: &mut dyn Tx,
    visitor: &Visitor,
    left: Option<Phone>,
) -> Result<Option<Notice>, StoreError> {
    let Some(phone) = left.filter(|_| app.config.sms.notices) else {
        return Ok(None);
    };
    let is_test = app.config.fixed_code(phone, visitor.now).is_some();
    if is_test || !app.config.may_send_to(phone) {
        return Ok(None);
    }
    if !app.sms.carries_text(phone) {
        let phone = phone.masked();
        tracing::warn!(
            phone,
            "no gateway brings notices: a phone is not told that its account has moved"
        );
        return Ok(None);
    }
    let (dispatch, mut rng) = (delivery::dispatch(app, phone), app.dice());
    notice::begin(tx, &app.guard, visitor, phone, dispatch, &mut rng).map(Some)
}

/// Tells a phone that its account has moved to another, once that is committed.
pub async fn send(app: &Arc<App>, visitor: Visitor, notice: Notice, reader: Reader) {
    let phone = notice.to.masked();
    let message = Message {
        to: notice.to,
        text: app.config.template.phone_changed(reader.language),
        code: None,
        at: visitor.now,
        ttl: TTL,
        request_id: app.keys().name("request", &notice.id.0.to_string()),
        ip: None,
        language: reader.language,
    };
    let delivery = app.sms.deliver(&message, &mut Transcript::default()).await;
    let handover = delivery::handover(app, &delivery);
    let (service, cost) = (app.clone(), delivery.cost());
    let writing = app
        .store
        .write(move |tx| notice::settle(tx, &service.guard, &visitor, notice, &handover, cost));
    if let Err(error) = writing.await {
        tracing::error!(phone, %error, "what became of a notice could not be written down");
    }
    if let Err(error) = delivery.outcome() {
        tracing::error!(phone, %error, "a phone was not told that its account has moved");
    }
}
