//! What an entitlement is worth: value, access, history, and resets (metering text §12, §13).

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use contract::entitlement::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::customers::customer_ref;
use super::entitlements::{by_id, of_customer};
use super::entitlements_v1::customer_of_subject;
use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::meter_query::WindowSize;
use super::scalars::{Number, Time, Ulid};
use super::value::{Period, number, number_or_zero, present};

/// What an entitlement gives at an instant.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntitlementValue {
    has_access: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overage: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_available_grant_amount: Option<Number>,
    /// Of a static entitlement: a JSON document as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<String>,
}

impl EntitlementValue {
    pub(crate) fn from_proto(wire: pb::EntitlementValue) -> Result<Self, Problem> {
        use pb::entitlement_value::Kind;
        let mut value = Self {
            has_access: wire.has_access,
            balance: None,
            usage: None,
            overage: None,
            total_available_grant_amount: None,
            config: None,
        };
        match wire.kind {
            Some(Kind::Metered(metered)) => {
                value.balance = Some(number_or_zero(metered.balance.as_ref())?);
                value.usage = Some(number_or_zero(metered.usage.as_ref())?);
                value.overage = Some(number_or_zero(metered.overage.as_ref())?);
                value.total_available_grant_amount =
                    number(metered.total_available_grant_amount.as_ref())?;
            }
            Some(Kind::Static(fixed)) => value.config = Some(fixed.config),
            Some(Kind::Boolean(_)) | None => {}
        }
        Ok(value)
    }
}

/// The instant of a question.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ValueParams {
    /// Now when absent.
    time: Option<Time>,
}

async fn value(
    call: &Call,
    entitlement: Option<pb::EntitlementRef>,
    params: ValueParams,
    allow_missing: bool,
) -> Result<Json<EntitlementValue>, Problem> {
    let request = pb::GetEntitlementValueRequest {
        entitlement,
        time: params.time.map(Into::into),
        allow_missing,
    };
    let answer = call
        .clients()
        .entitlements()
        .get_entitlement_value(call.rpc(request))
        .await;
    EntitlementValue::from_proto(present(call.take(answer)?.value)?).map(Json)
}

/// Tells what a subject's entitlement gives; 404 when there is none.
#[utoipa::path(
    get, path = "/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/value",
    operation_id = "getEntitlementValue", tag = "Entitlements",
    params(("subjectIdOrKey" = String, Path), ("entitlementIdOrFeatureKey" = String, Path), ValueParams),
    responses((status = 200, body = EntitlementValue), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn value_of_subject(
    call: Call,
    Path((subject, id)): Path<(String, String)>,
    Query(params): Query<ValueParams>,
) -> Result<Json<EntitlementValue>, Problem> {
    let customer = customer_of_subject(&call, subject).await?;
    value(
        &call,
        of_customer(customer_ref(customer.id), id),
        params,
        false,
    )
    .await
}

/// Tells what a customer's entitlement on a feature gives; no access when there is none.
#[utoipa::path(
    get, path = "/api/v1/customers/{customerIdOrKey}/entitlements/{featureKey}/value",
    operation_id = "getCustomerEntitlementValue", tags = ["Entitlements", "Customers"],
    params(("customerIdOrKey" = String, Path), ("featureKey" = String, Path), ValueParams),
    responses((status = 200, body = EntitlementValue), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn value_of_feature(
    call: Call,
    Path((customer, feature_key)): Path<(String, String)>,
    Query(params): Query<ValueParams>,
) -> Result<Json<EntitlementValue>, Problem> {
    let entitlement = pb::EntitlementRef {
        customer: Some(customer_ref(customer)),
        entitlement: Some(pb::entitlement_ref::Entitlement::FeatureKey(feature_key)),
    };
    value(&call, Some(entitlement), params, true).await
}

/// Tells what a customer's entitlement gives; no access when there is none.
#[utoipa::path(
    get, path = "/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/value",
    operation_id = "getCustomerEntitlementValueV2", tags = ["Entitlements", "Customers"],
    params(("customerIdOrKey" = String, Path), ("entitlementIdOrFeatureKey" = String, Path), ValueParams),
    responses((status = 200, body = EntitlementValue), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn value_of_customer(
    call: Call,
    Path((customer, id)): Path<(String, String)>,
    Query(params): Query<ValueParams>,
) -> Result<Json<EntitlementValue>, Problem> {
    value(&call, of_customer(customer_ref(customer), id), params, true).await
}

/// What a customer may use now, by feature key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomerAccess {
    entitlements: BTreeMap<String, EntitlementValue>,
}

/// Tells everything that a customer may use now.
#[utoipa::path(
    get, path = "/api/v1/customers/{customerIdOrKey}/access", operation_id = "getCustomerAccess",
    tags = ["Entitlements", "Customers"],
    params(("customerIdOrKey" = String, Path)),
    responses((status = 200, body = CustomerAccess), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn access(
    call: Call,
    Path(customer): Path<String>,
) -> Result<Json<CustomerAccess>, Problem> {
    let request = pb::GetCustomerAccessRequest {
        customer: Some(customer_ref(customer)),
    };
    let answer = call
        .clients()
        .entitlements()
        .get_customer_access(call.rpc(request))
        .await;
    let entitlements = call
        .take(answer)?
        .values
        .into_iter()
        .map(|wire| {
            Ok((
                wire.feature_key.clone(),
                EntitlementValue::from_proto(wire)?,
            ))
        })
        .collect::<Result<_, Problem>>()?;
    Ok(Json(CustomerAccess { entitlements }))
}

/// Usage and balance in one window.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BalanceHistoryWindow {
    period: Period,
    usage: Number,
    balance_at_start: Number,
}

/// What was taken from one grant.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GrantUsageRecord {
    #[schema(value_type = Ulid)]
    grant_id: String,
    usage: Number,
}

/// A span in which nothing but usage changed the balance.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GrantBurnDownHistorySegment {
    period: Period,
    usage: Number,
    overage: Number,
    balance_at_start: Number,
    grant_balances_at_start: BTreeMap<String, Number>,
    balance_at_end: Number,
    grant_balances_at_end: BTreeMap<String, Number>,
    /// In burn order.
    grant_usages: Vec<GrantUsageRecord>,
}

