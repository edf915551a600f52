//! The accept loop with TLS: what clients try before there is a request, and after.

use std::{
    io::{Read, Write},
    sync::Arc,
    time::Duration,
};

use invited::{
    http::server::{Connections, Plain, Timeouts, Workers, serve},
    tls::{Certificate, Files, Tls},
};
use openssl::x509::X509;
use poem::{Request, Response, endpoint::make_sync};
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime};

use super::{
    LIVE, SHORT,
    certificates::{HTTP, TLS, ask, connect, place},
    wait_for,
};
use crate::harness::client::Client;

const GET_LONG: &str = "GET /long HTTP/1.1\r\nHost: x\r\n\r\n";
const LONG: u32 = 4 << 20;

/// An answer that fills every buffer on its way, and is nowhere the same.
fn long() -> Vec<u8> {
    (0..LONG).flat_map(u32::to_be_bytes).collect()
}

/// An accept loop with TLS, for as long as its runtime is there.
fn accept(timeouts: Timeouts, connections: Connections) -> (Runtime, String, X509) {
    let folder = TempDir::new().unwrap();
    let believed = place(folder.path(), "localhost", 90);
    let files = Files {
        certificate: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
    };
    let tls = Arc::new(Tls::new(Some(&Certificate::read(&files).unwrap())));
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let endpoint = Arc::new(Plain(make_sync(|request: Request| {
        let is_long = request.uri().path() == "/long";
        Response::builder().body(if is_long { long() } else { b"{}".to_vec() })
    })));
    runtime.spawn(async move {
        let (workers, never) = (Workers::start().unwrap(), std::future::pending());
        let connections = Arc::new(connections);
        serve(
            listener,
            Some(tls),
            endpoint,
            connections,
            timeouts,
            &workers,
            never,
        )
        .await;
    });
    (runtime, address, believed)
}

#[test]
fn a_handshake_that_does_not_come_or_go_on_is_cut_off() {
    let timeouts = Timeouts {
        head: SHORT,
        ..Timeouts::default()
    };
    let (_runtime, address, _) = accept(timeouts, Connections::new(9, 9, Vec::new()));
    for begun in ["", "\u{16}", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0"] {
        assert_eq!(Client::sending(&address, begun).rest(), 0);
    }
}

#[test]
fn unfinished_handshakes_keep_nobody_out() {
    let patient = Timeouts {
        head: Duration::from_hours(1),
        ..Timeouts::default()
    };
    let (_runtime, address, believed) = accept(patient, Connections::new(4, 4, Vec::new()));
    let mut begun: Vec<_> = (0..40)
        .map(|number| Client::sending(&address, ["", "\u{16}\u{3}\u{1}\u{2}\0"][number % 2]))
        .collect();
    let mut stream = connect(&address, &believed, TLS, HTTP).unwrap();
    assert!(ask(&mut stream, LIVE, "{}").starts_with("HTTP/1.1 200 OK"));
    assert!(begun[0].answer().is_none(), "the first had to go");
}

#[test]
fn a_long_answer_arrives_as_it_is_however_slowly_it_is_read() {
    let connections = Connections::new(9, 9, Vec::new());
    let (_runtime, address, believed) = accept(Timeouts::default(), connections);
    let mut stream = connect(&address, &believed, TLS, HTTP).unwrap();
    stream.write_all(GET_LONG.as_bytes()).unwrap();
    let (mut text, mut piece) = (Vec::new(), [0; 16_000]);
    let long = long();
    while text.len() < long.len() {
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0);
        text.extend_from_slice(&piece[..read]);
    }
    let head = text.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    let mut rest = vec![0; head + long.len() - text.len()];
    stream.read_exact(&mut rest).unwrap();
    assert!(text[head..].iter().chain(&rest).eq(&long));
    assert!(ask(&mut stream, LIVE, "{}").starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn who_does_not_read_is_dropped_or_makes_room() {
    for (reader, most) in [(SHORT, 9), (Duration::from_hours(1), 1)] {
        let timeouts = Timeouts {
            reader,
            reader_rate: u32::MAX,
            ..Timeouts::default()
        };
        let connections = Connections::new(most, most, Vec::new());
        let (_runtime, address, believed) = accept(timeouts, connections);
        let mut stream = connect(&address, &believed, TLS, HTTP).unwrap();
        stream.write_all(GET_LONG.as_bytes()).unwrap();
        stream.read_exact(&mut [0]).unwrap();
        if most == 1 {
            assert!(wait_for(
                || connect(&address, &believed, TLS, HTTP).is_some()
            ));
        } else {
            let idle = || stream.write_all(b"\r\n").is_err();
            assert!(wait_for(idle));
        }
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.len() < long().len());
    }
}
