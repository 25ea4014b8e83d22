//! Subscriptions: what customers have that renews, whatever API it was written through (behaviour text §9). Everything
//! shown is computed by the subscription service. Reading, canceling and refunding one goes beyond the
//! documented operations, in the vendor's own shapes.

use axum::Json;
use contract::subscription::v1 as pb;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::customers::find;
use super::entitlements::Entitlement;
use super::error::Refusal;
use super::extract::{Call, Id, millis, optional_millis, present, some};
use super::joins::{Joined, Wanted};
use super::list::{List, PageParams, Parameters};
use super::money::{Environment, MonetaryAmount, Ownership, Store, environment};
use super::objects::SubscriptionObject;
use super::products::Product;

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SubscriptionStatus {
    Trialing,
    Active,
    Expired,
    InGracePeriod,
    InBillingRetry,
    Paused,
    Unknown,
    Incomplete,
}

impl SubscriptionStatus {
    fn from_proto(wire: pb::TermStatus) -> Result<Self, Refusal> {
        Ok(match wire {
            pb::TermStatus::Trialing => Self::Trialing,
            pb::TermStatus::Active => Self::Active,
            pb::TermStatus::Expired => Self::Expired,
            pb::TermStatus::InGracePeriod => Self::InGracePeriod,
            pb::TermStatus::InBillingRetry => Self::InBillingRetry,
            pb::TermStatus::Paused => Self::Paused,
            pb::TermStatus::Unknown => Self::Unknown,
            pb::TermStatus::Incomplete => Self::Incomplete,
            pb::TermStatus::Unspecified => return Err(Refusal::broken("status of a term")),
        })
    }
}

/// What happens at the end of the current period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AutoRenewalStatus {
    WillRenew,
    WillNotRenew,
    WillChangeProduct,
    WillPause,
    RequiresPriceIncreaseConsent,
    HasAlreadyRenewed,
}

impl AutoRenewalStatus {
    fn from_proto(wire: pb::AutoRenewalStatus) -> Result<Self, Refusal> {
        use pb::AutoRenewalStatus as Wire;
        Ok(match wire {
            Wire::WillRenew => Self::WillRenew,
            Wire::WillNotRenew => Self::WillNotRenew,
            Wire::WillChangeProduct => Self::WillChangeProduct,
            Wire::WillPause => Self::WillPause,
            Wire::RequiresPriceIncreaseConsent => Self::RequiresPriceIncreaseConsent,
            Wire::HasAlreadyRenewed => Self::HasAlreadyRenewed,
            Wire::Unspecified => return Err(Refusal::broken("renewal of a term")),
        })
    }
}

/// What is to change with the next period.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PendingChanges {
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<Product>,
}

/// A subscription.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Subscription {
    object: SubscriptionObject,
    #[schema(min_length = 1, max_length = 255)]
    id: String,
    /// Present owner.
    #[schema(min_length = 1, max_length = 1500)]
    customer_id: String,
    /// First owner.
    #[schema(min_length = 1, max_length = 1500)]
    original_customer_id: String,
    /// Null for promotional.
    #[schema(required, min_length = 1, max_length = 255)]
    product_id: Option<String>,
    starts_at: i64,
    current_period_starts_at: i64,
    /// Null when paused without a resume date.
    #[schema(required)]
    current_period_ends_at: Option<i64>,
    gives_access: bool,
    pending_payment: bool,
    auto_renewal_status: AutoRenewalStatus,
    status: SubscriptionStatus,
    total_revenue_in_usd: MonetaryAmount,
    #[schema(required, min_length = 1, max_length = 200)]
    presented_offering_id: Option<String>,
    entitlements: List<Entitlement>,
    environment: Environment,
    store: Store,
    #[schema(min_length = 1, max_length = 255)]
    store_subscription_identifier: String,
    ownership: Ownership,
    /// Filled when `auto_renewal_status` is `will_change_product`.
    pending_changes: Option<PendingChanges>,
    /// ISO 3166-1 alpha-2 code, null when unknown.
    country: Option<String>,
    #[schema(required)]
    management_url: Option<String>,
}

impl Subscription {
    fn from_proto(wire: pb::Term, joined: &Joined, call: &Call) -> Result<Self, Refusal> {
        let status = SubscriptionStatus::from_proto(wire.status())?;
        let renewal = AutoRenewalStatus::from_proto(wire.auto_renewal_status())?;
        let place = ["subscriptions", wire.short_id.as_str(), "entitlements"];
        Ok(Self {
            object: SubscriptionObject,
            entitlements: joined.embedded(call, &wire.product_id, &wire.entitlement_key, &place)?,
            customer_id: joined.owner(&wire.customer_id),
            original_customer_id: joined.owner(&wire.original_customer_id),
            starts_at: millis(wire.start_time.as_ref())?,
            current_period_starts_at: millis(wire.current_period_start_time.as_ref())?,
            current_period_ends_at: optional_millis(wire.current_period_end_time.as_ref())?,
            gives_access: wire.gives_access,
            pending_payment: wire.pending_payment,
            auto_renewal_status: renewal,
            status,
            environment: Environment::from_proto(wire.environment()),
            store: Store::from_proto(wire.store())?,
            ownership: Ownership::from_proto(wire.ownership()),
            pending_changes: (renewal == AutoRenewalStatus::WillChangeProduct).then(|| {
                PendingChanges {
                    product: joined.product(&wire.pending_product_id),
                }
            }),
            total_revenue_in_usd: MonetaryAmount::from_proto(wire.revenue)?,
            id: wire.short_id,
            product_id: some(wire.product_short_id),
            presented_offering_id: some(wire.presented_offering_id),
            store_subscription_identifier: wire.store_subscription_identifier,
            country: some(wire.country_code),
            management_url: some(wire.management_url),
        })
    }
}

