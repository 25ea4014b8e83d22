//! Channels.

use chassis::mask::Mask;
use contract::notification::v1 as pb;

use super::{at, optional_time, time};
use crate::{
    domain::channel::{ChannelSpec, Host, Webhook},
    error::NotificationError,
    store::channel::{Channel, Filter, Sort},
};

/// What an update may change.
const CHANGEABLE: [&str; 4] = ["name", "webhook", "disabled", "metadata"];
/// What is output only; ignored in an update.
const IGNORED: [&str; 4] = ["id", "etag", "create_time", "update_time"];

/// Reads a channel as a user sends it.
pub fn from_proto(wire: &pb::Channel) -> Result<ChannelSpec, NotificationError> {
    Ok(ChannelSpec {
        name: wire.name.clone(),
        webhook: webhook(wire)?,
        disabled: wire.disabled,
        metadata: wire.metadata.clone(),
    })
}

fn webhook(wire: &pb::Channel) -> Result<Webhook, NotificationError> {
    match &wire.target {
        Some(pb::channel::Target::Webhook(webhook)) => Ok(Webhook {
            url: webhook.url.clone(),
            custom_headers: webhook.custom_headers.clone(),
            signing_secret: (!webhook.signing_secret.is_empty())
                .then(|| webhook.signing_secret.clone()),
        }),
        None => Err(NotificationError::invalid("channel.webhook", "is required")),
    }
}

/// The stored channel with what an update request changes; without a new secret the old one
/// stays, which the answer says by leaving it out.
pub fn updated(
    stored: &Channel,
    wire: &pb::Channel,
    mask: Option<&prost_types::FieldMask>,
) -> Result<ChannelSpec, NotificationError> {
    let mask = Mask::from_proto(mask, &CHANGEABLE, &IGNORED)?;
    let mut spec = ChannelSpec {
        name: stored.name.clone(),
        webhook: Webhook {
            url: stored.url.clone(),
            custom_headers: stored.custom_headers.clone(),
            signing_secret: None,
        },
        disabled: stored.disabled,
        metadata: stored.metadata.clone(),
    };
    if mask.changes("name", !wire.name.is_empty()) {
        spec.name.clone_from(&wire.name);
    }
    if mask.changes("webhook", wire.target.is_some()) {
        spec.webhook = webhook(wire)?;
    }
    if mask.changes("disabled", wire.disabled) {
        spec.disabled = wire.disabled;
    }
    if mask.changes("metadata", !wire.metadata.is_empty()) {
        spec.metadata.clone_from(&wire.metadata);
    }
    Ok(spec)
}

/// The host of an address, if it is absolute and http or https.
pub fn host(address: &str) -> Option<Host> {
    let address = url::Url::parse(address).ok()?;
    if !matches!(address.scheme(), "http" | "https") {
        return None;
    }
    address.host().map(|host| match host {
        url::Host::Domain(name) => Host::Name(name.to_owned()),
        url::Host::Ipv4(number) => Host::Address(number.into()),
        url::Host::Ipv6(number) => Host::Address(number.into()),
    })
}

/// A stored channel for the wire, with its secret in clear.
pub fn to_proto(channel: &Channel, signing_secret: String) -> pb::Channel {
    let webhook = pb::Webhook {
        url: channel.url.clone(),
        custom_headers: channel.custom_headers.clone(),
        signing_secret,
    };
    pb::Channel {
        id: channel.id.to_string(),
        name: channel.name.clone(),
        target: Some(pb::channel::Target::Webhook(webhook)),
        disabled: channel.disabled,
        metadata: channel.metadata.clone(),
        etag: chassis::etag::of(channel.revision),
        create_time: time(channel.create_time),
        update_time: time(channel.update_time),
        delete_time: optional_time(channel.delete_time),
        disable_reason: String::new(),
    }
}

/// Reads the filters of a list.
pub fn filter(wire: &pb::ListChannelsRequest) -> Result<Filter, NotificationError> {
    use pb::list_channels_request::OrderBy;
    Ok(Filter {
        include_disabled: wire.include_disabled,
        include_deleted: wire.include_deleted,
        sort: match at("order_by", OrderBy::try_from(wire.order_by))? {
            OrderBy::Unspecified | OrderBy::Id => Sort::Id,
            OrderBy::Type => Sort::Type,
            OrderBy::CreateTime => Sort::CreateTime,
            OrderBy::UpdateTime => Sort::UpdateTime,
        },
    })
}
