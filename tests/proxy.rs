//! The samples of `src/http/README.md`, played with the proxies themselves.

use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    faults::say,
    harness::{
        ALICE,
        server::{Server, exchange, last_code},
    },
};

/// A client that is not the proxy.
const CLIENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const FORGED: (&str, &str) = ("x-forwarded-for", "203.0.113.7");
const PUBLIC_URL: &str = "https://example.com/referrals";

/// The block of the README in this language.
fn sample(language: &str) -> String {
    let readme = include_str!("../src/http/README.md");
    let (_, block) = readme.split_once(&format!("```{language}\n")).unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn call(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> (u16, String) {
    let client = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&client, &SocketAddrV4::new(CLIENT, 0)).unwrap();
    connect(&client, &address.parse::<SocketAddr>().unwrap()).unwrap();
    let headers = [headers, &[FORGED]].concat();
    exchange(TcpStream::from(client), method, path, &headers, body).unwrap()
}

/// Where the server says that somebody logged in from, who forged a header.
fn logged_in_from(address: &str, prefix: &str, folder: &Path) -> Value {
    let call = |method, path: &str, headers: &[_], body| -> Value {
        let (status, text) = call(address, method, &format!("{prefix}{path}"), headers, body);
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    };
    let asked = call("POST", "/login/", &[], Some(json!({ "phone": ALICE })));
    let token = [("sms-token", asked["sms-token"].as_str().unwrap())];
    let code = json!({ "sms_code": last_code(folder, ALICE) });
    let confirmed = call("POST", "/login/sms-confirm/", &token, Some(code));
    let access = format!("Bearer {}", confirmed["access"].as_str().unwrap());
    let sessions = call(
        "GET",
        "/profile/sessions/",
        &[("authorization", &access)],
        None,
    );
    sessions["sessions"][0]["ip"].clone()
}

/// A server with the settings of the README.
fn server(folder: &Path) -> Server {
    fs::write(folder.join("invited.toml"), sample("toml")).unwrap();
    let arguments = ["--config", "invited.toml", "--sms", "file:sms.jsonl"];
    Server::with(folder, &arguments)
}

/// A proxy in front of a server.
struct Proxy {
    process: Child,
    address: String,
    /// It would not survive that nobody reads what it logs.
    _log: BufReader<ChildStderr>,
}

impl Proxy {
    /// Starts one that listens on `port` once it has logged `ready`; `None`
    /// where there is none.
    fn start(mut command: Command, port: u16, ready: &str) -> Option<Self> {
        let process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        if process
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::NotFound)
        {
            let name = command.get_program().display();
            say(&format!("skipped: there is no {name}"));
            return None;
        }
        let mut process = process.unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut told = String::new();
        while !told.contains(ready) {
            assert_ne!(log.read_line(&mut told).unwrap(), 0, "{told}");
        }
        let address = format!("127.0.0.1:{port}");
        Some(Self {
            process,
            address,
            _log: log,
        })
    }

    fn nginx(server: &Server, folder: &Path) -> Option<Self> {
        let port = free_port();
        let site: String = sample("nginx")
            .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port};"))
            .replace("127.0.0.1:8080", &server.address)
            .split_inclusive('\n')
            .filter(|line| !line.contains("ssl_certificate"))
            .collect();
        let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = kinds
            .map(|kind| format!("{kind}_temp_path {kind};\n"))
            .concat();
        let all = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr notice;\n\
             events {{}}\nhttp {{\naccess_log off;\n{temporary}{site}}}\n"
        );
        fs::write(folder.join("nginx.conf"), all).unwrap();
        let mut nginx = Command::new("nginx");
        nginx
            .args(["-e", "stderr", "-c", "nginx.conf", "-p"])
            .arg(folder);
        Self::start(nginx, port, "event method")
    }

    fn caddy(server: &Server, folder: &Path) -> Option<Self> {
        let port = free_port();
        let site = sample("caddyfile")
            .replace("example.com {", &format!("http://127.0.0.1:{port} {{"))
            .replace("127.0.0.1:8080", &server.address);
        let all = format!("{{\n\tadmin off\n}}\n{site}");
        fs::write(folder.join("Caddyfile"), all).unwrap();
        let mut caddy = Command::new("caddy");
        caddy
            .current_dir(folder)
            .env("HOME", folder)
            .args(["run", "--config", "Caddyfile"]);
        Self::start(caddy, port, "serving initial configuration")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn nginx_names_its_clients_and_what_they_forge_is_not_believed() {
    let folder = TempDir::new().unwrap();
    let server = server(folder.path());
    let direct = logged_in_from(&server.address, "", folder.path());
    assert_eq!(direct, CLIENT.to_string());
    if let Some(nginx) = Proxy::nginx(&server, folder.path()) {
        let ip = logged_in_from(&nginx.address, "/referrals", folder.path());
        assert_eq!(ip, CLIENT.to_string());
    }
}

#[test]
fn caddy_names_its_clients_and_what_they_forge_is_not_believed() {
    let folder = TempDir::new().unwrap();
    let server = server(folder.path());
    if let Some(caddy) = Proxy::caddy(&server, folder.path()) {
        let ip = logged_in_from(&caddy.address, "", folder.path());
        assert_eq!(ip, CLIENT.to_string());
    }
}

#[test]
fn the_api_is_explored_under_the_prefix() {
    let folder = TempDir::new().unwrap();
    let server = server(folder.path());
    let Some(nginx) = Proxy::nginx(&server, folder.path()) else {
        return;
    };
    let get = |path: &str| call(&nginx.address, "GET", path, &[], None);
    let (status, page) = get("/referrals/swagger/");
    assert_eq!(status, 200, "{page}");
    let links = page.split(['"', ' ']).filter(|word| word.starts_with('/'));
    let links: Vec<_> = links.collect();
    assert_eq!(links.len(), 5, "{links:?}");
    for link in links {
        assert_eq!(get(link).0, 200, "{link}");
    }
    let document: Value = serde_json::from_str(&get("/referrals/openapi.json").1).unwrap();
    assert_eq!(document["servers"][0]["url"], PUBLIC_URL);
}
