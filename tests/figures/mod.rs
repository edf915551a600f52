//! What operators are shown of the service as a whole, and of the tree.

mod events;
mod gateways;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{ALICE, Actor, BOB, CAROL, Harness, server::run};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

impl Harness {
    async fn series(&self, span: &str) -> Value {
        self.done(json!({ "command": "series", "span": span }))
            .await
    }
}

/// One of the counts of each point, where there is any.
fn counts<'v>(series: &'v Value, measure: &str) -> Vec<(&'v str, i64)> {
    let points = series["points"].as_array().unwrap().iter();
    let counts = points.map(|point| {
        let at = point["at"].as_str().unwrap();
        (at, point[measure].as_i64().unwrap())
    });
    counts.filter(|(_, count)| *count > 0).collect()
}

#[tokio::test]
async fn every_hour_or_day_of_a_span_is_a_point() {
    let harness = Harness::new();
    for (span, unit, points, first) in [
        ("day", "hour", 24, "2024-04-14T22:00:00Z"),
        ("week", "hour", 168, "2024-04-08T22:00:00Z"),
        ("month", "day", 30, "2024-03-17T00:00:00Z"),
        ("year", "day", 365, "2023-04-17T00:00:00Z"),
    ] {
        let told = harness.series(span).await;
        assert_eq!(told["unit"], unit);
        let told = told["points"].as_array().unwrap();
        assert_eq!(told.len(), points, "{span}");
        assert_eq!(told[0]["at"], first);
        let now = told[points - 1]["at"].as_str().unwrap();
        assert!(["2024-04-15T21:00:00Z", "2024-04-15T00:00:00Z"].contains(&now));
        assert_eq!(
            (&told[0]["asked"], &told[0]["cost"]),
            (&json!(0), &json!("0.00"))
        );
    }
}

