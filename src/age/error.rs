//! Why a file was not encrypted, or not decrypted.

use std::io;

use openssl::error::ErrorStack;

/// Why a file was not encrypted, or not decrypted.
#[derive(Debug, thiserror::Error)]
pub enum AgeError {
    /// The operating system would not.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// OpenSSL would not.
    #[error(transparent)]
    Crypto(#[from] ErrorStack),
    /// It is not what was encrypted.
    #[error("it is damaged, or was not encrypted by age")]
    Malformed,
    /// It is for others.
    #[error("it is encrypted to other keys")]
    NoMatch,
}
