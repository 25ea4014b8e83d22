//! What the tokens of a language model cost, and what some usage of it cost.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::violation::{Violation, Violations};

/// Longest name of a provider or model, in characters.
const NAME_LENGTH_MAX: usize = 255;

/// Prices of one token each, in US dollars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelPricing {
    /// A token put in.
    #[serde(with = "rust_decimal::serde::str")]
    pub input: Decimal,
    /// A token that came out.
    #[serde(with = "rust_decimal::serde::str")]
    pub output: Decimal,
    /// A token read from a cache.
    #[serde(
        default,
        with = "rust_decimal::serde::str_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub cache_read: Option<Decimal>,
    /// A token of reasoning.
    #[serde(
        default,
        with = "rust_decimal::serde::str_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub reasoning: Option<Decimal>,
    /// A token written to a cache.
    #[serde(
        default,
        with = "rust_decimal::serde::str_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub cache_write: Option<Decimal>,
}

/// The price of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPrice {
    /// Who runs it.
    pub provider: String,
    /// The model.
    pub model: String,
    /// The prices.
    pub pricing: ModelPricing,
}

impl ModelPricing {
    /// The price of one token of a type, such as `input`; none where it is not known.
    pub fn of(&self, token_type: &str) -> Option<Decimal> {
        match token_type {
            "input" => Some(self.input),
            "output" => Some(self.output),
            "cache_read" => self.cache_read,
            "reasoning" => self.reasoning,
            "cache_write" => self.cache_write,
            _ => None,
        }
    }
}

impl ModelPrice {
    /// What makes the price unreadable; paths start with `model_price`.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Violations::default();
        found.text("model_price.provider", &self.provider, 1, NAME_LENGTH_MAX);
        found.text("model_price.model", &self.model, 1, NAME_LENGTH_MAX);
        let prices = [
            ("input_per_token", Some(self.pricing.input)),
            ("output_per_token", Some(self.pricing.output)),
            ("cache_read_per_token", self.pricing.cache_read),
            ("reasoning_per_token", self.pricing.reasoning),
            ("cache_write_per_token", self.pricing.cache_write),
        ];
        for (name, price) in prices {
            found.require(
                price.is_none_or(|price| price >= Decimal::ZERO),
                format!("model_price.pricing.{name}"),
                "must not be negative",
            );
        }
        found.into_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::super::feature::TOKEN_TYPES;
    use super::*;

    fn price() -> ModelPrice {
        ModelPrice {
            provider: "openai".into(),
            model: "gpt-4".into(),
            pricing: ModelPricing {
                input: Decimal::new(3, 5),
                output: Decimal::new(6, 5),
                cache_read: None,
                reasoning: Some(Decimal::new(7, 5)),
                cache_write: Some(Decimal::ZERO),
            },
        }
    }

    #[test]
    fn each_type_of_token_has_its_price_or_none() {
        let pricing = price().pricing;
        let found: Vec<Option<Decimal>> = TOKEN_TYPES.map(|kind| pricing.of(kind)).into();
        assert_eq!(
            found,
            [
                Some(pricing.input),
                Some(pricing.output),
                None,
                pricing.reasoning,
                Some(Decimal::ZERO)
            ]
        );
        assert_eq!(pricing.of("images"), None);
    }

    #[test]
    fn names_are_there_and_prices_not_negative() {
        assert!(price().violations().is_empty());
        let mut bad = price();
        bad.model = String::new();
        bad.pricing.cache_write = Some(Decimal::NEGATIVE_ONE);
        let fields: Vec<String> = bad.violations().into_iter().map(|v| v.field).collect();
        assert_eq!(
            fields,
            [
                "model_price.model",
                "model_price.pricing.cache_write_per_token"
            ]
        );
    }
}
