//! Company settings (text §6).

use axum::Json;
use axum::http::StatusCode;
use contract::customer::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Refusal;
use crate::call::Call;

/// The account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompanySettings {
    company_id: String,
    /// The company id again, for clients that look here.
    id: String,
    name: String,
    /// IANA name of the time zone of all metrics.
    timezone: String,
    /// ISO 4217 code of all metrics, in lower case.
    currency: String,
}

/// Reads the settings of the account.
#[utoipa::path(
    get,
    path = "/company/settings",
    operation_id = "getCompanySettings",
    tag = "Company",
    responses((status = 200, description = "The settings.", body = CompanySettings))
)]
pub(crate) async fn get(call: Call) -> Result<Json<CompanySettings>, Refusal> {
    let request = call.rpc(pb::GetProjectRequest {});
    let answer = call.take(call.clients().projects().get_project(request).await)?;
    let project = answer
        .project
        .ok_or(Refusal::bare(StatusCode::INTERNAL_SERVER_ERROR))?;
    Ok(Json(CompanySettings {
        company_id: project.company_id.clone(),
        id: project.company_id,
        name: project.name,
        timezone: project.time_zone,
        currency: project.currency_code.to_ascii_lowercase(),
    }))
}
