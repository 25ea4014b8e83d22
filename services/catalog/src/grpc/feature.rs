//! Features.

use std::collections::BTreeSet;

use chassis::keyset::Page;
use chassis::{Context, Guard};
use contract::{catalog::v1 as pb, metering::v1 as metering_pb};
use jiff::SignedDuration;
use kernel::id::{FeatureId, ProjectId};
use sea_orm::ConnectionTrait;
use tonic::{Code, Request, Response, Status};

use super::Catalog;
use crate::{
    convert,
    domain::feature::{FeatureBody, MeterFacts, UnitCost},
    error::{CatalogError, refuse},
    store::{feature as store, meter_release, model_price},
};

/// The currency of unit costs.
const COST_CURRENCY: &str = "USD";
/// How long a feature may take to be made before its hold is looked at: longer than any call.
const HOLD_PATIENCE: SignedDuration = SignedDuration::from_secs(60);

#[tonic::async_trait]
impl pb::feature_service_server::FeatureService for Catalog {
    async fn create_feature(
        &self,
        request: Request<pb::CreateFeatureRequest>,
    ) -> Result<Response<pb::CreateFeatureResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = request.feature.clone().unwrap_or_default();
        let new = convert::feature::from_proto(&wire)?;
        refuse(new.violations())?;
        let id: FeatureId = chassis::id::next();
        let meter = match &new.meter_slug {
            Some(slug) => Some(self.meter(ctx, slug).await),
            None => None,
        };
        // The hold is placed before the commit, so a failed commit leaves it behind; the note
        // made first lets the timer find it.
        if let Some(Ok(meter)) = &meter {
            self.note_hold(ctx, id, meter).await?;
        }
        self.db
            .write(
                ctx,
                "CreateFeature",
                &request.request_id,
                request,
                |mut w| async move {
                    lock_key(&w, &new.key).await?;
                    let meter = meter.transpose()?;
                    if let Some(meter) = &meter {
                        refuse(new.meter_violations(meter))?;
                        let project = ctx.project;
                        if !meter_release::take(w.tx(), project, &id.to_string()).await? {
                            return Err(CatalogError::Stale("feature"));
                        }
                    }
                    let feature =
                        store::insert(w.tx(), ctx.project, id, new, meter.clone(), ctx.now).await?;
                    let proto = convert::feature::to_proto(&feature);
                    w.record(
                        "feature.created",
                        &proto.id,
                        feature.revision,
                        None,
                        Some(&proto),
                    )
                    .await?;
                    // Last, so that a refused feature leaves no hold behind.
                    if let Some(meter) = &meter {
                        self.hold_meter(ctx, meter, &feature).await?;
                    }
                    let mut shown = vec![proto];
                    price(
                        w.tx(),
                        ctx.project,
                        std::slice::from_ref(&feature),
                        &mut shown,
                    )
                    .await?;
                    let answer = pb::CreateFeatureResponse {
                        feature: shown.pop(),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn get_feature(
        &self,
        request: Request<pb::GetFeatureRequest>,
    ) -> Result<Response<pb::GetFeatureResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let wanted = convert::feature::reference(request.feature.as_ref())?;
        let found = store::find(
            self.db.reader(),
            ctx.project,
            &wanted,
            request.include_archived,
        )
        .await?;
        let shown = self.shown(&ctx, std::slice::from_ref(&found)).await?;
        Ok(Response::new(pb::GetFeatureResponse {
            feature: shown.into_iter().next(),
        }))
    }

    async fn batch_get_features(
        &self,
        request: Request<pb::BatchGetFeaturesRequest>,
    ) -> Result<Response<pb::BatchGetFeaturesResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let ids = convert::feature::batch(&request)?;
        let (db, archived) = (self.db.reader(), request.include_archived);
        let mut found = store::by_ids(db, ctx.project, &ids, archived).await?;
        found.extend(store::by_keys(db, ctx.project, &request.keys, archived).await?);
        found.sort_by_key(|feature| std::cmp::Reverse(feature.id));
        found.dedup_by_key(|feature| feature.id);
        Ok(Response::new(pb::BatchGetFeaturesResponse {
            features: self.shown(&ctx, &found).await?,
        }))
    }

    async fn list_features(
        &self,
        request: Request<pb::ListFeaturesRequest>,
    ) -> Result<Response<pb::ListFeaturesResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let filter = convert::feature::filter(&request)?;
        let page = Page::from_proto(
            (request.page_size, &request.page_token, request.page),
            request.descending,
            self.page_key,
            &[
                "ListFeatures",
                &ctx.project.to_string(),
                &format!("{filter:?}{}", request.descending),
            ],
        )?;
        let found = store::list(self.db.reader(), ctx.project, &filter, &page.slice).await?;
        let last = found.rows.last().map(|feature| filter.sort.values(feature));
        Ok(Response::new(pb::ListFeaturesResponse {
            features: self.shown(&ctx, &found.rows).await?,
            next_page_token: page.next_token(found.more, last),
            total_size: found.total.cast_signed(),
        }))
    }

