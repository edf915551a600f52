//! An issuer of certificates that asks for no proof: the first one that it issues
//! cannot be used, for the reason that its directory is named after.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use invited::{
    http::server::{Connections, Plain, Timeouts, Workers, serve},
    tls::{Certificate, Files, Tls},
};
use openssl::{
    pkey::{PKey, Public},
    x509::X509Req,
};
use poem::{Request, Response, endpoint::make};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime};

use super::certificates::{DAY, certify, issue, place};

pub const UNUSABLE: [&str; 6] = ["garbage", "empty", "key", "expired", "early", "name"];

/// The keys that each directory was asked to certify.
type Asked = Mutex<HashMap<String, Vec<PKey<Public>>>>;

pub struct Issuer {
    _runtime: Runtime,
    folder: TempDir,
    base: String,
}

impl Issuer {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        place(folder.path(), "localhost", 9);
        let files = Files {
            certificate: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
        };
        let tls = Arc::new(Tls::new(Some(&Certificate::read(&files).unwrap())));
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let base = format!("https://localhost:{port}");
        let (asked, own) = (Arc::new(Asked::default()), base.clone());
        let endpoint = make(move |mut request: Request| {
            let (asked, own) = (Arc::clone(&asked), own.clone());
            async move {
                let body = request.take_body().into_string().await?;
                let path = request.uri().path();
                let (kind, step) = path[1..].split_once('/').unwrap();
                Ok::<_, poem::Error>(answer(&format!("{own}/{kind}"), kind, step, &body, &asked))
            }
        });
        let endpoint = Arc::new(Plain(poem::EndpointExt::map_to_response(endpoint)));
        runtime.spawn(async move {
            let (workers, never) = (Workers::start().unwrap(), std::future::pending());
            let connections = Arc::new(Connections::new(99, 99, Vec::new()));
            let (tls, timeouts) = (Some(tls), Timeouts::default());
            serve(
                listener,
                tls,
                endpoint,
                connections,
                timeouts,
                &workers,
                never,
            )
            .await;
        });
        Self {
            _runtime: runtime,
            folder,
            base,
        }
    }

    pub fn directory(&self, kind: &str) -> String {
        format!("{}/{kind}/directory", self.base)
    }

    /// What its clients have to trust.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }
}

/// What RFC 8555 has an issuer answer, as far as it is read. An order is ready
/// from the beginning, and valid once there is a key.
fn answer(base: &str, kind: &str, step: &str, body: &str, asked: &Asked) -> Response {
    let mut asked = asked.lock().unwrap();
    let keys = asked.entry(kind.to_owned()).or_default();
    let at = |step: &str| format!("{base}/{step}");
    let location = at(&format!("order/{}", keys.len()));
    if step == "finalize" {
        keys.push(key(body));
    }
    let is_open = step == "order" || step == format!("order/{}", keys.len());
    let text = match step {
        "directory" => json!({
            "newNonce": at("nonce"), "newAccount": at("account"), "newOrder": at("order"),
        })
        .to_string(),
        "certificate" => chain(kind, keys),
        _ => json!({
            "status": if is_open { "ready" } else { "valid" },
            "finalize": at("finalize"), "certificate": at("certificate"),
        })
        .to_string(),
    };
    Response::builder()
        .header("replay-nonce", "nonce")
        .header("location", location)
        .body(text)
}

/// The key that a signed request wants certified.
fn key(body: &str) -> PKey<Public> {
    let part = |text: &str, name: &str| {
        let text: Value = serde_json::from_str(text).unwrap();
        let part = text[name].as_str().unwrap();
        URL_SAFE_NO_PAD.decode(part).unwrap()
    };
    let payload = String::from_utf8(part(body, "payload")).unwrap();
    let request = X509Req::from_der(&part(&payload, "csr")).unwrap();
    request.public_key().unwrap()
}

fn chain(kind: &str, keys: &[PKey<Public>]) -> String {
    let (_, own) = issue("issuer", 0, DAY);
    let certified = |name, from, until| certify(name, keys.last().unwrap(), &own, from, until);
    let certificate = match (kind, keys.len()) {
        ("garbage", 1) => {
            return "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n".to_owned();
        }
        ("empty", 1) => return String::new(),
        ("key", 1) => issue("localhost", -DAY, 90 * DAY).0,
        ("expired", 1) => certified("localhost", -90 * DAY, -DAY),
        ("early", 1) => certified("localhost", DAY, 90 * DAY),
        ("name", 1) => certified("localhost.test", -DAY, 90 * DAY),
        _ => certified("localhost", -DAY, 90 * DAY),
    };
    String::from_utf8(certificate.to_pem().unwrap()).unwrap()
}
