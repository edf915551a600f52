//! HTTP/2, and issue by issue what clients try in order to hold the server with it.

mod abuse;
mod frames;
mod requests;

use std::sync::Arc;

use invited::{
    http::server::{Connections, Timeouts},
    tls::{Certificate, Files, Tls},
};
use openssl::x509::X509;
use tempfile::TempDir;

use self::frames::Frames;
use crate::{harness::door::Door, tls::certificates::place};

/// An accept loop with TLS.
struct Encrypted {
    door: Door,
    believed: X509,
}

impl Encrypted {
    fn new(timeouts: Timeouts, most: usize) -> Self {
        let folder = TempDir::new().unwrap();
        let believed = place(folder.path(), "localhost", 90);
        let files = Files {
            certificate: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
        };
        let tls = Tls::new(Some(&Certificate::read(&files).unwrap()));
        let connections = Connections::new(most, most, Vec::new());
        Self {
            door: Door::over(Some(Arc::new(tls)), timeouts, connections),
            believed,
        }
    }

    /// A client that is let in.
    fn client(&self) -> Frames {
        self.with(&[])
    }

    fn with(&self, settings: &[(u16, u32)]) -> Frames {
        Frames::new(&self.door.address, &self.believed, settings).unwrap()
    }

    /// Asserts that a newcomer is answered, after some tries perhaps.
    #[track_caller]
    fn lets_in(&self) -> Frames {
        for _ in 0..crate::harness::door::TRIES {
            if let Some(mut client) = Frames::new(&self.door.address, &self.believed, &[])
                && client.get(1, "/in")
                && client.end(1) == frames::End::Answer("/in".to_owned())
            {
                return client;
            }
        }
        panic!("nobody is let in");
    }
}