#[tokio::test]
async fn what_happened_is_told_in_the_hour_and_on_the_day_that_it_did() {
    let harness = Harness::new();
    harness.login(ALICE).await;
    // From 21:11 to 22:00, to the next day, and to the next month.
    for (seconds, phone) in [(2927, BOB), (2 * HOUR, CAROL), (15 * DAY, "+79160000001")] {
        harness.advance(seconds);
        harness.login(phone).await;
    }
    let told = |series: &Value| {
        let told: Vec<_> = counts(series, "accounts").into_iter().collect();
        told.iter()
            .map(|(at, count)| format!("{at} {count}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told(&harness.series("day").await),
        ["2024-05-01T00:00:00Z 1"]
    );
    let month = [
        "2024-04-15T00:00:00Z 2",
        "2024-04-16T00:00:00Z 1",
        "2024-05-01T00:00:00Z 1",
    ];
    assert_eq!(told(&harness.series("month").await), month);
    assert_eq!(told(&harness.series("year").await), month);
    let prefixes = &harness.series("year").await["by_prefix"];
    assert_eq!(
        (&prefixes[0]["accounts"], prefixes.as_array().unwrap().len()),
        (&json!(4), 1)
    );
}

#[tokio::test]
async fn hours_are_kept_for_eight_days_and_days_for_good() {
    let harness = Harness::new();
    harness.login(ALICE).await;
    harness.series("week").await;
    let hours = || -> i64 {
        let sql = "SELECT count(DISTINCT hour) FROM hourly_statistics";
        harness.intruder().number(sql)
    };
    harness.advance(8 * DAY);
    harness.login(BOB).await;
    harness.series("week").await;
    assert_eq!(hours(), 2);
    harness.advance(HOUR);
    harness.login(CAROL).await;
    assert_eq!(counts(&harness.series("week").await, "accounts").len(), 2);
    assert_eq!(hours(), 2);
    assert_eq!(counts(&harness.series("month").await, "accounts").len(), 2);
}

/// Somebody who enters a code.
async fn invited(harness: &Harness, phone: &str, by: &Actor) -> Actor {
    let code = by.invitation_code().await;
    let actor = harness.login(phone).await;
    actor.redeem(&code).await.ok();
    actor
}

/// The phones, or what there is in place of them, and the numbers of invitees.
fn nodes(page: &Value, name: &str) -> Vec<String> {
    let nodes = page[name].as_array().unwrap().iter();
    let text = |node: &Value| {
        format!(
            "{} {}",
            node["phone"].as_str().unwrap_or("-"),
            node["invited_users_count"]
        )
    };
    nodes.map(text).collect()
}

#[tokio::test]
async fn the_tree_is_told_a_page_of_a_branch_at_a_time() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let bob = invited(&harness, BOB, &alice).await;
    for (phone, by) in [
        ("+79160000001", &alice),
        ("+79160000002", &bob),
        ("+79160000003", &alice),
    ] {
        invited(&harness, phone, by).await;
    }
    harness.login(CAROL).await;
    let roots = harness
        .done(json!({ "command": "roots", "after": 0, "limit": 9 }))
        .await;
    assert_eq!(nodes(&roots, "people"), ["+7900•••••67 3"]);
    assert_eq!(roots["next"], Value::Null);
    let page = async |after: &Value| {
        let look = json!({ "command": "invitees", "who": ALICE, "after": after, "limit": 2 });
        harness.done(look).await
    };
    let first = page(&json!(0)).await;
    assert_eq!(
        nodes(&first, "invitees"),
        ["+7900•••••21 1", "+7916•••••01 0"]
    );
    assert_eq!(first["invitees"][0]["invited_at"], "2024-04-15T21:11:13Z");
    let second = page(&first["next"]).await;
    assert_eq!(nodes(&second, "invitees"), ["+7916•••••03 0"]);
    assert_eq!(second["next"], Value::Null);
}

#[tokio::test]
async fn whoever_invited_somebody_and_is_deleted_is_at_the_top_of_the_tree() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let bob = invited(&harness, BOB, &alice).await;
    let carol = invited(&harness, CAROL, &bob).await;
    let id = bob.profile().await["id"].to_string();
    bob.delete("/profile/").await;
    let roots = async || {
        harness
            .done(json!({ "command": "roots", "after": 0, "limit": 9 }))
            .await
    };
    let top = roots().await;
    assert_eq!(nodes(&top, "people"), ["- 1"], "Alice has nobody any more");
    assert_eq!(top["people"][0]["id"].to_string(), id);
    let below = json!({ "command": "invitees", "who": format!("id:{id}"), "after": 0, "limit": 9 });
    assert_eq!(
        nodes(&harness.done(below).await, "invitees"),
        ["+7916•••••33 0"]
    );
    carol.delete("/profile/").await;
    assert_eq!(roots().await, json!({ "people": [], "next": null }));
}

#[tokio::test]
async fn cohorts_are_counted_as_people_come_and_invite() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    invited(&harness, BOB, &alice).await;
    harness.advance(7 * DAY);
    let [alice, carol] = harness.logins([ALICE, CAROL]).await;
    invited(&harness, "+79160000001", &alice).await;
    invited(&harness, "+79160000002", &alice)
        .await
        .delete("/profile/")
        .await;
    let told = async || harness.done(json!({ "command": "cohorts" })).await["cohorts"].clone();
    assert_eq!(
        told().await,
        json!([
            { "week": "2024-04-15", "accounts": 2, "invited": 3, "k": 1.5 },
            { "week": "2024-04-22", "accounts": 3, "invited": 0, "k": 0.0 },
        ])
    );
    let fix = json!({ "command": "fix_invitation", "who": BOB, "referrer": CAROL });
    harness.done(fix).await;
    carol.delete("/profile/").await;
    let fix = json!({ "command": "fix_invitation", "who": BOB, "referrer": null });
    harness.done(fix).await;
    assert_eq!(
        told().await[1]["invited"],
        1,
        "Carol's week is not known any more"
    );
    assert_eq!(told().await[0]["invited"], 2);
    let overview = harness.done(json!({ "command": "overview" })).await;
    assert_eq!(overview["people"], 3);
}

