//! An invoice as it is shown (billing text §12).

use axum::Json;
use contract::billing::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::Problem;
use super::invoice_lines::{InvoiceLine, InvoiceTotals};
use super::scalars::{CurrencyCode, Metadata, Number, Numeric, Time, Ulid, metadata, optional};
use super::value::{Period, known, period, present, required_time, time};
use super::workflow::{BillingInvoiceCustomer, BillingParty, BillingProfileApps, BillingWorkflow};

/// Kind of an invoice.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "credit notes are not made")]
pub(crate) enum InvoiceType {
    /// An invoice.
    Standard,
    /// A credit note.
    CreditNote,
}

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InvoiceStatus {
    /// It gathers pending lines.
    Gathering,
    /// It can still be changed.
    Draft,
    /// It is being issued.
    Issuing,
    /// It is issued.
    Issued,
    /// Its payment is on the way.
    PaymentProcessing,
    /// Its payment is late.
    Overdue,
    /// It is paid.
    Paid,
    /// It will not be paid.
    Uncollectible,
    /// It counts no more.
    Voided,
}

impl InvoiceStatus {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Gathering => "gathering",
            Self::Draft => "draft",
            Self::Issuing => "issuing",
            Self::Issued => "issued",
            Self::PaymentProcessing => "payment_processing",
            Self::Overdue => "overdue",
            Self::Paid => "paid",
            Self::Uncollectible => "uncollectible",
            Self::Voided => "voided",
        }
    }
}

/// Where an action leads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceAvailableActionDetails {
    resulting_state: String,
}

/// Nothing more to say.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceAvailableActionInvoiceDetails {}

/// What can be done now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceAvailableActions {
    #[serde(skip_serializing_if = "Option::is_none")]
    advance: Option<InvoiceAvailableActionDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approve: Option<InvoiceAvailableActionDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete: Option<InvoiceAvailableActionDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<InvoiceAvailableActionDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot_quantities: Option<InvoiceAvailableActionDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    void: Option<InvoiceAvailableActionDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice: Option<InvoiceAvailableActionInvoiceDetails>,
}

/// Where an invoice stands, exactly.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceStatusDetails {
    immutable: bool,
    failed: bool,
    extended_status: String,
    available_actions: InvoiceAvailableActions,
}

impl InvoiceStatusDetails {
    fn from_proto(wire: pb::StatusDetails) -> Self {
        let action = |state: String| {
            optional(state).map(|resulting_state| InvoiceAvailableActionDetails { resulting_state })
        };
        let actions = wire.available_actions.unwrap_or_default();
        Self {
            immutable: wire.immutable,
            failed: wire.failed,
            extended_status: wire.extended_status,
            available_actions: InvoiceAvailableActions {
                advance: action(actions.advance),
                approve: action(actions.approve),
                delete: action(actions.delete),
                retry: action(actions.retry),
                snapshot_quantities: action(actions.snapshot_quantities),
                void: action(actions.void),
                invoice: actions
                    .invoice
                    .then_some(InvoiceAvailableActionInvoiceDetails {}),
            },
        }
    }
}

/// How an invoice comes about, as decided when it was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceWorkflowSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    apps: Option<BillingProfileApps>,
    #[schema(value_type = Ulid)]
    source_billing_profile_id: String,
    workflow: BillingWorkflow,
}

/// How much an issue weighs.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ValidationIssueSeverity {
    /// It stops the invoice.
    Critical,
    /// It does not.
    Warning,
}

/// Something that is wrong with an invoice.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ValidationIssue {
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    #[schema(value_type = Ulid)]
    id: String,
    severity: ValidationIssueSeverity,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    component: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
}

impl ValidationIssue {
    fn from_proto(wire: pb::InvoiceIssue) -> Result<Self, Problem> {
        use pb::invoice_issue::Severity;
        Ok(Self {
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: None,
            id: wire.id,
            severity: match known(wire.severity)? {
                Severity::Unspecified | Severity::Critical => ValidationIssueSeverity::Critical,
                Severity::Warning => ValidationIssueSeverity::Warning,
            },
            field: optional(wire.path),
            code: optional(wire.code),
            component: wire.component,
            message: wire.message,
            metadata: None,
        })
    }
}

/// Ids in outside systems.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceAppExternalIds {
    #[serde(skip_serializing_if = "Option::is_none")]
    invoicing: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<String>,
}

/// Kind of a document.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "documents are never referred to")]
pub(crate) enum InvoiceDocumentRefType {
    /// The invoice that a credit note corrects.
    CreditNoteOriginalInvoice,
}

