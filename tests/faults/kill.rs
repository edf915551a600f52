//! The process ends: killed without warning, or asked to stop.

use std::{sync::mpsc::channel, time::Duration};

use rand::{SeedableRng, rngs::StdRng};

use super::{
    crowd::{Crowd, some_moment},
    desk::Stop,
    say,
    site::Site,
};
use crate::harness::{line::Lost, server::Server};

const CLIENTS: usize = 64;

fn kill_so_many_times(cycles: u64) {
    let mut crowd = Crowd::new(Site::new(), CLIENTS);
    for cycle in 0..cycles {
        let mut dice = StdRng::seed_from_u64(cycle);
        let server = crowd.site.start();
        crowd.live(&server, |answers| {
            some_moment(answers, CLIENTS, &mut dice);
            server.signal("-KILL");
        });
        drop(server);
        crowd.check(&crowd.site.start());
        say(&format!(
            "kill -9, cycle {} of {cycles}: {}",
            cycle + 1,
            crowd.tally
        ));
    }
    crowd.tally.close("kill -9");
}

#[test]
fn what_was_told_survives_kill_9() {
    kill_so_many_times(3);
}

#[test]
#[ignore = "long"]
fn what_was_told_survives_kill_9_a_hundred_times() {
    kill_so_many_times(100);
}

fn stop_so_many_times(cycles: u64) {
    let mut crowd = Crowd::new(Site::new(), CLIENTS);
    for cycle in 0..cycles {
        let mut dice = StdRng::seed_from_u64(cycle);
        let server = crowd.site.start();
        let stops = crowd.live(&server, |answers| {
            some_moment(answers, CLIENTS, &mut dice);
            server.signal("-TERM");
        });
        let none = |stop: &Stop| matches!(stop, Stop::Lost(Lost::Whole));
        assert!(stops.iter().all(none), "answers that broke off: {stops:?}");
        expect_exit(server);
        assert!(
            !crowd.site.beside("-wal").exists(),
            "the log was not merged"
        );
        crowd.check(&crowd.site.start());
    }
    crowd.tally.close("SIGTERM");
}

/// The server exits with 0 within ten seconds.
fn expect_exit(mut server: Server) {
    let (exited, has_exited) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || exited.send(server.process.wait().unwrap()));
        let status = has_exited.recv_timeout(Duration::from_secs(10));
        assert_eq!(status.unwrap().code(), Some(0));
    });
}

#[test]
fn what_was_told_survives_sigterm_and_no_answer_breaks_off() {
    stop_so_many_times(2);
}

#[test]
#[ignore = "long"]
fn what_was_told_survives_sigterm_thirty_times() {
    stop_so_many_times(30);
}
