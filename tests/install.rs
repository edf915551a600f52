//! `invited install`, `completions` and `man`: what they write, and that they
//! leave alone what somebody changed.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{faults::say, harness::server::run};

const SERVICE: &str = "root/etc/systemd/system/invited.service";
/// What `systemd-analyze security` may find exposed at most, in tenths.
const EXPOSURE: &str = "15";

/// A folder with an empty root to install into.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("root")).unwrap();
    folder
}

fn install(folder: &Path, more: &[&str]) -> Output {
    run(folder, &[&["install", "--root", "root"], more].concat())
}

/// What was said on success, else why there was none.
fn told(output: &Output) -> Result<String, String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    match output.status.code() {
        Some(0) => Ok(text(&output.stdout)),
        _ => Err(text(&output.stderr)),
    }
}

#[test]
fn what_is_installed_can_be_installed_again() {
    let folder = folder();
    let first = told(&install(folder.path(), &[])).unwrap();
    assert!(first.contains(&format!("wrote {SERVICE}\n")), "{first}");
    let service = fs::read(folder.path().join(SERVICE)).unwrap();
    let again = told(&install(folder.path(), &[])).unwrap();
    assert!(again.contains(&format!("{SERVICE} is up to date\n")));
    assert!(!again.contains("wrote") && !again.contains("replaced"));
    assert_eq!(fs::read(folder.path().join(SERVICE)).unwrap(), service);
    let own = folder.path().join("root/usr/local/bin/invited");
    let mut installed = Command::new(own);
    installed
        .current_dir(&folder)
        .args(["install", "--root", "root"]);
    let told = told(&installed.output().unwrap()).unwrap();
    assert!(told.starts_with("root/usr/local/bin/invited is this executable\n"));
}

#[test]
fn the_configuration_is_made_once_and_can_be_read() {
    let folder = folder();
    told(&install(folder.path(), &[])).unwrap();
    let path = "root/etc/invited/invited.toml";
    let list = run(folder.path(), &["sms", "list", "--config", path]);
    told(&list).unwrap();
    let written = fs::read_to_string(folder.path().join(path)).unwrap();
    assert!(written.contains("\ndatabase = \"/var/lib/invited/invited.db\"\n"));
    fs::write(folder.path().join(path), "# mine\n").unwrap();
    let again = told(&install(folder.path(), &["--force"])).unwrap();
    assert!(again.contains(&format!("kept {path}\n")), "{again}");
    let kept = fs::read_to_string(folder.path().join(path)).unwrap();
    assert_eq!(kept, "# mine\n");
}

#[test]
fn a_unit_that_somebody_changed_is_replaced_by_force_only() {
    let folder = folder();
    told(&install(folder.path(), &[])).unwrap();
    let path = folder.path().join(SERVICE);
    let ours = fs::read_to_string(&path).unwrap();
    let theirs = ours.replace("RestartSec=2", "RestartSec=9");
    fs::write(&path, &theirs).unwrap();
    let executable = folder.path().join("root/usr/local/bin/invited");
    fs::remove_file(&executable).unwrap();
    let refused = told(&install(folder.path(), &[])).unwrap_err();
    assert!(refused.contains("changed by somebody"), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
    assert!(!executable.exists());
    told(&install(folder.path(), &["--force"])).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), ours);
}

#[test]
fn a_unit_of_another_version_is_replaced() {
    let folder = folder();
    told(&install(folder.path(), &[])).unwrap();
    let path = folder.path().join(SERVICE);
    let ours = fs::read_to_string(&path).unwrap();
    let (first, rest) = ours.split_once('\n').unwrap();
    let (words, _) = first.rsplit_once(' ').unwrap();
    let rest = rest.replace("RestartSec=2", "RestartSec=9");
    let older = format!("{words} {:x}\n{rest}", Sha256::digest(&rest));
    fs::write(&path, older).unwrap();
    let again = told(&install(folder.path(), &[])).unwrap();
    assert!(again.contains(&format!("replaced {SERVICE}\n")), "{again}");
    assert_eq!(fs::read_to_string(&path).unwrap(), ours);
}

