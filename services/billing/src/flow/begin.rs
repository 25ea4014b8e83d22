//! A subscription that begins: its copy, its lines and the invoices of what is due at once, in one write. Whatever does
//! not fit into it is left to the general way, which looks at everything.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Context, Write};
use kernel::{
    Timestamp,
    id::{CustomerId, InvoiceId},
};
use sea_orm::DbErr;

use super::{
    Billing,
    apply::{new_line, plan},
    collect::{Prepared, choose, make},
    facts::Features,
    gather,
    hold::{self, Opened},
    provision::{self, Effective},
    record_gathering,
    run::cut_off,
};
use crate::{
    domain::{
        app::Kind,
        collect::UsageFacts,
        invoice::{Invoice, Line},
        numbering::Scope,
        party::Buyer,
        subscription::Subscription,
    },
    error::BillingError,
    store::{self, sequence::Reserve},
};

/// The revision of a subscription that was just made.
pub const FIRST: i64 = 1;

/// What came of a beginning.
#[derive(Default)]
pub struct Begun {
    /// What was invoiced.
    pub invoices: Vec<InvoiceId>,
    /// Whether something may be due that could not be invoiced along with it.
    pub more: bool,
    /// The hold that is to be placed.
    opened: Option<Opened>,
    /// A customer who may have to be let go.
    closed: Option<CustomerId>,
    /// Whether an outside system has to do something for the invoices.
    outside: bool,
}

