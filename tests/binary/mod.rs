//! The executable: started, spoken to over TCP, asked to stop, killed.

mod demo;
mod help;
mod seed;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use serde_json::json;
use tempfile::TempDir;

use crate::harness::{
    location,
    postgres::{self, empty_folder, sqlite_only},
    server::{Server, call, command, login, run},
};

#[test]
fn the_story_from_an_empty_folder_to_a_clean_stop() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let url = format!("http://{}", server.address);
    let told = format!(
        "listening on {url}\nopen {url}/ in a browser\nexplore the API at {url}/swagger/\n"
    );
    assert_eq!(server.first_lines, told);
    let (_, alice) = login(&server.address, folder.path(), "+79001234567").unwrap();
    let (_, bob) = login(&server.address, folder.path(), "+79007654321").unwrap();
    let (_, profile) = server.bear(&alice, "GET", "/profile/", None);
    let code = json!({ "invitation_code": profile["invitation_code"] });
    let redeemed = server.bear(&bob, "POST", "/profile/invitation/", Some(code));
    assert_eq!(redeemed, (200, json!({ "invited_by": "79001234567" })));
    assert!(server.stop().success());
    let database = (!postgres::is_asked_for()).then_some("invited.db");
    for file in ["invited.keys.json", "sms.jsonl"]
        .into_iter()
        .chain(database)
    {
        let mode = fs::metadata(folder.path().join(file))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{file}");
    }
    assert!(
        !folder.path().join("invited.db-wal").exists(),
        "the log was merged into the file"
    );

    let again = Server::start(folder.path());
    let (status, profile) = again.bear(&alice, "GET", "/profile/", None);
    assert_eq!(
        (status, &profile["invited_users_phones"]),
        (200, &json!(["79007654321"]))
    );
}

#[test]
fn the_default_gateway_prints_messages_to_the_terminal() {
    let folder = TempDir::new().unwrap();
    let mut process = command(folder.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let address = lines
        .next()
        .unwrap()
        .trim_start_matches("listening on http://")
        .to_owned();
    call(
        &address,
        "POST",
        "/login/",
        &[],
        Some(json!({ "phone": "+79001234567" })),
    )
    .unwrap();
    assert!(lines.any(|line| line.contains("SMS to +79001234567")));
    assert!(lines.next().unwrap().contains("код входа в invited"));
    process.kill().unwrap();
    process.wait().unwrap();
}

#[test]
fn a_request_in_flight_is_finished_before_the_server_stops() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let body = json!({ "phone": "+79001234567" }).to_string();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "POST /login/ HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    // Asked to go on, we know that the request is in flight.
    lines.read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 100 Continue\r\n");
    server.signal("-TERM");
    stream.write_all(body.as_bytes()).unwrap();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert!(
        rest.contains("HTTP/1.1 200 OK") && rest.contains("sms-token"),
        "{rest}"
    );
    assert!(server.stop().success());
}

