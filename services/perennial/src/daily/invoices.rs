//! `perennial invoices`.

use std::pin::pin;

use anyhow::Context as _;
use contract::{
    billing::v1::{
        AdvanceInvoiceRequest, ApproveInvoiceRequest, GetInvoiceRequest, Invoice,
        ListInvoicesRequest, RetryInvoiceRequest,
    },
    json::message_to_json,
};
use futures::{TryStreamExt as _, future::ready};
use perennial_sdk::{Client, Error, pages};
use prost::{Message, Name};
use tonic::Status;

use super::{PAGE, customer_ids, is_id, list};
use crate::{
    cli::{InvoicesCommand, Output},
    screen::{Column, List, Screen},
};

const COLUMNS: [Column; 8] = [
    Column::text("id", "id"),
    Column::text("number", "number"),
    Column::text("customer", "customer.name"),
    Column::text("status", "statusDetails.extendedStatus"),
    Column::number("total", "totals.total"),
    Column::text("currency", "currencyCode"),
    Column::text("issued", "issueTime"),
    Column::text("due", "dueTime"),
];
const LINES: [Column; 5] = [
    Column::text("line", "name"),
    Column::number("quantity", "quantity"),
    Column::number("total", "totals.total"),
    Column::text("from", "period.startTime"),
    Column::text("to", "period.endTime"),
];

/// Does it.
pub(crate) async fn run(
    client: &Client,
    command: InvoicesCommand,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    match command {
        InvoicesCommand::List {
            customer,
            statuses,
            listing,
        } => {
            let filter = ListInvoicesRequest {
                customer_ids: customer_ids(client, customer.as_deref()).await?,
                statuses,
                descending: true,
                ..Default::default()
            };
            let fetch = |page_size, page_token| {
                let request = ListInvoicesRequest {
                    page_size,
                    page_token,
                    ..filter.clone()
                };
                async move {
                    let answer = client
                        .call(|_| async { client.invoices().list_invoices(request.clone()).await });
                    let answer = answer.await?;
                    Ok((answer.invoices, answer.next_page_token))
                }
            };
            list(screen, "invoices", &COLUMNS, listing, fetch).await
        }
        InvoicesCommand::Show { invoice } => {
            let request = GetInvoiceRequest {
                invoice_id: id(client, invoice).await?,
                ..Default::default()
            };
            let answer =
                client.call(|_| async { client.invoices().get_invoice(request.clone()).await });
            let answer = answer.await?;
            if screen.output() == Output::Json {
                return screen.message(&answer);
            }
            show(
                answer.invoice.context("the server answered no invoice")?,
                screen,
            )
        }
        InvoicesCommand::Approve { id } => {
            let answer = client.call(|request_id| async {
                let request = ApproveInvoiceRequest {
                    invoice_id: id.clone(),
                    request_id,
                };
                client.invoices().approve_invoice(request).await
            });
            let answer = answer.await?;
            step(&answer, answer.invoice.as_ref(), screen)
        }
        InvoicesCommand::Advance { id } => {
            let answer = client.call(|request_id| async {
                let request = AdvanceInvoiceRequest {
                    invoice_id: id.clone(),
                    request_id,
                };
                client.invoices().advance_invoice(request).await
            });
            let answer = answer.await?;
            step(&answer, answer.invoice.as_ref(), screen)
        }
        InvoicesCommand::Retry { id } => {
            let answer = client.call(|request_id| async {
                let request = RetryInvoiceRequest {
                    invoice_id: id.clone(),
                    request_id,
                };
                client.invoices().retry_invoice(request).await
            });
            let answer = answer.await?;
            step(&answer, answer.invoice.as_ref(), screen)
        }
    }
}

/// The head of an invoice, and a table of its lines; the lines alone as CSV.
fn show(mut invoice: Invoice, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    let lines = std::mem::take(&mut invoice.lines);
    let items = lines.iter().map(message_to_json);
    let lines = List {
        name: "lines",
        columns: &LINES,
        items: items.collect::<Result<_, _>>()?,
        more: false,
    };
    screen.parted(&head(&invoice)?, &lines)
}

/// The id of an invoice, of which the id or the number is given.
async fn id(client: &Client, invoice: String) -> anyhow::Result<String> {
    if is_id(&invoice) {
        return Ok(invoice);
    }
    let numbered = pages(|page_token| async move {
        let request = ListInvoicesRequest {
            page_size: PAGE,
            page_token,
            descending: true,
            ..Default::default()
        };
        let answer =
            client.call(|_| async { client.invoices().list_invoices(request.clone()).await });
        let answer = answer.await?;
        Ok::<_, Error>((answer.invoices, answer.next_page_token))
    });
    let mut numbered = pin!(numbered.try_filter(|found| ready(found.number == invoice)));
    match numbered.try_next().await? {
        Some(found) => Ok(found.id),
        None => Err(Status::not_found(format!("invoice {invoice} not found")))
            .map_err(|status| Error::from(status).into()),
    }
}

/// Where an invoice is after a step.
fn step<Answer: Message + Name>(
    answer: &Answer,
    invoice: Option<&Invoice>,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    if screen.output() == Output::Json {
        return screen.message(answer);
    }
    screen.list(&head(invoice.context("the server answered no invoice")?)?)
}

fn head(invoice: &Invoice) -> anyhow::Result<List> {
    Ok(List {
        name: "invoices",
        columns: &COLUMNS,
        items: vec![message_to_json(invoice)?],
        more: false,
    })
}
