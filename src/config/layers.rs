//! Where settings come from: flags beat the environment beats the file.

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use toml::{Table, Value};

use super::{
    given::Given,
    names::{is_made_up, unknown},
    place::Places,
    value::Setting,
};
use crate::{
    files,
    sms::{choice::Choice, setup::Setup},
};

/// A mistake in the configuration: one sentence that names the setting.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    /// The setting `name` is wrong, `reason` says how.
    pub fn of(name: &str, reason: &str) -> Self {
        Self(format!("{name} {reason}"))
    }
}

/// The setting that names a gateway, and the section that declares some.
const GATEWAY: &str = "sms.gateway";
const ROUTE: &str = "sms.route";

/// Settings as they were given, not read yet.
#[derive(Debug, Default)]
pub struct Layers {
    flags: BTreeMap<&'static str, (&'static str, String)>,
    /// Variables that begin as settings do, and are none.
    beside: &'static [&'static str],
    variables: BTreeMap<String, String>,
    /// Every variable of the process that is text, for settings that refer to one.
    environment: BTreeMap<String, String>,
    file: Table,
    places: Places,
    /// The settings that some layer had, of those that were taken.
    given: Given,
}

/// The environment variable of `section.key`.
pub fn variable(key: &str) -> String {
    format!("INVITED_{}", key.replace('.', "__").to_ascii_uppercase())
}

