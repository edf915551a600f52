//! Issue by issue, what clients try in order to hold or wear out the server.

use std::time::Duration;

use invited::http::server::Timeouts;

use super::{
    Encrypted,
    frames::{
        CONTINUATION, DATA, END_HEADERS, END_STREAM, End, Frames, HEADERS, PING, PRIORITY, REFUSED,
        RESET, SETTINGS, WINDOW, block, fields,
    },
};
use crate::harness::door::{PACE, PATIENT, SHORT, TRIES};

const INITIAL_WINDOW: u16 = 4;

/// Asserts that a client is cut off while it goes on with something.
#[track_caller]
fn cut_off<T>(client: &mut Frames, mut go_on: impl FnMut(&mut Frames) -> T) {
    let is_over = |_| {
        go_on(client);
        client.ends_within(PACE)
    };
    assert!((0..TRIES).any(is_over));
}

/// Asserts that a client is cut off before it has sent something so many times.
#[track_caller]
fn exhausted(most: u32, mut send: impl FnMut(&mut Frames, u32) -> bool) {
    let server = Encrypted::new(PATIENT, 9);
    let mut client = server.client();
    let fits = (0..most).all(|number| send(&mut client, number));
    assert!(!fits || client.ends_within(Duration::from_secs(20)));
    server.lets_in();
}

#[test]
fn a_first_request_that_does_not_come_is_cut_off() {
    let timeouts = Timeouts {
        head: SHORT,
        ..PATIENT
    };
    let server = Encrypted::new(timeouts, 9);
    let ping = |client: &mut Frames| client.send(PING, 0, 0, &[0; 8]);
    cut_off(&mut server.client(), |_| {});
    cut_off(&mut server.client(), ping);
    let mut dripping = server.client();
    dripping.send(HEADERS, END_STREAM, 1, &[]);
    cut_off(&mut dripping, |client| client.send(CONTINUATION, 0, 1, &[]));
    let mut answered = server.lets_in();
    assert!(
        !answered.ends_within(SHORT * 3),
        "between requests there is more time"
    );
}

#[test]
fn an_answer_that_pauses_is_not_its_readers_fault() {
    let timeouts = Timeouts {
        reader: SHORT,
        ..PATIENT
    };
    let server = Encrypted::new(timeouts, 9);
    let mut client = server.client();
    client.get(1, "/paused");
    client.reads_head(1);
    assert!(!client.ends_within(SHORT * 5));
    server.door.release.notify_waiters();
    // The beginning may have been dropped meanwhile.
    assert!(matches!(client.end(1), End::Answer(text) if text.ends_with("two")));
}

#[test]
fn between_requests_nothing_but_a_request_prolongs_a_connection() {
    let timeouts = Timeouts {
        idle: SHORT,
        ..PATIENT
    };
    let server = Encrypted::new(timeouts, 9);
    let ping = |client: &mut Frames| client.send(PING, 0, 0, &[0; 8]);
    cut_off(&mut server.lets_in(), |_| {});
    cut_off(&mut server.lets_in(), ping);
    let mut busy = server.client();
    busy.get(1, "/held");
    server.door.entered.recv().unwrap();
    assert!(!busy.ends_within(SHORT * 5), "a request is at work");
    server.door.release.notify_waiters();
    cut_off(&mut busy, ping);
}

#[test]
fn a_request_that_is_cancelled_leaves_an_idle_connection() {
    let timeouts = Timeouts {
        idle: SHORT,
        ..PATIENT
    };
    let server = Encrypted::new(timeouts, 9);
    let mut client = server.client();
    client.get(1, "/held");
    server.door.entered.recv().unwrap();
    client.send(RESET, 0, 1, &[0, 0, 0, 8]);
    cut_off(&mut client, |_| {});
}

#[test]
fn who_takes_no_answer_makes_room_for_a_newcomer() {
    for window in [0, 1, 65_535] {
        let server = Encrypted::new(PATIENT, 1);
        let mut client = server.with(&[(INITIAL_WINDOW, window)]);
        client.get(1, "/big");
        client.reads_head(1);
        server.lets_in();
        assert!(matches!(client.end(1), End::Gone(_)), "{window}");
    }
}

