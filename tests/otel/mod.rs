//! Traces, and the collector that they are sent to.

use std::{fs, path::Path};

#[cfg(feature = "otel")]
mod collector;

/// Names a collector in the configuration of a folder.
fn configure(folder: &Path, endpoint: &str) {
    let settings = format!("otel.endpoint = \"{endpoint}\"\n");
    fs::write(folder.join("invited.toml"), settings).unwrap();
}

#[cfg(not(feature = "otel"))]
#[test]
fn a_build_without_traces_does_not_promise_any() {
    let folder = tempfile::TempDir::new().unwrap();
    configure(folder.path(), "http://127.0.0.1:4318");
    let arguments = ["config", "check", "--config", "invited.toml"];
    let refused = crate::harness::server::run(folder.path(), &arguments);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        told.contains("otel.endpoint is for a build with traces in it"),
        "{told}"
    );
}
