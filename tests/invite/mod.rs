//! Links that invite: what they show, to whom, and what they keep to themselves.

mod phones;

use std::net::IpAddr;

use invited::domain::{error::StoreError, phone::Phone};
use poem::http::Method;
use serde_json::json;

use crate::harness::{ALICE, Actor, Harness, NOON, Reply};

const PUBLIC: (&str, &str) = ("INVITED_HTTP__PUBLIC_URL", "https://example.com/a");
const LIMITED: (&str, &str) = ("INVITED_LIMITS__WRONG_INVITATION_CODES_PER_SOURCE", "2/24h");

async fn open(harness: &Harness, path: &str, headers: &[(&str, &str)]) -> Reply {
    harness.call(Method::GET, path, headers, None).await
}

/// The page behind Alice's link.
async fn page_of(alice: &Actor, harness: &Harness, headers: &[(&str, &str)]) -> Reply {
    let path = format!("/i/{}/", alice.invitation_code().await);
    open(harness, &path, headers).await
}

/// Somebody of that name.
async fn named(harness: &Harness, name: &str) -> Actor {
    let alice = harness.login(ALICE).await;
    alice
        .patch("/profile/", json!({ "first_name": name }))
        .await
        .ok();
    alice
}

/// Asserts that it is a page with this status, and not a document for programs.
#[track_caller]
fn is_page(reply: &Reply, status: u16) -> &str {
    assert_eq!(reply.status.as_u16(), status, "{reply:?}");
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "noindex"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{reply:?}");
    }
    let policy = reply.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'; "),
        "{policy}"
    );
    &reply.text
}

#[tokio::test]
async fn a_link_says_who_invites_and_leads_to_a_login_with_the_code() {
    let harness = Harness::new();
    let alice = named(&harness, "Андрей").await;
    let code = alice.invitation_code().await;
    let page = page_of(&alice, &harness, &[("accept-language", "ru")]).await;
    let text = is_page(&page, 200);
    for part in [
        "<html lang=\"ru\">",
        "<h1><bdi>Андрей</bdi> приглашает вас</h1>",
        &format!("href=\"/?invitation={code}\""),
        &format!("src=\"/i/{code}/qr.svg\""),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let page = page_of(&alice, &harness, &[("accept-language", "en")]).await;
    assert!(is_page(&page, 200).contains("<h1><bdi>Андрей</bdi> invites you</h1>"));
}

#[tokio::test]
async fn a_link_tells_no_more_than_the_setting_allows() {
    for (setting, name, told) in [
        ("name", "Anna", "Anna"),
        ("name", "", "+7900•••••67"),
        ("phone", "Anna", "+7900•••••67"),
        ("nothing", "Anna", "You are invited"),
    ] {
        let harness = Harness::with(&[("INVITED_REFERRAL__SHOW_REFERRER", setting)]);
        let alice = named(&harness, name).await;
        let page = page_of(&alice, &harness, &[("accept-language", "en")]).await;
        let text = is_page(&page, 200);
        assert!(text.contains(told), "{setting}: {text}");
        for hidden in ["Anna", "+7900•••••67", "9001234567"]
            .iter()
            .filter(|one| **one != told)
        {
            assert!(!text.contains(hidden), "{setting}: {text}");
        }
    }
}

#[tokio::test]
async fn the_users_page_is_told_who_invites_and_no_more_than_the_link_tells() {
    let json = [("accept", "application/json")];
    for (setting, told) in [
        ("name", json!("Anna")),
        ("phone", json!("+7900•••••67")),
        ("nothing", json!(null)),
    ] {
        let harness = Harness::with(&[("INVITED_REFERRAL__SHOW_REFERRER", setting), LIMITED]);
        let alice = named(&harness, "Anna").await;
        let answer = page_of(&alice, &harness, &json).await;
        assert_eq!(answer.ok(), json!({ "invited_by": told }));
        for (status, code) in [
            (404, "invitation_not_found"),
            (404, "invitation_not_found"),
            (429, "rate_limited"),
        ] {
            open(&harness, "/i/AAAAAA/", &json)
                .await
                .refused(status, code);
        }
    }
}

#[tokio::test]
async fn what_people_call_themselves_is_text_and_nothing_else() {
    for name in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onload='alert(1)",
        "{code}{prefix}{link}",
        "&lt;b&gt;",
        "\u{200f}מרים\u{200e}",
        &"😀".repeat(150),
    ] {
        let harness = Harness::with(&[PUBLIC]);
        let alice = named(&harness, name).await;
        let page = page_of(&alice, &harness, &[]).await;
        let text = is_page(&page, 200);
        let escaped = name
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let escaped = escaped.replace('"', "&quot;").replace('\'', "&#39;");
        assert!(
            text.contains(&format!("<h1><bdi>{escaped}</bdi>")),
            "{text}"
        );
        assert!(
            text.contains(&format!("og:title\" content=\"\u{2068}{escaped}\u{2069} ")),
            "{text}"
        );
        assert!(
            !text.contains("<script") && !text.contains("<img src=x"),
            "{text}"
        );
        let plain = page_of(&named(&harness, "Anna").await, &harness, &[]).await;
        let tags = |text: &str| text.matches('<').count();
        assert_eq!(tags(text), tags(&plain.text), "{text}");
    }
}

