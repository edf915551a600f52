//! `invited import` and `invited export`. The dumps beside this file were
//! written by the Django service that this one takes the place of; everybody in
//! them is made up.

mod refused;
mod tokens;

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::json;
use tempfile::TempDir;

use crate::harness::{
    intruder::users_so_far,
    server::{Server, command, login, run},
};

const DUMPS: [&str; 3] = ["dump.sql", "dump_inserts.sql", "users_user.csv"];

fn given(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/import")
        .join(name)
}

/// What a command prints, which must succeed.
fn told(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn import_dump(folder: &Path, dump: &str) -> String {
    let path = given(dump);
    told(folder, &["import", "django", path.to_str().unwrap()])
}

fn import_csv(folder: &Path, text: &str) -> String {
    fs::write(folder.join("people.csv"), text).unwrap();
    told(folder, &["import", "csv", "people.csv"])
}

fn export(folder: &Path) -> String {
    told(folder, &["export", "csv"])
}

/// The one line of an export that begins with a phone.
fn line<'t>(export: &'t str, phone: &str) -> &'t str {
    let mut lines = export.lines().filter(|line| line.starts_with(phone));
    lines.next().unwrap()
}

fn code<'t>(export: &'t str, phone: &str) -> &'t str {
    line(export, phone).split(',').nth(5).unwrap()
}

#[test]
fn the_three_forms_of_a_dump_give_the_same_database() {
    let exports = DUMPS.map(|dump| {
        let folder = TempDir::new().unwrap();
        let summary = import_dump(folder.path(), dump);
        let counts = "299 imported, 0 imported before, 1 not imported\n";
        assert!(summary.starts_with(counts), "{summary}");
        let export = export(folder.path());
        // Two got fresh codes, and one is banned since a moment ago.
        let fresh = ["79385227600", "79846537260"].map(|phone| code(&export, phone).to_owned());
        let banned = line(&export, "79418932250")
            .rsplit(',')
            .next()
            .unwrap()
            .to_owned();
        let news = fresh.iter().chain([&banned]);
        news.fold(export.clone(), |export, new| export.replace(new, "NEW"))
    });
    assert_eq!(exports[0].lines().count(), 300);
    assert!(exports.iter().all(|export| *export == exports[0]));
}

#[test]
fn every_oddity_of_a_dump_is_reported_by_name() {
    let folder = TempDir::new().unwrap();
    let path = given("users_user.csv");
    told(
        folder.path(),
        &[
            "import",
            "django",
            path.to_str().unwrap(),
            "--report",
            "report.csv",
        ],
    );
    let report = fs::read_to_string(folder.path().join("report.csv")).unwrap();
    let (head, rows) = report.split_once('\n').unwrap();
    assert_eq!(head, "line,id,phone,reason");
    let mut rows: Vec<_> = rows
        .lines()
        .map(|row| row.split_once(',').unwrap().1)
        .collect();
    rows.sort_by_key(|row| row.split(',').next().unwrap().parse::<u64>().unwrap());
    assert_eq!(
        rows,
        [
            "12,+7938•••••00,fresh invitation code: the old one is somebody else's",
            "21,+7984•••••60,fresh invitation code: there was none",
            "32,+7954•••••48,no referrer: the invitation closed a circle",
            "41,+7923•••••62,no referrer: the invitation closed a circle",
            "53,+7914•••••28,no referrer: the invitation closed a circle",
            "61,+7495•••••67,cannot log in: login.destinations does not cover the phone",
            "62,+7701•••••67,cannot log in: login.destinations does not cover the phone",
            "64,+7930•••••65,e-mail address left empty: it is not an e-mail address",
            "65,+7945•••••27,first name left empty: it has a control or text-direction character",
            "66,+7969•••••25,the invitation code is written as six of A-Z and 0-9 now",
            "68,,not imported: the phone is not one",
            "71,+7953•••••87,a plain user: staff and passwords are not kept",
            "75,+7924•••••70,no referrer: the one that is named is not a user",
            "252,+7940•••••25,cannot log in: login.destinations does not cover the phone",
        ]
    );
}

