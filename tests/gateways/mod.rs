//! Gateways that are data, and how messages find their way through several.

mod answers;
mod binary;
mod delivery;
mod route;
pub mod stub;

use std::time::Duration;

use invited::{
    domain::{code::OneTimeCode, phone::Phone},
    sms::{
        Failure, Message, Receipt, SmsError, Transcript, choice::Choice, language::Language,
        presets, redaction::MessageId, route::Routes, setup::Setup,
    },
};

use self::stub::Stub;
use crate::harness::NOON;

const KEY: &str = "the provider's own secret";

/// The secret of a webhook (Standard Webhooks, in its libraries' tests).
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn message(text: &str) -> Message {
    Message {
        to: Phone::from_digits("79123456789").unwrap(),
        text: text.to_owned(),
        code: OneTimeCode::parse("0042").ok(),
        at: NOON,
        ttl: Duration::from_mins(3),
        request_id: "00ff".to_owned(),
        ip: Some([192, 0, 2, 7].into()),
        language: Language::English,
    }
}

/// The plan of a configuration with one gateway, called `mine`.
fn plan(toml: &str) -> Setup {
    let mut plan = Setup::default();
    plan.gateways
        .insert("mine".to_owned(), toml.parse().unwrap());
    plan.chains = vec![(String::new(), vec![Choice::Named("mine".to_owned())])];
    plan.environment.insert("KEY".to_owned(), KEY.to_owned());
    plan
}

fn open(toml: &str) -> Routes {
    let routes = plan(toml).open(&Routes::default(), &|_| {
        "https://login.example.com/hook/".to_owned()
    });
    routes.unwrap_or_else(|flaw| panic!("{flaw:?}: {toml}"))
}

/// Sends one message, and tells what came of it and what was said.
async fn exchange(toml: &str, text: &str) -> (Result<Receipt, Failure>, String) {
    let mut transcript = Transcript::kept();
    let mut delivery = open(toml).deliver(&message(text), &mut transcript).await;
    (
        delivery.calls.remove(0).outcome,
        transcript.text().to_owned(),
    )
}

async fn error(toml: &str) -> SmsError {
    exchange(toml, "hello").await.0.unwrap_err().error
}

/// A gateway that only has to be answered 2xx.
fn plain(url: &str) -> String {
    format!("kind = \"http\"\nurl = \"{url}\"\nbody.json.text = \"{{{{text}}}}\"\n")
}

#[test]
fn every_preset_is_a_gateway_once_its_settings_are_given() {
    for preset in presets::all() {
        assert!(!preset.about.is_empty());
        let mut plan = Setup {
            chains: vec![(String::new(), vec![Choice::Named(preset.name.to_owned())])],
            ..Setup::default()
        };
        if preset.name == "webhook" {
            let own = "url = \"https://example.com/\"".parse().unwrap();
            plan.gateways.insert(preset.name.to_owned(), own);
        }
        for (name, setting) in &preset.settings {
            let before = plan.open(&Routes::default(), &|_| String::new()).map(drop);
            if setting.default.is_none() {
                let flaw = before.unwrap_err();
                assert!(flaw.reason.contains("set it in"), "{flaw:?}");
            }
            let variable = invited::sms::Setting::variable(preset.name, name);
            plan.environment.insert(variable, WHSEC.to_owned());
        }
        if let Err(flaw) = plan.open(&Routes::default(), &|_| {
            "https://login.example.com/".to_owned()
        }) {
            panic!("{}: {flaw:?}", preset.name);
        }
        assert!(
            preset.settings.values().any(|setting| setting.secret),
            "{}",
            preset.name
        );
    }
}

