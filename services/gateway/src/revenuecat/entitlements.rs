//! Entitlements: levels of access that products give (behaviour text §7).

use std::collections::HashMap;

use axum::Json;
use axum::http::StatusCode;
use contract::catalog::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::Refusal;
use super::extract::{Body, Call, Id, Text, millis, present};
use super::list::{EMBEDDED, List, PageParams, Parameters};
use super::objects::{DeletedKind, DeletedObject, EntitlementObject};
use super::products::{Apps, Product, show_all};

/// An entitlement. `products` is present only when expanded.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Entitlement {
    object: EntitlementObject,
    #[schema(min_length = 1, max_length = 20)]
    project_id: String,
    #[schema(min_length = 1, max_length = 255)]
    pub id: String,
    #[schema(min_length = 1, max_length = 200)]
    lookup_key: String,
    #[schema(min_length = 1, max_length = 1500)]
    display_name: String,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    products: Option<List<Product>>,
}

impl Entitlement {
    pub(crate) fn from_proto(
        wire: pb::EntitlementDefinition,
        project: &str,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            object: EntitlementObject,
            project_id: project.to_owned(),
            created_at: millis(wire.create_time.as_ref())?,
            id: wire.short_id,
            lookup_key: wire.lookup_key,
            display_name: wire.display_name,
            products: None,
        })
    }
}

/// Entitlements, with their first products if those are expanded.
async fn show(
    call: &Call,
    definitions: Vec<pb::EntitlementDefinition>,
    expand: bool,
) -> Result<Vec<Entitlement>, Refusal> {
    if !expand {
        return definitions
            .into_iter()
            .map(|definition| Entitlement::from_proto(definition, call.project()))
            .collect();
    }
    let request = pb::BatchListEntitlementProductsRequest {
        ids: definitions
            .iter()
            .map(|definition| definition.id.clone())
            .collect(),
        limit: EMBEDDED,
    };
    let answer = call
        .clients()
        .entitlement_definitions()
        .batch_list_entitlement_products(call.rpc(request))
        .await;
    let found = call.take(answer)?.entitlements;
    let apps = Apps::of(call, found.iter().flat_map(|list| &list.products)).await?;
    let mut lists: HashMap<String, pb::EntitlementProducts> = found
        .into_iter()
        .map(|list| (list.entitlement_definition_id.clone(), list))
        .collect();
    definitions
        .into_iter()
        .map(|definition| {
            let list = lists.remove(&definition.id).unwrap_or_default();
            let mut entitlement = Entitlement::from_proto(definition, call.project())?;
            let products = list
                .products
                .into_iter()
                .map(|product| apps.show(product, call, false))
                .collect::<Result<Vec<_>, _>>()?;
            let place = ["entitlements", &entitlement.id, "products"];
            let products = call.embedded(&place, products, list.has_more, |product| &product.id);
            entitlement.products = Some(products);
            Ok(entitlement)
        })
        .collect()
}

async fn show_one(
    call: &Call,
    definition: Option<pb::EntitlementDefinition>,
    expand: bool,
) -> Result<Entitlement, Refusal> {
    let shown = show(call, vec![present(definition)?], expand).await?;
    present(shown.into_iter().next())
}

/// What is shown of an entitlement.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "written for the document; read from the raw query"
)]
pub(crate) struct ExpandParams {
    /// Repeat the parameter, or separate by commas, to expand several.
    expand: Option<Vec<String>>,
}

/// List entitlements.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/entitlements", operation_id = "listEntitlements",
    tag = "Entitlement", params(("project_id" = String, Path), PageParams, ExpandParams),
    responses((status = 200, body = List<Entitlement>)),
    extensions(
        ("x-permission" = json!("project_configuration:entitlements:read")),
        ("x-expand-permission" = json!({"items.product": "project_configuration:products:read"})),
    ),
)]
pub(crate) async fn list(
    call: Call,
    query: Parameters,
) -> Result<Json<List<Entitlement>>, Refusal> {
    let paging = query.paging()?;
    let expand = query.expands(&["items.product"], "items.product")?;
    let request = pb::ListEntitlementDefinitionsRequest {
        page_size: paging.limit,
        after_id: paging.after,
        ..pb::ListEntitlementDefinitionsRequest::default()
    };
    let answer = call
        .clients()
        .entitlement_definitions()
        .list_entitlement_definitions(call.rpc(request))
        .await;
    let page = call.take(answer)?;
    let entitlements = show(&call, page.entitlement_definitions, expand).await?;
    let more = !page.next_page_token.is_empty();
    Ok(Json(call.page(&query, entitlements, more, |entitlement| {
        &entitlement.id
    })))
}

