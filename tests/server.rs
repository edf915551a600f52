//! Issue by issue, what clients try in order to hold the server: over TCP,
//! mostly against the accept loop alone, with less timeouts than it has.

use std::{fs, path::Path, thread, time::Duration};

use invited::http::server::{Connections, Timeouts};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tempfile::TempDir;

use crate::harness::{
    client::Client,
    door::{BIG, Door, GET, LONG, PACE, PATIENT, SHORT},
    server::{Server, call},
};

const READ_BIG: &str = "GET /big HTTP/1.1\r\nHost: x\r\n\r\n";
const HALF: &str = "GET / HTTP/1.1\r\nHost: x\r\nX: ";

#[test]
fn a_head_that_drips_is_cut_off_by_its_total() {
    let timeouts = Timeouts {
        head: SHORT,
        ..PATIENT
    };
    let door = Door::new(timeouts);
    for mut client in [door.client(""), door.answered()] {
        client.send(HALF);
        let cut_off = (0..4000).any(|_| {
            client.send("x");
            client.ends_within(PACE)
        });
        assert!(cut_off);
    }
}

#[test]
fn between_requests_a_client_has_a_time_of_its_own() {
    let impatient = |head, idle| Timeouts {
        head,
        idle,
        ..PATIENT
    };
    let door = Door::new(impatient(LONG, SHORT));
    let mut client = door.answered();
    assert!(client.answer().is_none(), "too long idle, it is closed");

    let door = Door::new(impatient(SHORT, LONG));
    let mut client = door.answered();
    // By the end of another's time for a head, this one's would be over too.
    assert!(door.client("").answer().is_none());
    client.send(GET);
    assert_eq!(client.answer().unwrap().status, 200);
}

#[test]
fn who_does_not_read_the_answer_makes_room_for_a_newcomer() {
    let post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n";
    for (then, half_closed) in [
        ("", false),
        ("", true),
        (HALF, false),
        (post, false),
        (&GET.repeat(99), false),
        (&READ_BIG.repeat(9), true),
    ] {
        let door = Door::with(PATIENT, Connections::new(1, 1, Vec::new()));
        let mut client = door.client(&format!("{READ_BIG}{then}"));
        if half_closed {
            client.half_close();
        }
        assert_eq!(client.status_line(), "HTTP/1.1 200 OK\r\n");
        door.answered();
        assert!(client.rest() < BIG);
    }
}

#[test]
fn who_has_read_a_long_answer_waits_like_any_other() {
    let door = Door::with(PATIENT, Connections::new(1, 1, Vec::new()));
    let mut client = door.client(READ_BIG);
    assert_eq!(client.answer().unwrap().body.len(), BIG);
    door.answered();
    assert!(client.answer().is_none());
}

#[test]
fn readers_who_hold_every_place_all_make_room() {
    let door = Door::with(PATIENT, Connections::new(64, 16, Vec::new()));
    let reader = |number| {
        let mut client = door.client_from(&format!("127.0.0.{}:0", 1 + number % 4), READ_BIG);
        client.status_line();
        client
    };
    let mut readers: Vec<_> = (0..64).map(reader).collect();
    let newcomer = |number| {
        for reader in readers.iter_mut().step_by(2) {
            reader.some(1);
        }
        door.busy_from(&format!("127.0.0.{}:0", 5 + number % 4))
    };
    let mut newcomers: Vec<_> = (0..64).map(newcomer).collect();
    door.release.notify_waiters();
    for newcomer in &mut newcomers {
        assert_eq!(newcomer.answer().unwrap().status, 200);
    }
}

#[test]
fn who_reads_less_than_the_least_rate_is_dropped() {
    for piece in [0, 1, 1 << 18] {
        let timeouts = Timeouts {
            reader: SHORT,
            reader_rate: u32::MAX,
            ..PATIENT
        };
        let door = Door::new(timeouts);
        let mut client = door.client(READ_BIG);
        client.status_line();
        let mut read = 0;
        let dropped = (0..4000).any(|_| {
            read += client.some(piece);
            let _ = door.entered.recv_timeout(PACE);
            !client.send("x") || read > BIG
        });
        assert!(dropped && read < BIG, "{piece} bytes now and then");
    }
}

