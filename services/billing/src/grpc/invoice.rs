//! Invoices.

use std::collections::BTreeMap;

use contract::billing::v1 as pb;
use kernel::{
    Decimal,
    id::{CustomerId, InvoiceId, LineId},
};
use tonic::{Request, Response, Status};

use super::{invoice_list, total};
use crate::{
    convert::{self, invoice::Lines},
    domain::{party::check_country, state::Trigger},
    error::BillingError,
    flow::{
        Billing,
        collect::Wish,
        edit::{Command, Edit, Voiding, WorkflowEdit},
        simulate::Simulation,
    },
    store,
};

/// Invoices of a numbered page when the caller does not say.
const NUMBERED_DEFAULT: i32 = 100;

#[tonic::async_trait]
impl pb::invoice_service_server::InvoiceService for Billing {
    async fn create_pending_lines(
        &self,
        request: Request<pb::CreatePendingLinesRequest>,
    ) -> Result<Response<pb::CreatePendingLinesResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let customer: CustomerId = convert::id("customer_id", &request.customer_id)?;
        let currency = convert::currency("currency_code", &request.currency_code)?;
        let inputs = convert::line::inputs("lines", &request.lines, 1)?;
        let known = self.customer(ctx, customer).await?;
        if let Some(deleted) = convert::time("customer.delete_time", known.delete_time.as_ref())?
            && let Some(late) = inputs
                .iter()
                .map(|line| line.period.end)
                .find(|end| *end > deleted)
        {
            return Err(BillingError::CustomerDeleted { end: late, deleted }.into());
        }
        let buyer = &convert::customer::buyer(&known)?;
        if known.delete_time.is_none() {
            self.hold_ahead(ctx, customer).await?;
        }
        let answer = self
            .db
            .write(
                ctx,
                "CreatePendingLines",
                &request.request_id,
                request,
                |mut w| async move {
                    let answer = self
                        .create_pending(ctx, &mut w, buyer, currency, inputs)
                        .await?;
                    Ok::<_, BillingError>((w, answer))
                },
            )
            .await;
        self.settle_hold(ctx, customer).await;
        answer
    }

    async fn invoice_pending_lines(
        &self,
        request: Request<pb::InvoicePendingLinesRequest>,
    ) -> Result<Response<pb::InvoicePendingLinesResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let customer: CustomerId = convert::id("customer_id", &request.customer_id)?;
        let as_of = convert::time("as_of_time", request.as_of_time.as_ref())?.unwrap_or(ctx.now);
        if as_of > ctx.now {
            return Err(BillingError::invalid("as_of_time", "must not be in the future").into());
        }
        let lines = match &request.filter {
            None => None,
            Some(filter) if filter.line_ids.is_empty() => {
                return Err(BillingError::invalid("filter.line_ids", "must not be empty").into());
            }
            Some(filter) => Some(
                filter
                    .line_ids
                    .iter()
                    .map(|id| convert::id("filter.line_ids", id))
                    .collect::<Result<_, _>>()?,
            ),
        };
        let wish = Wish {
            customer,
            lines,
            as_of,
            progressive: request.progressive_billing,
        };
        self.invoice_pending(ctx, request, &wish).await
    }

    async fn get_invoice(
        &self,
        request: Request<pb::GetInvoiceRequest>,
    ) -> Result<Response<pb::GetInvoiceResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let found =
            store::invoice::get(self.db.reader(), ctx.project, find(&request.invoice_id)?).await?;
        let lines = if request.include_deleted_lines {
            Lines::All
        } else {
            Lines::Live
        };
        let invoice = self.present(ctx, vec![found], lines).await?.pop();
        Ok(Response::new(pb::GetInvoiceResponse { invoice }))
    }

    async fn list_invoices(
        &self,
        request: Request<pb::ListInvoicesRequest>,
    ) -> Result<Response<pb::ListInvoicesResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let filter = invoice_list::filter(request)?;
        let sort = invoice_list::sort(request)?;
        let query = format!("{}|{sort:?}|{filter:?}", ctx.project);
        let size = match request.page_size {
            0 if request.page > 0 => NUMBERED_DEFAULT,
            size => size,
        };
        let page = chassis::keyset::Page::from_proto(
            (size, &request.page_token, request.page),
            sort.1,
            self.page_key,
            &[&query],
        )?;
        let slice = &page.slice;
        let db = self.db.reader();
        let start = invoice_list::start(slice);
        let limit = slice.limit + 1;
        let mut found =
            store::invoice_list::list(db, ctx.project, &filter, sort, &start, limit).await?;
        let shown = usize::try_from(slice.limit).unwrap_or(usize::MAX);
        let more = found.len() > shown && slice.page.is_none();
        found.truncate(shown);
        let last = found.last().map(|last| invoice_list::place(sort.0, last));
        let next_page_token = page.next_token(more, last);
        let total_size = if slice.page.is_some() {
            total(store::invoice_list::count(db, ctx.project, &filter).await?)
        } else {
            0
        };
        let lines = if request.include_lines {
            Lines::Live
        } else {
            Lines::Without
        };
        let invoices = self.present(ctx, found, lines).await?;
        Ok(Response::new(pb::ListInvoicesResponse {
            invoices,
            next_page_token,
            total_size,
        }))
    }

    async fn update_invoice(
        &self,
        request: Request<pb::UpdateInvoiceRequest>,
    ) -> Result<Response<pb::UpdateInvoiceResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let id = find(&request.invoice_id)?;
        let command = Command::Update(Box::new(edit(request)?));
        let call = (request.request_id.as_str(), request);
        let answer = self
            .act(ctx, "UpdateInvoice", call, id, command, |invoice| {
                pb::UpdateInvoiceResponse {
                    invoice: Some(invoice),
                }
            })
            .await?;
        let found = store::invoice::get(self.db.reader(), ctx.project, id).await?;
        if found.is_gathering() {
            // Rated as a read would show it.
            let invoice = self.present(ctx, vec![found], Lines::Live).await?.pop();
            return Ok(Response::new(pb::UpdateInvoiceResponse { invoice }));
        }
        Ok(answer)
    }

    async fn delete_invoice(
        &self,
        request: Request<pb::DeleteInvoiceRequest>,
    ) -> Result<Response<pb::DeleteInvoiceResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let call = (request.request_id.as_str(), request);
        let id = find(&request.invoice_id)?;
        self.act(ctx, "DeleteInvoice", call, id, Command::Delete, |invoice| {
            pb::DeleteInvoiceResponse {
                invoice: Some(invoice),
            }
        })
        .await
    }

    async fn advance_invoice(
        &self,
        request: Request<pb::AdvanceInvoiceRequest>,
    ) -> Result<Response<pb::AdvanceInvoiceResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let call = (request.request_id.as_str(), request);
        let id = find(&request.invoice_id)?;
        self.act(
            ctx,
            "AdvanceInvoice",
            call,
            id,
            Command::Advance,
            |invoice| pb::AdvanceInvoiceResponse {
                invoice: Some(invoice),
            },
        )
        .await
    }

    async fn approve_invoice(
        &self,
        request: Request<pb::ApproveInvoiceRequest>,
    ) -> Result<Response<pb::ApproveInvoiceResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let call = (request.request_id.as_str(), request);
        let id = find(&request.invoice_id)?;
        self.act(
            ctx,
            "ApproveInvoice",
            call,
            id,
            Command::Approve,
            |invoice| pb::ApproveInvoiceResponse {
                invoice: Some(invoice),
            },
        )
        .await
    }

    async fn retry_invoice(
        &self,
        request: Request<pb::RetryInvoiceRequest>,
    ) -> Result<Response<pb::RetryInvoiceResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let call = (request.request_id.as_str(), request);
        let id = find(&request.invoice_id)?;
        self.act(ctx, "RetryInvoice", call, id, Command::Retry, |invoice| {
            pb::RetryInvoiceResponse {
                invoice: Some(invoice),
            }
        })
        .await
    }

    async fn snapshot_quantities(
        &self,
        request: Request<pb::SnapshotQuantitiesRequest>,
    ) -> Result<Response<pb::SnapshotQuantitiesResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let call = (request.request_id.as_str(), request);
        let id = find(&request.invoice_id)?;
        self.act(
            ctx,
            "SnapshotQuantities",
            call,
            id,
            Command::SnapshotQuantities,
            |invoice| pb::SnapshotQuantitiesResponse {
                invoice: Some(invoice),
            },
        )
        .await
    }

    async fn void_invoice(
        &self,
        request: Request<pb::VoidInvoiceRequest>,
    ) -> Result<Response<pb::VoidInvoiceResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let call = (request.request_id.as_str(), request);
        let id = find(&request.invoice_id)?;
        let command = Command::Void(voiding(request)?);
        self.void_outside(ctx, id).await?;
        self.act(ctx, "VoidInvoice", call, id, command, |invoice| {
            pb::VoidInvoiceResponse {
                invoice: Some(invoice),
            }
        })
        .await
    }

    async fn recalculate_taxes(
        &self,
        request: Request<pb::RecalculateTaxesRequest>,
    ) -> Result<Response<pb::RecalculateTaxesResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let call = (request.request_id.as_str(), request);
        let id = find(&request.invoice_id)?;
        self.act(
            ctx,
            "RecalculateTaxes",
            call,
            id,
            Command::Recalculate,
            |invoice| pb::RecalculateTaxesResponse {
                invoice: Some(invoice),
            },
        )
        .await
    }

    async fn simulate_invoice(
        &self,
        request: Request<pb::SimulateInvoiceRequest>,
    ) -> Result<Response<pb::SimulateInvoiceResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let simulation = Simulation::from_proto(request)?;
        self.provisioned(ctx).await?;
        let invoice = self.simulate(ctx, simulation).await?;
        Ok(Response::new(pb::SimulateInvoiceResponse {
            invoice: Some(invoice),
        }))
    }

    async fn explain_invoice(
        &self,
        request: Request<pb::ExplainInvoiceRequest>,
    ) -> Result<Response<pb::ExplainInvoiceResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let explanation = self.explain(ctx, find(&request.invoice_id)?).await?;
        Ok(Response::new(pb::ExplainInvoiceResponse {
            explanation: Some(explanation),
        }))
    }

    async fn reconcile_invoices(
        &self,
        request: Request<pb::ReconcileInvoicesRequest>,
    ) -> Result<Response<pb::ReconcileInvoicesResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        Ok(Response::new(self.reconcile(ctx, request).await?))
    }

    async fn confirm_draft_sync(
        &self,
        request: Request<pb::ConfirmDraftSyncRequest>,
    ) -> Result<Response<pb::ConfirmDraftSyncResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let call = (request.request_id.as_str(), request);
        let id = find(&request.invoice_id)?;
        let command = Command::ConfirmDraft(Box::new(request.clone()));
        self.act(ctx, "ConfirmDraftSync", call, id, command, |invoice| {
            pb::ConfirmDraftSyncResponse {
                invoice: Some(invoice),
            }
        })
        .await
    }

    async fn confirm_issuing_sync(
        &self,
        request: Request<pb::ConfirmIssuingSyncRequest>,
    ) -> Result<Response<pb::ConfirmIssuingSyncResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let call = (request.request_id.as_str(), request);
        let id = find(&request.invoice_id)?;
        let command = Command::ConfirmIssuing(Box::new(request.clone()));
        self.act(ctx, "ConfirmIssuingSync", call, id, command, |invoice| {
            pb::ConfirmIssuingSyncResponse {
                invoice: Some(invoice),
            }
        })
        .await
    }

    async fn report_payment(
        &self,
        request: Request<pb::ReportPaymentRequest>,
    ) -> Result<Response<pb::ReportPaymentResponse>, Status> {
        use pb::report_payment_request::Trigger as Wire;
        let (ctx, request) = &chassis::open(request)?;
        let call = (request.request_id.as_str(), request);
        let id = find(&request.invoice_id)?;
        let trigger = match Wire::try_from(request.trigger) {
            Ok(Wire::Paid) => Trigger::Paid,
            Ok(Wire::PaymentFailed) => Trigger::Failed,
            Ok(Wire::PaymentUncollectible) => Trigger::Uncollectible,
            Ok(Wire::PaymentOverdue) => Trigger::Overdue,
            Ok(Wire::ActionRequired) => Trigger::ActionRequired,
            Ok(Wire::Void) => Trigger::Void,
            Ok(Wire::Unspecified) | Err(_) => {
                return Err(BillingError::invalid("trigger", "is required").into());
            }
        };
        self.act(
            ctx,
            "ReportPayment",
            call,
            id,
            Command::Payment(trigger),
            |invoice| pb::ReportPaymentResponse {
                invoice: Some(invoice),
            },
        )
        .await
    }
}

