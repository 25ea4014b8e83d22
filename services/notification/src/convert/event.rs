//! Events and their deliveries.

use contract::notification::v1 as pb;
use kernel::id::{ChannelId, EventId};

use super::{FILTER_COUNT_MAX, at, bounded, optional_time, parse_id, rule, time};
use crate::{
    domain::{delivery::State, rule::EventType},
    error::NotificationError,
    store::{
        delivery::{Attempt, Delivery},
        event::{Event, Filter},
        rule::Rule,
    },
};

/// An event for the wire, with its rule and deliveries where they are wanted.
pub fn to_proto(event: &Event, rule: Option<&Rule>, deliveries: Vec<Delivery>) -> pb::Event {
    let about = event.about.clone();
    pb::Event {
        id: event.id.to_string(),
        event_type: rule::to_event(event.event).into(),
        rule: rule.map(rule::to_proto),
        create_time: time(event.create_time),
        sequence: event.sequence,
        object: event.object.clone(),
        object_sequence: event.object_sequence,
        deliveries: deliveries.into_iter().map(delivery).collect(),
        body_json: event.body.clone(),
        threshold: event.threshold.as_ref().map(rule::threshold),
        entitlement_id: about.entitlement_id,
        customer_id: about.customer_id,
        customer_key: about.customer_key,
        subject_id: about.subject_id,
        subject_key: about.subject_key,
        feature_id: about.feature_id,
        feature_key: about.feature_key,
        invoice_id: about.invoice_id,
        invoice_number: about.invoice_number,
        dedupe_hash: event.dedupe_hash.clone(),
        test: event.test,
    }
}

/// An event as the feed tells of it: without its body, which may name people.
pub fn for_feed(event: &Event) -> pb::Event {
    pb::Event {
        body_json: String::new(),
        ..to_proto(event, None, Vec::new())
    }
}

fn delivery(delivery: Delivery) -> pb::Delivery {
    pb::Delivery {
        channel_id: delivery.channel.to_string(),
        state: state(delivery.state).into(),
        reason: delivery.reason,
        update_time: time(delivery.update_time),
        next_attempt_time: optional_time(delivery.next_attempt),
        attempts: delivery.attempts.into_iter().map(attempt).collect(),
        resend_time: optional_time(delivery.resend_time),
    }
}

fn attempt(attempt: Attempt) -> pb::DeliveryAttempt {
    pb::DeliveryAttempt {
        state: state(attempt.state).into(),
        attempt_time: time(attempt.time),
        status_code: attempt.status_code.into(),
        response_body: attempt.body,
        duration_ms: attempt.duration_ms,
        url: attempt.url,
    }
}

fn state(state: State) -> pb::DeliveryState {
    match state {
        State::Pending => pb::DeliveryState::Pending,
        State::Sending => pb::DeliveryState::Sending,
        State::Success => pb::DeliveryState::Success,
        State::Failed => pb::DeliveryState::Failed,
        State::Resending => pb::DeliveryState::Resending,
    }
}

fn from_state(wire: i32) -> Result<State, NotificationError> {
    match at("delivery_states", pb::DeliveryState::try_from(wire))? {
        pb::DeliveryState::Pending => Ok(State::Pending),
        pb::DeliveryState::Sending => Ok(State::Sending),
        pb::DeliveryState::Success => Ok(State::Success),
        pb::DeliveryState::Failed => Ok(State::Failed),
        pb::DeliveryState::Resending => Ok(State::Resending),
        pb::DeliveryState::Unspecified => Err(NotificationError::invalid(
            "delivery_states",
            "must name a state",
        )),
    }
}

/// Reads event types of a filter.
pub fn event_types(wire: &[i32]) -> Result<Vec<EventType>, NotificationError> {
    bounded("event_types", wire.len(), FILTER_COUNT_MAX)?;
    let read = |value: &i32| {
        let event = at("event_types", pb::EventType::try_from(*value))?;
        rule::event("event_types", event)
    };
    wire.iter().map(read).collect()
}

/// Reads the filters of a list.
pub fn filter(wire: &pb::ListEventsRequest) -> Result<Filter, NotificationError> {
    use pb::list_events_request::OrderBy;
    for (field, count) in [
        ("features", wire.features.len()),
        ("subjects", wire.subjects.len()),
        ("rule_ids", wire.rule_ids.len()),
        ("channel_ids", wire.channel_ids.len()),
        ("delivery_states", wire.delivery_states.len()),
    ] {
        bounded(field, count, FILTER_COUNT_MAX)?;
    }
    let instant = |field, wire: Option<&prost_types::Timestamp>| {
        at(
            field,
            wire.map(contract::convert::from_timestamp).transpose(),
        )
    };
    let from = instant("start_time", wire.start_time.as_ref())?;
    let until = instant("last_time", wire.last_time.as_ref())?;
    if let (Some(from), Some(until)) = (from, until)
        && from > until
    {
        return Err(NotificationError::invalid(
            "start_time",
            "must not be after last_time",
        ));
    }
    Ok(Filter {
        from,
        until,
        features: wire.features.clone(),
        subjects: wire.subjects.clone(),
        rules: wire.rule_ids.clone(),
        channels: wire.channel_ids.clone(),
        states: wire
            .delivery_states
            .iter()
            .map(|state| from_state(*state))
            .collect::<Result<_, _>>()?,
        events: event_types(&wire.event_types)?,
        by_id: match at("order_by", OrderBy::try_from(wire.order_by))? {
            OrderBy::Unspecified | OrderBy::CreateTime => false,
            OrderBy::Id => true,
        },
    })
}

/// The event that is to be read; what is no id names none.
pub fn id(text: &str) -> Result<EventId, NotificationError> {
    text.parse()
        .map_err(|_| NotificationError::EventNotFound(text.to_owned()))
}

/// Which event to deliver once more, and to which channels; none: to all.
pub fn resend(
    wire: &pb::ResendEventRequest,
) -> Result<(EventId, Vec<ChannelId>), NotificationError> {
    bounded("channel_ids", wire.channel_ids.len(), FILTER_COUNT_MAX)?;
    let mut channels = wire
        .channel_ids
        .iter()
        .map(|id| parse_id("channel_ids", id))
        .collect::<Result<Vec<ChannelId>, _>>()?;
    channels.sort_unstable();
    channels.dedup();
    Ok((parse_id("id", &wire.id)?, channels))
}

/// The span of a replay.
pub fn span(
    wire: &pb::ReplayEventsRequest,
) -> Result<(jiff::Timestamp, jiff::Timestamp), NotificationError> {
    let instant = |field, wire: Option<&prost_types::Timestamp>| match wire {
        Some(wire) => at(field, contract::convert::from_timestamp(wire)),
        None => Err(NotificationError::invalid(field, "is required")),
    };
    let from = instant("start_time", wire.start_time.as_ref())?;
    let to = instant("end_time", wire.end_time.as_ref())?;
    if from >= to {
        return Err(NotificationError::invalid(
            "end_time",
            "must be after start_time",
        ));
    }
    Ok((from, to))
}
