//! Contract, section 2: behind a proxy that serves the API under a prefix.

use poem::http::Method;
use serde_json::{Value, json};

use crate::harness::{ALICE, Harness};

const PUBLIC: (&str, &str) = ("INVITED_HTTP__PUBLIC_URL", "https://example.com/one/two/");

#[tokio::test]
async fn every_link_carries_the_prefix() {
    let harness = Harness::with(&[PUBLIC]);
    let get = async |path: &str| harness.call(Method::GET, path, &[], None).await;
    let asked = harness
        .post("/login/", json!({ "phone": ALICE }))
        .await
        .ok();
    assert_eq!(asked["url_to_redirect"], "/one/two/login/sms-confirm/");
    let page = get("/").await.text;
    assert!(
        page.contains("\"/one/two/app/main.js\"") && !page.contains("\"/app/"),
        "{page}"
    );
    let problem = get("/nothing/").await.json();
    assert_eq!(problem["type"], "/one/two/problems/not_found");
    let document = get("/openapi.json").await.ok();
    assert_eq!(document["servers"][0]["url"], "https://example.com/one/two");
    let about = document["info"]["description"].as_str().unwrap();
    assert!(
        about.contains("(/one/two/redoc/)") && !about.contains("(/redoc"),
        "{about}"
    );
    let told = &document["paths"]["/login/"]["post"]["responses"]["422"]["content"];
    let example = &told["application/problem+json"]["examples"]["phone_invalid"]["value"];
    assert_eq!(example["type"], "/one/two/problems/phone_invalid");
}

#[tokio::test]
async fn without_one_the_paths_are_the_documents() {
    let harness = Harness::with(&[("INVITED_LISTEN", "0.0.0.0:9090")]);
    let document: Value = harness
        .call(Method::GET, "/openapi.json", &[], None)
        .await
        .ok();
    assert_eq!(document["servers"][0]["url"], "http://127.0.0.1:9090");
    let asked = harness
        .post("/login/", json!({ "phone": ALICE }))
        .await
        .ok();
    assert_eq!(asked["url_to_redirect"], "/login/sms-confirm/");
}
