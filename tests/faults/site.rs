//! A folder with a database, where servers come and go.

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

use crate::harness::{
    UNLIMITED,
    server::{Server, command},
};

/// Lives long enough for facts to be asked for again.
const SETTINGS: [(&str, &str); 6] = [
    // Drivers mistype too often for short codes to stay good.
    ("INVITED_LOGIN__CODE_LENGTH", "6"),
    ("INVITED_LOGIN__LIVE_TOKENS_PER_PHONE", "100"),
    ("INVITED_TOKENS__SMS_TOKEN_TTL", "1d"),
    ("INVITED_TOKENS__ACCESS_TTL", "1d"),
    ("INVITED_TOKENS__REFRESH_TTL", "1d"),
    ("INVITED_TOKENS__REFRESH_GRACE", "1d"),
];

/// A server that would not start.
#[derive(Debug)]
pub struct Refusal {
    pub status: ExitStatus,
    /// Its last words.
    pub told: String,
}

/// The folder. The database may be elsewhere, so that its disk can fill up
/// without silencing the rest.
pub struct Site {
    folder: TempDir,
    pub database: PathBuf,
    post: Mutex<Post>,
}

/// What was sent, as far as it was read.
#[derive(Default)]
struct Post {
    offset: u64,
    codes: HashMap<String, String>,
}

impl Site {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let database = folder.path().join("invited.db");
        Self {
            folder,
            database,
            post: Mutex::default(),
        }
    }

    /// With the database on another disk.
    pub fn on(disk: &Path) -> Self {
        let mut site = Self::new();
        site.database = disk.join("invited.db");
        site
    }

    /// A file beside the database: its log, or whatever else has its name and more.
    pub fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.database.clone().into_os_string();
        path.push(suffix);
        path.into()
    }

    pub fn command(&self) -> Command {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .unwrap();
        let mut command = command(self.folder.path());
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--keys", "keys.json"])
            .arg("--database")
            .arg(&self.database)
            .env("INVITED_SMS__GATEWAY", "file:sms.jsonl")
            .envs(UNLIMITED)
            .envs(SETTINGS)
            .stderr(log);
        command
    }

    /// Starts a server.
    #[track_caller]
    pub fn start(&self) -> Server {
        self.try_start().unwrap()
    }

    pub fn try_start(&self) -> Result<Server, Refusal> {
        self.launch(self.command())
    }

    /// Starts a server with a command made of [`Self::command`].
    pub fn launch(&self, command: Command) -> Result<Server, Refusal> {
        Server::launch(command).map_err(|status| Refusal {
            status,
            told: self.last_words(),
        })
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap();
        log.lines().last().unwrap_or_default().to_owned()
    }

    /// What went wrong last, by the log.
    pub fn last_error(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap();
        let mut errors = log.lines().filter(|line| line.contains("ERROR"));
        errors.next_back().unwrap_or_default().to_owned()
    }

    /// The lines of the log that hold this.
    pub fn log_lines(&self, text: &str) -> Vec<String> {
        let log = fs::read_to_string(self.log()).unwrap();
        let lines = log.lines().filter(|line| line.contains(text));
        lines.map(str::to_owned).collect()
    }

    /// No server that ran here met a bug of its own.
    #[track_caller]
    pub fn expect_no_panic(&self) {
        let log = fs::read_to_string(self.log()).unwrap();
        let panic = log.lines().find(|line| line.contains("panicked"));
        assert_eq!(panic, None);
    }

    /// The code that was sent to a phone last.
    pub fn code(&self, phone: &str) -> String {
        let mut post = self.post.lock().unwrap();
        let mut file = File::open(self.folder.path().join("sms.jsonl")).unwrap();
        file.seek(SeekFrom::Start(post.offset)).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        // The last line may still be under way.
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        for line in lines.filter(|line| line.ends_with(b"\n")) {
            post.offset += line.len() as u64;
            let sent = last_object(line);
            let text = |name: &str| sent[name].as_str().unwrap().to_owned();
            post.codes.insert(text("to"), text("code"));
        }
        post.codes[phone].clone()
    }
}

impl Drop for Site {
    /// A test that fails tells what the servers had to say.
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Ok(log) = fs::read_to_string(self.log())
        {
            let lines: Vec<_> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(20)..].join("\n");
            super::say(&format!("the servers' last words:\n{last}"));
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
