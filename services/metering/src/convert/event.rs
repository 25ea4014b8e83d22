//! Usage events, in and out.

use std::collections::HashSet;

use chassis::{Violation, db::micros};
use contract::{
    convert::{from_timestamp, timestamp},
    metering::v1::{self as pb, list_events_request::OrderBy},
};
use kernel::{Timestamp, calendar::IsoDuration};

use super::{at_most, checked, filter, from_time, required};
use crate::{
    domain::{
        event::{EventDraft, NewEvent},
        filter::TimeFilter,
    },
    error::MeteringError,
    store::{
        correction::Corrections,
        event::{EventList, EventOrder, OwnedIdentity, Place, StoredEvent},
    },
};

/// Most events of one call.
pub const EVENTS_MAX: usize = 10_000;
/// Most events that one call voids.
const VOIDS_MAX: usize = 1_000;
/// Longest reason, in characters.
const REASON_MAX: usize = 1_000;
/// Most violations that one answer lists.
const VIOLATIONS_MAX: usize = 100;
/// Most customers of one list.
const CUSTOMERS_MAX: usize = 100;

/// The events of a call in stored form, those that are dropped silently left out.
pub fn from_events(
    events: Vec<pb::UsageEvent>,
    max: usize,
    now: Timestamp,
) -> Result<Vec<NewEvent>, MeteringError> {
    at_most("events", &events, max)?;
    let mut valid = Vec::with_capacity(events.len());
    let mut violations = Vec::new();
    for (index, event) in events.into_iter().enumerate() {
        match from_event(event, now) {
            Ok(event) => valid.extend(event),
            Err(wrong) => violations.extend(
                wrong
                    .into_iter()
                    .map(|(field, text)| Violation::new(format!("events[{index}].{field}"), text)),
            ),
        }
        if violations.len() >= VIOLATIONS_MAX {
            violations.truncate(VIOLATIONS_MAX);
            break;
        }
    }
    if violations.is_empty() {
        Ok(valid)
    } else {
        Err(MeteringError::Invalid(violations))
    }
}

fn from_event(
    event: pb::UsageEvent,
    now: Timestamp,
) -> Result<Option<NewEvent>, Vec<(String, String)>> {
    let time = event.time.as_ref().map(from_timestamp).transpose();
    let draft = draft_of(event, time.as_ref().ok().copied().flatten());
    let checked = NewEvent::new(draft, now).map_err(|wrong| {
        wrong
            .into_iter()
            .map(|bad| (bad.field, bad.description))
            .collect()
    });
    match (checked, time) {
        (checked, Ok(_)) => checked,
        (Ok(_), Err(error)) => Err(vec![("time".to_owned(), error.to_string())]),
        (Err(wrong), Err(error)) => {
            let mut wrong: Vec<(String, String)> = wrong;
            wrong.push(("time".to_owned(), error.to_string()));
            Err(wrong)
        }
    }
}

fn draft_of(event: pb::UsageEvent, time: Option<Timestamp>) -> EventDraft {
    EventDraft {
        id: event.id,
        source: event.source,
        kind: event.r#type,
        subject: event.subject,
        time,
        data: event.data,
    }
}

/// The identities of events to void, each once.
pub fn from_refs(refs: &[pb::EventRef]) -> Result<Vec<OwnedIdentity>, MeteringError> {
    at_most("events", refs, VOIDS_MAX)?;
    if refs.is_empty() {
        return Err(MeteringError::invalid("events", "is required"));
    }
    let mut seen = HashSet::new();
    for (index, event) in refs.iter().enumerate() {
        let field = format!("events[{index}]");
        if !seen.insert(from_event_ref(&field, Some(event))?) {
            return Err(MeteringError::invalid(field, "is named twice"));
        }
    }
    // A stable order: calls that run side by side wait for, and never deadlock with, each other.
    let mut identities: Vec<OwnedIdentity> = seen.into_iter().collect();
    identities.sort_unstable();
    Ok(identities)
}

/// The identity of an event.
pub fn from_event_ref(
    field: &str,
    event: Option<&pb::EventRef>,
) -> Result<OwnedIdentity, MeteringError> {
    let event = required(field, event)?;
    for (name, text) in [("source", &event.source), ("id", &event.id)] {
        let field = format!("{field}.{name}");
        if checked(&field, text, 4_096)?.is_empty() {
            return Err(MeteringError::invalid(field, "is required"));
        }
    }
    Ok((event.source.clone(), event.id.clone()))
}

/// Why events are corrected.
pub fn from_reason(reason: &str) -> Result<&str, MeteringError> {
    if reason.trim().is_empty() {
        return Err(MeteringError::invalid("reason", "is required"));
    }
    if reason.chars().count() > REASON_MAX || reason.contains('\0') {
        return Err(MeteringError::invalid(
            "reason",
            format!("must be at most {REASON_MAX} characters without a NUL"),
        ));
    }
    Ok(reason)
}

/// An event that counts instead of another. What it leaves open is taken from the other.
pub fn from_replacement(event: Option<&pb::UsageEvent>) -> Result<EventDraft, MeteringError> {
    let event = required("replacement", event)?;
    let time = from_time("replacement.time", event.time.as_ref())?;
    Ok(draft_of(event.clone(), time))
}

