//! Plans: names that subscriptions go by (text §5).

use axum::Json;
use axum::http::StatusCode;
use contract::catalog::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::Refusal;
use super::extract::Body;
use crate::body::PathText;
use crate::call::Call;

/// Plans of one call to the catalog.
const PAGE_SIZE: i32 = 1000;
/// Most calls for one answer.
const PAGES_MAX: usize = 100;

/// A plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Plan {
    id: String,
    name: String,
}

impl Plan {
    fn from_proto(wire: pb::NamedPlan) -> Self {
        Self {
            id: wire.key,
            name: wire.display_name,
        }
    }

    fn answer(wire: Option<pb::NamedPlan>) -> Result<Self, Refusal> {
        wire.map(Self::from_proto)
            .ok_or(Refusal::bare(StatusCode::INTERNAL_SERVER_ERROR))
    }
}

/// A plan to make.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PlanCreateRequest {
    id: String,
    name: String,
}

/// The new name of a plan.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PlanUpdateRequest {
    name: String,
}

/// Lists all plans, oldest first.
#[utoipa::path(
    get,
    path = "/plans",
    operation_id = "listManuallyAddedPlans",
    tag = "Plans",
    responses((status = 200, description = "The plans.", body = Vec<Plan>))
)]
pub(crate) async fn list(call: Call) -> Result<Json<Vec<Plan>>, Refusal> {
    let mut plans = Vec::new();
    let mut page_token = String::new();
    for _ in 0..PAGES_MAX {
        let request = call.rpc(pb::ListNamedPlansRequest {
            page_size: PAGE_SIZE,
            page_token,
        });
        let page = call.take(call.clients().named_plans().list_named_plans(request).await)?;
        plans.extend(page.named_plans.into_iter().map(Plan::from_proto));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Ok(Json(plans))
}

/// Makes a plan.
#[utoipa::path(
    post,
    path = "/plans",
    operation_id = "createManuallyAddedPlan",
    tag = "Plans",
    request_body = PlanCreateRequest,
    responses(
        (status = 201, description = "The plan.", body = Plan),
        (status = 400, description = "A member is missing or empty, or the id is taken."),
    )
)]
pub(crate) async fn create(
    call: Call,
    Body(body): Body<PlanCreateRequest>,
) -> Result<(StatusCode, Json<Plan>), Refusal> {
    let request = call.rpc(pb::CreateNamedPlanRequest {
        named_plan: Some(pb::NamedPlan {
            key: body.id,
            display_name: body.name,
            ..Default::default()
        }),
        request_id: call.request_id(),
    });
    let answer = call
        .clients()
        .named_plans()
        .create_named_plan(request)
        .await;
    let plan = Plan::answer(call.take(answer)?.named_plan)?;
    Ok((StatusCode::CREATED, Json(plan)))
}

/// Reads one plan.
#[utoipa::path(
    get,
    path = "/plans/{id}",
    operation_id = "getManuallyAddedPlan",
    tag = "Plans",
    params(("id" = String, Path, description = "Id of the plan.")),
    responses(
        (status = 200, description = "The plan.", body = Plan),
        (status = 404, description = "There is none."),
    )
)]
pub(crate) async fn get(call: Call, PathText(key): PathText) -> Result<Json<Plan>, Refusal> {
    let request = call.rpc(pb::GetNamedPlanRequest { key });
    let answer = call.clients().named_plans().get_named_plan(request).await;
    Plan::answer(call.take(answer)?.named_plan).map(Json)
}

/// Changes the name of a plan.
#[utoipa::path(
    put,
    path = "/plans/{id}",
    operation_id = "updateManuallyAddedPlan",
    tag = "Plans",
    params(("id" = String, Path, description = "Id of the plan.")),
    request_body = PlanUpdateRequest,
    responses(
        (status = 200, description = "The plan.", body = Plan),
        (status = 400, description = "The name is missing or empty."),
        (status = 404, description = "There is none."),
    )
)]
pub(crate) async fn update(
    call: Call,
    PathText(key): PathText,
    Body(body): Body<PlanUpdateRequest>,
) -> Result<Json<Plan>, Refusal> {
    let request = call.rpc(pb::UpdateNamedPlanRequest {
        named_plan: Some(pb::NamedPlan {
            key,
            display_name: body.name,
            ..Default::default()
        }),
        request_id: call.request_id(),
    });
    let answer = call
        .clients()
        .named_plans()
        .update_named_plan(request)
        .await;
    Plan::answer(call.take(answer)?.named_plan).map(Json)
}