#[test]
fn what_people_had_in_the_old_service_they_have_in_this_one() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    import_dump(folder, "dump.sql");
    let export = export(folder);
    for expected in [
        "79347712782,1,,Анна,,JZDE8G,,,,2024-03-01T00:00:00Z,",
        // Two of one code: the older keeps it.
        "79086523513,11,李,O'Neil,person10@example.com,YOJFLJ,,,,2024-03-01T06:10:00Z,",
        // Outer white space is gone, and 0, O, 1 and I are letters of codes.
        "79067419149,5,Ирина,Ирина,person4@example.com,DN581U,79976787301,6NCF10,2024-03-01T02:28:00Z,2024-03-01T02:28:00Z,",
        "79692016625,66,Ирина,李,person65@example.com,AB12CD,79194939322,RI1QZJ,2024-03-02T16:05:00Z,2024-03-02T16:05:00Z,",
        "79534880087,71,Boris,O'Neil,person70@example.com,RXI67N,,,,2024-03-02T19:10:00Z,",
    ] {
        assert_eq!(line(&export, &expected[..11]), expected);
    }
    let server = Server::start(folder);
    let (_, confirmed) = login(&server.address, folder, "+79976787301").unwrap();
    assert_eq!(confirmed["created"], false);
    let (_, profile) = server.bear(&confirmed, "GET", "/profile/", None);
    assert_eq!(
        (&profile["id"], &profile["invited_by"]),
        (&json!(2), &json!("79347712782"))
    );
    assert_eq!(profile["invited_users_phones"][0], "79067419149");
    // Nobody is invited by those whom they invited in the old service.
    let (_, confirmed) = login(&server.address, folder, "+79347712782").unwrap();
    let body = Some(json!({ "invitation_code": "DN581U" }));
    let (_, refused) = server.bear(&confirmed, "POST", "/profile/invitation/", body);
    assert_eq!(refused["code"], "invitation_cycle");
    // Whoever was not active is banned.
    let banned = told(folder, &["user", "list", "--banned", "--full"]);
    assert_eq!(banned.lines().count(), 2, "{banned}");
    assert!(banned.contains("+79418932250"));
}

#[test]
fn a_second_run_adds_nothing_twice() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let dump = fs::read_to_string(given("users_user.csv")).unwrap();
    let short: Vec<_> = dump.lines().take(101).collect();
    fs::write(folder.join("short.csv"), short.join("\n") + "\n").unwrap();
    let told = told(folder, &["import", "django", "short.csv"]);
    assert!(told.starts_with("99 imported, 0 imported before, 1 not imported\n"));
    let told = import_dump(folder, "dump.sql");
    assert!(told.starts_with("200 imported, 99 imported before, 1 not imported\n"));
    let before = export(folder);
    let again = import_dump(folder, "dump_inserts.sql");
    assert!(again.starts_with("0 imported, 299 imported before, 1 not imported\n"));
    assert!(
        again.contains("the invitation closed a circle"),
        "what is not kept is told again"
    );
    assert_eq!(export(folder), before);
}

