//! Offerings: selections of packages that client apps show (behaviour text §7).

use std::collections::HashMap;

use axum::Json;
use axum::http::StatusCode;
use contract::catalog::v1 as pb;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::entitlements::ExpandParams;
use super::error::Refusal;
use super::extract::{Body, Call, Id, Text, filled, millis, nullable, present};
use super::list::{EMBEDDED, List, PageParams, Parameters};
use super::objects::{DeletedKind, DeletedObject, OfferingObject};
use super::packages::{self, Package};

/// An offering. `packages` is present only when expanded.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Offering {
    object: OfferingObject,
    #[schema(min_length = 1, max_length = 255)]
    id: String,
    #[schema(min_length = 1, max_length = 200)]
    lookup_key: String,
    #[schema(min_length = 1, max_length = 1500)]
    display_name: String,
    /// At most one offering of a project is current.
    is_current: bool,
    created_at: i64,
    #[schema(min_length = 1, max_length = 20)]
    project_id: String,
    /// Free-form JSON object, or null.
    metadata: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packages: Option<List<Package>>,
}

/// What of an offering is expanded.
#[derive(Clone, Copy)]
struct Expanded {
    packages: bool,
    products: bool,
}

/// Offerings, with their first packages and those with their first products if they are
/// expanded.
async fn show(
    call: &Call,
    offerings: Vec<pb::Offering>,
    expanded: Expanded,
) -> Result<Vec<Offering>, Refusal> {
    let mut lists = HashMap::new();
    if expanded.packages {
        let request = pb::BatchListPackagesRequest {
            offering_ids: offerings
                .iter()
                .map(|offering| offering.id.clone())
                .collect(),
            limit: EMBEDDED,
        };
        let answer = call
            .clients()
            .packages()
            .batch_list_packages(call.rpc(request))
            .await;
        let found = call.take(answer)?.offerings;
        // All packages are shown at once, and dealt out again.
        let counts: Vec<(String, usize, bool)> = found
            .iter()
            .map(|list| (list.offering_id.clone(), list.packages.len(), list.has_more))
            .collect();
        let all = found.into_iter().flat_map(|list| list.packages).collect();
        let mut shown = packages::show(call, all, expanded.products)
            .await?
            .into_iter();
        for (offering, count, more) in counts {
            let own: Vec<Package> = shown.by_ref().take(count).collect();
            lists.insert(offering, (own, more));
        }
    }
    offerings
        .into_iter()
        .map(|wire| {
            let packages = expanded.packages.then(|| {
                let (packages, more) = lists.remove(&wire.id).unwrap_or_default();
                let place = ["offerings", &wire.short_id, "packages"];
                call.embedded(&place, packages, more, |package| &package.id)
            });
            Ok(Offering {
                object: OfferingObject,
                created_at: millis(wire.create_time.as_ref())?,
                id: wire.short_id,
                lookup_key: wire.lookup_key,
                display_name: wire.display_name,
                is_current: wire.is_current,
                project_id: call.project().to_owned(),
                metadata: metadata(&wire.metadata_json)?,
                packages,
            })
        })
        .collect()
}

fn metadata(json: &str) -> Result<Option<Map<String, Value>>, Refusal> {
    if json.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(json)
        .map(Some)
        .map_err(|_| Refusal::broken("metadata of an offering"))
}

async fn show_one(
    call: &Call,
    offering: Option<pb::Offering>,
    expanded: Expanded,
) -> Result<Offering, Refusal> {
    let shown = show(call, vec![present(offering)?], expanded).await?;
    present(shown.into_iter().next())
}

const PLAIN: Expanded = Expanded {
    packages: false,
    products: false,
};

fn expanded(query: &Parameters, known: [&str; 2]) -> Result<Expanded, Refusal> {
    Ok(Expanded {
        packages: query.expands(&known, known[0])?,
        products: query.expands(&known, known[1])?,
    })
}

/// List offerings.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/offerings", operation_id = "listOfferings",
    tag = "Offering", params(("project_id" = String, Path), PageParams, ExpandParams),
    responses((status = 200, body = List<Offering>)),
    extensions(
        ("x-permission" = json!("project_configuration:offerings:read")),
        ("x-expand-permission" = json!({
            "items.package": "project_configuration:packages:read",
            "items.package.product": "project_configuration:products:read",
        })),
    ),
)]
pub(crate) async fn list(call: Call, query: Parameters) -> Result<Json<List<Offering>>, Refusal> {
    let paging = query.paging()?;
    let expanded = expanded(&query, ["items.package", "items.package.product"])?;
    let request = pb::ListOfferingsRequest {
        page_size: paging.limit,
        after_id: paging.after,
        ..pb::ListOfferingsRequest::default()
    };
    let answer = call
        .clients()
        .offerings()
        .list_offerings(call.rpc(request))
        .await;
    let page = call.take(answer)?;
    let offerings = show(&call, page.offerings, expanded).await?;
    let more = !page.next_page_token.is_empty();
    Ok(Json(
        call.page(&query, offerings, more, |offering| &offering.id),
    ))
}

