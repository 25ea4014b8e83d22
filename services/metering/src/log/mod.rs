//! The ingest log: usage events are stored in a JetStream stream, which answers the caller, and brought
//! from there into the database by workers. A worker commits on the same path as a call without a log does and
//! acknowledges a message only then, so that killing any part at any moment loses nothing; what is
//! delivered again is dropped by the unique key of events, so that nothing is doubled.
//!
//! The partitions of the stream are shared by the replicas. Whoever works on one holds its only
//! consumer, reads it in order, and after any trouble begins again with a new consumer at the first message that
//! is not acknowledged: there is no state to be repaired.

mod commit;
mod connection;
mod jetstream;
mod message;
mod park;
mod partition;
mod replicas;
mod settings;
mod worker;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_nats::HeaderMap;
use chassis::{BuildError, Context, Db, Env, service::Backlog};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::{
    error::MeteringError,
    ingest::{Batch, Ingest, check_within},
};
use connection::{Connection, Names};
use settings::Settings;

/// Longest time that a call waits for the log.
const ANSWER: Duration = Duration::from_secs(10);
/// Kibibytes that may be on their way into the log; more wait for room.
const ROOM: u32 = 64 * 1_024;
/// How often what is in the log is looked at while it is waited for.
const LOOK: Duration = Duration::from_millis(10);
/// How often the state of the log is measured.
const MEASURE: Duration = Duration::from_secs(5);
/// Header that names a message to the server.
const MESSAGE_ID: &str = "Nats-Msg-Id";

/// The log of usage events. Cheap to clone.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    settings: Settings,
    names: Names,
    connection: watch::Sender<Option<Connection>>,
    ready: watch::Sender<bool>,
    room: Semaphore,
}

impl Log {
    /// The log that the service is set to; none where it takes events in directly. It is connected to when
    /// its work begins.
    pub fn new(env: &Env) -> Result<Option<Self>, BuildError> {
        let Some(settings) = Settings::read(&env.config)? else {
            return Ok(None);
        };
        let names = Names {
            stream: settings.stream.clone(),
        };
        Ok(Some(Self(Arc::new(Inner {
            settings,
            names,
            connection: watch::Sender::new(None),
            ready: watch::Sender::new(false),
            room: Semaphore::new(ROOM as usize),
        }))))
    }

    fn names(&self) -> &Names {
        &self.0.names
    }

    /// The connection, once there is one; none at the end.
    async fn connected(&self, until: &CancellationToken) -> Option<Connection> {
        let mut connection = self.0.connection.subscribe();
        let found = connection.wait_for(Option::is_some);
        let found = until.run_until_cancelled(found).await?;
        found.ok()?.clone()
    }

    /// Waits until a connection is no longer the one there is.
    async fn lost(&self, connection: &Connection) {
        let mut now = self.0.connection.subscribe();
        let other = |now: &Option<Connection>| {
            now.as_ref()
                .is_none_or(|now| now.number != connection.number)
        };
        // The sender lives as long as this value does, so this cannot fail.
        let _ = now.wait_for(other).await;
    }

    fn connection(&self) -> Result<Connection, MeteringError> {
        let connection = self.0.connection.borrow().clone();
        connection.ok_or(MeteringError::LogUnavailable)
    }

    /// Puts the events of a call into the log; answers when all of them are stored there. When it fails, some
    /// of them may be.
    pub async fn append(&self, context: &Context, batch: &Batch) -> Result<(), MeteringError> {
        check_within(batch)?;
        if batch.events.is_empty() {
            return Ok(());
        }
        let connection = self.connection()?;
        let time = context.time_left().min(ANSWER);
        let appended = tokio::select! {
            appended = self.publish(&connection, context, batch, time) => appended,
            () = self.lost(&connection) => Err(MeteringError::LogUnavailable),
            () = tokio::time::sleep(time) => Err(MeteringError::LogUnavailable),
        };
        let outcome = match appended {
            Ok(()) => "accepted",
            Err(_) => "refused",
        };
        metrics::counter!("perennial_ingest_log_events_total", "outcome" => outcome)
            .increment(batch.events.len() as u64);
        appended
    }

    async fn publish(
        &self,
        connection: &Connection,
        context: &Context,
        batch: &Batch,
        time: Duration,
    ) -> Result<(), MeteringError> {
        let messages = message::outgoing(context.project, batch);
        let bytes: usize = messages.iter().map(|message| message.payload.len()).sum();
        let room = u32::try_from(bytes / 1_024 + 1).unwrap_or(ROOM).min(ROOM);
        let _room = self.0.room.acquire_many(room).await;
        // Sent in this order over one connection, so those of one partition are stored in it.
        let sent = messages.into_iter().map(|message| {
            let mut headers = HeaderMap::new();
            headers.insert(MESSAGE_ID, message.id.as_str());
            let subject = self.names().events(message.partition);
            connection
                .jetstream
                .publish(subject, headers, message.payload.into(), time)
        });
        futures::future::try_join_all(sent).await.map_err(|error| {
            if error.is_full() {
                return MeteringError::LogFull;
            }
            tracing::warn!(%error, "the ingest log did not take events in");
            MeteringError::LogUnavailable
        })?;
        Ok(())
    }

