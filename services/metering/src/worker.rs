//! Work behind the scenes: builds the rollups of meters that are younger than their events, takes old
//! rollups away, merges what commits added into the rows, and forgets what nobody asks for any more. Any number of replicas may do it:
//! every step is one transaction that another's makes void, and a process that stops in between goes on
//! where it was.

use std::{sync::Arc, time::Duration};

use chassis::{Context, Db, Env, Write};
use kernel::id::ProjectId;
use tokio::sync::Notify;

use crate::{
    domain::{
        meter::Meter,
        rollup::{self, Rollup},
    },
    error::MeteringError,
    store::{
        self,
        delta::Wanted,
        merge::{self, Plan},
        meter::MeterName,
        rollup::{Step, Unfinished},
        scan::{self, Export},
    },
};

/// How often the worker looks when nobody tells it to. What is not merged yet is read whole by every query of its meter;
/// what is merged at once costs the less the more commits it is of.
const PAUSE: Duration = Duration::from_secs(2);
/// Meters that are looked at in one round.
const METERS: u64 = 100;
/// Events that one step adds.
const EVENTS: u64 = 2_000;
/// Rows that one step removes.
const REMOVALS: u64 = 2_000;

/// Starts the worker; the answer tells it that there is something to build.
pub fn start(env: Env, db: Db) -> Arc<Notify> {
    let wake = Arc::new(Notify::new());
    let told = wake.clone();
    let shutdown = env.shutdown.clone();
    tokio::spawn(async move {
        let worker = Worker { env, db };
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = told.notified() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
            if let Err(error) = worker.round().await {
                tracing::warn!(%error, "the rollups of meters could not be worked on; retried later");
            }
        }
    });
    wake
}

/// Works on rollups.
pub struct Worker {
    /// Its surroundings.
    pub env: Env,
    /// Its database.
    pub db: Db,
}

impl Worker {
    /// Does all there is to do, unless the process is asked to stop.
    pub async fn round(&self) -> Result<(), MeteringError> {
        loop {
            let unfinished = store::rollup::unfinished(self.db.reader(), METERS).await?;
            if unfinished.is_empty() || self.env.shutdown.is_cancelled() {
                break;
            }
            let mut moved = false;
            for work in &unfinished {
                moved |= self.build(work).await?;
            }
            if !moved {
                break;
            }
        }
        if let Some(until) = store::delta::last(self.db.reader()).await? {
            while !self.env.shutdown.is_cancelled() && self.merge(until).await? {}
        }
        self.forget().await
    }

    /// Forgets how far queries were that have long ended.
    async fn forget(&self) -> Result<(), MeteringError> {
        let now = chassis::clock::system_now();
        if store::progress::is_any_over(self.db.reader(), now).await? {
            let write = self
                .write(ProjectId::from_ulid(kernel::id::Ulid::nil()))
                .await?;
            store::progress::forget(write.tx(), now).await?;
            write.commit().await?;
        }
        Ok(())
    }

    async fn write(&self, project: ProjectId) -> Result<Write, MeteringError> {
        let now = self.env.clocks().now(project);
        let context = Context::background(&self.env, project, now);
        Ok(self.db.system_write(&context).await?)
    }

    /// One step of a meter's rollup; false when there was none to take.
    async fn build(&self, work: &Unfinished) -> Result<bool, MeteringError> {
        let (project, progress) = (work.project, &work.progress);
        if progress.generation > 1 && progress.built_seq == 0 {
            self.purge(project, &work.meter, progress.generation)
                .await?;
        }
        let name = MeterName::Id(work.meter.clone());
        let meter = store::meter::by_name(self.db.reader(), project, &name).await?;
        if meter.delete_time.is_some() {
            let write = self.write(project).await?;
            let step = Step {
                built_seq: progress.until_seq,
                event_total: progress.event_total.unwrap_or_default(),
                success: 0,
                failed: 0,
                time: write.context().now,
            };
            let moved =
                store::rollup::advance(write.tx(), project, &work.meter, progress, step).await?;
            write.commit().await?;
            return Ok(moved);
        }
        if !progress.fits(&meter) {
            return Ok(false);
        }
        self.add_events(work, &meter).await
    }

    async fn add_events(&self, work: &Unfinished, meter: &Meter) -> Result<bool, MeteringError> {
        let (project, progress) = (work.project, &work.progress);
        let wanted = Export {
            event_type: meter.event_type.clone(),
            until_seq: Some(progress.until_seq),
            counting: true,
            ..Export::default()
        };
        let reader = self.db.reader();
        let events = scan::export(reader, project, &wanted, progress.built_seq, EVENTS).await?;
        let complete = (events.len() as u64) < EVENTS;
        let built = match events.last() {
            Some(last) if !complete => last.seq,
            Some(_) | None => progress.until_seq,
        };
        let mut rollup = Rollup::new();
        let mut failed = 0;
        for event in &events {
            let data = scan::parse(event.data.as_deref())?;
            let moment = (event.time.as_second(), event.seq);
            rollup::add(&mut rollup, meter, moment, &event.subject, data.as_ref());
            failed += i64::from(meter.measure.complaint(data.as_ref()).is_some());
        }
        let success = i64::try_from(events.len()).unwrap_or(i64::MAX) - failed;
        let done = progress.success_count + progress.failed_count + success + failed;
        let total = if built == progress.until_seq {
            // What was corrected meanwhile is not missing at the end.
            done
        } else {
            let known = match progress.event_total {
                Some(total) => total,
                None => scan::count_events(reader, project, &wanted).await?,
            };
            known.max(done)
        };
        let write = self.write(project).await?;
        let step = Step {
            built_seq: built,
            event_total: total,
            success,
            failed,
            time: write.context().now,
        };
        if !store::rollup::advance(write.tx(), project, &work.meter, progress, step).await? {
            // Another worker took this step: where it left off is worth a look.
            return Ok(true);
        }
        let added = [(meter, progress.generation, rollup)];
        store::delta::insert_later(&write, &added);
        write.commit().await?;
        Ok(true)
    }

    async fn purge(
        &self,
        project: ProjectId,
        meter: &str,
        generation: i64,
    ) -> Result<(), MeteringError> {
        loop {
            let write = self.write(project).await?;
            let gone =
                store::rollup::purge(write.tx(), project, meter, generation, REMOVALS).await?;
            write.commit().await?;
            if gone < REMOVALS {
                return Ok(());
            }
        }
    }

    /// One step of merging what commits have added; false when there was nothing to merge. What is to be written is found
    /// outside of the transaction, so that ingest waits for the writing alone.
    async fn merge(&self, until: i64) -> Result<bool, MeteringError> {
        let Some(plan) = Plan::next(self.db.reader(), Wanted::Until(until)).await? else {
            return Ok(false);
        };
        // The project of the context does not matter: nothing is recorded in this transaction.
        let write = self
            .write(ProjectId::from_ulid(kernel::id::Ulid::nil()))
            .await?;
        merge::lock(write.tx()).await?;
        // A plan that is no longer true is made again.
        if plan.store(write.tx()).await? {
            write.commit().await?;
        }
        Ok(true)
    }
}
