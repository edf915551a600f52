//! `invited install`: makes this machine, or an image of one, serve at boot.
//!
//! systemd does the work; this writes down what it reads, and asks it to. The
//! service has a user of its own (sysusers.d) rather than one that systemd
//! makes up for each run (`DynamicUser`): operators bring back copies of the
//! database and rotate keys while the service is stopped, and such files need
//! an owner that is there then.
//!
//! The socket is a unit as well, since a port that systemd holds is open while
//! the service restarts.

mod managed;

use std::{
    fs::{self, File},
    io::ErrorKind,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

use clap::Args;

use self::managed::{Found, Managed, put};
use super::{failure::Failure, terminal::print};
use crate::config::Config;

const EXECUTABLE: &str = "usr/local/bin/invited";
const CONFIG: &str = "etc/invited/invited.toml";
const DATABASE: &str = "/var/lib/invited/invited.db";
const UNITS: [&str; 2] = ["invited.socket", "invited.service"];

const SYSUSERS: &str = "etc/sysusers.d/invited.conf";
const TMPFILES: &str = "etc/tmpfiles.d/invited.conf";
const MANAGED: [(&str, &str); 4] = [
    (SYSUSERS, include_str!("sysusers.conf")),
    (TMPFILES, include_str!("tmpfiles.conf")),
    (
        "etc/systemd/system/invited.socket",
        include_str!("invited.socket"),
    ),
    (
        "etc/systemd/system/invited.service",
        include_str!("invited.service"),
    ),
];

#[derive(Args)]
pub struct Install {
    /// Only print the files, without the executable and the configuration.
    #[arg(long)]
    print: bool,
    /// Replace files that somebody changed.
    #[arg(long)]
    force: bool,
    /// Install into an image: its first boot does what is left.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl Install {
    pub fn run(&self) -> Result<(), Failure> {
        let root = self.root.as_deref().unwrap_or(Path::new("/"));
        let managed = MANAGED.map(|(path, text)| Managed::new(root.join(path), text));
        if self.print {
            let shown = managed.map(|file| format!("# {}\n{}", file.path.display(), file.text));
            return print(&shown.join("\n"));
        }
        // All that can be refused is, before anything is written.
        self.require_system()?;
        let found: Result<Vec<_>, _> = managed.iter().map(|file| self.look(file)).collect();
        let found = found?;
        copy_executable(&root.join(EXECUTABLE))?;
        write_config(&root.join(CONFIG))?;
        for (file, found) in managed.iter().zip(found) {
            write(file, &found)?;
        }
        self.enable()
    }

    /// Refuses a machine that nothing can be installed on.
    fn require_system(&self) -> Result<(), Failure> {
        if let Some(root) = &self.root {
            if !root.is_dir() {
                let reason = format!("--root: {} is not a folder", root.display());
                return Err(Failure::misconfigured(reason));
            }
            return Ok(());
        }
        if !sd_notify::booted().unwrap_or(false) {
            return Err(Failure::of(
                "systemd does not run here: --print shows the files, and --root DIR writes them into a folder",
            ));
        }
        if !rustix::process::geteuid().is_root() {
            return Err(Failure::of("only root can install: run it with sudo"));
        }
        Ok(())
    }

    fn look(&self, file: &Managed) -> Result<Found, Failure> {
        let found = file.look()?;
        if found == Found::Changed && !self.force {
            return Err(Failure::of(format!(
                "{} was changed by somebody: move the changes to a drop-in (systemctl edit), and run this again with --force",
                file.path.display()
            )));
        }
        Ok(found)
    }

    /// Has the units started at boot. In an image, the boot itself makes the user.
    fn enable(&self) -> Result<(), Failure> {
        if let Some(root) = &self.root {
            let root = format!("--root={}", root.display());
            let arguments = [&[&*root, "enable"], &UNITS[..]].concat();
            if !run("systemctl", &arguments)? {
                let line = arguments.join(" ");
                print(&format!(
                    "there is no systemctl here: run systemctl {line}\n"
                ))?;
            }
            return Ok(());
        }
        let [sysusers, tmpfiles] = [SYSUSERS, TMPFILES].map(|path| format!("/{path}"));
        for (tool, arguments) in [
            ("systemd-sysusers", &[&*sysusers][..]),
            ("systemd-tmpfiles", &["--create", &tmpfiles]),
            ("systemctl", &["daemon-reload"]),
            ("systemctl", &[&["enable"], &UNITS[..]].concat()),
        ] {
            if !run(tool, arguments)? {
                let sentence = format!("there is no {tool}: install it, and run this again");
                return Err(Failure::of(sentence));
            }
        }
        print(&format!(
            "name a gateway in /{CONFIG}, and start the service: systemctl restart invited\n"
        ))
    }
}

/// Unless that is what runs.
fn copy_executable(to: &Path) -> Result<(), Failure> {
    let cannot = |error| Failure::of(format!("the executable cannot be read: {error}"));
    let own = std::env::current_exe()
        .and_then(File::open)
        .map_err(cannot)?;
    let metadata = own.metadata().map_err(cannot)?;
    let is_own =
        |there: fs::Metadata| (there.dev(), there.ino()) == (metadata.dev(), metadata.ino());
    if fs::metadata(to).is_ok_and(is_own) {
        return print(&format!("{} is this executable\n", to.display()));
    }
    put(to, own, 0o755)?;
    print(&format!("copied this executable to {}\n", to.display()))
}

/// Unless there is one.
fn write_config(to: &Path) -> Result<(), Failure> {
    if to.exists() {
        return print(&format!("kept {}\n", to.display()));
    }
    let database = format!("\ndatabase = \"{DATABASE}\"\n");
    let listen = "\n# Under systemd, invited.socket says where to listen.\n# listen = ";
    let config = Config::sample()
        .replace("\n# database = \"invited.db\"\n", &database)
        .replace("\n# listen = ", listen);
    put(to, config.as_bytes(), 0o640)?;
    print(&format!("wrote {}\n", to.display()))
}

fn write(file: &Managed, found: &Found) -> Result<(), Failure> {
    let done = match found {
        Found::Same => return print(&format!("{} is up to date\n", file.path.display())),
        Found::Nothing => "wrote",
        Found::Older | Found::Changed => "replaced",
    };
    put(&file.path, file.text.as_bytes(), 0o644)?;
    print(&format!("{done} {}\n", file.path.display()))
}

/// Runs a tool of systemd's; `false` when there is none.
fn run(tool: &str, arguments: &[&str]) -> Result<bool, Failure> {
    let line = format!("{tool} {}", arguments.join(" "));
    match Command::new(tool).args(arguments).status() {
        Ok(status) if status.success() => print(&format!("ran {line}\n")).map(|()| true),
        Ok(status) => Err(Failure::of(format!("{line} failed: {status}"))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::of(format!("{line} cannot be run: {error}"))),
    }
}
