//! Price models of a rate card and what makes one wrong.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    field::Field,
    issue::Issue,
    violation::{TIER_COUNT_MAX, Violations},
};

/// What a rate card costs, in the currency of its plan or add-on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// How the amount comes about.
    pub model: PriceModel,
    /// Bounds of the amount of one period; none for a flat price.
    #[serde(default)]
    pub commitment: Commitment,
}

/// Bounds of the amount of one period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    /// Least amount.
    #[serde(
        default,
        with = "rust_decimal::serde::str_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub minimum: Option<Decimal>,
    /// Greatest amount.
    #[serde(
        default,
        with = "rust_decimal::serde::str_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub maximum: Option<Decimal>,
}

/// How the amount of a period comes about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceModel {
    /// A fixed amount.
    Flat {
        #[serde(with = "rust_decimal::serde::str")]
        amount: Decimal,
        payment_term: PaymentTerm,
    },
    /// Quantity × amount.
    Unit {
        #[serde(with = "rust_decimal::serde::str")]
        amount: Decimal,
    },
    /// By quantity ranges.
    Tiered { mode: TierMode, tiers: Vec<Tier> },
    /// Metered money × multiplier.
    Dynamic {
        #[serde(with = "rust_decimal::serde::str")]
        multiplier: Decimal,
    },
    /// ceil(quantity / quantity per package) × amount.
    Package {
        #[serde(with = "rust_decimal::serde::str")]
        amount: Decimal,
        #[serde(with = "rust_decimal::serde::str")]
        quantity_per_package: Decimal,
    },
}

/// When a flat price is charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentTerm {
    /// At the start of its period.
    #[default]
    InAdvance,
    /// At the end of its period.
    InArrears,
}

/// How tiers act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TierMode {
    /// The tier of the total prices the whole quantity.
    Volume,
    /// Each slice is priced by its own tier.
    Graduated,
}

/// One quantity range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// Last quantity inside; none: open-ended.
    #[serde(
        default,
        with = "rust_decimal::serde::str_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub up_to: Option<Decimal>,
    /// Charged once when the tier is reached.
    #[serde(
        default,
        with = "rust_decimal::serde::str_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub flat: Option<Decimal>,
    /// Charged per unit.
    #[serde(
        default,
        with = "rust_decimal::serde::str_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub unit: Option<Decimal>,
}

impl Price {
    /// Whether the price is flat.
    pub fn is_flat(&self) -> bool {
        matches!(self.model, PriceModel::Flat { .. })
    }

    /// The word of the model, for comparing the types of two prices.
    pub fn kind(&self) -> &'static str {
        match self.model {
            PriceModel::Flat { .. } => "flat",
            PriceModel::Unit { .. } => "unit",
            PriceModel::Tiered { .. } => "tiered",
            PriceModel::Dynamic { .. } => "dynamic",
            PriceModel::Package { .. } => "package",
        }
    }

    /// Bounds of the request.
    pub fn violations(&self, path: &str, found: &mut Violations) {
        if let PriceModel::Tiered { tiers, .. } = &self.model {
            found.require(
                tiers.len() <= TIER_COUNT_MAX,
                format!("{path}.tiered.tiers"),
                "must have at most 100 tiers",
            );
        }
        if self.is_flat() {
            found.require(
                self.commitment == Commitment::default(),
                format!("{path}.minimum_amount"),
                "a flat price has neither minimum nor maximum amount",
            );
        }
    }

    /// Problems of the values, all of them generic and at the price itself.
    pub fn issues(&self, field: &Field) -> Vec<Issue> {
        let mut texts = Vec::new();
        let mut not_negative = |value: Decimal, text: &'static str| {
            if value < Decimal::ZERO {
                texts.push(text);
            }
        };
        match &self.model {
            PriceModel::Flat { amount, .. } | PriceModel::Unit { amount } => {
                not_negative(*amount, "the Amount must not be negative");
            }
            PriceModel::Dynamic { multiplier } => {
                not_negative(*multiplier, "the Multiplier must not be negative");
            }
            PriceModel::Package {
                amount,
                quantity_per_package,
            } => {
                not_negative(*amount, "the Amount must not be negative");
                if *quantity_per_package <= Decimal::ZERO {
                    texts.push("the QuantityPerPackage must be greater than 0");
                }
            }
            PriceModel::Tiered { tiers, .. } => texts.extend(tier_problems(tiers)),
        }
        texts.extend(self.commitment.problems());
        texts
            .into_iter()
            .map(|text| Issue::generic(text, field.clone()))
            .collect()
    }
}

