//! Whether the token is good (text §1).

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// Nothing to tell.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiStatus {}

/// Tells whether the private token is good.
#[utoipa::path(
    get,
    path = "/status",
    operation_id = "getApiStatus",
    tag = "Status",
    responses((status = 200, description = "It is.", body = ApiStatus))
)]
pub(crate) async fn get() -> Json<ApiStatus> {
    Json(ApiStatus {})
}
