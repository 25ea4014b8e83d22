//! The words by which objects say what they are, and what is answered to a deletion.

use std::borrow::Cow;

use axum::Json;
use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::error::Refusal;
use super::extract::millis;

macro_rules! objects {
    ($($name:ident = $word:literal;)*) => {$(
        #[doc = concat!("The word `", $word, "`.")]
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name;

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
                writer.serialize_str($word)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some([$word]))
                    .into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

objects! {
    AppObject = "app";
    AliasObject = "customer.alias";
    ActiveEntitlementObject = "customer.active_entitlement";
    AttributeObject = "customer.attribute";
    CustomerObject = "customer";
    EntitlementObject = "entitlement";
    MetricObject = "overview_metric";
    MetricsObject = "overview_metrics";
    OfferingObject = "offering";
    PackageObject = "package";
    ProductObject = "product";
    ProjectObject = "project";
    PurchaseObject = "purchase";
    SubscriptionObject = "subscription";
}

/// What was deleted.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DeletedKind {
    App,
    Customer,
    Entitlement,
    Offering,
    Package,
    Product,
}

/// Something that is no longer there.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DeletedObject {
    /// What it was.
    object: DeletedKind,
    id: String,
    /// Deletion time, in milliseconds since 1970.
    deleted_at: i64,
}

impl DeletedObject {
    /// The answer to a deletion.
    pub(crate) fn new(
        object: DeletedKind,
        id: String,
        time: Option<prost_types::Timestamp>,
    ) -> Result<Json<Self>, Refusal> {
        Ok(Json(Self {
            object,
            id,
            deleted_at: millis(time.as_ref())?,
        }))
    }
}
