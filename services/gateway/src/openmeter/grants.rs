//! Grants: what usage of a metered entitlement burns (metering text §10).

use axum::Json;
use axum::http::StatusCode;
use contract::customer::v1 as customer;
use contract::entitlement::v1 as pb;
use jiff::ToSpan as _;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::customers::customer_ref;
use super::entitlement_input::{ExpirationDuration, ExpirationPeriod, GrantCreate, GrantCreateV2};
use super::entitlements::{DeletedParams, RecurringPeriod, of_customer};
use super::entitlements_v1::{customer_of_subject, customers_of_subjects};
use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::page::{Listing, OffsetQuery, Page, PageQuery, SortOrder, Span};
use super::scalars::{Annotations, Metadata, Number, Time, Ulid, annotations_of_json, metadata};
use super::value::{all_pages, broken, number_or_zero, present, required_time, time};

/// A grant as the older version shows it, always with an expiration.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntitlementGrant {
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    amount: Number,
    priority: i32,
    effective_at: Time,
    expiration: ExpirationPeriod,
    max_rollover_amount: Number,
    min_rollover_amount: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    #[schema(value_type = Ulid)]
    id: String,
    entitlement_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_recurrence: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voided_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recurrence: Option<RecurringPeriod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
}

/// A grant.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntitlementGrantV2 {
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    amount: Number,
    priority: i32,
    effective_at: Time,
    min_rollover_amount: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    max_rollover_amount: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<ExpirationPeriod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
    #[schema(value_type = Ulid)]
    id: String,
    entitlement_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_recurrence: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voided_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recurrence: Option<RecurringPeriod>,
}

impl EntitlementGrantV2 {
    fn from_proto(wire: pb::Grant) -> Result<Self, Problem> {
        Ok(Self {
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            amount: number_or_zero(wire.amount.as_ref())?,
            priority: wire.priority,
            effective_at: required_time(wire.effective_time.as_ref())?,
            min_rollover_amount: number_or_zero(wire.min_rollover_amount.as_ref())?,
            metadata: metadata(wire.metadata),
            max_rollover_amount: number_or_zero(wire.max_rollover_amount.as_ref())?,
            expiration: wire.expiration.as_ref().map(ExpirationPeriod::from_proto),
            annotations: annotations_of_json(wire.annotations),
            id: wire.id,
            entitlement_id: wire.entitlement_id,
            next_recurrence: time(wire.next_recurrence_time.as_ref())?,
            expires_at: time(wire.expire_time.as_ref())?,
            voided_at: time(wire.void_time.as_ref())?,
            recurrence: wire
                .recurrence
                .map(|recurrence| {
                    RecurringPeriod::new(recurrence.interval, recurrence.anchor_time.as_ref())
                })
                .transpose()?,
        })
    }
}

/// What the older version tells of a grant that does not expire (metering text §10.2).
const FOREVER_YEARS: i32 = 100;

impl EntitlementGrant {
    fn from_proto(wire: pb::Grant, now: kernel::Timestamp) -> Result<Self, Problem> {
        let grant = EntitlementGrantV2::from_proto(wire)?;
        let (expiration, expires_at) = match grant.expiration {
            Some(expiration) => (expiration, grant.expires_at),
            None => {
                let far = now
                    .to_zoned(jiff::tz::TimeZone::UTC)
                    .checked_add(FOREVER_YEARS.years())
                    .map_err(|error| broken("clock", &error))?;
                let expiration = ExpirationPeriod {
                    duration: ExpirationDuration::Year,
                    count: FOREVER_YEARS,
                };
                (expiration, Some(Time(far.timestamp())))
            }
        };
        Ok(Self {
            created_at: grant.created_at,
            updated_at: grant.updated_at,
            deleted_at: grant.deleted_at,
            amount: grant.amount,
            priority: grant.priority,
            effective_at: grant.effective_at,
            expiration,
            max_rollover_amount: grant.max_rollover_amount,
            min_rollover_amount: grant.min_rollover_amount,
            metadata: grant.metadata,
            id: grant.id,
            entitlement_id: grant.entitlement_id,
            next_recurrence: grant.next_recurrence,
            expires_at,
            voided_at: grant.voided_at,
            recurrence: grant.recurrence,
            annotations: grant.annotations,
        })
    }
}

