//! Plans.

use chassis::keyset::Page;
use std::collections::BTreeMap;

use chassis::Write;
use contract::catalog::v1 as pb;
use kernel::id::{AddonId, PlanId};
use tonic::{Request, Response, Status};

use super::{
    Catalog, known_features, lock_features, named_plan::name_published, product::ensure_published,
    resolve_features,
};
use crate::{
    convert,
    domain::{
        field::Field,
        issue::{Issue, IssueCode, any_critical},
        plan::{PlanBody, PlanSpec},
        rate_card::RateCard,
        versioning::{self, State, Version},
    },
    error::{CatalogError, OfferKind, refuse},
    store::{
        offer::{self, AddonVersion, OfferRef, PlanVersion, Selection},
        plan_addon,
    },
};

const EDITABLE: &[State] = &[State::Draft, State::Scheduled];
const DELETABLE: &[State] = &[State::Draft, State::Scheduled, State::Archived];

#[tonic::async_trait]
impl pb::plan_service_server::PlanService for Catalog {
    async fn create_plan(
        &self,
        request: Request<pb::CreatePlanRequest>,
    ) -> Result<Response<pb::CreatePlanResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let mut spec = convert::plan::from_proto(&request.plan.clone().unwrap_or_default())?;
        check_storable(&spec)?;
        self.db
            .write(
                ctx,
                "CreatePlan",
                &request.request_id,
                request,
                |w| async move {
                    lock_drafts(&w, &spec.key).await?;
                    refuse_second_draft(&w, &spec.key).await?;
                    resolve_features(w.tx(), ctx.project, spec.body.rate_cards_mut()).await?;
                    let (w, plan) = insert(w, spec).await?;
                    Ok::<_, CatalogError>((w, pb::CreatePlanResponse { plan: Some(plan) }))
                },
            )
            .await
    }

    async fn get_plan(
        &self,
        request: Request<pb::GetPlanRequest>,
    ) -> Result<Response<pb::GetPlanResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let wanted = convert::plan::reference("plan", request.plan.as_ref())?;
        let found =
            offer::find::<PlanBody>(self.db.reader(), ctx.project, &wanted, ctx.now).await?;
        Ok(Response::new(pb::GetPlanResponse {
            plan: Some(convert::plan::to_proto(&found, ctx.now)),
        }))
    }

    async fn batch_get_plans(
        &self,
        request: Request<pb::BatchGetPlansRequest>,
    ) -> Result<Response<pb::BatchGetPlansResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let ids = convert::batch("ids", &request.ids)?;
        let found = offer::by_ids::<PlanBody>(self.db.reader(), ctx.project, &ids).await?;
        Ok(Response::new(pb::BatchGetPlansResponse {
            plans: found
                .iter()
                .map(|plan| convert::plan::to_proto(plan, ctx.now))
                .collect(),
        }))
    }

    async fn list_plans(
        &self,
        request: Request<pb::ListPlansRequest>,
    ) -> Result<Response<pb::ListPlansResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let filter = convert::plan::filter(&request)?;
        let page = Page::from_proto(
            (request.page_size, &request.page_token, request.page),
            request.descending,
            self.page_key,
            &[
                "ListPlans",
                &ctx.project.to_string(),
                &format!("{filter:?}{}", request.descending),
            ],
        )?;
        let db = self.db.reader();
        let found = offer::list::<PlanBody>(db, ctx.project, &filter, &page.slice, ctx.now).await?;
        let last = found.rows.last();
        let last = last.map(|plan| filter.sort.values::<PlanBody>(plan));
        Ok(Response::new(pb::ListPlansResponse {
            plans: found
                .rows
                .iter()
                .map(|plan| convert::plan::to_proto(plan, ctx.now))
                .collect(),
            next_page_token: page.next_token(found.more, last),
            total_size: found.total.cast_signed(),
        }))
    }

    async fn update_plan(
        &self,
        request: Request<pb::UpdatePlanRequest>,
    ) -> Result<Response<pb::UpdatePlanResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = &request.plan.clone().unwrap_or_default();
        let id: PlanId = convert::parse_id("plan.id", &wire.id)?;
        self.db
            .write(
                ctx,
                "UpdatePlan",
                &request.request_id,
                request,
                |mut w| async move {
                    let plan = offer::by_id::<PlanBody>(w.tx(), ctx.project, id).await?;
                    check_live(&plan)?;
                    check_state(&w, &plan, "updated", EDITABLE)?;
                    convert::check_etag(&wire.etag, plan.revision, "plan")?;
                    let before = convert::plan::to_proto(&plan, ctx.now);
                    let mut spec =
                        convert::plan::updated(&plan.offer, wire, request.update_mask.as_ref())?;
                    check_storable(&spec)?;
                    if spec.body.phases != plan.offer.body.phases {
                        resolve_features(w.tx(), ctx.project, spec.body.rate_cards_mut()).await?;
                    }
                    let changed = Version {
                        offer: spec,
                        ..plan
                    };
                    let plan = record(&mut w, "plan.updated", Some(before), changed).await?;
                    Ok::<_, CatalogError>((w, pb::UpdatePlanResponse { plan: Some(plan) }))
                },
            )
            .await
    }

    async fn publish_plan(
        &self,
        request: Request<pb::PublishPlanRequest>,
    ) -> Result<Response<pb::PublishPlanResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let id: PlanId = convert::parse_id("id", &request.id)?;
        let from = convert::plan::effective_time(request.effective_time.as_ref(), ctx.now)?;
        self.db
            .write(
                ctx,
                "PublishPlan",
                &request.request_id,
                request,
                |mut w| async move {
                    let found = offer::by_id::<PlanBody>(w.tx(), ctx.project, id).await?;
                    check_live(&found)?;
                    let versions =
                        offer::lock_key::<PlanBody>(w.tx(), ctx.project, &found.offer.key).await?;
                    let (own, mut others): (Vec<_>, Vec<_>) =
                        versions.into_iter().partition(|version| version.id == id);
                    let plan = own.into_iter().next().ok_or(CatalogError::Stale("plan"))?;
                    check_state(&w, &plan, "published", EDITABLE)?;
                    check_publishable(&w, &plan).await?;
                    let timeline: Vec<_> = others
                        .iter()
                        .map(|version| (version.id, version.effective))
                        .collect();
                    let published = versioning::publish(&timeline, from);
                    let ended = others
                        .iter()
                        .position(|other| Some(other.id) == published.ended);
                    if let Some(index) = ended {
                        let mut other = others.swap_remove(index);
                        let before = convert::plan::to_proto(&other, ctx.now);
                        other.effective.to = Some(from);
                        // It goes on until the new version begins; only its end is known now.
                        let kind = match other.effective.state(ctx.now) {
                            State::Archived => "plan.archived",
                            State::Draft | State::Scheduled | State::Active => "plan.updated",
                        };
                        record(&mut w, kind, Some(before), other).await?;
                    }
                    let before = convert::plan::to_proto(&plan, ctx.now);
                    let changed = Version {
                        effective: published.effective,
                        ..plan
                    };
                    let (key, body) = (changed.offer.key.clone(), changed.offer.body.clone());
                    let plan = record(&mut w, "plan.published", Some(before), changed).await?;
                    // From its first publish on a plan is known by name, and a product.
                    name_published(&mut w, &key, &body.name).await?;
                    ensure_published(&mut w, &key, &body).await?;
                    Ok::<_, CatalogError>((w, pb::PublishPlanResponse { plan: Some(plan) }))
                },
            )
            .await
    }

    async fn archive_plan(
        &self,
        request: Request<pb::ArchivePlanRequest>,
    ) -> Result<Response<pb::ArchivePlanResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let id: PlanId = convert::parse_id("id", &request.id)?;
        self.db
            .write(
                ctx,
                "ArchivePlan",
                &request.request_id,
                request,
                |mut w| async move {
                    let mut plan = offer::by_id::<PlanBody>(w.tx(), ctx.project, id).await?;
                    check_live(&plan)?;
                    check_state(&w, &plan, "archived", &[State::Active])?;
                    let before = convert::plan::to_proto(&plan, ctx.now);
                    plan.effective.to = Some(ctx.now);
                    let plan = record(&mut w, "plan.archived", Some(before), plan).await?;
                    Ok::<_, CatalogError>((w, pb::ArchivePlanResponse { plan: Some(plan) }))
                },
            )
            .await
    }

    async fn create_next_plan_version(
        &self,
        request: Request<pb::CreateNextPlanVersionRequest>,
    ) -> Result<Response<pb::CreateNextPlanVersionResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wanted = match convert::plan::reference("plan", request.plan.as_ref())? {
            OfferRef::Key(key, Selection::Active) => OfferRef::Key(key, Selection::Latest),
            given @ (OfferRef::Id(_) | OfferRef::Key(..)) => given,
        };
        self.db
            .write(
                ctx,
                "CreateNextPlanVersion",
                &request.request_id,
                request,
                |w| async move {
                    let source =
                        offer::find::<PlanBody>(w.tx(), ctx.project, &wanted, ctx.now).await;
                    let source = source.map_err(|error| match (error, &wanted) {
                        (CatalogError::OfferNotFound { .. }, OfferRef::Key(key, _)) => {
                            CatalogError::NoVersions(key.clone())
                        }
                        (error, OfferRef::Id(_) | OfferRef::Key(..)) => error,
                    })?;
                    lock_drafts(&w, &source.offer.key).await?;
                    refuse_second_draft(&w, &source.offer.key).await?;
                    let (w, plan) = insert(w, source.offer).await?;
                    let answer = pb::CreateNextPlanVersionResponse { plan: Some(plan) };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn delete_plan(
        &self,
        request: Request<pb::DeletePlanRequest>,
    ) -> Result<Response<pb::DeletePlanResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let id: PlanId = convert::parse_id("id", &request.id)?;
        self.db
            .write(
                ctx,
                "DeletePlan",
                &request.request_id,
                request,
                |mut w| async move {
                    let mut plan = offer::by_id::<PlanBody>(w.tx(), ctx.project, id).await?;
                    if plan.delete_time.is_some() {
                        let plan = convert::plan::to_proto(&plan, ctx.now);
                        return Ok((w, pb::DeletePlanResponse { plan: Some(plan) }));
                    }
                    check_state(&w, &plan, "deleted", DELETABLE)?;
                    reopen_before(&mut w, &plan).await?;
                    plan_addon::delete_of_plan(w.tx(), ctx.project, id, ctx.now).await?;
                    let before = convert::plan::to_proto(&plan, ctx.now);
                    plan.delete_time = Some(ctx.now);
                    let plan = record(&mut w, "plan.deleted", Some(before), plan).await?;
                    Ok::<_, CatalogError>((w, pb::DeletePlanResponse { plan: Some(plan) }))
                },
            )
            .await
    }

    async fn validate_plan(
        &self,
        request: Request<pb::ValidatePlanRequest>,
    ) -> Result<Response<pb::ValidatePlanResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let mut spec = convert::plan::from_proto(&request.plan.unwrap_or_default())?;
        refuse(spec.violations())?;
        let db = self.db.reader();
        let cards: Vec<&RateCard> = spec.body.rate_cards().collect();
        let known = known_features(db, ctx.project, &cards).await?;
        let mut issues = spec.body.issues();
        if request.strict {
            issues.extend(spec.feature_issues(&known));
        }
        for card in spec.body.rate_cards_mut() {
            let live = known.iter().find(|feature| {
                !feature.archived && Some(&feature.key) == card.feature_key.as_ref()
            });
            card.feature_id = live.map(|feature| feature.id);
        }
        Ok(Response::new(pb::ValidatePlanResponse {
            issues: convert::issues(&issues),
            plan: Some(convert::plan::spec_to_proto(&spec)),
        }))
    }
}