#[tokio::test]
async fn the_overview_tells_of_today() {
    let harness = Harness::with(&[
        ("INVITED_BUDGET__AMOUNTS", "100/1d"),
        ("INVITED_BUDGET__PRICES", "+79=2"),
    ]);
    harness.login(ALICE).await;
    harness.advance(DAY);
    harness.login(BOB).await;
    let told = harness.done(json!({ "command": "overview" })).await;
    assert_eq!((&told["alarm"], &told["people"]), (&Value::Null, &json!(2)));
    assert_eq!(
        (&told["today"]["at"], &told["today"]["accounts"]),
        (&json!("2024-04-16T00:00:00Z"), &json!(1))
    );
    let budget = json!({ "of": "strangers", "span": "24h", "amount": "100.00", "spent": "2.00" });
    assert_eq!(told["budgets"][0], budget);
    assert_eq!(told["health"]["stopped"], false);
}

#[tokio::test]
async fn a_search_that_takes_long_says_where_it_stopped() {
    let harness = Harness::new();
    harness.intruder().run(
        "INSERT INTO users (id, phone, invitation_code, first_name, last_name, email, created_at)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100001)
         SELECT n, 79000000000 + n, substr(CAST(1000000 + n AS TEXT), 2),
             CASE WHEN n > 100000 THEN 'Ёлка' ELSE 'Иван' END, '', '', 0 FROM numbers",
    );
    let page = async |after: &Value| {
        let look = json!({ "command": "people", "query": "ёлк", "banned": false, "after": after, "limit": 9 });
        harness.done(look).await
    };
    let first = page(&json!(0)).await;
    assert_eq!(first, json!({ "people": [], "next": 100_000 }));
    let second = page(&first["next"]).await;
    assert_eq!(
        (&second["people"][0]["id"], &second["next"]),
        (&json!(100_001), &Value::Null)
    );
    let find = json!({ "command": "find_users", "text": "ёлк", "limit": 9 });
    assert_eq!(harness.done(find).await, second["people"]);
}

#[test]
fn whoever_is_imported_is_counted_in_the_week_that_they_came_in() {
    let folder = TempDir::new().unwrap();
    let people = "phone,created_at,invited_by_phone
                  +79001234567,2020-03-01T00:00:00Z,
                  +79007654321,2020-03-02T00:00:00Z,+79001234567";
    let people = people.replace(' ', "") + "\n";
    std::fs::write(folder.path().join("people.csv"), people).unwrap();
    for command in [&["migrate"][..], &["import", "csv", "people.csv"]] {
        let done = run(folder.path(), command);
        assert!(done.status.success(), "{done:?}");
    }
    let told = run(folder.path(), &["stats", "--cohorts", "--json"]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(
        told["cohorts"],
        json!([
            { "week": "2020-02-24", "accounts": 1, "invited": 1, "k": 1.0 },
            { "week": "2020-03-02", "accounts": 1, "invited": 0, "k": 0.0 },
        ])
    );
}

#[tokio::test]
async fn people_are_found_by_what_is_known_of_their_phone() {
    let harness = Harness::new();
    for phone in [ALICE, BOB, CAROL] {
        harness.login(phone).await;
    }
    let page = async |query: &str, after: &Value, limit: usize| {
        let look = json!({ "command": "people", "query": query, "banned": false, "after": after, "limit": limit });
        harness.done(look).await
    };
    for (query, found) in [
        ("7900", 2),
        ("+7 900 123", 1),
        ("4567", 1),
        ("654321", 1),
        ("+7900•••••67", 1),
        ("+7900•••••68", 0),
        ("00123", 1),
        ("0000", 0),
        ("", 3),
        (ALICE, 1),
    ] {
        let told = page(query, &json!(0), 9).await;
        assert_eq!(told["people"].as_array().unwrap().len(), found, "{query}");
        assert_eq!(told["next"], Value::Null);
    }
    let first = page("", &json!(0), 2).await;
    assert_eq!(
        page("", &first["next"], 2).await["people"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
