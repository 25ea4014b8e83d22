//! Plans: versioned offers of phases and rate cards (catalog text §6).

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use contract::catalog::v1 as pb;
use contract::kernel::v1::ValidationIssue;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::decode::filled;
use super::error::{Problem, ProblemDocument, invalid_offer};
use super::extract::{Body, Call, Path, Query};
use super::page::{Page, PageQuery, SortOrder};
use super::rate_cards::RateCard;
use super::scalars::{
    Annotations, CurrencyCode, Description, Key, Label, Metadata, Text, Time, Ulid, annotations,
    metadata, optional,
};
use super::value::{known, present, required_time, time};

const INVALID: &str = "invalid plan";

/// State of a plan version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlanStatus {
    /// Can still be changed.
    Draft,
    /// Can be subscribed to.
    Active,
    /// No longer offered.
    Archived,
    /// Offered from a later time on.
    Scheduled,
}

impl PlanStatus {
    fn into_proto(self) -> pb::plan::State {
        match self {
            Self::Draft => pb::plan::State::Draft,
            Self::Active => pb::plan::State::Active,
            Self::Archived => pb::plan::State::Archived,
            Self::Scheduled => pb::plan::State::Scheduled,
        }
    }

    fn from_proto(wire: i32) -> Result<Self, Problem> {
        match known(wire)? {
            pb::plan::State::Unspecified | pb::plan::State::Draft => Ok(Self::Draft),
            pb::plan::State::Active => Ok(Self::Active),
            pb::plan::State::Archived => Ok(Self::Archived),
            pb::plan::State::Scheduled => Ok(Self::Scheduled),
        }
    }
}

/// Whether all billable parts share one cycle.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alignment {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billables_must_align: Option<bool>,
}

/// How parts of a period are priced.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProRatingMode {
    /// By their share of the period.
    ProratePrices,
}

/// Whether and how parts of a period are priced by their share.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProRatingConfig {
    pub enabled: bool,
    pub mode: ProRatingMode,
}

impl ProRatingConfig {
    /// What holds when nothing is said (catalog text §6.2).
    const DEFAULT: Self = Self {
        enabled: true,
        mode: ProRatingMode::ProratePrices,
    };

    fn into_proto(self) -> pb::ProRatingConfig {
        let ProRatingMode::ProratePrices = self.mode;
        pb::ProRatingConfig {
            enabled: self.enabled,
            mode: pb::pro_rating_config::Mode::ProratePrices.into(),
        }
    }
}

/// A stage of a plan.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanPhase {
    key: Key,
    name: Label,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    /// Null in the last phase, which does not end.
    #[serde(deserialize_with = "filled")]
    duration: Option<String>,
    rate_cards: Vec<RateCard>,
}

impl PlanPhase {
    fn into_proto(self) -> pb::PlanPhase {
        pb::PlanPhase {
            key: self.key.into(),
            name: self.name.into(),
            description: self.description.map(String::from).unwrap_or_default(),
            duration: self.duration.unwrap_or_default(),
            rate_cards: self
                .rate_cards
                .into_iter()
                .map(RateCard::into_proto)
                .collect(),
            metadata: self.metadata.unwrap_or_default(),
        }
    }

    fn from_proto(wire: pb::PlanPhase) -> Result<Self, Problem> {
        Ok(Self {
            key: Key(wire.key),
            name: Text(wire.name),
            description: optional(wire.description).map(Text),
            metadata: metadata(wire.metadata),
            duration: optional(wire.duration),
            rate_cards: wire
                .rate_cards
                .into_iter()
                .map(RateCard::from_proto)
                .collect::<Result<_, _>>()?,
        })
    }
}

/// What a stored resource would be refused for under strict checks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ValidationError {
    field: String,
    code: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Annotations>,
}

