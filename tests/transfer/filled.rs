//! A database with something in every table, most of it by the rules themselves.

use std::{fs, path::Path, process::Stdio};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use super::told;
use crate::harness::server::{Server, command};

/// What the rules would take long to come to, and values at the edges of their types.
const RARE: &str = "
    INSERT INTO alarm (id, at) VALUES (1, 1713215473000);
    INSERT INTO latest (id, at) VALUES (1, 1) ON CONFLICT DO NOTHING;
    INSERT INTO dead_codes (id, until) VALUES (1, 9223372036854775807);
    INSERT INTO imported_tokens VALUES (zeroblob(16), -9223372036854775808, 0),
                                       (x'00ff00ff00ff00ff00ff00ff00ff00ff', 9223372036854775807, -1);
    INSERT INTO misses VALUES (0, -9223372036854775808, 1), (1, 9223372036854775807, 1);
    INSERT INTO retired_users VALUES (7, 'a code\nwith \\N, \\, \"quotes\", NULL and 你好 👩‍👩‍👧');
    INSERT INTO deleted_referrers VALUES (7);
    INSERT INTO service_keys VALUES (-5, zeroblob(32), '', '', 0, 0, NULL, NULL);
    INSERT INTO operator_sessions SELECT zeroblob(32), user_id, 0, 1, 2 FROM operators LIMIT 1;
    INSERT INTO hourly_statistics VALUES (0, 'б', 'a', '', 1, 2), (0, 'a', 'b', '', 1, 2), (0, 'B', 'a', '', 1, 2);";

/// A command on the database of the folder.
#[track_caller]
fn done(folder: &Path, arguments: &[&str]) -> String {
    let mut command = command(folder);
    command.args(arguments).args(["--database", "invited.db"]);
    told(&command.output().unwrap())
}

/// A folder with `invited.db` and its keys: a month of made-up life, people of another service, and what
/// operators do.
pub fn filled() -> TempDir {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let mut demo = command(path);
    demo.args([
        "demo",
        "--listen",
        "127.0.0.1:0",
        "--people",
        "60",
        "--keep",
        ".",
    ]);
    assert!(
        Server::launch({
            demo.stderr(Stdio::null());
            demo
        })
        .unwrap()
        .stop()
        .success()
    );
    let people = "phone,first_name,invited_by_phone\n+79005550001,Анна,\n+79005550002,\"B, \"\"C\"\"\",+79005550001\n";
    fs::write(path.join("people.csv"), people).unwrap();
    done(path, &["import", "csv", "people.csv"]);
    let why = ["--reason", "a letter"];
    for act in [
        &["user", "ban", "+79005550002"][..],
        &["user", "move-phone", "+79005550002", "+79005550003"],
    ] {
        done(path, &[act, &why].concat());
    }
    let listed = done(path, &["user", "list", "--full", "--json", "--limit", "9"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let phone = listed[3]["phone"].as_str().unwrap().to_owned();
    done(path, &[&["user", "delete", &*phone][..], &why].concat());
    done(
        path,
        &[
            "admin",
            "key",
            "create",
            "report",
            "--permission",
            "figures",
        ],
    );
    let file = Connection::open(path.join("invited.db")).unwrap();
    file.execute_batch(RARE).unwrap();
    folder
}
