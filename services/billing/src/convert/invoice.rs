//! Invoices.

use contract::billing::v1 as pb;
use kernel::Timestamp;

use super::{customer, line, profile, wire_period, wire_time};
use crate::domain::{
    app::App,
    invoice::Invoice,
    issue::{self, Issue, Severity},
    state::{self, Conditions, State},
};

/// Which lines the wire form carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// None.
    Without,
    /// Those that count.
    Live,
    /// Deleted ones too.
    All,
}

/// What the conditions of the state table look at, for an invoice with this app.
pub fn conditions(invoice: &Invoice, app: &App, now: Timestamp) -> Conditions {
    Conditions {
        now,
        collection_time: invoice.header.collection_time,
        draft_until: invoice.header.draft_until,
        auto_advance: invoice.header.workflow.auto_advance,
        critical: issue::any_critical(&invoice.header.issues),
        draft_may_advance: app.draft_may_advance(&invoice.header.metadata),
        issuing_may_advance: app.issuing_may_advance(&invoice.header.metadata),
        outside: invoice.header.outside.is_some(),
    }
}

/// The wire form of an invoice as of now. `billable` says whether a gathering invoice has
/// lines that can be invoiced.
pub fn to_proto(
    invoice: &Invoice,
    app: &App,
    now: Timestamp,
    lines: Lines,
    billable: bool,
) -> pb::Invoice {
    let header = &invoice.header;
    let actions = state::actions(invoice.state, &conditions(invoice, app, now));
    let text = |state: Option<State>| {
        state
            .map(|state| state.text().to_owned())
            .unwrap_or_default()
    };
    pb::Invoice {
        id: invoice.id.to_string(),
        description: header.description.clone(),
        metadata: header.metadata.clone(),
        supplier: Some(customer::supplier_to_proto(&header.supplier)),
        customer: Some(customer::buyer_to_proto(&header.buyer)),
        number: invoice.number.clone(),
        currency_code: invoice.currency.code().to_owned(),
        totals: Some(line::totals_to_proto(&header.totals)),
        state: state_to_proto(invoice.state).into(),
        status_details: Some(pb::StatusDetails {
            extended_status: invoice.state.text().to_owned(),
            status: invoice.state.status().to_owned(),
            immutable: !invoice.is_gathering() && !invoice.state.is_mutable(),
            failed: invoice.state.is_failed(),
            available_actions: Some(pb::AvailableActions {
                advance: text(actions.advance),
                approve: text(actions.approve),
                retry: text(actions.retry),
                delete: text(actions.delete),
                snapshot_quantities: text(actions.snapshot_quantities),
                void: text(actions.void),
                invoice: billable,
            }),
        }),
        issue_time: wire_time(header.issue_time),
        draft_until_time: wire_time(header.draft_until),
        quantity_snapshot_time: wire_time(header.quantity_snapshot_time),
        collection_time: wire_time(header.collection_time),
        due_time: wire_time(header.due_time),
        period: header.period.and_then(wire_period),
        void_time: wire_time(header.void_time),
        sent_to_customer_time: wire_time(header.sent_time),
        workflow: Some(pb::InvoiceWorkflow {
            source_billing_profile_id: header.source_profile.to_string(),
            workflow: Some(profile::workflow_to_proto(&header.workflow)),
            apps: Some(profile::apps_to_proto(header.app, Some(app))),
        }),
        lines: lines_to_proto(invoice, lines),
        validation_issues: header.issues.iter().map(issue_to_proto).collect(),
        external_ids: Some(pb::InvoiceExternalIds {
            invoicing: header.external_invoicing.clone().unwrap_or_default(),
            tax: header.external_tax.clone().unwrap_or_default(),
            payment: header.external_payment.clone().unwrap_or_default(),
        }),
        revision: invoice.revision,
        etag: chassis::etag::of(invoice.revision),
        create_time: wire_time(Some(invoice.create_time)),
        update_time: wire_time(Some(invoice.update_time)),
        delete_time: wire_time(invoice.delete_time),
        payment_time: wire_time(header.payment_time),
        passed: Vec::new(),
    }
}

