//! Products, and which product a plan or a reported subscription is.

use chassis::Write;
use contract::catalog::v1 as pb;
use kernel::calendar::IsoDuration;
use tonic::{Request, Response, Status};

use super::{
    Catalog,
    named_plan::ensure_named_plan,
    store_app::{default_app, lock_apps},
    window::{Window, behind, not_in_list},
};
use crate::{
    convert,
    domain::{
        plan::PlanBody,
        product::{
            Choice, IDENTIFIER_LENGTH_MAX, Known, Origin, ProductBody, ProductKind, ProductSpec,
            choose, choose_for_plan, identifiers,
        },
        violation::Violations,
    },
    error::{CatalogError, refuse},
    store::{
        product::{self as store, Product, Scope},
        store_app,
    },
};

#[tonic::async_trait]
impl pb::product_service_server::ProductService for Catalog {
    async fn create_product(
        &self,
        request: Request<pb::CreateProductRequest>,
    ) -> Result<Response<pb::CreateProductResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = &request.product.clone().unwrap_or_default();
        let spec = convert::product::from_proto(wire)?;
        refuse(spec.violations())?;
        self.db
            .write(
                ctx,
                "CreateProduct",
                &request.request_id,
                request,
                |mut w| async move {
                    // Plans are locked before apps everywhere.
                    if spec.kind == ProductKind::Subscription {
                        let key = &spec.product_key;
                        let name = spec.body.display_name.as_deref().unwrap_or(key);
                        ensure_named_plan(&mut w, key, name).await?;
                    }
                    lock_apps(&w, ctx).await?;
                    let app = store_app::find(w.tx(), ctx.project, &wire.store_app_id).await;
                    let app = app.map_err(|error| in_field(error, "store_app_id"))?;
                    let origin = (app.id, Origin::Store);
                    let product = create(&mut w, origin, spec).await?;
                    let answer = pb::CreateProductResponse {
                        product: Some(product),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn get_product(
        &self,
        request: Request<pb::GetProductRequest>,
    ) -> Result<Response<pb::GetProductResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let product = store::find(self.db.reader(), ctx.project, &request.id).await?;
        Ok(Response::new(pb::GetProductResponse {
            product: Some(convert::product::to_proto(&product)),
        }))
    }

    async fn batch_get_products(
        &self,
        request: Request<pb::BatchGetProductsRequest>,
    ) -> Result<Response<pb::BatchGetProductsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        convert::check_batch("ids", &request.ids)?;
        convert::check_batch("product_keys", &request.product_keys)?;
        let (ids, keys) = (&request.ids, &request.product_keys);
        let products = store::batch(self.db.reader(), ctx.project, ids, keys).await?;
        Ok(Response::new(pb::BatchGetProductsResponse {
            products: products.iter().map(convert::product::to_proto).collect(),
        }))
    }

    async fn list_products(
        &self,
        request: Request<pb::ListProductsRequest>,
    ) -> Result<Response<pb::ListProductsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let db = self.db.reader();
        let scope = match request.store_app_id.as_str() {
            "" => Scope::All,
            id => {
                let app = store_app::find(db, ctx.project, id).await;
                Scope::App(app.map_err(|error| in_field(error, "store_app_id"))?.id)
            }
        };
        let after = match request.after_id.as_str() {
            "" => None,
            id => {
                let last = store::find(db, ctx.project, id).await;
                if let (Ok(last), Scope::App(app)) = (&last, &scope)
                    && last.app != *app
                {
                    return Err(not_in_list().into());
                }
                behind(last, |product| product.id.to_string())?
            }
        };
        let window = Window::parse(
            request.page_size,
            &request.page_token,
            after,
            self.page_key,
            &[
                "ListProducts",
                &ctx.project.to_string(),
                &format!("{scope:?}"),
            ],
        )?;
        let (products, next_page_token) = self.products(ctx.project, &scope, &window).await?;
        Ok(Response::new(pb::ListProductsResponse {
            products: products.iter().map(convert::product::to_proto).collect(),
            next_page_token,
        }))
    }

