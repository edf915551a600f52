//! What the format is made of: HKDF, HMAC, ChaCha20-Poly1305 and X25519.

use hmac::{Hmac, Mac};
use openssl::{
    derive::Deriver,
    error::ErrorStack,
    pkey::{Id, PKey},
    symm::{Cipher, decrypt_aead, encrypt_aead},
};
use sha2::Sha256;

/// A key, or a share of one.
pub type Key = [u8; 32];
/// What a file's other keys come from.
pub type FileKey = [u8; 16];
/// Bytes that a ciphertext is longer by.
pub const TAG: usize = 16;

/// HKDF-SHA256 (RFC 5869), for one key.
pub fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Key {
    let pseudorandom = mac(salt, &[secret]);
    mac(&pseudorandom, &[info, &[1]])
}

/// HMAC-SHA256.
pub fn mac(key: &[u8], text: &[&[u8]]) -> Key {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in text {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// ChaCha20-Poly1305.
pub fn seal(key: &Key, nonce: &[u8; 12], text: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut tag = [0; TAG];
    let cipher = Cipher::chacha20_poly1305();
    let mut sealed = encrypt_aead(cipher, key, Some(nonce), &[], text, &mut tag)?;
    sealed.extend(tag);
    Ok(sealed)
}

/// The same, back; `None` for what was not sealed so.
pub fn open(key: &Key, nonce: &[u8; 12], sealed: &[u8]) -> Option<Vec<u8>> {
    let (text, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG)?)?;
    decrypt_aead(
        Cipher::chacha20_poly1305(),
        key,
        Some(nonce),
        &[],
        text,
        tag,
    )
    .ok()
}

/// X25519: the share that goes with a secret.
pub fn share(secret: &Key) -> Result<Key, ErrorStack> {
    let key = PKey::private_key_from_raw_bytes(secret, Id::X25519)?;
    let mut share = Key::default();
    share.copy_from_slice(&key.raw_public_key()?);
    Ok(share)
}

/// X25519: what both sides know. Fails for shares that make it known to everybody.
pub fn agree(secret: &Key, share: &Key) -> Result<Vec<u8>, ErrorStack> {
    let own = PKey::private_key_from_raw_bytes(secret, Id::X25519)?;
    let other = PKey::public_key_from_raw_bytes(share, Id::X25519)?;
    let mut deriver = Deriver::new(&own)?;
    deriver.set_peer(&other)?;
    deriver.derive_to_vec()
}
