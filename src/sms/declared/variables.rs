//! What `${…}` stands for: what the operator gave a gateway, a variable, a file.

use std::{collections::BTreeMap, fs};

use serde::Deserialize;

use super::report_url::ReportUrl;

/// What a preset asks the operator for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Whether it must not be shown.
    #[serde(default)]
    pub secret: bool,
    /// What it is.
    pub help: String,
    /// What it is where the operator gives none.
    pub default: Option<String>,
}

impl Setting {
    /// The variable that gives one where nothing else does.
    pub fn variable(gateway: &str, name: &str) -> String {
        format!("{gateway}_{name}")
            .replace('-', "_")
            .to_ascii_uppercase()
    }
}

/// The process's environment, as far as it is text.
pub type Environment = BTreeMap<String, String>;

/// What there is to refer to.
pub struct Variables<'a> {
    /// The gateway's name.
    pub gateway: &'a str,
    /// What its preset asks for.
    pub settings: &'a BTreeMap<String, Setting>,
    /// What the operator gave.
    pub given: &'a BTreeMap<String, String>,
    /// The environment.
    pub environment: &'a Environment,
    /// Where receipts are to be posted; empty where nobody could.
    pub report_url: ReportUrl,
}

impl Variables<'_> {
    /// The value of a name, and whether it is a secret.
    ///
    /// # Errors
    /// The end of a sentence that begins with where the name stands.
    pub fn value(&self, name: &str) -> Result<(String, bool), String> {
        if let Some(outside) = self.outside(name)? {
            return Ok((outside, true));
        }
        let setting = self.settings.get(name);
        let is_secret = setting.is_some_and(|setting| setting.secret);
        if let Some(text) = self.given.get(name) {
            return self.referred(name, text, is_secret);
        }
        let variable = Setting::variable(self.gateway, name);
        if let Some(value) = self.environment.get(&variable) {
            return Ok((value.clone(), is_secret));
        }
        match setting {
            Some(Setting {
                default: Some(default),
                ..
            }) => Ok((default.clone(), is_secret)),
            Some(Setting { help, .. }) => Err(format!(
                "needs {name}, {help}: set it in [sms.gateway.{}], or the variable {variable}",
                self.gateway
            )),
            None if name == "sender" => Err(format!(
                "needs sender: set it in [sms.gateway.{}]",
                self.gateway
            )),
            None => Err(format!(
                "has ${{{name}}}, which is nothing: write ${{env:NAME}} or ${{file:PATH}}"
            )),
        }
    }

    /// What the operator wrote for a setting, which may refer to the outside.
    fn referred(&self, name: &str, text: &str, is_secret: bool) -> Result<(String, bool), String> {
        let inner = text
            .strip_prefix("${")
            .and_then(|text| text.strip_suffix('}'));
        match inner.map(|inner| self.outside(inner.trim())).transpose()? {
            Some(Some(outside)) => Ok((outside, is_secret)),
            _ if is_secret => Err(format!(
                "needs {name} as ${{env:NAME}} or ${{file:PATH}}: a secret is not written into the file itself"
            )),
            _ => Ok((text.to_owned(), false)),
        }
    }

    fn outside(&self, name: &str) -> Result<Option<String>, String> {
        match name.split_once(':') {
            Some(("env", variable)) => match self.environment.get(variable) {
                Some(value) => Ok(Some(value.clone())),
                None => Err(format!("names the variable {variable}, which is not set")),
            },
            Some(("file", path)) => match fs::read_to_string(path) {
                Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
                Err(error) => Err(format!(
                    "names the file {path}, which cannot be read: {error}"
                )),
            },
            _ => Ok(None),
        }
    }
}
