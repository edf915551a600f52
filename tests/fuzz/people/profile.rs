//! Reading, changing and deleting one's account.

use poem::http::Method;
use serde_json::json;

use super::{
    People,
    model::{At, digits},
    spelling,
};
use crate::harness::Reply;

impl People {
    pub(super) async fn read(&mut self) {
        if let Some((reply, _, user)) = self.simply((Method::GET, "/profile/"), None).await {
            self.assert_is(user, &reply);
        }
    }

    pub(super) fn assert_is(&self, user: At, reply: &Reply) {
        let model = &self.model;
        let (user, invitees) = (&model.users[user], model.invitees(user));
        let [first_name, last_name, email] = &user.about;
        let referrer = user.referrer.map(|referrer| &model.users[referrer]);
        let profile = json!({
            "first_name": first_name,
            "last_name": last_name,
            "email": email,
            "phone": digits(&user.phone),
            "invitation_code": user.code,
            "invited_by": referrer.filter(|referrer| !referrer.is_gone).map(|referrer| digits(&referrer.phone)),
            "invited_users_phones": invitees,
            "id": user.id,
            "invited_users_count": invitees.len(),
        });
        let mut told = reply.ok();
        assert!(told["created_at"].take().is_string());
        told.as_object_mut().unwrap().remove("created_at");
        assert_eq!(told, profile);
    }

    pub(super) async fn describe(&mut self) {
        let names = ["first_name", "last_name", "email"];
        let mut about = [
            self.chance.mark(),
            self.chance.mark(),
            format!("{}@example.com", self.chance.mark()),
        ]
        .map(|text| spelling::text(&mut self.chance, &text));
        let is_whole = self.chance.one_in(2);
        let mut body = json!({ "phone": "nobody's", "invited_by": null });
        for (name, value) in names.iter().zip(&mut about) {
            if self.chance.one_in(4) {
                *value = (" ".repeat(self.chance.below(3)), String::new());
            }
            if is_whole || self.chance.one_in(2) {
                body[*name] = json!(value.0);
            }
        }
        let method = if is_whole { Method::PUT } else { Method::PATCH };
        let Some((reply, _, user)) = self.simply((method, "/profile/"), Some(body.clone())).await
        else {
            return;
        };
        for (place, (name, (_, kept))) in names.iter().zip(about).enumerate() {
            if body[*name].is_string() {
                self.model.users[user].about[place] = kept;
            }
        }
        self.assert_is(user, &reply);
    }

    pub(super) async fn delete(&mut self) {
        if let Some((_, _, user)) = self.simply((Method::DELETE, "/profile/"), None).await {
            self.model.close(user);
        }
    }
}