/// What a list asks for at `now`, but its customers.
pub fn from_list(
    request: &pb::ListEventsRequest,
    now: Timestamp,
) -> Result<EventList, MeteringError> {
    at_most("customer_ids", &request.customer_ids, CUSTOMERS_MAX)?;
    let mut time = filter::from_time("time", request.time.as_ref())?;
    let ingest_time = filter::from_time("ingest_time", request.ingest_time.as_ref())?;
    let order = match OrderBy::try_from(request.order_by) {
        Ok(OrderBy::Unspecified) if time.is_any() && !ingest_time.is_any() => {
            EventOrder::IngestTime
        }
        Ok(OrderBy::Unspecified | OrderBy::Time) => EventOrder::Time,
        Ok(OrderBy::IngestTime) => EventOrder::IngestTime,
        Err(_) => return Err(MeteringError::invalid("order_by", "is unknown")),
    };
    if !request.lookback_duration.is_empty() {
        let oldest = micros(oldest(&request.lookback_duration, now)?);
        for (field, filter) in [("time", &time), ("ingest_time", &ingest_time)] {
            if filter.start().is_some_and(|start| start < oldest) {
                return Err(MeteringError::invalid(field, "from date is too old"));
            }
        }
        if time.start().is_none() && ingest_time.is_any() {
            time = TimeFilter::All(vec![time, TimeFilter::From(oldest)]);
        }
    }
    Ok(EventList {
        id: filter::from_text("id", request.id.as_ref())?,
        source: filter::from_text("source", request.source.as_ref())?,
        kind: filter::from_text("type", request.r#type.as_ref())?,
        subject: filter::from_text("subject", request.subject.as_ref())?,
        subjects: None,
        time,
        ingest_time,
        order,
    })
}

/// Where a list begins that reaches back no further than `lookback`.
fn oldest(lookback: &str, now: Timestamp) -> Result<Timestamp, MeteringError> {
    IsoDuration::parse(lookback)
        .ok()
        .filter(|duration| !duration.is_negative())
        .and_then(|duration| duration.negated().add_to(now).ok())
        .ok_or_else(|| {
            MeteringError::invalid("lookback_duration", "is not an ISO 8601 span before now")
        })
}

/// The place that a cursor names.
pub fn from_cursor(cursor: &pb::EventCursor) -> Result<Place, MeteringError> {
    let time = from_time("after.time", cursor.time.as_ref())?;
    Ok(Place {
        time: micros(*required("after.time", time.as_ref())?),
        id: checked("after.id", &cursor.id, 4_096)?.to_owned(),
        source: Some(checked("after.source", &cursor.source, 4_096)?.to_owned())
            .filter(|source| !source.is_empty()),
    })
}

fn to_ref(identity: &OwnedIdentity) -> pb::EventRef {
    let (source, id) = identity.clone();
    pb::EventRef { source, id }
}

/// A stored event for the wire, with what corrections say about it.
pub fn to_proto(
    event: StoredEvent,
    about: &Corrections,
    customer_id: String,
    validation_error: Option<String>,
) -> pb::IngestedEvent {
    let correction = about.of.get(&event.seq);
    let state = match correction {
        None => pb::ingested_event::State::Active,
        Some(_) => pb::ingested_event::State::Voided,
    };
    pb::IngestedEvent {
        state: state.into(),
        correction: correction.map(|correction| pb::EventCorrection {
            reason: correction.reason.clone(),
            actor: correction.actor.clone(),
            correct_time: Some(timestamp(correction.time)),
            replacement: correction.replacement.as_ref().map(to_ref),
        }),
        replaces: about.replaced.get(&event.seq).map(to_ref),
        event: Some(pb::UsageEvent {
            id: event.id,
            source: event.source,
            r#type: event.kind,
            subject: event.subject,
            time: Some(timestamp(event.time)),
            data: event.data.unwrap_or_default(),
        }),
        customer_id,
        validation_error: validation_error.unwrap_or_default(),
        ingest_time: Some(timestamp(kernel::calendar::floor_to_second(
            event.ingest_time,
        ))),
        store_time: Some(timestamp(event.store_time)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use chassis::Problem as _;

    use super::*;

    #[test]
    fn a_bad_event_refuses_the_call_and_is_named() {
        let good = pb::UsageEvent {
            id: "1".into(),
            source: "s".into(),
            r#type: "t".into(),
            subject: "c".into(),
            ..pb::UsageEvent::default()
        };
        let now: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
        let no_subject = pb::UsageEvent {
            subject: String::new(),
            ..good.clone()
        };
        let bad_time = pb::UsageEvent {
            time: Some(prost_types::Timestamp {
                seconds: 0,
                nanos: -1,
            }),
            ..good.clone()
        };
        let error =
            from_events(vec![good.clone(), no_subject, bad_time], EVENTS_MAX, now).unwrap_err();
        let fields: Vec<String> = error
            .violations()
            .into_iter()
            .map(|violation| violation.field)
            .collect();
        assert_eq!(fields, ["events[1].subject", "events[2].time"]);
        let old = pb::UsageEvent {
            time: Some(prost_types::Timestamp {
                seconds: 0,
                nanos: 5,
            }),
            ..good.clone()
        };
        assert_eq!(
            from_events(vec![good.clone(), old], EVENTS_MAX, now)
                .unwrap()
                .len(),
            1
        );
        assert!(from_events(vec![good.clone(), good], 1, now).is_err());
    }
}
