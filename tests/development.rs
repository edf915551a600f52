//! A developer's machine has one address, and must not run into its limits.

use std::process::Stdio;

use tempfile::TempDir;

use crate::harness::server::{Server, call, command};

/// The status of the eleventh login from one address within an hour.
fn eleventh(arguments: &[&str], variables: &[(&str, &str)]) -> u16 {
    let folder = TempDir::new().unwrap();
    let mut serve = command(folder.path());
    serve
        .env("INVITED_LISTEN", "127.0.0.1:0")
        .envs(variables.iter().copied());
    serve.arg("serve").args(arguments).stderr(Stdio::null());
    let server = Server::launch(serve).unwrap();
    let address = server.address.replace("0.0.0.0", "127.0.0.1");
    let login = |prefix: i32| {
        let body = serde_json::json!({ "phone": format!("+79{prefix}1234567") });
        call(&address, "POST", "/login/", &[], Some(body))
            .unwrap()
            .0
    };
    (10..20).for_each(|prefix| assert_eq!(login(prefix), 200));
    login(20)
}

#[test]
fn limits_by_source_are_generous_on_a_developers_machine_and_nowhere_else() {
    assert_eq!(eleventh(&[], &[]), 200);
    assert_eq!(eleventh(&["--sms", "file:sms.jsonl"], &[]), 429);
    for (name, value) in [
        ("INVITED_LIMITS__SENDS_PER_SOURCE", "10/1h, 30/24h"),
        ("INVITED_HTTP__TRUSTED_PROXIES", "192.0.2.1"),
        ("INVITED_HTTP__PUBLIC_URL", "https://example.com"),
        ("INVITED_LISTEN", "0.0.0.0:0"),
    ] {
        assert_eq!(eleventh(&[], &[(name, value)]), 429, "{name}");
    }
}
