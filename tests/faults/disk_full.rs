//! The disk is full, and has room again; or is read-only.

use super::{
    client::{Client, Interruption},
    environment::TestEnv,
    tmpfs::Tmpfs,
    workload::Workload,
};
use crate::harness::{line::Response, postgres::sqlite_only, server::Server};

pub const WORKERS: usize = 16;

/// A session and challenges from before the fault, and what they are good for.
struct Probe {
    cycle: u64,
    access: String,
    /// Tokens, each with its code.
    challenges: Vec<(String, String)>,
}

impl Probe {
    fn new(client: &mut Client<'_>, cycle: u64) -> Self {
        let access = client
            .log_in(&format!("+7998{cycle:03}0000"))
            .text("access");
        let challenges = (0..5).map(|number| {
            let phone = format!("+7997{cycle:03}{number}000");
            let token = client.ask(&phone).text("sms-token");
            (token, client.env.code(&phone))
        });
        Self {
            cycle,
            access,
            challenges: challenges.collect(),
        }
    }

    /// Reads work; nothing is written, and the right code is not an exception.
    /// There may be room again, for a login or since the log was emptied meanwhile.
    fn assert_read_only(&mut self, client: &mut Client<'_>) {
        let refused = loop {
            self.ask_until_refused_twice(client);
            let (token, code) = self.challenges.last().expect("none was refused");
            let response = client.confirm(token, code);
            if response.status != 200 {
                break response;
            }
            self.challenges.pop();
        };
        assert_unavailable(&refused);
        assert_eq!(client.profile(&self.access).status, 200);
        assert_eq!(client.health("live").status, 200);
    }

    /// After one refusal the log is merged, and may have room again. But what
    /// makes the file grow finds none in the end.
    fn ask_until_refused_twice(&self, client: &mut Client<'_>) {
        let mut refusals = 0;
        for number in 0..10_000 {
            let response = client.ask(&format!("+79{number:05}{:04}", 7000 + self.cycle));
            if response.status == 200 {
                refusals = 0;
                continue;
            }
            assert_unavailable(&response);
            refusals += 1;
            if refusals == 2 {
                return;
            }
        }
        panic!("it never filled up");
    }

    fn assert_writable(&self, client: &mut Client<'_>) {
        assert_eq!(client.rename(&self.access, "Probe").status, 200);
        let (token, code) = self.challenges.last().unwrap();
        assert_eq!(client.confirm(token, code).status, 200);
    }
}

#[track_caller]
pub fn assert_unavailable(response: &Response) {
    assert_eq!(
        (response.status, response.code()),
        (503, "storage_unavailable"),
        "{response:?}"
    );
    let seconds = response.header("retry-after").map(str::parse);
    assert!(matches!(seconds, Some(Ok(1_u64..))), "{response:?}");
}

/// Injects a fault under load, and removes it: the same server recovers.
pub fn run_and_recover<T>(
    workload: &mut Workload,
    server: &Server,
    cycle: u64,
    inject: impl FnOnce() -> T,
    remove: impl FnOnce(T),
) {
    let mut probe = Probe::new(&mut workload.env.client(server), cycle);
    let mut fault = None;
    for interruption in workload.run(server, cycle, || fault = Some(inject())) {
        match interruption {
            Interruption::Unavailable(response) => assert_unavailable(&response),
            other => panic!("{other:?}"),
        }
    }
    probe.assert_read_only(&mut workload.env.client(server));
    remove(fault.unwrap());
    probe.assert_writable(&mut workload.env.client(server));
    workload.check(server);
}

fn fill_repeatedly(cycles: u64, size: &str) {
    let Some(disk) = Tmpfs::mount(size) else {
        return;
    };
    let mut workload = Workload::new(TestEnv::with_database_in(disk.path()), WORKERS);
    let server = workload.env.start();
    for cycle in 0..cycles {
        let (inject, remove) = (|| disk.fill(), |()| disk.empty());
        run_and_recover(&mut workload, &server, cycle, inject, remove);
    }
    disk.fill();
    // That kills it.
    drop(server);
    // A start on a full disk may fail, but not break anything.
    drop(workload.env.try_start());
    disk.empty();
    let server = workload.start_and_check();
    disk.fill();
    assert!(server.stop().success());
    disk.empty();
    workload.start_and_check();
    let fault = format!("a full disk, {cycles} times");
    workload.assert_no_violation(&fault);
}

#[test]
fn acknowledged_facts_survive_a_full_disk_and_the_server_recovers() {
    sqlite_only!("the disk under its file");
    // So small that the log would fill it by itself, were it not merged in between.
    fill_repeatedly(6, "4m");
}

#[test]
fn a_server_without_room_is_not_ready_until_there_is_some() {
    sqlite_only!("the disk under its file");
    let Some(disk) = Tmpfs::mount("4m") else {
        return;
    };
    let env = TestEnv::with_database_in(disk.path());
    let server = env.start();
    let mut client = env.client(&server);
    client.poll_readiness(200);
    disk.fill();
    assert_unavailable(&client.poll_readiness(503));
    disk.empty();
    client.poll_readiness(200);
}

#[test]
#[ignore = "long"]
fn acknowledged_facts_survive_thirty_full_disks() {
    sqlite_only!("the disk under its file");
    fill_repeatedly(30, "8m");
}

#[test]
fn a_start_on_a_read_only_file_system_is_one_clear_sentence() {
    sqlite_only!("the disk under its file");
    let Some(disk) = Tmpfs::mount("8m") else {
        return;
    };
    let mut workload = Workload::new(TestEnv::with_database_in(disk.path()), WORKERS);
    workload.run_and_kill(0);
    disk.remount("remount,ro");
    let error = workload.env.try_start().err().unwrap();
    assert_eq!(error.status.code(), Some(2), "{error:?}");
    let database = workload.env.database.display();
    let sentence =
        format!("invited: --database: {database} cannot be opened: Read-only file system");
    assert!(error.message.starts_with(&sentence), "{error:?}");
    disk.remount("remount,rw");
    workload.start_and_check();
    workload.assert_no_violation("a start on a read-only file system");
}
