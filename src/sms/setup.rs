//! Which gateways there are to be, as the configuration has it, and their opening.

use std::{collections::BTreeMap, fmt, sync::Arc};

use toml::{Table, Value};

use super::{
    choice::{Choice, is_name},
    client::Client,
    configured::Configured,
    console,
    declared::spec::Flaw,
    declared::variables::Environment,
    declared::{Declared, report_url::ReportUrl, spec::overlay, variables::Variables},
    file, presets,
    route::{Chain, Routes},
};
use crate::domain::money::Price;

/// The kind of a gateway that no preset describes.
const OWN: &str = "http";

/// Which gateways there are to be.
#[derive(Clone, Default)]
pub struct Setup {
    /// What each declared one is.
    pub gateways: BTreeMap<String, Table>,
    /// What to send through, for each prefix of digits; the empty one is for all others.
    pub chains: Vec<(String, Vec<Choice>)>,
    /// What settings may refer to.
    pub environment: Environment,
    /// What chose the gateways: a flag, a variable, a setting.
    pub chooser: String,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("chains", &self.chains)
            .finish_non_exhaustive()
    }
}

impl Setup {
    /// What is wrong with the first name of a chain that names nothing.
    pub fn stranger(&self) -> Option<(&str, String)> {
        let is_known =
            |name: &str| self.gateways.contains_key(name) || presets::text(name).is_some();
        let chains = self.chains.iter();
        let names =
            chains.flat_map(|(prefix, chain)| chain.iter().map(|choice| (&**prefix, choice)));
        let mut strangers = names.filter_map(|(prefix, choice)| match choice {
            Choice::Named(name) if !is_known(name) => Some((prefix, name)),
            _ => None,
        });
        let own = self.gateways.keys().map(String::as_str);
        let presets = presets::ALL.iter().map(|(name, _)| *name);
        let presets = presets.filter(|name| !self.gateways.contains_key(*name));
        let known: Vec<_> = own.chain(presets).collect();
        let reason = |(prefix, name)| {
            let known = known.join(", ");
            let reason = format!(
                "names {name}, which is not a gateway: there are console, file:PATH, {known}"
            );
            (prefix, reason)
        };
        strangers.next().map(reason)
    }

    /// Whether every gateway that messages go through has prices of its own.
    pub fn is_priced(&self) -> bool {
        let mut choices = self.chains.iter().flat_map(|(_, chain)| chain);
        choices.all(|choice| match choice {
            Choice::Named(name) => {
                let gateway = self.gateways.get(name);
                gateway.is_some_and(|gateway| gateway.contains_key("prices"))
            }
            Choice::Console | Choice::File(_) => false,
        })
    }

    /// Takes the chain of a prefix, as `[sms.route]` has it.
    pub fn route(&mut self, prefix: &str, chain: &Value) -> Result<(), String> {
        let digits = match prefix.strip_prefix('+') {
            _ if prefix == "*" => "",
            Some(digits)
                if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) =>
            {
                digits
            }
            _ => {
                return Err(
                    "is not a prefix: write +, leading digits, or \"*\" for all others".to_owned(),
                );
            }
        };
        let names: Option<Vec<&str>> = match chain {
            Value::String(name) => Some(vec![name]),
            Value::Array(names) => names.iter().map(Value::as_str).collect(),
            _ => None,
        };
        let names = names.ok_or("must be a list of gateways, in the order to try them")?;
        let chain = names
            .iter()
            .map(|name| name.parse())
            .collect::<Result<Vec<_>, _>>()?;
        if chain.is_empty() {
            return Err("must name a gateway".to_owned());
        }
        self.chains.push((digits.to_owned(), chain));
        Ok(())
    }

    /// Opens every gateway that messages go through, in the place of those
    /// `before`. `report_url` says where receipts of the named one are to be posted.
    pub fn open(
        &self,
        before: &Routes,
        report_url: &dyn Fn(&str) -> String,
    ) -> Result<Routes, Flaw> {
        let mut opener = Opener {
            plan: self,
            before,
            report_url,
            client: None,
            gateways: Vec::new(),
        };
        let mut chains = Vec::new();
        for (prefix, choices) in &self.chains {
            let gateways = choices.iter().map(|choice| opener.gateway_named(choice));
            chains.push((prefix.clone(), gateways.collect::<Result<Chain, _>>()?));
        }
        // What is declared and not used is to be right all the same.
        for name in self.gateways.keys() {
            opener.gateway_named(&Choice::Named(name.clone()))?;
        }
        Ok(Routes::new(chains))
    }

    /// What a gateway is: its preset, if it has one, under what the operator wrote.
    fn declaration(&self, name: &str) -> Result<Declaration, Flaw> {
        let mut own = self.gateways.get(name).cloned().unwrap_or_default();
        let kind = match own.remove("kind") {
            None => name.to_owned(),
            Some(Value::String(kind)) => kind,
            Some(_) => return Err(Flaw::at("kind", "must be text")),
        };
        let mut table = if kind == OWN {
            Table::new()
        } else {
            let text = presets::text(&kind).ok_or_else(|| unknown(&kind))?;
            text.parse().expect("a test has read every preset")
        };
        let prices = match own.remove("prices") {
            None => Vec::new(),
            Some(value) => prices(&value).map_err(|reason| Flaw::at("prices", reason))?,
        };
        let mut given = BTreeMap::new();
        let asked = table.get("settings").and_then(Value::as_table);
        let is_asked =
            |key: &str| key == "sender" || asked.is_some_and(|asked| asked.contains_key(key));
        let keys: Vec<_> = own.keys().filter(|key| is_asked(key)).cloned().collect();
        for key in keys {
            match own.remove(&key) {
                Some(Value::String(text)) => given.insert(key, text),
                _ => return Err(Flaw::at(&key, "must be text, in quotes")),
            };
        }
        overlay(&mut table, own);
        Ok(Declaration {
            table,
            given,
            prices,
        })
    }
}

