//! What a request carries.

use serde_json::{Map, Value, json};

use super::{
    spec::{BodySpec, Flaw},
    template::{Placeholder, Show, Template},
    variables::Variables,
};
use crate::sms::message::Message;

/// A body with placeholders in it.
pub enum Body {
    None,
    Json(Shape),
    Form(Vec<(String, Template)>),
    Text(Template),
}

/// JSON with templates for texts.
pub enum Shape {
    Text(Template),
    Fixed(Value),
    List(Vec<Self>),
    Members(Vec<(String, Self)>),
}

impl Body {
    /// Reads one.
    pub fn read(spec: &BodySpec, variables: &Variables<'_>) -> Result<Self, Flaw> {
        match (&spec.json, &spec.form, &spec.text) {
            (None, None, None) => Ok(Self::None),
            (Some(json), None, None) => Shape::read(json, variables)
                .map(Self::Json)
                .map_err(|flaw| flaw.under("json").under("body")),
            (None, Some(form), None) => {
                Template::members(form, "body.form", variables).map(Self::Form)
            }
            (None, None, Some(text)) => Template::read(text, variables)
                .map(Self::Text)
                .map_err(|reason| Flaw::at("body.text", reason)),
            _ => Err(Flaw::at("body", "must be one of json, form and text")),
        }
    }

    /// Every text in it.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Self::None => Vec::new(),
            Self::Json(shape) => shape.templates(),
            Self::Form(members) => members.iter().map(|(_, template)| template).collect(),
            Self::Text(template) => vec![template],
        }
    }
}

impl Shape {
    fn read(value: &toml::Value, variables: &Variables<'_>) -> Result<Self, Flaw> {
        Ok(match value {
            toml::Value::String(text) => {
                Self::Text(Template::read(text, variables).map_err(|reason| Flaw::at("", reason))?)
            }
            toml::Value::Array(items) => Self::List(
                items
                    .iter()
                    .map(|item| Self::read(item, variables))
                    .collect::<Result<_, _>>()?,
            ),
            toml::Value::Table(members) => Self::Members(
                members
                    .iter()
                    .map(|(name, value)| match Self::read(value, variables) {
                        Ok(shape) => Ok((name.clone(), shape)),
                        Err(flaw) => Err(flaw.under(name)),
                    })
                    .collect::<Result<_, _>>()?,
            ),
            toml::Value::Integer(number) => Self::Fixed(json!(number)),
            toml::Value::Float(number) => Self::Fixed(json!(number)),
            toml::Value::Boolean(truth) => Self::Fixed(json!(truth)),
            toml::Value::Datetime(_) => {
                return Err(Flaw::at(
                    "",
                    "must be text, a number, true or false, a list or a table",
                ));
            }
        })
    }

    /// The value; `None` when it is to be left out.
    pub fn fill(&self, message: &Message, show: Show) -> Option<Value> {
        match self {
            Self::Text(template) if template.only_placeholder() == Some(Placeholder::Ttl) => {
                Some(json!(message.ttl.as_secs()))
            }
            Self::Text(template) => template.text(message, show).map(Value::String),
            Self::Fixed(value) => Some(value.clone()),
            Self::List(items) => {
                let items = items.iter().filter_map(|item| item.fill(message, show));
                Some(Value::Array(items.collect()))
            }
            Self::Members(members) => {
                let filled = members.iter().filter_map(|(name, shape)| {
                    shape.fill(message, show).map(|value| (name.clone(), value))
                });
                Some(Value::Object(filled.collect::<Map<_, _>>()))
            }
        }
    }

    fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Text(template) => vec![template],
            Self::Fixed(_) => Vec::new(),
            Self::List(items) => items.iter().flat_map(Self::templates).collect(),
            Self::Members(members) => members
                .iter()
                .flat_map(|(_, shape)| shape.templates())
                .collect(),
        }
    }
}
