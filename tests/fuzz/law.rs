//! What every answer must be, as the OpenAPI document and the contract have it.

use std::collections::BTreeMap;

use poem::http::Method;
use serde_json::Value;

use super::{
    chance::MARK,
    document::{Document, Operation},
    shot::Shot,
};
use crate::harness::Reply;

/// A broken rule, in a sentence.
pub type Verdict = Result<(), String>;

pub struct Law {
    pub document: Document,
    /// Each problem as the document has it, by its code.
    problems: BTreeMap<String, Value>,
}

/// What a path and a method lead to.
enum Destination<'a> {
    Operation(&'a Operation),
    WrongMethod,
    Page,
    Nothing,
}

impl Law {
    pub fn read() -> Self {
        let document = Document::read();
        let problems = document.operations.iter().flat_map(Operation::problems);
        Self {
            problems: problems.collect(),
            document,
        }
    }

    /// Holds an answer against all that it must keep to.
    pub fn judge(&self, shot: &Shot, reply: &Reply) -> Verdict {
        let status = reply.status.as_u16();
        headers(reply)?;
        // Gateways fail when they are told to, and nothing else does.
        if status >= 500 && told(reply) != "sms_unavailable" {
            return Err("the server is to blame".to_owned());
        }
        let (operation, statuses): (_, &[u16]) = match self.destination(shot) {
            Destination::Operation(operation) => (Some(operation), &[status]),
            Destination::WrongMethod => (None, &[400, 405]),
            Destination::Page => (None, &[200, 303, 400, 404, 405]),
            Destination::Nothing => (None, &[400, 404, 405]),
        };
        if !statuses.contains(&status) {
            return Err(format!("one of {statuses:?} was to come"));
        }
        if shot.is_hopeless && status < 400 && operation.is_some_and(|one| one.id == shot.call) {
            return Err("let in without a token that is good for it".to_owned());
        }
        if status >= 400 {
            self.problem(reply, operation)?;
        } else if let Some(operation) = operation.filter(|_| shot.method != Method::HEAD) {
            self.success(reply, operation)?;
        }
        let tells = operation.is_some_and(Operation::tells_what_it_was_told) && status < 400;
        without_marks(shot, reply, tells)
    }

    fn destination(&self, shot: &Shot) -> Destination<'_> {
        let path = shot.path.split('?').next().unwrap_or_default();
        let plain = path.strip_suffix('/').unwrap_or(path);
        let parts: Vec<_> = plain.split('/').skip(1).collect();
        if parts
            .iter()
            .any(|part| ["", ".", ".."].contains(part) || part.contains('%'))
            && path != "/"
        {
            return Destination::Nothing;
        }
        let mut at_path = self
            .document
            .operations
            .iter()
            .filter(|operation| operation.is_at(&parts))
            .peekable();
        let is_get = matches!(shot.method, Method::GET | Method::HEAD);
        if at_path.peek().is_some() {
            let wanted = if is_get { &Method::GET } else { &shot.method };
            let found = at_path.find(|operation| operation.method == *wanted);
            return found.map_or(Destination::WrongMethod, Destination::Operation);
        }
        match &parts[..] {
            [] | ["" | "openapi.json"] | ["swagger" | "redoc" | "problems", ..] => {
                Destination::Page
            }
            _ => Destination::Nothing,
        }
    }

    fn problem(&self, reply: &Reply, operation: Option<&Operation>) -> Verdict {
        let status = reply.status.as_u16();
        if reply.header("content-type") != Some("application/problem+json") {
            return Err("no problem".to_owned());
        }
        let problem: Value = serde_json::from_str(&reply.text).map_err(|_| "no JSON")?;
        let code = problem["code"].as_str().unwrap_or_default();
        if let Some(operation) = operation
            && !operation.documents(status, code)
        {
            let id = &operation.id;
            return Err(format!("{id} does not document {status} {code}"));
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
            return Err("the body contradicts the head".to_owned());
        }
        let says = |name: &str| reply.headers.contains_key(name);
        let agrees = says("www-authenticate") == (status == 401)
            && says("allow") == (status == 405)
            && says("retry-after") == [429, 503].contains(&status)
            && problem["retry_after"]
                .as_u64()
                .map(|wait| wait.to_string())
                .as_deref()
                == reply.header("retry-after")
            && problem["limit"].is_string() == (status == 429)
            && problem["errors"].is_array() == (status == 422)
            && problem["attempts_left"].is_u64() == (code == "sms_code_invalid");
        if !agrees {
            return Err("a member or a header is missing or too much".to_owned());
        }
        self.document
            .fits(self.document.schema("Problem"), &problem)
    }

    fn success(&self, reply: &Reply, operation: &Operation) -> Verdict {
        let response = operation.response(reply.status.as_u16());
        if response.is_null() {
            return Err(format!("{} does not document this status", operation.id));
        }
        let schema = &response["content"]["application/json"]["schema"];
        if schema.is_null() {
            return if reply.text.is_empty() {
                Ok(())
            } else {
                Err("a body".to_owned())
            };
        }
        if reply.header("content-type") != Some("application/json") {
            return Err("no JSON".to_owned());
        }
        let value = serde_json::from_str(&reply.text).map_err(|_| "no JSON")?;
        self.document.fits(schema, &value)
    }
}

/// What is on every answer, and on none.
fn headers(reply: &Reply) -> Verdict {
    let id = reply.header("x-request-id").unwrap_or_default();
    if id.len() != 24 || !id.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err("no request id".to_owned());
    }
    // Pages are kept, and asked for again each time.
    let kept = if reply.headers.contains_key("etag") {
        "no-cache"
    } else {
        "no-store"
    };
    for (name, value) in [
        ("cache-control", kept),
        ("x-content-type-options", "nosniff"),
    ] {
        if reply.header(name) != Some(value) {
            return Err(format!("no {name}"));
        }
    }
    let set = ["set-cookie", "access-control-allow-origin", "x-injected"];
    match set.iter().find(|name| reply.headers.contains_key(**name)) {
        Some(name) => Err(format!("there is a {name}")),
        None => Ok(()),
    }
}

/// Nothing that was sent comes back, unless `tells` it what was stored.
fn without_marks(shot: &Shot, reply: &Reply, tells: bool) -> Verdict {
    let in_headers = reply.headers.values().any(|value| {
        value
            .as_bytes()
            .windows(MARK.len())
            .any(|word| word == MARK.as_bytes())
    });
    let shown = |secret: &String| !reply.status.is_success() && reply.text.contains(secret);
    let in_text = reply.text.contains(MARK) || shot.secrets.iter().any(shown);
    if in_headers || in_text && !tells {
        return Err("what was sent comes back".to_owned());
    }
    Ok(())
}

/// The code of a problem, or `ok`.
pub fn told(reply: &Reply) -> String {
    match serde_json::from_str::<Value>(&reply.text) {
        Ok(problem) if !reply.status.is_success() => {
            problem["code"].as_str().unwrap_or_default().to_owned()
        }
        _ => "ok".to_owned(),
    }
}
