//! Plan add-ons.

use chassis::mask::Mask;
use contract::catalog::v1 as pb;
use jiff::Timestamp;

use super::{FILTER_COUNT_MAX, addon, at, bounded, issues, optional_time, time};
use crate::{
    domain::compatibility::{Assignment, assignment_issues},
    domain::issue::Issue,
    error::CatalogError,
    store::{
        offer::{AddonVersion, PlanVersion},
        plan_addon::{Filter, PlanAddon, Sort, Terms},
    },
};

/// What an update may change.
const CHANGEABLE: [&str; 3] = ["from_plan_phase", "max_quantity", "metadata"];
/// What is output only; ignored in an update.
const IGNORED: [&str; 6] = [
    "plan_id",
    "addon",
    "validation_issues",
    "etag",
    "create_time",
    "update_time",
];

/// Reads the terms of a new assignment.
pub fn terms(wire: &pb::CreatePlanAddonRequest) -> Result<Terms, CatalogError> {
    bounded(
        "metadata",
        wire.metadata.len(),
        crate::domain::violation::METADATA_COUNT_MAX,
    )?;
    checked(Terms {
        from_phase: wire.from_plan_phase.clone(),
        max_quantity: wire.max_quantity,
        metadata: wire.metadata.clone(),
    })
}

/// The stored terms with what an update request changes.
pub fn updated(
    stored: &Terms,
    wire: &pb::PlanAddon,
    mask: Option<&prost_types::FieldMask>,
) -> Result<Terms, CatalogError> {
    let mask = Mask::from_proto(mask, &CHANGEABLE, &IGNORED)?;
    let mut terms = stored.clone();
    if mask.changes("from_plan_phase", !wire.from_plan_phase.is_empty()) {
        terms.from_phase.clone_from(&wire.from_plan_phase);
    }
    if mask.changes("max_quantity", wire.max_quantity.is_some()) {
        terms.max_quantity = wire.max_quantity;
    }
    if mask.changes("metadata", !wire.metadata.is_empty()) {
        terms.metadata.clone_from(&wire.metadata);
    }
    checked(terms)
}

fn checked(terms: Terms) -> Result<Terms, CatalogError> {
    if terms.from_phase.is_empty() {
        return Err(CatalogError::invalid(
            "from_plan_phase",
            "must not be empty",
        ));
    }
    Ok(terms)
}

/// What keeps the plan and the add-on of an assignment from going together.
pub fn compatibility(
    plan: &PlanVersion,
    addon: &AddonVersion,
    terms: &Terms,
    now: Timestamp,
) -> Vec<Issue> {
    let assignment = Assignment {
        from_phase: &terms.from_phase,
        max_quantity: terms.max_quantity,
    };
    assignment_issues(
        (&plan.offer, plan.effective),
        (&addon.offer, addon.effective),
        &assignment,
        now,
    )
}

/// An assignment for the wire.
pub fn to_proto(
    stored: &PlanAddon,
    plan: &PlanVersion,
    addon: &AddonVersion,
    now: Timestamp,
) -> pb::PlanAddon {
    pb::PlanAddon {
        plan_id: stored.plan.to_string(),
        addon: Some(addon::to_proto(addon, now)),
        from_plan_phase: stored.terms.from_phase.clone(),
        max_quantity: stored.terms.max_quantity,
        validation_issues: issues(&compatibility(plan, addon, &stored.terms, now)),
        metadata: stored.terms.metadata.clone(),
        etag: chassis::etag::of(stored.revision),
        create_time: time(stored.create_time),
        update_time: time(stored.update_time),
        delete_time: optional_time(stored.delete_time),
    }
}

/// Reads the filters of a list.
pub fn filter(wire: &pb::ListPlanAddonsRequest) -> Result<Filter, CatalogError> {
    use pb::list_plan_addons_request::OrderBy;
    bounded("addon_ids", wire.addon_ids.len(), FILTER_COUNT_MAX)?;
    bounded("addon_keys", wire.addon_keys.len(), FILTER_COUNT_MAX)?;
    bounded("key_versions", wire.key_versions.len(), FILTER_COUNT_MAX)?;
    Ok(Filter {
        addon_ids: wire.addon_ids.clone(),
        addon_keys: wire.addon_keys.clone(),
        key_numbers: wire
            .key_versions
            .iter()
            .map(|pair| (pair.key.clone(), pair.version))
            .collect(),
        include_deleted: wire.include_deleted,
        sort: match at("order_by", OrderBy::try_from(wire.order_by))? {
            OrderBy::Unspecified | OrderBy::Id => Sort::Id,
            OrderBy::Key => Sort::Key,
            OrderBy::Version => Sort::Number,
            OrderBy::CreateTime => Sort::CreateTime,
            OrderBy::UpdateTime => Sort::UpdateTime,
        },
    })
}
