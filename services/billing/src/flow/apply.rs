//! Subscriptions: keeps billing's copy, brings the lines that follow from it up to date and
//! invoices what is due.

use std::collections::{BTreeMap, btree_map::Entry};

use chassis::{Context, Write};
use contract::customer::v1::Customer;
use kernel::{
    Timestamp,
    id::{CustomerId, InvoiceId, LineId, SubscriptionId},
};

use super::{
    ATTEMPTS, Billing, Past, advance::Drive, begin, fresh, gather, provision, store_invoice,
};
use crate::{
    convert::{self, invoice::Lines},
    domain::{
        app::App,
        collect::{UsageFacts, covers},
        edit::LineInput,
        invoice::{Invoice, Line, ManagedBy, SplitGroup},
        issue::{self, Finding},
        party::Buyer,
        price::Model,
        reconcile::IMMUTABLE,
        state::Trigger,
        subscription::Subscription,
        sync::{self, Existing, Expected, Operation, Plan, Reached, Standing},
    },
    error::BillingError,
    store,
};

/// The component that compares subscriptions with lines.
const COMPONENT: &str = "openmeter.subscription_sync";

impl Billing {
    /// Takes over a state of a subscription; answers whether it was newer, and what was
    /// invoiced because of it. The customer is asked for unless it is told.
    pub async fn take_over(
        &self,
        ctx: &Context,
        subscription: Subscription,
        told: Option<Customer>,
    ) -> Result<(bool, Vec<InvoiceId>), BillingError> {
        let (customer, first) = (subscription.customer, subscription.revision == begin::FIRST);
        let mut known = None;
        // A first state is new unless it is told again, which shows when it is written.
        if !first {
            known = self.known(ctx, subscription.id).await?;
            if is_known(known.as_ref(), &subscription) {
                return Ok((false, Vec::new()));
            }
        }
        let told = match told {
            Some(told) => told,
            None => self.customer(ctx, customer).await?,
        };
        let buyer = convert::customer::buyer(&told)?;
        if first {
            if let Some(mut begun) = self.begin(ctx, &subscription, &buyer).await? {
                if begun.more {
                    let more = self.collect_due(ctx, customer, Some(&buyer)).await?;
                    begun.invoices.extend(more);
                }
                return Ok((true, begun.invoices));
            }
            known = self.known(ctx, subscription.id).await?;
            if is_known(known.as_ref(), &subscription) {
                return Ok((false, Vec::new()));
            }
        }
        let applied = self
            .bring_up(ctx, known, Some(&subscription), &buyer)
            .await?;
        let invoices = self.collect_due(ctx, customer, Some(&buyer)).await?;
        // Whatever was invoiced has settled it already.
        if invoices.is_empty() {
            self.settle_hold(ctx, customer).await;
        }
        Ok((applied, invoices))
    }

    async fn known(
        &self,
        ctx: &Context,
        id: SubscriptionId,
    ) -> Result<Option<Stored>, BillingError> {
        store::subscription::with_reached(self.db.reader(), ctx.project, id).await
    }

    /// Brings the lines of all subscriptions of a customer up to date and invoices what is due.
    pub async fn catch_up(
        &self,
        ctx: &Context,
        customer: CustomerId,
    ) -> Result<Vec<InvoiceId>, BillingError> {
        for subscription in
            store::subscription::of_customer(self.db.reader(), ctx.project, customer).await?
        {
            self.sync(ctx, subscription, None).await?;
        }
        let invoices = self.collect_due(ctx, customer, None).await?;
        if invoices.is_empty() {
            self.settle_hold(ctx, customer).await;
        }
        Ok(invoices)
    }

    /// Brings the lines of one subscription up to date, after replacing the copy if a newer
    /// state is at hand; answers whether it was replaced.
    pub async fn sync(
        &self,
        ctx: &Context,
        id: SubscriptionId,
        newer: Option<&Subscription>,
    ) -> Result<bool, BillingError> {
        let stored = self.known(ctx, id).await?;
        let known = stored.as_ref().map(|(stored, _)| stored).or(newer);
        let Some(customer) = known.map(|known| known.customer) else {
            return Ok(false);
        };
        let buyer = convert::customer::buyer(&self.customer(ctx, customer).await?)?;
        self.bring_up(ctx, stored, newer, &buyer).await
    }

