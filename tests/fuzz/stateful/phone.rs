//! Moving an account to another phone.

use poem::http::Method;
use serde_json::json;

use super::{
    StatefulTest,
    login::{GUESSING, SENDING, confirmation},
    model::{Challenge, Index, OK, first, refuse_if},
    spelling, token_header,
};

impl StatefulTest {
    pub(super) async fn request_phone_change(&mut self) {
        let Some(at) = self.choose_session() else {
            return;
        };
        let phone = self.rng.choose(&self.phones.clone()).clone();
        let user = self.model.sessions[at.0].user;
        let before = self.harness().gateway.count();
        let (predicted, header) = self.bearer(at);
        let requested = self.predict_request(&phone, Some(user), None);
        let predicted = first([predicted, self.model.is_fresh(at.0), requested]);
        let call = (Method::POST, "/profile/phone/");
        let body = json!({ "phone": spelling::phone(&mut self.rng, &phone) });
        let expected = (predicted, SENDING);
        let (reply, as_predicted) = self.call(call, vec![header], Some(body), expected).await;
        if as_predicted && [OK, "sms_rate_limited"].contains(&predicted) {
            self.code_requested(&reply, &phone, Some(user), None, before);
        }
    }

    pub(super) async fn confirm_phone_change(&mut self) {
        let Some(challenge) = self.choose_phone_change() else {
            return;
        };
        let (Some(at), guess) = (self.choose_session(), self.guess(challenge)) else {
            return;
        };
        let user = self.model.sessions[at.0].user;
        let opens = self.model.check_challenge(challenge);
        let checks = [
            self.model.check_access(at.0, at.1),
            opens,
            self.model.session_exists(at.0),
            self.model.is_fresh(at.0),
            self.model.guess(challenge, Some(user), &guess),
        ];
        let Challenge { token, phone, .. } = &self.model.challenges[challenge];
        let (token, phone) = (token.clone(), phone.clone());
        let is_right = first(checks) == OK;
        let is_taken = self.model.owner(&phone).is_some_and(|owner| owner != user);
        let predicted = first([first(checks), refuse_if(is_taken, "phone_taken")]);
        // Without a valid sms-token the access token does not count as used.
        let was_used = self.model.sessions[at.0].pairs[at.1].is_used;
        let bearer = self.bearer(at).1;
        self.model.sessions[at.0].pairs[at.1].is_used &= was_used || opens == OK;
        let headers = [vec![bearer], token_header("sms-token", Some(token))].concat();
        let call = (Method::POST, "/profile/phone/confirm/");
        let (body, expected) = (confirmation(&guess, None), (predicted, GUESSING));
        let (reply, as_predicted) = self.call(call, headers, Some(body), expected).await;
        if as_predicted && is_right {
            self.model.use_up(&phone);
        } else if as_predicted {
            self.guess_refused(challenge, &reply, false);
        }
        if as_predicted && predicted == OK {
            if self.model.users[user].phone != phone {
                self.model.change_phone(at.0, phone);
            }
            self.assert_profile(user, &reply);
        }
    }

    /// The latest challenge of a phone change, or any.
    fn choose_phone_change(&mut self) -> Option<Index> {
        let is_move = |challenge: &Challenge| challenge.moving.is_some() && !challenge.is_used;
        let moves = self.model.challenges.iter().rposition(is_move);
        let any = self.choose_recent(self.model.challenges.len());
        moves.filter(|_| !self.rng.one_in(4)).or(any)
    }
}
