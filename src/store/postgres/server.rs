//! Which server, as an operator writes it: a URL as libpq reads it, of which
//! everything but `sslmode` and `sslrootcert` is left to the client library.
//! It may have a password in it, so nothing that is said of it repeats it.

use std::{fmt, path::PathBuf, str::FromStr};

use openssl::{
    ssl::{SslConnector, SslMethod, SslVerifyMode},
    x509::store::X509StoreBuilder,
};
use postgres_openssl::MakeTlsConnector;
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

/// Connections of a node, unless the operator says otherwise.
const CONNECTIONS: usize = 16;
/// The port of PostgreSQL.
const PORT: u16 = 5432;
/// What is not said of a URL that is none: what is wrong with it, which may be its password.
const NO_URL: &str = "is not the URL of a PostgreSQL server: write postgres://user@host/database, and in a password \
    %40 for @, %3A for :, %2F for /, %3F for ?, %23 for # and %25 for %";

/// A PostgreSQL server, and how it is spoken to.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
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

    /// Whether the URL has a password.
    pub fn has_password(&self) -> bool {
        self.config.get_password().is_some()
    }

    /// Takes a password that the URL does not have.
    pub fn set_password(&mut self, password: &str) {
        self.config.password(password);
    }

    /// What encrypts connections, or a sentence about what it lacks. It takes long
    /// to make, since it reads all authorities.
    pub fn connector(&self) -> Result<MakeTlsConnector, String> {
        let failed = |error: openssl::error::ErrorStack| error.to_string();
        let mut builder = SslConnector::builder(SslMethod::tls_client()).map_err(failed)?;
        if self.tls.verify == Verify::Nothing {
            builder.set_verify(SslVerifyMode::NONE);
        }
        if let Some(path) = &self.tls.authorities {
            // These, and not those that the system trusts.
            let store = X509StoreBuilder::new().map_err(failed)?;
            builder.set_cert_store(store.build());
            builder.set_ca_file(path).map_err(|_| {
                let path = path.display();
                format!("sslrootcert: {path} cannot be read as certificates in PEM")
            })?;
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

/// Without the user, the password and the options.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hosts, ports) = (self.config.get_hosts(), self.config.get_ports());
        let port = |at: usize| *ports.get(at).or(ports.first()).unwrap_or(&PORT);
        let hosts = hosts.iter().enumerate();
        let hosts: Vec<_> = hosts.map(|(at, host)| name(host, port(at))).collect();
        write!(f, "postgres://{}", hosts.join(","))?;
        match self.config.get_dbname() {
            Some(name) => write!(f, "/{name}"),
            None => Ok(()),
        }
    }
}

fn name(host: &Host, port: u16) -> String {
    match host {
        Host::Tcp(name) if port == PORT => name.clone(),
        Host::Tcp(name) => format!("{name}:{port}"),
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
        if mode == SslMode::Require && tls.authorities.is_some() && tls.verify == Verify::Nothing {
            // As libpq has it: whoever names authorities wants them to be asked.
            tls.verify = Verify::Authority;
        }
        let rest = rest.join("&");
        let config = parse_config(&format!("{base}?{rest}"), mode)?;
        if config.get_hosts().is_empty() {
            return Err("names no host: write postgres://user@host/database".to_owned());
        }
        // What follows an @ in a password is taken for the host.
        let is_host = |host: &Host| !matches!(host, Host::Tcp(name) if name.contains('@'));
        if !config.get_hosts().iter().all(is_host) {
            return Err(NO_URL.to_owned());
        }
        let hosts = each_host(base).map(|base| parse_config(&format!("{base}?{rest}"), mode));
        let hosts: Vec<_> = hosts.collect::<Result<_, _>>()?;
        let is_each = hosts.iter().all(|one| one.get_hosts().len() == 1);
        Ok(Self {
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
    let mut config: Config = url.parse().map_err(|_| NO_URL.to_owned())?;
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
            let hosts = config.get_hosts().iter().map(|host| name(host, PORT));
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

    #[test]
    fn nothing_that_is_said_of_a_url_repeats_its_password() {
        for url in [
            "postgres://invited:SECRET@db/invited",
            "postgres://invited:SECRET@db:6432,other/invited?target_session_attrs=read-write",
            "postgres://db/invited?user=invited&password=SECRET",
            "postgres://invited:x@SECRET@db/invited",
            "postgres://invited:x?SECRET@db/invited",
            "postgres://invited:x?SECRET=1@db/invited",
            "postgres://invited:x/SECRET@db/invited",
            "postgres://invited:x&SECRET@db/invited",
            "postgres://invited:x#SECRET@db/invited",
            "postgres://invited:x%SECRET@db/invited",
            "postgres://invited:SECRET@db:SECRET/invited",
            "postgres://invited:x,SECRET@db/invited",
            "postgres://invited:[SECRET@db/invited",
            "postgres://invited:SECRET",
            "postgres://invited:x@[SECRET/invited",
        ] {
            let told = match url.parse::<Server>() {
                Ok(server) => format!("{server} {server:?}"),
                Err(sentence) => sentence,
            };
            assert!(!told.contains("SECRET"), "{url}: {told}");
        }
    }

    #[test]
    fn hosts_are_told_with_the_ports_that_are_not_the_usual() {
        for (url, told) in [
            ("postgres://me@db/invited", "postgres://db/invited"),
            ("postgresql://a,b:6432/x", "postgres://a,b:6432/x"),
            ("postgres://db1:1,db2:1", "postgres://db1:1,db2:1"),
            ("postgres://%2Frun%2Fpg/x", "postgres:///run/pg/x"),
        ] {
            let server: Server = url.parse().unwrap();
            assert_eq!(server.to_string(), told, "{url}");
        }
    }
}