/// How a balance went, by windows and by segments.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WindowedBalanceHistory {
    windowed_history: Vec<BalanceHistoryWindow>,
    burndown_history: Vec<GrantBurnDownHistorySegment>,
}

impl WindowedBalanceHistory {
    fn from_proto(wire: pb::GetEntitlementHistoryResponse) -> Result<Self, Problem> {
        let balances = |wires: BTreeMap<String, contract::kernel::v1::Decimal>| {
            wires
                .into_iter()
                .map(|(grant, balance)| Ok((grant, number_or_zero(Some(&balance))?)))
                .collect::<Result<BTreeMap<_, _>, Problem>>()
        };
        Ok(Self {
            windowed_history: wire
                .windows
                .into_iter()
                .map(|window| {
                    Ok(BalanceHistoryWindow {
                        period: Period::from_proto(&present(window.period)?)?,
                        usage: number_or_zero(window.usage.as_ref())?,
                        balance_at_start: number_or_zero(window.balance_at_start.as_ref())?,
                    })
                })
                .collect::<Result<_, Problem>>()?,
            burndown_history: wire
                .segments
                .into_iter()
                .map(|segment| {
                    Ok(GrantBurnDownHistorySegment {
                        period: Period::from_proto(&present(segment.period)?)?,
                        usage: number_or_zero(segment.usage.as_ref())?,
                        overage: number_or_zero(segment.overage.as_ref())?,
                        balance_at_start: number_or_zero(segment.balance_at_start.as_ref())?,
                        grant_balances_at_start: balances(segment.grant_balances_at_start)?,
                        balance_at_end: number_or_zero(segment.balance_at_end.as_ref())?,
                        grant_balances_at_end: balances(segment.grant_balances_at_end)?,
                        grant_usages: segment
                            .grant_usages
                            .into_iter()
                            .map(|usage| {
                                Ok(GrantUsageRecord {
                                    usage: number_or_zero(usage.usage.as_ref())?,
                                    grant_id: usage.grant_id,
                                })
                            })
                            .collect::<Result<_, Problem>>()?,
                    })
                })
                .collect::<Result<_, Problem>>()?,
        })
    }
}

/// Span and windows of a history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryParams {
    /// Start; the last reset when absent.
    from: Option<Time>,
    /// End; now when absent.
    to: Option<Time>,
    /// Size of the windows.
    #[param(inline)]
    window_size: WindowSize,
    /// Time zone of the windows.
    window_time_zone: Option<String>,
}

async fn history(
    call: &Call,
    entitlement: Option<pb::EntitlementRef>,
    params: HistoryParams,
) -> Result<Json<WindowedBalanceHistory>, Problem> {
    use pb::get_entitlement_history_request::WindowSize as Wire;
    let request = pb::GetEntitlementHistoryRequest {
        entitlement,
        window_size: match params.window_size {
            WindowSize::Minute => Wire::Minute,
            WindowSize::Hour => Wire::Hour,
            WindowSize::Day => Wire::Day,
            WindowSize::Month => Wire::Month,
        }
        .into(),
        start_time: params.from.map(Into::into),
        end_time: params.to.map(Into::into),
        window_time_zone: params.window_time_zone.unwrap_or_default(),
    };
    let answer = call
        .clients()
        .entitlements()
        .get_entitlement_history(call.rpc(request))
        .await;
    WindowedBalanceHistory::from_proto(call.take(answer)?).map(Json)
}

