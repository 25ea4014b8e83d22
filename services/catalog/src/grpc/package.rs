//! Packages of offerings and the products in them.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Context, Write};
use contract::{catalog::v1 as pb, convert::timestamp};
use kernel::id::{OfferingId, PackageId, ProductId};
use sea_orm::ConnectionTrait;
use tonic::{Request, Response, Status};

use super::{
    Catalog,
    offering::lock_offerings,
    product::in_field,
    window::{Window, behind, limit, not_in_list},
};
use crate::{
    convert::{
        self,
        access::{
            package_change, package_product_to_proto, package_products, package_to_proto, position,
            product_ids,
        },
    },
    domain::{
        access::Label,
        package::{Eligibility, go_together, place},
    },
    error::{CatalogError, refuse},
    store::{
        offering,
        package::{self as store, Package},
        product::{self, Product, Scope},
    },
};

/// What is in a package, and for which clients.
type Contents = BTreeMap<ProductId, Eligibility>;

#[tonic::async_trait]
impl pb::package_service_server::PackageService for Catalog {
    async fn create_package(
        &self,
        request: Request<pb::CreatePackageRequest>,
    ) -> Result<Response<pb::CreatePackageResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = request.package.clone().unwrap_or_default();
        let wanted = position(wire.position)?;
        let label = Label {
            lookup_key: wire.lookup_key,
            display_name: wire.display_name,
        };
        refuse(label.violations("package"))?;
        let offering_id = wire.offering_id;
        self.db
            .write(
                ctx,
                "CreatePackage",
                &request.request_id,
                request,
                |mut w| async move {
                    lock_offerings(&w, ctx).await?;
                    let offering = offering::find(w.tx(), ctx.project, &offering_id).await;
                    let offering = offering.map_err(|error| in_field(error, "offering_id"))?.id;
                    store::require_free(w.tx(), ctx.project, offering, &label).await?;
                    let count = store::count(w.tx(), ctx.project, offering).await?;
                    let at = place(wanted, count);
                    store::shift(w.tx(), ctx.project, offering, at..i32::MAX, 1).await?;
                    let package =
                        store::insert(w.tx(), ctx.project, offering, label, at, ctx.now).await?;
                    let proto = package_to_proto(&package);
                    let revision = package.stamp.revision;
                    w.record("package.created", &proto.id, revision, None, Some(&proto))
                        .await?;
                    let answer = pb::CreatePackageResponse {
                        package: Some(proto),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn get_package(
        &self,
        request: Request<pb::GetPackageRequest>,
    ) -> Result<Response<pb::GetPackageResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let package = store::find(self.db.reader(), ctx.project, &request.id).await?;
        Ok(Response::new(pb::GetPackageResponse {
            package: Some(package_to_proto(&package)),
        }))
    }

    async fn list_packages(
        &self,
        request: Request<pb::ListPackagesRequest>,
    ) -> Result<Response<pb::ListPackagesResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let db = self.db.reader();
        let offering = offering::find(db, ctx.project, &request.offering_id).await;
        let offering = offering.map_err(|error| in_field(error, "offering_id"))?.id;
        let after = match request.after_id.as_str() {
            "" => None,
            id => {
                let last = store::find(db, ctx.project, id).await;
                if last.as_ref().is_ok_and(|last| last.offering != offering) {
                    return Err(not_in_list().into());
                }
                behind(last, |last| last.position.to_string())?
            }
        };
        let window = Window::parse(
            request.page_size,
            &request.page_token,
            after,
            self.page_key,
            &[
                "ListPackages",
                &ctx.project.to_string(),
                &offering.to_string(),
            ],
        )?;
        let found = store::list(db, ctx.project, offering, &window.slice).await?;
        let last = found.rows.last().map(|last| last.position.to_string());
        let last = last.as_deref().map(|place| [place]);
        Ok(Response::new(pb::ListPackagesResponse {
            packages: found.rows.iter().map(package_to_proto).collect(),
            next_page_token: window.next_token(found.more, last.as_ref().map(|last| &last[..])),
        }))
    }

    async fn batch_list_packages(
        &self,
        request: Request<pb::BatchListPackagesRequest>,
    ) -> Result<Response<pb::BatchListPackagesResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        convert::check_batch("offering_ids", &request.offering_ids)?;
        let most = i32::try_from(limit("limit", request.limit)?).unwrap_or(i32::MAX - 1);
        let db = self.db.reader();
        let found = offering::batch(db, ctx.project, &request.offering_ids).await?;
        let ids: Vec<OfferingId> = found.iter().map(|found| found.id).collect();
        // Places have no gaps, so those up to one more than asked for are all that is needed.
        let mut packages: BTreeMap<OfferingId, Vec<Package>> = BTreeMap::new();
        for package in store::first_of(db, ctx.project, &ids, most + 1).await? {
            packages.entry(package.offering).or_default().push(package);
        }
        let offerings = packages.into_iter().map(|(id, packages)| {
            let shown = packages.iter().filter(|package| package.position <= most);
            pb::OfferingPackages {
                offering_id: id.to_string(),
                packages: shown.map(package_to_proto).collect(),
                has_more: packages.iter().any(|package| package.position > most),
            }
        });
        Ok(Response::new(pb::BatchListPackagesResponse {
            offerings: offerings.collect(),
        }))
    }

