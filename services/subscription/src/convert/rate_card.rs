//! Rate cards. Catalog has checked the ones that arrive; what cannot be read is named by its field all the same.

use contract::catalog::v1::{
    self as pb, entitlement_template::Template, price::Model, tiered_price::Mode,
};
use contract::convert::{decimal, from_optional_decimal, from_required_decimal};
use kernel::Decimal;
use kernel::calendar::IsoDuration;

use crate::domain::rate_card::{
    CardKind, Discount, Discounts, EntitlementTemplate, Labels, PaymentTerm, Price, PriceModel,
    RateCard, TaxBehavior, TaxConfig, Tier, TierMode,
};
use crate::error::SubscriptionError;

type Outcome<T> = Result<T, SubscriptionError>;

/// Reads a card that stands at `path`.
pub fn from_proto(card: pb::RateCard, path: &str) -> Outcome<RateCard> {
    let at = |name: &str| format!("{path}.{name}");
    let kind = match pb::RateCardKind::try_from(card.kind) {
        Ok(pb::RateCardKind::FlatFee) => CardKind::FlatFee,
        Ok(pb::RateCardKind::UsageBased) => CardKind::UsageBased,
        Ok(pb::RateCardKind::Unspecified) | Err(_) => {
            return Err(SubscriptionError::field(at("kind"), "is required"));
        }
    };
    if card.key.is_empty() {
        return Err(SubscriptionError::field(at("key"), "is required"));
    }
    Ok(RateCard {
        key: card.key,
        name: card.name,
        description: card.description,
        kind,
        feature_key: text(card.feature_key),
        feature_id: text(card.feature_id),
        billing_cadence: duration(&card.billing_cadence, || at("billing_cadence"))?,
        price: card
            .price
            .map(|price| price_from(price, &at("price")))
            .transpose()?,
        discounts: discounts_from(card.discounts.unwrap_or_default(), &at("discounts"))?,
        entitlement: template_from(card.entitlement_template, &at("entitlement_template"))?,
        tax: card.tax_config.map(tax_from),
        metadata: labels(card.metadata),
    })
}

/// Writes a card.
pub fn to_proto(card: &RateCard) -> pb::RateCard {
    pb::RateCard {
        key: card.key.clone(),
        name: card.name.clone(),
        description: card.description.clone(),
        kind: match card.kind {
            CardKind::FlatFee => pb::RateCardKind::FlatFee,
            CardKind::UsageBased => pb::RateCardKind::UsageBased,
        }
        .into(),
        feature_key: card.feature_key.clone().unwrap_or_default(),
        feature_id: card.feature_id.clone().unwrap_or_default(),
        billing_cadence: duration_text(card.billing_cadence.as_ref()),
        price: card.price.as_ref().map(price_to),
        discounts: discounts_to(&card.discounts),
        entitlement_template: card.entitlement.as_ref().map(template_to),
        tax_config: card.tax.as_ref().map(tax_to),
        metadata: card.metadata.clone().into_iter().collect(),
    }
}

/// Labels in a fixed order.
pub fn labels(map: impl IntoIterator<Item = (String, String)>) -> Labels {
    map.into_iter().collect()
}

/// Reads a duration; empty: none.
pub fn duration(text: &str, field: impl FnOnce() -> String) -> Outcome<Option<IsoDuration>> {
    if text.is_empty() {
        return Ok(None);
    }
    IsoDuration::parse(text)
        .map(Some)
        .map_err(|error| SubscriptionError::field(field(), error.to_string()))
}

fn duration_text(duration: Option<&IsoDuration>) -> String {
    duration
        .map(|duration| duration.as_str().to_owned())
        .unwrap_or_default()
}

fn text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn required(number: Option<&contract::kernel::v1::Decimal>, field: String) -> Outcome<Decimal> {
    from_required_decimal(number)
        .map_err(|error| SubscriptionError::field(field, error.to_string()))
}

fn optional(
    number: Option<&contract::kernel::v1::Decimal>,
    field: String,
) -> Outcome<Option<Decimal>> {
    from_optional_decimal(number)
        .map_err(|error| SubscriptionError::field(field, error.to_string()))
}

