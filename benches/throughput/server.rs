//! Servers: real processes, which are loaded over TCP and whose processor
//! time is read from outside.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::{
    bare,
    client::{self, Requests},
    fixture::{LASTING, UNLIMITED},
    measure::{Measure, Watch},
};

pub struct Server {
    process: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Ours, on the database of a folder, with a gateway that costs next to
    /// nothing, so that it is not what is measured.
    pub fn ours(folder: &Path) -> Self {
        Self::logging(folder, "info", "human")
    }

    /// The same with a log of this level and format.
    pub fn logging(folder: &Path, level: &str, format: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_invited"));
        command.current_dir(folder).env_clear();
        command.envs(LASTING).envs(UNLIMITED);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", level]);
        command.args(["--log-format", format]);
        command.args(["--sms", "file:sms.jsonl"]);
        Self::launch(command, folder.join("server.log"))
    }

    /// One that answers what a file holds, and does nothing else.
    pub fn bare(answer: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(bare::WORD).arg(answer);
        Self::launch(command, answer.with_extension("log"))
    }

    fn launch(mut command: Command, log: PathBuf) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(fs::File::create(&log).unwrap());
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines.next().expect("a server says where it listens");
        let line = line.unwrap();
        let address = line.strip_prefix("listening on http://").unwrap();
        Self {
            address: address.parse().unwrap(),
            process,
            log,
        }
    }

    /// Has so many connections send `requests`, each when the answer to the
    /// last is there.
    pub fn load(&self, connections: usize, time: Duration, requests: &Requests) -> Measure {
        let watch = Watch::process(&self.process.id().to_string());
        let latencies = client::load(self.address, connections, time, requests);
        let latencies = latencies.unwrap_or_else(|error| {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            panic!("a request was not answered as it should be: {error}; the server's log:\n{log}")
        });
        Measure::of_each(latencies, &watch)
    }

    /// The body of the answer to a request, which must be JSON.
    pub fn ask(&self, request: &[u8]) -> String {
        let request = str::from_utf8(request).unwrap();
        let request = request.replacen("\r\n", "\r\nconnection: close\r\n", 1);
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let is_json = head.contains("\r\ncontent-type: application/json");
        assert!(head.starts_with("HTTP/1.1 200 ") && is_json, "{answer}");
        body.to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
