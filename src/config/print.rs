//! The configuration as text: a sample of it, and what is in force.

use std::fmt::Write;

use super::Config;
use crate::sms::route::written;

/// What may be given with a password, and is told without.
const DATABASE: &str = "database";

impl Config {
    /// A configuration file with every default, commented out.
    pub fn sample() -> String {
        let mut sample = String::from("# Every setting of invited with its default.\n");
        let mut section = "";
        for entry in Self::entries() {
            let (prefix, key) = entry.key.rsplit_once('.').unwrap_or(("", entry.key));
            if prefix != section {
                section = prefix;
                let _ = write!(sample, "\n[{section}]\n");
            }
            let _ = write!(
                sample,
                "\n# {} ({})\n# {key} = \"{}\"\n",
                entry.help.trim().replace('`', "\""),
                entry.variable(),
                entry.default
            );
        }
        sample.push_str(
            "\n[test_numbers]\n\n# No SMS, no limits by phone, a fixed code, for store reviewers and demos.\n\
             # \"+79990000001\" = { code = \"1234\", until = 2027-01-01T00:00:00Z }\n",
        );
        sample
    }

    /// Every setting as it is in force, and where it was set. What a gateway's own
    /// settings say is not told: most of them are secrets.
    pub fn effective(&self) -> String {
        let mut text = String::from("# Every setting of invited as it is in force.\n");
        let mut section = "";
        for entry in Self::entries() {
            let (prefix, key) = entry.key.rsplit_once('.').unwrap_or(("", entry.key));
            if prefix != section {
                section = prefix;
                let _ = write!(text, "\n[{section}]\n");
            }
            let _ = match self.given.of(entry.key) {
                Some((value, place)) => {
                    let place = place.trim_end_matches(',');
                    let value = if key == DATABASE {
                        format!("\"{}\"", self.server.database)
                    } else {
                        value.to_string()
                    };
                    writeln!(text, "{key} = {value}  # {place}")
                }
                None => writeln!(text, "{key} = \"{}\"", entry.default),
            };
        }
        text.push_str("\n[sms.route]\n");
        for (prefix, chain) in &self.plan.chains {
            let names: Vec<_> = chain.iter().map(ToString::to_string).collect();
            let _ = writeln!(text, "\"{}\" = {names:?}", written(prefix));
        }
        for (name, gateway) in &self.plan.gateways {
            let _ = write!(text, "\n[sms.gateway.{name}]\n");
            for (key, value) in gateway {
                let value = if key == "preset" {
                    value.to_string()
                } else {
                    "\"***\"".to_owned()
                };
                let _ = writeln!(text, "{key} = {value}");
            }
        }
        for number in &self.test_numbers {
            let phone = number.phone.masked();
            let _ = writeln!(text, "\n# the test number {phone}");
        }
        text
    }
}
