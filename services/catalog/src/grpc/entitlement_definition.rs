//! Entitlement definitions and the products that give them.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Context, Write};
use contract::{catalog::v1 as pb, convert::timestamp};
use kernel::id::{EntitlementDefinitionId, ProductId, ProjectId};
use sea_orm::ConnectionTrait;
use tonic::{Request, Response, Status};

use super::{
    Catalog,
    window::{Window, behind, limit, not_in_list},
};
use crate::{
    convert::{
        self,
        access::{bare_products, definition_to_proto, definition_updated, product_ids},
    },
    domain::access::Label,
    error::{CatalogError, refuse},
    store::{
        entitlement_definition::{self as store, Definition},
        feature,
        product::{self, Product, Scope},
    },
};

#[tonic::async_trait]
impl pb::entitlement_definition_service_server::EntitlementDefinitionService for Catalog {
    async fn create_entitlement_definition(
        &self,
        request: Request<pb::CreateEntitlementDefinitionRequest>,
    ) -> Result<Response<pb::CreateEntitlementDefinitionResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = request.entitlement_definition.clone().unwrap_or_default();
        let label = Label {
            lookup_key: wire.lookup_key,
            display_name: wire.display_name,
        };
        refuse(label.violations("entitlement_definition"))?;
        self.db
            .write(
                ctx,
                "CreateEntitlementDefinition",
                &request.request_id,
                request,
                |mut w| async move {
                    let definition = store::insert(w.tx(), ctx.project, label, ctx.now).await?;
                    let proto = shown(w.tx(), ctx.project, &definition).await?;
                    let revision = definition.stamp.revision;
                    w.record(
                        "entitlement_definition.created",
                        &proto.id,
                        revision,
                        None,
                        Some(&proto),
                    )
                    .await?;
                    let answer = pb::CreateEntitlementDefinitionResponse {
                        entitlement_definition: Some(proto),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn get_entitlement_definition(
        &self,
        request: Request<pb::GetEntitlementDefinitionRequest>,
    ) -> Result<Response<pb::GetEntitlementDefinitionResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let db = self.db.reader();
        let definition = store::find(db, ctx.project, &request.id).await?;
        Ok(Response::new(pb::GetEntitlementDefinitionResponse {
            entitlement_definition: Some(shown(db, ctx.project, &definition).await?),
        }))
    }

    async fn batch_get_entitlement_definitions(
        &self,
        request: Request<pb::BatchGetEntitlementDefinitionsRequest>,
    ) -> Result<Response<pb::BatchGetEntitlementDefinitionsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        convert::check_batch("ids", &request.ids)?;
        convert::check_batch("lookup_keys", &request.lookup_keys)?;
        convert::check_batch("product_ids", &request.product_ids)?;
        let db = self.db.reader();
        let mut attachments = Vec::new();
        let mut ids = request.ids;
        if !request.product_ids.is_empty() {
            let products = product::batch(db, ctx.project, &request.product_ids, &[]).await?;
            let products: Vec<ProductId> = products.iter().map(|product| product.id).collect();
            attachments = store::attachments(db, ctx.project, &products).await?;
            ids.extend(attachments.iter().map(|(id, _)| id.to_string()));
        }
        let found = store::batch(db, ctx.project, &ids, &request.lookup_keys).await?;
        let attachments =
            attachments
                .iter()
                .map(|(definition, product)| pb::EntitlementAttachment {
                    entitlement_definition_id: definition.to_string(),
                    product_id: product.to_string(),
                });
        Ok(Response::new(pb::BatchGetEntitlementDefinitionsResponse {
            attachments: attachments.collect(),
            entitlement_definitions: all_shown(db, ctx.project, &found).await?,
        }))
    }

    async fn list_entitlement_definitions(
        &self,
        request: Request<pb::ListEntitlementDefinitionsRequest>,
    ) -> Result<Response<pb::ListEntitlementDefinitionsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let db = self.db.reader();
        let after = match request.after_id.as_str() {
            "" => None,
            id => behind(store::find(db, ctx.project, id).await, |last| {
                last.id.to_string()
            })?,
        };
        let window = Window::parse(
            request.page_size,
            &request.page_token,
            after,
            self.page_key,
            &["ListEntitlementDefinitions", &ctx.project.to_string()],
        )?;
        let found = store::list(db, ctx.project, &window.slice).await?;
        let last = found.rows.last().map(|last| last.id.to_string());
        let last = last.as_deref().map(|id| [id]);
        Ok(Response::new(pb::ListEntitlementDefinitionsResponse {
            entitlement_definitions: all_shown(db, ctx.project, &found.rows).await?,
            next_page_token: window.next_token(found.more, last.as_ref().map(|last| &last[..])),
        }))
    }

