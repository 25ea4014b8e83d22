//! Rate cards with their prices, discounts and entitlement templates.

use contract::catalog::v1 as pb;
use contract::convert::decimal as to_decimal;

use super::{at, decimal, optional_decimal, optional_duration, optional_text, required};
use crate::{
    domain::{
        discount::{Discounts, PercentageDiscount, UsageDiscount},
        entitlement_template::{EntitlementTemplate, MeteredTemplate, TemplateKind},
        price::{Commitment, PaymentTerm, Price, PriceModel, Tier, TierMode},
        rate_card::{RateCard, RateCardKind, TaxBehavior, TaxConfig},
    },
    error::CatalogError,
};

/// Reads the rate cards of a phase or add-on. Feature ids are output only and left open.
pub fn list_from_proto(path: &str, wire: &[pb::RateCard]) -> Result<Vec<RateCard>, CatalogError> {
    wire.iter()
        .enumerate()
        .map(|(index, card)| from_proto(&format!("{path}.rate_cards[{index}]"), card))
        .collect()
}

fn from_proto(path: &str, wire: &pb::RateCard) -> Result<RateCard, CatalogError> {
    let field = |name: &str| format!("{path}.{name}");
    Ok(RateCard {
        key: wire.key.clone(),
        name: wire.name.clone(),
        description: optional_text(&wire.description),
        kind: match wire.kind() {
            pb::RateCardKind::FlatFee => RateCardKind::FlatFee,
            pb::RateCardKind::UsageBased => RateCardKind::UsageBased,
            pb::RateCardKind::Unspecified => {
                return Err(CatalogError::invalid(field("kind"), "is required"));
            }
        },
        feature_key: optional_text(&wire.feature_key),
        feature_id: None,
        billing_cadence: optional_duration(&field("billing_cadence"), &wire.billing_cadence)?,
        price: wire
            .price
            .as_ref()
            .map(|price| price_from_proto(&field("price"), price))
            .transpose()?,
        discounts: wire
            .discounts
            .as_ref()
            .map(|discounts| discounts_from_proto(&field("discounts"), discounts))
            .transpose()?
            .unwrap_or_default(),
        entitlement_template: wire
            .entitlement_template
            .as_ref()
            .map(|template| template_from_proto(&field("entitlement_template"), template))
            .transpose()?,
        tax: wire
            .tax_config
            .as_ref()
            .map(|tax| tax_from_proto(&field("tax_config"), tax))
            .transpose()?,
        metadata: wire.metadata.clone(),
    })
}

fn price_from_proto(path: &str, wire: &pb::Price) -> Result<Price, CatalogError> {
    let field = |name: &str| format!("{path}.{name}");
    let model = match required(path, wire.model.as_ref())? {
        pb::price::Model::Flat(flat) => PriceModel::Flat {
            amount: decimal(&field("flat.amount"), flat.amount.as_ref())?,
            payment_term: match at(
                &field("flat.payment_term"),
                pb::PaymentTerm::try_from(flat.payment_term),
            )? {
                pb::PaymentTerm::Unspecified | pb::PaymentTerm::InAdvance => PaymentTerm::InAdvance,
                pb::PaymentTerm::InArrears => PaymentTerm::InArrears,
            },
        },
        pb::price::Model::Unit(unit) => PriceModel::Unit {
            amount: decimal(&field("unit.amount"), unit.amount.as_ref())?,
        },
        pb::price::Model::Tiered(tiered) => PriceModel::Tiered {
            mode: match tiered.mode() {
                pb::tiered_price::Mode::Volume => TierMode::Volume,
                pb::tiered_price::Mode::Graduated => TierMode::Graduated,
                pb::tiered_price::Mode::Unspecified => {
                    return Err(CatalogError::invalid(field("tiered.mode"), "is required"));
                }
            },
            tiers: tiered
                .tiers
                .iter()
                .enumerate()
                .map(|(index, tier)| {
                    tier_from_proto(&field(&format!("tiered.tiers[{index}]")), tier)
                })
                .collect::<Result<_, _>>()?,
        },
        pb::price::Model::Dynamic(dynamic) => PriceModel::Dynamic {
            multiplier: optional_decimal(
                &field("dynamic.multiplier"),
                dynamic.multiplier.as_ref(),
            )?
            .unwrap_or(kernel::Decimal::ONE),
        },
        pb::price::Model::Package(package) => PriceModel::Package {
            amount: decimal(&field("package.amount"), package.amount.as_ref())?,
            quantity_per_package: decimal(
                &field("package.quantity_per_package"),
                package.quantity_per_package.as_ref(),
            )?,
        },
    };
    Ok(Price {
        model,
        commitment: Commitment {
            minimum: optional_decimal(&field("minimum_amount"), wire.minimum_amount.as_ref())?,
            maximum: optional_decimal(&field("maximum_amount"), wire.maximum_amount.as_ref())?,
        },
    })
}

