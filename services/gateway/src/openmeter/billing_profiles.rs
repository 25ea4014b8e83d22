//! Billing profiles: who invoices, how, and through which apps (billing text §3).

use axum::Json;
use axum::http::StatusCode;
use contract::billing::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::page::{Page, PageQuery, SortOrder};
use super::scalars::{Description, Label, Metadata, Time, Ulid, metadata, optional};
use super::value::{present, required_time, time};
use super::workflow::{BillingParty, BillingProfileApps, BillingWorkflow};

/// A billing profile.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingProfile {
    #[schema(value_type = Ulid)]
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    supplier: BillingParty,
    workflow: BillingWorkflow,
    apps: BillingProfileApps,
    default: bool,
}

impl BillingProfile {
    fn from_proto(wire: pb::BillingProfile, apps_in_full: bool) -> Result<Self, Problem> {
        Ok(Self {
            id: wire.id,
            name: wire.name,
            description: optional(wire.description),
            metadata: metadata(wire.metadata),
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            supplier: BillingParty::from_supplier(wire.supplier.unwrap_or_default()),
            workflow: BillingWorkflow::from_proto(wire.workflow.unwrap_or_default())?,
            apps: BillingProfileApps::from_proto(present(wire.apps)?, apps_in_full)?,
            default: wire.default,
        })
    }
}

/// The apps of a billing profile, by id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingProfileAppsCreate {
    tax: Ulid,
    invoicing: Ulid,
    payment: Ulid,
}

/// A billing profile to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingProfileCreate {
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
    supplier: BillingParty,
    default: bool,
    workflow: BillingWorkflow,
    apps: BillingProfileAppsCreate,
}

impl BillingProfileCreate {
    fn into_proto(self) -> Result<pb::BillingProfile, Problem> {
        Ok(pb::BillingProfile {
            name: self.name.into(),
            description: self.description.map(String::from).unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            supplier: Some(self.supplier.into_supplier()?),
            default: self.default,
            workflow: Some(self.workflow.into_proto()),
            apps: Some(pb::ProfileApps {
                tax_app_id: self.apps.tax.into(),
                invoicing_app_id: self.apps.invoicing.into(),
                payment_app_id: self.apps.payment.into(),
                app: None,
            }),
            ..pb::BillingProfile::default()
        })
    }
}

/// A billing profile to replace; its apps stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingProfileReplaceUpdate {
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
    supplier: BillingParty,
    default: bool,
    workflow: BillingWorkflow,
}

/// What is joined to billing profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum BillingProfileExpand {
    /// Their apps in full.
    Apps,
}

/// Sort key of a list of billing profiles.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum BillingProfileOrderBy {
    /// By time of making.
    #[default]
    CreatedAt,
    /// By time of the last change.
    UpdatedAt,
    /// The default one apart.
    Default,
    /// By name.
    Name,
}

/// Parameters of a list of billing profiles.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListBillingProfilesParams {
    /// Deleted profiles too.
    include_archived: Option<bool>,
    /// What to join.
    #[serde(default)]
    #[param(required = false, inline)]
    expand: Vec<BillingProfileExpand>,
    /// Direction.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<BillingProfileOrderBy>,
}

/// Lists billing profiles.
#[utoipa::path(
    get, path = "/api/v1/billing/profiles", operation_id = "listBillingProfiles", tag = "Billing",
    params(PageQuery, ListBillingProfilesParams),
    responses((status = 200, body = Page<BillingProfile>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListBillingProfilesParams>,
) -> Result<Json<Page<BillingProfile>>, Problem> {
    use pb::list_profiles_request::Order as Wire;
    let window = page.window()?;
    let order = match params.order_by.unwrap_or_default() {
        BillingProfileOrderBy::CreatedAt => Wire::CreateTime,
        BillingProfileOrderBy::UpdatedAt => Wire::UpdateTime,
        BillingProfileOrderBy::Default => Wire::Default,
        BillingProfileOrderBy::Name => Wire::Name,
    };
    let request = pb::ListProfilesRequest {
        page: window.page,
        page_size: window.size,
        page_token: String::new(),
        include_deleted: params.include_archived.unwrap_or_default(),
        order: order.into(),
        descending: params.order.unwrap_or_default().descending(),
    };
    let answer = call
        .clients()
        .profiles()
        .list_profiles(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let in_full = params.expand.contains(&BillingProfileExpand::Apps);
    let profiles = answer
        .profiles
        .into_iter()
        .map(|wire| BillingProfile::from_proto(wire, in_full))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::new(window, answer.total_size, profiles)))
}

/// Makes a billing profile.
#[utoipa::path(
    post, path = "/api/v1/billing/profiles", operation_id = "createBillingProfile", tag = "Billing",
    request_body = BillingProfileCreate,
    responses((status = 201, body = BillingProfile), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<BillingProfileCreate>,
) -> Result<(StatusCode, Json<BillingProfile>), Problem> {
    let request = pb::CreateProfileRequest {
        profile: Some(new.into_proto()?),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .profiles()
        .create_profile(call.rpc(request))
        .await;
    let profile = BillingProfile::from_proto(present(call.take(answer)?.profile)?, true)?;
    Ok((StatusCode::CREATED, Json(profile)))
}

/// Parameters of one billing profile.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct GetBillingProfileParams {
    /// What to join.
    #[serde(default)]
    #[param(required = false, inline)]
    expand: Vec<BillingProfileExpand>,
}

/// Shows a billing profile, deleted or not.
#[utoipa::path(
    get, path = "/api/v1/billing/profiles/{id}", operation_id = "getBillingProfile", tag = "Billing",
    params(("id" = String, Path), GetBillingProfileParams),
    responses((status = 200, body = BillingProfile), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<GetBillingProfileParams>,
) -> Result<Json<BillingProfile>, Problem> {
    let request = pb::GetProfileRequest { profile_id: id };
    let answer = call
        .clients()
        .profiles()
        .get_profile(call.rpc(request))
        .await;
    let in_full = params.expand.contains(&BillingProfileExpand::Apps);
    BillingProfile::from_proto(present(call.take(answer)?.profile)?, in_full).map(Json)
}

/// Replaces a billing profile.
#[utoipa::path(
    put, path = "/api/v1/billing/profiles/{id}", operation_id = "updateBillingProfile", tag = "Billing",
    params(("id" = String, Path)),
    request_body = BillingProfileReplaceUpdate,
    responses((status = 200, body = BillingProfile), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn update(
    call: Call,
    Path(id): Path<String>,
    Body(update): Body<BillingProfileReplaceUpdate>,
) -> Result<Json<BillingProfile>, Problem> {
    let request = pb::UpdateProfileRequest {
        profile: Some(pb::BillingProfile {
            id,
            name: update.name.into(),
            description: update.description.map(String::from).unwrap_or_default(),
            metadata: update.metadata.unwrap_or_default(),
            supplier: Some(update.supplier.into_supplier()?),
            default: update.default,
            workflow: Some(update.workflow.into_proto()),
            ..pb::BillingProfile::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["*".to_owned()],
        }),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .profiles()
        .update_profile(call.rpc(request))
        .await;
    BillingProfile::from_proto(present(call.take(answer)?.profile)?, true).map(Json)
}

/// Deletes a billing profile that nobody is pinned to.
#[utoipa::path(
    delete, path = "/api/v1/billing/profiles/{id}", operation_id = "deleteBillingProfile", tag = "Billing",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let request = pb::DeleteProfileRequest {
        profile_id: id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .profiles()
        .delete_profile(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}
