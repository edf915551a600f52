//! Appends messages to a file, one JSON object a line, for tests that read the code.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    error::{Failure, SmsError},
    gateway::{Gateway, Receipt, Transcript},
    message::Message,
};
use crate::{domain::code::OneTimeCode, files};

/// A file that is made when there is something to write to it.
pub struct File {
    appender: Arc<Mutex<Appender>>,
    /// A pipe or a terminal may keep who writes waiting.
    may_block: bool,
}

struct Appender {
    path: PathBuf,
    file: Option<fs::File>,
}

#[derive(Serialize)]
struct Record<'a> {
    at: String,
    to: String,
    text: &'a str,
    /// Empty where there is none, so that a line always has the same four texts.
    code: &'a str,
}

impl File {
    /// Opens the file for appending, or makes sure that there can be one.
    pub fn open(path: &Path) -> Result<Self, String> {
        let file = match OpenOptions::new().append(true).open(path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                files::can_create(path)?;
                None
            }
            Err(error) => return Err(error.to_string()),
        };
        let metadata = file.as_ref().map(fs::File::metadata).transpose();
        let metadata = metadata.map_err(|error| error.to_string())?;
        let path = path.to_owned();
        Ok(Self {
            appender: Arc::new(Mutex::new(Appender { path, file })),
            may_block: metadata.is_some_and(|metadata| !metadata.is_file()),
        })
    }
}

impl Appender {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            return file.write_all(line);
        }
        let mut options = OpenOptions::new();
        // Codes are in it: for the owner's eyes only.
        let mut file = options
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.path)?;
        files::keep_private(&file)?;
        file.write_all(line)?;
        self.file = Some(file);
        Ok(())
    }
}

#[async_trait]
impl Gateway for File {
    async fn deliver(&self, message: &Message, _: &mut Transcript) -> Result<Receipt, Failure> {
        let at =
            OffsetDateTime::from_unix_timestamp_nanos(i128::from(message.at.millis()) * 1_000_000)
                .ok()
                .and_then(|at| at.format(&Rfc3339).ok())
                .ok_or(SmsError::NotSent)?;
        let line = Record {
            at,
            to: message.to.e164(),
            text: &message.text,
            code: message.code.as_ref().map_or("", OneTimeCode::reveal),
        };
        let mut line = serde_json::to_vec(&line).map_err(|_| SmsError::NotSent)?;
        line.push(b'\n');
        let appender = Arc::clone(&self.appender);
        let append = move || {
            let mut appender = appender.lock().unwrap_or_else(PoisonError::into_inner);
            appender.append(&line)
        };
        // Another thread would take longer to wake than a line takes to be written.
        let written = if self.may_block {
            let writing = tokio::task::spawn_blocking(append);
            writing.await.unwrap_or_else(|panic| Err(panic.into()))
        } else {
            append()
        };
        match written {
            Ok(()) => Ok(Receipt::default()),
            Err(_) => Err(SmsError::NotSent.into()),
        }
    }
}