#[test]
fn presets_that_bring_codes_alone_are_known_to_bring_no_texts() {
    for preset in presets::all() {
        let mut plan = Setup {
            chains: vec![(String::new(), vec![Choice::Named(preset.name.to_owned())])],
            ..Setup::default()
        };
        plan.gateways.insert(
            preset.name.to_owned(),
            toml::toml! { url = "https://example.com/" },
        );
        for name in preset.settings.keys() {
            let variable = invited::sms::Setting::variable(preset.name, name);
            plan.environment.insert(variable, WHSEC.to_owned());
        }
        let routes = plan.open(&Routes::default(), &|_| String::new());
        let routes = routes.unwrap_or_else(|flaw| panic!("{}: {flaw:?}", preset.name));
        let codes = ["smsru-call", "telegram", "ucaller", "whatsapp"];
        assert_eq!(
            routes.carries_text(message("hello").to),
            !codes.contains(&preset.name),
            "{}",
            preset.name
        );
    }
}

#[tokio::test]
async fn a_text_alone_goes_where_nothing_around_it_needs_a_code() {
    let stub = Stub::answering(200, "{}");
    let plain = |more: &str| format!("kind = \"http\"\nurl = \"{}\"\n{more}", stub.url);
    let mut notice = message("hello");
    notice.code = None;
    for (more, goes) in [
        ("body.form = { a = \"{{text}}\", b = \"{{code}}\" }", true),
        (
            "body.form = { a = \"{{text}}\", b = \"code {{code}}\" }",
            false,
        ),
        ("body.text = \"{{text}}\"", true),
        ("body.text = \"{{text}} {{code}}\"", false),
        ("body.json = { all = [{ a = \"{{code}}\" }] }", false),
        (
            "body.json = { all = [{ a = \"{{text}}\" }] }\ncode = \"/code\"",
            false,
        ),
        (
            "headers.x = \"{{ code }}\"\nquery.text = \"{{ text }}\"",
            true,
        ),
    ] {
        let before = stub.count();
        let routes = open(&plain(more));
        let delivery = routes.deliver(&notice, &mut Transcript::default()).await;
        assert_eq!(delivery.taken().is_some(), goes, "{more}");
        assert_eq!(stub.count() > before, goes, "{more}");
        if goes {
            let (head, body) = (stub.last().head, stub.last().body);
            assert!(!body.contains("b=") && !head.contains("x:"), "{head}{body}");
        }
    }
    let code = open(
        &plain("url = \"http://127.0.0.1/{{code}}\"")
            .replace(&format!("url = \"{}\"\n", stub.url), ""),
    );
    assert!(
        code.deliver(&notice, &mut Transcript::default())
            .await
            .calls
            .is_empty()
    );
}

#[tokio::test]
async fn a_line_of_a_file_has_an_empty_code_where_the_message_has_none() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("sms.jsonl");
    let plan = Setup {
        chains: vec![(String::new(), vec![Choice::File(path.clone())])],
        ..Setup::default()
    };
    let routes = plan
        .open(&Routes::default(), &|_| String::new())
        .ok()
        .unwrap();
    let mut notice = message("hello");
    notice.code = None;
    for message in [message("0042"), notice] {
        routes.deliver(&message, &mut Transcript::default()).await;
    }
    let lines = std::fs::read_to_string(path).unwrap();
    let codes = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["code"].clone());
    assert_eq!(codes.collect::<Vec<_>>(), ["0042", ""]);
}

