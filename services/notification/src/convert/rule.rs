//! Rules.

use chassis::mask::Mask;
use contract::convert::decimal as to_decimal;
use contract::notification::v1 as pb;
use kernel::id::ChannelId;

use super::{FILTER_COUNT_MAX, at, bounded, optional_time, parse_id, time};
use crate::{
    domain::rule::{EventType, FEATURE_COUNT_MAX, RuleSpec, Threshold, ThresholdKind},
    error::NotificationError,
    store::rule::{Filter, Rule, Sort},
};

/// What an update may change.
const CHANGEABLE: [&str; 6] = [
    "name",
    "channels",
    "features",
    "thresholds",
    "disabled",
    "metadata",
];
/// What is output only; ignored in an update.
const IGNORED: [&str; 5] = ["id", "event_type", "etag", "create_time", "update_time"];

/// What an update of a rule changes. Features are handles that are still to be looked up.
pub struct Changes {
    /// The rule with its old features.
    pub spec: RuleSpec,
    /// The new features, if they change.
    pub features: Option<Vec<String>>,
}

/// Reads a rule as a user sends it, but for its features.
pub fn from_proto(wire: &pb::Rule) -> Result<RuleSpec, NotificationError> {
    Ok(RuleSpec {
        event: event("rule.event_type", wire.event_type())?,
        name: wire.name.clone(),
        channels: channels(wire)?,
        features: Vec::new(),
        thresholds: thresholds(wire)?,
        disabled: wire.disabled,
        metadata: wire.metadata.clone(),
    })
}

/// The handles, ids or keys, of the features that a rule names.
pub fn features(wire: &pb::Rule) -> Result<Vec<String>, NotificationError> {
    bounded("rule.features", wire.features.len(), FEATURE_COUNT_MAX)?;
    wire.features
        .iter()
        .map(
            |feature| match (feature.id.as_str(), feature.key.as_str()) {
                ("", "") => Err(NotificationError::invalid(
                    "rule.features",
                    "must not be empty",
                )),
                ("", handle) | (handle, _) => Ok(handle.to_owned()),
            },
        )
        .collect()
}

/// The stored rule with what an update request changes.
pub fn updated(
    stored: &Rule,
    wire: &pb::Rule,
    mask: Option<&prost_types::FieldMask>,
) -> Result<Changes, NotificationError> {
    let mask = Mask::from_proto(mask, &CHANGEABLE, &IGNORED)?;
    let mut spec = stored.spec.clone();
    if wire.event_type != 0 && event("rule.event_type", wire.event_type())? != spec.event {
        return Err(NotificationError::invalid(
            "rule.event_type",
            "cannot be changed",
        ));
    }
    if mask.changes("name", !wire.name.is_empty()) {
        spec.name.clone_from(&wire.name);
    }
    if mask.changes("channels", !wire.channels.is_empty()) {
        spec.channels = channels(wire)?;
    }
    if mask.changes("thresholds", !wire.thresholds.is_empty()) {
        spec.thresholds = thresholds(wire)?;
    }
    if mask.changes("disabled", wire.disabled) {
        spec.disabled = wire.disabled;
    }
    if mask.changes("metadata", !wire.metadata.is_empty()) {
        spec.metadata.clone_from(&wire.metadata);
    }
    let changed = mask.changes("features", !wire.features.is_empty());
    Ok(Changes {
        spec,
        features: changed.then(|| features(wire)).transpose()?,
    })
}

/// Reads an event type, which a request must name.
pub fn event(field: &str, wire: pb::EventType) -> Result<EventType, NotificationError> {
    match wire {
        pb::EventType::BalanceThreshold => Ok(EventType::BalanceThreshold),
        pb::EventType::EntitlementReset => Ok(EventType::EntitlementReset),
        pb::EventType::InvoiceCreated => Ok(EventType::InvoiceCreated),
        pb::EventType::InvoiceUpdated => Ok(EventType::InvoiceUpdated),
        pb::EventType::Unspecified => Err(NotificationError::invalid(field, "is required")),
    }
}

