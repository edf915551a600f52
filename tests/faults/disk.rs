//! The disk is full, and has room again; or is read-only.

use rand::{SeedableRng, rngs::StdRng};
use serde_json::json;

use super::{
    crowd::{Crowd, some_moment},
    desk::{Desk, Stop},
    mount::Disk,
    obstacle::once,
    site::Site,
};
use crate::harness::{
    line::{Line, Told},
    server::Server,
};

pub const CLIENTS: usize = 16;

/// Somebody who is in, and somebody who knows the right code.
struct Witness {
    cycle: u64,
    access: String,
    token: String,
    code: String,
}

impl Witness {
    fn arrive(desk: &mut Desk<'_>, cycle: u64) -> Self {
        let access = desk.log_in(&format!("+7998{cycle:03}0000")).text("access");
        let phone = format!("+7997{cycle:03}0000");
        let asked = desk.answer("POST", "/login/", &[], &json!({ "phone": phone }));
        Self {
            cycle,
            access,
            token: asked.text("sms-token"),
            code: desk.site.code(&phone),
        }
    }

    fn rename(&self, desk: &mut Desk<'_>) -> Told {
        let bearer = format!("Bearer {}", self.access);
        let body = json!({ "first_name": "Witness" });
        desk.answer("PATCH", "/profile/", &[("authorization", &bearer)], &body)
    }

    /// What can be read is; nothing is written, and the right code is not an exception.
    fn expect_read_only(&self, desk: &mut Desk<'_>) {
        self.ask_until_refused_twice(desk);
        expect_unavailable(&desk.confirm(&self.token, &self.code));
        assert_eq!(desk.profile(&self.access).status, 200);
        let live = desk.answer("GET", "/health/live", &[], &json!(null));
        assert_eq!(live.status, 200);
    }

    /// After one refusal the log is merged, and may have room again. But what
    /// makes the file grow finds none in the end.
    fn ask_until_refused_twice(&self, desk: &mut Desk<'_>) {
        let mut refusals = 0;
        for number in 0..10_000 {
            let phone = format!("+79{number:05}{:04}", 7000 + self.cycle);
            let told = desk.answer("POST", "/login/", &[], &json!({ "phone": phone }));
            refusals = if told.status == 200 { 0 } else { refusals + 1 };
            if refusals > 0 {
                expect_unavailable(&told);
            }
            if refusals == 2 {
                break;
            }
        }
        assert_eq!(refusals, 2, "it never filled up");
    }

    fn expect_well(&self, desk: &mut Desk<'_>) {
        assert_eq!(self.rename(desk).status, 200);
        assert_eq!(desk.confirm(&self.token, &self.code).status, 200);
    }
}

#[track_caller]
pub fn expect_unavailable(told: &Told) {
    let seconds = told
        .header("retry-after")
        .and_then(|text| text.parse().ok());
    assert_eq!(
        (told.status, told.code()),
        (503, "storage_unavailable"),
        "{told:?}"
    );
    assert!(seconds.is_some_and(|seconds: u64| seconds > 0), "{told:?}");
}

/// Breaks the disk under load, has it repaired, and finds the same server well.
pub fn live_through<T>(
    crowd: &mut Crowd,
    server: &Server,
    cycle: u64,
    break_it: impl FnOnce() -> T,
    repair: impl FnOnce(T),
) {
    let mut dice = StdRng::seed_from_u64(cycle);
    let witness = Witness::arrive(&mut crowd.desk(server), cycle);
    let mut broken = None;
    let stops = crowd.live(server, |answers| {
        some_moment(answers, CLIENTS, &mut dice);
        broken = Some(break_it());
    });
    for stop in &stops {
        match stop {
            Stop::Unavailable(told) => expect_unavailable(told),
            other => panic!("{other:?}"),
        }
    }
    witness.expect_read_only(&mut crowd.desk(server));
    repair(broken.unwrap());
    witness.expect_well(&mut crowd.desk(server));
    crowd.check(server);
}

fn fill_so_many_times(cycles: u64, size: &str) {
    let Some(disk) = Disk::mount(size) else {
        return;
    };
    let mut crowd = Crowd::new(Site::on(disk.path()), CLIENTS);
    let server = crowd.site.start();
    for cycle in 0..cycles {
        live_through(
            &mut crowd,
            &server,
            cycle,
            || disk.fill(),
            |()| disk.empty(),
        );
    }
    disk.fill();
    server.signal("-KILL");
    drop(server);
    // A start on a full disk may fail, but not break anything.
    drop(crowd.site.try_start());
    disk.empty();
    let server = crowd.site.start();
    crowd.check(&server);
    disk.fill();
    assert!(server.stop().success());
    disk.empty();
    crowd.check(&crowd.site.start());
    crowd.tally.close(&format!("a full disk, {cycles} times"));
}

#[test]
fn what_was_told_survives_a_full_disk_and_the_server_recovers() {
    // So small that the log would fill it by itself, were it not merged in between.
    fill_so_many_times(6, "4m");
}

#[test]
fn who_has_no_room_is_not_ready_until_there_is_some() {
    let Some(disk) = Disk::mount("4m") else {
        return;
    };
    let site = Site::on(disk.path());
    let server = site.start();
    let mut line = Line::to(&server.address);
    let mut ready = || {
        let told = line.call("GET", "/health/ready", &[], &json!(null));
        told.unwrap()
    };
    once(&mut ready, 200);
    disk.fill();
    expect_unavailable(&once(&mut ready, 503));
    disk.empty();
    once(&mut ready, 200);
}

#[test]
#[ignore = "long"]
fn what_was_told_survives_thirty_full_disks() {
    fill_so_many_times(30, "8m");
}

#[test]
fn a_start_on_a_read_only_file_system_is_one_clear_sentence() {
    let Some(disk) = Disk::mount("8m") else {
        return;
    };
    let mut crowd = Crowd::new(Site::on(disk.path()), CLIENTS);
    let server = crowd.site.start();
    crowd.live(&server, |answers| {
        some_moment(answers, CLIENTS, &mut StdRng::seed_from_u64(0));
        server.signal("-KILL");
    });
    drop(server);
    disk.remount("remount,ro");
    let refusal = crowd.site.try_start().err().unwrap();
    assert_eq!(refusal.status.code(), Some(2), "{refusal:?}");
    let database = crowd.site.database.display();
    let sentence =
        format!("invited: --database: {database} cannot be opened: Read-only file system");
    assert!(refusal.told.starts_with(&sentence), "{refusal:?}");
    disk.remount("remount,rw");
    crowd.check(&crowd.site.start());
    crowd.tally.close("a start on a read-only file system");
}