fn price_from(price: pb::Price, path: &str) -> Outcome<Price> {
    let at = |name: &str| format!("{path}.{name}");
    let model = match price
        .model
        .ok_or_else(|| SubscriptionError::field(path, "model is required"))?
    {
        Model::Flat(flat) => PriceModel::Flat {
            payment_term: match pb::PaymentTerm::try_from(flat.payment_term) {
                Ok(pb::PaymentTerm::InAdvance | pb::PaymentTerm::Unspecified) => {
                    PaymentTerm::InAdvance
                }
                Ok(pb::PaymentTerm::InArrears) => PaymentTerm::InArrears,
                Err(_) => {
                    return Err(SubscriptionError::field(
                        at("flat.payment_term"),
                        "is unknown",
                    ));
                }
            },
            amount: required(flat.amount.as_ref(), at("flat.amount"))?,
        },
        Model::Unit(unit) => PriceModel::Unit {
            amount: required(unit.amount.as_ref(), at("unit.amount"))?,
        },
        Model::Tiered(tiered) => PriceModel::Tiered {
            mode: match Mode::try_from(tiered.mode) {
                Ok(Mode::Volume) => TierMode::Volume,
                Ok(Mode::Graduated) => TierMode::Graduated,
                Ok(Mode::Unspecified) | Err(_) => {
                    return Err(SubscriptionError::field(at("tiered.mode"), "is required"));
                }
            },
            tiers: tiered
                .tiers
                .iter()
                .map(|tier| tier_from(tier, &at("tiered.tiers")))
                .collect::<Outcome<_>>()?,
        },
        Model::Dynamic(dynamic) => PriceModel::Dynamic {
            multiplier: optional(dynamic.multiplier.as_ref(), at("dynamic.multiplier"))?
                .unwrap_or(Decimal::ONE),
        },
        Model::Package(package) => PriceModel::Package {
            amount: required(package.amount.as_ref(), at("package.amount"))?,
            quantity_per_package: required(
                package.quantity_per_package.as_ref(),
                at("package.quantity_per_package"),
            )?,
        },
    };
    Ok(Price {
        model,
        minimum_amount: optional(price.minimum_amount.as_ref(), at("minimum_amount"))?,
        maximum_amount: optional(price.maximum_amount.as_ref(), at("maximum_amount"))?,
    })
}

fn price_to(price: &Price) -> pb::Price {
    let model = match &price.model {
        PriceModel::Flat {
            amount,
            payment_term,
        } => Model::Flat(pb::FlatPrice {
            amount: Some(decimal(*amount)),
            payment_term: match payment_term {
                PaymentTerm::InAdvance => pb::PaymentTerm::InAdvance,
                PaymentTerm::InArrears => pb::PaymentTerm::InArrears,
            }
            .into(),
        }),
        PriceModel::Unit { amount } => Model::Unit(pb::UnitPrice {
            amount: Some(decimal(*amount)),
        }),
        PriceModel::Tiered { mode, tiers } => Model::Tiered(pb::TieredPrice {
            mode: match mode {
                TierMode::Volume => Mode::Volume,
                TierMode::Graduated => Mode::Graduated,
            }
            .into(),
            tiers: tiers
                .iter()
                .map(|tier| pb::PriceTier {
                    up_to_amount: tier.up_to_amount.map(decimal),
                    flat_amount: tier.flat_amount.map(decimal),
                    unit_amount: tier.unit_amount.map(decimal),
                })
                .collect(),
        }),
        PriceModel::Dynamic { multiplier } => Model::Dynamic(pb::DynamicPrice {
            multiplier: Some(decimal(*multiplier)),
        }),
        PriceModel::Package {
            amount,
            quantity_per_package,
        } => Model::Package(pb::PackagePrice {
            amount: Some(decimal(*amount)),
            quantity_per_package: Some(decimal(*quantity_per_package)),
        }),
    };
    pb::Price {
        model: Some(model),
        minimum_amount: price.minimum_amount.map(decimal),
        maximum_amount: price.maximum_amount.map(decimal),
    }
}

fn tier_from(tier: &pb::PriceTier, path: &str) -> Outcome<Tier> {
    let read = |number: Option<&contract::kernel::v1::Decimal>| optional(number, path.to_owned());
    Ok(Tier {
        up_to_amount: read(tier.up_to_amount.as_ref())?,
        flat_amount: read(tier.flat_amount.as_ref())?,
        unit_amount: read(tier.unit_amount.as_ref())?,
    })
}

