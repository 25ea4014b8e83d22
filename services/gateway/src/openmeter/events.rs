//! Usage events: taking them in and showing them (metering text §2).

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use contract::metering::v1 as pb;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::decode::from_json;
use super::error::{Problem, ProblemDocument};
use super::extract::{Call, Query};
use super::filters::{FilterIdExact, FilterString, FilterTime};
use super::meter_query::ClientId;
use super::scalars::{Filled, Time, Ulid, optional};
use super::value::{broken, present, required_time, time};
use crate::body::{self, media_type};

const MAX_LIMIT: i32 = 100;
/// Most malformed events that one answer names.
const MAX_NAMED: usize = 100;
/// How far back the first version of the list reaches.
const LOOKBACK: &str = "P32D";

/// Media type of an event's data.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) enum DataContentType {
    /// JSON, the only one.
    #[serde(rename = "application/json")]
    Json,
}

/// A CloudEvent 1.0.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventInput {
    id: Filled,
    source: Filled,
    #[expect(dead_code, reason = "checked on reading")]
    specversion: Filled,
    r#type: Filled,
    #[expect(dead_code, reason = "checked on reading")]
    datacontenttype: Option<DataContentType>,
    #[expect(dead_code, reason = "checked on reading, otherwise ignored")]
    dataschema: Option<Filled>,
    subject: Filled,
    time: Option<Time>,
    #[schema(value_type = Option<super::scalars::Annotations>)]
    data: Option<Map<String, Value>>,
}

impl EventInput {
    fn into_proto(self) -> pb::UsageEvent {
        pb::UsageEvent {
            id: self.id.into(),
            source: self.source.into(),
            r#type: self.r#type.into(),
            subject: self.subject.into(),
            time: self.time.map(Into::into),
            data: self
                .data
                .map(|data| Value::Object(data).to_string())
                .unwrap_or_default(),
        }
    }
}

/// One event, or a batch.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the body; it is read by its media type")]
pub(crate) enum IngestEventsBody {
    /// One event.
    One(EventInput),
    /// A batch.
    Batch(Vec<EventInput>),
}

/// A CloudEvent as it is stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoredEvent)]
pub(crate) struct Event {
    id: String,
    source: String,
    specversion: &'static str,
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    datacontenttype: Option<DataContentType>,
    /// Never kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    dataschema: Option<String>,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<super::scalars::Annotations>)]
    data: Option<Box<RawValue>>,
}

/// An event with what the server knows of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IngestedEvent {
    event: Event,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Ulid>)]
    customer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_error: Option<String>,
    ingested_at: Time,
    stored_at: Time,
}

impl IngestedEvent {
    fn from_proto(wire: pb::IngestedEvent) -> Result<Self, Problem> {
        let event = present(wire.event)?;
        let data = optional(event.data)
            .map(RawValue::from_string)
            .transpose()
            .map_err(|error| broken("event data", &error))?;
        Ok(Self {
            event: Event {
                id: event.id,
                source: event.source,
                specversion: "1.0",
                r#type: event.r#type,
                datacontenttype: data.as_ref().map(|_| DataContentType::Json),
                dataschema: None,
                subject: event.subject,
                time: time(event.time.as_ref())?,
                data,
            },
            customer_id: optional(wire.customer_id),
            validation_error: optional(wire.validation_error),
            ingested_at: required_time(wire.ingest_time.as_ref())?,
            stored_at: required_time(wire.store_time.as_ref())?,
        })
    }
}

/// Takes events in. The answer means that they are stored; whether a meter counts them is
/// told by the lists.
#[utoipa::path(
    post, path = "/api/v1/events", operation_id = "ingestEvents", tag = "Events",
    request_body(content(
        (EventInput = "application/cloudevents+json"),
        (Vec<EventInput> = "application/cloudevents-batch+json"),
        (IngestEventsBody = "application/json"),
    )),
    responses((status = 204), (status = 409, body = ProblemDocument)),
)]
pub(crate) async fn ingest(call: Call, request: Request) -> Result<StatusCode, Problem> {
    let kind = media_type(request.headers()).unwrap_or_default();
    let body = body::json(request.into_body()).await?;
    let events = read_events(&kind, &body)?;
    if events.is_empty() {
        return Ok(StatusCode::NO_CONTENT);
    }
    let request = pb::IngestEventsRequest {
        events: events.into_iter().map(EventInput::into_proto).collect(),
        // The first event of an identity wins, and nobody is told (metering text §2.3).
        reject_conflicts: Some(false),
        request_id: call.request_id(),
    };
    call.take(
        call.clients()
            .usage()
            .ingest_events(call.rpc(request))
            .await,
    )?;
    Ok(StatusCode::NO_CONTENT)
}

