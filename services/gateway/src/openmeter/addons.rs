//! Add-ons: optional extras of plans, and their assignment to plans (catalog text §7, §8).

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use contract::catalog::v1 as pb;
use serde::{Deserialize, Serialize};
use tonic::Status;
use utoipa::{IntoParams, ToSchema};

use super::error::{Problem, ProblemDocument, invalid_offer};
use super::extract::{Body, Call, Path, Query};
use super::page::{Page, PageQuery, SortOrder};
use super::plans::{GetPlanParams, PlanOrderBy, ValidationError, key_versions, plan_ref};
use super::rate_cards::RateCard;
use super::scalars::{
    Annotations, CurrencyCode, Description, Key, Label, Metadata, Time, Ulid, metadata, optional,
};
use super::value::{known, present, required_time, time};

const INVALID: &str = "invalid add-on";

/// How often an add-on can be bought by one subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AddonInstanceType {
    /// Once.
    Single,
    /// In any quantity.
    Multiple,
}

impl AddonInstanceType {
    fn into_proto(self) -> pb::addon::InstanceType {
        match self {
            Self::Single => pb::addon::InstanceType::Single,
            Self::Multiple => pb::addon::InstanceType::Multiple,
        }
    }

    fn from_proto(wire: i32) -> Result<Self, Problem> {
        match known(wire)? {
            pb::addon::InstanceType::Unspecified | pb::addon::InstanceType::Single => {
                Ok(Self::Single)
            }
            pb::addon::InstanceType::Multiple => Ok(Self::Multiple),
        }
    }
}

/// State of an add-on version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AddonStatus {
    /// Can still be changed.
    Draft,
    /// Can be assigned and bought.
    Active,
    /// No longer offered.
    Archived,
}

impl AddonStatus {
    fn into_proto(self) -> pb::addon::State {
        match self {
            Self::Draft => pb::addon::State::Draft,
            Self::Active => pb::addon::State::Active,
            Self::Archived => pb::addon::State::Archived,
        }
    }

    fn from_proto(wire: i32) -> Result<Self, Problem> {
        match known(wire)? {
            pb::addon::State::Unspecified | pb::addon::State::Draft => Ok(Self::Draft),
            pb::addon::State::Active => Ok(Self::Active),
            pb::addon::State::Archived => Ok(Self::Archived),
        }
    }
}

/// A version of an add-on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Addon {
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
    #[schema(value_type = Key)]
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
    version: i32,
    instance_type: AddonInstanceType,
    #[schema(value_type = CurrencyCode)]
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_from: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_to: Option<Time>,
    status: AddonStatus,
    rate_cards: Vec<RateCard>,
    /// Null when there is nothing to report.
    validation_errors: Option<Vec<ValidationError>>,
}

impl Addon {
    fn from_proto(wire: pb::Addon) -> Result<Self, Problem> {
        Ok(Self {
            id: wire.id,
            name: wire.name,
            description: optional(wire.description),
            metadata: metadata(wire.metadata),
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            key: wire.key,
            annotations: None,
            version: wire.version,
            instance_type: AddonInstanceType::from_proto(wire.instance_type)?,
            currency: wire.currency_code,
            effective_from: time(wire.effective_from_time.as_ref())?,
            effective_to: time(wire.effective_to_time.as_ref())?,
            status: AddonStatus::from_proto(wire.state)?,
            rate_cards: wire
                .rate_cards
                .into_iter()
                .map(RateCard::from_proto)
                .collect::<Result<_, _>>()?,
            validation_errors: ValidationError::list(wire.validation_issues),
        })
    }
}

/// An add-on to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddonCreate {
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
    key: Key,
    instance_type: AddonInstanceType,
    currency: CurrencyCode,
    rate_cards: Vec<RateCard>,
}

impl AddonCreate {
    fn into_proto(self) -> pb::Addon {
        pb::Addon {
            key: self.key.into(),
            name: self.name.into(),
            description: self.description.map(String::from).unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            instance_type: self.instance_type.into_proto().into(),
            currency_code: self.currency.into(),
            rate_cards: self
                .rate_cards
                .into_iter()
                .map(RateCard::into_proto)
                .collect(),
            ..pb::Addon::default()
        }
    }
}

