//! Servers: real processes, which are loaded over TCP and whose processor
//! time is read from outside.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use tempfile::NamedTempFile;

use super::{
    bare, client,
    fixture::{DESTINATIONS, UNLIMITED},
    measure::{Measure, Watch},
};

pub struct Server {
    process: Child,
    address: SocketAddr,
    log: NamedTempFile,
}

impl Server {
    /// Ours, on the database of a folder, with a log of this level and format
    /// and a gateway that costs next to nothing, so that it is not what is measured.
    pub fn ours(folder: &Path, level: &str, format: &str) -> Self {
        Self::launch(Self::command(folder, level, format))
    }

    /// Ours, with the keys of a folder, on this database, to whose server it has
    /// so many connections, if there is one.
    pub fn of(folder: &Path, database: &str, connections: usize) -> Self {
        let mut command = Self::command(folder, "info", "human");
        command.args(["--database", database]);
        command.env("INVITED_STORE__CONNECTIONS", connections.to_string());
        Self::launch(command)
    }

    fn command(folder: &Path, level: &str, format: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_invited"));
        command.current_dir(folder).env_clear();
        // No challenge of this run is over and swept away while it is measured.
        let lasting = ("INVITED_TOKENS__SMS_TOKEN_TTL", "1d");
        command.envs([DESTINATIONS, lasting]).envs(UNLIMITED);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", level]);
        command.args(["--log-format", format, "--sms", "file:sms.jsonl"]);
        command
    }

    /// One that gives this answer, and does nothing else.
    pub fn bare(answer: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([bare::WORD, answer]);
        Self::launch(command)
    }

    fn launch(mut command: Command) -> Self {
        let log = NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(log.reopen().unwrap());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://");
        Self {
            address: address.unwrap().parse().unwrap(),
            process,
            log,
        }
    }

    /// Has so many connections send `requests`, each when the answer to the
    /// last is there.
    pub fn load(
        &self,
        connections: usize,
        time: Duration,
        requests: impl Iterator<Item = Arc<[u8]>> + Send + 'static,
    ) -> Measure {
        let watch = Watch::of(&self.process.id().to_string());
        let latencies = client::load(self.address, connections, time, requests);
        let latencies = latencies.unwrap_or_else(|error| {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            panic!("a request was not answered as it should be: {error}; the server's log:\n{log}")
        });
        Measure::of_each(latencies, &watch)
    }

    /// The body of the answer to a request.
    pub fn ask(&self, request: &[u8]) -> String {
        let request = str::from_utf8(request).unwrap();
        let request = request.replacen("\r\n", "\r\nconnection: close\r\n", 1);
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
        body.to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
