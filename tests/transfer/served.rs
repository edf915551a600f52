//! Who was served from one database is served from the other as if nothing had been.

use std::{fs, path::Path};

use serde_json::json;
use tempfile::TempDir;

use super::{moved, on_server};
use crate::harness::{
    ALICE, BOB,
    server::{Server, command, last_code, login},
};

/// A server that sends each phone one message a day.
fn serve(folder: &Path, database: &str) -> Server {
    let mut serve = command(folder);
    serve.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--sms",
        "file:sms.jsonl",
    ]);
    serve.args(["--database", database]);
    serve.env("INVITED_LIMITS__SENDS_PER_PHONE", "1/24h");
    serve.stderr(fs::File::create(folder.join("stderr.txt")).unwrap());
    Server::launch(serve).unwrap()
}

fn ask(server: &Server, phone: &str) -> (u16, serde_json::Value) {
    let body = Some(json!({ "phone": phone }));
    server.call("POST", "/login/", &[], body).unwrap()
}

#[test]
fn tokens_codes_and_limits_of_before_hold_after_it() {
    let Some((_server, url)) = on_server() else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let server = serve(folder, "invited.db");
    let (_, alice) = login(&server.address, folder, ALICE).unwrap();
    // The port is another each time, and the link with it.
    let profile = |server: &Server, who: &serde_json::Value| {
        let (status, mut profile) = server.bear(who, "GET", "/profile/", None);
        profile["invitation_link"].take();
        (status, profile)
    };
    let before = profile(&server, &alice);
    let bob = ask(&server, BOB).1;
    assert_eq!(ask(&server, ALICE).0, 429);
    assert!(server.stop().success());

    moved(folder, "invited.db", &url);
    let server = serve(folder, &url);
    assert_eq!(profile(&server, &alice), before);
    let body = Some(json!({ "refresh": alice["refresh"] }));
    let (status, alice) = server.call("POST", "/token/refresh/", &[], body).unwrap();
    assert_eq!(status, 200, "{alice}");
    let token = [("sms-token", bob["sms-token"].as_str().unwrap())];
    let body = Some(json!({ "sms_code": last_code(folder, BOB) }));
    let confirmed = server.call("POST", "/login/sms-confirm/", &token, body);
    assert_eq!(confirmed.unwrap().0, 200);
    assert_eq!(ask(&server, ALICE).0, 429);
    assert!(server.stop().success());

    // The rows of counters that several connections have are one there.
    moved(folder, &url, "back.db");
    let server = serve(folder, "back.db");
    let body = Some(json!({ "refresh": alice["refresh"] }));
    let refreshed = server.call("POST", "/token/refresh/", &[], body);
    assert_eq!(refreshed.unwrap().0, 200);
    assert_eq!(ask(&server, ALICE).0, 429);
}