fn check_storable(spec: &PlanSpec) -> Result<(), CatalogError> {
    refuse(spec.violations())?;
    let issues = spec.issues();
    if any_critical(&issues) {
        return Err(CatalogError::InvalidOffer {
            kind: OfferKind::Plan,
            issues,
        });
    }
    Ok(())
}

fn check_live(plan: &PlanVersion) -> Result<(), CatalogError> {
    if plan.delete_time.is_none() {
        return Ok(());
    }
    Err(CatalogError::OfferDeleted {
        kind: OfferKind::Plan,
        id: plan.id.to_string(),
    })
}

fn check_state(
    w: &Write,
    plan: &PlanVersion,
    operation: &'static str,
    allowed: &'static [State],
) -> Result<(), CatalogError> {
    let state = plan.effective.state(w.context().now);
    if allowed.contains(&state) {
        return Ok(());
    }
    Err(CatalogError::PlanState {
        operation,
        allowed,
        state,
    })
}

/// Lets one write that makes a version of a key pass at a time.
async fn lock_drafts(w: &Write, key: &str) -> Result<(), CatalogError> {
    let project = w.context().project;
    chassis::db::lock(w.tx(), &format!("catalog.plan.{project}.{key}")).await?;
    Ok(())
}

async fn refuse_second_draft(w: &Write, key: &str) -> Result<(), CatalogError> {
    if offer::has_draft::<PlanBody>(w.tx(), w.context().project, key).await? {
        return Err(CatalogError::DraftExists {
            kind: OfferKind::Plan,
            key: key.to_owned(),
        });
    }
    Ok(())
}