fn discounts_from(discounts: pb::Discounts, path: &str) -> Outcome<Discounts> {
    let percentage = match discounts.percentage {
        Some(share) => Some(Discount {
            value: required(share.percentage.as_ref(), format!("{path}.percentage"))?,
            correlation_id: share.correlation_id,
        }),
        None => None,
    };
    let usage = match discounts.usage {
        Some(usage) => Some(Discount {
            value: required(usage.quantity.as_ref(), format!("{path}.usage.quantity"))?,
            correlation_id: usage.correlation_id,
        }),
        None => None,
    };
    Ok(Discounts { percentage, usage })
}

fn discounts_to(discounts: &Discounts) -> Option<pb::Discounts> {
    if *discounts == Discounts::default() {
        return None;
    }
    Some(pb::Discounts {
        percentage: discounts
            .percentage
            .as_ref()
            .map(|share| pb::PercentageDiscount {
                percentage: Some(decimal(share.value)),
                correlation_id: share.correlation_id.clone(),
            }),
        usage: discounts.usage.as_ref().map(|usage| pb::UsageDiscount {
            quantity: Some(decimal(usage.value)),
            correlation_id: usage.correlation_id.clone(),
        }),
    })
}

fn template_from(
    template: Option<pb::EntitlementTemplate>,
    path: &str,
) -> Outcome<Option<EntitlementTemplate>> {
    let Some(template) = template else {
        return Ok(None);
    };
    let template = template
        .template
        .ok_or_else(|| SubscriptionError::field(path, "template is required"))?;
    Ok(Some(match template {
        Template::Metered(metered) => EntitlementTemplate::Metered {
            soft_limit: metered.soft_limit,
            issue_after_reset: optional(
                metered.issue_after_reset.as_ref(),
                format!("{path}.metered.issue_after_reset"),
            )?,
            issue_after_reset_priority: metered.issue_after_reset_priority,
            preserve_overage_at_reset: metered.preserve_overage_at_reset,
            usage_period: duration(&metered.usage_period_duration, || {
                format!("{path}.metered.usage_period_duration")
            })?,
            metadata: labels(metered.metadata),
        },
        Template::Static(fixed) => EntitlementTemplate::Static {
            config: fixed.config,
            metadata: labels(fixed.metadata),
        },
        Template::Boolean(boolean) => EntitlementTemplate::Boolean {
            metadata: labels(boolean.metadata),
        },
    }))
}

fn template_to(template: &EntitlementTemplate) -> pb::EntitlementTemplate {
    let template = match template {
        EntitlementTemplate::Metered {
            soft_limit,
            issue_after_reset,
            issue_after_reset_priority,
            preserve_overage_at_reset,
            usage_period,
            metadata,
        } => Template::Metered(pb::MeteredEntitlementTemplate {
            soft_limit: *soft_limit,
            issue_after_reset: issue_after_reset.map(decimal),
            issue_after_reset_priority: *issue_after_reset_priority,
            preserve_overage_at_reset: *preserve_overage_at_reset,
            usage_period_duration: duration_text(usage_period.as_ref()),
            metadata: metadata.clone().into_iter().collect(),
        }),
        EntitlementTemplate::Static { config, metadata } => {
            Template::Static(pb::StaticEntitlementTemplate {
                config: config.clone(),
                metadata: metadata.clone().into_iter().collect(),
            })
        }
        EntitlementTemplate::Boolean { metadata } => {
            Template::Boolean(pb::BooleanEntitlementTemplate {
                metadata: metadata.clone().into_iter().collect(),
            })
        }
    };
    pb::EntitlementTemplate {
        template: Some(template),
    }
}

fn tax_from(tax: pb::TaxConfig) -> TaxConfig {
    use pb::tax_config::Behavior;
    TaxConfig {
        behavior: match tax.behavior() {
            Behavior::Unspecified => None,
            Behavior::Inclusive => Some(TaxBehavior::Inclusive),
            Behavior::Exclusive => Some(TaxBehavior::Exclusive),
        },
        stripe_code: tax.stripe_code,
        custom_invoicing_code: tax.custom_invoicing_code,
    }
}