/// Sort key of a list of grants.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum GrantOrderBy {
    /// By id.
    Id,
    /// By time of making.
    CreatedAt,
    /// By time of the last change.
    UpdatedAt,
}

fn order_by(order: Option<GrantOrderBy>) -> pb::list_grants_request::OrderBy {
    use pb::list_grants_request::OrderBy as Wire;
    match order {
        None => Wire::EffectiveTime,
        Some(GrantOrderBy::Id) => Wire::Id,
        Some(GrantOrderBy::CreatedAt) => Wire::CreateTime,
        Some(GrantOrderBy::UpdatedAt) => Wire::UpdateTime,
    }
}

async fn make(
    call: &Call,
    entitlement: Option<pb::EntitlementRef>,
    grant: pb::NewGrant,
) -> Result<pb::Grant, Problem> {
    let request = pb::CreateGrantRequest {
        entitlement,
        grant: Some(grant),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .grants()
        .create_grant(call.rpc(request))
        .await;
    present(call.take(answer)?.grant)
}

/// Adds a grant to a subject's entitlement.
#[utoipa::path(
    post, path = "/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/grants",
    operation_id = "createGrant", tag = "Entitlements",
    params(("subjectIdOrKey" = String, Path), ("entitlementIdOrFeatureKey" = String, Path)),
    request_body = GrantCreate,
    responses(
        (status = 201, body = EntitlementGrant), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn create_of_subject(
    call: Call,
    Path((subject, id)): Path<(String, String)>,
    Body(new): Body<GrantCreate>,
) -> Result<(StatusCode, Json<EntitlementGrant>), Problem> {
    let customer = customer_of_subject(&call, subject).await?;
    let entitlement = of_customer(customer_ref(customer.id), id);
    let wire = make(&call, entitlement, new.into_proto()).await?;
    let grant = EntitlementGrant::from_proto(wire, call.now())?;
    Ok((StatusCode::CREATED, Json(grant)))
}

/// Adds a grant to a customer's entitlement.
#[utoipa::path(
    post, path = "/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/grants",
    operation_id = "createCustomerEntitlementGrantV2", tags = ["Entitlements", "Customers"],
    params(("customerIdOrKey" = String, Path), ("entitlementIdOrFeatureKey" = String, Path)),
    request_body = GrantCreateV2,
    responses(
        (status = 201, body = EntitlementGrantV2), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn create_of_customer(
    call: Call,
    Path((customer, id)): Path<(String, String)>,
    Body(new): Body<GrantCreateV2>,
) -> Result<(StatusCode, Json<EntitlementGrantV2>), Problem> {
    let entitlement = of_customer(customer_ref(customer), id);
    let wire = make(&call, entitlement, new.into_proto()).await?;
    Ok((
        StatusCode::CREATED,
        Json(EntitlementGrantV2::from_proto(wire)?),
    ))
}

/// Order of the grants of an entitlement.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct GrantOrderParams {
    /// Sort key.
    #[param(inline)]
    order_by: Option<GrantOrderBy>,
}

/// Lists the grants of a subject's entitlement.
#[utoipa::path(
    get, path = "/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/grants",
    operation_id = "listEntitlementGrants", tag = "Entitlements",
    params(
        ("subjectIdOrKey" = String, Path), ("entitlementIdOrFeatureKey" = String, Path),
        DeletedParams, GrantOrderParams,
    ),
    responses((status = 200, body = Vec<EntitlementGrant>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn list_of_subject(
    call: Call,
    Path((subject, id)): Path<(String, String)>,
    Query(deleted): Query<DeletedParams>,
    Query(params): Query<GrantOrderParams>,
) -> Result<Json<Vec<EntitlementGrant>>, Problem> {
    let customer = customer_of_subject(&call, subject).await?;
    let entitlement = of_customer(customer_ref(customer.id), id);
    let wires = all_pages(async |page_token| {
        let request = pb::ListGrantsRequest {
            entitlement: entitlement.clone(),
            include_deleted: deleted.include_deleted.unwrap_or_default(),
            order_by: order_by(params.order_by.or(Some(GrantOrderBy::UpdatedAt))).into(),
            page_size: 250,
            page_token,
            ..pb::ListGrantsRequest::default()
        };
        let answer = call.clients().grants().list_grants(call.rpc(request)).await;
        let answer = call.take(answer)?;
        Ok((answer.grants, answer.next_page_token))
    })
    .await?;
    wires
        .into_iter()
        .map(|wire| EntitlementGrant::from_proto(wire, call.now()))
        .collect::<Result<_, _>>()
        .map(Json)
}

/// Order of a list of grants.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct GrantListOrder {
    /// Direction.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<GrantOrderBy>,
}

/// Reads the pages of a span.
async fn read(
    call: &Call,
    span: &Span,
    wanted: &pb::ListGrantsRequest,
) -> Result<(Vec<pb::Grant>, i64), Problem> {
    let (mut grants, mut total) = (Vec::new(), 0);
    for window in &span.pages {
        let request = pb::ListGrantsRequest {
            page: window.page,
            page_size: window.size,
            ..wanted.clone()
        };
        let answer = call.clients().grants().list_grants(call.rpc(request)).await;
        let answer = call.take(answer)?;
        grants.extend(answer.grants);
        total = answer.total_size;
    }
    Ok((span.cut(grants), total))
}

/// Lists the grants of a customer's entitlement.
#[utoipa::path(
    get, path = "/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/grants",
    operation_id = "listCustomerEntitlementGrantsV2", tags = ["Entitlements", "Customers"],
    params(
        ("customerIdOrKey" = String, Path), ("entitlementIdOrFeatureKey" = String, Path),
        DeletedParams, PageQuery, OffsetQuery, GrantListOrder,
    ),
    responses((status = 200, body = Page<EntitlementGrantV2>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn list_of_customer(
    call: Call,
    Path((customer, id)): Path<(String, String)>,
    Query(deleted): Query<DeletedParams>,
    Query(page): Query<PageQuery>,
    Query(offset): Query<OffsetQuery>,
    Query(params): Query<GrantListOrder>,
) -> Result<Json<Page<EntitlementGrantV2>>, Problem> {
    let span = page.or_offset(offset)?;
    let wanted = pb::ListGrantsRequest {
        entitlement: of_customer(customer_ref(customer), id),
        include_deleted: deleted.include_deleted.unwrap_or_default(),
        order_by: order_by(params.order_by.or(Some(GrantOrderBy::CreatedAt))).into(),
        descending: params.order.unwrap_or_default().descending(),
        ..pb::ListGrantsRequest::default()
    };
    let (grants, total) = read(&call, &span, &wanted).await?;
    let items = grants
        .into_iter()
        .map(EntitlementGrantV2::from_proto)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::new(span.shown, total, items)))
}

/// Parameters of a list of grants.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListGrantsParams {
    /// Grants on these features, by id or key.
    #[serde(default)]
    #[param(required = false)]
    feature: Vec<String>,
    /// Grants of these subjects.
    #[serde(default)]
    #[param(required = false)]
    subject: Vec<String>,
}

/// Lists grants: as an array, or as a page when one is asked for.
#[utoipa::path(
    get, path = "/api/v1/grants", operation_id = "listGrants", tag = "Entitlements",
    params(ListGrantsParams, DeletedParams, PageQuery, OffsetQuery, GrantListOrder),
    responses((status = 200, body = Listing<EntitlementGrant>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(params): Query<ListGrantsParams>,
    Query(deleted): Query<DeletedParams>,
    Query(page): Query<PageQuery>,
    Query(offset): Query<OffsetQuery>,
    Query(order): Query<GrantListOrder>,
) -> Result<Json<Listing<EntitlementGrant>>, Problem> {
    let span = page.or_offset(offset)?;
    let of_subjects = !params.subject.is_empty();
    let customer_ids: Vec<String> = if of_subjects {
        customers_of_subjects(&call, params.subject)
            .await?
            .into_iter()
            .map(|customer| customer.id)
            .collect()
    } else {
        Vec::new()
    };
    let (grants, total) = if of_subjects && customer_ids.is_empty() {
        // Subjects of nobody have no grants; an empty filter would mean all.
        (Vec::new(), 0)
    } else {
        let wanted = pb::ListGrantsRequest {
            customer_ids,
            features: params.feature,
            include_deleted: deleted.include_deleted.unwrap_or_default(),
            order_by: order_by(order.order_by).into(),
            descending: order.order.unwrap_or_default().descending(),
            ..pb::ListGrantsRequest::default()
        };
        read(&call, &span, &wanted).await?
    };
    let items = grants
        .into_iter()
        .map(|wire| EntitlementGrant::from_proto(wire, call.now()))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(if page.is_given() {
        Listing::Page(Page::new(span.shown, total, items))
    } else {
        Listing::All(items)
    }))
}

/// Parameters of a list of grants.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListGrantsV2Params {
    /// Grants on these features, by id or key.
    #[serde(default)]
    #[param(required = false)]
    feature: Vec<String>,
    /// Grants of these customers, by id or key.
    #[serde(default)]
    #[param(required = false)]
    customer: Vec<String>,
}

/// Lists grants.
#[utoipa::path(
    get, path = "/api/v2/grants", operation_id = "listGrantsV2", tag = "Entitlements",
    params(ListGrantsV2Params, DeletedParams, PageQuery, OffsetQuery, GrantListOrder),
    responses((status = 200, body = Page<EntitlementGrantV2>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn list_v2(
    call: Call,
    Query(params): Query<ListGrantsV2Params>,
    Query(deleted): Query<DeletedParams>,
    Query(page): Query<PageQuery>,
    Query(offset): Query<OffsetQuery>,
    Query(order): Query<GrantListOrder>,
) -> Result<Json<Page<EntitlementGrantV2>>, Problem> {
    let span = page.or_offset(offset)?;
    let customers: Vec<customer::CustomerRef> =
        params.customer.into_iter().map(customer_ref).collect();
    let wanted = pb::ListGrantsRequest {
        customers,
        features: params.feature,
        include_deleted: deleted.include_deleted.unwrap_or_default(),
        order_by: order_by(order.order_by).into(),
        descending: order.order.unwrap_or_default().descending(),
        ..pb::ListGrantsRequest::default()
    };
    let (grants, total) = read(&call, &span, &wanted).await?;
    let items = grants
        .into_iter()
        .map(EntitlementGrantV2::from_proto)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::new(span.shown, total, items)))
}

/// When a grant becomes void.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct VoidGrantParams {
    /// Now when absent.
    at: Option<Time>,
}

