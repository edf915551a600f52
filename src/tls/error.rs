//! Why a certificate cannot be used, and what to do.

use std::{
    io,
    path::{Path, PathBuf},
};

use openssl::error::{Error, ErrorStack};

use crate::files;

/// One sentence that names the setting.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The operating system would not.
    #[error("{setting}: {path} cannot be read: {reason}", path = .path.display(), reason = files::reason(.path, .error))]
    Io {
        /// Which of the two files.
        setting: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Other people could read the key.
    #[error(
        "{setting}: {path} can be read by everybody on this machine: take that right away (chmod 600), and use another key if somebody may have made use of it", path = .path.display()
    )]
    Exposed {
        /// What it is the key of.
        setting: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// Something else, or in another encoding.
    #[error(
        "tls.certificate: {0} is not a chain of certificates in PEM (-----BEGIN CERTIFICATE-----)"
    )]
    NotACertificate(PathBuf),
    /// The same of the key.
    #[error("{setting}: {path} is not a private key in PEM (-----BEGIN PRIVATE KEY-----)", path = .path.display())]
    NotAKey {
        /// What it should be the key of.
        setting: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// A server that starts by itself has nobody to ask.
    #[error(
        "{setting}: {path} is encrypted: take its passphrase off (openssl pkey -in {path} -out FILE)", path = .path.display()
    )]
    Encrypted {
        /// What it is the key of.
        setting: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// Of two different certificates, or of one that is not the first.
    #[error(
        "tls.key: {key} is not the key of the first certificate in {certificate}: name two files that were issued together, with the server's own certificate in front", key = .key.display(), certificate = .certificate.display()
    )]
    Mismatch {
        /// Where the key is.
        key: PathBuf,
        /// Where the certificate is.
        certificate: PathBuf,
    },
    /// Clients would not take it either: a key that is too short, an old signature.
    #[error("tls.certificate: {0} cannot be used: {reason}", reason = reason(.1))]
    Refused(PathBuf, ErrorStack),
}

impl TlsError {
    pub(super) fn io(setting: &'static str, path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        Self::Io {
            setting,
            path,
            error,
        }
    }
}

fn reason(errors: &ErrorStack) -> &str {
    let first = errors.errors().first().and_then(Error::reason);
    first.unwrap_or("OpenSSL does not say why")
}
