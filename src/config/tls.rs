//! What the settings of TLS must be together, and where certificates are.

use std::path::PathBuf;

use super::{
    Config,
    layers::ConfigError,
    sections::{Http, Tls},
};

impl Tls {
    /// What `listen` speaks.
    pub fn scheme(&self) -> &'static str {
        if self.certificate.is_some() || self.is_automatic() {
            "https"
        } else {
            "http"
        }
    }

    /// Whether certificates are issued to the server itself.
    pub fn is_automatic(&self) -> bool {
        !self.acme.is_empty()
    }

    /// Refuses settings that do nothing without another, or that contradict it.
    pub(super) fn check(&self, http: &Http) -> Result<(), ConfigError> {
        let refused = |name, reason| Err(ConfigError::of(name, reason));
        match (&self.certificate, &self.key) {
            (Some(_), None) => return refused("tls.certificate", "needs tls.key as well"),
            (None, Some(_)) => return refused("tls.key", "needs tls.certificate as well"),
            (Some(_), Some(_)) if self.is_automatic() => {
                let reason =
                    "has certificates issued, and tls.certificate names one: leave one of them out";
                return refused("tls.acme", reason);
            }
            _ => {}
        }
        let public = http.public_url.as_ref().map_or("", |url| url.as_str());
        let host = public.strip_prefix("https://");
        if self.redirect.is_some() && host.is_none() {
            let reason =
                "needs to know where to: set http.public_url to the https address of this server";
            return refused("tls.redirect", reason);
        }
        if !self.is_automatic() {
            return Ok(());
        }
        let host = host.and_then(|host| host.split([':', '/']).next());
        if self.redirect.is_none() {
            let reason = "needs tls.redirect, where the issuer looks for the proof that the host is yours: port 80 of the outside";
            return refused("tls.acme", reason);
        }
        if !self.acme.iter().any(|name| Some(name.as_str()) == host) {
            return refused(
                "tls.acme",
                "has to name the host of http.public_url as well",
            );
        }
        if !self.acme_directory.as_str().starts_with("https://") {
            return refused("tls.acme_directory", "has to be an https address");
        }
        Ok(())
    }
}

impl Config {
    /// The files of certificate and key: one file beside the database where
    /// certificates are issued to the server itself.
    pub fn certificate(&self) -> Option<(PathBuf, PathBuf)> {
        if self.tls.is_automatic() {
            let file = self.beside_database("invited.certificate.pem");
            return Some((file.clone(), file));
        }
        self.tls.certificate.clone().zip(self.tls.key.clone())
    }

    /// The key of the account at the issuer.
    pub fn acme_account(&self) -> PathBuf {
        self.beside_database("invited.acme-account.pem")
    }

    fn beside_database(&self, name: &str) -> PathBuf {
        let database = self.server.database.place();
        database.with_file_name(name)
    }
}
