//! What is sent to a provider.

use invited::sms::{
    SmsError, Transcript, choice::Choice, redaction::MessageId, route::Routes, setup::Setup,
};

use super::stub::{self, Stub};
use super::{KEY, WHSEC, exchange, message, open, plain, plan};

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