#[tokio::test]
async fn previews_are_offered_where_an_address_is_public() {
    let harness = Harness::with(&[PUBLIC]);
    let alice = harness.login(ALICE).await;
    let link = format!("https://example.com/a/i/{}/", alice.invitation_code().await);
    assert_eq!(alice.profile().await["invitation_link"], link);
    let text = page_of(&alice, &harness, &[]).await.text;
    assert!(
        text.contains(&format!("<meta property=\"og:url\" content=\"{link}\">")),
        "{text}"
    );
    assert!(text.contains(&format!(
        "<meta property=\"og:image\" content=\"{link}qr.png\">"
    )));
    assert!(text.contains("href=\"/a/app/app.css\"") && text.contains("href=\"/a/?invitation="));
    let harness = Harness::new();
    let alice = harness.login(ALICE).await;
    let text = page_of(&alice, &harness, &[]).await.text;
    assert!(text.contains("og:title") && !text.contains("og:url") && !text.contains("og:image"));
}

#[tokio::test]
async fn every_spelling_of_a_code_leads_to_the_one_that_it_is_known_by() {
    let harness = Harness::with(&[PUBLIC]);
    for (path, location) in [
        ("/i/qbx27c/", "/a/i/QBX27C/"),
        ("/i/qbx-27c", "/a/i/QBX27C/"),
        ("/i/Q%D0%92%D0%A527%D0%A1/", "/a/i/QBX27C/"),
        ("/i/QBX%2027C/", "/a/i/QBX27C/"),
        ("/i/qbx27c/qr.svg", "/a/i/QBX27C/qr.svg"),
        ("/i/qbx27c/qr.png?a=b", "/a/i/QBX27C/qr.png"),
    ] {
        let reply = open(&harness, path, &[]).await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("location")),
            (308, Some(location)),
            "{path}"
        );
    }
    let harness = Harness::new();
    for path in [
        "/i/QBX27/",
        "/i/QBX27CC/",
        "/i/%FF/",
        "/i/%00/",
        "/i/%3Cb%3E/",
        "/i/..%2Fswagger/",
    ] {
        is_page(&open(&harness, path, &[]).await, 404);
        open(&harness, &format!("{path}qr.svg"), &[])
            .await
            .refused(404, "invitation_not_found");
    }
    for path in [
        "/i/",
        "/i",
        "/i/QBX27C/qr.gif",
        "/i/QBX27C/QBX27C/",
        "/i//QBX27C/",
        "/I/QBX27C/",
    ] {
        open(&harness, path, &[]).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn banned_and_unknown_are_the_same_to_strangers() {
    let harness = Harness::new();
    let alice = named(&harness, "Anna").await;
    let code = alice.invitation_code().await;
    let banning = harness.app.store.write(|tx| {
        let alice = tx
            .user_by_phone(Phone::from_digits(&ALICE[1..]).unwrap())?
            .unwrap();
        tx.set_banned(alice.id, Some(NOON))
    });
    let banned: Result<(), StoreError> = banning.await;
    banned.unwrap();
    let banned = open(&harness, &format!("/i/{code}/"), &[]).await;
    let unknown = open(&harness, "/i/AAAAAA/", &[]).await;
    assert_eq!(is_page(&banned, 404), is_page(&unknown, 404));
    assert!(!banned.text.contains("Anna") && !banned.text.contains(&code));
}

#[tokio::test]
async fn links_try_no_more_codes_than_people_may_enter() {
    let harness = Harness::with(&[LIMITED]);
    let alice = harness.login(ALICE).await;
    let code = alice.invitation_code().await;
    for unknown in ["AAAAAA", "BBBBBB"] {
        is_page(&open(&harness, &format!("/i/{unknown}/"), &[]).await, 404);
    }
    // From then on what is known and what is not look the same.
    let known = open(&harness, &format!("/i/{code}/"), &[]).await;
    let unknown = open(&harness, "/i/CCCCCC/", &[]).await;
    assert_eq!(is_page(&known, 429), is_page(&unknown, 429));
    assert_eq!(known.header("retry-after"), Some("86400"));
    let other = IpAddr::from([203, 0, 113, 7]);
    let path = format!("/i/{code}/");
    is_page(
        &harness
            .call_from(other, Method::GET, &path, &[], None)
            .await,
        200,
    );
    // One limit for both ways.
    let bob = harness.login("+79007654321").await;
    bob.redeem(&code).await.refused(429, "rate_limited");
    open(&harness, &format!("/i/{code}/qr.svg"), &[]).await;
}

#[tokio::test]
async fn links_know_head_and_no_other_method() {
    let harness = Harness::new();
    for path in [
        "/i/QBX27C/",
        "/i/QBX27C/qr.svg",
        "/i/QBX27C/qr.png",
        "/.well-known/assetlinks.json",
    ] {
        let reply = harness.call(Method::POST, path, &[], None).await;
        reply.refused(405, "method_not_allowed");
        assert_eq!(reply.header("allow"), Some("GET, HEAD"), "{path}");
    }
    let head = harness
        .call(Method::HEAD, "/i/QBX27C/qr.svg", &[], None)
        .await;
    assert_eq!((head.status.as_u16(), &*head.text), (200, ""));
    assert_eq!(
        harness
            .call(Method::HEAD, "/i/QBX27C/", &[], None)
            .await
            .status
            .as_u16(),
        404
    );
}

#[tokio::test]
async fn without_pages_there_are_no_links() {
    let harness = Harness::with(&[("INVITED_HTTP__PAGES", "off")]);
    let alice = harness.login(ALICE).await;
    assert_eq!(alice.profile().await["invitation_link"], json!(null));
    page_of(&alice, &harness, &[])
        .await
        .refused(404, "not_found");
    for path in [
        "/app/app.css",
        "/i/QBX27C/qr.png",
        "/.well-known/assetlinks.json",
    ] {
        open(&harness, path, &[]).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn a_store_that_fails_is_told_in_words() {
    let harness = Harness::new();
    let page = page_of(&harness.login(ALICE).await, &harness, &[]).await;
    is_page(&page, 200);
    harness.intruder().run("ALTER TABLE users RENAME TO others");
    let page = open(&harness, "/i/QBX27C/", &[]).await;
    assert!(page.status.as_u16() >= 500, "{page:?}");
    assert!(is_page(&page, page.status.as_u16()).contains("</h1>"));
}

#[tokio::test]
async fn a_notice_is_on_every_page() {
    let notice = "Demo: <made-up> data";
    let harness = Harness::with(&[("INVITED_PAGES__NOTICE", notice)]);
    let page = page_of(&harness.login(ALICE).await, &harness, &[]).await;
    let unknown = open(&harness, "/i/AAAAAA/", &[]).await;
    for text in [is_page(&page, 200), is_page(&unknown, 404)] {
        assert!(
            text.contains("<p class=\"banner\">Demo: &lt;made-up&gt; data</p>"),
            "{text}"
        );
    }
    let brand = open(&harness, "/app/brand.js", &[]).await.text;
    assert!(
        brand.contains(&format!("\"notice\":\"{notice}\"")),
        "{brand}"
    );
}
