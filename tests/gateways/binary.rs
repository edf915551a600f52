//! The executable and its gateways: trying them, and a kill in the middle.

use std::{
    fs,
    path::Path,
    process::Output,
    sync::{Mutex, mpsc},
    thread,
};

use tempfile::TempDir;

use super::stub::{Stub, answer};
use crate::harness::postgres::sqlite_only;
use crate::harness::{
    ALICE,
    intruder::Intruder,
    server::{Server, call, command},
};

fn configured(folder: &Path, stub: &Stub) {
    let toml = format!(
        "[sms.gateway.mine]\nkind = \"http\"\nurl = \"{}\"\nid = \"/id\"\nheaders.key = \"${{env:KEY}}\"\n\
         body.json.text = \"{{{{text}}}}\"\n[sms.gateway.mine.check]\nurl = \"{}\"\nheaders.key = \"${{env:KEY}}\"\nbalance = \"/balance\"\n",
        stub.url, stub.url
    );
    fs::write(folder.join("invited.toml"), toml).unwrap();
}

fn sms(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = command(folder);
    command
        .args(["sms", "--config", "invited.toml"])
        .args(arguments);
    command.env("KEY", "quite secret").output().unwrap()
}

fn told(output: &Output) -> String {
    let texts =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    texts.concat()
}

#[test]
fn gateways_are_tried_checked_and_listed_from_the_command_line() {
    let folder = TempDir::new().unwrap();
    let good = Stub::answering(200, r#"{"id":"m-1","balance":12.5}"#);
    configured(folder.path(), &good);
    let output = sms(folder.path(), &["test", ALICE]);
    let text = told(&output);
    assert!(output.status.success(), "{text}");
    for part in [
        "> POST http://127.0.0.1",
        "> key: ***",
        "код входа",
        "< HTTP 200",
        "mine took it, as m-1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let output = sms(folder.path(), &["check"]);
    assert!(
        told(&output).contains("mine: the credentials are good, the balance is 12.5"),
        "{output:?}"
    );
    let output = sms(folder.path(), &["list"]);
    assert!(told(&output).contains("*           mine\n"), "{output:?}");
    assert!(told(&output).contains("EXOLVE_KEY"), "{output:?}");

    let bad = Stub::answering(401, "who are you?");
    configured(folder.path(), &bad);
    for (arguments, part) in [
        (
            &["test", ALICE][..],
            "mine: the gateway is misconfigured: HTTP 401: who are you?",
        ),
        (
            &["check"],
            "mine: does not accept what is configured: HTTP 401",
        ),
    ] {
        let output = sms(folder.path(), arguments);
        let text = told(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(
            text.contains(part) && !text.contains("quite secret"),
            "{text}"
        );
    }
    for (arguments, part) in [
        (&["test", "12"][..], "12 is not a phone number"),
        (&["--sms", "pigeon", "check"], "--sms names pigeon"),
    ] {
        let output = sms(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(told(&output).contains(part), "{output:?}");
    }
}

#[test]
fn a_message_to_try_is_always_printed_and_goes_nowhere_by_a_slip_of_the_finger() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("invited.toml"), "").unwrap();
    for _ in 0..10 {
        let output = sms(folder.path(), &["--sms", "console", "test", ALICE]);
        let text = told(&output);
        assert!(output.status.success(), "{text}");
        assert!(
            text.contains("SMS to +79001234567") && text.contains("код входа"),
            "{text}"
        );
    }
    let abroad = ["--sms", "console", "test", "+447911123456", "--any-number"];
    let refused = sms(folder.path(), &abroad[..4]);
    assert_eq!(refused.status.code(), Some(2));
    let text = told(&refused);
    assert!(text.contains("not covered by login.destinations"), "{text}");
    assert!(!text.contains("SMS to"), "{text}");
    let output = sms(folder.path(), &abroad);
    assert!(told(&output).contains("SMS to +447911123456"), "{output:?}");
}

#[test]
fn a_message_that_was_under_way_at_a_kill_counts_as_sent_and_is_not_sent_again() {
    sqlite_only!("the node that saw to it may be another");
    let folder = TempDir::new().unwrap();
    let (arrived, arrivals) = mpsc::channel();
    let (_never, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let stub = Stub::saying(move |_| {
        arrived.send(()).unwrap();
        let _ = wait.lock().unwrap().recv();
        answer(200, "{}")
    });
    configured(folder.path(), &stub);
    let start = || {
        let log = fs::File::create(folder.path().join("stderr.txt")).unwrap();
        let mut command = command(folder.path());
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--config",
                "invited.toml",
            ])
            .env("KEY", "quite secret")
            .stderr(log);
        Server::launch(command).unwrap()
    };
    let mut server = start();
    let body = || Some(serde_json::json!({ "phone": ALICE }));
    let (to, asked) = (server.address.clone(), body());
    let asking = thread::spawn(move || call(&to, "POST", "/login/", &[], asked));
    arrivals.recv().unwrap();
    server.process.kill().unwrap();
    server.process.wait().unwrap();
    assert!(asking.join().unwrap().is_none(), "nobody answered");

    let server = start();
    let (status, again) = call(&server.address, "POST", "/login/", &[], body()).unwrap();
    let wait = again["resend_in"].as_u64().unwrap();
    assert!(status == 200 && (1..=60).contains(&wait), "{again}");
    assert!(server.stop().success());
    let log = fs::read_to_string(folder.path().join("stderr.txt")).unwrap();
    assert!(
        log.contains("while messages were under way: they count as sent lost=1"),
        "{log}"
    );
    assert_eq!(stub.count(), 1);
    let state = Intruder::of(folder.path()).number("SELECT state FROM deliveries");
    assert_eq!(state, 1, "nobody knows");
}
