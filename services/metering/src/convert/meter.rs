//! Meters and holds.

use std::collections::{BTreeMap, BTreeSet};

use chassis::etag;
use contract::{
    convert::timestamp,
    metering::v1::{self as pb, list_meters_request::OrderBy, meter_hold::Reason, meter_ref::Ref},
};
use kernel::Timestamp;
use prost_types::FieldMask;

use super::{checked, from_time};
use crate::{
    domain::{
        aggregate::Aggregation,
        meter::{Hold, HoldReason, Meter, MeterDraft, MeterPatch},
    },
    error::MeteringError,
    store::meter::{MeterName, MeterOrder},
};

/// Longest id of a holder, in bytes.
const HOLDER_MAX: usize = 255;

/// Which meter is meant.
pub fn from_ref(field: &str, name: Option<&pb::MeterRef>) -> Result<MeterName, MeteringError> {
    let required = || MeteringError::invalid(field, "is required");
    let name = match name
        .and_then(|name| name.r#ref.clone())
        .ok_or_else(required)?
    {
        Ref::Id(id) => MeterName::Id(id),
        Ref::Slug(slug) => MeterName::Slug(slug),
        Ref::IdOrSlug(text) => MeterName::IdOrSlug(text),
    };
    if name.text().is_empty() {
        return Err(required());
    }
    checked(field, name.text(), 256)?;
    Ok(name)
}

/// The draft of a new meter.
pub fn from_new(meter: &pb::Meter) -> Result<MeterDraft, MeteringError> {
    Ok(MeterDraft {
        slug: meter.slug.clone(),
        name: meter.name.clone(),
        description: meter.description.clone(),
        event_type: meter.event_type.clone(),
        event_from: from_time("meter.event_from_time", meter.event_from_time.as_ref())?,
        aggregation: from_aggregation(meter.aggregation)?,
        value_property: meter.value_property.clone(),
        group_by: meter.group_by.clone(),
        metadata: meter.metadata.clone(),
    })
}

fn from_aggregation(wire: i32) -> Result<Option<Aggregation>, MeteringError> {
    use pb::meter::Aggregation as Wire;
    let wire = Wire::try_from(wire)
        .map_err(|_| MeteringError::invalid("meter.aggregation", "is unknown"))?;
    Ok(match wire {
        Wire::Unspecified => None,
        Wire::Sum => Some(Aggregation::Sum),
        Wire::Count => Some(Aggregation::Count),
        Wire::UniqueCount => Some(Aggregation::UniqueCount),
        Wire::Avg => Some(Aggregation::Avg),
        Wire::Min => Some(Aggregation::Min),
        Wire::Max => Some(Aggregation::Max),
        Wire::Latest => Some(Aggregation::Latest),
    })
}

const fn to_aggregation(aggregation: Aggregation) -> pb::meter::Aggregation {
    use pb::meter::Aggregation as Wire;
    match aggregation {
        Aggregation::Sum => Wire::Sum,
        Aggregation::Count => Wire::Count,
        Aggregation::UniqueCount => Wire::UniqueCount,
        Aggregation::Avg => Wire::Avg,
        Aggregation::Min => Wire::Min,
        Aggregation::Max => Wire::Max,
        Aggregation::Latest => Wire::Latest,
    }
}

/// What an update changes: the paths of the mask, or else the fields that are not empty.
pub fn from_update(
    meter: &pb::Meter,
    mask: Option<&FieldMask>,
) -> Result<MeterPatch, MeteringError> {
    let mut patch = MeterPatch::default();
    let paths = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
    let all = paths.iter().any(|path| path == "*");
    if paths.is_empty() {
        patch.name = Some(meter.name.clone()).filter(|name| !name.is_empty());
        patch.description = Some(meter.description.clone()).filter(|text| !text.is_empty());
        patch.group_by = Some(meter.group_by.clone()).filter(|paths| !paths.is_empty());
        patch.metadata = Some(meter.metadata.clone()).filter(|pairs| !pairs.is_empty());
        return Ok(patch);
    }
    if all || paths.iter().any(|path| path == "name") {
        patch.name = Some(meter.name.clone());
    }
    if all || paths.iter().any(|path| path == "description") {
        patch.description = Some(meter.description.clone());
    }
    if all || paths.iter().any(|path| path == "group_by") {
        patch.group_by = Some(meter.group_by.clone());
    }
    if all || paths.iter().any(|path| path == "metadata") {
        patch.metadata = Some(meter.metadata.clone());
    }
    for path in paths {
        match path.as_str() {
            "*" | "name" | "description" | "group_by" | "metadata" => {}
            "id" | "annotations" | "etag" | "create_time" | "update_time" | "delete_time" => {}
            "slug" | "event_type" | "event_from_time" | "aggregation" | "value_property" => {
                return Err(MeteringError::invalid(
                    "update_mask",
                    format!("{path} cannot be changed"),
                ));
            }
            unknown => {
                return Err(MeteringError::invalid(
                    "update_mask",
                    format!("{unknown} is no field of a meter"),
                ));
            }
        }
    }
    Ok(patch)
}

/// A meter for the wire.
pub fn to_proto(meter: &Meter) -> pb::Meter {
    pb::Meter {
        id: meter.id.to_string(),
        slug: meter.slug.as_str().to_owned(),
        name: meter.name.clone(),
        description: meter.description.clone(),
        event_type: meter.event_type.clone(),
        event_from_time: meter.event_from.map(timestamp),
        aggregation: to_aggregation(meter.measure.aggregation()).into(),
        value_property: meter
            .measure
            .path()
            .map(|path| path.as_str().to_owned())
            .unwrap_or_default(),
        group_by: meter
            .group_by
            .iter()
            .map(|(key, path)| (key.clone(), path.as_str().to_owned()))
            .collect(),
        metadata: meter.metadata.clone(),
        annotations: BTreeMap::new(),
        etag: etag::of(meter.revision),
        create_time: Some(timestamp(meter.create_time)),
        update_time: Some(timestamp(meter.update_time)),
        delete_time: meter.delete_time.map(timestamp),
    }
}

/// The sort column of a list.
pub fn from_order(wire: i32) -> Result<MeterOrder, MeteringError> {
    let wire =
        OrderBy::try_from(wire).map_err(|_| MeteringError::invalid("order_by", "is unknown"))?;
    Ok(match wire {
        OrderBy::Unspecified | OrderBy::Slug => MeterOrder::Slug,
        OrderBy::Name => MeterOrder::Name,
        OrderBy::Aggregation => MeterOrder::Aggregation,
        OrderBy::CreateTime => MeterOrder::CreateTime,
        OrderBy::UpdateTime => MeterOrder::UpdateTime,
    })
}

/// Why a meter is held.
pub fn from_reason(field: &str, wire: i32) -> Result<HoldReason, MeteringError> {
    match Reason::try_from(wire) {
        Ok(Reason::Feature) => Ok(HoldReason::Feature),
        Ok(Reason::Entitlement) => Ok(HoldReason::Entitlement),
        Ok(Reason::Unspecified) | Err(_) => Err(MeteringError::invalid(field, "is required")),
    }
}

/// Who holds a meter.
pub fn from_holder<'text>(field: &str, holder: &'text str) -> Result<&'text str, MeteringError> {
    if holder.is_empty() {
        return Err(MeteringError::invalid(field, "is required"));
    }
    checked(field, holder, HOLDER_MAX)
}

