//! What the header of an invoice says about its lines: collection, draft and due times,
//! period and totals.

use kernel::{
    Timestamp,
    calendar::{CalendarError, floor_to_second},
    decimal::DecimalError,
    period::Period,
};

use super::{
    invoice::{Invoice, Line},
    state::State,
    totals::Totals,
};

/// From the earliest start to the latest end of the lines that count.
pub fn period<'a>(lines: impl Iterator<Item = &'a Line>) -> Option<Period> {
    lines.map(|line| line.period).reduce(|all, one| Period {
        start: all.start.min(one.start),
        end: all.end.max(one.end),
    })
}

/// Brings the times of a standard invoice up to date.
pub fn update_times(invoice: &mut Invoice) -> Result<(), CalendarError> {
    let workflow = &invoice.header.workflow;
    let usage_due = invoice
        .live_lines()
        .filter(|line| !line.price.is_flat())
        .map(|line| line.invoice_time)
        .max();
    let mut collection = usage_due.unwrap_or(invoice.create_time);
    if let Some(alignment) = &workflow.alignment {
        collection = alignment.next_after(collection)?;
    }
    if usage_due.is_some() {
        collection = workflow.collection_interval.add_to(collection)?;
    }
    let draft_until = if workflow.auto_advance {
        Some(
            workflow
                .draft_period
                .add_to(collection.max(invoice.create_time))?,
        )
    } else {
        None
    };
    let due_from = if workflow.auto_advance {
        draft_until
    } else {
        invoice.header.issue_time
    };
    let due = match due_from {
        Some(from) => Some(floor_to_second(workflow.due_after.add_to(from)?)),
        None => None,
    };
    let period = period(invoice.live_lines());
    let header = &mut invoice.header;
    header.collection_time = Some(collection);
    header.draft_until = draft_until;
    header.due_time = due;
    header.period = period;
    Ok(())
}

/// Adds the lines that count.
pub fn update_totals(invoice: &mut Invoice) -> Result<(), DecimalError> {
    invoice.header.totals = Totals::sum(invoice.live_lines().map(|line| &line.totals))?;
    Ok(())
}

/// Brings the header of a gathering invoice up to date. Without lines it is deleted.
pub fn update_gathering(invoice: &mut Invoice, now: Timestamp) {
    invoice.header.period = period(invoice.live_lines());
    invoice.header.collection_time = invoice.live_lines().map(|line| line.invoice_time).min();
    if invoice.is_empty() {
        invoice.delete_time = invoice.delete_time.or(Some(now));
    } else {
        invoice.delete_time = None;
    }
}

/// When a timer has to look at the invoice again; `None` when only a caller moves it on.
pub fn next_due(invoice: &Invoice) -> Option<Timestamp> {
    if invoice.header.outside.is_some() {
        return Some(invoice.update_time);
    }
    if invoice.delete_time.is_some() {
        return None;
    }
    match invoice.state {
        State::Gathering => invoice.live_lines().map(Line::billable_time).min(),
        State::DraftWaitingForCollection => Some(
            invoice
                .header
                .collection_time
                .unwrap_or(invoice.update_time),
        ),
        State::DraftWaitingAutoApproval => {
            Some(invoice.header.draft_until.unwrap_or(invoice.update_time))
        }
        // Passed through inside one write; found at rest only after a fault.
        State::DraftCreated
        | State::DraftCollecting
        | State::DraftUpdating
        | State::DraftValidating
        | State::DraftReadyToIssue
        | State::Issued
        | State::DeleteInProgress
        | State::DeleteSyncing => Some(invoice.update_time),
        State::DraftInvalid
        | State::DraftSyncing
        | State::DraftSyncFailed
        | State::DraftManualApprovalNeeded
        | State::IssuingSyncing
        | State::IssuingFailed
        | State::PaymentPending
        | State::PaymentFailed
        | State::PaymentActionRequired
        | State::Overdue
        | State::Paid
        | State::Uncollectible
        | State::Voided
        | State::DeleteFailed
        | State::Deleted => None,
    }
}
