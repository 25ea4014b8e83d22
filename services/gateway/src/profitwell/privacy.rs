//! Anonymization and exclusion from metrics (text §6). No body is looked at.

use axum::http::StatusCode;
use contract::customer::v1 as pb;

use super::customers::by_handle;
use super::error::Refusal;
use super::extract::Parameters;
use crate::body::PathText;
use crate::call::Call;

/// Removes the personal data of a customer.
#[utoipa::path(
    post,
    path = "/customers/{customer_id}/anonymize",
    operation_id = "anonymizeCustomerById",
    tag = "GDPR",
    params(("customer_id" = String, Path, description = "Key, alias or `user_id`.")),
    responses(
        (status = 204, description = "It is removed."),
        (status = 400, description = "It was removed before."),
        (status = 404, description = "There is no such customer."),
    )
)]
pub(crate) async fn anonymize(call: Call, PathText(id): PathText) -> Result<StatusCode, Refusal> {
    let request = call.rpc(pb::AnonymizeCustomerRequest {
        customer_ref: by_handle(id),
        request_id: call.request_id(),
    });
    let answer = call.clients().privacy().anonymize_customer(request).await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes the personal data of every customer with an e-mail address.
#[utoipa::path(
    post,
    path = "/customers/anonymize_by_email",
    operation_id = "anonymizeCustomerByEmail",
    tag = "GDPR",
    params(("email" = String, Query, description = "The address, in any case.")),
    responses(
        (status = 204, description = "It is removed."),
        (status = 400, description = "The address is missing."),
        (status = 404, description = "Nobody has it."),
    )
)]
pub(crate) async fn anonymize_by_email(
    call: Call,
    query: Parameters,
) -> Result<StatusCode, Refusal> {
    by_email(&call, query.required("email")?.to_owned()).await
}

/// The same with the address in the path, as older clients send it.
pub(crate) async fn anonymize_by_email_in_path(
    call: Call,
    PathText(email): PathText,
) -> Result<StatusCode, Refusal> {
    by_email(&call, email).await
}

async fn by_email(call: &Call, primary_email: String) -> Result<StatusCode, Refusal> {
    let request = call.rpc(pb::AnonymizeCustomersByEmailRequest {
        primary_email,
        request_id: call.request_id(),
    });
    let mut privacy = call.clients().privacy();
    call.take(privacy.anonymize_customers_by_email(request).await)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Leaves a customer out of all metrics, for ever.
#[utoipa::path(
    post,
    path = "/customers/{customer_id}/exclude",
    operation_id = "excludeCustomerFromMetrics",
    tag = "Metrics",
    params(("customer_id" = String, Path, description = "Key, alias or `user_id`.")),
    responses(
        (status = 204, description = "It is left out."),
        (status = 404, description = "There is no such customer."),
    )
)]
pub(crate) async fn exclude(call: Call, PathText(id): PathText) -> Result<StatusCode, Refusal> {
    let request = call.rpc(pb::ExcludeCustomerRequest {
        customer_ref: by_handle(id),
        request_id: call.request_id(),
    });
    let answer = call.clients().privacy().exclude_customer(request).await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}
