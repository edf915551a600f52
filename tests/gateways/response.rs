//! What is made of what a provider answers, and what is shown of it.

use invited::sms::{SmsError, redaction::MessageId};

use super::stub::{self, Stub};
use super::{KEY, error, exchange, plain};

#[tokio::test]
async fn what_a_provider_repeats_is_not_passed_on() {
    let said = r#"{"error":"cannot send 'code: 0042' to 79123456789, nor 0042 alone"}"#;
    let stub = Stub::answering(400, said);
    let toml = plain(&stub.url) + "error.message = \"/error\"";
    let failure = exchange(&toml, "code: 0042").await.0.unwrap_err();
    let told = "HTTP 400: cannot send '…' to +7912•••••89, nor • alone";
    assert_eq!(&*failure.detail, told);
}

#[tokio::test]
async fn the_transcript_shows_everything_but_secrets() {
    let stub = Stub::saying(|asked| {
        stub::answer(
            401,
            &format!("{{\"error\":\"not you: {}\"}}", asked.head.escape_default()),
        )
    });
    let toml = plain(&stub.url)
        + "headers.authorization = \"Bearer ${env:KEY}\"\nbody.json.key = \"${env:KEY}\"\nerror.message = \"/error\"";
    let (outcome, said) = exchange(&toml, "hello").await;
    for shown in [
        "POST http://127.0.0.1",
        "authorization: Bearer ***",
        "\"key\":\"***\"",
        "hello",
        "HTTP 401",
        "not you",
    ] {
        assert!(said.contains(shown), "{shown}: {said}");
    }
    let failure = outcome.unwrap_err();
    assert_eq!(failure.error, SmsError::Misconfigured);
    assert!(failure.detail.contains("not you"), "{failure}");
    assert!(
        !said.contains(KEY) && !failure.detail.contains(KEY),
        "{said} {failure}"
    );
}

#[tokio::test]
async fn an_answer_means_what_its_status_its_pointers_and_its_map_say() {
    use SmsError as E;
    let ok = "ok = { status = 200, pointer = \"/status\", equals = \"OK\" }\n\
              error = { pointer = [\"/code\", \"/outer/code\"], map = { 7 = \"rejected\", \"status:409\" = \"throttled\" }, patterns = { \"^Sorry\" = \"throttled\" } }\n";
    for (status, body, error) in [
        (200, r#"{"status":"OK"}"#, None),
        (201, r#"{"status":"OK"}"#, Some(E::Unknown)),
        (200, r#"{"status":"ERROR"}"#, Some(E::Unknown)),
        (200, r#"{"status":"ERROR","code":7}"#, Some(E::Rejected)),
        (
            200,
            r#"{"status":"ERROR","outer":{"code":"7"}}"#,
            Some(E::Rejected),
        ),
        (200, r#"{"status":"ERROR","code":8}"#, Some(E::Unknown)),
        (200, "OK", Some(E::Unknown)),
        (200, "", Some(E::Unknown)),
        (302, "", Some(E::Misconfigured)),
        (400, "", Some(E::Unreachable)),
        (403, "", Some(E::Unreachable)),
        (400, "Sorry, not now", Some(E::Throttled)),
        (401, "", Some(E::Misconfigured)),
        (402, "", Some(E::Misconfigured)),
        (403, r#"{"code":"7"}"#, Some(E::Rejected)),
        (409, "", Some(E::Throttled)),
        (429, "", Some(E::Throttled)),
        (500, "", Some(E::Unknown)),
        (503, "", Some(E::Unknown)),
    ] {
        let stub = Stub::answering(status, body);
        let outcome = exchange(&(plain(&stub.url) + ok), "hello").await.0;
        assert_eq!(
            outcome.err().map(|failure| failure.error),
            error,
            "{status} {body}"
        );
    }
    let stub = Stub::answering(202, "0: Accepted for delivery");
    let accepted = plain(&stub.url) + "ok.pattern = \"^[03]: \"";
    exchange(&accepted, "hello").await.0.unwrap();
    let refused = plain(&stub.url) + "ok.pattern = \"^3: \"\nerror.default = \"not_sent\"";
    assert_eq!(error(&refused).await, E::NotSent);
}

#[tokio::test]
async fn a_receipt_has_the_providers_name_price_and_code() {
    let stub = Stub::answering(
        200,
        r#"{"a/b":{"id":17},"79123456789":{"cost":"-0.05004"},"code":42}"#,
    );
    let toml =
        plain(&stub.url) + "id = \"/a~1b/id\"\ncost = \"/{{to_digits}}/cost\"\ncode = \"/code\"";
    let receipt = exchange(&toml, "hello").await.0.unwrap();
    assert_eq!(receipt.id.as_ref().map(MessageId::raw), Some("17"));
    assert_eq!(
        receipt.cost.map(|cost| cost.to_string()).as_deref(),
        Some("0.05")
    );
    assert_eq!(receipt.code.unwrap().reveal(), "0042");
    let nothing = Stub::answering(200, "{}");
    let toml = plain(&nothing.url) + "id = \"/id\"\ncost = \"/cost\"";
    let receipt = exchange(&toml, "hello").await.0.unwrap();
    assert_eq!(
        receipt.id.as_ref().map(MessageId::raw),
        Some("00ff"),
        "our own name for it"
    );
    assert_eq!(receipt.cost, None);
    let toml = plain(&nothing.url) + "code = \"/code\"";
    assert_eq!(
        error(&toml).await,
        SmsError::Unknown,
        "nobody knows what they were told"
    );
}

#[tokio::test]
async fn only_what_was_certainly_not_sent_is_called_so() {
    // Bound, so that nobody else is given its port, and not listening.
    let closed = tokio::net::TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let refused = closed.local_addr().unwrap();
    assert_eq!(
        error(&plain(&format!("http://{refused}/"))).await,
        SmsError::NotSent
    );
    let stub = Stub::answering(200, "{}");
    let tls = plain(&stub.url.replace("http:", "https:"));
    assert_eq!(error(&tls).await, SmsError::NotSent, "no TLS");
    for broken in ["", "nonsense\r\n\r\n"] {
        let stub = Stub::saying(move |_| broken.to_owned());
        assert_eq!(
            error(&plain(&stub.url)).await,
            SmsError::Unknown,
            "{broken}"
        );
    }
    let endless = Stub::saying(|_| stub::answer(200, &"x".repeat(100_000)));
    assert_eq!(
        error(&plain(&endless.url)).await,
        SmsError::Unknown,
        "endless"
    );
    let elsewhere = Stub::answering(200, "{}");
    let to = elsewhere.url.clone();
    let redirect = Stub::saying(move |_| {
        format!("HTTP/1.1 307 Go\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
    });
    assert_eq!(error(&plain(&redirect.url)).await, SmsError::Misconfigured);
    assert_eq!(elsewhere.count(), 0, "nobody is followed");
}
