//! What a request carries.

use serde_json::{Map, Value, json};

use super::{
    blank::{Blank, Hole, Show},
    spec::{BodySpec, Flaw},
    terms::Terms,
};
use crate::sms::Message;

/// A body with holes in it.
pub enum Body {
    None,
    Json(Shape),
    Form(Vec<(String, Blank)>),
    Text(Blank),
}

/// JSON with blanks for texts.
pub enum Shape {
    Text(Blank),
    Fixed(Value),
    List(Vec<Self>),
    Members(Vec<(String, Self)>),
}

impl Body {
    /// Reads one.
    pub fn read(spec: &BodySpec, terms: &Terms<'_>) -> Result<Self, Flaw> {
        let blank = |path: &str, text: &str| {
            Blank::read(text, terms).map_err(|reason| Flaw::at(path, reason))
        };
        match (&spec.json, &spec.form, &spec.text) {
            (None, None, None) => Ok(Self::None),
            (Some(json), None, None) => Shape::read(json, terms)
                .map(Self::Json)
                .map_err(|flaw| flaw.under("json").under("body")),
            (None, Some(form), None) => form
                .iter()
                .map(|(name, text)| match blank("", text) {
                    Ok(blank) => Ok((name.clone(), blank)),
                    Err(flaw) => Err(flaw.under(name).under("form").under("body")),
                })
                .collect::<Result<_, _>>()
                .map(Self::Form),
            (None, None, Some(text)) => blank("body.text", text).map(Self::Text),
            _ => Err(Flaw::at("body", "must be one of json, form and text")),
        }
    }

    /// Every text in it.
    pub fn blanks(&self) -> Vec<&Blank> {
        match self {
            Self::None => Vec::new(),
            Self::Json(shape) => shape.blanks(),
            Self::Form(members) => members.iter().map(|(_, blank)| blank).collect(),
            Self::Text(blank) => vec![blank],
        }
    }
}

impl Shape {
    fn read(value: &toml::Value, terms: &Terms<'_>) -> Result<Self, Flaw> {
        Ok(match value {
            toml::Value::String(text) => {
                Self::Text(Blank::read(text, terms).map_err(|reason| Flaw::at("", reason))?)
            }
            toml::Value::Array(items) => Self::List(
                items
                    .iter()
                    .map(|item| Self::read(item, terms))
                    .collect::<Result<_, _>>()?,
            ),
            toml::Value::Table(members) => Self::Members(
                members
                    .iter()
                    .map(|(name, value)| match Self::read(value, terms) {
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
            Self::Text(blank) if blank.only_hole() == Some(Hole::Ttl) => {
                Some(json!(message.ttl.as_secs()))
            }
            Self::Text(blank) => blank.text(message, show).map(Value::String),
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

    fn blanks(&self) -> Vec<&Blank> {
        match self {
            Self::Text(blank) => vec![blank],
            Self::Fixed(_) => Vec::new(),
            Self::List(items) => items.iter().flat_map(Self::blanks).collect(),
            Self::Members(members) => members
                .iter()
                .flat_map(|(_, shape)| shape.blanks())
                .collect(),
        }
    }
}
