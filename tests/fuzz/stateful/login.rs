//! Requesting codes and confirming them.

use std::sync::Arc;

use invited::{sms::SmsError, token::challenge};
use poem::http::Method;
use serde_json::{Value, json};

use super::{
    StatefulTest, assert_rate,
    model::{Challenge, Index, OK, Outcome, Pair, SMS_TOKEN, Session, User, first},
    spelling, token_header,
};
use crate::{
    fuzz::request::accounts::claims,
    harness::{Reply, other_than},
};

pub(super) const SENDING: &[&str] = &["sms_rate_limited"];
pub(super) const GUESSING: &[&str] = &["rate_limited", "too_many_attempts"];
/// The defaults of `limits.wrong_guesses_per_phone` and `limits.sends_per_phone`,
/// without the minute that nobody waits for whose code has been outlived.
const GUESSES: [(usize, i64); 3] = [(5, 86_400), (8, 604_800), (10, 2_592_000)];
const SENDS: [(usize, i64); 2] = [(3, 900), (10, 86_400)];

/// The body of a confirmation.
pub(super) fn confirmation(code: &str, invitation: Option<&String>) -> Value {
    let mut body = json!({ "sms_code": code });
    if let Some(invitation) = invitation {
        body["invitation_code"] = json!(invitation);
    }
    body
}

impl StatefulTest {
    pub(super) async fn request_code(&mut self) {
        let phone = self.rng.choose(&self.phones.clone()).clone();
        let device = self.device();
        let known = self.model.known(&phone, device.as_ref());
        let mut predicted = self.predict_request(&phone, None, known.as_ref());
        let body = json!({ "phone": spelling::phone(&mut self.rng, &phone) });
        let headers = token_header("device-token", device);
        let gateway = Arc::clone(&self.harness().gateway);
        let mut reusable = self.model.reusable(&phone, None, known.as_ref(), self.peer);
        let is_sent = reusable.next().is_none();
        drop(reusable);
        let before = gateway.count();
        if predicted == OK && is_sent && self.rng.one_in(20) {
            predicted = "sms_unavailable";
            *gateway.fails.lock().unwrap() = Some(SmsError::NotSent);
        }
        let (call, expected) = ((Method::POST, "/login/"), (predicted, SENDING));
        let (reply, as_predicted) = self.call(call, headers, Some(body), expected).await;
        // Then it is as if nothing had been asked for.
        let has_failed = gateway.fails.lock().unwrap().take().is_some();
        if as_predicted && !has_failed {
            self.code_requested(&reply, &phone, None, known.as_ref(), before);
        }
    }

    /// Where short codes may be unavailable, live ones do not limit requests.
    pub(super) fn predict_request(
        &self,
        phone: &str,
        moving: Option<Index>,
        device: Option<&String>,
    ) -> Outcome {
        let mut reusable = self.model.reusable(phone, moving, device, self.peer);
        if self.is_limited || reusable.next().is_some() {
            OK
        } else {
            self.model.ask(phone, device)
        }
    }

    pub(super) fn code_requested(
        &mut self,
        reply: &Reply,
        phone: &str,
        moving: Option<Index>,
        device: Option<&String>,
        before: usize,
    ) {
        if !reply.status.is_success() {
            let limit = &reply.json()["limit"];
            let is_expected = self.is_limited || limit == "live_tokens_per_phone";
            return assert!(is_expected, "{limit}");
        }
        let (reply, wait) = (reply.ok(), self.model.resend_in(phone, device));
        let token = reply["sms-token"].as_str().unwrap().to_owned();
        let app = &self.harness().app;
        let opened = challenge::open(app.keys(), &token, app.now());
        let id = opened.unwrap().challenge.0;
        let sent = self.harness().gateway.count() - before;
        let mut challenges = self.model.challenges.iter();
        let Some(known) = challenges.position(|challenge| challenge.id == id) else {
            assert_eq!(sent, 1);
            self.challenge_created(id, token, phone, moving, device);
            let code = &self.model.challenges.last().unwrap().code;
            assert_eq!(reply["sms_code_length"], code.len());
            let wait = self.model.resend_in(phone, device);
            let is_right = self.is_limited || reply["resend_in"] == wait;
            return assert!(is_right, "{wait}: {reply}");
        };
        assert_eq!(sent, 0);
        let mut reusable = self.model.reusable(phone, moving, device, self.peer);
        assert!(reusable.any(|challenge| challenge.id == id));
        drop(reusable);
        assert!(self.is_limited || wait > 0 && reply["resend_in"] == wait);
        let challenge = &mut self.model.challenges[known];
        let left = challenge.at + SMS_TOKEN - self.model.now;
        assert_eq!(reply["expires_in"], left);
        challenge.token = token;
    }

