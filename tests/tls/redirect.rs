//! The listener that speaks HTTP, where the API is served over HTTPS.

use tempfile::TempDir;

use super::{certificates::place, start};
use crate::harness::{client::Client, server::free_ports};

#[test]
fn plain_http_is_sent_to_the_public_address_whatever_host_it_asks_for() {
    let folder = TempDir::new().unwrap();
    place(folder.path(), "localhost", 90);
    let [port] = free_ports();
    let redirect = format!("127.0.0.1:{port}");
    let _server = start(
        folder.path(),
        &[
            ("INVITED_TLS__REDIRECT", &redirect),
            ("INVITED_HTTP__PUBLIC_URL", "https://example.com"),
        ],
    );
    for (request, location) in [
        (
            "GET /profile/?a=b HTTP/1.1\r\nHost: evil.test",
            "/profile/?a=b",
        ),
        (
            "POST /login/ HTTP/1.1\r\nHost: evil.test\r\nContent-Length: 0",
            "/login/",
        ),
        ("GET //evil.test HTTP/1.1\r\nHost: x", "//evil.test"),
        ("GET http://evil.test/x HTTP/1.1\r\nHost: evil.test", "/x"),
        ("GET / HTTP/1.0", "/"),
        ("OPTIONS * HTTP/1.1\r\nHost: x", "/"),
    ] {
        let answer = Client::sending(&redirect, &format!("{request}\r\n\r\n")).answer();
        let answer = answer.unwrap();
        assert_eq!(answer.status, 308, "{request}");
        let location = format!("\r\nlocation: https://example.com{location}\r\n");
        assert!(answer.head.contains(&location), "{answer:?}");
        assert!(!answer.head.contains("strict-transport-security"));
    }
}
