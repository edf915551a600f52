//! Reading, changing and deleting one's account.

use poem::http::Method;
use serde_json::json;

use super::{
    StatefulTest,
    model::{Index, digits},
    spelling,
};
use crate::harness::Reply;

impl StatefulTest {
    pub(super) async fn read(&mut self) {
        if let Some((reply, _, user)) = self.authorized((Method::GET, "/profile/"), None).await {
            self.assert_profile(user, &reply);
        }
    }

    pub(super) fn assert_profile(&self, user: Index, reply: &Reply) {
        let model = &self.model;
        let (user, invitees) = (&model.users[user], model.invitees(user));
        let [first_name, last_name, email] = &user.about;
        let referrer = user.referrer.map(|referrer| &model.users[referrer]);
        let referrer = referrer.filter(|referrer| !referrer.is_deleted);
        let profile = json!({
            "first_name": first_name,
            "last_name": last_name,
            "email": email,
            "phone": digits(&user.phone),
            "invitation_code": user.code,
            "invited_by": referrer.map(|referrer| digits(&referrer.phone)),
            "invited_users_phones": invitees,
            "id": user.id,
            "invited_users_count": invitees.len(),
            "invitation_link": format!("http://127.0.0.1:8080/i/{}/", user.code),
        });
        let mut read = reply.ok();
        let created_at = read.as_object_mut().unwrap().remove("created_at");
        assert!(created_at.is_some_and(|time| time.is_string()));
        assert_eq!(read, profile);
    }

    pub(super) async fn update(&mut self) {
        let names = ["first_name", "last_name", "email"];
        let [first, last, email] = [(); 3].map(|()| self.rng.marker());
        let about = [first, last, format!("{email}@example.com")];
        let mut about = about.map(|text| spelling::text(&mut self.rng, &text));
        let is_whole = self.rng.one_in(2);
        let mut body = json!({ "phone": "nobody's", "invited_by": null });
        for (name, value) in names.iter().zip(&mut about) {
            if self.rng.one_in(4) {
                *value = (" ".repeat(self.rng.below(3)), String::new());
            }
            if is_whole || self.rng.one_in(2) {
                body[*name] = json!(value.0);
            }
        }
        let method = if is_whole { Method::PUT } else { Method::PATCH };
        let call = (method, "/profile/");
        let Some((reply, _, user)) = self.authorized(call, Some(body.clone())).await else {
            return;
        };
        for (place, (name, (_, kept))) in names.iter().zip(about).enumerate() {
            if body[*name].is_string() {
                self.model.users[user].about[place] = kept;
            }
        }
        self.assert_profile(user, &reply);
    }

    pub(super) async fn delete(&mut self) {
        if let Some((_, _, user)) = self.authorized((Method::DELETE, "/profile/"), None).await {
            self.model.delete_account(user);
        }
    }
}