#[test]
fn who_takes_less_than_the_least_rate_is_dropped() {
    let timeouts = Timeouts {
        reader: SHORT,
        reader_rate: u32::MAX,
        ..PATIENT
    };
    for window in [0, 65_535] {
        let server = Encrypted::new(timeouts, 9);
        let mut client = server.with(&[(INITIAL_WINDOW, window)]);
        client.get(1, "/big");
        cut_off(&mut client, |client| {
            client.send(PING, 0, 0, &[0; 8]);
            client.send(WINDOW, 0, 1, &[0, 0, 0, 1]);
        });
    }
}

#[test]
fn a_body_that_does_not_come_is_waited_for_like_a_head() {
    let server = Encrypted::new(PATIENT, 1);
    let mut client = server.client();
    server.door.release.notify_one();
    client.post(1, "/held");
    client.send(DATA, 0, 1, b"x");
    server.door.entered.recv().unwrap();
    server.lets_in();
    assert!(matches!(client.end(1), End::Gone(_)));
}

#[test]
fn a_connection_with_a_request_at_work_is_never_displaced() {
    let server = Encrypted::new(PATIENT, 2);
    let mut client = server.client();
    client.get(1, "/held");
    server.door.entered.recv().unwrap();
    client.post(3, "/held");
    server.door.entered.recv().unwrap();
    let newcomer = || Frames::new(&server.door.address, &server.believed, &[]);
    assert!((0..10).all(|_| newcomer().is_none()), "there is no room");
    server.door.release.notify_waiters();
    assert_eq!(client.end(1), End::Answer("/held".to_owned()));
}

#[test]
fn each_open_request_beside_another_counts_as_a_connection() {
    let server = Encrypted::new(PATIENT, 3);
    let (mut client, mut idle) = (server.client(), server.lets_in());
    for stream in [1, 3, 5] {
        client.get(stream, "/held");
        server.door.entered.recv().unwrap();
    }
    assert!(matches!(idle.end(3), End::Gone(_)), "it had to make room");
    client.get(7, "/");
    assert_eq!(client.end(7), End::Reset(REFUSED));
    server.door.release.notify_waiters();
    assert_eq!(client.end(5), End::Answer("/held".to_owned()));
    server.lets_in();
}

#[test]
fn a_connection_has_sixteen_requests_open_at_most() {
    let server = Encrypted::new(PATIENT, 99);
    let mut client = server.client();
    for number in 0..16 {
        client.get(2 * number + 1, "/held");
        server.door.entered.recv().unwrap();
    }
    client.get(33, "/");
    assert_eq!(client.end(33), End::Reset(REFUSED));
    server.door.release.notify_waiters();
    assert_eq!(client.end(31), End::Answer("/held".to_owned()));
}

#[test]
fn who_cancels_request_after_request_is_cut_off() {
    for path in ["/", "/held"] {
        exhausted(100_000, |client, number| {
            let stream = 2 * number + 1;
            client.get(stream, path) && client.send(RESET, 0, stream, &[0, 0, 0, 8])
        });
    }
    // The same at a pace that lets each of them begin.
    let server = Encrypted::new(PATIENT, 9);
    let mut client = server.client();
    let begun = (0..1000).take_while(|number| {
        let stream = 2 * number + 1;
        client.get(stream, "/held");
        client.send(RESET, 0, stream, &[0, 0, 0, 8]);
        server
            .door
            .entered
            .recv_timeout(Duration::from_secs(1))
            .is_ok()
    });
    assert!((50..=101).contains(&begun.count()));
    assert!(client.ends_within(Duration::from_secs(20)));
}

