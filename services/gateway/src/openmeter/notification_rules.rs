//! Notification rules: when messages go out (metering text §15.2).

use axum::Json;
use axum::http::StatusCode;
use contract::notification::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::decode::union;
use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::notification_events::NotificationEvent;
use super::notifications::{
    ListNotificationParams, NotificationChannelMeta, NotificationEventType, everything, made, many,
    one,
};
use super::page::{Page, PageQuery};
use super::scalars::{Annotations, Key, Label, Metadata, Number, Time, Ulid, metadata};
use super::value::{known, number_or_zero, required_time, time};

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

    pub(super) fn from_proto(wire: &pb::Threshold) -> Result<Self, Problem> {
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
    pub(super) fn from_proto(wire: pb::Rule) -> Result<Self, Problem> {
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
                .map(|channel| NotificationChannelMeta::webhook(channel.id))
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

/// Takes the parts that all rules have out of an input; `features` where it has some.
macro_rules! parts {
    ($rule:ident $(, $features:ident)?) => {
        RuleParts {
            name: $rule.name,
            disabled: $rule.disabled,
            metadata: $rule.metadata,
            channels: $rule.channels,
            features: None $(.or($rule.$features))?,
        }
    };
}

impl RuleInput {
    fn into_proto(self, id: String) -> pb::Rule {
        use pb::EventType;
        let rule = match self {
            Self::BalanceThreshold(rule) => pb::Rule {
                thresholds: rule
                    .thresholds
                    .into_iter()
                    .map(NotificationRuleBalanceThresholdValue::into_proto)
                    .collect(),
                ..parts!(rule, features).into_proto(EventType::BalanceThreshold)
            },
            Self::EntitlementReset(rule) => {
                parts!(rule, features).into_proto(EventType::EntitlementReset)
            }
            Self::InvoiceCreated(rule) => parts!(rule).into_proto(EventType::InvoiceCreated),
            Self::InvoiceUpdated(rule) => parts!(rule).into_proto(EventType::InvoiceUpdated),
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
pub(crate) async fn list(
    call: Call,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListNotificationParams>,
    Query(filter): Query<RuleFilterParams>,
) -> Result<Json<Page<NotificationRule>>, Problem> {
    use pb::list_rules_request::OrderBy;
    let window = page.window()?;
    let request = pb::ListRulesRequest {
        page: window.page,
        page_size: window.size,
        page_token: String::new(),
        include_disabled: params.include_disabled.unwrap_or_default(),
        include_deleted: params.include_deleted.unwrap_or_default(),
        features: filter.feature,
        channel_ids: filter.channel,
        order_by: params.order_by(OrderBy::from_str_name)?.into(),
        descending: params.descending(),
    };
    let answer = call.take(call.clients().rules().list_rules(call.rpc(request)).await)?;
    let show = NotificationRule::from_proto;
    many(window, answer.total_size, answer.rules, show)
}

/// Makes a rule.
#[utoipa::path(
    post, path = "/api/v1/notification/rules", operation_id = "createNotificationRule", tag = "Notifications",
    request_body = RuleInput,
    responses((status = 201, body = NotificationRule)),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<RuleInput>,
) -> Result<(StatusCode, Json<NotificationRule>), Problem> {
    let request = pb::CreateRuleRequest {
        rule: Some(new.into_proto(String::new())),
        request_id: call.request_id(),
    };
    let answer = call.take(call.clients().rules().create_rule(call.rpc(request)).await)?;
    made(answer.rule, NotificationRule::from_proto)
}

/// Shows a rule, deleted or not.
#[utoipa::path(
    get, path = "/api/v1/notification/rules/{ruleId}", operation_id = "getNotificationRule", tag = "Notifications",
    params(("ruleId" = String, Path)),
    responses((status = 200, body = NotificationRule), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<NotificationRule>, Problem> {
    let request = pb::GetRuleRequest { id };
    let answer = call.take(call.clients().rules().get_rule(call.rpc(request)).await)?;
    one(answer.rule, NotificationRule::from_proto)
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
pub(crate) async fn update(
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
    one(answer.rule, NotificationRule::from_proto)
}

/// Deletes a rule; what it sent stays.
#[utoipa::path(
    delete, path = "/api/v1/notification/rules/{ruleId}", operation_id = "deleteNotificationRule", tag = "Notifications",
    params(("ruleId" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let request = pb::DeleteRuleRequest {
        id,
        request_id: call.request_id(),
    };
    call.take(call.clients().rules().delete_rule(call.rpc(request)).await)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fires a rule with invented facts.
#[utoipa::path(
    post, path = "/api/v1/notification/rules/{ruleId}/test", operation_id = "testNotificationRule", tag = "Notifications",
    params(("ruleId" = Ulid, Path)),
    responses(
        (status = 201, body = NotificationEvent), (status = 400, body = ProblemDocument),
        (status = 404, body = ProblemDocument),
    ),
)]
pub(crate) async fn test(
    call: Call,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<NotificationEvent>), Problem> {
    let request = pb::TestRuleRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call.take(call.clients().rules().test_rule(call.rpc(request)).await)?;
    made(answer.event, NotificationEvent::from_proto)
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
