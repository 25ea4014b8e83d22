//! Amounts, and the words that subscriptions and purchases share.

use std::borrow::Cow;

use contract::kernel::v1::Decimal;
use contract::subscription::v1 as pb;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::error::Refusal;

/// An exact number, written as a JSON number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amount(kernel::Decimal);

impl Amount {
    pub(crate) fn from_proto(wire: Option<&Decimal>) -> Result<Self, Refusal> {
        contract::convert::from_optional_decimal(wire)
            .map(|value| Self(value.unwrap_or(kernel::Decimal::ZERO)))
            .map_err(|_| Refusal::broken("decimal"))
    }

    pub(crate) fn count(count: i64) -> Self {
        Self(count.into())
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        kernel::decimal::format(self.0)
            .parse::<serde_json::Number>()
            .map_err(serde::ser::Error::custom)?
            .serialize(writer)
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Number).into()
    }
}

impl ToSchema for Amount {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Amount")
    }
}

/// ISO 4217 code of a currency, or one of the additional codes of the contract.
pub(crate) struct Currency;

impl PartialSchema for Currency {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(3))
            .max_length(Some(3))
            .pattern(Some("^[A-Z]{3}$"))
            .into()
    }
}

impl ToSchema for Currency {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Currency")
    }
}

/// An amount of money with its parts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MonetaryAmount {
    /// Always USD.
    #[schema(value_type = Currency)]
    currency: &'static str,
    /// What customers paid.
    gross: Amount,
    /// What the store keeps.
    commission: Amount,
    /// Taxes.
    tax: Amount,
    /// The rest.
    proceeds: Amount,
}

impl MonetaryAmount {
    pub(crate) fn from_proto(wire: Option<pb::UsdRevenue>) -> Result<Self, Refusal> {
        let revenue = wire.unwrap_or_default();
        Ok(Self {
            currency: "USD",
            gross: Amount::from_proto(revenue.gross.as_ref())?,
            commission: Amount::from_proto(revenue.commission.as_ref())?,
            tax: Amount::from_proto(revenue.tax.as_ref())?,
            proceeds: Amount::from_proto(revenue.proceeds.as_ref())?,
        })
    }
}

/// Whether real money is behind a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Environment {
    Production,
    Sandbox,
}

impl Environment {
    pub(crate) fn from_proto(wire: pb::StoreEnvironment) -> Self {
        match wire {
            pb::StoreEnvironment::Sandbox => Self::Sandbox,
            pb::StoreEnvironment::Production | pb::StoreEnvironment::Unspecified => {
                Self::Production
            }
        }
    }
}

/// The environment that a filter names.
pub(crate) fn environment(text: Option<&str>) -> Result<pb::StoreEnvironment, Refusal> {
    match text {
        None => Ok(pb::StoreEnvironment::Unspecified),
        Some("production") => Ok(pb::StoreEnvironment::Production),
        Some("sandbox") => Ok(pb::StoreEnvironment::Sandbox),
        Some(_) => Err(Refusal::parameter(
            "environment",
            "must be sandbox or production",
        )),
    }
}

/// The store that a transaction came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::enum_variant_names,
    reason = "the stores are called so, in the documents too"
)]
pub(crate) enum Store {
    Amazon,
    AppStore,
    MacAppStore,
    PlayStore,
    Promotional,
    Stripe,
    RcBilling,
}

impl Store {
    pub(crate) fn from_proto(wire: pb::Store) -> Result<Self, Refusal> {
        Ok(match wire {
            pb::Store::Amazon => Self::Amazon,
            pb::Store::AppStore => Self::AppStore,
            pb::Store::MacAppStore => Self::MacAppStore,
            pb::Store::PlayStore => Self::PlayStore,
            pb::Store::Promotional => Self::Promotional,
            pb::Store::Stripe => Self::Stripe,
            pb::Store::BuiltIn => Self::RcBilling,
            pb::Store::Unspecified => return Err(Refusal::broken("store")),
        })
    }
}

/// How a customer came to own something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ownership {
    Purchased,
    FamilyShared,
}

impl Ownership {
    pub(crate) fn from_proto(wire: pb::Ownership) -> Self {
        match wire {
            pb::Ownership::FamilyShared => Self::FamilyShared,
            pb::Ownership::Purchased | pb::Ownership::Unspecified => Self::Purchased,
        }
    }
}
