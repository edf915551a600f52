//! The system refuses to write or to flush, and later does it again: a file
//! system that turns read-only, a disk that fails.

use super::{
    disk_full::{WORKERS, assert_unavailable, run_and_recover},
    environment::TestEnv,
    say,
    workload::Workload,
};
use crate::harness::{postgres::sqlite_only, server::Server, trace::Trace};

/// Errors that `strace` injects into system calls on the files of a database.
struct ErrorInjection(Vec<String>);

impl ErrorInjection {
    /// None if this machine cannot do it to the server.
    fn new(env: &TestEnv, server: &Server, calls: &str, error: &str) -> Option<Self> {
        let mut arguments = vec!["-e".to_owned(), format!("inject={calls}:error={error}")];
        for file in ["", "-wal", "-shm"].map(|suffix| env.side_file(suffix)) {
            arguments.extend(["-P".to_owned(), file.to_str().unwrap().to_owned()]);
        }
        let injection = Self(arguments);
        if let Err(reason) = injection.begin(server) {
            say(&format!(
                "SKIPPED: no errors can be injected here: {reason}"
            ));
            return None;
        }
        Some(injection)
    }

    /// Lasts as long as what is returned.
    fn begin(&self, server: &Server) -> Result<Trace, String> {
        let arguments: Vec<_> = self.0.iter().map(String::as_str).collect();
        Trace::attach(server, "/dev/null".as_ref(), &arguments)
    }
}

fn inject_repeatedly(cycles: u64, calls: &str, error: &str) {
    let mut workload = Workload::new(TestEnv::new(), WORKERS);
    let server = workload.env.start();
    let Some(injection) = ErrorInjection::new(&workload.env, &server, calls, error) else {
        return;
    };
    for cycle in 0..cycles {
        let inject = || injection.begin(&server).unwrap();
        run_and_recover(&mut workload, &server, cycle, inject, drop);
    }
    // That kills it.
    drop(server);
    workload.start_and_check();
    let fault = format!("{calls} failing with {error}, {cycles} times");
    workload.assert_no_violation(&fault);
}

const WRITES: &str = "pwrite64,ftruncate,fallocate";
const FLUSHES: &str = "fsync,fdatasync";

#[test]
fn acknowledged_facts_survive_a_file_system_that_turns_read_only() {
    sqlite_only!("the disk under its file");
    inject_repeatedly(1, WRITES, "EROFS");
}

#[test]
fn acknowledged_facts_survive_a_disk_that_cannot_flush() {
    sqlite_only!("the disk under its file");
    inject_repeatedly(1, FLUSHES, "EIO");
}

#[test]
#[ignore = "long"]
fn acknowledged_facts_survive_ten_disks_that_cannot_write_or_flush() {
    sqlite_only!("the disk under its file");
    inject_repeatedly(10, WRITES, "EIO");
    inject_repeatedly(10, FLUSHES, "EIO");
}

#[test]
fn a_server_that_cannot_write_is_not_ready() {
    sqlite_only!("the disk under its file");
    let env = TestEnv::new();
    let server = env.start();
    let Some(injection) = ErrorInjection::new(&env, &server, WRITES, "EIO") else {
        return;
    };
    let mut client = env.client(&server);
    assert_eq!(client.health("ready").status, 200);
    let injected = injection.begin(&server).unwrap();
    assert_unavailable(&client.poll_readiness(503));
    drop(injected);
    client.poll_readiness(200);
}
