//! Notification events: firings of rules and what became of them (metering text §15.6, §15.8, §15.9).

use axum::Json;
use axum::http::StatusCode;
use contract::notification::v1 as pb;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, Value};
use utoipa::{IntoParams, ToSchema};

use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::notification_payload::NotificationEventPayload;
use super::notification_rules::NotificationRule;
use super::notifications::{NotificationChannelMeta, NotificationEventType, many, one};
use super::page::{Page, PageQuery, SortOrder};
use super::scalars::{Annotations, Time, Ulid, optional};
use super::value::{broken, known, present, required_time, time};

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum NotificationEventDeliveryStatusState {
    /// The endpoint took it.
    Success,
    /// It was given up.
    Failed,
    /// It is on its way.
    Sending,
    /// It was not handed over yet.
    Pending,
    /// It is to be sent once more.
    Resending,
}

impl NotificationEventDeliveryStatusState {
    fn from_proto(wire: i32) -> Result<Self, Problem> {
        Ok(match known(wire)? {
            pb::DeliveryState::Unspecified | pb::DeliveryState::Pending => Self::Pending,
            pb::DeliveryState::Sending => Self::Sending,
            pb::DeliveryState::Success => Self::Success,
            pb::DeliveryState::Failed => Self::Failed,
            pb::DeliveryState::Resending => Self::Resending,
        })
    }
}

/// What an endpoint answered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventDeliveryAttemptResponse {
    /// Absent: there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<i32>,
    body: String,
    duration_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// One request to an endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationEventDeliveryAttempt {
    state: NotificationEventDeliveryStatusState,
    response: EventDeliveryAttemptResponse,
    timestamp: Time,
}

impl NotificationEventDeliveryAttempt {
    fn from_proto(wire: pb::DeliveryAttempt) -> Result<Self, Problem> {
        Ok(Self {
            state: NotificationEventDeliveryStatusState::from_proto(wire.state)?,
            response: EventDeliveryAttemptResponse {
                status_code: (wire.status_code > 0).then_some(wire.status_code),
                body: wire.response_body,
                duration_ms: wire.duration_ms,
                url: optional(wire.url),
            },
            timestamp: required_time(wire.attempt_time.as_ref())?,
        })
    }
}

/// Delivery of an event to a channel.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationEventDeliveryStatus {
    state: NotificationEventDeliveryStatusState,
    reason: String,
    updated_at: Time,
    channel: NotificationChannelMeta,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt: Option<Time>,
    /// Newest first.
    attempts: Vec<NotificationEventDeliveryAttempt>,
}

impl NotificationEventDeliveryStatus {
    fn from_proto(wire: pb::Delivery) -> Result<Self, Problem> {
        let resent = time(wire.resend_time.as_ref())?;
        Ok(Self {
            state: NotificationEventDeliveryStatusState::from_proto(wire.state)?,
            reason: wire.reason,
            updated_at: required_time(wire.update_time.as_ref())?,
            channel: NotificationChannelMeta::webhook(wire.channel_id),
            annotations: facts([("event.resend.timestamp", resent.map(|at| at.0.to_string()))]),
            next_attempt: time(wire.next_attempt_time.as_ref())?,
            attempts: wire
                .attempts
                .into_iter()
                .map(NotificationEventDeliveryAttempt::from_proto)
                .collect::<Result<_, _>>()?,
        })
    }
}

/// Annotations of those facts that are known.
fn facts<const N: usize>(facts: [(&str, Option<String>); N]) -> Option<Annotations> {
    let known: serde_json::Map<String, Value> = facts
        .into_iter()
        .filter_map(|(name, fact)| Some((name.to_owned(), Value::from(fact?))))
        .collect();
    (!known.is_empty()).then_some(Annotations(known))
}

/// A firing of a rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationEvent {
    #[schema(value_type = Ulid)]
    id: String,
    r#type: NotificationEventType,
    created_at: Time,
    /// As it is now.
    rule: NotificationRule,
    delivery_status: Vec<NotificationEventDeliveryStatus>,
    /// To the letter what endpoints are sent.
    #[schema(value_type = NotificationEventPayload)]
    payload: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
}

impl NotificationEvent {
    pub(super) fn from_proto(wire: pb::Event) -> Result<Self, Problem> {
        let annotations = facts([
            ("event.feature.key", optional(wire.feature_key)),
            ("event.feature.id", optional(wire.feature_id)),
            ("event.subject.key", optional(wire.subject_key)),
            ("event.subject.id", optional(wire.subject_id)),
            ("event.customer.id", optional(wire.customer_id)),
            ("event.customer.key", optional(wire.customer_key)),
            ("event.invoice.id", optional(wire.invoice_id)),
            ("event.invoice.number", optional(wire.invoice_number)),
            ("event.balance.dedupe.hash", optional(wire.dedupe_hash)),
        ]);
        let annotations = if wire.test {
            let mut known = annotations.unwrap_or_default();
            known
                .0
                .insert("notification.rule.test".to_owned(), true.into());
            Some(known)
        } else {
            annotations
        };
        Ok(Self {
            id: wire.id,
            r#type: NotificationEventType::from_proto(wire.event_type)?,
            created_at: required_time(wire.create_time.as_ref())?,
            rule: NotificationRule::from_proto(present(wire.rule)?)?,
            delivery_status: wire
                .deliveries
                .into_iter()
                .map(NotificationEventDeliveryStatus::from_proto)
                .collect::<Result<_, _>>()?,
            payload: RawValue::from_string(wire.body_json)
                .map_err(|error| broken("body of an event", &error))?,
            annotations,
        })
    }
}

/// Sort key of a list of events.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum NotificationEventOrderBy {
    /// By id.
    Id,
    /// By time of making.
    #[default]
    CreatedAt,
}

