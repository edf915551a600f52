//! The executable: started, spoken to over TCP, asked to stop, killed.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::server::{Server, call, command, login, run};

#[test]
fn the_story_from_an_empty_folder_to_a_clean_stop() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    assert!(
        server
            .first_lines
            .ends_with(&format!("http://{}/swagger/\n", server.address))
    );
    let (_, alice) = login(&server.address, folder.path(), "+79001234567").unwrap();
    let (_, bob) = login(&server.address, folder.path(), "+79007654321").unwrap();
    let (_, profile) = server.bear(&alice, "GET", "/profile/", None);
    let code = json!({ "invitation_code": profile["invitation_code"] });
    let redeemed = server.bear(&bob, "POST", "/profile/invitation/", Some(code));
    assert_eq!(redeemed, (200, json!({ "invited_by": "79001234567" })));
    assert!(server.stop().success());
    for file in ["invited.db", "invited.keys.json", "sms.jsonl"] {
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
    let folder = TempDir::new().unwrap();
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
    assert_eq!(
        String::from_utf8(run(folder.path(), &["migrate"]).stdout).unwrap(),
        "invited.db is up to date\n"
    );
    let server = Server::with(folder.path(), &["--no-migrate"]);
    assert_eq!(
        server.call("GET", "/health/ready", &[], None).unwrap().0,
        200
    );
}

#[test]
fn seeded_people_are_the_same_every_time() {
    let folder = TempDir::new().unwrap();
    let seed = |database: &str, more: &[&str]| {
        let arguments = [
            "seed",
            "--database",
            database,
            "--users",
            "300",
            "--referrals",
            "200",
        ];
        run(folder.path(), &[&arguments, more].concat())
            .status
            .code()
    };
    assert_eq!(
        (seed("one.db", &[]), seed("two.db", &[])),
        (Some(0), Some(0))
    );
    assert_eq!(
        (seed("one.db", &[]), seed("two.db", &["--force"])),
        (Some(1), Some(0)),
        "a database with users is left alone"
    );
    let people = |database: &str| {
        let connection = rusqlite::Connection::open(folder.path().join(database)).unwrap();
        let sql = "SELECT count(*), count(referrer_id), sum(phone * (id % 1000)) FROM users";
        connection
            .query_row(sql, [], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, i64>(2)?,
                ))
            })
            .unwrap()
    };
    let (one, two) = (people("one.db"), people("two.db"));
    assert_eq!(((one.0, one.1), (two.0, two.1)), ((300, 200), (600, 400)));
    assert_eq!(seed("three.db", &[]), Some(0));
    assert_eq!(people("three.db"), one);
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
fn documents_are_printed_without_a_server() {
    let folder = TempDir::new().unwrap();
    let document: Value = serde_json::from_slice(&run(folder.path(), &["openapi"]).stdout).unwrap();
    assert_eq!(document["info"]["title"], "invited");
    assert!(
        String::from_utf8(run(folder.path(), &["config"]).stdout)
            .unwrap()
            .contains("[limits]")
    );
    assert!(
        String::from_utf8(run(folder.path(), &["help"]).stdout)
            .unwrap()
            .contains("seed")
    );
    assert_eq!(run(folder.path(), &[]).status.code(), Some(2));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(run(folder.path(), &["help"]).status.signal(), None);
}

/// Everything that `--help` prints, of every command and its own.
fn helps(folder: &Path) -> Vec<String> {
    let commands: [&[&str]; 15] = [
        &[],
        &["serve"],
        &["migrate"],
        &["seed"],
        &["openapi"],
        &["keys"],
        &["keys", "adopt"],
        &["keys", "new-epoch"],
        &["simulate"],
        &["sms"],
        &["sms", "test"],
        &["sms", "check"],
        &["sms", "list"],
        &["config"],
        &["keys", "rotate"],
    ];
    let help = |command: &&[&str]| {
        let output = run(folder, &[command, &["--help"][..]].concat());
        String::from_utf8(output.stdout).unwrap()
    };
    commands.iter().map(help).collect()
}

