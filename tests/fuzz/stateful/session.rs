//! Refreshing, listing and ending sessions.

use poem::http::Method;
use serde_json::json;

use super::{
    StatefulTest,
    model::{OK, Pair, first, refuse_if},
};

impl StatefulTest {
    pub(super) async fn exchange(&mut self) {
        let Some((session, mut pair)) = self.choose_session() else {
            return;
        };
        if self.rng.one_in(3) {
            pair = pair.saturating_sub(1);
        }
        let refresh = self.model.sessions[session].pairs[pair].refresh.clone();
        let predicted = self.model.exchange(session, pair);
        let call = (Method::POST, "/token/refresh/");
        let (body, expected) = (json!({ "refresh": refresh }), (predicted, &[][..]));
        let (reply, _) = self.call(call, Vec::new(), Some(body), expected).await;
        let (now, since) = (self.model.now, self.model.monotonic);
        let has_ended = self.model.is_refreshable(session) != OK && predicted == "token_invalid";
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
            let differs = |pair: &Pair| pair.refresh != refresh && pair.access != access;
            assert!(session.pairs.iter().all(differs));
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
        let Some((reply, session, user)) = self.authorized(call, None).await else {
            return;
        };
        let reply = reply.ok();
        let entries = reply["sessions"].as_array().unwrap();
        let ids = entries.iter().map(|entry| entry["id"].as_i64().unwrap());
        let mut ids: Vec<_> = ids.collect();
        let mut expected = self.model.sessions_of(user);
        ids.sort_unstable();
        expected.sort_unstable();
        assert_eq!(ids, expected);
        let devices = self.model.devices_of(user).len();
        assert_eq!(reply["devices"].as_array().unwrap().len(), devices);
        for entry in entries {
            let is_current = entry["id"] == self.model.sessions[session].id;
            assert_eq!(entry["current"], is_current);
        }
    }

    pub(super) async fn end_session(&mut self) {
        let count = self.model.sessions.len();
        let (Some(at), Some(other)) = (self.choose_session(), self.choose_recent(count)) else {
            return;
        };
        let user = self.model.sessions[at.0].user;
        let session = &self.model.sessions[other];
        let (id, is_own) = (session.id, session.user == user && !session.has_ended);
        let is_kept = self.model.sessions_of(user).contains(&id);
        if is_own && !is_kept {
            // Whether it was swept already is not specified.
            return;
        }
        let (predicted, header) = self.bearer(at);
        let predicted = first([predicted, refuse_if(!is_own, "not_found")]);
        let path = format!("/profile/sessions/{id}/");
        let call = (Method::DELETE, &*path);
        self.call(call, vec![header], None, (predicted, &[])).await;
        self.model.sessions[other].has_ended |= predicted == OK;
    }

    pub(super) async fn log_out(&mut self) {
        let all = self.rng.one_in(3);
        let body = Some(json!({ "all": all })).filter(|_| all || self.rng.one_in(2));
        let Some((_, session, user)) = self.authorized((Method::POST, "/logout/"), body).await
        else {
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
