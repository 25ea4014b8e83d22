//! Rate cards: what a line of a plan, an add-on or a subscription sells (catalog text §5).
//! Tax settings are also parts of invoice lines.

use contract::catalog::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::decode::{filled, nullable, union};
use super::error::Problem;
use super::prices::{FlatFeePrice, Price};
use super::scalars::{
    Description, Key, Label, Metadata, Number, Numeric, metadata, optional, pattern,
};
use super::value::{number, number_or_zero, numeric_or_zero, present};

/// Whether prices contain the tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaxBehavior {
    /// They do.
    Inclusive,
    /// The tax comes on top.
    Exclusive,
}

pattern!(
    /// A tax code of Stripe.
    StripeTaxCode,
    r"^txcd_\d{8}$",
    "must be txcd_ and 8 digits",
    |text| {
        text.strip_prefix("txcd_").is_some_and(|digits| {
            digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    }
);

/// Tax settings for Stripe.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StripeTaxConfig {
    code: StripeTaxCode,
}

/// Tax settings for custom invoicing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomInvoicingTaxConfig {
    code: String,
}

/// How something sold is taxed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaxConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    behavior: Option<TaxBehavior>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stripe: Option<StripeTaxConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_invoicing: Option<CustomInvoicingTaxConfig>,
}

impl TaxConfig {
    pub(crate) fn into_proto(self) -> pb::TaxConfig {
        use pb::tax_config::Behavior;
        pb::TaxConfig {
            behavior: match self.behavior {
                None => Behavior::Unspecified,
                Some(TaxBehavior::Inclusive) => Behavior::Inclusive,
                Some(TaxBehavior::Exclusive) => Behavior::Exclusive,
            }
            .into(),
            stripe_code: self
                .stripe
                .map(|stripe| stripe.code.into())
                .unwrap_or_default(),
            custom_invoicing_code: self
                .custom_invoicing
                .map(|custom| custom.code)
                .unwrap_or_default(),
        }
    }

    pub(crate) fn from_proto(wire: pb::TaxConfig) -> Self {
        use pb::tax_config::Behavior;
        Self {
            behavior: match wire.behavior() {
                Behavior::Unspecified => None,
                Behavior::Inclusive => Some(TaxBehavior::Inclusive),
                Behavior::Exclusive => Some(TaxBehavior::Exclusive),
            },
            stripe: optional(wire.stripe_code).map(|code| StripeTaxConfig {
                code: StripeTaxCode(code),
            }),
            custom_invoicing: optional(wire.custom_invoicing_code)
                .map(|code| CustomInvoicingTaxConfig { code }),
        }
    }
}

/// Takes a share off the amount.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiscountPercentage {
    percentage: Number,
}

/// Takes units off the billed quantity.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiscountUsage {
    quantity: Numeric,
}

/// Reductions of a price.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Discounts {
    #[serde(skip_serializing_if = "Option::is_none")]
    percentage: Option<DiscountPercentage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<DiscountUsage>,
}

impl Discounts {
    fn into_proto(self) -> pb::Discounts {
        pb::Discounts {
            percentage: self.percentage.map(|discount| pb::PercentageDiscount {
                percentage: Some(discount.percentage.into()),
                ..pb::PercentageDiscount::default()
            }),
            usage: self.usage.map(|discount| pb::UsageDiscount {
                quantity: Some(discount.quantity.into()),
                ..pb::UsageDiscount::default()
            }),
        }
    }

    pub(crate) fn from_proto(wire: &pb::Discounts) -> Result<Self, Problem> {
        Ok(Self {
            percentage: wire
                .percentage
                .as_ref()
                .map(|discount| {
                    number_or_zero(discount.percentage.as_ref())
                        .map(|percentage| DiscountPercentage { percentage })
                })
                .transpose()?,
            usage: wire
                .usage
                .as_ref()
                .map(|discount| {
                    numeric_or_zero(discount.quantity.as_ref())
                        .map(|quantity| DiscountUsage { quantity })
                })
                .transpose()?,
        })
    }
}

