//! Timers: work that falls due by project time. The loop asks each timer which projects
//! have something due, takes a lease on it, and lets the timer do it.
//!
//! On a test clock, which may jump over months, what falls due on the way is done in its order across all timers of the
//! service: a jump has to leave what the same way in small steps leaves. So such a project has one lease for all of them,
//! which the loop and a caller who settles the clock both take. On system time every timer has its own.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use kernel::{Timestamp, id::ProjectId};
use tonic::Status;

use crate::{Context, Env, lease::Leases};

const TICK: Duration = Duration::from_secs(1);
/// How long work waits for a process that died doing it.
const LEASE: Duration = Duration::from_secs(15);
/// How often a lease is extended while the work goes on.
const EXTEND: Duration = Duration::from_secs(5);
/// The same two on a test clock, whose callers wait.
const TEST_LEASE: Duration = Duration::from_secs(3);
const TEST_EXTEND: Duration = Duration::from_secs(1);
/// How often somebody who waits for a lease asks for it.
const ASK_AGAIN: Duration = Duration::from_millis(50);
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
        let mut frozen = BTreeSet::new();
        for timer in &timers {
            match tick(&env, &leases, timer.as_ref()).await {
                Ok(projects) => frozen.extend(projects),
                Err(status) => {
                    tracing::warn!(timer = timer.name(), code = ?status.code(), message = status.message(), "a timer failed; it is tried again");
                }
            }
        }
        for project in frozen {
            if env.shutdown.is_cancelled() {
                return;
            }
            if let Err(status) = catch_up(&env, &leases, &timers, project).await {
                tracing::warn!(project.id = %project, code = ?status.code(), message = status.message(), "a test clock could not be followed; it is tried again");
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

/// Does what is due on system time; answers the projects on test clocks that have something due.
async fn tick(env: &Env, leases: &Leases, timer: &dyn Timer) -> Result<Vec<ProjectId>, Status> {
    let mut frozen = Vec::new();
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
        if env.clocks().frozen(project).is_some() {
            frozen.push(project);
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
    Ok(frozen)
}

/// Does the due work of one timer for one project under a lease, which is held only as long as the work
/// goes on: what a process that dies was doing waits no longer than the lease.
async fn work(
    env: &Env,
    leases: &Leases,
    timer: &dyn Timer,
    project: ProjectId,
    now: Timestamp,
) -> Result<(), Status> {
    let lease = Lease {
        leases,
        name: format!("timer.{}.{project}", timer.name()),
        time: LEASE,
        extend: EXTEND,
    };
    if !lease.acquire().await? {
        return Ok(());
    }
    lease.hold(rounds(env, timer, project, now)).await
}

/// What the loop does for a project on a test clock.
async fn catch_up(
    env: &Env,
    leases: &Leases,
    timers: &[Arc<dyn Timer>],
    project: ProjectId,
) -> Result<(), Status> {
    let lease = on_test_clock(leases, project);
    if !lease.acquire().await? {
        return Ok(());
    }
    // Only now: whoever had the lease may have moved the clock.
    let now = env.clocks().now(project);
    lease.hold(in_order(env, timers, project, now)).await?;
    Ok(())
}

/// The lease of all timers for a project on a test clock.
fn on_test_clock(leases: &Leases, project: ProjectId) -> Lease<'_> {
    Lease {
        leases,
        name: format!("timers.{project}"),
        time: TEST_LEASE,
        extend: TEST_EXTEND,
    }
}

/// A lease that work is done under. It is held only as long as the work goes on.
struct Lease<'a> {
    leases: &'a Leases,
    name: String,
    time: Duration,
    extend: Duration,
}

impl Lease<'_> {
    async fn acquire(&self) -> Result<bool, Status> {
        let taken = self.leases.acquire(&self.name, self.time).await;
        taken.map_err(crate::idempotency::database)
    }

    /// Does the work and gives the lease back.
    async fn hold<T>(&self, work: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
        let outcome = tokio::select! {
            outcome = work => outcome,
            () = self.lost() => Err(Status::aborted("somebody else has taken the work over")),
        };
        let released = self.leases.release(&self.name).await;
        released.map_err(crate::idempotency::database)?;
        outcome
    }

    /// Extends the lease until somebody else holds it.
    async fn lost(&self) {
        loop {
            tokio::time::sleep(self.extend).await;
            // What cannot be asked now may be asked next time, before the lease runs out.
            if let Ok(false) = self.acquire().await {
                return;
            }
        }
    }
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

/// Does everything of one project that is due by a time, for a caller who wants it done; answers how much was done. Waits for
/// whoever is at it.
pub async fn settle(
    env: &Env,
    leases: &Leases,
    timers: &[Arc<dyn Timer>],
    project: ProjectId,
    now: Timestamp,
    patience: Duration,
) -> Result<u64, Status> {
    if !is_any_due(timers, project, now).await? {
        return Ok(0);
    }
    let lease = on_test_clock(leases, project);
    let asked = tokio::time::timeout(patience, async {
        while !lease.acquire().await? {
            tokio::time::sleep(ASK_AGAIN).await;
        }
        Ok::<(), Status>(())
    });
    match asked.await {
        Ok(taken) => taken?,
        Err(_) => return Err(Status::deadline_exceeded("what is due is still being done")),
    }
    lease.hold(in_order(env, timers, project, now)).await
}

async fn is_any_due(
    timers: &[Arc<dyn Timer>],
    project: ProjectId,
    now: Timestamp,
) -> Result<bool, Status> {
    for timer in timers {
        if due_of(timer.as_ref(), project)
            .await?
            .is_some_and(|due| due <= now)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The earliest due instant of a project.
async fn due_of(timer: &dyn Timer, project: ProjectId) -> Result<Option<Timestamp>, Status> {
    let all = timer.due().await?;
    let own = all.into_iter().find(|(owner, _)| *owner == project);
    Ok(own.map(|(_, due)| due))
}

/// Runs everything of one project that is due by a time, earliest first, and answers how
/// much was done. A timer that finds nothing is left out for the rest of the call; one that
/// fails ends it: the caller has to know that not everything is done.
pub async fn in_order(
    env: &Env,
    timers: &[Arc<dyn Timer>],
    project: ProjectId,
    now: Timestamp,
) -> Result<u64, Status> {
    let mut done = 0;
    let mut idle = vec![false; timers.len()];
    for _ in 0..ROUND_LIMIT {
        if env.shutdown.is_cancelled() {
            break;
        }
        let mut next: Option<(usize, Timestamp)> = None;
        for (index, timer) in timers.iter().enumerate() {
            if idle[index] {
                continue;
            }
            let due = due_of(timer.as_ref(), project).await?;
            if let Some(due) = due.filter(|due| *due <= now)
                && next.is_none_or(|(_, earliest)| due < earliest)
            {
                next = Some((index, due));
            }
        }
        let Some((index, _)) = next else { break };
        // Each run has a deadline of its own.
        let context = Context::background(env, project, now);
        let worked = timers[index].run(&context).await?;
        count(env, timers[index].as_ref(), worked);
        idle[index] = worked == 0;
        done += worked;
    }
    Ok(done)
}
