//! Events: reading them, asking for them once more, and firing rules as a test.

use std::{collections::BTreeMap, time::Duration};

use chassis::{Context, keyset::Page};
use contract::notification::v1 as pb;
use kernel::id::{ChannelId, EventId, RuleId};
use tonic::{Request, Response, Status};

use super::Notification;
use crate::{
    compose, convert,
    error::NotificationError,
    raise,
    store::{
        channel, delivery,
        event::{self as store, Event},
        rule::{self, Rule},
    },
};

/// Longest wait of a pull.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// How often a waiting pull looks for commits of other processes.
const POLL: Duration = Duration::from_millis(500);
/// Most events of a pull.
const PULL_MAX: u64 = 250;
const PULL: u64 = 50;

#[tonic::async_trait]
impl pb::event_service_server::EventService for Notification {
    async fn get_event(
        &self,
        request: Request<pb::GetEventRequest>,
    ) -> Result<Response<pb::GetEventResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let id = convert::event::id(&request.id)?;
        let found = store::find(self.db.reader(), ctx.project, id).await?;
        let event = self.in_full(&ctx, vec![found]).await?.pop();
        Ok(Response::new(pb::GetEventResponse { event }))
    }

    async fn list_events(
        &self,
        request: Request<pb::ListEventsRequest>,
    ) -> Result<Response<pb::ListEventsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let filter = convert::event::filter(&request)?;
        let page = Page::from_proto(
            (request.page_size, &request.page_token, request.page),
            request.descending,
            self.env.page_key(),
            &[
                "ListEvents",
                &ctx.project.to_string(),
                &format!("{filter:?}{}", request.descending),
            ],
        )?;
        let found = store::list(self.db.reader(), ctx.project, &filter, &page.slice).await?;
        let last = found.rows.last().map(|event| filter.values(event));
        let next_page_token = page.next_token(found.more, last);
        Ok(Response::new(pb::ListEventsResponse {
            events: self.in_full(&ctx, found.rows).await?,
            next_page_token,
            total_size: found.total.cast_signed(),
        }))
    }

    async fn pull_events(
        &self,
        request: Request<pb::PullEventsRequest>,
    ) -> Result<Response<pb::PullEventsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let negative = |field| NotificationError::invalid(field, "must not be negative");
        let events = convert::event::event_types(&request.event_types)?;
        if request.cursor < 0 {
            return Err(negative("cursor").into());
        }
        let limit = match u64::try_from(request.page_size) {
            Ok(0) => PULL,
            Ok(size) => size.min(PULL_MAX),
            Err(_) => return Err(negative("page_size").into()),
        };
        let wait = u64::try_from(request.wait_ms).map_err(|_| negative("wait_ms"))?;
        let left = ctx.time_left().saturating_sub(Duration::from_millis(200));
        let until =
            tokio::time::Instant::now() + Duration::from_millis(wait).min(WAIT_MAX).min(left);
        let mut commits = self.db.commits();
        loop {
            commits.mark_unchanged();
            let found = store::behind(
                self.db.reader(),
                ctx.project,
                request.cursor,
                &events,
                limit,
            )
            .await?;
            let over = tokio::time::Instant::now() >= until || self.env.shutdown.is_cancelled();
            if !found.is_empty() || over {
                let next_cursor = found.last().map_or(request.cursor, |event| event.sequence);
                let bare = |event: &Event| convert::event::to_proto(event, None, Vec::new());
                return Ok(Response::new(pb::PullEventsResponse {
                    events: found.iter().map(bare).collect(),
                    next_cursor,
                }));
            }
            tokio::select! {
                _ = commits.changed() => {}
                () = self.env.shutdown.cancelled() => {}
                () = tokio::time::sleep_until(until.min(tokio::time::Instant::now() + POLL)) => {}
            }
        }
    }

    async fn resend_event(
        &self,
        request: Request<pb::ResendEventRequest>,
    ) -> Result<Response<pb::ResendEventResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let (id, asked) = convert::event::resend(request)?;
        self.db
            .write(
                ctx,
                "ResendEvent",
                &request.request_id,
                request,
                |mut w| async move {
                    let found = store::find(w.tx(), ctx.project, id).await?;
                    let mut deliveries = delivery::of_events(w.tx(), ctx.project, &[id]).await?;
                    let meant: Vec<ChannelId> = deliveries
                        .remove(&id)
                        .unwrap_or_default()
                        .iter()
                        .map(|delivery| delivery.channel)
                        .collect();
                    let strange = named(&asked, |id| !meant.contains(id));
                    if !strange.is_empty() {
                        return Err(NotificationError::NotForChannels(strange));
                    }
                    let known = channel::some(w.tx(), ctx.project, &meant).await?;
                    let usable = |id: &ChannelId| {
                        known.iter().any(|channel| {
                            channel.id == *id && !channel.disabled && channel.delete_time.is_none()
                        })
                    };
                    let disabled = named(&asked, |id| !usable(id));
                    if !disabled.is_empty() {
                        return Err(NotificationError::ChannelsDisabled(disabled));
                    }
                    let mut targets = if asked.is_empty() { meant } else { asked };
                    targets.retain(usable);
                    targets.sort_unstable();
                    for channel in &targets {
                        delivery::lock(w.tx(), *channel).await?;
                    }
                    delivery::resend(w.tx(), ctx.project, id, &targets).await?;
                    let wire = convert::event::for_feed(&found);
                    w.event("event.resent", &wire.id, 1, &wire).await?;
                    Ok((w, pb::ResendEventResponse {}))
                },
            )
            .await
    }

    async fn replay_events(
        &self,
        request: Request<pb::ReplayEventsRequest>,
    ) -> Result<Response<pb::ReplayEventsResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let id: ChannelId = convert::parse_id("channel_id", &request.channel_id)?;
        let span = convert::event::span(request)?;
        self.db
            .write(
                ctx,
                "ReplayEvents",
                &request.request_id,
                request,
                |mut w| async move {
                    let found = channel::find(w.tx(), ctx.project, id).await?;
                    if found.delete_time.is_some() {
                        return Err(NotificationError::ChannelDeleted(id.to_string()));
                    }
                    if found.disabled {
                        return Err(NotificationError::ChannelsDisabled(vec![id.to_string()]));
                    }
                    delivery::lock(w.tx(), id).await?;
                    let count =
                        delivery::replay(w.tx(), ctx.project, id, span, request.failed_only)
                            .await?;
                    let wire = convert::channel::to_proto(&found, String::new());
                    w.event("channel.replayed", &wire.id, found.revision, &wire)
                        .await?;
                    let event_count = count.cast_signed();
                    Ok((w, pb::ReplayEventsResponse { event_count }))
                },
            )
            .await
    }
}