/// A burn-down priority, 1 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Priority(pub i32);

impl<'de> Deserialize<'de> for Priority {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        match i32::deserialize(reader)? {
            priority @ 1..=255 => Ok(Self(priority)),
            _ => Err(serde::de::Error::custom("must be 1 to 255")),
        }
    }
}

impl PartialSchema for Priority {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(255))
            .into()
    }
}

impl ToSchema for Priority {}

/// An amount that is not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Amount(pub Number);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let amount = Number::deserialize(reader)?;
        if amount.0.is_sign_negative() && !amount.0.is_zero() {
            return Err(serde::de::Error::custom("must not be negative"));
        }
        Ok(Self(amount))
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .minimum(Some(0))
            .into()
    }
}

impl ToSchema for Amount {}

/// A balance that usage consumes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RateCardMeteredEntitlement {
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_soft_limit: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_after_reset: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_after_reset_priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preserve_overage_at_reset: Option<bool>,
    #[serde(
        default,
        deserialize_with = "filled",
        skip_serializing_if = "Option::is_none"
    )]
    usage_period: Option<String>,
}

/// A fixed configuration value: a JSON document as text.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RateCardStaticEntitlement {
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    config: String,
}

/// Plain access.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RateCardBooleanEntitlement {
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
}

/// What a subscriber becomes entitled to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum RateCardEntitlement {
    /// A balance that usage consumes.
    Metered(RateCardMeteredEntitlement),
    /// A fixed configuration value.
    Static(RateCardStaticEntitlement),
    /// Plain access.
    Boolean(RateCardBooleanEntitlement),
}
union!(RateCardEntitlement by "type" {
    "metered" => Metered, "static" => Static, "boolean" => Boolean,
});

impl RateCardEntitlement {
    fn into_proto(self) -> pb::EntitlementTemplate {
        use pb::entitlement_template::Template;
        let template = match self {
            Self::Metered(metered) => Template::Metered(pb::MeteredEntitlementTemplate {
                soft_limit: metered.is_soft_limit.unwrap_or_default(),
                issue_after_reset: metered.issue_after_reset.map(|amount| amount.0.into()),
                issue_after_reset_priority: metered.issue_after_reset_priority.map(|p| p.0),
                preserve_overage_at_reset: metered.preserve_overage_at_reset,
                usage_period_duration: metered.usage_period.unwrap_or_default(),
                metadata: metered.metadata.unwrap_or_default(),
            }),
            Self::Static(fixed) => Template::Static(pb::StaticEntitlementTemplate {
                config: fixed.config,
                metadata: fixed.metadata.unwrap_or_default(),
            }),
            Self::Boolean(plain) => Template::Boolean(pb::BooleanEntitlementTemplate {
                metadata: plain.metadata.unwrap_or_default(),
            }),
        };
        pb::EntitlementTemplate {
            template: Some(template),
        }
    }

    fn from_proto(wire: pb::EntitlementTemplate) -> Result<Self, Problem> {
        use pb::entitlement_template::Template;
        Ok(match present(wire.template)? {
            Template::Metered(metered) => Self::Metered(RateCardMeteredEntitlement {
                metadata: metadata(metered.metadata),
                is_soft_limit: Some(metered.soft_limit),
                issue_after_reset: number(metered.issue_after_reset.as_ref())?.map(Amount),
                issue_after_reset_priority: metered.issue_after_reset_priority.map(Priority),
                preserve_overage_at_reset: metered.preserve_overage_at_reset,
                usage_period: optional(metered.usage_period_duration),
            }),
            Template::Static(fixed) => Self::Static(RateCardStaticEntitlement {
                metadata: metadata(fixed.metadata),
                config: fixed.config,
            }),
            Template::Boolean(plain) => Self::Boolean(RateCardBooleanEntitlement {
                metadata: metadata(plain.metadata),
            }),
        })
    }
}

