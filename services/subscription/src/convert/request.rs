//! What callers ask: timings, operations, and texts within their limits.

use contract::convert::from_optional_timestamp;
use contract::subscription::v1::{
    self as pb, edit_operation::Operation as Wire, remove_phase_operation::Shift as WireShift,
    timing::When,
};
use jiff::Timestamp;
use kernel::calendar::IsoDuration;
use kernel::id::SubscriptionId;
use kernel::key::ResourceKey;

use super::rate_card::{self, duration};
use crate::domain::edit::{Operation, Shift};
use crate::domain::lifecycle::Timing;
use crate::error::SubscriptionError;

/// Most operations of one edit.
pub const OPERATIONS_MAX: usize = 100;
const NAME_LENGTH_MAX: usize = 256;
const DESCRIPTION_LENGTH_MAX: usize = 1024;
const METADATA_MAX: usize = 50;
const NO_NUL: &str = "must not contain the character U+0000";

type Outcome<T> = Result<T, SubscriptionError>;

/// Reads the id of a subscription; a text that is none names nothing.
pub fn id(text: &str) -> Outcome<SubscriptionId> {
    if text.is_empty() {
        return Err(SubscriptionError::field("id", "is required"));
    }
    text.parse()
        .map_err(|_| SubscriptionError::NotFound(text.to_owned()))
}

/// Reads an id that may be absent.
pub fn optional_id<T: std::str::FromStr>(field: &str, text: &str) -> Outcome<Option<T>> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| SubscriptionError::field(field, "is not an id"))
}

/// Reads a timing; `None`: the default of the operation.
pub fn timing(timing: Option<&pb::Timing>) -> Outcome<Option<Timing>> {
    match timing.and_then(|timing| timing.when.as_ref()) {
        None => Ok(None),
        Some(When::Time(time)) => {
            let time = instant("timing.time", Some(time))?;
            Ok(time.map(Timing::At))
        }
        Some(When::Policy(policy)) => match pb::TimingPolicy::try_from(*policy) {
            Ok(pb::TimingPolicy::Unspecified) => Ok(None),
            Ok(pb::TimingPolicy::Immediate) => Ok(Some(Timing::Immediate)),
            Ok(pb::TimingPolicy::NextBillingCycle) => Ok(Some(Timing::NextBillingCycle)),
            Err(_) => Err(SubscriptionError::field("timing.policy", "is unknown")),
        },
    }
}

/// Reads an instant that may be absent.
pub fn instant(field: &str, time: Option<&prost_types::Timestamp>) -> Outcome<Option<Timestamp>> {
    from_optional_timestamp(time)
        .map_err(|error| SubscriptionError::field(field, error.to_string()))
}

/// Checks the texts that a caller may give to a subscription.
pub fn texts<'a>(
    name: &str,
    description: &str,
    metadata: impl ExactSizeIterator<Item = (&'a String, &'a String)>,
) -> Outcome<()> {
    limited("name", name, NAME_LENGTH_MAX)?;
    limited("description", description, DESCRIPTION_LENGTH_MAX)?;
    if metadata.len() > METADATA_MAX {
        return Err(SubscriptionError::field(
            "metadata",
            "must have at most 50 entries",
        ));
    }
    for (key, value) in metadata {
        if key.contains('\0') || value.contains('\0') {
            return Err(SubscriptionError::field("metadata", NO_NUL));
        }
    }
    Ok(())
}

/// Reads the operations of an edit.
pub fn operations(operations: Vec<pb::EditOperation>) -> Outcome<Vec<Operation>> {
    if operations.is_empty() {
        return Err(SubscriptionError::NoOperations);
    }
    if operations.len() > OPERATIONS_MAX {
        return Err(SubscriptionError::field(
            "operations",
            "must be at most 100",
        ));
    }
    operations
        .into_iter()
        .enumerate()
        .map(|(index, operation)| read_operation(operation, &format!("operations[{index}]")))
        .collect()
}

