//! Entitlements by customer, the newer version of the contract (metering text §8 and §14).

use std::collections::HashMap;

use axum::Json;
use axum::http::StatusCode;
use contract::customer::v1 as customer;
use contract::entitlement::v1 as pb;
use serde::Deserialize;
use tonic::Code;
use utoipa::IntoParams;

use super::customers::{customer_ref, find_live};
use super::entitlement_input::EntitlementV2Create;
use super::entitlements::{
    DeletedParams, EntitlementOrderBy, EntitlementType, EntitlementV2, Owner, of_customer,
    with_owners,
};
use super::entitlements_v1;
use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::page::{OffsetQuery, Page, PageQuery, SortOrder};
use super::value::present;

/// Order of a customer's entitlements.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct OrderParams {
    /// Direction.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<EntitlementOrderBy>,
}

/// Lists the active entitlements of a customer.
#[utoipa::path(
    get, path = "/api/v2/customers/{customerIdOrKey}/entitlements",
    operation_id = "listCustomerEntitlementsV2", tag = "Entitlements",
    params(("customerIdOrKey" = String, Path), DeletedParams, PageQuery, OrderParams),
    responses((status = 200, body = Page<EntitlementV2>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn list_of_customer(
    call: Call,
    Path(customer): Path<String>,
    Query(deleted): Query<DeletedParams>,
    Query(page): Query<PageQuery>,
    Query(params): Query<OrderParams>,
) -> Result<Json<Page<EntitlementV2>>, Problem> {
    let window = page.window()?;
    let customer = find_live(&call, customer).await?;
    let include_deleted = deleted.include_deleted.unwrap_or_default();
    let request = pb::ListEntitlementsRequest {
        customer_ids: vec![customer.id.clone()],
        active_only: !include_deleted,
        include_deleted,
        order_by: params.order_by.unwrap_or_default().into_proto().into(),
        descending: params.order.unwrap_or_default().descending(),
        page: window.page,
        page_size: window.size,
        ..pb::ListEntitlementsRequest::default()
    };
    let answer = call
        .clients()
        .entitlements()
        .list_entitlements(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let owner = Owner::of(&customer);
    let items = answer
        .entitlements
        .into_iter()
        .map(|wire| EntitlementV2::from_proto(wire, &owner))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::new(window, answer.total_size, items)))
}

/// Gives a customer access to a feature.
#[utoipa::path(
    post, path = "/api/v2/customers/{customerIdOrKey}/entitlements",
    operation_id = "createCustomerEntitlementV2", tags = ["Entitlements", "Customers"],
    params(("customerIdOrKey" = String, Path)),
    request_body = EntitlementV2Create,
    responses(
        (status = 201, body = EntitlementV2), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn create(
    call: Call,
    Path(customer): Path<String>,
    Body(new): Body<EntitlementV2Create>,
) -> Result<(StatusCode, Json<EntitlementV2>), Problem> {
    let customer = find_live(&call, customer).await?;
    let request = pb::CreateEntitlementRequest {
        entitlement: Some(new.into_proto(customer_ref(customer.id.clone()))?),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .entitlements()
        .create_entitlement(call.rpc(request))
        .await;
    let wire = present(call.take(answer)?.entitlement)?;
    let shown = EntitlementV2::from_proto(wire, &Owner::of(&customer))?;
    Ok((StatusCode::CREATED, Json(shown)))
}

/// Shows an entitlement of a customer, by id or by feature key.
#[utoipa::path(
    get, path = "/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}",
    operation_id = "getCustomerEntitlementV2", tag = "Entitlements",
    params(("customerIdOrKey" = String, Path), ("entitlementIdOrFeatureKey" = String, Path)),
    responses((status = 200, body = EntitlementV2), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get_of_customer(
    call: Call,
    Path((customer, id)): Path<(String, String)>,
) -> Result<Json<EntitlementV2>, Problem> {
    let customer = find_live(&call, customer).await?;
    let request = pb::GetEntitlementRequest {
        entitlement: of_customer(customer_ref(customer.id.clone()), id),
    };
    let answer = call
        .clients()
        .entitlements()
        .get_entitlement(call.rpc(request))
        .await;
    let wire = present(call.take(answer)?.entitlement)?;
    EntitlementV2::from_proto(wire, &Owner::of(&customer)).map(Json)
}

/// Takes access away.
#[utoipa::path(
    delete, path = "/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}",
    operation_id = "deleteCustomerEntitlementV2", tag = "Entitlements",
    params(("customerIdOrKey" = String, Path), ("entitlementIdOrFeatureKey" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(
    call: Call,
    Path((customer, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let request = pb::DeleteEntitlementRequest {
        entitlement: of_customer(customer_ref(customer), id),
        etag: String::new(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .entitlements()
        .delete_entitlement(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends an entitlement and starts another one for the same feature.
#[utoipa::path(
    put, path = "/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/override",
    operation_id = "overrideCustomerEntitlementV2", tag = "Entitlements",
    params(("customerIdOrKey" = String, Path), ("entitlementIdOrFeatureKey" = String, Path)),
    request_body = EntitlementV2Create,
    responses(
        (status = 201, body = EntitlementV2), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn replace(
    call: Call,
    Path((customer, id)): Path<(String, String)>,
    Body(new): Body<EntitlementV2Create>,
) -> Result<(StatusCode, Json<EntitlementV2>), Problem> {
    let customer = find_live(&call, customer).await?;
    let of = customer_ref(customer.id.clone());
    let request = pb::OverrideEntitlementRequest {
        entitlement: of_customer(of.clone(), id),
        replacement: Some(new.into_proto(of)?),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .entitlements()
        .override_entitlement(call.rpc(request))
        .await;
    let wire = present(call.take(answer)?.entitlement)?;
    let shown = EntitlementV2::from_proto(wire, &Owner::of(&customer))?;
    Ok((StatusCode::CREATED, Json(shown)))
}

/// Shows an entitlement.
#[utoipa::path(
    get, path = "/api/v2/entitlements/{entitlementId}", operation_id = "getEntitlementByIdV2", tag = "Entitlements",
    params(("entitlementId" = String, Path)),
    responses((status = 200, body = EntitlementV2), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<EntitlementV2>, Problem> {
    let wire = entitlements_v1::find(&call, id).await?;
    let owner = Owner::of_id(&call, &wire.customer_id).await?;
    EntitlementV2::from_proto(wire, &owner).map(Json)
}

/// Parameters of a list of entitlements.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListEntitlementsV2Params {
    /// Entitlements on these features, by id or key.
    #[serde(default)]
    #[param(required = false)]
    feature: Vec<String>,
    /// Entitlements of the customers with these keys.
    #[serde(default)]
    #[param(required = false)]
    customer_keys: Vec<String>,
    /// Entitlements of the customers with these ids.
    #[serde(default)]
    #[param(required = false)]
    customer_ids: Vec<String>,
    /// Entitlements of these kinds.
    #[serde(default)]
    #[param(required = false, inline)]
    entitlement_type: Vec<EntitlementType>,
    /// Only those that are active now.
    exclude_inactive: Option<bool>,
    /// Direction.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<EntitlementOrderBy>,
}

/// Most customers that a list is asked for by key.
const CUSTOMER_KEYS_MAX: usize = 1_000;

/// Ids of the live customers with these keys. A key of nobody chooses nobody: the contract knows no 404 of this list.
async fn ids_of_keys(call: &Call, keys: Vec<String>) -> Result<Vec<String>, Problem> {
    if keys.len() > CUSTOMER_KEYS_MAX {
        return Err(Problem::invalid(
            "customerKeys: must have at most 1000 items",
        ));
    }
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    // A key is a subject as well, of its customer unless another one holds it.
    let request = customer::ResolveSubjectsRequest { subject_keys: keys };
    let answer = call
        .clients()
        .customers()
        .resolve_subjects(call.rpc(request))
        .await;
    let found = call.take(answer)?;
    let by_key: HashMap<String, String> = found
        .customers
        .into_iter()
        .map(|customer| (customer.key, customer.id))
        .collect();
    let mut ids = Vec::with_capacity(found.attributions.len());
    for subject in found.attributions {
        if let Some(id) = by_key.get(&subject.subject_key) {
            ids.push(id.clone());
        } else {
            ids.extend(id_of_key(call, subject.subject_key).await?);
        }
    }
    Ok(ids)
}

/// Id of the live customer with a key.
async fn id_of_key(call: &Call, key: String) -> Result<Option<String>, Problem> {
    let request = customer::GetCustomerRequest {
        customer_ref: Some(customer::CustomerRef {
            r#ref: Some(customer::customer_ref::Ref::Key(key)),
        }),
        include_deleted: false,
        for_subscription: false,
    };
    let answer = call
        .clients()
        .customers()
        .get_customer(call.rpc(request))
        .await;
    match answer {
        Err(status) if status.code() == Code::NotFound => Ok(None),
        answer => Ok(Some(present(call.take(answer)?.customer)?.id)),
    }
}

/// Lists entitlements.
#[utoipa::path(
    get, path = "/api/v2/entitlements", operation_id = "listEntitlementsV2", tag = "Entitlements",
    params(PageQuery, OffsetQuery, ListEntitlementsV2Params),
    responses((status = 200, body = Page<EntitlementV2>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(page): Query<PageQuery>,
    // Accepted and ignored (metering text §1.5).
    Query(_offset): Query<OffsetQuery>,
    Query(params): Query<ListEntitlementsV2Params>,
) -> Result<Json<Page<EntitlementV2>>, Problem> {
    let window = page.window()?;
    let of_customers = !(params.customer_keys.is_empty() && params.customer_ids.is_empty());
    let mut customer_ids = params.customer_ids;
    customer_ids.extend(ids_of_keys(&call, params.customer_keys).await?);
    if of_customers && customer_ids.is_empty() {
        // An empty filter would mean all.
        return Ok(Json(Page::new(window, 0, [])));
    }
    let request = pb::ListEntitlementsRequest {
        customer_ids,
        features: params.feature,
        kinds: params
            .entitlement_type
            .iter()
            .map(|kind| kind.into_proto().into())
            .collect(),
        active_only: params.exclude_inactive.unwrap_or_default(),
        order_by: params.order_by.unwrap_or_default().into_proto().into(),
        descending: params.order.unwrap_or_default().descending(),
        page: window.page,
        page_size: window.size,
        ..pb::ListEntitlementsRequest::default()
    };
    let answer = call
        .clients()
        .entitlements()
        .list_entitlements(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let items = with_owners(&call, answer.entitlements, EntitlementV2::from_proto).await?;
    Ok(Json(Page::new(window, answer.total_size, items)))
}
