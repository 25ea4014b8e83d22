//! Entitlement definitions, offerings and packages.

use std::collections::{BTreeMap, BTreeSet};

use chassis::mask::Mask;
use contract::catalog::v1 as pb;
use kernel::id::ProductId;

use super::time;
use crate::{
    domain::{access::Label, package::Eligibility},
    error::CatalogError,
    store::{
        entitlement_definition::Definition, offering::Offering, package::Package, product::Product,
    },
};

/// Most products attached or detached by one call.
const PRODUCT_COUNT_MAX: usize = 50;
/// What is output only, or fixed; ignored in an update.
const IGNORED: [&str; 8] = [
    "id",
    "short_id",
    "lookup_key",
    "feature_id",
    "offering_id",
    "etag",
    "create_time",
    "update_time",
];

/// A definition for the wire, with the live feature that has its key.
pub fn definition_to_proto(
    definition: &Definition,
    feature_id: Option<&str>,
) -> pb::EntitlementDefinition {
    pb::EntitlementDefinition {
        id: definition.id.to_string(),
        short_id: definition.short_id.clone(),
        lookup_key: definition.label.lookup_key.clone(),
        display_name: definition.label.display_name.clone(),
        feature_id: feature_id.unwrap_or_default().to_owned(),
        etag: chassis::etag::of(definition.stamp.revision),
        create_time: time(definition.stamp.create_time),
        update_time: time(definition.stamp.update_time),
    }
}

/// The stored label with what an update of a definition changes.
pub fn definition_updated(
    stored: &Label,
    wire: &pb::EntitlementDefinition,
    mask: Option<&prost_types::FieldMask>,
) -> Result<Label, CatalogError> {
    let mask = Mask::from_proto(mask, &["display_name"], &IGNORED)?;
    let mut label = stored.clone();
    if mask.changes("display_name", !wire.display_name.is_empty()) {
        label.display_name.clone_from(&wire.display_name);
    }
    Ok(label)
}

/// An offering for the wire.
pub fn offering_to_proto(offering: &Offering) -> pb::Offering {
    pb::Offering {
        id: offering.id.to_string(),
        short_id: offering.short_id.clone(),
        lookup_key: offering.label.lookup_key.clone(),
        display_name: offering.label.display_name.clone(),
        is_current: offering.is_current,
        metadata_json: offering.metadata.clone(),
        etag: chassis::etag::of(offering.stamp.revision),
        create_time: time(offering.stamp.create_time),
        update_time: time(offering.stamp.update_time),
    }
}

/// The stored offering with what an update changes.
pub fn offering_updated(
    stored: Offering,
    wire: &pb::Offering,
    mask: Option<&prost_types::FieldMask>,
) -> Result<Offering, CatalogError> {
    let known = ["display_name", "is_current", "metadata_json"];
    let mask = Mask::from_proto(mask, &known, &IGNORED)?;
    let mut offering = stored;
    if mask.changes("display_name", !wire.display_name.is_empty()) {
        offering.label.display_name.clone_from(&wire.display_name);
    }
    if mask.changes("is_current", wire.is_current) {
        offering.is_current = wire.is_current;
    }
    if mask.changes("metadata_json", !wire.metadata_json.is_empty()) {
        offering.metadata.clone_from(&wire.metadata_json);
    }
    Ok(offering)
}

/// A package for the wire.
pub fn package_to_proto(package: &Package) -> pb::Package {
    pb::Package {
        id: package.id.to_string(),
        short_id: package.short_id.clone(),
        offering_id: package.offering.to_string(),
        lookup_key: package.label.lookup_key.clone(),
        display_name: package.label.display_name.clone(),
        position: package.position,
        etag: chassis::etag::of(package.stamp.revision),
        create_time: time(package.stamp.create_time),
        update_time: time(package.stamp.update_time),
    }
}

