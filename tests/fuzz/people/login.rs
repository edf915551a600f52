//! Asking for codes and confirming them.

use std::sync::Arc;

use invited::{sms::SmsError, token::challenge};
use poem::http::Method;
use serde_json::{Value, json};

use super::{
    People, assert_within, first,
    model::{At, OK, Outcome, Pair, SMS_TOKEN, Session, Ticket, User},
    shown, spelling,
};
use crate::{
    fuzz::shot::cast::claims,
    harness::{Reply, other_than},
};

pub(super) const SENDING: &[&str] = &["sms_rate_limited"];
pub(super) const GUESSING: &[&str] = &["rate_limited", "too_many_attempts"];
/// The defaults of `limits.wrong_guesses_per_phone` and `limits.sends_per_phone`,
/// without the minute that nobody waits for whose code has been outlived.
const GUESSES: [(usize, i64); 3] = [(5, 86_400), (8, 604_800), (10, 2_592_000)];
const SENDS: [(usize, i64); 2] = [(3, 900), (10, 86_400)];

/// The body of a confirmation.
pub(super) fn proof(code: &str, invitation: Option<&String>) -> Value {
    match invitation {
        Some(invitation) => json!({ "sms_code": code, "invitation_code": invitation }),
        None => json!({ "sms_code": code }),
    }
}

impl People {
    pub(super) async fn ask(&mut self) {
        let phone = self.chance.pick(&self.phones.clone()).clone();
        let device = self.device();
        let known = self.model.known(&phone, device.as_ref());
        let mut predicted = self.asks(&phone, None, known.as_ref());
        let call = (Method::POST, "/login/");
        let body = json!({ "phone": spelling::phone(&mut self.chance, &phone) });
        let (gateway, shown) = (
            Arc::clone(&self.harness().gateway),
            shown("device-token", device),
        );
        let again = self.model.again(&phone, None, known.as_ref(), self.peer);
        let goes_on = again.count() > 0;
        let before = gateway.count();
        if predicted == OK && !goes_on && self.chance.one_in(20) {
            predicted = "sms_unavailable";
            *gateway.fails.lock().unwrap() = Some(SmsError::NotSent);
        }
        let (reply, came) = self
            .call(call, shown, Some(body), (predicted, SENDING))
            .await;
        // Then it is as if nothing had been asked for.
        let has_failed = gateway.fails.lock().unwrap().take().is_some();
        if came && !has_failed {
            self.asked(&reply, &phone, None, known.as_ref(), before);
        }
    }

    /// What asking for a code comes to. Where short codes may be dead, those
    /// that are alive keep nobody from asking.
    pub(super) fn asks(&self, phone: &str, mover: Option<At>, device: Option<&String>) -> Outcome {
        let mut again = self.model.again(phone, mover, device, self.peer);
        if self.is_limited || again.next().is_some() {
            OK
        } else {
            self.model.ask(phone, device)
        }
    }

    pub(super) fn asked(
        &mut self,
        reply: &Reply,
        phone: &str,
        mover: Option<At>,
        device: Option<&String>,
        before: usize,
    ) {
        if !reply.status.is_success() {
            let limit = &reply.json()["limit"];
            return assert!(
                self.is_limited || limit == "live_tokens_per_phone",
                "{limit}"
            );
        }
        let (reply, wait) = (reply.ok(), self.model.resend_in(phone, device));
        let token = reply["sms-token"].as_str().unwrap().to_owned();
        let app = &self.harness().app;
        let opened = challenge::open(app.context().keys(), &token, app.now());
        let challenge = opened.unwrap().challenge.0;
        let mut tickets = self.model.tickets.iter();
        if let Some(at) = tickets.position(|ticket| ticket.challenge == challenge) {
            let mut again = self.model.again(phone, mover, device, self.peer);
            assert!(again.any(|ticket| ticket.challenge == challenge));
            drop(again);
            assert!(self.is_limited || wait > 0 && reply["resend_in"] == wait);
            assert_eq!(self.harness().gateway.count(), before, "nothing is sent");
            let left = self.model.tickets[at].at + SMS_TOKEN - self.model.now;
            assert_eq!(reply["expires_in"], left);
            self.model.tickets[at].token = token;
            return;
        }
        let code = self.harness().gateway.code_of(phone);
        assert_eq!(self.harness().gateway.count(), before + 1);
        assert_eq!(reply["sms_code_length"], code.len());
        if let Some(alive) = self.model.code_alive(phone, mover, code.len()) {
            assert_eq!(alive, code, "the code that is alive is sent again");
        }
        if device.is_none() {
            let sends = self.sends.entry(phone.to_owned()).or_default();
            sends.push(self.model.now);
            if self.is_limited {
                assert_within(&SENDS, sends);
            }
        }
        self.model.tickets.push(Ticket {
            token,
            challenge,
            peer: self.peer,
            phone: phone.to_owned(),
            code,
            mover,
            device: device.cloned(),
            at: self.model.now,
            wrong: 0,
            is_spent: false,
            is_forgotten: false,
        });
        let wait = self.model.resend_in(phone, device);
        assert!(
            self.is_limited || reply["resend_in"] == wait,
            "{wait}: {reply}"
        );
    }

