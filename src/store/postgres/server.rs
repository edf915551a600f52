//! Which server, as an operator writes it: a URL as libpq reads it, of which
//! everything but `sslmode` and `sslrootcert` is left to the client library.

use std::{fmt, path::PathBuf, str::FromStr};

use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use postgres_openssl::MakeTlsConnector;
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

/// Connections of a node, unless the operator says otherwise.
const CONNECTIONS: usize = 16;

/// A PostgreSQL server, and how it is spoken to.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    url: String,
    config: Config,
    tls: Tls,
    /// The most connections at once.
    pub connections: usize,
    /// Whether statements are prepared once a connection. Not where a pooler
    /// gives each transaction another one.
    pub prepares: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Tls {
    verify: Verify,
    authorities: Option<PathBuf>,
}

/// What of a certificate is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Verify {
    #[default]
    Nothing,
    Authority,
    Name,
}

impl Server {
    /// As the client library has it.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What encrypts connections.
    pub fn connector(&self) -> Result<MakeTlsConnector, openssl::error::ErrorStack> {
        let mut builder = SslConnector::builder(SslMethod::tls_client())?;
        if self.tls.verify == Verify::Nothing {
            builder.set_verify(SslVerifyMode::NONE);
        }
        if let Some(path) = &self.tls.authorities {
            builder.set_ca_file(path)?;
        }
        let mut connector = MakeTlsConnector::new(builder.build());
        let verifies_name = self.tls.verify == Verify::Name;
        connector.set_callback(move |connection, _| {
            connection.set_verify_hostname(verifies_name);
            Ok(())
        });
        Ok(connector)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

/// Without the password.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.config.get_hosts().iter().map(name).collect();
        write!(f, "postgres://{}", hosts.join(","))?;
        match self.config.get_dbname() {
            Some(name) => write!(f, "/{name}"),
            None => Ok(()),
        }
    }
}

fn name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    }
}

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut tls, mut mode, mut rest) = (Tls::default(), SslMode::Prefer, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => (mode, tls.verify) = parse_mode(value)?,
                Some(("sslrootcert", path)) => tls.authorities = Some(decoded(path)),
                _ => rest.push(pair),
            }
        }
        let url = format!("{base}?{}", rest.join("&"));
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            let cause = std::error::Error::source(&error);
            let cause = cause.map_or_else(|| error.to_string(), ToString::to_string);
            format!("is not the URL of a PostgreSQL server: {cause}")
        })?;
        if config.get_hosts().is_empty() {
            return Err("names no host: write postgres://user@host/database".to_owned());
        }
        config.ssl_mode(mode);
        Ok(Self {
            url: text.to_owned(),
            config,
            tls,
            connections: CONNECTIONS,
            prepares: true,
        })
    }
}

fn parse_mode(value: &str) -> Result<(SslMode, Verify), String> {
    Ok(match value {
        "disable" => (SslMode::Disable, Verify::Nothing),
        "prefer" => (SslMode::Prefer, Verify::Nothing),
        "require" => (SslMode::Require, Verify::Nothing),
        "verify-ca" => (SslMode::Require, Verify::Authority),
        "verify-full" => (SslMode::Require, Verify::Name),
        _ => {
            return Err(
                "sslmode is one of disable, prefer, require, verify-ca, verify-full".to_owned(),
            );
        }
    })
}

fn decoded(text: &str) -> PathBuf {
    let text = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    PathBuf::from(text.into_owned())
}