/// Makes a grant void; what it paid for stays paid.
#[utoipa::path(
    delete, path = "/api/v1/grants/{grantId}", operation_id = "voidGrant", tag = "Entitlements",
    params(("grantId" = String, Path), VoidGrantParams),
    responses(
        (status = 204), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn void(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<VoidGrantParams>,
) -> Result<StatusCode, Problem> {
    let request = pb::VoidGrantRequest {
        id,
        void_time: params.at.map(Into::into),
        request_id: call.request_id(),
    };
    call.take(call.clients().grants().void_grant(call.rpc(request)).await)?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use contract::convert::decimal;
    use serde_json::json;

    #[test]
    fn the_older_version_always_shows_an_expiration() {
        let zero = || Some(prost_types::Timestamp::default());
        let wire = pb::Grant {
            id: "G".into(),
            amount: Some(decimal(100.into())),
            effective_time: zero(),
            create_time: zero(),
            update_time: zero(),
            annotations: [("issueAfterReset".to_owned(), "true".to_owned())].into(),
            ..pb::Grant::default()
        };
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let v1 = EntitlementGrant::from_proto(wire.clone(), now).unwrap();
        let v1 = serde_json::to_value(v1).unwrap();
        assert_eq!(v1["expiration"], json!({"duration": "YEAR", "count": 100}));
        assert_eq!(v1["expiresAt"], "2126-01-01T00:00:00Z");
        let v2 = serde_json::to_value(EntitlementGrantV2::from_proto(wire).unwrap()).unwrap();
        assert_eq!(v2.get("expiration"), None);
        assert_eq!(v2.get("expiresAt"), None);
        assert_eq!(v2["annotations"], json!({"issueAfterReset": true}));
        assert_eq!(v2["priority"], 0);
    }
}
