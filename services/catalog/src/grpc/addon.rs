//! Add-ons.

use chassis::Write;
use chassis::keyset::Page;
use contract::catalog::v1 as pb;
use kernel::id::AddonId;
use tonic::{Request, Response, Status};

use super::{Catalog, known_features, lock_features, resolve_features};
use crate::{
    convert,
    domain::{
        addon::{AddonBody, AddonSpec},
        issue::any_critical,
        rate_card::RateCard,
        versioning::{self, State, Version},
    },
    error::{CatalogError, OfferKind, refuse},
    store::{
        offer::{self, AddonVersion},
        plan_addon,
    },
};

#[tonic::async_trait]
impl pb::addon_service_server::AddonService for Catalog {
    async fn create_addon(
        &self,
        request: Request<pb::CreateAddonRequest>,
    ) -> Result<Response<pb::CreateAddonResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let mut spec = convert::addon::from_proto(&request.addon.clone().unwrap_or_default())?;
        check_storable(&spec)?;
        self.db
            .write(
                ctx,
                "CreateAddon",
                &request.request_id,
                request,
                |mut w| async move {
                    let lock = format!("catalog.addon.{}.{}", ctx.project, spec.key);
                    chassis::db::lock(w.tx(), &lock).await?;
                    if offer::has_draft::<AddonBody>(w.tx(), ctx.project, &spec.key).await? {
                        return Err(CatalogError::DraftExists {
                            kind: OfferKind::Addon,
                            key: spec.key,
                        });
                    }
                    resolve_features(w.tx(), ctx.project, spec.body.rate_cards.iter_mut()).await?;
                    let id = chassis::id::next();
                    let addon = offer::insert(w.tx(), ctx.project, id, spec, ctx.now).await?;
                    let proto = convert::addon::to_proto(&addon, ctx.now);
                    w.record(
                        "addon.created",
                        &proto.id,
                        addon.revision,
                        None,
                        Some(&proto),
                    )
                    .await?;
                    Ok((w, pb::CreateAddonResponse { addon: Some(proto) }))
                },
            )
            .await
    }

    async fn get_addon(
        &self,
        request: Request<pb::GetAddonRequest>,
    ) -> Result<Response<pb::GetAddonResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let wanted = convert::addon::reference("addon", request.addon.as_ref())?;
        let found =
            offer::find::<AddonBody>(self.db.reader(), ctx.project, &wanted, ctx.now).await?;
        Ok(Response::new(pb::GetAddonResponse {
            addon: Some(convert::addon::to_proto(&found, ctx.now)),
        }))
    }

    async fn list_addons(
        &self,
        request: Request<pb::ListAddonsRequest>,
    ) -> Result<Response<pb::ListAddonsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let filter = convert::addon::filter(&request)?;
        let page = Page::from_proto(
            (request.page_size, &request.page_token, request.page),
            request.descending,
            self.page_key,
            &[
                "ListAddons",
                &ctx.project.to_string(),
                &format!("{filter:?}{}", request.descending),
            ],
        )?;
        let db = self.db.reader();
        let found =
            offer::list::<AddonBody>(db, ctx.project, &filter, &page.slice, ctx.now).await?;
        let last = found.rows.last();
        let last = last.map(|addon| filter.sort.values::<AddonBody>(addon));
        Ok(Response::new(pb::ListAddonsResponse {
            addons: found
                .rows
                .iter()
                .map(|addon| convert::addon::to_proto(addon, ctx.now))
                .collect(),
            next_page_token: page.next_token(found.more, last),
            total_size: found.total.cast_signed(),
        }))
    }

    async fn update_addon(
        &self,
        request: Request<pb::UpdateAddonRequest>,
    ) -> Result<Response<pb::UpdateAddonResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = &request.addon.clone().unwrap_or_default();
        let id: AddonId = convert::parse_id("addon.id", &wire.id)?;
        self.db
            .write(
                ctx,
                "UpdateAddon",
                &request.request_id,
                request,
                |mut w| async move {
                    let addon = offer::by_id::<AddonBody>(w.tx(), ctx.project, id).await?;
                    check(&w, &addon, "update", &[State::Draft])?;
                    convert::check_etag(&wire.etag, addon.revision, "add-on")?;
                    let before = convert::addon::to_proto(&addon, ctx.now);
                    let mut spec =
                        convert::addon::updated(&addon.offer, wire, request.update_mask.as_ref())?;
                    check_storable(&spec)?;
                    if spec.body.rate_cards != addon.offer.body.rate_cards {
                        resolve_features(w.tx(), ctx.project, spec.body.rate_cards.iter_mut())
                            .await?;
                    }
                    let changed = Version {
                        offer: spec,
                        ..addon
                    };
                    let addon = record(&mut w, "addon.updated", before, changed).await?;
                    Ok::<_, CatalogError>((w, pb::UpdateAddonResponse { addon: Some(addon) }))
                },
            )
            .await
    }

    async fn publish_addon(
        &self,
        request: Request<pb::PublishAddonRequest>,
    ) -> Result<Response<pb::PublishAddonResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let id: AddonId = convert::parse_id("id", &request.id)?;
        self.db
            .write(
                ctx,
                "PublishAddon",
                &request.request_id,
                request,
                |mut w| async move {
                    let found = offer::by_id::<AddonBody>(w.tx(), ctx.project, id).await?;
                    check_live(&found)?;
                    let versions =
                        offer::lock_key::<AddonBody>(w.tx(), ctx.project, &found.offer.key).await?;
                    let (own, mut others): (Vec<_>, Vec<_>) =
                        versions.into_iter().partition(|version| version.id == id);
                    let addon = own
                        .into_iter()
                        .next()
                        .ok_or(CatalogError::Stale("add-on"))?;
                    check_publishable(&w, &addon).await?;
                    let timeline: Vec<_> = others
                        .iter()
                        .map(|version| (version.id, version.effective))
                        .collect();
                    let published = versioning::publish(&timeline, ctx.now);
                    let ended = others
                        .iter()
                        .position(|other| Some(other.id) == published.ended);
                    if let Some(index) = ended {
                        let mut other = others.swap_remove(index);
                        let before = convert::addon::to_proto(&other, ctx.now);
                        other.effective.to = Some(ctx.now);
                        record(&mut w, "addon.archived", before, other).await?;
                    }
                    let before = convert::addon::to_proto(&addon, ctx.now);
                    let changed = Version {
                        effective: published.effective,
                        ..addon
                    };
                    let addon = record(&mut w, "addon.published", before, changed).await?;
                    Ok::<_, CatalogError>((w, pb::PublishAddonResponse { addon: Some(addon) }))
                },
            )
            .await
    }

    async fn archive_addon(
        &self,
        request: Request<pb::ArchiveAddonRequest>,
    ) -> Result<Response<pb::ArchiveAddonResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let id: AddonId = convert::parse_id("id", &request.id)?;
        self.db
            .write(
                ctx,
                "ArchiveAddon",
                &request.request_id,
                request,
                |mut w| async move {
                    let mut addon = offer::by_id::<AddonBody>(w.tx(), ctx.project, id).await?;
                    check(&w, &addon, "archive", &[State::Active])?;
                    let before = convert::addon::to_proto(&addon, ctx.now);
                    addon.effective.to = Some(ctx.now);
                    let addon = record(&mut w, "addon.archived", before, addon).await?;
                    Ok::<_, CatalogError>((w, pb::ArchiveAddonResponse { addon: Some(addon) }))
                },
            )
            .await
    }

    async fn delete_addon(
        &self,
        request: Request<pb::DeleteAddonRequest>,
    ) -> Result<Response<pb::DeleteAddonResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let id: AddonId = convert::parse_id("id", &request.id)?;
        self.db
            .write(
                ctx,
                "DeleteAddon",
                &request.request_id,
                request,
                |mut w| async move {
                    // Whoever assigns the add-on to a plan locks it, too.
                    offer::lock::<AddonBody>(w.tx(), ctx.project, id).await?;
                    let mut addon = offer::by_id::<AddonBody>(w.tx(), ctx.project, id).await?;
                    if addon.delete_time.is_some() {
                        let addon = convert::addon::to_proto(&addon, ctx.now);
                        return Ok((w, pb::DeleteAddonResponse { addon: Some(addon) }));
                    }
                    check(&w, &addon, "delete", &[State::Draft, State::Archived])?;
                    if plan_addon::is_assigned(w.tx(), ctx.project, id).await? {
                        return Err(CatalogError::AddonAssigned);
                    }
                    let before = convert::addon::to_proto(&addon, ctx.now);
                    addon.delete_time = Some(ctx.now);
                    let addon = record(&mut w, "addon.deleted", before, addon).await?;
                    Ok((w, pb::DeleteAddonResponse { addon: Some(addon) }))
                },
            )
            .await
    }
}