/// A fee that does not depend on usage.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RateCardFlatFee {
    key: Key,
    name: Label,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feature_key: Option<Key>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entitlement_template: Option<RateCardEntitlement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_config: Option<TaxConfig>,
    /// Null for a fee that is charged once.
    #[serde(deserialize_with = "filled")]
    billing_cadence: Option<String>,
    /// Null for what is not billed.
    #[serde(deserialize_with = "nullable")]
    price: Option<FlatFeePrice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discounts: Option<Discounts>,
}

/// A charge that may depend on usage.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RateCardUsageBased {
    key: Key,
    name: Label,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feature_key: Option<Key>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entitlement_template: Option<RateCardEntitlement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_config: Option<TaxConfig>,
    billing_cadence: String,
    /// Null for what is not billed.
    #[serde(deserialize_with = "nullable")]
    price: Option<Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discounts: Option<Discounts>,
}

/// What one line of a plan or add-on sells.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum RateCard {
    /// A fee that does not depend on usage.
    FlatFee(RateCardFlatFee),
    /// A charge that may depend on usage.
    UsageBased(RateCardUsageBased),
}
union!(RateCard by "type" { "flat_fee" => FlatFee, "usage_based" => UsageBased });

impl RateCard {
    pub(crate) fn into_proto(self) -> pb::RateCard {
        match self {
            Self::FlatFee(card) => pb::RateCard {
                key: card.key.into(),
                name: card.name.into(),
                description: card.description.map(String::from).unwrap_or_default(),
                kind: pb::RateCardKind::FlatFee.into(),
                feature_key: card.feature_key.map(String::from).unwrap_or_default(),
                feature_id: String::new(),
                billing_cadence: card.billing_cadence.unwrap_or_default(),
                price: card.price.map(FlatFeePrice::into_proto),
                discounts: card.discounts.map(Discounts::into_proto),
                entitlement_template: card
                    .entitlement_template
                    .map(RateCardEntitlement::into_proto),
                tax_config: card.tax_config.map(TaxConfig::into_proto),
                metadata: card.metadata.unwrap_or_default(),
            },
            Self::UsageBased(card) => pb::RateCard {
                key: card.key.into(),
                name: card.name.into(),
                description: card.description.map(String::from).unwrap_or_default(),
                kind: pb::RateCardKind::UsageBased.into(),
                feature_key: card.feature_key.map(String::from).unwrap_or_default(),
                feature_id: String::new(),
                billing_cadence: card.billing_cadence,
                price: card.price.map(Price::into_proto),
                discounts: card.discounts.map(Discounts::into_proto),
                entitlement_template: card
                    .entitlement_template
                    .map(RateCardEntitlement::into_proto),
                tax_config: card.tax_config.map(TaxConfig::into_proto),
                metadata: card.metadata.unwrap_or_default(),
            },
        }
    }