fn read_events(kind: &str, body: &Value) -> Result<Vec<EventInput>, Problem> {
    match (kind, body) {
        ("application/cloudevents+json", _) => Ok(vec![from_json(body)?]),
        ("application/json", Value::Array(events)) if events.is_empty() => {
            Err(Problem::invalid("no events found"))
        }
        ("application/cloudevents-batch+json" | "application/json", Value::Array(events)) => {
            read_batch(events)
        }
        ("application/cloudevents-batch+json", _) => Ok(from_json(body)?),
        ("application/json", _) => Ok(vec![from_json(body)?]),
        (other, _) => Err(Problem::invalid(format!("invalid content type: {other}"))),
    }
}

/// The events of a batch; or what is wrong with each that is malformed, by its index.
fn read_batch(events: &[Value]) -> Result<Vec<EventInput>, Problem> {
    let (mut read, mut wrong) = (Vec::with_capacity(events.len()), Vec::new());
    for (index, event) in events.iter().enumerate() {
        match from_json(event) {
            Ok(event) => read.push(event),
            Err(error) => wrong.push(error.under(&format!("[{index}]")).to_string()),
        }
        if wrong.len() == MAX_NAMED {
            break;
        }
    }
    if wrong.is_empty() {
        Ok(read)
    } else {
        Err(Problem::invalid(wrong.join("\n")))
    }
}

/// Parameters of the first version of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListEventsParams {
    /// Name under which progress is asked for.
    #[param(value_type = Option<String>, min_length = 1, max_length = 36)]
    client_id: Option<ClientId>,
    /// First receipt time.
    ingested_at_from: Option<Time>,
    /// First receipt time no longer listed.
    ingested_at_to: Option<Time>,
    /// Part of the id.
    id: Option<String>,
    /// The subject.
    subject: Option<String>,
    /// Events of these customers.
    #[serde(default)]
    #[param(required = false)]
    customer_id: Vec<Ulid>,
    /// First event time; 32 days ago when absent.
    from: Option<Time>,
    /// First event time no longer listed.
    to: Option<Time>,
    /// Most events.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i32>,
}

impl ListEventsParams {
    fn into_proto(self) -> Result<pb::ListEventsRequest, Problem> {
        for (name, from, to) in [
            ("from", self.from, self.to),
            ("ingestedAtFrom", self.ingested_at_from, self.ingested_at_to),
        ] {
            if let (Some(from), Some(to)) = (from, to)
                && to < from
            {
                return Err(Problem::invalid(format!("{name}: must be before the end")));
            }
        }
        Ok(pb::ListEventsRequest {
            page_size: limit(self.limit)?,
            id: self.id.map(|text| pb::FilterString {
                operator: Some(pb::filter_string::Operator::Contains(text)),
            }),
            subject: self.subject.map(|text| pb::FilterString {
                operator: Some(pb::filter_string::Operator::Equals(text)),
            }),
            time: FilterTime::between(self.from, self.to)
                .map(|filter| filter.flat("from"))
                .transpose()?
                .flatten(),
            ingest_time: FilterTime::between(self.ingested_at_from, self.ingested_at_to)
                .map(|filter| filter.flat("ingestedAtFrom"))
                .transpose()?
                .flatten(),
            customer_ids: self.customer_id.into_iter().map(Into::into).collect(),
            order_by: pb::list_events_request::OrderBy::Time.into(),
            lookback_duration: LOOKBACK.to_owned(),
            client_id: self.client_id.map(Into::into).unwrap_or_default(),
            ..pb::ListEventsRequest::default()
        })
    }
}

fn limit(limit: Option<i32>) -> Result<i32, Problem> {
    match limit.unwrap_or(MAX_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        _ => Err(Problem::invalid("limit: must be 1 to 100")),
    }
}

