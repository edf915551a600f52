//! Tokens of the old service, under the key that was imported with its users.

use std::{fs, path::Path, time::Duration};

use invited::{
    clock::dice,
    domain::time::Timestamp,
    token::{
        access::{Verified, verify_access, verify_refresh},
        encoding::base64,
        imported::ImportedKey,
        keys::Keys,
    },
};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{given, told};
use crate::harness::server::{Server, run};

fn issued() -> Value {
    serde_json::from_slice(&fs::read(given("tokens.json")).unwrap()).unwrap()
}

/// What the old service gave a user: an access and a refresh token.
fn of(user: u64) -> Value {
    let all = issued()["tokens"].as_array().unwrap().clone();
    all.into_iter().find(|one| one["user_id"] == user).unwrap()
}

fn import(folder: &Path) {
    fs::write(
        folder.join("secret"),
        issued()["secret_key"].as_str().unwrap().to_owned() + "\n",
    )
    .unwrap();
    let dump = given("dump.sql");
    told(
        folder,
        &[
            "import",
            "django",
            dump.to_str().unwrap(),
            "--secret-key-file",
            "secret",
        ],
    );
}

/// A server that took the place of the old one.
struct Moved {
    folder: TempDir,
    server: Server,
}

impl Moved {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        import(folder.path());
        let server = Server::start(folder.path());
        Self { folder, server }
    }

    /// The same after commands that need no server.
    fn after(self, commands: impl FnOnce(&Path)) -> Self {
        assert!(self.server.stop().success());
        commands(self.folder.path());
        let server = Server::start(self.folder.path());
        Self {
            folder: self.folder,
            server,
        }
    }

    fn profile(&self, tokens: &Value) -> (u16, Value) {
        self.server.bear(tokens, "GET", "/profile/", None)
    }

    fn refresh(&self, tokens: &Value) -> (u16, Value) {
        let body = json!({ "refresh": tokens["refresh"] });
        self.server
            .call("POST", "/token/refresh/", &[], Some(body))
            .unwrap()
    }

    /// How both tokens are answered: the statuses, or the problems.
    fn codes(&self, tokens: &Value) -> [Value; 2] {
        let code = |(status, answer): (u16, Value)| match status {
            200 => json!(200),
            _ => answer["code"].clone(),
        };
        [code(self.profile(tokens)), code(self.refresh(tokens))]
    }
}

#[test]
fn nobody_is_logged_out() {
    let moved = Moved::new();
    for user in [1, 2, 32] {
        let old = of(user);
        assert_eq!(moved.profile(&old).1["phone"], old["phone"]);
        let (status, new) = moved.refresh(&old);
        assert_eq!(
            (status, moved.profile(&new).1["id"].clone()),
            (200, json!(user))
        );
        assert_eq!(moved.refresh(&new).0, 200);
        assert_eq!(
            moved.profile(&old).0,
            200,
            "the access token is good for its life"
        );
    }
}

#[test]
fn an_old_refresh_token_is_good_once() {
    let moved = Moved::new();
    let (first, again) = (moved.refresh(&of(1)), moved.refresh(&of(1)));
    assert_eq!(
        (first.0, &first.1["refresh"]),
        (200, &again.1["refresh"]),
        "an answer was lost"
    );
    // After a restart too.
    let moved = moved.after(|_| {});
    assert_eq!(moved.profile(&first.1).0, 200);
    let (_, second) = moved.refresh(&first.1);
    assert_eq!(moved.profile(&second).0, 200);
    assert_eq!(moved.refresh(&of(1)).1["code"], "refresh_reused");
    assert_eq!(
        moved.codes(&second),
        ["token_invalid"; 2].map(Value::from),
        "its session has ended"
    );
    assert_eq!(moved.codes(&of(1)), ["token_invalid"; 2].map(Value::from));
    assert_eq!(moved.codes(&of(2)), [200; 2].map(Value::from));
}

#[test]
fn an_old_refresh_token_shown_twenty_times_at_once_is_one_session() {
    let moved = Moved::new();
    let refreshed: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| moved.refresh(&of(1))))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(
        refreshed
            .iter()
            .all(|answer| *answer == refreshed[0]
                || answer.1["refresh"] == refreshed[0].1["refresh"])
    );
    let (_, list) = moved
        .server
        .bear(&refreshed[0].1, "GET", "/profile/sessions/", None);
    assert_eq!(list["sessions"].as_array().unwrap().len(), 2, "{list}");
}

#[test]
fn the_old_tokens_of_banned_and_deleted_users_are_refused() {
    let moved = Moved::new();
    let refused = ["token_invalid"; 2].map(Value::from);
    assert_eq!(moved.codes(&of(63)), refused);
    let folder = moved.folder.path();
    told(folder, &["user", "ban", "id:1", "--reason", "spam"]);
    told(folder, &["user", "unban", "id:1", "--reason", "a mistake"]);
    told(folder, &["user", "delete", "id:2", "--reason", "asked"]);
    assert_eq!(moved.codes(&of(1)), refused);
    assert_eq!(moved.codes(&of(2)), refused);
}

