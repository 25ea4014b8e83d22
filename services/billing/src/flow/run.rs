//! Billing runs: what timers do for many customers at once. The questions to other services
//! and to the database are asked once for all of them, and one write holds all their
//! invoices. What cannot be done together is left to the way of a single customer, with its
//! own errors and pauses; so a run never fails for many because of one.
//!
//! A run goes through its work in parts, each with a write of its own. While one part is written, what the next one
//! needs is asked for; so a run holds two parts in memory, however much is due.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Context, Write};
use futures::future::{OptionFuture, join};
use kernel::{
    Timestamp,
    currency::Currency,
    id::{AppId, CustomerId, InvoiceId, LineId},
    period::Period,
};
use tonic::{Code, Status};

use super::{
    Billing, Past,
    advance::Drive,
    collect::{Prepared, choose, cut, make, prepare, take},
    facts::Features,
    hold, provision, record_gathering, record_invoice,
};
use crate::{
    convert::{self, invoice::Lines},
    domain::{
        app::App,
        collect::{UsageFacts, covers},
        invoice::{Invoice, Line},
        party::Buyer,
        state::{State, Trigger},
    },
    error::BillingError,
    store::{self, sequence::Reserve},
};

/// Most customers or invoices of one part.
const PART: usize = 100;

/// Which part of which pending line is invoiced, by currency.
pub(super) type Chosen = BTreeMap<Currency, Vec<(LineId, Period)>>;

/// What a run found to be invoiced.
struct Found {
    features: Features,
    facts: UsageFacts,
    customers: BTreeMap<CustomerId, (Buyer, Chosen)>,
}

/// Standard invoices whose time has come, and what they need.
struct Ready {
    invoices: Vec<InvoiceId>,
    customers: BTreeSet<CustomerId>,
    facts: UsageFacts,
}

/// Looks at parts and writes them, each while the next one is looked at; answers all that was written. Of a part that fails
/// nothing was; but a service that is away is away for all of them.
async fn in_parts<T, Found, Looking, Writing>(
    all: &[T],
    look: impl Fn(Vec<T>) -> Looking,
    write: impl Fn(Found) -> Writing,
) -> Result<BTreeSet<T>, Status>
where
    T: Clone + Ord,
    Looking: Future<Output = Result<Found, BillingError>>,
    Writing: Future<Output = Result<BTreeSet<T>, BillingError>>,
{
    let mut done = BTreeSet::new();
    let mut parts = all.chunks(PART);
    let mut found: Option<Result<Found, BillingError>> = None;
    loop {
        let next = parts.next().map(|part| look(part.to_vec()));
        if found.is_none() && next.is_none() {
            return Ok(done);
        }
        let writing = async {
            match found.take() {
                Some(Ok(found)) => write(found).await,
                Some(Err(error)) => Err(error),
                None => Ok(BTreeSet::new()),
            }
        };
        let (written, looked) = join(writing, OptionFuture::from(next)).await;
        done.extend(together(written)?);
        found = looked;
    }
}

/// What was done together; nothing where that failed.
fn together<T>(outcome: Result<BTreeSet<T>, BillingError>) -> Result<BTreeSet<T>, Status> {
    outcome.or_else(|error| {
        tracing::info!(%error, "a run could not be done together");
        let status = Status::from(error);
        if [Code::Unavailable, Code::DeadlineExceeded].contains(&status.code()) {
            return Err(status);
        }
        Ok(BTreeSet::new())
    })
}

impl Billing {
    /// The context of one part of a run: each has a deadline of its own.
    fn part_of(&self, run: &Context) -> Context {
        Context::background(&self.env, run.project, run.now)
    }

    /// Invoices whatever is due for these customers, without cutting usage periods; answers
    /// the customers that were invoiced.
    pub async fn collect_many(
        &self,
        ctx: &Context,
        customers: &[CustomerId],
    ) -> Result<BTreeSet<CustomerId>, Status> {
        let look = |part: Vec<CustomerId>| async move {
            let ctx = self.part_of(ctx);
            self.find_due(&ctx, &part).await
        };
        let write = |found: Found| async move {
            let ctx = self.part_of(ctx);
            self.collect_found(&ctx, &found).await
        };
        in_parts(customers, look, write).await
    }

