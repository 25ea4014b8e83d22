//! Engagement: a customer is using the product (text §7).

use axum::http::StatusCode;
use contract::customer::v1 as pb;
use serde::Deserialize;
use utoipa::ToSchema;

use super::customers::by_handle;
use super::error::Refusal;
use super::extract::Body;
use crate::call::Call;

/// Who is using it.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CustomerEventRequest {
    /// Key, alias or `user_id` of the customer.
    user_id: String,
}

/// Notes that a customer is using the product now.
#[utoipa::path(
    post,
    path = "/customer/event/",
    operation_id = "createCustomerEvent",
    tag = "Engagement",
    request_body = CustomerEventRequest,
    responses(
        (status = 204, description = "It is noted."),
        (status = 400, description = "The body is wrong, or the customer unknown."),
        (status = 415, description = "The body is not JSON."),
    )
)]
pub(crate) async fn create(
    call: Call,
    Body(body): Body<CustomerEventRequest, 415>,
) -> Result<StatusCode, Refusal> {
    let request = call.rpc(pb::RecordCustomerSeenRequest {
        customer_ref: by_handle(body.user_id),
        request_id: call.request_id(),
    });
    let answer = call
        .clients()
        .engagement()
        .record_customer_seen(request)
        .await;
    call.take(answer).map_err(Refusal::in_body)?;
    Ok(StatusCode::NO_CONTENT)
}
