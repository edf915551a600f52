//! What whoever watches the service is told at `/metrics`.

use poem::{Endpoint, Request};
use serde_json::{Value, json};

use crate::harness::{ALICE, BOB, CAROL, Harness, postgres::sqlite_only};

impl Harness {
    pub async fn metrics(&self) -> String {
        let page = invited::http::metrics::endpoint(self.service.clone(), None);
        let request = Request::builder().uri_str("/metrics").finish();
        let told = page.get_response(request).await.into_body();
        told.into_string().await.unwrap()
    }
}

fn assert_tells(told: &str, lines: &[&str]) {
    for line in lines {
        let is_there = told.lines().any(|told| told.starts_with(line));
        assert!(is_there, "{line}: {told}");
    }
}

#[tokio::test]
async fn metrics_tell_of_the_store_and_of_the_check_after_the_start() {
    sqlite_only!("the size of its file and log, and their check");
    let harness = Harness::new();
    harness.login(ALICE).await;
    let told = harness.metrics().await;
    assert_tells(
        &told,
        &[
            "invited_store_log_bytes ",
            "invited_store_log_blocked_seconds 0",
            "invited_store_stopped 0",
            "invited_store_queue 0",
            "invited_store_database_bytes ",
            "invited_store_disk_free_bytes ",
            "invited_store_check{outcome=\"",
            "invited_build_info{version=\"",
            "invited_alarm 0",
        ],
    );
    assert!(told.ends_with("# EOF\n"));
    let value = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse::<f64>().unwrap()
    };
    let (commits, written) = (
        value("invited_store_commits_total"),
        value("invited_store_transactions_total"),
    );
    assert!(commits >= 2.0 && written >= commits);
}

#[tokio::test]
async fn metrics_follow_people_from_the_code_to_the_invitation() {
    let harness = Harness::as_is(&[
        ("INVITED_BUDGET__AMOUNTS", "50/1h"),
        ("INVITED_BUDGET__PRICES", "+79=2"),
    ]);
    let [alice, bob] = harness.logins([ALICE, BOB]).await;
    bob.redeem(&alice.invitation_code().await).await.ok();
    let token = harness.post("/login/", json!({ "phone": ALICE })).await;
    token.refused(429, "sms_rate_limited");
    alice.delete("/profile/").await;
    assert_tells(
        &harness.metrics().await,
        &[
            "invited_codes_asked_total{prefix=\"+79\"} 2",
            "invited_messages_sent_total{gateway=\"only\",prefix=\"+79\"} 2",
            "invited_limits_hit_total{limit=\"sends_per_phone\"} 1",
            "invited_logins_total{prefix=\"+79\"} 2",
            "invited_accounts_created_total{prefix=\"+79\"} 2",
            "invited_invitations_entered_total{prefix=\"+79\"} 1",
            "invited_accounts_deleted_total 1",
            "invited_budget_amount{party=\"strangers\",span_seconds=\"3600\"} 50",
        ],
    );
}

#[tokio::test]
async fn what_becomes_of_codes_is_told_by_the_prefixes_of_the_destinations_and_no_others() {
    let harness = Harness::with(&[("INVITED_LOGIN__DESTINATIONS", "+79, +7900, +44")]);
    harness.logins([ALICE, BOB, CAROL]).await;
    assert_tells(
        &harness.metrics().await,
        &[
            "invited_logins_total{prefix=\"+7900\"} 2",
            "invited_logins_total{prefix=\"+79\"} 1",
            "invited_logins_total{prefix=\"+44\"} 0",
            "invited_messages_sent_total{gateway=\"only\",prefix=\"+7900\"} 2",
        ],
    );
}

#[tokio::test]
async fn requests_are_told_by_route_status_and_problem_and_never_by_path() {
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    alice.profile().await;
    harness.post("/login/", json!({ "phone": "12" })).await;
    harness.post("/secret-79001234567/", json!({})).await;
    let told = harness.metrics().await;
    let count = "invited_http_request_duration_seconds_count";
    assert_tells(
        &told,
        &[
            &format!("{count}{{method=\"GET\",route=\"/profile/\",status=\"200\",code=\"\"}} 1"),
            &format!(
                "{count}{{method=\"POST\",route=\"/login/\",status=\"422\",code=\"phone_invalid\"}} 1"
            ),
            &format!("{count}{{method=\"POST\",route=\"\",status=\"404\",code=\"not_found\"}} 1"),
        ],
    );
    assert!(!told.contains("secret") && !told.contains("9001234567"));
}

#[tokio::test]
async fn the_board_for_grafana_asks_for_what_there_is() {
    sqlite_only!("figures of its file");
    let harness = Harness::new();
    harness.login(ALICE).await;
    let told = harness.metrics().await;
    let board: Value = serde_json::from_str(include_str!("../.github/grafana.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap());
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let mut seen = 0;
    for target in targets {
        let words = target["expr"].as_str().unwrap().split(|c| !is_name(c));
        for name in words.filter(|word| word.starts_with("invited_")) {
            // A family without a member shows in its description alone.
            let endings = ["_total", "_bucket", "_count"];
            let family = endings
                .iter()
                .find_map(|ending| name.strip_suffix(ending))
                .unwrap_or(name);
            assert!(
                told.contains(&format!("# TYPE {family} ")),
                "{name}: {told}"
            );
            seen += 1;
        }
    }
    assert!(seen > 25, "{seen}");
}
