//! Puts a backup into a bucket, a part of a file at a time.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use openssl::hash::{MessageDigest, hash};
use reqwest::{Method, RequestBuilder, Response, header::ETAG};
use rusty_s3::{
    S3Action,
    actions::{CompleteMultipartUpload, CreateMultipartUpload},
};
use sha2::{Digest, Sha256};
use url::Url;

use super::{Bucket, FILES, SUMS, VALID, requests};
use crate::{app::backup::error::BackupError, domain::time::Timestamp};

/// Bytes of a file that are sent at a time.
const PART: u64 = 8 << 20;
/// Parts that a file may have.
const PARTS: u64 = 10_000;
/// How long a part may take, and putting all of them together.
const PATIENCE: Duration = Duration::from_mins(5);
/// How long it is tried to remove what is left of a failure: the service may be stopping.
const CLEANING: Duration = Duration::from_secs(1);

impl Bucket {
    /// Asks whether one can be put there.
    ///
    /// # Errors
    /// When it cannot be, or there is one of this time.
    pub async fn probe(&self, at: Timestamp) -> Result<(), BackupError> {
        if self.list(at).await?.contains(&at) {
            return Err(BackupError::Exists(self.shown(at)));
        }
        Ok(())
    }

    /// Puts the files of a folder there, and at last what makes a backup of them.
    ///
    /// # Errors
    /// When it cannot be done. Then what was put there is removed as far as that
    /// can be done, and not called a backup.
    pub async fn upload(&self, folder: &Path, at: Timestamp) -> Result<String, BackupError> {
        let name = self.names.name(at);
        let uploaded = self.upload_files(folder, &name).await;
        if uploaded.is_err() {
            for file in FILES {
                let key = self.key(&name, file);
                let action = self.address.delete_object(Some(&self.credentials), &key);
                self.clean(action.sign(VALID)).await;
            }
        }
        uploaded.map(|()| self.shown(at))
    }

    fn shown(&self, at: Timestamp) -> String {
        format!("{}{}", self.requests.target, self.names.name(at))
    }

    async fn upload_files(&self, folder: &Path, name: &str) -> Result<(), BackupError> {
        let mut sums = Vec::new();
        for file in FILES.into_iter().filter(|file| folder.join(file).exists()) {
            let (path, key) = (folder.join(file), self.key(name, file));
            let sum = self.upload_file(&path, &key).await?;
            sums.push(format!("{sum}  {file}\n"));
        }
        let sums = sums.concat().into_bytes();
        self.put(&self.key(name, SUMS), sums).await
    }

    /// Makes an object of a file, and tells its checksum.
    async fn upload_file(&self, path: &Path, key: &str) -> Result<String, BackupError> {
        let reading = BackupError::io(path);
        let mut file = File::open(path).map_err(&reading)?;
        let length = file.metadata().map_err(&reading)?.len();
        self.requests.progress.expect(length);
        let mut parts = Parts {
            size: PART.max(length.div_ceil(PARTS)),
            sum: Sha256::new(),
            file: &mut file,
        };
        if length <= parts.size {
            self.put(key, parts.next().map_err(&reading)?).await?;
        } else {
            let create = CreateMultipartUpload::new(&self.address, Some(&self.credentials), key);
            let request = self.request(Method::POST, create.sign(VALID));
            let text = self.requests.text(request).await?;
            let created = CreateMultipartUpload::parse_response(&text);
            let created = created.map_err(|_| self.requests.strange())?;
            let id = created.upload_id();
            let sent = self.upload_parts(&mut parts, &reading, key, id).await;
            if sent.is_err() {
                let abort = self
                    .address
                    .abort_multipart_upload(Some(&self.credentials), key, id);
                self.clean(abort.sign(VALID)).await;
            }
            sent?;
        }
        Ok(format!("{:x}", parts.sum.finalize()))
    }

    async fn upload_parts(
        &self,
        parts: &mut Parts<'_>,
        reading: &impl Fn(io::Error) -> BackupError,
        key: &str,
        id: &str,
    ) -> Result<(), BackupError> {
        let mut tags = Vec::new();
        for number in 1.. {
            let part = parts.next().map_err(reading)?;
            if part.is_empty() {
                break;
            }
            let action = self
                .address
                .upload_part(Some(&self.credentials), key, number, id);
            let answer = self.send(action.sign(VALID), part).await?;
            let tag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
            tags.push(tag.ok_or_else(|| self.requests.strange())?.to_owned());
        }
        let credentials = Some(&self.credentials);
        let tags = tags.iter().map(String::as_str);
        let complete = CompleteMultipartUpload::new(&self.address, credentials, key, id, tags);
        let request = self.request(Method::POST, complete.sign(VALID));
        let request = request.timeout(PATIENCE).body(complete.body());
        let text = self.requests.text(request).await?;
        // What fails after it was begun to be answered fails with the status of a success.
        match requests::code(&text) {
            Some(code) => Err(self
                .requests
                .failed(&format!("it could not be put together ({code})"))),
            None => Ok(()),
        }
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), BackupError> {
        let action = self.address.put_object(Some(&self.credentials), key);
        self.send(action.sign(VALID), bytes).await.map(drop)
    }

    async fn send(&self, url: Url, bytes: Vec<u8>) -> Result<Response, BackupError> {
        let length = bytes.len() as u64;
        let sent = self.requests.send(self.checked(url, bytes)).await?;
        self.requests.progress.advance(length);
        Ok(sent)
    }

    /// A request whose body the store refuses if it does not arrive as it is.
    fn checked(&self, url: Url, bytes: Vec<u8>) -> RequestBuilder {
        let request = self.request(Method::PUT, url).timeout(PATIENCE);
        let request = match hash(MessageDigest::md5(), &bytes) {
            Ok(sum) => request.header("content-md5", BASE64_STANDARD.encode(sum)),
            // Some systems forbid it.
            Err(_) => request,
        };
        request.body(bytes)
    }

    async fn clean(&self, url: Url) {
        // If it cannot be removed, it is when that was long ago.
        let request = self.request(Method::DELETE, url).timeout(CLEANING);
        let _ = request.send().await;
    }
}

/// A file, a part at a time.
struct Parts<'a> {
    file: &'a mut File,
    size: u64,
    sum: Sha256,
}

impl Parts<'_> {
    fn next(&mut self) -> io::Result<Vec<u8>> {
        let mut part = Vec::new();
        self.file.take(self.size).read_to_end(&mut part)?;
        self.sum.update(&part);
        Ok(part)
    }
}
