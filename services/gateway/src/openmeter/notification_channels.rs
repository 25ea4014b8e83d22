//! Notification channels: where messages go (metering text §15.1).

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use contract::notification::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::notifications::{
    ListNotificationParams, NotificationChannelType, everything, made, many, one,
};
use super::page::{Page, PageQuery};
use super::scalars::{Annotations, Filled, Label, Metadata, Time, Ulid, metadata, optional};
use super::value::{present, required_time, time};

/// Where messages go.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationChannel {
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    #[schema(value_type = Ulid)]
    id: String,
    r#type: NotificationChannelType,
    name: String,
    disabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_headers: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_secret: Option<String>,
}

impl NotificationChannel {
    fn from_proto(wire: pb::Channel) -> Result<Self, Problem> {
        let pb::channel::Target::Webhook(webhook) = present(wire.target)?;
        Ok(Self {
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            id: wire.id,
            r#type: NotificationChannelType::Webhook,
            name: wire.name,
            disabled: wire.disabled,
            annotations: optional(wire.disable_reason).map(disabled_because),
            metadata: metadata(wire.metadata),
            url: webhook.url,
            custom_headers: metadata(webhook.custom_headers),
            signing_secret: optional(webhook.signing_secret),
        })
    }
}

/// Why the server disabled a channel that takes nothing.
fn disabled_because(reason: String) -> Annotations {
    let fact = ("channel.disabled.reason".to_owned(), reason.into());
    Annotations([fact].into_iter().collect())
}

/// A channel to make, or the whole of one to replace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotificationChannelCreateRequest)]
pub(crate) struct ChannelInput {
    #[expect(dead_code, reason = "there is only one kind; checked on reading")]
    r#type: NotificationChannelType,
    name: Label,
    disabled: Option<bool>,
    metadata: Option<Metadata>,
    url: Filled,
    custom_headers: Option<BTreeMap<String, String>>,
    signing_secret: Option<String>,
}

impl ChannelInput {
    fn into_proto(self, id: String) -> pb::Channel {
        pb::Channel {
            id,
            name: self.name.into(),
            target: Some(pb::channel::Target::Webhook(pb::Webhook {
                url: self.url.into(),
                custom_headers: self.custom_headers.unwrap_or_default(),
                signing_secret: self.signing_secret.unwrap_or_default(),
            })),
            disabled: self.disabled.unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            ..pb::Channel::default()
        }
    }
}

/// Lists channels.
#[utoipa::path(
    get, path = "/api/v1/notification/channels", operation_id = "listNotificationChannels", tag = "Notifications",
    params(PageQuery, ListNotificationParams),
    responses((status = 200, body = Page<NotificationChannel>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListNotificationParams>,
) -> Result<Json<Page<NotificationChannel>>, Problem> {
    use pb::list_channels_request::OrderBy;
    let window = page.window()?;
    let request = pb::ListChannelsRequest {
        page: window.page,
        page_size: window.size,
        page_token: String::new(),
        include_disabled: params.include_disabled.unwrap_or_default(),
        include_deleted: params.include_deleted.unwrap_or_default(),
        order_by: params.order_by(OrderBy::from_str_name)?.into(),
        descending: params.descending(),
    };
    let answer = call
        .clients()
        .channels()
        .list_channels(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let show = NotificationChannel::from_proto;
    many(window, answer.total_size, answer.channels, show)
}

/// Makes a channel.
#[utoipa::path(
    post, path = "/api/v1/notification/channels", operation_id = "createNotificationChannel", tag = "Notifications",
    request_body = ChannelInput,
    responses((status = 201, body = NotificationChannel)),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<ChannelInput>,
) -> Result<(StatusCode, Json<NotificationChannel>), Problem> {
    let request = pb::CreateChannelRequest {
        channel: Some(new.into_proto(String::new())),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .channels()
        .create_channel(call.rpc(request))
        .await;
    made(call.take(answer)?.channel, NotificationChannel::from_proto)
}

/// Shows a channel, deleted or not.
#[utoipa::path(
    get, path = "/api/v1/notification/channels/{channelId}", operation_id = "getNotificationChannel", tag = "Notifications",
    params(("channelId" = String, Path)),
    responses((status = 200, body = NotificationChannel), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<NotificationChannel>, Problem> {
    let request = pb::GetChannelRequest { id };
    let answer = call
        .clients()
        .channels()
        .get_channel(call.rpc(request))
        .await;
    one(call.take(answer)?.channel, NotificationChannel::from_proto)
}

/// Replaces a channel; an absent secret stays.
#[utoipa::path(
    put, path = "/api/v1/notification/channels/{channelId}", operation_id = "updateNotificationChannel", tag = "Notifications",
    params(("channelId" = String, Path)),
    request_body = ChannelInput,
    responses(
        (status = 200, body = NotificationChannel), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn update(
    call: Call,
    Path(id): Path<String>,
    Body(update): Body<ChannelInput>,
) -> Result<Json<NotificationChannel>, Problem> {
    let request = pb::UpdateChannelRequest {
        channel: Some(update.into_proto(id)),
        update_mask: everything(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .channels()
        .update_channel(call.rpc(request))
        .await;
    one(call.take(answer)?.channel, NotificationChannel::from_proto)
}

/// Deletes a channel that no rule uses.
#[utoipa::path(
    delete, path = "/api/v1/notification/channels/{channelId}", operation_id = "deleteNotificationChannel", tag = "Notifications",
    params(("channelId" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let request = pb::DeleteChannelRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .channels()
        .delete_channel(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}
