//! Contract, section 6, but for phones (`phone.rs`).

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{ALICE, BOB, CAROL, Harness};

#[tokio::test]
async fn what_was_never_set_is_empty() {
    let harness = Harness::new();
    let profile = harness.login(ALICE).await.profile().await;
    for field in ["first_name", "last_name", "email"] {
        assert_eq!(profile[field], "");
    }
    assert_eq!(
        (&profile["invited_by"], &profile["invited_users_phones"]),
        (&json!(null), &json!([]))
    );
}

#[tokio::test]
async fn a_profile_says_whose_it_is_and_since_when() {
    let harness = Harness::new();
    let (alice, bob) = (harness.login(ALICE).await, harness.login(BOB).await);
    let (first, other) = (alice.profile().await, bob.profile().await);
    assert_eq!(first["created_at"], "2024-04-15T21:11:13Z");
    assert!(first["id"].is_i64() && first["id"] != other["id"]);
    harness.advance(3600);
    let again = harness.login(ALICE).await.profile().await;
    assert_eq!(
        (&again["id"], &again["created_at"]),
        (&first["id"], &first["created_at"])
    );
}

#[tokio::test]
async fn put_needs_all_three_fields() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let problem = alice
        .put("/profile/", json!({ "first_name": "A" }))
        .await
        .refused(422, "validation_failed");
    let pointers: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["pointer"])
        .collect();
    assert_eq!(pointers, ["#/last_name", "#/email"]);
    let whole = json!({ "first_name": "A", "last_name": "", "email": "a@b.ru" });
    let reply = alice.put("/profile/", whole).await.ok();
    assert_eq!(
        (&reply["first_name"], &reply["last_name"], &reply["email"]),
        (&json!("A"), &json!(""), &json!("a@b.ru"))
    );
}

#[tokio::test]
async fn patch_changes_what_it_names_and_null_clears() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    alice
        .put(
            "/profile/",
            json!({ "first_name": "A", "last_name": "B", "email": "a@b.ru" }),
        )
        .await
        .ok();
    let reply = alice
        .patch("/profile/", json!({ "first_name": null, "email": "" }))
        .await
        .ok();
    assert_eq!(
        (&reply["first_name"], &reply["last_name"], &reply["email"]),
        (&json!(""), &json!("B"), &json!(""))
    );
    assert_eq!(alice.patch("/profile/", json!({})).await.ok(), reply);
}

#[tokio::test]
async fn a_profile_that_was_read_can_be_sent_back() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let mut profile = alice.profile().await;
    assert_eq!(alice.put("/profile/", profile.clone()).await.ok(), profile);
    profile["phone"] = json!("79999999999");
    profile["invitation_code"] = json!("AAAAAA");
    profile["something_else"] = json!({ "a": [1, 2.5, null] });
    assert_ne!(
        alice.put("/profile/", profile.clone()).await.ok()["phone"],
        profile["phone"]
    );
}

#[tokio::test]
async fn names_and_addresses_are_kept_trimmed_and_composed() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let given = json!({
        "first_name": "\u{3000}Andre\u{301} ",
        "last_name": " \t\u{a0}",
        "email": "\u{2003}ivan@кириллица.рф\n",
    });
    alice.put("/profile/", given).await.ok();
    let profile = alice.profile().await;
    assert_eq!(
        (
            &profile["first_name"],
            &profile["last_name"],
            &profile["email"]
        ),
        (&json!("André"), &json!(""), &json!("ivan@кириллица.рф"))
    );
    // As many characters as may be, once they are composed.
    let long = json!({ "last_name": "e\u{301}".repeat(150) });
    alice.patch("/profile/", long).await.ok();
}