/// An invoice in a state that it passes, as an event tells it.
pub fn passed(invoice: &Invoice, app: &App, now: Timestamp) -> pb::Invoice {
    pb::Invoice {
        supplier: None,
        customer: None,
        workflow: None,
        ..to_proto(invoice, app, now, Lines::Without, false)
    }
}

/// The wire form of the lines of an invoice, in their order: name, start and id.
pub fn lines_to_proto(invoice: &Invoice, lines: Lines) -> Vec<pb::InvoiceLine> {
    let mut shown: Vec<_> = match lines {
        Lines::Without => Vec::new(),
        Lines::Live => invoice.live_lines().collect(),
        Lines::All => invoice.lines.iter().collect(),
    };
    shown.sort_by(|a, b| (&a.name, a.period.start, a.id).cmp(&(&b.name, b.period.start, b.id)));
    shown
        .into_iter()
        .map(|one| line::to_proto(one, invoice.id, invoice.currency))
        .collect()
}

fn issue_to_proto(issue: &Issue) -> pb::InvoiceIssue {
    pb::InvoiceIssue {
        id: issue.id.to_string(),
        severity: match issue.severity {
            Severity::Critical => pb::invoice_issue::Severity::Critical,
            Severity::Warning => pb::invoice_issue::Severity::Warning,
        }
        .into(),
        message: issue.message.clone(),
        code: issue.code.clone(),
        component: issue.component.clone(),
        path: issue.path.clone(),
        create_time: wire_time(Some(issue.create_time)),
        update_time: wire_time(Some(issue.update_time)),
    }
}

/// The issues of an invoice as a refused call carries them.
pub fn refusal_issues(issues: &[Issue]) -> Vec<chassis::Issue> {
    issues
        .iter()
        .filter(|issue| issue.severity == Severity::Critical)
        .map(|issue| chassis::Issue {
            code: issue.code.clone(),
            message: issue.message.clone(),
            severity: chassis::Severity::Critical,
            field: (!issue.path.is_empty()).then(|| issue.path.clone()),
            component: Some(issue.component.clone()),
            attributes: std::collections::BTreeMap::new(),
            status: None,
        })
        .collect()
}

/// The wire form of a state.
pub fn state_to_proto(state: State) -> pb::InvoiceState {
    use pb::InvoiceState as Wire;
    match state {
        State::Gathering => Wire::Gathering,
        State::DraftCreated => Wire::DraftCreated,
        State::DraftWaitingForCollection => Wire::DraftWaitingForCollection,
        State::DraftCollecting => Wire::DraftCollecting,
        State::DraftUpdating => Wire::DraftUpdating,
        State::DraftValidating => Wire::DraftValidating,
        State::DraftInvalid => Wire::DraftInvalid,
        State::DraftSyncing => Wire::DraftSyncing,
        State::DraftSyncFailed => Wire::DraftSyncFailed,
        State::DraftManualApprovalNeeded => Wire::DraftManualApprovalNeeded,
        State::DraftWaitingAutoApproval => Wire::DraftWaitingAutoApproval,
        State::DraftReadyToIssue => Wire::DraftReadyToIssue,
        State::IssuingSyncing => Wire::IssuingSyncing,
        State::IssuingFailed => Wire::IssuingFailed,
        State::Issued => Wire::Issued,
        State::PaymentPending => Wire::PaymentProcessingPending,
        State::PaymentFailed => Wire::PaymentProcessingFailed,
        State::PaymentActionRequired => Wire::PaymentProcessingActionRequired,
        State::Overdue => Wire::Overdue,
        State::Paid => Wire::Paid,
        State::Uncollectible => Wire::Uncollectible,
        State::Voided => Wire::Voided,
        State::DeleteInProgress => Wire::DeleteInProgress,
        State::DeleteSyncing => Wire::DeleteSyncing,
        State::DeleteFailed => Wire::DeleteFailed,
        State::Deleted => Wire::Deleted,
    }
}
