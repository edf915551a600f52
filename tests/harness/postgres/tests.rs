//! The throw-away server itself. Where PostgreSQL is not installed these are skipped, and say so.

use std::{
    net::TcpStream,
    process::{Command, Stdio},
    sync::mpsc::channel,
    thread,
    time::Duration,
};

use super::{server::Server, session::Session};

/// Skipped where PostgreSQL is not installed, unless somebody asked for it.
fn unless_absent(server: Result<Server, String>) -> Option<Server> {
    match server {
        Err(why) if !super::is_asked_for() => {
            crate::faults::say(&format!("skipped: {why}"));
            None
        }
        server => Some(server.unwrap()),
    }
}

/// The server stops, and leaves nothing behind.
#[track_caller]
fn assert_stops(mut server: Server) {
    let (sender, exit) = channel();
    let url = server.url("postgres");
    let folder = server.folder.clone();
    thread::spawn(move || sender.send(server.shell.wait().unwrap()));
    let status = exit.recv_timeout(Duration::from_mins(1));
    assert!(status.expect("it stops").success());
    assert!(!folder.exists());
    let address = url.split(['@', '/']).nth(3).unwrap();
    assert!(TcpStream::connect(address).is_err(), "{address}");
}

#[test]
fn a_database_is_copied_from_another() {
    let Some(server) = unless_absent(Server::start("serializable")) else {
        return;
    };
    let session = Session::to(&server.url("postgres"));
    session.run("CREATE DATABASE one");
    Session::to(&server.url("one")).run("CREATE TABLE t (x BIGINT); INSERT INTO t VALUES (7)");
    session.run("CREATE DATABASE two TEMPLATE one STRATEGY file_copy");
    let two = Session::to(&server.url("two"));
    let seven = Some("7".to_owned());
    assert_eq!(two.run("SELECT x, NULL FROM t"), [[seven, None]]);
    let isolation = two.run("SHOW default_transaction_isolation");
    assert_eq!(isolation, [[Some("serializable".to_owned())]]);
    assert!(two.try_run("SELECT y FROM t").is_err());
}

#[test]
fn it_ends_with_the_process_that_needs_it() {
    let Some(mut server) = unless_absent(Server::start("read committed")) else {
        return;
    };
    Session::to(&server.url("postgres")).run("SELECT 1");
    drop(server.shell.stdin.take());
    assert_stops(server);
}

#[test]
fn it_ends_even_if_that_process_is_killed() {
    let mut needs_it = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let held = needs_it.stdout.take().unwrap().into();
    let found = unless_absent(Server::until_closed(held, "read committed"));
    let used = found.map(|server| {
        let session = Session::to(&server.url("postgres"));
        session.run("CREATE TABLE t (x BIGINT)");
        (server, session)
    });
    needs_it.kill().unwrap();
    needs_it.wait().unwrap();
    let Some((server, session)) = used else {
        return;
    };
    assert_stops(server);
    assert!(session.try_run("SELECT 1").is_err());
}