    async fn update_product(
        &self,
        request: Request<pb::UpdateProductRequest>,
    ) -> Result<Response<pb::UpdateProductResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = &request.product.clone().unwrap_or_default();
        self.db
            .write(
                ctx,
                "UpdateProduct",
                &request.request_id,
                request,
                |mut w| async move {
                    let product = store::find(w.tx(), ctx.project, &wire.id).await?;
                    convert::check_etag(&wire.etag, product.stamp.revision, "product")?;
                    let mask = request.update_mask.as_ref();
                    let spec = convert::product::updated(&product.spec, wire, mask)?;
                    refuse(spec.violations())?;
                    if product.origin == Origin::Plan {
                        let allowed = ProductBody {
                            grace_period: spec.body.grace_period.clone(),
                            ..product.spec.body.clone()
                        };
                        if allowed != spec.body {
                            return Err(CatalogError::ProductManaged(product.short_id));
                        }
                    }
                    let product = if spec == product.spec {
                        convert::product::to_proto(&product)
                    } else {
                        change(&mut w, product, |product| product.spec = spec).await?
                    };
                    let answer = pb::UpdateProductResponse {
                        product: Some(product),
                    };
                    Ok((w, answer))
                },
            )
            .await
    }

    async fn delete_product(
        &self,
        request: Request<pb::DeleteProductRequest>,
    ) -> Result<Response<pb::DeleteProductResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        self.db
            .write(
                ctx,
                "DeleteProduct",
                &request.request_id,
                request,
                |mut w| async move {
                    lock_apps(&w, ctx).await?;
                    let product = store::find(w.tx(), ctx.project, &request.id).await?;
                    if product.origin != Origin::Store {
                        return Err(CatalogError::ProductManaged(product.short_id));
                    }
                    let product = remove(&mut w, product).await?;
                    let answer = pb::DeleteProductResponse {
                        product: Some(product),
                    };
                    Ok((w, answer))
                },
            )
            .await
    }

    async fn ensure_product(
        &self,
        request: Request<pb::EnsureProductRequest>,
    ) -> Result<Response<pb::EnsureProductResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let kind = convert::product::kind("kind", request.kind())?;
        let duration = convert::optional_duration("duration", &request.duration)?;
        let mut found = Violations::default();
        let key = &request.product_key;
        found.text("product_key", key, 1, IDENTIFIER_LENGTH_MAX);
        refuse(found.into_vec())?;
        let name = match request.display_name.as_str() {
            "" => key,
            _ => &request.display_name,
        };
        self.db
            .write(
                ctx,
                "EnsureProduct",
                &request.request_id,
                request,
                |mut w| async move {
                    if kind == ProductKind::Subscription {
                        ensure_named_plan(&mut w, key, name).await?;
                    }
                    let wanted = ProductSpec {
                        store_identifier: key.clone(),
                        product_key: key.clone(),
                        kind,
                        body: ProductBody {
                            display_name: Some(name.to_owned()),
                            duration,
                            ..ProductBody::default()
                        },
                    };
                    refuse(wanted.violations())?;
                    let product = ensure_reported(&mut w, wanted).await?;
                    let answer = pb::EnsureProductResponse {
                        product: Some(product),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }
}

impl Catalog {
    /// One page of products and the token of the next.
    pub(super) async fn products(
        &self,
        project: kernel::id::ProjectId,
        scope: &Scope,
        window: &Window,
    ) -> Result<(Vec<Product>, String), CatalogError> {
        let found = store::list(self.db.reader(), project, scope, &window.slice).await?;
        let last = found.rows.last().map(|product| product.id.to_string());
        let last = last.as_deref().map(|id| [id]);
        let token = window.next_token(found.more, last.as_ref().map(|last| &last[..]));
        Ok((found.rows, token))
    }
}

/// Names the field whose id was not found.
pub fn in_field(error: CatalogError, field: &'static str) -> CatalogError {
    if let CatalogError::NotFound { what, handle, .. } = error {
        return CatalogError::NotFound {
            what,
            handle,
            field,
        };
    }
    error
}

/// Makes a product and records it.
async fn create(
    w: &mut Write,
    origin: (kernel::id::StoreAppId, Origin),
    spec: ProductSpec,
) -> Result<pb::Product, CatalogError> {
    let (project, now) = (w.context().project, w.context().now);
    let product = store::insert(w.tx(), project, origin, spec, now).await?;
    let proto = convert::product::to_proto(&product);
    let revision = product.stamp.revision;
    w.record("product.created", &proto.id, revision, None, Some(&proto))
        .await?;
    Ok(proto)
}

/// Changes a product and records it.
async fn change(
    w: &mut Write,
    product: Product,
    change: impl FnOnce(&mut Product),
) -> Result<pb::Product, CatalogError> {
    record(w, "product.updated", product, change).await
}

async fn record(
    w: &mut Write,
    kind: &'static str,
    mut product: Product,
    change: impl FnOnce(&mut Product),
) -> Result<pb::Product, CatalogError> {
    let (project, now) = (w.context().project, w.context().now);
    let before = convert::product::to_proto(&product);
    change(&mut product);
    let product = store::update(w.tx(), project, product, now).await?;
    let after = convert::product::to_proto(&product);
    let revision = product.stamp.revision;
    w.record(kind, &after.id, revision, Some(&before), Some(&after))
        .await?;
    Ok(after)
}

/// Deletes a product with its attachments. Its row stays: subscriptions still name it.
pub async fn remove(w: &mut Write, product: Product) -> Result<pb::Product, CatalogError> {
    let (project, now) = (w.context().project, w.context().now);
    store::detach_everywhere(w.tx(), project, product.id).await?;
    let delete = |product: &mut Product| product.delete_time = Some(now);
    record(w, "product.deleted", product, delete).await
}

/// The products of the default app that matter to a key and an interval.
async fn known(
    w: &mut Write,
    key: &str,
    duration: Option<&IsoDuration>,
) -> Result<(kernel::id::StoreAppId, Vec<Product>, Vec<Known>), CatalogError> {
    let app = default_app(w).await?;
    let project = w.context().project;
    let names = identifiers(key, duration);
    let products = store::of_key(w.tx(), project, app.id, key, &names).await?;
    let known = products.iter().map(|product| Known {
        store_identifier: product.spec.store_identifier.clone(),
        product_key: product.spec.product_key.clone(),
        kind: product.spec.kind,
        origin: product.origin,
        duration: product.spec.body.duration.clone(),
    });
    let known = known.collect();
    Ok((app.id, products, known))
}

/// The product of a reported thing, made if there is none yet; one of unknown interval learns it.
pub async fn ensure_reported(
    w: &mut Write,
    wanted: ProductSpec,
) -> Result<pb::Product, CatalogError> {
    let duration = wanted.body.duration.as_ref();
    let (app, products, known) = known(w, &wanted.product_key, duration).await?;
    match choose(&wanted.product_key, wanted.kind, duration, &known) {
        Choice::Existing(index) => {
            let product = products[index].clone();
            let learns = duration.is_some() && product.spec.body.duration.is_none();
            if !learns {
                return Ok(convert::product::to_proto(&product));
            }
            let learn = |product: &mut Product| {
                product.spec.body.duration.clone_from(&wanted.body.duration);
            };
            change(w, product, learn).await
        }
        Choice::New(store_identifier) => {
            let spec = ProductSpec {
                store_identifier,
                ..wanted
            };
            create(w, (app, Origin::Reported), spec).await
        }
    }
}

/// The product of a plan that is published: all its versions are one, which takes name and interval
/// of the newest.
pub async fn ensure_published(
    w: &mut Write,
    key: &str,
    body: &PlanBody,
) -> Result<(), CatalogError> {
    let cadence = &body.billing_cadence;
    let (app, products, known) = known(w, key, Some(cadence)).await?;
    let adopt = |product: &mut Product| {
        product.origin = Origin::Plan;
        product.spec.body.display_name = Some(body.name.clone());
        product.spec.body.duration = Some(cadence.clone());
    };
    match choose_for_plan(key, cadence, &known) {
        Choice::Existing(index) => {
            let product = products[index].clone();
            let mut adopted = product.clone();
            adopt(&mut adopted);
            if adopted != product {
                change(w, product, adopt).await?;
            }
        }
        Choice::New(store_identifier) => {
            let spec = ProductSpec {
                store_identifier,
                product_key: key.to_owned(),
                kind: ProductKind::Subscription,
                body: ProductBody {
                    display_name: Some(body.name.clone()),
                    duration: Some(cadence.clone()),
                    ..ProductBody::default()
                },
            };
            create(w, (app, Origin::Plan), spec).await?;
        }
    }
    Ok(())
}
