//! Prices, discounts and tax settings, whose wire form belongs to the catalog.

use contract::catalog::v1 as pb;

use super::{decimal, required_decimal, text, wire_decimal};
use crate::{
    domain::price::{
        Discounts, Model, PaymentTerm, PercentageDiscount, Price, TaxBehavior, TaxConfig, Tier,
        UsageDiscount,
    },
    error::BillingError,
};

/// A price as sent; its rules are checked by the domain.
pub fn from_proto(field: &str, wire: &pb::Price) -> Result<Price, BillingError> {
    let amount = |name: &str, value: Option<&contract::kernel::v1::Decimal>| {
        required_decimal(&format!("{field}.{name}"), value)
    };
    let model = match &wire.model {
        None => return Err(BillingError::invalid(field, "needs a model")),
        Some(pb::price::Model::Flat(flat)) => {
            let term = match pb::PaymentTerm::try_from(flat.payment_term) {
                Ok(pb::PaymentTerm::Unspecified | pb::PaymentTerm::InAdvance) => {
                    PaymentTerm::InAdvance
                }
                Ok(pb::PaymentTerm::InArrears) => PaymentTerm::InArrears,
                Err(_) => {
                    return Err(BillingError::invalid(
                        format!("{field}.flat.payment_term"),
                        "is unknown",
                    ));
                }
            };
            Model::Flat {
                amount: amount("flat.amount", flat.amount.as_ref())?,
                term,
            }
        }
        Some(pb::price::Model::Unit(unit)) => Model::Unit {
            amount: amount("unit.amount", unit.amount.as_ref())?,
        },
        Some(pb::price::Model::Tiered(tiered)) => {
            let tiers = tiered
                .tiers
                .iter()
                .enumerate()
                .map(|(index, tier)| from_tier(&format!("{field}.tiered.tiers[{index}]"), tier))
                .collect::<Result<Vec<_>, _>>()?;
            match pb::tiered_price::Mode::try_from(tiered.mode) {
                Ok(pb::tiered_price::Mode::Volume) => Model::Volume { tiers },
                Ok(pb::tiered_price::Mode::Graduated) => Model::Graduated { tiers },
                Ok(pb::tiered_price::Mode::Unspecified) | Err(_) => {
                    return Err(BillingError::invalid(
                        format!("{field}.tiered.mode"),
                        "is required",
                    ));
                }
            }
        }
        Some(pb::price::Model::Dynamic(dynamic)) => Model::Dynamic {
            multiplier: decimal(
                &format!("{field}.dynamic.multiplier"),
                dynamic.multiplier.as_ref(),
            )?
            .unwrap_or(kernel::Decimal::ONE),
        },
        Some(pb::price::Model::Package(package)) => Model::Package {
            amount: amount("package.amount", package.amount.as_ref())?,
            per_package: amount(
                "package.quantity_per_package",
                package.quantity_per_package.as_ref(),
            )?,
        },
    };
    Ok(Price {
        model,
        minimum: decimal(
            &format!("{field}.minimum_amount"),
            wire.minimum_amount.as_ref(),
        )?,
        maximum: decimal(
            &format!("{field}.maximum_amount"),
            wire.maximum_amount.as_ref(),
        )?,
    })
}

fn from_tier(field: &str, tier: &pb::PriceTier) -> Result<Tier, BillingError> {
    Ok(Tier {
        up_to: decimal(&format!("{field}.up_to_amount"), tier.up_to_amount.as_ref())?,
        flat: decimal(&format!("{field}.flat_amount"), tier.flat_amount.as_ref())?,
        unit: decimal(&format!("{field}.unit_amount"), tier.unit_amount.as_ref())?,
    })
}