    async fn collect_found(
        &self,
        ctx: &Context,
        found: &Found,
    ) -> Result<BTreeSet<CustomerId>, BillingError> {
        if found.customers.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut w = self.db.system_write(ctx).await?;
        let made = write_collected(&mut w, found).await?;
        w.commit().await?;
        for invoice in &made.outside {
            self.after_outside(ctx, *invoice).await;
        }
        self.settle_holds(ctx, &made.noted).await;
        Ok(made.customers)
    }

    /// Works out what is due, and gathers its usage.
    async fn find_due(
        &self,
        ctx: &Context,
        customers: &[CustomerId],
    ) -> Result<Found, BillingError> {
        let db = self.db.reader();
        let gathering =
            by_customer(store::invoice::gathering_of_customers(db, ctx.project, customers).await?);
        let lines: Vec<&Line> = gathering
            .values()
            .flatten()
            .flat_map(Invoice::live_lines)
            .collect();
        let features = self.features(ctx, &lines).await?;
        let ids: Vec<String> = gathering.keys().map(ToString::to_string).collect();
        let known = self.customers(ctx, &ids).await?;
        let mut found = BTreeMap::new();
        for (customer, invoices) in &gathering {
            let Ok(chosen) = choose(invoices, None, ctx.now, false, &features) else {
                continue;
            };
            let Some(customer_now) = known.get(&customer.to_string()) else {
                continue;
            };
            if !chosen.is_empty() {
                let buyer = convert::customer::buyer(customer_now)?;
                found.insert(*customer, (buyer, chosen));
            }
        }
        let mut metered: Vec<(&Buyer, Line)> = Vec::new();
        for (customer, (buyer, chosen)) in &found {
            let own = gathering
                .get(customer)
                .map(Vec::as_slice)
                .unwrap_or_default();
            metered.extend(
                cut(own, chosen, ctx.now)
                    .into_iter()
                    .map(|line| (buyer, line)),
            );
        }
        // Questions about one meter and span follow one another.
        metered.sort_by(|(_, a), (_, b)| a.feature_key.cmp(&b.feature_key));
        let metered: Vec<(&Buyer, &Line)> =
            metered.iter().map(|(buyer, line)| (*buyer, line)).collect();
        let facts = self.usage(ctx, &metered, &features).await?;
        Ok(Found {
            features,
            facts,
            customers: found,
        })
    }

    /// Lets these invoices go on, those whose time has come; answers which did.
    pub async fn advance_many(
        &self,
        ctx: &Context,
        invoices: &[InvoiceId],
    ) -> Result<BTreeSet<InvoiceId>, Status> {
        let look = |part: Vec<InvoiceId>| async move {
            let ctx = self.part_of(ctx);
            self.find_ready(&ctx, &part).await
        };
        let write = |ready: Ready| async move {
            let ctx = self.part_of(ctx);
            self.advance_ready(&ctx, &ready).await
        };
        in_parts(invoices, look, write).await
    }

    /// Looks which invoices go on, and gathers the usage that they need for it.
    async fn find_ready(
        &self,
        ctx: &Context,
        invoices: &[InvoiceId],
    ) -> Result<Ready, BillingError> {
        let mut found = store::invoice::by_ids(self.db.reader(), ctx.project, invoices).await?;
        found.retain(goes_on_by_itself);
        let mut metered: Vec<(&Buyer, &Line)> = found
            .iter()
            .filter(|invoice| takes_quantities(invoice.state))
            .flat_map(|invoice| {
                invoice
                    .live_lines()
                    .map(|line| (&invoice.header.buyer, line))
            })
            .filter(|(_, line)| !line.price.is_flat())
            .collect();
        metered.sort_by(|(_, a), (_, b)| a.feature_key.cmp(&b.feature_key));
        let facts = if metered.is_empty() {
            UsageFacts::new()
        } else {
            let lines: Vec<&Line> = metered.iter().map(|(_, line)| *line).collect();
            let features = self.features(ctx, &lines).await?;
            self.usage(ctx, &metered, &features).await?
        };
        Ok(Ready {
            invoices: found.iter().map(|invoice| invoice.id).collect(),
            customers: found.iter().map(Invoice::customer).collect(),
            facts,
        })
    }

