//! The password for the database: where it may be, and that nothing shows it.

use std::fs;

use super::{Database, refused};
use crate::harness::server::{Server, command};

/// The URL without its password, and the password.
fn apart(url: &str) -> (String, String) {
    let (user, rest) = url.split_once("://").unwrap().1.split_once(':').unwrap();
    let (password, rest) = rest.split_once('@').unwrap();
    let password = percent_encoding::percent_decode_str(password);
    let password = password.decode_utf8().unwrap().into_owned();
    (format!("postgres://{user}@{rest}"), password)
}

#[test]
fn the_password_may_be_in_a_file() {
    let Some(database) = Database::empty() else {
        return;
    };
    let (url, password) = apart(&database.url);
    let folder = database.folder.path();
    fs::write(folder.join("password"), format!("{password}\n")).unwrap();
    let mut serve = command(folder);
    serve
        .args(["serve", "--listen", "127.0.0.1:0", "--database", &url])
        .env("INVITED_STORE__PASSWORD_FILE", "password")
        .stderr(fs::File::create(folder.join("stderr.txt")).unwrap());
    let server = Server::launch(serve).unwrap();
    assert_eq!(
        server.call("GET", "/health/ready", &[], None).unwrap().0,
        200
    );
    assert!(server.stop().success());
    let told = |file: &str, url: &str| {
        let mut migrate = command(folder);
        migrate.args(["migrate", "--database", url]);
        migrate.env("INVITED_STORE__PASSWORD_FILE", file);
        refused(&migrate.output().unwrap(), 2)
    };
    assert!(told("nothing", &url).contains("names nothing, which cannot be read"));
    assert!(told("password", &database.url).contains("has a password, too"));
}

#[test]
fn nothing_shows_the_password() {
    let Some(database) = Database::empty() else {
        return;
    };
    let (_, password) = apart(&database.url);
    let secret = "a-SECRET-of-ours";
    let escaped = database
        .url
        .split_once("://")
        .unwrap()
        .1
        .split(['@', ':'])
        .nth(1)
        .unwrap();
    let wrong = database.url.replace(escaped, secret);
    let folder = database.folder.path();
    let file = format!("database = \"{wrong}\"\n");
    fs::write(folder.join("wrong.toml"), file).unwrap();
    let malformed = wrong.replace(secret, "a@SECRET");
    let file = format!("database = \"{malformed}\"\n");
    fs::write(folder.join("no.toml"), file).unwrap();
    for arguments in [
        &["config", "effective", "--config", "wrong.toml"][..],
        &["config", "effective", "--config", "no.toml"],
        &["config", "check", "--config", "wrong.toml"],
        &["serve", "--config", "wrong.toml"],
        &["migrate", "--config", "wrong.toml"],
        &["doctor", "--config", "wrong.toml", "--log", "trace"],
        &["user", "list", "--config", "wrong.toml"],
        &["serve", "--help"],
    ] {
        let mut command = command(folder);
        command
            .args(arguments)
            .env("INVITED_DATABASE", &database.url);
        if arguments.contains(&"--config") {
            command.env_remove("INVITED_DATABASE");
        }
        let output = command.output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8(told).unwrap();
        let has = |text: &str| told.contains(text);
        assert!(
            !has("SECRET") && !has(&password) && !has(escaped),
            "{arguments:?}: {told}"
        );
        assert!(!told.is_empty(), "{arguments:?}");
    }
    let effective = database.run(&["config", "effective"]);
    let told = String::from_utf8(effective.stdout).unwrap();
    assert!(
        told.contains("database = \"postgres://127.0.0.1:"),
        "{told}"
    );
}