/// Tells how the balance of a subject's entitlement went.
#[utoipa::path(
    get, path = "/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementId}/history",
    operation_id = "getEntitlementHistory", tag = "Entitlements",
    params(("subjectIdOrKey" = String, Path), ("entitlementId" = String, Path), HistoryParams),
    responses((status = 200, body = WindowedBalanceHistory), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn history_of_subject(
    call: Call,
    Path((_subject, id)): Path<(String, String)>,
    Query(params): Query<HistoryParams>,
) -> Result<Json<WindowedBalanceHistory>, Problem> {
    history(&call, by_id(id), params).await
}

/// Tells how the balance of a customer's entitlement went.
#[utoipa::path(
    get, path = "/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/history",
    operation_id = "getCustomerEntitlementHistoryV2", tags = ["Entitlements", "Customers"],
    params(("customerIdOrKey" = String, Path), ("entitlementIdOrFeatureKey" = String, Path), HistoryParams),
    responses((status = 200, body = WindowedBalanceHistory), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn history_of_customer(
    call: Call,
    Path((customer, id)): Path<(String, String)>,
    Query(params): Query<HistoryParams>,
) -> Result<Json<WindowedBalanceHistory>, Problem> {
    history(&call, of_customer(customer_ref(customer), id), params).await
}

/// How usage starts over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResetEntitlementUsageInput {
    effective_at: Option<Time>,
    retain_anchor: Option<bool>,
    preserve_overage: Option<bool>,
}

async fn reset(
    call: &Call,
    entitlement: Option<pb::EntitlementRef>,
    reset: ResetEntitlementUsageInput,
) -> Result<StatusCode, Problem> {
    let request = pb::ResetEntitlementUsageRequest {
        entitlement,
        effective_time: reset.effective_at.map(Into::into),
        retain_anchor: reset.retain_anchor.unwrap_or_default(),
        preserve_overage: reset.preserve_overage,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .entitlements()
        .reset_entitlement_usage(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Starts a new usage period of a subject's entitlement.
#[utoipa::path(
    post, path = "/api/v1/subjects/{subjectIdOrKey}/entitlements/{entitlementId}/reset",
    operation_id = "resetEntitlementUsage", tag = "Entitlements",
    params(("subjectIdOrKey" = String, Path), ("entitlementId" = String, Path)),
    request_body = ResetEntitlementUsageInput,
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn reset_of_subject(
    call: Call,
    Path((_subject, id)): Path<(String, String)>,
    Body(input): Body<ResetEntitlementUsageInput>,
) -> Result<StatusCode, Problem> {
    reset(&call, by_id(id), input).await
}

/// Starts a new usage period of a customer's entitlement.
#[utoipa::path(
    post, path = "/api/v2/customers/{customerIdOrKey}/entitlements/{entitlementIdOrFeatureKey}/reset",
    operation_id = "resetCustomerEntitlementUsageV2", tags = ["Entitlements", "Customers"],
    params(("customerIdOrKey" = String, Path), ("entitlementIdOrFeatureKey" = String, Path)),
    request_body = ResetEntitlementUsageInput,
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn reset_of_customer(
    call: Call,
    Path((customer, id)): Path<(String, String)>,
    Body(input): Body<ResetEntitlementUsageInput>,
) -> Result<StatusCode, Problem> {
    reset(&call, of_customer(customer_ref(customer), id), input).await
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use contract::convert::decimal;
    use serde_json::{Value, json};

    fn shown(kind: Option<pb::entitlement_value::Kind>, has_access: bool) -> Value {
        let value = EntitlementValue::from_proto(pb::EntitlementValue {
            has_access,
            kind,
            ..pb::EntitlementValue::default()
        });
        serde_json::to_value(value.unwrap()).unwrap()
    }

    #[test]
    fn values_show_what_their_kind_has() {
        use pb::entitlement_value::Kind;
        let metered = pb::MeteredValue {
            balance: Some(decimal(99.into())),
            usage: Some(decimal(1.into())),
            total_available_grant_amount: Some(decimal(100.into())),
            ..pb::MeteredValue::default()
        };
        assert_eq!(
            shown(Some(Kind::Metered(metered)), true),
            json!({
                "hasAccess": true, "balance": 99, "usage": 1, "overage": 0,
                "totalAvailableGrantAmount": 100,
            })
        );
        let config = "{\"a\":1}".to_owned();
        assert_eq!(
            shown(Some(Kind::Static(pb::StaticValue { config })), true),
            json!({"hasAccess": true, "config": "{\"a\":1}"})
        );
        assert_eq!(shown(None, false), json!({"hasAccess": false}));
    }
}
