//! SIGHUP takes up the configuration as well, while the executable serves.

use std::{
    io::{BufRead, BufReader},
    process::{ChildStderr, Stdio},
};

use serde_json::json;
use tempfile::TempDir;

use crate::harness::{
    ALICE, BOB, Harness,
    intruder::Intruder,
    postgres,
    server::{Server, command, put, run},
};

struct Service {
    folder: TempDir,
    server: Server,
    log: BufReader<ChildStderr>,
}

impl Service {
    fn of(config: &str) -> Self {
        Self::with(config, &[])
    }

    fn with(config: &str, arguments: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        put(&folder.path().join("invited.toml"), config);
        let mut serve = command(folder.path());
        serve
            .args(["serve", "--config", "invited.toml"])
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stderr(Stdio::piped());
        let mut server = Server::launch(serve).unwrap();
        let log = BufReader::new(server.process.stderr.take().unwrap());
        Self {
            folder,
            server,
            log,
        }
    }

    /// Has the server read another configuration; what it logs until it is done.
    fn reload(&mut self, config: &str) -> String {
        put(&self.folder.path().join("invited.toml"), config);
        self.server.signal("-HUP");
        let mut told = String::new();
        while !told.contains("the configuration and the keys") {
            assert_ne!(self.log.read_line(&mut told).unwrap(), 0, "{told}");
        }
        told
    }

    fn ask(&self, phone: &str) -> (u16, serde_json::Value) {
        let body = json!({ "phone": phone });
        let answer = self.server.call("POST", "/login/", &[], Some(body));
        answer.unwrap()
    }
}

const PHONES: [&str; 4] = [ALICE, "+79007654321", "+79161112233", "+79031112233"];

#[test]
fn limits_and_gateways_are_taken_up_while_it_serves() {
    let config = |file: &str, limit: &str| {
        format!("sms.gateway = \"file:{file}\"\nlimits.sends_in_all = \"{limit}\"")
    };
    let mut service = Service::of(&config("first.jsonl", "2/1h"));
    assert_eq!(service.ask(PHONES[0]).0, 200);
    assert_eq!(service.ask(PHONES[1]).0, 200);
    assert_eq!(service.ask(PHONES[2]).1["limit"], "sends_in_all");
    let told = service.reload(&config("second.jsonl", "3/24h"));
    assert!(told.contains("took up the configuration"), "{told}");
    assert_eq!(service.ask(PHONES[2]).0, 200);
    // What was sent before counts for the new span as well.
    assert_eq!(service.ask(PHONES[3]).1["limit"], "sends_in_all");
    let second = std::fs::read_to_string(service.folder.path().join("second.jsonl"));
    let second = second.unwrap();
    assert!(second.contains(PHONES[2]) && second.lines().count() == 1);
}

#[test]
fn a_configuration_that_is_wrong_is_refused_whole() {
    let good = "sms.gateway = \"file:sms.jsonl\"\nlimits.sends_in_all = \"1/1h\"";
    let mut service = Service::of(good);
    assert_eq!(service.ask(PHONES[0]).0, 200);
    for (wrong, why) in [
        (
            "limits.sends_in_all = \"off\"\nlogin.code_length = 3",
            "login.code_length",
        ),
        (
            "limits.sends_in_all = \"off\"\nsms.gateway = \"pigeon\"",
            "sms.gateway",
        ),
        (
            "limits.sends_in_all = \"off\"\nhttp.connections = 7\nsms.gateway = \"exolve\"",
            "exolve",
        ),
        ("limits.sends_in_all = \"off\"\nlog = \"loud\"", "log"),
        ("limits.sends_in_all = ", "is not TOML"),
    ] {
        let told = service.reload(wrong);
        assert!(
            told.contains("stay as they were") && told.contains(why),
            "{told}"
        );
        assert!(!told.contains("at the next start"), "{told}");
        assert_eq!(service.ask(PHONES[1]).1["limit"], "sends_in_all", "{wrong}");
    }
    std::fs::remove_file(service.folder.path().join("invited.toml")).unwrap();
    service.server.signal("-HUP");
    let mut told = String::new();
    while !told.contains("cannot be read") {
        assert_ne!(service.log.read_line(&mut told).unwrap(), 0, "{told}");
    }
    service.reload("sms.gateway = \"file:sms.jsonl\"\nlimits.sends_in_all = \"off\"");
    assert_eq!(service.ask(PHONES[1]).0, 200);
}