/// Lists events, newest first.
#[utoipa::path(
    get, path = "/api/v1/events", operation_id = "listEvents", tag = "Events",
    params(ListEventsParams),
    responses((status = 200, body = Vec<IngestedEvent>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(params): Query<ListEventsParams>,
) -> Result<Json<Vec<IngestedEvent>>, Problem> {
    let request = params.into_proto()?;
    read(&call, request).await.map(Json)
}

async fn read(call: &Call, request: pb::ListEventsRequest) -> Result<Vec<IngestedEvent>, Problem> {
    let answer = call.clients().usage().list_events(call.rpc(request)).await;
    let answer = match answer {
        // The customers are named in the query, not in the path: 400 (metering text §2.6).
        Err(status) if chassis::error::details(&status).reason == "CUSTOMER_NOT_FOUND" => {
            return Err(Problem::invalid(format!(
                "customers not found: {}",
                status.message()
            )));
        }
        answer => call.take(answer)?,
    };
    answer
        .events
        .into_iter()
        .map(IngestedEvent::from_proto)
        .collect()
}

/// Parameters of the second version of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListEventsV2Params {
    /// Where to go on, from `nextCursor`.
    cursor: Option<String>,
    /// Most events.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i32>,
    /// Name under which progress is asked for.
    #[param(value_type = Option<String>, min_length = 1, max_length = 36)]
    client_id: Option<ClientId>,
    /// Conditions, as a JSON document: `id`, `source`, `subject`, `type`, `customerId`,
    /// `time`, `ingestedAt`.
    filter: Option<String>,
}

/// Conditions of the second version of the list.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListEventsFilter {
    id: Option<FilterString>,
    source: Option<FilterString>,
    subject: Option<FilterString>,
    r#type: Option<FilterString>,
    customer_id: Option<FilterIdExact>,
    time: Option<FilterTime>,
    ingested_at: Option<FilterTime>,
}

/// Events with the place to go on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IngestedEventCursorPage {
    #[schema(max_items = 100)]
    items: Vec<IngestedEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl ListEventsV2Params {
    fn into_proto(self) -> Result<pb::ListEventsRequest, Problem> {
        let filter: ListEventsFilter = match self.filter {
            None => ListEventsFilter::default(),
            Some(text) => {
                let value: Value = serde_json::from_str(&text)
                    .map_err(|error| Problem::invalid(format!("filter: {error}")))?;
                from_json(&value).map_err(|error| error.under("filter"))?
            }
        };
        let text = |filter: Option<FilterString>, field| -> Result<_, Problem> {
            Ok(filter
                .map(|filter| filter.flat(field))
                .transpose()?
                .flatten())
        };
        let instant = |filter: Option<FilterTime>, field| -> Result<_, Problem> {
            Ok(filter
                .map(|filter| filter.flat(field))
                .transpose()?
                .flatten())
        };
        let time = instant(filter.time, "filter.time")?;
        let ingest_time = instant(filter.ingested_at, "filter.ingestedAt")?;
        if time.is_some() && ingest_time.is_some() {
            return Err(Problem::invalid(
                "filter: time and ingestedAt cannot be combined",
            ));
        }
        use pb::list_events_request::OrderBy;
        let order_by = if ingest_time.is_some() {
            OrderBy::IngestTime
        } else {
            OrderBy::Time
        };
        Ok(pb::ListEventsRequest {
            page_size: limit(self.limit)?,
            after: self.cursor.as_deref().map(read_cursor).transpose()?,
            id: text(filter.id, "filter.id")?,
            source: text(filter.source, "filter.source")?,
            r#type: text(filter.r#type, "filter.type")?,
            subject: text(filter.subject, "filter.subject")?,
            time,
            ingest_time,
            customer_ids: filter
                .customer_id
                .and_then(|filter| filter.one_of)
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            order_by: order_by.into(),
            client_id: self.client_id.map(Into::into).unwrap_or_default(),
            ..pb::ListEventsRequest::default()
        })
    }
}

/// Lists events page by page, newest first.
#[utoipa::path(
    get, path = "/api/v2/events", operation_id = "listEventsV2", tag = "Events",
    params(ListEventsV2Params),
    responses((status = 200, body = IngestedEventCursorPage)),
)]
pub(crate) async fn list_v2(
    call: Call,
    Query(params): Query<ListEventsV2Params>,
) -> Result<Json<IngestedEventCursorPage>, Problem> {
    let request = params.into_proto()?;
    let by_ingest_time = request.order_by() == pb::list_events_request::OrderBy::IngestTime;
    let items = read(&call, request).await?;
    let next_cursor = items.last().map(|last| {
        let time = last
            .event
            .time
            .filter(|_| !by_ingest_time)
            .unwrap_or(last.ingested_at);
        write_cursor(time, &last.event.id)
    });
    Ok(Json(IngestedEventCursorPage { items, next_cursor }))
}

/// The cursor of the contract: base64 of a second and an id (metering text §2.6).
fn write_cursor(time: Time, id: &str) -> String {
    let second = kernel::calendar::floor_to_second(time.0);
    BASE64.encode(format!("{second},{id}"))
}