#[tokio::test]
async fn what_fills_a_place_is_escaped_as_the_place_demands() {
    let stub = Stub::answering(200, "{}");
    let text = "\"}, {\"to\": \"&to=%41 \\ код\n#+ok";
    let toml = plain(&stub.url)
        + "headers.x-key = \"Key ${env:KEY}\"\nheaders.x-ip = \"{{ip}}\"\n\
           query = { to = \"{{to_e164}}\", text = \"{{text}}\" }\n\
           body.json.all = [\"{{to_digits}} {{code}} {{language}}\", \"{{ttl_s}}\", \"{{ttl_s}} s\", 7, true, \"{{report_url}}\"]\n";
    exchange(&toml, text).await.0.unwrap();
    let asked = stub.last();
    let expected = serde_json::json!({
        "text": text,
        "all": ["79123456789 0042 en", 180, "180 s", 7, true, "https://login.example.com/hook/"],
    });
    assert_eq!(asked.json(), expected);
    let line = asked.head.lines().next().unwrap();
    let url: url::Url = format!("http://x{}", line.split(' ').nth(1).unwrap())
        .parse()
        .unwrap();
    let query: Vec<_> = url.query_pairs().into_owned().collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(query, [pair("text", text), pair("to", "+79123456789")]);
    assert!(
        asked.head.contains(&format!("x-key: Key {KEY}\r\n")),
        "{}",
        asked.head
    );
    assert!(asked.head.contains("x-ip: 192.0.2.7\r\n"), "{}", asked.head);

    let form = format!(
        "kind = \"http\"\nurl = \"{}/{{{{text}}}}/{{{{code}}}}\"\nbody.form = {{ text = \"{{{{text}}}}\", ip = \"{{{{ip}}}}\" }}",
        stub.url
    );
    exchange(&form, text).await.0.unwrap();
    assert_eq!(
        stub.last().form(),
        [pair("ip", "192.0.2.7"), pair("text", text)]
    );
    let path = stub.last().head.split(' ').nth(1).unwrap().to_owned();
    assert_eq!(path.matches('/').count(), 3, "{path}");
    assert!(path.ends_with("%0A%23%2Bok/0042"), "{path}");

    let header = plain(&stub.url) + "headers.x-text = \"{{text}}\"";
    let failure = exchange(&header, text).await.0.unwrap_err();
    assert_eq!(
        failure.error,
        SmsError::NotSent,
        "no header can carry a line feed"
    );
}

#[tokio::test]
async fn what_a_provider_repeats_is_not_passed_on() {
    let said = r#"{"error":"cannot send 'code: 0042' to 79123456789, nor 0042 alone"}"#;
    let stub = Stub::answering(400, said);
    let toml = plain(&stub.url) + "error.message = \"/error\"";
    let failure = exchange(&toml, "code: 0042").await.0.unwrap_err();
    let told = "HTTP 400: cannot send '…' to +7912•••••89, nor • alone";
    assert_eq!(&*failure.detail, told);
}

/// Or whoever asks for such numbers could have a gateway skipped for everybody.
#[test]
fn what_is_wrong_with_one_number_is_no_failure_of_a_preset() {
    for (preset, codes) in [
        ("smsru", &["202", "207", "230", "233", "501"][..]),
        ("smsru-call", &["202", "230", "233", "501"]),
        ("twilio", &["21211", "21608", "21610", "21614"]),
        ("ucaller", &["3", "18", "19"]),
        ("vonage", &["3", "29"]),
        ("whatsapp", &["131026", "131030", "131056"]),
    ] {
        let table: toml::Table = presets::text(preset).unwrap().parse().unwrap();
        for code in codes {
            let class = table["error"]["map"][*code].as_str().unwrap();
            let is_of_number = ["rejected", "unreachable"].contains(&class);
            assert!(is_of_number, "{preset} {code}: {class}");
        }
    }
}

#[tokio::test]
async fn an_address_of_ones_own_network_is_told_to_nobody() {
    let stub = Stub::answering(200, "{}");
    let toml = plain(&stub.url) + "body.json.ip = \"{{ip}}\"\nbody.json.minutes = \"{{ttl_min}}\"";
    for (ip, told) in [
        ("192.0.2.7", true),
        ("2001:db8::7", true),
        ("127.0.0.1", false),
        ("10.1.2.3", false),
        ("100.64.0.1", false),
        ("100.128.0.1", true),
        ("::1", false),
        ("fd00::1", false),
        ("fe80::1", false),
    ] {
        let mut message = message("hello");
        message.ip = Some(ip.parse().unwrap());
        open(&toml)
            .deliver(&message, &mut Transcript::default())
            .await;
        let body = stub.last().json();
        assert_eq!(body.get("ip").is_some(), told, "{ip}");
        assert_eq!(body["minutes"], "3");
    }
}