impl Billing {
    /// Takes over the first state of a subscription. `None` when it cannot be done in one write, such as when there is a
    /// copy already: then nothing was written.
    pub async fn begin(
        &self,
        ctx: &Context,
        subscription: &Subscription,
        buyer: &Buyer,
    ) -> Result<Option<Begun>, BillingError> {
        let seen = self.seen.take(&(ctx.project, buyer.id));
        let mut w = self.db.system_write(ctx).await?;
        let mut begun = match write(&mut w, subscription, buyer, seen).await {
            Ok(begun) => begun,
            Err(error) => {
                tracing::info!(subscription.id = %subscription.id, %error, "a subscription does not begin in one write");
                return Ok(None);
            }
        };
        match w.commit().await {
            Ok(()) => {}
            // There is a copy already, or what was seen is outdated.
            Err(DbErr::RecordNotUpdated) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        if let Some(opened) = begun.opened.take() {
            self.settle_opened(ctx, opened).await;
        }
        if let Some(customer) = begun.closed {
            self.settle_hold(ctx, customer).await;
        }
        if begun.outside {
            for invoice in &begun.invoices {
                self.after_outside(ctx, *invoice).await;
            }
        }
        Ok(Some(begun))
    }
}

async fn write(
    w: &mut Write,
    subscription: &Subscription,
    buyer: &Buyer,
    seen: Option<Effective>,
) -> Result<Begun, BillingError> {
    let (project, now) = (w.context().project, w.context().now);
    let plan = plan(subscription, now);
    // Where nothing is read, the lock comes with the numbers.
    if seen.is_none() || plan.lines.is_empty() {
        store::lock_customer(w.tx(), project, buyer.id).await?;
    }
    let (next, reached) = (plan.next_sync, &plan.reached);
    match &seen {
        Some(Effective { profile, app }) => {
            let standing = (profile, app);
            store::subscription::create_plain_later(w, subscription, next, reached, standing)?;
        }
        None => store::subscription::create_later(w, subscription, next, reached)?,
    }
    let lines: Vec<Line> = plan
        .lines
        .into_iter()
        .map(|expected| new_line(expected, None, now))
        .collect();
    if lines.is_empty() {
        return Ok(Begun::default());
    }
    let (effective, found) = match seen {
        // Nothing was ever pending.
        Some(effective) => (effective, Vec::new()),
        None => {
            let effective = provision::ensure(w, buyer.id).await?;
            let of = store::invoice::all_gathering_of_customer(w.tx(), project, buyer.id);
            (effective, of.await?)
        }
    };
    let held = found.iter().any(|one| one.delete_time.is_none());
    let (own, pending) = with_lines(found, subscription, buyer, &effective, lines, now);
    let due = Due::of(pending, buyer, now);
    let mut begun = Begun {
        more: due.more,
        outside: effective.app.is_outside(),
        ..Begun::default()
    };
    let numbers = due.numbers(&effective);
    let mut reserve = Reserve::locked(w.tx(), project, buyer.id, &numbers).await?;
    let (mut open, facts) = (None, UsageFacts::new());
    for prepared in due.prepared {
        let invoice;
        (invoice, reserve) = make(w, prepared, &effective, (Vec::new(), &facts), reserve).await?;
        store::invoice::save_later(w, &invoice)?;
        open = open.or(hold::holds(&invoice).then_some(invoice.id));
        begun.invoices.push(invoice.id);
    }
    for mut pending in due.pending {
        if pending.id == own.id && own.is_new && pending.is_empty() {
            continue;
        }
        if pending.revision == 0 {
            let n = reserve.next(w.tx(), project, Scope::Gathering).await?;
            pending.number = Scope::Gathering.number(&buyer.name, pending.currency, n);
        }
        if pending.id == own.id || due.changed.contains(&pending.id) {
            record_gathering(w, &mut pending, &effective.app).await?;
            store::invoice::save_later(w, &pending)?;
        }
        open = open.or(hold::holds(&pending).then_some(pending.id));
    }
    reserve.give_back(w.tx(), project).await?;
    match (held, open) {
        (false, Some(invoice)) => begun.opened = Some(hold::note_opened(w, buyer.id, invoice)),
        (true, None) => {
            hold::note(w, &[buyer.id]).await?;
            begun.closed = Some(buyer.id);
        }
        (true, Some(_)) | (false, None) => {}
    }
    Ok(begun)
}

/// The gathering invoice of the subscription's currency.
struct Own {
    id: InvoiceId,
    /// Whether it was not there, or had run empty.
    is_new: bool,
}

/// The live gathering invoices of a customer, with new lines on that of the subscription's currency.
fn with_lines(
    found: Vec<Invoice>,
    subscription: &Subscription,
    buyer: &Buyer,
    effective: &Effective,
    lines: Vec<Line>,
    now: Timestamp,
) -> (Own, Vec<Invoice>) {
    let currency = subscription.currency;
    let (own, mut pending): (Vec<Invoice>, Vec<Invoice>) =
        found.into_iter().partition(|one| one.currency == currency);
    pending.retain(|one| one.delete_time.is_none());
    let (mut invoice, is_new) = match own.into_iter().next() {
        Some(mut known) => {
            let revived = gather::take_up(&mut known, buyer, effective, now);
            (known, revived)
        }
        None => {
            let new = gather::new_gathering(buyer, currency, effective, now);
            (new, true)
        }
    };
    invoice.lines.extend(lines);
    let own = Own {
        id: invoice.id,
        is_new,
    };
    pending.push(invoice);
    (own, pending)
}

/// What is due at once, and what stays pending.
struct Due {
    prepared: Vec<Prepared>,
    pending: Vec<Invoice>,
    changed: BTreeSet<InvoiceId>,
    more: bool,
}

impl Due {
    /// Takes what is due off gathering invoices, unless some of it has to be asked for or checked first.
    fn of(pending: Vec<Invoice>, buyer: &Buyer, now: Timestamp) -> Self {
        let chosen = choose(&pending, None, now, false, &Features::default());
        let taken = chosen
            .ok()
            .and_then(|chosen| cut_off(pending.clone(), buyer, &chosen, &UsageFacts::new(), now));
        let more = taken.is_none();
        let (left, prepared) = taken.unwrap_or_default();
        let mut left: BTreeMap<InvoiceId, Invoice> =
            left.into_iter().map(|one| (one.id, one)).collect();
        Self {
            prepared,
            changed: left.keys().copied().collect(),
            pending: pending
                .into_iter()
                .map(|one| left.remove(&one.id).unwrap_or(one))
                .collect(),
            more,
        }
    }

    /// The numbers that are needed, as far as that can be told before.
    fn numbers(&self, effective: &Effective) -> Vec<(Scope, usize)> {
        let new = self
            .pending
            .iter()
            .filter(|one| one.revision == 0 && !one.is_empty());
        let count = self.prepared.len();
        [
            (Some(Scope::Gathering), new.count()),
            (Some(Scope::Draft), count),
            (issued_at_once(effective), count),
        ]
        .into_iter()
        .filter_map(|(scope, count)| scope.filter(|_| count > 0).map(|scope| (scope, count)))
        .collect()
    }
}

/// Which number an invoice of fees gets that is issued without any wait.
fn issued_at_once(effective: &Effective) -> Option<Scope> {
    let (app, workflow) = (&effective.app, &effective.profile.workflow);
    let passes =
        app.draft_may_advance(&BTreeMap::new()) && app.issuing_may_advance(&BTreeMap::new());
    let at_once = passes
        && workflow.auto_advance
        && workflow.draft_period.is_zero()
        && workflow.alignment.is_none();
    match app.kind {
        Kind::Sandbox => at_once.then_some(Scope::Sandbox),
        Kind::CustomInvoicing => at_once.then_some(Scope::Custom),
        Kind::Stripe => None,
    }
}
