//! Where requests come in, and how many connections there may be.

use std::net::TcpListener;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{
    failure::Failure,
    listen::{bind, inherit_or_bind},
    tls::Https,
};
use crate::{
    config::{self, Config},
    http::server::{CLOSING, Connections},
};

/// Open files that are left for others, if there are so many: the store has about
/// forty, and each message under way to a gateway has a connection.
const FILES: u64 = 128;

/// Where requests come in.
pub struct Listeners {
    pub api: TcpListener,
    /// What encrypts the connections of `api`.
    pub https: Option<Https>,
    pub redirect: Option<TcpListener>,
    pub metrics: Option<TcpListener>,
    pub admin: Option<TcpListener>,
}

impl Listeners {
    /// Takes every address that is configured, and reads the certificate.
    pub fn open(config: &Config) -> Result<Self, Failure> {
        let beside = |name, address: Option<_>| address.map(|to| bind(name, to)).transpose();
        Ok(Self {
            api: inherit_or_bind(config.server.listen)?,
            https: Https::open(config)?,
            redirect: beside("tls.redirect", config.tls.redirect)?,
            metrics: beside("http.metrics", config.http.metrics)?,
            admin: beside("http.admin", config.http.admin.address())?,
        })
    }
}

/// Room for as many connections as were configured, or as the system allows.
pub fn connections(http: &config::Http) -> Connections {
    let configured = *http.connections;
    let files = open_files().map(|files| files - FILES.min(files / 2));
    let files = files.map_or(configured, |files| {
        let files = usize::try_from(files).unwrap_or(usize::MAX);
        files - files / CLOSING
    });
    if files < configured {
        tracing::warn!(
            configured,
            connections = files,
            "the system allows too few open files for http.connections"
        );
    }
    Connections::new(
        configured.min(files),
        *http.connections_per_source,
        http.trusted_proxies.clone(),
    )
}

/// Raises the soft limit of open files to the hard one. What it is now, if there is any.
fn open_files() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let raised = setrlimit(Resource::Nofile, raised).map(|()| maximum);
    raised.unwrap_or(current)
}