    /// Waits until all that is in the log now is done with; answers how many messages that was.
    async fn drain(&self, time_left: Duration) -> Result<u64, MeteringError> {
        let until = Instant::now() + time_left;
        let state = async || {
            let jetstream = self.connection()?.jetstream;
            let info = jetstream.stream(&self.names().stream).await;
            info.map(|info| info.state).map_err(|error| {
                tracing::warn!(%error, "the ingest log cannot be looked at");
                MeteringError::LogUnavailable
            })
        };
        let begin = state().await?;
        let mut now = begin.clone();
        while now.messages > 0 && now.first_position <= begin.last_position {
            if Instant::now() >= until {
                return Err(Status::deadline_exceeded("the ingest log is not empty yet").into());
            }
            tokio::time::sleep(LOOK).await;
            now = state().await?;
        }
        Ok(begin.messages)
    }

    /// Measures the log until shutdown.
    async fn measure(&self, shutdown: &CancellationToken) {
        while let Some(connection) = self.connected(shutdown).await {
            if let Ok(info) = connection.jetstream.stream(&self.names().stream).await {
                let state = info.state;
                let count = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
                metrics::gauge!("perennial_ingest_log_pending_messages").set(count(state.messages));
                metrics::gauge!("perennial_ingest_log_pending_kibibytes")
                    .set(count(state.bytes / 1_024));
                let age = chassis::clock::system_now().duration_since(state.first_time);
                let lag = if state.messages == 0 {
                    Duration::ZERO
                } else {
                    Duration::try_from(age).unwrap_or_default()
                };
                metrics::gauge!("perennial_ingest_log_lag_seconds").set(lag.as_secs_f64());
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(MEASURE) => {}
            }
        }
    }
}

/// The log as what the service takes in before its database.
pub struct LogBacklog {
    log: Log,
    env: Env,
    db: Db,
    ingest: Ingest,
}

impl LogBacklog {
    /// The work that brings the log's events into a database.
    pub const fn new(log: Log, env: Env, db: Db, ingest: Ingest) -> Self {
        Self {
            log,
            env,
            db,
            ingest,
        }
    }
}

#[async_trait::async_trait]
impl Backlog for LogBacklog {
    fn name(&self) -> &'static str {
        "ingest_log"
    }

    fn ready(&self) -> watch::Receiver<bool> {
        self.log.0.ready.subscribe()
    }

    async fn run(&self) {
        describe();
        let shutdown = &self.env.shutdown;
        let inner = &self.log.0;
        let worker = worker::Worker::new(
            self.log.clone(),
            self.env.clone(),
            self.db.clone(),
            self.ingest.clone(),
        );
        tokio::join!(
            connection::keep(
                &inner.settings,
                &inner.names,
                &inner.connection,
                &inner.ready,
                shutdown
            ),
            self.log.measure(shutdown),
            worker.run(),
        );
    }

    async fn drain(&self, time_left: Duration) -> Result<u64, Status> {
        Ok(self.log.drain(time_left).await?)
    }
}

fn describe() {
    // Told before the first one, so that an alert sees it come.
    metrics::counter!("perennial_ingest_log_events_total", "outcome" => "parked").increment(0);
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_gauge!(
        "perennial_ingest_log_ready",
        "1 while the ingest log can be used"
    );
    describe_gauge!(
        "perennial_ingest_log_pending_messages",
        "Messages of the ingest log that are not committed"
    );
    describe_gauge!(
        "perennial_ingest_log_pending_kibibytes",
        Unit::Kibibytes,
        "Size of the messages of the ingest log that are not committed"
    );
    describe_gauge!(
        "perennial_ingest_log_lag_seconds",
        Unit::Seconds,
        "Age of the oldest message of the ingest log that is not committed"
    );
    describe_gauge!(
        "perennial_ingest_log_partitions",
        "Partitions of the ingest log that this process works on"
    );
    describe_counter!(
        "perennial_ingest_log_events_total",
        "Events by what became of them: accepted into the log or refused; then stored, duplicate or parked"
    );
    describe_counter!(
        "perennial_ingest_log_restarts_total",
        "How often work on a partition had to begin again"
    );
    describe_histogram!(
        "perennial_ingest_log_batch_events",
        "Events that a worker commits together"
    );
}