/// A new offering.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfferingCreate {
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    lookup_key: Text<1, 200>,
    #[schema(value_type = String, min_length = 1, max_length = 1500)]
    display_name: Text<1, 1500>,
    /// Free-form JSON object, or null.
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
}

fn json_text(metadata: Option<Map<String, Value>>) -> String {
    metadata.map_or_else(String::new, |fields| Value::Object(fields).to_string())
}

/// Create an offering.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/offerings", operation_id = "createOffering",
    tag = "Offering", params(("project_id" = String, Path)), request_body = OfferingCreate,
    responses((status = 201, body = Offering)),
    extensions(("x-permission" = json!("project_configuration:offerings:read_write"))),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<OfferingCreate>,
) -> Result<(StatusCode, Json<Offering>), Refusal> {
    let request = pb::CreateOfferingRequest {
        offering: Some(pb::Offering {
            lookup_key: new.lookup_key.into(),
            display_name: new.display_name.into(),
            metadata_json: json_text(new.metadata),
            ..pb::Offering::default()
        }),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .offerings()
        .create_offering(call.rpc(request))
        .await;
    let made = call.take(answer)?.offering;
    Ok((
        StatusCode::CREATED,
        Json(show_one(&call, made, PLAIN).await?),
    ))
}

async fn find(call: &Call, id: String) -> Result<Option<pb::Offering>, Refusal> {
    let answer = call
        .clients()
        .offerings()
        .get_offering(call.rpc(pb::GetOfferingRequest { id }))
        .await;
    Ok(call.take(answer)?.offering)
}

/// Read an offering.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/offerings/{offering_id}", operation_id = "getOffering",
    tag = "Offering",
    params(("project_id" = String, Path), ("offering_id" = String, Path), ExpandParams),
    responses((status = 200, body = Offering)),
    extensions(
        ("x-permission" = json!("project_configuration:offerings:read")),
        ("x-expand-permission" = json!({
            "package": "project_configuration:packages:read",
            "package.product": "project_configuration:products:read",
        })),
    ),
)]
pub(crate) async fn get(
    call: Call,
    Id(id): Id,
    query: Parameters,
) -> Result<Json<Offering>, Refusal> {
    let expanded = expanded(&query, ["package", "package.product"])?;
    let offering = find(&call, id).await?;
    Ok(Json(show_one(&call, offering, expanded).await?))
}

/// A changed offering.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfferingUpdate {
    #[serde(default, deserialize_with = "filled")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1500)]
    display_name: Option<Text<1, 1500>>,
    #[serde(default, deserialize_with = "filled")]
    is_current: Option<bool>,
    /// Free-form JSON object; null erases it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Map<String, Value>>)]
    metadata: Option<Option<Map<String, Value>>>,
}

/// Change an offering.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/offerings/{offering_id}",
    operation_id = "updateOffering", tag = "Offering",
    params(("project_id" = String, Path), ("offering_id" = String, Path)),
    request_body = OfferingUpdate, responses((status = 200, body = Offering)),
    extensions(("x-permission" = json!("project_configuration:offerings:read_write"))),
)]
pub(crate) async fn update(
    call: Call,
    Id(id): Id,
    Body(change): Body<OfferingUpdate>,
) -> Result<Json<Offering>, Refusal> {
    let paths: Vec<String> = [
        ("display_name", change.display_name.is_some()),
        ("is_current", change.is_current.is_some()),
        ("metadata_json", change.metadata.is_some()),
    ]
    .into_iter()
    .filter(|(_, sent)| *sent)
    .map(|(path, _)| path.to_owned())
    .collect();
    if paths.is_empty() {
        let offering = find(&call, id).await?;
        return Ok(Json(show_one(&call, offering, PLAIN).await?));
    }
    let request = pb::UpdateOfferingRequest {
        offering: Some(pb::Offering {
            id,
            display_name: change.display_name.map(Into::into).unwrap_or_default(),
            is_current: change.is_current.unwrap_or_default(),
            metadata_json: json_text(change.metadata.flatten()),
            ..pb::Offering::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths }),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .offerings()
        .update_offering(call.rpc(request))
        .await;
    let offering = call.take(answer)?.offering;
    Ok(Json(show_one(&call, offering, PLAIN).await?))
}

/// Delete an offering with its packages.
#[utoipa::path(
    delete, path = "/v2/projects/{project_id}/offerings/{offering_id}",
    operation_id = "deleteOffering", tag = "Offering",
    params(("project_id" = String, Path), ("offering_id" = String, Path)),
    responses((status = 200, body = DeletedObject)),
    extensions(("x-permission" = json!("project_configuration:offerings:read_write"))),
)]
pub(crate) async fn delete(call: Call, Id(id): Id) -> Result<Json<DeletedObject>, Refusal> {
    let request = pb::DeleteOfferingRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .offerings()
        .delete_offering(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let id = present(answer.offering)?.short_id;
    DeletedObject::new(DeletedKind::Offering, id, answer.delete_time)
}
