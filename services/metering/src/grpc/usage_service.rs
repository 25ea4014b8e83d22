//! `UsageService`: events in, lists and aggregated usage out.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use chassis::{Context, Db, db::micros};
use contract::metering::v1::{self as pb, usage_service_server::UsageService};
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use jiff::SignedDuration;
use kernel::Timestamp;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    answer,
    convert::{self, at_most},
    correct,
    customers::Customers,
    domain::{
        event::{self, NewEvent},
        meter::Meter,
        value,
    },
    error::MeteringError,
    ingest::Batch,
    intake::{Intake, Taken},
    store::{
        self,
        event::{Place, StoredEvent},
        scan::{self, Export, Span},
    },
};

/// Events of a stream that are stored together, and the most that one message may have.
const STREAM_BATCH: usize = 1_000;
/// Most questions of one internal batch.
const QUERIES_MAX: usize = 1_000;
/// Scans that go on side by side.
const QUERIES_PARALLEL: usize = 4;
/// Most subjects of one count.
const COUNTS_MAX: u64 = 10_000;
/// Events of one message of an export.
const EXPORT_CHUNK: u64 = 500;
/// How far back group values are listed.
const GROUP_VALUES_AGE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The longest span of which group values are listed.
const GROUP_VALUES_SPAN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The span of which group values are listed when none is asked for.
const GROUP_VALUES_DEFAULT: SignedDuration = SignedDuration::from_hours(24);

/// Serves usage.
#[derive(Clone)]
pub struct Usage {
    db: Db,
    page_key: [u8; 32],
    customers: Customers,
    intake: Intake,
}

impl Usage {
    /// The service over a database, with the way in for events and the customers they belong to.
    pub const fn new(db: Db, page_key: [u8; 32], customers: Customers, intake: Intake) -> Self {
        Self {
            db,
            page_key,
            customers,
            intake,
        }
    }

    async fn meter(
        &self,
        context: &Context,
        name: Option<&pb::MeterRef>,
    ) -> Result<Meter, MeteringError> {
        let name = convert::meter::from_ref("meter", name)?;
        store::meter::by_name(self.db.reader(), context.project, &name).await
    }