/// Everything that publishing checks, warnings too.
async fn check_publishable(w: &Write, plan: &PlanVersion) -> Result<(), CatalogError> {
    let (project, now) = (w.context().project, w.context().now);
    let cards: Vec<&RateCard> = plan.offer.body.rate_cards().collect();
    lock_features(w.tx(), project, &cards).await?;
    let known = known_features(w.tx(), project, &cards).await?;
    let mut issues = plan.offer.issues();
    issues.extend(plan.offer.feature_issues(&known));
    let assigned = plan_addon::of_plan(w.tx(), project, plan.id).await?;
    let ids: Vec<AddonId> = assigned.iter().map(|assignment| assignment.addon).collect();
    let addons: Vec<AddonVersion> = offer::by_ids(w.tx(), project, &ids).await?;
    let addons: BTreeMap<AddonId, &AddonVersion> =
        addons.iter().map(|addon| (addon.id, addon)).collect();
    for assignment in &assigned {
        let compatible = addons.get(&assignment.addon).is_some_and(|addon| {
            convert::plan_addon::compatibility(plan, addon, &assignment.terms, now).is_empty()
        });
        if !compatible {
            let issue = Issue::new(IssueCode::PlanHasIncompatibleAddon, Field::root());
            issues.push(issue.with("addonKey", assignment.addon_key.clone()));
        }
    }
    if issues.is_empty() {
        return Ok(());
    }
    Err(CatalogError::NotPublishable {
        kind: OfferKind::Plan,
        issues,
    })
}

