//! A bucket with backups in it: under the name of each its files, and their
//! checksums, without which it is not one. They are written last, and removed first.

mod requests;
mod upload;

use std::{
    collections::BTreeMap, fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path,
    sync::Arc, time::Duration,
};

use reqwest::Method;
use rusty_s3::{Bucket as Address, Credentials, S3Action, UrlStyle, actions::ListObjectsV2};
use sha2::{Digest, Sha256};
use url::Url;

use self::requests::Requests;
use super::{
    error::BackupError,
    folder::{DATABASE, KEYS, SEALED_DATABASE, SEALED_KEYS},
    names::Names,
};
use crate::{
    config::{Config, ConfigError},
    domain::time::Timestamp,
    store::Progress,
};

/// The checksums of a backup's files, as `sha256sum` writes them.
const SUMS: &str = "SHA256SUMS";
/// The files: two of them, one way or the other.
const FILES: [&str; 4] = [DATABASE, KEYS, SEALED_DATABASE, SEALED_KEYS];
/// How long a signature is good for: a request is begun at once, or repeated soon.
const VALID: Duration = Duration::from_hours(1);
/// How long a request may take that moves no file.
const ANSWER: Duration = Duration::from_secs(30);
/// Pages of a list at most, a thousand objects each.
const PAGES: usize = 10_000;
/// How many of the latest backups are told.
const LATEST: usize = 5;
/// After which time what is not whole was given up by whoever made it.
const GIVEN_UP: Duration = Duration::from_hours(24);

/// The backups of one database in one bucket.
pub struct Bucket {
    address: Address,
    credentials: Credentials,
    /// With a slash at its end, unless it is empty.
    prefix: String,
    requests: Requests,
    names: Names,
}

impl Bucket {
    /// The one of this name, as the configuration reaches it.
    ///
    /// # Errors
    /// When the configuration does not say how.
    pub fn open(
        config: &Config,
        (name, prefix): (&str, &str),
        progress: &Arc<Progress>,
    ) -> Result<Self, BackupError> {
        let database = config.server.database.place();
        let (endpoint, style) = endpoint(config, name)?;
        let region = config.backup.region.as_str().to_owned();
        let wrong = |_| ConfigError::of("backup.endpoint", "does not go with such a bucket");
        let slash = if prefix.is_empty() { "" } else { "/" };
        let prefix = format!("{prefix}{slash}");
        Ok(Self {
            address: Address::new(endpoint, style, name.to_owned(), region).map_err(wrong)?,
            credentials: credentials(config)?,
            requests: Requests::to(format!("s3://{name}/{prefix}"), progress)?,
            prefix,
            names: Names::of(database),
        })
    }

    /// When each backup in it was made, the oldest first. Removes what was left
    /// long ago by those who were killed while they made one.
    ///
    /// # Errors
    /// When the store does not tell.
    pub async fn list(&self, now: Timestamp) -> Result<Vec<Timestamp>, BackupError> {
        let mut whole = Vec::new();
        for (name, is_whole) in self.names(&self.names.prefix).await? {
            match self.names.time(&name) {
                Some(at) if is_whole => whole.push(at),
                Some(at) if at + GIVEN_UP < now => {
                    // Whoever may not remove anything may make backups all the same.
                    let _ = self.remove(at).await;
                }
                _ => {}
            }
        }
        whole.sort_unstable();
        Ok(whole)
    }

    /// Removes one.
    ///
    /// # Errors
    /// When the store refuses it.
    pub async fn remove(&self, at: Timestamp) -> Result<(), BackupError> {
        for file in [SUMS].iter().chain(&FILES) {
            let key = self.key(&self.names.name(at), file);
            let action = self.address.delete_object(Some(&self.credentials), &key);
            let request = self.request(Method::DELETE, action.sign(VALID));
            self.requests.send(request).await?;
        }
        Ok(())
    }

    /// Puts the files of one into a folder.
    ///
    /// # Errors
    /// When there is none of this name, or it did not arrive as it was sent.
    pub async fn download(&self, name: &str, into: &Path) -> Result<(), BackupError> {
        let is_whole = self.names(&format!("{name}/")).await?.remove(name);
        if is_whole != Some(true) {
            return Err(self.not_there(name).await?);
        }
        let sums = self.requests.text(self.get(&self.key(name, SUMS))).await?;
        let sums = sums.lines().filter_map(|line| line.split_once("  "));
        for (sum, file) in sums.filter(|(_, file)| FILES.contains(file)) {
            let (key, path) = (self.key(name, file), into.join(file));
            if self.download_file(&key, &path).await? != sum {
                let path = format!("{}{name}/{file}", self.requests.target);
                return Err(BackupError::Damaged(path.into()));
            }
        }
        Ok(())
    }

