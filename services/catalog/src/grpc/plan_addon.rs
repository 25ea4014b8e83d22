//! Which add-ons can be bought on top of which plans.

use chassis::keyset::Page;
use std::collections::BTreeMap;

use chassis::Context;
use contract::catalog::v1 as pb;
use kernel::id::{AddonId, PlanId};
use sea_orm::ConnectionTrait;
use tonic::{Request, Response, Status};

use super::Catalog;
use crate::{
    convert,
    domain::{addon::AddonBody, plan::PlanBody, versioning::State},
    error::{CatalogError, OfferKind},
    store::{
        offer::{self, AddonVersion, OfferRef, PlanVersion, Selection},
        plan_addon as store,
    },
};

#[tonic::async_trait]
impl pb::plan_addon_service_server::PlanAddonService for Catalog {
    async fn create_plan_addon(
        &self,
        request: Request<pb::CreatePlanAddonRequest>,
    ) -> Result<Response<pb::CreatePlanAddonResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let plan: PlanId = convert::parse_id("plan_id", &request.plan_id)?;
        let addon: AddonId = convert::parse_id("addon_id", &request.addon_id)?;
        let terms = convert::plan_addon::terms(request)?;
        self.db
            .write(
                ctx,
                "CreatePlanAddon",
                &request.request_id,
                request,
                |mut w| async move {
                    let plan = editable_plan(w.tx(), ctx, plan).await?;
                    let addon = active_addon(w.tx(), ctx, addon).await?;
                    let id = chassis::id::next();
                    let pair = (plan.id, &addon);
                    let stored =
                        store::insert(w.tx(), ctx.project, id, pair, terms, ctx.now).await?;
                    let proto = convert::plan_addon::to_proto(&stored, &plan, &addon, ctx.now);
                    let id = stored.id.to_string();
                    w.record(
                        "plan_addon.created",
                        &id,
                        stored.revision,
                        None,
                        Some(&proto),
                    )
                    .await?;
                    let answer = pb::CreatePlanAddonResponse {
                        plan_addon: Some(proto),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn get_plan_addon(
        &self,
        request: Request<pb::GetPlanAddonRequest>,
    ) -> Result<Response<pb::GetPlanAddonResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let plan = convert::plan::reference("plan", request.plan.as_ref())?;
        let wanted = convert::addon::reference("addon", request.addon.as_ref())?;
        let db = self.db.reader();
        let plan = active_else_latest(db, &ctx, plan).await?;
        let stored = live(db, &ctx, plan.id, &wanted).await?;
        let addon = offer::by_id::<AddonBody>(db, ctx.project, stored.addon).await?;
        Ok(Response::new(pb::GetPlanAddonResponse {
            plan_addon: Some(convert::plan_addon::to_proto(
                &stored, &plan, &addon, ctx.now,
            )),
        }))
    }

    async fn list_plan_addons(
        &self,
        request: Request<pb::ListPlanAddonsRequest>,
    ) -> Result<Response<pb::ListPlanAddonsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let plan = convert::plan::reference("plan", request.plan.as_ref())?;
        let filter = convert::plan_addon::filter(&request)?;
        let db = self.db.reader();
        let plan = active_else_latest(db, &ctx, plan).await?;
        let page = Page::from_proto(
            (request.page_size, &request.page_token, request.page),
            request.descending,
            self.page_key,
            &[
                "ListPlanAddons",
                &ctx.project.to_string(),
                &plan.id.to_string(),
                &format!("{filter:?}{}", request.descending),
            ],
        )?;
        let found = store::list(db, ctx.project, plan.id, &filter, &page.slice).await?;
        let ids: Vec<AddonId> = found.rows.iter().map(|stored| stored.addon).collect();
        let addons: Vec<AddonVersion> = offer::by_ids(db, ctx.project, &ids).await?;
        let addons: BTreeMap<AddonId, &AddonVersion> =
            addons.iter().map(|addon| (addon.id, addon)).collect();
        let last = found.rows.last().map(|stored| filter.sort.values(stored));
        Ok(Response::new(pb::ListPlanAddonsResponse {
            plan_addons: found
                .rows
                .iter()
                .filter_map(|stored| {
                    let addon = addons.get(&stored.addon)?;
                    Some(convert::plan_addon::to_proto(stored, &plan, addon, ctx.now))
                })
                .collect(),
            next_page_token: page.next_token(found.more, last),
            total_size: found.total.cast_signed(),
        }))
    }

    async fn update_plan_addon(
        &self,
        request: Request<pb::UpdatePlanAddonRequest>,
    ) -> Result<Response<pb::UpdatePlanAddonResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let plan: PlanId = convert::parse_id("plan_id", &request.plan_id)?;
        let wanted = convert::addon::reference("addon", request.addon.as_ref())?;
        let wire = &request.plan_addon.clone().unwrap_or_default();
        self.db
            .write(
                ctx,
                "UpdatePlanAddon",
                &request.request_id,
                request,
                |mut w| async move {
                    let plan = editable_plan(w.tx(), ctx, plan).await?;
                    let mut stored = live(w.tx(), ctx, plan.id, &wanted).await?;
                    convert::check_etag(&wire.etag, stored.revision, "plan add-on")?;
                    let addon =
                        offer::by_id::<AddonBody>(w.tx(), ctx.project, stored.addon).await?;
                    let before = convert::plan_addon::to_proto(&stored, &plan, &addon, ctx.now);
                    stored.terms = convert::plan_addon::updated(
                        &stored.terms,
                        wire,
                        request.update_mask.as_ref(),
                    )?;
                    let stored = store::update(w.tx(), ctx.project, stored, ctx.now).await?;
                    let after = convert::plan_addon::to_proto(&stored, &plan, &addon, ctx.now);
                    let id = stored.id.to_string();
                    w.record(
                        "plan_addon.updated",
                        &id,
                        stored.revision,
                        Some(&before),
                        Some(&after),
                    )
                    .await?;
                    let answer = pb::UpdatePlanAddonResponse {
                        plan_addon: Some(after),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn delete_plan_addon(
        &self,
        request: Request<pb::DeletePlanAddonRequest>,
    ) -> Result<Response<pb::DeletePlanAddonResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let plan: PlanId = convert::parse_id("plan_id", &request.plan_id)?;
        let wanted = convert::addon::reference("addon", request.addon.as_ref())?;
        self.db
            .write(
                ctx,
                "DeletePlanAddon",
                &request.request_id,
                request,
                |mut w| async move {
                    let plan = editable_plan(w.tx(), ctx, plan).await?;
                    let mut stored = store::find(w.tx(), ctx.project, plan.id, &wanted)
                        .await?
                        .ok_or_else(|| CatalogError::PlanAddonNotFound(wanted.to_string()))?;
                    if stored.delete_time.is_some() {
                        return Ok((w, pb::DeletePlanAddonResponse {}));
                    }
                    let addon =
                        offer::by_id::<AddonBody>(w.tx(), ctx.project, stored.addon).await?;
                    let before = convert::plan_addon::to_proto(&stored, &plan, &addon, ctx.now);
                    stored.delete_time = Some(ctx.now);
                    let stored = store::update(w.tx(), ctx.project, stored, ctx.now).await?;
                    let after = convert::plan_addon::to_proto(&stored, &plan, &addon, ctx.now);
                    let id = stored.id.to_string();
                    w.record(
                        "plan_addon.deleted",
                        &id,
                        stored.revision,
                        Some(&before),
                        Some(&after),
                    )
                    .await?;
                    Ok::<_, CatalogError>((w, pb::DeletePlanAddonResponse {}))
                },
            )
            .await
    }
}

async fn editable_plan(
    db: &impl ConnectionTrait,
    ctx: &Context,
    id: PlanId,
) -> Result<PlanVersion, CatalogError> {
    // Whoever publishes the plan locks it, too: it is checked with all its add-ons.
    offer::lock::<PlanBody>(db, ctx.project, id).await?;
    let plan = offer::by_id::<PlanBody>(db, ctx.project, id).await?;
    if plan.delete_time.is_some() {
        return Err(CatalogError::OfferDeleted {
            kind: OfferKind::Plan,
            id: id.to_string(),
        });
    }
    let state = plan.effective.state(ctx.now);
    if state.is_editable() {
        return Ok(plan);
    }
    Err(CatalogError::PlanState {
        operation: "given add-ons",
        allowed: &[State::Draft, State::Scheduled],
        state,
    })
}

async fn active_addon(
    db: &impl ConnectionTrait,
    ctx: &Context,
    id: AddonId,
) -> Result<AddonVersion, CatalogError> {
    offer::lock::<AddonBody>(db, ctx.project, id).await?;
    let addon = offer::by_id::<AddonBody>(db, ctx.project, id).await?;
    if addon.delete_time.is_some() {
        return Err(CatalogError::OfferDeleted {
            kind: OfferKind::Addon,
            id: id.to_string(),
        });
    }
    let state = addon.effective.addon_state(ctx.now);
    if state == State::Active {
        return Ok(addon);
    }
    Err(CatalogError::AddonState {
        operation: "assignment",
        state,
    })
}

async fn live(
    db: &impl ConnectionTrait,
    ctx: &Context,
    plan: PlanId,
    wanted: &OfferRef<AddonId>,
) -> Result<store::PlanAddon, CatalogError> {
    store::find(db, ctx.project, plan, wanted)
        .await?
        .filter(|stored| stored.delete_time.is_none())
        .ok_or_else(|| CatalogError::PlanAddonNotFound(wanted.to_string()))
}

/// A key alone means the version in effect, else the highest: add-ons are assigned to drafts.
async fn active_else_latest(
    db: &impl ConnectionTrait,
    ctx: &Context,
    wanted: OfferRef<PlanId>,
) -> Result<PlanVersion, CatalogError> {
    let found = offer::find::<PlanBody>(db, ctx.project, &wanted, ctx.now).await;
    match (found, wanted) {
        (Err(CatalogError::OfferNotFound { .. }), OfferRef::Key(key, Selection::Active)) => {
            let latest = OfferRef::Key(key, Selection::Latest);
            offer::find::<PlanBody>(db, ctx.project, &latest, ctx.now).await
        }
        (found, OfferRef::Id(_) | OfferRef::Key(..)) => found,
    }
}
