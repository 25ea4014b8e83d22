//! Subscriptions: a customer on a plan, and everything that can happen to it
//! (catalog text §9 to §12).

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::http::StatusCode;
use contract::catalog::v1 as catalog;
use contract::subscription::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::customers;
use super::error::{Problem, ProblemDocument, subscription_refusal};
use super::extract::{Body, Call, Path, Query};
use super::page::{Page, PageQuery, SortOrder, Window};
use super::plans::{Alignment, CustomPlanInput, ProRatingConfig, ProRatingMode};
use super::scalars::{
    Annotations, CurrencyCode, ExternalKey, Filled, Key, Metadata, Time, Ulid, annotations,
    metadata, optional,
};
use super::subscription_input::{EditOperation, PlanReferenceInput, SubscriptionTiming};
use super::subscription_view::SubscriptionExpanded;
use super::value::{all_pages, known, present, required_time, time};

/// Where a subscription stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SubscriptionStatus {
    /// It runs.
    Active,
    /// It is over.
    Inactive,
    /// It runs, and its end is known.
    Canceled,
    /// It has not started.
    Scheduled,
}

impl SubscriptionStatus {
    fn into_proto(self) -> pb::SubscriptionStatus {
        match self {
            Self::Active => pb::SubscriptionStatus::Active,
            Self::Inactive => pb::SubscriptionStatus::Inactive,
            Self::Canceled => pb::SubscriptionStatus::Canceled,
            Self::Scheduled => pb::SubscriptionStatus::Scheduled,
        }
    }

    fn from_proto(wire: i32) -> Result<Self, Problem> {
        match known(wire)? {
            pb::SubscriptionStatus::Unspecified | pb::SubscriptionStatus::Inactive => {
                Ok(Self::Inactive)
            }
            pb::SubscriptionStatus::Active => Ok(Self::Active),
            pb::SubscriptionStatus::Canceled => Ok(Self::Canceled),
            pb::SubscriptionStatus::Scheduled => Ok(Self::Scheduled),
        }
    }
}

/// The plan version that a subscription was made from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanReference {
    #[schema(value_type = Ulid)]
    id: String,
    #[schema(value_type = Key)]
    key: String,
    version: i32,
}

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscription {
    #[schema(value_type = Ulid)]
    pub id: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    pub created_at: Time,
    pub updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Time>,
    pub active_from: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_to: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alignment: Option<Alignment>,
    pub status: SubscriptionStatus,
    #[schema(value_type = Ulid)]
    pub customer_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanReference>,
    #[schema(value_type = CurrencyCode)]
    pub currency: String,
    pub billing_cadence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pro_rating_config: Option<ProRatingConfig>,
    pub billing_anchor: Time,
}

impl Subscription {
    pub(crate) fn from_proto(wire: pb::Subscription) -> Result<Self, Problem> {
        let prorates = match known(wire.proration_mode)? {
            pb::ProrationMode::Unspecified | pb::ProrationMode::None => false,
            pb::ProrationMode::ProratePrices => true,
        };
        Ok(Self {
            id: wire.id,
            name: wire.name,
            description: optional(wire.description),
            metadata: metadata(wire.metadata),
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            active_from: required_time(wire.active_from_time.as_ref())?,
            active_to: time(wire.active_to_time.as_ref())?,
            annotations: annotations(wire.annotations),
            alignment: Some(Alignment {
                billables_must_align: Some(true),
            }),
            status: SubscriptionStatus::from_proto(wire.status)?,
            customer_id: wire.customer_id,
            plan: wire.plan.map(|plan| PlanReference {
                id: plan.id,
                key: plan.key,
                version: plan.version,
            }),
            currency: wire.currency_code,
            billing_cadence: wire.billing_cadence,
            pro_rating_config: Some(ProRatingConfig {
                enabled: prorates,
                mode: ProRatingMode::ProratePrices,
            }),
            billing_anchor: required_time(wire.billing_anchor_time.as_ref())?,
        })
    }
}

