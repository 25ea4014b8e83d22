//! Notification channels and rules: where messages go, and when (metering text §15.1, §15.2).

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use contract::notification::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::decode::union;
use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::page::{Page, PageQuery, SortOrder};
use super::scalars::{
    Annotations, Filled, Key, Label, Metadata, Number, Time, Ulid, metadata, optional,
};
use super::value::{known, number_or_zero, present, required_time, time};

/// Kind of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum NotificationChannelType {
    /// An HTTP endpoint.
    Webhook,
}

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
            annotations: None,
            metadata: metadata(wire.metadata),
            url: webhook.url,
            custom_headers: metadata(webhook.custom_headers),
            signing_secret: optional(webhook.signing_secret),
        })
    }
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

/// Sort key of a list of channels or rules.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum NotificationOrderBy {
    /// By id.
    #[default]
    Id,
    /// By kind.
    Type,
    /// By time of making.
    CreatedAt,
    /// By time of the last change.
    UpdatedAt,
}

/// Parameters of a list of channels or rules.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListNotificationParams {
    /// Deleted ones too.
    include_deleted: Option<bool>,
    /// Disabled ones too.
    include_disabled: Option<bool>,
    /// Direction; DESC when absent.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<NotificationOrderBy>,
}

impl ListNotificationParams {
    /// The newest come first, whatever the contract says (metering text §1.5).
    fn descending(&self) -> bool {
        self.order.unwrap_or(SortOrder::Desc).descending()
    }
}

/// Lists channels.
#[utoipa::path(
    get, path = "/api/v1/notification/channels", operation_id = "listNotificationChannels", tag = "Notifications",
    params(PageQuery, ListNotificationParams),
    responses((status = 200, body = Page<NotificationChannel>)),
)]
pub(crate) async fn list_channels(
    call: Call,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListNotificationParams>,
) -> Result<Json<Page<NotificationChannel>>, Problem> {
    use pb::list_channels_request::OrderBy as Wire;
    let window = page.window()?;
    let order_by = match params.order_by.unwrap_or_default() {
        NotificationOrderBy::Id => Wire::Id,
        NotificationOrderBy::Type => Wire::Type,
        NotificationOrderBy::CreatedAt => Wire::CreateTime,
        NotificationOrderBy::UpdatedAt => Wire::UpdateTime,
    };
    let request = pb::ListChannelsRequest {
        page: window.page,
        page_size: window.size,
        page_token: String::new(),
        include_disabled: params.include_disabled.unwrap_or_default(),
        include_deleted: params.include_deleted.unwrap_or_default(),
        order_by: order_by.into(),
        descending: params.descending(),
    };
    let answer = call
        .clients()
        .channels()
        .list_channels(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let channels = answer
        .channels
        .into_iter()
        .map(NotificationChannel::from_proto)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::new(window, answer.total_size, channels)))
}

/// Makes a channel.
#[utoipa::path(
    post, path = "/api/v1/notification/channels", operation_id = "createNotificationChannel", tag = "Notifications",
    request_body = ChannelInput,
    responses((status = 201, body = NotificationChannel)),
)]
pub(crate) async fn create_channel(
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
    let channel = NotificationChannel::from_proto(present(call.take(answer)?.channel)?)?;
    Ok((StatusCode::CREATED, Json(channel)))
}

