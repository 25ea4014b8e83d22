//! Timers: subscriptions get the lines of their next period, gathering invoices are
//! collected, drafts go on when their time comes. All by project time.
//!
//! A test clock that jumps over months passes every due instant on the way: each run does
//! what was due first, as of that instant, so that a jump makes the same invoices as the
//! same way in small steps. On system time what is late is done as of now.

use chassis::{Context, timer::Timer};
use kernel::{Timestamp, id::ProjectId};
use tonic::{Code, Status};

use super::{Billing, edit::Command, gather};
use crate::{domain::header::next_due, error::BillingError, store};

/// How long something that failed is left alone.
const PAUSE: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

fn later(now: Timestamp) -> Timestamp {
    now.saturating_add(PAUSE).unwrap_or(Timestamp::MAX)
}

/// Whether work that failed is to be left alone for a while. A lost race is looked at again
/// at once; a service that is away is given back as the failure of the whole run, which is
/// tried again as it is: a pause would be project time, which may stand still.
fn leave_alone(error: BillingError) -> Result<bool, Status> {
    let status = Status::from(error);
    if [Code::Unavailable, Code::DeadlineExceeded].contains(&status.code()) {
        return Err(status);
    }
    Ok(status.code() != Code::Aborted)
}

/// The context of the next step of a run whose earliest work is due since `earliest`.
fn step(ctx: &Context, earliest: Option<Timestamp>) -> Context {
    let mut step = ctx.clone();
    if ctx.frozen().is_some() {
        step.now = earliest.map_or(ctx.now, |earliest| earliest.min(ctx.now));
    }
    step
}

/// Looks at subscriptions whose next lines are due.
pub struct Sync(pub Billing);

/// Collects gathering invoices whose lines are due.
pub struct Collect(pub Billing);

/// Moves drafts on whose waiting time is over.
pub struct Advance(pub Billing);

#[async_trait::async_trait]
impl Timer for Sync {
    fn name(&self) -> &'static str {
        "sync"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        Ok(store::subscription::next_due(self.0.db.reader()).await?)
    }

    async fn run(&self, ctx: &Context) -> Result<u64, Status> {
        let billing = &self.0;
        let due = store::subscription::due(billing.db.reader(), ctx.project, ctx.now).await?;
        let step = step(ctx, due.first().map(|(_, since)| *since));
        let mut done = 0;
        for (subscription, _) in due.iter().filter(|(_, since)| *since <= step.now) {
            if let Err(error) = billing.sync(&step, *subscription, None).await {
                tracing::warn!(subscription.id = %subscription, %error, "a subscription could not be synced");
                if !leave_alone(error)? {
                    done += 1;
                    continue;
                }
                let w = billing
                    .db
                    .system_write(ctx)
                    .await
                    .map_err(BillingError::from)?;
                store::subscription::postpone(w.tx(), ctx.project, *subscription, later(ctx.now))
                    .await?;
                w.commit().await.map_err(BillingError::from)?;
            }
            done += 1;
        }
        Ok(done)
    }
}

#[async_trait::async_trait]
impl Timer for Collect {
    fn name(&self) -> &'static str {
        "collect"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        Ok(store::invoice::next_due(self.0.db.reader(), true).await?)
    }

    async fn run(&self, ctx: &Context) -> Result<u64, Status> {
        let billing = &self.0;
        let due = store::invoice::due(billing.db.reader(), ctx.project, true, ctx.now).await?;
        let step = step(ctx, due.iter().map(|due| due.since).min());
        let mut done = 0;
        for due in due.iter().filter(|due| due.since <= step.now) {
            let collected = match billing.collect_due(&step, due.customer).await {
                Ok(invoices) => invoices,
                Err(error) => {
                    tracing::warn!(invoice.id = %due.invoice, %error, "a gathering invoice could not be collected");
                    if !leave_alone(error)? {
                        done += 1;
                        continue;
                    }
                    Vec::new()
                }
            };
            if collected.is_empty() {
                let mut w = billing
                    .db
                    .system_write(&step)
                    .await
                    .map_err(BillingError::from)?;
                store::lock_customer(w.tx(), ctx.project, due.customer).await?;
                let mut found = store::invoice::get(w.tx(), ctx.project, due.invoice).await?;
                if found.is_gathering() && found.delete_time.is_none() && found.is_empty() {
                    gather::store_gathering(&mut w, &mut found).await?;
                } else if next_due(&found).is_some_and(|due| due <= step.now) {
                    store::invoice::postpone(w.tx(), ctx.project, due.invoice, later(ctx.now))
                        .await?;
                }
                w.commit().await.map_err(BillingError::from)?;
            }
            done += 1;
        }
        Ok(done)
    }
}

#[async_trait::async_trait]
impl Timer for Advance {
    fn name(&self) -> &'static str {
        "advance"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        Ok(store::invoice::next_due(self.0.db.reader(), false).await?)
    }

    async fn run(&self, ctx: &Context) -> Result<u64, Status> {
        let billing = &self.0;
        let due = store::invoice::due(billing.db.reader(), ctx.project, false, ctx.now).await?;
        let step = step(ctx, due.iter().map(|due| due.since).min());
        let mut done = 0;
        for due in due.iter().filter(|due| due.since <= step.now) {
            if let Err(error) = billing
                .act_by_itself(&step, due.invoice, Command::Advance)
                .await
            {
                // Somebody else may just have moved it on.
                tracing::info!(invoice.id = %due.invoice, %error, "an invoice could not be advanced");
                if !leave_alone(error)? {
                    done += 1;
                    continue;
                }
                let w = billing
                    .db
                    .system_write(ctx)
                    .await
                    .map_err(BillingError::from)?;
                let found = store::invoice::get(w.tx(), ctx.project, due.invoice).await?;
                if next_due(&found).is_some_and(|due| due <= step.now) {
                    store::invoice::postpone(w.tx(), ctx.project, due.invoice, later(ctx.now))
                        .await?;
                }
                w.commit().await.map_err(BillingError::from)?;
            }
            done += 1;
        }
        Ok(done)
    }
}