/// An id that is none is one that does not exist.
fn find(text: &str) -> Result<InvoiceId, BillingError> {
    text.parse()
        .map_err(|_| BillingError::InvoiceNotFound(text.to_owned()))
}

/// What an update asks for.
fn edit(request: &pb::UpdateInvoiceRequest) -> Result<Edit, BillingError> {
    const PATHS: [&str; 6] = [
        "description",
        "metadata",
        "supplier",
        "customer",
        "workflow",
        "lines",
    ];
    let sent = request
        .update_mask
        .as_ref()
        .map(|mask| mask.paths.as_slice())
        .unwrap_or_default();
    let all = sent.is_empty() || sent.iter().any(|path| path == "*");
    if let Some(unknown) = sent
        .iter()
        .find(|path| *path != "*" && !PATHS.contains(&path.as_str()))
    {
        return Err(BillingError::invalid(
            "update_mask",
            format!("{unknown} is not a field that can be changed"),
        ));
    }
    let takes = |path: &str| all || sent.iter().any(|sent| sent == path);
    let mut edit = Edit {
        etag: request.etag.clone(),
        ..Edit::default()
    };
    if takes("description") {
        edit.description = Some(request.description.clone());
    }
    if takes("metadata") {
        edit.metadata = Some(convert::pairs("metadata", &request.metadata)?);
    }
    if takes("supplier") {
        edit.supplier = Some(convert::customer::supplier(
            "supplier",
            request.supplier.as_ref(),
        )?);
    }
    if takes("customer") {
        let customer = request.customer.clone().unwrap_or_default();
        let address = customer.address.as_ref().map(convert::customer::address);
        if let Some(country) = address
            .as_ref()
            .and_then(|address| address.country.as_deref())
        {
            check_country("customer.address.country", country)?;
        }
        edit.buyer = Some((customer.name, convert::text(&customer.tax_code), address));
    }
    if takes("workflow") {
        let workflow = convert::profile::workflow("workflow", request.workflow.as_ref())?;
        edit.workflow = Some(WorkflowEdit {
            auto_advance: workflow.auto_advance,
            draft_period: workflow.draft_period,
            due_after: workflow.due_after,
            collection_method: workflow.collection_method,
        });
    }
    if takes("lines") {
        let inputs = convert::line::inputs("lines", &request.lines, 0)?;
        // New lines get their ids here, so that planning and writing speak of the same ones.
        edit.lines = Some(
            inputs
                .into_iter()
                .map(|input| (chassis::id::next(), input))
                .collect(),
        );
    }
    Ok(edit)
}