    /// That there is none of this name, and which there are: those that begin so, or any.
    async fn not_there(&self, name: &str) -> Result<BackupError, BackupError> {
        let mut there = Vec::new();
        for start in [name, ""] {
            let keys = self.keys(start).await?;
            let whole = keys
                .iter()
                .filter_map(|key| key.strip_suffix(SUMS)?.strip_suffix('/'));
            there.extend(whole.map(|key| format!("s3://{}/{key}", self.address.name())));
            if !there.is_empty() {
                break;
            }
        }
        there.sort_unstable();
        Ok(BackupError::NotInBucket {
            path: format!("{}{name}", self.requests.target),
            latest: match there.as_slice() {
                [] => "there is none there".to_owned(),
                there => format!(
                    "the latest there are {}",
                    there[there.len().saturating_sub(LATEST)..].join(", ")
                ),
            },
        })
    }

    /// Makes a file of an object, and tells its checksum.
    async fn download_file(&self, key: &str, to: &Path) -> Result<String, BackupError> {
        let writing = BackupError::io(to);
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(to).map_err(&writing)?;
        let mut response = self.requests.send(self.get(key)).await?;
        let progress = &self.requests.progress;
        progress.expect(response.content_length().unwrap_or(0));
        let mut sum = Sha256::new();
        while let Some(chunk) = self.requests.chunk(&mut response).await? {
            sum.update(&chunk);
            file.write_all(&chunk).map_err(&writing)?;
            progress.advance(chunk.len() as u64);
        }
        Ok(format!("{:x}", sum.finalize()))
    }

    /// The names of backups of which there is anything, where keys go on like
    /// this, and whether they are whole.
    async fn names(&self, start: &str) -> Result<BTreeMap<String, bool>, BackupError> {
        let mut names = BTreeMap::new();
        for key in self.keys(start).await? {
            if let Some((name, file)) = key[self.prefix.len()..].split_once('/') {
                *names.entry(name.to_owned()).or_default() |= file == SUMS;
            }
        }
        Ok(names)
    }

    /// The keys of all files of backups, where they go on like this after the
    /// prefix. Whatever else is there is not ours.
    async fn keys(&self, start: &str) -> Result<Vec<String>, BackupError> {
        let mut keys = Vec::new();
        let start = format!("{}{start}", self.prefix);
        let mut list = ListObjectsV2::new(&self.address, Some(&self.credentials));
        list.with_prefix(start.clone());
        for _ in 0..PAGES {
            let request = self.request(Method::GET, list.sign(VALID));
            let text = self.requests.text(request).await?;
            let page = ListObjectsV2::parse_response(&text);
            let page = page.map_err(|_| self.requests.strange())?;
            let there = page.contents.into_iter().map(|object| object.key);
            keys.extend(there.filter(|key| key.starts_with(&start) && is_file(key)));
            match page.next_continuation_token {
                Some(token) => list.with_continuation_token(token),
                None => return Ok(keys),
            }
        }
        let reason = "there is too much else: name a prefix of its own";
        Err(self.requests.failed(reason))
    }

    fn get(&self, key: &str) -> reqwest::RequestBuilder {
        let action = self.address.get_object(Some(&self.credentials), key);
        self.requests.client.get(action.sign(VALID))
    }

    fn request(&self, method: Method, url: Url) -> reqwest::RequestBuilder {
        let request = self.requests.client.request(method, url);
        request.timeout(ANSWER)
    }

    fn key(&self, name: &str, file: &str) -> String {
        format!("{}{name}/{file}", self.prefix)
    }
}

/// Whether a key is one of a backup's file, and can be shown.
fn is_file(key: &str) -> bool {
    let file = key.rsplit('/').next();
    let is_known = file.is_some_and(|file| file == SUMS || FILES.contains(&file));
    is_known && key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Where a bucket is reached, and whether its name is part of the host.
fn endpoint(config: &Config, bucket: &str) -> Result<(Url, UrlStyle), ConfigError> {
    let wrong = |reason| ConfigError::of("backup.endpoint", reason);
    let region = config.backup.region.as_str();
    let amazon = || format!("https://s3.{region}.amazonaws.com");
    let (url, style) = match &config.backup.endpoint {
        Some(url) if url.is_exposed() && config.backup.recipient.is_empty() => {
            return Err(wrong(
                "is plain http, which anybody on the way can read: write https, reach it by loopback, or have backups encrypted (backup.recipient)",
            ));
        }
        Some(url) => (url.as_str().to_owned(), UrlStyle::Path),
        // No certificate is for a host within such a host.
        None if bucket.contains('.') => (amazon(), UrlStyle::Path),
        None => (amazon(), UrlStyle::VirtualHost),
    };
    let url = Url::parse(&url).map_err(|_| wrong("and backup.region do not make an address"))?;
    Ok((url, style))
}

/// The keys of the store, as its own tools take them.
fn credentials(config: &Config) -> Result<Credentials, ConfigError> {
    let variable = |name: &str| {
        let value = config.plan.environment.get(name);
        value.filter(|value| !value.is_empty()).cloned()
    };
    let id = variable("AWS_ACCESS_KEY_ID");
    let Some((id, secret)) = id.zip(variable("AWS_SECRET_ACCESS_KEY")) else {
        return Err(ConfigError::of(
            "backup.to",
            "names a bucket: set the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to the keys of its store",
        ));
    };
    Ok(match variable("AWS_SESSION_TOKEN") {
        Some(token) => Credentials::new_with_token(id, secret, token),
        None => Credentials::new(id, secret),
    })
}
