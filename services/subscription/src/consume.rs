//! What is taken from billing's feed: which part of an invoice is for which subscription, and whether it is paid.

use std::collections::BTreeMap;
use std::sync::Arc;

use chassis::Write;
use chassis::feed::{Consume, ConsumerSpec, Event};
use contract::billing::v1::{Invoice, InvoiceState};
use contract::convert::{from_optional_decimal, from_optional_timestamp};
use contract::partial::InvoiceStanding;
use kernel::Decimal;
use kernel::decimal;
use kernel::id::CustomerId;
use tonic::Status;

use crate::store;
use crate::store::invoice_share::{Share, Told};

/// Takes over invoices.
struct Invoices;

/// The consumer of billing's feed.
pub fn invoices() -> ConsumerSpec {
    ConsumerSpec {
        name: "subscription.invoices",
        source: "billing",
        handler: Arc::new(Invoices),
    }
}

#[async_trait::async_trait]
impl Consume for Invoices {
    fn concerns(&self, event: &Event) -> bool {
        event.kind.starts_with("invoice.")
            && !event
                .decode::<InvoiceStanding>()
                .is_ok_and(|invoice| is_before_issue(invoice.state()))
    }

    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status> {
        self.apply_all(write, &[event]).await
    }

    async fn apply_all(&self, write: &mut Write, events: &[&Event]) -> Result<(), Status> {
        let mut told = Vec::with_capacity(events.len());
        for event in events {
            let invoice: Invoice = event.decode()?;
            // What cannot be read would stop the feed for ever; it counts as nothing.
            let Some(shares) = shares(&invoice) else {
                tracing::error!(invoice.id = %event.id, "an invoice cannot be read");
                continue;
            };
            told.push(Told {
                invoice: invoice.id,
                revision: invoice.revision,
                shares,
            });
        }
        let project = write.context().project;
        store::invoice_share::replace_all(write.tx(), project, told).await?;
        Ok(())
    }
}

/// Whether an invoice says nothing yet, and never did: none goes back to a draft. Most of what happens to an invoice
/// happens then.
fn is_before_issue(state: InvoiceState) -> bool {
    [
        InvoiceState::Gathering,
        InvoiceState::DraftCreated,
        InvoiceState::DraftWaitingForCollection,
        InvoiceState::DraftCollecting,
        InvoiceState::DraftUpdating,
        InvoiceState::DraftValidating,
        InvoiceState::DraftInvalid,
        InvoiceState::DraftSyncing,
        InvoiceState::DraftSyncFailed,
        InvoiceState::DraftManualApprovalNeeded,
        InvoiceState::DraftWaitingAutoApproval,
        InvoiceState::DraftReadyToIssue,
        InvoiceState::IssuingSyncing,
        InvoiceState::IssuingFailed,
    ]
    .contains(&state)
}

/// What an invoice says of each subscription; nothing while nobody has to pay it.
fn shares(invoice: &Invoice) -> Option<Vec<Share>> {
    let state = InvoiceState::try_from(invoice.state).ok()?;
    let open = [
        InvoiceState::Issued,
        InvoiceState::PaymentProcessingPending,
        InvoiceState::PaymentProcessingFailed,
        InvoiceState::PaymentProcessingActionRequired,
        InvoiceState::Overdue,
    ]
    .contains(&state);
    let paid = state == InvoiceState::Paid;
    if !open && !paid || invoice.delete_time.is_some() {
        return Some(Vec::new());
    }
    let customer = &invoice.customer.as_ref()?.id;
    let customer: CustomerId = customer.parse().ok()?;
    let paid_at = from_optional_timestamp(invoice.payment_time.as_ref()).ok()?;
    let updated = from_optional_timestamp(invoice.update_time.as_ref()).ok()?;
    let mut sums: BTreeMap<&str, Decimal> = BTreeMap::new();
    for line in &invoice.lines {
        let Some(part) = &line.subscription else {
            continue;
        };
        if line.delete_time.is_some() || part.subscription_id.is_empty() {
            continue;
        }
        let total = line
            .totals
            .as_ref()
            .and_then(|totals| totals.total.as_ref());
        let total = from_optional_decimal(total).ok()?.unwrap_or_default();
        let sum = sums.entry(&part.subscription_id).or_default();
        *sum = decimal::add(*sum, total).ok()?;
    }
    let share = |(subscription, amount): (&str, Decimal)| Share {
        invoice: invoice.id.clone(),
        subscription: subscription.to_owned(),
        customer,
        open: open && !amount.is_zero(),
        paid_at: paid.then_some(paid_at.or(updated)).flatten(),
        amount,
        currency: invoice.currency_code.clone(),
    };
    let nonzero = sums.into_iter().filter(|(_, amount)| !amount.is_zero());
    Some(nonzero.map(share).collect())
}