    /// Listed events with their customer and the complaints about them.
    async fn judged(
        &self,
        context: &Context,
        events: Vec<StoredEvent>,
    ) -> Result<Vec<pb::IngestedEvent>, MeteringError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let kinds: BTreeSet<String> = events.iter().map(|event| event.kind.clone()).collect();
        let subjects: BTreeSet<String> = events.iter().map(|event| event.subject.clone()).collect();
        let reader = self.db.reader();
        let kinds = kinds.into_iter().collect();
        let meters = store::meter::live_of_types(reader, context.project, kinds).await?;
        let positions: Vec<i64> = events.iter().map(|event| event.seq).collect();
        let about = store::correction::about(reader, context.project, &positions).await?;
        let customers = self.customers.of_subjects(context, subjects).await?;
        events
            .into_iter()
            .map(|event| {
                let data = scan::parse(event.data.as_deref())?;
                let measures = meters
                    .iter()
                    .filter(|meter| meter.event_type == event.kind)
                    .map(|meter| &meter.measure);
                let customer = customers.get(&event.subject).cloned();
                let complaint = match about.of.get(&event.seq) {
                    Some(correction) => Some(event::void_complaint(&correction.reason)),
                    None => event::complaints(
                        &event.kind,
                        &event.subject,
                        data.as_ref(),
                        measures,
                        customer.is_some(),
                    ),
                };
                Ok(convert::event::to_proto(
                    event,
                    &about,
                    customer.unwrap_or_default(),
                    complaint,
                ))
            })
            .collect()
    }

    async fn store_streamed(
        &self,
        context: &Context,
        events: Vec<NewEvent>,
        reject_conflicts: bool,
    ) -> Result<Taken, MeteringError> {
        let batch = Batch {
            events,
            reject_conflicts,
            ingest_time: context.now,
        };
        self.intake.take(context, batch).await
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[tonic::async_trait]
impl UsageService for Usage {
    async fn ingest_events(
        &self,
        request: Request<pb::IngestEventsRequest>,
    ) -> Result<Response<pb::IngestEventsResponse>, Status> {
        let (context, mut request) = chassis::open(request)?;
        let context = &context;
        // What is remembered by its id is compared as a whole when it comes again.
        let events = if request.request_id.is_empty() {
            std::mem::take(&mut request.events)
        } else {
            request.events.clone()
        };
        let events = convert::event::from_events(events, convert::event::EVENTS_MAX, context.now)?;
        let accepted_count = count(events.len());
        let answer = |taken: Taken| pb::IngestEventsResponse {
            accepted_count,
            new_count: taken.new.cast_signed(),
            pending_count: taken.pending.cast_signed(),
        };
        let batch = Batch {
            events,
            reject_conflicts: request.reject_conflicts.unwrap_or(true),
            ingest_time: context.now,
        };
        if request.request_id.is_empty() {
            return Ok(Response::new(answer(
                self.intake.take(context, batch).await?,
            )));
        }
        // A remembered answer must be in the same transaction as the events, so such calls go alone.
        let batch = &batch;
        self.db
            .write(
                context,
                "IngestEvents",
                &request.request_id,
                &request,
                |mut write| async move {
                    let taken = self.intake.take_in(&mut write, batch).await?;
                    Ok::<_, MeteringError>((write, answer(taken)))
                },
            )
            .await
    }

    async fn stream_events(
        &self,
        request: Request<Streaming<pb::StreamEventsRequest>>,
    ) -> Result<Response<pb::StreamEventsResponse>, Status> {
        let (context, mut messages) = chassis::open(request)?;
        let (mut accepted, mut taken) = (0, Taken::default());
        let mut pending: Vec<NewEvent> = Vec::new();
        let mut strict = None;
        while let Some(message) = messages.message().await? {
            let strict = *strict.get_or_insert(message.reject_conflicts.unwrap_or(true));
            let events = convert::event::from_events(message.events, STREAM_BATCH, context.now)?;
            accepted += events.len();
            pending.extend(events);
            while pending.len() >= STREAM_BATCH {
                let later = pending.split_off(STREAM_BATCH);
                let batch = std::mem::replace(&mut pending, later);
                taken += self.store_streamed(&context, batch, strict).await?;
            }
        }
        taken += self
            .store_streamed(&context, pending, strict.unwrap_or(true))
            .await?;
        Ok(Response::new(pb::StreamEventsResponse {
            accepted_count: count(accepted),
            new_count: taken.new.cast_signed(),
            pending_count: taken.pending.cast_signed(),
        }))
    }

    async fn void_events(
        &self,
        request: Request<pb::VoidEventsRequest>,
    ) -> Result<Response<pb::VoidEventsResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let events = &convert::event::from_refs(&request.events)?;
        let reason = convert::event::from_reason(&request.reason)?;
        self.db
            .write(
                context,
                "VoidEvents",
                &request.request_id,
                request,
                |mut write| async move {
                    let voided = correct::void(&mut write, events, reason).await?;
                    let answer = pb::VoidEventsResponse {
                        voided_count: count(voided),
                    };
                    Ok::<_, MeteringError>((write, answer))
                },
            )
            .await
    }

    async fn replace_event(
        &self,
        request: Request<pb::ReplaceEventRequest>,
    ) -> Result<Response<pb::ReplaceEventResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let event = &convert::event::from_event_ref("event", request.event.as_ref())?;
        let draft = &convert::event::from_replacement(request.replacement.as_ref())?;
        let reason = convert::event::from_reason(&request.reason)?;
        self.db
            .write(
                context,
                "ReplaceEvent",
                &request.request_id,
                request,
                |mut write| async move {
                    let event = correct::replace(&mut write, event, draft.clone(), reason).await?;
                    let answer = pb::ReplaceEventResponse { event: Some(event) };
                    Ok::<_, MeteringError>((write, answer))
                },
            )
            .await
    }

    async fn list_events(
        &self,
        request: Request<pb::ListEventsRequest>,
    ) -> Result<Response<pb::ListEventsResponse>, Status> {
        let (context, mut request) = chassis::open(request)?;
        let client_id = std::mem::take(&mut request.client_id);
        let name = convert::query::from_client_id(&client_id)?;
        let (size, token) = (
            std::mem::take(&mut request.page_size),
            std::mem::take(&mut request.page_token),
        );
        let page = super::page(context.project, self.page_key, size, &token, &request)?;
        let mut list = convert::event::from_list(&request, context.now)?;
        let place = match (&page.after, &request.after) {
            (Some(last), _) => Some(place_of(last).ok_or_else(|| {
                MeteringError::invalid("page_token", "is not a token of this query")
            })?),
            (None, Some(cursor)) => Some(convert::event::from_cursor(cursor)?),
            (None, None) => None,
        };
        if !request.customer_ids.is_empty() {
            let attribution = self
                .customers
                .subjects_of(&context, &request.customer_ids)
                .await?;
            if !attribution.missing.is_empty() {
                return Err(MeteringError::UnknownCustomers(attribution.missing.join(", ")).into());
            }
            list.subjects = Some(attribution.customers.into_keys().collect());
        }
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        // One event more tells whether there is a next page.
        let mut events =
            store::event::list(self.db.reader(), context.project, &list, place, limit + 1)
                .await
                .map_err(MeteringError::from)?;
        let more = events.len() > limit;
        events.truncate(limit);
        let next_page_token = match events.last() {
            Some(last) if more => {
                let time = micros(list.order.time_of(last)).to_string();
                page.token(&[&time, &last.id, &last.source])
            }
            Some(_) | None => String::new(),
        };
        let events = self.judged(&context, events).await?;
        if let Some(name) = name {
            let read = events.len() as u64;
            answer::tell(&self.db, &context, name, (read, 0, read), Duration::ZERO).await;
        }
        Ok(Response::new(pb::ListEventsResponse {
            events,
            next_page_token,
        }))
    }

    async fn query_meter(
        &self,
        request: Request<pb::QueryMeterRequest>,
    ) -> Result<Response<pb::QueryMeterResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let meter = self.meter(&context, request.meter.as_ref()).await?;
        let ids = convert::query::from_customer_ids(&request)?;
        let customers = if ids.is_empty() {
            None
        } else {
            let attribution = self.customers.subjects_of(&context, ids).await?;
            if !attribution.missing.is_empty() {
                return Err(
                    MeteringError::CustomersNotFound(attribution.missing.join(", ")).into(),
                );
            }
            Some(attribution.customers)
        };
        let plan = convert::query::from_query(&request, &meter, customers)?;
        let name = convert::query::from_client_id(&request.client_id)?;
        let rows = answer::run_named(&self.db, &context, &meter, &plan, name).await?;
        Ok(Response::new(pb::QueryMeterResponse {
            meter: Some(convert::meter::to_proto(&meter)),
            rows: rows
                .into_iter()
                .map(|row| convert::query::to_row(&plan.query, row))
                .collect(),
        }))
    }

    async fn query_usage(
        &self,
        request: Request<pb::QueryUsageRequest>,
    ) -> Result<Response<pb::QueryUsageResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        at_most("queries", &request.queries, QUERIES_MAX)?;
        let ids: BTreeSet<String> = request
            .queries
            .iter()
            .map(|query| query.meter_id.clone())
            .collect();
        for id in &ids {
            convert::checked("queries.meter_id", id, 256)?;
        }
        let ids = ids.into_iter().collect();
        let found =
            store::meter::by_ids_and_slugs(self.db.reader(), context.project, ids, Vec::new())
                .await?;
        let meters: HashMap<String, Meter> = found
            .into_iter()
            .map(|meter| (meter.id.to_string(), meter))
            .collect();
        let crate::batch::Batch { runs, mut results } =
            crate::batch::Batch::of(&request.queries, &meters)?;
        let answers: Vec<Vec<(usize, pb::UsageResult)>> = futures::stream::iter(runs)
            .map(|run| {
                let project = context.project;
                async move { run.answer(&self.db, project).await }
            })
            .buffered(QUERIES_PARALLEL)
            .try_collect()
            .await?;
        for (place, answer) in answers.into_iter().flatten() {
            if let Some(result) = results.get_mut(place) {
                *result = answer;
            }
        }
        Ok(Response::new(pb::QueryUsageResponse { results }))
    }

    async fn list_meter_subjects(
        &self,
        request: Request<pb::ListMeterSubjectsRequest>,
    ) -> Result<Response<pb::ListMeterSubjectsResponse>, Status> {
        let (context, mut request) = chassis::open(request)?;
        let (size, token) = (
            std::mem::take(&mut request.page_size),
            std::mem::take(&mut request.page_token),
        );
        let page = super::page(context.project, self.page_key, size, &token, &request)?;
        let (from, to) = convert::from_span(request.from_time.as_ref(), request.to_time.as_ref())?;
        let meter = self.meter(&context, request.meter.as_ref()).await?;
        let span = Span {
            event_type: meter.event_type,
            from,
            to,
            subjects: None,
        };
        let after = page
            .after
            .as_ref()
            .and_then(|last| last.first())
            .map(String::as_str);
        let mut subjects = scan::subjects(
            self.db.reader(),
            context.project,
            &span,
            after,
            page.limit + 1,
        )
        .await
        .map_err(MeteringError::from)?;
        let next_page_token = cut(&mut subjects, &page);
        Ok(Response::new(pb::ListMeterSubjectsResponse {
            subjects,
            next_page_token,
        }))
    }

    async fn list_group_by_values(
        &self,
        request: Request<pb::ListGroupByValuesRequest>,
    ) -> Result<Response<pb::ListGroupByValuesResponse>, Status> {
        let (context, mut request) = chassis::open(request)?;
        let (size, token) = (
            std::mem::take(&mut request.page_size),
            std::mem::take(&mut request.page_token),
        );
        let page = super::page(context.project, self.page_key, size, &token, &request)?;
        let (from, to) = group_values_span(&request, context.now)?;
        let meter = self.meter(&context, request.meter.as_ref()).await?;
        let key = &request.group_by_key;
        let path = meter.group_by.get(key).ok_or_else(|| {
            MeteringError::invalid(
                "group_by_key",
                format!("{key} is no group-by key of the meter"),
            )
        })?;
        let span = Span {
            event_type: meter.event_type.clone(),
            from: Some(from),
            to,
            subjects: None,
        };
        let after = page
            .after
            .as_ref()
            .and_then(|last| last.first())
            .map(String::as_str);
        let limit = usize::try_from(page.limit)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        let mut values = scan::distinct(
            self.db.reader(),
            context.project,
            &span,
            after,
            limit,
            |data| value::group(data, path).into_owned(),
        )
        .await?;
        let next_page_token = cut(&mut values, &page);
        Ok(Response::new(pb::ListGroupByValuesResponse {
            values,
            next_page_token,
        }))
    }

    async fn get_progress(
        &self,
        request: Request<pb::GetProgressRequest>,
    ) -> Result<Response<pb::GetProgressResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let id = convert::checked("id", &request.id, 256)?;
        let standing = answer::progress(&self.db, context.project, id).await?;
        Ok(Response::new(convert::query::to_progress(&standing)))
    }

    async fn count_events(
        &self,
        request: Request<pb::CountEventsRequest>,
    ) -> Result<Response<pb::CountEventsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let from = convert::from_time("from_time", request.from_time.as_ref())?;
        let from = from.unwrap_or_else(|| midnight(context.now));
        let counts = scan::counts(self.db.reader(), context.project, from, COUNTS_MAX)
            .await
            .map_err(MeteringError::from)?;
        let counts = counts
            .into_iter()
            .map(|(subject, event_count)| pb::SubjectCount {
                subject,
                event_count,
            });
        Ok(Response::new(pb::CountEventsResponse {
            counts: counts.collect(),
        }))
    }

    type ExportUsageStream = BoxStream<'static, Result<pb::ExportUsageResponse, Status>>;

    async fn export_usage(
        &self,
        request: Request<pb::ExportUsageRequest>,
    ) -> Result<Response<Self::ExportUsageStream>, Status> {
        let (context, request) = chassis::open(request)?;
        let (from, to) = convert::from_span(request.from_time.as_ref(), request.to_time.as_ref())?;
        let event_type = convert::checked("event_type", &request.event_type, 4_096)?.to_owned();
        let export = Export {
            event_type,
            from,
            to,
            ..Export::default()
        };
        let (db, project) = (self.db.clone(), context.project);
        let chunks = futures::stream::try_unfold(Some(0), move |after: Option<i64>| {
            let (db, export) = (db.clone(), export.clone());
            async move {
                let Some(after) = after else { return Ok(None) };
                let events = scan::export(db.reader(), project, &export, after, EXPORT_CHUNK)
                    .await
                    .map_err(MeteringError::from)?;
                if events.is_empty() {
                    return Ok(None);
                }
                let last = events.last().map(|event| event.seq);
                let positions: Vec<i64> = events.iter().map(|event| event.seq).collect();
                let about = store::correction::about(db.reader(), project, &positions)
                    .await
                    .map_err(MeteringError::from)?;
                let events = events
                    .into_iter()
                    .map(|event| convert::event::to_proto(event, &about, String::new(), None));
                Ok::<_, Status>(Some((
                    pb::ExportUsageResponse {
                        events: events.collect(),
                    },
                    last,
                )))
            }
        });
        Ok(Response::new(chunks.boxed()))
    }
}

