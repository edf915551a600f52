//! JSON, read strictly: a repeated key is an error, as RFC 8259, section 4,
//! leaves it to each reader to decide.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};

/// JSON as far as requests need it: numbers that are not whole are only ever
/// refused or ignored, so they carry nothing.
pub enum Json {
    Null,
    Bool(bool),
    Text(String),
    Number(i64),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
    Other,
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Strict)
    }
}

struct Strict;

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(i64::try_from(value).map_or(Json::Other, Json::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element()? {
            values.push(value);
        }
        Ok(Json::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        let mut keys = HashSet::new();
        while let Some((key, value)) = entries.next_entry::<String, Json>()? {
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom("a key is repeated"));
            }
            members.push((key, value));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{
        collection::{hash_map, vec},
        prelude::*,
    };
    use serde_json::Value;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..6).prop_map(Value::from),
                hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn is(json: &Json, value: &Value) -> bool {
        match (json, value) {
            (Json::Null, Value::Null) | (Json::Other, Value::Number(_)) => true,
            (Json::Number(one), Value::Number(other)) => Some(*one) == other.as_i64(),
            (Json::Array(one), Value::Array(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is(one, other))
            }
            (Json::Bool(one), Value::Bool(other)) => one == other,
            (Json::Text(one), Value::String(other)) => one == other,
            (Json::Object(one), Value::Object(other)) => one
                .iter()
                .map(|(key, json)| Some((json, other.get(key)?)))
                .all(|pair| pair.is_some_and(|(json, value)| is(json, value))),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn json_is_read_as_it_is(value in values()) {
            let json: Json = serde_json::from_str(&value.to_string()).unwrap();
            prop_assert!(is(&json, &value));
        }

        #[test]
        fn a_repeated_key_is_found_at_any_depth(value in values(), key in any::<String>(), depth in 0..20) {
            let key = Value::from(key);
            let mut text = format!("{{{key}:1,\"other\":{value},{key}:{value}}}");
            for _ in 0..depth {
                text = format!("[0,{{\"in\":{text}}}]");
            }
            prop_assert!(serde_json::from_str::<Json>(&text).is_err());
        }

        #[test]
        fn nothing_is_json_here_that_is_none_elsewhere(text in "[\\[\\]{}\",:0-9.eE+a-u\\\\ -]{0,20}") {
            let strict = serde_json::from_str::<Json>(&text).is_ok();
            prop_assert!(!strict || serde_json::from_str::<Value>(&text).is_ok());
        }
    }
}
