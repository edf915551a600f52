//! What is logged: levels, for all of the program or for parts of it.

use std::str::FromStr;

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// Lets spans through, where they are for anything.
const SPANS: &str = if cfg!(feature = "otel") {
    "invited::span=debug,"
} else {
    ""
};

/// A filter of levels and of `target=level`. What no level is given for is
/// logged at `info`, so that a mistake in a target's name silences nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(String);

impl Filter {
    /// As tracing has it.
    pub(super) fn directives(&self) -> EnvFilter {
        EnvFilter::new(format!("{SPANS}{}", self.0))
    }
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim);
        let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        if !parts.iter().copied().all(is_directive) {
            let reason = "is not a filter: write a level (error, warn, info, debug, trace, off), and others for parts \
                of the program if you like, as in \"info\" or \"warn,invited=debug\"";
            return Err(reason.to_owned());
        }
        // What clients do to HTTP/2 would fill the log.
        Ok(Self(format!("info,h2=off,{}", parts.join(","))))
    }
}

fn is_directive(part: &str) -> bool {
    let (target, level) = part.split_once('=').unwrap_or(("invited", part));
    let is_path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let is_level = level.starts_with(|c: char| c.is_ascii_alphabetic())
        && level.parse::<LevelFilter>().is_ok();
    is_level && !target.is_empty() && target.chars().all(is_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_of_words_that_are_no_levels_is_none() {
        for good in [
            "info",
            "INFO",
            "off",
            "warn,invited=debug",
            "invited::http=trace",
            "",
            "debug, hyper=warn",
        ] {
            assert!(good.parse::<Filter>().is_ok(), "{good}");
        }
        for wrong in [
            "infoo",
            "inof",
            "invited",
            "invited=",
            "=debug",
            "invited=dbug",
            "warn,verbose",
            "[span]=info",
            "9",
        ] {
            assert!(wrong.parse::<Filter>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_a_filter_does_not_name_is_logged() {
        let shown = |text: &str| {
            let shown = text.parse::<Filter>().unwrap().directives().to_string();
            shown.trim_start_matches(SPANS).to_owned()
        };
        assert_eq!(shown("invted=debug"), "invted=debug,h2=off,info");
        assert_eq!(shown("warn"), "h2=off,warn");
    }
}