/// A hold that a field of a request says.
pub fn from_hold(field: &str, hold: &pb::MeterHold, now: Timestamp) -> Result<Hold, MeteringError> {
    let below = |part: &str| format!("{field}.{part}");
    Ok(Hold {
        reason: from_reason(&below("reason"), hold.reason)?,
        holder: from_holder(&below("holder_id"), &hold.holder_id)?.to_owned(),
        group_by_keys: hold
            .group_by_keys
            .iter()
            .cloned()
            .collect::<BTreeSet<String>>(),
        display_text: checked(&below("display_text"), &hold.display_text, 1_024)?.to_owned(),
        create_time: now,
    })
}

/// A hold for the wire.
pub fn to_hold(meter: &Meter, hold: &Hold) -> pb::MeterHold {
    pb::MeterHold {
        meter_id: meter.id.to_string(),
        reason: match hold.reason {
            HoldReason::Feature => Reason::Feature,
            HoldReason::Entitlement => Reason::Entitlement,
        }
        .into(),
        holder_id: hold.holder.clone(),
        group_by_keys: hold.group_by_keys.iter().cloned().collect(),
        display_text: hold.display_text.clone(),
        create_time: Some(timestamp(hold.create_time)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn mask(paths: &[&str]) -> FieldMask {
        FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }
    }

    #[test]
    fn a_mask_says_what_changes() {
        let meter = pb::Meter {
            name: "N".into(),
            ..pb::Meter::default()
        };
        let named = MeterPatch {
            name: Some("N".into()),
            ..MeterPatch::default()
        };
        assert_eq!(from_update(&meter, None).unwrap(), named);
        assert_eq!(
            from_update(&meter, Some(&mask(&["name", "update_time"]))).unwrap(),
            named
        );
        let all = MeterPatch {
            description: Some(String::new()),
            group_by: Some(BTreeMap::new()),
            metadata: Some(BTreeMap::new()),
            ..named
        };
        assert_eq!(from_update(&meter, Some(&mask(&["*"]))).unwrap(), all);
        assert!(from_update(&meter, Some(&mask(&["slug"]))).is_err());
        assert!(from_update(&meter, Some(&mask(&["nonsense"]))).is_err());
    }

    #[test]
    fn a_meter_survives_the_wire() {
        let wire = pb::Meter {
            slug: "tokens".into(),
            event_type: "prompt".into(),
            event_from_time: Some(prost_types::Timestamp {
                seconds: 1_700_000_000,
                nanos: 0,
            }),
            aggregation: pb::meter::Aggregation::UniqueCount.into(),
            value_property: "$['user']".into(),
            group_by: BTreeMap::from([("model".into(), "$.model".into())]),
            metadata: BTreeMap::from([("a".into(), "b".into())]),
            ..pb::Meter::default()
        };
        let now: Timestamp = "2025-01-01T00:00:00.000001Z".parse().unwrap();
        let id = kernel::id::MeterId::from_ulid(kernel::id::Ulid::nil());
        let there = to_proto(&Meter::new(id, from_new(&wire).unwrap(), now).unwrap());
        let back = to_proto(&Meter::new(id, from_new(&there).unwrap(), now).unwrap());
        assert_eq!(there, back);
        assert_eq!(
            (there.value_property.as_str(), there.name.as_str()),
            ("$['user']", "tokens")
        );
    }
}
