//! The system refuses to write or to flush, and later does it again: a file
//! system that turns read-only, a disk that fails.

use serde_json::json;

use super::{
    crowd::Crowd,
    disk::{CLIENTS, expect_unavailable, live_through},
    say,
    site::Site,
};
use crate::harness::{
    line::{Line, Told},
    server::Server,
    trace::Trace,
};

/// The system refuses what a server asks of its database's files.
struct Obstacle(Vec<String>);

impl Obstacle {
    /// Of these calls, with this error.
    fn of(site: &Site, calls: &str, error: &str) -> Self {
        let inject = ["-e".to_owned(), format!("inject={calls}:error={error}")];
        let files = ["", "-wal", "-shm"].map(|suffix| site.beside(suffix));
        let files = files.map(|file| ["-P".to_owned(), file.to_str().unwrap().to_owned()]);
        Self(
            inject
                .into_iter()
                .chain(files.into_iter().flatten())
                .collect(),
        )
    }

    /// Begins, and lasts as long as what is returned.
    fn begin(&self, server: &Server) -> Result<Trace, String> {
        let arguments: Vec<_> = self.0.iter().map(String::as_str).collect();
        Trace::attach(server, "/dev/null".as_ref(), &arguments)
    }

    /// Whether this machine lets us.
    fn is_possible(&self, server: &Server) -> bool {
        let begun = self.begin(server);
        if let Err(reason) = &begun {
            say(&format!(
                "SKIPPED: nothing can be put in a server's way here: {reason}"
            ));
        }
        begun.is_ok()
    }
}

fn refuse_so_many_times(cycles: u64, calls: &str, error: &str) {
    let mut crowd = Crowd::new(Site::new(), CLIENTS);
    let server = crowd.site.start();
    let obstacle = Obstacle::of(&crowd.site, calls, error);
    if !obstacle.is_possible(&server) {
        return;
    }
    for cycle in 0..cycles {
        let break_it = || obstacle.begin(&server).unwrap();
        live_through(&mut crowd, &server, cycle, break_it, drop);
    }
    server.signal("-KILL");
    drop(server);
    crowd.check(&crowd.site.start());
    crowd
        .tally
        .close(&format!("{calls} failing with {error}, {cycles} times"));
}

const WRITES: &str = "pwrite64,ftruncate,fallocate";
const FLUSHES: &str = "fsync,fdatasync";

#[test]
fn what_was_told_survives_a_file_system_that_turns_read_only() {
    refuse_so_many_times(1, WRITES, "EROFS");
}

#[test]
fn what_was_told_survives_a_disk_that_cannot_flush() {
    refuse_so_many_times(1, FLUSHES, "EIO");
}

#[test]
#[ignore = "long"]
fn what_was_told_survives_ten_disks_that_cannot_write_or_flush() {
    refuse_so_many_times(10, WRITES, "EIO");
    refuse_so_many_times(10, FLUSHES, "EIO");
}

#[test]
fn who_cannot_write_is_not_ready() {
    let site = Site::new();
    let server = site.start();
    let obstacle = Obstacle::of(&site, WRITES, "EIO");
    if !obstacle.is_possible(&server) {
        return;
    }
    let mut line = Line::to(&server.address);
    let mut ready = || {
        line.call("GET", "/health/ready", &[], &json!(null))
            .unwrap()
    };
    assert_eq!(ready().status, 200);
    let refused = obstacle.begin(&server).unwrap();
    expect_unavailable(&once(&mut ready, 503));
    drop(refused);
    once(&mut ready, 200);
}

/// The first answer with this status. An answer holds for a second.
pub fn once(mut ready: impl FnMut() -> Told, status: u16) -> Told {
    let mut answers = std::iter::repeat_with(&mut ready).take(1_000_000);
    let told = answers.find(|told| told.status == status);
    told.expect("it says so at last")
}
