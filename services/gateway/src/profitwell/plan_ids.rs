//! Which plans customers pay for now (text §5).

use axum::Json;
use contract::subscription::v1 as pb;
use serde::Serialize;

use super::error::Refusal;
use super::extract::Parameters;
use crate::call::Call;

/// Most plans of an answer, and the default.
const LIMIT_MAX: i32 = 150;

/// The plans as older clients expect them.
#[derive(Debug, Serialize)]
pub(crate) struct PlanIds {
    plan_ids: Vec<String>,
}

/// Lists the ids of plans that somebody pays for, those with the most revenue first.
#[utoipa::path(
    get,
    path = "/plan_ids",
    operation_id = "getActivePlanIds",
    tag = "Metrics",
    params(("limit" = Option<i32>, Query, description = "At most this many, 150 where absent.", minimum = 1, maximum = 150)),
    responses(
        (status = 200, description = "The ids.", body = Vec<String>),
        (status = 400, description = "The limit is out of range."),
    )
)]
pub(crate) async fn list(call: Call, query: Parameters) -> Result<Json<Vec<String>>, Refusal> {
    ids(&call, &query).await.map(Json)
}

/// The same as an object.
pub(crate) async fn list_in_object(
    call: Call,
    query: Parameters,
) -> Result<Json<PlanIds>, Refusal> {
    let plan_ids = ids(&call, &query).await?;
    Ok(Json(PlanIds { plan_ids }))
}

async fn ids(call: &Call, query: &Parameters) -> Result<Vec<String>, Refusal> {
    let limit = query.integer("limit", 1..=LIMIT_MAX, LIMIT_MAX)?;
    let request = call.rpc(pb::ListPayingProductsRequest {
        page_size: limit,
        page_token: String::new(),
    });
    let answer = call.take(call.clients().revenue().list_paying_products(request).await)?;
    let products = answer.products.into_iter();
    Ok(products.map(|product| product.product_key).collect())
}
