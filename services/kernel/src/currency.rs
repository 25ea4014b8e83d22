//! ISO 4217 currencies. The list and the minor units come from the `iso_currency` tables;
//! this type only narrows them to what money needs.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::decimal::round_half_away;

/// One currency of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(iso_currency::Currency);

/// The text is no ISO 4217 code in upper case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown currency code")]
pub struct UnknownCurrency;

impl Currency {
    /// US dollar, the currency of a new project.
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// Reads a code in upper case, such as `USD`.
    pub fn parse(code: &str) -> Result<Self, UnknownCurrency> {
        iso_currency::Currency::from_code(code)
            .map(Self)
            .ok_or(UnknownCurrency)
    }

    /// Every currency with a numeric code, in the order of those codes.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..1_000)
            .filter_map(iso_currency::Currency::from_numeric)
            .map(Self)
    }

    /// The three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals amounts are rounded to: 2 for USD, 0 for JPY, 3 for KWD; 0 where ISO names none.
    pub fn minor_units(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }

    /// The English name, such as `United States dollar`.
    pub fn name(self) -> String {
        self.0.name().to_owned()
    }

    /// The sign, such as `$`; `¤` where there is none.
    pub fn symbol(self) -> String {
        self.0.symbol().symbol
    }

    /// Rounds an amount to the minor unit, halves away from zero.
    pub fn round(self, amount: Decimal) -> Decimal {
        round_half_away(amount, self.minor_units())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn minor_units_follow_the_standard() {
        let check = |code: &str, expected: u32| {
            assert_eq!(
                Currency::parse(code).unwrap().minor_units(),
                expected,
                "{code}"
            );
        };
        check("USD", 2);
        check("EUR", 2);
        check("HUF", 2);
        check("JPY", 0);
        check("KWD", 3);
        check("CLF", 4);
    }

    #[test]
    fn only_codes_in_upper_case_are_known() {
        for code in ["", "usd", "US", "USDT", "BTC", "ZZZ", "U$D"] {
            assert_eq!(Currency::parse(code), Err(UnknownCurrency), "{code}");
        }
    }

    #[test]
    fn all_lists_each_currency_once_and_parse_knows_it() {
        let all: Vec<Currency> = Currency::all().collect();
        assert!(all.len() > 150);
        for currency in &all {
            assert_eq!(Currency::parse(currency.code()), Ok(*currency));
            assert!(!currency.name().is_empty() && !currency.symbol().is_empty());
        }
        let distinct: std::collections::BTreeSet<Currency> = all.iter().copied().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn amounts_round_to_the_minor_unit() {
        let amount = crate::decimal::parse("1.2345").unwrap();
        let check = |code: &str, expected: &str| {
            assert_eq!(
                crate::decimal::format(Currency::parse(code).unwrap().round(amount)),
                expected,
                "{code}"
            );
        };
        check("USD", "1.23");
        check("JPY", "1");
        check("KWD", "1.235");
    }

    #[test]
    fn json_is_the_code() {
        assert_eq!(serde_json::to_string(&Currency::USD).unwrap(), "\"USD\"");
        assert_eq!(
            serde_json::from_str::<Currency>("\"USD\"").unwrap(),
            Currency::USD
        );
        assert!(serde_json::from_str::<Currency>("\"nope\"").is_err());
    }
}