fn read_cursor(cursor: &str) -> Result<pb::EventCursor, Problem> {
    BASE64
        .decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| {
            let (time, id) = text.split_once(',')?;
            Some(pb::EventCursor {
                time: Some(Time::parse(time)?.into()),
                id: id.to_owned(),
                source: String::new(),
            })
        })
        .ok_or_else(|| Problem::invalid("cursor: is not a cursor of this list"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use serde_json::json;

    fn event(data: Value) -> Value {
        json!({
            "specversion": "1.0", "id": "1", "source": "app", "type": "prompt",
            "subject": "c1", "data": data, "extension": true,
        })
    }

    #[test]
    fn bodies_are_read_by_their_media_type() {
        let one = event(json!({"n": 1}));
        let batch = json!([one, one]);
        let count = |kind, body: &Value| read_events(kind, body).map(|events| events.len());
        assert_eq!(count("application/cloudevents+json", &one).unwrap(), 1);
        assert_eq!(
            count("application/cloudevents-batch+json", &batch).unwrap(),
            2
        );
        assert_eq!(
            count("application/cloudevents-batch+json", &json!([])).unwrap(),
            0
        );
        assert_eq!(count("application/json", &one).unwrap(), 1);
        assert_eq!(count("application/json", &batch).unwrap(), 2);
        assert!(count("application/json", &json!([])).is_err());
        assert!(count("text/xml", &one).is_err());
        assert!(count("application/cloudevents+json", &batch).is_err());
    }

    #[test]
    fn each_malformed_event_of_a_batch_is_named() {
        let (good, bad) = (event(json!({})), event(json!("text")));
        let mut nobody = good.clone();
        nobody["subject"] = json!("");
        let batch = json!([good, bad, good, nobody]);
        for kind in ["application/cloudevents-batch+json", "application/json"] {
            let error = read_events(kind, &batch).unwrap_err();
            assert_eq!(
                error.detail.unwrap(),
                "validation error: [1].data: must be an object\n[3].subject: must not be empty"
            );
        }
        let error = read_events("application/json", &json!(vec![bad; 200])).unwrap_err();
        assert_eq!(error.detail.unwrap().lines().count(), MAX_NAMED);
    }

    #[test]
    fn data_is_an_object_and_keeps_its_digits() {
        let body: Value =
            serde_json::from_str(r#"{"b": 0.12345678901234567890, "a": 1.50}"#).unwrap();
        let mut events = read_events("application/json", &event(body)).unwrap();
        let wire = events.pop().unwrap().into_proto();
        assert_eq!(wire.data, r#"{"a":1.50,"b":0.12345678901234567890}"#);
        for bad in [json!("text"), json!([1]), json!(1)] {
            let error = read_events("application/json", &event(bad)).unwrap_err();
            assert_eq!(
                error.detail.unwrap(),
                "validation error: data: must be an object"
            );
        }
        assert!(read_events("application/json", &event(Value::Null)).is_ok());
    }

    #[test]
    fn cursors_are_those_of_the_contract() {
        let time = Time::parse("2024-01-01T00:00:00Z").unwrap();
        let cursor = write_cursor(time, "ev-7");
        assert_eq!(cursor, "MjAyNC0wMS0wMVQwMDowMDowMFosZXYtNw==");
        let read = read_cursor(&write_cursor(time, "a,b")).unwrap();
        assert_eq!(read.id, "a,b");
        assert!(read_cursor("not base64!").is_err());
        assert!(read_cursor("YWJj").is_err());
    }

    #[test]
    fn the_first_list_reaches_back_32_days() {
        let params = |value| super::super::decode::from_query::<ListEventsParams>(&value).unwrap();
        let request = params(json!({})).into_proto().unwrap();
        assert_eq!(request.lookback_duration, "P32D");
        let reversed = json!({"from": "2026-02-20T00:00:00Z", "to": "2026-02-19T00:00:00Z"});
        assert!(params(reversed).into_proto().is_err());
        assert!(params(json!({"limit": "101"})).into_proto().is_err());
    }

    #[test]
    fn times_of_two_kinds_cannot_be_combined() {
        let params: ListEventsV2Params = super::super::decode::from_query(&json!({
            "filter": r#"{"time":{"$gt":"2024-01-01T00:00:00Z"},"ingestedAt":{"$lt":"2024-01-01T00:00:00Z"}}"#,
        }))
        .unwrap();
        assert!(params.into_proto().is_err());
    }
}
