//! The sockets that are listened on: the service manager's, or bound here.

use std::net::{SocketAddr, TcpListener};

use super::{failure::Failure, service_manager};

/// Connections that may wait to be accepted; the system may allow less.
const BACKLOG: i32 = 4096;

/// The service manager's socket, or one bound to `address`.
pub fn inherit_or_bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let Some(listener) = service_manager::socket()? else {
        return bind("--listen", address);
    };
    let refused = |error| {
        Failure::misconfigured(format!(
            "LISTEN_FDS: the socket cannot be listened on: {error}"
        ))
    };
    prepare(listener).map_err(refused)
}

/// A socket bound to the `address` that `name` says.
pub fn bind(name: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    let refused =
        |error| Failure::misconfigured(format!("{name}: {address} cannot be listened on: {error}"));
    TcpListener::bind(address)
        .and_then(prepare)
        .map_err(refused)
}

fn prepare(listener: TcpListener) -> std::io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    // Again, since the standard library lets no more than 128 wait.
    rustix::net::listen(&listener, BACKLOG)?;
    Ok(listener)
}