impl ValidationError {
    /// The issues of a resource; none is told as null (catalog text §2.4).
    pub(crate) fn list(wires: Vec<ValidationIssue>) -> Option<Vec<Self>> {
        let list: Vec<Self> = wires
            .into_iter()
            .map(|wire| Self {
                field: wire.field,
                code: wire.code,
                message: wire.message,
                attributes: annotations(wire.attributes),
            })
            .collect();
        (!list.is_empty()).then_some(list)
    }
}

/// A version of a plan.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
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
    /// Never told.
    #[serde(skip_serializing_if = "Option::is_none")]
    alignment: Option<Alignment>,
    version: i32,
    #[schema(value_type = CurrencyCode)]
    currency: String,
    billing_cadence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pro_rating_config: Option<ProRatingConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_from: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_to: Option<Time>,
    status: PlanStatus,
    phases: Vec<PlanPhase>,
    /// Null when there is nothing to report.
    validation_errors: Option<Vec<ValidationError>>,
}

impl Plan {
    fn from_proto(wire: pb::Plan) -> Result<Self, Problem> {
        let enabled = wire.pro_rating_config.is_none_or(|config| config.enabled);
        Ok(Self {
            id: wire.id,
            name: wire.name,
            description: optional(wire.description),
            metadata: metadata(wire.metadata),
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            key: wire.key,
            alignment: None,
            version: wire.version,
            currency: wire.currency_code,
            billing_cadence: wire.billing_cadence,
            pro_rating_config: Some(ProRatingConfig {
                enabled,
                mode: ProRatingMode::ProratePrices,
            }),
            effective_from: time(wire.effective_from_time.as_ref())?,
            effective_to: time(wire.effective_to_time.as_ref())?,
            status: PlanStatus::from_proto(wire.state)?,
            phases: wire
                .phases
                .into_iter()
                .map(PlanPhase::from_proto)
                .collect::<Result<_, _>>()?,
            validation_errors: ValidationError::list(wire.validation_issues),
        })
    }
}

/// A plan to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanCreate {
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
    key: Key,
    #[expect(dead_code, reason = "accepted and ignored, catalog text §6.2")]
    alignment: Option<Alignment>,
    currency: CurrencyCode,
    billing_cadence: String,
    pro_rating_config: Option<ProRatingConfig>,
    #[schema(min_items = 1)]
    phases: Vec<PlanPhase>,
}

/// A plan made for one subscription.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomPlanInput {
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
    #[expect(dead_code, reason = "accepted and ignored, catalog text §6.2")]
    alignment: Option<Alignment>,
    currency: CurrencyCode,
    billing_cadence: String,
    pro_rating_config: Option<ProRatingConfig>,
    #[schema(min_items = 1)]
    phases: Vec<PlanPhase>,
}

/// The changeable part of a plan; an absent description or metadata stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanReplaceUpdate {
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
    #[expect(dead_code, reason = "accepted and ignored, catalog text §6.2")]
    alignment: Option<Alignment>,
    billing_cadence: String,
    pro_rating_config: Option<ProRatingConfig>,
    #[schema(min_items = 1)]
    phases: Vec<PlanPhase>,
}

fn phases(phases: Vec<PlanPhase>) -> Result<Vec<pb::PlanPhase>, Problem> {
    if phases.is_empty() {
        return Err(Problem::invalid("phases: must have at least one item"));
    }
    Ok(phases.into_iter().map(PlanPhase::into_proto).collect())
}

impl PlanCreate {
    fn into_proto(self) -> Result<pb::Plan, Problem> {
        Ok(pb::Plan {
            key: self.key.into(),
            name: self.name.into(),
            description: self.description.map(String::from).unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            currency_code: self.currency.into(),
            billing_cadence: self.billing_cadence,
            pro_rating_config: Some(
                self.pro_rating_config
                    .unwrap_or(ProRatingConfig::DEFAULT)
                    .into_proto(),
            ),
            phases: phases(self.phases)?,
            ..pb::Plan::default()
        })
    }
}