    /// The same for a copy that was just read.
    async fn bring_up(
        &self,
        ctx: &Context,
        mut stored: Option<Stored>,
        newer: Option<&Subscription>,
        buyer: &Buyer,
    ) -> Result<bool, BillingError> {
        let db = self.db.reader();
        for _ in 0..ATTEMPTS {
            let is_new = stored.is_none();
            let Some((subscription, reached)) = newest(stored.take(), newer) else {
                return Ok(false);
            };
            let id = subscription.id;
            // Without a copy there is no line yet; what only goes on changes no line.
            let facts = if is_new || going_on(&subscription, ctx.now, &reached).is_some() {
                UsageFacts::new()
            } else {
                let plan = plan(&subscription, ctx.now);
                let existing = store::line::of_subscription(db, ctx.project, id).await?;
                self.facts_of_changed_drafts(ctx, &plan, &existing).await?
            };
            let mut w = self.db.system_write(ctx).await?;
            match write(&mut w, id, newer, buyer, &facts).await {
                Ok(replaced) => {
                    w.commit().await?;
                    return Ok(replaced);
                }
                Err(BillingError::Raced) => {}
                Err(error) => return Err(error),
            }
            stored = self.known(ctx, id).await?;
        }
        Err(BillingError::Raced)
    }

    /// Usage lines on drafts whose period changes are metered anew.
    async fn facts_of_changed_drafts(
        &self,
        ctx: &Context,
        plan: &Plan,
        existing: &[(InvoiceId, Existing)],
    ) -> Result<UsageFacts, BillingError> {
        let lines: Vec<Existing> = existing
            .iter()
            .map(|(_, existing)| existing.clone())
            .collect();
        let mut facts = UsageFacts::new();
        let mut drafts: BTreeMap<InvoiceId, Vec<LineChange>> = BTreeMap::new();
        for operation in sync::difference(&plan.lines, &lines) {
            if let Operation::Update { line, period, .. } | Operation::Regroup { line, period } =
                &operation
            {
                let found = existing.iter().find(|(_, found)| found.line.id == *line);
                if let Some((invoice, found)) = found
                    && found.standing == Standing::Mutable
                {
                    let regroup = matches!(operation, Operation::Regroup { .. });
                    drafts
                        .entry(*invoice)
                        .or_default()
                        .push((*line, *period, regroup));
                }
            }
        }
        for (invoice, changes) in drafts {
            let mut draft = store::invoice::get(self.db.reader(), ctx.project, invoice).await?;
            for line in &mut draft.lines {
                for (_, period, regroup) in changes.iter().filter(|(id, _, _)| *id == line.id) {
                    if *regroup {
                        line.split = line.split.map(|split| SplitGroup {
                            period: *period,
                            ..split
                        });
                    } else {
                        line.period = *period;
                        line.delete_time = None;
                    }
                }
            }
            facts.extend(self.usage_of(ctx, &draft).await?);
        }
        Ok(facts)
    }
}

/// A line, its new period, and whether it is that of its group.
type LineChange = (LineId, kernel::period::Period, bool);

/// A copy, and how far its lines were made.
type Stored = (Subscription, Reached);

/// Whether a copy is of this state, or of a newer one.
fn is_known(copy: Option<&Stored>, state: &Subscription) -> bool {
    copy.is_some_and(|(copy, _)| copy.revision >= state.revision)
}

/// The state with the higher revision. How far lines were made says nothing about another one.
fn newest(stored: Option<Stored>, newer: Option<&Subscription>) -> Option<Stored> {
    match (stored, newer) {
        (Some(stored), Some(newer)) if stored.0.revision >= newer.revision => Some(stored),
        (_, Some(newer)) => Some((newer.clone(), Reached::new())),
        (stored, None) => stored,
    }
}

/// What is added where an earlier sync of the same state ended; `None` when everything has to
/// be looked at.
fn going_on(subscription: &Subscription, now: Timestamp, reached: &Reached) -> Option<Plan> {
    if reached.is_empty() {
        return None;
    }
    sync::added(subscription, now, reached).ok().flatten()
}

/// What should exist. A subscription that cannot be worked out has no lines; that is a fault
/// of what was sold, reported where someone looks, and not a reason to refuse it.
pub fn plan(subscription: &Subscription, now: Timestamp) -> Plan {
    sync::expected(subscription, now).unwrap_or_else(|error| {
        tracing::error!(subscription.id = %subscription.id, %error, "the lines of a subscription cannot be worked out");
        Plan::default()
    })
}

