//! The load command: what it sends, what it makes of answers, how it reports.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::Output,
    thread,
};

use tempfile::TempDir;

use crate::harness::server::{Server, run};

/// A second of it, on a few connections.
fn bench(folder: &Path, url: &str, more: &[&str]) -> Output {
    let short = [
        "bench",
        "--url",
        url,
        "--connections",
        "3",
        "--seconds",
        "1",
    ];
    run(folder, &[&short, more].concat())
}

fn told(output: &Output) -> String {
    let error = str::from_utf8(&output.stderr).unwrap();
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn number(text: &str) -> f64 {
    text.trim().parse().unwrap()
}

/// The number before so many words.
fn count(report: &str, words: &str) -> u64 {
    let mut lines = report.lines();
    let count = lines.find_map(|line| line.strip_suffix(words));
    count.map_or(0, |count| count.trim().parse().unwrap())
}

/// The figures behind `p50`, `p90`, `p99`, `p99.9` and `max`.
fn quantiles(report: &str) -> Vec<f64> {
    let line = report
        .lines()
        .find(|line| line.starts_with("p50 "))
        .unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    words.chunks(3).map(|words| number(words[1])).collect()
}

/// The shares of the histogram, in hundredths.
fn shares(report: &str) -> Vec<f64> {
    let lines = report.lines().filter_map(|line| line.split_once(" %  "));
    let shares = lines.map(|(before, _)| number(before.rsplit_once("ms").unwrap().1));
    shares.collect()
}

#[test]
fn a_report_counts_every_answer_and_shows_how_soon_they_came() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let url = format!("http://{}/health/live", server.address);
    let report = told(&bench(folder.path(), &url, &[]));
    assert!(count(&report, "  answers 2xx") > 3, "{report}");
    assert_eq!(count(&report, "  errors"), 0, "{report}");
    let quantiles = quantiles(&report);
    assert!(quantiles.len() == 5 && quantiles.is_sorted(), "{report}");
    // Three connections always wait for an answer, so all waits together are three seconds.
    let answers: u32 = count(&report, "  answers 2xx").try_into().unwrap();
    assert!(quantiles[4] * f64::from(answers) > 1500.0, "{report}");
    let sum: f64 = shares(&report).iter().sum();
    assert!((sum - 100.0).abs() < 0.1, "{report}");
    assert!(report.lines().count() <= 20, "{report}");
}

#[test]
fn what_is_sent_is_what_was_asked_for() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let url = format!("http://{}/login/", server.address);
    let body = r#"{"phone": "+79001234567"}"#;
    let report = told(&bench(
        folder.path(),
        &url,
        &["--method", "POST", "--body", body],
    ));
    // Three codes of a phone may be alive; whoever has them goes on with the last.
    let sent = fs::read_to_string(folder.path().join("sms.jsonl")).unwrap();
    assert_eq!(sent.lines().count(), 3, "{report}");
    assert!(count(&report, "  answers 2xx") > 3, "{report}");
    assert_eq!(count(&report, "  errors"), 0, "{report}");

    let text = [
        "--method",
        "POST",
        "--body",
        body,
        "--header",
        "content-type: text/plain",
    ];
    let report = told(&bench(folder.path(), &url, &text));
    assert_eq!(count(&report, "  answers 2xx"), 0, "{report}");
}

/// Answers whatever comes with `answer`, and closes if `closes`.
fn answering(answer: &'static str, closes: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut request = [0; 4096];
                while stream.read(&mut request).unwrap_or(0) > 0
                    && stream.write_all(answer.as_bytes()).is_ok()
                    && !closes
                {}
            });
        }
    });
    url
}

#[test]
fn answers_of_other_servers_are_understood() {
    let folder = TempDir::new().unwrap();
    for (answer, closes) in [
        (
            "HTTP/1.1 404 No\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            false,
        ),
        (
            "HTTP/1.1 404 No\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabc",
            true,
        ),
        ("HTTP/1.0 404 No\r\n\r\nabc", true),
    ] {
        let report = told(&bench(folder.path(), &answering(answer, closes), &[]));
        assert!(count(&report, "  answers 4xx") > 3, "{report}");
        assert_eq!(count(&report, "  errors"), 0, "{report}");
    }
}

#[test]
fn a_server_that_answers_nothing_is_told_in_a_sentence() {
    let folder = TempDir::new().unwrap();
    let output = bench(folder.path(), &answering("SSH-2.0\r\n", false), &[]);
    let error = str::from_utf8(&output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.contains("no request was answered") && error.lines().count() == 1,
        "{error}"
    );

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let output = bench(folder.path(), &url, &[]);
    let error = str::from_utf8(&output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.contains("cannot be reached") && error.lines().count() == 1,
        "{error}"
    );
}

#[test]
fn mistakes_are_told_in_a_sentence_that_does_not_repeat_them() {
    let folder = TempDir::new().unwrap();
    for (url, more, said) in [
        ("https://secret/", &[][..], "--url names https"),
        ("secret", &[], "--url is no address"),
        ("ftp://secret/", &[], "--url is no address"),
        ("http://secret@127.0.0.1/", &[], "--url is no address"),
        (
            "http://127.0.0.1/",
            &["--method", "SEC RET"],
            "--method is no method",
        ),
        (
            "http://127.0.0.1/",
            &["--header", "secret"],
            "--header is no header",
        ),
        (
            "http://127.0.0.1/",
            &["--header", "a: secret\r\nb: c"],
            "--header is no header",
        ),
        (
            "http://127.0.0.1/",
            &["--header", "content-length: 1"],
            "--header names content-length",
        ),
    ] {
        let output = bench(folder.path(), url, more);
        let error = str::from_utf8(&output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.starts_with(&format!("invited: {said}")), "{error}");
        assert!(
            error.lines().count() == 1 && !error.to_lowercase().contains("sec"),
            "{error}"
        );
    }
}
