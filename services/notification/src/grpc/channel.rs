//! Channels.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chassis::Write;
use chassis::keyset::Page;
use contract::notification::v1 as pb;
use kernel::id::ChannelId;
use tonic::{Request, Response, Status};

use super::Notification;
use crate::{
    convert,
    domain::channel::{ChannelSpec, SECRET_PREFIX},
    error::{NotificationError, refuse},
    store::{
        channel::{self as store, Channel},
        health, rule,
    },
};

#[tonic::async_trait]
impl pb::channel_service_server::ChannelService for Notification {
    async fn create_channel(
        &self,
        request: Request<pb::CreateChannelRequest>,
    ) -> Result<Response<pb::CreateChannelResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let spec = convert::channel::from_proto(&request.channel.clone().unwrap_or_default())?;
        self.check(&spec)?;
        self.db
            .write(
                ctx,
                "CreateChannel",
                &request.request_id,
                request,
                |mut w| async move {
                    let secret = spec.webhook.signing_secret.unwrap_or_else(new_secret);
                    let channel = Channel {
                        id: chassis::id::next(),
                        name: spec.name,
                        url: spec.webhook.url,
                        custom_headers: spec.webhook.custom_headers,
                        sealed_secret: self.env.seal(&secret),
                        disabled: spec.disabled,
                        metadata: spec.metadata,
                        revision: 1,
                        create_time: ctx.now,
                        update_time: ctx.now,
                        delete_time: None,
                    };
                    store::insert(w.tx(), ctx.project, &channel).await?;
                    record(&mut w, "channel.created", None, &channel).await?;
                    let answer = pb::CreateChannelResponse {
                        channel: Some(convert::channel::to_proto(&channel, secret)),
                    };
                    Ok::<_, NotificationError>((w, answer))
                },
            )
            .await
    }

    async fn get_channel(
        &self,
        request: Request<pb::GetChannelRequest>,
    ) -> Result<Response<pb::GetChannelResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let id: ChannelId = convert::parse_id("id", &request.id)?;
        let found = store::find(self.db.reader(), ctx.project, id).await?;
        let reasons = health::reasons(self.db.reader(), ctx.project, &[id])
            .await
            .map_err(NotificationError::from)?;
        Ok(Response::new(pb::GetChannelResponse {
            channel: Some(self.in_clear(&found, &reasons)?),
        }))
    }

    async fn list_channels(
        &self,
        request: Request<pb::ListChannelsRequest>,
    ) -> Result<Response<pb::ListChannelsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let filter = convert::channel::filter(&request)?;
        let page = Page::from_proto(
            (request.page_size, &request.page_token, request.page),
            request.descending,
            self.env.page_key(),
            &[
                "ListChannels",
                &ctx.project.to_string(),
                &format!("{filter:?}{}", request.descending),
            ],
        )?;
        let found = store::list(self.db.reader(), ctx.project, &filter, &page.slice).await?;
        let last = found.rows.last().map(|channel| filter.sort.values(channel));
        let ids: Vec<ChannelId> = found.rows.iter().map(|channel| channel.id).collect();
        let reasons = health::reasons(self.db.reader(), ctx.project, &ids)
            .await
            .map_err(NotificationError::from)?;
        Ok(Response::new(pb::ListChannelsResponse {
            channels: found
                .rows
                .iter()
                .map(|channel| self.in_clear(channel, &reasons))
                .collect::<Result<_, _>>()?,
            next_page_token: page.next_token(found.more, last),
            total_size: found.total.cast_signed(),
        }))
    }

    async fn update_channel(
        &self,
        request: Request<pb::UpdateChannelRequest>,
    ) -> Result<Response<pb::UpdateChannelResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = &request.channel.clone().unwrap_or_default();
        let id: ChannelId = convert::parse_id("channel.id", &wire.id)?;
        self.db
            .write(
                ctx,
                "UpdateChannel",
                &request.request_id,
                request,
                |mut w| async move {
                    let stored = store::find(w.tx(), ctx.project, id).await?;
                    if stored.delete_time.is_some() {
                        return Err(NotificationError::ChannelDeleted(id.to_string()));
                    }
                    convert::check_etag(&wire.etag, stored.revision, "channel")?;
                    let spec =
                        convert::channel::updated(&stored, wire, request.update_mask.as_ref())?;
                    self.check(&spec)?;
                    let secret = spec.webhook.signing_secret.as_deref();
                    let changed = Channel {
                        name: spec.name,
                        url: spec.webhook.url,
                        custom_headers: spec.webhook.custom_headers,
                        sealed_secret: secret.map_or_else(
                            || stored.sealed_secret.clone(),
                            |secret| self.env.seal(secret),
                        ),
                        disabled: spec.disabled,
                        metadata: spec.metadata,
                        revision: stored.revision + 1,
                        update_time: ctx.now,
                        ..stored.clone()
                    };
                    store::update(w.tx(), ctx.project, &changed).await?;
                    if stored.disabled && !changed.disabled {
                        health::set_reason(w.tx(), ctx.project, id, "").await?;
                    }
                    let reasons = health::reasons(w.tx(), ctx.project, &[id]).await?;
                    record(&mut w, "channel.updated", Some(&stored), &changed).await?;
                    let answer = pb::UpdateChannelResponse {
                        channel: Some(self.in_clear(&changed, &reasons)?),
                    };
                    Ok((w, answer))
                },
            )
            .await
    }

    async fn delete_channel(
        &self,
        request: Request<pb::DeleteChannelRequest>,
    ) -> Result<Response<pb::DeleteChannelResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let id: ChannelId = convert::parse_id("id", &request.id)?;
        self.db
            .write(
                ctx,
                "DeleteChannel",
                &request.request_id,
                request,
                |mut w| async move {
                    lock_rules(&w).await?;
                    let stored = store::find(w.tx(), ctx.project, id).await?;
                    if stored.delete_time.is_some() {
                        return Ok((w, pb::DeleteChannelResponse {}));
                    }
                    let rules = rule::using_channel(w.tx(), ctx.project, id).await?;
                    if !rules.is_empty() {
                        return Err(NotificationError::ChannelInUse(rules));
                    }
                    let deleted = Channel {
                        revision: stored.revision + 1,
                        update_time: ctx.now,
                        delete_time: Some(ctx.now),
                        ..stored.clone()
                    };
                    store::update(w.tx(), ctx.project, &deleted).await?;
                    record(&mut w, "channel.deleted", Some(&stored), &deleted).await?;
                    Ok((w, pb::DeleteChannelResponse {}))
                },
            )
            .await
    }
}

