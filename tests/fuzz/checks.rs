//! What every response must be by the OpenAPI document and the contract.

use std::collections::BTreeMap;

use poem::http::{HeaderValue, Method};
use serde_json::Value;

use super::{
    openapi::{OpenApi, Operation},
    request::GeneratedRequest,
    rng::MARKER,
};
use crate::harness::Reply;

/// The violation, in a sentence.
pub type CheckResult = Result<(), String>;

pub struct ResponseChecks {
    pub openapi: OpenApi,
    /// Each problem as the document has it, by its code.
    problems: BTreeMap<String, Value>,
}

/// The statuses of a path that has no operation.
const NOTHING: &[u16] = &[400, 404, 405];
const PAGE: &[u16] = &[200, 303, 304, 400, 404, 405];
const WRONG_METHOD: &[u16] = &[400, 405];

impl ResponseChecks {
    pub fn read() -> Self {
        let openapi = OpenApi::read();
        let problems = openapi.operations.iter().flat_map(Operation::problems);
        Self {
            problems: problems.collect(),
            openapi,
        }
    }

    pub fn check(&self, request: &GeneratedRequest, reply: &Reply) -> CheckResult {
        let status = reply.status.as_u16();
        headers(reply)?;
        // The only failure that tests inject is the gateway's.
        if status >= 500 && outcome(reply) != "sms_unavailable" {
            return Err("a server error".to_owned());
        }
        let operation = match self.route(request) {
            Ok(operation) => Some(operation),
            Err(statuses) if statuses.contains(&status) => None,
            Err(statuses) => return Err(format!("none of {statuses:?}")),
        };
        let is_intended = operation.is_some_and(|one| one.id == request.operation);
        if request.must_fail && is_intended && status < 400 {
            return Err("accepted without a valid token".to_owned());
        }
        if status >= 400 {
            self.problem(reply, operation)?;
        } else if let Some(operation) = operation.filter(|_| request.method != Method::HEAD) {
            self.success(reply, operation)?;
        }
        let may_echo = operation.is_some_and(Operation::echoes_input) && status < 400;
        no_echo(request, reply, may_echo)
    }

    /// The operation, or the statuses that may come without one.
    fn route(&self, request: &GeneratedRequest) -> Result<&Operation, &'static [u16]> {
        let path = request.path.split('?').next().unwrap_or_default();
        let plain = path.strip_suffix('/').unwrap_or(path);
        let parts: Vec<_> = plain.split('/').skip(1).collect();
        let is_odd = |part: &&str| ["", ".", ".."].contains(part) || part.contains('%');
        if path != "/" && parts.iter().any(is_odd) {
            return Err(NOTHING);
        }
        let operations = self.openapi.operations.iter();
        let mut at_path = operations.filter(|one| one.has_path(&parts)).peekable();
        if at_path.peek().is_some() {
            let method = &request.method;
            let is_head = *method == Method::HEAD;
            let wanted = if is_head { &Method::GET } else { method };
            let found = at_path.find(|operation| operation.method == *wanted);
            return found.ok_or(WRONG_METHOD);
        }
        match &parts[..] {
            [] | ["" | "openapi.json"] | ["swagger" | "redoc" | "problems" | "app", ..] => {
                Err(PAGE)
            }
            _ => Err(NOTHING),
        }
    }

    fn problem(&self, reply: &Reply, operation: Option<&Operation>) -> CheckResult {
        let status = reply.status.as_u16();
        if reply.header("content-type") != Some("application/problem+json") {
            return Err("not a problem".to_owned());
        }
        let problem: Value = serde_json::from_str(&reply.text).map_err(|_| "no JSON")?;
        let code = problem["code"].as_str().unwrap_or_default();
        if let Some(operation) = operation
            && !operation.documents(status, code)
        {
            return Err(format!("{} does not document it", operation.id));
        }
        let known = ["title", "status", "detail", "type"];
        if let Some(example) = self.problems.get(code)
            && let Some(name) = known.iter().find(|name| problem[**name] != example[**name])
        {
            return Err(format!("{name} is not the catalogue's"));
        }
        if problem["status"] != status
            || problem["request_id"].as_str() != reply.header("x-request-id")
        {
            return Err("body and headers differ".to_owned());
        }
        let has = |name: &str| reply.headers.contains_key(name);
        let wait = problem["retry_after"].as_u64().map(|wait| wait.to_string());
        let agrees = has("www-authenticate") == (status == 401)
            && has("allow") == (status == 405)
            && has("retry-after") == [429, 503].contains(&status)
            && wait.as_deref() == reply.header("retry-after")
            && problem["limit"].is_string() == (status == 429)
            && problem["errors"].is_array() == (status == 422)
            && problem["attempts_left"].is_u64() == (code == "sms_code_invalid");
        if !agrees {
            return Err("a member or a header is missing or too much".to_owned());
        }
        let schema = self.openapi.schema("Problem");
        self.openapi.validate(schema, &problem)
    }

    fn success(&self, reply: &Reply, operation: &Operation) -> CheckResult {
        let response = operation.response(reply.status.as_u16());
        if response.is_null() {
            return Err(format!("{} does not document this status", operation.id));
        }
        let schema = &response["content"]["application/json"]["schema"];
        if schema.is_null() {
            let is_empty = reply.text.is_empty();
            return is_empty.then_some(()).ok_or("a body".to_owned());
        }
        if reply.header("content-type") != Some("application/json") {
            return Err("no JSON".to_owned());
        }
        let value = serde_json::from_str(&reply.text).map_err(|_| "no JSON")?;
        self.openapi.validate(schema, &value)
    }
}

/// The headers that every response has, and those that none has.
fn headers(reply: &Reply) -> CheckResult {
    let id = reply.header("x-request-id").unwrap_or_default();
    if id.len() != 24 || !id.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err("no request id".to_owned());
    }
    // Pages are cached, and revalidated each time.
    let is_page = reply.headers.contains_key("etag");
    let caching = if is_page { "no-cache" } else { "no-store" };
    if reply.header("cache-control") != Some(caching) {
        return Err(format!("no cache-control {caching}"));
    }
    if reply.header("x-content-type-options") != Some("nosniff") {
        return Err("no nosniff".to_owned());
    }
    let forbidden = ["set-cookie", "access-control-allow-origin", "x-injected"];
    let has = |name: &&str| reply.headers.contains_key(*name);
    match forbidden.into_iter().find(has) {
        Some(name) => Err(format!("there is a {name}")),
        None => Ok(()),
    }
}

/// Nothing that was sent comes back, unless it was stored and read.
fn no_echo(request: &GeneratedRequest, reply: &Reply, may_echo: bool) -> CheckResult {
    let has_marker = |value: &HeaderValue| {
        let mut words = value.as_bytes().windows(MARKER.len());
        words.any(|word| word == MARKER.as_bytes())
    };
    let in_headers = reply.headers.values().any(has_marker);
    let shown = |secret: &String| !reply.status.is_success() && reply.text.contains(secret);
    let in_text = reply.text.contains(MARKER) || request.secrets.iter().any(shown);
    if in_headers || in_text && !may_echo {
        return Err("what was sent comes back".to_owned());
    }
    Ok(())
}

/// The code of a problem, or `ok`.
pub fn outcome(reply: &Reply) -> String {
    match serde_json::from_str::<Value>(&reply.text) {
        Ok(problem) if !reply.status.is_success() => {
            problem["code"].as_str().unwrap_or_default().to_owned()
        }
        _ => "ok".to_owned(),
    }
}
