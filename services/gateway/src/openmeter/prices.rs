//! Prices: what something costs, by the five models (catalog text §5.3). They are parts of
//! rate cards and of invoice lines.

use contract::catalog::v1 as pb;
use kernel::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::decode::{nullable, union};
use super::error::Problem;
use super::scalars::Numeric;
use super::value::{known, numeric, numeric_or_zero, present};

/// When a flat price is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PricePaymentTerm {
    /// At the start of the period.
    InAdvance,
    /// At its end.
    InArrears,
}

impl PricePaymentTerm {
    pub(crate) fn into_proto(self) -> pb::PaymentTerm {
        match self {
            Self::InAdvance => pb::PaymentTerm::InAdvance,
            Self::InArrears => pb::PaymentTerm::InArrears,
        }
    }

    pub(crate) fn from_proto(wire: i32) -> Result<Self, Problem> {
        match known(wire)? {
            pb::PaymentTerm::Unspecified | pb::PaymentTerm::InAdvance => Ok(Self::InAdvance),
            pb::PaymentTerm::InArrears => Ok(Self::InArrears),
        }
    }
}

/// A fixed amount.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlatPriceWithPaymentTerm {
    pub amount: Numeric,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_term: Option<PricePaymentTerm>,
}

/// An amount per unit.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnitPriceWithCommitments {
    amount: Numeric,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_amount: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_amount: Option<Numeric>,
}

/// How tiers act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TieredPriceMode {
    /// The tier of the total prices the whole quantity.
    Volume,
    /// Each slice is priced by its own tier.
    Graduated,
}

/// Amounts by ranges of quantity.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TieredPriceWithCommitments {
    mode: TieredPriceMode,
    #[schema(min_items = 1)]
    tiers: Vec<PriceTier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_amount: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_amount: Option<Numeric>,
}

/// One range; a missing upper bound leaves it open.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PriceTier {
    #[serde(skip_serializing_if = "Option::is_none")]
    up_to_amount: Option<Numeric>,
    /// Null when the tier has no flat part.
    #[serde(deserialize_with = "nullable")]
    flat_price: Option<TierFlatPrice>,
    /// Null when the tier has no part per unit.
    #[serde(deserialize_with = "nullable")]
    unit_price: Option<TierUnitPrice>,
}

/// The flat part of a tier.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = FlatPrice)]
pub(crate) struct TierFlatPrice {
    r#type: FlatWord,
    amount: Numeric,
}

/// The word of a flat price.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FlatWord {
    /// Flat.
    Flat,
}

/// The part of a tier per unit.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = UnitPrice)]
pub(crate) struct TierUnitPrice {
    r#type: UnitWord,
    amount: Numeric,
}

/// The word of a unit price.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UnitWord {
    /// Unit.
    Unit,
}

/// Metered money times a factor.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DynamicPriceWithCommitments {
    #[serde(skip_serializing_if = "Option::is_none")]
    multiplier: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_amount: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_amount: Option<Numeric>,
}

/// An amount per started package.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PackagePriceWithCommitments {
    amount: Numeric,
    quantity_per_package: Numeric,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_amount: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_amount: Option<Numeric>,
}

/// What something costs.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = RateCardUsageBasedPrice)]
pub(crate) enum Price {
    /// A fixed amount.
    Flat(FlatPriceWithPaymentTerm),
    /// An amount per unit.
    Unit(UnitPriceWithCommitments),
    /// Amounts by ranges of quantity.
    Tiered(TieredPriceWithCommitments),
    /// Metered money times a factor.
    Dynamic(DynamicPriceWithCommitments),
    /// An amount per started package.
    Package(PackagePriceWithCommitments),
}
union!(Price by "type" {
    "flat" => Flat, "unit" => Unit, "tiered" => Tiered, "dynamic" => Dynamic, "package" => Package,
});

/// A price that can only be flat.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum FlatFeePrice {
    /// A fixed amount.
    Flat(FlatPriceWithPaymentTerm),
}
union!(FlatFeePrice by "type" { "flat" => Flat });

impl FlatPriceWithPaymentTerm {
    fn into_model(self) -> pb::price::Model {
        pb::price::Model::Flat(pb::FlatPrice {
            amount: Some(self.amount.into()),
            // The reference applies this default, not its schema (catalog text §5.3).
            payment_term: self
                .payment_term
                .map_or(pb::PaymentTerm::InAdvance, PricePaymentTerm::into_proto)
                .into(),
        })
    }
}

impl FlatFeePrice {
    pub(crate) fn into_proto(self) -> pb::Price {
        let Self::Flat(flat) = self;
        pb::Price {
            model: Some(flat.into_model()),
            ..pb::Price::default()
        }
    }
}

