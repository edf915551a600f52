//! Refusals of what is not a request. hyper answers a head that it cannot
//! read by itself, before any service sees it, with a bare status. That answer
//! is completed here, so that its problem is named as every other is.

use hyper::StatusCode;
use poem::Response;

use futures_util::FutureExt;

/// What a service answers with this status, other than 200, to a head that cannot be read.
pub type Refuse = Box<dyn Fn(StatusCode) -> Response + Send>;

/// hyper's answer with the headers and the body of the one that `refuse` has
/// for its status. Of its own lines, the first and the date are kept.
pub fn complete(bare: &[u8], refuse: &Refuse) -> Vec<u8> {
    let status = bare
        .get(9..12)
        .and_then(|code| StatusCode::from_bytes(code).ok());
    let mut response = refuse(status.unwrap_or(StatusCode::BAD_REQUEST));
    // It is in memory, so it is there at once.
    let body = response.take_body().into_vec().now_or_never();
    let body = body.and_then(Result::ok).unwrap_or_default();
    let mut lines = bare.split_inclusive(|byte| *byte == b'\n');
    let mut whole = lines.next().unwrap_or_default().to_vec();
    let is_date = |line: &&[u8]| {
        line.get(..5)
            .is_some_and(|name| name.eq_ignore_ascii_case(b"date:"))
    };
    whole.extend_from_slice(lines.find(is_date).unwrap_or_default());
    for (name, value) in response.headers() {
        whole.extend_from_slice(name.as_str().as_bytes());
        whole.extend_from_slice(b": ");
        whole.extend_from_slice(value.as_bytes());
        whole.extend_from_slice(b"\r\n");
    }
    whole.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    whole.extend_from_slice(&body);
    whole
}
