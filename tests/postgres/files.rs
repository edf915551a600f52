//! What is done with the files of an SQLite database, where there are none.

use std::fs;

use tempfile::TempDir;

use super::{Database, refused};
use crate::harness::server::{call, command, exchange, free_ports, login};

#[test]
fn backups_are_left_to_the_server() {
    let Some(database) = Database::migrated() else {
        return;
    };
    for arguments in [&["backup", "."][..], &["restore", "."]] {
        let told = refused(&database.run(arguments), 2);
        let names_others = told.contains("pg_dump, pgBackRest") && told.contains("key file");
        assert!(names_others, "{told}");
    }
    let mut serve = command(database.folder.path());
    serve.args(["serve", "--database", &database.url]);
    serve.env("INVITED_BACKUP__TO", ".");
    let told = refused(&serve.output().unwrap(), 2);
    assert!(told.contains("backup.to is for SQLite files: "), "{told}");
    assert_eq!(fs::read_dir(database.folder.path()).unwrap().count(), 0);
}

#[test]
fn figures_that_only_a_file_has_are_left_out() {
    let Some(database) = Database::empty() else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let [metrics] = free_ports();
    let metrics = format!("127.0.0.1:{metrics}");
    let config = format!("http.metrics = \"{metrics}\"\nstore.connections = 5\n");
    fs::write(folder.path().join("invited.toml"), config).unwrap();
    let arguments = [
        "--config",
        "invited.toml",
        "--sms",
        "file:sms.jsonl",
        "--database",
    ];
    let node = crate::harness::server::Server::with(
        folder.path(),
        &[&arguments[..], &[&*database.url]].concat(),
    );
    login(&node.address, folder.path(), "+79001234567").unwrap();
    let stream = std::net::TcpStream::connect(&metrics).unwrap();
    let (status, told) = exchange(stream, "GET", "/metrics", &[], None).unwrap();
    assert_eq!(status, 200);
    for line in [
        "invited_store_connections ",
        "invited_store_connections_in_use ",
        "invited_store_connections_max 5",
        "invited_store_queue 0",
        "invited_alarm 0",
    ] {
        assert!(
            told.lines().any(|told| told.starts_with(line)),
            "{line}: {told}"
        );
    }
    for name in ["bytes", "log", "stopped", "commit", "check", "transactions"] {
        assert!(
            !told.contains(&format!("invited_store_{name}")),
            "{name}: {told}"
        );
        assert!(!told.contains(&format!("_{name} ")), "{name}: {told}");
    }
    assert_eq!(
        call(&node.address, "GET", "/health/ready", &[], None)
            .unwrap()
            .0,
        200
    );
}
