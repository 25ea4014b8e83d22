//! Users: who has subscriptions (text §4.5).

use axum::Json;
use axum::http::StatusCode;
use contract::customer::v1 as customer;
use contract::subscription::v1 as pb;
use serde::Deserialize;
use utoipa::ToSchema;

use super::customers::{by_handle, handle, user_names};
use super::error::Refusal;
use super::extract::Body;
use super::subscriptions::SubscriptionResponse;
use crate::body::PathText;
use crate::call::Call;

/// Events of one call.
const PAGE_SIZE: i32 = 250;
/// Most calls for one answer.
const PAGES_MAX: usize = 400;

/// The new address of a user.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UserUpdateRequest {
    email: String,
}

/// Lists what happened to the subscriptions of a user, oldest first.
#[utoipa::path(
    get,
    path = "/users/{user_id_or_alias}/subscription_history",
    operation_id = "getUserSubscriptionHistory",
    tag = "Manually-Added Users",
    params(("user_id_or_alias" = String, Path, description = "Id or alias.")),
    responses(
        (status = 200, description = "One element for each event.", body = Vec<SubscriptionResponse>),
        (status = 404, description = "There is no such user."),
    )
)]
pub(crate) async fn history(
    call: Call,
    PathText(name): PathText,
) -> Result<Json<Vec<SubscriptionResponse>>, Refusal> {
    let customer = handle(&call, name).await?;
    let customer_id = customer.id.clone();
    let user = user_names(&call, customer).await?;
    let mut history = Vec::new();
    let mut page_token = String::new();
    for _ in 0..PAGES_MAX {
        let request = call.rpc(pb::ListReportedEventsRequest {
            customer_id: customer_id.clone(),
            page_size: PAGE_SIZE,
            page_token,
        });
        let page = call.take(call.clients().reports().list_reported_events(request).await)?;
        let events = page.events.into_iter();
        history.extend(events.map(|event| SubscriptionResponse::from_proto(event, &user)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Ok(Json(history))
}

/// Changes the address of a user.
#[utoipa::path(
    put,
    path = "/users/{user_id_or_alias}",
    operation_id = "updateUser",
    tag = "Manually-Added Users",
    params(("user_id_or_alias" = String, Path, description = "Id or alias.")),
    request_body = UserUpdateRequest,
    responses(
        (status = 204, description = "It is changed."),
        (status = 400, description = "The address is missing or empty."),
        (status = 404, description = "There is no such user."),
    )
)]
pub(crate) async fn update(
    call: Call,
    PathText(name): PathText,
    Body(body): Body<UserUpdateRequest>,
) -> Result<StatusCode, Refusal> {
    if body.email.trim().is_empty() {
        return Err(Refusal::bad("email: must not be empty"));
    }
    let request = call.rpc(customer::UpdateCustomerRequest {
        customer_ref: by_handle(name),
        customer: Some(customer::Customer {
            primary_email: body.email,
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["primary_email".to_owned()],
        }),
        request_id: call.request_id(),
    });
    call.take(call.clients().customers().update_customer(request).await)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a user for good, with everything that hangs on it in every dialect.
#[utoipa::path(
    delete,
    path = "/users/{user_id_or_alias}",
    operation_id = "deleteUser",
    tag = "Manually-Added Users",
    params(("user_id_or_alias" = String, Path, description = "Id or alias.")),
    responses(
        (status = 204, description = "It is removed."),
        (status = 404, description = "There is no such user."),
    )
)]
pub(crate) async fn delete(call: Call, PathText(name): PathText) -> Result<StatusCode, Refusal> {
    let request = call.rpc(pb::EraseCustomerRequest {
        handle: name,
        request_id: call.request_id(),
        ..pb::EraseCustomerRequest::default()
    });
    call.take(call.clients().subscriptions().erase_customer(request).await)?;
    Ok(StatusCode::NO_CONTENT)
}
