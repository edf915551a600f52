//! The OpenAPI document: what poem-openapi makes of the types, and what it
//! leaves out put back: the slash at the end of paths, an example of each
//! problem, the headers that answers have.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value, json};

use super::{
    problem::{self, Kind, Problem},
    refusal::BETWEEN_CODES,
};
use crate::domain::limit::{Reached, Subject};

/// The methods that operations have.
pub const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];
/// Chapters in the order in which people meet them.
const TAGS: [&str; 9] = [
    "Login",
    "Sessions",
    "Profile",
    "Invitations",
    "Health",
    "Session",
    "People",
    "Figures",
    "Operators",
];
/// The example of a path that clients are told to go on with.
const CONFIRM_AT: &str = "/components/schemas/ChallengeReply/example/url_to_redirect";
const PROBLEM: &str = "application/problem+json";

/// The document of a service that is reached at `base_url`, completed.
pub fn complete(document: &str, base_url: &str) -> Value {
    let mut document: Value = serde_json::from_str(document).expect("poem-openapi writes JSON");
    let prefix = base_url
        .splitn(4, '/')
        .nth(3)
        .map(|path| format!("/{path}"));
    let prefix = prefix.unwrap_or_default();
    document["servers"] = json!([{ "url": base_url }]);
    let info = &mut document["info"];
    info["contact"] = json!({ "name": "invited", "url": format!("{base_url}/swagger/") });
    if let Some(about) = info["description"].as_str() {
        info["description"] = about.replace("](/", &format!("]({prefix}/")).into();
    }
    if let Some(path) = document.pointer_mut(CONFIRM_AT) {
        *path = format!("{prefix}{}", path.as_str().unwrap_or_default()).into();
    }
    spell_formats(&mut document);
    if let Some(tags) = document["tags"].as_array_mut() {
        tags.sort_by_key(|tag| TAGS.iter().position(|name| tag["name"] == *name));
    }
    let schemas = document["components"]["schemas"].as_object_mut();
    for (name, schema) in schemas.into_iter().flatten() {
        complete_schema(name, schema);
    }
    let schemas = document["components"]["schemas"].clone();
    let paths = document["paths"]
        .as_object_mut()
        .expect("a document has paths");
    *paths = std::mem::take(paths)
        .into_iter()
        .map(|(path, item)| (with_slash(path), item))
        .collect();
    for item in paths.values_mut() {
        for (_, operation) in item.as_object_mut().into_iter().flatten() {
            complete_operation(operation, &schemas, &prefix);
        }
    }
    document
}

/// Formats that the registry of OpenAPI knows, which has no unsigned numbers.
fn spell_formats(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let spelled = match (name.as_str(), member.as_str()) {
                    ("format", Some("uint8" | "uint16")) => "int32",
                    ("format", Some("uint32" | "uint64")) => "int64",
                    _ => {
                        spell_formats(member);
                        continue;
                    }
                };
                *member = spelled.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(spell_formats),
        _ => {}
    }
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
        .map(|(path, item)| (path.clone(), allowed(item)))
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

/// Requires what may be `null` of answers: they write it always, while a
/// request may leave it out.
fn complete_schema(name: &str, schema: &mut Value) {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let nullable = properties.filter(|(_, property)| property["nullable"] == true);
    let mut always: Vec<Value> = nullable.map(|(member, _)| member.as_str().into()).collect();
    let required = schema.get_mut("required").and_then(Value::as_array_mut);
    if let Some(required) = required.filter(|_| !name.ends_with("Request")) {
        required.append(&mut always);
    }
}

fn complete_operation(operation: &mut Value, schemas: &Value, prefix: &str) {
    if operation.get("security").is_none() {
        // Needs no token, which nothing but the empty list says.
        operation["security"] = json!([]);
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let members = referred(body, schemas)["properties"].as_object();
    let (pointer, reason) = match members.and_then(|members| members.iter().next()) {
        Some((name, property)) if property["type"] == "boolean" => {
            (format!("#/{name}"), "must be true or false")
        }
        Some((name, _)) => (format!("#/{name}"), "must be a string"),
        None if has_reason(operation) => ("#/X-Reason".to_owned(), "must say why"),
        None => (
            "#/limit".to_owned(),
            "must be of the documented type and within its bounds",
        ),
    };
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        complete_response(status, response, schemas);
        complete_problem(response, (&pointer, reason), prefix);
    }
}