fn tier_from_proto(path: &str, wire: &pb::PriceTier) -> Result<Tier, CatalogError> {
    let read =
        |name: &str, value: &Option<_>| optional_decimal(&format!("{path}.{name}"), value.as_ref());
    Ok(Tier {
        up_to: read("up_to_amount", &wire.up_to_amount)?,
        flat: read("flat_amount", &wire.flat_amount)?,
        unit: read("unit_amount", &wire.unit_amount)?,
    })
}

fn discounts_from_proto(path: &str, wire: &pb::Discounts) -> Result<Discounts, CatalogError> {
    let percentage = wire.percentage.as_ref().map(|discount| {
        Ok::<_, CatalogError>(PercentageDiscount {
            percentage: decimal(
                &format!("{path}.percentage.percentage"),
                discount.percentage.as_ref(),
            )?,
            correlation_id: optional_text(&discount.correlation_id),
        })
    });
    let usage = wire.usage.as_ref().map(|discount| {
        Ok::<_, CatalogError>(UsageDiscount {
            quantity: decimal(
                &format!("{path}.usage.quantity"),
                discount.quantity.as_ref(),
            )?,
            correlation_id: optional_text(&discount.correlation_id),
        })
    });
    Ok(Discounts {
        percentage: percentage.transpose()?,
        usage: usage.transpose()?,
    })
}

fn template_from_proto(
    path: &str,
    wire: &pb::EntitlementTemplate,
) -> Result<EntitlementTemplate, CatalogError> {
    use pb::entitlement_template::Template;
    let (kind, metadata) = match required(path, wire.template.as_ref())? {
        Template::Metered(metered) => {
            let field = |name: &str| format!("{path}.metered.{name}");
            let priority = metered
                .issue_after_reset_priority
                .map(u8::try_from)
                .transpose();
            let template = MeteredTemplate {
                soft_limit: metered.soft_limit,
                issue_after_reset: optional_decimal(
                    &field("issue_after_reset"),
                    metered.issue_after_reset.as_ref(),
                )?,
                issue_after_reset_priority: priority.map_err(|_| {
                    CatalogError::invalid(field("issue_after_reset_priority"), "must be 1 to 255")
                })?,
                preserve_overage_at_reset: metered.preserve_overage_at_reset,
                usage_period: optional_duration(
                    &field("usage_period_duration"),
                    &metered.usage_period_duration,
                )?,
            };
            (TemplateKind::Metered(template), &metered.metadata)
        }
        Template::Static(fixed) => {
            let config = fixed.config.clone();
            (TemplateKind::Static { config }, &fixed.metadata)
        }
        Template::Boolean(boolean) => (TemplateKind::Boolean, &boolean.metadata),
    };
    Ok(EntitlementTemplate {
        kind,
        metadata: metadata.clone(),
    })
}

/// The custom invoicing code is accepted and not kept, as the contract has it.
fn tax_from_proto(path: &str, wire: &pb::TaxConfig) -> Result<TaxConfig, CatalogError> {
    use pb::tax_config::Behavior;
    let behavior = match at(
        &format!("{path}.behavior"),
        Behavior::try_from(wire.behavior),
    )? {
        Behavior::Unspecified => None,
        Behavior::Inclusive => Some(TaxBehavior::Inclusive),
        Behavior::Exclusive => Some(TaxBehavior::Exclusive),
    };
    Ok(TaxConfig {
        behavior,
        stripe_code: optional_text(&wire.stripe_code),
    })
}

/// A rate card for the wire.
pub fn to_proto(card: &RateCard) -> pb::RateCard {
    let kind = match card.kind {
        RateCardKind::FlatFee => pb::RateCardKind::FlatFee,
        RateCardKind::UsageBased => pb::RateCardKind::UsageBased,
    };
    pb::RateCard {
        key: card.key.clone(),
        name: card.name.clone(),
        description: card.description.clone().unwrap_or_default(),
        kind: kind.into(),
        feature_key: card.feature_key.clone().unwrap_or_default(),
        feature_id: card
            .feature_id
            .map_or_else(String::new, |id| id.to_string()),
        billing_cadence: card
            .billing_cadence
            .as_ref()
            .map_or_else(String::new, |cadence| cadence.as_str().to_owned()),
        price: card.price.as_ref().map(price_to_proto),
        discounts: (!card.discounts.is_empty()).then(|| discounts_to_proto(&card.discounts)),
        entitlement_template: card.entitlement_template.as_ref().map(template_to_proto),
        tax_config: card.tax.as_ref().map(tax_to_proto),
        metadata: card.metadata.clone(),
    }
}

