//! The OpenAPI document, as far as responses are validated against it.

use invited::http;
use poem::http::Method;
use serde_json::Value;

use super::checks::CheckResult;

pub struct OpenApi {
    pub operations: Vec<Operation>,
    schemas: Value,
}

pub struct Operation {
    pub id: String,
    pub method: Method,
    pub path: String,
    /// Whether it needs an access token.
    pub secured: bool,
    /// Of its body.
    pub properties: Vec<String>,
    pub headers: Vec<String>,
    responses: Value,
}

impl OpenApi {
    pub fn read() -> Self {
        Self::of(&http::openapi())
    }

    pub fn of(text: &str) -> Self {
        let document: Value = serde_json::from_str(text).unwrap();
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, call) in item.as_object().unwrap() {
                operations.push(Operation::of(&document, path, method, call));
            }
        }
        Self {
            operations,
            schemas: document["components"]["schemas"].clone(),
        }
    }

    pub fn schema(&self, name: &str) -> &Value {
        &self.schemas[name]
    }

    /// Stricter than OpenAPI: properties that the schema does not name are refused.
    pub fn validate(&self, schema: &Value, value: &Value) -> CheckResult {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap_or_default();
            return self.validate(self.schema(name), value);
        }
        if value.is_null() && schema["nullable"] == true {
            return Ok(());
        }
        if let Some(parts) = schema["allOf"].as_array() {
            return parts.iter().try_for_each(|part| self.validate(part, value));
        }
        match (schema["type"].as_str(), value) {
            (None, _) | (Some("string"), Value::String(_)) | (Some("boolean"), Value::Bool(_)) => {
                Ok(())
            }
            (Some("number"), Value::Number(_)) => Ok(()),
            (Some("integer"), Value::Number(number)) if !number.is_f64() => Ok(()),
            (Some("array"), Value::Array(items)) => {
                let mut items = items.iter();
                items.try_for_each(|item| self.validate(&schema["items"], item))
            }
            (Some("object"), Value::Object(members)) => {
                let required = schema["required"].as_array().into_iter().flatten();
                let mut required = required.filter_map(Value::as_str);
                if let Some(name) = required.find(|name| !members.contains_key(*name)) {
                    return Err(format!("{name} is missing"));
                }
                let property = |(name, member)| match &schema["properties"][name] {
                    Value::Null => Err(format!("{name} is not documented")),
                    property => self.validate(property, member),
                };
                members.iter().try_for_each(property)
            }
            (kind, _) => Err(format!("{value} is not a {kind:?}")),
        }
    }
}

impl Operation {
    fn of(document: &Value, path: &str, method: &str, call: &Value) -> Self {
        let schema = &call["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let name = schema.as_str().and_then(|path| path.rsplit('/').next());
        let schema = &document["components"]["schemas"][name.unwrap_or_default()];
        let properties = schema["properties"].as_object().into_iter().flatten();
        let parameters = call["parameters"].as_array().into_iter().flatten();
        let security = call["security"].as_array();
        Self {
            id: call["operationId"].as_str().unwrap().to_owned(),
            method: method.to_ascii_uppercase().parse().unwrap(),
            path: path.to_owned(),
            secured: security.is_some_and(|schemes| !schemes.is_empty()),
            properties: properties.map(|(name, _)| name.clone()).collect(),
            headers: parameters
                .filter(|parameter| parameter["in"] == "header")
                .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
                .collect(),
            responses: call["responses"].clone(),
        }
    }

    pub fn has_path(&self, parts: &[&str]) -> bool {
        let own: Vec<_> = self.path.trim_matches('/').split('/').collect();
        let is_like = |(own, part): (&&str, &&str)| own.starts_with('{') || own == part;
        own.len() == parts.len() && own.iter().zip(parts).all(is_like)
    }

    /// Whether it returns what its user stored.
    pub fn echoes_input(&self) -> bool {
        self.path.starts_with("/profile/")
    }

    /// Of a status, or `null`.
    pub fn response(&self, status: u16) -> &Value {
        &self.responses[status.to_string()]
    }

    pub fn documents(&self, status: u16, code: &str) -> bool {
        self.problems()
            .any(|(known, problem)| known == code && problem["status"] == status)
    }

    /// Its problems by their codes, from the examples.
    pub fn problems(&self) -> impl Iterator<Item = (String, Value)> {
        let responses = self.responses.as_object().into_iter().flatten();
        let examples = responses.filter_map(|(_, response)| {
            response["content"]["application/problem+json"]["examples"].as_object()
        });
        let problem = |(code, example): (&String, &Value)| (code.clone(), example["value"].clone());
        examples.flatten().map(problem)
    }
}
