//! Servers: real processes, which are loaded over TCP and whose processor
//! time is read from outside.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    ops::Range,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{
    bare, client,
    house::ENVIRONMENT,
    measure::{Measure, Watch},
};

/// A server that runs.
pub struct Server {
    process: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Ours, on the database of a folder.
    pub fn ours(folder: &Path, level: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_invited"));
        command
            .current_dir(folder)
            .env_clear()
            .envs(ENVIRONMENT)
            // A gateway that costs next to nothing, so that it is not what is measured.
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--sms",
                "file:/dev/null",
                "--log",
                level,
            ]);
        Self::launch(command, folder.join("server.log"))
    }

    /// One that answers what a file holds, and does nothing else.
    pub fn bare(answer: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(bare::WORD).arg(answer);
        Self::launch(command, answer.with_extension("log"))
    }

    fn launch(mut command: Command, log: PathBuf) -> Self {
        let file = fs::File::create(&log).unwrap();
        let command = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file);
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines
            .next()
            .expect("a server says where it listens")
            .unwrap();
        let address = line.strip_prefix("listening on http://").unwrap();
        Self {
            address: address.parse().unwrap(),
            process,
            log,
        }
    }

    fn load<R>(&self, connections: usize, time: Duration, requests: &R) -> Measure
    where
        R: Iterator<Item: AsRef<[u8]> + Send + Sync> + Clone + Send + 'static,
    {
        let watch = Watch::process(&self.process.id().to_string());
        let outcome = client::load(self.address, connections, time, requests);
        let busy = watch.busy();
        let (latencies, elapsed) = outcome.unwrap_or_else(|error| {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            panic!("a request was not answered as it should be: {error}; the server's log:\n{log}")
        });
        Measure::of_each(latencies, elapsed, busy)
    }

    /// The same request over and over.
    pub fn load_with(&self, request: &[u8], connections: usize, time: Duration) -> Measure {
        let request: Arc<[u8]> = request.into();
        self.load(connections, time, &std::iter::repeat(request))
    }

    /// These requests, each once, by whichever connection is free.
    pub fn load_each<P>(
        &self,
        requests: &Arc<[P]>,
        which: &Range<usize>,
        connections: usize,
        time: Duration,
    ) -> Measure
    where
        P: AsRef<[u8]> + Send + Sync + 'static,
    {
        let next = Arc::new(AtomicUsize::new(which.start));
        let (requests, end) = (Arc::clone(requests), which.end);
        let each = std::iter::from_fn(move || {
            let at = next.fetch_add(1, Ordering::Relaxed);
            (at < end).then(|| requests[at].as_ref().to_owned())
        });
        self.load(connections, time, &each)
    }

    /// The body of the answer to a request, which must be JSON.
    pub fn ask(&self, request: &[u8]) -> String {
        let request =
            str::from_utf8(request)
                .unwrap()
                .replacen("\r\n", "\r\nconnection: close\r\n", 1);
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

/// The bytes of a request.
pub fn request(method: &str, path: &str, header: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let body = if body.is_empty() {
        "\r\n".to_owned()
    } else {
        format!("content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{header}\r\n{body}").into_bytes()
}

/// The header of somebody who is logged in.
pub fn bearer(access: &str) -> String {
    format!("authorization: Bearer {access}")
}
