//! A throw-away PostgreSQL, for the process of the tests.
//!
//! The first who needs it starts it, from Debian's packages, in a temporary
//! folder and on a port of its own. A shell looks after it, which holds one
//! end of a pipe: when the other is closed, by whatever ends this process, the
//! shell stops the server and removes the folder.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::harness::server::free_ports;

const SCRIPT: &str = include_str!("server.sh");
const PROGRAMS: &str = "/usr/lib/postgresql";
const PASSWORD: &str = "not:a/secret";
/// The same in an URL.
const ESCAPED_PASSWORD: &str = "not%3Aa%2Fsecret";

/// A PostgreSQL that runs for as long as this is kept.
pub struct Server {
    pub shell: Child,
    pub folder: PathBuf,
    port: u16,
}

impl Server {
    /// Starts one whose transactions have this isolation unless they ask for
    /// another; or says why that cannot be done.
    pub fn start(isolation: &str) -> Result<Self, String> {
        Self::until_closed(Stdio::piped(), isolation)
    }

    /// The same, for as long as nobody closes this.
    pub fn until_closed(held: Stdio, isolation: &str) -> Result<Self, String> {
        let bin = programs().ok_or_else(|| {
            format!("there is no PostgreSQL in {PROGRAMS}: apt-get install postgresql")
        })?;
        let [port] = free_ports();
        let mut command = unprivileged("sh");
        command
            // Where the checkout is may not be for everybody to read.
            .args(["-c", SCRIPT, "server.sh"])
            .arg(bin)
            .args([&port.to_string(), PASSWORD, isolation])
            .current_dir("/")
            .stdin(held)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A terminal's interrupt is not for the shell: it still has to stop the server.
            .process_group(0);
        let mut shell = command.spawn().map_err(|error| error.to_string())?;
        let mut line = String::new();
        let mut lines = BufReader::new(shell.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        let Some(folder) = line.trim_end().strip_prefix("ready in ") else {
            let mut why = String::new();
            let mut told = shell.stderr.take().unwrap();
            told.read_to_string(&mut why).unwrap();
            return Err(format!("PostgreSQL does not start: {why}"));
        };
        let folder = folder.into();
        Ok(Self {
            shell,
            folder,
            port,
        })
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        let port = self.port;
        format!("postgres://invited:{ESCAPED_PASSWORD}@127.0.0.1:{port}/{database}")
    }
}

/// The programs of the latest version that is installed.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(PROGRAMS).ok()?;
    let folders = versions.map(|version| version.unwrap().path().join("bin"));
    let whole = folders.filter(|folder| folder.join("initdb").exists());
    whole.max_by_key(|folder| version(folder))
}

fn version(folder: &Path) -> Option<u32> {
    folder.parent()?.file_name()?.to_str()?.parse().ok()
}

/// A program that is not run as root, by whom PostgreSQL refuses to be started.
fn unprivileged(program: &str) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", program]);
    command
}