/// A new entitlement.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntitlementCreate {
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    lookup_key: Text<1, 200>,
    #[schema(value_type = String, min_length = 1, max_length = 1500)]
    display_name: Text<1, 1500>,
}

/// Create an entitlement.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/entitlements", operation_id = "createEntitlement",
    tag = "Entitlement", params(("project_id" = String, Path)), request_body = EntitlementCreate,
    responses((status = 201, body = Entitlement)),
    extensions(("x-permission" = json!("project_configuration:entitlements:read_write"))),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<EntitlementCreate>,
) -> Result<(StatusCode, Json<Entitlement>), Refusal> {
    let request = pb::CreateEntitlementDefinitionRequest {
        entitlement_definition: Some(pb::EntitlementDefinition {
            lookup_key: new.lookup_key.into(),
            display_name: new.display_name.into(),
            ..pb::EntitlementDefinition::default()
        }),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .entitlement_definitions()
        .create_entitlement_definition(call.rpc(request))
        .await;
    let made = call.take(answer)?.entitlement_definition;
    Ok((
        StatusCode::CREATED,
        Json(show_one(&call, made, false).await?),
    ))
}

/// Read an entitlement.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/entitlements/{entitlement_id}",
    operation_id = "getEntitlement", tag = "Entitlement",
    params(("project_id" = String, Path), ("entitlement_id" = String, Path), ExpandParams),
    responses((status = 200, body = Entitlement)),
    extensions(
        ("x-permission" = json!("project_configuration:entitlements:read")),
        ("x-expand-permission" = json!({"product": "project_configuration:products:read"})),
    ),
)]
pub(crate) async fn get(
    call: Call,
    Id(id): Id,
    query: Parameters,
) -> Result<Json<Entitlement>, Refusal> {
    let expand = query.expands(&["product"], "product")?;
    let answer = call
        .clients()
        .entitlement_definitions()
        .get_entitlement_definition(call.rpc(pb::GetEntitlementDefinitionRequest { id }))
        .await;
    let found = call.take(answer)?.entitlement_definition;
    Ok(Json(show_one(&call, found, expand).await?))
}

/// A changed entitlement.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntitlementUpdate {
    #[schema(value_type = String, min_length = 1, max_length = 1500)]
    display_name: Text<1, 1500>,
}

