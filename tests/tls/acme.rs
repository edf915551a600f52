//! Certificates that are issued to the server itself, by pebble: Let's Encrypt's
//! own server for tests.

use std::{
    fs,
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use openssl::x509::X509;
use serde_json::json;
use tempfile::TempDir;

use super::{
    certificates::{DAY, HTTP, TLS, ask, connect, issue, place, shows},
    issuer::{self, Issuer},
    log, wait_for,
};
use crate::{
    faults::say,
    harness::server::{Server, command, free_ports, put},
};

/// An issuer with a resolver of its own, which finds every name on this machine.
struct Pebble {
    folder: TempDir,
    processes: Vec<Child>,
    own: X509,
    directory: u16,
    management: u16,
    /// Where it looks for proofs.
    proofs: u16,
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Pebble {
    /// One whose certificates live so long, in seconds; `None` where it is not installed.
    fn issuing(life: u32) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let [directory, management, proofs, unused, names, control] = free_ports();
        let own = place(folder.path(), "localhost", 9);
        let at = |port: u16| format!("127.0.0.1:{port}");
        let settings = json!({ "pebble": {
            "listenAddress": at(directory), "managementListenAddress": at(management),
            "certificate": "cert.pem", "privateKey": "key.pem",
            "httpPort": proofs, "tlsPort": unused, "certificateValidityPeriod": life,
        }});
        fs::write(folder.path().join("pebble.json"), settings.to_string()).unwrap();
        let (names, control) = (at(names), at(control));
        let mut resolver = Command::new("pebble-challtestsrv");
        resolver
            .args(["-dns01", &names, "-management", &control])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]);
        let mut issuer = Command::new("pebble");
        issuer
            .args(["-config", "pebble.json", "-dnsserver", &names])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "50");
        let mut pebble = Self {
            folder,
            processes: Vec::new(),
            own,
            directory,
            management,
            proofs,
        };
        for command in [&mut resolver, &mut issuer] {
            let command = command.current_dir(pebble.folder.path());
            let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
            pebble.processes.push(quiet.spawn().ok()?);
        }
        assert!(wait_for(|| TcpStream::connect(at(directory)).is_ok()));
        Some(pebble)
    }

    /// The certificate that all of its own lead to.
    fn root(&self) -> X509 {
        let address = format!("127.0.0.1:{}", self.management);
        let mut stream = connect(&address, &self.own, TLS, HTTP).unwrap();
        let request = "GET /roots/0 HTTP/1.1\r\nHost: x\r\n\r\n";
        let answer = ask(&mut stream, request, "-----END CERTIFICATE-----\n");
        X509::from_pem(answer.split("\r\n\r\n").nth(1).unwrap().as_bytes()).unwrap()
    }

    /// A server that trusts it, and shows its proofs there.
    fn serve(&self, folder: &Path, proofs: u16) -> Server {
        let directory = format!("https://localhost:{}/dir", self.directory);
        let trusted = self.folder.path().join("cert.pem");
        serve(
            folder,
            "localhost, A.localhost",
            &directory,
            &trusted,
            proofs,
        )
    }
}

fn serve(folder: &Path, names: &str, directory: &str, trusted: &Path, proofs: u16) -> Server {
    let log = fs::File::create(folder.join("stderr.txt")).unwrap();
    let mut serve = command(folder);
    serve
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--sms",
            "file:sms.jsonl",
        ])
        .env("SSL_CERT_FILE", trusted)
        .env("INVITED_TLS__ACME", names)
        .env("INVITED_TLS__ACME_CONTACT", "admin@localhost")
        .env("INVITED_TLS__ACME_DIRECTORY", directory)
        .env("INVITED_TLS__REDIRECT", format!("127.0.0.1:{proofs}"))
        .env("INVITED_HTTP__PUBLIC_URL", "https://localhost")
        .stderr(log);
    Server::launch(serve).unwrap()
}

/// Puts one there that is still good and should be renewed.
fn place_old(folder: &Path) -> (X509, Vec<u8>) {
    let (old, key) = issue("localhost", -60 * DAY, DAY);
    let pem = [
        old.to_pem().unwrap(),
        key.private_key_to_pem_pkcs8().unwrap(),
    ]
    .concat();
    put(&folder.join("invited.certificate.pem"), &pem);
    (old, pem)
}

#[test]
fn a_certificate_is_issued_and_renewed_before_its_end() {
    let Some(pebble) = Pebble::issuing(20) else {
        return say("skipped: there is no pebble");
    };
    let folder = TempDir::new().unwrap();
    let server = pebble.serve(folder.path(), pebble.proofs);
    assert!(wait_for(|| shows(&server.address, &pebble.root())));
    for name in ["invited.certificate.pem", "invited.acme-account.pem"] {
        let mode = fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let issued = || {
        log(folder.path())
            .matches("a certificate was issued")
            .count()
    };
    let taken_up = || {
        log(folder.path())
            .matches("took up the certificate")
            .count()
    };
    assert!(
        wait_for(|| issued() >= 2 && taken_up() >= 2),
        "{}",
        log(folder.path())
    );
    assert!(wait_for(|| shows(&server.address, &pebble.root())));
}

#[test]
fn where_the_issuer_finds_no_proof_the_old_certificate_is_served_meanwhile() {
    let Some(pebble) = Pebble::issuing(90) else {
        return say("skipped: there is no pebble");
    };
    let folder = TempDir::new().unwrap();
    let (old, pem) = place_old(folder.path());
    let [elsewhere] = free_ports();
    let server = pebble.serve(folder.path(), elsewhere);
    let told = "no certificate was issued error=the issuer refused: ";
    assert!(wait_for(|| log(folder.path()).contains(told)));
    assert!(log(folder.path()).contains("retry_in_seconds=10"));
    assert!(shows(&server.address, &old));
    let kept = fs::read(folder.path().join("invited.certificate.pem")).unwrap();
    assert_eq!(kept, pem);
}

#[test]
fn a_certificate_that_cannot_be_used_is_told_and_another_asked_for() {
    let issuer = Issuer::new();
    let servers = issuer::UNUSABLE.map(|kind| {
        let folder = TempDir::new().unwrap();
        let (old, pem) = place_old(folder.path());
        let [proofs] = free_ports();
        let (directory, trusted) = (issuer.directory(kind), issuer.certificate());
        let server = serve(folder.path(), "localhost", &directory, &trusted, proofs);
        (kind, folder, server, old, pem)
    });
    let told = "no certificate was issued error=the certificate that was issued is not one";
    for (kind, folder, server, old, pem) in &servers {
        let log = || log(folder.path());
        assert!(wait_for(|| log().contains(told)), "{kind}: {}", log());
        assert!(shows(&server.address, old), "{kind}");
        let kept = fs::read(folder.path().join("invited.certificate.pem")).unwrap();
        assert_eq!(&kept, pem, "{kind}");
    }
    // The second that it issues is right.
    for (kind, folder, ..) in &servers {
        let log = || log(folder.path());
        let taken_up = "took up the certificate days_left=89";
        assert!(wait_for(|| log().contains(taken_up)), "{kind}: {}", log());
    }
}
