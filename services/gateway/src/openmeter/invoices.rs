//! Operations on invoices: pending lines, what is made of them, and their way to being paid
//! (billing text §5, §6, §17, §19 to §22).

use axum::Json;
use axum::http::StatusCode;
use contract::billing::v1 as pb;
use kernel::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::invoice_document::{Invoice, InvoiceStatus};
use super::invoice_line_input::{
    InvoiceLineReplaceUpdate, InvoicePendingLineCreate, InvoiceSimulationLine, VoidLineAction,
};
use super::invoice_lines::InvoiceLine;
use super::page::{Page, PageQuery, SortOrder};
use super::rate_cards::TaxConfig;
use super::scalars::{CurrencyCode, Description, Label, Metadata, Number, Time, Ulid};
use super::value::present;
use super::workflow::{BillingPartyReplaceUpdate, BillingWorkflowPaymentSettings};

/// Lines that wait to be invoiced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoicePendingLineCreateInput {
    currency: CurrencyCode,
    #[schema(min_items = 1)]
    lines: Vec<InvoicePendingLineCreate>,
}

/// The lines, and the invoice that gathers them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoicePendingLineCreateResponse {
    lines: Vec<InvoiceLine>,
    invoice: Invoice,
    is_invoice_new: bool,
}

/// Adds lines that wait to be invoiced.
#[utoipa::path(
    post, path = "/api/v1/billing/customers/{customerId}/invoices/pending-lines",
    operation_id = "createPendingInvoiceLine", tag = "Billing",
    params(("customerId" = String, Path)),
    request_body = InvoicePendingLineCreateInput,
    responses((status = 201, body = InvoicePendingLineCreateResponse), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn create_pending_lines(
    call: Call,
    Path(customer): Path<String>,
    Body(input): Body<InvoicePendingLineCreateInput>,
) -> Result<(StatusCode, Json<InvoicePendingLineCreateResponse>), Problem> {
    let lines = some_lines(input.lines)?
        .into_iter()
        .enumerate()
        .map(|(index, line)| line.into_proto(index))
        .collect::<Result<_, _>>()?;
    let request = pb::CreatePendingLinesRequest {
        customer_id: customer,
        currency_code: input.currency.into(),
        lines,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .invoices()
        .create_pending_lines(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let invoice = Invoice::from_proto(present(answer.invoice)?, true)?;
    let response = InvoicePendingLineCreateResponse {
        lines: answer
            .lines
            .into_iter()
            .map(|line| InvoiceLine::from_proto(line, Some(&invoice.number)))
            .collect::<Result<_, _>>()?,
        invoice,
        is_invoice_new: answer.invoice_is_new,
    };
    Ok((StatusCode::CREATED, Json(response)))
}

fn some_lines<T>(lines: Vec<T>) -> Result<Vec<T>, Problem> {
    if lines.is_empty() {
        return Err(Problem::invalid("lines: must have at least one item"));
    }
    Ok(lines)
}

/// Which pending lines are meant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoicePendingLinesActionFiltersInput {
    line_ids: Option<Vec<Ulid>>,
}

/// What is to be invoiced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoicePendingLinesActionInput {
    filters: Option<InvoicePendingLinesActionFiltersInput>,
    as_of: Option<Time>,
    customer_id: Ulid,
    progressive_billing_override: Option<bool>,
}

/// Makes invoices of pending lines, one per currency.
#[utoipa::path(
    post, path = "/api/v1/billing/invoices/invoice", operation_id = "invoicePendingLinesAction", tag = "Billing",
    request_body = InvoicePendingLinesActionInput,
    responses((status = 201, body = Vec<Invoice>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn invoice_pending_lines(
    call: Call,
    Body(input): Body<InvoicePendingLinesActionInput>,
) -> Result<(StatusCode, Json<Vec<Invoice>>), Problem> {
    let line_ids = input.filters.and_then(|filters| filters.line_ids);
    let request = pb::InvoicePendingLinesRequest {
        customer_id: input.customer_id.into(),
        filter: line_ids.map(|ids| pb::LineFilter {
            line_ids: ids.into_iter().map(Into::into).collect(),
        }),
        as_of_time: input.as_of.map(Into::into),
        progressive_billing: input.progressive_billing_override,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .invoices()
        .invoice_pending_lines(call.rpc(request))
        .await;
    let invoices = call
        .take(answer)?
        .invoices
        .into_iter()
        .map(|wire| Invoice::from_proto(wire, true))
        .collect::<Result<_, _>>()?;
    Ok((StatusCode::CREATED, Json(invoices)))
}

/// An invoice to compute; nothing is stored.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceSimulationInput {
    number: Option<Label>,
    currency: CurrencyCode,
    lines: Vec<InvoiceSimulationLine>,
}

/// Computes an invoice without making it.
#[utoipa::path(
    post, path = "/api/v1/billing/customers/{customerId}/invoices/simulate",
    operation_id = "simulateInvoice", tag = "Billing",
    params(("customerId" = String, Path)),
    request_body = InvoiceSimulationInput,
    responses((status = 200, body = Invoice), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn simulate(
    call: Call,
    Path(customer): Path<String>,
    Body(input): Body<InvoiceSimulationInput>,
) -> Result<Json<Invoice>, Problem> {
    let lines = some_lines(input.lines)?
        .into_iter()
        .enumerate()
        .map(|(index, line)| line.into_proto(index))
        .collect::<Result<_, _>>()?;
    let request = pb::SimulateInvoiceRequest {
        customer_id: customer,
        currency_code: input.currency.into(),
        lines,
        number: input.number.map(String::from).unwrap_or_default(),
    };
    let answer = call
        .clients()
        .invoices()
        .simulate_invoice(call.rpc(request))
        .await;
    Invoice::whole(call.take(answer)?.invoice)
}

/// What is joined to invoices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum InvoiceExpand {
    /// Their lines.
    #[serde(rename = "lines")]
    Lines,
    /// What they follow; without effect.
    #[serde(rename = "preceding")]
    Preceding,
    /// Their apps, which are always there.
    #[serde(rename = "workflow.apps")]
    WorkflowApps,
}

/// Sort key of a list of invoices.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum InvoiceOrderBy {
    /// By name of the customer.
    #[serde(rename = "customer.name")]
    CustomerName,
    /// By time of issue.
    IssuedAt,
    /// By state.
    Status,
    /// By time of making.
    #[default]
    CreatedAt,
    /// By time of the last change.
    UpdatedAt,
    /// By start of the period.
    PeriodStart,
}

/// Parameters of a list of invoices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListInvoicesParams {
    /// Invoices in one of these states.
    #[serde(default)]
    #[param(required = false, inline)]
    statuses: Vec<InvoiceStatus>,
    /// Invoices in exactly one of these states.
    #[serde(default)]
    #[param(required = false)]
    extended_statuses: Vec<String>,
    /// Issued at or after this.
    issued_after: Option<Time>,
    /// Issued at or before this.
    issued_before: Option<Time>,
    /// With a period that starts at or after this.
    period_start_after: Option<Time>,
    /// With a period that starts at or before this.
    period_start_before: Option<Time>,
    /// Made at or after this.
    created_after: Option<Time>,
    /// Made at or before this.
    created_before: Option<Time>,
    /// What to join.
    #[serde(default)]
    #[param(required = false, inline)]
    expand: Vec<InvoiceExpand>,
    /// Invoices of these customers.
    #[serde(default)]
    #[param(required = false)]
    customers: Vec<Ulid>,
    /// Deleted invoices too.
    include_deleted: Option<bool>,
    /// Direction.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<InvoiceOrderBy>,
}

/// Lists invoices.
#[utoipa::path(
    get, path = "/api/v1/billing/invoices", operation_id = "listInvoices", tag = "Billing",
    params(PageQuery, ListInvoicesParams),
    responses((status = 200, body = Page<Invoice>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListInvoicesParams>,
) -> Result<Json<Page<Invoice>>, Problem> {
    use pb::list_invoices_request::Order as Wire;
    let window = page.window()?;
    for (name, after, before) in [
        ("issuedAfter", params.issued_after, params.issued_before),
        (
            "periodStartAfter",
            params.period_start_after,
            params.period_start_before,
        ),
        ("createdAfter", params.created_after, params.created_before),
    ] {
        if let (Some(after), Some(before)) = (after, before)
            && after > before
        {
            return Err(Problem::invalid(format!(
                "{name}: must not be after its end"
            )));
        }
    }
    let with_lines = params.expand.contains(&InvoiceExpand::Lines);
    let order = match params.order_by.unwrap_or_default() {
        InvoiceOrderBy::CustomerName => Wire::CustomerName,
        InvoiceOrderBy::IssuedAt => Wire::IssueTime,
        InvoiceOrderBy::Status => Wire::Status,
        InvoiceOrderBy::CreatedAt => Wire::CreateTime,
        InvoiceOrderBy::UpdatedAt => Wire::UpdateTime,
        InvoiceOrderBy::PeriodStart => Wire::PeriodStartTime,
    };
    let request = pb::ListInvoicesRequest {
        page: window.page,
        page_size: window.size,
        page_token: String::new(),
        customer_ids: params.customers.into_iter().map(Into::into).collect(),
        statuses: params
            .statuses
            .into_iter()
            .map(|status| status.word().to_owned())
            .collect(),
        extended_statuses: params.extended_statuses,
        issued_after_time: params.issued_after.map(Into::into),
        issued_before_time: params.issued_before.map(Into::into),
        period_start_after_time: params.period_start_after.map(Into::into),
        period_start_before_time: params.period_start_before.map(Into::into),
        created_after_time: params.created_after.map(Into::into),
        created_before_time: params.created_before.map(Into::into),
        include_deleted: params.include_deleted.unwrap_or_default(),
        include_lines: with_lines,
        order: order.into(),
        descending: params.order.unwrap_or_default().descending(),
        subscription_id: String::new(),
    };
    let answer = call
        .clients()
        .invoices()
        .list_invoices(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let invoices = answer
        .invoices
        .into_iter()
        .map(|wire| Invoice::from_proto(wire, with_lines))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::new(window, answer.total_size, invoices)))
}

/// Parameters of one invoice.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct GetInvoiceParams {
    /// What to join; the lines when absent.
    #[param(inline)]
    expand: Option<Vec<InvoiceExpand>>,
    /// Deleted lines too.
    include_deleted_lines: Option<bool>,
}

