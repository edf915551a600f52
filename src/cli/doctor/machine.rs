//! What can be said of the machine and the files.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use rustix::{
    fs::statvfs,
    process::{Resource, getrlimit},
};
use tempfile::NamedTempFile;

use super::finding::{Finding, Level};
use crate::{
    clock::{self, Clock, SystemClock},
    config::Config,
    files,
    sms::choice::Choice,
    tls::{Certificate, Files},
};

/// Less room than this is too little, and less than that soon will be.
const ROOM: [u64; 2] = [256 << 20, 1 << 30];
/// Open files that a busy service needs.
const OPEN_FILES: u64 = 4096;
/// A certificate that ends sooner should have been renewed.
const SOON: Duration = Duration::from_hours(7 * 24);
/// How many flushes are measured.
const FLUSHES: u32 = 16;
/// A flush that takes longer bounds how many can log in at once.
const SLOW: Duration = Duration::from_millis(20);

/// All that can be looked up without waiting for anything.
pub fn findings(config: &Config) -> Vec<Finding> {
    let mut findings = vec![clock()];
    if config.server.database.file().is_some() {
        findings.push(room(config));
    }
    findings.extend([
        open_files(),
        folder(config),
        codes(config),
        certificate(config),
    ]);
    findings
}

fn clock() -> Finding {
    let remedy = "set it right, and have it kept so (NTP)";
    match clock::require_sane() {
        Ok(()) => Finding::green("clock", "is between 1970 and 2089"),
        Err(sentence) => Finding::of("clock", Level::Red, sentence, remedy),
    }
}

/// Whether anything keeps the clock right, as the kernel is told by whatever does, and systemd by the kernel.
pub fn synchronization() -> Finding {
    let mut command = Command::new("timedatectl");
    command.args(["show", "--property=NTPSynchronized", "--value"]);
    let output = command.stdin(Stdio::null()).output().ok();
    let output = output.filter(|output| output.status.success());
    match output.map(|output| output.stdout).as_deref() {
        Some(b"yes\n") => Finding::green("ntp", "the clock is synchronized"),
        Some(b"no\n") => {
            let remedy = "start what keeps it right (timedatectl set-ntp true, or chrony)";
            let said = "the clock is not synchronized: tokens and limits go by it";
            Finding::of("ntp", Level::Yellow, said, remedy)
        }
        _ => Finding::green("ntp", "whether the clock is synchronized is not known here"),
    }
}

fn room(config: &Config) -> Finding {
    let database = config.server.database.place();
    let folder = files::folder(database);
    let Ok(disk) = statvfs(folder) else {
        let said = format!("{} cannot be looked at", folder.display());
        return Finding::of("disk", Level::Red, said, "make the folder, or name another");
    };
    let free = disk.f_bavail * disk.f_frsize;
    let said = format!("{} MiB are free", free >> 20);
    let level = match ROOM {
        [few, _] if free < few => Level::Red,
        [_, enough] if free < enough => Level::Yellow,
        _ => return Finding::green("disk", said),
    };
    Finding::of("disk", level, said, "make room where the database is")
}

fn open_files() -> Finding {
    match getrlimit(Resource::Nofile).maximum {
        Some(files) if files < OPEN_FILES => {
            let said = format!("{files} at most");
            let remedy = "raise the limit (LimitNOFILE of the unit, ulimit -n)";
            Finding::of("open files", Level::Yellow, said, remedy)
        }
        files => {
            let said = files.map_or("as many as wanted".to_owned(), |files| {
                format!("{files} at most")
            });
            Finding::green("open files", said)
        }
    }
}

fn folder(config: &Config) -> Finding {
    let database = config.server.database.place();
    let keys = config.keys_path();
    let folders = [files::folder(database), files::folder(&keys)];
    match folders
        .into_iter()
        .find(|folder| files::is_open_to_all(folder))
    {
        Some(folder) => {
            let said = format!(
                "everybody on this machine can replace files in {}",
                folder.display()
            );
            Finding::of(
                "folder",
                Level::Red,
                said,
                "take that right away (chmod o-w)",
            )
        }
        None => Finding::green("folder", "is for its owner to change"),
    }
}

/// Whether codes are shown here, and reach nobody else, where others can ask for them.
fn codes(config: &Config) -> Finding {
    let mut choices = config.plan.chains.iter().flat_map(|(_, chain)| chain);
    let shown = choices.find(|choice| matches!(choice, Choice::Console | Choice::File(_)));
    let listen = config.server.listen;
    match shown {
        Some(gateway) if !listen.ip().is_loopback() || config.http.public_url.is_some() => {
            let said = format!(
                "others can reach this server, and codes are not sent to their phones but shown here ({gateway})"
            );
            Finding::of("gateway", Level::Red, said, "name a gateway with --sms")
        }
        Some(gateway) => Finding::green("gateway", format!("{gateway}, for this machine alone")),
        None => Finding::green("gateway", "codes go to phones"),
    }
}

/// Whether the certificate can be used, and for how long.
fn certificate(config: &Config) -> Finding {
    let Some((certificate, key)) = config.certificate() else {
        return Finding::green("certificate", "is the business of a proxy");
    };
    let remedy = "renew it, or look in the log why the issuer did not";
    match Certificate::read(&Files { certificate, key }) {
        Ok(certificate) => {
            let left = certificate.expires.since(SystemClock.now());
            let said = format!("is good for {} days", left.as_secs() / 86_400);
            let level = match left {
                Duration::ZERO => Level::Red,
                left if left < SOON => Level::Yellow,
                _ => return Finding::green("certificate", said),
            };
            Finding::of("certificate", level, said, remedy)
        }
        Err(error) => Finding::of("certificate", Level::Red, error.to_string(), remedy),
    }
}

/// How long a flush of the disk takes: it bounds every write that is acknowledged.
pub fn flush_time(config: &Config) -> Finding {
    let database = config.server.database.place();
    let measured = NamedTempFile::new_in(files::folder(database)).and_then(|mut file| {
        let begun = SystemClock.steady();
        for _ in 0..FLUSHES {
            file.write_all(&[0; 4096])?;
            file.as_file().sync_data()?;
        }
        Ok(SystemClock.steady().saturating_sub(begun) / FLUSHES)
    });
    match measured {
        Ok(took) => {
            let said = format!("{:.1} ms", took.as_secs_f64() * 1000.0);
            if took > SLOW {
                let remedy = "a faster disk lets more people log in at once";
                return Finding::of("flush", Level::Yellow, said, remedy);
            }
            Finding::green("flush", said)
        }
        Err(error) => {
            let said = format!("cannot be measured: {error}");
            let remedy = "let the service write into its folder";
            Finding::of("flush", Level::Red, said, remedy)
        }
    }
}
