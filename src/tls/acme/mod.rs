//! A certificate from an issuer that speaks ACME (RFC 8555), who looks for the
//! proof over HTTP (section 8.3).

mod account;
mod error;

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openssl::{
    error::ErrorStack,
    hash::MessageDigest,
    pkey::{PKey, Private},
    stack::Stack,
    x509::{X509Req, extension::SubjectAlternativeName},
};
use serde::Deserialize;
use serde_json::json;

use self::account::{Account, Answer, Problem};
pub use self::error::AcmeError;
use super::key;
use crate::files;

/// How often it is asked whether the issuer is done, with so long in between.
const POLLS: usize = 90;
const PAUSE: Duration = Duration::from_secs(1);
/// Where the issuer looks for proofs.
const FOLDER: &str = "/.well-known/acme-challenge/";

/// Proofs that an issuer may look for now: what is answered for each token.
#[derive(Debug, Default)]
pub struct Challenges(Mutex<HashMap<String, String>>);

impl Challenges {
    /// The proof at this path, if there is one.
    pub fn answer(&self, path: &str) -> Option<String> {
        let proofs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        proofs.get(path.strip_prefix(FOLDER)?).cloned()
    }

    fn offer(&self, token: &str, proof: String) {
        let mut proofs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        proofs.insert(token.to_owned(), proof);
    }

    fn clear(&self) {
        let mut proofs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        proofs.clear();
    }
}

/// Who issues, and for what.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Its directory.
    pub directory: String,
    /// Where it can write to.
    pub contact: Option<String>,
    /// The file with the key of the account; it is made when it is needed.
    pub account: PathBuf,
    /// The hosts that the certificate is for.
    pub names: BTreeSet<String>,
}

/// An order or an authorization (RFC 8555, section 7.1).
#[derive(Deserialize)]
struct Resource {
    status: String,
    #[serde(default)]
    authorizations: Vec<String>,
    #[serde(default)]
    finalize: String,
    #[serde(default)]
    certificate: String,
    #[serde(default)]
    challenges: Vec<Challenge>,
    error: Option<Problem>,
}

#[derive(Deserialize)]
struct Challenge {
    #[serde(rename = "type")]
    kind: String,
    url: String,
    #[serde(default)]
    token: String,
    error: Option<Problem>,
}

impl Issuer {
    /// Has a certificate issued; the text of a fresh key and of the chain, in PEM.
    pub async fn issue(&self, challenges: &Challenges) -> Result<Vec<u8>, AcmeError> {
        let contact = self.contact.as_deref();
        let key = self.account_key()?.ec_key()?;
        let mut account = Account::open(&self.directory, contact, key).await?;
        let issued = self.order(&mut account, challenges).await;
        challenges.clear();
        issued
    }

    async fn order(
        &self,
        account: &mut Account,
        challenges: &Challenges,
    ) -> Result<Vec<u8>, AcmeError> {
        let names = self.names.iter();
        let names: Vec<_> = names
            .map(|name| json!({ "type": "dns", "value": name }))
            .collect();
        let answer = account.order(&json!({ "identifiers": names })).await?;
        let order: Resource = answer.json()?;
        for url in &order.authorizations {
            prove(account, url, challenges).await?;
        }
        let Answer { location, .. } = answer;
        settled(account, &location, "ready").await?;
        let key = PKey::from_ec_key(key::generate()?)?;
        let request = URL_SAFE_NO_PAD.encode(self.request(&key)?);
        account
            .post(&order.finalize, &json!({ "csr": request }))
            .await?;
        let order = settled(account, &location, "valid").await?;
        let chain = account.get(&order.certificate).await?.body;
        Ok([key.private_key_to_pem_pkcs8()?, chain.into_bytes()].concat())
    }

    fn account_key(&self) -> Result<PKey<Private>, AcmeError> {
        let path = &self.account;
        if path.exists() {
            return Ok(key::read("tls.acme", path)?);
        }
        let key = PKey::from_ec_key(key::generate()?)?;
        let pem = key.private_key_to_pem_pkcs8()?;
        files::replace(path, &pem).map_err(|error| AcmeError::io(path, error))?;
        Ok(key)
    }

    /// A request for a certificate (RFC 2986), in DER.
    fn request(&self, key: &PKey<Private>) -> Result<Vec<u8>, ErrorStack> {
        let mut request = X509Req::builder()?;
        request.set_pubkey(key)?;
        let mut names = SubjectAlternativeName::new();
        for name in &self.names {
            names.dns(name);
        }
        let mut extensions = Stack::new()?;
        extensions.push(names.build(&request.x509v3_context(None))?)?;
        request.add_extensions(&extensions)?;
        request.sign(key, MessageDigest::sha256())?;
        request.build().to_der()
    }
}

/// Shows the issuer that a host is ours, unless it knows that already.
async fn prove(account: &mut Account, url: &str, challenges: &Challenges) -> Result<(), AcmeError> {
    let authorization: Resource = account.get(url).await?.json()?;
    if authorization.status == "valid" {
        return Ok(());
    }
    let mut offered = authorization.challenges.iter();
    let Some(challenge) = offered.find(|challenge| challenge.kind == "http-01") else {
        return Err(AcmeError::Unexpected(
            "it offers no proof over HTTP".to_owned(),
        ));
    };
    let proof = account.authorization(&challenge.token)?;
    challenges.offer(&challenge.token, proof);
    account.post(&challenge.url, &json!({})).await?;
    settled(account, url, "valid").await.map(drop)
}

/// Waits until an order or an authorization has this status.
async fn settled(account: &mut Account, url: &str, status: &str) -> Result<Resource, AcmeError> {
    for _ in 0..POLLS {
        let resource: Resource = account.get(url).await?.json()?;
        match resource.status.as_str() {
            current if current == status => return Ok(resource),
            "pending" | "processing" | "ready" => tokio::time::sleep(PAUSE).await,
            other => {
                let failed = resource.challenges.into_iter();
                let reason = failed
                    .filter_map(|challenge| challenge.error)
                    .chain(resource.error);
                let reason: String = reason.map(|problem| problem.detail).collect();
                return Err(AcmeError::Refused(format!("{reason} ({other})")));
            }
        }
    }
    Err(AcmeError::TooSlow)
}