    async fn query_feature_cost(
        &self,
        request: Request<pb::QueryFeatureCostRequest>,
    ) -> Result<Response<pb::QueryFeatureCostResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let wanted = convert::feature::reference(request.feature.as_ref())?;
        let usage = request.usage.unwrap_or_default();
        let rows = self.feature_cost(&ctx, &wanted, usage).await?;
        Ok(Response::new(pb::QueryFeatureCostResponse {
            currency_code: COST_CURRENCY.to_owned(),
            rows,
        }))
    }

    async fn archive_feature(
        &self,
        request: Request<pb::ArchiveFeatureRequest>,
    ) -> Result<Response<pb::ArchiveFeatureResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wanted = convert::feature::reference(request.feature.as_ref())?;
        let answer = self
            .db
            .write(
                ctx,
                "ArchiveFeature",
                &request.request_id,
                request,
                |mut w| async move {
                    let feature = store::find(w.tx(), ctx.project, &wanted, false).await?;
                    // Who publishes a plan with the feature locks it, too: one of both comes first.
                    let ids = [feature.id];
                    let feature = store::lock(w.tx(), ctx.project, &ids).await?.pop();
                    let feature = feature.filter(|feature| feature.archive_time.is_none());
                    let gone = || CatalogError::FeatureNotFound(wanted.to_string());
                    let feature = feature.ok_or_else(gone)?;
                    self.check_unused(&w, &feature).await?;
                    if let Some((meter, _)) = &feature.meter {
                        let (id, meter) = (feature.id, meter.to_string());
                        meter_release::note(w.tx(), ctx.project, id, &meter, ctx.now).await?;
                    }
                    let before = convert::feature::to_proto(&feature);
                    let archived = store::archive(w.tx(), ctx.project, feature, ctx.now).await?;
                    let after = convert::feature::to_proto(&archived);
                    w.record(
                        "feature.archived",
                        &after.id,
                        archived.revision,
                        Some(&before),
                        Some(&after),
                    )
                    .await?;
                    let answer = pb::ArchiveFeatureResponse {
                        feature: Some(after),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await?;
        // After the commit, so that the meter of a live feature is never let go; what fails here
        // the timer does again.
        if let Some(feature) = &answer.get_ref().feature {
            let outcome = self.release_now(ctx, &feature.id, &feature.meter_id).await;
            if let Err(error) = outcome {
                tracing::warn!(feature.id = feature.id, %error, "a meter stays held for now");
            }
        }
        Ok(answer)
    }

    async fn replace_feature_holds(
        &self,
        request: Request<pb::ReplaceFeatureHoldsRequest>,
    ) -> Result<Response<pb::ReplaceFeatureHoldsResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let (holder, holds) = &convert::feature::holds(request)?;
        let revision = request.revision;
        let replace = |guard: Guard| {
            self.db.write(
                ctx,
                "ReplaceFeatureHolds",
                &request.request_id,
                request,
                move |w| async move {
                    let is_newer = match guard {
                        Guard::Checked => {
                            store::advance_later(&w, ctx.project, holder, revision);
                            true
                        }
                        Guard::Locked => {
                            store::is_newer(w.tx(), ctx.project, holder, revision).await?
                        }
                    };
                    if is_newer {
                        store::replace_holds_later(&w, ctx.project, holder, holds);
                    }
                    Ok::<_, CatalogError>((w, pb::ReplaceFeatureHoldsResponse {}))
                },
            )
        };
        if revision == 0 {
            // There is nothing to check.
            return replace(Guard::Locked).await;
        }
        Guard::escalate(replace).await
    }
}

impl Catalog {
    async fn meter(&self, ctx: &Context, slug: &str) -> Result<MeterFacts, CatalogError> {
        let wanted = metering_pb::GetMeterRequest {
            meter: Some(metering_pb::MeterRef {
                r#ref: Some(metering_pb::meter_ref::Ref::Slug(slug.to_owned())),
            }),
        };
        let answer = self.meters.clone().get_meter(ctx.request(wanted)).await;
        let answer = answer.map_err(|status| {
            if status.code() == Code::NotFound {
                CatalogError::MeterNotFound(slug.to_owned())
            } else {
                status.into()
            }
        })?;
        let meter = answer.into_inner().meter.unwrap_or_default();
        convert::feature::meter_facts(&meter)
    }

    async fn hold_meter(
        &self,
        ctx: &Context,
        meter: &MeterFacts,
        feature: &store::Feature,
    ) -> Result<(), CatalogError> {
        let hold = metering_pb::MeterHold {
            meter_id: meter.id.to_string(),
            reason: metering_pb::meter_hold::Reason::Feature.into(),
            holder_id: feature.id.to_string(),
            group_by_keys: group_by_keys(&feature.body),
            display_text: format!("feature {}", feature.key),
            create_time: None,
        };
        let request = metering_pb::PlaceMeterHoldRequest {
            hold: Some(hold),
            request_id: String::new(),
        };
        self.meters
            .clone()
            .place_meter_hold(ctx.request(request))
            .await?;
        Ok(())
    }