fn check_storable(spec: &AddonSpec) -> Result<(), CatalogError> {
    refuse(spec.violations())?;
    let issues = spec.issues();
    if any_critical(&issues) {
        return Err(CatalogError::InvalidOffer {
            kind: OfferKind::Addon,
            issues,
        });
    }
    Ok(())
}

fn check_live(addon: &AddonVersion) -> Result<(), CatalogError> {
    if addon.delete_time.is_none() {
        return Ok(());
    }
    Err(CatalogError::OfferDeleted {
        kind: OfferKind::Addon,
        id: addon.id.to_string(),
    })
}

fn check(
    w: &Write,
    addon: &AddonVersion,
    operation: &'static str,
    allowed: &[State],
) -> Result<(), CatalogError> {
    check_live(addon)?;
    let state = addon.effective.addon_state(w.context().now);
    if allowed.contains(&state) {
        return Ok(());
    }
    Err(CatalogError::AddonState { operation, state })
}

async fn check_publishable(w: &Write, addon: &AddonVersion) -> Result<(), CatalogError> {
    let (project, now) = (w.context().project, w.context().now);
    let cards: Vec<&RateCard> = addon.offer.body.rate_cards.iter().collect();
    lock_features(w.tx(), project, &cards).await?;
    let known = known_features(w.tx(), project, &cards).await?;
    let mut issues = addon.offer.issues();
    let state = addon.effective.addon_state(now);
    issues.extend(addon.offer.publish_issues(state, &known));
    if issues.is_empty() {
        return Ok(());
    }
    Err(CatalogError::NotPublishable {
        kind: OfferKind::Addon,
        issues,
    })
}

/// Stores a changed version and records the change.
async fn record(
    w: &mut Write,
    kind: &'static str,
    before: pb::Addon,
    changed: AddonVersion,
) -> Result<pb::Addon, CatalogError> {
    let (project, now) = (w.context().project, w.context().now);
    let addon = offer::update(w.tx(), project, changed, now).await?;
    let after = convert::addon::to_proto(&addon, now);
    w.record(kind, &after.id, addon.revision, Some(&before), Some(&after))
        .await?;
    Ok(after)
}