    fn challenge_created(
        &mut self,
        id: i64,
        token: String,
        phone: &str,
        moving: Option<Index>,
        device: Option<&String>,
    ) {
        let code = self.harness().gateway.code_of(phone);
        if let Some(live) = self.model.live_code(phone, moving, code.len()) {
            assert_eq!(live, code, "the live code is sent again");
        }
        if device.is_none() {
            let sends = self.sends.entry(phone.to_owned()).or_default();
            sends.push(self.model.now);
            if self.is_limited {
                assert_rate(&SENDS, sends);
            }
        }
        self.model.challenges.push(Challenge {
            token,
            id,
            peer: self.peer,
            phone: phone.to_owned(),
            code,
            moving,
            device: device.cloned(),
            at: self.model.now,
            wrong: 0,
            is_used: false,
            is_removed: false,
        });
    }

    pub(super) async fn confirm(&mut self) {
        let Some(challenge) = self.choose_challenge() else {
            return;
        };
        let (guess, device) = (self.guess(challenge), self.device());
        let invitation = Some(self.invitation_code()).filter(|_| self.rng.one_in(3));
        let predicted = first([
            self.model.check_challenge(challenge),
            self.model.guess(challenge, None, &guess),
        ]);
        let Challenge { token, phone, .. } = &self.model.challenges[challenge];
        let (token, phone) = (token.clone(), phone.clone());
        let known = self.model.known(&phone, device.as_ref());
        let mut headers = token_header("sms-token", Some(token));
        headers.extend(token_header("device-token", device));
        let typed = invitation.as_deref();
        let typed = typed.map(|code| spelling::code(&mut self.rng, code));
        let body = confirmation(&guess, typed.as_ref());
        let call = (Method::POST, "/login/sms-confirm/");
        let expected = (predicted, GUESSING);
        let (reply, as_predicted) = self.call(call, headers, Some(body), expected).await;
        if as_predicted && predicted == OK {
            self.logged_in(&reply.ok(), phone, known, invitation).await;
        } else if as_predicted {
            self.guess_refused(challenge, &reply, known.is_some());
        }
    }

    /// One of the latest, or one with a wrong guess.
    fn choose_challenge(&mut self) -> Option<Index> {
        let is_tried = |challenge: &Challenge| challenge.wrong > 0 && !challenge.is_used;
        let tried = self.model.challenges.iter().rposition(is_tried);
        let any = self.choose_recent(self.model.challenges.len());
        tried.filter(|_| self.rng.one_in(2)).or(any)
    }

    pub(super) fn guess(&mut self, challenge: Index) -> String {
        let challenge = &self.model.challenges[challenge];
        let (code, is_tried) = (challenge.code.clone(), challenge.wrong > 0);
        match self.rng.below(8) {
            0 => self.rng.digits(5),
            1..=3 => other_than(&code),
            4 | 5 if is_tried => other_than(&code),
            _ => code,
        }
    }

    pub(super) fn guess_refused(&mut self, challenge: Index, reply: &Reply, is_known: bool) {
        let problem = reply.json();
        if problem["code"] != "sms_code_invalid" {
            return;
        }
        let now = self.model.now;
        let challenge = &mut self.model.challenges[challenge];
        challenge.wrong += 1;
        assert!(
            challenge.wrong <= 3,
            "more than three guesses were evaluated"
        );
        assert_eq!(problem["attempts_left"], 3 - challenge.wrong);
        if challenge.device.is_none() && !is_known && challenge.code.len() == 4 {
            let wrong_guesses = self
                .wrong_guesses
                .entry(challenge.phone.clone())
                .or_default();
            wrong_guesses.push(now);
            if self.is_limited {
                assert_rate(&GUESSES, wrong_guesses);
            }
        }
    }

    async fn logged_in(
        &mut self,
        reply: &Value,
        phone: String,
        known: Option<String>,
        invitation: Option<String>,
    ) {
        self.model.use_up(&phone);
        let text = |name: &str| reply[name].as_str().unwrap().to_owned();
        let pair = Pair {
            access: text("access"),
            refresh: text("refresh"),
            at: self.model.now,
            since: self.model.monotonic,
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
            begun: self.model.monotonic,
            pairs: vec![pair],
            has_ended: false,
        });
        let is_kept = known.is_none_or(|known| known == text("device_token"));
        assert!(is_kept, "a known device stays known");
        let devices = &mut self.model.users[user].devices;
        devices.retain(|(device, _)| *device != text("device_token"));
        devices.push((text("device_token"), self.model.monotonic));
        self.invitation_entered(user, &reply["invitation"], invitation);
        if self.model.users[user].code.is_empty() {
            self.read_code(user).await;
        }
    }

    fn register(&mut self, phone: String, id: i64) -> Index {
        let is_new = self.model.users.iter().all(|user| user.id != id);
        assert!(is_new, "an id is never used again");
        self.model.users.push(User {
            id,
            phone,
            ..User::default()
        });
        self.model.users.len() - 1
    }

    async fn read_code(&mut self, user: Index) {
        let at = (self.model.sessions.len() - 1, 0);
        let call = (Method::GET, "/profile/");
        let (_, reply) = self.authorized_with(at, call, None).await;
        let code = reply.ok()["invitation_code"].as_str().unwrap().to_owned();
        let is_new = self.model.users.iter().all(|user| user.code != code);
        assert!(is_new, "a code is never used again");
        self.model.users[user].code = code;
    }
}
