//! Rules.

use std::collections::BTreeMap;

use chassis::{Context, Write, keyset::Page};
use contract::{catalog::v1 as catalog_pb, notification::v1 as pb};
use kernel::{id::RuleId, key};
use tonic::{Request, Response, Status};

use super::{Notification, channel::lock_rules};
use crate::{
    convert,
    domain::{
        channel::RULE_COUNT_MAX,
        rule::{Feature, RuleSpec},
    },
    error::{NotificationError, refuse},
    store::{
        channel,
        rule::{self as store, Rule},
    },
};

#[tonic::async_trait]
impl pb::rule_service_server::RuleService for Notification {
    async fn create_rule(
        &self,
        request: Request<pb::CreateRuleRequest>,
    ) -> Result<Response<pb::CreateRuleResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = request.rule.clone().unwrap_or_default();
        let mut spec = convert::rule::from_proto(&wire)?;
        let features = convert::rule::features(&wire)?;
        self.db
            .write(
                ctx,
                "CreateRule",
                &request.request_id,
                request,
                |mut w| async move {
                    spec.features = self.find_features(ctx, &features).await?;
                    refuse(spec.violations())?;
                    lock_rules(&w).await?;
                    check_channels(&w, &spec, None).await?;
                    let rule = Rule {
                        id: chassis::id::next(),
                        spec,
                        revision: 1,
                        create_time: ctx.now,
                        update_time: ctx.now,
                        delete_time: None,
                    };
                    store::insert(w.tx(), ctx.project, &rule).await?;
                    let rule = record(&mut w, "rule.created", None, &rule).await?;
                    Ok::<_, NotificationError>((w, pb::CreateRuleResponse { rule: Some(rule) }))
                },
            )
            .await
    }

    async fn get_rule(
        &self,
        request: Request<pb::GetRuleRequest>,
    ) -> Result<Response<pb::GetRuleResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let id: RuleId = convert::parse_id("id", &request.id)?;
        let found = store::find(self.db.reader(), ctx.project, id).await?;
        Ok(Response::new(pb::GetRuleResponse {
            rule: Some(convert::rule::to_proto(&found)),
        }))
    }

    async fn list_rules(
        &self,
        request: Request<pb::ListRulesRequest>,
    ) -> Result<Response<pb::ListRulesResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let filter = convert::rule::filter(&request)?;
        let page = Page::from_proto(
            (request.page_size, &request.page_token, request.page),
            request.descending,
            self.env.page_key(),
            &[
                "ListRules",
                &ctx.project.to_string(),
                &format!("{filter:?}{}", request.descending),
            ],
        )?;
        let found = store::list(self.db.reader(), ctx.project, &filter, &page.slice).await?;
        let last = found.rows.last().map(|rule| filter.sort.values(rule));
        Ok(Response::new(pb::ListRulesResponse {
            rules: found.rows.iter().map(convert::rule::to_proto).collect(),
            next_page_token: page.next_token(found.more, last),
            total_size: found.total.cast_signed(),
        }))
    }

    async fn update_rule(
        &self,
        request: Request<pb::UpdateRuleRequest>,
    ) -> Result<Response<pb::UpdateRuleResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = &request.rule.clone().unwrap_or_default();
        let id: RuleId = convert::parse_id("rule.id", &wire.id)?;
        self.db
            .write(
                ctx,
                "UpdateRule",
                &request.request_id,
                request,
                |mut w| async move {
                    lock_rules(&w).await?;
                    let stored = store::find(w.tx(), ctx.project, id).await?;
                    if stored.delete_time.is_some() {
                        return Err(NotificationError::RuleDeleted(id.to_string()));
                    }
                    convert::check_etag(&wire.etag, stored.revision, "rule")?;
                    let changes =
                        convert::rule::updated(&stored, wire, request.update_mask.as_ref())?;
                    let mut spec = changes.spec;
                    if let Some(features) = &changes.features {
                        spec.features = self.find_features(ctx, features).await?;
                    }
                    refuse(spec.violations())?;
                    check_channels(&w, &spec, Some(id)).await?;
                    let changed = Rule {
                        spec,
                        revision: stored.revision + 1,
                        update_time: ctx.now,
                        ..stored.clone()
                    };
                    store::update(w.tx(), ctx.project, &changed).await?;
                    let rule = record(&mut w, "rule.updated", Some(&stored), &changed).await?;
                    Ok((w, pb::UpdateRuleResponse { rule: Some(rule) }))
                },
            )
            .await
    }

    async fn test_rule(
        &self,
        request: Request<pb::TestRuleRequest>,
    ) -> Result<Response<pb::TestRuleResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        self.fire_test(&ctx, &request).await
    }

    async fn delete_rule(
        &self,
        request: Request<pb::DeleteRuleRequest>,
    ) -> Result<Response<pb::DeleteRuleResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let id: RuleId = convert::parse_id("id", &request.id)?;
        self.db
            .write(
                ctx,
                "DeleteRule",
                &request.request_id,
                request,
                |mut w| async move {
                    let stored = store::find(w.tx(), ctx.project, id).await?;
                    if stored.delete_time.is_some() {
                        return Ok((w, pb::DeleteRuleResponse {}));
                    }
                    let deleted = Rule {
                        revision: stored.revision + 1,
                        update_time: ctx.now,
                        delete_time: Some(ctx.now),
                        ..stored.clone()
                    };
                    store::update(w.tx(), ctx.project, &deleted).await?;
                    record(&mut w, "rule.deleted", Some(&stored), &deleted).await?;
                    Ok::<_, NotificationError>((w, pb::DeleteRuleResponse {}))
                },
            )
            .await
    }
}