/// Stores the copy and applies the difference, in one write. A copy that did not change only gets the lines that are new
/// since the last time: those that it has are not even read.
async fn write(
    w: &mut Write,
    id: SubscriptionId,
    newer: Option<&Subscription>,
    buyer: &Buyer,
    facts: &UsageFacts,
) -> Result<bool, BillingError> {
    let (project, now) = (w.context().project, w.context().now);
    store::lock_customer(w.tx(), project, buyer.id).await?;
    let stored = store::subscription::with_reached(w.tx(), project, id).await?;
    let before = stored.as_ref().map(|(stored, _)| stored.revision);
    let Some((subscription, reached)) = newest(stored, newer) else {
        return Ok(false);
    };
    let mut work = Work {
        touched: BTreeMap::new(),
        app: None,
    };
    if let Some(plan) = going_on(&subscription, now, &reached) {
        store::subscription::go_on(w.tx(), project, id, plan.next_sync, &plan.reached).await?;
        for operation in sync::difference(&plan.lines, &[]) {
            work.apply(w, &subscription, buyer, &BTreeMap::new(), operation)
                .await?;
        }
        work.finish(w, facts).await?;
        return Ok(false);
    }
    let plan = plan(&subscription, now);
    // Without a copy there is no line yet.
    let existing = match before {
        Some(_) => store::line::of_subscription(w.tx(), project, id).await?,
        None => Vec::new(),
    };
    let lines: Vec<Existing> = existing
        .iter()
        .map(|(_, existing)| existing.clone())
        .collect();
    let reached = if sync::leaves_over(&subscription, &plan.lines, &lines) {
        Reached::new()
    } else {
        plan.reached
    };
    let next = plan.next_sync;
    store::subscription::save_reached_later(w, &subscription, next, &reached)?;
    let owner: BTreeMap<LineId, InvoiceId> = existing
        .iter()
        .map(|(invoice, existing)| (existing.line.id, *invoice))
        .collect();
    for operation in sync::difference(&plan.lines, &lines) {
        work.apply(w, &subscription, buyer, &owner, operation)
            .await?;
    }
    work.finish(w, facts).await?;
    Ok(before != Some(subscription.revision))
}

/// Invoices that the difference touches.
struct Work {
    touched: BTreeMap<InvoiceId, Touched>,
    /// The app of gathering invoices that got new lines.
    app: Option<App>,
}

struct Touched {
    invoice: Invoice,
    changed: Vec<LineId>,
    removed: Vec<LineId>,
    visible: bool,
}

impl Work {
    async fn apply(
        &mut self,
        w: &mut Write,
        subscription: &Subscription,
        buyer: &Buyer,
        owner: &BTreeMap<LineId, InvoiceId>,
        operation: Operation,
    ) -> Result<(), BillingError> {
        let now = w.context().now;
        match operation {
            Operation::Create { expected, split } => {
                let line = new_line(*expected, split, now);
                let pending = self.gathering(w, subscription, buyer).await?;
                pending.invoice.lines.push(line);
                pending.visible = true;
            }
            Operation::Update {
                line,
                period,
                invoice_time,
                amount,
            } => {
                let touched = self.owner(w, owner, line).await?;
                let pending = touched.invoice.is_gathering();
                touched.visible = true;
                touched.changed.push(line);
                if let Some(found) = touched
                    .invoice
                    .lines
                    .iter_mut()
                    .find(|found| found.id == line)
                {
                    found.period = period;
                    found.delete_time = None;
                    found.update_time = now;
                    if pending {
                        found.invoice_time = invoice_time;
                    } else if !found.price.is_flat() {
                        found.invoice_time = found.invoice_time.max(period.end);
                    }
                    if let (Some(new), Model::Flat { amount, .. }) =
                        (amount, &mut found.price.model)
                    {
                        *amount = new;
                    }
                }
            }
            Operation::Regroup { line, period } => {
                let touched = self.owner(w, owner, line).await?;
                if let Some(found) = touched
                    .invoice
                    .lines
                    .iter_mut()
                    .find(|found| found.id == line)
                {
                    found.split = found.split.map(|split| SplitGroup { period, ..split });
                }
            }
            Operation::Delete { line } => {
                let touched = self.owner(w, owner, line).await?;
                touched.visible = true;
                if touched.invoice.is_gathering() {
                    touched.invoice.lines.retain(|found| found.id != line);
                    touched.removed.push(line);
                } else if let Some(found) = touched
                    .invoice
                    .lines
                    .iter_mut()
                    .find(|found| found.id == line)
                {
                    found.delete_time = Some(now);
                    found.update_time = now;
                }
            }
            Operation::Warn { line, message } => {
                let touched = self.owner(w, owner, line).await?;
                let finding = Finding::warning(IMMUTABLE, message, format!("/line[{line}]"));
                touched.visible |= issue::add(
                    &mut touched.invoice.header.issues,
                    COMPONENT,
                    finding,
                    now,
                    &mut fresh,
                );
            }
        }
        Ok(())
    }

