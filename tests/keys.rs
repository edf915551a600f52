//! The key file and `invited keys`, under a running server and without one.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{ChildStderr, Stdio},
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::postgres::sqlite_only;
use crate::harness::server::{Server, bearer, call, command, last_code, login, run};

const FILE: &str = "invited.keys.json";
const PHONE: &str = "+79001234567";
const OTHER: &str = "+79007654321";

/// A running server whose keys are changed, and everything that it gave one person before.
struct Service {
    folder: TempDir,
    server: Server,
    log: BufReader<ChildStderr>,
    session: Value,
    pending: String,
}

impl Service {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let (server, log) = Server::with_log(folder.path());
        let (_, session) = login(&server.address, folder.path(), PHONE).unwrap();
        let body = json!({ "phone": OTHER });
        let (_, asked) = server.call("POST", "/login/", &[], Some(body)).unwrap();
        let pending = asked["sms-token"].as_str().unwrap().to_owned();
        Self {
            folder,
            server,
            log,
            session,
            pending,
        }
    }

    /// Makes the server read its key file again; what it logs about that.
    fn reload(&mut self) -> String {
        self.server.signal("-HUP");
        let mut lines = self.log.by_ref().lines().map(Result::unwrap);
        lines.find(|line| line.contains(" keys ")).unwrap()
    }

    /// Answers to the access token, the refresh token and the pending sms-token, in this order.
    fn answers(&self) -> [(u16, Value); 3] {
        let code = json!({ "sms_code": last_code(self.folder.path(), OTHER) });
        let refresh = json!({ "refresh": self.session["refresh"] });
        [
            self.profile(&self.session),
            self.call("/token/refresh/", &[], refresh),
            self.call("/login/sms-confirm/", &[("sms-token", &self.pending)], code),
        ]
    }

    fn profile(&self, session: &Value) -> (u16, Value) {
        self.server.bear(session, "GET", "/profile/", None)
    }

    fn call(&self, path: &str, headers: &[(&str, &str)], body: Value) -> (u16, Value) {
        self.server.call("POST", path, headers, Some(body)).unwrap()
    }
}

/// `invited keys ACTION`, which must do it.
fn keys(folder: &Path, action: &str) -> String {
    let output = run(folder, &["keys", action]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn stored(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join(FILE)).unwrap()).unwrap()
}

fn store(folder: &Path, keys: &Value, mode: u32) {
    fs::write(folder.join(FILE), keys.to_string()).unwrap();
    fs::set_permissions(folder.join(FILE), fs::Permissions::from_mode(mode)).unwrap();
}

/// A folder with the key file of a server that ran there, after a rotation.
fn with_keys() -> (TempDir, Value) {
    let folder = TempDir::new().unwrap();
    Server::start(folder.path()).stop();
    keys(folder.path(), "rotate");
    let stored = stored(folder.path());
    (folder, stored)
}

#[test]
fn a_rotation_under_a_running_server_keeps_every_live_token() {
    let mut service = Service::new();
    keys(service.folder.path(), "rotate");
    assert!(service.reload().contains("older_tokens=\"stay good\""));
    let [profile, refreshed, confirmed] = service.answers();
    assert_eq!((profile.0, refreshed.0, confirmed.0), (200, 200, 200));
    // Without the previous keys, what was made before is not good, and what was made since is.
    let mut file = stored(service.folder.path());
    for ring in ["access", "refresh", "challenge"] {
        file[ring]["previous"] = json!([]);
    }
    store(service.folder.path(), &file, 0o600);
    assert!(service.reload().contains("older_tokens=\"stay good\""));
    assert_eq!(service.profile(&service.session).1["code"], "token_invalid");
    for session in [&refreshed.1, &confirmed.1] {
        assert_eq!(service.profile(session).0, 200);
        let refresh = json!({ "refresh": session["refresh"] });
        assert_eq!(service.call("/token/refresh/", &[], refresh).0, 200);
    }
}

#[test]
fn rotated_keys_are_taken_up_by_the_next_start() {
    let mut service = Service::new();
    let before = keys(service.folder.path(), "show");
    assert_ne!(keys(service.folder.path(), "rotate"), before);
    service.server.signal("-TERM");
    service.server.process.wait().unwrap();
    service.server = Server::start(service.folder.path());
    assert_eq!(service.answers().map(|(status, _)| status), [200; 3]);
}

