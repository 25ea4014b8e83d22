//! What a line costs: the price model, its commitments and its discounts, checked once
//! when they come in.

use kernel::Decimal;
use serde::{Deserialize, Serialize};

use crate::error::BillingError;

/// Most tiers of one price.
pub const TIERS_MAX: usize = 100;

/// When a flat price is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentTerm {
    /// At the start of what it pays for.
    InAdvance,
    /// At the end of what it pays for.
    InArrears,
}

/// One quantity range of a tiered price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// Last quantity inside; `None` for the open-ended tier.
    pub up_to: Option<Decimal>,
    /// Charged once when the tier is entered.
    pub flat: Option<Decimal>,
    /// Charged per unit inside the tier.
    pub unit: Option<Decimal>,
}

/// How quantity becomes money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Model {
    /// A fixed amount.
    Flat {
        /// The amount.
        amount: Decimal,
        /// When it is charged.
        term: PaymentTerm,
    },
    /// Quantity times amount.
    Unit {
        /// The amount per unit.
        amount: Decimal,
    },
    /// Each slice of the quantity by its own tier.
    Graduated {
        /// The tiers as sent.
        tiers: Vec<Tier>,
    },
    /// The whole quantity by the tier that contains it.
    Volume {
        /// The tiers as sent.
        tiers: Vec<Tier>,
    },
    /// Metered money times a factor.
    Dynamic {
        /// The factor.
        multiplier: Decimal,
    },
    /// Started packages times amount.
    Package {
        /// The amount per package.
        amount: Decimal,
        /// Units in one package.
        per_package: Decimal,
    },
}

/// A price: the model and the commitments around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// How quantity becomes money.
    pub model: Model,
    /// Least amount of a usage period; zero counts as none.
    pub minimum: Option<Decimal>,
    /// Greatest amount of a usage period; zero counts as none.
    pub maximum: Option<Decimal>,
}

/// Takes a share off the amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PercentageDiscount {
    /// The share, 0..100.
    pub percentage: Decimal,
    /// Stays the same through splits.
    pub correlation: String,
}

/// Takes units off the billed quantity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDiscount {
    /// Units of one usage period.
    pub quantity: Decimal,
    /// Stays the same through splits.
    pub correlation: String,
}

/// The discounts of one line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discounts {
    /// Off the amount.
    pub percentage: Option<PercentageDiscount>,
    /// Off the quantity.
    pub usage: Option<UsageDiscount>,
}

impl Discounts {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.percentage.is_none() && self.usage.is_none()
    }
}

/// Whether prices contain the tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaxBehavior {
    /// They do.
    Inclusive,
    /// It comes on top.
    Exclusive,
}

/// How a line is taxed; every part may be unsaid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxConfig {
    /// Whether the price contains the tax.
    pub behavior: Option<TaxBehavior>,
    /// Stripe's tax code.
    pub stripe_code: Option<String>,
    /// Tax code of a custom invoicing system.
    pub custom_code: Option<String>,
}

