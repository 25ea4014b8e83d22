//! Entitlements by subject, the older version of the contract (metering text §8 and §14).

use axum::Json;
use axum::http::StatusCode;
use contract::customer::v1 as customer;
use contract::entitlement::v1 as pb;
use serde::Deserialize;
use utoipa::IntoParams;

use super::customers::customer_ref;
use super::entitlement_input::EntitlementCreate;
use super::entitlements::{
    DeletedParams, Entitlement, EntitlementOrderBy, EntitlementType, Owner, by_id, of_customer,
    with_owners,
};
use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::page::{Listing, OffsetQuery, Page, PageQuery, SortOrder};
use super::subjects;
use super::value::{all_pages, present};

/// The customer of a subject that a path names (metering text §5.4): a subject that is
/// unknown or belongs to nobody is 404, a deleted one 412.
pub(crate) async fn customer_of_subject(
    call: &Call,
    subject: String,
) -> Result<customer::Customer, Problem> {
    let subject = subjects::find(call, subject).await?;
    if subject.delete_time.is_some() {
        return Err(Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "subject is deleted",
        ));
    }
    let mut customers = customers_of_subjects(call, vec![subject.key.clone()]).await?;
    customers
        .pop()
        .ok_or_else(|| Problem::not_found(format!("customer of subject {} not found", subject.key)))
}

/// The customers that these subjects belong to; subjects of nobody are left out.
pub(crate) async fn customers_of_subjects(
    call: &Call,
    subject_keys: Vec<String>,
) -> Result<Vec<customer::Customer>, Problem> {
    let request = customer::ResolveSubjectsRequest { subject_keys };
    let answer = call
        .clients()
        .customers()
        .resolve_subjects(call.rpc(request))
        .await;
    Ok(call.take(answer)?.customers)
}