/// What a void asks for.
fn voiding(request: &pb::VoidInvoiceRequest) -> Result<Voiding, BillingError> {
    let percentage = convert::decimal("percentage", request.percentage.as_ref())?;
    if percentage.is_some_and(|percentage| percentage != Decimal::ONE_HUNDRED) {
        return Err(BillingError::invalid("percentage", "must be 100"));
    }
    let mut overrides = BTreeMap::new();
    for (index, one) in request.overrides.iter().enumerate() {
        let line: LineId = convert::id(&format!("overrides[{index}].line_id"), &one.line_id)?;
        overrides.insert(
            line,
            action(&format!("overrides[{index}].action"), one.action.as_ref())?,
        );
    }
    Ok(Voiding {
        pending: action("action", request.action.as_ref())?,
        overrides,
    })
}

/// `None` gives a line up, `Some` charges it again.
fn action(
    field: &str,
    wire: Option<&pb::VoidLineAction>,
) -> Result<Option<Option<kernel::Timestamp>>, BillingError> {
    match wire.and_then(|wire| wire.action.as_ref()) {
        None => Err(BillingError::invalid(field, "is required")),
        Some(pb::void_line_action::Action::Discard(_)) => Ok(None),
        Some(pb::void_line_action::Action::Pending(pending)) => {
            let at = convert::time(
                &format!("{field}.pending.next_invoice_time"),
                pending.next_invoice_time.as_ref(),
            )?;
            Ok(Some(at))
        }
    }
}
