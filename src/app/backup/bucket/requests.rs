//! Requests to an S3-compatible store, repeated where that may help.

use std::{error::Error, sync::Arc, time::Duration};

use reqwest::{RequestBuilder, Response, StatusCode};
use tokio::time::sleep;

use crate::{app::backup::error::BackupError, store::Progress};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a store may keep silent, and a request may take to be sent.
const SILENCE: Duration = Duration::from_mins(5);
/// How long to wait before a request is repeated: once for each of these.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];
/// How often it is looked whether to stop.
const TICK: Duration = Duration::from_millis(100);
/// Bytes of an answer that is text, at most: a page of a list has a thousand names.
const LONGEST: usize = 8 << 20;

/// Who makes requests, and what they are told of.
pub struct Requests {
    /// What sends them.
    pub client: reqwest::Client,
    /// Where to, for people.
    pub target: String,
    /// What tells to stop.
    pub progress: Arc<Progress>,
}

/// Why a request was not answered well.
struct Refusal {
    reason: String,
    /// Whether it may be in a while.
    passes: bool,
}

impl Requests {
    /// Those to `target`.
    pub fn to(target: String, progress: &Arc<Progress>) -> Result<Self, BackupError> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("invited/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .build();
        Ok(Self {
            client: client.map_err(|error| failure(&target, &causes(&error)))?,
            target,
            progress: Arc::clone(progress),
        })
    }

    /// Sends a request until it is answered well, or that is not to be expected.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, BackupError> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let copy = request.try_clone();
            let copy = copy.ok_or_else(|| self.failed("a request cannot be repeated"))?;
            let refusal = match self.unless_stopped(attempt(copy)).await? {
                Ok(response) => return Ok(response),
                Err(refusal) => refusal,
            };
            match pauses.next().filter(|_| refusal.passes) {
                Some(pause) => self.unless_stopped(sleep(pause)).await?,
                None => return Err(self.failed(&refusal.reason)),
            }
        }
    }

    /// The same, with what it is answered.
    pub async fn text(&self, request: RequestBuilder) -> Result<String, BackupError> {
        let mut response = self.send(request).await?;
        let mut text = Vec::new();
        while let Some(chunk) = self.chunk(&mut response).await? {
            text.extend(chunk);
            if text.len() > LONGEST {
                return Err(self.strange());
            }
        }
        Ok(in_amazons_namespace(&String::from_utf8_lossy(&text)))
    }

    /// What comes next of an answer.
    pub async fn chunk(&self, of: &mut Response) -> Result<Option<Vec<u8>>, BackupError> {
        let chunk = self.unless_stopped(of.chunk()).await?;
        let chunk = chunk.map_err(|error| self.failed(&causes(&error.without_url())))?;
        Ok(chunk.map(Vec::from))
    }

    /// The sentence about a failure.
    pub fn failed(&self, reason: &str) -> BackupError {
        failure(&self.target, reason)
    }

    /// The sentence about an answer that no store of this kind gives.
    pub fn strange(&self) -> BackupError {
        self.failed("the answer is not one of an S3-compatible store: look at backup.endpoint")
    }

    async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, BackupError> {
        let stopped = async {
            while !self.progress.is_stopped() {
                sleep(TICK).await;
            }
        };
        tokio::select! {
            done = work => Ok(done),
            () = stopped => Err(BackupError::Stopped),
        }
    }
}

/// An answer as Amazon would give it: other stores have another namespace or none,
/// and that is all that the parser understands.
fn in_amazons_namespace(answer: &str) -> String {
    let mut text = answer.to_owned();
    if let Some(start) = text.find(" xmlns=\"")
        && let Some(length) = text[start..].match_indices('"').nth(1)
    {
        text.replace_range(start..=start + length.0, "");
    }
    let namespace = "Result xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
    text.replacen("Result", namespace, 1)
}

fn failure(target: &str, reason: &str) -> BackupError {
    BackupError::Bucket {
        target: target.to_owned(),
        reason: reason.to_owned(),
    }
}

async fn attempt(request: RequestBuilder) -> Result<Response, Refusal> {
    let sent = request.send().await.map_err(|error| Refusal {
        reason: format!("{}: look at backup.endpoint", causes(&error.without_url())),
        passes: true,
    })?;
    let status = sent.status();
    if status.is_success() {
        return Ok(sent);
    }
    let code = sent.text().await.ok().and_then(|text| code(&text));
    let code = code.map_or_else(String::new, |code| format!(" ({code})"));
    let remedy = match status.as_u16() {
        401 | 403 => "look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and what they may do there",
        404 => "is there such a bucket, and is it at backup.endpoint?",
        300..=499 => "look at backup.region and backup.endpoint",
        _ => "it is down, or overloaded",
    };
    Err(Refusal {
        reason: format!("the store answered {}{code}: {remedy}", status.as_u16()),
        passes: status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS,
    })
}

/// The store's own word for what is wrong.
pub fn code(answer: &str) -> Option<String> {
    let (_, rest) = answer.split_once("<Error>")?;
    let (code, _) = rest.split_once("<Code>")?.1.split_once("</Code>")?;
    let is_word = code.len() < 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    Some(code.to_owned()).filter(|_| is_word)
}

/// An error and what caused it: the last word is mostly the one that helps.
fn causes(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use rusty_s3::actions::ListObjectsV2;

    use super::*;

    #[test]
    fn stores_are_understood_whatever_their_namespace() {
        let google = " xmlns=\"http://doc.s3.amazonaws.com/2006-03-01\"";
        let amazon = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
        for namespace in [amazon, google, ""] {
            let inner = "<Contents><Key>Result</Key></Contents>";
            let text = format!("<ListBucketResult{namespace}>{inner}</ListBucketResult>");
            let page = ListObjectsV2::parse_response(&in_amazons_namespace(&text)).unwrap();
            assert_eq!(page.contents[0].key, "Result");
        }
    }
}