/// Whether an operation has to be told why it is done.
fn has_reason(operation: &Value) -> bool {
    let mut parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.any(|parameter| parameter["name"] == "X-Reason")
}

/// The schema that `schema` stands for.
fn referred<'a>(schema: &Value, schemas: &'a Value) -> &'a Value {
    let name = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next());
    &schemas[name.unwrap_or_default()]
}

fn complete_response(status: &str, response: &mut Value, schemas: &Value) {
    let mut headers = Map::new();
    headers.insert(
        "X-Request-Id".to_owned(),
        header("string", "The request, as the server's log names it."),
    );
    if status == "401" {
        headers.insert(
            "WWW-Authenticate".to_owned(),
            header(
                "string",
                "`Bearer` (RFC 6750, section 3), or `SMS-Token` where the sms-token or its code is at fault.",
            ),
        );
    }
    if status == "429" || status == "503" {
        headers.insert(
            "Retry-After".to_owned(),
            header("integer", "Seconds to wait."),
        );
    }
    response["headers"] = Value::Object(headers);
    let success = referred(&response["content"]["application/json"]["schema"], schemas);
    if let Some(description) = success["description"].as_str() {
        response["description"] = description.into();
    }
}

fn complete_problem(response: &mut Value, member: (&str, &str), prefix: &str) {
    if response["content"].get(PROBLEM).is_none() {
        return;
    }
    let description = response["description"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let codes: Vec<&str> = description.split(BETWEEN_CODES).collect();
    let mut examples = examples(&codes, member, prefix);
    let (mut titles, mut written) = (Vec::new(), Map::new());
    // In the order in which the operation lists them.
    for code in codes {
        let Some(example) = examples.remove(code) else {
            continue;
        };
        titles.push(example["summary"].as_str().unwrap_or_default().to_owned());
        written.insert(code.to_owned(), example);
    }
    response["description"] = titles.join(BETWEEN_CODES).into();
    response["content"][PROBLEM]["examples"] = Value::Object(written);
}

fn header(kind: &str, description: &str) -> Value {
    json!({ "description": description, "schema": { "type": kind } })
}

/// One example of each kind among `codes`, by code, for the documentation;
/// `member` is a pointer to something that may be invalid, and a reason.
fn examples(codes: &[&str], member: (&str, &str), prefix: &str) -> BTreeMap<&'static str, Value> {
    let example = |kind: &'static Kind| {
        let problem = match kind.code {
            "phone_invalid" => Problem::at(kind, "#/phone", "is not a phone number"),
            "phone_not_allowed" => {
                Problem::at(kind, "#/phone", "is not a number that messages are sent to")
            }
            "invitation_self" => Problem::at(kind, "#/invitation_code", "is your own"),
            "validation_failed" => Problem::at(kind, member.0, member.1),
            "sms_code_invalid" => Problem::wrong_code(2),
            "sms_rate_limited" => Problem::limited(kind, reached("sends_per_phone", 57)),
            "too_many_attempts" => Problem::limited(kind, reached("guesses_per_token", 1)),
            "rate_limited" => {
                Problem::limited(kind, reached("failed_confirmations_per_source", 57))
            }
            _ => Problem::new(kind),
        };
        let value = problem.body("5f0c9a3e4b7d2186c41e902a", prefix);
        (kind.code, json!({ "summary": kind.title, "value": value }))
    };
    problem::ALL
        .iter()
        .filter(|kind| codes.contains(&kind.code))
        .map(|kind| example(kind))
        .collect()
}

fn reached(limit: &'static str, seconds: u64) -> Reached {
    Reached {
        limit,
        subject: Subject::Source,
        wait: Duration::from_secs(seconds),
    }
}
