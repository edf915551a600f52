//! Links the unwinder in, so that the binary needs the C library and nothing
//! else: Rust asks for the shared `libgcc_s`, and finds a linker script here
//! that names its static twin, which comes with every GCC.
//!
//! And names the commit that is built, if this is a work tree of its own: what
//! it says depends on the sources alone, not on when or where they are built.

use std::{path::Path, process::Command};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// What the binary is made of.
const SOURCES: [&str; 5] = ["src", "migrations", ".cargo", "Cargo.toml", "Cargo.lock"];

fn main() {
    println!("cargo::rustc-link-search=native={ROOT}/.cargo/link");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    if let Some(commit) = commit() {
        // `cargo run` sets it as well: with the prefix of settings it would be refused as one.
        println!("cargo::rustc-env=BUILD_COMMIT={commit}");
    }
}

fn commit() -> Option<String> {
    // Sources that were unpacked somewhere in another project are not of its commit.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != Path::new(ROOT).canonicalize().ok()? {
        return None;
    }
    // One of them changes with every commit. A missing file must not be watched: it would be news each time.
    let branch = git(&["rev-parse", "--symbolic-full-name", "HEAD"])?;
    for name in ["HEAD", "logs/HEAD", &branch] {
        let path = git(&["rev-parse", "--git-path", name])?;
        if Path::new(ROOT).join(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changes = git(&[&["status", "--porcelain", "--"][..], &SOURCES].concat())?;
    Some(if changes.is_empty() {
        commit
    } else {
        commit + ", changed"
    })
}

fn git(arguments: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    let git = git
        .args(["--no-optional-locks", "-C", ROOT])
        .args(arguments);
    let output = git.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
