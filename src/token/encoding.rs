//! How bytes are spelled in tokens and key files.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Unpadded base64url (RFC 4648, section 5).
pub fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Bytes from unpadded base64url, in its one canonical spelling.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
