//! A folder with a database, on which servers are started one after the other.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    sync::Mutex,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{client::Client, report::Report};
use crate::harness::{
    UNLIMITED, postgres,
    server::{Server, command},
};

/// Lifetimes that are long enough for facts to be checked.
const SETTINGS: [(&str, &str); 6] = [
    // Clients mistype too often for short codes to stay good.
    ("INVITED_LOGIN__CODE_LENGTH", "6"),
    ("INVITED_LOGIN__LIVE_TOKENS_PER_PHONE", "100"),
    ("INVITED_TOKENS__SMS_TOKEN_TTL", "1d"),
    ("INVITED_TOKENS__ACCESS_TTL", "1d"),
    ("INVITED_TOKENS__REFRESH_TTL", "1d"),
    ("INVITED_TOKENS__REFRESH_GRACE", "1d"),
];

/// A server that did not start.
#[derive(Debug)]
pub struct StartError {
    pub status: ExitStatus,
    /// The last line of the log.
    pub message: String,
}

/// The database may be elsewhere, so that its disk can fill up without
/// silencing the rest.
pub struct TestEnv {
    folder: TempDir,
    pub database: PathBuf,
    pub report: Report,
    sent: Mutex<SentCodes>,
}

/// What was sent, as far as it was read.
#[derive(Default)]
struct SentCodes {
    offset: u64,
    by_phone: HashMap<String, String>,
}

impl TestEnv {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            database: folder.path().join("invited.db"),
            folder,
            report: Report::default(),
            sent: Mutex::default(),
        }
    }

    pub fn with_database_in(folder: &Path) -> Self {
        let mut env = Self::new();
        env.database = folder.join("invited.db");
        env
    }

    /// A file beside the database: its log, or whatever else has its name and more.
    pub fn side_file(&self, suffix: &str) -> PathBuf {
        let mut path = self.database.clone().into_os_string();
        path.push(suffix);
        path.into()
    }

    pub fn command(&self) -> Command {
        let log = File::options().create(true).append(true).open(self.log());
        let mut command = command(self.folder.path());
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--keys", "keys.json"])
            .env("INVITED_SMS__GATEWAY", "file:sms.jsonl")
            .envs(UNLIMITED)
            .envs(SETTINGS)
            .stderr(log.unwrap());
        if !postgres::is_asked_for() {
            command.arg("--database").arg(&self.database);
        }
        command
    }

    #[track_caller]
    pub fn start(&self) -> Server {
        self.try_start().unwrap()
    }

    pub fn try_start(&self) -> Result<Server, StartError> {
        self.launch(self.command())
    }

    /// Starts a server with a command made of [`Self::command`].
    pub fn launch(&self, command: Command) -> Result<Server, StartError> {
        Server::launch(command).map_err(|status| StartError {
            status,
            message: self.log_lines("").pop().unwrap_or_default(),
        })
    }

    pub fn client(&self, server: &Server) -> Client<'_> {
        Client::new(server, self, &[])
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The lines of the log that contain this.
    pub fn log_lines(&self, text: &str) -> Vec<String> {
        let log = fs::read_to_string(self.log()).unwrap();
        let lines = log.lines().filter(|line| line.contains(text));
        lines.map(str::to_owned).collect()
    }

    /// The error by which the server said that the database is read-only from now on.
    #[track_caller]
    pub fn read_only_error(&self) -> String {
        let mut errors = self.log_lines("nothing is written to the database any more");
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors.remove(0)
    }

    #[track_caller]
    pub fn assert_no_panic(&self) {
        assert_eq!(self.log_lines("panicked"), [""; 0]);
    }

    /// The code that was sent to a phone last.
    pub fn code(&self, phone: &str) -> String {
        let mut sent = self.sent.lock().unwrap();
        let mut file = File::open(self.folder.path().join("sms.jsonl")).unwrap();
        file.seek(SeekFrom::Start(sent.offset)).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        // The last line may still be under way.
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        for line in lines.filter(|line| line.ends_with(b"\n")) {
            sent.offset += line.len() as u64;
            let message = last_object(line);
            let text = |name: &str| message[name].as_str().unwrap().to_owned();
            sent.by_phone.insert(text("to"), text("code"));
        }
        sent.by_phone[phone].clone()
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        if std::thread::panicking() && self.log().exists() {
            let lines = self.log_lines("");
            let last = lines[lines.len().saturating_sub(20)..].join("\n");
            super::say(&format!("the end of the servers' log:\n{last}"));
        }
    }
}

/// The message in a line, which a server that was killed may have begun with half of another.
fn last_object(line: &[u8]) -> Value {
    const BEGINNING: &[u8] = br#"{"at":"#;
    let mut places = line.windows(BEGINNING.len());
    let begins = places.rposition(|bytes| bytes == BEGINNING).unwrap();
    serde_json::from_slice(&line[begins..]).unwrap()
}