#[test]
fn frames_that_ask_for_nothing_are_not_heard_for_ever() {
    exhausted(1 << 17, |client, _| client.send(PING, 0, 0, &[0; 8]));
    exhausted(1 << 17, |client, _| client.send(PING, 1, 0, &[0; 8]));
    exhausted(1 << 17, |client, _| {
        client.send(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 9])
    });
    exhausted(1 << 17, |client, _| {
        client.send(WINDOW, 0, 0, &[0, 0, 0, 1])
    });
    exhausted(1 << 17, |client, _| {
        client.send(PRIORITY, 0, 1, &[0, 0, 0, 3, 9])
    });
    exhausted(1 << 17, |client, _| client.send(99, 0, 0, &[0; 8]));
    exhausted(1 << 17, |client, number| {
        (number > 0 || client.post(1, "/")) && client.send(DATA, 0, 1, &[])
    });
}

#[test]
fn streams_that_the_server_has_to_reset_are_counted() {
    // More of a window than there is.
    exhausted(1000, |client, number| {
        let stream = 2 * number + 1;
        let most = 0x7fff_ffff_u32.to_be_bytes();
        client.post(stream, "/") && client.send(WINDOW, 0, stream, &most)
    });
    exhausted(1000, |client, number| {
        let fields = [&fields("GET", "/")[..], &[("connection", "close")]].concat();
        client.head(2 * number + 1, &fields, END_STREAM)
    });
}

#[test]
fn a_head_without_end_is_cut_off() {
    let field = block(&[("x", &"y".repeat(200))]);
    exhausted(10_000, |client, number| {
        if number == 0 {
            return client.send(HEADERS, END_STREAM, 1, &block(&fields("GET", "/")));
        }
        client.send(CONTINUATION, 0, 1, &field)
    });
    exhausted(10_000, |client, number| match number {
        0 => client.send(HEADERS, END_STREAM, 1, &[]),
        _ => client.send(CONTINUATION, 0, 1, &[]),
    });
}

#[test]
fn a_small_head_that_unpacks_to_a_large_one_is_refused() {
    // Into the table (RFC 7541, section 6.2.1), and then out of it many times: 4 bytes for 4 KB.
    let long = "y".repeat(100).repeat(35);
    let mut first = block(&fields("GET", "/"));
    first.extend([0x40, 1, b'x', 0x7f]);
    first.extend([0xad, 0x1a]);
    first.extend(long.as_bytes());
    let server = Encrypted::new(PATIENT, 9);
    let mut client = server.client();
    client.send(HEADERS, END_HEADERS | END_STREAM, 1, &first);
    assert_eq!(client.end(1), End::Answer("/".to_owned()));
    let bomb = |times| [block(&fields("GET", "/")), vec![0xbe; times]].concat();
    client.send(HEADERS, END_HEADERS | END_STREAM, 3, &bomb(5));
    assert_eq!(client.end(3), End::Answer("/".to_owned()));
    client.send(HEADERS, END_HEADERS | END_STREAM, 5, &bomb(20));
    assert_eq!(client.end(5), End::Answer(String::new()), "431");
    client.send(HEADERS, END_HEADERS | END_STREAM, 7, &bomb(16_000));
    assert!(matches!(client.end(7), End::Gone(_)));
}

#[test]
fn a_stop_finishes_what_is_at_work_and_waits_for_nobody_else() {
    let timeouts = Timeouts {
        drain: SHORT,
        ..PATIENT
    };
    let mut server = Encrypted::new(timeouts, 9);
    let (mut idle, mut busy) = (server.lets_in(), server.client());
    busy.get(1, "/held");
    server.door.entered.recv().unwrap();
    server.door.stop.take().unwrap().send(()).unwrap();
    assert_eq!(idle.end(3), End::Gone(Some(0)));
    busy.get(3, "/late");
    server.door.release.notify_waiters();
    assert_eq!(busy.end(1), End::Answer("/held".to_owned()));
    drop(busy);
    server.door.stopped.recv().unwrap();
}

#[test]
fn a_stop_does_not_wait_for_who_is_silent() {
    let timeouts = Timeouts {
        drain: SHORT,
        ..PATIENT
    };
    let mut server = Encrypted::new(timeouts, 9);
    let silent = (server.lets_in(), server.client());
    server.door.stop.take().unwrap().send(()).unwrap();
    server.door.stopped.recv().unwrap();
    drop(silent);
}
