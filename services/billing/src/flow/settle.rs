//! Timers: subscriptions get the lines of their next period, gathering invoices are
//! collected, drafts go on when their time comes. All by project time.

use chassis::{Context, timer::Timer};
use kernel::{Timestamp, id::ProjectId};
use tonic::Status;

use super::{Billing, edit::Command, gather};
use crate::{error::BillingError, store};

/// How long something that failed is left alone.
const PAUSE: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

fn later(now: Timestamp) -> Timestamp {
    now.saturating_add(PAUSE).unwrap_or(Timestamp::MAX)
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
        let mut done = 0;
        for subscription in due {
            if let Err(error) = billing.sync(ctx, subscription, None).await {
                tracing::warn!(subscription.id = %subscription, %error, "a subscription could not be synced");
                let w = billing
                    .db
                    .system_write(ctx)
                    .await
                    .map_err(BillingError::from)?;
                store::subscription::postpone(w.tx(), ctx.project, subscription, later(ctx.now))
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
        let mut done = 0;
        for (invoice, customer) in due {
            let collected = billing.collect_due(ctx, customer).await;
            if let Err(error) = &collected {
                tracing::warn!(invoice.id = %invoice, %error, "a gathering invoice could not be collected");
            }
            if collected.as_ref().map_or(true, Vec::is_empty) {
                let mut w = billing
                    .db
                    .system_write(ctx)
                    .await
                    .map_err(BillingError::from)?;
                store::lock_customer(w.tx(), ctx.project, customer).await?;
                let mut found = store::invoice::get(w.tx(), ctx.project, invoice).await?;
                if found.is_gathering() && found.delete_time.is_none() && found.is_empty() {
                    gather::store_gathering(&mut w, &mut found).await?;
                } else if crate::domain::header::next_due(&found).is_some_and(|due| due <= ctx.now)
                {
                    store::invoice::postpone(w.tx(), ctx.project, invoice, later(ctx.now)).await?;
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
        let mut done = 0;
        for (invoice, _) in due {
            if let Err(error) = billing.act_by_itself(ctx, invoice, Command::Advance).await {
                // Somebody else may just have moved it on.
                tracing::info!(invoice.id = %invoice, %error, "an invoice could not be advanced");
                let w = billing
                    .db
                    .system_write(ctx)
                    .await
                    .map_err(BillingError::from)?;
                let found = store::invoice::get(w.tx(), ctx.project, invoice).await?;
                if crate::domain::header::next_due(&found).is_some_and(|due| due <= ctx.now) {
                    store::invoice::postpone(w.tx(), ctx.project, invoice, later(ctx.now)).await?;
                }
                w.commit().await.map_err(BillingError::from)?;
            }
            done += 1;
        }
        Ok(done)
    }
}
