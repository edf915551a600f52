//! The admin commands of the executable: over the socket of a running server,
//! and without one.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::Path,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{
    postgres::empty_folder,
    server::{Server, login, run},
};

const PHONE: &str = "+79001234567";

/// What a command prints as JSON.
fn json(folder: &Path, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--json"]].concat();
    serde_json::from_str(&told(folder, &arguments)).unwrap()
}

fn told(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let error = str::from_utf8(&output.stderr).unwrap();
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

fn ban<'a>(who: &'a str, why: &'a str) -> [&'a str; 5] {
    ["user", "ban", who, "--reason", why]
}

#[test]
fn a_running_server_and_a_stopped_one_answer_alike() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let server = Server::start(folder);
    let (_, session) = login(&server.address, folder, PHONE).unwrap();
    let show = ["user", "show", PHONE];
    let running = json(folder, &show);
    assert_eq!(running["phone"], "+7900•••••67");
    assert_eq!(
        json(folder, &["user", "show", PHONE, "--full"])["phone"],
        PHONE
    );
    assert!(told(folder, &show).contains("+7900•••••67"));
    told(folder, &ban(PHONE, "spam"));
    assert_eq!(server.bear(&session, "GET", "/profile/", None).0, 401);
    assert!(server.stop().success());
    assert!(!folder.join("invited.db.sock").exists());
    let stopped = json(folder, &show);
    assert_eq!(stopped["id"], running["id"]);
    assert!(stopped["banned_at"].is_string());
    told(folder, &["user", "unban", PHONE, "--reason", "a mistake"]);
    let audit = json(folder, &["audit"]);
    let rows = audit.as_array().unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (&row["action"], &row["reason"]))
        .collect();
    assert_eq!(told.len(), 2);
    assert!(told.contains(&(&"ban".into(), &"spam".into())));
    assert!(
        rows.iter()
            .all(|row| row["actor"].as_str().unwrap().starts_with("uid "))
    );
}

#[test]
fn a_socket_that_a_killed_server_left_is_in_nobodys_way() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let mut server = Server::start(folder);
    login(&server.address, folder, PHONE).unwrap();
    server.process.kill().unwrap();
    server.process.wait().unwrap();
    assert!(folder.join("invited.db.sock").exists());
    assert_eq!(json(folder, &["user", "list"]).as_array().unwrap().len(), 1);
    let server = Server::start(folder);
    assert_eq!(json(folder, &["user", "list"]).as_array().unwrap().len(), 1);
    drop(server);
}

#[test]
fn a_killed_server_has_counted_everybody_whom_it_let_in() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let mut server = Server::start(folder);
    login(&server.address, folder, PHONE).unwrap();
    server.process.kill().unwrap();
    server.process.wait().unwrap();
    let told = json(folder, &["stats", "--cohorts"]);
    assert_eq!(told["cohorts"][0]["accounts"], 1);
    assert_eq!(json(folder, &["stats", "--hours"])["unit"], "hour");
}

#[test]
fn the_socket_is_for_its_owner_and_takes_nonsense_for_what_it_is() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let socket = folder.path().join("invited.db.sock");
    assert_eq!(
        fs::metadata(&socket).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let long = "x".repeat(100_000);
    for line in [
        "",
        "{}",
        "nonsense",
        "{\"command\":\"eat_user\"}",
        "[1]",
        "\u{0}",
        &long,
    ] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        // The end of what is too long is not read.
        let _ = stream.write_all(format!("{line}\n").as_bytes());
        let mut reply = String::new();
        let _ = BufReader::new(stream).read_line(&mut reply);
        let is_refused = reply == "{\"refused\":\"the request cannot be read\"}\n";
        assert!(is_refused || line.len() > 65_536, "{reply}");
    }
    assert_eq!(
        json(folder.path(), &["user", "list"]),
        Value::Array(Vec::new())
    );
    assert!(server.stop().success());
}

#[test]
fn what_cannot_be_done_is_told_in_a_sentence() {
    let folder = empty_folder();
    let folder = folder.path();
    let output = run(folder, &["user", "list"]);
    assert!(matches!(output.status.code(), Some(1 | 2)), "{output:?}");
    assert!(fs::read_dir(folder).unwrap().next().is_none());
    let server = Server::start(folder);
    for (arguments, sentence) in [
        (&ban("+79990000000", "x")[..], "there is no such user"),
        (
            &["user", "show", "Bob"],
            "\"Bob\" is not a phone, an invitation code or an identifier",
        ),
        (
            &["session", "end", "5", "--reason", "x"],
            "there is no such session",
        ),
    ] {
        assert_eq!(refused(folder, arguments), format!("invited: {sentence}\n"));
    }
    // Every change says why.
    let output = run(folder, &["user", "ban", PHONE]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        json(folder, &["limits", "show", PHONE])
            .as_array()
            .unwrap()
            .len(),
        6
    );
    assert!(told(folder, &["audit"]).contains("none"));
    drop(server);
}

#[test]
fn what_people_write_does_not_drive_the_terminal() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let server = Server::start(folder);
    let (_, session) = login(&server.address, folder, PHONE).unwrap();
    let name = "Боб\u{202e}".repeat(3) + &"🎉".repeat(120);
    let body = serde_json::json!({ "first_name": name });
    let (status, _) = server.bear(&session, "PATCH", "/profile/", Some(body));
    let body = serde_json::json!({ "first_name": "🎉".repeat(120) });
    assert_eq!(
        (
            status,
            server.bear(&session, "PATCH", "/profile/", Some(body)).0
        ),
        (422, 200)
    );
    assert_eq!(
        told(folder, &["user", "find", "🎉"]).matches("🎉").count(),
        120
    );
    drop(server);
}
