//! Taking a customer out of billing. Erased: pending lines, drafts and whatever is kept beside invoices go; invoices that were
//! issued stay, without personal data. Anonymized: what is not issued yet follows the customer, issued invoices keep what they
//! were issued with.

use chassis::Write;
use contract::{billing::v1 as pb, customer::v1 as customer_pb};
use kernel::id::{CustomerId, InvoiceId};
use prost::{Message as _, Name as _};

use crate::{
    convert,
    domain::{
        collect::UsageFacts,
        invoice::Invoice,
        outside::Step,
        party::{Buyer, ERASED},
        state::{State, Trigger},
    },
    error::BillingError,
    flow::{Past, advance::Drive, record_gathering, store_invoice, tell_invoice},
    store,
};

/// Invoices that are looked at in one go.
const LOOK: u64 = 100;

/// What became of the invoices of an erased customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// How many gathering invoices and drafts went.
    pub removed: usize,
    /// How many invoices stay and lost their personal data.
    pub redacted: usize,
    /// Drafts that an outside system has still to delete. They go on without personal data.
    pub outside: Vec<InvoiceId>,
}

/// Removes everything of a customer but the bare invoices that were issued. Repeating it is harmless.
pub async fn erase(w: &mut Write, customer: CustomerId) -> Result<Erased, BillingError> {
    let project = w.context().project;
    store::lock_customer(w.tx(), project, customer).await?;
    let mut erased = Erased::default();
    let mut after = String::new();
    loop {
        let ids = store::erasure::invoices(w.tx(), project, customer, &after, LOOK).await?;
        let Some(last) = ids.last() else { break };
        after = last.to_string();
        for invoice in store::invoice::by_ids(w.tx(), project, &ids).await? {
            w.redact(&invoice.id.to_string(), redacted).await?;
            erase_invoice(w, invoice, &mut erased).await?;
        }
    }
    for id in store::subscription::of_customer(w.tx(), project, customer).await? {
        if let Some(mut copy) = store::subscription::get(w.tx(), project, id).await? {
            // Nothing that is told late counts any more.
            copy.revision = i64::MAX;
            copy.deleted = true;
            copy.phases.clear();
            copy.plan = None;
            store::subscription::save(w.tx(), project, &copy, None).await?;
        }
    }
    w.redact(&customer.to_string(), |_, _| None).await?;
    for app in store::erasure::apps(w.tx(), project, customer).await? {
        w.redact(&format!("{customer}.{app}"), |_, _| None).await?;
    }
    store::erasure::forget(w.tx(), project, customer).await?;
    Ok(erased)
}

async fn erase_invoice(
    w: &mut Write,
    mut invoice: Invoice,
    erased: &mut Erased,
) -> Result<(), BillingError> {
    let (project, now) = (w.context().project, w.context().now);
    let was = invoice.clone();
    bare(&mut invoice);
    match invoice.state {
        State::Gathering => {
            if invoice.delete_time.is_none() {
                let app = store::app::get(w.tx(), project, invoice.header.app).await?;
                for line in &mut invoice.lines {
                    line.delete_time = line.delete_time.or(Some(now));
                }
                record_gathering(w, &mut invoice, &app).await?;
            }
            store::erasure::remove_invoice(w.tx(), project, invoice.id).await?;
            erased.removed += usize::from(was.delete_time.is_none());
        }
        // It is on its way already.
        State::DeleteInProgress | State::DeleteSyncing => {
            store::invoice::save(w.tx(), project, &invoice).await?;
            erased.outside.push(invoice.id);
        }
        State::DraftCreated
        | State::DraftWaitingForCollection
        | State::DraftCollecting
        | State::DraftUpdating
        | State::DraftValidating
        | State::DraftInvalid
        | State::DraftSyncing
        | State::DraftSyncFailed
        | State::DraftManualApprovalNeeded
        | State::DraftWaitingAutoApproval
        | State::DraftReadyToIssue
        | State::DeleteFailed
        | State::Deleted => {
            let trigger = if invoice.state == State::DeleteFailed {
                Trigger::Retry
            } else {
                Trigger::Delete
            };
            // What is wrong with it does not matter any more.
            Drive::forgive(&mut invoice);
            let facts = UsageFacts::new();
            let mut drive = Drive::new(w, &invoice, &facts).await?;
            drive.run(&mut invoice, trigger).await?;
            let Drive { app, passed, .. } = drive;
            tell_invoice(w, &mut invoice, &app, passed).await?;
            let asked = invoice.header.outside.map(|task| task.step);
            if asked == Some(Step::Delete) {
                store::invoice::save(w.tx(), project, &invoice).await?;
                erased.outside.push(invoice.id);
            } else {
                store::erasure::remove_invoice(w.tx(), project, invoice.id).await?;
            }
            erased.removed += usize::from(was.delete_time.is_none());
        }
        State::IssuingSyncing
        | State::IssuingFailed
        | State::Issued
        | State::PaymentPending
        | State::PaymentFailed
        | State::PaymentActionRequired
        | State::Overdue
        | State::Paid
        | State::Uncollectible
        | State::Voided => {
            // Nothing that anybody follows has changed, so there is no event.
            if invoice != was {
                store::invoice::save(w.tx(), project, &invoice).await?;
                erased.redacted += 1;
            }
        }
    }
    Ok(())
}

