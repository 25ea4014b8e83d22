//! What the operations on subscriptions take: timing, plan references, and the operations of
//! an edit (catalog text §10 and §11).

use contract::subscription::v1 as pb;
use serde::{Deserialize, Deserializer};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::decode::union;
use super::rate_cards::{Discounts, RateCard};
use super::scalars::{Key, Time};

/// When something happens: at once, with the next billing cycle, or at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubscriptionTiming {
    /// At once.
    Immediate,
    /// With the next billing cycle.
    NextBillingCycle,
    /// At this instant.
    At(Time),
}

impl SubscriptionTiming {
    pub(crate) fn into_proto(self) -> pb::Timing {
        use pb::timing::When;
        let when = match self {
            Self::Immediate => When::Policy(pb::TimingPolicy::Immediate.into()),
            Self::NextBillingCycle => When::Policy(pb::TimingPolicy::NextBillingCycle.into()),
            Self::At(time) => When::Time(time.into()),
        };
        pb::Timing { when: Some(when) }
    }
}

impl<'de> Deserialize<'de> for SubscriptionTiming {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        match text.as_str() {
            "immediate" => Ok(Self::Immediate),
            "next_billing_cycle" => Ok(Self::NextBillingCycle),
            other => Time::parse(other).map(Self::At).ok_or_else(|| {
                serde::de::Error::custom(
                    "must be immediate, next_billing_cycle or an RFC 3339 time",
                )
            }),
        }
    }
}

impl PartialSchema for SubscriptionTiming {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some(["immediate", "next_billing_cycle"])),
            )
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))),
            )
            .into()
    }
}

impl ToSchema for SubscriptionTiming {}

/// A plan to subscribe to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanReferenceInput {
    key: Key,
    version: Option<i32>,
}

impl PlanReferenceInput {
    pub(crate) fn into_proto(self) -> pb::PlanSelector {
        pb::PlanSelector {
            key: self.key.into(),
            version: self.version.unwrap_or_default(),
        }
    }
}

/// Adds an item to a phase.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddItem {
    phase_key: String,
    rate_card: RateCard,
}

/// Ends or removes an item of a phase.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemoveItem {
    phase_key: String,
    item_key: String,
}

/// Adds a phase.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddPhase {
    phase: SubscriptionPhaseCreate,
}

/// A phase to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionPhaseCreate {
    /// Null for the start of the subscription.
    start_after: Option<String>,
    duration: Option<String>,
    #[expect(dead_code, reason = "accepted and ignored, catalog text §9.6")]
    discounts: Option<Discounts>,
    key: Key,
    name: String,
    description: Option<String>,
}

/// What follows a removed phase.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RemovePhaseShifting {
    /// Later phases move earlier.
    Next,
    /// The phase before goes on.
    Prev,
}

/// Removes a phase.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemovePhase {
    phase_key: String,
    shift: RemovePhaseShifting,
}

/// Makes a phase longer or shorter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StretchPhase {
    phase_key: String,
    extend_by: String,
}

/// Drops what is scheduled in the current phase.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnscheduleEdit {}

/// One operation of an edit.
#[derive(Debug, ToSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
#[schema(as = SubscriptionEditOperation)]
pub(crate) enum EditOperation {
    /// Adds an item to a phase.
    AddItem(Box<AddItem>),
    /// Ends or removes an item of a phase.
    RemoveItem(RemoveItem),
    /// Adds a phase.
    AddPhase(AddPhase),
    /// Removes a phase.
    RemovePhase(RemovePhase),
    /// Makes a phase longer or shorter.
    StretchPhase(StretchPhase),
    /// Drops what is scheduled in the current phase.
    UnscheduleEdit(UnscheduleEdit),
}
union!(EditOperation by "op" {
    "add_item" => AddItem, "remove_item" => RemoveItem, "add_phase" => AddPhase,
    "remove_phase" => RemovePhase, "stretch_phase" => StretchPhase,
    "unschedule_edit" => UnscheduleEdit,
});

impl EditOperation {
    pub(crate) fn into_proto(self) -> pb::EditOperation {
        use pb::edit_operation::Operation;
        use pb::remove_phase_operation::Shift;
        let operation = match self {
            Self::AddItem(add) => Operation::AddItem(pb::AddItemOperation {
                phase_key: add.phase_key,
                rate_card: Some(add.rate_card.into_proto()),
            }),
            Self::RemoveItem(remove) => Operation::RemoveItem(pb::RemoveItemOperation {
                phase_key: remove.phase_key,
                item_key: remove.item_key,
            }),
            Self::AddPhase(AddPhase { phase }) => Operation::AddPhase(pb::AddPhaseOperation {
                key: phase.key.into(),
                name: phase.name,
                description: phase.description.unwrap_or_default(),
                start_after_duration: phase.start_after.unwrap_or_default(),
                duration: phase.duration.unwrap_or_default(),
            }),
            Self::RemovePhase(remove) => Operation::RemovePhase(pb::RemovePhaseOperation {
                phase_key: remove.phase_key,
                shift: match remove.shift {
                    RemovePhaseShifting::Next => Shift::Next,
                    RemovePhaseShifting::Prev => Shift::Previous,
                }
                .into(),
            }),
            Self::StretchPhase(stretch) => Operation::StretchPhase(pb::StretchPhaseOperation {
                phase_key: stretch.phase_key,
                extend_by_duration: stretch.extend_by,
            }),
            Self::UnscheduleEdit(UnscheduleEdit {}) => {
                Operation::UnscheduleEdit(pb::UnscheduleEditOperation {})
            }
        };
        pb::EditOperation {
            operation: Some(operation),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_json;
    use serde_json::json;

    #[test]
    fn timing_is_a_word_or_an_instant() {
        let read = |text: &str| from_json::<SubscriptionTiming>(&json!(text));
        assert_eq!(read("immediate").unwrap(), SubscriptionTiming::Immediate);
        assert!(matches!(
            read("2024-01-01T00:00:00Z").unwrap(),
            SubscriptionTiming::At(_)
        ));
        assert!(read("soon").is_err());
    }

    #[test]
    fn operations_are_told_apart_by_their_word() {
        use pb::edit_operation::Operation;
        let read = |value| {
            from_json::<EditOperation>(&value)
                .unwrap()
                .into_proto()
                .operation
                .unwrap()
        };
        assert!(matches!(
            read(json!({"op": "stretch_phase", "phaseKey": "p", "extendBy": "P1M"})),
            Operation::StretchPhase(stretch) if stretch.extend_by_duration == "P1M"
        ));
        assert!(matches!(
            read(json!({"op": "unschedule_edit"})),
            Operation::UnscheduleEdit(_)
        ));
        let error = from_json::<EditOperation>(&json!({
            "op": "remove_phase", "phaseKey": "p", "shift": "up",
        }))
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "shift: must be one of next, prev, not \"up\""
        );
    }
}