#[test]
fn a_newcomer_does_not_wait_until_another_has_gone() {
    let workers = thread::available_parallelism().unwrap().get();
    if workers == 1 {
        return;
    }
    let door = Door::with(PATIENT, Connections::new(workers + 1, 99, Vec::new()));
    // One for each thread, and then one that blocks the first of these.
    let waiting: Vec<_> = (0..workers).map(|_| door.answered()).collect();
    let mut blocking = door.client("GET /blocked HTTP/1.1\r\nHost: x\r\n\r\n");
    door.entered.recv().unwrap();
    let mut newcomer = door.client(GET);
    assert_eq!(newcomer.answer().unwrap().status, 200);
    door.unblock.wait();
    assert_eq!(blocking.answer().unwrap().status, 200);
    drop(waiting);
}

#[test]
fn a_newcomer_displaces_whoever_has_waited_longest() {
    for connections in [
        Connections::new(3, 9, Vec::new()),
        Connections::new(9, 3, Vec::new()),
    ] {
        let door = Door::with(PATIENT, connections);
        let busy = door.busy();
        let (mut longest, mut other) = (door.client(HALF), door.client(HALF));
        let mut newcomer = door.client(GET);
        assert_eq!(newcomer.answer().unwrap().status, 200);
        assert!(longest.answer().is_none());
        other.send("\r\n\r\n");
        assert_eq!(other.answer().unwrap().status, 200);
        drop(busy);
    }
}

#[test]
fn who_reads_slowly_but_steadily_gets_the_whole_answer() {
    let timeouts = Timeouts {
        head: SHORT,
        idle: SHORT,
        reader: Duration::from_secs(1),
        reader_rate: 1 << 20,
        ..PATIENT
    };
    let door = Door::new(timeouts);
    let mut client = door.client(READ_BIG);
    client.status_line();
    let mut read = 0;
    // Longer than that second, with what waits for the reader in between.
    for _ in 0..150 {
        read += client.some(BIG / 300);
        let _ = door.entered.recv_timeout(PACE * 2);
    }
    assert!(read + client.rest() > BIG);
}

#[test]
fn a_body_that_does_not_come_is_waited_for_like_a_head() {
    let door = Door::with(PATIENT, Connections::new(1, 1, Vec::new()));
    door.release.notify_one();
    let mut slow = door.client("POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx");
    door.entered.recv().unwrap();
    door.answered();
    assert!(slow.answer().is_none());
}

#[test]
fn a_request_at_work_is_never_displaced() {
    let door = Door::with(PATIENT, Connections::new(2, 2, Vec::new()));
    let mut busy = [door.busy(), door.busy()];
    for _ in 0..10 {
        assert!(door.client(GET).answer().is_none(), "there is no room");
    }
    door.release.notify_waiters();
    for client in &mut busy {
        assert_eq!(client.answer().unwrap().status, 200);
    }
    door.answered();
}

#[test]
fn a_source_has_its_own_cap_unless_it_is_a_proxy() {
    let network = |text: &str| vec![text.parse().unwrap()];
    for (exempt, from, displaced) in [
        (vec![], "127.0.0.1:0", true),
        (vec![], "127.0.0.2:0", false),
        (network("127.0.0.0/8"), "127.0.0.1:0", false),
        (network("127.0.0.2/32"), "127.0.0.1:0", true),
    ] {
        let door = Door::with(PATIENT, Connections::new(9, 1, exempt));
        let mut bystander = door.client_from("127.0.0.3:0", HALF);
        let mut first = door.client(HALF);
        let mut second = door.client_from(from, GET);
        assert_eq!(second.answer().unwrap().status, 200);
        first.send("\r\n\r\n");
        assert_eq!(first.answer().is_none(), displaced, "{from}");
        bystander.send("\r\n\r\n");
        assert_eq!(bystander.answer().unwrap().status, 200, "{from}");
    }
}

