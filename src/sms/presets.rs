//! Gateways that are known: data, one file each.

use std::collections::BTreeMap;

use toml::Table;

use super::{declared::spec::Definition, declared::variables::Setting};

macro_rules! presets {
    ($($name:literal)*) => {
        /// The presets, by name.
        pub const ALL: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("presets/", $name, ".toml"))),)*
        ];
    };
}

presets!(
    "exolve" "kannel" "smsaero" "smsc" "smsru" "smsru-call" "telegram" "twilio" "ucaller" "vonage"
    "webhook" "whatsapp"
);

/// The text of a preset.
pub fn text(name: &str) -> Option<&'static str> {
    let mut presets = ALL.iter();
    presets
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

/// A preset, as people choose one.
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub about: String,
    /// What it needs.
    pub settings: BTreeMap<String, Setting>,
}

/// Every preset.
pub fn all() -> impl Iterator<Item = Preset> {
    ALL.iter().map(|(name, text)| {
        let mut table: Table = text.parse().expect("a test has read every preset");
        let frame = Definition::take(&mut table).expect("a test has read every preset");
        Preset {
            name,
            about: frame.about,
            settings: frame.settings,
        }
    })
}