impl Price {
    pub(crate) fn into_proto(self) -> pb::Price {
        use pb::price::Model;
        let (model, minimum, maximum) = match self {
            Self::Flat(flat) => (flat.into_model(), None, None),
            Self::Unit(unit) => (
                Model::Unit(pb::UnitPrice {
                    amount: Some(unit.amount.into()),
                }),
                unit.minimum_amount,
                unit.maximum_amount,
            ),
            Self::Tiered(tiered) => (
                Model::Tiered(pb::TieredPrice {
                    mode: match tiered.mode {
                        TieredPriceMode::Volume => pb::tiered_price::Mode::Volume,
                        TieredPriceMode::Graduated => pb::tiered_price::Mode::Graduated,
                    }
                    .into(),
                    tiers: tiered
                        .tiers
                        .into_iter()
                        .map(|tier| pb::PriceTier {
                            up_to_amount: tier.up_to_amount.map(Into::into),
                            flat_amount: tier.flat_price.map(|flat| flat.amount.into()),
                            unit_amount: tier.unit_price.map(|unit| unit.amount.into()),
                        })
                        .collect(),
                }),
                tiered.minimum_amount,
                tiered.maximum_amount,
            ),
            Self::Dynamic(dynamic) => (
                Model::Dynamic(pb::DynamicPrice {
                    multiplier: dynamic.multiplier.map(Into::into),
                }),
                dynamic.minimum_amount,
                dynamic.maximum_amount,
            ),
            Self::Package(package) => (
                Model::Package(pb::PackagePrice {
                    amount: Some(package.amount.into()),
                    quantity_per_package: Some(package.quantity_per_package.into()),
                }),
                package.minimum_amount,
                package.maximum_amount,
            ),
        };
        pb::Price {
            model: Some(model),
            minimum_amount: minimum.map(Into::into),
            maximum_amount: maximum.map(Into::into),
        }
    }

    pub(crate) fn from_proto(wire: pb::Price) -> Result<Self, Problem> {
        use pb::price::Model;
        let minimum_amount = numeric(wire.minimum_amount.as_ref())?;
        let maximum_amount = numeric(wire.maximum_amount.as_ref())?;
        Ok(match present(wire.model)? {
            Model::Flat(flat) => Self::Flat(FlatPriceWithPaymentTerm {
                amount: numeric_or_zero(flat.amount.as_ref())?,
                payment_term: Some(PricePaymentTerm::from_proto(flat.payment_term)?),
            }),
            Model::Unit(unit) => Self::Unit(UnitPriceWithCommitments {
                amount: numeric_or_zero(unit.amount.as_ref())?,
                minimum_amount,
                maximum_amount,
            }),
            Model::Tiered(tiered) => Self::Tiered(TieredPriceWithCommitments {
                mode: match tiered.mode() {
                    pb::tiered_price::Mode::Unspecified | pb::tiered_price::Mode::Volume => {
                        TieredPriceMode::Volume
                    }
                    pb::tiered_price::Mode::Graduated => TieredPriceMode::Graduated,
                },
                tiers: tiered
                    .tiers
                    .iter()
                    .map(PriceTier::from_proto)
                    .collect::<Result<_, _>>()?,
                minimum_amount,
                maximum_amount,
            }),
            Model::Dynamic(dynamic) => Self::Dynamic(DynamicPriceWithCommitments {
                // Left out when it says nothing (catalog text §5.3).
                multiplier: numeric(dynamic.multiplier.as_ref())?
                    .filter(|factor| factor.0 != Decimal::ONE),
                minimum_amount,
                maximum_amount,
            }),
            Model::Package(package) => Self::Package(PackagePriceWithCommitments {
                amount: numeric_or_zero(package.amount.as_ref())?,
                quantity_per_package: numeric_or_zero(package.quantity_per_package.as_ref())?,
                minimum_amount,
                maximum_amount,
            }),
        })
    }
}

impl PriceTier {
    fn from_proto(wire: &pb::PriceTier) -> Result<Self, Problem> {
        Ok(Self {
            up_to_amount: numeric(wire.up_to_amount.as_ref())?,
            flat_price: numeric(wire.flat_amount.as_ref())?.map(|amount| TierFlatPrice {
                r#type: FlatWord::Flat,
                amount,
            }),
            unit_price: numeric(wire.unit_amount.as_ref())?.map(|amount| TierUnitPrice {
                r#type: UnitWord::Unit,
                amount,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use serde_json::json;

    #[test]
    fn a_factor_of_one_is_left_out() {
        let price = Price::from_proto(pb::Price {
            model: Some(pb::price::Model::Dynamic(pb::DynamicPrice {
                multiplier: Some(contract::convert::decimal(Decimal::ONE)),
            })),
            ..pb::Price::default()
        });
        assert_eq!(
            serde_json::to_value(price.unwrap()).unwrap(),
            json!({"type": "dynamic"})
        );
    }
}
