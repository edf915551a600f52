//! Cross-origin requests (Fetch Standard, section 3.2): the configured
//! origins may call the API from a browser or a web view; to everybody else
//! there is no such thing. poem's middleware would refuse strangers, who need
//! no browser, and answer outside of the envelope. Which headers a page may
//! send and read, the OpenAPI document says, so that the two cannot differ.

use std::collections::BTreeSet;

use poem::{
    Request, Response,
    http::{HeaderValue, Method, StatusCode, header},
};
use serde_json::{Map, Value};

use super::spec::METHODS;

/// How long a browser may remember a preflight, in seconds.
const REMEMBER: &str = "600";

/// The origins that are let in, and what they may send and read.
pub struct Cors {
    origins: Vec<HeaderValue>,
    request_headers: HeaderValue,
    answer_headers: HeaderValue,
}

/// An origin that was let in, to be named in the answer.
pub struct Known(HeaderValue);

impl Cors {
    /// Lets these in, to call what `document` describes.
    pub fn new<'a>(origins: impl Iterator<Item = &'a str>, document: &Value) -> Self {
        let list = |names: Vec<String>| {
            HeaderValue::try_from(names.join(", ")).expect("the document names headers")
        };
        Self {
            origins: origins
                .filter_map(|origin| HeaderValue::from_str(origin).ok())
                .collect(),
            request_headers: list(request_headers(document)),
            answer_headers: list(answer_headers(document)),
        }
    }

    /// The origin of `request`, if it is let in.
    pub fn known(&self, request: &Request) -> Option<Known> {
        let origin = request.headers().get(header::ORIGIN)?;
        self.origins.contains(origin).then(|| Known(origin.clone()))
    }

    /// Puts the answer's headers on it.
    pub fn mark(&self, known: Option<Known>, response: &mut Response) {
        if self.origins.is_empty() {
            return;
        }
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(Known(origin)) = known {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                self.answer_headers.clone(),
            );
        }
    }

    /// The answer to a preflight for a path that knows these methods; `None`
    /// for every other request.
    pub fn preflight(&self, request: &Request, methods: &HeaderValue) -> Option<Response> {
        let asks = request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if *request.method() != Method::OPTIONS || !asks {
            return None;
        }
        let response = Response::builder()
            .status(StatusCode::NO_CONTENT)
            .header(header::ACCESS_CONTROL_ALLOW_METHODS, methods)
            .header(header::ACCESS_CONTROL_ALLOW_HEADERS, &self.request_headers)
            .header(header::ACCESS_CONTROL_MAX_AGE, REMEMBER);
        Some(response.finish())
    }
}

/// The headers that requests may have: those of `Authorize` and of bodies, and every header parameter.
fn request_headers(document: &Value) -> Vec<String> {
    let mut names = BTreeSet::from(["authorization", "content-type"].map(str::to_owned));
    for operation in operations(document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let headers = parameters.filter(|parameter| parameter["in"] == "header");
        names.extend(
            headers.filter_map(|header| Some(header["name"].as_str()?.to_ascii_lowercase())),
        );
    }
    names.into_iter().collect()
}

/// The headers that answers have.
fn answer_headers(document: &Value) -> Vec<String> {
    let mut names = BTreeSet::new();
    for operation in operations(document) {
        let responses = operation["responses"].as_object().into_iter().flatten();
        let headers = responses.filter_map(|(_, response)| response["headers"].as_object());
        names.extend(
            headers
                .flat_map(Map::keys)
                .map(|name| name.to_ascii_lowercase()),
        );
    }
    names.into_iter().collect()
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(_, item)| METHODS.iter().filter_map(|method| item.get(method)))
}
