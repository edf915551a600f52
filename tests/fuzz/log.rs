//! The log, searched for personal data.

use std::{
    fs,
    io::{self, Read, Write},
    net::TcpStream,
    sync::{Arc, Mutex},
};

use invited::sms::SmsError::{Misconfigured, NotSent, Rejected, Throttled, Unknown};
use serde_json::json;
use tempfile::TempDir;
use tracing::{level_filters::LevelFilter, subscriber::DefaultGuard};

use super::{
    openapi::OpenApi,
    request::{GeneratedRequest, accounts::Accounts},
    rng::{MARKER, TestRng},
};
use crate::harness::{ALICE, Harness, server};

/// All that this thread logs, at every level. A test's router runs on it; what
/// other threads log is covered by the test of the executable.
#[derive(Clone, Default)]
pub struct LogCapture(Arc<Mutex<Vec<u8>>>);

impl LogCapture {
    /// Captures until the guard is dropped.
    pub fn start() -> (Self, DefaultGuard) {
        let capture = Self::default();
        let writer = capture.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone())
            .finish();
        (capture, tracing::subscriber::set_default(subscriber))
    }

    /// What was logged since the last time.
    pub fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl Drop for LogCapture {
    fn drop(&mut self) {
        if std::thread::panicking() {
            print!("{}", self.take());
        }
    }
}

impl Write for LogCapture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Asserts that a log without dates contains nothing that could be a phone, a
/// code, a token or a name: no generated text, no word with four digits, none as
/// long as a token. Request ids, durations and masked phones are left out.
#[track_caller]
pub fn assert_no_personal_data(log: &str) {
    for line in log.lines() {
        let (before, after) = line.split_once("duration_us=").unwrap_or((line, ""));
        let line = before.to_owned() + after.trim_start_matches(|c: char| c.is_ascii_digit());
        // The port of a server is any number.
        let line = line.split(" database=postgres://").next().unwrap();
        let mut words = line.split(|c: char| !c.is_ascii_alphanumeric() && !"-_+•".contains(c));
        let personal = words.any(|word| !is_request_id(word) && could_be_personal(word));
        assert!(!personal && !line.contains(MARKER), "{line}");
    }
}

fn is_request_id(word: &str) -> bool {
    word.len() == 24 && word.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn could_be_personal(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    digits >= 4 && !word.contains('•') || word.len() > 32 || word.starts_with("eyJ")
}

#[tokio::test]
async fn a_failed_message_is_logged_without_its_phone() {
    let (harness, (capture, _guard)) = (Harness::new(), LogCapture::start());
    for error in [Rejected, Misconfigured, Throttled, NotSent, Unknown] {
        *harness.gateway.fails.lock().unwrap() = Some(error);
        harness.post("/login/", json!({ "phone": ALICE })).await;
        let log = capture.take();
        assert!(log.contains("phone=\"+7900•••••67\""), "{log}");
        assert_no_personal_data(&log);
    }
}

#[test]
fn nothing_personal_is_in_the_log_of_the_executable() {
    let folder = TempDir::new().unwrap();
    let server = server::Server::tracing(folder.path());
    let (token, confirmed) = server::login(&server.address, folder.path(), ALICE).unwrap();
    let authorization = server::bearer(&confirmed);
    let headers = [("authorization", &*authorization), ("sms-token", &token)];
    let names = json!({ "first_name": "Aloysia", "last_name": "Przybylska", "email": "aloysia@example.com" });
    let response = server.call("PUT", "/profile/", &headers, Some(names));
    assert_eq!(response.unwrap().0, 200);
    for method in [&token, ALICE, "Aloysia", "POST"] {
        for path in [
            "/login/sms-confirm/",
            &format!("/profile/sessions/{token}/?phone={ALICE}"),
        ] {
            let body = json!({ "sms_code": server::last_code(folder.path(), ALICE) });
            server.call(method, path, &headers, Some(body)).unwrap();
        }
    }
    send_generated(&server.address, 300);
    assert!(server.stop().success());
    let log = fs::read_to_string(folder.path().join("server.log")).unwrap();
    assert!(log.lines().count() > 300, "{log}");
    for line in log.lines() {
        let (_date, text) = line.split_once(' ').unwrap();
        assert_no_personal_data(text);
    }
    for secret in [ALICE, &token, &authorization[7..], "loysia", "zybylska"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

/// Sends generated requests over TCP, with tokens of another harness.
fn send_generated(address: &str, requests: usize) {
    let (mut rng, openapi) = (TestRng::seeded(4), OpenApi::read());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let accounts = runtime.block_on(Accounts::create(&Harness::new(), &mut rng));
    for _ in 0..requests {
        let request = GeneratedRequest::random(&mut rng, &openapi, &accounts);
        let mut stream = TcpStream::connect(address).unwrap();
        // A body that is too large is not read to its end.
        let _ = stream.write_all(&request.to_bytes());
        let mut response = Vec::new();
        let _ = stream.read_to_end(&mut response);
        let (is_error, text) = (response.starts_with(b"HTTP/1.1 5"), response.escape_ascii());
        assert!(!is_error, "{request:?}\n\n{text}");
    }
}
