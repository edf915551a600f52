//! Contract, section 7.

use std::{collections::HashMap, iter::successors};

use invited::{
    clock::dice,
    domain::{
        code::InvitationCode,
        error::StoreError,
        invitation,
        phone::Phone,
        tx::Tx,
        user::{self, UserId},
    },
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;

use crate::harness::{ALICE, Actor, BOB, CAROL, Harness, NOON, statuses};

#[tokio::test]
async fn a_code_is_read_as_people_type_it() {
    let harness = Harness::new();
    let (alice, bob) = (harness.login(ALICE).await, harness.login(BOB).await);
    let code = alice.invitation_code().await;
    let (left, right) = code.split_at(3);
    let wide = |letter| char::from_u32(u32::from(letter) + 0xfee0).unwrap();
    let cyrillic = |letter: char| match "ABEKMHOPCTYX".find(letter) {
        Some(at) => "АВЕКМНОРСТУХ".chars().nth(at).unwrap(),
        None => letter,
    };
    for typed in [
        format!("  {code}\n"),
        format!("\u{200b}{left}\u{a0}{right}\u{feff}"),
        format!("{left}—{right}").to_lowercase(),
        code.chars().map(wide).collect(),
        code.chars().map(cyrillic).collect(),
        code.chars()
            .map(cyrillic)
            .collect::<String>()
            .to_lowercase(),
        format!("https://example.com/login/i/{code}/"),
        format!("example.com/i/{code}?from=a/b"),
    ] {
        bob.redeem(&typed).await.ok();
        let token = harness.ask(CAROL).await;
        let confirm = json!({ "sms_code": harness.code(), "invitation_code": typed });
        let headers = [("sms-token", &*token)];
        let (method, path) = (poem::http::Method::POST, "/login/sms-confirm/");
        let reply = harness
            .call(method, path, &headers, Some(confirm))
            .await
            .ok();
        assert_eq!(reply["invitation"]["invited_by"], ALICE[1..], "{typed:?}");
    }
}

#[tokio::test]
async fn the_same_code_again_is_the_same_answer_and_another_is_refused() {
    let harness = Harness::new();
    let [alice, bob, carol] = harness.logins([ALICE, BOB, CAROL]).await;
    let code = alice.invitation_code().await;
    let first = bob.redeem(&code).await.ok();
    assert_eq!(bob.redeem(&code).await.ok(), first);
    bob.redeem(&carol.invitation_code().await)
        .await
        .refused(409, "invitation_already_set");
    assert_eq!(alice.profile().await["invited_users_count"], 1);
}

#[tokio::test]
async fn codes_that_do_not_help_are_refused() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    alice
        .redeem(&alice.invitation_code().await)
        .await
        .refused(422, "invitation_self");
    alice
        .redeem("000000")
        .await
        .refused(404, "invitation_not_found");
    for code in [
        "",
        "AAAAA",
        "AAAAAAA",
        "AAA AA",
        "ÄAAAAA",
        "https://example.com/i/",
    ] {
        let problem = alice.redeem(code).await.refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], "#/invitation_code");
    }
}

#[tokio::test]
async fn shorter_codes_stay_good_where_new_ones_are_longer() {
    let harness = Harness::with(&[("INVITED_REFERRAL__CODE_LENGTH", "8")]);
    let phone = Phone::from_digits(&CAROL[1..]).unwrap();
    let before = harness
        .app
        .store
        .write(move |tx| user::register(tx, phone, 6, NOON, &mut dice()));
    let before = before.await.unwrap().invitation_code.to_string();
    let (alice, bob) = (harness.login(ALICE).await, harness.login(BOB).await);
    let code = alice.invitation_code().await;
    assert_eq!((before.len(), code.len()), (6, 8));
    bob.redeem(&code.to_lowercase()).await.ok();
    alice.redeem(&before).await.ok();
    assert_eq!(harness.login(CAROL).await.invitation_code().await, before);
    let seven = bob.redeem(&code[1..]).await;
    seven.refused(409, "invitation_already_set");
    let nine = bob.redeem(&format!("{code}A")).await;
    nine.refused(422, "validation_failed");
}

