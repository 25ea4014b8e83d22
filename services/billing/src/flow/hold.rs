//! A customer with a gathering invoice or one that is not final cannot be deleted: billing
//! holds it, with one hold per customer.
//!
//! A write that may change this notes the customer, in the same transaction. After the commit
//! the customer service is told and the note forgotten; if that call does not come to it, a
//! timer does the same. Whoever told the customer service looks again at the invoices
//! afterwards: of two who tell it at once, the later one puts right what the other said.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Context, Write};
use contract::{customer::v1 as customer_pb, kernel::v1 as kernel_pb};
use futures::future::join_all;
use kernel::{
    Timestamp,
    id::{CustomerId, InvoiceId},
};
use sea_orm::ConnectionTrait as _;
use tonic::{Code, Status};

use super::Billing;
use crate::{domain::invoice::Invoice, error::BillingError, store};

/// How long a customer is held at least for an invoice that is about to be made, should nothing come of it.
const AHEAD: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);
/// Why somebody who is gone cannot be held.
const DELETED: &str = "CUSTOMER_DELETED";
/// How often the customer service is told anew because invoices changed meanwhile.
const TELLINGS: usize = 8;
/// Customers that the customer service is told about side by side.
const AT_ONCE: usize = 8;

/// A customer and the token of the note about it.
type Note<'a> = (CustomerId, &'a str);

/// Notes a customer whose hold may have to change because of this write.
pub async fn note(w: &Write, customers: &[CustomerId]) -> Result<(), BillingError> {
    let (project, now) = (w.context().project, w.context().now);
    store::stale_hold::note(w.tx(), project, customers, now).await
}

/// A note about a customer who has an open invoice from the commit on.
#[derive(Clone, Debug)]
pub struct Opened {
    customer: CustomerId,
    invoice: InvoiceId,
    token: String,
}

/// Makes a note about the customer of an open invoice with the commit, for a write that makes no other.
pub fn note_opened(w: &Write, customer: CustomerId, invoice: InvoiceId) -> Opened {
    let (project, now) = (w.context().project, w.context().now);
    let backend = w.tx().get_database_backend();
    let (noting, token) = store::stale_hold::noting(backend, project, customer, now);
    w.later(noting);
    Opened {
        customer,
        invoice,
        token,
    }
}

/// Whether an invoice holds its customer.
pub fn holds(invoice: &Invoice) -> bool {
    invoice.delete_time.is_none() && !invoice.state.is_final()
}

impl Billing {
    /// Places or releases the hold of a customer, if a write noted it. Called after a write; a
    /// failure leaves the note to a timer.
    pub async fn settle_hold(&self, ctx: &Context, customer: CustomerId) {
        self.settle_holds(ctx, &[customer]).await;
    }

