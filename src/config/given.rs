//! Settings that were given, apart from those that have their default.

use std::{collections::BTreeMap, fmt};

use toml::Value;

/// Settings that some layer had: what it said, and where. They are not part of
/// what a configuration says, so they do not show in it.
#[derive(Clone, Default)]
pub struct Given(BTreeMap<&'static str, (Value, String)>);

impl Given {
    /// Takes note of one.
    pub fn note(&mut self, key: &'static str, value: &Value, place: &str) {
        self.0.insert(key, (value.clone(), place.to_owned()));
    }

    /// Whether this one is among them.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Has of this one what `other` has.
    pub fn keep(&mut self, key: &'static str, other: &Self) {
        self.0.remove(key);
        let said = other.0.get(key).cloned();
        self.0.extend(said.map(|said| (key, said)));
    }

    /// What was said of it, and where.
    pub fn of(&self, key: &str) -> Option<&(Value, String)> {
        self.0.get(key)
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given")
    }
}
