//! Add-ons.

use chassis::mask::Mask;
use contract::catalog::v1 as pb;
use jiff::Timestamp;
use kernel::id::AddonId;

use super::{
    FILTER_COUNT_MAX, at, bounded, currency, issues, optional_text, optional_time, parse_id,
    plan::selection, rate_card, required, time,
};
use crate::{
    domain::{
        addon::{AddonBody, AddonSpec, InstanceType},
        field::Field,
        issue::{Issue, IssueCode},
        versioning::{Offer, State},
    },
    error::{CatalogError, OfferKind},
    store::offer::{AddonVersion, Filter, OfferRef, Sort},
};

/// What an update may change.
const CHANGEABLE: [&str; 5] = [
    "name",
    "description",
    "metadata",
    "instance_type",
    "rate_cards",
];
/// What is output only, or fixed by the id; ignored in an update.
const IGNORED: [&str; 11] = [
    "id",
    "key",
    "version",
    "currency_code",
    "effective_from_time",
    "effective_to_time",
    "state",
    "validation_issues",
    "etag",
    "create_time",
    "update_time",
];

/// Reads an add-on as a user sends it. Defaults that depend on other fields are filled in.
pub fn from_proto(wire: &pb::Addon) -> Result<AddonSpec, CatalogError> {
    let mut body = AddonBody {
        name: wire.name.clone(),
        description: optional_text(&wire.description),
        metadata: wire.metadata.clone(),
        instance_type: instance_type(wire)?,
        rate_cards: rate_card::list_from_proto("addon", &wire.rate_cards)?,
    };
    body.fill_defaults();
    Ok(Offer {
        key: wire.key.clone(),
        currency: currency("addon.currency_code", &wire.currency_code)?,
        body,
    })
}

/// An unknown instance type is a coded issue, not merely a bad field.
fn instance_type(wire: &pb::Addon) -> Result<InstanceType, CatalogError> {
    match wire.instance_type() {
        pb::addon::InstanceType::Single => Ok(InstanceType::Single),
        pb::addon::InstanceType::Multiple => Ok(InstanceType::Multiple),
        pb::addon::InstanceType::Unspecified => Err(CatalogError::InvalidOffer {
            kind: OfferKind::Addon,
            issues: vec![Issue::new(
                IssueCode::AddonInvalidInstanceType,
                Field::root().property("instanceType"),
            )],
        }),
    }
}

/// The stored add-on with what an update request changes.
pub fn updated(
    stored: &AddonSpec,
    wire: &pb::Addon,
    mask: Option<&prost_types::FieldMask>,
) -> Result<AddonSpec, CatalogError> {
    let mask = Mask::from_proto(mask, &CHANGEABLE, &IGNORED)?;
    let mut spec = stored.clone();
    let body = &mut spec.body;
    if mask.changes("name", !wire.name.is_empty()) {
        body.name.clone_from(&wire.name);
    }
    if mask.changes("description", !wire.description.is_empty()) {
        body.description = optional_text(&wire.description);
    }
    if mask.changes("metadata", !wire.metadata.is_empty()) {
        body.metadata.clone_from(&wire.metadata);
    }
    if mask.changes("instance_type", wire.instance_type != 0) {
        body.instance_type = instance_type(wire)?;
    }
    if mask.changes("rate_cards", !wire.rate_cards.is_empty()) {
        body.rate_cards = rate_card::list_from_proto("addon", &wire.rate_cards)?;
        body.fill_defaults();
    }
    Ok(spec)
}

/// A stored add-on for the wire, with its state and issues at `now`.
pub fn to_proto(addon: &AddonVersion, now: Timestamp) -> pb::Addon {
    let body = &addon.offer.body;
    let instance_type = match body.instance_type {
        InstanceType::Single => pb::addon::InstanceType::Single,
        InstanceType::Multiple => pb::addon::InstanceType::Multiple,
    };
    let state = match addon.effective.addon_state(now) {
        State::Draft => pb::addon::State::Draft,
        State::Scheduled | State::Active => pb::addon::State::Active,
        State::Archived => pb::addon::State::Archived,
    };
    pb::Addon {
        id: addon.id.to_string(),
        key: addon.offer.key.clone(),
        version: addon.number,
        name: body.name.clone(),
        description: body.description.clone().unwrap_or_default(),
        currency_code: addon.offer.currency.code().to_owned(),
        instance_type: instance_type.into(),
        rate_cards: body.rate_cards.iter().map(rate_card::to_proto).collect(),
        effective_from_time: optional_time(addon.effective.from),
        effective_to_time: optional_time(addon.effective.to),
        state: state.into(),
        validation_issues: issues(&addon.offer.issues()),
        metadata: body.metadata.clone(),
        etag: chassis::etag::of(addon.revision),
        create_time: time(addon.create_time),
        update_time: time(addon.update_time),
        delete_time: optional_time(addon.delete_time),
    }
}

/// Reads what an add-on version is found by.
pub fn reference(
    field: &str,
    wire: Option<&pb::AddonRef>,
) -> Result<OfferRef<AddonId>, CatalogError> {
    use pb::addon_ref::Ref;
    let wire = required(field, wire)?;
    let selection = selection(field, wire.version, wire.latest)?;
    let by_key = |key: &String| OfferRef::Key(key.clone(), selection);
    Ok(match required(field, wire.r#ref.as_ref())? {
        Ref::Id(text) => OfferRef::Id(parse_id(&format!("{field}.id"), text)?),
        Ref::Key(key) => by_key(key),
        // What reads as a ULID is an id and only an id.
        Ref::IdOrKey(text) => text.parse().map_or_else(|_| by_key(text), OfferRef::Id),
    })
}

/// Reads the filters of a list.
pub fn filter(wire: &pb::ListAddonsRequest) -> Result<Filter, CatalogError> {
    use pb::list_addons_request::OrderBy;
    bounded("ids", wire.ids.len(), FILTER_COUNT_MAX)?;
    bounded("keys", wire.keys.len(), FILTER_COUNT_MAX)?;
    bounded("key_versions", wire.key_versions.len(), FILTER_COUNT_MAX)?;
    bounded(
        "currency_codes",
        wire.currency_codes.len(),
        FILTER_COUNT_MAX,
    )?;
    let mut states = Vec::new();
    for state in wire.states() {
        match state {
            pb::addon::State::Draft => states.push(State::Draft),
            pb::addon::State::Active => states.extend([State::Active, State::Scheduled]),
            pb::addon::State::Archived => states.push(State::Archived),
            pb::addon::State::Unspecified => {
                return Err(CatalogError::invalid("states", "is not a known state"));
            }
        }
    }
    Ok(Filter {
        ids: wire.ids.clone(),
        keys: wire.keys.clone(),
        key_numbers: wire
            .key_versions
            .iter()
            .map(|pair| (pair.key.clone(), pair.version))
            .collect(),
        currencies: wire.currency_codes.clone(),
        states,
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