#[tokio::test]
async fn nobody_is_invited_by_those_whom_they_invited() {
    let harness = Harness::new();
    let mut chain: Vec<Actor> = Vec::new();
    for digit in 0..5 {
        let next = harness.login(&format!("+7911000000{digit}")).await;
        if let Some(last) = chain.last() {
            next.redeem(&last.invitation_code().await).await.ok();
        }
        chain.push(next);
    }
    for descendant in &chain[1..] {
        chain[0]
            .redeem(&descendant.invitation_code().await)
            .await
            .refused(409, "invitation_cycle");
    }
    let outsider = harness.login(ALICE).await;
    chain[0]
        .redeem(&outsider.invitation_code().await)
        .await
        .ok();
}

#[tokio::test]
async fn a_deleted_user_is_still_a_link_of_the_chain() {
    let harness = Harness::new();
    let [alice, bob, carol] = harness.logins([ALICE, BOB, CAROL]).await;
    bob.redeem(&alice.invitation_code().await).await.ok();
    carol.redeem(&bob.invitation_code().await).await.ok();
    bob.delete("/profile/").await;
    alice
        .redeem(&carol.invitation_code().await)
        .await
        .refused(409, "invitation_cycle");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_enter_each_others_codes_at_once_at_most_one_succeeds() {
    let harness = Harness::new();
    for pair in 0..10 {
        let one = harness.login(&format!("+7911000{pair:02}01")).await;
        let two = harness.login(&format!("+7911000{pair:02}02")).await;
        let (first, second) = (one.invitation_code().await, two.invitation_code().await);
        let tasks = [(one, second), (two, first)].map(|(user, code)| {
            tokio::spawn(async move { user.redeem(&code).await.status.as_u16() })
        });
        assert_eq!(statuses(tasks).await, [200, 409]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_codes_at_once_one_counts() {
    let harness = Harness::new();
    let [alice, bob, carol] = harness.logins([ALICE, BOB, CAROL]).await;
    let codes = [alice.invitation_code().await, bob.invitation_code().await];
    let tasks = codes.map(|code| {
        let carol = carol.clone();
        tokio::spawn(async move { carol.redeem(&code).await.status.as_u16() })
    });
    assert_eq!(statuses(tasks).await, [200, 409]);
    let count = async |actor: &Actor| {
        actor.profile().await["invited_users_count"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(count(&alice).await + count(&bob).await, 1);
}

#[tokio::test]
async fn invitees_are_paged_through_oldest_first() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let code = alice.invitation_code().await;
    for number in 0..7 {
        harness.advance(1);
        harness
            .login(&format!("+7911000000{number}"))
            .await
            .redeem(&code)
            .await
            .ok();
    }
    let mut seen = Vec::new();
    let mut path = "/profile/invitations/?limit=3".to_owned();
    loop {
        let page = alice.get(&path).await.ok();
        let invitations = page["invitations"].as_array().unwrap();
        assert!(invitations.len() <= 3);
        seen.extend(
            invitations
                .iter()
                .map(|invitee| (invitee["phone"].clone(), invitee["at"].clone())),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/profile/invitations/?limit=3&after={next}");
    }
    assert_eq!(seen.len(), 7);
    assert_eq!(
        seen[0],
        (json!("79110000000"), json!("2024-04-15T21:11:14Z"))
    );
    assert_eq!(
        seen[6],
        (json!("79110000006"), json!("2024-04-15T21:11:20Z"))
    );
}

#[tokio::test]
async fn from_the_end_on_only_those_are_listed_who_come_later() {
    let harness = Harness::new();
    let [alice, bob, carol] = harness.logins([ALICE, BOB, CAROL]).await;
    let code = alice.invitation_code().await;
    let mut end = "0".to_owned();
    for (invitee, phone) in [(bob, BOB), (carol, CAROL)] {
        invitee.redeem(&code).await.ok();
        let path = format!("/profile/invitations/?after={end}");
        let page = alice.get(&path).await.ok();
        assert_eq!(page["invitations"].as_array().unwrap().len(), 1);
        assert_eq!(page["invitations"][0]["phone"], phone[1..]);
        page["end"].as_str().unwrap().clone_into(&mut end);
        let path = format!("/profile/invitations/?after={end}");
        let nobody = json!({ "invitations": [], "next": null, "end": end });
        assert_eq!(alice.get(&path).await.ok(), nobody);
    }
}

#[tokio::test]
async fn pages_have_bounds() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    assert_eq!(
        alice.get("/profile/invitations/").await.ok(),
        json!({ "invitations": [], "next": null, "end": "0" })
    );
    alice
        .get("/profile/invitations/?limit=500&after=0")
        .await
        .ok();
    for (query, pointer) in [
        ("limit=0", "#/limit"),
        ("limit=501", "#/limit"),
        ("limit=x", "#/limit"),
        ("limit=", "#/limit"),
        ("after=-1", "#/after"),
        ("after=x", "#/after"),
        ("after=99999999999999999999", "#/after"),
    ] {
        let problem = alice
            .get(&format!("/profile/invitations/?{query}"))
            .await
            .refused(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{query}");
    }
}

#[tokio::test]
async fn a_profile_lists_a_thousand_and_counts_all() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let code = alice.invitation_code().await;
    harness.fill(move |tx| many_invitees(tx, &code, 1005)).await;
    let profile = alice.profile().await;
    assert_eq!(
        profile["invited_users_phones"].as_array().unwrap().len(),
        1000
    );
    assert_eq!(profile["invited_users_phones"][0], "79500000000");
    assert_eq!(profile["invited_users_count"], 1005);
}

fn many_invitees(tx: &mut dyn Tx, code: &str, count: u64) -> Result<(), StoreError> {
    let referrer = tx
        .user_by_invitation_code(InvitationCode::parse(code).unwrap())?
        .unwrap();
    let (now, mut rng) = (NOON, dice());
    for number in 0..count {
        let phone = Phone::from_digits(&(79_500_000_000 + number).to_string()).unwrap();
        let invitee = user::register(tx, phone, 6, now, &mut rng)?;
        assert!(invitation::bind(tx, invitee.id, referrer.id, now)?);
    }
    Ok(())
}

/// So many users who have invited nobody yet.
fn strangers(tx: &mut dyn Tx, count: u64) -> Result<Vec<UserId>, StoreError> {
    let mut rng = dice();
    let phones = (0..count).map(|number| 79_500_000_000 + number);
    let phones = phones.map(|number| Phone::from_digits(&number.to_string()).unwrap());
    phones
        .map(|phone| Ok(user::register(tx, phone, 6, NOON, &mut rng)?.id))
        .collect()
}

#[tokio::test]
async fn nobody_closes_a_circle_whatever_the_order_and_whoever_left() {
    let harness = Harness::new();
    let trial = |tx: &mut dyn Tx| {
        let mut rng = StdRng::seed_from_u64(7);
        let people = strangers(tx, 40)?;
        let (mut referrers, mut refused) = (HashMap::<UserId, UserId>::new(), 0);
        for _ in 0..4000 {
            let pick = |rng: &mut StdRng| people[rng.random_range(0..people.len())];
            let (user, referrer) = (pick(&mut rng), pick(&mut rng));
            let both = (tx.user(user)?, tx.user(referrer)?);
            let (Some(own), Some(_)) = both else { continue };
            if rng.random_ratio(1, 200) {
                tx.delete_user(&own)?;
            } else if user != referrer && own.redeemed.is_none() {
                let mut above = successors(Some(referrer), |user| referrers.get(user).copied());
                let is_circle = above.any(|ancestor| ancestor == user);
                assert_eq!(invitation::bind(tx, user, referrer, NOON)?, !is_circle);
                if is_circle {
                    refused += 1;
                } else {
                    referrers.insert(user, referrer);
                }
            }
        }
        Ok::<_, StoreError>((referrers.len(), refused))
    };
    let (accepted, refused) = harness.fill(trial).await;
    assert!(accepted > 20 && refused > 20, "{accepted} {refused}");
}

#[tokio::test]
async fn however_long_a_chain_is_nobody_walks_it() {
    let harness = Harness::new();
    let chain = |tx: &mut dyn Tx| {
        let people = strangers(tx, 1024)?;
        // Each invites the one who was at the top so far: the longest way for whoever walks up.
        for pair in people.windows(2) {
            assert!(invitation::bind(tx, pair[0], pair[1], NOON)?);
        }
        assert!(!invitation::bind(tx, people[1023], people[0], NOON)?);
        tx.family(people[0])
    };
    let family = harness.fill(chain).await.unwrap();
    assert!(family.rank <= 1, "{family:?}");
    let pairs = |tx: &mut dyn Tx| {
        let people = strangers(tx, 2048)?.split_off(1024);
        // Families of two, of four, of eight: the highest that can be built.
        for step in (0..10).map(|power| 1 << power) {
            for at in (0..1024).step_by(2 * step) {
                assert!(invitation::bind(tx, people[at], people[at + step], NOON)?);
            }
        }
        tx.family(people[0])
    };
    let other = Harness::new();
    let family = other.fill(pairs).await.unwrap();
    assert!(family.rank <= 10, "{family:?}");
}
