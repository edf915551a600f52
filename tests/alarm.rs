//! Contract, section 8, the whole instance: what changes for everybody while
//! codes of many phones are guessed, and where codes cannot get longer.

use invited::sms::SmsError;
use poem::http::Method;
use serde_json::{Value, json};

use crate::{
    fuzz::journal::Journal,
    harness::{ALICE, BOB, CAROL, Harness, NOON, Reply, other_than},
};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

impl Harness {
    /// So many wrong guesses, three at each of as many phones as that takes.
    async fn spray(&self, guesses: usize) {
        let mut token = String::new();
        for guess in 0..guesses {
            if guess % 3 == 0 {
                token = self.ask(&format!("+7916{:07}", self.gateway.count())).await;
            }
            let told = self.confirm(&token, &self.wrong_code()).await;
            told.refused(401, "sms_code_invalid");
        }
    }

    /// So many people log in.
    async fn welcome(&self, people: usize) {
        for _ in 0..people {
            self.login(&format!("+7917{:07}", self.gateway.count()))
                .await;
        }
    }

    async fn shown(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Reply {
        self.call(Method::POST, path, headers, Some(body)).await
    }

    async fn digits(&self, phone: &str) -> usize {
        self.ask(phone).await;
        self.code().len()
    }
}

/// Asserts that a guess was not looked at, and that a new code helps at once.
#[track_caller]
fn is_dead(told: &Reply) {
    let problem = told.refused(429, "too_many_attempts");
    assert_eq!(problem["limit"], "wrong_guesses_in_all");
    assert_eq!(problem["retry_after"], 1);
    assert!(problem["detail"].as_str().unwrap().contains("new code"));
}

#[tokio::test]
async fn over_fifty_and_thirty_percent_in_an_hour_make_codes_long() {
    let house = Harness::new();
    house.welcome(117).await;
    house.spray(50).await;
    assert_eq!(house.digits(ALICE).await, 4);
    house.spray(1).await;
    assert_eq!(house.digits(BOB).await, 6);
    // 51 of 170 are 30 %, not more.
    house.welcome(2).await;
    assert_eq!(house.digits(CAROL).await, 4);
    house.advance(HOUR);
    assert_eq!(house.digits(ALICE).await, 4);
}

#[tokio::test]
async fn over_a_hundred_and_fifty_and_fifteen_percent_in_a_day_do_so_too() {
    let house = Harness::new();
    house.welcome(850).await;
    for _ in 0..3 {
        house.spray(50).await;
        house.advance(2 * HOUR);
    }
    assert_eq!(house.digits(ALICE).await, 4);
    house.spray(1).await;
    assert_eq!(house.digits(BOB).await, 6);
    house.welcome(6).await;
    assert_eq!(house.digits(CAROL).await, 4);
    house.spray(1).await;
    assert_eq!(house.digits(ALICE).await, 6);
    house.advance(DAY);
    assert_eq!(house.digits(ALICE).await, 4);
}

#[tokio::test]
async fn short_codes_of_strangers_are_dead_and_long_ones_take_their_place() {
    let house = Harness::as_is(&[
        ("INVITED_LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE", "off"),
        ("INVITED_LIMITS__SENDS_PER_SOURCE", "off"),
        ("INVITED_LIMITS__SENDS_PER_PREFIX", "off"),
        ("INVITED_LOGIN__LIVE_TOKENS_PER_PHONE", "1"),
    ]);
    let token = house.ask(ALICE).await;
    let code = house.code();
    house.spray(51).await;
    is_dead(&house.confirm(&token, &other_than(&code)).await);
    is_dead(&house.confirm(&token, &code).await);
    // Neither its minute nor its place is waited for.
    let token = house.ask(ALICE).await;
    let long = house.code();
    assert_eq!(long.len(), 6);
    let (sent, body) = (house.gateway.count(), json!({ "phone": ALICE }));
    let again = house.post("/login/", body).await.ok();
    assert_eq!(
        (house.gateway.count(), &again["resend_in"]),
        (sent, &json!(180))
    );
    house.confirm(&token, &long).await.ok();
}

#[tokio::test]
async fn short_codes_stay_dead_when_too_little_is_guessed_again() {
    let house = Harness::as_is(&[
        ("INVITED_LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE", "off"),
        ("INVITED_LIMITS__SENDS_PER_SOURCE", "off"),
        ("INVITED_LIMITS__SENDS_PER_PREFIX", "off"),
    ]);
    house.welcome(117).await;
    let token = house.ask(ALICE).await;
    let code = house.code();
    house.advance(1);
    house.spray(51).await;
    house.welcome(3).await;
    // Another code is to be had at once, is not the dead one, and is good.
    is_dead(&house.confirm(&token, &code).await);
    let another = house.ask(ALICE).await;
    assert_eq!(house.code().len(), 4);
    assert_ne!(house.code(), code);
    is_dead(&house.confirm(&token, &code).await);
    house.confirm(&another, &house.code()).await.ok();
}

#[tokio::test]
async fn a_code_that_its_phone_has_outlived_is_not_waited_for_either() {
    let house = Harness::as_is(&[
        ("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "2/24h"),
        ("INVITED_LOGIN__LIVE_TOKENS_PER_PHONE", "1"),
    ]);
    let token = house.ask(ALICE).await;
    for _ in 0..2 {
        let told = house.confirm(&token, &house.wrong_code()).await;
        told.refused(401, "sms_code_invalid");
    }
    let told = house.confirm(&token, &house.code()).await;
    told.refused(429, "too_many_attempts");
    assert_eq!(house.digits(ALICE).await, 6);
}

#[tokio::test]
async fn dead_codes_bring_nobody_more_than_three_messages_in_a_quarter_of_an_hour() {
    let house = Harness::with(&[
        ("INVITED_LIMITS__SENDS_PER_PHONE", "1/60s, 3/15m"),
        ("INVITED_LOGIN__LIVE_TOKENS_PER_PHONE", "100"),
    ]);
    for _ in 0..3 {
        house.ask(ALICE).await;
        house.advance(60);
    }
    house.spray(51).await;
    let asked = house.post("/login/", json!({ "phone": ALICE })).await;
    let limit = &asked.refused(429, "sms_rate_limited")["limit"];
    assert_eq!(limit, "sends_per_phone");
}

#[tokio::test]
async fn known_devices_go_on_and_what_they_guess_wrong_counts() {
    let house = Harness::new();
    let device = house.login(ALICE).await.device;
    let headers = [("device-token", &*device)];
    let asked = house
        .shown("/login/", &headers, json!({ "phone": ALICE }))
        .await;
    let (token, code) = (asked.ok()["sms-token"].clone(), house.code());
    let headers = [
        ("device-token", &*device),
        ("sms-token", token.as_str().unwrap()),
    ];
    let wrong = json!({ "sms_code": other_than(&code) });
    let told = house.shown("/login/sms-confirm/", &headers, wrong).await;
    told.refused(401, "sms_code_invalid");
    house.spray(50).await;
    assert_eq!(house.digits(BOB).await, 6);
    let right = json!({ "sms_code": code });
    let told = house.shown("/login/sms-confirm/", &headers, right).await;
    told.ok();
}

#[tokio::test]
async fn logging_in_with_one_phone_again_and_again_hides_nothing() {
    let house = Harness::new();
    for _ in 0..150 {
        house.login(ALICE).await;
    }
    house.spray(51).await;
    assert_eq!(house.digits(BOB).await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_guesses_at_once_at_a_thousand_phones_fifty_one_are_looked_at() {
    let house = Harness::new();
    let mut tokens = Vec::new();
    for number in 0..1000 {
        tokens.push(house.ask(&format!("+7916{number:07}")).await);
    }
    let guesses = tokens.into_iter().map(|token| {
        let house = house.clone();
        tokio::spawn(async move { house.confirm(&token, "0000").await.status.as_u16() })
    });
    let statuses = crate::harness::statuses(guesses).await;
    let wrong = statuses.iter().filter(|status| **status == 401).count();
    let right = statuses.iter().filter(|status| **status == 200).count();
    assert!(wrong == 51 && right < 4, "{wrong} {right}");
}

#[tokio::test]
async fn the_log_tells_once_when_guessing_begins_and_when_it_ends() {
    let (journal, _guard) = Journal::open();
    let mut house = Harness::new();
    let told = async |house: &Harness| {
        journal.take();
        house.app.tell_of_guessing().await.unwrap();
        journal.take()
    };
    house.spray(50).await;
    assert_eq!(told(&house).await, "");
    house.spray(1).await;
    let began = told(&house).await;
    assert!(
        began.contains("WARN") && began.contains("wrong=51"),
        "{began}"
    );
    house = house.restarted();
    assert_eq!(told(&house).await, "");
    house.advance(HOUR);
    house = house.restarted();
    let ended = told(&house).await;
    assert!(ended.contains("not guessed any more"), "{ended}");
    assert_eq!(told(&house).await, "");
    house.clock.set(NOON);
}

#[tokio::test]
async fn where_no_gateway_brings_long_codes_one_guess_a_token_is_left() {
    let house = Harness::new();
    *house.gateway.longest.lock().unwrap() = Some(4);
    let before = house.ask(ALICE).await;
    let code = house.code();
    let told = house.confirm(&before, &other_than(&code)).await;
    assert_eq!(told.refused(401, "sms_code_invalid")["attempts_left"], 2);
    house.spray(50).await;
    let told = house.confirm(&before, &code).await;
    let limit = &told.refused(429, "too_many_attempts")["limit"];
    assert_eq!(limit, "guesses_per_token");
    let token = house.ask(BOB).await;
    let code = house.code();
    assert_eq!(code.len(), 4);
    let told = house.confirm(&token, &other_than(&code)).await;
    assert_eq!(told.refused(401, "sms_code_invalid")["attempts_left"], 0);
    let told = house.confirm(&token, &code).await;
    told.refused(429, "too_many_attempts");
    house.login(BOB).await;
}

#[tokio::test]
async fn where_no_gateway_brings_long_codes_a_phone_has_the_guesses_of_long_ones() {
    let house = Harness::with(&[
        ("INVITED_LIMITS__WRONG_GUESSES_PER_PHONE", "2/24h"),
        ("INVITED_LIMITS__WRONG_LONG_GUESSES_PER_PHONE", "4/24h"),
    ]);
    *house.gateway.longest.lock().unwrap() = Some(4);
    let mut evaluated = 0;
    for _ in 0..8 {
        house.advance(181);
        let token = house.ask(ALICE).await;
        for _ in 0..3 {
            let told = house.confirm(&token, &house.wrong_code()).await;
            evaluated += usize::from(told.status == 401);
        }
    }
    assert_eq!(evaluated, 4);
    house.advance(181);
    let token = house.ask(ALICE).await;
    let told = house.confirm(&token, &house.code()).await;
    let limit = &told.refused(429, "too_many_attempts")["limit"];
    assert_eq!(limit, "wrong_long_guesses_per_phone");
    house.advance(DAY);
    house.login(ALICE).await;
}

#[tokio::test]
async fn what_is_guessed_at_a_test_number_is_nobodys_business() {
    let house = Harness::as_is(&[
        ("INVITED_LIMITS__FAILED_CONFIRMATIONS_PER_SOURCE", "off"),
        ("INVITED_LIMITS__SENDS_PER_SOURCE", "off"),
        (
            "INVITED_TEST_NUMBERS__79990000001",
            r#"{ code = "1234", until = 2027-01-01T00:00:00Z }"#,
        ),
    ]);
    *house.gateway.fails.lock().unwrap() = Some(SmsError::NotSent);
    for _ in 0..20 {
        let token = house.ask("+79990000001").await;
        for _ in 0..3 {
            let told = house.confirm(&token, "4321").await;
            told.refused(401, "sms_code_invalid");
        }
        house.advance(181);
    }
    let token = house.ask("+79990000001").await;
    house.confirm(&token, "1234").await.ok();
    *house.gateway.fails.lock().unwrap() = None;
    assert_eq!(house.digits(ALICE).await, 4);
}
