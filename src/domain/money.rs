//! What messages cost, and how much may be spent: amounts in whatever
//! currency the operator thinks in.

use std::{
    fmt,
    ops::{Add, Neg, Sub},
    str::FromStr,
    time::Duration,
};

use super::{phone::Phone, time::parse_span};

/// Units in one of the currency: four decimal places.
const UNITS: i64 = 10_000;

/// An amount, in ten-thousandths of the currency's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Money(i64);

impl Money {
    /// The amount of so many ten-thousandths.
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// An amount as others write it, with a sign or more places, to the nearest
    /// ten-thousandth; `None` when it is none.
    pub fn rounded(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('-');
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let mut kept: Self = format!("{whole}.{fraction:0<4.4}").parse().ok()?;
        let digits = fraction.bytes().all(|digit| digit.is_ascii_digit());
        if fraction
            .as_bytes()
            .get(4)
            .is_some_and(|digit| *digit >= b'5')
        {
            kept.0 += 1;
        }
        digits.then_some(kept)
    }

    /// Ten-thousandths of the currency's unit.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// So many hundredths of the amount.
    pub fn percent(self, hundredths: usize) -> Self {
        let part = i128::from(self.0) * hundredths as i128 / 100;
        Self(i64::try_from(part).unwrap_or(i64::MAX))
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Money {
    type Output = Self;

    fn neg(self) -> Self {
        Self::default() - self
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / UNITS, self.0 % UNITS);
        if rest % 100 == 0 {
            write!(f, "{whole}.{:02}", rest / 100)
        } else {
            write!(f, "{whole}.{rest:04}")
        }
    }
}

impl FromStr for Money {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            "is not an amount: write digits with at most four decimal places, as in \"2.50\""
                .to_owned()
        };
        let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
        let digits = |part: &str| part.bytes().all(|digit| digit.is_ascii_digit());
        let plain = !whole.is_empty() && digits(whole) && digits(fraction);
        if !plain || !(1..=4).contains(&fraction.len()) || whole.len() > 12 {
            return Err(expected());
        }
        let whole: i64 = whole.parse().map_err(|_| expected())?;
        let fraction: i64 = format!("{fraction:0<4}").parse().map_err(|_| expected())?;
        Ok(Self(whole * UNITS + fraction))
    }
}

/// What one message to the numbers of a prefix costs, written `"+79 = 2.50"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    prefix: String,
    amount: Money,
}

impl Price {
    /// The price of a message to `phone`: the most exact prefix tells. A number
    /// that none covers costs as much as the dearest, for nobody knows better.
    pub fn of(phone: Phone, prices: &[Self]) -> Money {
        let digits = phone.to_string();
        let covering = prices
            .iter()
            .filter(|price| digits.starts_with(&price.prefix))
            .max_by_key(|price| price.prefix.len());
        let dearest = prices.iter().map(|price| price.amount).max();
        covering
            .map(|price| price.amount)
            .or(dearest)
            .unwrap_or_default()
    }
}

impl FromStr for Price {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            "is not a price: write +, leading digits and an amount, as in \"+79 = 2.50\""
                .to_owned();
        let (prefix, amount) = text.split_once('=').ok_or_else(|| expected.clone())?;
        let prefix = prefix.trim().strip_prefix('+').unwrap_or_default();
        if prefix.is_empty() || !prefix.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(expected);
        }
        Ok(Self {
            prefix: prefix.to_owned(),
            amount: amount.parse().map_err(|_| expected)?,
        })
    }
}

/// How much may be spent: `"500/1h, 5000/24h"`, or `"off"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget(Vec<Allowance>);

/// At most `amount` in any `span`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How much.
    pub amount: Money,
    /// In how long.
    pub span: Duration,
}

impl Budget {
    /// The allowances, in the order in which they were written.
    pub fn allowances(&self) -> &[Allowance] {
        &self.0
    }

    /// How long spending has to be remembered.
    pub fn longest(&self) -> Duration {
        let spans = self.0.iter().map(|allowance| allowance.span);
        spans.max().unwrap_or_default()
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "off" {
            return Ok(Self(Vec::new()));
        }
        let allowance = |text: &str| {
            let (amount, span) = text.split_once('/').ok_or_else(|| {
                "is not a budget: write amounts and windows, as in \"500/1h, 5000/24h\", or \"off\""
                    .to_owned()
            })?;
            Ok(Allowance {
                amount: amount.parse()?,
                span: parse_span(span)?,
            })
        };
        text.split(',')
            .map(allowance)
            .collect::<Result<_, String>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_of_others_are_rounded() {
        for (text, units) in [
            ("2.5", Some(25_000)),
            ("-0.0079", Some(79)),
            ("0.03330000", Some(333)),
            ("0.00005", Some(1)),
            ("3", Some(30_000)),
            ("", None),
            ("free", None),
            ("1.2x", None),
            ("1e3", None),
        ] {
            assert_eq!(Money::rounded(text).map(Money::units), units, "{text}");
        }
    }

    #[test]
    fn amounts_are_exact_decimals() {
        for (text, units, written) in [
            ("2.5", 25_000, "2.50"),
            ("0.0375", 375, "0.0375"),
            ("12", 120_000, "12.00"),
        ] {
            let money: Money = text.parse().unwrap();
            assert_eq!(
                (money.units(), money.to_string().as_str()),
                (units, written)
            );
        }
        for text in [
            "",
            ".5",
            "1.",
            "-1",
            "1.00001",
            "1e3",
            "1,5",
            "9999999999999",
        ] {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
        assert_eq!(Money::from_units(1000).percent(80).units(), 800);
    }

    #[test]
    fn the_most_exact_prefix_tells_the_price() {
        let prices: Vec<Price> = ["+7 = 4", "+79=2.5", "+44 = 0.04"]
            .map(|text| text.parse().unwrap())
            .into();
        let price = |digits| Price::of(Phone::from_digits(digits).unwrap(), &prices).to_string();
        assert_eq!(price("79123456789"), "2.50");
        assert_eq!(price("77012345678"), "4.00");
        assert_eq!(price("447911123456"), "0.04");
        assert_eq!(price("3725123456"), "4.00");
        for text in ["", "79=2", "+=2", "+79", "+79=x", "+7x=2"] {
            assert!(text.parse::<Price>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_budget_is_a_list_of_allowances_or_off() {
        let budget: Budget = "500/1h, 5000.50/24h".parse().unwrap();
        assert_eq!(budget.allowances().len(), 2);
        assert_eq!(budget.longest().as_secs(), 86_400);
        assert!("off".parse::<Budget>().unwrap().allowances().is_empty());
        for text in ["", "500", "x/1h", "500/1"] {
            assert!(text.parse::<Budget>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_amount_is_read_as_it_is_written(units in 0_i64..1_000_000_000_000 * UNITS) {
            let money = Money::from_units(units);
            prop_assert_eq!(money.to_string().parse(), Ok(money));
        }

        #[test]
        fn no_text_makes_a_reader_panic(text in "[+]?[0-9.=/,a-z -]{0,30}") {
            let _ = (text.parse::<Money>(), text.parse::<Price>(), text.parse::<Budget>());
        }
    }
}
