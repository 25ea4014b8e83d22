//! Products: what one store sells under one identifier (behaviour text §6). Listing, making and deleting them
//! goes beyond the documented operations, in the vendor's own shapes.

use std::collections::{BTreeSet, HashMap};

use axum::Json;
use axum::http::StatusCode;
use contract::catalog::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::apps::App;
use super::error::Refusal;
use super::extract::{Body, Call, Id, Text, filled, millis, present, some};
use super::list::{List, PageParams, Parameters};
use super::objects::{DeletedKind, DeletedObject, ProductObject};

/// Most ids of one batch.
pub(crate) const BATCH: usize = 1000;

/// Kind of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProductType {
    Subscription,
    OneTime,
}

/// What renews: lengths as ISO 8601 durations, null when not known.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionProduct {
    #[schema(required)]
    duration: Option<String>,
    #[schema(required)]
    grace_period_duration: Option<String>,
    #[schema(required)]
    trial_duration: Option<String>,
}

/// What is bought once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OneTimeProduct {
    /// Whether it can be used up; null when not known.
    #[schema(required)]
    is_consumable: Option<bool>,
}

/// A product. `app` is present only when expanded; of the details, that of the `type` is
/// filled.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Product {
    object: ProductObject,
    #[schema(min_length = 1, max_length = 255)]
    pub id: String,
    #[schema(min_length = 1, max_length = 255)]
    store_identifier: String,
    r#type: ProductType,
    subscription: Option<SubscriptionProduct>,
    one_time: Option<OneTimeProduct>,
    created_at: i64,
    #[schema(min_length = 1, max_length = 255)]
    app_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<App>,
    #[schema(required, min_length = 1, max_length = 1500)]
    display_name: Option<String>,
}

/// The apps that sell some products, by ULID.
pub(crate) struct Apps(HashMap<String, pb::StoreApp>);

impl Apps {
    /// Reads the apps of these products.
    pub(crate) async fn of<'a>(
        call: &Call,
        products: impl IntoIterator<Item = &'a pb::Product>,
    ) -> Result<Self, Refusal> {
        let ids: BTreeSet<&String> = products
            .into_iter()
            .map(|product| &product.store_app_id)
            .collect();
        let ids: Vec<String> = ids.into_iter().cloned().collect();
        let mut apps = HashMap::new();
        for ids in ids.chunks(BATCH) {
            let request = pb::BatchGetStoreAppsRequest { ids: ids.to_vec() };
            let answer = call
                .clients()
                .store_apps()
                .batch_get_store_apps(call.rpc(request))
                .await;
            let found = call.take(answer)?.store_apps;
            apps.extend(found.into_iter().map(|app| (app.id.clone(), app)));
        }
        Ok(Self(apps))
    }

    /// A product with the short id of its app, or with the app itself.
    pub(crate) fn show(
        &self,
        wire: pb::Product,
        call: &Call,
        expand: bool,
    ) -> Result<Product, Refusal> {
        let renews = wire.kind() == pb::product::Kind::Subscription;
        let app = self.0.get(&wire.store_app_id);
        Ok(Product {
            object: ProductObject,
            created_at: millis(wire.create_time.as_ref())?,
            app_id: app.map_or(wire.store_app_id, |app| app.short_id.clone()),
            app: app
                .filter(|_| expand)
                .map(|app| App::from_proto(app.clone(), call.project()))
                .transpose()?,
            id: wire.short_id,
            store_identifier: wire.store_identifier,
            r#type: if renews {
                ProductType::Subscription
            } else {
                ProductType::OneTime
            },
            subscription: renews.then(|| SubscriptionProduct {
                duration: some(wire.duration),
                grace_period_duration: some(wire.grace_period_duration),
                trial_duration: some(wire.trial_duration),
            }),
            one_time: (!renews).then_some(OneTimeProduct {
                is_consumable: wire.is_consumable,
            }),
            display_name: some(wire.display_name),
        })
    }
}

/// Products with the short ids of their apps.
pub(crate) async fn show_all(
    call: &Call,
    products: Vec<pb::Product>,
    expand: bool,
) -> Result<Vec<Product>, Refusal> {
    let apps = Apps::of(call, &products).await?;
    products
        .into_iter()
        .map(|product| apps.show(product, call, expand))
        .collect()
}

async fn show(call: &Call, product: pb::Product, expand: bool) -> Result<Product, Refusal> {
    let apps = Apps::of(call, [&product]).await?;
    apps.show(product, call, expand)
}

/// What of a list of products is wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "written for the document; read from the raw query"
)]
pub(crate) struct ListProductsParams {
    /// Only the products of this app.
    app_id: Option<String>,
    /// `items.app`.
    expand: Option<Vec<String>>,
}

