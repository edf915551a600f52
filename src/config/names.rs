//! Names that are not settings: whose they are, or which one was meant.

use regex::Regex;

/// How much alike two names are when one is a slip for the other.
const ALIKE: f64 = 0.85;

/// What is said of a name that is none, with the one that was meant if that can be told.
pub fn unknown(name: &str, known: impl Iterator<Item = String>) -> String {
    let alike = |known: &String| strsim::jaro_winkler(own(name), own(known));
    let nearest = known.max_by(|one, other| alike(one).total_cmp(&alike(other)));
    match nearest.filter(|nearest| alike(nearest) > ALIKE) {
        Some(nearest) => {
            format!("is not a setting: did you mean {nearest}? (`invited config` prints them all)")
        }
        None => "is not a setting (`invited config` prints them all)".to_owned(),
    }
}

/// A variable's name without what all of them begin with.
fn own(name: &str) -> &str {
    name.strip_prefix("INVITED_").unwrap_or(name)
}

/// Whether an orchestrator tells of a service of this name by it (Kubernetes'
/// variables of Services, and the links of Docker that they are made like).
pub fn is_made_up(name: &str, value: &str) -> bool {
    let pattern = "^[A-Z0-9_]+?(_SERVICE_HOST|_SERVICE_PORT(_[A-Z0-9_]+)?\
        |(_PORT)|_PORT_[0-9]+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?)$";
    let pattern = Regex::new(pattern).expect("the pattern is one");
    pattern.captures(name).is_some_and(|parts| {
        // Sections of the configuration are told by two underscores. And a bare
        // port is what a person would write who looks for the setting.
        !name.contains("__") && (parts.get(3).is_none() || value.contains("://"))
    })
}
