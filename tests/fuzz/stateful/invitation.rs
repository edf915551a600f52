//! Redeeming invitation codes, and listing invitees.

use poem::http::Method;
use serde_json::{Value, json};

use super::{
    StatefulTest,
    model::{Index, OK, digits, first},
    spelling,
};

const REDEEMING: &[&str] = &["rate_limited"];

impl StatefulTest {
    pub(super) fn invitation_code(&mut self) -> String {
        match self.choose_recent(self.model.users.len()) {
            Some(user) if !self.rng.one_in(6) => self.model.users[user].code.clone(),
            _ => format!("00{}", self.rng.digits(4)),
        }
    }

    pub(super) async fn redeem(&mut self) {
        let Some(at) = self.choose_session() else {
            return;
        };
        let (code, (predicted, header)) = (self.invitation_code(), self.bearer(at));
        let user = self.model.sessions[at.0].user;
        let predicted = first([predicted, self.model.redeem(user, &code)]);
        let call = (Method::POST, "/profile/invitation/");
        let body = json!({ "invitation_code": spelling::code(&mut self.rng, &code) });
        let expected = (predicted, REDEEMING);
        let (reply, as_predicted) = self.call(call, vec![header], Some(body), expected).await;
        if as_predicted && predicted == OK {
            let owner = self.model.refer(user, &code);
            let phone = &self.model.users[owner].phone;
            assert_eq!(reply.ok()["invited_by"], digits(phone));
            assert!(!self.model.ancestors(user).contains(&user), "a cycle");
        }
    }

    pub(super) fn invitation_entered(
        &mut self,
        user: Index,
        result: &Value,
        invitation: Option<String>,
    ) {
        let Some(code) = invitation else {
            return assert!(result.is_null(), "{result}");
        };
        match self.model.redeem(user, &code) {
            _ if self.is_limited && result["code"] == "rate_limited" => {}
            OK => {
                let owner = self.model.refer(user, &code);
                assert_eq!(result["accepted"], true);
                assert_eq!(result["invited_by"], digits(&self.model.users[owner].phone));
            }
            refused => assert_eq!(*result, json!({ "accepted": false, "code": refused })),
        }
    }

    /// Reads all pages.
    pub(super) async fn list_invitees(&mut self) {
        let Some(at) = self.choose_session() else {
            return;
        };
        let (limit, mut after, mut phones) = (1 + self.rng.below(3), String::new(), Vec::new());
        loop {
            let path = format!("/profile/invitations/?limit={limit}{after}");
            let call = (Method::GET, &*path);
            let (predicted, reply) = self.authorized_with(at, call, None).await;
            if predicted != OK {
                return;
            }
            let page = reply.ok();
            let entries = page["invitations"].as_array().unwrap();
            assert!(entries.len() <= limit);
            let phone = |entry: &Value| entry["phone"].as_str().unwrap().to_owned();
            phones.extend(entries.iter().map(phone));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(phones, self.model.invitees(self.model.sessions[at.0].user));
    }
}
