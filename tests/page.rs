//! Contract, section 2: what there is to look at with a browser.

use std::io::Read;

use flate2::read::GzDecoder;
use invited::http::problem;
use poem::http::Method;

use crate::harness::{Harness, Reply};

const PAGES: [&str; 16] = [
    "/",
    "/app/main.js",
    "/app/app.css",
    "/app/brand.js",
    "/swagger/",
    "/swagger/page.js",
    "/swagger/page.css",
    "/swagger/ui.js",
    "/swagger/ui.css",
    "/redoc/",
    "/redoc/page.js",
    "/redoc/ui.js",
    "/problems/",
    "/problems/page.css",
    "/problems/rate_limited/",
    "/openapi.json",
];

async fn get(harness: &Harness, path: &str, headers: &[(&str, &str)]) -> Reply {
    harness.call(Method::GET, path, headers, None).await
}

#[tokio::test]
async fn pages_load_what_this_server_has_and_are_framed_by_nobody() {
    let harness = Harness::new();
    for path in PAGES {
        let page = get(&harness, path, &[]).await;
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'; script-src 'self'; "),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(
            page.header("referrer-policy"),
            Some("no-referrer"),
            "{path}"
        );
        assert_eq!(
            page.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        if page
            .header("content-type")
            .unwrap()
            .starts_with("text/html")
        {
            let inline = [
                "<script>", "<style", " style=", " onload=", "http://", "https://",
            ];
            let found = inline.iter().find(|text| page.text.contains(**text));
            assert_eq!(found, None, "{path}");
        }
    }
}

#[tokio::test]
async fn a_page_is_sent_once_and_named_afterwards() {
    let harness = Harness::new();
    for path in PAGES {
        let tag = get(&harness, path, &[])
            .await
            .header("etag")
            .unwrap()
            .to_owned();
        let strong = tag.trim_start_matches("W/");
        for known in [&*tag, strong, "*", &format!("\"x\", {tag}")] {
            let again = get(&harness, path, &[("if-none-match", known)]).await;
            assert_eq!(
                (again.status.as_u16(), &*again.text),
                (304, ""),
                "{path} {known}"
            );
            assert_eq!(again.header("etag"), Some(&*tag));
        }
        let other = get(&harness, path, &[("if-none-match", "\"x\"")]).await;
        assert_eq!(
            (other.status.as_u16(), other.header("cache-control")),
            (200, Some("no-cache"))
        );
    }
}

#[tokio::test]
async fn pages_come_compressed_to_whoever_takes_them_so() {
    let harness = Harness::new();
    for path in PAGES {
        let plain = get(&harness, path, &[]).await;
        for (accepted, coding) in [
            ("gzip", Some("gzip")),
            ("br, GZIP;q=0.5", Some("gzip")),
            ("gzip;q=0", None),
            ("br, deflate", None),
            ("identity", None),
        ] {
            let asks = [("accept-encoding", accepted)];
            let (head, bytes) = harness.fetch(path, &asks).await;
            let told = ["content-encoding", "vary"]
                .map(|name| head.get(name).map(|value| value.to_str().unwrap()));
            assert_eq!(told, [coding, Some("accept-encoding")], "{accepted}");
            let mut text = String::new();
            match coding {
                Some(_) => GzDecoder::new(&*bytes).read_to_string(&mut text),
                None => (&*bytes).read_to_string(&mut text),
            }
            .unwrap();
            assert!(text == plain.text, "{path}");
        }
    }
}

#[tokio::test]
async fn swagger_ui_and_redoc_are_whole() {
    let harness = Harness::new();
    for (path, least, begin, end) in [
        ("/swagger/ui.js", 1_000_000, "/*!", "})()));"),
        ("/swagger/ui.css", 100_000, ".swagger-ui", "*/"),
        ("/redoc/ui.js", 900_000, "/*!", ".map"),
    ] {
        let text = get(&harness, path, &[]).await.text;
        let whole = text.len() > least && text.starts_with(begin) && text.trim_end().ends_with(end);
        assert!(whole, "{path} {}", text.len());
    }
}

#[tokio::test]
async fn the_list_of_problems_names_them_all() {
    let list = get(&Harness::new(), "/problems/", &[]).await.text;
    let missing = problem::ALL
        .iter()
        .find(|kind| !list.contains(&format!("/problems/{}/", kind.code)));
    assert!(missing.is_none(), "{missing:?}");
}

#[tokio::test]
async fn pages_know_no_other_method() {
    let harness = Harness::new();
    for path in ["/", "/swagger/", "/problems/", "/redoc/ui.js"] {
        let reply = harness.call(Method::DELETE, path, &[], None).await;
        reply.refused(405, "method_not_allowed");
        assert_eq!(reply.header("allow"), Some("GET, HEAD"), "{path}");
    }
}
