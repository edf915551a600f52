//! What each role may do: a row a call.

use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::{
    ALICE, BOB, CAROL, Harness,
    operator::{ADMIN, Operator},
};

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
    let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
    let nothing = || json!({});
    vec![
        call(get.clone(), "people/", Value::Null, "people"),
        call(get.clone(), "people/{id}/", Value::Null, "people"),
        call(post.clone(), "people/{id}/ban/", nothing(), "ban"),
        call(post.clone(), "people/{id}/unban/", nothing(), "ban"),
        call(post.clone(), "people/{id}/unlock/", nothing(), "unlock"),
        call(
            post.clone(),
            "phones/unlock/",
            json!({ "phone": BOB }),
            "unlock",
        ),
        call(post.clone(), "people/{id}/logout/", nothing(), "logout"),
        call(
            post.clone(),
            "people/{id}/invitation/",
            json!({ "referrer": CAROL }),
            "invitation",
        ),
        call(
            post,
            "people/{id}/move-phone/",
            json!({ "phone": "+79995554433" }),
            "move_phone",
        ),
        call(get, "people/{id}/export/", Value::Null, "export"),
        call(delete, "people/{id}/", Value::Null, "delete"),
    ]
}

async fn perform(operator: &Operator, call: &Call, id: i64) -> (u16, Value) {
    let path = call.path.replace("{id}", &id.to_string());
    let body = (!call.body.is_null()).then(|| call.body.clone());
    let why = [("x-reason", "why%20not")];
    let reply = operator.call(call.method.clone(), &path, &why, body).await;
    (
        reply.status.as_u16(),
        serde_json::from_str(&reply.text).unwrap_or_default(),
    )
}

#[tokio::test]
async fn each_role_does_what_it_permits_and_nothing_else() {
    for role in ["viewer", "support", "owner"] {
        let harness = Harness::with(&[ADMIN]);
        harness.logins([BOB, CAROL]).await;
        let alice = harness.operator(ALICE, role).await;
        let shown = alice.get("session/").await.ok();
        let permissions = shown["operator"]["permissions"].as_array().unwrap();
        let id = alice.id_of(BOB).await;
        for call in calls() {
            let (status, told) = perform(&alice, &call, id).await;
            let what = format!("{role} {} {}: {told}", call.method, call.path);
            if permissions.contains(&call.permission.into()) {
                assert!([200, 204].contains(&status), "{what}");
            } else {
                assert_eq!(status, 403, "{what}");
                assert_eq!(told["permission"], call.permission, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_does_what_it_was_made_for() {
    let harness = Harness::with(&[ADMIN]);
    harness.logins([BOB, CAROL]).await;
    for made_for in calls() {
        let name = made_for.path.replace(['/', '{', '}'], ".") + made_for.method.as_str();
        let program = harness.program(&name, made_for.permission).await;
        let id = program.id_of(BOB).await;
        for call in calls()
            .iter()
            .filter(|call| call.permission != made_for.permission)
        {
            let (status, told) = perform(&program, call, id).await;
            assert_eq!(
                (status, &told["permission"]),
                (403, &call.permission.into())
            );
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
    for act in ["ban", "logout"] {
        let refused = support.post(&of(id, act), json!({})).await;
        refused.refused(403, "forbidden");
    }
    owner.get("session/").await.ok();
    let id = support.id_of(ALICE).await;
    owner.post(&of(id, "ban"), json!({})).await.ok();
    support
        .get("session/")
        .await
        .refused(401, "unauthenticated");
}

#[tokio::test]
async fn whoever_sees_phones_masked_does_not_find_them_digit_by_digit() {
    let harness = Harness::with(&[ADMIN]);
    harness.login(BOB).await;
    for (role, found) in [("viewer", 0), ("support", 1)] {
        let phone = if found == 0 { ALICE } else { CAROL };
        let operator = harness.operator(phone, role).await;
        let people = async |query: &str| {
            let told = operator.get(&format!("people/?query={query}")).await.ok();
            told["people"].as_array().unwrap().len()
        };
        for part in ["7900765", "4321", "07654", "%2B7%20900%20765"] {
            assert_eq!(people(part).await, found, "{role}: {part}");
        }
        for whole in [
            "79007654321",
            "%2B7900%E2%80%A2%E2%80%A2%E2%80%A2%E2%80%A2%E2%80%A221",
        ] {
            assert_eq!(people(whole).await, 1, "{role}: {whole}");
        }
    }
}