    /// The invoice that a line is on.
    async fn owner(
        &mut self,
        w: &Write,
        owner: &BTreeMap<LineId, InvoiceId>,
        line: LineId,
    ) -> Result<&mut Touched, BillingError> {
        let invoice = *owner.get(&line).ok_or(BillingError::Raced)?;
        Ok(match self.touched.entry(invoice) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(vacant) => {
                let found = store::invoice::get(w.tx(), w.context().project, invoice).await?;
                vacant.insert(Touched::new(found))
            }
        })
    }

    /// The gathering invoice that new lines go to.
    async fn gathering(
        &mut self,
        w: &mut Write,
        subscription: &Subscription,
        buyer: &Buyer,
    ) -> Result<&mut Touched, BillingError> {
        let known = self
            .touched
            .values()
            .find(|touched| touched.invoice.is_gathering())
            .map(|known| known.invoice.id);
        let id = match known {
            Some(id) => id,
            None => {
                let effective = provision::ensure(w, buyer.id).await?;
                let invoice =
                    gather::gathering(w, buyer, subscription.currency, &effective).await?;
                let id = invoice.id;
                self.touched.insert(id, Touched::new(invoice));
                self.app = Some(effective.app);
                id
            }
        };
        self.touched.get_mut(&id).ok_or(BillingError::Raced)
    }

    /// Stores what was touched; edited drafts go through their states again.
    async fn finish(self, w: &mut Write, facts: &UsageFacts) -> Result<(), BillingError> {
        let (project, now) = (w.context().project, w.context().now);
        let app = self.app;
        for (_, touched) in self.touched {
            let Touched {
                mut invoice,
                changed,
                removed,
                visible,
            } = touched;
            store::line::remove(w.tx(), project, &removed).await?;
            if !visible {
                // Only the length of a split period, which is told by its last part.
                store::line::save(w.tx(), project, invoice.id, &invoice.lines).await?;
                continue;
            }
            if invoice.is_gathering() {
                gather::store_gathering_later(w, &mut invoice, app.as_ref()).await?;
                continue;
            }
            let metered = invoice
                .live_lines()
                .filter(|line| changed.contains(&line.id));
            if !covers(facts, metered) {
                return Err(BillingError::Raced);
            }
            let mut drive = Drive::new(w, &invoice, facts).await?;
            let before = convert::invoice::to_proto(&invoice, &drive.app, now, Lines::Live, false);
            if drive.may(&invoice, Trigger::Update) {
                drive.snapshot(&mut invoice, |line| changed.contains(&line.id));
                drive.run(&mut invoice, Trigger::Update).await?;
            }
            let Drive { app, passed, .. } = drive;
            let past = Past {
                before: Some(&before),
                passed,
            };
            store_invoice(w, "invoice.updated", &mut invoice, &app, past).await?;
        }
        Ok(())
    }
}

impl Touched {
    fn new(invoice: Invoice) -> Self {
        Self {
            invoice,
            changed: Vec::new(),
            removed: Vec::new(),
            visible: false,
        }
    }
}

/// A pending line for what is expected.
pub(super) fn new_line(expected: Expected, split: Option<SplitGroup>, now: Timestamp) -> Line {
    let input = LineInput {
        id: None,
        name: expected.name,
        description: expected.description,
        metadata: None,
        period: expected.period,
        invoice_time: expected.invoice_time,
        price: expected.price,
        feature_key: expected.feature_key,
        tax: expected.tax,
        discounts: expected.discounts,
    };
    Line {
        managed_by: ManagedBy::Subscription,
        reference: Some(expected.reference),
        subscription: Some(expected.subscription),
        split,
        ..input.into_line(now, &mut fresh)
    }
}
