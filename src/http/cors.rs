//! Cross-origin requests (Fetch Standard, section 3.2): the configured web
//! origins may call the API from a browser; to everybody else there is no
//! such thing. poem's middleware would refuse strangers, who need no browser,
//! and answer outside of the envelope.

use poem::{
    Request, Response,
    http::{HeaderValue, Method, StatusCode, header},
};

const REQUEST_HEADERS: &str = "authorization, content-type, sms-token, device-token";
const ANSWER_HEADERS: &str = "x-request-id, retry-after, www-authenticate";
/// How long a browser may remember a preflight, in seconds.
const REMEMBER: &str = "600";

/// The origins that are let in.
pub struct Cors(Vec<HeaderValue>);

/// An origin that was let in, to be named in the answer.
pub struct Known(HeaderValue);

impl Cors {
    /// Lets these in.
    pub fn new<'a>(origins: impl Iterator<Item = &'a str>) -> Self {
        Self(
            origins
                .filter_map(|origin| HeaderValue::from_str(origin).ok())
                .collect(),
        )
    }

    /// The origin of `request`, if it is let in.
    pub fn known(&self, request: &Request) -> Option<Known> {
        let origin = request.headers().get(header::ORIGIN)?;
        self.0.contains(origin).then(|| Known(origin.clone()))
    }

    /// Puts the answer's headers on it.
    pub fn mark(&self, known: Option<Known>, response: &mut Response) {
        if self.0.is_empty() {
            return;
        }
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
        if let Some(Known(origin)) = known {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(ANSWER_HEADERS),
            );
        }
    }
}

/// The answer to a preflight for a path that knows these methods; `None` for
/// every other request.
pub fn preflight(request: &Request, methods: &HeaderValue) -> Option<Response> {
    let asks = request
        .headers()
        .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if *request.method() != Method::OPTIONS || !asks {
        return None;
    }
    let response = Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, methods)
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS)
        .header(header::ACCESS_CONTROL_MAX_AGE, REMEMBER);
    Some(response.finish())
}
