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
    /// The same for each host alone.
    hosts: Vec<Config>,
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

    /// The same for each host alone, in the operator's order.
    pub fn hosts(&self) -> &[Config] {
        &self.hosts
    }

    /// What encrypts connections. It takes long to make, since it reads all authorities.
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
        let rest = rest.join("&");
        let config = parse_config(&format!("{base}?{rest}"), mode)?;
        if config.get_hosts().is_empty() {
            return Err("names no host: write postgres://user@host/database".to_owned());
        }
        let hosts = each_host(base).map(|base| parse_config(&format!("{base}?{rest}"), mode));
        let hosts: Vec<_> = hosts.collect::<Result<_, _>>()?;
        let is_each = hosts.iter().all(|one| one.get_hosts().len() == 1);
        Ok(Self {
            url: text.to_owned(),
            // Hosts may be named elsewhere in it, too.
            hosts: if is_each { hosts } else { vec![config.clone()] },
            config,
            tls,
            connections: CONNECTIONS,
            prepares: true,
        })
    }
}

fn parse_config(url: &str, mode: SslMode) -> Result<Config, String> {
    let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
        let cause = std::error::Error::source(&error);
        let cause = cause.map_or_else(|| error.to_string(), ToString::to_string);
        format!("is not the URL of a PostgreSQL server: {cause}")
    })?;
    config.ssl_mode(mode);
    Ok(config)
}

/// The URL with each of its hosts alone.
fn each_host(base: &str) -> impl Iterator<Item = String> {
    let after_scheme = base.find("://").map_or(0, |at| at + 3);
    let path = base[after_scheme..].find('/').map(|at| at + after_scheme);
    let (authority, path) = base.split_at(path.unwrap_or(base.len()));
    let hosts = authority.rfind('@').map_or(after_scheme, |at| at + 1);
    let (before, hosts) = authority.split_at(hosts);
    hosts
        .split(',')
        .map(move |host| format!("{before}{host}{path}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(url: &str) -> Vec<(String, u16)> {
        let server: Server = url.parse().unwrap();
        let all = server.hosts().iter().flat_map(|config| {
            let hosts = config.get_hosts().iter().map(name);
            hosts.zip(config.get_ports().iter().copied())
        });
        all.collect()
    }

    #[test]
    fn each_host_is_asked_by_itself_with_its_own_port() {
        let url = "postgres://me:p%40ss,word@db1:1,db2/invited?target_session_attrs=read-write";
        assert_eq!(hosts(url), [("db1".into(), 1), ("db2".into(), 5432)]);
        let server: Server = url.parse().unwrap();
        for config in server.hosts() {
            assert_eq!(config.get_hosts().len(), 1);
            assert_eq!(config.get_dbname(), Some("invited"));
            assert_eq!(config.get_password(), Some(&b"p@ss,word"[..]));
            let attributes = config.get_target_session_attrs();
            assert_eq!(attributes, server.config().get_target_session_attrs());
        }
        assert_eq!(hosts("postgres://[::1]"), [("::1".into(), 5432)]);
    }

    #[test]
    fn hosts_that_are_named_elsewhere_stay_together() {
        let server: Server = "postgres:///invited?host=db1&host=db2".parse().unwrap();
        assert_eq!(server.hosts().len(), 1);
        assert_eq!(server.hosts()[0].get_hosts().len(), 2);
    }
}