/// A document that an invoice refers to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceDocumentRef {
    r#type: InvoiceDocumentRefType,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    url: String,
}

/// Kind of payment terms.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "payment terms are never told")]
pub(crate) enum PaymentTermType {
    /// At once.
    Instant,
    /// By certain dates.
    DueDate,
}

/// A date of payment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentDueDate {
    due_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    amount: Numeric,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<CurrencyCode>,
}

/// When an invoice is to be paid.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentTerms {
    r#type: PaymentTermType,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Vec<PaymentDueDate>>,
}

/// How an invoice is to be paid.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoicePaymentTerms {
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<PaymentTerms>,
}

/// An invoice.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Invoice {
    #[schema(value_type = Ulid)]
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    r#type: InvoiceType,
    supplier: BillingParty,
    customer: BillingInvoiceCustomer,
    pub number: String,
    #[schema(value_type = CurrencyCode)]
    currency: String,
    /// Never told.
    #[serde(skip_serializing_if = "Option::is_none")]
    preceding: Option<Vec<InvoiceDocumentRef>>,
    totals: InvoiceTotals,
    /// The first word of the exact state; `delete` and `deleted` are told too.
    #[schema(value_type = InvoiceStatus)]
    status: String,
    status_details: InvoiceStatusDetails,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    draft_until: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity_snapshoted_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collection_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<Period>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voided_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_to_customer_at: Option<Time>,
    workflow: InvoiceWorkflowSettings,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<InvoiceLine>>,
    /// Never told.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<InvoicePaymentTerms>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_issues: Option<Vec<ValidationIssue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_ids: Option<InvoiceAppExternalIds>,
}

impl Invoice {
    /// The invoice, with its lines or without.
    pub(crate) fn from_proto(wire: pb::Invoice, with_lines: bool) -> Result<Self, Problem> {
        let details = wire.status_details.unwrap_or_default();
        let workflow = wire.workflow.unwrap_or_default();
        let lines = with_lines
            .then(|| {
                wire.lines
                    .into_iter()
                    .map(|line| InvoiceLine::from_proto(line, Some(&wire.number)))
                    .collect::<Result<Vec<_>, _>>()
            })
            .transpose()?;
        let issues = wire
            .validation_issues
            .into_iter()
            .map(ValidationIssue::from_proto)
            .collect::<Result<Vec<_>, _>>()?;
        let external_ids = wire.external_ids.and_then(|ids| {
            let ids = InvoiceAppExternalIds {
                invoicing: optional(ids.invoicing),
                tax: optional(ids.tax),
                payment: optional(ids.payment),
            };
            let some = ids.invoicing.is_some() || ids.tax.is_some() || ids.payment.is_some();
            some.then_some(ids)
        });
        Ok(Self {
            id: wire.id,
            description: optional(wire.description),
            metadata: metadata(wire.metadata),
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            r#type: InvoiceType::Standard,
            supplier: BillingParty::from_supplier(wire.supplier.unwrap_or_default()),
            customer: BillingInvoiceCustomer::from_proto(wire.customer.unwrap_or_default()),
            number: wire.number,
            currency: wire.currency_code,
            preceding: None,
            totals: InvoiceTotals::from_proto(wire.totals.as_ref())?,
            status: details.status.clone(),
            status_details: InvoiceStatusDetails::from_proto(details),
            issued_at: time(wire.issue_time.as_ref())?,
            draft_until: time(wire.draft_until_time.as_ref())?,
            quantity_snapshoted_at: time(wire.quantity_snapshot_time.as_ref())?,
            collection_at: time(wire.collection_time.as_ref())?,
            due_at: time(wire.due_time.as_ref())?,
            period: period(wire.period.as_ref())?,
            voided_at: time(wire.void_time.as_ref())?,
            sent_to_customer_at: time(wire.sent_to_customer_time.as_ref())?,
            workflow: InvoiceWorkflowSettings {
                apps: workflow
                    .apps
                    .map(|apps| {
                        let in_full = apps.app.is_some();
                        BillingProfileApps::from_proto(apps, in_full)
                    })
                    .transpose()?,
                source_billing_profile_id: workflow.source_billing_profile_id,
                workflow: BillingWorkflow::from_proto(workflow.workflow.unwrap_or_default())?,
            },
            lines,
            payment: None,
            validation_issues: (!issues.is_empty()).then_some(issues),
            external_ids,
        })
    }

    /// The invoice with its lines, as answers to actions show it.
    pub(crate) fn whole(wire: Option<pb::Invoice>) -> Result<Json<Self>, Problem> {
        Self::from_proto(present(wire)?, true).map(Json)
    }
}