/// A gateway's keys, sorted.
struct Declaration {
    /// Those of the request.
    table: Table,
    /// What its preset asks for.
    given: BTreeMap<String, String>,
    prices: Vec<Price>,
}

fn unknown(kind: &str) -> Flaw {
    let known: Vec<_> = presets::ALL.iter().map(|(name, _)| *name).collect();
    let reason = format!(
        "must be a kind of gateway, which {kind} is not: {OWN}, {}",
        known.join(", ")
    );
    Flaw::at("kind", reason)
}

fn prices(value: &Value) -> Result<Vec<Price>, String> {
    let texts: Option<Vec<&str>> = match value {
        Value::String(text) => Some(text.split(',').collect()),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let texts = texts.ok_or("must be a list of texts, as in [\"+79 = 2.50\"]")?;
    texts.iter().map(|text| text.parse()).collect()
}

/// Opens gateways, each once.
struct Opener<'a> {
    plan: &'a Setup,
    before: &'a Routes,
    report_url: &'a dyn Fn(&str) -> String,
    client: Option<Client>,
    gateways: Vec<(Choice, Arc<Configured>)>,
}

impl Opener<'_> {
    fn gateway_named(&mut self, choice: &Choice) -> Result<Arc<Configured>, Flaw> {
        if let Some((_, configured)) = self.gateways.iter().find(|(known, _)| known == choice) {
            return Ok(Arc::clone(configured));
        }
        let unusable = |what: String| Flaw::at("", what);
        let configured = match choice {
            Choice::Console => {
                let console = console::Console::open()
                    .map_err(|error| unusable(format!("the terminal cannot be used: {error}")))?;
                Configured::local("console", Arc::new(console))
            }
            Choice::File(path) => {
                let file = file::File::open(path).map_err(|error| {
                    unusable(format!("{} cannot be written: {error}", path.display()))
                })?;
                Configured::local("file", Arc::new(file))
            }
            Choice::Named(name) => self.named(name).map_err(|flaw| flaw.under(name))?,
        };
        let before = self.before.gateway_named(&configured.name);
        let configured = Arc::new(match before {
            Some(before) => configured.after(before),
            None => configured,
        });
        self.gateways
            .push((choice.clone(), Arc::clone(&configured)));
        Ok(configured)
    }

    fn proxy(&self) -> Option<&String> {
        let variables = ["HTTPS_PROXY", "https_proxy"];
        let environment = &self.plan.environment;
        let mut given = variables.iter().filter_map(|name| environment.get(*name));
        given.find(|proxy| !proxy.is_empty())
    }

    fn named(&mut self, name: &str) -> Result<Configured, Flaw> {
        if !is_name(name) {
            return Err(Flaw::at(
                "",
                "must be named in lower case letters, digits, - and _",
            ));
        }
        let Declaration {
            table,
            given,
            prices,
        } = self.plan.declaration(name)?;
        let settings = match table.get("settings") {
            Some(settings) => settings.clone().try_into().map_err(|_| {
                Flaw::at("settings", "is what presets ask for, and not to be changed")
            })?,
            None => BTreeMap::new(),
        };
        let client = match &self.client {
            Some(client) => client.clone(),
            None => Client::new(self.proxy()).map_err(|reason| Flaw::at("", reason))?,
        };
        self.client = Some(client.clone());
        let variables = Variables {
            gateway: name,
            settings: &settings,
            given: &given,
            environment: &self.plan.environment,
            report_url: ReportUrl::new(&(self.report_url)(name)),
        };
        // Told where they stand, and not where they would be used.
        for setting in given.keys() {
            let value = variables.value(setting);
            value.map_err(|reason| Flaw::at(setting, reason))?;
        }
        let gateway = Declared::read(client, table, &variables)?;
        Ok(Configured::new(name, Arc::new(gateway), prices))
    }
}
