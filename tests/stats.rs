//! What happened on each day, as `invited stats` tells it.

use std::collections::BTreeMap;

use invited::app::hook_secret;
use serde_json::{Value, json};

use crate::{
    gateways::stub::{Stub, answer},
    harness::{ALICE, Actor, BOB, Harness},
};

const DAY: u64 = 86_400;

#[tokio::test]
async fn what_happened_on_each_day_is_told_also_after_a_restart() {
    let harness = Harness::as_is(&[]);
    let alice = harness.login(ALICE).await;
    let refused = harness.post("/login/", json!({ "phone": ALICE })).await;
    refused.refused(429, "sms_rate_limited");
    let code = alice.invitation_code().await;
    harness.advance(86_400);
    let token = harness.ask(BOB).await;
    harness.confirm(&token, &harness.wrong_code()).await;
    let bob = Actor::of(&harness, &harness.confirm(&token, &harness.code()).await);
    for _ in 0..2 {
        bob.redeem(&code).await.ok();
    }
    let stats = json!({ "command": "stats", "days": 2 });
    let told = harness.done(stats.clone()).await;
    let days = told["by_day"].as_array().unwrap();
    let of = |day: usize, measure: &str| days[day][measure].as_i64().unwrap();
    assert_eq!(
        [&days[0]["day"], &days[1]["day"]],
        ["2024-04-15", "2024-04-16"]
    );
    for measure in ["asked", "sent", "confirmed", "accounts"] {
        assert_eq!([of(0, measure), of(1, measure)], [1, 1], "{measure}");
    }
    for (measure, counts) in [
        ("limited", [1, 0]),
        ("wrong", [0, 1]),
        ("invitations", [0, 1]),
    ] {
        assert_eq!([of(0, measure), of(1, measure)], counts, "{measure}");
    }
    let labels = told["by_gateway_and_limit"].as_array().unwrap();
    let has = |name: &str| labels.iter().any(|row| row["of"] == name);
    assert!(has("sends_per_phone"), "{labels:?}");
    drop((alice, bob));
    let harness = harness.restarted();
    assert_eq!(harness.done(stats).await, told);
    let one = harness.done(json!({ "command": "stats", "days": 1 })).await;
    assert_eq!(one["by_day"].as_array().unwrap().len(), 1);
}

