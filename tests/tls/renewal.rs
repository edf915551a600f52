//! What is read at the start and when the files change.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use openssl::pkey::{PKey, Private};
use tempfile::TempDir;

use super::{
    LIVE,
    certificates::{DAY, HTTP, TLS, ask, connect, issue, place, shows},
    log, serving, start, wait_for,
};
use crate::harness::server::{Server, put};

#[test]
fn a_certificate_that_cannot_be_used_is_told_at_the_start() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let (certificate, key) = (path.join("cert.pem"), path.join("key.pem"));
    let pem = |key: PKey<Private>| key.private_key_to_pem_pkcs8().unwrap();
    let encrypted = |key: PKey<Private>| {
        let cipher = openssl::symm::Cipher::aes_128_cbc();
        let pem = key.private_key_to_pem_pkcs8_passphrase(cipher, b"secret");
        pem.unwrap()
    };
    let cases: [(&dyn Fn(), &str); 7] = [
        (
            &|| fs::remove_file(&key).unwrap(),
            "tls.key: key.pem cannot be read: No such file",
        ),
        (
            &|| fs::remove_file(&certificate).unwrap(),
            "tls.certificate: cert.pem cannot be read: No such file",
        ),
        (
            &|| put(&certificate, "x"),
            "tls.certificate: cert.pem is not a chain of certificates in PEM",
        ),
        (
            &|| put(&key, "x"),
            "tls.key: key.pem is not a private key in PEM",
        ),
        (
            &|| put(&key, pem(issue("x", 0, DAY).1)),
            "tls.key: key.pem is not the key of the first certificate in cert.pem",
        ),
        (
            &|| put(&key, encrypted(issue("x", 0, DAY).1)),
            "tls.key: key.pem is encrypted",
        ),
        (
            &|| fs::set_permissions(&key, Permissions::from_mode(0o604)).unwrap(),
            "tls.key: key.pem can be read by everybody on this machine: take that right away (chmod 600)",
        ),
    ];
    for (spoil, told) in cases {
        place(path, "localhost", 90);
        spoil();
        refused(path, &[], told);
    }
}

/// Asserts that a start is refused with this sentence, and leaves nothing behind.
fn refused(folder: &Path, settings: &[(&str, &str)], told: &str) {
    let exit = Server::launch(serving(folder, settings)).err();
    let log = log(folder);
    assert_eq!(exit.and_then(|exit| exit.code()), Some(2), "{told}: {log}");
    let last = log.lines().last().unwrap();
    assert!(last.starts_with(&format!("invited: {told}")), "{log}");
    assert!(!folder.join("invited.db").exists());
}

#[test]
fn settings_that_do_nothing_without_another_are_refused() {
    let folder = TempDir::new().unwrap();
    place(folder.path(), "localhost", 90);
    let (certificate, key) = (("INVITED_TLS__CERTIFICATE", ""), ("INVITED_TLS__KEY", ""));
    let redirect = ("INVITED_TLS__REDIRECT", "127.0.0.1:0");
    let public = ("INVITED_HTTP__PUBLIC_URL", "http://example.com");
    let https = ("INVITED_HTTP__PUBLIC_URL", "https://example.com:444/x");
    let acme = ("INVITED_TLS__ACME", "other.example.com");
    let directory = ("INVITED_TLS__ACME_DIRECTORY", "http://localhost/dir");
    let own = ("INVITED_TLS__ACME", "other.example.com, example.com");
    for (settings, told) in [
        (&[certificate][..], "tls.key needs tls.certificate as well"),
        (&[key], "tls.certificate needs tls.key as well"),
        (
            &[redirect],
            "tls.redirect needs to know where to: set http.public_url",
        ),
        (
            &[redirect, public],
            "tls.redirect needs to know where to: set http.public_url",
        ),
        (
            &[acme],
            "tls.acme has certificates issued, and tls.certificate names one",
        ),
        (&[acme, certificate, key], "tls.acme needs tls.redirect"),
        (
            &[acme, certificate, key, redirect, https],
            "tls.acme has to name the host of http.public_url",
        ),
        (
            &[own, certificate, key, redirect, https, directory],
            "tls.acme_directory has to be an https address",
        ),
    ] {
        refused(folder.path(), settings, told);
    }
}

#[test]
fn a_new_certificate_is_taken_up_without_a_restart() {
    let folder = TempDir::new().unwrap();
    let old = place(folder.path(), "localhost", 90);
    let server = start(folder.path(), &[]);
    let mut kept = connect(&server.address, &old, TLS, HTTP).unwrap();
    let new = place(folder.path(), "localhost", 90);
    assert!(wait_for(|| shows(&server.address, &new)));
    assert!(!shows(&server.address, &old));
    let told = "took up the certificate days_left=89";
    assert!(wait_for(|| log(folder.path()).contains(told)));
    // Who was there before stays connected.
    assert!(ask(&mut kept, LIVE, "}").starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn a_new_certificate_that_is_wrong_is_told_and_the_old_one_stays() {
    let folder = TempDir::new().unwrap();
    let old = place(folder.path(), "localhost", 90);
    let server = start(folder.path(), &[]);
    let told = || {
        log(folder.path())
            .matches("the certificate stays as it was")
            .count()
    };
    let (new, key) = issue("localhost", -DAY, 90 * DAY);
    put(&folder.path().join("cert.pem"), new.to_pem().unwrap());
    assert!(wait_for(|| told() == 1));
    assert!(shows(&server.address, &old));
    server.signal("-HUP");
    assert!(wait_for(|| told() == 2), "whoever asks is told again");
    let key = key.private_key_to_pem_pkcs8().unwrap();
    put(&folder.path().join("key.pem"), key);
    assert!(wait_for(|| shows(&server.address, &new)));
}

#[test]
fn a_certificate_near_its_end_or_beyond_is_told() {
    for (days, told) in [
        (
            13,
            "the certificate expires soon, and has not been renewed days_left=12",
        ),
        (0, "the certificate has expired, and clients refuse it"),
    ] {
        let folder = TempDir::new().unwrap();
        let (certificate, key) = issue("localhost", -90 * DAY, days * DAY - 1);
        put(
            &folder.path().join("key.pem"),
            key.private_key_to_pem_pkcs8().unwrap(),
        );
        put(
            &folder.path().join("cert.pem"),
            certificate.to_pem().unwrap(),
        );
        let server = start(folder.path(), &[]);
        assert!(wait_for(|| log(folder.path()).contains(told)));
        server.signal("-HUP");
        let taken_up = || log(folder.path()).contains("took up the certificate");
        assert!(wait_for(taken_up));
        assert_eq!(log(folder.path()).matches(told).count(), 1, "once a day");
    }
}