    pub(super) async fn confirm(&mut self) {
        let Some(ticket) = self.pick_ticket() else {
            return;
        };
        let (guess, device) = (self.guess(ticket), self.device());
        let invitation = Some(self.invitation_code()).filter(|_| self.chance.one_in(3));
        let predicted = first([
            self.model.opens(ticket),
            self.model.guess(ticket, None, &guess),
        ]);
        let Ticket { token, phone, .. } = &self.model.tickets[ticket];
        let (token, phone) = (token.clone(), phone.clone());
        let known = self.model.known(&phone, device.as_ref());
        let headers = [
            shown("sms-token", Some(token)),
            shown("device-token", device),
        ]
        .concat();
        let typed = invitation.as_deref();
        let typed = typed.map(|code| spelling::code(&mut self.chance, code));
        let body = proof(&guess, typed.as_ref());
        let call = (Method::POST, "/login/sms-confirm/");
        let (reply, came) = self
            .call(call, headers, Some(body), (predicted, GUESSING))
            .await;
        if came && predicted == OK {
            self.welcome(&reply.ok(), phone, known, invitation).await;
        } else if came {
            self.guessed_wrong(ticket, &reply, known.is_some());
        }
    }

    /// One of the latest, or one that was guessed at before.
    fn pick_ticket(&mut self) -> Option<At> {
        let is_tried = |ticket: &Ticket| ticket.wrong > 0 && !ticket.is_spent;
        let tried = self.model.tickets.iter().rposition(is_tried);
        let any = self.pick_late(self.model.tickets.len());
        tried.filter(|_| self.chance.one_in(2)).or(any)
    }

    pub(super) fn guess(&mut self, ticket: At) -> String {
        let ticket = &self.model.tickets[ticket];
        let (code, is_tried) = (ticket.code.clone(), ticket.wrong > 0);
        match self.chance.below(8) {
            0 => self.chance.digits(5),
            1..=3 => other_than(&code),
            4 | 5 if is_tried => other_than(&code),
            _ => code,
        }
    }

    pub(super) fn guessed_wrong(&mut self, ticket: At, reply: &Reply, is_known: bool) {
        let problem = reply.json();
        if problem["code"] != "sms_code_invalid" {
            return;
        }
        let now = self.model.now;
        let ticket = &mut self.model.tickets[ticket];
        ticket.wrong += 1;
        assert!(ticket.wrong <= 3, "more than three guesses were evaluated");
        assert_eq!(problem["attempts_left"], 3 - ticket.wrong);
        if ticket.device.is_none() && !is_known && ticket.code.len() == 4 {
            let misses = self.misses.entry(ticket.phone.clone()).or_default();
            misses.push(now);
            if self.is_limited {
                assert_within(&GUESSES, misses);
            }
        }
    }

    async fn welcome(
        &mut self,
        reply: &Value,
        phone: String,
        known: Option<String>,
        invitation: Option<String>,
    ) {
        self.model.spend(&phone);
        let text = |name: &str| reply[name].as_str().unwrap().to_owned();
        let pair = Pair {
            access: text("access"),
            refresh: text("refresh"),
            at: self.model.now,
            since: self.model.at,
            is_used: false,
        };
        let claims = claims(&pair.access);
        let id = claims["session_id"].as_i64().unwrap();
        let user_id = claims["user_id"].as_i64().unwrap();
        let user = match self.model.owner(&phone) {
            Some(user) => user,
            None => self.register(phone, user_id),
        };
        assert_eq!(self.model.users[user].id, user_id);
        assert!(self.model.sessions.iter().all(|session| session.id != id));
        self.model.begin(Session {
            id,
            user,
            device: text("device_token"),
            begun: self.model.at,
            pairs: vec![pair],
            has_ended: false,
        });
        assert!(
            known.is_none_or(|known| known == text("device_token")),
            "a known device stays known"
        );
        let devices = &mut self.model.users[user].devices;
        devices.retain(|(device, _)| *device != text("device_token"));
        devices.push((text("device_token"), self.model.at));
        self.invited(user, &reply["invitation"], invitation);
        if self.model.users[user].code.is_empty() {
            self.learn_code(user).await;
        }
    }

    fn register(&mut self, phone: String, id: i64) -> At {
        assert!(
            self.model.users.iter().all(|user| user.id != id),
            "an id is never used again"
        );
        self.model.users.push(User {
            id,
            phone,
            ..User::default()
        });
        self.model.users.len() - 1
    }

    async fn learn_code(&mut self, user: At) {
        let session = self.model.sessions.len() - 1;
        let (predicted, header) = self.bearer((session, 0));
        let call = (Method::GET, "/profile/");
        let (reply, _) = self.call(call, vec![header], None, (predicted, &[])).await;
        let code = reply.ok()["invitation_code"].as_str().unwrap().to_owned();
        assert!(
            self.model.users.iter().all(|user| user.code != code),
            "a code is never used again"
        );
        self.model.users[user].code = code;
    }
}