fn tax_to(tax: &TaxConfig) -> pb::TaxConfig {
    use pb::tax_config::Behavior;
    pb::TaxConfig {
        behavior: match tax.behavior {
            None => Behavior::Unspecified,
            Some(TaxBehavior::Inclusive) => Behavior::Inclusive,
            Some(TaxBehavior::Exclusive) => Behavior::Exclusive,
        }
        .into(),
        stripe_code: tax.stripe_code.clone(),
        custom_invoicing_code: tax.custom_invoicing_code.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::fixture::{duration as span, flat, unit, unpriced};
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = Decimal> {
        (0_i64..1_000_000_000, 0_u32..6)
            .prop_map(|(digits, scale)| Decimal::new(digits, scale).normalize())
    }

    fn model() -> impl Strategy<Value = PriceModel> {
        let tier = (
            prop::option::of(number()),
            prop::option::of(number()),
            prop::option::of(number()),
        )
            .prop_map(|(up_to_amount, flat_amount, unit_amount)| Tier {
                up_to_amount,
                flat_amount,
                unit_amount,
            });
        prop_oneof![
            (number(), any::<bool>()).prop_map(|(amount, advance)| PriceModel::Flat {
                amount,
                payment_term: if advance {
                    PaymentTerm::InAdvance
                } else {
                    PaymentTerm::InArrears
                },
            }),
            number().prop_map(|amount| PriceModel::Unit { amount }),
            (any::<bool>(), prop::collection::vec(tier, 1..4)).prop_map(|(volume, tiers)| {
                PriceModel::Tiered {
                    mode: if volume {
                        TierMode::Volume
                    } else {
                        TierMode::Graduated
                    },
                    tiers,
                }
            }),
            number().prop_map(|multiplier| PriceModel::Dynamic { multiplier }),
            (number(), number()).prop_map(|(amount, quantity_per_package)| PriceModel::Package {
                amount,
                quantity_per_package
            }),
        ]
    }

    fn template() -> impl Strategy<Value = EntitlementTemplate> {
        prop_oneof![
            (
                any::<bool>(),
                prop::option::of(number()),
                prop::option::of(1..=255_i32),
                prop::option::of(any::<bool>())
            )
                .prop_map(
                    |(
                        soft_limit,
                        issue_after_reset,
                        issue_after_reset_priority,
                        preserve_overage_at_reset,
                    )| {
                        EntitlementTemplate::Metered {
                            soft_limit,
                            issue_after_reset,
                            issue_after_reset_priority,
                            preserve_overage_at_reset,
                            usage_period: Some(span("P1M")),
                            metadata: Labels::new(),
                        }
                    }
                ),
            Just(EntitlementTemplate::Static {
                config: "{\"a\":1.10}".into(),
                metadata: Labels::new()
            }),
            Just(EntitlementTemplate::Boolean {
                metadata: Labels::from([("a".into(), "b".into())])
            }),
        ]
    }

    proptest! {
        #[test]
        fn a_card_survives_the_wire_and_the_store(
            model in prop::option::of(model()),
            entitlement in prop::option::of(template()),
            (minimum_amount, maximum_amount) in (prop::option::of(number()), prop::option::of(number())),
            (percentage, usage) in (prop::option::of(number()), prop::option::of(number())),
        ) {
            let discount = |value| Discount { value, correlation_id: "c".into() };
            let card = RateCard {
                price: model.map(|model| Price { model, minimum_amount, maximum_amount }),
                discounts: Discounts { percentage: percentage.map(discount), usage: usage.map(discount) },
                entitlement,
                feature_key: Some("api".into()),
                tax: Some(TaxConfig {
                    behavior: Some(TaxBehavior::Exclusive),
                    stripe_code: "txcd_10000000".into(),
                    custom_invoicing_code: String::new(),
                }),
                ..unpriced("api")
            };
            prop_assert_eq!(&from_proto(to_proto(&card), "card").unwrap(), &card);
            let stored = serde_json::to_string(&card).unwrap();
            prop_assert_eq!(serde_json::from_str::<RateCard>(&stored).unwrap(), card);
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let field = |change: fn(&mut pb::RateCard)| {
            let mut card = to_proto(&unit("api", None));
            change(&mut card);
            let Err(SubscriptionError::Field { field, .. }) = from_proto(card, "card") else {
                panic!("is refused")
            };
            field
        };
        assert_eq!(field(|card| card.kind = 0), "card.kind");
        assert_eq!(
            field(|card| card.billing_cadence = "month".into()),
            "card.billing_cadence"
        );
        assert_eq!(
            field(|card| card.price.as_mut().unwrap().model = None),
            "card.price"
        );
        let mut card = to_proto(&flat("fee", "1"));
        card.key.clear();
        assert!(from_proto(card, "card").is_err());
    }
}
