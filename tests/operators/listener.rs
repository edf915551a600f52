//! `http.admin` as an address: operators there, and nothing else.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::server::{Server, call, command, free_ports, last_code, login, run};

const PHONE: &str = "+79001234567";

#[test]
fn a_listener_of_its_own_serves_operators_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let [port] = free_ports();
    let mut serve = command(folder);
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--sms",
        "file:sms.jsonl",
    ];
    serve
        .args(arguments)
        .env("INVITED_HTTP__ADMIN", port.to_string());
    serve.stderr(fs::File::create(folder.join("stderr.txt")).unwrap());
    let server = Server::launch(serve).unwrap();
    login(&server.address, folder, PHONE).unwrap();
    let granted = run(folder, &["admin", "grant", PHONE, "--role", "owner"]);
    assert!(granted.status.success(), "{granted:?}");
    let admin = format!("127.0.0.1:{port}");
    let told = format!("operators work at http://{admin}/admin/\n");
    assert!(server.first_lines.contains(&told), "{}", server.first_lines);
    let ask = json!({ "phone": PHONE });
    for (address, path, status) in [
        (&admin, "/profile/", 404),
        (&admin, "/swagger/", 404),
        (&admin, "/health/live", 404),
        (&admin, "/admin/api/people/", 401),
        (&admin, "/admin/api/openapi.json", 200),
        (&admin, "/", 303),
        (&server.address, "/admin/api/people/", 404),
        (&server.address, "/admin/api/openapi.json", 404),
        (&server.address, "/health/live", 200),
    ] {
        let (answered, _) = call(address, "GET", path, &[], None).unwrap();
        assert_eq!(answered, status, "{address}{path}");
    }
    let path = "/admin/api/login/";
    let (status, asked) = call(&admin, "POST", path, &[], Some(ask)).unwrap();
    // The limits of both are the same: it was sent a code a moment ago.
    assert_eq!((status, &asked["code"]), (429, &"sms_rate_limited".into()));
    assert!(server.stop().success());
}

/// What a command prints as JSON, or the sentence of its refusal.
fn told(folder: &std::path::Path, arguments: &[&str]) -> Result<Value, String> {
    let output = run(folder, &[arguments, &["--json"]].concat());
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).unwrap());
    }
    Err(String::from_utf8(output.stderr).unwrap())
}

#[test]
fn roles_and_keys_are_given_and_taken_at_the_machine() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let server = Server::start(folder);
    login(&server.address, folder, PHONE).unwrap();
    last_code(folder, PHONE);
    let grant = [
        "admin", "grant", PHONE, "--role", "viewer", "--reason", "new here",
    ];
    assert_eq!(told(folder, &grant).unwrap()["role"], "viewer");
    // With the server and without it.
    assert!(server.stop().success());
    let listed = told(folder, &["admin", "list", "--full"]).unwrap();
    assert_eq!(
        (&listed[0]["phone"], &listed[0]["role"]),
        (&PHONE.into(), &"viewer".into())
    );
    let create = [
        "admin",
        "key",
        "create",
        "report",
        "--permission",
        "figures,people",
    ];
    let made = told(folder, &[&create[..], &["--expires", "90d"]].concat()).unwrap();
    assert_eq!(made["permissions"], json!(["figures", "people"]));
    assert!(made["secret"].as_str().unwrap().starts_with("invited_key_"));
    let keys = told(folder, &["admin", "key", "list"]).unwrap();
    assert!(keys[0]["secret"].is_null() && keys[0]["expires_at"].is_string());
    told(folder, &["admin", "key", "delete", "report"]).unwrap();
    told(folder, &["admin", "revoke", PHONE]).unwrap();
    let audit = told(folder, &["audit"]).unwrap();
    let actions: Vec<_> = audit
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["action"])
        .collect();
    assert_eq!(actions.len(), 4, "{actions:?}");
}

#[test]
fn what_cannot_be_given_or_taken_at_the_machine_is_a_sentence() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let server = Server::start(folder);
    login(&server.address, folder, PHONE).unwrap();
    for (arguments, sentence) in [
        (
            &["admin", "grant", "+79990001122", "--role", "owner"][..],
            "there is no such user",
        ),
        (
            &["admin", "grant", "x", "--role", "owner"],
            "\"x\" is not a phone, an invitation code",
        ),
        (&["admin", "revoke", PHONE], "the user is not an operator"),
        (
            &["admin", "key", "delete", "report"],
            "there is no such key",
        ),
        (
            &["admin", "key", "create", "a key", "--permission", "people"],
            "a key's name has letters",
        ),
        (
            &["admin", "grant", PHONE, "--role", "king"],
            "\"king\" is not a role: there are viewer",
        ),
        (
            &["admin", "key", "create", "x", "--permission", "all"],
            "\"all\" is not a permission",
        ),
    ] {
        let refused = told(folder, arguments).unwrap_err();
        assert!(refused.contains(sentence), "{arguments:?}: {refused}");
    }
}
