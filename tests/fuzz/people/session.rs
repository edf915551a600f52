//! Refreshing, listing and ending sessions.

use poem::http::Method;
use serde_json::json;

use super::{
    People, first,
    model::{OK, Pair},
};

impl People {
    pub(super) async fn exchange(&mut self) {
        let Some((session, mut pair)) = self.pick_session() else {
            return;
        };
        if self.chance.one_in(3) {
            pair = pair.saturating_sub(1);
        }
        let refresh = self.model.sessions[session].pairs[pair].refresh.clone();
        let predicted = self.model.exchange(session, pair);
        let (call, body) = (
            (Method::POST, "/token/refresh/"),
            json!({ "refresh": refresh }),
        );
        let (reply, _) = self
            .call(call, Vec::new(), Some(body), (predicted, &[]))
            .await;
        let (now, since) = (self.model.now, self.model.at);
        let has_ended = self.model.goes_on(session) != OK && predicted == "token_invalid";
        let session = &mut self.model.sessions[session];
        session.has_ended |= has_ended;
        if predicted == "refresh_reused" {
            session.has_ended = true;
            self.model.users[session.user].devices.clear();
        }
        if predicted != OK {
            return;
        }
        let text = |name: &str| reply.ok()[name].as_str().unwrap().to_owned();
        let (access, refresh) = (text("access"), text("refresh"));
        if pair + 1 == session.pairs.len() {
            assert!(
                session
                    .pairs
                    .iter()
                    .all(|pair| pair.refresh != refresh && pair.access != access)
            );
            session.pairs.push(Pair {
                access,
                refresh,
                at: now,
                since,
                is_used: false,
            });
        } else {
            let successor = &session.pairs[pair + 1];
            assert_eq!((&access, &refresh), (&successor.access, &successor.refresh));
        }
    }

    pub(super) async fn list_sessions(&mut self) {
        let call = (Method::GET, "/profile/sessions/");
        let Some((reply, session, user)) = self.simply(call, None).await else {
            return;
        };
        let reply = reply.ok();
        let entries = reply["sessions"].as_array().unwrap();
        let mut ids: Vec<_> = entries
            .iter()
            .map(|entry| entry["id"].as_i64().unwrap())
            .collect();
        let mut expected = self.model.sessions_of(user);
        ids.sort_unstable();
        expected.sort_unstable();
        assert_eq!(ids, expected);
        let devices = self.model.devices_of(user).len();
        assert_eq!(reply["devices"].as_array().unwrap().len(), devices);
        for entry in entries {
            assert_eq!(
                entry["current"],
                entry["id"] == self.model.sessions[session].id
            );
        }
    }

    pub(super) async fn end_session(&mut self) {
        let (Some(at), Some(other)) = (
            self.pick_session(),
            self.pick_late(self.model.sessions.len()),
        ) else {
            return;
        };
        let (user, id) = (
            self.model.sessions[at.0].user,
            self.model.sessions[other].id,
        );
        let is_own =
            self.model.sessions[other].user == user && !self.model.sessions[other].has_ended;
        let is_kept = self.model.sessions_of(user).contains(&id);
        if is_own && !is_kept {
            // Whether it was swept already is nobody's business.
            return;
        }
        let (predicted, header) = self.bearer(at);
        let predicted = first([predicted, if is_own { OK } else { "not_found" }]);
        let path = format!("/profile/sessions/{id}/");
        self.call(
            (Method::DELETE, &path),
            vec![header],
            None,
            (predicted, &[]),
        )
        .await;
        self.model.sessions[other].has_ended |= predicted == OK;
    }

    pub(super) async fn log_out(&mut self) {
        let all = self.chance.one_in(3);
        let body = Some(json!({ "all": all })).filter(|_| all || self.chance.one_in(2));
        let Some((_, session, user)) = self.simply((Method::POST, "/logout/"), body).await else {
            return;
        };
        for (at, one) in self.model.sessions.iter_mut().enumerate() {
            one.has_ended |= at == session || all && one.user == user;
        }
        if all {
            self.model.users[user].devices.clear();
        }
    }
}