/// A subscription to make: of a plan, or with a plan of its own in `customPlan`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionCreate {
    #[expect(dead_code, reason = "accepted and ignored, everything aligns")]
    alignment: Option<Alignment>,
    metadata: Option<Metadata>,
    plan: Option<PlanReferenceInput>,
    custom_plan: Option<CustomPlanInput>,
    starting_phase: Option<Filled>,
    name: Option<String>,
    description: Option<String>,
    timing: Option<SubscriptionTiming>,
    customer_id: Option<Ulid>,
    customer_key: Option<ExternalKey>,
    billing_anchor: Option<Time>,
}

fn source(
    plan: Option<PlanReferenceInput>,
    custom: Option<CustomPlanInput>,
) -> Result<pb::SubscriptionSource, Problem> {
    use pb::subscription_source::Source;
    let source = match (custom, plan) {
        (Some(custom), _) => Source::CustomPlan(custom.into_proto()?),
        (None, Some(plan)) => Source::Plan(plan.into_proto()),
        (None, None) => return Err(Problem::invalid("plan: is required")),
    };
    Ok(pb::SubscriptionSource {
        source: Some(source),
    })
}

impl SubscriptionCreate {
    fn into_proto(self, request_id: String) -> Result<pb::CreateSubscriptionRequest, Problem> {
        use pb::create_subscription_request::Customer;
        let customer = match (self.customer_id, self.customer_key) {
            (Some(id), _) => Customer::CustomerId(id.into()),
            (None, Some(key)) => Customer::CustomerKey(key.into()),
            (None, None) => return Err(Problem::invalid("customer id or key is required")),
        };
        Ok(pb::CreateSubscriptionRequest {
            customer: Some(customer),
            source: Some(source(self.plan, self.custom_plan)?),
            timing: self.timing.map(SubscriptionTiming::into_proto),
            billing_anchor_time: self.billing_anchor.map(Into::into),
            starting_phase_key: self.starting_phase.map(String::from).unwrap_or_default(),
            name: self.name.unwrap_or_default(),
            description: self.description.unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            request_id,
        })
    }
}

/// Starts a subscription.
#[utoipa::path(
    post, path = "/api/v1/subscriptions", operation_id = "createSubscription", tag = "Subscriptions",
    request_body = SubscriptionCreate,
    responses(
        (status = 201, body = Subscription), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<SubscriptionCreate>,
) -> Result<(StatusCode, Json<Subscription>), Problem> {
    let request = new.into_proto(call.request_id())?;
    let answer = call
        .clients()
        .subscriptions()
        .create_subscription(call.rpc(request))
        .await;
    let view = present(call.take(subscription_refusal(answer))?.view)?;
    let subscription = Subscription::from_proto(present(view.subscription)?)?;
    Ok((StatusCode::CREATED, Json(subscription)))
}

/// Parameters of one subscription.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct GetSubscriptionParams {
    /// The instant to look at; now when absent.
    at: Option<Time>,
}

/// Shows a subscription with its phases and items.
#[utoipa::path(
    get, path = "/api/v1/subscriptions/{subscriptionId}", operation_id = "getSubscription", tag = "Subscriptions",
    params(("subscriptionId" = String, Path), GetSubscriptionParams),
    responses((status = 200, body = SubscriptionExpanded), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<GetSubscriptionParams>,
) -> Result<Json<SubscriptionExpanded>, Problem> {
    let request = pb::GetSubscriptionRequest {
        id,
        time: params.at.map(Into::into),
    };
    let answer = call
        .clients()
        .subscriptions()
        .get_subscription(call.rpc(request))
        .await;
    let view = present(call.take(answer)?.view)?;
    SubscriptionExpanded::load(&call, view).await.map(Json)
}

/// Changes of a running subscription, applied one after the other.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionEdit {
    #[schema(max_items = 100)]
    customizations: Vec<EditOperation>,
    timing: Option<SubscriptionTiming>,
}

