//! What operators are told of gateways, and of the messages to somebody.

use invited::app::hook_secret;
use serde_json::{Value, json};

use crate::{
    gateways::stub::{Stub, answer},
    harness::{ALICE, BOB, CAROL, Harness},
};

/// A service with two gateways, of which the first takes what the second does not.
fn harness(first: &Stub, second: &Stub) -> Harness {
    let gateway = |name: &str, stub: &Stub| {
        format!(
            "[sms.gateway.{name}]
             kind = \"http\"
             url = \"{}\"
             id = \"/id\"
             balance = \"/left\"
             prices = \"+7=1.50\"
             body.json = {{ code = \"{{{{code}}}}\", report = \"{{{{report_url}}}}\", id = \"{{{{request_id}}}}\" }}
             receipt = {{ from = \"json\", id = \"/id\", state = \"/state\", answer = \"heard\", map = {{ ok = \"delivered\", no = \"undelivered\" }} }}\n",
            stub.url
        )
    };
    Harness::of_file(&format!(
        "http.public_url = \"http://invited.test\"\n{}{}[sms.route]\n\"*\" = [\"first\", \"second\"]\n\"+7916\" = [\"second\"]\n",
        gateway("first", first),
        gateway("second", second)
    ))
}

fn taking() -> Stub {
    Stub::saying(|asked| {
        let taken = json!({ "id": asked.json()["id"], "left": "12.50" });
        answer(200, &taken.to_string())
    })
}

impl Harness {
    /// What became of the message that a gateway took last.
    async fn report(&self, gateway: &str, stub: &Stub, state: &str) {
        let secret = hook_secret(self.app.keys(), gateway);
        let report = json!({ "id": stub.last().json()["id"], "state": state });
        let told = self
            .post(&format!("/hooks/sms/{gateway}/{secret}/"), report)
            .await;
        assert_eq!(told.text, "heard");
    }
}

#[tokio::test]
async fn gateways_are_told_with_their_chains_and_latest_errors() {
    let (first, second) = (Stub::answering(500, "no"), taking());
    let harness = harness(&first, &second);
    harness.ask(ALICE).await;
    harness.report("second", &second, "ok").await;
    for number in 0..4 {
        harness.ask(&format!("+790000000{number:02}")).await;
    }
    let told = harness.done(json!({ "command": "gateways" })).await;
    let gateways = told["gateways"].as_array().unwrap();
    let of = |name: &str| gateways.iter().find(|one| one["name"] == name).unwrap();
    let errors = of("first")["last_errors"].as_array().unwrap();
    assert_eq!(
        (of("first")["circuit"].as_str(), errors.len()),
        (Some("open"), 5)
    );
    assert_eq!(errors[0]["at"], "2024-04-15T21:11:13Z");
    assert!(
        errors[0]["error"].as_str().unwrap().contains("500"),
        "{errors:?}"
    );
    let second = json!({
        "name": "second",
        "prefixes": ["+7916", "*"],
        "circuit": "closed",
        "demoted": false,
        "balance": 12.5,
        "sent": 5,
        "delivered": 1,
        "last_errors": [],
    });
    assert_eq!(*of("second"), second);
}

#[tokio::test]
async fn how_soon_messages_arrive_is_told_by_gateway() {
    let (first, second) = (taking(), taking());
    let harness = harness(&first, &second);
    for (seconds, phone) in [
        (4, ALICE),
        (4, BOB),
        (4, "+79000000000"),
        (100, "+79000000001"),
    ] {
        harness.ask(phone).await;
        harness.advance(seconds);
        harness.report("first", &first, "ok").await;
        // Nothing new.
        harness.report("first", &first, "ok").await;
    }
    harness.ask(CAROL).await;
    harness.report("second", &second, "no").await;
    let told = harness
        .done(json!({ "command": "series", "span": "day" }))
        .await;
    let expected = json!([
        { "gateway": "first", "sent": 4, "delivered": 4, "undelivered": 0, "cost": "6.00",
          "delivery_seconds": { "p50": 4.3, "p95": 108.0 } },
        { "gateway": "second", "sent": 1, "delivered": 0, "undelivered": 1, "cost": "1.50",
          "delivery_seconds": null },
    ]);
    assert_eq!(told["by_gateway"], expected);
    // It is told nowhere else.
    let stats = harness.done(json!({ "command": "stats", "days": 1 })).await;
    let measures = stats["by_gateway_and_limit"].as_array().unwrap().iter();
    let measures: Vec<_> = measures
        .map(|row| row["measure"].as_str().unwrap())
        .collect();
    assert_eq!(measures, ["sent", "sent", "delivered", "undelivered"]);
}

#[tokio::test]
async fn the_messages_to_somebody_are_told_with_what_became_of_them() {
    let (first, second) = (taking(), taking());
    let harness = harness(&first, &second);
    for (state, seconds) in [("ok", 60), ("no", 60), ("", 0)] {
        let token = harness.ask(ALICE).await;
        if !state.is_empty() {
            harness.report("first", &first, state).await;
        }
        let code = first.last().json()["code"].as_str().unwrap().to_owned();
        harness.confirm(&token, &code).await.ok();
        harness.advance(seconds);
    }
    let shown = harness
        .done(json!({ "command": "show_user", "who": ALICE }))
        .await;
    let told = |record: &Value| format!("{} {} {}", record["at"], record["state"], record["cost"]);
    let told: Vec<_> = shown["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .map(told)
        .collect();
    let expected = [
        r#""2024-04-15T21:13:13Z" "taken" "1.50""#,
        r#""2024-04-15T21:12:13Z" "undelivered" "1.50""#,
        r#""2024-04-15T21:11:13Z" "delivered" "1.50""#,
    ];
    assert_eq!(told, expected);
    assert_eq!(shown["deliveries"][0]["gateway"], "first");
}
