//! Carries out what invoices have recorded for a system outside, after the commit that
//! recorded it: by the call that made it, and by a timer when that call did not get there.
//! A lease keeps two from doing it at once; both would do the same.

use std::time::Duration;

use chassis::{Context, lease::Leases};
use contract::billing::v1 as pb;
use kernel::id::InvoiceId;

use super::{
    Billing,
    edit::{Command, Payment},
    sync_stripe::Run,
};
use crate::{
    convert::invoice::Lines,
    domain::{
        app::{self, Kind},
        invoice::Invoice,
        issue,
        outside::{Conclusion, Step, Task},
        state::{State, Trigger},
    },
    error::BillingError,
    store,
    stripe::InvoiceStatus,
};

use super::{advance::Drive, fresh};

/// How long work waits for a process that died doing it.
const LEASE: Duration = Duration::from_secs(15);
/// How often the lease is extended, and how often one waits for somebody else's.
const EXTEND: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(50);
/// Most tasks in a row; the longest chain of states has fewer.
const TASKS_MAX: usize = 10;

/// A lease that is given back when the work ends, also when it is given up half-way.
struct Held {
    leases: Leases,
    name: String,
}

impl Drop for Held {
    fn drop(&mut self) {
        let (leases, name) = (self.leases.clone(), std::mem::take(&mut self.name));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = leases.release(&name).await {
                    tracing::warn!(%error, "a lease is not given back; it runs out");
                }
            });
        }
    }
}

impl Billing {
    /// Carries out what an invoice has recorded, until nothing is. Answers the invoice when
    /// it is one of an app outside. Ends early, without an error, when the deadline is near:
    /// the timer goes on.
    pub async fn carry_out(
        &self,
        ctx: &Context,
        invoice: InvoiceId,
    ) -> Result<Option<Invoice>, BillingError> {
        let db = self.db.reader();
        let mut tasks = 0;
        loop {
            let found = store::invoice::get(db, ctx.project, invoice).await?;
            if found.header.app_kind != Kind::Stripe || found.is_gathering() {
                return Ok(None);
            }
            let Some(task) = found.header.outside else {
                return Ok(Some(found));
            };
            if tasks >= TASKS_MAX || ctx.time_left() < LOOK {
                return Ok(Some(found));
            }
            let Some(held) = self.lease(ctx, invoice).await? else {
                tokio::time::sleep(LOOK).await;
                continue;
            };
            tasks += 1;
            tokio::select! {
                done = self.run(ctx, invoice, task) => done?,
                () = lost(&held) => {}
            }
        }
    }

    async fn lease(&self, ctx: &Context, invoice: InvoiceId) -> Result<Option<Held>, BillingError> {
        let held = Held {
            leases: Leases::new(self.db.clone()),
            name: format!("outside.{}.{invoice}", ctx.project),
        };
        if held.leases.acquire(&held.name, LEASE).await? {
            Ok(Some(held))
        } else {
            Ok(None)
        }
    }

    /// Carries out one task and concludes it.
    async fn run(&self, ctx: &Context, invoice: InvoiceId, task: Task) -> Result<(), BillingError> {
        let db = self.db.reader();
        // What was read before the lease was had may be old.
        let found = store::invoice::get(db, ctx.project, invoice).await?;
        if found.header.outside != Some(task) {
            return Ok(());
        }
        let app = store::app::get(db, ctx.project, found.header.app).await?;
        let known = store::customer_app::get(db, ctx.project, found.customer(), app.id).await?;
        if matches!(task.step, Step::Upsert | Step::Finalize) && !found.header.progress.attempted {
            self.note_attempt(ctx, invoice, task).await?;
        }
        let run = Run {
            account: self.account_of(&app)?,
            project: ctx.project,
            app: &app,
            invoice: &found,
            customer: known.as_ref().and_then(|known| known.stripe.as_ref()),
            task,
        };
        let (conclusion, unauthorized) = run.carry_out().await;
        if unauthorized {
            self.note_unauthorized(ctx, app.id).await?;
        }
        let command = Command::Conclude(task, Box::new(conclusion));
        self.act_by_itself(ctx, invoice, command).await
    }

    /// Remembers that from now on there may be a copy.
    async fn note_attempt(
        &self,
        ctx: &Context,
        invoice: InvoiceId,
        task: Task,
    ) -> Result<(), BillingError> {
        let w = self.db.system_write(ctx).await?;
        let customer = store::invoice::get(w.tx(), ctx.project, invoice)
            .await?
            .customer();
        store::lock_customer(w.tx(), ctx.project, customer).await?;
        let mut found = store::invoice::get(w.tx(), ctx.project, invoice).await?;
        if found.header.outside != Some(task) {
            return Ok(());
        }
        found.header.progress.attempted = true;
        store::invoice::save(w.tx(), ctx.project, &found).await?;
        w.commit().await?;
        Ok(())
    }