/// List products.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/products", operation_id = "listProducts", tag = "Product",
    params(("project_id" = String, Path), PageParams, ListProductsParams),
    responses((status = 200, body = List<Product>)),
    extensions(
        ("x-permission" = json!("project_configuration:products:read")),
        ("x-expand-permission" = json!({"items.app": "project_configuration:apps:read"})),
    ),
)]
pub(crate) async fn list(call: Call, query: Parameters) -> Result<Json<List<Product>>, Refusal> {
    let paging = query.paging()?;
    let expand = query.expands(&["items.app"], "items.app")?;
    let request = pb::ListProductsRequest {
        page_size: paging.limit,
        after_id: paging.after,
        store_app_id: query.text("app_id")?.unwrap_or_default().to_owned(),
        ..pb::ListProductsRequest::default()
    };
    let answer = call
        .clients()
        .products()
        .list_products(call.rpc(request))
        .await;
    let page = call.take_named(answer, "app_id")?;
    let products = show_all(&call, page.products, expand).await?;
    let more = !page.next_page_token.is_empty();
    let kept = query.kept_of(&["app_id", "expand", "limit"]);
    let url = call.url(&["products"]);
    Ok(Json(List::new(products, url, &kept, more, |product| {
        &product.id
    })))
}

/// Lengths of a new product that renews, as ISO 8601 durations.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscriptionProductCreate {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    duration: Option<Text<1, 64>>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    grace_period_duration: Option<Text<1, 64>>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    trial_duration: Option<Text<1, 64>>,
}

/// What is known of a new product that is bought once.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneTimeProductCreate {
    #[serde(default)]
    is_consumable: Option<bool>,
}

/// A new product.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductCreate {
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    store_identifier: Text<1, 255>,
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    app_id: Text<1, 255>,
    r#type: ProductType,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1500)]
    display_name: Option<Text<0, 1500>>,
    /// Only of a product that renews.
    #[serde(default, deserialize_with = "filled")]
    subscription: Option<SubscriptionProductCreate>,
    /// Only of a product that is bought once.
    #[serde(default, deserialize_with = "filled")]
    one_time: Option<OneTimeProductCreate>,
}

impl ProductCreate {
    fn into_proto(self) -> Result<pb::Product, Refusal> {
        let (kind, foreign) = match self.r#type {
            ProductType::Subscription => (
                pb::product::Kind::Subscription,
                self.one_time.as_ref().map(|_| "one_time"),
            ),
            ProductType::OneTime => (
                pb::product::Kind::OneTime,
                self.subscription.as_ref().map(|_| "subscription"),
            ),
        };
        if let Some(name) = foreign {
            return Err(Refusal::parameter(
                name,
                "may only be sent for a product of this type",
            ));
        }
        let lengths = self.subscription;
        let length = |pick: fn(&SubscriptionProductCreate) -> &Option<Text<1, 64>>| {
            lengths
                .as_ref()
                .and_then(|lengths| pick(lengths).clone())
                .map(String::from)
                .unwrap_or_default()
        };
        Ok(pb::Product {
            store_app_id: self.app_id.into(),
            store_identifier: self.store_identifier.into(),
            kind: kind.into(),
            display_name: self.display_name.map(Into::into).unwrap_or_default(),
            duration: length(|lengths| &lengths.duration),
            grace_period_duration: length(|lengths| &lengths.grace_period_duration),
            trial_duration: length(|lengths| &lengths.trial_duration),
            is_consumable: self.one_time.and_then(|details| details.is_consumable),
            ..pb::Product::default()
        })
    }
}

/// Create a product.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/products", operation_id = "createProduct", tag = "Product",
    params(("project_id" = String, Path)), request_body = ProductCreate,
    responses((status = 201, body = Product)),
    extensions(("x-permission" = json!("project_configuration:products:read_write"))),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<ProductCreate>,
) -> Result<(StatusCode, Json<Product>), Refusal> {
    let request = pb::CreateProductRequest {
        product: Some(new.into_proto()?),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .products()
        .create_product(call.rpc(request))
        .await;
    let product = present(call.take_named(answer, "app_id")?.product)?;
    Ok((
        StatusCode::CREATED,
        Json(show(&call, product, false).await?),
    ))
}

/// What is shown of a product.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "written for the document; read from the raw query"
)]
pub(crate) struct GetProductParams {
    /// `app`.
    expand: Option<Vec<String>>,
}

/// Read a product.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/products/{product_id}", operation_id = "getProduct",
    tag = "Product",
    params(("project_id" = String, Path), ("product_id" = String, Path), GetProductParams),
    responses((status = 200, body = Product)),
    extensions(
        ("x-permission" = json!("project_configuration:products:read")),
        ("x-expand-permission" = json!({"app": "project_configuration:apps:read"})),
    ),
)]
pub(crate) async fn get(
    call: Call,
    Id(id): Id,
    query: Parameters,
) -> Result<Json<Product>, Refusal> {
    let expand = query.expands(&["app"], "app")?;
    let answer = call
        .clients()
        .products()
        .get_product(call.rpc(pb::GetProductRequest { id }))
        .await;
    let product = present(call.take(answer)?.product)?;
    Ok(Json(show(&call, product, expand).await?))
}

/// Delete a product.
#[utoipa::path(
    delete, path = "/v2/projects/{project_id}/products/{product_id}", operation_id = "deleteProduct",
    tag = "Product",
    params(("project_id" = String, Path), ("product_id" = String, Path)),
    responses((status = 200, body = DeletedObject)),
    extensions(("x-permission" = json!("project_configuration:products:read_write"))),
)]
pub(crate) async fn delete(call: Call, Id(id): Id) -> Result<Json<DeletedObject>, Refusal> {
    let request = pb::DeleteProductRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .products()
        .delete_product(call.rpc(request))
        .await;
    let product = present(call.take(answer)?.product)?;
    DeletedObject::new(DeletedKind::Product, product.short_id, product.delete_time)
}
