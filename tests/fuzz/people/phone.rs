//! Moving to another phone.

use poem::http::Method;
use serde_json::json;

use super::{
    People, first,
    login::{GUESSING, SENDING, proof},
    model::{At, OK},
    shown, spelling,
};

impl People {
    pub(super) async fn ask_move(&mut self) {
        let Some(at) = self.pick_session() else {
            return;
        };
        let phone = self.chance.pick(&self.phones.clone()).clone();
        let mover = self.model.sessions[at.0].user;
        let before = self.harness().gateway.count();
        let (predicted, header) = self.bearer(at);
        let checks = [
            predicted,
            self.model.is_fresh(at.0),
            self.asks(&phone, Some(mover), None),
        ];
        let predicted = first(checks);
        let call = (Method::POST, "/profile/phone/");
        let body = json!({ "phone": spelling::phone(&mut self.chance, &phone) });
        let (reply, came) = self
            .call(call, vec![header], Some(body), (predicted, SENDING))
            .await;
        if came && [OK, "sms_rate_limited"].contains(&predicted) {
            self.asked(&reply, &phone, Some(mover), None, before);
        }
    }

    pub(super) async fn confirm_move(&mut self) {
        let Some(ticket) = self.pick_move() else {
            return;
        };
        let (Some(at), guess) = (self.pick_session(), self.guess(ticket)) else {
            return;
        };
        let user = self.model.sessions[at.0].user;
        let opens = self.model.opens(ticket);
        let checks = [
            self.model.reads_access(at.0, at.1),
            opens,
            self.model.is_there(at.0),
            self.model.is_fresh(at.0),
            self.model.guess(ticket, Some(user), &guess),
        ];
        let (token, phone) = (
            self.model.tickets[ticket].token.clone(),
            self.model.tickets[ticket].phone.clone(),
        );
        let is_right = first(checks) == OK;
        let is_taken = self.model.owner(&phone).is_some_and(|owner| owner != user);
        let predicted = if is_right && is_taken {
            "phone_taken"
        } else {
            first(checks)
        };
        // Nobody looks at the access token of who has no sms-token to show.
        let was_used = self.model.sessions[at.0].pairs[at.1].is_used;
        let bearer = self.bearer(at).1;
        self.model.sessions[at.0].pairs[at.1].is_used &= was_used || opens == OK;
        let headers = [vec![bearer], shown("sms-token", Some(token))].concat();
        let call = (Method::POST, "/profile/phone/confirm/");
        let (reply, came) = self
            .call(
                call,
                headers,
                Some(proof(&guess, None)),
                (predicted, GUESSING),
            )
            .await;
        if came && is_right {
            self.model.spend(&phone);
        } else if came {
            self.guessed_wrong(ticket, &reply, false);
        }
        if came && predicted == OK {
            if self.model.users[user].phone != phone {
                self.model.move_to(at.0, phone);
            }
            self.assert_is(user, &reply);
        }
    }

    /// A token of somebody who moves, if there is one; otherwise any.
    fn pick_move(&mut self) -> Option<At> {
        let moves = self
            .model
            .tickets
            .iter()
            .rposition(|ticket| ticket.mover.is_some() && !ticket.is_spent);
        let any = self.pick_late(self.model.tickets.len());
        moves.filter(|_| !self.chance.one_in(4)).or(any)
    }
}