    /// Voids the copy of an invoice that is about to be voided. Nothing is charged for what
    /// is void; what was paid meanwhile is not voided.
    pub async fn void_outside(
        &self,
        ctx: &Context,
        invoice: InvoiceId,
    ) -> Result<(), BillingError> {
        let db = self.db.reader();
        let found = store::invoice::get(db, ctx.project, invoice).await?;
        let (Kind::Stripe, Some(external)) =
            (found.header.app_kind, &found.header.external_invoicing)
        else {
            return Ok(());
        };
        let app = store::app::get(db, ctx.project, found.header.app).await?;
        let conditions = crate::convert::invoice::conditions(&found, &app, ctx.now);
        if crate::domain::state::fire(found.state, Trigger::Void, &conditions).is_none() {
            // Refused by the state, with its own error.
            return Ok(());
        }
        let account = self.account_of(&app)?;
        let now = self
            .answered(ctx, app.id, account.invoice(external).await)
            .await?;
        match now.status {
            Some(InvoiceStatus::Void) => Ok(()),
            Some(InvoiceStatus::Paid) => Err(BillingError::ProviderRefused(
                "the stripe invoice is paid already".to_owned(),
            )),
            Some(InvoiceStatus::Draft | InvoiceStatus::Open | InvoiceStatus::Uncollectible)
            | None => {
                let key = format!("invoice-void-{invoice}");
                self.answered(ctx, app.id, account.void_invoice(external, &key).await)
                    .await?;
                Ok(())
            }
        }
    }

    /// Carries out what a committed call has recorded; answers the invoice as it is then,
    /// none for one that no app outside has. The call has succeeded: what fails here is for
    /// the timer.
    pub async fn after_outside(&self, ctx: &Context, invoice: InvoiceId) -> Option<pb::Invoice> {
        let shown = match self.carry_out(ctx, invoice).await {
            Ok(None) => return None,
            Ok(Some(found)) => self.present(ctx, vec![found], Lines::Live).await,
            Err(error) => Err(error),
        };
        match shown {
            Ok(mut shown) => shown.pop(),
            Err(error) => {
                tracing::warn!(invoice.id = %invoice, %error, "an invoice could not be carried out; a timer tries again");
                None
            }
        }
    }
}

/// Extends a lease until somebody else holds it.
async fn lost(held: &Held) {
    loop {
        tokio::time::sleep(EXTEND).await;
        // What cannot be asked now may be asked next time, before the lease runs out.
        if let Ok(false) = held.leases.acquire(&held.name, LEASE).await {
            return;
        }
    }
}

/// Puts on the invoice what became of a task, and goes on. A task that was replaced
/// meanwhile only leaves behind what it made.
pub(super) async fn conclude(
    drive: &mut Drive<'_>,
    invoice: &mut Invoice,
    task: Task,
    conclusion: &Conclusion,
) -> Result<(), BillingError> {
    let now = drive.w.context().now;
    let header = &mut invoice.header;
    if let Some(id) = &conclusion.external_id {
        header.external_invoicing = Some(id.clone());
        header.progress.attempted = true;
    }
    if conclusion.refused {
        header.progress.refusals += 1;
    }
    for line in &mut invoice.lines {
        for child in &mut line.children {
            if let Some(id) = conclusion.line_ids.get(&child.id.to_string()) {
                child.external_invoicing = Some(id.clone());
            }
            for discount in &mut child.discounts {
                if let Some(id) = conclusion.line_ids.get(&discount.id.to_string()) {
                    discount.external_invoicing = Some(id.clone());
                }
            }
        }
    }
    if invoice.header.outside != Some(task) {
        return Ok(());
    }
    let header = &mut invoice.header;
    header.outside = None;
    if let Some(id) = &conclusion.payment_id {
        header.external_payment = Some(id.clone());
    }
    if let Some(number) = &conclusion.number {
        invoice.number.clone_from(number);
    }
    let failed = !conclusion.findings.is_empty();
    issue::report(
        &mut invoice.header.issues,
        &app::component(drive.app.kind, task.step.operation()),
        conclusion.findings.clone(),
        now,
        &mut fresh,
    );
    let trigger = if failed {
        Trigger::Failed
    } else {
        Trigger::Next
    };
    drive.run(invoice, trigger).await?;
    Ok(())
}

/// Puts on the invoice what Stripe told about it. Answers why nothing was done, if so.
pub(super) async fn told(
    drive: &mut Drive<'_>,
    invoice: &mut Invoice,
    payment: &Payment,
) -> Result<(), BillingError> {
    let now = drive.w.context().now;
    if let Some(sent) = payment.sent {
        invoice.header.sent_time = Some(sent);
    }
    let Some(trigger) = payment.trigger else {
        return Ok(());
    };
    if Some(invoice.state) == payment.target || payment.ignored.contains(&invoice.state) {
        return Ok(());
    }
    if invoice
        .header
        .outside
        .is_some_and(|task| task.step == Step::Finalize)
        && trigger != Trigger::Failed
    {
        // The event overtook the answer: Stripe sends it again when it is refused.
        return Err(BillingError::Raced);
    }
    if !drive.may(invoice, trigger) {
        return Ok(());
    }
    let component = app::payment_component(drive.app.kind, "trigger_invoice");
    invoice.header.outside = None;
    issue::report(
        &mut invoice.header.issues,
        &component,
        Vec::new(),
        now,
        &mut fresh,
    );
    drive.run(invoice, trigger).await?;
    if let Some(finding) = &payment.finding {
        issue::report(
            &mut invoice.header.issues,
            &component,
            vec![finding.clone()],
            now,
            &mut fresh,
        );
    }
    Ok(())
}

/// States in which payments are being processed.
pub const PAYING: [State; 3] = [
    State::PaymentPending,
    State::PaymentFailed,
    State::PaymentActionRequired,
];
