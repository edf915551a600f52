//! A small file system in memory, to fill up and to write-protect.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::say;

pub struct Tmpfs(TempDir);

impl Tmpfs {
    /// Mounts one, if this machine lets us.
    pub fn mount(size: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let options = ["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"];
        let mut mount = Command::new("mount");
        let reason = match mount.args(options).arg(folder.path()).output() {
            Ok(output) if output.status.success() => return Some(Self(folder)),
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        let reason = reason.lines().next().unwrap_or_default();
        say(&format!("SKIPPED: no tmpfs can be mounted here: {reason}"));
        None
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }

    /// Leaves not a page free.
    pub fn fill(&self) {
        let mut file = File::create(self.filler()).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    pub fn empty(&self) {
        // Or it would stay for as long as a process that was forked meanwhile has it
        // open: until it runs its program.
        File::create(self.filler()).unwrap();
        fs::remove_file(self.filler()).unwrap();
    }

    pub fn remount(&self, how: &str) {
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-o", how]).arg(self.0.path()).status();
        assert!(mounted.unwrap().success(), "{how}");
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}
