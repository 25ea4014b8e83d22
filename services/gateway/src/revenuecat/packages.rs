//! Packages: the choices of an offering (behaviour text §7). Attaching products to one goes beyond the
//! documented operations, in the vendor's own shapes.

use std::collections::HashMap;

use axum::Json;
use axum::http::StatusCode;
use contract::catalog::v1 as pb;
use pb::package_product::EligibilityCriteria as Criteria;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::entitlements::{ExpandParams, ProductIds};
use super::error::Refusal;
use super::extract::{Body, Call, Id, Text, filled, millis, present};
use super::list::{EMBEDDED, List, PageParams, Parameters};
use super::objects::{DeletedKind, DeletedObject, PackageObject};
use super::products::{Apps, BATCH, Product};

/// Which generations of client software are offered a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum EligibilityCriteria {
    #[serde(rename = "all")]
    All,
    #[serde(rename = "google_sdk_lt_6")]
    Before6,
    #[serde(rename = "google_sdk_ge_6")]
    From6,
}

impl EligibilityCriteria {
    fn into_proto(self) -> Criteria {
        match self {
            Self::All => Criteria::All,
            Self::Before6 => Criteria::GoogleBefore6,
            Self::From6 => Criteria::GoogleFrom6,
        }
    }

    fn from_proto(wire: Criteria) -> Self {
        match wire {
            Criteria::All | Criteria::Unspecified => Self::All,
            Criteria::GoogleBefore6 => Self::Before6,
            Criteria::GoogleFrom6 => Self::From6,
        }
    }
}

/// A product in a package.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PackageProductAssociation {
    product: Product,
    eligibility_criteria: EligibilityCriteria,
}

/// A package. `products` is present only when expanded.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Package {
    object: PackageObject,
    #[schema(min_length = 1, max_length = 255)]
    pub id: String,
    #[schema(min_length = 1, max_length = 200)]
    lookup_key: String,
    #[schema(min_length = 1, max_length = 1500)]
    display_name: String,
    /// Place in the offering, from 1.
    #[schema(minimum = 1)]
    position: i32,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    products: Option<List<PackageProductAssociation>>,
}

fn associate(
    apps: &Apps,
    call: &Call,
    products: Vec<pb::PackageProduct>,
) -> Result<Vec<PackageProductAssociation>, Refusal> {
    products
        .into_iter()
        .map(|product| {
            let criteria = EligibilityCriteria::from_proto(product.eligibility_criteria());
            Ok(PackageProductAssociation {
                product: apps.show(present(product.product)?, call, false)?,
                eligibility_criteria: criteria,
            })
        })
        .collect()
}

/// Packages, with their first products if those are expanded.
pub(crate) async fn show(
    call: &Call,
    packages: Vec<pb::Package>,
    expand: bool,
) -> Result<Vec<Package>, Refusal> {
    let mut lists = HashMap::new();
    if expand {
        let ids: Vec<String> = packages.iter().map(|package| package.id.clone()).collect();
        for ids in ids.chunks(BATCH) {
            let request = pb::BatchListPackageProductsRequest {
                ids: ids.to_vec(),
                limit: EMBEDDED,
            };
            let answer = call
                .clients()
                .packages()
                .batch_list_package_products(call.rpc(request))
                .await;
            let found = call.take(answer)?.packages;
            lists.extend(
                found
                    .into_iter()
                    .map(|list| (list.package_id.clone(), list)),
            );
        }
    }
    let sold = lists
        .values()
        .flat_map(|list| &list.products)
        .filter_map(|product| product.product.as_ref());
    let apps = Apps::of(call, sold).await?;
    packages
        .into_iter()
        .map(|wire| {
            let products = if expand {
                let list = lists.remove(&wire.id).unwrap_or_default();
                let more = list.has_more;
                let products = associate(&apps, call, list.products)?;
                let place = ["packages", &wire.short_id, "products"];
                Some(call.embedded(&place, products, more, |association| {
                    &association.product.id
                }))
            } else {
                None
            };
            Ok(Package {
                object: PackageObject,
                created_at: millis(wire.create_time.as_ref())?,
                id: wire.short_id,
                lookup_key: wire.lookup_key,
                display_name: wire.display_name,
                position: wire.position,
                products,
            })
        })
        .collect()
}

async fn show_one(
    call: &Call,
    package: Option<pb::Package>,
    expand: bool,
) -> Result<Package, Refusal> {
    let shown = show(call, vec![present(package)?], expand).await?;
    present(shown.into_iter().next())
}

