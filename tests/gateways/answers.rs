//! What each preset makes of answers as its vendor gives them: taken, or
//! refused in spite of a status that says otherwise.

use invited::sms::{SmsError, Transcript, choice::Choice, presets, route::Routes, setup::Setup};

use super::{
    WHSEC, message,
    stub::{Stub, answer},
};

const TAKEN: Option<SmsError> = None;
const REJECTED: Option<SmsError> = Some(SmsError::Rejected);
const UNREACHABLE: Option<SmsError> = Some(SmsError::Unreachable);
const MISCONFIGURED: Option<SmsError> = Some(SmsError::Misconfigured);
const THROTTLED: Option<SmsError> = Some(SmsError::Throttled);
const NOT_SENT: Option<SmsError> = Some(SmsError::NotSent);
const UNKNOWN: Option<SmsError> = Some(SmsError::Unknown);

type Row = (u16, &'static str, Option<SmsError>);

/// Answers to a message to 79123456789, as the vendors document them.
const ANSWERS: [(&str, &[Row]); 12] = [
    (
        "exolve",
        &[
            (200, r#"{"message_id":"439166812364013"}"#, TAKEN),
            (200, r#"{"message_id":""}"#, UNKNOWN),
            (
                200,
                r#"{"message_id":"1","error":{"message":"no money"}}"#,
                UNKNOWN,
            ),
            (
                200,
                r#"{"error":{"message":"number is not allowed"}}"#,
                UNKNOWN,
            ),
            (
                400,
                r#"{"error":{"message":"invalid destination"}}"#,
                UNREACHABLE,
            ),
        ],
    ),
    (
        "kannel",
        &[
            (202, "0: Accepted for delivery", TAKEN),
            (202, "3: Queued for later delivery", UNKNOWN),
            (200, "Authorization failed for sendsms", MISCONFIGURED),
            (503, "Temporal failure, try again later.", NOT_SENT),
        ],
    ),
    (
        "smsaero",
        &[
            (
                200,
                r#"{"success":true,"data":{"id":12345,"number":"79123456789","status":0,"extendStatus":"queue","cost":"5.49"},"message":null}"#,
                TAKEN,
            ),
            (
                200,
                r#"{"success":true,"data":{"id":12345,"status":3,"extendStatus":"sent"},"message":null}"#,
                TAKEN,
            ),
            (
                200,
                r#"{"success":true,"data":{"id":12345,"status":2,"extendStatus":"failed"},"message":null}"#,
                UNREACHABLE,
            ),
            (
                200,
                r#"{"success":true,"data":{"id":12345,"status":6,"extendStatus":"reject"},"message":null}"#,
                UNREACHABLE,
            ),
            (
                200,
                r#"{"success":true,"data":{"id":12345,"status":8,"extendStatus":"moderation"},"message":null}"#,
                UNKNOWN,
            ),
            (200, r#"{"success":true,"data":[],"message":null}"#, UNKNOWN),
            (
                200,
                r#"{"success":false,"data":null,"message":"Not enough money"}"#,
                MISCONFIGURED,
            ),
            (
                200,
                r#"{"result":"reject","reason":"sender name not found"}"#,
                UNREACHABLE,
            ),
        ],
    ),
    (
        "smsc",
        &[
            (
                200,
                r#"{"id":7,"cnt":1,"cost":"3.5","balance":"96.5"}"#,
                TAKEN,
            ),
            (200, r#"{"id":7,"cnt":0}"#, UNKNOWN),
            (
                200,
                r#"{"error":"invalid number","error_code":7,"id":7}"#,
                REJECTED,
            ),
            (
                200,
                r#"{"id":7,"cnt":1,"error":"duplicate request, wait a minute","error_code":9}"#,
                UNKNOWN,
            ),
            (
                200,
                r#"{"error":"no money","error_code":3,"id":7}"#,
                MISCONFIGURED,
            ),
        ],
    ),
    (
        "smsru",
        &[
            (
                200,
                r#"{"status":"OK","status_code":100,"sms":{"79123456789":{"status":"OK","status_code":100,"sms_id":"000000-1"}},"balance":9.5}"#,
                TAKEN,
            ),
            (
                200,
                r#"{"status":"OK","status_code":100,"sms":{"79123456789":{"status":"ERROR","status_code":207,"status_text":"no route"}}}"#,
                REJECTED,
            ),
            (
                200,
                r#"{"status":"OK","status_code":100,"sms":{"79123456789":{"status":"OK","status_code":100}}}"#,
                UNKNOWN,
            ),
            (
                200,
                r#"{"status":"OK","status_code":100,"sms":{}}"#,
                UNKNOWN,
            ),
            (
                200,
                r#"{"status":"ERROR","status_code":201}"#,
                MISCONFIGURED,
            ),
        ],
    ),
    (
        "smsru-call",
        &[
            (
                200,
                r#"{"status":"OK","code":"1435","call_id":"000000-1","cost":0.4,"balance":9.5}"#,
                TAKEN,
            ),
            (200, r#"{"status":"OK","call_id":"000000-1"}"#, UNKNOWN),
            (200, r#"{"status":"OK","code":"1435"}"#, UNKNOWN),
            (
                200,
                r#"{"status":"ERROR","status_code":202,"status_text":"wrong number"}"#,
                REJECTED,
            ),
        ],
    ),
    (
        "telegram",
        &[
            (
                200,
                r#"{"ok":true,"result":{"request_id":"1","phone_number":"79123456789","request_cost":0.01,"delivery_status":{"status":"sent","updated_at":1}}}"#,
                TAKEN,
            ),
            (
                200,
                r#"{"ok":true,"result":{"request_id":"1","phone_number":"79123456789","request_cost":0}}"#,
                TAKEN,
            ),
            (
                200,
                r#"{"ok":true,"result":{"request_id":"1","delivery_status":{"status":"expired","updated_at":1}}}"#,
                UNREACHABLE,
            ),
            (
                200,
                r#"{"ok":true,"result":{"request_id":"1","delivery_status":{"status":"revoked","updated_at":1}}}"#,
                UNREACHABLE,
            ),
            (200, r#"{"ok":true,"result":{}}"#, UNKNOWN),
            (
                200,
                r#"{"ok":false,"error":"BALANCE_NOT_ENOUGH"}"#,
                MISCONFIGURED,
            ),
        ],
    ),
    (
        "twilio",
        &[
            (
                201,
                r#"{"sid":"SM1","status":"queued","error_code":null,"error_message":null}"#,
                TAKEN,
            ),
            (
                201,
                r#"{"sid":"SM1","status":"accepted","error_code":null}"#,
                TAKEN,
            ),
            (
                201,
                r#"{"sid":"SM1","status":"sent","error_code":null}"#,
                TAKEN,
            ),
            (
                201,
                r#"{"sid":"SM1","status":"failed","error_code":30006,"error_message":"Landline"}"#,
                REJECTED,
            ),
            (
                201,
                r#"{"sid":"SM1","status":"failed","error_code":30002}"#,
                MISCONFIGURED,
            ),
            (
                201,
                r#"{"sid":"SM1","status":"failed","error_code":null}"#,
                UNREACHABLE,
            ),
            (
                201,
                r#"{"sid":"SM1","status":"undelivered","error_code":39999}"#,
                UNREACHABLE,
            ),
            (
                201,
                r#"{"sid":"SM1","status":"canceled","error_code":null}"#,
                UNREACHABLE,
            ),
            (
                201,
                r#"{"sid":"SM1","status":"queued","error_code":30001}"#,
                THROTTLED,
            ),
            (
                201,
                r#"{"sid":null,"status":"queued","error_code":null}"#,
                UNKNOWN,
            ),
            (201, r#"{"sid":"SM1"}"#, UNKNOWN),
            (
                400,
                r#"{"code":21211,"message":"Invalid To","more_info":"","status":400}"#,
                REJECTED,
            ),
            (
                401,
                r#"{"code":20003,"message":"Authenticate","status":401}"#,
                MISCONFIGURED,
            ),
        ],
    ),
    (
        "ucaller",
        &[
            (
                200,
                r#"{"status":true,"ucaller_id":103000,"phone":79123456789,"code":"0042","exists":true}"#,
                TAKEN,
            ),
            (
                200,
                r#"{"status":true,"phone":79123456789,"code":"0042"}"#,
                UNKNOWN,
            ),
            (
                200,
                r#"{"status":false,"error":"no money","code":1002}"#,
                MISCONFIGURED,
            ),
        ],
    ),
    (
        "vonage",
        &[
            (
                200,
                r#"{"message-count":"1","messages":[{"to":"79123456789","message-id":"0C1","status":"0","message-price":"0.03"}]}"#,
                TAKEN,
            ),
            (200, r#"{"message-count":"0","messages":[]}"#, UNKNOWN),
            (
                200,
                r#"{"message-count":"1","messages":[{"status":"9","error-text":"Partner quota violation"}]}"#,
                MISCONFIGURED,
            ),
            (
                200,
                r#"{"message-count":"2","messages":[{"message-id":"0C1","status":"0"},{"status":"1"}]}"#,
                UNKNOWN,
            ),
            (
                200,
                r#"{"message-count":"1","messages":[{"status":"0"}]}"#,
                UNKNOWN,
            ),
        ],
    ),
    (
        "webhook",
        &[
            (204, "", TAKEN),
            (200, r#"{"id":"7"}"#, TAKEN),
            (202, "thanks", TAKEN),
            (200, r#"{"code":"no_route","message":"no"}"#, UNKNOWN),
            (200, r#"{"id":"7","state":"undelivered"}"#, UNREACHABLE),
        ],
    ),
    (
        "whatsapp",
        &[
            (
                200,
                r#"{"messaging_product":"whatsapp","contacts":[{"wa_id":"79123456789"}],"messages":[{"id":"wamid.1","message_status":"accepted"}]}"#,
                TAKEN,
            ),
            (200, r#"{"messages":[{"id":"wamid.1"}]}"#, TAKEN),
            (
                200,
                r#"{"messages":[{"id":"wamid.1","message_status":"held_for_quality_assessment"}]}"#,
                UNKNOWN,
            ),
            (
                200,
                r#"{"messages":[{"id":"wamid.1","message_status":"paused"}]}"#,
                MISCONFIGURED,
            ),
            (200, r#"{"messages":[]}"#, UNKNOWN),
            (
                200,
                r#"{"error":{"code":131026,"message":"Message undeliverable"}}"#,
                UNREACHABLE,
            ),
        ],
    ),
];

/// What the preset makes of an answer.
async fn outcome(preset: &str, status: u16, body: &str) -> Option<SmsError> {
    let said = answer(status, body);
    let stub = Stub::saying(move |_| said.clone());
    let mut plan = Setup {
        chains: vec![(String::new(), vec![Choice::Named(preset.to_owned())])],
        ..Setup::default()
    };
    let own = format!("url = \"{}\"\nidempotent = false", stub.url);
    plan.gateways
        .insert(preset.to_owned(), own.parse().unwrap());
    let all = presets::all().find(|known| known.name == preset).unwrap();
    for name in all.settings.keys() {
        let variable = invited::sms::Setting::variable(preset, name);
        plan.environment.insert(variable, WHSEC.to_owned());
    }
    let routes = plan.open(&Routes::default(), &|_| String::new());
    let routes = routes.unwrap_or_else(|flaw| panic!("{preset}: {flaw:?}"));
    let mut transcript = Transcript::default();
    let delivery = routes
        .deliver(&message("0042 it is"), &mut transcript)
        .await;
    assert_eq!(delivery.calls.len(), 1, "{preset}");
    delivery.outcome().err()
}

#[tokio::test]
async fn what_was_accepted_and_failed_all_the_same_was_not_taken() {
    let mut wrong = Vec::new();
    for (preset, rows) in ANSWERS {
        for (status, body, expected) in rows {
            let outcome = outcome(preset, *status, body).await;
            if outcome != *expected {
                wrong.push(format!("{preset}: {status} {body}: {outcome:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn every_preset_knows_taken_messages_from_others_of_the_same_status() {
    for preset in presets::all() {
        let (_, rows) = ANSWERS
            .iter()
            .find(|(name, _)| *name == preset.name)
            .unwrap();
        let taken = |row: &&Row| row.2 == TAKEN;
        let status = rows.iter().find(taken).unwrap().0;
        let refused = |row: &&Row| row.2.is_some() && row.0 / 100 == status / 100;
        assert!(rows.iter().any(|row| refused(&row)), "{}", preset.name);
        // One's own service may answer what it likes.
        for empty in ["", "{}", "[]", "null", "true", "OK", "<html>Blocked</html>"] {
            let outcome = outcome(preset.name, status, empty).await;
            let is_own = preset.name == "webhook";
            assert_eq!(outcome.is_none(), is_own, "{}: {empty}", preset.name);
        }
    }
}