impl Notification {
    /// The live features with these ids or keys, in the order given.
    async fn find_features(
        &self,
        ctx: &Context,
        handles: &[String],
    ) -> Result<Vec<Feature>, NotificationError> {
        if handles.is_empty() {
            return Ok(Vec::new());
        }
        let (ids, keys) = handles
            .iter()
            .cloned()
            .partition(|handle| key::looks_like_ulid(handle));
        let request = catalog_pb::BatchGetFeaturesRequest {
            ids,
            keys,
            include_archived: false,
        };
        let answer = self
            .features
            .clone()
            .batch_get_features(ctx.request(request))
            .await?;
        let mut found = BTreeMap::new();
        for feature in answer.into_inner().features {
            let known = Feature {
                id: convert::parse_id("rule.features", &feature.id)?,
                key: feature.key.clone(),
            };
            found.insert(feature.id, known.clone());
            found.insert(feature.key, known);
        }
        let unknown: Vec<String> = handles
            .iter()
            .filter(|handle| !found.contains_key(*handle))
            .cloned()
            .collect();
        if !unknown.is_empty() {
            return Err(NotificationError::FeaturesUnknown(unknown));
        }
        Ok(handles
            .iter()
            .filter_map(|handle| found.get(handle))
            .cloned()
            .collect())
    }
}

/// All channels are live, and none serves more rules than it may with this one.
async fn check_channels(
    w: &Write,
    spec: &RuleSpec,
    own: Option<RuleId>,
) -> Result<(), NotificationError> {
    let project = w.context().project;
    let live = channel::live(w.tx(), project, &spec.channels).await?;
    let unknown: Vec<String> = spec
        .channels
        .iter()
        .filter(|id| !live.contains(id))
        .map(ToString::to_string)
        .collect();
    if !unknown.is_empty() {
        return Err(NotificationError::ChannelsUnknown(unknown));
    }
    let own = own.map(|id| id.to_string());
    for id in &spec.channels {
        let rules = store::using_channel(w.tx(), project, *id).await?;
        let others = rules
            .iter()
            .filter(|rule| Some(*rule) != own.as_ref())
            .count();
        if others >= RULE_COUNT_MAX {
            return Err(NotificationError::ChannelFull(id.to_string()));
        }
    }
    Ok(())
}

async fn record(
    w: &mut Write,
    kind: &'static str,
    before: Option<&Rule>,
    after: &Rule,
) -> Result<pb::Rule, NotificationError> {
    let before = before.map(convert::rule::to_proto);
    let proto = convert::rule::to_proto(after);
    w.record(
        kind,
        &proto.id,
        after.revision,
        before.as_ref(),
        Some(&proto),
    )
    .await?;
    Ok(proto)
}