    async fn update_entitlement_definition(
        &self,
        request: Request<pb::UpdateEntitlementDefinitionRequest>,
    ) -> Result<Response<pb::UpdateEntitlementDefinitionResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = &request.entitlement_definition.clone().unwrap_or_default();
        self.db
            .write(
                ctx,
                "UpdateEntitlementDefinition",
                &request.request_id,
                request,
                |mut w| async move {
                    let found = store::find(w.tx(), ctx.project, &wire.id).await?;
                    let revision = found.stamp.revision;
                    convert::check_etag(&wire.etag, revision, "entitlement definition")?;
                    let label =
                        definition_updated(&found.label, wire, request.update_mask.as_ref())?;
                    refuse(label.violations("entitlement_definition"))?;
                    let before = shown(w.tx(), ctx.project, &found).await?;
                    let definition = if label == found.label {
                        before
                    } else {
                        let changed = Definition { label, ..found };
                        let after = store::update(w.tx(), ctx.project, changed, ctx.now).await?;
                        let revision = after.stamp.revision;
                        let after = shown(w.tx(), ctx.project, &after).await?;
                        w.record(
                            "entitlement_definition.updated",
                            &after.id,
                            revision,
                            Some(&before),
                            Some(&after),
                        )
                        .await?;
                        after
                    };
                    let answer = pb::UpdateEntitlementDefinitionResponse {
                        entitlement_definition: Some(definition),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn delete_entitlement_definition(
        &self,
        request: Request<pb::DeleteEntitlementDefinitionRequest>,
    ) -> Result<Response<pb::DeleteEntitlementDefinitionResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        self.db
            .write(
                ctx,
                "DeleteEntitlementDefinition",
                &request.request_id,
                request,
                |mut w| async move {
                    let found = store::find(w.tx(), ctx.project, &request.id).await?;
                    let before = shown(w.tx(), ctx.project, &found).await?;
                    store::delete(w.tx(), ctx.project, &found).await?;
                    w.record(
                        "entitlement_definition.deleted",
                        &before.id,
                        found.stamp.revision + 1,
                        Some(&before),
                        None,
                    )
                    .await?;
                    let answer = pb::DeleteEntitlementDefinitionResponse {
                        entitlement_definition: Some(before),
                        delete_time: Some(timestamp(ctx.now)),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn attach_entitlement_products(
        &self,
        request: Request<pb::AttachEntitlementProductsRequest>,
    ) -> Result<Response<pb::AttachEntitlementProductsResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let texts = product_ids(&request.product_ids)?;
        self.db
            .write(
                ctx,
                "AttachEntitlementProducts",
                &request.request_id,
                request,
                |mut w| async move {
                    let found = store::find(w.tx(), ctx.project, &request.id).await?;
                    let products = product::resolve(w.tx(), ctx.project, &texts).await?;
                    let before = store::products_of(w.tx(), ctx.project, found.id).await?;
                    let new: Vec<ProductId> = products
                        .iter()
                        .map(|product| product.id)
                        .filter(|id| !before.contains(id))
                        .collect();
                    let definition = if new.is_empty() {
                        shown(w.tx(), ctx.project, &found).await?
                    } else {
                        // First, so that of two calls at once one loses before it writes more.
                        let found = store::update(w.tx(), ctx.project, found, ctx.now).await?;
                        store::attach(w.tx(), ctx.project, found.id, &new).await?;
                        products_changed(&mut w, ctx, found, before).await?
                    };
                    let answer = pb::AttachEntitlementProductsResponse {
                        entitlement_definition: Some(definition),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn detach_entitlement_products(
        &self,
        request: Request<pb::DetachEntitlementProductsRequest>,
    ) -> Result<Response<pb::DetachEntitlementProductsResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let texts = product_ids(&request.product_ids)?;
        self.db
            .write(
                ctx,
                "DetachEntitlementProducts",
                &request.request_id,
                request,
                |mut w| async move {
                    let found = store::find(w.tx(), ctx.project, &request.id).await?;
                    let products = product::resolve(w.tx(), ctx.project, &texts).await?;
                    let before = store::products_of(w.tx(), ctx.project, found.id).await?;
                    let loose = products
                        .iter()
                        .find(|product| !before.contains(&product.id));
                    if let Some(product) = loose {
                        return Err(CatalogError::ProductNotAttached(product.short_id.clone()));
                    }
                    let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
                    let found = store::update(w.tx(), ctx.project, found, ctx.now).await?;
                    store::detach(w.tx(), ctx.project, found.id, &ids).await?;
                    let definition = products_changed(&mut w, ctx, found, before).await?;
                    let answer = pb::DetachEntitlementProductsResponse {
                        entitlement_definition: Some(definition),
                    };
                    Ok((w, answer))
                },
            )
            .await
    }

    async fn list_entitlement_products(
        &self,
        request: Request<pb::ListEntitlementProductsRequest>,
    ) -> Result<Response<pb::ListEntitlementProductsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let db = self.db.reader();
        let definition = store::find(db, ctx.project, &request.id).await?;
        let after = match request.after_id.as_str() {
            "" => None,
            id => {
                let last = product::find(db, ctx.project, id).await;
                if let Ok(last) = &last {
                    let attached = store::products_of(db, ctx.project, definition.id).await?;
                    if !attached.contains(&last.id) {
                        return Err(not_in_list().into());
                    }
                }
                behind(last, |product| product.id.to_string())?
            }
        };
        let id = definition.id.to_string();
        let window = Window::parse(
            request.page_size,
            &request.page_token,
            after,
            self.page_key,
            &["ListEntitlementProducts", &ctx.project.to_string(), &id],
        )?;
        let scope = Scope::Definition(id);
        let (products, next_page_token) = self.products(ctx.project, &scope, &window).await?;
        Ok(Response::new(pb::ListEntitlementProductsResponse {
            products: products.iter().map(convert::product::to_proto).collect(),
            next_page_token,
        }))
    }

    async fn batch_list_entitlement_products(
        &self,
        request: Request<pb::BatchListEntitlementProductsRequest>,
    ) -> Result<Response<pb::BatchListEntitlementProductsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        convert::check_batch("ids", &request.ids)?;
        let most = usize::try_from(limit("limit", request.limit)?).unwrap_or(usize::MAX);
        let db = self.db.reader();
        let found = store::batch(db, ctx.project, &request.ids, &[]).await?;
        let ids: Vec<EntitlementDefinitionId> = found.iter().map(|found| found.id).collect();
        let attached = store::products_of_all(db, ctx.project, &ids).await?;
        let first: BTreeSet<ProductId> = attached
            .values()
            .flat_map(|products| products.iter().take(most).copied())
            .collect();
        let first: Vec<ProductId> = first.into_iter().collect();
        let products = product::by_ids(db, ctx.project, &first).await?;
        let products: BTreeMap<ProductId, &Product> = products
            .iter()
            .map(|product| (product.id, product))
            .collect();
        let entitlements = attached.iter().map(|(id, all)| pb::EntitlementProducts {
            entitlement_definition_id: id.to_string(),
            products: all
                .iter()
                .take(most)
                .filter_map(|id| products.get(id))
                .map(|product| convert::product::to_proto(product))
                .collect(),
            has_more: all.len() > most,
        });
        Ok(Response::new(pb::BatchListEntitlementProductsResponse {
            entitlements: entitlements.collect(),
        }))
    }
}

/// A definition with the live feature of its key.
async fn shown(
    db: &impl ConnectionTrait,
    project: ProjectId,
    definition: &Definition,
) -> Result<pb::EntitlementDefinition, CatalogError> {
    let mut all = all_shown(db, project, std::slice::from_ref(definition)).await?;
    all.pop().ok_or(CatalogError::Stale("definition"))
}

async fn all_shown(
    db: &impl ConnectionTrait,
    project: ProjectId,
    definitions: &[Definition],
) -> Result<Vec<pb::EntitlementDefinition>, CatalogError> {
    let keys: Vec<String> = definitions
        .iter()
        .map(|definition| definition.label.lookup_key.clone())
        .collect();
    let features = feature::by_keys(db, project, &keys, false).await?;
    let features: BTreeMap<&str, String> = features
        .iter()
        .map(|feature| (feature.key.as_str(), feature.id.to_string()))
        .collect();
    let shown = definitions.iter().map(|definition| {
        let feature = features.get(definition.label.lookup_key.as_str());
        definition_to_proto(definition, feature.map(String::as_str))
    });
    Ok(shown.collect())
}

/// Puts both states of a definition whose products changed on record.
async fn products_changed(
    w: &mut Write,
    ctx: &Context,
    definition: Definition,
    before: Vec<ProductId>,
) -> Result<pb::EntitlementDefinition, CatalogError> {
    let after = store::products_of(w.tx(), ctx.project, definition.id).await?;
    let list = |products: &[ProductId]| pb::EntitlementProducts {
        entitlement_definition_id: definition.id.to_string(),
        products: bare_products(products),
        has_more: false,
    };
    w.record(
        "entitlement_definition.products_changed",
        &definition.id.to_string(),
        definition.stamp.revision,
        Some(&list(&before)),
        Some(&list(&after)),
    )
    .await?;
    shown(w.tx(), ctx.project, &definition).await
}
