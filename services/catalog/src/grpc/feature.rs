//! Features.

use chassis::Context;
use chassis::keyset::Page;
use contract::{catalog::v1 as pb, metering::v1 as metering_pb};
use kernel::id::{FeatureId, MeterId};
use tonic::{Code, Request, Response, Status};

use super::Catalog;
use crate::{
    convert,
    domain::feature::{Dimension, FeatureBody, MeterFacts, UnitCost},
    error::{CatalogError, refuse},
    store::feature as store,
};

/// The currency of unit costs.
const COST_CURRENCY: &str = "USD";

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
        self.db
            .write(
                ctx,
                "CreateFeature",
                &request.request_id,
                request,
                |mut w| async move {
                    let meter = match &new.meter_slug {
                        Some(slug) => Some(self.meter(ctx, slug).await?),
                        None => None,
                    };
                    if let Some(meter) = &meter {
                        refuse(new.meter_violations(meter))?;
                    }
                    let id: FeatureId = chassis::id::next();
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
                    let answer = pb::CreateFeatureResponse {
                        feature: Some(proto),
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
        Ok(Response::new(pb::GetFeatureResponse {
            feature: Some(convert::feature::to_proto(&found)),
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
            features: found.iter().map(convert::feature::to_proto).collect(),
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
            features: found.rows.iter().map(convert::feature::to_proto).collect(),
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
        let feature = store::find(self.db.reader(), ctx.project, &wanted, false).await?;
        let without = |missing| CatalogError::FeatureNotCosted {
            key: feature.key.clone(),
            missing,
        };
        let (meter, _) = feature.meter.as_ref().ok_or_else(|| without("meter"))?;
        let unit_cost = feature.body.unit_cost.as_ref();
        let unit_cost = unit_cost.ok_or_else(|| without("unit cost"))?;
        let usage = request.usage.unwrap_or_default();
        let usage = convert::feature::usage_of(*meter, &feature.body, usage);
        let answer = self.usage.clone().query_meter(ctx.request(usage)).await?;
        let rows = answer.into_inner().rows.into_iter();
        Ok(Response::new(pb::QueryFeatureCostResponse {
            currency_code: COST_CURRENCY.to_owned(),
            rows: rows
                .map(|row| convert::feature::cost_row(unit_cost, row))
                .collect::<Result<_, _>>()?,
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
                    self.check_unused(&w, &feature).await?;
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
        // After the commit: a hold that stays behind is a nuisance, a hold that is missed
        // would let the meter of a live feature go.
        if let Some(feature) = &answer.get_ref().feature {
            self.release_meter(ctx, feature).await;
        }
        Ok(answer)
    }

    async fn replace_feature_holds(
        &self,
        request: Request<pb::ReplaceFeatureHoldsRequest>,
    ) -> Result<Response<pb::ReplaceFeatureHoldsResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let (holder, holds) = convert::feature::holds(request)?;
        self.db
            .write(
                ctx,
                "ReplaceFeatureHolds",
                &request.request_id,
                request,
                |w| async move {
                    store::replace_holds(w.tx(), ctx.project, &holder, &holds).await?;
                    Ok::<_, CatalogError>((w, pb::ReplaceFeatureHoldsResponse {}))
                },
            )
            .await
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

    async fn release_meter(&self, ctx: &Context, feature: &pb::Feature) {
        if feature.meter_id.parse::<MeterId>().is_err() {
            return;
        }
        let request = metering_pb::ReleaseMeterHoldRequest {
            meter_id: feature.meter_id.clone(),
            reason: metering_pb::meter_hold::Reason::Feature.into(),
            holder_id: feature.id.clone(),
            request_id: String::new(),
        };
        let released = self
            .meters
            .clone()
            .release_meter_hold(ctx.request(request))
            .await;
        if let Err(status) = released {
            tracing::warn!(feature.id = feature.id, code = ?status.code(), "the meter stays held");
        }
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

/// The group-by keys of the meter that a feature cannot do without.
fn group_by_keys(body: &FeatureBody) -> Vec<String> {
    let mut keys: Vec<String> = body.filters.keys().cloned().collect();
    if let Some(UnitCost::Llm {
        provider,
        model,
        token_type,
    }) = &body.unit_cost
    {
        for dimension in [provider, model, token_type] {
            if let Dimension::Property(key) = dimension {
                keys.push(key.clone());
            }
        }
    }
    keys.sort();
    keys.dedup();
    keys
}