impl Notification {
    fn check(&self, spec: &ChannelSpec) -> Result<(), NotificationError> {
        let host = convert::channel::host(&spec.webhook.url);
        refuse(spec.violations(host.as_ref(), self.env.config.allow_private_webhooks))
    }

    /// A channel for its owner, who may see the secret.
    fn in_clear(
        &self,
        channel: &Channel,
        reasons: &BTreeMap<ChannelId, String>,
    ) -> Result<pb::Channel, NotificationError> {
        let secret = self.env.unseal(&channel.sealed_secret);
        let secret = secret.map_err(|error| NotificationError::Corrupt {
            what: "channel",
            id: channel.id.to_string(),
            detail: error.to_string(),
        })?;
        Ok(pb::Channel {
            disable_reason: reasons.get(&channel.id).cloned().unwrap_or_default(),
            ..convert::channel::to_proto(channel, secret)
        })
    }
}

/// `whsec_` and the base64 of 32 random bytes.
fn new_secret() -> String {
    let bytes: [u8; 32] = chassis::secret::random();
    format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes))
}

/// Holds off changes of rules in the project: what a rule needs of its channels is checked
/// over several rows.
pub async fn lock_rules(w: &Write) -> Result<(), NotificationError> {
    let name = format!("notification.rules.{}", w.context().project);
    chassis::db::lock(w.tx(), &name).await?;
    Ok(())
}

/// Events and audit rows show channels without their secrets.
async fn record(
    w: &mut Write,
    kind: &'static str,
    before: Option<&Channel>,
    after: &Channel,
) -> Result<(), NotificationError> {
    let bare = |channel: &Channel| convert::channel::to_proto(channel, String::new());
    let (before, proto) = (before.map(bare), bare(after));
    w.record(
        kind,
        &proto.id,
        after.revision,
        before.as_ref(),
        Some(&proto),
    )
    .await?;
    Ok(())
}