    async fn release_meter(
        &self,
        ctx: &Context,
        feature: &str,
        meter: &str,
    ) -> Result<(), CatalogError> {
        let request = metering_pb::ReleaseMeterHoldRequest {
            meter_id: meter.to_owned(),
            reason: metering_pb::meter_hold::Reason::Feature.into(),
            holder_id: feature.to_owned(),
            request_id: String::new(),
        };
        let released = self
            .meters
            .clone()
            .release_meter_hold(ctx.request(request))
            .await;
        match released {
            // A meter that is gone holds nothing.
            Err(status) if status.code() != Code::NotFound => Err(status.into()),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Notes that the feature being made may leave a hold behind.
    async fn note_hold(
        &self,
        ctx: &Context,
        id: FeatureId,
        meter: &MeterFacts,
    ) -> Result<(), CatalogError> {
        let due = ctx.now + HOLD_PATIENCE;
        let w = self.db.system_write(ctx).await?;
        meter_release::note(w.tx(), ctx.project, id, &meter.id.to_string(), due).await?;
        w.commit().await?;
        Ok(())
    }

    /// Releases the meter of a feature that is noted for it, unless the feature is live after all;
    /// false when somebody else has taken the note.
    pub async fn release_now(
        &self,
        ctx: &Context,
        feature: &str,
        meter: &str,
    ) -> Result<bool, CatalogError> {
        let w = self.db.system_write(ctx).await?;
        if !meter_release::take(w.tx(), ctx.project, feature).await? {
            return Ok(false);
        }
        let ids: Vec<FeatureId> = feature.parse().into_iter().collect();
        let live = store::by_ids(w.tx(), ctx.project, &ids, false).await?;
        if live.is_empty() {
            self.release_meter(ctx, feature, meter).await?;
        }
        w.commit().await?;
        Ok(true)
    }

    /// The database, for timers.
    pub fn db(&self) -> &chassis::Db {
        &self.db
    }

    /// Features with the prices of their models.
    async fn shown(
        &self,
        ctx: &Context,
        features: &[store::Feature],
    ) -> Result<Vec<pb::Feature>, CatalogError> {
        let mut shown = features.iter().map(convert::feature::to_proto).collect();
        price(self.db.reader(), ctx.project, features, &mut shown).await?;
        Ok(shown)
    }

    async fn check_unused(
        &self,
        w: &chassis::Write,
        feature: &store::Feature,
    ) -> Result<(), CatalogError> {
        let ctx = w.context();
        let (project, now) = (ctx.project, ctx.now);
        let plans =
            crate::store::offer::active_plans_with_feature(w.tx(), project, feature.id, now)
                .await?;
        let mut users: Vec<String> = plans
            .into_iter()
            .map(|(key, number)| format!("plan {key} version {number}"))
            .collect();
        users.extend(store::holders(w.tx(), project, feature.id, now).await?);
        if users.is_empty() {
            return Ok(());
        }
        Err(CatalogError::FeatureInUse {
            key: feature.key.clone(),
            users: users.join(", "),
        })
    }
}

/// Lets one write that makes a feature of a key pass at a time, so that the second one can name the
/// first.
async fn lock_key(w: &chassis::Write, key: &str) -> Result<(), CatalogError> {
    let project = w.context().project;
    chassis::db::lock(w.tx(), &format!("catalog.feature.{project}.{key}")).await?;
    Ok(())
}

/// Adds the prices of models to features whose usage is of just one.
async fn price(
    db: &impl ConnectionTrait,
    project: ProjectId,
    features: &[store::Feature],
    shown: &mut Vec<pb::Feature>,
) -> Result<(), CatalogError> {
    let only = |feature: &store::Feature| {
        let cost = feature.body.unit_cost.as_ref()?;
        cost.only_model(&feature.body.filters)
    };
    let models: BTreeSet<(String, String)> = features.iter().filter_map(only).collect();
    let prices = model_price::of_models(db, project, &models).await?;
    for (feature, shown) in features.iter().zip(shown) {
        let pricing = only(feature).and_then(|model| prices.get(&model));
        if let Some(pricing) = pricing {
            convert::feature::set_pricing(shown, pricing);
        }
    }
    Ok(())
}

/// The group-by keys of the meter that a feature cannot do without.
fn group_by_keys(body: &FeatureBody) -> Vec<String> {
    let mut keys: Vec<String> = body.filters.keys().cloned().collect();
    keys.extend(body.unit_cost.iter().flat_map(UnitCost::properties));
    keys.sort();
    keys.dedup();
    keys
}
