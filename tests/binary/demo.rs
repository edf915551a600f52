//! `invited demo`: a month of made-up people, served, and gone.

use std::{fs, path::Path, process::Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::harness::server::{Server, command, run};

/// A demo of few people, whose temporary folder is in `folder`.
fn demo(folder: &Path, more: &[&str]) -> Server {
    let mut demo = command(folder);
    demo.env("TMPDIR", folder).stderr(Stdio::null());
    demo.args(["demo", "--listen", "127.0.0.1:0", "--people", "20"]);
    demo.args(more);
    Server::launch(demo).unwrap()
}

#[test]
fn a_demo_is_served_and_gone_when_it_ends() {
    for signal in ["-TERM", "-INT"] {
        let folder = TempDir::new().unwrap();
        let mut server = demo(folder.path(), &[]);
        let phone = json!({ "phone": "+79990000001" });
        let asked = server.call("POST", "/admin/api/login/", &[], Some(phone));
        let asked = asked.unwrap().1;
        let token = ("sms-token", asked["sms-token"].as_str().unwrap());
        let code = Some(json!({ "sms_code": "1234" }));
        let entered = server.call("POST", "/admin/api/session/", &[token], code);
        let (status, session) = entered.unwrap();
        assert_eq!(
            (status, &session["operator"]["role"]),
            (200, &json!("owner"))
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        server.signal(signal);
        assert!(server.process.wait().unwrap().success());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_demo_that_is_kept_is_not_written_over() {
    let folder = TempDir::new().unwrap();
    assert!(demo(folder.path(), &["--keep", "kept"]).stop().success());
    assert!(folder.path().join("kept/invited.db").exists());
    let again = run(folder.path(), &["demo", "--keep", "kept"]);
    let told = String::from_utf8(again.stderr).unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert!(told.contains("kept/invited.db is there already"), "{told}");
}