/// Actions and details of the audit, the latest first.
fn audit(folder: &Path) -> Vec<(String, String)> {
    let told = told(folder, &["audit", "--json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&told).unwrap();
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = rows.iter();
    rows.map(|row| (text(row, "action"), text(row, "detail")))
        .collect()
}

#[test]
fn who_took_everybody_in_or_out_and_why_is_on_record() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let dump = given("dump.sql");
    let path = dump.to_str().unwrap();
    told(folder, &["import", "django", path, "--reason", "the move"]);
    import_dump(folder, "dump.sql");
    told(folder, &["export", "csv", "--reason", "asked by the court"]);
    let rows = [
        ("export_all", "299 users"),
        (
            "import",
            "dump.sql: 0 imported, 299 imported before, 1 not imported",
        ),
        (
            "import",
            "dump.sql: 299 imported, 0 imported before, 1 not imported",
        ),
    ];
    assert_eq!(
        audit(folder),
        rows.map(|(one, other)| (one.to_owned(), other.to_owned()))
    );
    let told = told(folder, &["audit"]);
    assert!(
        told.contains("the move") && told.contains("asked by the court"),
        "{told}"
    );
    assert!(told.contains("uid "), "{told}");
}

/// People each of whom invited the next five.
fn many(people: u64) -> String {
    let mut text = "id,phone,invitation_code,invited_by_phone,created_at\n".to_owned();
    for number in 1..=people {
        let phone = |number: u64| 79_100_000_000 + number;
        let referrer = if number > 5 {
            phone(number / 5).to_string()
        } else {
            String::new()
        };
        let second = number % 60;
        writeln!(
            text,
            "{number},{},A{number:05},{referrer},2024-03-01T00:00:{second:02}Z",
            phone(number)
        )
        .unwrap();
    }
    text
}

#[test]
fn an_import_that_was_killed_goes_on_where_it_was() {
    let (whole, killed) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let text = many(5000);
    import_csv(whole.path(), &text);
    fs::write(killed.path().join("people.csv"), &text).unwrap();
    let mut import = command(killed.path());
    import
        .args(["import", "csv", "people.csv"])
        .stdout(Stdio::null());
    let mut import = import.spawn().unwrap();
    while import.try_wait().unwrap().is_none() && users_so_far(killed.path()) == 0 {
        std::thread::yield_now();
    }
    import.kill().unwrap();
    import.wait().unwrap();
    let [(action, detail)] = &audit(killed.path())[..] else {
        panic!("one row a run");
    };
    let users = export(killed.path()).lines().count() - 1;
    let counts = format!("people.csv: {users} imported, 0 imported before, 0 not imported");
    assert_eq!((&**action, detail), ("import", &counts));
    let told = import_csv(killed.path(), &text);
    assert!(!told.contains(", 0 imported before"), "{told}");
    assert_eq!(export(killed.path()), export(whole.path()));
}

#[test]
fn rows_of_other_tables_are_not_people() {
    let folder = TempDir::new().unwrap();
    let dump = fs::read_to_string(given("dump_inserts.sql")).unwrap();
    let doubled = |text: &str| text.replace('\'', "''");
    let stranger = "INSERT INTO public.users_user VALUES (9, NULL, true, '', '', '', true, true, NULL, '79000000000', NULL, NULL, NULL);";
    let other = format!(
        "INSERT INTO public.notes (\"text\") VALUES ('\n{}\n');\n\
         COPY public.more (text) FROM stdin;\n{stranger}\n\\.\nCREATE TABLE",
        doubled(stranger)
    );
    let dump = dump.replacen("CREATE TABLE", &other, 1);
    fs::write(folder.path().join("dump.sql"), dump).unwrap();
    let told = told(folder.path(), &["import", "django", "dump.sql"]);
    assert!(told.starts_with("299 imported"), "{told}");
    assert!(!export(folder.path()).contains("79000000000"));
}

#[test]
fn columns_are_known_by_name_in_any_order() {
    let folder = TempDir::new().unwrap();
    let told = import_csv(
        folder.path(),
        "\u{feff}created_at,invited_by_code,first_name,phone\r\n\
         2025-01-02T03:04:05.678+03:00,,\"Anna, \"\"A\"\"\",8 (900) 123-45-61\r\n\
         yesterday,,Boris,+79001234562\r\n",
    );
    assert!(told.starts_with("2 imported, 0 imported before, 0 not imported\n"));
    let export = export(folder.path());
    let anna = line(&export, "79001234561");
    assert!(anna.contains(",\"Anna, \"\"A\"\"\",,,"), "{anna}");
    assert!(anna.ends_with(",,,,2025-01-02T00:04:05.678Z,"), "{anna}");
    let report = "created_at is the time of the import: it was not a date of the past";
    assert!(told.contains(report), "{told}");
}

#[test]
fn an_export_is_imported_as_the_same_people() {
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    import_dump(one.path(), "dump.sql");
    let exported = export(one.path());
    let told = import_csv(other.path(), &exported);
    assert!(told.starts_with("299 imported, 0 imported before, 0 not imported\n"));
    assert_eq!(export(other.path()), exported);
}
