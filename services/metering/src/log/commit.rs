//! From messages to committed events: the same group commit that calls without a log use, and what
//! becomes of events that it refuses.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_nats::Subject;
use bytes::Bytes;
use chassis::{Context, Db, Env};
use futures::future::join_all;
use kernel::id::ProjectId;

use super::{Log, connection::Connection, message::Logged, park::Fate, worker::Trouble};
use crate::{
    domain::event::NewEvent,
    error::MeteringError,
    ingest::{Batch, Ingest},
    store::event::{self, OwnedIdentity},
};

/// A commit takes messages in until it has this many events.
const EVENTS_ENOUGH: usize = 5_000;
/// How often an event is tried of which nobody knows why it is refused.
const ATTEMPTS: u32 = 5;
/// Pause before the second attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(200);
/// How long the acknowledgement of one message may take.
const ACKNOWLEDGE: Duration = Duration::from_secs(2);

/// A message as it was delivered.
#[derive(Debug)]
pub struct Delivered {
    /// What it says.
    pub payload: Bytes,
    /// Where it is acknowledged.
    pub reply: Subject,
}

/// Commits what messages say, over one connection to the log.
pub struct Committer<'worker> {
    /// The log.
    pub log: &'worker Log,
    /// Surroundings of the service.
    pub env: &'worker Env,
    /// Its database.
    pub db: &'worker Db,
    /// The way into it.
    pub ingest: &'worker Ingest,
    /// The connection that the messages came over.
    pub connection: &'worker Connection,
}

impl Committer<'_> {
    /// Commits messages in their order and acknowledges them.
    pub async fn commit(&self, messages: Vec<Delivered>) -> Result<(), Trouble> {
        let (mut group, mut events) = (Vec::new(), 0);
        for message in messages {
            match Logged::decode(&message.payload) {
                Ok(logged) => {
                    events += logged.batch.events.len();
                    group.push((message.reply, logged));
                }
                Err(reason) => {
                    let parked = self
                        .log
                        .park_message(self.connection, message.payload, &reason);
                    parked.await?;
                    self.acknowledge(message.reply).await?;
                }
            }
            if events >= EVENTS_ENOUGH {
                self.commit_group(std::mem::take(&mut group)).await?;
                events = 0;
            }
        }
        self.commit_group(group).await
    }

    async fn commit_group(&self, group: Vec<(Subject, Logged)>) -> Result<(), Trouble> {
        let mut projects: BTreeMap<ProjectId, Vec<Arc<Batch>>> = BTreeMap::new();
        let mut replies = Vec::with_capacity(group.len());
        for (reply, logged) in group {
            projects
                .entry(logged.project)
                .or_default()
                .push(logged.batch);
            replies.push(reply);
        }
        let commits = projects
            .into_iter()
            .map(|(project, batches)| self.commit_project(project, batches));
        for committed in join_all(commits).await {
            committed?;
        }
        for reply in replies {
            self.acknowledge(reply).await?;
        }
        Ok(())
    }

    async fn acknowledge(&self, reply: Subject) -> Result<(), Trouble> {
        let acknowledged = self.connection.jetstream.acknowledge(reply);
        match tokio::time::timeout(ACKNOWLEDGE, acknowledged).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(Trouble::new("a message could not be acknowledged in time")),
        }
    }

    async fn commit_project(
        &self,
        project: ProjectId,
        batches: Vec<Arc<Batch>>,
    ) -> Result<(), Trouble> {
        let now = self.env.clocks().now(project);
        let context = Context::background(self.env, project, now);
        let error = match self.store(&context, batches.clone()).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if self.fate(&error) == Fate::Later {
            return Err(later(&error));
        }
        // One of them is refused: each alone, so that it takes no others with it.
        for batch in batches {
            for event in &batch.events {
                self.store_event(&context, &batch, event).await?;
            }
        }
        Ok(())
    }

    fn fate(&self, error: &MeteringError) -> Fate {
        Fate::of(error, self.env.shutdown.is_cancelled())
    }

    /// Stores batches together. What is in the database already is a repetition, or a conflict.
    async fn store(
        &self,
        context: &Context,
        batches: Vec<Arc<Batch>>,
    ) -> Result<(), MeteringError> {
        let all: u64 = batches.iter().map(|batch| batch.events.len() as u64).sum();
        // Nobody waits for an answer, so nothing is refused. Conflicts are looked for afterwards.
        let lenient = batches.iter().map(|batch| {
            if !batch.reject_conflicts {
                return batch.clone();
            }
            Arc::new(Batch {
                reject_conflicts: false,
                ..Batch::clone(batch)
            })
        });
        let new = self.ingest.store_all(context, lenient.collect()).await?;
        metrics::histogram!("perennial_ingest_log_batch_events")
            .record(f64::from(u32::try_from(all).unwrap_or(u32::MAX)));
        for (outcome, count) in [("stored", new), ("duplicate", all.saturating_sub(new))] {
            metrics::counter!("perennial_ingest_log_events_total", "outcome" => outcome)
                .increment(count);
        }
        if new < all {
            self.park_conflicts(context.project, &batches).await?;
        }
        Ok(())
    }

    /// Sets events aside whose identity is taken by other content, where their callers asked that such
    /// events are not dropped.
    async fn park_conflicts(
        &self,
        project: ProjectId,
        batches: &[Arc<Batch>],
    ) -> Result<(), MeteringError> {
        let strict = || {
            batches
                .iter()
                .filter(|batch| batch.reject_conflicts)
                .flat_map(|batch| &batch.events)
        };
        let identities: Vec<OwnedIdentity> = strict()
            .map(|event| (event.source.clone(), event.id.clone()))
            .collect();
        if identities.is_empty() {
            return Ok(());
        }
        let stored = event::by_identities(self.db.reader(), project, &identities).await?;
        for (event, identity) in strict().zip(&identities) {
            let conflicts = stored.get(identity).is_some_and(|there| {
                event.conflicts_with(
                    &there.kind,
                    &there.subject,
                    there.time,
                    there.data.as_deref(),
                )
            });
            if conflicts {
                self.park(project, event, "EVENT_CONFLICT").await?;
            }
        }
        Ok(())
    }

    /// Stores one event, or sets it aside when it cannot be stored.
    async fn store_event(
        &self,
        context: &Context,
        batch: &Batch,
        event: &NewEvent,
    ) -> Result<(), Trouble> {
        let alone = Arc::new(Batch {
            events: vec![event.clone()],
            reject_conflicts: batch.reject_conflicts,
            ingest_time: batch.ingest_time,
        });
        let mut attempt = 0;
        loop {
            let Err(error) = self.store(context, vec![alone.clone()]).await else {
                return Ok(());
            };
            attempt += 1;
            match self.fate(&error) {
                Fate::Later => return Err(later(&error)),
                Fate::Unclear if attempt < ATTEMPTS => {
                    tokio::time::sleep(PAUSE * 2_u32.pow(attempt - 1)).await;
                }
                Fate::Never | Fate::Unclear => {
                    let parked = self.park(context.project, event, &chain(&error)).await;
                    return parked.map_err(|error| later(&error));
                }
            }
        }
    }

    async fn park(
        &self,
        project: ProjectId,
        event: &NewEvent,
        reason: &str,
    ) -> Result<(), MeteringError> {
        let parked = self.log.park_event(self.connection, project, event, reason);
        parked.await.map_err(|error| {
            tracing::warn!(%error, "a usage event could not be set aside");
            MeteringError::LogUnavailable
        })
    }
}

fn later(error: &MeteringError) -> Trouble {
    Trouble::new(chain(error))
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |error| error.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