#[tokio::test]
async fn the_transcript_shows_everything_but_secrets() {
    let stub = Stub::saying(|asked| {
        stub::answer(
            401,
            &format!("{{\"error\":\"not you: {}\"}}", asked.head.escape_default()),
        )
    });
    let toml = plain(&stub.url)
        + "headers.authorization = \"Bearer ${env:KEY}\"\nbody.json.key = \"${env:KEY}\"\nerror.message = \"/error\"";
    let (outcome, said) = exchange(&toml, "hello").await;
    for shown in [
        "POST http://127.0.0.1",
        "authorization: Bearer ***",
        "\"key\":\"***\"",
        "hello",
        "HTTP 401",
        "not you",
    ] {
        assert!(said.contains(shown), "{shown}: {said}");
    }
    let failure = outcome.unwrap_err();
    assert_eq!(failure.error, SmsError::Misconfigured);
    assert!(failure.detail.contains("not you"), "{failure}");
    assert!(
        !said.contains(KEY) && !failure.detail.contains(KEY),
        "{said} {failure}"
    );
}

#[tokio::test]
async fn an_answer_means_what_its_status_its_pointers_and_its_map_say() {
    use SmsError as E;
    let ok = "ok = { status = 200, pointer = \"/status\", equals = \"OK\" }\n\
              error = { pointer = [\"/code\", \"/outer/code\"], map = { 7 = \"rejected\", \"status:409\" = \"throttled\" }, patterns = { \"^Sorry\" = \"throttled\" } }\n";
    for (status, body, error) in [
        (200, r#"{"status":"OK"}"#, None),
        (201, r#"{"status":"OK"}"#, Some(E::Unknown)),
        (200, r#"{"status":"ERROR"}"#, Some(E::Unknown)),
        (200, r#"{"status":"ERROR","code":7}"#, Some(E::Rejected)),
        (
            200,
            r#"{"status":"ERROR","outer":{"code":"7"}}"#,
            Some(E::Rejected),
        ),
        (200, r#"{"status":"ERROR","code":8}"#, Some(E::Unknown)),
        (200, "OK", Some(E::Unknown)),
        (200, "", Some(E::Unknown)),
        (302, "", Some(E::Misconfigured)),
        (400, "", Some(E::Unreachable)),
        (403, "", Some(E::Unreachable)),
        (400, "Sorry, not now", Some(E::Throttled)),
        (401, "", Some(E::Misconfigured)),
        (402, "", Some(E::Misconfigured)),
        (403, r#"{"code":"7"}"#, Some(E::Rejected)),
        (409, "", Some(E::Throttled)),
        (429, "", Some(E::Throttled)),
        (500, "", Some(E::Unknown)),
        (503, "", Some(E::Unknown)),
    ] {
        let stub = Stub::answering(status, body);
        let outcome = exchange(&(plain(&stub.url) + ok), "hello").await.0;
        assert_eq!(
            outcome.err().map(|failure| failure.error),
            error,
            "{status} {body}"
        );
    }
    let stub = Stub::answering(202, "0: Accepted for delivery");
    let accepted = plain(&stub.url) + "ok.pattern = \"^[03]: \"";
    exchange(&accepted, "hello").await.0.unwrap();
    let refused = plain(&stub.url) + "ok.pattern = \"^3: \"\nerror.default = \"not_sent\"";
    assert_eq!(error(&refused).await, E::NotSent);
}

#[tokio::test]
async fn a_receipt_has_the_providers_name_price_and_code() {
    let stub = Stub::answering(
        200,
        r#"{"a/b":{"id":17},"79123456789":{"cost":"-0.05004"},"code":42}"#,
    );
    let toml =
        plain(&stub.url) + "id = \"/a~1b/id\"\ncost = \"/{{to_digits}}/cost\"\ncode = \"/code\"";
    let receipt = exchange(&toml, "hello").await.0.unwrap();
    assert_eq!(receipt.id.as_ref().map(MessageId::raw), Some("17"));
    assert_eq!(
        receipt.cost.map(|cost| cost.to_string()).as_deref(),
        Some("0.05")
    );
    assert_eq!(receipt.code.unwrap().reveal(), "0042");
    let nothing = Stub::answering(200, "{}");
    let toml = plain(&nothing.url) + "id = \"/id\"\ncost = \"/cost\"";
    let receipt = exchange(&toml, "hello").await.0.unwrap();
    assert_eq!(
        receipt.id.as_ref().map(MessageId::raw),
        Some("00ff"),
        "our own name for it"
    );
    assert_eq!(receipt.cost, None);
    let toml = plain(&nothing.url) + "code = \"/code\"";
    assert_eq!(
        error(&toml).await,
        SmsError::Unknown,
        "nobody knows what they were told"
    );
}

#[tokio::test]
async fn only_what_was_certainly_not_sent_is_called_so() {
    // Bound, so that nobody else is given its port, and not listening.
    let closed = tokio::net::TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let refused = closed.local_addr().unwrap();
    assert_eq!(
        error(&plain(&format!("http://{refused}/"))).await,
        SmsError::NotSent
    );
    let stub = Stub::answering(200, "{}");
    let tls = plain(&stub.url.replace("http:", "https:"));
    assert_eq!(error(&tls).await, SmsError::NotSent, "no TLS");
    for broken in ["", "nonsense\r\n\r\n"] {
        let stub = Stub::saying(move |_| broken.to_owned());
        assert_eq!(
            error(&plain(&stub.url)).await,
            SmsError::Unknown,
            "{broken}"
        );
    }
    let endless = Stub::saying(|_| stub::answer(200, &"x".repeat(100_000)));
    assert_eq!(
        error(&plain(&endless.url)).await,
        SmsError::Unknown,
        "endless"
    );
    let elsewhere = Stub::answering(200, "{}");
    let to = elsewhere.url.clone();
    let redirect = Stub::saying(move |_| {
        format!("HTTP/1.1 307 Go\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
    });
    assert_eq!(error(&plain(&redirect.url)).await, SmsError::Misconfigured);
    assert_eq!(elsewhere.count(), 0, "nobody is followed");
}

#[tokio::test]
async fn a_webhook_is_signed_and_posted_again_under_the_same_name() {
    let answers = std::sync::atomic::AtomicUsize::new(0);
    let stub =
        Stub::saying(
            move |_| match answers.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0 => stub::answer(500, ""),
                _ => stub::answer(200, r#"{"id":"7"}"#),
            },
        );
    let mut plan = plan(&format!(
        "kind = \"webhook\"\nurl = \"{}\"\nsecret = \"${{env:WHSEC}}\"",
        stub.url
    ));
    plan.environment
        .insert("WHSEC".to_owned(), WHSEC.to_owned());
    let routes = plan
        .open(&Routes::default(), &|_| String::new())
        .unwrap_or_else(|flaw| panic!("{flaw:?}"));
    let mut transcript = Transcript::kept();
    let delivery = routes.deliver(&message("hello"), &mut transcript).await;
    assert_eq!(
        delivery.taken().unwrap().1.id.as_ref().map(MessageId::raw),
        Some("7")
    );
    let (first, second) = (stub.at(0), stub.at(1));
    assert_eq!(
        stub.count(),
        2,
        "it may have arrived, and it is known by its name"
    );
    assert_eq!((&first.head, &first.body), (&second.head, &second.body));
    assert!(
        second.head.contains(
            "webhook-id: 00ff\r\nwebhook-timestamp: 1713215473\r\nwebhook-signature: v1,"
        ),
        "{}",
        second.head
    );
    assert!(
        transcript.text().contains("webhook-signature: ***"),
        "{}",
        transcript.text()
    );
}

#[test]
fn a_mistake_in_a_gateway_is_told_at_the_start() {
    let good = plain("https://example.com/send");
    for (more, path, reason) in [
        (
            "headers.a = \"{{to}}\"",
            "mine.headers.a",
            "is not a placeholder",
        ),
        ("headers.a = \"{{to\"", "mine.headers.a", "without }}"),
        (
            "headers.a = \"${env:NONE}\"",
            "mine.headers.a",
            "NONE, which is not set",
        ),
        (
            "headers.a = \"${file:/nowhere/at/all}\"",
            "mine.headers.a",
            "cannot be read",
        ),
        (
            "headers.a = \"${secret}\"",
            "mine.headers.a",
            "which is nothing",
        ),
        (
            "headers.\"a b\" = \"x\"",
            "mine.headers.a b",
            "is not the name of a header",
        ),
        (
            "query.a = \"${env:KEY}\"",
            "mine.query.a",
            "puts a secret into the URL",
        ),
        (
            "body.json.deep = [{ a = \"{{b}}\" }]",
            "mine.body.json.deep.a",
            "is not a placeholder",
        ),
        ("body.form = {}", "mine.body", "one of json, form and text"),
        ("method = \"post\"", "mine.method", "is not a method"),
        ("id = \"message\"", "mine.id", "must be a JSON pointer"),
        ("settings = 7", "mine.settings", "is what presets ask for"),
        (
            "error.patterns = { \"(\" = \"rejected\" }",
            "mine.error.patterns",
            "not a regular expression",
        ),
        (
            "ok.pattern = \"(\"",
            "mine.ok.pattern",
            "is not a regular expression",
        ),
        ("ok.equals = 1", "mine.ok", "needs a pointer"),
        ("ok.pointer = \"/a\"", "mine.ok.pointer", "needs equals"),
        (
            "error.map = { 1 = \"bad\" }",
            "mine.error.map.1",
            "unknown variant",
        ),
        ("okay = 1", "mine.okay", "is not a key here"),
        ("prices = [\"2.50\"]", "mine.prices", "is not a price"),
        ("sender = 7", "mine.sender", "must be text"),
        (
            "headers.a = \"{{sender}}\"",
            "mine.headers.a",
            "needs sender",
        ),
        (
            "receipt = { from = \"json\", id = \"id\", state = \"/s\", map = {} }",
            "mine.receipt.id",
            "must be a pointer",
        ),
        (
            "check.url = \"http://example.com/\"",
            "mine.check.url",
            "is plain http",
        ),
    ] {
        let Err(flaw) = plan(&(good.clone() + more)).open(&Routes::default(), &|_| String::new())
        else {
            panic!("taken: {more}")
        };
        assert_eq!(flaw.path.join("."), path, "{more}: {}", flaw.reason);
        assert!(flaw.reason.contains(reason), "{more}: {}", flaw.reason);
    }
}

#[test]
fn a_url_gives_nothing_away() {
    for (url, reason) in [
        ("http://example.com/", "is plain http"),
        ("http://127.0.0.1.example.com/", "is plain http"),
        ("ftp://example.com/", "must begin with https"),
        ("example.com", "is not a URL"),
        ("https://{{to_digits}}.example.com/", "must name its host"),
        ("https://example.com:{{code}}/", "is not a URL"),
        (
            "https://me:pass@example.com/",
            "must not contain a password",
        ),
        (
            "https://example.com/${env:KEY}",
            "puts a secret into the URL",
        ),
    ] {
        let Err(flaw) = plan(&plain(url)).open(&Routes::default(), &|_| String::new()) else {
            panic!("taken: {url}")
        };
        assert!(flaw.reason.contains(reason), "{url}: {}", flaw.reason);
    }
    open(&plain("http://localhost:1/"));
    open(&plain("http://[::1]:1/"));
    open(&(plain("https://example.com/${env:KEY}") + "secret_in_url = true"));
}