#[test]
fn help_is_plain_text_that_fits_a_terminal() {
    let folder = TempDir::new().unwrap();
    for help in helps(folder.path()) {
        assert!(
            !help.is_empty() && !help.contains(['`', '\u{1b}']) && !help.contains("<http"),
            "{help}"
        );
        // Without a terminal, 100 columns are taken for granted.
        let longest = help.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(100), "{help}");
    }
    let presets = invited::sms::presets::ALL.iter().map(|(name, _)| *name);
    let names: Vec<_> = presets.chain(["console", "file:PATH"]).collect();
    for command in ["serve", "sms"] {
        let help = run(folder.path(), &[command, "--help"]);
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(names.iter().all(|name| help.contains(name)), "{help}");
    }
}

#[test]
fn settings_are_understood_before_and_after_what_they_are_for() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("own.toml"),
        "keys = \"own.json\"\n[sms]\ngateway = \"file:own.jsonl\"",
    )
    .unwrap();
    let own = ["--config", "own.toml"];
    for arguments in [
        [&["sms"], &own[..], &["list"]].concat(),
        [&["sms", "list"], &own[..]].concat(),
    ] {
        let told = String::from_utf8(run(folder.path(), &arguments).stdout).unwrap();
        assert!(told.contains("*           file\n"), "{told}");
    }
    for arguments in [
        [&["keys"], &own[..], &["show"]].concat(),
        [&["keys", "show"], &own[..]].concat(),
    ] {
        let told = String::from_utf8(run(folder.path(), &arguments).stderr).unwrap();
        assert!(told.contains("own.json does not exist"), "{told}");
    }
}

#[test]
fn the_version_names_the_commit_and_the_engine() {
    let folder = TempDir::new().unwrap();
    let version = String::from_utf8(run(folder.path(), &["--version"]).stdout).unwrap();
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(arguments)
            .output();
        output
            .ok()
            .filter(|output| output.status.success())
            .map(|output| output.stdout)
    };
    let own = format!("invited {} (", env!("CARGO_PKG_VERSION"));
    let engine = format!("SQLite {})\n", rusqlite::version());
    assert!(
        version.starts_with(&own) && version.ends_with(&engine),
        "{version}"
    );
    match git(&["rev-parse", "--short=12", "HEAD"]) {
        Some(commit) => assert!(version.contains(&format!(
            "commit {}",
            String::from_utf8(commit).unwrap().trim()
        ))),
        None => assert!(!version.contains("commit")),
    }
}

#[test]
fn a_first_start_tells_of_its_migrations_in_one_line() {
    let folder = TempDir::new().unwrap();
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

#[test]
fn seeding_that_is_stopped_tells_what_there_is() {
    let folder = TempDir::new().unwrap();
    let mut seed = command(folder.path());
    seed.args(["seed", "--users", "100000", "--referrals", "99999"]);
    let seed = seed.stderr(Stdio::piped()).spawn().unwrap();
    // It listens for signals by the time that it has made a database with a schema.
    let is_there = || {
        let connection = rusqlite::Connection::open_with_flags(
            folder.path().join("invited.db"),
            rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
        )
        .ok()?;
        let sql = "SELECT count(*) FROM users";
        connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .ok()
            .filter(|made| *made > 0)
    };
    while is_there().is_none() {
        std::thread::yield_now();
    }
    Command::new("kill")
        .args(["-INT", &seed.id().to_string()])
        .status()
        .unwrap();
    let output = seed.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    let (made, people) = (is_there().unwrap(), 100_000);
    if output.status.success() {
        assert_eq!(made, people);
        return;
    }
    let left = people - made;
    let sentence =
        format!("stopped: {made} of {people} people are in the database, each of them whole");
    let remedy = format!("`invited seed --force --users {left} --referrals ");
    assert!(told.contains(&sentence) && told.contains(&remedy), "{told}");
}
