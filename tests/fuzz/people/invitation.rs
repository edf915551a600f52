//! Entering invitation codes, and looking who entered one's own.

use poem::http::Method;
use serde_json::{Value, json};

use super::{
    People, first,
    model::{At, OK, digits},
    spelling,
};

const REDEEMING: &[&str] = &["rate_limited"];

impl People {
    pub(super) fn invitation_code(&mut self) -> String {
        match self.pick_late(self.model.users.len()) {
            Some(user) if !self.chance.one_in(6) => self.model.users[user].code.clone(),
            _ => format!("00{}", self.chance.digits(4)),
        }
    }

    pub(super) async fn redeem(&mut self) {
        let Some(at) = self.pick_session() else {
            return;
        };
        let (code, (predicted, header)) = (self.invitation_code(), self.bearer(at));
        let user = self.model.sessions[at.0].user;
        let predicted = first([predicted, self.model.redeem(user, &code)]);
        let call = (Method::POST, "/profile/invitation/");
        let body = json!({ "invitation_code": spelling::code(&mut self.chance, &code) });
        let (reply, came) = self
            .call(call, vec![header], Some(body), (predicted, REDEEMING))
            .await;
        if came && predicted == OK {
            let owner = self.model.refer(user, &code);
            assert_eq!(
                reply.ok()["invited_by"],
                digits(&self.model.users[owner].phone)
            );
            assert!(!self.model.ancestors(user).contains(&user), "a cycle");
        }
    }

    pub(super) fn invited(&mut self, user: At, told: &Value, invitation: Option<String>) {
        let Some(code) = invitation else {
            return assert!(told.is_null(), "{told}");
        };
        match self.model.redeem(user, &code) {
            _ if self.is_limited && told["code"] == "rate_limited" => {}
            OK => {
                let owner = self.model.refer(user, &code);
                assert_eq!(told["accepted"], true);
                assert_eq!(told["invited_by"], digits(&self.model.users[owner].phone));
            }
            refused => assert_eq!(*told, json!({ "accepted": false, "code": refused })),
        }
    }

    /// Reads all invitees, a few at a time.
    pub(super) async fn page(&mut self) {
        let Some(at) = self.pick_session() else {
            return;
        };
        let (limit, mut after, mut phones) = (1 + self.chance.below(3), String::new(), Vec::new());
        loop {
            let (predicted, header) = self.bearer(at);
            let path = format!("/profile/invitations/?limit={limit}{after}");
            let (reply, _) = self
                .call((Method::GET, &path), vec![header], None, (predicted, &[]))
                .await;
            if predicted != OK {
                return;
            }
            let page = reply.ok();
            let entries = page["invitations"].as_array().unwrap();
            assert!(entries.len() <= limit);
            phones.extend(
                entries
                    .iter()
                    .map(|entry| entry["phone"].as_str().unwrap().to_owned()),
            );
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(phones, self.model.invitees(self.model.sessions[at.0].user));
    }
}