/// Lists the active entitlements of a subject.
#[utoipa::path(
    get, path = "/api/v1/subjects/{subjectIdOrKey}/entitlements",
    operation_id = "listSubjectEntitlements", tag = "Entitlements",
    params(("subjectIdOrKey" = String, Path), DeletedParams),
    responses((status = 200, body = Vec<Entitlement>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn list_of_subject(
    call: Call,
    Path(subject): Path<String>,
    Query(params): Query<DeletedParams>,
) -> Result<Json<Vec<Entitlement>>, Problem> {
    let customer = customer_of_subject(&call, subject).await?;
    let include_deleted = params.include_deleted.unwrap_or_default();
    let wires = all_pages(async |page_token| {
        let request = pb::ListEntitlementsRequest {
            customer_ids: vec![customer.id.clone()],
            active_only: !include_deleted,
            include_deleted,
            page_size: 250,
            page_token,
            ..pb::ListEntitlementsRequest::default()
        };
        let answer = call
            .clients()
            .entitlements()
            .list_entitlements(call.rpc(request))
            .await;
        let answer = call.take(answer)?;
        Ok((answer.entitlements, answer.next_page_token))
    })
    .await?;
    let owner = Owner::of(&customer);
    wires
        .into_iter()
        .map(|wire| Entitlement::from_proto(wire, &owner))
        .collect::<Result<_, _>>()
        .map(Json)
}

/// Gives a subject's customer access to a feature.
#[utoipa::path(
    post, path = "/api/v1/subjects/{subjectIdOrKey}/entitlements",
    operation_id = "createEntitlement", tag = "Entitlements",
    params(("subjectIdOrKey" = String, Path)),
    request_body = EntitlementCreate,
    responses(
        (status = 201, body = Entitlement), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn create(
    call: Call,
    Path(subject): Path<String>,
    Body(new): Body<EntitlementCreate>,
) -> Result<(StatusCode, Json<Entitlement>), Problem> {
    let customer = customer_of_subject(&call, subject).await?;
    let request = pb::CreateEntitlementRequest {
        entitlement: Some(new.into_proto(customer_ref(customer.id.clone()))?),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .entitlements()
        .create_entitlement(call.rpc(request))
        .await;
    let wire = present(call.take(answer)?.entitlement)?;
    let shown = Entitlement::from_proto(wire, &Owner::of(&customer))?;
    Ok((StatusCode::CREATED, Json(shown)))
}

/// Reads an entitlement by id.
pub(crate) async fn find(call: &Call, id: String) -> Result<pb::Entitlement, Problem> {
    let request = pb::GetEntitlementRequest {
        entitlement: by_id(id),
    };
    let answer = call
        .clients()
        .entitlements()
        .get_entitlement(call.rpc(request))
        .await;
    present(call.take(answer)?.entitlement)
}

/// Shows an entitlement; the subject is not compared (metering text §14.3).
#[utoipa::path(
    get, path = "/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementId}",
    operation_id = "getEntitlement", tag = "Entitlements",
    params(("subjectIdOrKey" = String, Path), ("entitlementId" = String, Path)),
    responses((status = 200, body = Entitlement), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get_of_subject(
    call: Call,
    Path((_subject, id)): Path<(String, String)>,
) -> Result<Json<Entitlement>, Problem> {
    show(&call, id).await
}

/// Shows an entitlement.
#[utoipa::path(
    get, path = "/api/v1/entitlements/{entitlementId}", operation_id = "getEntitlementById", tag = "Entitlements",
    params(("entitlementId" = String, Path)),
    responses((status = 200, body = Entitlement), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(call: Call, Path(id): Path<String>) -> Result<Json<Entitlement>, Problem> {
    show(&call, id).await
}

async fn show(call: &Call, id: String) -> Result<Json<Entitlement>, Problem> {
    let wire = find(call, id).await?;
    let owner = Owner::of_id(call, &wire.customer_id).await?;
    Entitlement::from_proto(wire, &owner).map(Json)
}

/// Takes access away.
#[utoipa::path(
    delete, path = "/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementId}",
    operation_id = "deleteEntitlement", tag = "Entitlements",
    params(("subjectIdOrKey" = String, Path), ("entitlementId" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(
    call: Call,
    Path((_subject, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let request = pb::DeleteEntitlementRequest {
        entitlement: by_id(id),
        etag: String::new(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .entitlements()
        .delete_entitlement(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends an entitlement and starts another one for the same feature.
#[utoipa::path(
    put, path = "/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/override",
    operation_id = "overrideEntitlement", tag = "Entitlements",
    params(("subjectIdOrKey" = String, Path), ("entitlementIdOrFeatureKey" = String, Path)),
    request_body = EntitlementCreate,
    responses(
        (status = 201, body = Entitlement), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn replace(
    call: Call,
    Path((subject, id)): Path<(String, String)>,
    Body(new): Body<EntitlementCreate>,
) -> Result<(StatusCode, Json<Entitlement>), Problem> {
    let customer = customer_of_subject(&call, subject).await?;
    let of = customer_ref(customer.id.clone());
    let request = pb::OverrideEntitlementRequest {
        entitlement: of_customer(of.clone(), id),
        replacement: Some(new.into_proto(of)?),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .entitlements()
        .override_entitlement(call.rpc(request))
        .await;
    let wire = present(call.take(answer)?.entitlement)?;
    let shown = Entitlement::from_proto(wire, &Owner::of(&customer))?;
    Ok((StatusCode::CREATED, Json(shown)))
}

/// Parameters of a list of entitlements.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListEntitlementsParams {
    /// Entitlements on these features, by id or key.
    #[serde(default)]
    #[param(required = false)]
    feature: Vec<String>,
    /// Entitlements of these subjects.
    #[serde(default)]
    #[param(required = false)]
    subject: Vec<String>,
    /// Entitlements of these kinds.
    #[serde(default)]
    #[param(required = false, inline)]
    entitlement_type: Vec<EntitlementType>,
    /// Only those that are active now.
    exclude_inactive: Option<bool>,
    /// Direction.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<EntitlementOrderBy>,
}

/// Lists entitlements: as an array, or as a page when one is asked for.
#[utoipa::path(
    get, path = "/api/v1/entitlements", operation_id = "listEntitlements", tag = "Entitlements",
    params(PageQuery, OffsetQuery, ListEntitlementsParams),
    responses((status = 200, body = Listing<Entitlement>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(page): Query<PageQuery>,
    Query(offset): Query<OffsetQuery>,
    Query(params): Query<ListEntitlementsParams>,
) -> Result<Json<Listing<Entitlement>>, Problem> {
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
    let (mut wires, mut total) = (Vec::new(), 0);
    // Subjects of nobody have no entitlements; an empty filter would mean all.
    if !of_subjects || !customer_ids.is_empty() {
        for window in &span.pages {
            let request = pb::ListEntitlementsRequest {
                customer_ids: customer_ids.clone(),
                features: params.feature.clone(),
                kinds: params
                    .entitlement_type
                    .iter()
                    .map(|kind| kind.into_proto().into())
                    .collect(),
                active_only: params.exclude_inactive.unwrap_or_default(),
                order_by: params.order_by.unwrap_or_default().into_proto().into(),
                descending: params.order.unwrap_or_default().descending(),
                page: window.page,
                page_size: window.size,
                ..pb::ListEntitlementsRequest::default()
            };
            let answer = call
                .clients()
                .entitlements()
                .list_entitlements(call.rpc(request))
                .await;
            let answer = call.take(answer)?;
            wires.extend(answer.entitlements);
            total = answer.total_size;
        }
    }
    let items = with_owners(&call, span.cut(wires), Entitlement::from_proto).await?;
    Ok(Json(if page.is_given() {
        Listing::Page(Page::new(span.shown, total, items))
    } else {
        Listing::All(items)
    }))
}
