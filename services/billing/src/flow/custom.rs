//! What the caller's own invoicing system reports about invoices of a custom invoicing app.

use contract::billing::v1 as pb;

use super::advance::Drive;
use crate::{
    convert,
    domain::{
        app::{DRAFT_SYNCED_AT, FINALIZED_AT, Kind},
        invoice::Invoice,
        issue,
        numbering::Scope,
        state::{State, Trigger},
    },
    error::BillingError,
};

/// The draft was taken over: remembers what it is called there and goes on.
pub(super) async fn confirm_draft(
    drive: &mut Drive<'_>,
    invoice: &mut Invoice,
    request: &pb::ConfirmDraftSyncRequest,
) -> Result<bool, BillingError> {
    check_app(drive)?;
    if invoice.state != State::DraftSyncing {
        return Ok(false);
    }
    if !request.invoice_number.is_empty() {
        invoice.number.clone_from(&request.invoice_number);
    }
    if !request.external_id.is_empty() {
        invoice.header.external_invoicing = Some(request.external_id.clone());
    }
    let mut unknown = Vec::new();
    for assignment in &request.line_external_ids {
        if !assign_line(invoice, assignment) {
            unknown.push(assignment.id.clone());
        }
    }
    for assignment in &request.line_discount_external_ids {
        if !assign_discount(invoice, assignment) {
            unknown.push(assignment.id.clone());
        }
    }
    if !unknown.is_empty() {
        return Err(BillingError::UnknownIds { ids: unknown });
    }
    mark(drive, invoice, DRAFT_SYNCED_AT);
    drive.run(invoice, Trigger::Next).await
}

/// The invoice was issued: remembers number and payment and goes on.
pub(super) async fn confirm_issuing(
    drive: &mut Drive<'_>,
    invoice: &mut Invoice,
    request: &pb::ConfirmIssuingSyncRequest,
) -> Result<bool, BillingError> {
    check_app(drive)?;
    if invoice.state != State::IssuingSyncing {
        return Ok(false);
    }
    if request.invoice_number.is_empty() {
        drive.number(invoice, Scope::Custom).await?;
    } else {
        invoice.number.clone_from(&request.invoice_number);
    }
    if let Some(sent) = convert::time(
        "sent_to_customer_time",
        request.sent_to_customer_time.as_ref(),
    )? {
        invoice.header.sent_time = Some(sent);
    }
    if !request.payment_external_id.is_empty() {
        invoice.header.external_payment = Some(request.payment_external_id.clone());
    }
    mark(drive, invoice, FINALIZED_AT);
    drive.run(invoice, Trigger::Next).await
}

/// Something became of the payment. An invoice that ends up with critical issues is refused
/// as a whole.
pub(super) async fn payment(
    drive: &mut Drive<'_>,
    invoice: &mut Invoice,
    trigger: Trigger,
) -> Result<bool, BillingError> {
    check_app(drive)?;
    let fired = drive.run(invoice, trigger).await?;
    if issue::any_critical(&invoice.header.issues) {
        return Err(BillingError::CriticalIssues {
            issues: convert::invoice::refusal_issues(&invoice.header.issues),
        });
    }
    Ok(fired)
}

fn check_app(drive: &Drive<'_>) -> Result<(), BillingError> {
    if drive.app.kind == Kind::CustomInvoicing {
        Ok(())
    } else {
        Err(BillingError::NotCustomInvoicing)
    }
}

fn mark(drive: &Drive<'_>, invoice: &mut Invoice, key: &str) {
    let now = drive.w.context().now;
    invoice
        .header
        .metadata
        .insert(key.to_owned(), now.to_string());
}

fn assign_line(invoice: &mut Invoice, assignment: &pb::ExternalIdAssignment) -> bool {
    for line in &mut invoice.lines {
        if line.id.to_string() == assignment.id {
            line.external_invoicing = Some(assignment.external_id.clone());
            return true;
        }
        if let Some(child) = line
            .children
            .iter_mut()
            .find(|child| child.id.to_string() == assignment.id)
        {
            child.external_invoicing = Some(assignment.external_id.clone());
            return true;
        }
    }
    false
}

fn assign_discount(invoice: &mut Invoice, assignment: &pb::ExternalIdAssignment) -> bool {
    let children = invoice.lines.iter_mut().flat_map(|line| &mut line.children);
    let mut discounts = children.flat_map(|child| &mut child.discounts);
    match discounts.find(|discount| discount.id.to_string() == assignment.id) {
        Some(discount) => {
            discount.external_invoicing = Some(assignment.external_id.clone());
            true
        }
        None => false,
    }
}