#[test]
fn requests_sent_at_once_are_answered_in_order_however_they_are_cut() {
    let door = Door::new(PATIENT);
    let post = |path: usize| {
        format!(
            "POST /{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 19\r\n\r\nGET / HTTP/1.1\r\n\r\n\n"
        )
    };
    let get = |path: usize| format!("\r\nGET /{path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let text: String = (0..200).map(|path| [get, post][path % 2](path)).collect();
    for size in [1, 7, 1000, 9000, text.len()] {
        let mut client = door.client("");
        for piece in text.as_bytes().chunks(size) {
            client.send(std::str::from_utf8(piece).unwrap());
        }
        for path in 0..200 {
            let body = client.answer().unwrap().body;
            let rest = body.strip_prefix(&format!("/{path}")).unwrap();
            assert_eq!(rest.len(), 19 * (path % 2), "in pieces of {size}");
        }
    }
}

#[test]
fn a_stop_closes_who_is_idle_and_finishes_what_is_at_work() {
    let timeouts = Timeouts {
        head: Duration::from_secs(1),
        ..PATIENT
    };
    let mut door = Door::new(timeouts);
    let (mut idle, mut busy) = (door.answered(), door.busy());
    let mut dripping = door.client(HALF);
    door.stop.take().unwrap().send(()).unwrap();
    assert!(idle.answer().is_none());
    door.release.notify_one();
    assert_eq!(busy.answer().unwrap().status, 200);
    assert!(busy.answer().is_none());
    while !dripping.ends_within(PACE) {
        dripping.send("x");
    }
    door.stopped.recv().unwrap();
}

#[test]
fn a_stop_does_not_wait_for_ever_for_who_does_not_read() {
    let timeouts = Timeouts {
        stop: SHORT,
        ..PATIENT
    };
    let mut door = Door::new(timeouts);
    let mut reader = door.client(READ_BIG);
    reader.status_line();
    door.stop.take().unwrap().send(()).unwrap();
    door.stopped.recv().unwrap();
    assert!(reader.rest() < BIG);
}

#[test]
fn a_client_that_is_still_sending_sees_why_it_was_refused() {
    let door = Door::new(PATIENT);
    let size = 32 << 20;
    let head = format!("POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n");
    let mut client = door.client(&head);
    assert!(client.send(&"x".repeat(size)), "it is heard to the end");
    assert_eq!(client.answer().unwrap().status, 200);
    assert!(client.answer().is_none());
}

#[test]
fn who_goes_on_sending_after_the_answer_is_not_heard_for_ever() {
    let drain = SHORT;
    let door = Door::new(Timeouts { drain, ..PATIENT });
    let head = format!(
        "POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        u64::MAX / 2
    );
    let mut client = door.client(&head);
    let megabyte = "x".repeat(1 << 20);
    assert!((0..4000).any(|_| !client.send(&megabyte)));
}

#[test]
fn slow_clients_leave_room_for_others_from_the_same_address() {
    let folder = TempDir::new().unwrap();
    let caps = "[http]\nconnections = 60\nconnections_per_source = 50";
    fs::write(folder.path().join("invited.toml"), caps).unwrap();
    let server = Server::with(folder.path(), &["--config", "invited.toml"]);
    let mut slow: Vec<_> = (0..200)
        .map(|_| Client::sending(&server.address, HALF))
        .collect();
    let live = call(&server.address, "GET", "/health/live", &[], None);
    assert_eq!(live.unwrap().0, 200);
    assert!(slow[0].answer().is_none(), "the first had to go");
}

/// The log of a server that is live amid slow clients and after them.
fn crowded(server: Server, folder: &Path) -> String {
    let slow: Vec<_> = (0..200)
        .map(|_| Client::sending(&server.address, HALF))
        .collect();
    let live = || call(&server.address, "GET", "/health/live", &[], None);
    assert_eq!(live().unwrap().0, 200);
    drop(slow);
    assert_eq!(live().unwrap().0, 200);
    assert!(server.stop().success());
    fs::read_to_string(folder.join("stderr.txt")).unwrap()
}

#[test]
fn out_of_files_the_server_goes_on_and_says_so_once() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let id = server.process.id();
    let open = fs::read_dir(format!("/proc/{id}/fd")).unwrap().count() as u64;
    let files = Some(open + 5);
    let limit = Rlimit {
        current: files,
        maximum: files,
    };
    prlimit(Pid::from_raw(id.cast_signed()), Resource::Nofile, limit).unwrap();
    let told = crowded(server, folder.path());
    assert_eq!(told.matches("cannot be accepted").count(), 1, "{told}");
}

#[test]
fn few_open_files_mean_few_connections() {
    let folder = TempDir::new().unwrap();
    let server = Server::limited(folder.path(), "ulimit -n 128");
    let told = crowded(server, folder.path());
    assert!(told.contains("configured=4096 connections=60"), "{told}");
    assert!(!told.contains("cannot be accepted"), "{told}");
}
