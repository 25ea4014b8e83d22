//! Calls of a custom invoicing system, which confirms what it has done (billing text §24.3).

use axum::http::StatusCode;
use contract::billing::v1 as pb;
use serde::Deserialize;
use utoipa::ToSchema;

use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path};
use super::scalars::{Label, Time, Ulid};

/// The id of a line in the outside system.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomInvoicingLineExternalIdMapping {
    line_id: Ulid,
    external_id: String,
}

/// The id of a discount in the outside system.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomInvoicingLineDiscountExternalIdMapping {
    line_discount_id: Ulid,
    external_id: String,
}

/// What the outside system made of a draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomInvoicingSyncResult {
    invoice_number: Option<Label>,
    external_id: Option<String>,
    line_external_ids: Option<Vec<CustomInvoicingLineExternalIdMapping>>,
    line_discount_external_ids: Option<Vec<CustomInvoicingLineDiscountExternalIdMapping>>,
}

/// A draft has arrived.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomInvoicingDraftSynchronizedRequest {
    invoicing: Option<CustomInvoicingSyncResult>,
}

/// Confirms that a draft has arrived.
#[utoipa::path(
    post, path = "/api/v1/apps/custom-invoicing/{invoiceId}/draft/synchronized",
    operation_id = "appCustomInvoicingDraftSynchronized", tag = "App: Custom Invoicing",
    params(("invoiceId" = String, Path)),
    request_body = CustomInvoicingDraftSynchronizedRequest,
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn draft_synchronized(
    call: Call,
    Path(id): Path<String>,
    Body(done): Body<CustomInvoicingDraftSynchronizedRequest>,
) -> Result<StatusCode, Problem> {
    let mut request = pb::ConfirmDraftSyncRequest {
        invoice_id: id,
        request_id: call.request_id(),
        ..pb::ConfirmDraftSyncRequest::default()
    };
    if let Some(result) = done.invoicing {
        request.invoice_number = result.invoice_number.map(String::from).unwrap_or_default();
        request.external_id = result.external_id.unwrap_or_default();
        request.line_external_ids = result
            .line_external_ids
            .unwrap_or_default()
            .into_iter()
            .map(|line| pb::ExternalIdAssignment {
                id: line.line_id.into(),
                external_id: line.external_id,
            })
            .collect();
        request.line_discount_external_ids = result
            .line_discount_external_ids
            .unwrap_or_default()
            .into_iter()
            .map(|discount| pb::ExternalIdAssignment {
                id: discount.line_discount_id.into(),
                external_id: discount.external_id,
            })
            .collect();
    }
    let answer = call
        .clients()
        .invoices()
        .confirm_draft_sync(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the outside system made of an invoice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomInvoicingFinalizedInvoicingRequest {
    invoice_number: Option<Label>,
    sent_to_customer_at: Option<Time>,
}

/// The payment in the outside system.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomInvoicingFinalizedPaymentRequest {
    external_id: Option<String>,
}

/// An invoice is issued.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomInvoicingFinalizedRequest {
    invoicing: Option<CustomInvoicingFinalizedInvoicingRequest>,
    payment: Option<CustomInvoicingFinalizedPaymentRequest>,
}

/// Confirms that an invoice is issued.
#[utoipa::path(
    post, path = "/api/v1/apps/custom-invoicing/{invoiceId}/issuing/synchronized",
    operation_id = "appCustomInvoicingIssuingSynchronized", tag = "App: Custom Invoicing",
    params(("invoiceId" = String, Path)),
    request_body = CustomInvoicingFinalizedRequest,
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn issuing_synchronized(
    call: Call,
    Path(id): Path<String>,
    Body(done): Body<CustomInvoicingFinalizedRequest>,
) -> Result<StatusCode, Problem> {
    let (number, sent) = done
        .invoicing
        .map(|invoicing| (invoicing.invoice_number, invoicing.sent_to_customer_at))
        .unwrap_or_default();
    let request = pb::ConfirmIssuingSyncRequest {
        invoice_id: id,
        invoice_number: number.map(String::from).unwrap_or_default(),
        sent_to_customer_time: sent.map(Into::into),
        payment_external_id: done
            .payment
            .and_then(|payment| payment.external_id)
            .unwrap_or_default(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .invoices()
        .confirm_issuing_sync(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What happened to a payment.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CustomInvoicingPaymentTrigger {
    /// It arrived.
    Paid,
    /// It failed.
    PaymentFailed,
    /// It will not arrive.
    PaymentUncollectible,
    /// It is late.
    PaymentOverdue,
    /// Somebody has to act.
    ActionRequired,
    /// The invoice counts no more.
    Void,
}

/// What happened to a payment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomInvoicingUpdatePaymentStatusRequest {
    trigger: CustomInvoicingPaymentTrigger,
}

/// Tells what happened to a payment.
#[utoipa::path(
    post, path = "/api/v1/apps/custom-invoicing/{invoiceId}/payment/status",
    operation_id = "appCustomInvoicingUpdatePaymentStatus", tag = "App: Custom Invoicing",
    params(("invoiceId" = String, Path)),
    request_body = CustomInvoicingUpdatePaymentStatusRequest,
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn payment_status(
    call: Call,
    Path(id): Path<String>,
    Body(status): Body<CustomInvoicingUpdatePaymentStatusRequest>,
) -> Result<StatusCode, Problem> {
    use pb::report_payment_request::Trigger;
    let trigger = match status.trigger {
        CustomInvoicingPaymentTrigger::Paid => Trigger::Paid,
        CustomInvoicingPaymentTrigger::PaymentFailed => Trigger::PaymentFailed,
        CustomInvoicingPaymentTrigger::PaymentUncollectible => Trigger::PaymentUncollectible,
        CustomInvoicingPaymentTrigger::PaymentOverdue => Trigger::PaymentOverdue,
        CustomInvoicingPaymentTrigger::ActionRequired => Trigger::ActionRequired,
        CustomInvoicingPaymentTrigger::Void => Trigger::Void,
    };
    let request = pb::ReportPaymentRequest {
        invoice_id: id,
        trigger: trigger.into(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .invoices()
        .report_payment(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}