/// List the packages of an offering.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/offerings/{offering_id}/packages",
    operation_id = "listPackages", tag = "Package",
    params(("project_id" = String, Path), ("offering_id" = String, Path), PageParams, ExpandParams),
    responses((status = 200, body = List<Package>)),
    extensions(
        ("x-permission" = json!("project_configuration:packages:read")),
        ("x-expand-permission" = json!({"items.product": "project_configuration:products:read"})),
    ),
)]
pub(crate) async fn list(
    call: Call,
    Id(offering_id): Id,
    query: Parameters,
) -> Result<Json<List<Package>>, Refusal> {
    let paging = query.paging()?;
    let expand = query.expands(&["items.product"], "items.product")?;
    let request = pb::ListPackagesRequest {
        offering_id,
        page_size: paging.limit,
        after_id: paging.after,
        ..pb::ListPackagesRequest::default()
    };
    let answer = call
        .clients()
        .packages()
        .list_packages(call.rpc(request))
        .await;
    let page = call.take(answer)?;
    let packages = show(&call, page.packages, expand).await?;
    let more = !page.next_page_token.is_empty();
    Ok(Json(
        call.page(&query, packages, more, |package| &package.id),
    ))
}

/// A new package.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PackageCreate {
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    lookup_key: Text<1, 200>,
    #[schema(value_type = String, min_length = 1, max_length = 1500)]
    display_name: Text<1, 1500>,
    #[serde(default, deserialize_with = "filled")]
    #[schema(minimum = 1)]
    position: Option<i64>,
}

/// A position of the body; beyond the end is the end.
fn position(position: Option<i64>) -> Result<Option<i32>, Refusal> {
    match position {
        Some(place) if place < 1 => Err(Refusal::parameter("position", "must be at least 1")),
        Some(place) => Ok(Some(i32::try_from(place).unwrap_or(i32::MAX))),
        None => Ok(None),
    }
}

/// Create a package.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/offerings/{offering_id}/packages",
    operation_id = "createPackage", tag = "Package",
    params(("project_id" = String, Path), ("offering_id" = String, Path)),
    request_body = PackageCreate, responses((status = 201, body = Package)),
    extensions(("x-permission" = json!("project_configuration:packages:read_write"))),
)]
pub(crate) async fn create(
    call: Call,
    Id(offering_id): Id,
    Body(new): Body<PackageCreate>,
) -> Result<(StatusCode, Json<Package>), Refusal> {
    let request = pb::CreatePackageRequest {
        package: Some(pb::Package {
            offering_id,
            position: position(new.position)?.unwrap_or_default(),
            lookup_key: new.lookup_key.into(),
            display_name: new.display_name.into(),
            ..pb::Package::default()
        }),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .packages()
        .create_package(call.rpc(request))
        .await;
    let made = call.take(answer)?.package;
    Ok((
        StatusCode::CREATED,
        Json(show_one(&call, made, false).await?),
    ))
}

async fn find(call: &Call, id: String) -> Result<Option<pb::Package>, Refusal> {
    let answer = call
        .clients()
        .packages()
        .get_package(call.rpc(pb::GetPackageRequest { id }))
        .await;
    Ok(call.take(answer)?.package)
}

/// Read a package.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/packages/{package_id}", operation_id = "getPackage",
    tag = "Package",
    params(("project_id" = String, Path), ("package_id" = String, Path), ExpandParams),
    responses((status = 200, body = Package)),
    extensions(
        ("x-permission" = json!("project_configuration:packages:read")),
        ("x-expand-permission" = json!({"product": "project_configuration:products:read"})),
    ),
)]
pub(crate) async fn get(
    call: Call,
    Id(id): Id,
    query: Parameters,
) -> Result<Json<Package>, Refusal> {
    let expand = query.expands(&["product"], "product")?;
    let package = find(&call, id).await?;
    Ok(Json(show_one(&call, package, expand).await?))
}

/// A changed package.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PackageUpdate {
    #[serde(default, deserialize_with = "filled")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1500)]
    display_name: Option<Text<1, 1500>>,
    #[serde(default, deserialize_with = "filled")]
    #[schema(minimum = 1)]
    position: Option<i64>,
}