#[test]
fn a_new_epoch_refuses_every_older_token() {
    for restart in [false, true] {
        let mut service = Service::new();
        let told = keys(service.folder.path(), "new-epoch");
        assert!(told.contains("kill -HUP"), "{told}");
        if restart {
            service.server.signal("-TERM");
            service.server.process.wait().unwrap();
            service.server = Server::start(service.folder.path());
        } else {
            assert!(service.reload().contains("older_tokens=\"are refused\""));
        }
        let codes = service
            .answers()
            .map(|(status, problem)| (status, problem["code"].clone()));
        let expected = ["token_invalid", "token_invalid", "sms_token_invalid"];
        assert_eq!(codes, expected.map(|code| (401, json!(code))));
        let (_, again) = login(&service.server.address, service.folder.path(), PHONE).unwrap();
        assert_eq!(service.profile(&again).0, 200);
    }
}

#[test]
fn a_key_file_that_is_refused_changes_nothing_under_a_running_server() {
    let mut service = Service::new();
    let path = service.folder.path().join(FILE);
    let good = stored(service.folder.path());
    let mut equal = good.clone();
    equal["access"]["current"] = good["ledger"].clone();
    let mut short = good.clone();
    short["refresh"]["current"] = json!("c2hvcnQ");
    let mut foreign = good.clone();
    foreign["ledger"] = json!("A".repeat(43));
    for (file, mode, why) in [
        (&foreign, 0o600, "is not the key file that the database"),
        (&json!([]), 0o600, "is not a key file"),
        (&equal, 0o600, "the same key twice"),
        (&short, 0o600, "not of 256 bits"),
        (&good, 0o644, "can be read by everybody"),
    ] {
        store(service.folder.path(), file, mode);
        let told = service.reload();
        assert!(
            told.contains("stay as they were") && told.contains(why),
            "{told}"
        );
        assert_eq!(&stored(service.folder.path()), file);
        assert_eq!(service.profile(&service.session).0, 200, "{why}");
    }
    fs::remove_file(&path).unwrap();
    assert!(service.reload().contains("does not exist"));
    assert!(!path.exists());
    assert_eq!(service.answers().map(|(status, _)| status), [200; 3]);
    store(service.folder.path(), &good, 0o600);
    assert!(
        service
            .reload()
            .contains("took up the configuration and the keys")
    );
}

#[test]
fn reloads_under_load_refuse_nobody() {
    let mut service = Service::new();
    let (address, bearer) = (service.server.address.clone(), bearer(&service.session));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut answers = 0;
                    while !done.load(Ordering::SeqCst) {
                        let headers = [("authorization", &*bearer)];
                        let answer = call(&address, "GET", "/profile/", &headers, None).unwrap();
                        assert_eq!(answer.0, 200);
                        answers += 1;
                    }
                    answers
                })
            })
            .collect();
        for _ in 0..5 {
            keys(service.folder.path(), "rotate");
            service.reload();
        }
        done.store(true, Ordering::SeqCst);
        assert!(clients.into_iter().all(|client| client.join().unwrap() > 0));
    });
}

#[test]
fn a_file_without_a_ledger_key_gets_one_once_and_for_good() {
    sqlite_only!("on a server another node may have made the keys");
    let (folder, mut old) = with_keys();
    let folder = folder.path();
    old.as_object_mut().unwrap().remove("ledger");
    store(folder, &old, 0o600);
    assert!(keys(folder, "show").contains("ledger     none"));
    assert_eq!(stored(folder), old, "to show is not to write");
    let serve = || Server::start(folder).stop();
    for first in ["serve", "rotate", "new-epoch"] {
        store(folder, &old, 0o600);
        match first {
            "serve" => assert!(serve().success()),
            action => drop(keys(folder, action)),
        }
        let ledger = stored(folder)["ledger"].clone();
        assert!(ledger.is_string(), "{first}");
        keys(folder, "rotate");
        keys(folder, "new-epoch");
        serve();
        assert_eq!(stored(folder)["ledger"], ledger, "{first}");
    }
}