#[tokio::test]
async fn what_a_profile_cannot_hold_is_refused_with_its_place() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    for (field, value) in [
        ("first_name", json!("x".repeat(151))),
        ("first_name", json!("a\u{0}b")),
        ("last_name", json!("\u{202e}abc")),
        ("last_name", json!("\u{200b}")),
        ("last_name", json!("e\u{301}\u{301}\u{301}\u{301}\u{301}")),
        ("first_name", json!("\u{2800}")),
        ("first_name", json!("a\u{2028}b")),
        ("email", json!("nobody")),
        ("email", json!("a@127.0.0.1")),
        ("email", json!("a@-b.ru")),
        ("email", json!(format!("{}@b.ru", "a".repeat(250)))),
        ("first_name", json!(5)),
        ("email", json!(["a@b.ru"])),
    ] {
        let problem = alice
            .patch("/profile/", json!({ field: value }))
            .await
            .refused(422, "validation_failed");
        assert_eq!(
            problem["errors"][0]["pointer"],
            format!("#/{field}"),
            "{value}"
        );
    }
    assert_eq!(alice.profile().await["first_name"], "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_at_once_to_different_fields_all_last() {
    let harness = Harness::new();
    let (alice, bob) = (harness.login(ALICE).await, harness.login(BOB).await);
    let code = bob.invitation_code().await;
    for round in 0..10 {
        let changes = [
            json!({ "first_name": format!("A{round}") }),
            json!({ "last_name": format!("B{round}") }),
            json!({ "email": format!("c{round}@d.ru") }),
        ];
        let tasks = changes.map(|change| {
            let alice = alice.clone();
            tokio::spawn(async move { alice.patch("/profile/", change).await.status })
        });
        let redeeming = {
            let (alice, code) = (alice.clone(), code.clone());
            tokio::spawn(async move { alice.redeem(&code).await.status })
        };
        assert!(
            join_all(tasks)
                .await
                .into_iter()
                .all(|status| status.unwrap() == 200)
        );
        assert_eq!(redeeming.await.unwrap(), 200);
        let profile = alice.profile().await;
        assert_eq!(profile["first_name"], format!("A{round}"));
        assert_eq!(profile["last_name"], format!("B{round}"));
        assert_eq!(profile["email"], format!("c{round}@d.ru"));
        assert_eq!(profile["invited_by"], &BOB[1..]);
    }
}

#[tokio::test]
async fn a_deleted_account_is_gone_at_once() {
    let harness = Harness::new();
    let (alice, elsewhere) = (harness.login(ALICE).await, harness.login(ALICE).await);
    let reply = alice.delete("/profile/").await;
    assert_eq!((reply.status.as_u16(), reply.text.as_str()), (204, ""));
    elsewhere
        .get("/profile/")
        .await
        .refused(401, "token_invalid");
    elsewhere
        .exchange(&elsewhere.refresh)
        .await
        .refused(401, "token_invalid");
}

#[tokio::test]
async fn after_deletion_the_phone_is_a_new_user_with_a_new_code() {
    let harness = Harness::new();
    let (alice, bob) = (harness.login(ALICE).await, harness.login(BOB).await);
    let code = alice.invitation_code().await;
    alice
        .patch("/profile/", json!({ "first_name": "A" }))
        .await
        .ok();
    alice.delete("/profile/").await;
    bob.redeem(&code).await.refused(404, "invitation_not_found");
    let again = harness.login(ALICE).await.profile().await;
    assert_eq!(again["first_name"], "");
    assert_ne!(again["invitation_code"], json!(code));
}

#[tokio::test]
async fn who_was_invited_by_a_deleted_user_keeps_the_account_and_gets_no_second_referrer() {
    let harness = Harness::new();
    let [alice, bob, carol] = harness.logins([ALICE, BOB, CAROL]).await;
    bob.redeem(&alice.invitation_code().await).await.ok();
    alice.delete("/profile/").await;
    assert_eq!(bob.profile().await["invited_by"], json!(null));
    bob.redeem(&carol.invitation_code().await)
        .await
        .refused(409, "invitation_already_set");
}

#[tokio::test]
async fn a_deleted_invitee_vanishes_from_the_list_and_the_count() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let code = alice.invitation_code().await;
    let mut invitees = Vec::new();
    for digit in 0..5 {
        let invitee = harness.login(&format!("+7911000000{digit}")).await;
        invitee.redeem(&code).await.ok();
        invitees.push(invitee);
    }
    let mut phones: Vec<_> = (0..5).map(|digit| format!("7911000000{digit}")).collect();
    // From the middle, the last, the first: numbers have gaps then, counts have none.
    for gone in [2, 4, 0] {
        invitees[gone].delete("/profile/").await;
        phones.retain(|phone| !phone.ends_with(&gone.to_string()));
        let profile = alice.profile().await;
        assert_eq!(profile["invited_users_phones"], json!(phones));
        assert_eq!(profile["invited_users_count"], phones.len());
    }
    harness.login("+79110000009").await.redeem(&code).await.ok();
    phones.push("79110000009".to_owned());
    assert_eq!(alice.profile().await["invited_users_phones"], json!(phones));
    assert_eq!(alice.profile().await["invited_users_count"], 3);
}
