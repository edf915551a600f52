//! What was found of one thing, and what to do about it.

use serde::Serialize;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Green,
    /// Not as it should be, and nothing is lost yet.
    Yellow,
    /// It has to be set right.
    Red,
}

/// What was found of one thing.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// The thing.
    pub check: &'static str,
    /// How it is.
    pub level: Level,
    /// What is so.
    pub said: String,
    /// What to do about it; empty where there is nothing to do.
    pub remedy: &'static str,
}

impl Finding {
    /// Something that is as it should be.
    pub fn green(check: &'static str, said: impl Into<String>) -> Self {
        Self::of(check, Level::Green, said, "")
    }

    /// Something that is so, and what to do about it.
    pub fn of(
        check: &'static str,
        level: Level,
        said: impl Into<String>,
        remedy: &'static str,
    ) -> Self {
        let said = said.into();
        Self {
            check,
            level,
            said,
            remedy,
        }
    }
}
