//! Timers: subscriptions get the lines of their next period, gathering invoices are
//! collected, drafts go on when their time comes, and what outside systems still have to do
//! is carried out. All by project time.
//!
//! A test clock that jumps over months passes every due instant on the way: each run does
//! what was due first, as of that instant, so that a jump makes the same invoices as the
//! same way in small steps. On system time what is late is done as of now.

use std::collections::BTreeSet;

use chassis::{Context, timer::Timer};
use kernel::{
    Timestamp,
    id::{CustomerId, InvoiceId, ProjectId, SubscriptionId},
};
use tonic::{Code, Status};

use super::{Billing, edit::Command, gather};
use crate::{
    domain::header::next_due,
    error::BillingError,
    store::{self, invoice::Due},
};

/// How long something that failed is left alone.
const PAUSE: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// What is put off.
#[derive(Clone, Copy)]
enum Work {
    Subscription(SubscriptionId),
    Invoice(InvoiceId),
}

impl Billing {
    /// What failed is put off, if it is to be left alone for a while. A lost race is looked
    /// at again at once; a service that is away is given back as the failure of the whole
    /// run, which is tried again as it is: a pause would be project time, which may stand
    /// still.
    async fn put_off(
        &self,
        ctx: &Context,
        step: &Context,
        work: Work,
        error: BillingError,
    ) -> Result<(), Status> {
        let status = Status::from(error);
        if [Code::Unavailable, Code::DeadlineExceeded].contains(&status.code()) {
            return Err(status);
        }
        if status.code() == Code::Aborted {
            return Ok(());
        }
        Ok(self.postpone(ctx, step, work).await?)
    }

    /// Looks at something again only after a pause, unless it has moved on.
    async fn postpone(
        &self,
        ctx: &Context,
        step: &Context,
        work: Work,
    ) -> Result<(), BillingError> {
        let until = ctx.now.saturating_add(PAUSE).unwrap_or(Timestamp::MAX);
        let w = self.db.system_write(ctx).await?;
        match work {
            Work::Subscription(id) => {
                store::subscription::postpone(w.tx(), ctx.project, id, until).await?;
            }
            Work::Invoice(id) => {
                let still_due = match store::invoice::get(w.tx(), ctx.project, id).await {
                    Ok(found) => next_due(&found).is_some_and(|due| due <= step.now),
                    // What cannot be read must not hold up everybody else.
                    Err(BillingError::Corrupt(_) | BillingError::CorruptColumn(_)) => true,
                    Err(error) => return Err(error),
                };
                if still_due {
                    store::invoice::postpone(w.tx(), ctx.project, id, until).await?;
                }
            }
        }
        w.commit().await?;
        Ok(())
    }
}

/// The context of the next step of a run whose earliest work is due since `earliest`.
fn step(ctx: &Context, earliest: Option<Timestamp>) -> Context {
    let mut step = ctx.clone();
    if ctx.frozen().is_some() {
        step.now = earliest.map_or(ctx.now, |earliest| earliest.min(ctx.now));
    }
    step
}

/// How many are due at a step.
fn due_by(due: &[Due], step: &Context) -> usize {
    due.iter().filter(|due| due.since <= step.now).count()
}

/// Looks at subscriptions whose next lines are due.
pub struct Sync(pub Billing);

/// Collects gathering invoices whose lines are due.
pub struct Collect(pub Billing);

/// Moves drafts on whose waiting time is over, and carries out what is recorded.
pub struct Advance(pub Billing);

/// Brings holds up to date that the customer service could not be told of.
pub struct Holds(pub Billing);

