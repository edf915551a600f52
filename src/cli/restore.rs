//! `invited restore`: puts a backup where there is nothing, once it was verified,
//! and begins a new epoch of keys.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;

use super::{
    failure::{Failure, require_file},
    settings::Settings,
    terminal::{print, run_now, watch},
};
use crate::{
    age::Identity,
    app::backup::{BackupError, Candidate, archive, bucket::Bucket, folder, sealed},
    clock::{Clock, SystemClock, dice},
    config::{Config, Target},
    files,
    store::Progress,
    token::{key_file, keys::Keys},
};

const RESTORED: &str = "\
A new epoch: every access, refresh and sms-token made before is refused, and people log in again.
No device is known any more. Start the server.
";

#[derive(Args)]
pub struct Restore {
    #[command(flatten)]
    settings: Settings,
    /// The backup that `invited backup` made: a folder, or `s3://BUCKET/PREFIX/NAME`.
    from: Target,
    /// Where the backup is encrypted: the file with the key that it is encrypted to, as `age-keygen` wrote it.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
}

impl Restore {
    pub fn run(self) -> Result<(), Failure> {
        let config = self.settings.read()?;
        require_file(&config)?;
        let database = config.server.database.place();
        refuse_over(&config)?;
        let identities = self.identity.as_deref().map(identities).transpose()?;
        let scratch = tempfile::Builder::new()
            .prefix(".invited-restore-")
            .tempdir_in(files::folder(database))
            .map_err(BackupError::io(database))?;
        let progress = Arc::new(Progress::default());
        watch(&progress, || {
            let from = fetch(&config, &self.from, scratch.path(), &progress)?;
            let from = sealed::open(&from, scratch.path(), identities.as_deref(), &progress)?;
            let packed = from.join(folder::DATABASE);
            let length = unpacked_length(&from, &packed)?;
            // Once to verify it, once for good.
            progress.expect(2 * length);
            let candidate = Candidate {
                path: &from,
                config: &config,
                now: SystemClock.now(),
                dice,
                progress: &progress,
            };
            candidate.verify(&scratch.path().join("verified"))?;
            let copy = scratch.path().join("invited.db");
            archive::unpack(&packed, &copy, &progress)?;
            let mut keys = candidate.keys()?;
            keys.begin_epoch(&mut dice());
            put(&config, &copy, &keys)
        })?;
        print(&format!("{}: restored\n{RESTORED}", database.display()))
    }
}

/// The keys in a file, a line each.
fn identities(path: &Path) -> Result<Vec<Identity>, Failure> {
    let wrong =
        |reason: &str| Failure::misconfigured(format!("--identity: {} {reason}", path.display()));
    let text = fs::read_to_string(path);
    let text =
        text.map_err(|error| wrong(&format!("cannot be read: {}", files::reason(path, &error))))?;
    let lines = text.lines().map(str::trim_end);
    let keys = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Result<Vec<_>, _> = keys.map(str::parse).collect();
    let keys = keys.ok().filter(|keys| !keys.is_empty());
    keys.ok_or_else(|| wrong("is not a key file of age: name the one that `age-keygen` wrote"))
}

/// The folder that the backup is in: one in `scratch`, if it has to be downloaded.
fn fetch(
    config: &Config,
    from: &Target,
    scratch: &Path,
    progress: &Arc<Progress>,
) -> Result<PathBuf, Failure> {
    let (bucket, path) = match from {
        Target::Folder(path) => return Ok(path.clone()),
        Target::Bucket { name, prefix } => (name, prefix),
    };
    let (prefix, name) = path.rsplit_once('/').unwrap_or(("", path));
    let bucket = Bucket::open(config, (bucket, prefix), progress)?;
    run_now(async { Ok(bucket.download(name, scratch).await?) })?;
    Ok(scratch.to_owned())
}

fn unpacked_length(from: &Path, packed: &Path) -> Result<u64, BackupError> {
    match archive::unpacked_length(packed) {
        Ok(length) => length.ok_or_else(|| BackupError::Damaged(packed.to_owned())),
        Err(error) if is_absence(&error) => Err(BackupError::NotOne(from.to_owned())),
        Err(error) => Err(BackupError::io(packed)(error)),
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Refuses to restore where anything is that would be lost, or played into it.
fn refuse_over(config: &Config) -> Result<(), Failure> {
    let database = config.server.database.place();
    let beside = ["", "-wal", "-shm", "-journal"].map(|ending| {
        let mut path = database.to_owned().into_os_string();
        path.push(ending);
        PathBuf::from(path)
    });
    let mut files = beside.into_iter().chain([config.keys_path()]);
    match files.find(|path| path.symlink_metadata().is_ok()) {
        Some(path) => Err(exists(&path)),
        None => Ok(()),
    }
}

fn exists(path: &Path) -> Failure {
    Failure::of(format!(
        "{} exists, and was left as it is: move it away, or name another --database",
        path.display()
    ))
}

/// The database first: without its keys it is not served, while keys alone would
/// be taken for those of a database that is to be made.
fn put(config: &Config, copy: &Path, keys: &Keys) -> Result<(), Failure> {
    // That took a while.
    refuse_over(config)?;
    let database = config.server.database.place();
    let failed = |path: &Path, error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => BackupError::io(path)(error).into(),
    };
    let flushed = fs::File::open(copy).and_then(|copy| copy.sync_all());
    flushed.map_err(|error| failed(copy, error))?;
    // Unlike a rename, a link is never made over anything.
    fs::hard_link(copy, database).map_err(|error| failed(database, error))?;
    key_file::create(keys, &config.keys_path()).inspect_err(|_| {
        let _ = fs::remove_file(database);
    })?;
    let folder = fs::File::open(files::folder(database));
    let synced = folder.and_then(|folder| folder.sync_all());
    synced.map_err(|error| failed(database, error))
}
