//! TLS to the database, as `sslmode` and `sslrootcert` ask for it.

use std::{fs, path::Path};

use invited::store::{Location, Store};
use openssl::{
    base64,
    pkey::{PKey, Private},
    x509::X509,
};
use tempfile::TempDir;

use crate::{
    backup::until,
    harness::postgres::{Server, Session, server_if_there},
    tls::certificates::{DAY, issue},
};

/// Lets people in over TLS alone, with this certificate. The server writes its
/// own files, so that they are its own.
fn encrypt(server: &Server, certificate: &X509, key: &PKey<Private>) -> Session {
    let session = Session::to(&server.url("postgres"));
    let files = [
        ("server.crt", certificate.to_pem().unwrap()),
        ("server.key", key.private_key_to_pem_pkcs8().unwrap()),
        ("pg_hba.conf", b"hostssl all all all md5\n".to_vec()),
    ];
    for (name, bytes) in files {
        let text = base64::encode_block(&bytes);
        session.run(&format!(
            "COPY (SELECT '{text}') TO PROGRAM 'umask 077; base64 -d >{name}'"
        ));
    }
    session.run("ALTER SYSTEM SET ssl = on");
    session.run("SELECT pg_reload_conf()");
    session
}

/// What is said of the database of this URL; nothing where it is opened.
fn told(url: &str) -> String {
    let location: Location = url.parse().unwrap();
    let opened = Store::pending(&location);
    let told = opened.map_or_else(|error| error.to_string(), |_| String::new());
    assert!(
        !told.contains("not%3A") && !told.contains("not:a"),
        "{told}"
    );
    told
}

fn authority(folder: &Path, name: &str, certificate: &X509) -> String {
    let path = folder.join(name);
    fs::write(&path, certificate.to_pem().unwrap()).unwrap();
    format!("sslrootcert={}", path.display())
}

#[test]
fn a_server_is_believed_as_far_as_sslmode_asks_for() {
    let Some(server) = server_if_there() else {
        return;
    };
    let (certificate, key) = issue("localhost", -DAY, DAY);
    let session = encrypt(&server, &certificate, &key);
    let folder = TempDir::new().unwrap();
    let own = authority(folder.path(), "own.pem", &certificate);
    let (stranger, _) = issue("localhost", -DAY, DAY);
    let other = authority(folder.path(), "other.pem", &stranger);
    let (named, by_address) = ("localhost", "127.0.0.1");
    // A server takes a while to read its configuration.
    let is_encrypted = || told(&format!("{}?sslmode=require", server.url("postgres"))).is_empty();
    until("the server speaks TLS", is_encrypted);
    for (host, options, expected) in [
        (named, "sslmode=require", ""),
        (named, "", ""),
        (named, &*format!("sslmode=verify-full&{own}"), ""),
        (by_address, &format!("sslmode=verify-ca&{own}"), ""),
        (by_address, &format!("sslmode=require&{own}"), ""),
        (
            by_address,
            &format!("sslmode=verify-full&{own}"),
            "IP address mismatch",
        ),
        (
            named,
            &format!("sslmode=verify-full&{other}"),
            "certificate that is refused",
        ),
        (
            named,
            &format!("sslmode=require&{other}"),
            "certificate that is refused",
        ),
        (
            named,
            "sslmode=verify-full",
            "certificate that is refused (self",
        ),
        (
            named,
            "sslmode=verify-ca&sslrootcert=/no/ca.pem",
            "/no/ca.pem cannot be read",
        ),
        (named, "sslmode=disable", "no encryption"),
    ] {
        let url = server.url("postgres").replace("127.0.0.1", host);
        let told = told(&format!("{url}?{options}"));
        assert_eq!(expected.is_empty(), told.is_empty(), "{options}: {told}");
        assert!(told.contains(expected), "{options}: {told}");
        let names_it = told.starts_with(&format!("postgres://{host}:"));
        assert!(told.is_empty() || names_it, "{told}");
    }
    drop(session);
}
