//! Feeds: a service's committed changes, served from its outbox, and the loop that follows
//! another service's feed with a cursor kept in the follower's own transactions.

use std::{pin::Pin, sync::Arc, time::Duration};

use contract::feed::v1::{
    self as pb, feed_service_client::FeedServiceClient, feed_service_server::FeedService,
};
use futures::{Stream, StreamExt as _};
use kernel::{Timestamp, id::ProjectId};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use tonic::{Request, Response, Status};

use crate::{
    Context, Db, Env, Link, Write,
    db::{instant, micros},
    idempotency::database,
    open,
};

/// Metadata that names the service a shared call (feed, audit, settle) is meant for.
pub const SERVICE_HEADER: &str = "x-perennial-service";
const PAGE: i32 = 100;
const MAX_PAGE: i32 = 1_000;
const MAX_WAIT: Duration = Duration::from_secs(30);
/// How often a waiting reader looks for commits of other processes.
const POLL: Duration = Duration::from_millis(500);

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
    /// Whether an event means anything here. One that does not costs no transaction. `reader` is for
    /// a look at what this service has.
    async fn wants(
        &self,
        _reader: &sea_orm::DatabaseConnection,
        _event: &Event,
    ) -> Result<bool, Status> {
        Ok(true)
    }

    /// Applies one event inside the transaction that also moves the cursor. Events may come
    /// again: apply only what is newer.
    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status>;
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
}

impl FeedServer {
    /// Serves a service's outbox until shutdown.
    pub fn new(db: Db, shutdown: tokio_util::sync::CancellationToken) -> Self {
        Self { db, shutdown }
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
            let writer = self.db.writer();
            writer
                .execute_raw(Statement::from_sql_and_values(
                    writer.get_database_backend(),
                    "INSERT INTO feed_consumer (name, cursor) VALUES ($1, $2) \
                     ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor \
                     WHERE feed_consumer.cursor <> excluded.cursor",
                    [request.consumer.as_str().into(), request.cursor.into()],
                ))
                .await
                .map_err(database)?;
        }
        let wait = Duration::from_millis(u64::try_from(request.wait_ms).unwrap_or_default())
            .min(MAX_WAIT)
            .min(
                context
                    .time_left()
                    .saturating_sub(Duration::from_millis(200)),
            );
        let until = tokio::time::Instant::now() + wait;
        let mut commits = self.db.commits();
        loop {
            commits.mark_unchanged();
            let (events, next_cursor) =
                self.page(request.cursor, limit, project.as_deref()).await?;
            if !events.is_empty()
                || tokio::time::Instant::now() >= until
                || self.shutdown.is_cancelled()
            {
                return Ok(Response::new(pb::ListEventsResponse {
                    events,
                    next_cursor,
                }));
            }
            tokio::select! {
                _ = commits.changed() => {}
                () = self.shutdown.cancelled() => {}
                () = tokio::time::sleep_until(until.min(tokio::time::Instant::now() + POLL)) => {}
            }
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
                    tokio::select! {
                        _ = commits.changed() => {}
                        () = server.shutdown.cancelled() => return None,
                        () = tokio::time::sleep(POLL) => {}
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

/// Follows one feed.
#[derive(Clone)]
pub struct Consumer {
    env: Env,
    db: Db,
    spec: ConsumerSpec,
    source: FeedServiceClient<Link>,
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
        }
    }

    /// Follows the feed until shutdown; failures are retried with growing pauses.
    pub async fn run(self) {
        let mut pause = Duration::from_millis(200);
        while !self.env.shutdown.is_cancelled() {
            let step = tokio::select! {
                () = self.env.shutdown.cancelled() => return,
                step = self.step(5_000) => step,
            };
            match step {
                Ok(_) => pause = Duration::from_millis(200),
                Err(status) => {
                    tracing::warn!(consumer = self.spec.name, code = ?status.code(), message = status.message(), "a feed cannot be followed; it is tried again");
                    tokio::select! {
                        () = self.env.shutdown.cancelled() => return,
                        () = tokio::time::sleep(pause) => {}
                    }
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
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
        let cursor = self.cursor(self.db.reader()).await?;
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
        let mut passed = None;
        for event in answer.events {
            let event = self.read(event)?;
            if self.spec.handler.wants(self.db.reader(), &event).await? {
                applied += u64::from(self.apply(&event).await?);
                passed = None;
            } else {
                passed = Some(event);
            }
        }
        if let Some(event) = passed {
            self.pass(&event).await?;
        }
        Ok((seen, applied))
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

    /// A transaction at the cursor; none when somebody else was here with this event. `drain` and the
    /// loop may hold the same page; the cursor in the transaction decides.
    async fn enter(&self, event: &Event) -> Result<Option<Write>, Status> {
        let project = event.project;
        let context = Context::background(&self.env, project, self.env.clocks().now(project));
        let write = self.db.system_write(&context).await.map_err(database)?;
        crate::db::lock(write.tx(), &format!("consumer.{}", self.spec.name))
            .await
            .map_err(database)?;
        if self.cursor(write.tx()).await? >= event.cursor {
            return Ok(None);
        }
        Ok(Some(write))
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
        match self.enter(event).await? {
            Some(write) => self.leave(write, event).await,
            None => Ok(()),
        }
    }

    async fn apply(&self, event: &Event) -> Result<bool, Status> {
        let Some(mut write) = self.enter(event).await? else {
            return Ok(false);
        };
        self.spec.handler.apply(&mut write, event).await?;
        self.leave(write, event).await?;
        metrics::counter!("perennial_feed_events_total", "consumer" => self.spec.name).increment(1);
        let age = crate::clock::system_now().duration_since(event.create_time);
        metrics::gauge!("perennial_feed_lag_seconds", "consumer" => self.spec.name)
            .set(age.as_secs_f64());
        Ok(true)
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