/// Changes a running subscription.
#[utoipa::path(
    patch, path = "/api/v1/subscriptions/{subscriptionId}", operation_id = "editSubscription", tag = "Subscriptions",
    params(("subscriptionId" = String, Path)),
    request_body = SubscriptionEdit,
    responses(
        (status = 200, body = Subscription), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn edit(
    call: Call,
    Path(id): Path<String>,
    Body(edit): Body<SubscriptionEdit>,
) -> Result<Json<Subscription>, Problem> {
    const MAX_OPERATIONS: usize = 100;
    if edit.customizations.is_empty() {
        return Err(Problem::invalid("missing customizations"));
    }
    if edit.customizations.len() > MAX_OPERATIONS {
        return Err(Problem::invalid(
            "customizations: must have at most 100 items",
        ));
    }
    let request = pb::EditSubscriptionRequest {
        id,
        operations: edit
            .customizations
            .into_iter()
            .map(EditOperation::into_proto)
            .collect(),
        timing: edit.timing.map(SubscriptionTiming::into_proto),
        etag: String::new(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .subscriptions()
        .edit_subscription(call.rpc(request))
        .await;
    let answer = call.take(subscription_refusal(answer))?;
    Subscription::from_proto(present(answer.subscription)?).map(Json)
}

/// Deletes a subscription that has not started.
#[utoipa::path(
    delete, path = "/api/v1/subscriptions/{subscriptionId}", operation_id = "deleteSubscription", tag = "Subscriptions",
    params(("subscriptionId" = String, Path)),
    responses(
        (status = 204), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn delete(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let request = pb::DeleteSubscriptionRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .subscriptions()
        .delete_subscription(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

/// When a subscription ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CancelSubscription {
    timing: Option<SubscriptionTiming>,
}

/// Ends a subscription, now or later.
#[utoipa::path(
    post, path = "/api/v1/subscriptions/{subscriptionId}/cancel", operation_id = "cancelSubscription", tag = "Subscriptions",
    params(("subscriptionId" = String, Path)),
    request_body = CancelSubscription,
    responses(
        (status = 200, body = Subscription), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn cancel(
    call: Call,
    Path(id): Path<String>,
    Body(cancel): Body<CancelSubscription>,
) -> Result<Json<Subscription>, Problem> {
    let request = pb::CancelSubscriptionRequest {
        id,
        timing: cancel.timing.map(SubscriptionTiming::into_proto),
        etag: String::new(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .subscriptions()
        .cancel_subscription(call.rpc(request))
        .await;
    Subscription::from_proto(present(call.take(answer)?.subscription)?).map(Json)
}

/// Takes a scheduled end back.
#[utoipa::path(
    post, path = "/api/v1/subscriptions/{subscriptionId}/unschedule-cancelation",
    operation_id = "unscheduleCancelation", tag = "Subscriptions",
    params(("subscriptionId" = String, Path)),
    responses(
        (status = 200, body = Subscription), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn unschedule_cancelation(
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<Subscription>, Problem> {
    let request = pb::UnscheduleCancellationRequest {
        id,
        etag: String::new(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .subscriptions()
        .unschedule_cancellation(call.rpc(request))
        .await;
    let answer = call.take(subscription_refusal(answer))?;
    Subscription::from_proto(present(answer.subscription)?).map(Json)
}

/// Takes a scheduled end back, and deletes what was scheduled to follow.
#[utoipa::path(
    post, path = "/api/v1/subscriptions/{subscriptionId}/restore", operation_id = "restoreSubscription", tag = "Subscriptions",
    params(("subscriptionId" = String, Path)),
    responses((status = 200, body = Subscription), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn restore(
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<Subscription>, Problem> {
    let request = pb::RestoreSubscriptionRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .subscriptions()
        .restore_subscription(call.rpc(request))
        .await;
    let answer = call.take(subscription_refusal(answer))?;
    Subscription::from_proto(present(answer.subscription)?).map(Json)
}

/// A change to another plan, or to a plan of its own in `customPlan`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionChange {
    timing: SubscriptionTiming,
    #[expect(dead_code, reason = "accepted and ignored, everything aligns")]
    alignment: Option<Alignment>,
    metadata: Option<Metadata>,
    plan: Option<PlanReferenceInput>,
    custom_plan: Option<CustomPlanInput>,
    starting_phase: Option<Filled>,
    name: Option<String>,
    description: Option<String>,
    billing_anchor: Option<Time>,
}

/// The subscription that ends and the one that follows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionChangeResponse {
    current: Subscription,
    next: SubscriptionExpanded,
}

impl SubscriptionChangeResponse {
    async fn load(
        call: &Call,
        current: Option<pb::Subscription>,
        next: Option<pb::SubscriptionView>,
    ) -> Result<Json<Self>, Problem> {
        Ok(Json(Self {
            current: Subscription::from_proto(present(current)?)?,
            next: SubscriptionExpanded::load(call, present(next)?).await?,
        }))
    }
}

/// Ends a subscription and starts another one in its place.
#[utoipa::path(
    post, path = "/api/v1/subscriptions/{subscriptionId}/change", operation_id = "changeSubscription", tag = "Subscriptions",
    params(("subscriptionId" = String, Path)),
    request_body = SubscriptionChange,
    responses(
        (status = 200, body = SubscriptionChangeResponse), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn change(
    call: Call,
    Path(id): Path<String>,
    Body(change): Body<SubscriptionChange>,
) -> Result<Json<SubscriptionChangeResponse>, Problem> {
    let request = pb::ChangeSubscriptionRequest {
        id,
        source: Some(source(change.plan, change.custom_plan)?),
        timing: Some(change.timing.into_proto()),
        billing_anchor_time: change.billing_anchor.map(Into::into),
        starting_phase_key: change.starting_phase.map(String::from).unwrap_or_default(),
        name: change.name.unwrap_or_default(),
        description: change.description.unwrap_or_default(),
        metadata: change.metadata.unwrap_or_default(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .subscriptions()
        .change_subscription(call.rpc(request))
        .await;
    let answer = call.take(subscription_refusal(answer))?;
    SubscriptionChangeResponse::load(&call, answer.current, answer.next).await
}

/// A move to another version of the same plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MigrateSubscription {
    timing: Option<SubscriptionTiming>,
    #[schema(minimum = 1)]
    target_version: Option<i32>,
    starting_phase: Option<Filled>,
    billing_anchor: Option<Time>,
}

/// Moves a subscription to another version of its plan.
#[utoipa::path(
    post, path = "/api/v1/subscriptions/{subscriptionId}/migrate", operation_id = "migrateSubscription", tag = "Subscriptions",
    params(("subscriptionId" = String, Path)),
    request_body = MigrateSubscription,
    responses(
        (status = 200, body = SubscriptionChangeResponse), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn migrate(
    call: Call,
    Path(id): Path<String>,
    Body(migrate): Body<MigrateSubscription>,
) -> Result<Json<SubscriptionChangeResponse>, Problem> {
    if migrate.target_version.is_some_and(|version| version < 1) {
        return Err(Problem::invalid("targetVersion: must be at least 1"));
    }
    let request = pb::MigrateSubscriptionRequest {
        id,
        target_version: migrate.target_version.unwrap_or_default(),
        timing: migrate.timing.map(SubscriptionTiming::into_proto),
        billing_anchor_time: migrate.billing_anchor.map(Into::into),
        starting_phase_key: migrate.starting_phase.map(String::from).unwrap_or_default(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .subscriptions()
        .migrate_subscription(call.rpc(request))
        .await;
    let answer = call.take(subscription_refusal(answer))?;
    SubscriptionChangeResponse::load(&call, answer.current, answer.next).await
}

/// Sort key of a customer's subscriptions.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CustomerSubscriptionOrderBy {
    /// By start.
    #[default]
    ActiveFrom,
    /// By end.
    ActiveTo,
}

/// Parameters of a customer's subscriptions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListCustomerSubscriptionsParams {
    /// Subscriptions in one of these states.
    #[serde(default)]
    #[param(required = false, inline)]
    status: Vec<SubscriptionStatus>,
    /// Direction; DESC when absent.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<CustomerSubscriptionOrderBy>,
}

/// Lists a customer's subscriptions.
#[utoipa::path(
    get, path = "/api/v1/customers/{customerIdOrKey}/subscriptions",
    operation_id = "listCustomerSubscriptions", tag = "Customers",
    params(("customerIdOrKey" = String, Path), PageQuery, ListCustomerSubscriptionsParams),
    responses((status = 200, body = Page<Subscription>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn list_of_customer(
    call: Call,
    Path(customer): Path<String>,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListCustomerSubscriptionsParams>,
) -> Result<Json<Page<Subscription>>, Problem> {
    use pb::list_subscriptions_request::OrderBy as Wire;
    let window = page.window()?;
    let customer = customers::find_live(&call, customer).await?;
    let order_by = match params.order_by.unwrap_or_default() {
        CustomerSubscriptionOrderBy::ActiveFrom => Wire::ActiveFrom,
        CustomerSubscriptionOrderBy::ActiveTo => Wire::ActiveTo,
    };
    let wanted = pb::ListSubscriptionsRequest {
        customer_id: customer.id,
        statuses: params
            .status
            .into_iter()
            .map(|status| status.into_proto().into())
            .collect(),
        order_by: order_by.into(),
        ascending: params.order == Some(SortOrder::Asc),
        ..pb::ListSubscriptionsRequest::default()
    };
    if !page.is_given() {
        // All of them, in an envelope that says so (catalog text §9.8).
        let wires = all_pages(async |page_token| {
            let request = pb::ListSubscriptionsRequest {
                page_size: 250,
                page_token,
                ..wanted.clone()
            };
            let answer = call
                .clients()
                .subscriptions()
                .list_subscriptions(call.rpc(request))
                .await;
            let answer = call.take(answer)?;
            Ok((answer.subscriptions, answer.next_page_token))
        })
        .await?;
        let total = i64::try_from(wires.len()).unwrap_or(i64::MAX);
        let everything = Window { page: 0, size: 0 };
        return Ok(Json(Page::new(everything, total, shown(wires)?)));
    }
    let request = pb::ListSubscriptionsRequest {
        page: window.page,
        page_size: window.size,
        ..wanted
    };
    let answer = call
        .clients()
        .subscriptions()
        .list_subscriptions(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    Ok(Json(Page::new(
        window,
        answer.total_size,
        shown(answer.subscriptions)?,
    )))
}

fn shown(wires: Vec<pb::Subscription>) -> Result<Vec<Subscription>, Problem> {
    wires.into_iter().map(Subscription::from_proto).collect()
}

/// The features of these ids, archived ones too: one call for all of them.
pub(crate) async fn features(
    call: &Call,
    ids: BTreeSet<String>,
) -> Result<BTreeMap<String, catalog::Feature>, Problem> {
    let ids: Vec<String> = ids.into_iter().collect();
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(100) {
        let request = catalog::BatchGetFeaturesRequest {
            ids: chunk.to_vec(),
            keys: Vec::new(),
            include_archived: true,
        };
        let answer = call
            .clients()
            .features()
            .batch_get_features(call.rpc(request))
            .await;
        found.extend(
            call.take(answer)?
                .features
                .into_iter()
                .map(|feature| (feature.id.clone(), feature)),
        );
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_json;
    use serde_json::json;

    fn request(body: serde_json::Value) -> Result<pb::CreateSubscriptionRequest, Problem> {
        from_json::<SubscriptionCreate>(&body)
            .unwrap()
            .into_proto(String::new())
    }

    #[test]
    fn a_subscription_is_of_a_plan_or_has_its_own() {
        let of_plan = request(json!({
            "plan": {"key": "pro", "version": 3}, "customerKey": "acme", "timing": "immediate",
        }))
        .unwrap();
        assert!(matches!(
            of_plan.source.unwrap().source.unwrap(),
            pb::subscription_source::Source::Plan(plan) if plan.key == "pro"
        ));
        let custom = request(json!({
            "customPlan": {
                "name": "Own", "currency": "USD", "billingCadence": "P1M",
                "phases": [{"key": "p", "name": "P", "duration": null, "rateCards": []}],
            },
            "plan": {"key": "pro"},
            "customerId": "01J00000000000000000000000", "customerKey": "acme",
        }))
        .unwrap();
        assert!(matches!(
            custom.source.unwrap().source.unwrap(),
            pb::subscription_source::Source::CustomPlan(_)
        ));
        assert!(matches!(
            custom.customer.unwrap(),
            pb::create_subscription_request::Customer::CustomerId(_)
        ));
        assert!(request(json!({"customerKey": "acme"})).is_err());
        assert!(request(json!({"plan": {"key": "pro"}})).is_err());
    }
}
