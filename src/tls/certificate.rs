//! The two files of a certificate, checked before anything is changed.

use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use openssl::{
    asn1::{Asn1Time, Asn1TimeRef},
    error::ErrorStack,
    pkey::{PKey, Private},
    ssl::{
        AlpnError, SslAcceptor, SslContext, SslMethod, SslOptions, SslSessionCacheMode,
        select_next_proto,
    },
    x509::X509,
};

use super::{error::TlsError, key};
use crate::domain::time::Timestamp;

/// What is spoken over TLS, the preferred first, as the protocols of ALPN are written (RFC 7301).
const PROTOCOLS: &[u8] = b"\x02h2\x08http/1.1";
/// Of TLS 1.2, what has forward secrecy and authenticates what it encrypts, the cheapest first.
/// Without finite-field DHE, which costs the server far more than its client.
const CIPHERS: &str = "ECDHE+AES128+AESGCM:ECDHE+AESGCM:ECDHE+CHACHA20";

/// Where a certificate and its key are.
#[derive(Debug, Clone)]
pub struct Files {
    /// The certificate of this server, and those that lead to its issuer.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// What changes when one of the files does. The time is that of the inode, so
/// that a mode that was put right counts too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp([Option<(u64, u64, i64, i64)>; 2]);

impl Files {
    /// The stamp of the files as they are.
    pub fn stamp(&self) -> Stamp {
        Stamp([&self.certificate, &self.key].map(|path| {
            let found = fs::metadata(path).ok()?;
            let (second, part) = (found.ctime(), found.ctime_nsec());
            Some((found.dev(), found.ino(), second, part))
        }))
    }
}

/// A certificate with its key, ready to be shown.
pub struct Certificate {
    pub(super) context: SslContext,
    /// From when on clients believe it.
    pub begins: Timestamp,
    /// Until when.
    pub expires: Timestamp,
    /// The hosts that it is for.
    pub names: BTreeSet<String>,
}

impl Certificate {
    /// Reads the files, if the certificate is there.
    pub fn find(files: &Files) -> Result<Option<Self>, TlsError> {
        match Self::read(files) {
            Err(TlsError::Io { path, error, .. })
                if error.kind() == io::ErrorKind::NotFound && path == files.certificate =>
            {
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// Reads the files.
    pub fn read(files: &Files) -> Result<Self, TlsError> {
        let chain = read("tls.certificate", &files.certificate)?;
        let chain = X509::stack_from_pem(&chain).unwrap_or_default();
        let Some((own, issuers)) = chain.split_first() else {
            return Err(TlsError::NotACertificate(files.certificate.clone()));
        };
        let key = key::read("tls.key", &files.key)?;
        if !own.public_key().is_ok_and(|public| public.public_eq(&key)) {
            return Err(TlsError::Mismatch {
                key: files.key.clone(),
                certificate: files.certificate.clone(),
            });
        }
        let ready = || {
            Ok(Self {
                context: context(own, issuers, &key)?,
                begins: timestamp(own.not_before())?,
                expires: timestamp(own.not_after())?,
                names: names(own),
            })
        };
        ready().map_err(|errors| TlsError::Refused(files.certificate.clone(), errors))
    }
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::io(setting, path, error))
}

/// TLS 1.2 and 1.3 with this certificate.
fn context(own: &X509, issuers: &[X509], key: &PKey<Private>) -> Result<SslContext, ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    builder.set_cipher_list(CIPHERS)?;
    // Renegotiation lets a client have the server work for it without a request.
    builder.set_options(SslOptions::NO_RENEGOTIATION);
    // Most clients prefer keys of 256 bits, which cost more and gain nothing here; who prefers
    // ChaCha20 has no instructions for AES.
    builder.set_options(SslOptions::CIPHER_SERVER_PREFERENCE | SslOptions::PRIORITIZE_CHACHA);
    // Or each record would be read from the socket twice: its head, and then the rest.
    builder.set_read_ahead(true);
    // Sessions are resumed by tickets, which the client keeps.
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_alpn_select_callback(|_, offered| {
        select_next_proto(PROTOCOLS, offered).ok_or(AlpnError::ALERT_FATAL)
    });
    builder.set_certificate(own)?;
    for issuer in issuers {
        builder.add_extra_chain_cert(issuer.clone())?;
    }
    builder.set_private_key(key)?;
    builder.check_private_key()?;
    Ok(builder.build().into_context())
}

fn names(own: &X509) -> BTreeSet<String> {
    let names = own.subject_alt_names();
    let names = names.iter().flatten();
    names
        .filter_map(|name| name.dnsname().map(str::to_owned))
        .collect()
}

fn timestamp(time: &Asn1TimeRef) -> Result<Timestamp, ErrorStack> {
    let since = Asn1Time::from_unix(0)?.diff(time)?;
    let seconds = i64::from(since.days) * 86_400 + i64::from(since.secs);
    Ok(Timestamp::from_seconds(seconds))
}