#[test]
fn what_is_taken_up_at_the_start_alone_is_told_and_stays() {
    let mut service = Service::of("sms.gateway = \"file:sms.jsonl\"");
    let told = service.reload(
        "sms.gateway = \"file:sms.jsonl\"\ndatabase = \"other.db\"\nlimits.sends_in_all = \"1/1h\"\n\
         http.connections = 7\nhttp.connections_per_source = 1024\ntls.certificate = \"cert.pem\"\ntls.key = \"key.pem\"",
    );
    // On a server the database is named by a variable, which goes before the file.
    let database = (!postgres::is_asked_for()).then_some("database");
    let others = ["http.connections", "tls.certificate", "tls.key"];
    for setting in others.into_iter().chain(database) {
        let warning = format!("at the next start only setting=\"{setting}\"");
        assert!(told.contains(&warning), "{setting}: {told}");
    }
    assert!(
        !told.contains("connections_per_source"),
        "that is its default: {told}"
    );
    assert_eq!(service.ask(PHONES[0]).0, 200);
    assert_eq!(service.ask(PHONES[1]).1["limit"], "sends_in_all");
    assert!(!service.folder.path().join("other.db").exists());
}

#[test]
fn keys_are_taken_up_whatever_the_store_does() {
    let config = "sms.gateway = \"file:sms.jsonl\"";
    let mut service = Service::of(config);
    let in_the_way = Intruder::of(service.folder.path());
    in_the_way.hold_writes();
    run(service.folder.path(), &["keys", "new-epoch"]);
    let told = service.reload(config);
    assert!(told.contains("older_tokens=\"are refused\""), "{told}");
    let spans = format!("{config}\nlimits.sends_in_all = \"7/2h\"");
    let told = service.reload(&spans);
    assert!(told.contains("stay as they were"), "{told}");
}

#[test]
fn the_log_says_as_much_as_the_configuration_asks_for() {
    let with = |filter: &str| format!("sms.gateway = \"file:sms.jsonl\"\nlog = \"{filter}\"");
    let mut service = Service::of(&with("warn"));
    assert_eq!(service.ask(PHONES[0]).0, 200);
    assert_eq!(service.ask("nobody").0, 422);
    let told = service.reload(&with("info"));
    assert!(!told.contains("/login/"), "{told}");
    assert_eq!(service.ask(PHONES[1]).0, 200);
    let mut line = String::new();
    service.log.read_line(&mut line).unwrap();
    assert!(line.contains("/login/"), "{line}");
}

#[test]
fn a_flag_goes_before_the_file_at_a_reload_too() {
    let with = |filter: &str| format!("sms.gateway = \"file:sms.jsonl\"\nlog = \"{filter}\"");
    let mut service = Service::with(&with("off"), &["--log", "info"]);
    assert!(service.reload(&with("error")).contains("took up"));
    assert_eq!(service.ask(PHONES[0]).0, 200);
    let mut line = String::new();
    service.log.read_line(&mut line).unwrap();
    assert!(line.contains("/login/"), "{line}");
}

#[tokio::test]
async fn what_sources_did_and_what_was_counted_goes_on() {
    let harness = Harness::with(&[("INVITED_LIMITS__SENDS_PER_SOURCE", "1/1h")]);
    harness.ask(ALICE).await;
    let before = harness.metrics().await;
    harness.take_up(harness.keys());
    let counted = "invited_codes_asked_total";
    let told = |page: &str| {
        let mut lines = page.lines().map(str::to_owned);
        lines.find(|line| line.starts_with(counted)).unwrap()
    };
    assert_eq!(told(&before), told(&harness.metrics().await));
    let refused = harness.post("/login/", json!({ "phone": BOB })).await;
    assert_eq!(refused.json()["limit"], "sends_per_source");
}
