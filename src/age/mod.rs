//! Encrypts files to the holders of keys, and decrypts them: age
//! (<https://age-encryption.org/v1>) with recipients of the kind X25519.

mod crypto;
mod error;
mod header;
mod key;
mod payload;

use std::io::{self, BufRead, Write};

use rand::CryptoRng;

use self::crypto::{FileKey, Key};
pub use self::{
    error::AgeError,
    key::{Identity, Recipient},
    payload::{Decryptor, Encryptor},
};

/// Begins a file that the recipients can read.
///
/// # Errors
/// When the head of it cannot be written.
pub fn encrypt<W: Write>(
    mut to: W,
    recipients: &[Recipient],
    rng: &mut dyn CryptoRng,
) -> Result<Encryptor<W>, AgeError> {
    let mut file_key = FileKey::default();
    rng.fill_bytes(&mut file_key);
    let mut nonce = [0; payload::NONCE];
    rng.fill_bytes(&mut nonce);
    to.write_all(&header::write(recipients, &file_key, rng)?)?;
    to.write_all(&nonce)?;
    Ok(Encryptor::new(to, payload_key(&file_key, &nonce)))
}

/// Begins to read a file that one of the identities can read.
///
/// # Errors
/// When none of them can, or the head of it is damaged.
pub fn decrypt<R: BufRead>(mut from: R, identities: &[Identity]) -> Result<Decryptor<R>, AgeError> {
    let file_key = header::read(&mut from, identities)?;
    let mut nonce = [0; payload::NONCE];
    from.read_exact(&mut nonce)
        .map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => AgeError::Malformed,
            _ => error.into(),
        })?;
    Ok(Decryptor::new(from, payload_key(&file_key, &nonce)))
}

fn payload_key(file_key: &FileKey, nonce: &[u8]) -> Key {
    crypto::derive(file_key, nonce, b"payload")
}