    async fn update_package(
        &self,
        request: Request<pb::UpdatePackageRequest>,
    ) -> Result<Response<pb::UpdatePackageResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = &request.package.clone().unwrap_or_default();
        let (name, wanted) = package_change(wire, request.update_mask.as_ref())?;
        self.db
            .write(
                ctx,
                "UpdatePackage",
                &request.request_id,
                request,
                |mut w| async move {
                    lock_offerings(&w, ctx).await?;
                    let found = store::find(w.tx(), ctx.project, &wire.id).await?;
                    convert::check_etag(&wire.etag, found.stamp.revision, "package")?;
                    let mut changed = found.clone();
                    if let Some(name) = name {
                        changed.label.display_name = name;
                    }
                    refuse(changed.label.violations("package"))?;
                    if let Some(wanted) = wanted {
                        changed.position = move_to(&w, ctx, &found, wanted).await?;
                    }
                    let before = package_to_proto(&found);
                    let package = if changed == found {
                        before
                    } else {
                        let package = store::update(w.tx(), ctx.project, changed, ctx.now).await?;
                        let after = package_to_proto(&package);
                        let revision = package.stamp.revision;
                        w.record(
                            "package.updated",
                            &after.id,
                            revision,
                            Some(&before),
                            Some(&after),
                        )
                        .await?;
                        after
                    };
                    let answer = pb::UpdatePackageResponse {
                        package: Some(package),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn delete_package(
        &self,
        request: Request<pb::DeletePackageRequest>,
    ) -> Result<Response<pb::DeletePackageResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        self.db
            .write(
                ctx,
                "DeletePackage",
                &request.request_id,
                request,
                |mut w| async move {
                    lock_offerings(&w, ctx).await?;
                    let package = store::find(w.tx(), ctx.project, &request.id).await?;
                    store::delete(w.tx(), ctx.project, &package).await?;
                    let behind = package.position..i32::MAX;
                    store::shift(w.tx(), ctx.project, package.offering, behind, -1).await?;
                    let proto = package_to_proto(&package);
                    let revision = package.stamp.revision + 1;
                    w.record("package.deleted", &proto.id, revision, Some(&proto), None)
                        .await?;
                    let answer = pb::DeletePackageResponse {
                        package: Some(proto),
                        delete_time: Some(timestamp(ctx.now)),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn attach_package_products(
        &self,
        request: Request<pb::AttachPackageProductsRequest>,
    ) -> Result<Response<pb::AttachPackageProductsResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wanted = package_products(&request.products)?;
        self.db
            .write(
                ctx,
                "AttachPackageProducts",
                &request.request_id,
                request,
                |mut w| async move {
                    let package = store::find(w.tx(), ctx.project, &request.id).await?;
                    let texts: Vec<String> = wanted.keys().cloned().collect();
                    let products = product::resolve(w.tx(), ctx.project, &texts).await?;
                    let before = contents(w.tx(), ctx, package.id).await?;
                    let new: Contents = products
                        .iter()
                        .filter_map(|product| {
                            let criteria = wanted
                                .get(&product.id.to_string())
                                .or_else(|| wanted.get(&product.short_id))?;
                            Some((product.id, *criteria))
                        })
                        .filter(|(id, criteria)| before.get(id) != Some(criteria))
                        .collect();
                    let package = if new.is_empty() {
                        package_to_proto(&package)
                    } else {
                        let mut all = before.clone();
                        all.extend(new.clone());
                        if !go_together(&all) {
                            return Err(CatalogError::EligibilityConflict);
                        }
                        // First, so that of two calls at once one loses before it writes more.
                        let package = store::update(w.tx(), ctx.project, package, ctx.now).await?;
                        store::attach(w.tx(), ctx.project, package.id, &new).await?;
                        contents_changed(&mut w, package, (&before, &all)).await?
                    };
                    let answer = pb::AttachPackageProductsResponse {
                        package: Some(package),
                    };
                    Ok((w, answer))
                },
            )
            .await
    }

    async fn detach_package_products(
        &self,
        request: Request<pb::DetachPackageProductsRequest>,
    ) -> Result<Response<pb::DetachPackageProductsResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let texts = product_ids(&request.product_ids)?;
        self.db
            .write(
                ctx,
                "DetachPackageProducts",
                &request.request_id,
                request,
                |mut w| async move {
                    let package = store::find(w.tx(), ctx.project, &request.id).await?;
                    let products = product::resolve(w.tx(), ctx.project, &texts).await?;
                    let before = contents(w.tx(), ctx, package.id).await?;
                    let mut all = before.clone();
                    for product in &products {
                        if all.remove(&product.id).is_none() {
                            let id = product.short_id.clone();
                            return Err(CatalogError::ProductNotAttached(id));
                        }
                    }
                    let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
                    let package = store::update(w.tx(), ctx.project, package, ctx.now).await?;
                    store::detach(w.tx(), ctx.project, package.id, &ids).await?;
                    let package = contents_changed(&mut w, package, (&before, &all)).await?;
                    let answer = pb::DetachPackageProductsResponse {
                        package: Some(package),
                    };
                    Ok((w, answer))
                },
            )
            .await
    }

    async fn list_package_products(
        &self,
        request: Request<pb::ListPackageProductsRequest>,
    ) -> Result<Response<pb::ListPackageProductsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let db = self.db.reader();
        let package = store::find(db, ctx.project, &request.id).await?;
        let inside = contents(db, &ctx, package.id).await?;
        let after = match request.after_id.as_str() {
            "" => None,
            id => {
                let last = product::find(db, ctx.project, id).await;
                if last
                    .as_ref()
                    .is_ok_and(|last| !inside.contains_key(&last.id))
                {
                    return Err(not_in_list().into());
                }
                behind(last, |product| product.id.to_string())?
            }
        };
        let id = package.id.to_string();
        let window = Window::parse(
            request.page_size,
            &request.page_token,
            after,
            self.page_key,
            &["ListPackageProducts", &ctx.project.to_string(), &id],
        )?;
        let scope = Scope::Package(id);
        let (products, next_page_token) = self.products(ctx.project, &scope, &window).await?;
        Ok(Response::new(pb::ListPackageProductsResponse {
            products: shown(products.iter(), &inside),
            next_page_token,
        }))
    }

    async fn batch_list_package_products(
        &self,
        request: Request<pb::BatchListPackageProductsRequest>,
    ) -> Result<Response<pb::BatchListPackageProductsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        convert::check_batch("ids", &request.ids)?;
        let most = usize::try_from(limit("limit", request.limit)?).unwrap_or(usize::MAX);
        let db = self.db.reader();
        let found = store::batch(db, ctx.project, &request.ids).await?;
        let ids: Vec<PackageId> = found.iter().map(|found| found.id).collect();
        let inside = store::contents(db, ctx.project, &ids).await?;
        let first: BTreeSet<ProductId> = inside
            .values()
            .flat_map(|products| products.keys().take(most).copied())
            .collect();
        let first: Vec<ProductId> = first.into_iter().collect();
        let products = product::by_ids(db, ctx.project, &first).await?;
        let products: BTreeMap<ProductId, &Product> = products
            .iter()
            .map(|product| (product.id, product))
            .collect();
        let packages = inside.iter().map(|(id, all)| pb::PackageProducts {
            package_id: id.to_string(),
            products: shown(
                all.keys()
                    .take(most)
                    .filter_map(|id| products.get(id).copied()),
                all,
            ),
            has_more: all.len() > most,
        });
        Ok(Response::new(pb::BatchListPackageProductsResponse {
            packages: packages.collect(),
        }))
    }
}

/// Makes room for a package at the place that it is to move to, and answers that place.
async fn move_to(
    w: &Write,
    ctx: &Context,
    package: &Package,
    wanted: i32,
) -> Result<i32, CatalogError> {
    let others = store::count(w.tx(), ctx.project, package.offering).await? - 1;
    let (from, to) = (package.position, place(Some(wanted), others));
    let (between, by) = if to < from {
        (to..from, 1)
    } else {
        (from + 1..to + 1, -1)
    };
    store::shift(w.tx(), ctx.project, package.offering, between, by).await?;
    Ok(to)
}

async fn contents(
    db: &impl ConnectionTrait,
    ctx: &Context,
    package: PackageId,
) -> Result<Contents, CatalogError> {
    let mut all = store::contents(db, ctx.project, &[package]).await?;
    Ok(all.remove(&package).unwrap_or_default())
}

fn shown<'a>(
    products: impl Iterator<Item = &'a Product>,
    inside: &Contents,
) -> Vec<pb::PackageProduct> {
    products
        .filter_map(|product| {
            let criteria = inside.get(&product.id)?;
            Some(package_product_to_proto(product, *criteria))
        })
        .collect()
}

/// Puts both states of a package whose products changed on record.
async fn contents_changed(
    w: &mut Write,
    package: Package,
    (before, after): (&Contents, &Contents),
) -> Result<pb::Package, CatalogError> {
    let list = |all: &Contents| pb::PackageProducts {
        package_id: package.id.to_string(),
        products: all
            .iter()
            .map(|(id, criteria)| convert::access::bare_package_product(*id, *criteria))
            .collect(),
        has_more: false,
    };
    w.record(
        "package.products_changed",
        &package.id.to_string(),
        package.stamp.revision,
        Some(&list(before)),
        Some(&list(after)),
    )
    .await?;
    Ok(package_to_proto(&package))
}
