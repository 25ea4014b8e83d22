//! The workers: one for each partition that this replica is to work on. A worker claims its partition, reads it in
//! order, commits, acknowledges; whatever goes wrong, it gives the partition up and begins again.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_nats::Subscriber;
use chassis::{Db, Env};
use futures::StreamExt as _;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    Log,
    commit::{Committer, Delivered},
    connection::{Connection, owner},
    jetstream::{Received, StreamError, received},
    partition::PARTITIONS,
    replicas::Replicas,
};
use crate::ingest::Ingest;

/// Messages of one request, and most that wait for the committer.
const MESSAGES: usize = 500;
/// Bytes of one request: what a partition may have in memory, about twice.
const BYTES: usize = 4 << 20;
/// How long a request waits for messages.
const PULL: Duration = Duration::from_secs(5);
/// How much longer its end may take before the server is taken for dead.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether partitions came or went.
const LOOK: Duration = Duration::from_millis(250);
/// Pauses before a partition is begun again, from the first to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How long giving a partition up may take.
const GIVE_UP: Duration = Duration::from_secs(2);

/// Why work on a partition ended.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(String);

impl Trouble {
    /// Trouble, in words.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl From<StreamError> for Trouble {
    fn from(error: StreamError) -> Self {
        Self(error.to_string())
    }
}

/// How work on a partition ended.
enum End {
    /// It was to end.
    Asked,
    /// Another replica, or a former self, still has the partition.
    Taken,
    /// Something went wrong.
    Trouble(Trouble),
}

/// Brings the log into the database.
pub struct Worker {
    log: Log,
    env: Env,
    db: Db,
    ingest: Ingest,
    replicas: Replicas,
}

struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Worker {
    /// A worker with nothing in hand.
    pub fn new(log: Log, env: Env, db: Db, ingest: Ingest) -> Arc<Self> {
        Arc::new(Self {
            log,
            env,
            db,
            ingest,
            replicas: Replicas::new(),
        })
    }

    /// Works until shutdown; what is being committed then is finished.
    pub async fn run(self: &Arc<Self>) {
        let shutdown = &self.env.shutdown;
        // Events are stored at project time.
        let clocks = self.env.clocks().wait_loaded();
        if shutdown.run_until_cancelled(clocks).await.is_none() {
            return;
        }
        tokio::join!(self.replicas.run(&self.log, shutdown), self.share());
    }

    /// Starts and ends work on partitions as replicas come and go.
    async fn share(self: &Arc<Self>) {
        let shutdown = &self.env.shutdown;
        let mut running: BTreeMap<u16, Running> = BTreeMap::new();
        while !shutdown.is_cancelled() {
            running.retain(|_, work| !work.task.is_finished());
            for partition in 0..PARTITIONS {
                let mine = self.replicas.is_mine(partition);
                match running.get(&partition) {
                    Some(work) if !mine => work.stop.cancel(),
                    None if mine => {
                        let stop = shutdown.child_token();
                        let worker = self.clone();
                        let until = stop.clone();
                        let task =
                            tokio::spawn(async move { worker.work(partition, &until).await });
                        running.insert(partition, Running { stop, task });
                    }
                    Some(_) | None => {}
                }
            }
            metrics::gauge!("perennial_ingest_log_partitions")
                .set(f64::from(u32::try_from(running.len()).unwrap_or(u32::MAX)));
            shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await;
        }
        for work in running.into_values() {
            if let Err(error) = work.task.await {
                tracing::error!(%error, "work on a partition broke off");
            }
        }
        if let Ok(connection) = self.log.connection() {
            self.replicas.bye(&self.log, &connection).await;
            let flushed = connection.jetstream.client().flush();
            if tokio::time::timeout(GIVE_UP, flushed).await.is_err() {
                tracing::debug!("the last acknowledgements may be missing");
            }
        }
    }

    /// Works on a partition until asked to stop.
    async fn work(&self, partition: u16, stop: &CancellationToken) {
        let (mut pause, mut before) = (PAUSES.0, 0);
        for number in 0.. {
            let Some(connection) = self.log.connected(stop).await else {
                return;
            };
            if std::mem::replace(&mut before, connection.number) != connection.number {
                pause = PAUSES.0;
            }
            let mut progress = false;
            match self
                .claim(&connection, partition, number, stop, &mut progress)
                .await
            {
                End::Asked => return,
                End::Taken => pause = LOOK,
                End::Trouble(trouble) => {
                    if progress {
                        pause = PAUSES.0;
                    }
                    metrics::counter!("perennial_ingest_log_restarts_total").increment(1);
                    let connected = self.log.connection();
                    if connected.is_ok_and(|now| now.number == connection.number) {
                        tracing::warn!(partition, %trouble, "work on a partition of the ingest log begins again");
                    }
                }
            }
            if stop
                .run_until_cancelled(tokio::time::sleep(pause))
                .await
                .is_none()
            {
                return;
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Claims a partition, works on it, and gives it up.
    async fn claim(
        &self,
        connection: &Connection,
        partition: u16,
        number: u64,
        stop: &CancellationToken,
        progress: &mut bool,
    ) -> End {
        let (jetstream, names) = (&connection.jetstream, self.log.names());
        let consumer = names.consumer(partition, &self.replicas.me, number);
        let subject = names.events(partition);
        match jetstream
            .create_consumer(&names.stream, &consumer, &subject)
            .await
        {
            Ok(()) => {}
            Err(error) if error.is_taken() => {
                return match self.evict(connection, partition).await {
                    Ok(()) => End::Taken,
                    Err(error) => End::Trouble(error.into()),
                };
            }
            Err(error) => return End::Trouble(error.into()),
        }
        let end = match self.serve(connection, &consumer, stop, progress).await {
            Ok(()) => End::Asked,
            Err(trouble) => End::Trouble(trouble),
        };
        let given_up = jetstream.delete_consumer(&names.stream, &consumer);
        if !matches!(tokio::time::timeout(GIVE_UP, given_up).await, Ok(Ok(()))) {
            tracing::debug!(partition, "the partition is given up by silence");
        }
        end
    }

    /// Takes a partition from replicas that are gone.
    async fn evict(&self, connection: &Connection, partition: u16) -> Result<(), StreamError> {
        let (jetstream, stream) = (&connection.jetstream, &self.log.names().stream);
        for consumer in jetstream.consumers(stream).await? {
            let gone = owner(&consumer)
                .is_some_and(|(held, replica)| held == partition && self.replicas.is_gone(replica));
            if gone {
                jetstream.delete_consumer(stream, &consumer).await?;
            }
        }
        Ok(())
    }

    /// Reads and commits until asked to stop.
    async fn serve(
        &self,
        connection: &Connection,
        consumer: &str,
        stop: &CancellationToken,
        progress: &mut bool,
    ) -> Result<(), Trouble> {
        let (inbox, subscriber) = connection.jetstream.inbox().await?;
        let (delivered, waiting) = mpsc::channel(MESSAGES);
        let reading = self.read(connection, consumer, &inbox, subscriber, delivered);
        let committing = self.commit(connection, waiting, stop, progress);
        tokio::pin!(reading, committing);
        tokio::select! {
            ended = &mut committing => ended,
            trouble = &mut reading => {
                // What was read is finished.
                committing.await?;
                if stop.is_cancelled() { Ok(()) } else { Err(trouble) }
            }
        }
    }

    /// Asks for messages and hands them on, until something goes wrong.
    async fn read(
        &self,
        connection: &Connection,
        consumer: &str,
        inbox: &str,
        mut subscriber: Subscriber,
        delivered: mpsc::Sender<Delivered>,
    ) -> Trouble {
        let stream = &self.log.names().stream;
        let mut asked = 0;
        loop {
            if asked == 0 {
                let pulled = connection
                    .jetstream
                    .pull(stream, consumer, inbox, MESSAGES, BYTES, PULL);
                if let Err(error) = pulled.await {
                    return error.into();
                }
                asked = MESSAGES;
            }
            let next = tokio::select! {
                next = tokio::time::timeout(PULL + PATIENCE, subscriber.next()) => next,
                () = self.log.lost(connection) => return Trouble::new("the connection was lost"),
            };
            let message = match next {
                Ok(Some(message)) => message,
                Ok(None) => return Trouble::new("the connection was closed"),
                Err(_) => return Trouble::new("the server is silent"),
            };
            match received(message) {
                Received::Message(payload, reply) => {
                    asked -= 1;
                    if delivered.send(Delivered { payload, reply }).await.is_err() {
                        return Trouble::new("nobody commits");
                    }
                }
                Received::RequestEnded => asked = 0,
                Received::Nothing => {}
                Received::Broken(reason) => return Trouble(reason),
            }
        }
    }

    /// Commits what was read, as much as there is at a time.
    async fn commit(
        &self,
        connection: &Connection,
        mut waiting: mpsc::Receiver<Delivered>,
        stop: &CancellationToken,
        progress: &mut bool,
    ) -> Result<(), Trouble> {
        let committer = Committer {
            log: &self.log,
            env: &self.env,
            db: &self.db,
            ingest: &self.ingest,
            connection,
        };
        let mut messages = Vec::new();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                count = waiting.recv_many(&mut messages, MESSAGES) => if count == 0 { return Ok(()) },
            }
            committer.commit(std::mem::take(&mut messages)).await?;
            *progress = true;
        }
    }
}
