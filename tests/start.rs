//! Contract, section 9: what a start refuses, and that it leaves nothing behind.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::harness::{
    postgres::{self, sqlite_only},
    server::{Server, command, put, run},
};

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Configurations to be refused, in a folder of their own.
fn mistakes(folder: &Path) {
    let gateway = "[sms.gateway.exolve]\nkey = \"${env:NOBODY_SET_THIS}\"\nsender = \"7999\"";
    for (name, text) in [
        ("key.toml", "[login]\ncode_lenght = 4"),
        ("gateway.toml", gateway),
        (
            "reach.toml",
            "[login]\ncode_length = 6\n[sms.gateway.smsru-call]\napi_id = \"${file:../id}\"",
        ),
        ("text.toml", "[sms]\ntext_ru = \"no place for the code\""),
        ("budget.toml", "[budget]\namounts = \"1/1h\""),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    put(&folder.join("keys.json"), "[]");
    put(&folder.join("id"), "secret");
    put(&folder.join("short.json"), "{}");
    fs::write(folder.join("open.json"), "{}").unwrap();
    fs::set_permissions(folder.join("open.json"), fs::Permissions::from_mode(0o644)).unwrap();
}

#[test]
fn a_start_that_is_refused_leaves_a_sentence_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    mistakes(folder.path());
    let (here, log) = (folder.path().join("here"), folder.path().join("log"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    for (arguments, sentence) in [
        (
            "--config ../key.toml",
            "login.code_lenght in ../key.toml, line 2, is not a setting",
        ),
        ("--config ../gateway.toml", "sms.gateway.exolve.key in"),
        (
            "--config ../reach.toml",
            "login.code_length is more than the gateways",
        ),
        ("--config ../text.toml", "sms.text_ru must say {code} once"),
        ("--config ../budget.toml", "budget.amounts bounds nothing"),
        ("--config ../missing.toml", "--config: ../missing.toml"),
        (
            "--keys ../keys.json",
            "--keys: ../keys.json is not a key file",
        ),
        (
            "--keys ../short.json",
            "--keys: ../short.json is not a key file",
        ),
        (
            "--keys ../open.json",
            "--keys: ../open.json can be read by everybody",
        ),
        ("--keys missing/keys.json", "--keys: missing/keys.json"),
        ("--keys .", "--keys: . "),
        (
            "--database missing/invited.db",
            "--database: missing/invited.db",
        ),
        ("--database .", "--database: . cannot be opened"),
        ("--sms pigeon", "--sms names pigeon, which is not a gateway"),
        (
            "--sms exolve",
            "sms.gateway.exolve.body.json.number needs sender",
        ),
        ("--sms file:missing/sms.jsonl", "--sms: missing/sms.jsonl"),
        (
            "--sms file:sms.jsonl --database missing/invited.db",
            "--database: missing/invited.db cannot be opened",
        ),
        (
            "--sms file:sms.jsonl --keys missing/keys.json",
            "--keys: missing/keys.json cannot be used",
        ),
        ("--listen nowhere", "--listen is not an address"),
        (&format!("--listen {taken}"), "--listen: "),
        ("--no-migrate", "--database: invited.db does not exist"),
        ("--log infoo", "--log is not a filter"),
        ("--log =x=", "--log is not a filter"),
        (&format!("INVITED_HTTP__METRICS={taken}"), "http.metrics: "),
        (
            "INVITED_LOGIN__CODE_LENGHT=4",
            "INVITED_LOGIN__CODE_LENGHT is not a setting",
        ),
    ] {
        // Its database is there.
        if postgres::is_asked_for() && arguments == "--no-migrate" {
            continue;
        }
        fs::create_dir(&here).unwrap();
        let mut serve = command(&here);
        serve.arg("serve").stderr(fs::File::create(&log).unwrap());
        match arguments
            .split_once('=')
            .filter(|(name, _)| name.starts_with("INVITED_"))
        {
            Some((name, value)) => serve.env(name, value),
            None => serve.args(arguments.split(' ')),
        };
        // Given twice, the flag itself would be refused.
        if !arguments.starts_with("--listen") {
            serve.args(["--listen", "127.0.0.1:0"]);
        }
        let refused = Server::launch(serve).err().and_then(|exit| exit.code());
        let told = fs::read_to_string(&log).unwrap();
        assert_eq!(refused, Some(2), "{arguments}: {told}");
        let last = told.lines().last().unwrap_or_default();
        assert!(
            last.starts_with(&format!("invited: {sentence}")),
            "{arguments}: {told}"
        );
        // It is empty, or it would not go.
        fs::remove_dir(&here).unwrap();
    }
}

#[test]
fn a_missing_folder_is_called_that() {
    let folder = TempDir::new().unwrap();
    for arguments in [
        ["serve", "--database", "no/where/invited.db"],
        ["seed", "--database", "no/where/invited.db"],
        ["migrate", "--database", "no/where/invited.db"],
        ["serve", "--keys", "no/where/keys.json"],
        ["serve", "--config", "no/where/invited.toml"],
        ["serve", "--sms", "file:no/where/sms.jsonl"],
    ] {
        let told = told(&run(folder.path(), &arguments));
        assert!(
            told.contains("its folder no/where does not exist"),
            "{arguments:?}: {told}"
        );
    }
}

#[test]
fn files_that_others_can_read_or_write_are_refused() {
    sqlite_only!("who may read its file");
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    // A log and an index are left by whoever is killed.
    server.signal("-KILL");
    drop(server);
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    for name in ["invited.db", "invited.db-wal", "invited.db-shm"] {
        let file = folder.path().join(name);
        for wrong in [0o644, 0o640, 0o620, 0o604, 0o602] {
            fs::set_permissions(&file, fs::Permissions::from_mode(wrong)).unwrap();
            for command in [
                &serve[..],
                &["migrate"],
                &["seed", "--force"],
                &["keys", "adopt"],
            ] {
                let output = run(folder.path(), command);
                assert_eq!(
                    output.status.code(),
                    Some(2),
                    "{name} {wrong:o}: {}",
                    told(&output)
                );
                let remedy = format!("(chmod 600 {name})");
                assert!(told(&output).contains(&remedy), "{}", told(&output));
            }
            assert_eq!(mode(&file), wrong);
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert!(Server::start(folder.path()).stop().success());
}

#[test]
fn a_database_that_is_refused_gets_no_files_beside_it() {
    sqlite_only!("who may read its file");
    let folder = TempDir::new().unwrap();
    assert!(Server::start(folder.path()).stop().success());
    let database = folder.path().join("invited.db");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o644)).unwrap();
    let beside = |ending| folder.path().join(format!("invited.db-{ending}")).exists();
    let before = ["wal", "shm"].map(beside);
    let refused = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
    assert_eq!(["wal", "shm"].map(beside), before);
}

#[test]
fn new_files_are_for_their_owner_alone_whatever_the_umask() {
    for umask in ["umask 000", "umask 077", "umask 377"] {
        let folder = TempDir::new().unwrap();
        let server = Server::limited(folder.path(), umask);
        let database = ["invited.db", "invited.db-wal", "invited.db-shm"];
        let database = database.iter().filter(|_| !postgres::is_asked_for());
        for name in database.chain(&["invited.keys.json"]) {
            assert_eq!(mode(&folder.path().join(name)), 0o600, "{umask}: {name}");
        }
        assert!(server.stop().success());
    }
}

/// A library that sets the clock for whoever is started with it.
fn clock(folder: &Path) -> std::path::PathBuf {
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    let text = "#define _GNU_SOURCE\n#include <time.h>\n#include <stdlib.h>\n#include <unistd.h>\n#include <sys/syscall.h>\n\
        int clock_gettime(clockid_t id, struct timespec *at) {\n\
        long done = syscall(SYS_clock_gettime, id, at);\n\
        if (id == CLOCK_REALTIME) at->tv_sec = atoll(getenv(\"CLOCK\"));\n\
        return done; }\n";
    fs::write(&source, text).unwrap();
    let mut cc = Command::new("cc");
    let built = cc
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .status();
    assert!(built.unwrap().success());
    library
}

#[test]
fn a_clock_that_cannot_be_right_is_refused_before_anything_is_touched() {
    let (folder, tools) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let library = clock(tools.path());
    let at = |seconds: &str, arguments: &[&str]| {
        let mut command = command(folder.path());
        command.env("LD_PRELOAD", &library).env("CLOCK", seconds);
        command.args(arguments).output().unwrap()
    };
    for seconds in ["-1", "-62135596800", "3776860056", "9000000000000000000"] {
        for command in [
            &["serve"][..],
            &["migrate"],
            &["seed"],
            &["keys", "show"],
            &["sms", "test", "+79001234567"],
        ] {
            let output = at(seconds, command);
            assert_eq!(output.status.code(), Some(1), "{seconds} {command:?}");
            let told = told(&output);
            assert!(
                told.starts_with("invited: the clock of this machine says"),
                "{told}"
            );
        }
        assert!(at(seconds, &["openapi"]).status.success());
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(at("0", &["migrate"]).status.success());
}
