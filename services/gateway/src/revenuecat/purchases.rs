//! Purchases: what customers bought once (behaviour text §9.4). Reading and refunding one goes beyond the documented
//! operations, in the vendor's own shapes.

use axum::Json;
use contract::subscription::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::customers::find;
use super::entitlements::Entitlement;
use super::error::Refusal;
use super::extract::{Call, Id, millis, present, some};
use super::joins::{Joined, Wanted};
use super::list::{List, PageParams, Parameters};
use super::money::{Environment, MonetaryAmount, Ownership, Store, environment};
use super::objects::PurchaseObject;
use super::subscriptions::EnvironmentParams;

/// Whether a purchase is still the customer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PurchaseStatus {
    Owned,
    Refunded,
}

/// A purchase.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Purchase {
    object: PurchaseObject,
    #[schema(min_length = 1, max_length = 255)]
    id: String,
    /// Present owner.
    #[schema(min_length = 1, max_length = 1500)]
    customer_id: String,
    /// First owner.
    #[schema(min_length = 1, max_length = 1500)]
    original_customer_id: String,
    #[schema(min_length = 1, max_length = 255)]
    product_id: String,
    purchased_at: i64,
    revenue_in_usd: MonetaryAmount,
    #[schema(minimum = 1)]
    quantity: i32,
    status: PurchaseStatus,
    #[schema(required, min_length = 1, max_length = 200)]
    presented_offering_id: Option<String>,
    entitlements: List<Entitlement>,
    environment: Environment,
    store: Store,
    #[schema(min_length = 1, max_length = 255)]
    store_purchase_identifier: String,
    ownership: Ownership,
    /// ISO 3166-1 alpha-2 code, null when unknown.
    country: Option<String>,
}

impl Purchase {
    fn from_proto(wire: pb::Purchase, joined: &Joined, call: &Call) -> Result<Self, Refusal> {
        let place = ["purchases", wire.short_id.as_str(), "entitlements"];
        Ok(Self {
            object: PurchaseObject,
            entitlements: joined.embedded(call, &wire.product_id, "", &place)?,
            customer_id: joined.owner(&wire.customer_id),
            original_customer_id: joined.owner(&wire.original_customer_id),
            purchased_at: millis(wire.purchase_time.as_ref())?,
            quantity: wire.quantity,
            status: match wire.status() {
                pb::PurchaseStatus::Owned => PurchaseStatus::Owned,
                pb::PurchaseStatus::Refunded => PurchaseStatus::Refunded,
                pb::PurchaseStatus::Unspecified => {
                    return Err(Refusal::broken("status of a purchase"));
                }
            },
            environment: Environment::from_proto(wire.environment()),
            store: Store::from_proto(wire.store())?,
            ownership: Ownership::from_proto(wire.ownership()),
            revenue_in_usd: MonetaryAmount::from_proto(wire.revenue)?,
            id: wire.short_id,
            // The product may be gone; the contract wants a name for it all the same.
            product_id: some(wire.product_short_id).unwrap_or(wire.product_key),
            presented_offering_id: some(wire.presented_offering_id),
            store_purchase_identifier: wire.store_purchase_identifier,
            country: some(wire.country_code),
        })
    }
}

/// Reads what purchases show of other things.
async fn join(call: &Call, purchases: &[pb::Purchase]) -> Result<Joined, Refusal> {
    let mut wanted = Wanted::default();
    for purchase in purchases {
        wanted.customers.insert(purchase.customer_id.clone());
        wanted
            .customers
            .insert(purchase.original_customer_id.clone());
        wanted.products.insert(purchase.product_id.clone());
    }
    Joined::read(call, wanted).await
}

async fn show(call: &Call, purchase: Option<pb::Purchase>) -> Result<Purchase, Refusal> {
    let purchase = present(purchase)?;
    let joined = join(call, std::slice::from_ref(&purchase)).await?;
    Purchase::from_proto(purchase, &joined, call)
}

/// List the purchases of a customer.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/customers/{customer_id}/purchases",
    operation_id = "listPurchases", tag = "Customer",
    params(
        ("project_id" = String, Path), ("customer_id" = String, Path), EnvironmentParams, PageParams,
    ),
    responses((status = 200, body = List<Purchase>)),
    extensions(("x-permission" = json!("customer_information:purchases:read"))),
)]
pub(crate) async fn list(
    call: Call,
    Id(id): Id,
    query: Parameters,
) -> Result<Json<List<Purchase>>, Refusal> {
    let environment = environment(query.text("environment")?)?;
    let paging = query.paging()?;
    let customer = find(&call, &id).await?;
    let request = pb::ListPurchasesRequest {
        customer_id: customer.id,
        page_size: paging.limit,
        after_id: paging.after,
        environment: environment.into(),
        ..pb::ListPurchasesRequest::default()
    };
    let answer = call
        .clients()
        .purchases()
        .list_purchases(call.rpc(request))
        .await;
    let page = call.take(answer)?;
    let joined = join(&call, &page.purchases).await?;
    let shown = page
        .purchases
        .into_iter()
        .map(|purchase| Purchase::from_proto(purchase, &joined, &call))
        .collect::<Result<Vec<_>, _>>()?;
    let more = !page.next_page_token.is_empty();
    Ok(Json(
        call.page(&query, shown, more, |purchase| &purchase.id),
    ))
}

async fn find_purchase(call: &Call, id: String) -> Result<Option<pb::Purchase>, Refusal> {
    let answer = call
        .clients()
        .purchases()
        .get_purchase(call.rpc(pb::GetPurchaseRequest { id }))
        .await;
    Ok(call.take(answer)?.purchase)
}

/// Read a purchase.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/purchases/{purchase_id}", operation_id = "getPurchase",
    tag = "Purchase", params(("project_id" = String, Path), ("purchase_id" = String, Path)),
    responses((status = 200, body = Purchase)),
    extensions(("x-permission" = json!("customer_information:purchases:read"))),
)]
pub(crate) async fn get(call: Call, Id(id): Id) -> Result<Json<Purchase>, Refusal> {
    let purchase = find_purchase(&call, id).await?;
    Ok(Json(show(&call, purchase).await?))
}

/// List the entitlements that a purchase gives.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/purchases/{purchase_id}/entitlements",
    operation_id = "listPurchaseEntitlements", tag = "Purchase",
    params(("project_id" = String, Path), ("purchase_id" = String, Path), PageParams),
    responses((status = 200, body = List<Entitlement>)),
    extensions(("x-permission" = json!("customer_information:purchases:read"))),
)]
pub(crate) async fn list_entitlements(
    call: Call,
    Id(id): Id,
    query: Parameters,
) -> Result<Json<List<Entitlement>>, Refusal> {
    query.paging()?;
    let purchase = present(find_purchase(&call, id).await?)?;
    let joined = join(&call, std::slice::from_ref(&purchase)).await?;
    Ok(Json(joined.page(
        &call,
        &query,
        &purchase.product_id,
        "",
    )?))
}

/// Refund a purchase and end its access.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/purchases/{purchase_id}/actions/refund",
    operation_id = "refundPurchase", tag = "Purchase",
    params(("project_id" = String, Path), ("purchase_id" = String, Path)),
    responses((status = 200, body = Purchase)),
    extensions(("x-permission" = json!("customer_information:purchases:read_write"))),
)]
pub(crate) async fn refund(call: Call, Id(id): Id) -> Result<Json<Purchase>, Refusal> {
    let request = pb::RefundPurchaseRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .purchases()
        .refund_purchase(call.rpc(request))
        .await;
    let purchase = call.take(answer)?.purchase;
    Ok(Json(show(&call, purchase).await?))
}
