//! Numbers for store reviewers and demos: they get no messages and have a fixed code.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use toml::Value;

use super::layers::{ConfigError, Layers};
use crate::domain::{
    code::OneTimeCode, phone::Phone, proof::Fixed, region::Region, time::Timestamp,
};

/// One of them.
#[derive(Debug, Clone)]
pub struct TestNumber {
    /// Which number.
    pub phone: Phone,
    /// Its code, and from when on it is a number like any other.
    pub fixed: Fixed,
}

impl TestNumber {
    /// Reads the section whose keys are the numbers.
    pub fn read(layers: &mut Layers, region: Region) -> Result<Vec<Self>, ConfigError> {
        let mut numbers: Vec<Self> = Vec::new();
        for (name, number, value) in layers.members("test_numbers")? {
            let wrong = |reason: &str| ConfigError::of(&name, reason);
            let phone = Phone::parse(&number, region)
                .map_err(|_| wrong("does not name a phone number in international form"))?;
            let fixed = fixed(&value).map_err(|reason| wrong(&reason))?;
            if numbers.iter().any(|other| other.phone == phone) {
                return Err(wrong("names a phone that has been named before"));
            }
            numbers.push(Self { phone, fixed });
        }
        Ok(numbers)
    }
}

/// Reads `{ code = "1234", until = 2027-01-01T00:00:00Z }`.
fn fixed(value: &Value) -> Result<Fixed, String> {
    let expected = "must be written as { code = \"1234\", until = 2027-01-01T00:00:00Z }";
    let inline = match value {
        Value::String(text) => toml::from_str::<toml::Table>(&format!("number = {text}")).ok(),
        value => Some(toml::Table::from_iter([(
            "number".to_owned(),
            value.clone(),
        )])),
    };
    let table = inline
        .as_ref()
        .and_then(|table| table.get("number"))
        .and_then(Value::as_table);
    let table = table.filter(|table| table.len() == 2).ok_or(expected)?;
    let code = table.get("code").and_then(Value::as_str).ok_or(expected)?;
    let until = match table.get("until") {
        Some(Value::Datetime(until)) => until.to_string(),
        Some(Value::String(until)) => until.clone(),
        _ => return Err(expected.to_owned()),
    };
    let until = OffsetDateTime::parse(&until, &Rfc3339).map_err(|_| expected)?;
    let code = OneTimeCode::parse(code).map_err(|_| "needs a code of 4 to 10 digits")?;
    let until = Timestamp::from_seconds(until.unix_timestamp());
    Ok(Fixed { code, until })
}