    async fn advance_ready(
        &self,
        ctx: &Context,
        ready: &Ready,
    ) -> Result<BTreeSet<InvoiceId>, BillingError> {
        if ready.invoices.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut w = self.db.system_write(ctx).await?;
        store::lock_customers(w.tx(), ctx.project, ready.customers.iter().copied()).await?;
        let done = write_advanced(&mut w, &ready.invoices, &ready.facts).await?;
        w.commit().await?;
        for invoice in &done.outside {
            self.after_outside(ctx, *invoice).await;
        }
        self.settle_holds(ctx, &done.noted).await;
        Ok(done.invoices)
    }
}

/// What a run wrote.
#[derive(Default)]
struct Done {
    customers: BTreeSet<CustomerId>,
    invoices: BTreeSet<InvoiceId>,
    /// Invoices that an outside system has to do something for.
    outside: Vec<InvoiceId>,
    /// Customers whose hold may have to change.
    noted: Vec<CustomerId>,
}

fn by_customer(invoices: Vec<Invoice>) -> BTreeMap<CustomerId, Vec<Invoice>> {
    let mut found: BTreeMap<CustomerId, Vec<Invoice>> = BTreeMap::new();
    for invoice in invoices {
        found.entry(invoice.customer()).or_default().push(invoice);
    }
    found
}

/// Whether the timer moves an invoice on without asking anybody outside.
fn goes_on_by_itself(invoice: &Invoice) -> bool {
    !invoice.is_gathering() && invoice.header.outside.is_none()
}

/// Whether an invoice that goes on may still take quantities.
fn takes_quantities(state: State) -> bool {
    state.status() == "draft" && state != State::DraftWaitingAutoApproval
}

/// Makes the standard invoices of all customers whose lines are still what was found.
async fn write_collected(w: &mut Write, found: &Found) -> Result<Done, BillingError> {
    let (project, now) = (w.context().project, w.context().now);
    let customers: Vec<CustomerId> = found.customers.keys().copied().collect();
    store::lock_customers(w.tx(), project, customers.iter().copied()).await?;
    let gathering =
        by_customer(store::invoice::gathering_of_customers(w.tx(), project, &customers).await?);
    let effective = provision::find_many(w.tx(), project, &customers).await?;
    let mut work: Vec<(CustomerId, Vec<Invoice>, Vec<Prepared>)> = Vec::new();
    for (customer, pending) in gathering {
        let Some((buyer, chosen)) = found.customers.get(&customer) else {
            continue;
        };
        let same = choose(&pending, None, now, false, &found.features);
        if same.ok().as_ref() != Some(chosen) || !effective.contains_key(&customer) {
            continue;
        }
        if let Some((left, prepared)) = cut_off(pending, buyer, chosen, &found.facts, now) {
            work.push((customer, left, prepared));
        }
    }
    let new: usize = work.iter().map(|(_, _, prepared)| prepared.len()).sum();
    let parts = {
        let lines: Vec<&Line> = work
            .iter()
            .flat_map(|(_, _, prepared)| prepared)
            .flat_map(|one| &one.lines)
            .collect();
        store::line::billed_parts_of(w.tx(), project, &lines).await?
    };
    let mut reserve = Reserve::of(new);
    let mut store = Vec::with_capacity(new);
    // No line was cut: those that stay are stored as they are.
    let mut headers = Vec::with_capacity(new);
    let mut done = Done::default();
    for (customer, left, prepared) in work {
        let Some(effective) = effective.get(&customer) else {
            continue;
        };
        let app = &effective.app;
        let mut open = false;
        for one in prepared {
            let invoice;
            let told = (parts.clone(), &found.facts);
            (invoice, reserve) = make(w, one, effective, told, reserve).await?;
            open |= hold::holds(&invoice);
            if app.is_outside() {
                done.outside.push(invoice.id);
            }
            store.push(invoice);
        }
        for mut pending in left {
            record_gathering(w, &mut pending, app).await?;
            open |= hold::holds(&pending);
            headers.push(pending);
        }
        if !open {
            done.noted.push(customer);
        }
        done.customers.insert(customer);
    }
    reserve.give_back(w.tx(), project).await?;
    store::invoice::save_all(w.tx(), project, &store).await?;
    store::invoice::save_headers(w.tx(), project, &headers).await?;
    hold::note(w, &done.noted).await?;
    Ok(done)
}

