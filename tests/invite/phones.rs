//! What links are to phones: apps that open them, and pictures for cameras.

use serde_json::json;

use super::{LIMITED, PUBLIC, is_page, open, page_of};
use crate::harness::{ALICE, Harness};

const ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)";
const DESKTOP: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101";

#[tokio::test]
async fn phones_are_offered_the_app_and_may_stay() {
    let harness = Harness::with(&[
        (
            "INVITED_REFERRAL__LINK_TO_ANDROID",
            "https://play.google.com/store/apps/details?id=org.example&referrer={code}",
        ),
        ("INVITED_REFERRAL__LINK_TO_IOS", "example://invited/{code}"),
    ]);
    let alice = harness.login(ALICE).await;
    let code = alice.invitation_code().await;
    let play = format!(
        "href=\"https://play.google.com/store/apps/details?id=org.example&amp;referrer={code}\""
    );
    let ios = format!("href=\"example://invited/{code}\"");
    for (agent, app) in [
        (ANDROID, Some(&play)),
        (IPHONE, Some(&ios)),
        (DESKTOP, None),
        ("TelegramBot (like TwitterBot)", None),
    ] {
        let page = page_of(&alice, &harness, &[("user-agent", agent)]).await;
        let text = is_page(&page, 200);
        let found = [&play, &ios].into_iter().find(|link| text.contains(*link));
        assert_eq!(found, app, "{agent}");
        assert!(
            text.contains(&format!("href=\"/?invitation={code}\"")),
            "{agent}"
        );
    }
}

#[tokio::test]
async fn one_address_will_do_for_all_phones_that_have_none_of_their_own() {
    let harness = Harness::with(&[
        (
            "INVITED_REFERRAL__LINK_TO",
            "https://example.com/app?code={code}",
        ),
        ("INVITED_REFERRAL__LINK_TO_IOS", "example://invited/{code}"),
    ]);
    let alice = harness.login(ALICE).await;
    for (agent, app) in [
        (ANDROID, Some("href=\"https://example.com/app?code=")),
        (IPHONE, Some("href=\"example://invited/")),
        (DESKTOP, None),
    ] {
        let page = page_of(&alice, &harness, &[("user-agent", agent)]).await;
        let text = is_page(&page, 200);
        let starts = ["href=\"https://example.com/app", "href=\"example://"];
        let is_offered = starts.into_iter().any(|start| text.contains(start));
        assert_eq!(is_offered, app.is_some(), "{agent}");
        assert!(app.is_none_or(|app| text.contains(app)), "{agent}");
    }
}

#[tokio::test]
async fn apps_that_may_open_links_are_named_to_phones() {
    let fingerprint = ["ab"; 32].join(":");
    let apps = format!("org.example.app={fingerprint}, org.example.beta={fingerprint}");
    let harness = Harness::with(&[
        PUBLIC,
        ("INVITED_REFERRAL__ANDROID_APPS", &apps),
        ("INVITED_REFERRAL__IOS_APPS", "ABCDE12345.org.example.app"),
    ]);
    let android = open(&harness, "/.well-known/assetlinks.json", &[]).await;
    assert_eq!(android.header("content-type"), Some("application/json"));
    let android = android.ok();
    assert_eq!(android[0]["target"]["package_name"], "org.example.app");
    assert_eq!(
        android[1]["target"]["sha256_cert_fingerprints"],
        json!([fingerprint.to_uppercase()])
    );
    let ios = open(&harness, "/.well-known/apple-app-site-association", &[]).await;
    assert_eq!(ios.header("content-type"), Some("application/json"));
    let detail = &ios.ok()["applinks"]["details"][0];
    assert_eq!(detail["appIDs"], json!(["ABCDE12345.org.example.app"]));
    assert_eq!(detail["components"], json!([{ "/": "/a/i/*" }]));
    for path in [
        "/.well-known/assetlinks.json",
        "/.well-known/apple-app-site-association",
    ] {
        open(&Harness::new(), path, &[])
            .await
            .refused(404, "not_found");
    }
}

#[tokio::test]
async fn a_qr_code_is_a_picture_of_the_link_and_asks_nobody_whether_it_exists() {
    let harness = Harness::with(&[PUBLIC, LIMITED]);
    for _ in 0..4 {
        let (head, picture) = harness.fetch("/i/QBX27C/qr.png", &[]).await;
        assert_eq!(head["content-type"], "image/png");
        assert_eq!(head["cache-control"], "public, max-age=86400, immutable");
        assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n") && picture.len() < 4096);
    }
    let drawing = open(&harness, "/i/QBX27C/qr.svg", &[]).await;
    assert_eq!(drawing.header("content-type"), Some("image/svg+xml"));
    assert!(drawing.text.starts_with("<svg xmlns=") && drawing.text.ends_with("</svg>\n"));
    assert_ne!(
        drawing.text,
        open(&harness, "/i/QBX27D/qr.svg", &[]).await.text
    );
}

#[tokio::test]
async fn the_longest_address_that_may_be_configured_has_its_code() {
    let address = format!("https://example.com/{}", "a".repeat(2000 - 20));
    let harness = Harness::with(&[("INVITED_HTTP__PUBLIC_URL", &address)]);
    for kind in ["svg", "png"] {
        let (head, _) = harness.fetch(&format!("/i/QBX27C/qr.{kind}"), &[]).await;
        let found = head["content-type"].to_str().unwrap();
        assert!(found.starts_with("image/"), "{found}");
    }
}