    pub(crate) fn from_proto(wire: pb::RateCard) -> Result<Self, Problem> {
        let kind = wire.kind();
        let key = Key(wire.key);
        let name = super::scalars::Text(wire.name);
        let description = optional(wire.description).map(super::scalars::Text);
        let metadata = metadata(wire.metadata);
        let feature_key = optional(wire.feature_key).map(Key);
        let entitlement_template = wire
            .entitlement_template
            .map(RateCardEntitlement::from_proto)
            .transpose()?;
        let tax_config = wire.tax_config.map(TaxConfig::from_proto);
        let discounts = wire
            .discounts
            .as_ref()
            .map(Discounts::from_proto)
            .transpose()?;
        let price = wire.price.map(Price::from_proto).transpose()?;
        Ok(match (kind, price) {
            (pb::RateCardKind::FlatFee, Some(Price::Flat(flat))) => {
                Self::FlatFee(RateCardFlatFee {
                    key,
                    name,
                    description,
                    metadata,
                    feature_key,
                    entitlement_template,
                    tax_config,
                    billing_cadence: optional(wire.billing_cadence),
                    price: Some(FlatFeePrice::Flat(flat)),
                    discounts,
                })
            }
            (pb::RateCardKind::FlatFee, None) => Self::FlatFee(RateCardFlatFee {
                key,
                name,
                description,
                metadata,
                feature_key,
                entitlement_template,
                tax_config,
                billing_cadence: optional(wire.billing_cadence),
                price: None,
                discounts,
            }),
            (
                pb::RateCardKind::FlatFee
                | pb::RateCardKind::UsageBased
                | pb::RateCardKind::Unspecified,
                price,
            ) => Self::UsageBased(RateCardUsageBased {
                key,
                name,
                description,
                metadata,
                feature_key,
                entitlement_template,
                tax_config,
                billing_cadence: wire.billing_cadence,
                price,
                discounts,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_json;
    use serde_json::{Value, json};

    fn check(value: Value) {
        let card: RateCard = from_json(&value).unwrap();
        let back = RateCard::from_proto(card.into_proto()).unwrap();
        assert_eq!(serde_json::to_value(back).unwrap(), value);
    }

    #[test]
    fn no_cadence_is_null_and_not_empty() {
        let complaint = |change: (&str, Value)| {
            let mut card = json!({
                "type": "flat_fee", "key": "fee", "name": "Fee", "billingCadence": null, "price": null,
            });
            card[change.0] = change.1;
            from_json::<RateCard>(&card).unwrap_err().to_string()
        };
        assert_eq!(
            complaint(("billingCadence", json!(""))),
            "billingCadence: must not be empty"
        );
        let template = json!({"type": "metered", "usagePeriod": ""});
        assert_eq!(
            complaint(("entitlementTemplate", template)),
            "entitlementTemplate.usagePeriod: must not be empty"
        );
    }

    #[test]
    fn cards_survive_the_way_there_and_back() {
        check(json!({
            "type": "flat_fee", "key": "fee", "name": "Fee", "billingCadence": null,
            "price": {"type": "flat", "amount": "10", "paymentTerm": "in_arrears"},
            "taxConfig": {"behavior": "inclusive", "stripe": {"code": "txcd_12345678"}},
        }));
        check(json!({
            "type": "flat_fee", "key": "seat", "name": "Seat", "billingCadence": "P1M", "price": null,
        }));
        check(json!({
            "type": "usage_based", "key": "tokens", "name": "Tokens", "billingCadence": "P1M",
            "featureKey": "tokens", "metadata": {"a": "b"},
            "price": {
                "type": "tiered", "mode": "graduated", "maximumAmount": "1000",
                "tiers": [
                    {"upToAmount": "100", "flatPrice": {"type": "flat", "amount": "5"}, "unitPrice": null},
                    {"flatPrice": null, "unitPrice": {"type": "unit", "amount": "0.01"}},
                ],
            },
            "discounts": {"percentage": {"percentage": 12.5}, "usage": {"quantity": "3"}},
            "entitlementTemplate": {
                "type": "metered", "isSoftLimit": true, "issueAfterReset": 1000,
                "issueAfterResetPriority": 3, "usagePeriod": "P1M",
            },
        }));
        check(json!({
            "type": "usage_based", "key": "gpu", "name": "GPU", "billingCadence": "P1M",
            "price": {"type": "package", "amount": "2", "quantityPerPackage": "10"},
            "entitlementTemplate": {"type": "static", "config": "{\"a\":1}"},
        }));
    }

    #[test]
    fn errors_name_the_field_inside_the_union() {
        let error = from_json::<RateCard>(&json!({
            "type": "usage_based", "key": "a", "name": "A", "billingCadence": "P1M",
            "price": {"type": "unit", "amount": 1},
        }))
        .unwrap_err();
        assert_eq!(error.to_string(), "price.amount: must be a string");
        let error = from_json::<RateCard>(&json!({
            "type": "flat_fee", "key": "a", "name": "A", "billingCadence": "P1M",
            "price": {"type": "unit", "amount": "1"},
        }))
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "price.type: must be one of flat, not \"unit\""
        );
    }
}