impl CustomPlanInput {
    pub(crate) fn into_proto(self) -> Result<pb::Plan, Problem> {
        Ok(pb::Plan {
            name: self.name.into(),
            description: self.description.map(String::from).unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            currency_code: self.currency.into(),
            billing_cadence: self.billing_cadence,
            pro_rating_config: Some(
                self.pro_rating_config
                    .unwrap_or(ProRatingConfig::DEFAULT)
                    .into_proto(),
            ),
            phases: phases(self.phases)?,
            ..pb::Plan::default()
        })
    }
}

impl PlanReplaceUpdate {
    fn into_proto(self, id: String) -> Result<(pb::Plan, prost_types::FieldMask), Problem> {
        let mut paths = vec!["name", "billing_cadence", "pro_rating_config", "phases"];
        if self.description.is_some() {
            paths.push("description");
        }
        if self.metadata.is_some() {
            paths.push("metadata");
        }
        let plan = pb::Plan {
            id,
            name: self.name.into(),
            description: self.description.map(String::from).unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            billing_cadence: self.billing_cadence,
            pro_rating_config: Some(
                self.pro_rating_config
                    .unwrap_or(ProRatingConfig::DEFAULT)
                    .into_proto(),
            ),
            phases: phases(self.phases)?,
            ..pb::Plan::default()
        };
        let paths = paths.into_iter().map(str::to_owned).collect();
        Ok((plan, prost_types::FieldMask { paths }))
    }
}

/// Sort key of a list of plans.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlanOrderBy {
    /// By id.
    #[default]
    Id,
    /// By key, then version.
    Key,
    /// By version.
    Version,
    /// By time of making.
    CreatedAt,
    /// By time of the last change.
    UpdatedAt,
}

/// Parameters of a list of plans. Ids, keys, versions and currencies are alternatives.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPlansParams {
    /// Deleted versions too.
    include_deleted: Option<bool>,
    /// These versions.
    #[serde(default)]
    #[param(required = false)]
    id: Vec<Ulid>,
    /// These plans.
    #[serde(default)]
    #[param(required = false)]
    key: Vec<Key>,
    /// These versions of plans.
    #[param(style = DeepObject, explode)]
    key_version: Option<BTreeMap<String, Vec<i32>>>,
    /// Versions in one of these states.
    #[serde(default)]
    #[param(required = false, inline)]
    status: Vec<PlanStatus>,
    /// Plans in these currencies.
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

/// Lists plan versions.
#[utoipa::path(
    get, path = "/api/v1/plans", operation_id = "listPlans", tag = "Product Catalog",
    params(PageQuery, ListPlansParams),
    responses((status = 200, body = Page<Plan>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListPlansParams>,
) -> Result<Json<Page<Plan>>, Problem> {
    use pb::list_plans_request::OrderBy as Wire;
    let window = page.window()?;
    let order_by = match params.order_by.unwrap_or_default() {
        PlanOrderBy::Id => Wire::Id,
        PlanOrderBy::Key => Wire::Key,
        PlanOrderBy::Version => Wire::Version,
        PlanOrderBy::CreatedAt => Wire::CreateTime,
        PlanOrderBy::UpdatedAt => Wire::UpdateTime,
    };
    let request = pb::ListPlansRequest {
        page: window.page,
        page_size: window.size,
        page_token: String::new(),
        ids: params.id.into_iter().map(Into::into).collect(),
        keys: params.key.into_iter().map(Into::into).collect(),
        key_versions: key_versions(params.key_version)
            .map(|(key, version)| pb::PlanKeyVersion { key, version })
            .collect(),
        currency_codes: params.currency.into_iter().map(Into::into).collect(),
        states: params
            .status
            .into_iter()
            .map(|status| status.into_proto().into())
            .collect(),
        include_deleted: params.include_deleted.unwrap_or_default(),
        order_by: order_by.into(),
        // The reference lists the newest first, whatever its contract says (catalog text §15).
        descending: params.order.unwrap_or(SortOrder::Desc).descending(),
    };
    let answer = call.take(call.clients().plans().list_plans(call.rpc(request)).await)?;
    let plans = answer
        .plans
        .into_iter()
        .map(Plan::from_proto)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::new(window, answer.total_size, plans)))
}

