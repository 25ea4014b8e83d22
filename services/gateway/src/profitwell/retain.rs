//! Retain: which customers are left alone (text §7).

use axum::Json;
use axum::http::StatusCode;
use contract::billing::v1 as billing;
use contract::customer::v1 as pb;
use contract::customer::v1::Intervention;
use contract::subscription::v1 as subscription;
use contract::subscription::v1::TermStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::{Customer, Paging, by_handle, customers, handle};
use super::dates::Asked;
use super::error::Refusal;
use super::extract::{Body, Parameters};
use crate::body::PathText;
use crate::call::Call;

/// What is done to keep a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InterventionType {
    /// Reminders about a failed payment.
    Retain,
    /// Offers of a longer term.
    TermOptimization,
    /// Offers to somebody who left.
    Reactivation,
}

impl InterventionType {
    fn into_proto(self) -> Intervention {
        match self {
            Self::Retain => Intervention::Retain,
            Self::TermOptimization => Intervention::TermOptimization,
            Self::Reactivation => Intervention::Reactivation,
        }
    }
}

/// Whom to leave alone, and how.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct StopRetainRequest {
    customer_id: String,
    intervention_types: Vec<InterventionType>,
    /// Whether for good; otherwise as to the payment that is open now.
    #[schema(nullable = false, default = false)]
    forever: Option<bool>,
}

/// Invoices that wait for their payment.
const OPEN_STATUSES: [&str; 3] = ["issued", "payment_processing", "overdue"];
/// Terms of one call.
const TERMS_MAX: i32 = 1000;

/// Stops interventions for a customer.
#[utoipa::path(
    post,
    path = "/retain/stop_interventions",
    operation_id = "stopRetainInterventions",
    tag = "Retain",
    request_body = StopRetainRequest,
    responses(
        (status = 204, description = "They are stopped."),
        (status = 400, description = "A member is wrong, the customer unknown, or no payment open."),
    )
)]
pub(crate) async fn stop(
    call: Call,
    Body(body): Body<StopRetainRequest>,
) -> Result<StatusCode, Refusal> {
    if body.intervention_types.is_empty() {
        return Err(Refusal::bad("intervention_types: must not be empty"));
    }
    if body.forever.unwrap_or_default() {
        let types = body.intervention_types.into_iter();
        let request = call.rpc(pb::OptOutOfInterventionsRequest {
            customer_ref: by_handle(body.customer_id),
            interventions: types.map(|kind| kind.into_proto().into()).collect(),
            request_id: call.request_id(),
        });
        let mut privacy = call.clients().privacy();
        let answer = privacy.opt_out_of_interventions(request).await;
        call.take(answer).map_err(Refusal::in_body)?;
        return Ok(StatusCode::NO_CONTENT);
    }
    let customer = handle(&call, body.customer_id)
        .await
        .map_err(Refusal::in_body)?;
    if body.intervention_types.contains(&InterventionType::Retain)
        && !has_open_payment(&call, &customer.id).await?
    {
        return Err(Refusal::bad("customer_id: has no open payment"));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Whether an invoice or a store waits for money of the customer.
async fn has_open_payment(call: &Call, customer_id: &str) -> Result<bool, Refusal> {
    let request = call.rpc(billing::ListInvoicesRequest {
        page_size: 1,
        customer_ids: vec![customer_id.to_owned()],
        statuses: OPEN_STATUSES.iter().map(|&word| word.to_owned()).collect(),
        ..Default::default()
    });
    let answer = call.clients().invoices().list_invoices(request).await;
    if !call.take(answer)?.invoices.is_empty() {
        return Ok(true);
    }
    let request = call.rpc(subscription::ListTermsRequest {
        customer_id: customer_id.to_owned(),
        page_size: TERMS_MAX,
        ..Default::default()
    });
    let answer = call.take(call.clients().terms().list_terms(request).await)?;
    Ok(answer.terms.iter().any(|term| {
        [TermStatus::InGracePeriod, TermStatus::InBillingRetry].contains(&term.status())
    }))
}

/// Lists customers who want no offers.
#[utoipa::path(
    get,
    path = "/retain/unsubscribed_customers",
    operation_id = "getRetainUnsubscribedCustomers",
    tag = "Retain",
    params(
        ("intervention_type" = String, Query, description = "`term_optimization` or `reactivation`."),
        ("start_date" = Option<String>, Query, description = "Only who said so then or later."),
        ("end_date" = Option<String>, Query, description = "Only who said so then or earlier; a date covers its day."),
        ("page" = Option<i32>, Query, description = "Page number from 1."),
        ("per_page" = Option<i32>, Query, description = "Customers of a page, 250 where absent.", minimum = 1, maximum = 250),
    ),
    responses(
        (status = 200, description = "The customers.", body = Vec<Customer>),
        (status = 400, description = "A parameter is wrong."),
    )
)]
pub(crate) async fn unsubscribed(
    call: Call,
    query: Parameters,
) -> Result<Json<Vec<Customer>>, Refusal> {
    let kind = query.required("intervention_type")?.to_owned();
    list(&call, &query, &kind).await
}

/// The same with the intervention in the path, as older clients send it.
pub(crate) async fn unsubscribed_in_path(
    call: Call,
    PathText(kind): PathText,
    query: Parameters,
) -> Result<Json<Vec<Customer>>, Refusal> {
    list(&call, &query, &kind).await
}

async fn list(call: &Call, query: &Parameters, kind: &str) -> Result<Json<Vec<Customer>>, Refusal> {
    let opt_out = match kind {
        "term_optimization" => Intervention::TermOptimization,
        "reactivation" => Intervention::Reactivation,
        _ => {
            return Err(Refusal::bad(
                "intervention_type: must be one of term_optimization, reactivation",
            ));
        }
    };
    let asked = |name| {
        query
            .text(name)
            .map(|text| Asked::from_query(name, text))
            .transpose()
    };
    let start = asked("start_date")?;
    let end = asked("end_date")?;
    let paging = Paging::read(query)?;
    let filter = pb::ListCustomersRequest {
        order_by: pb::list_customers_request::OrderBy::TouchTime.into(),
        opt_out: opt_out.into(),
        opt_out_start_time: start.map(Asked::into_proto),
        opt_out_end_time: end.map(Asked::last_instant),
        ..Default::default()
    };
    customers(call, filter, paging).await.map(Json)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;
    use crate::decode::from_json;

    #[test]
    fn null_is_not_for_good() {
        for (forever, read) in [(json!(null), None), (json!(true), Some(true))] {
            let body = json!({
                "customer_id": "a", "intervention_types": ["retain"], "forever": forever,
            });
            let asked: StopRetainRequest = from_json(&body).unwrap();
            assert_eq!(asked.forever, read);
        }
    }
}