/// Shows a channel, deleted or not.
#[utoipa::path(
    get, path = "/api/v1/notification/channels/{channelId}", operation_id = "getNotificationChannel", tag = "Notifications",
    params(("channelId" = String, Path)),
    responses((status = 200, body = NotificationChannel), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get_channel(
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<NotificationChannel>, Problem> {
    let request = pb::GetChannelRequest { id };
    let answer = call
        .clients()
        .channels()
        .get_channel(call.rpc(request))
        .await;
    NotificationChannel::from_proto(present(call.take(answer)?.channel)?).map(Json)
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
pub(crate) async fn update_channel(
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
    NotificationChannel::from_proto(present(call.take(answer)?.channel)?).map(Json)
}

fn everything() -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask {
        paths: vec!["*".to_owned()],
    })
}

/// Deletes a channel that no rule uses.
#[utoipa::path(
    delete, path = "/api/v1/notification/channels/{channelId}", operation_id = "deleteNotificationChannel", tag = "Notifications",
    params(("channelId" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete_channel(
    call: Call,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
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

/// What a rule tells about.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) enum NotificationEventType {
    /// A balance crossed a threshold.
    #[serde(rename = "entitlements.balance.threshold")]
    BalanceThreshold,
    /// A usage period started over.
    #[serde(rename = "entitlements.reset")]
    EntitlementReset,
    /// An invoice was made.
    #[serde(rename = "invoice.created")]
    InvoiceCreated,
    /// An invoice changed.
    #[serde(rename = "invoice.updated")]
    InvoiceUpdated,
}

impl NotificationEventType {
    fn from_proto(wire: i32) -> Result<Self, Problem> {
        match known(wire)? {
            pb::EventType::Unspecified | pb::EventType::BalanceThreshold => {
                Ok(Self::BalanceThreshold)
            }
            pb::EventType::EntitlementReset => Ok(Self::EntitlementReset),
            pb::EventType::InvoiceCreated => Ok(Self::InvoiceCreated),
            pb::EventType::InvoiceUpdated => Ok(Self::InvoiceUpdated),
        }
    }
}

/// What a threshold is compared with.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) enum ThresholdType {
    /// Usage in percent of the credit; the older word.
    #[serde(rename = "PERCENT")]
    Percent,
    /// Usage; the older word.
    #[serde(rename = "NUMBER")]
    Number,
    /// Balance left.
    #[serde(rename = "balance_value")]
    BalanceValue,
    /// Usage in percent of the credit.
    #[serde(rename = "usage_percentage")]
    UsagePercentage,
    /// Usage.
    #[serde(rename = "usage_value")]
    UsageValue,
}

/// A mark that is crossed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationRuleBalanceThresholdValue {
    value: Number,
    r#type: ThresholdType,
}

impl NotificationRuleBalanceThresholdValue {
    fn into_proto(self) -> pb::Threshold {
        use pb::threshold::Type;
        pb::Threshold {
            r#type: match self.r#type {
                ThresholdType::Percent => Type::Percent,
                ThresholdType::Number => Type::Number,
                ThresholdType::BalanceValue => Type::BalanceValue,
                ThresholdType::UsagePercentage => Type::UsagePercentage,
                ThresholdType::UsageValue => Type::UsageValue,
            }
            .into(),
            value: Some(self.value.into()),
        }
    }

    fn from_proto(wire: &pb::Threshold) -> Result<Self, Problem> {
        use pb::threshold::Type;
        Ok(Self {
            value: number_or_zero(wire.value.as_ref())?,
            r#type: match known(wire.r#type)? {
                Type::Percent => ThresholdType::Percent,
                Type::Number => ThresholdType::Number,
                Type::BalanceValue => ThresholdType::BalanceValue,
                Type::UsagePercentage => ThresholdType::UsagePercentage,
                Type::Unspecified | Type::UsageValue => ThresholdType::UsageValue,
            },
        })
    }
}

/// A channel of a rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationChannelMeta {
    #[schema(value_type = Ulid)]
    id: String,
    r#type: NotificationChannelType,
}

/// A feature of a rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeatureMeta {
    #[schema(value_type = Ulid)]
    id: String,
    #[schema(value_type = Key)]
    key: String,
}

/// When messages go out. Which parts are there follows from `type`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationRule {
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    #[schema(value_type = Ulid)]
    id: String,
    r#type: NotificationEventType,
    name: String,
    disabled: bool,
    channels: Vec<NotificationChannelMeta>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thresholds: Option<Vec<NotificationRuleBalanceThresholdValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<Vec<FeatureMeta>>,
}

impl NotificationRule {
    fn from_proto(wire: pb::Rule) -> Result<Self, Problem> {
        let thresholds = wire
            .thresholds
            .iter()
            .map(NotificationRuleBalanceThresholdValue::from_proto)
            .collect::<Result<Vec<_>, _>>()?;
        let features: Vec<FeatureMeta> = wire
            .features
            .into_iter()
            .map(|feature| FeatureMeta {
                id: feature.id,
                key: feature.key,
            })
            .collect();
        Ok(Self {
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            id: wire.id,
            r#type: NotificationEventType::from_proto(wire.event_type)?,
            name: wire.name,
            disabled: wire.disabled,
            channels: wire
                .channels
                .into_iter()
                .map(|channel| NotificationChannelMeta {
                    id: channel.id,
                    r#type: NotificationChannelType::Webhook,
                })
                .collect(),
            annotations: None,
            metadata: metadata(wire.metadata),
            thresholds: (!thresholds.is_empty()).then_some(thresholds),
            features: (!features.is_empty()).then_some(features),
        })
    }
}

/// A rule about balances.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BalanceThresholdRuleInput {
    name: Label,
    disabled: Option<bool>,
    metadata: Option<Metadata>,
    #[schema(min_items = 1, max_items = 10)]
    thresholds: Vec<NotificationRuleBalanceThresholdValue>,
    #[schema(min_items = 1)]
    channels: Vec<Ulid>,
    features: Option<Vec<String>>,
}