#[test]
fn what_is_printed_is_what_would_be_written() {
    let folder = folder();
    let printed = told(&run(folder.path(), &["install", "--print"])).unwrap();
    let root = folder.path().join("root");
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
    told(&install(folder.path(), &[])).unwrap();
    for name in [
        "sysusers.d/invited.conf",
        "tmpfiles.d/invited.conf",
        "systemd/system/invited.socket",
        "systemd/system/invited.service",
    ] {
        let text = fs::read_to_string(root.join("etc").join(name)).unwrap();
        assert!(
            printed.contains(&format!("# /etc/{name}\n{text}")),
            "{name}"
        );
    }
}

#[test]
fn a_machine_or_a_folder_that_nothing_can_be_installed_on_is_refused() {
    let folder = TempDir::new().unwrap();
    let refused = told(&install(folder.path(), &[])).unwrap_err();
    assert_eq!(refused, "invited: --root: root is not a folder\n");
    if Path::new("/run/systemd/system").exists() {
        return say("skipped: systemd runs here, and is not to be told anything");
    }
    let refused = told(&run(folder.path(), &["install"])).unwrap_err();
    assert!(refused.contains("systemd does not run here"), "{refused}");
}

#[test]
fn systemd_finds_the_units_right_and_safe() {
    if Command::new("systemd-analyze")
        .arg("--version")
        .output()
        .is_err()
    {
        return say("skipped: there is no systemd-analyze");
    }
    let folder = TempDir::new().unwrap();
    let printed = told(&run(folder.path(), &["install", "--print"])).unwrap();
    let (_, units) = printed
        .split_once("# /etc/systemd/system/invited.socket\n")
        .unwrap();
    let (socket, service) = units
        .split_once("# /etc/systemd/system/invited.service\n")
        .unwrap();
    // What is not installed cannot be found.
    let service = service.replace("/usr/local/bin/invited", env!("CARGO_BIN_EXE_invited"));
    fs::write(folder.path().join("invited.socket"), socket).unwrap();
    fs::write(folder.path().join("invited.service"), service).unwrap();
    for arguments in [
        &[
            "verify",
            "--man=no",
            "./invited.socket",
            "./invited.service",
        ][..],
        &[
            "security",
            "--offline=true",
            "--threshold",
            EXPOSURE,
            "./invited.service",
        ],
    ] {
        let mut analyze = Command::new("systemd-analyze");
        let output = analyze
            .current_dir(&folder)
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // Other units of this machine may have flaws of their own.
        assert!(!said.contains("invited"), "{said}");
        told(&output).unwrap();
    }
}

/// The commands that help names.
fn commands(folder: &Path) -> Vec<String> {
    let help = told(&run(folder, &["--help"])).unwrap();
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let names = list.lines().filter_map(|line| {
        let name = line.strip_prefix("  ")?.split(' ').next()?;
        (!["", "help"].contains(&name)).then(|| name.to_owned())
    });
    names.collect()
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let folder = TempDir::new().unwrap();
    let commands = commands(folder.path());
    assert!(commands.len() > 15, "{commands:?}");
    for shell in ["bash", "zsh", "fish"] {
        let script = told(&run(folder.path(), &["completions", shell])).unwrap();
        for name in &commands {
            assert!(script.contains(&**name), "{shell}: {name}");
        }
    }
    let page = told(&run(folder.path(), &["man"])).unwrap();
    told(&run(folder.path(), &["man", "."])).unwrap();
    for name in &commands {
        assert!(page.contains(&format!("invited\\-{name}(1)")), "{name}");
        assert!(
            folder.path().join(format!("invited-{name}.1")).exists(),
            "{name}"
        );
    }
    let refused = told(&run(folder.path(), &["man", "nowhere"])).unwrap_err();
    assert!(
        refused.contains("cannot be written to nowhere"),
        "{refused}"
    );
}