fn price_to_proto(price: &Price) -> pb::Price {
    use pb::price::Model;
    let model = match &price.model {
        PriceModel::Flat {
            amount,
            payment_term,
        } => {
            let term = match payment_term {
                PaymentTerm::InAdvance => pb::PaymentTerm::InAdvance,
                PaymentTerm::InArrears => pb::PaymentTerm::InArrears,
            };
            Model::Flat(pb::FlatPrice {
                amount: Some(to_decimal(*amount)),
                payment_term: term.into(),
            })
        }
        PriceModel::Unit { amount } => Model::Unit(pb::UnitPrice {
            amount: Some(to_decimal(*amount)),
        }),
        PriceModel::Tiered { mode, tiers } => {
            let mode = match mode {
                TierMode::Volume => pb::tiered_price::Mode::Volume,
                TierMode::Graduated => pb::tiered_price::Mode::Graduated,
            };
            let tier = |tier: &Tier| pb::PriceTier {
                up_to_amount: tier.up_to.map(to_decimal),
                flat_amount: tier.flat.map(to_decimal),
                unit_amount: tier.unit.map(to_decimal),
            };
            Model::Tiered(pb::TieredPrice {
                mode: mode.into(),
                tiers: tiers.iter().map(tier).collect(),
            })
        }
        PriceModel::Dynamic { multiplier } => Model::Dynamic(pb::DynamicPrice {
            multiplier: Some(to_decimal(*multiplier)),
        }),
        PriceModel::Package {
            amount,
            quantity_per_package,
        } => Model::Package(pb::PackagePrice {
            amount: Some(to_decimal(*amount)),
            quantity_per_package: Some(to_decimal(*quantity_per_package)),
        }),
    };
    pb::Price {
        model: Some(model),
        minimum_amount: price.commitment.minimum.map(to_decimal),
        maximum_amount: price.commitment.maximum.map(to_decimal),
    }
}

fn discounts_to_proto(discounts: &Discounts) -> pb::Discounts {
    pb::Discounts {
        percentage: discounts
            .percentage
            .as_ref()
            .map(|discount| pb::PercentageDiscount {
                percentage: Some(to_decimal(discount.percentage)),
                correlation_id: discount.correlation_id.clone().unwrap_or_default(),
            }),
        usage: discounts.usage.as_ref().map(|discount| pb::UsageDiscount {
            quantity: Some(to_decimal(discount.quantity)),
            correlation_id: discount.correlation_id.clone().unwrap_or_default(),
        }),
    }
}

fn template_to_proto(template: &EntitlementTemplate) -> pb::EntitlementTemplate {
    use pb::entitlement_template::Template;
    let metadata = template.metadata.clone();
    let wire = match &template.kind {
        TemplateKind::Metered(metered) => Template::Metered(pb::MeteredEntitlementTemplate {
            soft_limit: metered.soft_limit,
            issue_after_reset: metered.issue_after_reset.map(to_decimal),
            issue_after_reset_priority: metered.issue_after_reset_priority.map(i32::from),
            preserve_overage_at_reset: metered.preserve_overage_at_reset,
            usage_period_duration: metered
                .usage_period
                .as_ref()
                .map_or_else(String::new, |period| period.as_str().to_owned()),
            metadata,
        }),
        TemplateKind::Static { config } => Template::Static(pb::StaticEntitlementTemplate {
            config: config.clone(),
            metadata,
        }),
        TemplateKind::Boolean => Template::Boolean(pb::BooleanEntitlementTemplate { metadata }),
    };
    pb::EntitlementTemplate {
        template: Some(wire),
    }
}

fn tax_to_proto(tax: &TaxConfig) -> pb::TaxConfig {
    use pb::tax_config::Behavior;
    let behavior = match tax.behavior {
        None => Behavior::Unspecified,
        Some(TaxBehavior::Inclusive) => Behavior::Inclusive,
        Some(TaxBehavior::Exclusive) => Behavior::Exclusive,
    };
    pb::TaxConfig {
        behavior: behavior.into(),
        stripe_code: tax.stripe_code.clone().unwrap_or_default(),
        custom_invoicing_code: String::new(),
    }
}