/// Shows an invoice.
#[utoipa::path(
    get, path = "/api/v1/billing/invoices/{invoiceId}", operation_id = "getInvoice", tag = "Billing",
    params(("invoiceId" = String, Path), GetInvoiceParams),
    responses((status = 200, body = Invoice), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<GetInvoiceParams>,
) -> Result<Json<Invoice>, Problem> {
    let request = pb::GetInvoiceRequest {
        invoice_id: id,
        include_deleted_lines: params.include_deleted_lines.unwrap_or_default(),
    };
    let answer = call
        .clients()
        .invoices()
        .get_invoice(call.rpc(request))
        .await;
    let with_lines = params
        .expand
        .is_none_or(|expand| expand.contains(&InvoiceExpand::Lines));
    Invoice::from_proto(present(call.take(answer)?.invoice)?, with_lines).map(Json)
}

/// How a draft goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceWorkflowInvoicingSettingsReplaceUpdate {
    auto_advance: Option<bool>,
    draft_period: Option<String>,
    due_after: Option<String>,
    #[expect(dead_code, reason = "kept as decided, billing text §19.1")]
    default_tax_config: Option<TaxConfig>,
}

/// How an invoice goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceWorkflowSettingsReplaceUpdate {
    invoicing: InvoiceWorkflowInvoicingSettingsReplaceUpdate,
    payment: BillingWorkflowPaymentSettings,
}