#[async_trait::async_trait]
impl Timer for Holds {
    fn name(&self) -> &'static str {
        "holds"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        Ok(store::stale_hold::next_due(self.0.db.reader()).await?)
    }

    async fn run(&self, ctx: &Context) -> Result<u64, Status> {
        let billing = &self.0;
        let noted = store::stale_hold::due(billing.db.reader(), ctx.project, ctx.now).await?;
        billing.repair_holds(ctx, &noted).await?;
        Ok(noted.len() as u64)
    }
}

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
                let work = Work::Subscription(*subscription);
                billing.put_off(ctx, &step, work, error).await?;
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
        let customers: BTreeSet<CustomerId> = due
            .iter()
            .filter(|due| due.since <= step.now)
            .map(|due| due.customer)
            .collect();
        let customers: Vec<CustomerId> = customers.into_iter().collect();
        let together = billing.collect_many(&step, &customers).await?;
        let left: Vec<&Due> = due
            .iter()
            .filter(|due| due.since <= step.now && !together.contains(&due.customer))
            .collect();
        let mut done = (due_by(&due, &step) - left.len()) as u64;
        let still = billing.still_due(&step, true, &left).await?;
        for due in left {
            if !still.contains(&due.invoice) {
                done += 1;
                continue;
            }
            let work = Work::Invoice(due.invoice);
            match billing.collect_due(&step, due.customer, None).await {
                Ok(invoices) if invoices.is_empty() => {
                    if !billing.drop_empty(&step, due).await? {
                        billing.postpone(ctx, &step, work).await?;
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(invoice.id = %due.invoice, %error, "a gathering invoice could not be collected");
                    billing.put_off(ctx, &step, work, error).await?;
                }
            }
            done += 1;
        }
        Ok(done)
    }
}

impl Billing {
    /// Which of those that were not done together still are to be done: another process, or a
    /// caller, may just have done them.
    async fn still_due(
        &self,
        step: &Context,
        gathering: bool,
        left: &[&Due],
    ) -> Result<BTreeSet<InvoiceId>, BillingError> {
        let ids: Vec<InvoiceId> = left.iter().map(|due| due.invoice).collect();
        let db = self.db.reader();
        store::invoice::still_due(db, step.project, gathering, &ids, step.now).await
    }

    /// Deletes a gathering invoice that ran empty; answers whether it did.
    async fn drop_empty(&self, step: &Context, due: &Due) -> Result<bool, BillingError> {
        let mut w = self.db.system_write(step).await?;
        store::lock_customer(w.tx(), step.project, due.customer).await?;
        let mut found = store::invoice::get(w.tx(), step.project, due.invoice).await?;
        if !found.is_gathering() || found.delete_time.is_some() || !found.is_empty() {
            return Ok(false);
        }
        gather::store_gathering(&mut w, &mut found).await?;
        w.commit().await?;
        self.settle_hold(step, due.customer).await;
        Ok(true)
    }

    /// Carries out what an invoice has recorded, else lets it go on.
    async fn move_on(&self, step: &Context, invoice: InvoiceId) -> Result<(), BillingError> {
        let found = store::invoice::get(self.db.reader(), step.project, invoice).await?;
        if found.header.outside.is_some() {
            self.carry_out(step, invoice).await?;
            return Ok(());
        }
        self.act_by_itself(step, invoice, Command::Advance).await?;
        self.carry_out(step, invoice).await?;
        Ok(())
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
        let invoices: Vec<InvoiceId> = due
            .iter()
            .filter(|due| due.since <= step.now)
            .map(|due| due.invoice)
            .collect();
        let together = billing.advance_many(&step, &invoices).await?;
        let left: Vec<&Due> = due
            .iter()
            .filter(|due| due.since <= step.now && !together.contains(&due.invoice))
            .collect();
        let mut done = (due_by(&due, &step) - left.len()) as u64;
        let still = billing.still_due(&step, false, &left).await?;
        for due in left {
            if !still.contains(&due.invoice) {
                done += 1;
                continue;
            }
            if let Err(error) = billing.move_on(&step, due.invoice).await {
                // Somebody else may just have moved it on.
                tracing::info!(invoice.id = %due.invoice, %error, "an invoice could not be advanced");
                let work = Work::Invoice(due.invoice);
                billing.put_off(ctx, &step, work, error).await?;
            }
            done += 1;
        }
        Ok(done)
    }
}