/// Change a package.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/packages/{package_id}", operation_id = "updatePackage",
    tag = "Package", params(("project_id" = String, Path), ("package_id" = String, Path)),
    request_body = PackageUpdate, responses((status = 200, body = Package)),
    extensions(("x-permission" = json!("project_configuration:packages:read_write"))),
)]
pub(crate) async fn update(
    call: Call,
    Id(id): Id,
    Body(change): Body<PackageUpdate>,
) -> Result<Json<Package>, Refusal> {
    let place = position(change.position)?;
    let mut paths = Vec::new();
    if change.display_name.is_some() {
        paths.push("display_name".to_owned());
    }
    if place.is_some() {
        paths.push("position".to_owned());
    }
    if paths.is_empty() {
        let package = find(&call, id).await?;
        return Ok(Json(show_one(&call, package, false).await?));
    }
    let request = pb::UpdatePackageRequest {
        package: Some(pb::Package {
            id,
            display_name: change.display_name.map(Into::into).unwrap_or_default(),
            position: place.unwrap_or_default(),
            ..pb::Package::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths }),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .packages()
        .update_package(call.rpc(request))
        .await;
    let package = call.take(answer)?.package;
    Ok(Json(show_one(&call, package, false).await?))
}

/// Delete a package.
#[utoipa::path(
    delete, path = "/v2/projects/{project_id}/packages/{package_id}", operation_id = "deletePackage",
    tag = "Package", params(("project_id" = String, Path), ("package_id" = String, Path)),
    responses((status = 200, body = DeletedObject)),
    extensions(("x-permission" = json!("project_configuration:packages:read_write"))),
)]
pub(crate) async fn delete(call: Call, Id(id): Id) -> Result<Json<DeletedObject>, Refusal> {
    let request = pb::DeletePackageRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .packages()
        .delete_package(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let id = present(answer.package)?.short_id;
    DeletedObject::new(DeletedKind::Package, id, answer.delete_time)
}

/// List the products of a package.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/packages/{package_id}/products",
    operation_id = "listPackageProducts", tag = "Package",
    params(("project_id" = String, Path), ("package_id" = String, Path), PageParams),
    responses((status = 200, body = List<PackageProductAssociation>)),
    extensions(("x-permission" = json!("project_configuration:packages:read"))),
)]
pub(crate) async fn list_products(
    call: Call,
    Id(id): Id,
    query: Parameters,
) -> Result<Json<List<PackageProductAssociation>>, Refusal> {
    let paging = query.paging()?;
    let request = pb::ListPackageProductsRequest {
        id,
        page_size: paging.limit,
        after_id: paging.after,
        ..pb::ListPackageProductsRequest::default()
    };
    let answer = call
        .clients()
        .packages()
        .list_package_products(call.rpc(request))
        .await;
    let page = call.take(answer)?;
    let sold = page
        .products
        .iter()
        .filter_map(|product| product.product.as_ref());
    let apps = Apps::of(&call, sold).await?;
    let products = associate(&apps, &call, page.products)?;
    let more = !page.next_page_token.is_empty();
    Ok(Json(call.page(&query, products, more, |association| {
        &association.product.id
    })))
}

/// A product to put into a package.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PackageProductIdAssociation {
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    product_id: Text<1, 255>,
    eligibility_criteria: EligibilityCriteria,
}

/// Products to put into a package.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PackageProductsAttach {
    #[schema(min_items = 1, max_items = 50)]
    products: Vec<PackageProductIdAssociation>,
}

/// Attach products to a package.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/packages/{package_id}/actions/attach_products",
    operation_id = "attachProductsToPackage", tag = "Package",
    params(("project_id" = String, Path), ("package_id" = String, Path)),
    request_body = PackageProductsAttach, responses((status = 200, body = Package)),
    extensions(("x-permission" = json!("project_configuration:packages:read_write"))),
)]
pub(crate) async fn attach(
    call: Call,
    Id(id): Id,
    Body(wanted): Body<PackageProductsAttach>,
) -> Result<Json<Package>, Refusal> {
    if !(1..=50).contains(&wanted.products.len()) {
        return Err(Refusal::parameter("products", "must have 1 to 50 items"));
    }
    let products = wanted
        .products
        .into_iter()
        .map(|wanted| pb::PackageProduct {
            product: Some(pb::Product {
                id: wanted.product_id.into(),
                ..pb::Product::default()
            }),
            eligibility_criteria: wanted.eligibility_criteria.into_proto().into(),
        })
        .collect();
    let request = pb::AttachPackageProductsRequest {
        id,
        products,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .packages()
        .attach_package_products(call.rpc(request))
        .await;
    let package = call
        .take(answer)
        .map_err(|refusal| refusal.renamed("product_ids", "products"))?
        .package;
    Ok(Json(show_one(&call, package, false).await?))
}

/// Detach products from a package.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/packages/{package_id}/actions/detach_products",
    operation_id = "detachProductsFromPackage", tag = "Package",
    params(("project_id" = String, Path), ("package_id" = String, Path)),
    request_body = ProductIds, responses((status = 200, body = Package)),
    extensions(("x-permission" = json!("project_configuration:packages:read_write"))),
)]
pub(crate) async fn detach(
    call: Call,
    Id(id): Id,
    Body(ids): Body<ProductIds>,
) -> Result<Json<Package>, Refusal> {
    let request = pb::DetachPackageProductsRequest {
        id,
        product_ids: ids.checked()?,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .packages()
        .detach_package_products(call.rpc(request))
        .await;
    let package = call.take(answer)?.package;
    Ok(Json(show_one(&call, package, false).await?))
}
