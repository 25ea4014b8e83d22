//! Subscription histories: payments for spans of time (text §7).

use axum::Json;
use contract::subscription::v1 as pb;
use contract::subscription::v1::ReportedItemType;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

use super::customers::id_of;
use super::error::Refusal;
use super::extract::Body;
use super::values::{
    Amount, Instant, Name, broken, number, required_amount, text, with_milliseconds,
};
use crate::body::PathText;
use crate::call::Call;

/// What was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaidType {
    /// Something that recurs.
    Recurring,
    /// Usage of something that recurs.
    Metered,
    /// Something paid once.
    OneTime,
}

impl PaidType {
    fn into_proto(self) -> ReportedItemType {
        match self {
            Self::Recurring => ReportedItemType::Recurring,
            Self::Metered => ReportedItemType::Metered,
            Self::OneTime => ReportedItemType::OneTime,
        }
    }

    fn from_proto(kind: ReportedItemType) -> Result<Self, Refusal> {
        match kind {
            ReportedItemType::Recurring => Ok(Self::Recurring),
            ReportedItemType::Metered => Ok(Self::Metered),
            ReportedItemType::OneTime => Ok(Self::OneTime),
            ReportedItemType::Unspecified | ReportedItemType::Trial | ReportedItemType::Free => {
                Err(broken())
            }
        }
    }
}

/// The product that was paid.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryItem {
    r#type: PaidType,
    product_key: String,
}

/// The product that was paid, to report.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct HistoryItemInput {
    /// Required in a new history.
    #[schema(nullable = false)]
    r#type: Option<PaidType>,
    /// Required in a new history.
    #[schema(nullable = false)]
    product_key: Option<Name>,
}

/// A payment to report; absent members of a known one keep their value.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct HistoryUpsert {
    #[schema(nullable = false)]
    customer_id: Option<Name>,
    /// Generated where absent.
    #[schema(nullable = false)]
    subscription_id: Option<Name>,
    #[schema(nullable = false)]
    started_at: Option<Instant>,
    #[schema(nullable = false)]
    ended_at: Option<Instant>,
    #[schema(nullable = false)]
    monthly_amount: Option<Amount>,
    #[schema(nullable = false)]
    currency: Option<Name>,
    /// Exactly one.
    #[schema(nullable = false)]
    items: Option<Vec<HistoryItemInput>>,
}

/// A payment for a span of time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct History {
    id: String,
    user_id: String,
    customer_id: String,
    subscription_id: String,
    started_at: String,
    ended_at: String,
    #[schema(value_type = f64)]
    duration_in_months: Number,
    original_total_value: String,
    original_monthly_amount: String,
    original_currency: String,
    /// In the account's currency, like the two that follow.
    total_value: String,
    monthly_amount: String,
    currency: String,
    items: Vec<HistoryItem>,
    created_at: String,
}

impl History {
    fn from_proto(wire: pb::ReportedPayment, customer_id: String) -> Result<Self, Refusal> {
        Ok(Self {
            customer_id,
            started_at: with_milliseconds(wire.start_time.as_ref())?,
            ended_at: with_milliseconds(wire.end_time.as_ref())?,
            duration_in_months: number(wire.duration_months.as_ref())?,
            original_total_value: required_amount(wire.original_total_amount.as_ref())?,
            original_monthly_amount: required_amount(wire.original_monthly_amount.as_ref())?,
            original_currency: wire.original_currency_code.to_ascii_lowercase(),
            total_value: required_amount(wire.total_amount.as_ref())?,
            monthly_amount: required_amount(wire.monthly_amount.as_ref())?,
            currency: wire.currency_code.to_ascii_lowercase(),
            items: vec![HistoryItem {
                r#type: PaidType::from_proto(wire.item_type())?,
                product_key: wire.product_key,
            }],
            created_at: with_milliseconds(wire.create_time.as_ref())?,
            id: wire.key,
            user_id: wire.reporter_id,
            subscription_id: wire.subscription_key,
        })
    }
}

/// Reports a payment for a span of time, or changes what was reported of it.
#[utoipa::path(
    put,
    path = "/v4/subscriptions/history/upsert/{id}",
    operation_id = "upsertSubscriptionHistory",
    tag = "Subscription histories",
    params(("id" = String, Path, description = "Your own id of the payment.")),
    request_body = HistoryUpsert,
    responses(
        (status = 200, description = "The payment.", body = History),
        (status = 400, description = "A member is missing or wrong."),
    )
)]
pub(crate) async fn upsert(
    call: Call,
    PathText(key): PathText,
    Body(body): Body<HistoryUpsert>,
) -> Result<Json<History>, Refusal> {
    let item = match body.items {
        None => None,
        Some(items) => Some(
            <[HistoryItemInput; 1]>::try_from(items)
                .map_err(|_| Refusal::field("items", "must be exactly one"))?,
        ),
    };
    let (kind, product_key) = match item {
        None => (None, None),
        Some([item]) => (item.r#type, item.product_key),
    };
    let request = call.rpc(pb::UpsertReportedPaymentRequest {
        key,
        subscription_key: text(body.subscription_id),
        customer_handle: text(body.customer_id),
        start_time: body.started_at.map(Instant::into_proto),
        end_time: body.ended_at.map(Instant::into_proto),
        monthly_amount: body.monthly_amount.map(Amount::into_proto),
        currency_code: text(body.currency),
        item_type: kind
            .map_or(ReportedItemType::Unspecified, PaidType::into_proto)
            .into(),
        product_key: text(product_key),
        request_id: call.request_id(),
    });
    let mut reports = call.clients().reports();
    let answer = call.take(reports.upsert_reported_payment(request).await)?;
    let payment = answer.payment.ok_or_else(broken)?;
    let customer_id = id_of(&call, &payment.customer_id).await?;
    History::from_proto(payment, customer_id).map(Json)
}

/// The same by the other method that the documentation names.
#[utoipa::path(
    post,
    path = "/v4/subscriptions/history/upsert/{id}",
    operation_id = "upsertSubscriptionHistoryByPost",
    tag = "Subscription histories",
    params(("id" = String, Path, description = "Your own id of the payment.")),
    request_body = HistoryUpsert,
    responses(
        (status = 200, description = "The payment.", body = History),
        (status = 400, description = "A member is missing or wrong."),
    )
)]
pub(crate) async fn upsert_by_post(
    call: Call,
    path: PathText,
    body: Body<HistoryUpsert>,
) -> Result<Json<History>, Refusal> {
    upsert(call, path, body).await
}
