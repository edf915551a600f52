//! The OpenAPI document: checked in, complete, and in agreement with the code.

use invited::http;
use serde_json::Value;

fn document() -> Value {
    serde_json::from_str(&http::openapi()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let named = |(path, item): (&String, &Value)| {
        item.as_object()
            .unwrap()
            .iter()
            .map(|(method, operation)| (format!("{method} {path}"), operation.clone()))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(named).collect()
}

#[test]
fn the_checked_in_documents_are_the_servers() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
    let checked_in = std::fs::read_to_string(path).unwrap();
    assert!(
        checked_in == http::openapi(),
        "run `cargo run -- openapi > openapi/openapi.json`"
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/admin.json");
    let checked_in = std::fs::read_to_string(path).unwrap();
    assert!(
        checked_in == http::admin_openapi(),
        "run `cargo run -- openapi --admin > openapi/admin.json`"
    );
}

#[test]
fn every_call_of_the_contract_is_described() {
    let document = document();
    let mut names: Vec<_> = operations(&document)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "delete /profile/",
            "delete /profile/sessions/{id}/",
            "get /health/live",
            "get /health/ready",
            "get /profile/",
            "get /profile/invitations/",
            "get /profile/sessions/",
            "patch /profile/",
            "post /login/",
            "post /login/sms-confirm/",
            "post /logout/",
            "post /profile/invitation/",
            "post /profile/phone/",
            "post /profile/phone/confirm/",
            "post /token/refresh/",
            "put /profile/",
        ]
    );
}

#[test]
fn every_operation_has_a_summary_a_tag_and_examples_of_what_it_refuses() {
    for (name, operation) in operations(&document()) {
        assert!(
            operation["summary"].is_string() && operation["operationId"].is_string(),
            "{name}"
        );
        assert_eq!(
            operation["tags"].as_array().map(Vec::len),
            Some(1),
            "{name}"
        );
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert_ne!(response["description"], "", "{name} {status}");
            if status.starts_with('2') {
                continue;
            }
            let examples = response["content"]["application/problem+json"]["examples"]
                .as_object()
                .unwrap();
            assert!(!examples.is_empty(), "{name} {status}");
            for (code, example) in examples {
                assert_eq!(&example["value"]["code"], code);
                assert_eq!(example["value"]["status"].to_string(), *status);
            }
        }
    }
}

#[test]
fn who_may_be_asked_for_a_token_may_be_told_401() {
    for (name, operation) in operations(&document()) {
        let asks = operation["security"]
            .as_array()
            .is_some_and(|security| !security.is_empty());
        let tells = operation["responses"]["401"].is_object();
        assert!(tells || !asks, "{name}");
        let has_body = operation["requestBody"].is_object();
        assert_eq!(
            operation["responses"]["415"].is_object(),
            has_body,
            "{name}"
        );
    }
}

#[test]
fn the_sms_token_header_is_a_documented_parameter() {
    for path in ["/login/sms-confirm/", "/profile/phone/confirm/"] {
        let parameters = document()["paths"][path]["post"]["parameters"].clone();
        let named =
            |parameter: &&Value| parameter["name"] == "sms-token" && parameter["in"] == "header";
        assert!(
            parameters.as_array().unwrap().iter().find(named).unwrap()["description"].is_string()
        );
    }
}

#[test]
fn what_may_be_null_says_so() {
    let schemas = document()["components"]["schemas"].clone();
    for (schema, member) in [
        ("ProfileReply", "invited_by"),
        ("InviteesReply", "next"),
        ("SessionEntry", "ip"),
    ] {
        assert_eq!(
            schemas[schema]["properties"][member]["nullable"], true,
            "{schema}.{member}"
        );
        assert!(
            schemas[schema]["required"]
                .as_array()
                .unwrap()
                .contains(&member.into())
        );
    }
    for (schema, member) in [
        ("ConfirmRequest", "sms_token"),
        ("ReplaceProfileRequest", "email"),
        ("ChangeProfileRequest", "email"),
    ] {
        assert_eq!(
            schemas[schema]["properties"][member]["nullable"], true,
            "{schema}.{member}"
        );
    }
    assert_eq!(
        schemas["SessionEntry"]["properties"]["created"]["format"],
        "date-time"
    );
}

#[test]
fn numbers_have_formats_that_generators_know() {
    let text = http::openapi();
    assert!(text.contains("\"int64\"") && !text.contains("\"uint"));
}

#[test]
fn there_is_a_server_a_contact_and_a_licence() {
    let document = document();
    let url = document["servers"][0]["url"].as_str().unwrap();
    assert_eq!(url, "http://127.0.0.1:8080");
    for about in [&document["info"]["contact"], &document["info"]["license"]] {
        assert!(about["name"].is_string() && about["url"].is_string());
    }
}

#[test]
fn calls_that_need_no_token_say_so() {
    let public = [
        "/login/",
        "/login/sms-confirm/",
        "/token/refresh/",
        "/health/live",
        "/health/ready",
    ];
    for (name, operation) in operations(&document()) {
        let (_, path) = name.split_once(' ').unwrap();
        let security = operation["security"].as_array().unwrap();
        assert_eq!(security.is_empty(), public.contains(&path), "{name}");
    }
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = document();
    let names: Vec<_> = operations(&document)
        .into_iter()
        .map(|(_, operation)| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    let different: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(different.len(), names.len(), "{names:?}");
    // Generators make `confirm` plus `Request` of an operation, which a schema must not be called.
    for name in names {
        let words = name
            .split('_')
            .map(|word| word[..1].to_uppercase() + &word[1..]);
        let request = words.collect::<String>() + "Request";
        assert!(
            document["components"]["schemas"][&request].is_null(),
            "{request}"
        );
    }
}