/// The new name and place that an update of a package asks for.
pub fn package_change(
    wire: &pb::Package,
    mask: Option<&prost_types::FieldMask>,
) -> Result<(Option<String>, Option<i32>), CatalogError> {
    let mask = Mask::from_proto(mask, &["display_name", "position"], &IGNORED)?;
    let name = mask
        .changes("display_name", !wire.display_name.is_empty())
        .then(|| wire.display_name.clone());
    let place = if mask.changes("position", wire.position != 0) {
        position(wire.position)?
    } else {
        None
    };
    Ok((name, place))
}

/// Reads a place; 0 is none.
pub fn position(wire: i32) -> Result<Option<i32>, CatalogError> {
    match wire {
        0 => Ok(None),
        1.. => Ok(Some(wire)),
        i32::MIN..0 => Err(CatalogError::invalid(
            "package.position",
            "must be at least 1",
        )),
    }
}

/// Reads which products to attach or detach, each once.
pub fn product_ids(wire: &[String]) -> Result<Vec<String>, CatalogError> {
    let ids: BTreeSet<&String> = wire.iter().collect();
    check_count("product_ids", wire.len())?;
    Ok(ids.into_iter().map(|id| spelled(id)).collect())
}

/// A ULID as it is stored, or any other text as it is.
fn spelled(text: &str) -> String {
    kernel::id::parse_ulid(text).map_or_else(|_| text.to_owned(), |id| id.to_string())
}

fn check_count(field: &str, count: usize) -> Result<(), CatalogError> {
    if (1..=PRODUCT_COUNT_MAX).contains(&count) {
        return Ok(());
    }
    Err(CatalogError::invalid(field, "must have 1 to 50 products"))
}

/// Reads which products to put into a package, for which clients.
pub fn package_products(
    wire: &[pb::PackageProduct],
) -> Result<BTreeMap<String, Eligibility>, CatalogError> {
    use pb::package_product::EligibilityCriteria as Wire;
    check_count("products", wire.len())?;
    wire.iter()
        .enumerate()
        .map(|(index, entry)| {
            let field = |name: &str| format!("products[{index}].{name}");
            let id = entry.product.as_ref().map(|product| {
                if product.id.is_empty() {
                    &product.short_id
                } else {
                    &product.id
                }
            });
            let id = id
                .filter(|id| !id.is_empty())
                .ok_or_else(|| CatalogError::invalid(field("product.id"), "is required"))?;
            let criteria = Wire::try_from(entry.eligibility_criteria).map_err(|error| {
                CatalogError::invalid(field("eligibility_criteria"), error.to_string())
            })?;
            let criteria = match criteria {
                Wire::Unspecified | Wire::All => Eligibility::All,
                Wire::GoogleBefore6 => Eligibility::GoogleBefore6,
                Wire::GoogleFrom6 => Eligibility::GoogleFrom6,
            };
            Ok((spelled(id), criteria))
        })
        .collect()
}

/// A product in a package for the wire.
pub fn package_product_to_proto(product: &Product, criteria: Eligibility) -> pb::PackageProduct {
    pb::PackageProduct {
        product: Some(super::product::to_proto(product)),
        eligibility_criteria: criteria_to_proto(criteria).into(),
    }
}

fn criteria_to_proto(criteria: Eligibility) -> pb::package_product::EligibilityCriteria {
    use pb::package_product::EligibilityCriteria as Wire;
    match criteria {
        Eligibility::All => Wire::All,
        Eligibility::GoogleBefore6 => Wire::GoogleBefore6,
        Eligibility::GoogleFrom6 => Wire::GoogleFrom6,
    }
}

/// A product in a package by id alone, for events and the audit trail.
pub fn bare_package_product(id: ProductId, criteria: Eligibility) -> pb::PackageProduct {
    pb::PackageProduct {
        product: bare_products(&[id]).pop(),
        eligibility_criteria: criteria_to_proto(criteria).into(),
    }
}

/// Products by id alone, for events and the audit trail.
pub fn bare_products(ids: &[ProductId]) -> Vec<pb::Product> {
    ids.iter()
        .map(|id| pb::Product {
            id: id.to_string(),
            ..Default::default()
        })
        .collect()
}
