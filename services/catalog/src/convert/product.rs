//! Products and plans by name.

use chassis::mask::Mask;
use contract::catalog::v1 as pb;
use kernel::calendar::IsoDuration;

use super::{optional_duration, optional_text, optional_time, time};
use crate::{
    domain::product::{Origin, ProductBody, ProductKind, ProductSpec},
    error::CatalogError,
    store::{named_plan::NamedPlan, product::Product},
};

/// What an update may change.
const CHANGEABLE: [&str; 5] = [
    "display_name",
    "duration",
    "grace_period_duration",
    "trial_duration",
    "is_consumable",
];
/// What is output only, or fixed; ignored in an update.
const IGNORED: [&str; 11] = [
    "id",
    "short_id",
    "store_app_id",
    "store_identifier",
    "kind",
    "product_key",
    "origin",
    "etag",
    "create_time",
    "update_time",
    "delete_time",
];

/// Reads a product as a user sends it; what is sold is named by its identifier.
pub fn from_proto(wire: &pb::Product) -> Result<ProductSpec, CatalogError> {
    Ok(ProductSpec {
        store_identifier: wire.store_identifier.clone(),
        product_key: wire.store_identifier.clone(),
        kind: kind("product.kind", wire.kind())?,
        body: ProductBody {
            display_name: optional_text(&wire.display_name),
            duration: optional_duration("product.duration", &wire.duration)?,
            grace_period: optional_duration(
                "product.grace_period_duration",
                &wire.grace_period_duration,
            )?,
            trial: optional_duration("product.trial_duration", &wire.trial_duration)?,
            is_consumable: wire.is_consumable,
        },
    })
}

/// Reads what is sold.
pub fn kind(field: &str, wire: pb::product::Kind) -> Result<ProductKind, CatalogError> {
    match wire {
        pb::product::Kind::Subscription => Ok(ProductKind::Subscription),
        pb::product::Kind::OneTime => Ok(ProductKind::OneTime),
        pb::product::Kind::Unspecified => Err(CatalogError::invalid(field, "is required")),
    }
}

/// The stored product with what an update request changes.
pub fn updated(
    stored: &ProductSpec,
    wire: &pb::Product,
    mask: Option<&prost_types::FieldMask>,
) -> Result<ProductSpec, CatalogError> {
    let mask = Mask::from_proto(mask, &CHANGEABLE, &IGNORED)?;
    let mut spec = stored.clone();
    let body = &mut spec.body;
    if mask.changes("display_name", !wire.display_name.is_empty()) {
        body.display_name = optional_text(&wire.display_name);
    }
    let durations = [
        ("duration", &wire.duration, &mut body.duration),
        (
            "grace_period_duration",
            &wire.grace_period_duration,
            &mut body.grace_period,
        ),
        ("trial_duration", &wire.trial_duration, &mut body.trial),
    ];
    for (name, text, place) in durations {
        if mask.changes(name, !text.is_empty()) {
            *place = optional_duration(&format!("product.{name}"), text)?;
        }
    }
    if mask.changes("is_consumable", wire.is_consumable.is_some()) {
        body.is_consumable = wire.is_consumable;
    }
    Ok(spec)
}

/// A stored product for the wire.
pub fn to_proto(product: &Product) -> pb::Product {
    let kind = match product.spec.kind {
        ProductKind::Subscription => pb::product::Kind::Subscription,
        ProductKind::OneTime => pb::product::Kind::OneTime,
    };
    let origin = match product.origin {
        Origin::Store => pb::product::Origin::Store,
        Origin::Reported => pb::product::Origin::Reported,
        Origin::Plan => pb::product::Origin::Plan,
    };
    let text = |duration: &Option<IsoDuration>| {
        let text = duration.as_ref().map(IsoDuration::as_str);
        text.unwrap_or_default().to_owned()
    };
    let body = &product.spec.body;
    pb::Product {
        id: product.id.to_string(),
        short_id: product.short_id.clone(),
        store_app_id: product.app.to_string(),
        store_identifier: product.spec.store_identifier.clone(),
        kind: kind.into(),
        display_name: body.display_name.clone().unwrap_or_default(),
        duration: text(&body.duration),
        grace_period_duration: text(&body.grace_period),
        trial_duration: text(&body.trial),
        is_consumable: body.is_consumable,
        product_key: product.spec.product_key.clone(),
        origin: origin.into(),
        etag: chassis::etag::of(product.stamp.revision),
        create_time: time(product.stamp.create_time),
        update_time: time(product.stamp.update_time),
        delete_time: optional_time(product.delete_time),
    }
}

/// A plan by name for the wire.
pub fn named_plan_to_proto(plan: &NamedPlan) -> pb::NamedPlan {
    pb::NamedPlan {
        id: plan.id.to_string(),
        key: plan.key.clone(),
        display_name: plan.display_name.clone(),
        is_versioned: plan.is_versioned,
        etag: chassis::etag::of(plan.stamp.revision),
        create_time: time(plan.stamp.create_time),
        update_time: time(plan.stamp.update_time),
    }
}
