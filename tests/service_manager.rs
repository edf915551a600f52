//! Under a service manager: it hears how the server is, and holds its port.

use std::{
    fs::File,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::{fd::OwnedFd, unix::net::UnixDatagram},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::harness::{
    UNLIMITED,
    server::{Server, command, in_folder},
};

/// A server that is given `socket` as systemd does: as its file 3.
fn inheriting(folder: &Path, socket: OwnedFd, variables: &str) -> Command {
    let script = format!("{variables} exec \"$0\" serve --listen 127.0.0.1:0 3<&0 0</dev/null");
    let mut shell = in_folder(folder, "sh");
    shell
        .envs(UNLIMITED)
        .args(["-c", &script, env!("CARGO_BIN_EXE_invited")])
        .stdin(socket)
        .stderr(File::create(folder.join("stderr.txt")).unwrap());
    shell
}

fn launch(folder: &Path, port: &TcpListener) -> Server {
    let socket = port.try_clone().unwrap().into();
    Server::launch(inheriting(folder, socket, "LISTEN_PID=$$ LISTEN_FDS=1")).unwrap()
}

#[test]
fn nobody_is_refused_while_the_server_restarts() {
    let folder = TempDir::new().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap();
    let mut server = launch(folder.path(), &port);
    assert_eq!(server.address, address.to_string());
    for signal in ["-KILL", "-TERM"] {
        assert_eq!(
            server.call("GET", "/health/ready", &[], None).unwrap().0,
            200
        );
        server.signal(signal);
        server.process.wait().unwrap();
        let mut early = TcpStream::connect(address).unwrap();
        let request = "GET /health/ready HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        early.write_all(request.as_bytes()).unwrap();
        server = launch(folder.path(), &port);
        let mut answer = String::new();
        early.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}

#[test]
fn a_socket_for_somebody_else_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = port.try_clone().unwrap().into();
    let server = Server::launch(inheriting(
        folder.path(),
        socket,
        "LISTEN_PID=1 LISTEN_FDS=1",
    ));
    let own = server.unwrap().address.clone();
    assert_ne!(own, port.local_addr().unwrap().to_string());
}

#[test]
fn what_cannot_be_served_is_refused() {
    let folder = TempDir::new().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    let connected = TcpStream::connect(port.local_addr().unwrap()).unwrap();
    let file = File::open("/dev/null").unwrap();
    for (socket, variables, reason) in [
        (
            port.try_clone().unwrap().into(),
            "LISTEN_FDS=2",
            "2 sockets",
        ),
        (connected.into(), "LISTEN_FDS=1", "cannot be listened on"),
        (file.into(), "LISTEN_FDS=1", "not a socket"),
    ] {
        let mut serve = inheriting(folder.path(), socket, variables);
        let refused = serve.stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.starts_with("invited: LISTEN_FDS: "), "{said}");
        assert!(said.contains(reason), "{said}");
    }
    assert!(!folder.path().join("invited.db").exists());
}

/// Waits until this is told.
fn hear(manager: &UnixDatagram, what: &str) {
    let mut bytes = [0; 1024];
    loop {
        let length = manager.recv(&mut bytes).unwrap();
        let told = std::str::from_utf8(&bytes[..length]).unwrap();
        if told.lines().any(|line| line == what) {
            return;
        }
    }
}

#[test]
fn the_manager_hears_how_the_server_is() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    // Only for a server that says nothing.
    manager
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    let mut serve = command(folder.path());
    serve
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "20000")
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stderr(File::create(folder.path().join("stderr.txt")).unwrap());
    let server = Server::launch(serve).unwrap();
    hear(&manager, "READY=1");
    hear(&manager, "WATCHDOG=1");
    server.signal("-HUP");
    hear(&manager, "RELOADING=1");
    hear(&manager, "READY=1");
    server.signal("-TERM");
    hear(&manager, "STOPPING=1");
}

#[test]
fn a_manager_that_is_gone_keeps_nobody_from_serving() {
    let folder = TempDir::new().unwrap();
    let mut serve = command(folder.path());
    serve
        .env("NOTIFY_SOCKET", folder.path().join("nobody"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stderr(File::create(folder.path().join("stderr.txt")).unwrap());
    let server = Server::launch(serve).unwrap();
    assert_eq!(
        server.call("GET", "/health/live", &[], None).unwrap().0,
        200
    );
    assert!(server.stop().success());
}