fn channels(wire: &pb::Rule) -> Result<Vec<ChannelId>, NotificationError> {
    wire.channels
        .iter()
        .map(|channel| parse_id("rule.channels", &channel.id))
        .collect()
}

fn thresholds(wire: &pb::Rule) -> Result<Vec<Threshold>, NotificationError> {
    use pb::threshold::Type;
    let threshold = |(index, threshold): (usize, &pb::Threshold)| {
        let field = |name: &str| format!("rule.thresholds[{index}].{name}");
        let kind = match threshold.r#type() {
            Type::Number => ThresholdKind::Number,
            Type::Percent => ThresholdKind::Percent,
            Type::UsageValue => ThresholdKind::UsageValue,
            Type::UsagePercentage => ThresholdKind::UsagePercentage,
            Type::BalanceValue => ThresholdKind::BalanceValue,
            Type::Unspecified => {
                return Err(NotificationError::invalid(field("type"), "is required"));
            }
        };
        let value = contract::convert::from_required_decimal(threshold.value.as_ref());
        Ok(Threshold {
            kind,
            value: at(&field("value"), value)?,
        })
    };
    wire.thresholds.iter().enumerate().map(threshold).collect()
}

/// An event type for the wire.
pub fn to_event(event: EventType) -> pb::EventType {
    match event {
        EventType::BalanceThreshold => pb::EventType::BalanceThreshold,
        EventType::EntitlementReset => pb::EventType::EntitlementReset,
        EventType::InvoiceCreated => pb::EventType::InvoiceCreated,
        EventType::InvoiceUpdated => pb::EventType::InvoiceUpdated,
    }
}

/// A threshold for the wire.
pub fn threshold(threshold: &Threshold) -> pb::Threshold {
    use pb::threshold::Type;
    let kind = match threshold.kind {
        ThresholdKind::Number => Type::Number,
        ThresholdKind::Percent => Type::Percent,
        ThresholdKind::UsageValue => Type::UsageValue,
        ThresholdKind::UsagePercentage => Type::UsagePercentage,
        ThresholdKind::BalanceValue => Type::BalanceValue,
    };
    pb::Threshold {
        r#type: kind.into(),
        value: Some(to_decimal(threshold.value)),
    }
}

/// A stored rule for the wire.
pub fn to_proto(rule: &Rule) -> pb::Rule {
    let spec = &rule.spec;
    let channel = |id: &ChannelId| pb::RuleChannel {
        id: id.to_string(),
        r#type: pb::rule_channel::Type::Webhook.into(),
    };
    pb::Rule {
        id: rule.id.to_string(),
        event_type: to_event(spec.event).into(),
        name: spec.name.clone(),
        channels: spec.channels.iter().map(channel).collect(),
        features: spec
            .features
            .iter()
            .map(|feature| pb::RuleFeature {
                id: feature.id.to_string(),
                key: feature.key.clone(),
            })
            .collect(),
        thresholds: spec.thresholds.iter().map(threshold).collect(),
        disabled: spec.disabled,
        metadata: spec.metadata.clone(),
        etag: chassis::etag::of(rule.revision),
        create_time: time(rule.create_time),
        update_time: time(rule.update_time),
        delete_time: optional_time(rule.delete_time),
    }
}

/// Reads the filters of a list.
pub fn filter(wire: &pb::ListRulesRequest) -> Result<Filter, NotificationError> {
    use pb::list_rules_request::OrderBy;
    bounded("features", wire.features.len(), FILTER_COUNT_MAX)?;
    bounded("channel_ids", wire.channel_ids.len(), FILTER_COUNT_MAX)?;
    Ok(Filter {
        include_disabled: wire.include_disabled,
        include_deleted: wire.include_deleted,
        features: wire.features.clone(),
        channels: wire.channel_ids.clone(),
        sort: match at("order_by", OrderBy::try_from(wire.order_by))? {
            OrderBy::Unspecified | OrderBy::Id => Sort::Id,
            OrderBy::Type => Sort::Type,
            OrderBy::CreateTime => Sort::CreateTime,
            OrderBy::UpdateTime => Sort::UpdateTime,
        },
    })
}
