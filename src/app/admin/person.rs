//! What operators are shown of one person.

use serde_json::{Value, json};

use super::{error::AdminError, reads::Show, view, who::Who};
use crate::domain::{
    device::{self, Epoch},
    profile,
};

/// Invitees beside a user.
const INVITEES: usize = 1000;
/// Messages, and rows of the audit, beside a user.
const LATEST: usize = 20;

impl Show<'_> {
    /// A user; all that is known of them, if it is to be complete.
    pub async fn person(&self, who: Who, complete: bool) -> Result<Value, AdminError> {
        let (app, full) = (self.app.clone(), self.full);
        let (now, at) = (app.now(), app.monotonic.now());
        let epoch = Epoch(app.keys().epoch);
        self.read(move |tx| {
            let user = who.require(tx)?;
            let profile = profile::read(tx, user.clone())?;
            let mut shown = view::user(&user, full);
            let sessions = tx.sessions_of(user.id, now)?;
            let devices = device::of(tx, user.id, epoch, at)?;
            let standings = app.guard.standings(tx, user.phone, Some(user.id), at)?;
            let most = if complete { usize::MAX } else { LATEST };
            let audits = tx.audits(Some(user.id), None, most)?;
            let deliveries = app.guard.deliveries(tx, user.phone, most)?;
            let redeemed = user.redeemed;
            let referrer = redeemed.map(|redeemed| redeemed.referrer.0);
            shown["invited_by"] = json!(
                profile
                    .invited_by
                    .map(|phone| json!({ "id": referrer, "phone": view::phone(phone, full) }))
            );
            shown["invited_at"] = json!(redeemed.map(|redeemed| view::instant(redeemed.at)));
            shown["invited_users_count"] = json!(profile.invitees_count);
            if complete {
                let invitees = tx.invitees(user.id, 0, usize::MAX)?;
                shown["invited_users"] = invitees
                    .iter()
                    .map(|one| view::invitee(one, full))
                    .collect();
            }
            shown["sessions"] = sessions.iter().map(view::session).collect();
            shown["devices"] = devices.iter().map(view::device).collect();
            shown["deliveries"] = deliveries.iter().map(view::delivery).collect();
            shown["limits"] = standings.iter().map(view::standing).collect();
            shown["audit"] = audits.iter().map(view::audit).collect();
            Ok(shown)
        })
        .await
    }

    /// Where a user is logged in.
    pub async fn sessions(&self, who: Who) -> Result<Value, AdminError> {
        let now = self.app.now();
        self.read(move |tx| {
            let user = who.require(tx)?;
            Ok(tx
                .sessions_of(user.id, now)?
                .iter()
                .map(view::session)
                .collect())
        })
        .await
    }

    /// Who invited a user, and whom the user invited.
    pub async fn invitation(&self, who: Who) -> Result<Value, AdminError> {
        let full = self.full;
        self.read(move |tx| {
            let user = who.require(tx)?;
            let referrer = match user.redeemed {
                Some(redeemed) => tx.user(redeemed.referrer)?,
                None => None,
            };
            let invitees = tx.invitees(user.id, 0, INVITEES)?;
            Ok(json!({
                "user": view::user(&user, full),
                "invited_by": referrer.map(|referrer| view::user(&referrer, full)),
                "invited_at": user.redeemed.map(|redeemed| view::instant(redeemed.at)),
                "invited_users": invitees.iter().map(|one| view::invitee(one, full)).collect::<Value>(),
            }))
        })
        .await
    }

    /// How a phone stands with its limits, also one that is nobody's.
    pub async fn limits(&self, who: Who) -> Result<Value, AdminError> {
        let (app, at) = (self.app.clone(), self.app.monotonic.now());
        self.read(move |tx| {
            let (phone, user) = who.phone(tx)?;
            let standings = app.guard.standings(tx, phone, user, at)?;
            Ok(standings.iter().map(view::standing).collect())
        })
        .await
    }
}
