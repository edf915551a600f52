//! The OpenAPI document: what poem-openapi makes of the types, and what it
//! leaves out put back: the slash at the end of paths, an example of each
//! problem, the headers that answers have.

use serde_json::{Map, Value, json};

use super::{
    problem::{self, Body},
    refusal::BETWEEN_CODES,
};

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];
const PROBLEM: &str = "application/problem+json";

/// The document of a service, completed.
pub fn complete(document: &str) -> Value {
    let mut document: Value = serde_json::from_str(document).expect("poem-openapi writes JSON");
    let paths = document["paths"]
        .as_object_mut()
        .expect("a document has paths");
    *paths = std::mem::take(paths)
        .into_iter()
        .map(|(path, item)| (with_slash(path), item))
        .collect();
    for item in paths.values_mut() {
        for method in METHODS {
            let responses = item
                .get_mut(method)
                .and_then(|operation| operation["responses"].as_object_mut());
            for (status, response) in responses.into_iter().flatten() {
                complete_response(status, response);
            }
        }
    }
    document
}

/// Paths of the document with the methods each one knows, for `Allow`.
pub fn methods(document: &Value) -> Vec<(String, String)> {
    let allowed = |item: &Value| {
        let known = METHODS.iter().filter(|method| item.get(method).is_some());
        let mut names: Vec<_> = known.map(|method| method.to_ascii_uppercase()).collect();
        if names.iter().any(|name| name == "GET") {
            names.push("HEAD".to_owned());
        }
        names.join(", ")
    };
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .map(|(path, item)| (path.trim_end_matches('/').to_owned(), allowed(item)))
        .collect()
}

fn with_slash(path: String) -> String {
    // The original names its paths so; health checks are usually written without.
    if path.ends_with('/') || path.starts_with("/health") {
        path
    } else {
        path + "/"
    }
}

fn complete_response(status: &str, response: &mut Value) {
    let mut headers = Map::new();
    headers.insert(
        "X-Request-Id".to_owned(),
        header("string", "Names this request in the logs."),
    );
    if status == "401" {
        headers.insert(
            "WWW-Authenticate".to_owned(),
            header("string", "RFC 6750, section 3."),
        );
    }
    if status == "429" || status == "503" {
        headers.insert(
            "Retry-After".to_owned(),
            header("integer", "Seconds to wait."),
        );
    }
    response["headers"] = Value::Object(headers);
    if response["content"].get(PROBLEM).is_none() {
        return;
    }
    let codes: Vec<String> = response["description"]
        .as_str()
        .unwrap_or_default()
        .split(BETWEEN_CODES)
        .map(str::to_owned)
        .collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let mut examples = problem::examples(&codes);
    let mut titles = Vec::new();
    let mut written = Map::new();
    // In the order in which the operation lists them.
    for code in codes {
        let Some((title, body)) = examples.remove(code) else {
            continue;
        };
        titles.push(title);
        written.insert(code.to_owned(), example(title, &body));
    }
    response["description"] = titles.join(BETWEEN_CODES).into();
    response["content"][PROBLEM]["examples"] = Value::Object(written);
}

fn header(kind: &str, description: &str) -> Value {
    json!({ "description": description, "schema": { "type": kind } })
}

fn example(title: &str, body: &Body) -> Value {
    json!({ "summary": title, "value": body })
}