/// The changeable part of an add-on; an absent description or metadata stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddonReplaceUpdate {
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
    instance_type: AddonInstanceType,
    rate_cards: Vec<RateCard>,
}

impl AddonReplaceUpdate {
    fn into_proto(self, id: String) -> (pb::Addon, prost_types::FieldMask) {
        let mut paths = vec!["name", "instance_type", "rate_cards"];
        if self.description.is_some() {
            paths.push("description");
        }
        if self.metadata.is_some() {
            paths.push("metadata");
        }
        let addon = pb::Addon {
            id,
            name: self.name.into(),
            description: self.description.map(String::from).unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            instance_type: self.instance_type.into_proto().into(),
            rate_cards: self
                .rate_cards
                .into_iter()
                .map(RateCard::into_proto)
                .collect(),
            ..pb::Addon::default()
        };
        let paths = paths.into_iter().map(str::to_owned).collect();
        (addon, prost_types::FieldMask { paths })
    }
}

/// Parameters of a list of add-ons. Ids, keys, versions and currencies are alternatives.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAddonsParams {
    /// Deleted versions too.
    include_deleted: Option<bool>,
    /// These versions.
    #[serde(default)]
    #[param(required = false)]
    id: Vec<Ulid>,
    /// These add-ons.
    #[serde(default)]
    #[param(required = false)]
    key: Vec<Key>,
    /// These versions of add-ons.
    #[param(style = DeepObject, explode)]
    key_version: Option<BTreeMap<String, Vec<i32>>>,
    /// Versions in one of these states.
    #[serde(default)]
    #[param(required = false, inline)]
    status: Vec<AddonStatus>,
    /// Add-ons in these currencies.
    #[serde(default)]
    #[param(required = false)]
    currency: Vec<CurrencyCode>,
    /// Direction; DESC when absent.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<PlanOrderBy>,
}

/// Lists add-on versions.
#[utoipa::path(
    get, path = "/api/v1/addons", operation_id = "listAddons", tag = "Product Catalog",
    params(PageQuery, ListAddonsParams),
    responses((status = 200, body = Page<Addon>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListAddonsParams>,
) -> Result<Json<Page<Addon>>, Problem> {
    use pb::list_addons_request::OrderBy as Wire;
    let window = page.window()?;
    let order_by = match params.order_by.unwrap_or_default() {
        PlanOrderBy::Id => Wire::Id,
        PlanOrderBy::Key => Wire::Key,
        PlanOrderBy::Version => Wire::Version,
        PlanOrderBy::CreatedAt => Wire::CreateTime,
        PlanOrderBy::UpdatedAt => Wire::UpdateTime,
    };
    let request = pb::ListAddonsRequest {
        page: window.page,
        page_size: window.size,
        page_token: String::new(),
        ids: params.id.into_iter().map(Into::into).collect(),
        keys: params.key.into_iter().map(Into::into).collect(),
        key_versions: key_versions(params.key_version)
            .map(|(key, version)| pb::AddonKeyVersion { key, version })
            .collect(),
        currency_codes: params.currency.into_iter().map(Into::into).collect(),
        states: params
            .status
            .into_iter()
            .map(|status| status.into_proto().into())
            .collect(),
        include_deleted: params.include_deleted.unwrap_or_default(),
        order_by: order_by.into(),
        descending: params.order.unwrap_or(SortOrder::Desc).descending(),
    };
    let answer = call.take(call.clients().addons().list_addons(call.rpc(request)).await)?;
    let addons = answer
        .addons
        .into_iter()
        .map(Addon::from_proto)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::new(window, answer.total_size, addons)))
}

