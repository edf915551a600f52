//! The executable, and a client that speaks to it over TCP.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};

use serde_json::{Value, json};

use super::postgres;

pub fn command(folder: &Path) -> Command {
    in_folder(folder, env!("CARGO_BIN_EXE_invited"))
}

/// A program that knows nothing but the folder, and the database that goes with it.
pub fn in_folder(folder: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear();
    if postgres::is_asked_for() {
        command.env("INVITED_DATABASE", postgres::url_of(folder));
    }
    command
}

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder).args(arguments).output().unwrap()
}

/// A server that was started in a folder, with messages in `sms.jsonl` and its
/// log in `stderr.txt`.
pub struct Server {
    pub process: Child,
    pub address: String,
    pub first_lines: String,
}

impl Server {
    pub fn start(folder: &Path) -> Self {
        Self::with(folder, &["--sms", "file:sms.jsonl"])
    }

    pub fn with(folder: &Path, arguments: &[&str]) -> Self {
        let log = fs::File::create(folder.join("stderr.txt")).unwrap();
        Self::spawn(folder, arguments, log.into())
    }

    /// One that writes everything that it may log to `server.log`.
    pub fn tracing(folder: &Path) -> Self {
        let log = fs::File::create(folder.join("server.log")).unwrap();
        let arguments = ["--sms", "file:sms.jsonl", "--log", "trace"];
        Self::spawn(folder, &arguments, log.into())
    }

    /// One whose log is there to be read, and must be before it fills its pipe.
    pub fn with_log(folder: &Path) -> (Self, BufReader<ChildStderr>) {
        let mut server = Self::spawn(folder, &["--sms", "file:sms.jsonl"], Stdio::piped());
        let log = server.process.stderr.take().unwrap();
        (server, BufReader::new(log))
    }

    pub fn spawn(folder: &Path, arguments: &[&str], log: Stdio) -> Self {
        let mut command = command(folder);
        command
            .envs(super::UNLIMITED)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stderr(log);
        Self::launch(command).unwrap()
    }

    /// One that a shell starts after a command of its own.
    pub fn limited(folder: &Path, before: &str) -> Self {
        let script = format!("{before}; exec \"$0\" serve --listen 127.0.0.1:0");
        let mut shell = in_folder(folder, "sh");
        shell
            .envs(super::UNLIMITED)
            .args(["-c", &script, env!("CARGO_BIN_EXE_invited")])
            .stderr(fs::File::create(folder.join("stderr.txt")).unwrap());
        Self::launch(shell).unwrap()
    }

    /// Runs a command that serves on any free port; how it exited if it did so instead.
    pub fn launch(mut command: Command) -> Result<Self, ExitStatus> {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let mut first_lines = String::new();
        while !first_lines.contains("/swagger/") {
            if lines.read_line(&mut first_lines).unwrap() == 0 {
                return Err(process.wait().unwrap());
            }
        }
        let address = first_lines.lines().next().unwrap();
        let (_, address) = address
            .strip_prefix("listening on ")
            .and_then(|url| url.split_once("://"))
            .unwrap();
        Ok(Self {
            process,
            address: address.to_owned(),
            first_lines,
        })
    }

    pub fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        call(&self.address, method, path, headers, body)
    }

    /// The same of somebody who is logged in, while the server is there.
    pub fn bear(
        &self,
        confirmed: &Value,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let headers = [("authorization", &*bearer(confirmed))];
        self.call(method, path, &headers, body).unwrap()
    }

    pub fn signal(&self, signal: &str) {
        assert!(
            Command::new("kill")
                .args([signal, &self.process.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
    }

    pub fn stop(mut self) -> ExitStatus {
        self.signal("-TERM");
        self.process.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Ok(Some(status)) = self.process.try_wait()
        {
            eprintln!("the server had ended before: {status}");
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One request over a connection of its own; `None` when the server went away meanwhile.
pub fn call(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Option<(u16, Value)> {
    let stream = TcpStream::connect(address).ok()?;
    let (status, body) = exchange(stream, method, path, headers, body)?;
    Some((status, serde_json::from_str(&body).unwrap_or(Value::Null)))
}

/// The last request over a connection: the answer's status and body.
pub fn exchange(
    mut stream: TcpStream,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Option<(u16, String)> {
    let host = stream.peer_addr().ok()?;
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        request = format!("{request}{name}: {value}\r\n");
    }
    if !body.is_empty() {
        let length = body.len();
        request =
            format!("{request}content-type: application/json\r\ncontent-length: {length}\r\n");
    }
    stream
        .write_all(format!("{request}\r\n{body}").as_bytes())
        .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

/// Ports that nobody has, below those that the system gives out by itself: no
/// connection of another test takes one meanwhile.
pub fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 1000).unwrap() * 10;
    [(); COUNT].map(|()| {
        let mut ports = std::iter::repeat_with(|| first + TRIED.fetch_add(1, Ordering::Relaxed));
        let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
        ports.find(is_free).unwrap()
    })
}

/// The code that was sent to a phone last.
pub fn last_code(folder: &Path, phone: &str) -> String {
    let text = fs::read_to_string(folder.join("sms.jsonl")).unwrap();
    let mut lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.rfind(|line| line["to"] == phone).unwrap()["code"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Logs in; the sms-token that was used and the answer.
pub fn login(address: &str, folder: &Path, phone: &str) -> Option<(String, Value)> {
    let (_, asked) = call(
        address,
        "POST",
        "/login/",
        &[],
        Some(json!({ "phone": phone })),
    )?;
    let token = asked["sms-token"].as_str()?.to_owned();
    let body = json!({ "sms_code": last_code(folder, phone) });
    let (status, confirmed) = call(
        address,
        "POST",
        "/login/sms-confirm/",
        &[("sms-token", &token)],
        Some(body),
    )?;
    assert_eq!(status, 200, "{confirmed}");
    Some((token, confirmed))
}

pub fn bearer(confirmed: &Value) -> String {
    format!("Bearer {}", confirmed["access"].as_str().unwrap())
}

/// Puts a file there as the service does: for its owner's eyes alone.
pub fn put(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