/// The place that a page token names.
fn place_of(last: &[String]) -> Option<Place> {
    let [time, id, source] = last else {
        return None;
    };
    Some(Place {
        time: time.parse().ok()?,
        id: id.clone(),
        source: Some(source.clone()),
    })
}

/// Cuts a list with one row too many to its page, and answers the token of the next one.
fn cut(texts: &mut Vec<String>, page: &chassis::page::PageRequest) -> String {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    if texts.len() <= limit {
        return String::new();
    }
    texts.truncate(limit);
    texts
        .last()
        .map(|last| page.token(&[last]))
        .unwrap_or_default()
}

/// The span of a list of group values: it starts less than 90 days ago and is at most 30 days long.
fn group_values_span(
    request: &pb::ListGroupByValuesRequest,
    now: Timestamp,
) -> Result<(Timestamp, Option<Timestamp>), MeteringError> {
    let (from, to) = convert::from_span(request.from_time.as_ref(), request.to_time.as_ref())?;
    let from = from.unwrap_or_else(|| to.unwrap_or(now) - GROUP_VALUES_DEFAULT);
    if now.duration_since(from) >= GROUP_VALUES_AGE {
        return Err(MeteringError::invalid(
            "from_time",
            "must be less than 90 days ago",
        ));
    }
    if to.unwrap_or(now).duration_since(from) > GROUP_VALUES_SPAN {
        return Err(MeteringError::invalid(
            "to_time",
            "must be at most 30 days after from_time",
        ));
    }
    Ok((from, to))
}

/// The start of the day in UTC.
fn midnight(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(86_400)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use contract::convert::timestamp;

    use super::*;

    #[test]
    fn the_span_of_group_values_is_bounded() {
        let now: Timestamp = "2025-06-01T00:00:00Z".parse().unwrap();
        let day = |days: i64| Some(timestamp(now - SignedDuration::from_hours(24 * days)));
        let span = |from_time, to_time| {
            group_values_span(
                &pb::ListGroupByValuesRequest {
                    from_time,
                    to_time,
                    ..Default::default()
                },
                now,
            )
        };
        assert_eq!(
            span(None, None).unwrap().0,
            now - SignedDuration::from_hours(24)
        );
        assert!(span(day(89), day(60)).is_ok());
        assert!(span(day(90), day(80)).is_err());
        assert!(span(day(60), day(29)).is_err());
        assert!(span(day(31), None).is_err());
        assert!(span(day(1), day(1)).is_err());
    }

    #[test]
    fn the_day_starts_at_midnight() {
        let now: Timestamp = "2025-06-01T13:00:05.5Z".parse().unwrap();
        assert_eq!(midnight(now).to_string(), "2025-06-01T00:00:00Z");
    }
}