/// How an invoice goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceWorkflowReplaceUpdate {
    workflow: InvoiceWorkflowSettingsReplaceUpdate,
}

/// The changeable part of an invoice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceReplaceUpdate {
    description: Option<Description>,
    metadata: Option<Metadata>,
    supplier: BillingPartyReplaceUpdate,
    customer: BillingPartyReplaceUpdate,
    lines: Vec<InvoiceLineReplaceUpdate>,
    workflow: InvoiceWorkflowReplaceUpdate,
}

/// Replaces the changeable part of an invoice.
#[utoipa::path(
    put, path = "/api/v1/billing/invoices/{invoiceId}", operation_id = "updateInvoice", tag = "Billing",
    params(("invoiceId" = String, Path)),
    request_body = InvoiceReplaceUpdate,
    responses((status = 200, body = Invoice), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn update(
    call: Call,
    Path(id): Path<String>,
    Body(update): Body<InvoiceReplaceUpdate>,
) -> Result<Json<Invoice>, Problem> {
    let InvoiceWorkflowSettingsReplaceUpdate { invoicing, payment } = update.workflow.workflow;
    let request = pb::UpdateInvoiceRequest {
        invoice_id: id,
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["*".to_owned()],
        }),
        description: update.description.map(String::from).unwrap_or_default(),
        metadata: update.metadata.unwrap_or_default(),
        supplier: Some(update.supplier.into_supplier()?),
        customer: Some(update.customer.into_customer()?),
        workflow: Some(pb::Workflow {
            invoicing: Some(pb::InvoicingSettings {
                auto_advance: invoicing.auto_advance,
                draft_period_duration: invoicing.draft_period.unwrap_or_default(),
                due_after_duration: invoicing.due_after.unwrap_or_default(),
                ..pb::InvoicingSettings::default()
            }),
            payment: Some(payment.into_proto()),
            ..pb::Workflow::default()
        }),
        lines: update
            .lines
            .into_iter()
            .enumerate()
            .map(|(index, line)| line.into_proto(index))
            .collect::<Result<_, _>>()?,
        etag: String::new(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .invoices()
        .update_invoice(call.rpc(request))
        .await;
    Invoice::whole(call.take(answer)?.invoice)
}

/// Deletes a draft.
#[utoipa::path(
    delete, path = "/api/v1/billing/invoices/{invoiceId}", operation_id = "deleteInvoice", tag = "Billing",
    params(("invoiceId" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let request = pb::DeleteInvoiceRequest {
        invoice_id: id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .invoices()
        .delete_invoice(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets an invoice go on as far as it can.
#[utoipa::path(
    post, path = "/api/v1/billing/invoices/{invoiceId}/advance", operation_id = "advanceInvoiceAction", tag = "Billing",
    params(("invoiceId" = String, Path)),
    responses((status = 200, body = Invoice), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn advance(call: Call, Path(id): Path<String>) -> Result<Json<Invoice>, Problem> {
    let request = pb::AdvanceInvoiceRequest {
        invoice_id: id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .invoices()
        .advance_invoice(call.rpc(request))
        .await;
    Invoice::whole(call.take(answer)?.invoice)
}

/// Approves a draft.
#[utoipa::path(
    post, path = "/api/v1/billing/invoices/{invoiceId}/approve", operation_id = "approveInvoiceAction", tag = "Billing",
    params(("invoiceId" = String, Path)),
    responses((status = 200, body = Invoice), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn approve(call: Call, Path(id): Path<String>) -> Result<Json<Invoice>, Problem> {
    let request = pb::ApproveInvoiceRequest {
        invoice_id: id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .invoices()
        .approve_invoice(call.rpc(request))
        .await;
    Invoice::whole(call.take(answer)?.invoice)
}

/// Tries again what failed.
#[utoipa::path(
    post, path = "/api/v1/billing/invoices/{invoiceId}/retry", operation_id = "retryInvoiceAction", tag = "Billing",
    params(("invoiceId" = String, Path)),
    responses((status = 200, body = Invoice), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn retry(call: Call, Path(id): Path<String>) -> Result<Json<Invoice>, Problem> {
    let request = pb::RetryInvoiceRequest {
        invoice_id: id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .invoices()
        .retry_invoice(call.rpc(request))
        .await;
    Invoice::whole(call.take(answer)?.invoice)
}

/// Takes the quantities now instead of waiting for late usage.
#[utoipa::path(
    post, path = "/api/v1/billing/invoices/{invoiceId}/snapshot-quantities",
    operation_id = "snapshotQuantitiesInvoiceAction", tag = "Billing",
    params(("invoiceId" = String, Path)),
    responses((status = 200, body = Invoice), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn snapshot_quantities(
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<Invoice>, Problem> {
    let request = pb::SnapshotQuantitiesRequest {
        invoice_id: id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .invoices()
        .snapshot_quantities(call.rpc(request))
        .await;
    Invoice::whole(call.take(answer)?.invoice)
}

/// Computes the taxes again.
#[utoipa::path(
    post, path = "/api/v1/billing/invoices/{invoiceId}/taxes/recalculate",
    operation_id = "recalculateInvoiceTaxAction", tag = "Billing",
    params(("invoiceId" = String, Path)),
    responses((status = 200, body = Invoice), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn recalculate_taxes(
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<Invoice>, Problem> {
    let request = pb::RecalculateTaxesRequest {
        invoice_id: id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .invoices()
        .recalculate_taxes(call.rpc(request))
        .await;
    Invoice::whole(call.take(answer)?.invoice)
}

/// How much is voided, and what happens to the lines.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VoidInvoiceActionCreate {
    percentage: Number,
    action: VoidLineAction,
}

/// Another decision for one line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VoidInvoiceActionLineOverride {
    line_id: Ulid,
    action: VoidInvoiceActionCreate,
}

/// How an invoice is voided.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VoidInvoiceActionInput {
    action: VoidInvoiceActionCreate,
    reason: String,
    overrides: Option<Vec<VoidInvoiceActionLineOverride>>,
}

impl VoidInvoiceActionInput {
    fn into_proto(
        self,
        invoice_id: String,
        request_id: String,
    ) -> Result<pb::VoidInvoiceRequest, Problem> {
        let overrides = self
            .overrides
            .unwrap_or_default()
            .into_iter()
            .enumerate()
            .map(|(index, over)| {
                // A line is voided as a whole (billing text §21).
                if over.action.percentage.0 != Decimal::ONE_HUNDRED {
                    return Err(Problem::invalid(format!(
                        "overrides[{index}].action.percentage: must be 100"
                    )));
                }
                Ok(pb::VoidLineOverride {
                    line_id: over.line_id.into(),
                    action: Some(over.action.action.into_proto()),
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(pb::VoidInvoiceRequest {
            invoice_id,
            reason: self.reason,
            percentage: Some(self.action.percentage.into()),
            action: Some(self.action.action.into_proto()),
            overrides,
            request_id,
        })
    }
}

/// Voids an issued invoice.
#[utoipa::path(
    post, path = "/api/v1/billing/invoices/{invoiceId}/void", operation_id = "voidInvoiceAction", tag = "Billing",
    params(("invoiceId" = String, Path)),
    request_body = VoidInvoiceActionInput,
    responses((status = 200, body = Invoice), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn void(
    call: Call,
    Path(id): Path<String>,
    Body(input): Body<VoidInvoiceActionInput>,
) -> Result<Json<Invoice>, Problem> {
    let request = input.into_proto(id, call.request_id())?;
    let answer = call
        .clients()
        .invoices()
        .void_invoice(call.rpc(request))
        .await;
    Invoice::whole(call.take(answer)?.invoice)
}