/// A rule about resets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntitlementResetRuleInput {
    name: Label,
    disabled: Option<bool>,
    metadata: Option<Metadata>,
    #[schema(min_items = 1)]
    channels: Vec<Ulid>,
    features: Option<Vec<String>>,
}

/// A rule about invoices.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceRuleInput {
    name: Label,
    disabled: Option<bool>,
    metadata: Option<Metadata>,
    #[schema(min_items = 1)]
    channels: Vec<Ulid>,
}

/// A rule about changed invoices.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceUpdatedRuleInput {
    name: Label,
    disabled: Option<bool>,
    metadata: Option<Metadata>,
    #[schema(min_items = 1)]
    channels: Vec<Ulid>,
}

/// A rule to make, or the whole of one to replace.
#[derive(Debug, ToSchema)]
#[serde(tag = "type")]
#[schema(as = NotificationRuleCreateRequest)]
pub(crate) enum RuleInput {
    /// About balances.
    #[serde(rename = "entitlements.balance.threshold")]
    BalanceThreshold(BalanceThresholdRuleInput),
    /// About resets.
    #[serde(rename = "entitlements.reset")]
    EntitlementReset(EntitlementResetRuleInput),
    /// About new invoices.
    #[serde(rename = "invoice.created")]
    InvoiceCreated(InvoiceRuleInput),
    /// About changed invoices.
    #[serde(rename = "invoice.updated")]
    InvoiceUpdated(InvoiceUpdatedRuleInput),
}
union!(RuleInput by "type" {
    "entitlements.balance.threshold" => BalanceThreshold,
    "entitlements.reset" => EntitlementReset,
    "invoice.created" => InvoiceCreated,
    "invoice.updated" => InvoiceUpdated,
});

/// What all rules have.
struct RuleParts {
    name: Label,
    disabled: Option<bool>,
    metadata: Option<Metadata>,
    channels: Vec<Ulid>,
    features: Option<Vec<String>>,
}

impl RuleParts {
    fn into_proto(self, event_type: pb::EventType) -> pb::Rule {
        pb::Rule {
            event_type: event_type.into(),
            name: self.name.into(),
            disabled: self.disabled.unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            channels: self
                .channels
                .into_iter()
                .map(|id| pb::RuleChannel {
                    id: id.into(),
                    ..pb::RuleChannel::default()
                })
                .collect(),
            features: self
                .features
                .unwrap_or_default()
                .into_iter()
                .map(feature)
                .collect(),
            ..pb::Rule::default()
        }
    }
}

/// A feature by id or by key: a key never has the form of an id.
fn feature(id_or_key: String) -> pb::RuleFeature {
    if super::scalars::is_ulid(&id_or_key) {
        pb::RuleFeature {
            id: id_or_key,
            key: String::new(),
        }
    } else {
        pb::RuleFeature {
            id: String::new(),
            key: id_or_key,
        }
    }
}

impl RuleInput {
    fn into_proto(self, id: String) -> pb::Rule {
        let rule = match self {
            Self::BalanceThreshold(rule) => pb::Rule {
                thresholds: rule
                    .thresholds
                    .into_iter()
                    .map(NotificationRuleBalanceThresholdValue::into_proto)
                    .collect(),
                ..RuleParts {
                    name: rule.name,
                    disabled: rule.disabled,
                    metadata: rule.metadata,
                    channels: rule.channels,
                    features: rule.features,
                }
                .into_proto(pb::EventType::BalanceThreshold)
            },
            Self::EntitlementReset(rule) => RuleParts {
                name: rule.name,
                disabled: rule.disabled,
                metadata: rule.metadata,
                channels: rule.channels,
                features: rule.features,
            }
            .into_proto(pb::EventType::EntitlementReset),
            Self::InvoiceCreated(rule) => RuleParts {
                name: rule.name,
                disabled: rule.disabled,
                metadata: rule.metadata,
                channels: rule.channels,
                features: None,
            }
            .into_proto(pb::EventType::InvoiceCreated),
            Self::InvoiceUpdated(rule) => RuleParts {
                name: rule.name,
                disabled: rule.disabled,
                metadata: rule.metadata,
                channels: rule.channels,
                features: None,
            }
            .into_proto(pb::EventType::InvoiceUpdated),
        };
        pb::Rule { id, ..rule }
    }
}

/// Filters of a list of rules.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct RuleFilterParams {
    /// Rules limited to these features, by id or key.
    #[serde(default)]
    #[param(required = false)]
    feature: Vec<String>,
    /// Rules that send to these channels.
    #[serde(default)]
    #[param(required = false)]
    channel: Vec<String>,
}