#[test]
fn to_log_out_ends_old_tokens_too_for_good() {
    let moved = Moved::new();
    let log_out = |user, all| {
        moved
            .server
            .bear(&of(user), "POST", "/logout/", Some(json!({ "all": all })))
            .0
    };
    assert_eq!([log_out(1, false), log_out(2, true)], [204; 2]);
    let moved = moved.after(import);
    let refused = ["token_invalid"; 2].map(Value::from);
    assert_eq!(
        (moved.codes(&of(1)), moved.codes(&of(2))),
        (refused.clone(), refused)
    );
    assert_eq!(moved.codes(&of(32)), [200; 2].map(Value::from));
}

#[test]
fn an_old_token_is_no_fresh_login_and_no_other_token() {
    let moved = Moved::new();
    let (old, new) = (of(1), moved.refresh(&of(1)).1);
    for tokens in [&old, &new] {
        let body = json!({ "phone": "+79001234567" });
        let (_, refused) = moved
            .server
            .bear(tokens, "POST", "/profile/phone/", Some(body));
        assert_eq!(refused["code"], "fresh_login_required");
    }
    let old = of(2);
    let swapped = json!({ "access": old["refresh"], "refresh": old["access"] });
    assert_eq!(moved.codes(&swapped), ["token_invalid"; 2].map(Value::from));
    assert_eq!(moved.codes(&old), [200; 2].map(Value::from));
}

#[test]
fn a_rotation_keeps_the_old_key_and_a_new_epoch_drops_it() {
    let moved = Moved::new();
    let shown = told(moved.folder.path(), &["keys", "show"]);
    assert!(
        shown.contains("\nimported   ") && shown.contains(", believed until 20"),
        "{shown}"
    );
    let moved = moved.after(|folder| drop(told(folder, &["keys", "rotate"])));
    assert_eq!(moved.codes(&of(1)), [200; 2].map(Value::from));
    let moved = moved.after(|folder| drop(told(folder, &["keys", "new-epoch"])));
    assert_eq!(moved.codes(&of(2)), ["token_invalid"; 2].map(Value::from));
    assert!(!told(moved.folder.path(), &["keys", "show"]).contains("imported"));
}

#[test]
fn the_old_key_is_believed_until_its_end_and_only_for_what_the_old_service_said() {
    let mut keys = Keys::draw(&mut dice());
    let secret = issued()["secret_key"].as_str().unwrap().to_owned();
    let until = Timestamp::from_seconds(1_800_000_000);
    keys.imported = Some(ImportedKey::new(&secret, until).unwrap());
    let (second, old) = (Duration::from_secs(1), of(1));
    let token = |kind: &str| old[kind].as_str().unwrap().to_owned();
    assert!(verify_access(&keys, &token("access"), until - second).is_ok());
    assert!(verify_refresh(&keys, &token("refresh"), until - second).is_ok());
    assert!(verify_access(&keys, &token("access"), until).is_err());
    assert!(verify_refresh(&keys, &token("refresh"), until).is_err());
    keys.settle(Duration::ZERO, until);
    assert!(keys.imported.is_none());
    keys.imported = Some(ImportedKey::new(&secret, until).unwrap());
    let header = token("access").split_once('.').unwrap().0.to_owned();
    for (user, is_one) in [(json!(1), true), (json!("1"), true), (json!("one"), false)] {
        // A session is none of what the old service could name.
        let claims = json!({
            "token_type": "refresh", "exp": 1_800_000_000, "iat": 1_700_000_000, "jti": "1".repeat(32),
            "user_id": user, "session_id": 7,
        });
        let mut signed = format!("{header}.{}", base64(claims.to_string().as_bytes()));
        let key = EncodingKey::from_secret(secret.as_bytes());
        let signature = crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
        signed.extend([".", &signature]);
        let verified = verify_refresh(&keys, &signed, until - second);
        let is_believed = matches!(verified, Ok(Verified::Imported(one)) if one.user.0 == 1);
        assert_eq!(is_believed, is_one, "{user}");
    }
}

#[test]
fn a_key_that_cannot_be_used_changes_nothing() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("secret"), "short\n").unwrap();
    let dump = given("dump.sql");
    let import = [
        "import",
        "django",
        dump.to_str().unwrap(),
        "--secret-key-file",
    ];
    for (more, sentence) in [
        (&["secret"][..], "secret has less than 32 characters"),
        (&["nowhere"], "nowhere cannot be read"),
        (
            &["secret", "--tokens-until", "2024-03-01T00:00:00Z"],
            "--tokens-until is past",
        ),
        (
            &["secret", "--tokens-until", "24h"],
            "it is not a date as in",
        ),
    ] {
        let output = run(folder.path(), &[&import, more].concat());
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(sentence), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn without_the_key_old_tokens_are_refused() {
    let folder = TempDir::new().unwrap();
    told(
        folder.path(),
        &["import", "django", given("dump.sql").to_str().unwrap()],
    );
    let server = Server::start(folder.path());
    let moved = Moved { folder, server };
    assert_eq!(moved.codes(&of(1)), ["token_invalid"; 2].map(Value::from));
}
