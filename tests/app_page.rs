//! The page that people log in with: what it consists of, the operator's brand,
//! and the message that a developer reads on it.

use std::{collections::BTreeSet, fs, path::Path};

use poem::{
    Request,
    http::{Method, Version},
};
use serde_json::json;
use tempfile::TempDir;

use crate::harness::{
    ALICE, Harness, Reply,
    server::{Server, command},
};

async fn get(harness: &Harness, path: &str) -> Reply {
    harness.call(Method::GET, path, &[], None).await
}

/// What the page's folder has that browsers load, by its path.
fn assets() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/page/app");
    let names = fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let loaded = names.filter(|name| !name.ends_with(".d.ts") && name != "index.html");
    let made = ["brand.css", "brand.js"].map(str::to_owned);
    let all = loaded.chain(made).map(|name| format!("/app/{name}"));
    all.collect()
}

#[tokio::test]
async fn the_page_names_everything_that_it_loads_and_all_of_it_is_there() {
    let harness = Harness::new();
    let page = get(&harness, "/").await.text;
    let named = page.split(['"']).filter(|text| text.starts_with("/app/"));
    assert_eq!(named.map(str::to_owned).collect::<BTreeSet<_>>(), assets());
    for path in assets() {
        assert_eq!(get(&harness, &path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn without_pages_the_root_leads_to_the_documentation_and_none_of_it_is_there() {
    let harness = Harness::with(&[("INVITED_HTTP__PAGES", "off")]);
    let root = get(&harness, "/").await;
    assert_eq!(
        (root.status.as_u16(), root.header("location")),
        (303, Some("/swagger/"))
    );
    for path in assets() {
        get(&harness, &path).await.refused(404, "not_found");
    }
    let token = harness.ask(ALICE).await;
    message(&harness, "localhost", &token)
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn the_page_is_called_as_messages_call_the_service_unless_it_has_a_name() {
    let service = ("INVITED_SMS__SERVICE_NAME", "Кафе");
    for (settings, name) in [
        (&[][..], "\"invited\""),
        (&[service], "\"Кафе\""),
        (
            &[service, ("INVITED_PAGES__NAME", "</script>\"")],
            r#""</script>\"""#,
        ),
    ] {
        let brand = get(&Harness::with(settings), "/app/brand.js").await.text;
        assert!(brand.contains(&format!("\"name\":{name}")), "{brand}");
    }
}

#[tokio::test]
async fn what_stands_on_the_operators_colour_can_be_read() {
    for (color, text) in [("#FFD400", "#000"), ("#2563eb", "#fff")] {
        let harness = Harness::with(&[("INVITED_PAGES__COLOR", color)]);
        let style = get(&harness, "/app/brand.css").await.text;
        let expected = format!(
            "--accent: {}; --on-accent: {text}",
            color.to_ascii_lowercase()
        );
        assert!(style.contains(&expected), "{style}");
    }
}

#[tokio::test]
async fn the_operators_picture_is_served_as_what_it_is() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("logo");
    let setting = [("INVITED_PAGES__LOGO", path.to_str().unwrap())];
    for (bytes, kind) in [
        (
            &b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"[..],
            "image/svg+xml",
        ),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
    ] {
        fs::write(&path, bytes).unwrap();
        let (head, logo) = Harness::with(&setting).fetch("/app/logo", &[]).await;
        assert_eq!(
            (&head["content-type"], &*logo),
            (&kind.parse().unwrap(), bytes)
        );
    }
    get(&Harness::new(), "/app/logo")
        .await
        .refused(404, "not_found");
}

/// Asks for the message of a token, at a host.
async fn message(harness: &Harness, host: &str, token: &str) -> Reply {
    let request = Request::builder()
        .uri_str("/app/message/")
        .header("host", host)
        .header("sms-token", token);
    harness.send(request.finish()).await
}

#[tokio::test]
async fn a_developer_reads_the_message_at_any_name_of_this_machine() {
    let harness = Harness::new();
    let token = harness.ask(ALICE).await;
    for host in ["localhost:8080", "127.0.0.1", "[::1]:8080", "LOCALHOST"] {
        let read = message(&harness, host, &token).await.ok();
        assert_eq!(
            read,
            json!({ "text": harness.gateway.last().text }),
            "{host}"
        );
    }
}

#[tokio::test]
async fn nobody_else_reads_it() {
    for (settings, host) in [
        (&[][..], "example.com"),
        (&[], "localhost.example.com"),
        (&[], "127.0.0.1.example.com:8080"),
        (&[], ""),
        (&[("INVITED_LISTEN", "0.0.0.0:8080")], "localhost"),
        (&[("INVITED_SMS__GATEWAY", "file:sms.jsonl")], "localhost"),
        (
            &[("INVITED_HTTP__PUBLIC_URL", "https://example.com")],
            "localhost",
        ),
        (
            &[("INVITED_HTTP__TRUSTED_PROXIES", "127.0.0.1")],
            "localhost",
        ),
    ] {
        let harness = Harness::with(settings);
        let token = harness.ask(ALICE).await;
        message(&harness, host, &token)
            .await
            .refused(404, "not_found");
    }
}

#[tokio::test]
async fn without_a_token_of_a_live_code_nothing_is_read() {
    let harness = Harness::new();
    let token = harness.ask(ALICE).await;
    let message_through = |name: &str, value: &str, version| {
        Request::builder()
            .uri_str("/app/message/")
            .version(version)
            .header("host", "localhost")
            .header("sms-token", &token)
            .header(name, value)
            .finish()
    };
    for forwarded in [
        message_through("x-forwarded-for", "198.51.100.1", Version::HTTP_11),
        message_through("via", "1.1 proxy", Version::HTTP_11),
        message_through("accept", "*/*", Version::HTTP_10),
    ] {
        harness.send(forwarded).await.refused(404, "not_found");
    }
    let other = Harness::new().ask(ALICE).await;
    message(&harness, "localhost", &other)
        .await
        .refused(401, "sms_token_invalid");
    let nothing = Request::builder()
        .uri_str("/app/message/")
        .header("host", "localhost");
    harness
        .send(nothing.finish())
        .await
        .refused(401, "sms_token_missing");
    harness.advance(180);
    message(&harness, "localhost", &token)
        .await
        .refused(401, "sms_token_expired");
}

#[test]
fn the_message_that_the_terminal_prints_can_be_read_too() {
    let folder = TempDir::new().unwrap();
    let mut serve = command(folder.path());
    serve.args(["serve", "--listen", "127.0.0.1:0", "--log", "off"]);
    let server = Server::launch(serve).unwrap();
    let phone = Some(json!({ "phone": ALICE }));
    let (_, asked) = server.call("POST", "/login/", &[], phone).unwrap();
    let token = [("sms-token", asked["sms-token"].as_str().unwrap())];
    let read = server.call("GET", "/app/message/", &token, None);
    let (status, message) = read.unwrap();
    let text = message["text"].as_str().unwrap();
    assert!(
        status == 200 && text.contains("код входа в invited"),
        "{text}"
    );
}
