//! An account at an issuer: signed requests, each with a fresh nonce.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::EcKey,
    ecdsa::EcdsaSig,
    error::ErrorStack,
    pkey::Private,
    sha::sha256,
};
use reqwest::{
    Client, Response,
    header::{CONTENT_TYPE, LOCATION},
    redirect::Policy,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::error::AcmeError;

/// How long a call may take.
const CALL: Duration = Duration::from_secs(30);
/// How often a request is sent again whose nonce the issuer does not like (RFC 8555, section 6.5).
const ATTEMPTS: usize = 10;
const BAD_NONCE: &str = "urn:ietf:params:acme:error:badNonce";

/// Where an issuer does what (section 7.1.1).
#[derive(Deserialize)]
struct Directory {
    #[serde(rename = "newNonce")]
    nonces: String,
    #[serde(rename = "newAccount")]
    accounts: String,
    #[serde(rename = "newOrder")]
    orders: String,
}

/// What an issuer says of a failure (RFC 9457).
#[derive(Debug, Default, Deserialize)]
pub struct Problem {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    pub detail: String,
}

/// An answer that is a success.
pub struct Answer {
    /// What was created.
    pub location: String,
    pub body: String,
}

impl Answer {
    /// Reads its JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, AcmeError> {
        serde_json::from_str(&self.body).map_err(|error| AcmeError::Unexpected(error.to_string()))
    }
}

/// An account, known by its key.
pub struct Account {
    client: Client,
    key: EcKey<Private>,
    directory: Directory,
    /// Its address at the issuer, once that is known.
    id: Option<String>,
    nonce: Option<String>,
}

impl Account {
    /// Opens the account of this key, or makes one: naming hosts in `tls.acme`
    /// agrees to the issuer's terms.
    pub async fn open(
        directory: &str,
        contact: Option<&str>,
        key: EcKey<Private>,
    ) -> Result<Self, AcmeError> {
        let agent = concat!("invited/", env!("CARGO_PKG_VERSION"));
        let client = Client::builder().user_agent(agent).timeout(CALL);
        let client = client.redirect(Policy::none()).build()?;
        let answer = client.get(directory).send().await?.error_for_status()?;
        let body = answer.text().await?;
        let location = String::new();
        let directory = Answer { location, body }.json()?;
        let mut account = Self {
            client,
            key,
            directory,
            id: None,
            nonce: None,
        };
        let contact: Vec<_> = contact
            .map(|to| format!("mailto:{to}"))
            .into_iter()
            .collect();
        let terms = json!({ "termsOfServiceAgreed": true, "contact": contact });
        let url = account.directory.accounts.clone();
        account.id = Some(account.post(&url, &terms).await?.location);
        Ok(account)
    }

    /// Asks for something new.
    pub async fn order(&mut self, order: &Value) -> Result<Answer, AcmeError> {
        let url = self.directory.orders.clone();
        self.post(&url, order).await
    }

    /// Reads something (POST-as-GET, section 6.3).
    pub async fn get(&mut self, url: &str) -> Result<Answer, AcmeError> {
        self.send(url, "").await
    }

    /// Sends something.
    pub async fn post(&mut self, url: &str, payload: &Value) -> Result<Answer, AcmeError> {
        self.send(url, &payload.to_string()).await
    }

    async fn send(&mut self, url: &str, payload: &str) -> Result<Answer, AcmeError> {
        let mut problem = Problem::default();
        for _ in 0..ATTEMPTS {
            let body = self.sign(url, payload).await?;
            let request = self.client.post(url).body(body);
            let request = request.header(CONTENT_TYPE, "application/jose+json");
            let answer = request.send().await?;
            self.nonce = header(&answer, "replay-nonce");
            let location = header(&answer, LOCATION.as_str()).unwrap_or_default();
            let status = answer.status();
            let body = answer.text().await?;
            if status.is_success() {
                return Ok(Answer { location, body });
            }
            problem = serde_json::from_str(&body).unwrap_or_default();
            if problem.kind != BAD_NONCE {
                let detail = format!("{} ({status} {})", problem.detail, problem.kind);
                return Err(AcmeError::Refused(detail));
            }
        }
        Err(AcmeError::Refused(problem.detail))
    }

    /// A signed request (RFC 7515, section 7.2.2).
    async fn sign(&mut self, url: &str, payload: &str) -> Result<String, AcmeError> {
        let nonce = match self.nonce.take() {
            Some(nonce) => nonce,
            None => self.fresh_nonce().await?,
        };
        let mut protected = json!({ "alg": "ES256", "nonce": nonce, "url": url });
        match &self.id {
            Some(id) => protected["kid"] = json!(id),
            None => protected["jwk"] = jwk(&self.key)?,
        }
        let protected = URL_SAFE_NO_PAD.encode(protected.to_string());
        let payload = URL_SAFE_NO_PAD.encode(payload);
        let digest = sha256(format!("{protected}.{payload}").as_bytes());
        let signature = EcdsaSig::sign(&digest, &self.key)?;
        let halves = [signature.r(), signature.s()].map(|half| half.to_vec_padded(32));
        let [r, s] = halves;
        let signature = URL_SAFE_NO_PAD.encode([r?, s?].concat());
        let request = json!({ "protected": protected, "payload": payload, "signature": signature });
        Ok(request.to_string())
    }

    async fn fresh_nonce(&self) -> Result<String, AcmeError> {
        let answer = self.client.head(&self.directory.nonces).send().await?;
        header(&answer, "replay-nonce")
            .ok_or_else(|| AcmeError::Unexpected("it has no nonce for us".to_owned()))
    }

    /// What proves that whoever holds this key is behind `token` (RFC 8555, section 8.1).
    pub fn authorization(&self, token: &str) -> Result<String, ErrorStack> {
        let thumbprint = sha256(jwk(&self.key)?.to_string().as_bytes());
        Ok(format!("{token}.{}", URL_SAFE_NO_PAD.encode(thumbprint)))
    }
}

fn header(answer: &Response, name: &str) -> Option<String> {
    Some(answer.headers().get(name)?.to_str().ok()?.to_owned())
}

/// The public key, with its members in the order that its thumbprint is made of (RFC 7638).
fn jwk(key: &EcKey<Private>) -> Result<Value, ErrorStack> {
    let (mut x, mut y, mut context) = (BigNum::new()?, BigNum::new()?, BigNumContext::new()?);
    let public = key.public_key();
    public.affine_coordinates(key.group(), &mut x, &mut y, &mut context)?;
    let [x, y] = [x, y].map(|part| part.to_vec_padded(32));
    let (x, y) = (URL_SAFE_NO_PAD.encode(x?), URL_SAFE_NO_PAD.encode(y?));
    Ok(json!({ "crv": "P-256", "kty": "EC", "x": x, "y": y }))
}