#[test]
fn a_second_server_on_the_same_file_exits_at_once_by_whatever_name() {
    sqlite_only!("one process a file");
    let folder = TempDir::new().unwrap();
    let _first = Server::start(folder.path());
    let file = folder.path().join("invited.db");
    std::os::unix::fs::symlink(&file, folder.path().join("soft.db")).unwrap();
    fs::hard_link(&file, folder.path().join("hard.db")).unwrap();
    for name in ["invited.db", "soft.db", "hard.db"] {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--database", name];
        let second = run(folder.path(), &serve);
        let told = String::from_utf8(second.stderr).unwrap();
        let sentence = format!("{name} is in use by another invited process");
        assert_eq!(second.status.code(), Some(1), "{name}");
        assert!(told.contains(&sentence), "{told}");
    }
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let folder = TempDir::new().unwrap();
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut process = command(folder.path())
        .args(["--log", "debug", "serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(full)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line
        .trim_end()
        .strip_prefix("listening on http://")
        .unwrap();
    assert_eq!(
        call(address, "GET", "/health/ready", &[], None).unwrap().0,
        200
    );
    process.kill().unwrap();
    process.wait().unwrap();
}

#[test]
fn nothing_personal_of_a_deleted_account_is_left_in_the_file() {
    sqlite_only!("what is left in its file");
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let (_, alice) = login(&server.address, folder.path(), "+79001234567").unwrap();
    let names =
        json!({ "first_name": "Zqxfirst", "last_name": "Zqxlast", "email": "zqxmail@example.com" });
    assert_eq!(server.bear(&alice, "PUT", "/profile/", Some(names)).0, 200);
    assert_eq!(server.bear(&alice, "DELETE", "/profile/", None).0, 204);
    assert!(server.stop().success());
    let file = fs::read(folder.path().join("invited.db")).unwrap();
    // The phone as SQLite stores it, in as few bytes as it fits.
    let phone = &79_001_234_567_u64.to_be_bytes()[2..];
    assert!(!file.windows(phone.len()).any(|bytes| bytes == phone));
    for trace in ["Zqx", "zqx"] {
        let mut places = file.windows(trace.len());
        assert!(!places.any(|bytes| bytes == trace.as_bytes()), "{trace}");
    }
}

#[test]
fn a_garbage_database_is_refused_and_left_as_it_is() {
    sqlite_only!("damage to its file");
    let folder = TempDir::new().unwrap();
    let garbage = "not a database at all\n".repeat(100);
    fs::write(folder.path().join("invited.db"), &garbage).unwrap();
    let refused = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(told.contains("was left as it is: to restore"), "{told}");
    assert_eq!(
        fs::read_to_string(folder.path().join("invited.db")).unwrap(),
        garbage
    );
}

#[test]
fn an_old_schema_is_migrated_by_serve_unless_told_otherwise() {
    let folder = empty_folder();
    let refused = run(
        folder.path(),
        &["serve", "--no-migrate", "--listen", "127.0.0.1:0"],
    );
    assert!(
        String::from_utf8(refused.stderr)
            .unwrap()
            .contains("run `invited migrate")
    );
    let listed = String::from_utf8(run(folder.path(), &["migrate", "--dry-run"]).stdout).unwrap();
    assert!(listed.starts_with("would run V1__users\n"), "{listed}");
    assert!(
        String::from_utf8(run(folder.path(), &["migrate"]).stdout)
            .unwrap()
            .starts_with("ran V1__users\n")
    );
    let again = String::from_utf8(run(folder.path(), &["migrate"]).stdout).unwrap();
    let name = location(folder.path()).to_string();
    let (_, name) = name.rsplit_once('/').unwrap();
    assert!(
        again.ends_with(&format!("{name} is up to date\n")),
        "{again}"
    );
    let server = Server::with(folder.path(), &["--no-migrate"]);
    assert_eq!(
        server.call("GET", "/health/ready", &[], None).unwrap().0,
        200
    );
}

#[test]
fn the_binary_needs_nothing_but_the_c_library() {
    let output = Command::new("ldd")
        .arg(env!("CARGO_BIN_EXE_invited"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = text
        .lines()
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert!(
        names.iter().any(|name| name.starts_with("libc.so")),
        "{text}"
    );
    for name in names {
        let own = ["linux-vdso.so", "libc.so", "libm.so", "/lib"]
            .iter()
            .any(|own| name.starts_with(own));
        assert!(own, "{name}");
    }
}

#[test]
fn a_first_start_tells_of_its_migrations_in_one_line() {
    let folder = empty_folder();
    assert!(Server::start(folder.path()).stop().success());
    let log = fs::read_to_string(folder.path().join("stderr.txt")).unwrap();
    assert_eq!(log.matches("created the database").count(), 1, "{log}");
    assert!(!log.contains("migrated"), "{log}");
    assert!(log.lines().count() <= 5, "{log}");
}

#[test]
fn codes_that_are_shown_where_others_can_ask_for_them_are_warned_of() {
    for (listen, sms, warned) in [
        ("0.0.0.0:0", "console", true),
        ("0.0.0.0:0", "file:sms.jsonl", true),
        ("127.0.0.1:0", "console", false),
    ] {
        let folder = TempDir::new().unwrap();
        let mut serve = command(folder.path());
        serve.args(["serve", "--listen", listen, "--sms", sms]);
        serve.stderr(fs::File::create(folder.path().join("log")).unwrap());
        assert!(Server::launch(serve).unwrap().stop().success());
        let log = fs::read_to_string(folder.path().join("log")).unwrap();
        assert_eq!(
            log.contains("codes are not sent to their phones"),
            warned,
            "{log}"
        );
    }
}