/// Filters and order of a list of events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListEventsParams {
    /// Made at this instant or later.
    from: Option<Time>,
    /// Made at this instant or earlier.
    to: Option<Time>,
    /// Ids or keys of features.
    #[serde(default)]
    #[param(required = false)]
    feature: Vec<String>,
    /// Ids or keys of subjects.
    #[serde(default)]
    #[param(required = false)]
    subject: Vec<String>,
    /// Ids of rules.
    #[serde(default)]
    #[param(required = false)]
    rule: Vec<Ulid>,
    /// Ids of channels.
    #[serde(default)]
    #[param(required = false)]
    channel: Vec<Ulid>,
    /// Direction; DESC when absent.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<NotificationEventOrderBy>,
}

/// Lists events, the newest first.
#[utoipa::path(
    get, path = "/api/v1/notification/events", operation_id = "listNotificationEvents", tag = "Notifications",
    params(PageQuery, ListEventsParams),
    responses((status = 200, body = Page<NotificationEvent>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListEventsParams>,
) -> Result<Json<Page<NotificationEvent>>, Problem> {
    use pb::list_events_request::OrderBy;
    let window = page.window()?;
    if let (Some(from), Some(to)) = (params.from, params.to)
        && from > to
    {
        return Err(Problem::invalid("from: must not be after to"));
    }
    let order_by = match params.order_by.unwrap_or_default() {
        NotificationEventOrderBy::Id => OrderBy::Id,
        NotificationEventOrderBy::CreatedAt => OrderBy::CreateTime,
    };
    let request = pb::ListEventsRequest {
        page: window.page,
        page_size: window.size,
        start_time: params.from.map(Into::into),
        last_time: params.to.map(Into::into),
        features: params.feature,
        subjects: params.subject,
        rule_ids: params.rule.into_iter().map(Into::into).collect(),
        channel_ids: params.channel.into_iter().map(Into::into).collect(),
        order_by: order_by.into(),
        descending: params.order.unwrap_or(SortOrder::Desc).descending(),
        ..pb::ListEventsRequest::default()
    };
    let answer = call
        .clients()
        .notification_events()
        .max_decoding_message_size(MESSAGE_MAX)
        .list_events(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let show = NotificationEvent::from_proto;
    many(window, answer.total_size, answer.events, show)
}

/// Room for a page of a thousand invoices.
const MESSAGE_MAX: usize = 256 * 1024 * 1024;

/// Shows an event.
#[utoipa::path(
    get, path = "/api/v1/notification/events/{eventId}", operation_id = "getNotificationEvent", tag = "Notifications",
    params(("eventId" = String, Path)),
    responses((status = 200, body = NotificationEvent), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<NotificationEvent>, Problem> {
    let request = pb::GetEventRequest { id };
    let answer = call
        .clients()
        .notification_events()
        .max_decoding_message_size(MESSAGE_MAX)
        .get_event(call.rpc(request))
        .await;
    one(call.take(answer)?.event, NotificationEvent::from_proto)
}

/// Where to send an event once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationEventResendRequest {
    /// Absent or empty: to all channels of the event that are not disabled.
    channels: Option<Vec<Ulid>>,
}

/// Sends an event once more.
#[utoipa::path(
    post, path = "/api/v1/notification/events/{eventId}/resend", operation_id = "resendNotificationEvent", tag = "Notifications",
    params(("eventId" = Ulid, Path)),
    request_body = NotificationEventResendRequest,
    responses(
        (status = 202), (status = 400, body = ProblemDocument), (status = 404, body = ProblemDocument),
    ),
)]
pub(crate) async fn resend(
    call: Call,
    Path(id): Path<String>,
    Body(asked): Body<NotificationEventResendRequest>,
) -> Result<StatusCode, Problem> {
    let channels = asked.channels.unwrap_or_default();
    let request = pb::ResendEventRequest {
        id,
        channel_ids: channels.into_iter().map(Into::into).collect(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .notification_events()
        .resend_event(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::ACCEPTED)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_known_is_annotated_and_the_payload_kept_to_the_letter() {
        let instant = Some(prost_types::Timestamp::default());
        let event = pb::Event {
            id: "01J00000000000000000000000".to_owned(),
            event_type: pb::EventType::InvoiceCreated.into(),
            rule: Some(pb::Rule {
                event_type: pb::EventType::InvoiceCreated.into(),
                create_time: instant,
                update_time: instant,
                ..pb::Rule::default()
            }),
            create_time: instant,
            body_json: r#"{"data":{"amount":1.10}}"#.to_owned(),
            invoice_id: "01J00000000000000000000001".to_owned(),
            test: true,
            deliveries: vec![pb::Delivery {
                channel_id: "01J00000000000000000000002".to_owned(),
                state: pb::DeliveryState::Resending.into(),
                update_time: instant,
                resend_time: instant,
                ..pb::Delivery::default()
            }],
            ..pb::Event::default()
        };
        let shown = NotificationEvent::from_proto(event).unwrap();
        let text = serde_json::to_string(&shown).unwrap();
        assert!(
            text.contains(r#""payload":{"data":{"amount":1.10}}"#),
            "{text}"
        );
        let shown: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            shown["annotations"],
            json!({"event.invoice.id": "01J00000000000000000000001", "notification.rule.test": true})
        );
        let status = &shown["deliveryStatus"][0];
        assert_eq!(status["state"], "RESENDING");
        assert_eq!(
            status["annotations"],
            json!({"event.resend.timestamp": "1970-01-01T00:00:00Z"})
        );
        assert_eq!(status["attempts"], json!([]));
        assert_eq!(status["reason"], "");
    }
}
