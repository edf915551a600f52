//! What is not imported, and why.

use std::{fs, path::Path};

use tempfile::TempDir;

use super::{export, given, import_csv, line, told};
use crate::harness::{
    postgres::sqlite_only,
    server::{Server, run},
};

#[test]
fn what_is_not_a_dump_is_refused_in_a_sentence_and_changes_nothing() {
    let dump = fs::read_to_string(given("dump.sql")).unwrap();
    let inserts = fs::read_to_string(given("dump_inserts.sql")).unwrap();
    let table = fs::read_to_string(given("users_user.csv")).unwrap();
    let half = |text: &str| {
        let end = text.char_indices().nth(9_000).unwrap().0;
        text.as_bytes()[..end].to_vec()
    };
    let torn = |text: &str, from: &str, to: &str| text.replacen(from, to, 1).into_bytes();
    let cases: [(Vec<u8>, &str); 17] = [
        (Vec::new(), "is empty"),
        (b" \n".to_vec(), "is empty"),
        (b"PGDMP\x01\x0e".to_vec(), "is an archive of pg_dump"),
        (b"\x7fELF\0\0".to_vec(), "is not a text"),
        (b"id,phone\n1,\xff\n".to_vec(), "is not a text in UTF-8"),
        (b"nonsense\n".to_vec(), "has no column id, nor phone, nor "),
        (
            torn(&table, "date_joined", "joined"),
            "has no column date_joined",
        ),
        (half(&dump), "ends in the middle of the dump"),
        (half(&inserts), "ends in the middle of the dump"),
        (
            half(&inserts.replacen("Boris", "\n-- PostgreSQL database dump complete\n", 1)),
            "ends in the middle of the dump",
        ),
        (half(&table), "ends in the middle of a row"),
        (
            table
                .replace(',', ";")
                .replacen(";f;t;", ";f;maybe;", 1)
                .into(),
            "in line 2, column is_active",
        ),
        (torn(&dump, "Boris\t", ""), "has 12 fields in line "),
        (torn(&inserts, "'Boris', ", ""), "has 12 fields in line "),
        (
            torn(&inserts, "'Boris'", "'Boris"),
            "has something in line ",
        ),
        (
            torn(&table, "Boris,", "\"Boris,"),
            "has a quotation mark without its counterpart",
        ),
        (
            torn(&table, ",f,t,", ",f,maybe,"),
            "in line 2, column is_active",
        ),
    ];
    let folder = TempDir::new().unwrap();
    for (bytes, sentence) in cases {
        fs::write(folder.path().join("file"), bytes).unwrap();
        refuses(folder.path(), &["import", "django", "file"], sentence);
    }
    let schema = torn(&inserts, "CREATE TABLE", "-- CREATE TABLE");
    fs::write(folder.path().join("file"), schema).unwrap();
    refuses(
        folder.path(),
        &["import", "django", "file"],
        "does not name the columns",
    );
    let other = ["import", "django", "file", "--table", "auth_user"];
    refuses(folder.path(), &other, "has no rows of a table auth_user");
    refuses(folder.path(), &["import", "django", "."], "cannot be read");
    let same = ["import", "csv", "file", "--report", "file"];
    fs::write(folder.path().join("file"), "phone\n+79001234567\n").unwrap();
    refuses(folder.path(), &same, "is there already");
    fs::write(folder.path().join("file"), "phone\n").unwrap();
    refuses(folder.path(), &["import", "csv", "file"], "has no rows");
    fs::write(folder.path().join("file"), "phone,name\n1,2\n").unwrap();
    refuses(
        folder.path(),
        &["import", "csv", "file"],
        "has a column \"name\"",
    );
}

fn refuses(folder: &Path, arguments: &[&str], sentence: &str) {
    let output = run(folder, arguments);
    let error = str::from_utf8(&output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{sentence}: {error}");
    assert!(
        error.contains(sentence) && error.lines().count() == 1,
        "{sentence}: {error}"
    );
    let files: Vec<_> = fs::read_dir(folder).unwrap().collect();
    assert_eq!(files.len(), 1, "{sentence}: {files:?}");
}

#[test]
fn nobody_is_imported_in_the_place_of_somebody_else() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    import_csv(
        folder,
        "id,phone,invitation_code\n1,+79001234561,ABCDE1\n2,+79001234562,ABCDE2\n",
    );
    told(folder, &["user", "delete", "id:2", "--reason", "asked"]);
    let told = import_csv(
        folder,
        "id,phone,invitation_code,invited_by_phone,invited_by_code\n\
         1,+79001234569,,,\n\
         3,+79001234561,,,\n\
         2,+79001234562,,,\n\
         4,+79001234564,abcde1,+79001234561,\n\
         5,+79001234565,ABCDE2,,\n\
         6,+79001234566,ABCDE6,,abcde1\n\
         9007199254740992,+79001234568,,,\n",
    );
    for line in [
        "3 imported, 0 imported before, 4 not imported",
        "not imported: another user has this identifier 1 1",
        "not imported: another user has this phone 1 3",
        "not imported: the account was deleted since an earlier import 1 2",
        "not imported: the identifier is not a whole number from 1 to 2^53 - 1 1 9007199254740992",
        "fresh invitation code: the old one is somebody else's 2 4, 5",
    ] {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            told.lines().any(|told| words(told) == line),
            "{line}: {told}"
        );
    }
    let again = import_csv(folder, "phone\n8 900 123-45-61\n");
    assert!(
        again.starts_with("0 imported, 1 imported before"),
        "{again}"
    );
    let export = export(folder);
    // The code is of whoever has it in the file.
    assert!(line(&export, "79001234566").contains(",79001234564,"));
    assert!(line(&export, "79001234564").contains(",79001234561,ABCDE1,"));
}

#[test]
fn nothing_is_imported_under_a_running_server() {
    sqlite_only!("one process a file");
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    fs::write(folder.path().join("people.csv"), "phone\n+79001234567\n").unwrap();
    let output = run(folder.path(), &["import", "csv", "people.csv"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("is in use")
    );
    drop(server);
}
