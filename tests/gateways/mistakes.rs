//! What is wrong with a gateway is told at the start.

use invited::sms::route::Routes;

use super::{open, plain, plan};

#[test]
fn a_mistake_in_a_gateway_is_told_at_the_start() {
    let good = plain("https://example.com/send");
    for (more, path, reason) in [
        (
            "headers.a = \"{{to}}\"",
            "mine.headers.a",
            "is not a placeholder",
        ),
        ("headers.a = \"{{to\"", "mine.headers.a", "without }}"),
        (
            "headers.a = \"${env:NONE}\"",
            "mine.headers.a",
            "NONE, which is not set",
        ),
        (
            "headers.a = \"${file:/nowhere/at/all}\"",
            "mine.headers.a",
            "cannot be read",
        ),
        (
            "headers.a = \"${secret}\"",
            "mine.headers.a",
            "which is nothing",
        ),
        (
            "headers.\"a b\" = \"x\"",
            "mine.headers.a b",
            "is not the name of a header",
        ),
        (
            "query.a = \"${env:KEY}\"",
            "mine.query.a",
            "puts a secret into the URL",
        ),
        (
            "body.json.deep = [{ a = \"{{b}}\" }]",
            "mine.body.json.deep.a",
            "is not a placeholder",
        ),
        ("body.form = {}", "mine.body", "one of json, form and text"),
        ("method = \"post\"", "mine.method", "is not a method"),
        ("id = \"message\"", "mine.id", "must be a JSON pointer"),
        ("settings = 7", "mine.settings", "is what presets ask for"),
        (
            "error.patterns = { \"(\" = \"rejected\" }",
            "mine.error.patterns",
            "not a regular expression",
        ),
        (
            "ok.pattern = \"(\"",
            "mine.ok.pattern",
            "is not a regular expression",
        ),
        ("ok.equals = 1", "mine.ok", "needs a pointer"),
        ("ok.pointer = \"/a\"", "mine.ok.pointer", "needs equals"),
        (
            "error.map = { 1 = \"bad\" }",
            "mine.error.map.1",
            "unknown variant",
        ),
        ("okay = 1", "mine.okay", "is not a key here"),
        ("prices = [\"2.50\"]", "mine.prices", "is not a price"),
        ("sender = 7", "mine.sender", "must be text"),
        (
            "headers.a = \"{{sender}}\"",
            "mine.headers.a",
            "needs sender",
        ),
        (
            "receipt = { from = \"json\", id = \"id\", state = \"/s\", map = {} }",
            "mine.receipt.id",
            "must be a pointer",
        ),
        (
            "check.url = \"http://example.com/\"",
            "mine.check.url",
            "is plain http",
        ),
    ] {
        let Err(flaw) = plan(&(good.clone() + more)).open(&Routes::default(), &|_| String::new())
        else {
            panic!("taken: {more}")
        };
        assert_eq!(flaw.path.join("."), path, "{more}: {}", flaw.reason);
        assert!(flaw.reason.contains(reason), "{more}: {}", flaw.reason);
    }
}

#[test]
fn a_url_gives_nothing_away() {
    for (url, reason) in [
        ("http://example.com/", "is plain http"),
        ("http://127.0.0.1.example.com/", "is plain http"),
        ("ftp://example.com/", "must begin with https"),
        ("example.com", "is not a URL"),
        ("https://{{to_digits}}.example.com/", "must name its host"),
        ("https://example.com:{{code}}/", "is not a URL"),
        (
            "https://me:pass@example.com/",
            "must not contain a password",
        ),
        (
            "https://example.com/${env:KEY}",
            "puts a secret into the URL",
        ),
    ] {
        let Err(flaw) = plan(&plain(url)).open(&Routes::default(), &|_| String::new()) else {
            panic!("taken: {url}")
        };
        assert!(flaw.reason.contains(reason), "{url}: {}", flaw.reason);
    }
    open(&plain("http://localhost:1/"));
    open(&plain("http://[::1]:1/"));
    open(&(plain("https://example.com/${env:KEY}") + "secret_in_url = true"));
}
