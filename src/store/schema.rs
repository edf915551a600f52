//! What a database says of itself.

/// One step of the schema's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration(pub String);

impl Migration {
    /// Whether there was no schema before it.
    pub fn is_first(&self) -> bool {
        self.0.starts_with("V1__")
    }
}

/// Which keys a database goes with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Installation {
    /// The fingerprint of the keys that it was filled under; none in databases
    /// that are new, or older than such fingerprints.
    pub keys: Option<String>,
    /// Whether anything in it would be lost with those keys.
    pub is_occupied: bool,
}
