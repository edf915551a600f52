//! TLS in the server itself: certificates, handshakes, and the way to it from HTTP.

mod acme;
pub mod certificates;
mod handshake;
mod issuer;
mod redirect;
mod renewal;

use std::{fs, path::Path, process::Command, sync::mpsc, time::Duration};

use openssl::ssl::SslVersion;
use tempfile::TempDir;

use self::certificates::{HTTP, TLS, ask, connect, place};
use crate::harness::{
    client::Client,
    server::{Server, command},
};

const LIVE: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
const SHORT: Duration = Duration::from_millis(100);
/// How often a test looks for what must come, with that in between.
const TRIES: usize = 600;

const SETTINGS: [(&str, &str); 2] = [
    ("INVITED_TLS__CERTIFICATE", "cert.pem"),
    ("INVITED_TLS__KEY", "key.pem"),
];

fn serving(folder: &Path, settings: &[(&str, &str)]) -> Command {
    let mut serve = command(folder);
    let log = fs::File::create(folder.join("stderr.txt")).unwrap();
    serve
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--sms",
            "file:sms.jsonl",
        ])
        .envs(SETTINGS)
        .envs(settings.iter().copied())
        .stderr(log);
    serve
}

pub fn start(folder: &Path, settings: &[(&str, &str)]) -> Server {
    Server::launch(serving(folder, settings)).unwrap()
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("stderr.txt")).unwrap()
}

/// Looks again and again, until it is there.
fn wait_for(mut there: impl FnMut() -> bool) -> bool {
    (0..TRIES).any(|_| {
        let found = there();
        if !found {
            let (_open, nothing) = mpsc::channel::<()>();
            nothing.recv_timeout(SHORT).unwrap_err();
        }
        found
    })
}

#[test]
fn the_api_is_served_over_tls_1_2_and_1_3() {
    let folder = TempDir::new().unwrap();
    let certificate = place(folder.path(), "localhost", 90);
    let server = start(folder.path(), &[]);
    let https = format!("listening on https://{}\n", server.address);
    assert!(server.first_lines.starts_with(&https));
    let ciphers = ["ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256"];
    for (version, cipher) in TLS.into_iter().zip(ciphers) {
        let mut stream = connect(&server.address, &certificate, [version; 2], HTTP).unwrap();
        assert_eq!(stream.ssl().version2(), Some(version));
        assert_eq!(stream.ssl().current_cipher().unwrap().name(), cipher);
        assert_eq!(
            stream.ssl().selected_alpn_protocol(),
            Some(&b"http/1.1"[..])
        );
        for _ in 0..2 {
            let answer = ask(&mut stream, LIVE, "}");
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
            assert!(answer.contains("\r\nstrict-transport-security: max-age=15552000\r\n"));
        }
    }
    assert!(!log(folder.path()).contains("expire"));
}

#[test]
fn what_is_old_or_not_spoken_is_refused_in_the_handshake() {
    let folder = TempDir::new().unwrap();
    let certificate = place(folder.path(), "localhost", 90);
    let server = start(folder.path(), &[]);
    let old = [SslVersion::TLS1_1; 2];
    assert!(connect(&server.address, &certificate, old, HTTP).is_none());
    assert!(connect(&server.address, &certificate, TLS, b"\x02h3").is_none());
    assert!(connect(&server.address, &certificate, TLS, b"\x02h3\x08http/1.1").is_some());
}

#[test]
fn who_speaks_plain_http_is_refused_in_plain_http() {
    let folder = TempDir::new().unwrap();
    place(folder.path(), "localhost", 90);
    let server = start(folder.path(), &[]);
    let login = "POST /login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{\"phone\":";
    for request in [LIVE, login, "nonsense\r\n\r\n"] {
        let mut client = Client::sending(&server.address, request);
        let answer = client.answer().unwrap();
        assert_eq!(answer.status, 400);
        assert_eq!(answer.code().unwrap(), "malformed_request");
        assert!(answer.closes() && !answer.head.contains("strict-transport"));
        assert!(client.answer().is_none());
    }
    // What begins as a handshake and is none is closed.
    assert!(Client::sending(&server.address, "\u{16}\u{3}\u{1}\0\u{5}hello").rest() < 10);
}

#[test]
fn without_tls_nothing_is_said_of_it() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let answer = Client::sending(&server.address, LIVE).answer().unwrap();
    assert!(!answer.head.contains("strict-transport-security"));
    let folder = TempDir::new().unwrap();
    let certificate = place(folder.path(), "localhost", 90);
    let server = start(folder.path(), &[("INVITED_TLS__HSTS", "")]);
    let mut stream = connect(&server.address, &certificate, TLS, HTTP).unwrap();
    assert!(!ask(&mut stream, LIVE, "}").contains("strict-transport-security"));
}
