//! What is done to customers beyond the documented operations, in the vendor's own shapes: giving an
//! entitlement away, taking it back, and moving what was bought to another customer.

use axum::Json;
use contract::catalog::v1 as catalog;
use contract::subscription::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::{self, Customer, find, find_named};
use super::error::Refusal;
use super::extract::{Body, Call, Id, MAX_CUSTOMER_ID, Text, present};

/// An entitlement to give away.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntitlementGrant {
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    entitlement_id: Text<1, 255>,
    /// End of access in milliseconds since 1970; null or absent gives it until it is revoked.
    #[serde(default)]
    expires_at: Option<i64>,
}

/// An entitlement that was given away.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntitlementRevocation {
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    entitlement_id: Text<1, 255>,
}

/// The lookup key of the entitlement that a body names.
async fn lookup_key(call: &Call, id: Text<1, 255>) -> Result<String, Refusal> {
    let request = catalog::GetEntitlementDefinitionRequest { id: id.into() };
    let answer = call
        .clients()
        .entitlement_definitions()
        .get_entitlement_definition(call.rpc(request))
        .await;
    let found = call.take_named(answer, "entitlement_id")?;
    Ok(present(found.entitlement_definition)?.lookup_key)
}

/// Give a customer an entitlement.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/customers/{customer_id}/actions/grant_entitlement",
    operation_id = "grantCustomerEntitlement", tag = "Customer",
    params(("project_id" = String, Path), ("customer_id" = String, Path)),
    request_body = EntitlementGrant, responses((status = 201, body = Customer)),
    extensions(("x-permission" = json!("customer_information:customers:read_write"))),
)]
pub(crate) async fn grant(
    call: Call,
    Id(id): Id,
    Body(grant): Body<EntitlementGrant>,
) -> Result<(axum::http::StatusCode, Json<Customer>), Refusal> {
    let span = grant
        .expires_at
        .map(|millis| {
            kernel::Timestamp::from_millisecond(millis)
                .map(contract::convert::timestamp)
                .map(pb::grant_promotional_term_request::Span::EndTime)
                .map_err(|_| Refusal::parameter("expires_at", "is out of range"))
        })
        .transpose()?;
    let customer = find(&call, &id).await?;
    let request = pb::GrantPromotionalTermRequest {
        customer: Some(customers::handle(&customer.id)),
        entitlement_key: lookup_key(&call, grant.entitlement_id).await?,
        span,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .terms()
        .grant_promotional_term(call.rpc(request))
        .await;
    call.take(answer)
        .map_err(|refusal| refusal.renamed("end_time", "expires_at"))?;
    let shown = customers::show(&call, customer).await?;
    Ok((axum::http::StatusCode::CREATED, Json(shown)))
}

/// Take an entitlement back that was given away.
#[utoipa::path(
    post,
    path = "/v2/projects/{project_id}/customers/{customer_id}/actions/revoke_granted_entitlement",
    operation_id = "revokeCustomerGrantedEntitlement", tag = "Customer",
    params(("project_id" = String, Path), ("customer_id" = String, Path)),
    request_body = EntitlementRevocation, responses((status = 200, body = Customer)),
    extensions(("x-permission" = json!("customer_information:customers:read_write"))),
)]
pub(crate) async fn revoke(
    call: Call,
    Id(id): Id,
    Body(revocation): Body<EntitlementRevocation>,
) -> Result<Json<Customer>, Refusal> {
    let customer = find(&call, &id).await?;
    let request = pb::RevokePromotionalTermsRequest {
        customer: Some(customers::handle(&customer.id)),
        entitlement_key: lookup_key(&call, revocation.entitlement_id).await?,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .terms()
        .revoke_promotional_terms(call.rpc(request))
        .await;
    call.take_named(answer, "entitlement_id")?;
    Ok(Json(customers::show(&call, customer).await?))
}

/// Where to move what a customer bought.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerTransfer {
    /// Who gets it.
    #[schema(value_type = String, min_length = 1, max_length = 1500)]
    target_customer_id: Text<1, MAX_CUSTOMER_ID>,
}

/// Both customers after a transfer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TransferredCustomers {
    source_customer: Customer,
    target_customer: Customer,
}

/// Move what a customer bought in stores to another customer.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/customers/{customer_id}/actions/transfer",
    operation_id = "transferCustomer", tag = "Customer",
    params(("project_id" = String, Path), ("customer_id" = String, Path)),
    request_body = CustomerTransfer, responses((status = 200, body = TransferredCustomers)),
    extensions(("x-permission" = json!("customer_information:customers:read_write"))),
)]
pub(crate) async fn transfer(
    call: Call,
    Id(id): Id,
    Body(transfer): Body<CustomerTransfer>,
) -> Result<Json<TransferredCustomers>, Refusal> {
    let source = find(&call, &id).await?;
    let target = find_named(&call, &transfer.target_customer_id.0, "target_customer_id").await?;
    let request = pb::TransferStoreRightsRequest {
        source: Some(customers::handle(&source.id)),
        target: Some(customers::handle(&target.id)),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .store_transactions()
        .transfer_store_rights(call.rpc(request))
        .await;
    call.take(answer)
        .map_err(|refusal| refusal.renamed("target", "target_customer_id"))?;
    Ok(Json(TransferredCustomers {
        source_customer: customers::show(&call, source).await?,
        target_customer: customers::show(&call, target).await?,
    }))
}
