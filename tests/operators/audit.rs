//! The audit names whoever looked and acted, and why.

use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::{ALICE, BOB, Harness, operator::ADMIN};

#[tokio::test]
async fn every_look_at_a_person_and_every_act_is_written_down_with_its_reason() {
    let harness = Harness::with(&[ADMIN]);
    harness.login(BOB).await;
    let alice = harness.operator(ALICE, "owner").await;
    let program = harness.program("robot", "people,ban").await;
    let (own, id) = (alice.id_of(ALICE).await, alice.id_of(BOB).await);
    let why = [("x-reason", "%D0%BF%D0%B8%D1%81%D1%8C%D0%BC%D0%BE%2C+1")];
    let path = format!("people/{id}/");
    harness.advance(1);
    alice.call(Method::GET, &path, &why, None).await.ok();
    harness.advance(1);
    program.post(&format!("{path}ban/"), json!({})).await.ok();
    let rows = alice.get("audit/").await.ok();
    let rows = rows["audit"].as_array().unwrap();
    let of = |row: &Value| {
        ["actor", "action", "reason"].map(|name| row[name].as_str().unwrap().to_owned())
    };
    let operator = format!("operator {own}");
    assert_eq!(of(&rows[0]), ["key robot", "ban", "a letter"]);
    assert_eq!(of(&rows[1]), [&operator, "look", "письмо,+1"]);
    let earlier: Vec<_> = rows[2..]
        .iter()
        .map(|row| row["action"].as_str().unwrap())
        .collect();
    for action in ["create_key", "admin_login", "grant"] {
        assert!(earlier.contains(&action), "{action}: {earlier:?}");
    }
}

#[tokio::test]
async fn nobody_looks_at_a_person_or_acts_without_a_reason() {
    let harness = Harness::with(&[ADMIN]);
    harness.login(BOB).await;
    let alice = harness.operator(ALICE, "owner").await;
    let path = format!("people/{}/", alice.id_of(BOB).await);
    let long = "%D1%8F".repeat(301);
    for reason in [
        None,
        Some(""),
        Some("%20"),
        Some("%E2%80%8B"),
        Some("%FF"),
        Some("a%0Ab"),
        Some(&*long),
    ] {
        let headers: Vec<_> = reason.iter().map(|reason| ("x-reason", *reason)).collect();
        for (method, path) in [(Method::GET, &path), (Method::DELETE, &path)] {
            let refused = alice.call(method, path, &headers, None).await;
            let problem = refused.refused(422, "validation_failed");
            assert_eq!(problem["errors"][0]["pointer"], "#/X-Reason", "{reason:?}");
        }
    }
    let longest = [("x-reason", &*"%D1%8F".repeat(300))];
    alice.call(Method::GET, &path, &longest, None).await.ok();
}

#[tokio::test]
async fn the_audit_is_read_page_by_page() {
    let harness = Harness::with(&[ADMIN]);
    let alice = harness.operator(ALICE, "owner").await;
    let path = format!("people/{}/", alice.id_of(ALICE).await);
    for _ in 0..5 {
        harness.advance(1);
        alice.get(&path).await.ok();
    }
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let page = alice.get(&format!("audit/?limit=3{before}")).await.ok();
        let rows = page["audit"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
        let Some(next) = page["next"].as_i64() else {
            break;
        };
        before = format!("&before={next}");
    }
    // A grant and a login came before.
    assert_eq!(seen.len(), 7);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 7);
}