/// Lets what is not issued yet follow a customer who was anonymized.
pub async fn anonymize(
    w: &mut Write,
    customer: &customer_pb::Customer,
) -> Result<(), BillingError> {
    let project = w.context().project;
    let buyer = convert::customer::buyer(customer)?;
    store::lock_customer(w.tx(), project, buyer.id).await?;
    let mut after = String::new();
    loop {
        let ids = store::erasure::invoices(w.tx(), project, buyer.id, &after, LOOK).await?;
        let Some(last) = ids.last() else {
            return Ok(());
        };
        after = last.to_string();
        for mut invoice in store::invoice::by_ids(w.tx(), project, &ids).await? {
            let follows = invoice.is_gathering() || invoice.state.status() == "draft";
            if !follows || invoice.header.buyer == buyer {
                continue;
            }
            invoice.header.buyer.clone_from(&buyer);
            let shown = convert::customer::buyer_to_proto(&buyer);
            w.redact(&invoice.id.to_string(), |name, bytes| {
                let mut recorded = decoded(name, bytes)?;
                recorded.customer = Some(shown.clone());
                Some(recorded.encode_to_vec())
            })
            .await?;
            if invoice.is_gathering() {
                store::invoice::save_headers(w.tx(), project, std::slice::from_ref(&invoice))
                    .await?;
            } else {
                let app = store::app::get(w.tx(), project, invoice.header.app).await?;
                store_invoice(w, "invoice.updated", &mut invoice, &app, Past::default()).await?;
            }
        }
    }
}

/// Takes off an invoice whatever says who bought, and what somebody wrote on it.
fn bare(invoice: &mut Invoice) {
    let header = &mut invoice.header;
    header.buyer = Buyer::erased(header.buyer.id);
    header.description.clear();
    header.metadata.clear();
    for line in &mut invoice.lines {
        line.metadata.clear();
    }
}

/// The same of what was recorded of it.
fn redacted(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut invoice = decoded(name, bytes)?;
    invoice.description.clear();
    invoice.metadata.clear();
    for line in &mut invoice.lines {
        line.metadata.clear();
    }
    for passed in &mut invoice.passed {
        passed.description.clear();
        passed.metadata.clear();
    }
    invoice.customer = invoice.customer.map(|customer| pb::InvoiceCustomer {
        id: customer.id,
        name: ERASED.to_owned(),
        ..Default::default()
    });
    Some(invoice.encode_to_vec())
}

fn decoded(name: &str, bytes: &[u8]) -> Option<pb::Invoice> {
    (name == pb::Invoice::full_name())
        .then(|| pb::Invoice::decode(bytes).ok())
        .flatten()
}
