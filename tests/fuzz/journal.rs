//! The log, held against what may never be in it.

use std::{
    fs,
    io::{self, Read, Write},
    net::TcpStream,
    sync::{Arc, Mutex},
};

use invited::sms::SmsError;
use serde_json::json;
use tempfile::TempDir;
use tracing::{level_filters::LevelFilter, subscriber::DefaultGuard};
use tracing_subscriber::fmt::MakeWriter;

use super::{
    chance::{Chance, MARK},
    document::Document,
    shot::{Shot, cast::Cast},
};
use crate::harness::{ALICE, Harness, server};

/// All that this thread logs, at every level. A test's router runs on it; what
/// the other threads log is in the log of the executable, which is read whole.
#[derive(Clone, Default)]
pub struct Journal(Arc<Mutex<Vec<u8>>>);

impl Journal {
    /// Writes from now on, until the guard is dropped.
    pub fn open() -> (Self, DefaultGuard) {
        let journal = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .without_time()
            .with_writer(journal.clone())
            .finish();
        (journal, tracing::subscriber::set_default(subscriber))
    }

    /// What was written since the last time.
    pub fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if std::thread::panicking() {
            print!("{}", self.take());
        }
    }
}

impl Write for Journal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Journal {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Asserts that a log without dates holds nothing that could be a phone, a
/// code, a token or a name: no made-up text, no word with four digits, none as
/// long as a token. Request ids and durations are set aside, and what was masked.
#[track_caller]
pub fn assert_mute(log: &str) {
    for line in log.lines() {
        let (before, after) = line.split_once("duration_us=").unwrap_or((line, ""));
        let line = before.to_owned() + after.trim_start_matches(|c: char| c.is_ascii_digit());
        let mut words = line.split(|c: char| !c.is_ascii_alphanumeric() && !"-_+•".contains(c));
        let personal = words.any(|word| !is_request_id(word) && could_be_personal(word));
        assert!(!personal && !line.contains(MARK), "{line}");
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
async fn a_message_that_goes_wrong_is_logged_without_its_phone() {
    let (harness, (journal, _guard)) = (Harness::new(), Journal::open());
    for error in [
        SmsError::Rejected,
        SmsError::Misconfigured,
        SmsError::Throttled,
        SmsError::NotSent,
        SmsError::Unknown,
    ] {
        *harness.gateway.fails.lock().unwrap() = Some(error);
        harness.post("/login/", json!({ "phone": ALICE })).await;
        let log = journal.take();
        assert!(log.contains("phone=\"+7900•••••67\""), "{log}");
        assert_mute(&log);
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
    let (status, _) = server
        .call("PUT", "/profile/", &headers, Some(names))
        .unwrap();
    assert_eq!(status, 200);
    for method in [&token, ALICE, "Aloysia", "POST"] {
        for path in [
            "/login/sms-confirm/",
            &format!("/profile/sessions/{token}/?phone={ALICE}"),
        ] {
            let body = json!({ "sms_code": server::last_code(folder.path(), ALICE) });
            server.call(method, path, &headers, Some(body)).unwrap();
        }
    }
    volley(&server.address, 300);
    assert!(server.stop().success());
    let log = fs::read_to_string(folder.path().join("server.log")).unwrap();
    assert!(log.lines().count() > 300, "{log}");
    for line in log.lines() {
        let (_date, said) = line.split_once(' ').unwrap();
        assert_mute(said);
    }
    for secret in [ALICE, &token, &authorization[7..], "loysia", "zybylska"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

/// Sends made-up requests over TCP, with tokens of another harness.
fn volley(address: &str, shots: usize) {
    let (mut chance, document) = (Chance::of(4), Document::read());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cast = runtime.block_on(Cast::gather(&Harness::new(), &mut chance));
    for _ in 0..shots {
        let shot = Shot::draw(&mut chance, &document, &cast);
        let mut stream = TcpStream::connect(address).unwrap();
        // A body that is too large is not read to its end.
        let _ = stream.write_all(&shot.wire());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(
            !answer.starts_with(b"HTTP/1.1 5"),
            "{shot:?}\n\n{}",
            answer.escape_ascii()
        );
    }
}