/// Makes a draft.
#[utoipa::path(
    post, path = "/api/v1/addons", operation_id = "createAddon", tag = "Product Catalog",
    request_body = AddonCreate,
    responses((status = 201, body = Addon)),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<AddonCreate>,
) -> Result<(StatusCode, Json<Addon>), Problem> {
    let request = pb::CreateAddonRequest {
        addon: Some(new.into_proto()),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .addons()
        .create_addon(call.rpc(request))
        .await;
    let answer = call.take(invalid_offer(INVALID, answer))?;
    let addon = Addon::from_proto(present(answer.addon)?)?;
    Ok((StatusCode::CREATED, Json(addon)))
}

/// The add-on version that a path names.
fn addon_ref(id_or_key: String, latest: bool) -> Option<pb::AddonRef> {
    Some(pb::AddonRef {
        r#ref: Some(pb::addon_ref::Ref::IdOrKey(id_or_key)),
        latest,
        ..pb::AddonRef::default()
    })
}

/// Shows an add-on version: the one with the id, or the active one with the key.
#[utoipa::path(
    get, path = "/api/v1/addons/{addonId}", operation_id = "getAddon", tag = "Product Catalog",
    params(("addonId" = String, Path), GetPlanParams),
    responses((status = 200, body = Addon), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<GetPlanParams>,
) -> Result<Json<Addon>, Problem> {
    let request = pb::GetAddonRequest {
        addon: addon_ref(id, params.include_latest.unwrap_or_default()),
    };
    let answer = call.take(call.clients().addons().get_addon(call.rpc(request)).await)?;
    Addon::from_proto(present(answer.addon)?).map(Json)
}

/// Replaces the changeable part of a draft.
#[utoipa::path(
    put, path = "/api/v1/addons/{addonId}", operation_id = "updateAddon", tag = "Product Catalog",
    params(("addonId" = String, Path)),
    request_body = AddonReplaceUpdate,
    responses((status = 200, body = Addon), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn update(
    call: Call,
    Path(id): Path<String>,
    Body(update): Body<AddonReplaceUpdate>,
) -> Result<Json<Addon>, Problem> {
    let (addon, mask) = update.into_proto(id);
    let request = pb::UpdateAddonRequest {
        addon: Some(addon),
        update_mask: Some(mask),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .addons()
        .update_addon(call.rpc(request))
        .await;
    let answer = call.take(invalid_offer(INVALID, answer))?;
    Addon::from_proto(present(answer.addon)?).map(Json)
}

/// Deletes a version that is not active.
#[utoipa::path(
    delete, path = "/api/v1/addons/{addonId}", operation_id = "deleteAddon", tag = "Product Catalog",
    params(("addonId" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let request = pb::DeleteAddonRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .addons()
        .delete_addon(call.rpc(request))
        .await;
    call.take(invalid_offer(INVALID, answer))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Publishes a draft; the version that was active is archived.
#[utoipa::path(
    post, path = "/api/v1/addons/{addonId}/publish", operation_id = "publishAddon", tag = "Product Catalog",
    params(("addonId" = String, Path)),
    responses((status = 200, body = Addon), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn publish(call: Call, Path(id): Path<String>) -> Result<Json<Addon>, Problem> {
    let request = pb::PublishAddonRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .addons()
        .publish_addon(call.rpc(request))
        .await;
    let answer = call.take(invalid_offer(INVALID, answer))?;
    Addon::from_proto(present(answer.addon)?).map(Json)
}

/// Archives an active version; subscriptions that bought it go on.
#[utoipa::path(
    post, path = "/api/v1/addons/{addonId}/archive", operation_id = "archiveAddon", tag = "Product Catalog",
    params(("addonId" = String, Path)),
    responses((status = 200, body = Addon), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn archive(call: Call, Path(id): Path<String>) -> Result<Json<Addon>, Problem> {
    let request = pb::ArchiveAddonRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .addons()
        .archive_addon(call.rpc(request))
        .await;
    let answer = call.take(invalid_offer(INVALID, answer))?;
    Addon::from_proto(present(answer.addon)?).map(Json)
}

/// An add-on that subscribers of a plan can buy.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanAddon {
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    addon: Addon,
    from_plan_phase: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_quantity: Option<i32>,
    /// Null when there is nothing to report.
    validation_errors: Option<Vec<ValidationError>>,
}

impl PlanAddon {
    fn from_proto(wire: pb::PlanAddon) -> Result<Self, Problem> {
        Ok(Self {
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            annotations: None,
            metadata: metadata(wire.metadata),
            addon: Addon::from_proto(present(wire.addon)?)?,
            from_plan_phase: wire.from_plan_phase,
            max_quantity: wire.max_quantity,
            validation_errors: ValidationError::list(wire.validation_issues),
        })
    }
}

/// An add-on to assign to a plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanAddonCreate {
    metadata: Option<Metadata>,
    from_plan_phase: String,
    max_quantity: Option<i32>,
    addon_id: Ulid,
}

/// The changeable part of an assignment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanAddonReplaceUpdate {
    metadata: Option<Metadata>,
    from_plan_phase: String,
    max_quantity: Option<i32>,
}

/// Parameters of a list of assignments.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPlanAddonsParams {
    /// Removed assignments too.
    include_deleted: Option<bool>,
    /// These add-on versions.
    #[serde(default)]
    #[param(required = false)]
    id: Vec<Ulid>,
    /// These add-ons.
    #[serde(default)]
    #[param(required = false)]
    key: Vec<Key>,
    /// These versions of add-ons.
    #[param(style = DeepObject, explode)]
    key_version: Option<BTreeMap<String, Vec<i32>>>,
    /// Direction; DESC when absent.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<PlanOrderBy>,
}

/// Lists the add-ons of a plan.
#[utoipa::path(
    get, path = "/api/v1/plans/{planId}/addons", operation_id = "listPlanAddons", tag = "Product Catalog",
    params(("planId" = String, Path), PageQuery, ListPlanAddonsParams),
    responses((status = 200, body = Page<PlanAddon>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn list_of_plan(
    call: Call,
    Path(plan): Path<String>,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListPlanAddonsParams>,
) -> Result<Json<Page<PlanAddon>>, Problem> {
    use pb::list_plan_addons_request::OrderBy as Wire;
    let window = page.window()?;
    let order_by = match params.order_by.unwrap_or_default() {
        PlanOrderBy::Id => Wire::Id,
        PlanOrderBy::Key => Wire::Key,
        PlanOrderBy::Version => Wire::Version,
        PlanOrderBy::CreatedAt => Wire::CreateTime,
        PlanOrderBy::UpdatedAt => Wire::UpdateTime,
    };
    let request = pb::ListPlanAddonsRequest {
        page: window.page,
        page_size: window.size,
        page_token: String::new(),
        plan: plan_ref(plan, false),
        addon_ids: params.id.into_iter().map(Into::into).collect(),
        addon_keys: params.key.into_iter().map(Into::into).collect(),
        key_versions: key_versions(params.key_version)
            .map(|(key, version)| pb::AddonKeyVersion { key, version })
            .collect(),
        include_deleted: params.include_deleted.unwrap_or_default(),
        order_by: order_by.into(),
        descending: params.order.unwrap_or(SortOrder::Desc).descending(),
    };
    let answer = call
        .clients()
        .plan_addons()
        .list_plan_addons(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let items = answer
        .plan_addons
        .into_iter()
        .map(PlanAddon::from_proto)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::new(window, answer.total_size, items)))
}

/// Assigns an add-on to a plan.
#[utoipa::path(
    post, path = "/api/v1/plans/{planId}/addons", operation_id = "createPlanAddon", tag = "Product Catalog",
    params(("planId" = String, Path)),
    request_body = PlanAddonCreate,
    responses(
        (status = 201, body = PlanAddon), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn assign(
    call: Call,
    Path(plan): Path<String>,
    Body(new): Body<PlanAddonCreate>,
) -> Result<(StatusCode, Json<PlanAddon>), Problem> {
    let request = pb::CreatePlanAddonRequest {
        plan_id: plan,
        addon_id: new.addon_id.into(),
        from_plan_phase: new.from_plan_phase,
        max_quantity: new.max_quantity,
        metadata: new.metadata.unwrap_or_default(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .plan_addons()
        .create_plan_addon(call.rpc(request))
        .await;
    let answer = call.take(unassignable(answer))?;
    let assigned = PlanAddon::from_proto(present(answer.plan_addon)?)?;
    Ok((StatusCode::CREATED, Json(assigned)))
}

/// Shows an add-on of a plan.
#[utoipa::path(
    get, path = "/api/v1/plans/{planId}/addons/{planAddonId}", operation_id = "getPlanAddon", tag = "Product Catalog",
    params(("planId" = String, Path), ("planAddonId" = String, Path)),
    responses((status = 200, body = PlanAddon), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get_of_plan(
    call: Call,
    Path((plan, addon)): Path<(String, String)>,
) -> Result<Json<PlanAddon>, Problem> {
    let request = pb::GetPlanAddonRequest {
        plan: plan_ref(plan, false),
        addon: addon_ref(addon, false),
    };
    let answer = call
        .clients()
        .plan_addons()
        .get_plan_addon(call.rpc(request))
        .await;
    PlanAddon::from_proto(present(call.take(answer)?.plan_addon)?).map(Json)
}

/// What cannot be assigned, or be assigned to, is called invalid (catalog text §8.2).
fn unassignable<T>(answer: Result<T, Status>) -> Result<T, Problem> {
    match answer {
        Err(status) if is_closed(&status) => Err(Problem::invalid(format!(
            "invalid plan: {}",
            status.message()
        ))),
        Err(status) if chassis::error::details(&status).reason == "ADDON_DELETED" => {
            Err(Problem::invalid(format!("{INVALID}: {}", status.message())))
        }
        answer => invalid_offer(INVALID, answer),
    }
}

/// An assignment that the plan's state closes is answered as if it were not there (catalog
/// text §8.2).
fn closed_assignment<T>(answer: Result<T, Status>) -> Result<T, Problem> {
    match answer {
        Err(status) if is_closed(&status) => Err(Problem::not_found(status.message())),
        answer => invalid_offer(INVALID, answer),
    }
}

fn is_closed(status: &Status) -> bool {
    let reason = chassis::error::details(status).reason;
    reason == "PLAN_STATE" || reason == "PLAN_DELETED"
}

/// Replaces the changeable part of an assignment.
#[utoipa::path(
    put, path = "/api/v1/plans/{planId}/addons/{planAddonId}", operation_id = "updatePlanAddon", tag = "Product Catalog",
    params(("planId" = String, Path), ("planAddonId" = String, Path)),
    request_body = PlanAddonReplaceUpdate,
    responses((status = 200, body = PlanAddon), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn update_of_plan(
    call: Call,
    Path((plan, addon)): Path<(String, String)>,
    Body(update): Body<PlanAddonReplaceUpdate>,
) -> Result<Json<PlanAddon>, Problem> {
    let mut paths = vec!["from_plan_phase".to_owned(), "max_quantity".to_owned()];
    if update.metadata.is_some() {
        paths.push("metadata".to_owned());
    }
    let request = pb::UpdatePlanAddonRequest {
        plan_id: plan,
        addon: addon_ref(addon, false),
        plan_addon: Some(pb::PlanAddon {
            from_plan_phase: update.from_plan_phase,
            max_quantity: update.max_quantity,
            metadata: update.metadata.unwrap_or_default(),
            ..pb::PlanAddon::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths }),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .plan_addons()
        .update_plan_addon(call.rpc(request))
        .await;
    let answer = call.take(closed_assignment(answer))?;
    PlanAddon::from_proto(present(answer.plan_addon)?).map(Json)
}

/// Takes an add-on off a plan.
#[utoipa::path(
    delete, path = "/api/v1/plans/{planId}/addons/{planAddonId}", operation_id = "deletePlanAddon", tag = "Product Catalog",
    params(("planId" = String, Path), ("planAddonId" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn remove_from_plan(
    call: Call,
    Path((plan, addon)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let request = pb::DeletePlanAddonRequest {
        plan_id: plan,
        addon: addon_ref(addon, false),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .plan_addons()
        .delete_plan_addon(call.rpc(request))
        .await;
    call.take(closed_assignment(answer))?;
    Ok(StatusCode::NO_CONTENT)
}