impl Layers {
    /// With variables of these names beside those of the settings.
    pub fn beside(variables: &'static [&'static str]) -> Self {
        Self {
            beside: variables,
            ..Self::default()
        }
    }

    /// Puts the flag `name` in front as the value of `key`.
    pub fn flag(&mut self, key: &'static str, name: &'static str, value: Option<&String>) {
        if let Some(value) = value {
            self.flags.insert(key, (name, value.clone()));
        }
    }

    /// Takes the variables that begin as settings do, to be refused in the end
    /// if they are not. Those of `beside` are somebody else's affair, and so is
    /// what orchestrators make up from a service's name.
    pub fn environment(
        &mut self,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<(), ConfigError> {
        for (name, value) in variables {
            if let (Some(name), Some(value)) = (name.to_str(), value.to_str()) {
                self.environment.insert(name.to_owned(), value.to_owned());
            }
            let Some(name) = name.to_str().filter(|name| name.starts_with("INVITED_")) else {
                continue;
            };
            let value = value
                .to_str()
                .ok_or_else(|| ConfigError::of(name, "is not UTF-8"))?;
            if !self.beside.contains(&name) && !is_made_up(name, value) {
                self.variables.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(())
    }

    /// Takes the settings of a TOML file.
    pub fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let name = format!("--config: {}", path.display());
        let text = std::fs::read_to_string(path)
            .map_err(|error| files::reason(path, &error))
            .map_err(|reason| ConfigError::of(&name, &format!("cannot be read: {reason}")))?;
        self.file = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| {
                text[..span.start.min(text.len())].matches('\n').count() + 1
            });
            let at = text.lines().nth(line - 1).unwrap_or_default();
            if is_declared_and_chosen(&text, at) {
                let reason = format!("chooses a gateway in [sms] and declares one in [sms.gateway.NAME], at line {line}: \
                    choose by [sms.route] instead, as in \"*\" = [\"NAME\"]");
                return ConfigError::of(&name, &reason);
            }
            ConfigError::of(
                &name,
                &format!("is not TOML, at line {line}: {}", error.message()),
            )
        })?;
        self.places = Places::of(path, text);
        Ok(())
    }

    /// Takes the value of `key` out of whatever layer gives it first.
    pub fn take<T: Setting>(&mut self, key: &'static str, default: &str) -> Result<T, ConfigError> {
        let variable = variable(key);
        let (from_file, from_variable) =
            (take(&mut self.file, key), self.variables.remove(&variable));
        let (name, value) = match (self.flags.remove(key), from_variable, from_file) {
            (Some((flag, value)), _, _) => (flag.to_owned(), Value::String(value)),
            (None, Some(value), _) => (variable, Value::String(value)),
            (None, None, Some(value)) => (self.in_file(key), value),
            (None, None, None) => {
                let value = Value::String(default.to_owned());
                return T::read(&value).map_err(|reason| ConfigError::of(key, &reason));
            }
        };
        self.given.note(key, &value, &name);
        T::read(&value).map_err(|reason| ConfigError::of(&name, &reason))
    }

    /// Takes the gateways that are declared, and the chains of `[sms.route]`.
    /// A gateway that was chosen by a flag, a variable or `sms.gateway` itself
    /// is the only one, and left for [`Layers::take`]; then its name is told as well.
    pub fn plan(&mut self) -> Result<(Setup, Option<String>), ConfigError> {
        let mut plan = Setup {
            environment: std::mem::take(&mut self.environment),
            ..Setup::default()
        };
        let flag = self.flags.get(GATEWAY).map(|(name, _)| (*name).to_owned());
        let variable = Some(variable(GATEWAY)).filter(|name| self.variables.contains_key(name));
        let mut chosen = flag.or(variable);
        match take(&mut self.file, GATEWAY) {
            Some(Value::Table(gateways)) => {
                for (name, gateway) in gateways {
                    let Value::Table(gateway) = gateway else {
                        let name = self.in_file(&format!("{GATEWAY}.{name}"));
                        return Err(ConfigError::of(&name, "must be a section"));
                    };
                    plan.gateways.insert(name, gateway);
                }
            }
            Some(name) => {
                chosen = chosen.or_else(|| Some(self.in_file(GATEWAY)));
                if let Some(Value::Table(sms)) = self.file.get_mut("sms") {
                    sms.insert("gateway".to_owned(), name);
                }
            }
            None => {}
        }
        for (prefix, chain) in &self.section(ROUTE)? {
            plan.route(prefix, chain)
                .map_err(|reason| ConfigError::of(&self.member(ROUTE, prefix), &reason))?;
        }
        if chosen.is_some() {
            plan.chains.clear();
        } else if plan.chains.is_empty() && !plan.gateways.is_empty() {
            let names: Vec<_> = plan.gateways.keys().cloned().collect();
            let [only] = names.as_slice() else {
                let reason = "is needed where several gateways are declared: it says in which order to try them, as in \"*\" = [\"exolve\", \"twilio\"]";
                return Err(ConfigError::of(ROUTE, reason));
            };
            plan.chains
                .push((String::new(), vec![Choice::Named(only.clone())]));
        }
        Ok((plan, chosen))
    }

    /// Which settings some layer had, of those that were taken.
    pub fn given(&self) -> Given {
        self.given.clone()
    }

    /// Where in the file each key stands.
    pub fn places(&self) -> Places {
        self.places.clone()
    }

    /// Takes a section whose keys are free: what names each of its members to
    /// people, its key and its value.
    pub fn members(&mut self, section: &str) -> Result<Vec<(String, String, Value)>, ConfigError> {
        let in_file = self.section(section)?.into_iter();
        let mut members: Vec<_> = in_file
            .map(|(key, value)| (self.member(section, &key), key, value))
            .collect();
        let prefix = format!("{}__", variable(section));
        let is_member = |name: &String, _: &mut String| name.starts_with(&prefix);
        let variables = self.variables.extract_if(.., is_member);
        members.extend(variables.map(|(name, value)| {
            let key = name[prefix.len()..].to_owned();
            (name, key, Value::String(value))
        }));
        Ok(members)
    }

    /// Takes a section of the file; one that is not there is empty.
    fn section(&mut self, key: &str) -> Result<Table, ConfigError> {
        match take(&mut self.file, key) {
            None => Ok(Table::new()),
            Some(Value::Table(section)) => Ok(section),
            Some(_) => Err(ConfigError::of(&self.in_file(key), "must be a section")),
        }
    }

    /// Refuses whatever is not one of these settings.
    pub fn finish(self, known: impl Iterator<Item = &'static str>) -> Result<(), ConfigError> {
        let is_referred_to = |name: &str| self.places.mention(&format!("${{env:{name}}}"));
        let mut strangers = self.variables.keys().map(String::as_str);
        if let Some(name) = strangers.find(|name| !is_referred_to(name)) {
            let known = known
                .map(variable)
                .chain(self.beside.iter().map(ToString::to_string));
            return Err(ConfigError::of(name, &unknown(name, known)));
        }
        match first_key(&self.file) {
            Some(key) => {
                let reason = unknown(&key, known.map(str::to_owned));
                Err(ConfigError::of(&self.in_file(&key), &reason))
            }
            None => Ok(()),
        }
    }

    /// The name for people of a member of a section, wherever it stands.
    pub fn member(&self, section: &str, key: &str) -> String {
        let keys: Vec<_> = section.split('.').chain([key]).map(str::to_owned).collect();
        self.places.name(&keys)
    }

    fn in_file(&self, key: &str) -> String {
        let keys: Vec<_> = key.split('.').map(str::to_owned).collect();
        self.places.name(&keys)
    }
}

/// Whether what TOML does not allow at the line `at` is that `sms.gateway` is
/// both a name and a section.
fn is_declared_and_chosen(text: &str, at: &str) -> bool {
    let chooses = |line: &str| {
        let rest = line.trim_start().strip_prefix("gateway");
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let declares = |line: &str| line.trim_start().starts_with("[sms.gateway");
    (chooses(at) || declares(at)) && text.lines().any(chooses) && text.lines().any(declares)
}

fn take(table: &mut Table, key: &str) -> Option<Value> {
    match key.split_once('.') {
        Some((section, key)) => table.get_mut(section)?.as_table_mut()?.remove(key),
        None => table.remove(key),
    }
}

/// The first key that is left: sections that were emptied are not keys.
fn first_key(table: &Table) -> Option<String> {
    table.iter().find_map(|(key, value)| match value {
        Value::Table(section) => section.keys().next().map(|inner| format!("{key}.{inner}")),
        _ => Some(key.clone()),
    })
}