fn read_operation(operation: pb::EditOperation, path: &str) -> Outcome<Operation> {
    let at = |name: &str| format!("{path}.{name}");
    let operation = operation
        .operation
        .ok_or_else(|| SubscriptionError::field(path, "is required"))?;
    Ok(match operation {
        Wire::AddItem(add) => {
            let card = add
                .rate_card
                .ok_or_else(|| SubscriptionError::field(at("add_item.rate_card"), "is required"))?;
            let card = rate_card::from_proto(card, &at("add_item.rate_card"))?;
            Operation::AddItem {
                phase: present(add.phase_key, at("add_item.phase_key"))?,
                card: Box::new(card),
            }
        }
        Wire::RemoveItem(remove) => Operation::RemoveItem {
            phase: present(remove.phase_key, at("remove_item.phase_key"))?,
            item: present(remove.item_key, at("remove_item.item_key"))?,
        },
        Wire::AddPhase(add) => add_phase(add, &at("add_phase"))?,
        Wire::RemovePhase(remove) => Operation::RemovePhase {
            shift: match remove.shift() {
                WireShift::Next => Shift::Next,
                WireShift::Previous => Shift::Previous,
                WireShift::Unspecified => {
                    return Err(SubscriptionError::field(
                        at("remove_phase.shift"),
                        "is required",
                    ));
                }
            },
            phase: present(remove.phase_key, at("remove_phase.phase_key"))?,
        },
        Wire::StretchPhase(stretch) => Operation::StretchPhase {
            phase: present(stretch.phase_key, at("stretch_phase.phase_key"))?,
            by: duration(&stretch.extend_by_duration, || {
                at("stretch_phase.extend_by_duration")
            })?
            .ok_or_else(|| {
                SubscriptionError::field(at("stretch_phase.extend_by_duration"), "is required")
            })?,
        },
        Wire::UnscheduleEdit(pb::UnscheduleEditOperation {}) => Operation::UnscheduleEdit,
    })
}

fn add_phase(add: pb::AddPhaseOperation, path: &str) -> Outcome<Operation> {
    let at = |name: &str| format!("{path}.{name}");
    ResourceKey::parse(&add.key)
        .map_err(|error| SubscriptionError::field(at("key"), error.to_string()))?;
    limited(&at("name"), &add.name, NAME_LENGTH_MAX)?;
    limited(&at("description"), &add.description, DESCRIPTION_LENGTH_MAX)?;
    let length = duration(&add.duration, || at("duration"))?;
    if length
        .as_ref()
        .is_some_and(|length| !length.at_least_an_hour())
    {
        return Err(SubscriptionError::field(
            at("duration"),
            "must be at least one hour",
        ));
    }
    Ok(Operation::AddPhase {
        name: present(add.name, at("name"))?,
        start_after: duration(&add.start_after_duration, || at("start_after_duration"))?
            .unwrap_or_else(|| IsoDuration::from_days(0)),
        key: add.key,
        description: add.description,
        duration: length,
    })
}

fn present(text: String, field: String) -> Outcome<String> {
    if text.is_empty() {
        Err(SubscriptionError::field(field, "is required"))
    } else {
        Ok(text)
    }
}

fn limited(field: &str, text: &str, max: usize) -> Outcome<()> {
    if text.contains('\0') {
        return Err(SubscriptionError::field(field, NO_NUL));
    }
    if text.chars().count() > max {
        return Err(SubscriptionError::field(
            field,
            format!("must have at most {max} characters"),
        ));
    }
    Ok(())
}

/// Until when something is given away; `None`: until it is taken back.
pub fn promotional_end(
    span: Option<&pb::grant_promotional_term_request::Span>,
    now: Timestamp,
) -> Outcome<Option<Timestamp>> {
    use pb::grant_promotional_term_request::Span;
    match span {
        None => Ok(None),
        Some(Span::EndTime(time)) => {
            let end = instant("end_time", Some(time))?;
            if end.is_some_and(|end| end <= now) {
                return Err(SubscriptionError::field(
                    "end_time",
                    "must lie in the future",
                ));
            }
            Ok(end)
        }
        Some(Span::Duration(text)) => {
            let wrong = || SubscriptionError::field("duration", "must be a duration above zero");
            let length = IsoDuration::parse(text).map_err(|_| wrong())?;
            let end = length.add_to(now).map_err(|_| wrong())?;
            if end <= now {
                return Err(wrong());
            }
            Ok(Some(end))
        }
    }
}