#[test]
fn a_file_that_lost_its_ledger_key_gets_it_back_from_the_running_server() {
    let mut service = Service::new();
    let good = stored(service.folder.path());
    let mut lossy = good.clone();
    lossy.as_object_mut().unwrap().remove("ledger");
    store(service.folder.path(), &lossy, 0o600);
    service.reload();
    assert_eq!(stored(service.folder.path()), good);
}

#[test]
fn equal_and_short_keys_are_refused_wherever_they_stand() {
    let (folder, good) = with_keys();
    let current = |ring: &str| good[ring]["current"].clone();
    for (place, key, why) in [
        ("/access/current", current("refresh"), "the same key twice"),
        (
            "/challenge/current",
            current("access"),
            "the same key twice",
        ),
        (
            "/refresh/previous/0/key",
            current("refresh"),
            "the same key twice",
        ),
        (
            "/refresh/previous/0/key",
            current("challenge"),
            "the same key twice",
        ),
        (
            "/ledger",
            good["access"]["previous"][0]["key"].clone(),
            "the same key twice",
        ),
        ("/access/current", json!("c2hvcnQ"), "not of 256 bits"),
        ("/challenge/previous/0/key", json!(""), "not of 256 bits"),
        ("/ledger", json!("A".repeat(44)), "not of 256 bits"),
        ("/ledger", json!(7), "is not a key file"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(place).unwrap() = key.clone();
        store(folder.path(), &bad, 0o600);
        for action in ["show", "rotate", "new-epoch"] {
            let refused = run(folder.path(), &["keys", action]);
            let told = String::from_utf8(refused.stderr).unwrap();
            assert_eq!(refused.status.code(), Some(2), "{place}: {told}");
            assert!(told.starts_with("invited: --keys: invited.keys.json ") && told.contains(why));
            assert!(
                told.contains("restore") && told.lines().count() == 1,
                "{told}"
            );
            assert!(
                key.as_str()
                    .is_none_or(|key| key.is_empty() || !told.contains(key))
            );
        }
        assert_eq!(stored(folder.path()), bad);
    }
}

#[test]
fn a_key_file_is_for_its_owner_and_group_at_most_and_stays_so() {
    let (folder, good) = with_keys();
    for (mode, code) in [
        (0o644, 2),
        (0o604, 2),
        (0o602, 2),
        (0o601, 2),
        (0o640, 0),
        (0o600, 0),
        (0o400, 0),
    ] {
        store(folder.path(), &good, mode);
        let output = run(folder.path(), &["keys", "rotate"]);
        assert_eq!(output.status.code(), Some(code), "{mode:o}");
        let found = fs::metadata(folder.path().join(FILE))
            .unwrap()
            .permissions()
            .mode()
            & 0o777;
        assert_eq!(found, mode, "{found:o}");
        fs::remove_file(folder.path().join(FILE)).unwrap();
    }
}

#[test]
fn no_command_but_serve_creates_a_key_file() {
    let folder = TempDir::new().unwrap();
    for action in ["show", "rotate", "new-epoch"] {
        let refused = run(folder.path(), &["keys", action]);
        let told = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2));
        assert!(
            told.starts_with("invited: --keys: invited.keys.json does not exist"),
            "{told}"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn rotations_at_once_lose_none() {
    let (folder, _) = with_keys();
    let rotate = || {
        command(folder.path())
            .args(["keys", "rotate"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let rotations: Vec<_> = std::iter::repeat_with(rotate).take(8).collect();
    for mut rotation in rotations {
        assert!(rotation.wait().unwrap().success());
    }
    let previous = &stored(folder.path())["access"]["previous"];
    assert_eq!(previous.as_array().unwrap().len(), 9);
}

#[test]
fn keys_are_shown_by_fingerprints_alone() {
    let (folder, file) = with_keys();
    let shown = keys(folder.path(), "show");
    assert_eq!(shown.lines().count(), 4);
    for place in [
        "/access/current",
        "/access/previous/0/key",
        "/challenge/current",
        "/ledger",
    ] {
        assert!(!shown.contains(file.pointer(place).unwrap().as_str().unwrap()));
    }
}
