//! TLS: the certificate of this server, and the connections that it is shown to.
//!
//! A certificate is replaced while the server runs. Connections keep what they
//! began with; the next one has the new certificate.

pub mod acme;
mod certificate;
mod error;
mod key;

use std::{
    io,
    sync::{PoisonError, RwLock},
};

use openssl::ssl::{Ssl, SslContext};

pub use self::{
    certificate::{Certificate, Files, Stamp},
    error::TlsError,
};
use crate::domain::time::Timestamp;

/// The certificate in use, until another is taken up.
pub struct Tls(RwLock<Option<InUse>>);

struct InUse {
    context: SslContext,
    expires: Timestamp,
}

impl InUse {
    fn of(certificate: &Certificate) -> Self {
        Self {
            context: certificate.context.clone(),
            expires: certificate.expires,
        }
    }
}

impl Tls {
    /// With a first certificate. Without one, connections are closed until there is one.
    pub fn new(certificate: Option<&Certificate>) -> Self {
        Self(RwLock::new(certificate.map(InUse::of)))
    }

    /// Shows another certificate from now on.
    pub fn take_up(&self, certificate: &Certificate) {
        let mut in_use = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *in_use = Some(InUse::of(certificate));
    }

    /// Until when the certificate is good.
    pub fn expires(&self) -> Option<Timestamp> {
        let in_use = self.0.read().unwrap_or_else(PoisonError::into_inner);
        in_use.as_ref().map(|in_use| in_use.expires)
    }

    /// The server's side of a new connection.
    pub fn accept(&self) -> io::Result<Ssl> {
        let in_use = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let in_use = in_use.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        let mut ssl = Ssl::new(&in_use.context)?;
        ssl.set_accept_state();
        Ok(ssl)
    }
}
