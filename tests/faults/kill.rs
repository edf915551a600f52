//! The process ends: killed without warning, or asked to stop.

use std::{sync::mpsc::channel, time::Duration};

use super::{client::Interruption, environment::TestEnv, say, workload::Workload};
use crate::harness::{line::Lost, postgres, server::Server};

const WORKERS: usize = 64;

fn kill_repeatedly(cycles: u64) {
    let mut workload = Workload::new(TestEnv::new(), WORKERS);
    for cycle in 0..cycles {
        workload.run_and_kill(cycle);
        workload.start_and_check();
        let report = &workload.env.report;
        say(&format!(
            "kill -9, cycle {} of {cycles}: {report}",
            cycle + 1
        ));
    }
    workload.assert_no_violation("kill -9");
}

#[test]
fn acknowledged_facts_survive_kill_9() {
    kill_repeatedly(3);
}

#[test]
#[ignore = "long"]
fn acknowledged_facts_survive_kill_9_a_hundred_times() {
    kill_repeatedly(100);
}

fn stop_repeatedly(cycles: u64) {
    let mut workload = Workload::new(TestEnv::new(), WORKERS);
    for cycle in 0..cycles {
        let server = workload.env.start();
        let interruptions = workload.run(&server, cycle, || server.signal("-TERM"));
        // Who would have waited for a connection to a server is told so.
        let is_whole = |one: &Interruption| match one {
            Interruption::Unavailable(_) => postgres::is_asked_for(),
            other => matches!(other, Interruption::NoResponse(Lost::Whole)),
        };
        assert!(interruptions.iter().all(is_whole), "{interruptions:?}");
        assert_exits(server);
        assert!(!workload.env.side_file("-wal").exists());
        workload.start_and_check();
    }
    workload.assert_no_violation("SIGTERM");
}

/// The server exits with 0 within ten seconds.
fn assert_exits(mut server: Server) {
    let (sender, exit) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || sender.send(server.process.wait().unwrap()));
        let status = exit.recv_timeout(Duration::from_secs(10));
        assert_eq!(status.unwrap().code(), Some(0));
    });
}

#[test]
fn acknowledged_facts_survive_sigterm_and_no_response_breaks_off() {
    stop_repeatedly(2);
}

#[test]
#[ignore = "long"]
fn acknowledged_facts_survive_sigterm_thirty_times() {
    stop_repeatedly(30);
}