/// Change an entitlement.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/entitlements/{entitlement_id}",
    operation_id = "updateEntitlement", tag = "Entitlement",
    params(("project_id" = String, Path), ("entitlement_id" = String, Path)),
    request_body = EntitlementUpdate, responses((status = 200, body = Entitlement)),
    extensions(("x-permission" = json!("project_configuration:entitlements:read_write"))),
)]
pub(crate) async fn update(
    call: Call,
    Id(id): Id,
    Body(change): Body<EntitlementUpdate>,
) -> Result<Json<Entitlement>, Refusal> {
    let request = pb::UpdateEntitlementDefinitionRequest {
        entitlement_definition: Some(pb::EntitlementDefinition {
            id,
            display_name: change.display_name.into(),
            ..pb::EntitlementDefinition::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["display_name".to_owned()],
        }),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .entitlement_definitions()
        .update_entitlement_definition(call.rpc(request))
        .await;
    let changed = call.take(answer)?.entitlement_definition;
    Ok(Json(show_one(&call, changed, false).await?))
}

/// Delete an entitlement.
#[utoipa::path(
    delete, path = "/v2/projects/{project_id}/entitlements/{entitlement_id}",
    operation_id = "deleteEntitlement", tag = "Entitlement",
    params(("project_id" = String, Path), ("entitlement_id" = String, Path)),
    responses((status = 200, body = DeletedObject)),
    extensions(("x-permission" = json!("project_configuration:entitlements:read_write"))),
)]
pub(crate) async fn delete(call: Call, Id(id): Id) -> Result<Json<DeletedObject>, Refusal> {
    let request = pb::DeleteEntitlementDefinitionRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .entitlement_definitions()
        .delete_entitlement_definition(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let id = present(answer.entitlement_definition)?.short_id;
    DeletedObject::new(DeletedKind::Entitlement, id, answer.delete_time)
}

/// List the products that give an entitlement.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/entitlements/{entitlement_id}/products",
    operation_id = "listEntitlementProducts", tag = "Entitlement",
    params(("project_id" = String, Path), ("entitlement_id" = String, Path), PageParams),
    responses((status = 200, body = List<Product>)),
    extensions(("x-permission" = json!("project_configuration:entitlements:read"))),
)]
pub(crate) async fn list_products(
    call: Call,
    Id(id): Id,
    query: Parameters,
) -> Result<Json<List<Product>>, Refusal> {
    let paging = query.paging()?;
    let request = pb::ListEntitlementProductsRequest {
        id,
        page_size: paging.limit,
        after_id: paging.after,
        ..pb::ListEntitlementProductsRequest::default()
    };
    let answer = call
        .clients()
        .entitlement_definitions()
        .list_entitlement_products(call.rpc(request))
        .await;
    let page = call.take(answer)?;
    let products = show_all(&call, page.products, false).await?;
    let more = !page.next_page_token.is_empty();
    Ok(Json(
        call.page(&query, products, more, |product| &product.id),
    ))
}

/// Some products.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductIds {
    /// IDs of products.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 50)]
    product_ids: Vec<Text<1, 255>>,
}

impl ProductIds {
    /// The ids, of which there must be 1 to 50.
    pub(crate) fn checked(self) -> Result<Vec<String>, Refusal> {
        if (1..=50).contains(&self.product_ids.len()) {
            Ok(self.product_ids.into_iter().map(Into::into).collect())
        } else {
            Err(Refusal::parameter("product_ids", "must have 1 to 50 items"))
        }
    }
}

/// Attach products to an entitlement.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/entitlements/{entitlement_id}/actions/attach_products",
    operation_id = "attachProductsToEntitlement", tag = "Entitlement",
    params(("project_id" = String, Path), ("entitlement_id" = String, Path)),
    request_body = ProductIds, responses((status = 200, body = Entitlement)),
    extensions(("x-permission" = json!("project_configuration:entitlements:read_write"))),
)]
pub(crate) async fn attach(
    call: Call,
    Id(id): Id,
    Body(ids): Body<ProductIds>,
) -> Result<Json<Entitlement>, Refusal> {
    let request = pb::AttachEntitlementProductsRequest {
        id,
        product_ids: ids.checked()?,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .entitlement_definitions()
        .attach_entitlement_products(call.rpc(request))
        .await;
    let definition = call.take(answer)?.entitlement_definition;
    Ok(Json(show_one(&call, definition, false).await?))
}

/// Detach products from an entitlement.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/entitlements/{entitlement_id}/actions/detach_products",
    operation_id = "detachProductsFromEntitlement", tag = "Entitlement",
    params(("project_id" = String, Path), ("entitlement_id" = String, Path)),
    request_body = ProductIds, responses((status = 200, body = Entitlement)),
    extensions(("x-permission" = json!("project_configuration:entitlements:read_write"))),
)]
pub(crate) async fn detach(
    call: Call,
    Id(id): Id,
    Body(ids): Body<ProductIds>,
) -> Result<Json<Entitlement>, Refusal> {
    let request = pb::DetachEntitlementProductsRequest {
        id,
        product_ids: ids.checked()?,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .entitlement_definitions()
        .detach_entitlement_products(call.rpc(request))
        .await;
    let definition = call.take(answer)?.entitlement_definition;
    Ok(Json(show_one(&call, definition, false).await?))
}