/// Lists rules.
#[utoipa::path(
    get, path = "/api/v1/notification/rules", operation_id = "listNotificationRules", tag = "Notifications",
    params(PageQuery, ListNotificationParams, RuleFilterParams),
    responses((status = 200, body = Page<NotificationRule>)),
)]
pub(crate) async fn list_rules(
    call: Call,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListNotificationParams>,
    Query(filter): Query<RuleFilterParams>,
) -> Result<Json<Page<NotificationRule>>, Problem> {
    use pb::list_rules_request::OrderBy as Wire;
    let window = page.window()?;
    let order_by = match params.order_by.unwrap_or_default() {
        NotificationOrderBy::Id => Wire::Id,
        NotificationOrderBy::Type => Wire::Type,
        NotificationOrderBy::CreatedAt => Wire::CreateTime,
        NotificationOrderBy::UpdatedAt => Wire::UpdateTime,
    };
    let request = pb::ListRulesRequest {
        page: window.page,
        page_size: window.size,
        page_token: String::new(),
        include_disabled: params.include_disabled.unwrap_or_default(),
        include_deleted: params.include_deleted.unwrap_or_default(),
        features: filter.feature,
        channel_ids: filter.channel,
        order_by: order_by.into(),
        descending: params.descending(),
    };
    let answer = call.take(call.clients().rules().list_rules(call.rpc(request)).await)?;
    let rules = answer
        .rules
        .into_iter()
        .map(NotificationRule::from_proto)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::new(window, answer.total_size, rules)))
}

/// Makes a rule.
#[utoipa::path(
    post, path = "/api/v1/notification/rules", operation_id = "createNotificationRule", tag = "Notifications",
    request_body = RuleInput,
    responses((status = 201, body = NotificationRule)),
)]
pub(crate) async fn create_rule(
    call: Call,
    Body(new): Body<RuleInput>,
) -> Result<(StatusCode, Json<NotificationRule>), Problem> {
    let request = pb::CreateRuleRequest {
        rule: Some(new.into_proto(String::new())),
        request_id: call.request_id(),
    };
    let answer = call.take(call.clients().rules().create_rule(call.rpc(request)).await)?;
    let rule = NotificationRule::from_proto(present(answer.rule)?)?;
    Ok((StatusCode::CREATED, Json(rule)))
}

/// Shows a rule, deleted or not.
#[utoipa::path(
    get, path = "/api/v1/notification/rules/{ruleId}", operation_id = "getNotificationRule", tag = "Notifications",
    params(("ruleId" = String, Path)),
    responses((status = 200, body = NotificationRule), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get_rule(
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<NotificationRule>, Problem> {
    let request = pb::GetRuleRequest { id };
    let answer = call.take(call.clients().rules().get_rule(call.rpc(request)).await)?;
    NotificationRule::from_proto(present(answer.rule)?).map(Json)
}

/// Replaces a rule.
#[utoipa::path(
    put, path = "/api/v1/notification/rules/{ruleId}", operation_id = "updateNotificationRule", tag = "Notifications",
    params(("ruleId" = String, Path)),
    request_body = RuleInput,
    responses(
        (status = 200, body = NotificationRule), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn update_rule(
    call: Call,
    Path(id): Path<String>,
    Body(update): Body<RuleInput>,
) -> Result<Json<NotificationRule>, Problem> {
    let request = pb::UpdateRuleRequest {
        rule: Some(update.into_proto(id)),
        update_mask: everything(),
        request_id: call.request_id(),
    };
    let answer = call.take(call.clients().rules().update_rule(call.rpc(request)).await)?;
    NotificationRule::from_proto(present(answer.rule)?).map(Json)
}

/// Deletes a rule; what it sent stays.
#[utoipa::path(
    delete, path = "/api/v1/notification/rules/{ruleId}", operation_id = "deleteNotificationRule", tag = "Notifications",
    params(("ruleId" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete_rule(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let request = pb::DeleteRuleRequest {
        id,
        request_id: call.request_id(),
    };
    call.take(call.clients().rules().delete_rule(call.rpc(request)).await)?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_json;
    use serde_json::json;

    #[test]
    fn rules_name_features_by_id_or_key() {
        let rule: RuleInput = from_json(&json!({
            "type": "entitlements.balance.threshold", "name": "Half",
            "thresholds": [{"type": "usage_percentage", "value": 50}],
            "channels": ["01J00000000000000000000000"],
            "features": ["gpt", "01J00000000000000000000001"],
        }))
        .unwrap();
        let wire = rule.into_proto(String::new());
        assert_eq!(wire.event_type(), pb::EventType::BalanceThreshold);
        assert_eq!(wire.features[0].key, "gpt");
        assert_eq!(wire.features[1].id, "01J00000000000000000000001");
        assert_eq!(
            wire.thresholds[0].r#type(),
            pb::threshold::Type::UsagePercentage
        );
    }
}