/// The wire form of a price.
pub fn to_proto(price: &Price) -> pb::Price {
    let tiered = |mode: pb::tiered_price::Mode, tiers: &[Tier]| {
        pb::price::Model::Tiered(pb::TieredPrice {
            mode: mode.into(),
            tiers: tiers
                .iter()
                .map(|tier| pb::PriceTier {
                    up_to_amount: tier.up_to.map(contract::convert::decimal),
                    flat_amount: tier.flat.map(contract::convert::decimal),
                    unit_amount: tier.unit.map(contract::convert::decimal),
                })
                .collect(),
        })
    };
    let model = match &price.model {
        Model::Flat { amount, term } => pb::price::Model::Flat(pb::FlatPrice {
            amount: wire_decimal(*amount),
            payment_term: term_to_proto(*term).into(),
        }),
        Model::Unit { amount } => pb::price::Model::Unit(pb::UnitPrice {
            amount: wire_decimal(*amount),
        }),
        Model::Graduated { tiers } => tiered(pb::tiered_price::Mode::Graduated, tiers),
        Model::Volume { tiers } => tiered(pb::tiered_price::Mode::Volume, tiers),
        Model::Dynamic { multiplier } => pb::price::Model::Dynamic(pb::DynamicPrice {
            multiplier: wire_decimal(*multiplier),
        }),
        Model::Package {
            amount,
            per_package,
        } => pb::price::Model::Package(pb::PackagePrice {
            amount: wire_decimal(*amount),
            quantity_per_package: wire_decimal(*per_package),
        }),
    };
    pb::Price {
        model: Some(model),
        minimum_amount: price.minimum.map(contract::convert::decimal),
        maximum_amount: price.maximum.map(contract::convert::decimal),
    }
}

/// The wire form of a payment term.
pub fn term_to_proto(term: PaymentTerm) -> pb::PaymentTerm {
    match term {
        PaymentTerm::InAdvance => pb::PaymentTerm::InAdvance,
        PaymentTerm::InArrears => pb::PaymentTerm::InArrears,
    }
}

/// Discounts as sent. A correlation id, when given, is a ULID.
pub fn discounts(field: &str, wire: Option<&pb::Discounts>) -> Result<Discounts, BillingError> {
    let Some(wire) = wire else {
        return Ok(Discounts::default());
    };
    let correlation = |name: &str, text: &str| {
        if text.is_empty() || kernel::key::looks_like_ulid(text) {
            Ok(text.to_owned())
        } else {
            Err(BillingError::invalid(
                format!("{field}.{name}.correlation_id"),
                "must be a ULID",
            ))
        }
    };
    let percentage = match &wire.percentage {
        None => None,
        Some(discount) => Some(PercentageDiscount {
            percentage: required_decimal(
                &format!("{field}.percentage.percentage"),
                discount.percentage.as_ref(),
            )?,
            correlation: correlation("percentage", &discount.correlation_id)?,
        }),
    };
    let usage = match &wire.usage {
        None => None,
        Some(discount) => Some(UsageDiscount {
            quantity: required_decimal(
                &format!("{field}.usage.quantity"),
                discount.quantity.as_ref(),
            )?,
            correlation: correlation("usage", &discount.correlation_id)?,
        }),
    };
    Ok(Discounts { percentage, usage })
}

/// The wire form of discounts; absent when there are none.
pub fn discounts_to_proto(discounts: &Discounts) -> Option<pb::Discounts> {
    if discounts.is_empty() {
        return None;
    }
    Some(pb::Discounts {
        percentage: discounts
            .percentage
            .as_ref()
            .map(|discount| pb::PercentageDiscount {
                percentage: wire_decimal(discount.percentage),
                correlation_id: discount.correlation.clone(),
            }),
        usage: discounts.usage.as_ref().map(|discount| pb::UsageDiscount {
            quantity: wire_decimal(discount.quantity),
            correlation_id: discount.correlation.clone(),
        }),
    })
}

/// Tax settings as sent.
pub fn tax(field: &str, wire: Option<&pb::TaxConfig>) -> Result<TaxConfig, BillingError> {
    let Some(wire) = wire else {
        return Ok(TaxConfig::default());
    };
    Ok(TaxConfig {
        behavior: behavior(&format!("{field}.behavior"), wire.behavior)?,
        stripe_code: text(&wire.stripe_code),
        custom_code: text(&wire.custom_invoicing_code),
    })
}

