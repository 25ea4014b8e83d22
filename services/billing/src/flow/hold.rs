//! A customer with a gathering invoice or one that is not final cannot be deleted: billing
//! holds it, with one hold per customer.
//!
//! A write that may change this notes the customer, in the same transaction. After the commit
//! the customer service is told and the note forgotten; if that call does not come to it, a
//! timer does the same. Whoever told the customer service looks again at the invoices
//! afterwards: of two who tell it at once, the later one puts right what the other said.

use chassis::{Context, Write};
use contract::{customer::v1 as customer_pb, kernel::v1 as kernel_pb};
use futures::future::join_all;
use kernel::id::CustomerId;
use tonic::Code;

use super::Billing;
use crate::{domain::invoice::Invoice, error::BillingError, store};

/// How often the customer service is told anew because invoices changed meanwhile.
const TELLINGS: usize = 8;
/// Customers that the customer service is told about side by side.
const AT_ONCE: usize = 8;

/// Notes a customer whose hold may have to change because of this write.
pub async fn note(w: &Write, customers: &[CustomerId]) -> Result<(), BillingError> {
    let (project, now) = (w.context().project, w.context().now);
    store::stale_hold::note(w.tx(), project, customers, now).await
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

    /// Brings the holds of noted customers up to date and forgets the notes. What failed stays
    /// noted; the first failure is answered.
    pub async fn repair_holds(
        &self,
        ctx: &Context,
        noted: &[(CustomerId, String)],
    ) -> Result<(), BillingError> {
        let db = self.db.reader();
        let mut failure = None;
        let mut done: Vec<(CustomerId, &str)> = Vec::with_capacity(noted.len());
        let mut left: Vec<(CustomerId, &str)> = noted
            .iter()
            .map(|(customer, token)| (*customer, token.as_str()))
            .collect();
        let customers = |left: &[(CustomerId, &str)]| -> Vec<CustomerId> {
            left.iter().map(|(customer, _)| *customer).collect()
        };
        let mut open =
            store::invoice::open_of_customers(db, ctx.project, &customers(&left)).await?;
        for _ in 0..TELLINGS {
            if left.is_empty() {
                break;
            }
            let mut told = Vec::with_capacity(left.len());
            for some in left.chunks(AT_ONCE) {
                let tellings = some
                    .iter()
                    .map(|(customer, _)| self.tell(ctx, *customer, open.get(customer)));
                for (one, outcome) in some.iter().zip(join_all(tellings).await) {
                    match outcome {
                        Ok(()) => told.push(*one),
                        // Nobody is left to be held.
                        Err(BillingError::Remote(status)) if status.code() == Code::NotFound => {
                            done.push(*one);
                        }
                        Err(error) => failure = failure.or(Some(error)),
                    }
                }
            }
            let now = store::invoice::open_of_customers(db, ctx.project, &customers(&told)).await?;
            let (changed, same): (Vec<_>, Vec<_>) = told.into_iter().partition(|(customer, _)| {
                now.contains_key(customer) != open.contains_key(customer)
            });
            done.extend(same);
            left = changed;
            open = now;
        }
        if !left.is_empty() {
            failure = failure.or(Some(BillingError::Raced));
        }
        if !done.is_empty() {
            let w = self.db.system_write(ctx).await?;
            store::stale_hold::clear(w.tx(), ctx.project, &done).await?;
            w.commit().await?;
        }
        failure.map_or(Ok(()), Err)
    }

    async fn tell(
        &self,
        ctx: &Context,
        customer: CustomerId,
        open: Option<&String>,
    ) -> Result<(), BillingError> {
        let mut customers = self.customers.clone();
        if let Some(invoice) = open {
            let request = customer_pb::PlaceHoldRequest {
                customer_id: customer.to_string(),
                reason: customer_pb::hold::Reason::Invoice.into(),
                holder_id: HOLDER.to_owned(),
                display_text: format!(
                    "invoice {invoice} is not finished, please delete it or mark it as uncollectible \
                     before deleting the customer"
                ),
                period: Some(kernel_pb::Period {
                    start_time: Some(contract::convert::timestamp(ctx.now)),
                    end_time: None,
                }),
                request_id: String::new(),
            };
            customers.place_hold(ctx.request(request)).await?;
        } else {
            let request = customer_pb::ReleaseHoldRequest {
                customer_id: customer.to_string(),
                reason: customer_pb::hold::Reason::Invoice.into(),
                holder_id: HOLDER.to_owned(),
                request_id: String::new(),
            };
            customers.release_hold(ctx.request(request)).await?;
        }
        Ok(())
    }
}

/// One hold stands for all invoices of a customer.
const HOLDER: &str = "billing";