    /// The same for many customers.
    pub async fn settle_holds(&self, ctx: &Context, customers: &[CustomerId]) {
        let noted = store::stale_hold::noted(self.db.reader(), ctx.project, customers).await;
        let outcome = match noted {
            Ok(noted) => self.repair_holds(ctx, &noted).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "a hold is not up to date; a timer tries again");
        }
    }

    /// Holds a customer who is about to get a first open invoice, before anything of it is written: of a deletion at the same time
    /// one of the two is refused. Whoever calls it settles the hold afterwards, whatever came of the invoice; for one who dies
    /// before that, the note is left to a timer.
    pub async fn hold_ahead(
        &self,
        ctx: &Context,
        customer: CustomerId,
    ) -> Result<(), BillingError> {
        let db = self.db.reader();
        let open = store::invoice::open_of_customers(db, ctx.project, &[customer]).await?;
        if open.contains_key(&customer) {
            return Ok(());
        }
        let due = ctx.now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
        let w = self.db.system_write(ctx).await?;
        store::stale_hold::note(w.tx(), ctx.project, &[customer], due).await?;
        w.commit().await?;
        let text = "an invoice is being made for the customer".to_owned();
        self.place(ctx, customer, text).await
    }

    /// Places the hold of a customer who has an open invoice since a write; a failure leaves the note to a timer.
    pub async fn settle_opened(&self, ctx: &Context, opened: Opened) {
        let noted = [(opened.customer, opened.token)];
        let open = BTreeMap::from([(opened.customer, opened.invoice.to_string())]);
        if let Err(error) = self.bring_up_holds(ctx, &noted, open).await {
            tracing::warn!(%error, "a hold is not up to date; a timer tries again");
        }
    }

    /// Brings the holds of noted customers up to date and forgets the notes. What failed stays
    /// noted; the first failure is answered.
    pub async fn repair_holds(
        &self,
        ctx: &Context,
        noted: &[(CustomerId, String)],
    ) -> Result<(), BillingError> {
        let customers: Vec<CustomerId> = noted.iter().map(|(customer, _)| *customer).collect();
        let db = self.db.reader();
        let open = store::invoice::open_of_customers(db, ctx.project, &customers).await?;
        self.bring_up_holds(ctx, noted, open).await
    }

    /// The same for customers whose open invoices are known, the first one of each.
    async fn bring_up_holds(
        &self,
        ctx: &Context,
        noted: &[(CustomerId, String)],
        mut open: BTreeMap<CustomerId, String>,
    ) -> Result<(), BillingError> {
        let mut failure = None;
        let mut left: Vec<Note<'_>> = noted
            .iter()
            .map(|(customer, token)| (*customer, token.as_str()))
            .collect();
        for _ in 0..TELLINGS {
            if left.is_empty() {
                break;
            }
            let mut told = Vec::with_capacity(left.len());
            let mut gone = Vec::new();
            for some in left.chunks(AT_ONCE) {
                let tellings = some
                    .iter()
                    .map(|(customer, _)| self.tell(ctx, *customer, open.get(customer)));
                for (one, outcome) in some.iter().zip(join_all(tellings).await) {
                    match outcome {
                        Ok(()) => told.push(*one),
                        Err(BillingError::Remote(status)) if is_of_nobody(&status) => {
                            gone.push(*one);
                        }
                        Err(error) => failure = failure.or(Some(error)),
                    }
                }
            }
            let forgotten = self.forget(ctx, (&told, &gone), &open).await?;
            told.retain(|(customer, _)| !forgotten.contains(customer));
            (left, open) = self.changed(ctx, told, &open).await?;
        }
        if !left.is_empty() {
            failure = failure.or(Some(BillingError::Raced));
        }
        failure.map_or(Ok(()), Err)
    }

    /// Forgets the notes about customers who are as they were told, and about those who are gone; answers whose.
    async fn forget(
        &self,
        ctx: &Context,
        (told, gone): (&[Note<'_>], &[Note<'_>]),
        open: &BTreeMap<CustomerId, String>,
    ) -> Result<BTreeSet<CustomerId>, BillingError> {
        let (held, free): (Vec<_>, Vec<_>) = told
            .iter()
            .copied()
            .partition(|(customer, _)| open.contains_key(customer));
        let mut forgotten = BTreeSet::new();
        if told.is_empty() && gone.is_empty() {
            return Ok(forgotten);
        }
        let w = self.db.system_write(ctx).await?;
        for (notes, as_told) in [
            (held.as_slice(), Some(true)),
            (free.as_slice(), Some(false)),
            (gone, None),
        ] {
            forgotten.extend(store::stale_hold::forget(w.tx(), ctx.project, notes, as_told).await?);
        }
        w.commit().await?;
        Ok(forgotten)
    }

    /// Those who are not as they were told any more, and the open invoices of now. The others have a newer note, or none.
    async fn changed<'a>(
        &self,
        ctx: &Context,
        mut told: Vec<Note<'a>>,
        before: &BTreeMap<CustomerId, String>,
    ) -> Result<(Vec<Note<'a>>, BTreeMap<CustomerId, String>), BillingError> {
        let customers: Vec<CustomerId> = told.iter().map(|(customer, _)| *customer).collect();
        let db = self.db.reader();
        let open = store::invoice::open_of_customers(db, ctx.project, &customers).await?;
        told.retain(|(customer, _)| open.contains_key(customer) != before.contains_key(customer));
        Ok((told, open))
    }

    async fn tell(
        &self,
        ctx: &Context,
        customer: CustomerId,
        open: Option<&String>,
    ) -> Result<(), BillingError> {
        if let Some(invoice) = open {
            let text = format!(
                "invoice {invoice} is not finished, please delete it or mark it as uncollectible \
                 before deleting the customer"
            );
            return self.place(ctx, customer, text).await;
        }
        let request = customer_pb::ReleaseHoldRequest {
            customer_id: customer.to_string(),
            reason: customer_pb::hold::Reason::Invoice.into(),
            holder_id: HOLDER.to_owned(),
            request_id: String::new(),
        };
        let mut customers = self.customers.clone();
        customers.release_hold(ctx.request(request)).await?;
        Ok(())
    }

    async fn place(
        &self,
        ctx: &Context,
        customer: CustomerId,
        display_text: String,
    ) -> Result<(), BillingError> {
        let request = customer_pb::PlaceHoldRequest {
            customer_id: customer.to_string(),
            reason: customer_pb::hold::Reason::Invoice.into(),
            holder_id: HOLDER.to_owned(),
            display_text,
            period: Some(kernel_pb::Period {
                start_time: Some(contract::convert::timestamp(ctx.now)),
                end_time: None,
            }),
            request_id: String::new(),
        };
        let mut customers = self.customers.clone();
        customers.place_hold(ctx.request(request)).await?;
        Ok(())
    }
}

/// Whether nobody is left to be held: the customer was deleted, or never was.
fn is_of_nobody(refusal: &Status) -> bool {
    refusal.code() == Code::NotFound || chassis::error::details(refusal).reason == DELETED
}

/// One hold stands for all invoices of a customer.
const HOLDER: &str = "billing";