/// The pairs of a `keyVersion` parameter.
pub(crate) fn key_versions(
    param: Option<BTreeMap<String, Vec<i32>>>,
) -> impl Iterator<Item = (String, i32)> {
    param
        .unwrap_or_default()
        .into_iter()
        .flat_map(|(key, versions)| {
            versions
                .into_iter()
                .map(move |version| (key.clone(), version))
        })
}

/// Makes a draft.
#[utoipa::path(
    post, path = "/api/v1/plans", operation_id = "createPlan", tag = "Product Catalog",
    request_body = PlanCreate,
    responses((status = 201, body = Plan)),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<PlanCreate>,
) -> Result<(StatusCode, Json<Plan>), Problem> {
    let request = pb::CreatePlanRequest {
        plan: Some(new.into_proto()?),
        request_id: call.request_id(),
    };
    let answer = call.clients().plans().create_plan(call.rpc(request)).await;
    let answer = call.take(invalid_offer(INVALID, answer))?;
    let plan = Plan::from_proto(present(answer.plan)?)?;
    Ok((StatusCode::CREATED, Json(plan)))
}

/// Parameters of one plan.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct GetPlanParams {
    /// The highest version, whatever its state, where a key is given.
    pub include_latest: Option<bool>,
}

/// The plan version that a path names.
pub(crate) fn plan_ref(id_or_key: String, latest: bool) -> Option<pb::PlanRef> {
    Some(pb::PlanRef {
        r#ref: Some(pb::plan_ref::Ref::IdOrKey(id_or_key)),
        latest,
        ..pb::PlanRef::default()
    })
}

/// Shows a plan version: the one with the id, or the active one with the key.
#[utoipa::path(
    get, path = "/api/v1/plans/{planId}", operation_id = "getPlan", tag = "Product Catalog",
    params(("planId" = String, Path), GetPlanParams),
    responses((status = 200, body = Plan), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<GetPlanParams>,
) -> Result<Json<Plan>, Problem> {
    let request = pb::GetPlanRequest {
        plan: plan_ref(id, params.include_latest.unwrap_or_default()),
    };
    let answer = call.take(call.clients().plans().get_plan(call.rpc(request)).await)?;
    Plan::from_proto(present(answer.plan)?).map(Json)
}

