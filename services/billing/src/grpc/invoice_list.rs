//! Lists of invoices: what a request asks for.

use chassis::keyset::Slice;
use contract::billing::v1 as pb;
use kernel::Timestamp;

use crate::{
    convert,
    domain::{invoice::Invoice, state::State},
    error::BillingError,
    store::invoice_list::{Filter, Sort, Span, Start},
};

/// The filter of a request.
pub fn filter(request: &pb::ListInvoicesRequest) -> Result<Filter, BillingError> {
    let span = |name: &str,
                after: Option<Timestamp>,
                before: Option<Timestamp>|
     -> Result<Span, BillingError> {
        match (after, before) {
            (Some(after), Some(before)) if after > before => Err(BillingError::invalid(
                format!("{name}_after_time"),
                format!("must not be after {name}_before_time"),
            )),
            span => Ok(span),
        }
    };
    let time = |name: &str, wire: Option<&prost_types::Timestamp>| convert::time(name, wire);
    Ok(Filter {
        customers: request
            .customer_ids
            .iter()
            .map(|id| convert::id("customer_ids", id))
            .collect::<Result<_, _>>()?,
        statuses: request.statuses.clone(),
        states: request
            .extended_statuses
            .iter()
            .map(|text| {
                State::from_text(text)
                    .ok_or_else(|| BillingError::invalid("extended_statuses", "is unknown"))
            })
            .collect::<Result<_, _>>()?,
        issued: span(
            "issued",
            time("issued_after_time", request.issued_after_time.as_ref())?,
            time("issued_before_time", request.issued_before_time.as_ref())?,
        )?,
        period_start: span(
            "period_start",
            time(
                "period_start_after_time",
                request.period_start_after_time.as_ref(),
            )?,
            time(
                "period_start_before_time",
                request.period_start_before_time.as_ref(),
            )?,
        )?,
        created: span(
            "created",
            time("created_after_time", request.created_after_time.as_ref())?,
            time("created_before_time", request.created_before_time.as_ref())?,
        )?,
        include_deleted: request.include_deleted,
        subscription: convert::optional_id("subscription_id", &request.subscription_id)?,
    })
}

/// The order of a request.
pub fn sort(request: &pb::ListInvoicesRequest) -> Result<(Sort, bool), BillingError> {
    use pb::list_invoices_request::Order;
    let sort = match Order::try_from(request.order) {
        Ok(Order::Unspecified | Order::CreateTime) => Sort::CreateTime,
        Ok(Order::CustomerName) => Sort::CustomerName,
        Ok(Order::IssueTime) => Sort::IssueTime,
        Ok(Order::Status) => Sort::Status,
        Ok(Order::UpdateTime) => Sort::UpdateTime,
        Ok(Order::PeriodStartTime) => Sort::PeriodStartTime,
        Err(_) => return Err(BillingError::invalid("order", "is unknown")),
    };
    Ok((sort, request.descending))
}

/// Where a page begins: by its number, or behind the place that its token names.
pub fn start(slice: &Slice) -> Start {
    match (slice.page, slice.after.as_deref()) {
        (Some(page), _) => Start::Offset(
            page.saturating_sub(1)
                .saturating_mul(slice.limit)
                .min(i64::MAX as u64),
        ),
        (None, Some([kind, value, id])) => {
            Start::Behind((kind == "v").then(|| value.clone()), id.clone())
        }
        (None, _) => Start::Offset(0),
    }
}

/// The place of an invoice in a list, as a token names it.
pub fn place(sort: Sort, invoice: &Invoice) -> Vec<String> {
    let value = sort.value(invoice);
    let kind = if value.is_some() { "v" } else { "n" };
    vec![
        kind.to_owned(),
        value.unwrap_or_default(),
        invoice.id.to_string(),
    ]
}
