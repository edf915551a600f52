//! Private keys, and the files that they are kept in.

use std::{fs::File, io::Read, os::unix::fs::MetadataExt, path::Path};

use openssl::{
    ec::{EcGroup, EcKey},
    error::ErrorStack,
    nid::Nid,
    pkey::{PKey, Private},
};

use super::error::TlsError;

/// Reads the key in a file that `setting` names.
pub fn read(setting: &'static str, path: &Path) -> Result<PKey<Private>, TlsError> {
    let failed = |error| TlsError::io(setting, path, error);
    let mut file = File::open(path).map_err(failed)?;
    let mut pem = Vec::new();
    file.read_to_end(&mut pem).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.mode();
    let path = path.to_owned();
    if mode & 0o007 != 0 {
        return Err(TlsError::Exposed { setting, path });
    }
    let mut is_encrypted = false;
    // Without a callback, OpenSSL would ask for the passphrase at the terminal.
    let key = PKey::private_key_from_pem_callback(&pem, |_| {
        is_encrypted = true;
        Ok(0)
    });
    key.map_err(|_| {
        if is_encrypted {
            TlsError::Encrypted { setting, path }
        } else {
            TlsError::NotAKey { setting, path }
        }
    })
}

/// A new key on the curve P-256, which every client and issuer takes.
pub fn generate() -> Result<EcKey<Private>, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    EcKey::generate(&group)
}