impl Commitment {
    fn problems(&self) -> Vec<&'static str> {
        let mut texts = Vec::new();
        if self.minimum.is_some_and(|value| value < Decimal::ZERO) {
            texts.push("the MinimumAmount must not be negative");
        }
        if self.maximum.is_some_and(|value| value < Decimal::ZERO) {
            texts.push("the MaximumAmount must not be negative");
        }
        if let (Some(minimum), Some(maximum)) = (self.minimum, self.maximum)
            && !minimum.is_zero()
            && !maximum.is_zero()
            && minimum > maximum
        {
            texts.push("the MinimumAmount must not be greater than MaximumAmount");
        }
        texts
    }
}

fn tier_problems(tiers: &[Tier]) -> Vec<&'static str> {
    let mut texts = Vec::new();
    let negative = |value: Option<Decimal>| value.is_some_and(|value| value < Decimal::ZERO);
    if tiers.iter().all(|tier| tier.up_to.is_some()) {
        texts.push("at least one PriceTier must be open-ended");
    }
    if tiers.iter().any(|tier| negative(tier.up_to)) {
        texts.push("the UpToAmount must not be negative");
    }
    let mut ends: Vec<Decimal> = tiers
        .iter()
        .filter_map(|tier| tier.up_to)
        .filter(|end| !end.is_zero())
        .collect();
    ends.sort_unstable();
    if ends.windows(2).any(|pair| pair[0] == pair[1]) {
        texts.push("the UpToAmount values must be distinct");
    }
    if tiers
        .iter()
        .any(|tier| tier.flat.is_none() && tier.unit.is_none())
    {
        texts.push("each PriceTier must have a FlatPrice or a UnitPrice");
    }
    if tiers
        .iter()
        .any(|tier| negative(tier.flat) || negative(tier.unit))
    {
        texts.push("the Amount of a PriceTier must not be negative");
    }
    texts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problems(price: &Price) -> Vec<String> {
        let field = Field::root().property("price");
        let issues = price.issues(&field);
        assert!(
            issues
                .iter()
                .all(|issue| issue.field == field && issue.code.is_none())
        );
        issues
            .into_iter()
            .map(|issue| issue.message.into_owned())
            .collect()
    }

    fn tier(up_to: Option<i64>, flat: Option<i64>, unit: Option<i64>) -> Tier {
        let decimal = |value: Option<i64>| value.map(Decimal::from);
        Tier {
            up_to: decimal(up_to),
            flat: decimal(flat),
            unit: decimal(unit),
        }
    }

    fn tiered(tiers: Vec<Tier>) -> Price {
        Price {
            model: PriceModel::Tiered {
                mode: TierMode::Graduated,
                tiers,
            },
            commitment: Commitment::default(),
        }
    }

    #[test]
    fn tiers_need_an_open_end_distinct_ends_and_a_price_each() {
        assert!(
            problems(&tiered(vec![
                tier(None, None, Some(1)),
                tier(Some(5), Some(2), None)
            ]))
            .is_empty()
        );
        assert_eq!(
            problems(&tiered(vec![tier(Some(5), Some(2), None)])),
            ["at least one PriceTier must be open-ended"]
        );
        assert_eq!(
            problems(&tiered(vec![])),
            ["at least one PriceTier must be open-ended"]
        );
        assert_eq!(
            problems(&tiered(vec![
                tier(Some(5), Some(2), None),
                tier(Some(5), Some(2), None),
                tier(None, Some(1), None)
            ])),
            ["the UpToAmount values must be distinct"]
        );
        assert_eq!(
            problems(&tiered(vec![tier(None, None, None)])),
            ["each PriceTier must have a FlatPrice or a UnitPrice"]
        );
        assert_eq!(
            problems(&tiered(vec![tier(None, Some(-1), None)])),
            ["the Amount of a PriceTier must not be negative"]
        );
    }

    proptest! {
        #[test]
        fn a_commitment_is_right_when_ordered_and_not_negative(minimum in -3i64..50, maximum in -3i64..50) {
            let price = Price {
                model: PriceModel::Unit { amount: Decimal::ONE },
                commitment: Commitment { minimum: Some(minimum.into()), maximum: Some(maximum.into()) },
            };
            let right = minimum >= 0 && maximum >= 0 && (minimum == 0 || maximum == 0 || minimum <= maximum);
            prop_assert_eq!(problems(&price).is_empty(), right);
        }

        #[test]
        fn stored_prices_keep_every_digit(mantissa in any::<i64>(), scale in 0u32..18) {
            let amount = Decimal::new(mantissa, scale);
            let price = Price { model: PriceModel::Unit { amount }, commitment: Commitment::default() };
            let text = serde_json::to_string(&price).expect("serializes");
            prop_assert_eq!(serde_json::from_str::<Price>(&text).expect("deserializes"), price);
        }
    }
}
