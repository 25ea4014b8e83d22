//! Projects, beyond the documented operations: a key sees its own.

use axum::Json;
use contract::customer::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Refusal;
use super::extract::{Call, millis, present};
use super::list::{List, PageParams, Parameters, cut};
use super::objects::ProjectObject;

/// A project.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Project {
    object: ProjectObject,
    id: String,
    name: String,
    created_at: i64,
}

/// List the projects that the key opens.
#[utoipa::path(
    get, path = "/v2/projects", operation_id = "listProjects", tag = "Project", params(PageParams),
    responses((status = 200, body = List<Project>)),
    extensions(("x-permission" = json!("project_configuration:projects:read"))),
)]
pub(crate) async fn list(call: Call, query: Parameters) -> Result<Json<List<Project>>, Refusal> {
    let paging = query.paging()?;
    let answer = call
        .clients()
        .projects()
        .get_project(call.rpc(pb::GetProjectRequest {}))
        .await;
    let found = present(call.take(answer)?.project)?;
    let own = Project {
        object: ProjectObject,
        created_at: millis(found.create_time.as_ref())?,
        id: found.revenuecat_id,
        name: found.name,
    };
    let (items, more) = cut(vec![own], &paging, |project| &project.id)?;
    Ok(Json(call.page(&query, items, more, |project| &project.id)))
}