fn named(ids: &[ChannelId], wrong: impl Fn(&ChannelId) -> bool) -> Vec<String> {
    ids.iter()
        .filter(|id| wrong(id))
        .map(ToString::to_string)
        .collect()
}

impl Notification {
    /// Events with their rules, as they are now, and their deliveries: one question for each.
    async fn in_full(
        &self,
        ctx: &Context,
        events: Vec<Event>,
    ) -> Result<Vec<pb::Event>, NotificationError> {
        let (mut rules, mut ids): (Vec<RuleId>, Vec<EventId>) =
            events.iter().map(|event| (event.rule, event.id)).unzip();
        rules.sort_unstable();
        rules.dedup();
        ids.sort_unstable();
        let rules: BTreeMap<RuleId, Rule> = rule::some(self.db.reader(), ctx.project, &rules)
            .await?
            .into_iter()
            .map(|rule| (rule.id, rule))
            .collect();
        let mut deliveries = delivery::of_events(self.db.reader(), ctx.project, &ids).await?;
        Ok(events
            .iter()
            .map(|event| {
                let deliveries = deliveries.remove(&event.id).unwrap_or_default();
                convert::event::to_proto(event, rules.get(&event.rule), deliveries)
            })
            .collect())
    }

    /// Fires a rule with invented facts.
    pub(super) async fn fire_test(
        &self,
        ctx: &Context,
        request: &pb::TestRuleRequest,
    ) -> Result<Response<pb::TestRuleResponse>, Status> {
        let id: RuleId = convert::parse_id("id", &request.id)?;
        self.db
            .write(
                ctx,
                "TestRule",
                &request.request_id,
                request,
                |mut w| async move {
                    let rule = rule::find(w.tx(), ctx.project, id).await?;
                    if rule.delete_time.is_some() {
                        return Err(NotificationError::RuleNotFound(id.to_string()));
                    }
                    if rule.spec.disabled {
                        return Err(NotificationError::RuleDisabled(id.to_string()));
                    }
                    let draft = compose::test(self.render, ctx.now, &rule)?;
                    let raised = raise::all(&mut w, vec![draft]).await?;
                    let ids: Vec<EventId> = raised.iter().map(|event| event.id).collect();
                    let mut deliveries = delivery::of_events(w.tx(), ctx.project, &ids).await?;
                    let event = raised.first().map(|event| {
                        let deliveries = deliveries.remove(&event.id).unwrap_or_default();
                        convert::event::to_proto(event, Some(&rule), deliveries)
                    });
                    Ok((w, pb::TestRuleResponse { event }))
                },
            )
            .await
    }
}