/// A service whose one gateway costs 2 a message, or 3 to a part of the numbers.
fn harness(stub: &Stub) -> Harness {
    Harness::of_file(&format!(
        "http.public_url = \"http://invited.test\"
         login.destinations = \"+79, +7912, +44\"
         budget.prices = \"+79=2, +7912=3\"
         budget.amounts = \"1000000/30d\"
         [sms.route]
         \"*\" = [\"mine\"]
         [sms.gateway.mine]
         kind = \"http\"
         url = \"{}\"
         id = \"/id\"
         body.json = {{ code = \"{{{{code}}}}\", report = \"{{{{report_url}}}}\", id = \"{{{{request_id}}}}\" }}
         receipt = {{ from = \"json\", id = \"/id\", state = \"/state\", answer = \"heard\", map = {{ ok = \"delivered\", no = \"undelivered\" }} }}",
        stub.url
    ))
}

/// What was played, by day and measure.
#[derive(Default)]
struct Played(BTreeMap<(usize, &'static str), i64>);

impl Played {
    fn add(&mut self, day: usize, measures: &[&'static str]) {
        for measure in measures {
            *self.0.entry((day, measure)).or_default() += 1;
        }
    }

    fn count(&self, day: usize, measure: &'static str) -> i64 {
        self.0.get(&(day, measure)).copied().unwrap_or(0)
    }
}

/// Somebody new logs in, mistypes now and then, and enters a code if there is one.
async fn live(
    (harness, stub): (&Harness, &Stub),
    (day, nth): (usize, usize),
    code: Option<&str>,
    played: &mut Played,
) -> Actor {
    let prefix = if nth == 0 { "+7912" } else { "+7900" };
    let token = harness.ask(&format!("{prefix}{day:04}{nth:03}")).await;
    played.add(day, &["asked", "sent"]);
    let message = stub.last().json();
    let (state, measure) = match nth {
        2 => ("no", "undelivered"),
        _ => ("ok", "delivered"),
    };
    let secret = hook_secret(harness.app.keys(), "mine");
    let report = json!({ "id": message["id"], "state": state });
    let hook = format!("/hooks/sms/mine/{secret}/");
    assert_eq!(harness.post(&hook, report).await.text, "heard");
    played.add(day, &[measure]);
    let right = message["code"].as_str().unwrap();
    if day.is_multiple_of(4) {
        let wrong = crate::harness::other_than(right);
        harness.confirm(&token, &wrong).await;
        played.add(day, &["wrong"]);
    }
    let actor = Actor::of(harness, &harness.confirm(&token, right).await);
    played.add(day, &["confirmed", "accounts"]);
    if let Some(code) = code {
        actor.redeem(code).await.ok();
        played.add(day, &["invitations"]);
    }
    actor
}

/// Forty days of it, one to three people a day.
async fn play(stub: &Stub) -> (Harness, Played) {
    let (mut harness, mut played, mut code) = (harness(stub), Played::default(), None);
    for day in 0..40 {
        for nth in 0..=day % 3 {
            let here = (&harness, stub);
            let actor = live(here, (day, nth), code.as_deref(), &mut played).await;
            if code.is_none() {
                code = Some(actor.invitation_code().await);
            } else if day.is_multiple_of(10) {
                actor.delete("/profile/").await;
                played.add(day, &["deleted"]);
            }
            harness.advance(3600);
        }
        // The server does so every second.
        harness
            .app
            .statistics
            .save(&harness.app.store)
            .await
            .unwrap();
        if day == 20 {
            harness = harness.restarted();
        }
        harness.advance(DAY - 3600 * (day as u64 % 3 + 1));
    }
    harness
        .clock
        .set(harness.app.now() - std::time::Duration::from_secs(DAY));
    (harness, played)
}

fn sum(rows: &Value, column: &str, is_meant: impl Fn(&Value) -> bool) -> i64 {
    let rows = rows.as_array().unwrap().iter();
    let counts = rows
        .filter(|row| is_meant(row))
        .map(|row| match &row[column] {
            Value::String(amount) => amount.trim_end_matches(".00").parse().unwrap(),
            count => count.as_i64().unwrap(),
        });
    counts.sum()
}

#[tokio::test]
async fn a_month_of_stats_adds_up_to_what_was_played() {
    let stub = Stub::saying(|asked| answer(200, &json!({ "id": asked.json()["id"] }).to_string()));
    let (harness, played) = play(&stub).await;
    let told = harness
        .done(json!({ "command": "stats", "days": 30 }))
        .await;
    let days = told["by_day"].as_array().unwrap();
    assert_eq!(
        (&days[0]["day"], &days[29]["day"]),
        (&json!("2024-04-25"), &json!("2024-05-24"))
    );
    let measures = [
        "asked",
        "sent",
        "delivered",
        "undelivered",
        "wrong",
        "confirmed",
        "accounts",
        "invitations",
        "deleted",
    ];
    for (day, row) in (10..40).zip(days) {
        for measure in measures {
            assert_eq!(
                row[measure],
                played.count(day, measure),
                "{measure} of day {day}"
            );
        }
        let sent = played.count(day, "sent");
        assert_eq!(
            row["cost"],
            format!("{}.00", 2 * sent + 1),
            "each day one costs 3"
        );
    }
    for measure in [
        "asked",
        "sent",
        "delivered",
        "confirmed",
        "accounts",
        "invitations",
    ] {
        let all: i64 = (10..40).map(|day| played.count(day, measure)).sum();
        let of = |prefix: &str| sum(&told["by_prefix"], measure, |row| row["prefix"] == prefix);
        assert_eq!([of("+7912"), of("+79")], [30, all - 30], "{measure}");
    }
    let sent = sum(&told["by_gateway_and_limit"], "count", |row| {
        row["measure"] == "sent"
    });
    assert_eq!(sent, sum(&told["by_day"], "sent", |_| true));
    let costs =
        ["by_day", "by_prefix", "by_gateway_and_limit"].map(|by| sum(&told[by], "cost", |_| true));
    assert_eq!(costs, [2 * sent + 30; 3]);
    let told = harness
        .done(json!({ "command": "stats", "days": 100 }))
        .await;
    assert_eq!(told["by_day"].as_array().unwrap().len(), 40);
}
