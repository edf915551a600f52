//! Why no certificate was issued.

use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
};

use openssl::error::ErrorStack;

use crate::tls::error::TlsError;

/// A sentence for the log.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// No answer came.
    #[error("the issuer cannot be reached: {}", causes(.0))]
    Unreachable(#[from] reqwest::Error),
    /// A problem document (RFC 8555, section 6.7), or what a proof failed of.
    #[error("the issuer refused: {0}")]
    Refused(String),
    /// It does not do what RFC 8555 says.
    #[error("the issuer does not answer as ACME has it: {0}")]
    Unexpected(String),
    /// It still was not done after a while.
    #[error("the issuer took too long")]
    TooSlow,
    /// It is for other names, or over already.
    #[error(
        "the certificate that was issued is not one for tls.acme that is good now: look at the clock"
    )]
    Unfit,
    /// The key of the account, or the new certificate.
    #[error(transparent)]
    Key(#[from] TlsError),
    /// A file could not be written.
    #[error("{path} cannot be written: {error}", path = .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// OpenSSL would not.
    #[error("a key or a signature cannot be made: {0}")]
    Crypto(#[from] ErrorStack),
}

impl AcmeError {
    /// A file could not be written.
    pub fn io(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        Self::Io { path, error }
    }
}

/// An error with what it came from, which reqwest does not tell by itself.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
