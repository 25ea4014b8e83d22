//! Timers: work that falls due by project time. The loop asks each timer which projects
//! have something due, takes a lease on it, and lets the timer do it.

use std::{sync::Arc, time::Duration};

use kernel::{Timestamp, id::ProjectId};
use tonic::Status;

use crate::{Context, Env, lease::Leases};

const TICK: Duration = Duration::from_secs(1);
const LEASE: Duration = Duration::from_secs(60);
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

async fn tick(env: &Env, leases: &Leases, timer: &dyn Timer) -> Result<(), Status> {
    for (project, due) in timer.due().await? {
        let now = env.clocks().now(project);
        if due > now {
            continue;
        }
        let lease = format!("timer.{}.{project}", timer.name());
        if !leases
            .acquire(&lease, LEASE)
            .await
            .map_err(crate::idempotency::database)?
        {
            continue;
        }
        let context = Context::background(env, project, now);
        let mut rounds = 0;
        while rounds < ROUND_LIMIT && timer.run(&context).await? > 0 {
            rounds += 1;
        }
    }
    Ok(())
}

/// Runs everything of one project that is due by a time, earliest first, and answers how
/// much was done. A timer that fails or finds nothing is left out for the rest of the call.
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
