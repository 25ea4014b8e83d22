//! Feeds: a service's committed changes, served from its outbox, and the loop that follows
//! another service's feed with a cursor kept in the follower's own transactions.

use std::{
    collections::{HashMap, HashSet},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use contract::feed::v1::{
    self as pb, feed_service_client::FeedServiceClient, feed_service_server::FeedService,
};
use futures::{Stream, StreamExt as _};
use kernel::{Timestamp, id::ProjectId};
use sea_orm::{ConnectionTrait, DatabaseBackend, QueryResult, Statement, Value};
use tokio::{
    sync::{Mutex, watch},
    time::Instant,
};
use tonic::{Request, Response, Status};
use tracing::Instrument as _;

use crate::{
    Context, Db, Env, Link, Write,
    db::{instant, micros},
    idempotency::database,
    open, telemetry,
};

/// Metadata that names the service a shared call (feed, audit, settle) is meant for.
pub const SERVICE_HEADER: &str = "x-perennial-service";
const PAGE: i32 = 100;
const MAX_PAGE: i32 = 1_000;
const MAX_WAIT: Duration = Duration::from_secs(30);
/// How often it is looked for commits of other processes.
const POLL: Duration = Duration::from_millis(500);
/// The same on SQLite, whose one writing process tells its readers.
const SQLITE_POLL: Duration = Duration::from_secs(5);
/// How often it is noted how far a consumer is: this only decides what may be pruned.
const NOTE: Duration = Duration::from_mins(1);
/// Most events that a consumer applies in one transaction.
const TOGETHER: usize = 25;
/// Pause of a consumer that has read all there was, so that what comes meanwhile is read and applied at once.
const GATHER: Duration = Duration::from_millis(50);
/// How often a consumer that only passes events by writes where it is.
const WRITE_PASSED: Duration = Duration::from_secs(10);

/// One event as a consumer sees it.
#[derive(Clone, Debug)]
pub struct Event {
    /// Position in the feed.
    pub cursor: i64,
    /// What happened, such as `customer.created`.
    pub kind: String,
    /// The project it happened in.
    pub project: ProjectId,
    /// The thing it is about.
    pub id: String,
    /// Revision of the thing after the change.
    pub revision: i64,
    /// The encoded state of the thing.
    pub payload: Vec<u8>,
    /// When it happened, in project time.
    pub create_time: Timestamp,
    /// Who caused it.
    pub actor: String,
}

impl Event {
    /// Reads the payload.
    pub fn decode<M: prost::Message + Default>(&self) -> Result<M, Status> {
        M::decode(self.payload.as_slice())
            .map_err(|error| Status::internal(format!("payload of {}: {error}", self.kind)))
    }
}

/// Takes the events of a feed.
#[async_trait::async_trait]
pub trait Consume: Send + Sync {
    /// Whether events like this one mean anything here, which is told by themselves. Others are gone past.
    fn concerns(&self, _event: &Event) -> bool {
        true
    }

    /// Whether an event that concerns this service means anything to what it has now, which `reader` is for a look at.
    /// One that does not costs no transaction.
    async fn wants(
        &self,
        _reader: &sea_orm::DatabaseConnection,
        _event: &Event,
    ) -> Result<bool, Status> {
        Ok(true)
    }

    /// A mark that events of one project share where one answer of `wants` is good for all of them; none where each is asked
    /// about. Only looks between which nothing was applied are spared.
    fn alike(&self, _event: &Event) -> Option<i64> {
        None
    }

    /// Applies one event inside the transaction that also moves the cursor, and that may have applied others of the
    /// project before it: what was written is only seen through that transaction. Events may come again: apply only what
    /// is newer.
    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status>;

    /// Applies events of one project, in their order, where that is cheaper together.
    async fn apply_all(&self, write: &mut Write, events: &[&Event]) -> Result<(), Status> {
        for event in events {
            write.flush().await.map_err(database)?;
            self.apply(write, event).await?;
        }
        Ok(())
    }
}

/// A feed that a service follows.
#[derive(Clone)]
pub struct ConsumerSpec {
    /// Name of the consumer, such as `billing.customers`; its cursor is kept by it.
    pub name: &'static str,
    /// The service whose feed it is.
    pub source: &'static str,
    /// What to do with the events.
    pub handler: Arc<dyn Consume>,
}

/// Serves the outbox of one database.
#[derive(Clone)]
pub struct FeedServer {
    db: Db,
    shutdown: tokio_util::sync::CancellationToken,
    /// The last position, and when it was asked for.
    head: Arc<Mutex<Option<(Instant, i64)>>>,
    /// How far each consumer was, and when that was noted.
    noted: Arc<Mutex<HashMap<String, (Instant, i64)>>>,
}

impl FeedServer {
    /// Serves a service's outbox until shutdown.
    pub fn new(db: Db, shutdown: tokio_util::sync::CancellationToken) -> Self {
        Self {
            db,
            shutdown,
            head: Arc::default(),
            noted: Arc::default(),
        }
    }

    /// Waits until there may be more: this process committed, or another one did, for which all readers look together.
    async fn more(
        &self,
        commits: &mut watch::Receiver<u64>,
        cursor: i64,
        until: Instant,
    ) -> Result<(), Status> {
        let poll = if self.db.backend() == DatabaseBackend::Postgres {
            POLL
        } else {
            SQLITE_POLL
        };
        loop {
            let next = Instant::now() + poll;
            tokio::select! {
                _ = commits.changed() => return Ok(()),
                () = self.shutdown.cancelled() => return Ok(()),
                () = tokio::time::sleep_until(until.min(next)) => {}
            }
            if Instant::now() >= until || self.head(poll).await? > cursor {
                return Ok(());
            }
        }
    }

    /// The last position in the outbox, as it was at most so long ago.
    async fn head(&self, age: Duration) -> Result<i64, Status> {
        let mut head = self.head.lock().await;
        if let Some((asked, position)) = *head
            && asked.elapsed() < age
        {
            return Ok(position);
        }
        let reader = self.db.reader();
        let row = reader
            .query_one_raw(Statement::from_string(
                reader.get_database_backend(),
                "SELECT COALESCE(MAX(seq), 0) FROM outbox",
            ))
            .await
            .map_err(database)?;
        let position = row
            .map_or(Ok(0), |row| row.try_get_by_index(0))
            .map_err(database)?;
        *head = Some((Instant::now(), position));
        Ok(position)
    }

    /// Notes now and then how far a consumer is.
    async fn note(&self, consumer: &str, cursor: i64) -> Result<(), Status> {
        let mut noted = self.noted.lock().await;
        if let Some((when, position)) = noted.get(consumer)
            && (*position == cursor || when.elapsed() < NOTE)
        {
            return Ok(());
        }
        let writer = self.db.writer();
        writer
            .execute_raw(Statement::from_sql_and_values(
                writer.get_database_backend(),
                "INSERT INTO feed_consumer (name, cursor) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor \
                 WHERE feed_consumer.cursor <> excluded.cursor",
                [consumer.into(), cursor.into()],
            ))
            .await
            .map_err(database)?;
        noted.insert(consumer.to_owned(), (Instant::now(), cursor));
        Ok(())
    }

    async fn page(
        &self,
        cursor: i64,
        limit: i32,
        project: Option<&str>,
    ) -> Result<(Vec<pb::Event>, i64), Status> {
        let reader = self.db.reader();
        let (filter, mut values): (&str, Vec<Value>) = match project {
            Some(project) => (" AND project_id = $3", vec![project.into()]),
            None => ("", Vec::new()),
        };
        let mut all = vec![cursor.into(), i64::from(limit).into()];
        all.append(&mut values);
        let rows = reader
            .query_all_raw(Statement::from_sql_and_values(
                reader.get_database_backend(),
                format!(
                    "SELECT seq, kind, project_id, resource_id, revision, payload_type, payload, actor, \
                     create_time, traceparent FROM outbox WHERE seq > $1{filter} ORDER BY seq LIMIT $2"
                ),
                all,
            ))
            .await
            .map_err(database)?;
        let events: Vec<pb::Event> = rows
            .iter()
            .map(event_from_row)
            .collect::<Result<_, _>>()
            .map_err(database)?;
        let next = events.last().map_or(cursor, |event| event.cursor);
        Ok((events, next))
    }
}

fn event_from_row(row: &QueryResult) -> Result<pb::Event, sea_orm::DbErr> {
    Ok(pb::Event {
        cursor: row.try_get("", "seq")?,
        kind: row.try_get("", "kind")?,
        project_id: row.try_get("", "project_id")?,
        resource_id: row.try_get("", "resource_id")?,
        revision: row.try_get("", "revision")?,
        payload_type: row.try_get("", "payload_type")?,
        payload: row.try_get("", "payload")?,
        actor: row.try_get("", "actor")?,
        create_time: Some(contract::convert::timestamp(instant(
            row.try_get("", "create_time")?,
        ))),
        traceparent: row.try_get("", "traceparent")?,
    })
}

/// Callers that are not services see their own project only.
fn visible_project(context: &Context, asked: &str) -> Option<String> {
    if context.is_service() {
        (!asked.is_empty()).then(|| asked.to_owned())
    } else {
        Some(context.project.to_string())
    }
}

#[tonic::async_trait]
impl FeedService for FeedServer {
    async fn list_events(
        &self,
        request: Request<pb::ListEventsRequest>,
    ) -> Result<Response<pb::ListEventsResponse>, Status> {
        let (context, request) = open(request)?;
        let project = visible_project(&context, &request.project_id);
        let limit = match request.page_size {
            0 => PAGE,
            size => size.clamp(1, MAX_PAGE),
        };
        if context.is_service() && !request.consumer.is_empty() {
            self.note(&request.consumer, request.cursor).await?;
        }
        let wait = Duration::from_millis(u64::try_from(request.wait_ms).unwrap_or_default())
            .min(MAX_WAIT)
            .min(
                context
                    .time_left()
                    .saturating_sub(Duration::from_millis(200)),
            );
        let until = Instant::now() + wait;
        let mut commits = self.db.commits();
        loop {
            commits.mark_unchanged();
            let (events, next_cursor) =
                self.page(request.cursor, limit, project.as_deref()).await?;
            if !events.is_empty() || Instant::now() >= until || self.shutdown.is_cancelled() {
                return Ok(Response::new(pb::ListEventsResponse {
                    events,
                    next_cursor,
                }));
            }
            self.more(&mut commits, request.cursor, until).await?;
        }
    }

    type WatchEventsStream =
        Pin<Box<dyn Stream<Item = Result<pb::WatchEventsResponse, Status>> + Send>>;

    async fn watch_events(
        &self,
        request: Request<pb::WatchEventsRequest>,
    ) -> Result<Response<Self::WatchEventsStream>, Status> {
        let (context, request) = open(request)?;
        let project = visible_project(&context, &request.project_id);
        let server = self.clone();
        let pages = futures::stream::unfold(request.cursor, move |cursor| {
            let (server, project) = (server.clone(), project.clone());
            async move {
                let mut commits = server.db.commits();
                loop {
                    commits.mark_unchanged();
                    match server.page(cursor, PAGE, project.as_deref()).await {
                        Ok((events, next)) if !events.is_empty() => {
                            return Some((events.into_iter().map(Ok).collect::<Vec<_>>(), next));
                        }
                        Ok(_) => {}
                        Err(status) => return Some((vec![Err(status)], cursor)),
                    }
                    let until = Instant::now() + MAX_WAIT;
                    if let Err(status) = server.more(&mut commits, cursor, until).await {
                        return Some((vec![Err(status)], cursor));
                    }
                    if server.shutdown.is_cancelled() {
                        return None;
                    }
                }
            }
        });
        let events = pages
            .flat_map(futures::stream::iter)
            .map(|event| event.map(|event| pb::WatchEventsResponse { event: Some(event) }));
        Ok(Response::new(Box::pin(events)))
    }
}

/// An event and the trace that it belongs to.
struct Traced {
    event: Event,
    traceparent: String,
}

/// Follows one feed.
#[derive(Clone)]
pub struct Consumer {
    env: Env,
    db: Db,
    spec: ConsumerSpec,
    source: FeedServiceClient<Link>,
    passed: Arc<Mutex<Passed>>,
}

/// How far a consumer went past events that mean nothing here. What of it is not written is read again after a restart.
struct Passed {
    cursor: i64,
    written: Instant,
}

impl Consumer {
    /// A follower of the feed named in `spec`, with its cursor in `db`.
    pub fn new(env: &Env, db: Db, spec: ConsumerSpec) -> Self {
        Self {
            source: FeedServiceClient::new(env.link(spec.source))
                .max_decoding_message_size(64 * 1024 * 1024),
            env: env.clone(),
            db,
            spec,
            passed: Arc::new(Mutex::new(Passed {
                cursor: 0,
                written: Instant::now(),
            })),
        }
    }

    /// Follows the feed until shutdown; failures are retried with growing pauses.
    pub async fn run(self) {
        let first = Duration::from_millis(200);
        let mut retry = first;
        while !self.env.shutdown.is_cancelled() {
            let step = tokio::select! {
                () = self.env.shutdown.cancelled() => return,
                step = self.step(5_000) => step,
            };
            let pause = match step {
                Ok((seen, _)) => {
                    retry = first;
                    if i32::try_from(seen).is_ok_and(|seen| seen < PAGE) {
                        GATHER
                    } else {
                        Duration::ZERO
                    }
                }
                Err(status) => {
                    tracing::warn!(consumer = self.spec.name, code = ?status.code(), message = status.message(), "a feed cannot be followed; it is tried again");
                    let pause = retry;
                    retry = (retry * 2).min(Duration::from_secs(5));
                    pause
                }
            };
            tokio::select! {
                () = self.env.shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Applies everything that is in the feed now; answers how many events it was.
    pub async fn drain(&self) -> Result<u64, Status> {
        let mut total = 0;
        loop {
            let (seen, applied) = self.step(0).await?;
            total += applied;
            // Not `applied`: the loop may have been quicker with this page, and more follow.
            if seen == 0 {
                return Ok(total);
            }
        }
    }

    /// Reads a page and applies it; answers how many events it had, and how many of them
    /// nobody had applied before.
    async fn step(&self, wait_ms: i32) -> Result<(usize, u64), Status> {
        let written = self.cursor(self.db.reader()).await?;
        let cursor = written.max(self.passed.lock().await.cursor);
        let nobody = ProjectId::from_ulid(ulid::Ulid::nil());
        let context = Context::background(&self.env, nobody, self.env.clocks().now(nobody));
        let mut request = context.request(pb::ListEventsRequest {
            cursor,
            page_size: PAGE,
            wait_ms,
            consumer: self.spec.name.to_owned(),
            project_id: String::new(),
        });
        request.metadata_mut().insert(
            SERVICE_HEADER,
            tonic::metadata::MetadataValue::from_static(self.spec.source),
        );
        let answer = self.source.clone().list_events(request).await?.into_inner();
        let seen = answer.events.len();
        let mut applied = 0;
        let mut batch: Vec<Traced> = Vec::new();
        let mut passed = None;
        let mut unwanted: HashSet<(ProjectId, i64)> = HashSet::new();
        for (index, mut event) in answer.events.into_iter().enumerate() {
            let traceparent = std::mem::take(&mut event.traceparent);
            let event = self.read(event)?;
            if index == 0 {
                let age = crate::clock::system_now().duration_since(event.create_time);
                self.tell_lag(age.as_secs_f64());
            }
            if !self.spec.handler.concerns(&event) {
                passed = Some(event);
                continue;
            }
            let mark = self.spec.handler.alike(&event);
            let mark = mark.map(|mark| (event.project, mark));
            if batch.is_empty() && mark.is_some_and(|mark| unwanted.contains(&mark)) {
                passed = Some(event);
                continue;
            }
            let full = batch.len() >= TOGETHER;
            if full
                || batch
                    .last()
                    .is_some_and(|last| last.event.project != event.project)
            {
                applied += self.apply(std::mem::take(&mut batch)).await?;
                unwanted.clear();
            }
            let mut wanted = self.spec.handler.wants(self.db.reader(), &event).await?;
            if !wanted && !batch.is_empty() {
                // What comes before it may be what makes it wanted.
                applied += self.apply(std::mem::take(&mut batch)).await?;
                unwanted.clear();
                wanted = self.spec.handler.wants(self.db.reader(), &event).await?;
            }
            passed = if wanted {
                batch.push(Traced { event, traceparent });
                None
            } else {
                unwanted.extend(mark);
                Some(event)
            };
        }
        applied += self.apply(batch).await?;
        if let Some(event) = passed {
            self.pass(&event).await?;
        }
        self.tell_lag(0.0);
        Ok((seen, applied))
    }

    fn tell_lag(&self, seconds: f64) {
        metrics::gauge!("perennial_feed_lag_seconds", "consumer" => self.spec.name).set(seconds);
    }

    fn read(&self, event: pb::Event) -> Result<Event, Status> {
        let project: ProjectId = event
            .project_id
            .parse()
            .map_err(|_| Status::internal("an event without a project"))?;
        Ok(Event {
            cursor: event.cursor,
            kind: event.kind,
            project,
            id: event.resource_id,
            revision: event.revision,
            payload: event.payload,
            create_time: event
                .create_time
                .as_ref()
                .and_then(|time| contract::convert::from_timestamp(time).ok())
                .unwrap_or_else(|| self.env.clocks().now(project)),
            actor: event.actor,
        })
    }

    /// A transaction, and the cursor in it. `drain` and the loop may hold the same page; the cursor in the transaction
    /// decides whose it is.
    async fn enter(&self, project: ProjectId) -> Result<(Write, i64), Status> {
        let context = Context::background(&self.env, project, self.env.clocks().now(project));
        let write = self.db.system_write(&context).await.map_err(database)?;
        crate::db::lock(write.tx(), &format!("consumer.{}", self.spec.name))
            .await
            .map_err(database)?;
        let cursor = self.cursor(write.tx()).await?;
        Ok((write, cursor))
    }

    /// Moves the cursor behind an event and commits.
    async fn leave(&self, write: Write, event: &Event) -> Result<(), Status> {
        write.later(Statement::from_sql_and_values(
            self.db.backend(),
            "INSERT INTO feed_cursor (consumer, cursor) VALUES ($1, $2) \
             ON CONFLICT (consumer) DO UPDATE SET cursor = excluded.cursor",
            [self.spec.name.into(), event.cursor.into()],
        ));
        write.commit().await.map_err(database)
    }

    /// Goes past events that mean nothing here.
    async fn pass(&self, event: &Event) -> Result<(), Status> {
        {
            let mut passed = self.passed.lock().await;
            passed.cursor = passed.cursor.max(event.cursor);
            if passed.written.elapsed() < WRITE_PASSED {
                return Ok(());
            }
            passed.written = Instant::now();
        }
        let (write, cursor) = self.enter(event.project).await?;
        if cursor < event.cursor {
            self.leave(write, event).await?;
        }
        Ok(())
    }

    /// Applies events of one project, together where that succeeds; answers how many nobody had applied before.
    async fn apply(&self, events: Vec<Traced>) -> Result<u64, Status> {
        match self.apply_together(&events).await {
            Err(status) if events.len() > 1 => {
                tracing::debug!(consumer = self.spec.name, code = ?status.code(), "events are applied one by one");
                let mut applied = 0;
                for event in &events {
                    applied += self.apply_together(std::slice::from_ref(event)).await?;
                }
                Ok(applied)
            }
            done => done,
        }
    }

    async fn apply_together(&self, events: &[Traced]) -> Result<u64, Status> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Ok(0);
        };
        let span = tracing::info_span!(
            "feed",
            otel.name = self.spec.name,
            otel.kind = "consumer",
            project.id = %last.event.project,
        );
        // What is applied together goes on in the trace of the first of it.
        telemetry::continue_later(&span, &first.traceparent);
        let work = self.write_together(events, &last.event);
        work.instrument(span).await
    }

    async fn write_together(&self, events: &[Traced], last: &Event) -> Result<u64, Status> {
        let (mut write, cursor) = self.enter(last.project).await?;
        let new: Vec<&Event> = events
            .iter()
            .map(|traced| &traced.event)
            .filter(|event| event.cursor > cursor)
            .collect();
        if new.is_empty() {
            return Ok(0);
        }
        self.spec.handler.apply_all(&mut write, &new).await?;
        let applied = new.len() as u64;
        self.leave(write, last).await?;
        metrics::counter!("perennial_feed_events_total", "consumer" => self.spec.name)
            .increment(applied);
        Ok(applied)
    }

    async fn cursor(&self, connection: &impl ConnectionTrait) -> Result<i64, Status> {
        let row = connection
            .query_one_raw(Statement::from_sql_and_values(
                self.db.backend(),
                "SELECT cursor FROM feed_cursor WHERE consumer = $1",
                [self.spec.name.into()],
            ))
            .await
            .map_err(database)?;
        row.map_or(Ok(0), |row| row.try_get("", "cursor"))
            .map_err(database)
    }
}

/// Removes events that every registered consumer has passed and that are older than a week.
pub async fn prune(db: &Db) -> Result<(), sea_orm::DbErr> {
    let writer = db.writer();
    let week = 7 * 24 * 60 * 60 * 1_000_000;
    writer
        .execute_raw(Statement::from_sql_and_values(
            writer.get_database_backend(),
            "DELETE FROM outbox WHERE create_time < $1 \
             AND seq <= (SELECT COALESCE(MIN(cursor), 0) FROM feed_consumer)",
            [(micros(crate::clock::system_now()) - week).into()],
        ))
        .await
        .map(drop)
}