/// Reads what subscriptions show of other things.
async fn join(call: &Call, terms: &[pb::Term]) -> Result<Joined, Refusal> {
    let mut wanted = Wanted::default();
    for term in terms {
        wanted.customers.insert(term.customer_id.clone());
        wanted.customers.insert(term.original_customer_id.clone());
        wanted.products.insert(term.product_id.clone());
        wanted.keys.insert(term.entitlement_key.clone());
        wanted.pending.insert(term.pending_product_id.clone());
    }
    Joined::read(call, wanted).await
}

async fn show(call: &Call, term: Option<pb::Term>) -> Result<Subscription, Refusal> {
    let term = present(term)?;
    let joined = join(call, std::slice::from_ref(&term)).await?;
    Subscription::from_proto(term, &joined, call)
}

/// Which transactions of a customer are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "written for the document; read from the raw query"
)]
pub(crate) struct EnvironmentParams {
    /// Only those of one environment.
    environment: Option<Environment>,
}

/// List the subscriptions of a customer.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/customers/{customer_id}/subscriptions",
    operation_id = "listSubscriptions", tag = "Customer",
    params(
        ("project_id" = String, Path), ("customer_id" = String, Path), EnvironmentParams, PageParams,
    ),
    responses((status = 200, body = List<Subscription>)),
    extensions(("x-permission" = json!("customer_information:subscriptions:read"))),
)]
pub(crate) async fn list(
    call: Call,
    Id(id): Id,
    query: Parameters,
) -> Result<Json<List<Subscription>>, Refusal> {
    let environment = environment(query.text("environment")?)?;
    let paging = query.paging()?;
    let customer = find(&call, &id).await?;
    let request = pb::ListTermsRequest {
        customer_id: customer.id,
        page_size: paging.limit,
        after_id: paging.after,
        environment: environment.into(),
        ..pb::ListTermsRequest::default()
    };
    let answer = call.clients().terms().list_terms(call.rpc(request)).await;
    let page = call.take(answer)?;
    let joined = join(&call, &page.terms).await?;
    let shown = page
        .terms
        .into_iter()
        .map(|term| Subscription::from_proto(term, &joined, &call))
        .collect::<Result<Vec<_>, _>>()?;
    let more = !page.next_page_token.is_empty();
    Ok(Json(call.page(&query, shown, more, |subscription| {
        &subscription.id
    })))
}

async fn find_term(call: &Call, id: String) -> Result<Option<pb::Term>, Refusal> {
    let answer = call
        .clients()
        .terms()
        .get_term(call.rpc(pb::GetTermRequest { id }))
        .await;
    Ok(call.take(answer)?.term)
}

/// Read a subscription.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/subscriptions/{subscription_id}",
    operation_id = "getSubscription", tag = "Subscription",
    params(("project_id" = String, Path), ("subscription_id" = String, Path)),
    responses((status = 200, body = Subscription)),
    extensions(("x-permission" = json!("customer_information:subscriptions:read"))),
)]
pub(crate) async fn get(call: Call, Id(id): Id) -> Result<Json<Subscription>, Refusal> {
    let term = find_term(&call, id).await?;
    Ok(Json(show(&call, term).await?))
}

/// List the entitlements that a subscription gives.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/subscriptions/{subscription_id}/entitlements",
    operation_id = "listSubscriptionEntitlements", tag = "Subscription",
    params(("project_id" = String, Path), ("subscription_id" = String, Path), PageParams),
    responses((status = 200, body = List<Entitlement>)),
    extensions(("x-permission" = json!("customer_information:subscriptions:read"))),
)]
pub(crate) async fn list_entitlements(
    call: Call,
    Id(id): Id,
    query: Parameters,
) -> Result<Json<List<Entitlement>>, Refusal> {
    query.paging()?;
    let term = present(find_term(&call, id).await?)?;
    let joined = join(&call, std::slice::from_ref(&term)).await?;
    let page = joined.page(&call, &query, &term.product_id, &term.entitlement_key)?;
    Ok(Json(page))
}

/// Cancel a subscription at the end of its period.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/subscriptions/{subscription_id}/actions/cancel",
    operation_id = "cancelSubscription", tag = "Subscription",
    params(("project_id" = String, Path), ("subscription_id" = String, Path)),
    responses((status = 200, body = Subscription)),
    extensions(("x-permission" = json!("customer_information:subscriptions:read_write"))),
)]
pub(crate) async fn cancel(call: Call, Id(id): Id) -> Result<Json<Subscription>, Refusal> {
    let request = pb::CancelTermRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call.clients().terms().cancel_term(call.rpc(request)).await;
    let term = call.take(answer)?.term;
    Ok(Json(show(&call, term).await?))
}

/// Refund the last payment of a subscription and end its access.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/subscriptions/{subscription_id}/actions/refund",
    operation_id = "refundSubscription", tag = "Subscription",
    params(("project_id" = String, Path), ("subscription_id" = String, Path)),
    responses((status = 200, body = Subscription)),
    extensions(("x-permission" = json!("customer_information:subscriptions:read_write"))),
)]
pub(crate) async fn refund(call: Call, Id(id): Id) -> Result<Json<Subscription>, Refusal> {
    let request = pb::RefundTermRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call.clients().terms().refund_term(call.rpc(request)).await;
    let term = call.take(answer)?.term;
    Ok(Json(show(&call, term).await?))
}