/// Replaces the changeable part of a draft.
#[utoipa::path(
    put, path = "/api/v1/plans/{planId}", operation_id = "updatePlan", tag = "Product Catalog",
    params(("planId" = String, Path)),
    request_body = PlanReplaceUpdate,
    responses((status = 200, body = Plan), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn update(
    call: Call,
    Path(id): Path<String>,
    Body(update): Body<PlanReplaceUpdate>,
) -> Result<Json<Plan>, Problem> {
    let (plan, mask) = update.into_proto(id)?;
    let request = pb::UpdatePlanRequest {
        plan: Some(plan),
        update_mask: Some(mask),
        request_id: call.request_id(),
    };
    let answer = call.clients().plans().update_plan(call.rpc(request)).await;
    let answer = call.take(invalid_offer(INVALID, answer))?;
    Plan::from_proto(present(answer.plan)?).map(Json)
}

/// Deletes a version that is not active.
#[utoipa::path(
    delete, path = "/api/v1/plans/{planId}", operation_id = "deletePlan", tag = "Product Catalog",
    params(("planId" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let request = pb::DeletePlanRequest {
        id,
        request_id: call.request_id(),
    };
    call.take(call.clients().plans().delete_plan(call.rpc(request)).await)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Publishes a draft; the version that was active is archived.
#[utoipa::path(
    post, path = "/api/v1/plans/{planId}/publish", operation_id = "publishPlan", tag = "Product Catalog",
    params(("planId" = String, Path)),
    responses((status = 200, body = Plan), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn publish(call: Call, Path(id): Path<String>) -> Result<Json<Plan>, Problem> {
    let request = pb::PublishPlanRequest {
        id,
        effective_time: None,
        request_id: call.request_id(),
    };
    let answer = call.clients().plans().publish_plan(call.rpc(request)).await;
    let answer = call.take(invalid_offer(INVALID, answer))?;
    Plan::from_proto(present(answer.plan)?).map(Json)
}

/// Archives an active version; subscriptions to it go on.
#[utoipa::path(
    post, path = "/api/v1/plans/{planId}/archive", operation_id = "archivePlan", tag = "Product Catalog",
    params(("planId" = String, Path)),
    responses((status = 200, body = Plan), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn archive(call: Call, Path(id): Path<String>) -> Result<Json<Plan>, Problem> {
    let request = pb::ArchivePlanRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call.clients().plans().archive_plan(call.rpc(request)).await;
    let answer = call.take(invalid_offer(INVALID, answer))?;
    Plan::from_proto(present(answer.plan)?).map(Json)
}

/// Makes the draft of the next version.
#[utoipa::path(
    post, path = "/api/v1/plans/{planIdOrKey}/next", operation_id = "nextPlan", tag = "Product Catalog",
    params(("planIdOrKey" = String, Path)),
    responses((status = 201, body = Plan), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn next(
    call: Call,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Plan>), Problem> {
    let request = pb::CreateNextPlanVersionRequest {
        plan: plan_ref(id, false),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .plans()
        .create_next_plan_version(call.rpc(request))
        .await;
    let answer = call.take(invalid_offer(INVALID, answer))?;
    let plan = Plan::from_proto(present(answer.plan)?)?;
    Ok((StatusCode::CREATED, Json(plan)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_json;
    use serde_json::json;

    #[test]
    fn a_plan_without_proration_prorates() {
        let plan: PlanCreate = from_json(&json!({
            "key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M",
            "phases": [{"key": "default", "name": "Default", "duration": null, "rateCards": []}],
        }))
        .unwrap();
        let wire = plan.into_proto().unwrap();
        assert!(wire.pro_rating_config.unwrap().enabled);
    }

    #[test]
    fn a_plan_needs_a_phase() {
        let plan: PlanCreate = from_json(&json!({
            "key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [],
        }))
        .unwrap();
        assert!(plan.into_proto().is_err());
    }

    #[test]
    fn an_update_keeps_what_was_not_sent() {
        let update: PlanReplaceUpdate = from_json(&json!({
            "name": "Pro", "billingCadence": "P1M",
            "phases": [{"key": "default", "name": "Default", "duration": null, "rateCards": []}],
        }))
        .unwrap();
        let (_, mask) = update.into_proto("01J".into()).unwrap();
        assert_eq!(
            mask.paths,
            ["name", "billing_cadence", "pro_rating_config", "phases"]
        );
    }

    #[test]
    fn a_draft_without_complaints_says_null() {
        let plan = Plan::from_proto(pb::Plan {
            id: "01J".into(),
            state: pb::plan::State::Draft.into(),
            create_time: Some(prost_types::Timestamp::default()),
            update_time: Some(prost_types::Timestamp::default()),
            ..pb::Plan::default()
        })
        .unwrap();
        let shown = serde_json::to_value(plan).unwrap();
        assert_eq!(shown["validationErrors"], json!(null));
        assert_eq!(shown["status"], "draft");
        assert_eq!(
            shown["proRatingConfig"],
            json!({"enabled": true, "mode": "prorate_prices"})
        );
    }
}
