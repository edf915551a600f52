//! What the README and its companions say is so: the story in curl runs as
//! pasted, and the files and tests that they name are there.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{
    faults::say,
    harness::{
        postgres,
        server::{Server, command},
    },
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PAGES: [&str; 12] = [
    "README.md",
    "src/config/README.md",
    "src/sms/README.md",
    "src/store/README.md",
    "src/store/postgres/README.md",
    "src/store/postgres/SCALE.md",
    "src/tls/README.md",
    "src/cli/README.md",
    "src/http/README.md",
    "tests/README.md",
    "benches/README.md",
    ".github/SECURITY.md",
];

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).unwrap()
}

/// Cargo gives what it runs the variables of the build, as it gives them to this test.
#[test]
fn what_cargo_run_sets_is_not_taken_for_a_setting() {
    let folder = TempDir::new().unwrap();
    let mut migrate = Command::new(env!("CARGO_BIN_EXE_invited"));
    for variable in postgres::VARIABLES {
        migrate.env_remove(variable);
    }
    let ran = migrate.current_dir(folder.path()).arg("migrate").output();
    let ran = ran.unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
}

#[test]
fn the_story_in_curl_runs_as_pasted() {
    if Command::new("curl").arg("--version").output().is_err() {
        return say("skipped: there is no curl");
    }
    let folder = TempDir::new().unwrap();
    let mut serve = command(folder.path());
    serve
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(["--sms", "file:sms.jsonl"])
        .stderr(fs::File::create(folder.path().join("stderr.txt")).unwrap());
    let server = Server::launch(serve).unwrap();

    let readme = page("README.md");
    let (_, story) = readme.split_once("```sh\nurl=").unwrap();
    let (story, rest) = story.split_once("```").unwrap();
    let (_, shown) = rest.split_once("```text\n").unwrap();
    let story = format!("url={story}").replace("localhost:8080", &server.address);
    let output = Command::new("sh")
        .args(["-c", &story])
        .current_dir(folder.path())
        .output()
        .unwrap();

    let told = String::from_utf8(output.stdout).unwrap();
    let mut lines = told.lines().zip(shown.lines());
    let (redeemed, as_shown) = lines.next().unwrap();
    assert_eq!(redeemed, as_shown);
    let (profile, as_shown) = lines.next().unwrap();
    assert_eq!(lasting(profile), lasting(as_shown));
}

/// A profile without what is drawn, and without the time.
fn lasting(profile: &str) -> serde_json::Value {
    let mut profile: serde_json::Value = serde_json::from_str(profile).unwrap();
    for drawn in ["id", "invitation_code", "created_at", "invitation_link"] {
        assert!(!profile[drawn].is_null(), "{drawn} in {profile}");
        profile[drawn] = serde_json::Value::Null;
    }
    profile
}

#[test]
fn every_link_leads_to_a_file() {
    for name in PAGES {
        let folder = Path::new(ROOT).join(name).parent().unwrap().to_owned();
        for rest in page(name).split("](").skip(1) {
            let (target, _) = rest.split_once(')').unwrap();
            let leads = target.starts_with("http") || folder.join(target).exists();
            assert!(leads, "{name} links to {target}");
        }
    }
}

#[test]
fn every_file_that_is_named_exists() {
    const FOLDERS: [&str; 5] = ["src/", "tests/", "benches/", "migrations/", ".ci/"];
    for name in PAGES {
        let text = page(name);
        for word in text.split('`').skip(1).step_by(2) {
            let ours = FOLDERS.iter().any(|folder| word.starts_with(folder));
            assert!(!ours || there(word), "{name} names {word}");
        }
    }
}

/// Whether this is a file, a folder, or a module without its `.rs`.
fn there(path: &str) -> bool {
    let path: PathBuf = Path::new(ROOT).join(path);
    path.exists() || path.with_extension("rs").exists()
}

#[test]
fn every_defence_is_shown_by_something_that_is_there() {
    let sources = sources(&Path::new(ROOT).join("src")) + &sources(&Path::new(ROOT).join("tests"));
    let security = page(".github/SECURITY.md");
    let rows = security.lines().filter(|line| line.starts_with("| "));
    for row in rows.skip(1) {
        let shown_by = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let proofs: Vec<&str> = shown_by.split('`').skip(1).step_by(2).collect();
        assert!(!proofs.is_empty(), "nothing shows: {row}");
        for proof in proofs {
            let found = there(proof)
                || proof.starts_with("invited simulate")
                || sources.contains(&format!("fn {proof}("));
            assert!(found, "{proof} is not there: {row}");
        }
    }
}

fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text += &fs::read_to_string(path).unwrap();
        }
    }
    text
}
