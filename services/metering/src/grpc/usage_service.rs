//! `UsageService`: events in, lists and aggregated usage out.

use std::collections::{BTreeSet, HashMap};

use chassis::{Context, Db, db::micros};
use contract::metering::v1::{self as pb, usage_service_server::UsageService};
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use jiff::SignedDuration;
use kernel::{Timestamp, id::MeterId};
use tonic::{Request, Response, Status, Streaming};

use crate::{
    convert::{self, at_most, query::Plan},
    customers::Customers,
    domain::{
        event::{self, NewEvent},
        meter::Meter,
        query::Row,
        value,
    },
    error::MeteringError,
    ingest::{self, Batch, Ingest},
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
/// Questions that are answered side by side.
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
    ingest: Ingest,
}

impl Usage {
    /// The service over a database, with the way in for events and the customers they belong to.
    pub const fn new(db: Db, page_key: [u8; 32], customers: Customers, ingest: Ingest) -> Self {
        Self {
            db,
            page_key,
            customers,
            ingest,
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

    /// The generations of the rollups that can answer for these meters: live ones with all their events.
    async fn generations(
        &self,
        context: &Context,
        meters: &[Meter],
    ) -> Result<HashMap<MeterId, i64>, MeteringError> {
        let progress = store::rollup::progress(self.db.reader(), context.project, meters).await?;
        let complete = meters.iter().filter(|meter| meter.delete_time.is_none());
        Ok(complete
            .filter_map(|meter| {
                let progress = progress
                    .get(&meter.id)
                    .filter(|progress| progress.complete(meter))?;
                Some((meter.id, progress.generation))
            })
            .collect())
    }

    /// Runs a plan and answers its rows.
    async fn run(
        &self,
        context: &Context,
        meter: &Meter,
        generation: Option<i64>,
        plan: &Plan,
    ) -> Result<Vec<Row>, MeteringError> {
        let (connection, project) = (self.db.reader(), context.project);
        let fold = async |generation| {
            scan::fold(
                connection,
                project,
                meter,
                generation,
                &plan.span,
                &plan.query,
            )
            .await
        };
        let mut folded = fold(generation).await?;
        if generation.is_some() {
            // A rollup that was replaced meanwhile may have been taken away under the query.
            let now =
                store::rollup::progress(connection, project, std::slice::from_ref(meter)).await?;
            if now.get(&meter.id).map(|progress| progress.generation) != generation {
                folded = fold(None).await?;
            }
        }
        Ok(folded.rows(plan.from, plan.to)?)
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
        let meters = store::meter::live_of_types(
            self.db.reader(),
            context.project,
            kinds.into_iter().collect(),
        )
        .await?;
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
                let complaint = event::complaints(
                    &event.kind,
                    &event.subject,
                    data.as_ref(),
                    measures,
                    customer.is_some(),
                );
                Ok(convert::event::to_proto(
                    event,
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
    ) -> Result<u64, MeteringError> {
        let batch = Batch {
            events,
            reject_conflicts,
            ingest_time: context.now,
        };
        self.ingest.store(context, batch).await
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
        let (context, request) = &chassis::open(request)?;
        let events =
            convert::event::from_events(&request.events, convert::event::EVENTS_MAX, context.now)?;
        let accepted_count = count(events.len());
        let answer = |new: u64| pb::IngestEventsResponse {
            accepted_count,
            new_count: new.cast_signed(),
        };
        let batch = Batch {
            events,
            reject_conflicts: request.reject_conflicts.unwrap_or(true),
            ingest_time: context.now,
        };
        if request.request_id.is_empty() {
            return Ok(Response::new(answer(
                self.ingest.store(context, batch).await?,
            )));
        }
        // A remembered answer must be in the same transaction as the events, so such calls go alone.
        let batch = &batch;
        self.db
            .write(
                context,
                "IngestEvents",
                &request.request_id,
                request,
                |mut write| async move {
                    let new = ingest::append(&mut write, &[batch])
                        .await?
                        .into_iter()
                        .sum();
                    Ok::<_, MeteringError>((write, answer(new)))
                },
            )
            .await
    }

    async fn stream_events(
        &self,
        request: Request<Streaming<pb::StreamEventsRequest>>,
    ) -> Result<Response<pb::StreamEventsResponse>, Status> {
        let (context, mut messages) = chassis::open(request)?;
        let (mut accepted, mut new) = (0, 0);
        let mut pending: Vec<NewEvent> = Vec::new();
        let mut strict = None;
        while let Some(message) = messages.message().await? {
            let strict = *strict.get_or_insert(message.reject_conflicts.unwrap_or(true));
            let events = convert::event::from_events(&message.events, STREAM_BATCH, context.now)?;
            accepted += events.len();
            pending.extend(events);
            while pending.len() >= STREAM_BATCH {
                let later = pending.split_off(STREAM_BATCH);
                let batch = std::mem::replace(&mut pending, later);
                new += self.store_streamed(&context, batch, strict).await?;
            }
        }
        new += self
            .store_streamed(&context, pending, strict.unwrap_or(true))
            .await?;
        Ok(Response::new(pb::StreamEventsResponse {
            accepted_count: count(accepted),
            new_count: new.cast_signed(),
        }))
    }

    async fn list_events(
        &self,
        request: Request<pb::ListEventsRequest>,
    ) -> Result<Response<pb::ListEventsResponse>, Status> {
        let (context, mut request) = chassis::open(request)?;
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
        let generations = self
            .generations(&context, std::slice::from_ref(&meter))
            .await?;
        let generation = generations.get(&meter.id).copied();
        let rows = self.run(&context, &meter, generation, &plan).await?;
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
        let (context, mut request) = chassis::open(request)?;
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
        let all: Vec<Meter> = meters.values().cloned().collect();
        let generations = &self.generations(&context, &all).await?;
        let mut plans = Vec::with_capacity(request.queries.len());
        for (index, query) in request.queries.iter_mut().enumerate() {
            let meter = meters
                .get(&query.meter_id)
                .ok_or_else(|| MeteringError::MeterNotFound(query.meter_id.clone()))?;
            let mut plan = convert::query::from_usage_query(index, query, meter)?;
            if let Some(plan) = &mut plan {
                plan.span.subjects = Some(std::mem::take(&mut query.subject_keys));
            }
            let windows = query.window_size != 0;
            let empty = convert::query::to_empty_result(meter, windows);
            plans.push((meter.clone(), plan, empty));
        }
        let results = futures::stream::iter(plans)
            .map(|(meter, plan, empty)| {
                let context = &context;
                async move {
                    let Some(plan) = plan else { return Ok(empty) };
                    let generation = generations.get(&meter.id).copied();
                    let rows = self.run(context, &meter, generation, &plan).await?;
                    Ok::<_, MeteringError>(convert::query::to_result(&plan.query, rows))
                }
            })
            .buffered(QUERIES_PARALLEL)
            .try_collect()
            .await?;
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
            until_seq: None,
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
                let events = events
                    .into_iter()
                    .map(|event| convert::event::to_proto(event, String::new(), None));
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