async fn insert(mut w: Write, spec: PlanSpec) -> Result<(Write, pb::Plan), CatalogError> {
    let (project, now) = (w.context().project, w.context().now);
    let plan = offer::insert(w.tx(), project, chassis::id::next(), spec, now).await?;
    let proto = convert::plan::to_proto(&plan, now);
    w.record("plan.created", &proto.id, plan.revision, None, Some(&proto))
        .await?;
    Ok((w, proto))
}

/// Stores a changed version and records the change.
async fn record(
    w: &mut Write,
    kind: &'static str,
    before: Option<pb::Plan>,
    changed: PlanVersion,
) -> Result<pb::Plan, CatalogError> {
    let (project, now) = (w.context().project, w.context().now);
    let plan = offer::update(w.tx(), project, changed, now).await?;
    let after = convert::plan::to_proto(&plan, now);
    w.record(
        kind,
        &after.id,
        plan.revision,
        before.as_ref(),
        Some(&after),
    )
    .await?;
    Ok(after)
}

/// Deleting a scheduled version takes its start back: the version before it goes on.
async fn reopen_before(w: &mut Write, plan: &PlanVersion) -> Result<(), CatalogError> {
    let (project, now) = (w.context().project, w.context().now);
    if plan.effective.state(now) != State::Scheduled {
        return Ok(());
    }
    let versions = offer::lock_key::<PlanBody>(w.tx(), project, &plan.offer.key).await?;
    let before = versions
        .into_iter()
        .find(|other| other.id != plan.id && other.effective.to == plan.effective.from);
    if let Some(mut other) = before {
        let proto = convert::plan::to_proto(&other, now);
        other.effective.to = plan.effective.to;
        record(w, "plan.updated", Some(proto), other).await?;
    }
    Ok(())
}