impl TaxConfig {
    /// `self`, with what it does not say taken from `default`.
    pub fn or(&self, default: &Self) -> Self {
        Self {
            behavior: self.behavior.or(default.behavior),
            stripe_code: self
                .stripe_code
                .clone()
                .or_else(|| default.stripe_code.clone()),
            custom_code: self
                .custom_code
                .clone()
                .or_else(|| default.custom_code.clone()),
        }
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Price {
    /// A flat price.
    #[cfg(test)]
    pub fn flat(amount: Decimal, term: PaymentTerm) -> Self {
        Self {
            model: Model::Flat { amount, term },
            minimum: None,
            maximum: None,
        }
    }

    /// Whether the price is a fixed amount.
    pub fn is_flat(&self) -> bool {
        matches!(self.model, Model::Flat { .. })
    }

    /// Whether the price is a fixed amount charged at the start.
    pub fn is_flat_in_advance(&self) -> bool {
        matches!(
            self.model,
            Model::Flat {
                term: PaymentTerm::InAdvance,
                ..
            }
        )
    }

    /// Whether a usage period may be billed in parts.
    pub fn is_progressive(&self) -> bool {
        match self.model {
            Model::Flat { .. } | Model::Volume { .. } => false,
            Model::Unit { .. }
            | Model::Graduated { .. }
            | Model::Dynamic { .. }
            | Model::Package { .. } => true,
        }
    }

    /// The least amount, if it means anything.
    pub fn minimum_spend(&self) -> Option<Decimal> {
        self.minimum.filter(|amount| !amount.is_zero())
    }

    /// The greatest amount, if it means anything.
    pub fn maximum_spend(&self) -> Option<Decimal> {
        self.maximum.filter(|amount| !amount.is_zero())
    }

    /// Checks the rules of a price; `field` is its path in the request.
    pub fn check(&self, field: &str) -> Result<(), BillingError> {
        let not_negative = |name: &str, value: Option<Decimal>| {
            if value.is_some_and(|value| value.is_sign_negative() && !value.is_zero()) {
                Err(BillingError::invalid(
                    format!("{field}.{name}"),
                    "must not be negative",
                ))
            } else {
                Ok(())
            }
        };
        not_negative("minimum_amount", self.minimum)?;
        not_negative("maximum_amount", self.maximum)?;
        if let (Some(minimum), Some(maximum)) = (self.minimum_spend(), self.maximum_spend())
            && minimum > maximum
        {
            return Err(BillingError::invalid(
                format!("{field}.minimum_amount"),
                "the MinimumAmount must not be greater than MaximumAmount",
            ));
        }
        match &self.model {
            Model::Flat { amount, .. } => {
                if self.minimum.is_some() || self.maximum.is_some() {
                    return Err(BillingError::invalid(
                        field,
                        "a flat price has no commitments",
                    ));
                }
                not_negative("flat.amount", Some(*amount))
            }
            Model::Unit { amount } => not_negative("unit.amount", Some(*amount)),
            Model::Graduated { tiers } | Model::Volume { tiers } => check_tiers(field, tiers),
            Model::Dynamic { multiplier } => not_negative("dynamic.multiplier", Some(*multiplier)),
            Model::Package {
                amount,
                per_package,
            } => {
                not_negative("package.amount", Some(*amount))?;
                if *per_package <= Decimal::ZERO {
                    return Err(BillingError::invalid(
                        format!("{field}.package.quantity_per_package"),
                        "must be greater than zero",
                    ));
                }
                Ok(())
            }
        }
    }
}

fn check_tiers(field: &str, tiers: &[Tier]) -> Result<(), BillingError> {
    let tiers_field = format!("{field}.tiered.tiers");
    if tiers.is_empty() || tiers.len() > TIERS_MAX {
        return Err(BillingError::invalid(
            tiers_field,
            "must have 1 to 100 tiers",
        ));
    }
    if tiers.iter().filter(|tier| tier.up_to.is_none()).count() != 1 {
        return Err(BillingError::invalid(
            tiers_field,
            "at least one PriceTier must be open-ended, and only one",
        ));
    }
    let mut bounds: Vec<Decimal> = tiers.iter().filter_map(|tier| tier.up_to).collect();
    bounds.sort();
    if bounds.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(BillingError::invalid(
            tiers_field,
            "upper bounds must differ",
        ));
    }
    for tier in tiers {
        if tier.flat.is_none() && tier.unit.is_none() {
            return Err(BillingError::invalid(
                tiers_field,
                "each tier needs a flat or a unit price",
            ));
        }
        let negative = |value: Option<Decimal>| value.is_some_and(|value| value < Decimal::ZERO);
        if negative(tier.up_to) || negative(tier.flat) || negative(tier.unit) {
            return Err(BillingError::invalid(
                tiers_field,
                "amounts and bounds must not be negative",
            ));
        }
    }
    Ok(())
}

/// The tiers in rating order: by upper bound, the open-ended one last.
pub fn sorted(tiers: &[Tier]) -> Vec<&Tier> {
    let mut sorted: Vec<&Tier> = tiers.iter().collect();
    sorted.sort_by_key(|tier| (tier.up_to.is_none(), tier.up_to.unwrap_or_default()));
    sorted
}

/// Checks the discounts of a line with this price.
pub fn check_discounts(
    field: &str,
    price: &Price,
    discounts: &Discounts,
) -> Result<(), BillingError> {
    if let Some(percentage) = &discounts.percentage
        && !(Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&percentage.percentage)
    {
        return Err(BillingError::invalid(
            format!("{field}.percentage.percentage"),
            "must be from 0 to 100",
        ));
    }
    if let Some(usage) = &discounts.usage {
        if price.is_flat() {
            return Err(BillingError::invalid(
                format!("{field}.usage"),
                "usage discounts do not go with a flat price",
            ));
        }
        if usage.quantity < Decimal::ZERO {
            return Err(BillingError::invalid(
                format!("{field}.usage.quantity"),
                "must not be negative",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn number(text: &str) -> Decimal {
        kernel::decimal::parse(text).unwrap()
    }

    fn tier(up_to: Option<&str>, unit: Option<&str>) -> Tier {
        Tier {
            up_to: up_to.map(number),
            flat: None,
            unit: unit.map(number),
        }
    }

    fn graduated(tiers: Vec<Tier>) -> Price {
        Price {
            model: Model::Graduated { tiers },
            minimum: None,
            maximum: None,
        }
    }

    #[test]
    fn tiers_must_be_distinct_open_ended_and_priced() {
        assert!(
            graduated(vec![tier(Some("5"), Some("1")), tier(None, Some("2"))])
                .check("price")
                .is_ok()
        );
        for tiers in [
            vec![],
            vec![tier(Some("5"), Some("1"))],
            vec![tier(None, Some("1")), tier(None, Some("1"))],
            vec![
                tier(Some("5"), Some("1")),
                tier(Some("5.0"), Some("1")),
                tier(None, Some("2")),
            ],
            vec![tier(None, None)],
            vec![tier(None, Some("-1"))],
        ] {
            assert!(
                graduated(tiers.clone()).check("price").is_err(),
                "{tiers:?}"
            );
        }
    }

    #[test]
    fn the_minimum_may_exceed_a_maximum_of_zero_only() {
        let with = |minimum: &str, maximum: &str| Price {
            model: Model::Unit {
                amount: number("1"),
            },
            minimum: Some(number(minimum)),
            maximum: Some(number(maximum)),
        };
        assert!(with("10", "0").check("price").is_ok());
        assert!(with("10", "10").check("price").is_ok());
        assert!(with("10", "5").check("price").is_err());
    }

    #[test]
    fn usage_discounts_do_not_go_with_flat_prices() {
        let discounts = Discounts {
            percentage: None,
            usage: Some(UsageDiscount {
                quantity: number("1"),
                correlation: String::new(),
            }),
        };
        assert!(
            check_discounts(
                "d",
                &Price::flat(number("1"), PaymentTerm::InAdvance),
                &discounts
            )
            .is_err()
        );
        assert!(check_discounts("d", &graduated(vec![tier(None, Some("1"))]), &discounts).is_ok());
    }

    #[test]
    fn a_price_survives_its_json_with_all_digits() {
        let price = Price {
            model: Model::Unit {
                amount: number("12345678901234567.123456789"),
            },
            minimum: Some(number("0.000000000000000001")),
            maximum: None,
        };
        let json = serde_json::to_string(&price).unwrap();
        assert_eq!(
            serde_json::from_str::<Price>(&json).unwrap(),
            price,
            "{json}"
        );
    }
}
