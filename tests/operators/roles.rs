//! What each role may do: a row a call.

use invited::{domain::permission::Permission, http::admin_openapi};
use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    fuzz::openapi::OpenApi,
    harness::{
        ALICE, BOB, CAROL, Harness,
        operator::{ADMIN, Operator},
    },
};

const DAVE: &str = "+79265550011";

/// A call, and the permission that it takes.
struct Call {
    method: Method,
    path: &'static str,
    body: Value,
    permission: &'static str,
}

fn call(method: Method, path: &'static str, body: Value, permission: &'static str) -> Call {
    Call {
        method,
        path,
        body,
        permission,
    }
}

/// Every call, with `{id}` for the person that it is about. None undoes what
/// the next needs.
fn calls() -> Vec<Call> {
    let get = |path, permission| call(Method::GET, path, Value::Null, permission);
    let post = |path, body, permission| call(Method::POST, path, body, permission);
    let delete = |path, permission| call(Method::DELETE, path, Value::Null, permission);
    let grant = json!({ "phone": CAROL, "role": "viewer" });
    let key = json!({ "name": "new", "permissions": ["people"], "expires_in_days": 90 });
    vec![
        get("people/", "people"),
        get("people/?query=7900&limit=1", "people"),
        get("people/{id}/", "people"),
        get("people/{id}/invitees/", "people"),
        get("people/{id}/lineage/", "people"),
        get("roots/", "people"),
        get("series/?span=week", "figures"),
        get("cohorts/", "figures"),
        get("overview/", "figures"),
        get("gateways/", "figures"),
        get("audit/?user={id}&limit=1", "audit"),
        get("operators/", "operators"),
        get("keys/", "keys"),
        post("operators/", grant, "operators"),
        post("keys/", key, "keys"),
        post("people/{id}/ban/", json!({}), "ban"),
        post("people/{id}/unban/", json!({}), "ban"),
        post("people/{id}/unlock/", json!({}), "unlock"),
        post("phones/unlock/", json!({ "phone": BOB }), "unlock"),
        post("people/{id}/logout/", json!({}), "logout"),
        delete("sessions/{session}/", "logout"),
        post(
            "people/{id}/invitation/",
            json!({ "referrer": CAROL }),
            "invitation",
        ),
        post(
            "people/{id}/move-phone/",
            json!({ "phone": "+79995554433" }),
            "move_phone",
        ),
        get("people/{id}/export/", "export"),
        delete("people/{id}/", "delete"),
        delete("operators/{carol}/", "operators"),
        delete("keys/{key}/", "keys"),
    ]
}

/// What is named in the paths of calls.
struct Named {
    bob: i64,
    carol: i64,
    session: i64,
    key: i64,
}

impl Named {
    async fn of(harness: &Harness) -> Self {
        let of = |command: Value| async {
            let told = harness.command(command).await.unwrap();
            told["id"].as_i64().unwrap()
        };
        let show = |who: &str| json!({ "command": "show_user", "who": who });
        let list = json!({ "command": "list_sessions", "who": CAROL });
        let sessions = harness.command(list).await.unwrap();
        let key = json!({ "command": "create_key", "name": "old", "permissions": "people" });
        Self {
            bob: of(show(BOB)).await,
            carol: of(show(CAROL)).await,
            session: sessions[0]["id"].as_i64().unwrap(),
            key: of(key).await,
        }
    }

    fn fill(&self, path: &str) -> String {
        [
            ("{id}", self.bob),
            ("{carol}", self.carol),
            ("{session}", self.session),
            ("{key}", self.key),
        ]
        .iter()
        .fold(path.to_owned(), |path, (name, id)| {
            path.replace(name, &id.to_string())
        })
    }
}

async fn perform(operator: &Operator, call: &Call, named: &Named) -> (u16, Value) {
    let body = (!call.body.is_null()).then(|| call.body.clone());
    let why = [("x-reason", "why%20not")];
    let path = named.fill(call.path);
    let reply = operator.call(call.method.clone(), &path, &why, body).await;
    let told = serde_json::from_str(&reply.text).unwrap_or_default();
    (reply.status.as_u16(), told)
}

/// Asserts that an answer is what the document says.
fn is_documented(document: &OpenApi, call: &Call, status: u16, told: &Value) {
    let path = call.path.split('?').next().unwrap();
    let path = format!("admin/api/{path}");
    let parts: Vec<_> = path.trim_matches('/').split('/').collect();
    let mut operations = document.operations.iter();
    let operation = operations.find(|one| one.method == call.method && one.has_path(&parts));
    let response = operation.unwrap().response(status);
    let schema = &response["content"]["application/json"]["schema"];
    let is_valid = document.validate(schema, told);
    assert_eq!(is_valid, Ok(()), "{} {}: {told}", call.method, call.path);
    assert!(response.is_object(), "{} {status}", call.path);
}