/// Gathering invoices without the lines that are invoiced, and those lines.
pub(super) type CutOff = (Vec<Invoice>, Vec<Prepared>);

/// Takes the chosen lines off the gathering invoices of a customer. Nothing when one of them
/// cannot be invoiced as it is.
pub(super) fn cut_off(
    gathering: Vec<Invoice>,
    buyer: &Buyer,
    chosen: &Chosen,
    facts: &UsageFacts,
    now: Timestamp,
) -> Option<CutOff> {
    let mut left = Vec::with_capacity(gathering.len());
    let mut prepared = Vec::with_capacity(gathering.len());
    for mut pending in gathering {
        let Some(chosen) = chosen.get(&pending.currency) else {
            continue;
        };
        let lines = take(&mut pending, chosen, now);
        if !covers(facts, lines.iter()) {
            return None;
        }
        prepared.push(prepare(buyer, pending.currency, lines, now).ok()?);
        left.push(pending);
    }
    Some((left, prepared))
}

/// Lets invoices go on whose time has come, all in one write.
async fn write_advanced(
    w: &mut Write,
    ids: &[InvoiceId],
    facts: &UsageFacts,
) -> Result<Done, BillingError> {
    let (project, now) = (w.context().project, w.context().now);
    let found = store::invoice::by_ids(w.tx(), project, ids).await?;
    let apps: BTreeSet<AppId> = found.iter().map(|invoice| invoice.header.app).collect();
    let mut known: BTreeMap<AppId, App> = BTreeMap::new();
    for app in apps {
        known.insert(app, store::app::get(w.tx(), project, app).await?);
    }
    let parts: Vec<Line> = store::invoice::parts_of(w.tx(), project, &found)
        .await?
        .into_iter()
        .map(|(_, part)| part)
        .collect();
    let mut reserve = Reserve::of(found.len());
    let mut done = Done::default();
    let mut store = Vec::with_capacity(found.len());
    let mut changed = BTreeSet::new();
    let mut freed = Vec::new();
    for mut invoice in found {
        let covered = !takes_quantities(invoice.state) || covers(facts, invoice.live_lines());
        if !goes_on_by_itself(&invoice) || !covered {
            continue;
        }
        let app = known.get(&invoice.header.app).ok_or(BillingError::Raced)?;
        let was_open = hold::holds(&invoice);
        let lines_before = invoice.lines.clone();
        let before = convert::invoice::to_proto(&invoice, app, now, Lines::Live, false);
        let mut drive = Drive::with(w, app.clone(), parts.clone(), facts, reserve);
        let moved = drive.run(&mut invoice, Trigger::Next).await?;
        let passed;
        Drive {
            reserve,
            passed,
            ..
        } = drive;
        if !moved {
            continue;
        }
        let past = Past {
            before: Some(&before),
            passed,
        };
        record_invoice(w, "invoice.updated", &mut invoice, app, past).await?;
        match (was_open, hold::holds(&invoice)) {
            (true, false) => freed.push(invoice.customer()),
            (false, true) => done.noted.push(invoice.customer()),
            (true, true) | (false, false) => {}
        }
        let same = invoice.lines.iter().zip(&lines_before);
        let others = same.filter(|(now, before)| now != before);
        changed.extend(others.map(|(line, _)| line.id));
        if app.is_outside() {
            done.outside.push(invoice.id);
        }
        done.invoices.insert(invoice.id);
        store.push(invoice);
    }
    reserve.give_back(w.tx(), project).await?;
    store::invoice::save_changed(w.tx(), project, &store, &changed).await?;
    // Who has another open invoice goes on being held.
    let open = store::invoice::open_of_customers(w.tx(), project, &freed).await?;
    done.noted
        .extend(freed.iter().filter(|who| !open.contains_key(who)));
    done.noted.sort();
    done.noted.dedup();
    hold::note(w, &done.noted).await?;
    Ok(done)
}