/// The wire form of tax settings; absent when nothing is said.
pub fn tax_to_proto(tax: &TaxConfig) -> Option<pb::TaxConfig> {
    if tax.is_empty() {
        return None;
    }
    Some(pb::TaxConfig {
        behavior: behavior_to_proto(tax.behavior).into(),
        stripe_code: tax.stripe_code.clone().unwrap_or_default(),
        custom_invoicing_code: tax.custom_code.clone().unwrap_or_default(),
    })
}

/// Whether prices contain the tax, as sent; `None` when it is not said.
pub fn behavior(field: &str, wire: i32) -> Result<Option<TaxBehavior>, BillingError> {
    match pb::tax_config::Behavior::try_from(wire) {
        Ok(pb::tax_config::Behavior::Unspecified) => Ok(None),
        Ok(pb::tax_config::Behavior::Inclusive) => Ok(Some(TaxBehavior::Inclusive)),
        Ok(pb::tax_config::Behavior::Exclusive) => Ok(Some(TaxBehavior::Exclusive)),
        Err(_) => Err(BillingError::invalid(field, "is unknown")),
    }
}

/// The wire form of whether prices contain the tax.
pub fn behavior_to_proto(behavior: Option<TaxBehavior>) -> pb::tax_config::Behavior {
    match behavior {
        None => pb::tax_config::Behavior::Unspecified,
        Some(TaxBehavior::Inclusive) => pb::tax_config::Behavior::Inclusive,
        Some(TaxBehavior::Exclusive) => pb::tax_config::Behavior::Exclusive,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::Decimal;
    use proptest::prelude::*;

    use super::*;

    fn number() -> impl Strategy<Value = Decimal> {
        (0i64..1_000_000, 0u32..6)
            .prop_map(|(digits, scale)| Decimal::new(digits, scale).normalize())
    }

    fn tier() -> impl Strategy<Value = Tier> {
        (
            proptest::option::of(number()),
            proptest::option::of(number()),
            proptest::option::of(number()),
        )
            .prop_map(|(up_to, flat, unit)| Tier { up_to, flat, unit })
    }

    fn model() -> impl Strategy<Value = Model> {
        let tiers = || proptest::collection::vec(tier(), 0..4);
        prop_oneof![
            (number(), any::<bool>()).prop_map(|(amount, advance)| Model::Flat {
                amount,
                term: if advance {
                    PaymentTerm::InAdvance
                } else {
                    PaymentTerm::InArrears
                },
            }),
            number().prop_map(|amount| Model::Unit { amount }),
            tiers().prop_map(|tiers| Model::Graduated { tiers }),
            tiers().prop_map(|tiers| Model::Volume { tiers }),
            number().prop_map(|multiplier| Model::Dynamic { multiplier }),
            (number(), number()).prop_map(|(amount, per_package)| Model::Package {
                amount,
                per_package
            }),
        ]
    }

    proptest! {
        #[test]
        fn prices_come_back_as_they_went(model in model(), minimum in proptest::option::of(number()), maximum in proptest::option::of(number())) {
            let price = Price { model, minimum, maximum };
            prop_assert_eq!(from_proto("price", &to_proto(&price)).unwrap(), price);
        }

        #[test]
        fn discounts_come_back_as_they_went(percentage in proptest::option::of(number()), quantity in proptest::option::of(number())) {
            let correlation = "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned();
            let sent = Discounts {
                percentage: percentage.map(|percentage| PercentageDiscount { percentage, correlation: correlation.clone() }),
                usage: quantity.map(|quantity| UsageDiscount { quantity, correlation }),
            };
            prop_assert_eq!(discounts("discounts", discounts_to_proto(&sent).as_ref()).unwrap(), sent);
        }
    }
}