#[tokio::test]
async fn each_role_does_what_it_permits_and_nothing_else() {
    let document = OpenApi::of(&admin_openapi());
    for role in ["viewer", "support", "owner"] {
        let harness = Harness::with(&[ADMIN]);
        let [_, carol] = harness.logins([BOB, CAROL]).await;
        carol
            .redeem(&harness.login(DAVE).await.invitation_code().await)
            .await
            .ok();
        let alice = harness.operator(ALICE, role).await;
        let shown = alice.get("session/").await.ok();
        let permissions = shown["operator"]["permissions"].as_array().unwrap();
        let named = Named::of(&harness).await;
        for call in calls() {
            let (status, told) = perform(&alice, &call, &named).await;
            let what = format!("{role} {} {}: {told}", call.method, call.path);
            if permissions.contains(&call.permission.into()) {
                assert!([200, 204].contains(&status), "{what}");
                is_documented(&document, &call, status, &told);
            } else {
                assert_eq!(status, 403, "{what}");
                assert_eq!(told["permission"], call.permission, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn every_call_is_in_that_table() {
    let mut expected: Vec<_> = calls()
        .iter()
        .map(|call| format!("{} {}", call.method, call.path.split('?').next().unwrap()))
        .map(|call| {
            call.replace("{carol}", "{id}")
                .replace("{session}", "{id}")
                .replace("{key}", "{id}")
        })
        .collect();
    let document = OpenApi::of(&admin_openapi());
    let known = document.operations.iter();
    let mut known: Vec<_> = known
        .map(|one| {
            format!(
                "{} {}",
                one.method,
                one.path.trim_start_matches("/admin/api/")
            )
        })
        .filter(|call| {
            let others = [" session/", " login/", " events/"];
            !others.iter().any(|end| call.ends_with(end))
        })
        .collect();
    expected.sort_unstable();
    expected.dedup();
    known.sort_unstable();
    assert_eq!(known, expected);
}

#[tokio::test]
async fn a_key_does_what_it_was_made_for() {
    let harness = Harness::with(&[ADMIN]);
    harness.logins([BOB, CAROL]).await;
    let named = Named::of(&harness).await;
    for permission in Permission::ALL {
        let program = harness.program(permission.name(), permission.name()).await;
        let others = calls().into_iter();
        for call in others.filter(|call| call.permission != permission.name()) {
            let (status, told) = perform(&program, &call, &named).await;
            assert_eq!(status, 403, "{permission} {}", call.path);
            assert_eq!(told["permission"], call.permission);
        }
    }
}

#[tokio::test]
async fn phones_are_masked_for_whoever_may_not_see_them() {
    let harness = Harness::with(&[ADMIN]);
    harness.login(BOB).await;
    for (role, shown) in [("viewer", "+7900•••••21"), ("support", BOB)] {
        let alice = harness.operator(ALICE, role).await;
        let path = format!("people/{}/", alice.id_of(BOB).await);
        assert_eq!(alice.get(&path).await.ok()["phone"], shown);
        harness.advance(61);
    }
}

#[tokio::test]
async fn nobody_does_to_an_operator_what_that_one_could_not_do_to_them() {
    let harness = Harness::with(&[ADMIN]);
    let owner = harness.operator(BOB, "owner").await;
    let support = harness.operator(ALICE, "support").await;
    let of = |id: i64, act: &str| format!("people/{id}/{act}/");
    let id = support.id_of(BOB).await;
    let referrer = json!({ "referrer": ALICE });
    for (act, body) in [
        ("ban", json!({})),
        ("unban", json!({})),
        ("unlock", json!({})),
        ("logout", json!({})),
        ("invitation", referrer),
    ] {
        let refused = support.post(&of(id, act), body).await;
        refused.refused(403, "forbidden");
    }
    let unlock = json!({ "phone": BOB });
    let refused = support.post("phones/unlock/", unlock).await;
    refused.refused(403, "forbidden");
    owner.get("session/").await.ok();
    let id = support.id_of(ALICE).await;
    owner.post(&of(id, "ban"), json!({})).await.ok();
    support
        .get("session/")
        .await
        .refused(401, "unauthenticated");
}

#[tokio::test]
async fn whoever_sees_phones_masked_does_not_find_them_by_what_is_hidden() {
    let harness = Harness::with(&[ADMIN]);
    harness.login(BOB).await;
    for (role, found) in [("viewer", 0), ("support", 1)] {
        let phone = if found == 0 { ALICE } else { CAROL };
        let operator = harness.operator(phone, role).await;
        let people = async |query: &str| {
            let told = operator.get(&format!("people/?query={query}")).await.ok();
            told["people"].as_array().unwrap().len()
        };
        for part in [
            "7900765",
            "4321",
            "07654",
            "%2B7%20900%20765",
            "79007654321",
            "phone:9007654321",
        ] {
            assert_eq!(people(part).await, found, "{role}: {part}");
        }
        let masked = "%2B7900%E2%80%A2%E2%80%A2%E2%80%A2%E2%80%A2%E2%80%A221";
        assert_eq!(people(masked).await, 1, "{role}");
    }
}

#[tokio::test]
async fn the_order_of_masked_phones_tells_nothing_of_what_is_hidden() {
    let harness = Harness::with(&[ADMIN]);
    let phones = ["+79001999921", "+79001555521", "+79001777721"];
    let mut ids = Vec::new();
    let viewer = harness.operator(ALICE, "viewer").await;
    for phone in phones {
        harness.login(phone).await;
        ids.push(viewer.id_of(phone).await);
        harness.advance(61);
    }
    let masked = "%2B7900%E2%80%A2%E2%80%A2%E2%80%A2%E2%80%A2%E2%80%A221";
    for most in 1..=3 {
        let path = format!("people/?query={masked}&limit={most}");
        let told = viewer.get(&path).await.ok();
        let people = told["people"].as_array().unwrap().iter();
        let found: Vec<_> = people.map(|one| one["id"].as_i64().unwrap()).collect();
        assert_eq!(found, ids[..most]);
    }
}
