//! Timers: work that falls due by project time. The loop asks each timer which projects
//! have something due, takes a lease on it, and lets the timer do it.

use std::{sync::Arc, time::Duration};

use kernel::{Timestamp, id::ProjectId};
use tonic::Status;

use crate::{Context, Env, lease::Leases};

const TICK: Duration = Duration::from_secs(1);
/// How long work waits for a process that died doing it.
const LEASE: Duration = Duration::from_secs(15);
/// How often a lease is extended while the work goes on.
const EXTEND: Duration = Duration::from_secs(5);
/// Most runs of one timer for one project in one round; the rest waits for the next.
const ROUND_LIMIT: usize = 1_000;

/// Work of a service that falls due by itself.
#[async_trait::async_trait]
pub trait Timer: Send + Sync {
    /// Name within the service; part of its lease.
    fn name(&self) -> &'static str;
    /// The earliest due instant of each project that has something to do, ever.
    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status>;
    /// Does what is due in the context's project at its time; answers how much was done.
    async fn run(&self, context: &Context) -> Result<u64, Status>;
}

/// Runs the timers until shutdown.
pub async fn run(env: Env, leases: Leases, timers: Vec<Arc<dyn Timer>>) {
    for timer in &timers {
        count(&env, timer.as_ref(), 0);
    }
    loop {
        tokio::select! {
            () = env.shutdown.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
        if !env.clocks().loaded() {
            continue;
        }
        for timer in &timers {
            if let Err(status) = tick(&env, &leases, timer.as_ref()).await {
                tracing::warn!(timer = timer.name(), code = ?status.code(), message = status.message(), "a timer failed; it is tried again");
            }
        }
    }
}

fn count(env: &Env, timer: &dyn Timer, done: u64) {
    metrics::counter!(
        "perennial_timer_work_total", "service" => env.name, "timer" => timer.name()
    )
    .increment(done);
}

async fn tick(env: &Env, leases: &Leases, timer: &dyn Timer) -> Result<(), Status> {
    let mut all = timer.due().await?;
    all.retain(|(project, due)| *due <= env.clocks().now(*project));
    if !all.is_empty() {
        // Another process may have frozen a clock a moment ago: without a fresh look a frozen
        // project would be billed by system time.
        crate::identity::load_clocks(env.link("customer"), &env.signer(), env.clocks()).await?;
    }
    for (project, due) in all {
        let now = env.clocks().now(project);
        if due > now {
            continue;
        }
        // One project's failure is not another's.
        if let Err(status) = work(env, leases, timer, project, now).await {
            tracing::warn!(timer = timer.name(), project.id = %project, code = ?status.code(), message = status.message(), "a timer failed; it is tried again");
        }
        if env.shutdown.is_cancelled() {
            break;
        }
    }
    Ok(())
}

/// Does the due work of one project under a lease, which is held only as long as the work
/// goes on: what a process that dies was doing waits no longer than the lease.
async fn work(
    env: &Env,
    leases: &Leases,
    timer: &dyn Timer,
    project: ProjectId,
    now: Timestamp,
) -> Result<(), Status> {
    let lease = format!("timer.{}.{project}", timer.name());
    let database = crate::idempotency::database;
    if !leases.acquire(&lease, LEASE).await.map_err(database)? {
        return Ok(());
    }
    let outcome = tokio::select! {
        outcome = rounds(env, timer, project, now) => outcome,
        () = lost(leases, &lease) => {
            Err(Status::aborted("somebody else has taken the work over"))
        }
    };
    leases.release(&lease).await.map_err(database)?;
    outcome
}

async fn rounds(
    env: &Env,
    timer: &dyn Timer,
    project: ProjectId,
    now: Timestamp,
) -> Result<(), Status> {
    let mut rounds = 0;
    while rounds < ROUND_LIMIT && !env.shutdown.is_cancelled() {
        // Each round has a deadline of its own.
        let done = timer.run(&Context::background(env, project, now)).await?;
        if done == 0 {
            break;
        }
        rounds += 1;
        count(env, timer, done);
    }
    Ok(())
}

/// Extends a lease until somebody else holds it.
async fn lost(leases: &Leases, lease: &str) {
    loop {
        tokio::time::sleep(EXTEND).await;
        // What cannot be asked now may be asked next time, before the lease runs out.
        if let Ok(false) = leases.acquire(lease, LEASE).await {
            return;
        }
    }
}

/// Runs everything of one project that is due by a time, earliest first, and answers how
/// much was done. A timer that finds nothing is left out for the rest of the call; one that
/// fails ends it: the caller has to know that not everything is done.
pub async fn settle(
    env: &Env,
    timers: &[Arc<dyn Timer>],
    project: ProjectId,
    now: Timestamp,
) -> Result<u64, Status> {
    let context = Context::background(env, project, now);
    let mut done = 0;
    let mut idle = vec![false; timers.len()];
    for _ in 0..ROUND_LIMIT {
        let mut next: Option<(usize, Timestamp)> = None;
        for (index, timer) in timers.iter().enumerate() {
            if idle[index] {
                continue;
            }
            let due = timer
                .due()
                .await?
                .into_iter()
                .find(|(owner, _)| *owner == project)
                .map(|(_, due)| due);
            if let Some(due) = due.filter(|due| *due <= now)
                && next.is_none_or(|(_, earliest)| due < earliest)
            {
                next = Some((index, due));
            }
        }
        let Some((index, _)) = next else { break };
        let count = timers[index].run(&context).await?;
        idle[index] = count == 0;
        done += count;
    }
    Ok(done)
}
