//! Subscriptions that are reported by what changed (text §3 to §6).

use std::collections::HashMap;

use axum::Json;
use axum::http::StatusCode;
use contract::subscription::v1 as pb;
use contract::subscription::v1::ReportedItemType;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::{id_of, ids_of};
use super::error::Refusal;
use super::extract::{Body, PageToken};
use super::page_token;
use super::values::{Amount, Instant, Name, amount, broken, optional, patch, required, text};
use crate::body::PathText;
use crate::call::Call;

/// Subscriptions of a page.
const PAGE_SIZE: i32 = 100;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ItemType {
    /// On trial.
    Trial,
    /// Free access.
    Freemium,
    /// Paid again and again.
    Recurring,
    /// Paid once.
    OneTime,
    /// Paid again and again by usage.
    Metered,
}

impl ItemType {
    fn into_proto(self) -> ReportedItemType {
        match self {
            Self::Trial => ReportedItemType::Trial,
            Self::Freemium => ReportedItemType::Free,
            Self::Recurring => ReportedItemType::Recurring,
            Self::OneTime => ReportedItemType::OneTime,
            Self::Metered => ReportedItemType::Metered,
        }
    }

    fn from_proto(kind: ReportedItemType) -> Result<Self, Refusal> {
        match kind {
            ReportedItemType::Trial => Ok(Self::Trial),
            ReportedItemType::Free => Ok(Self::Freemium),
            ReportedItemType::Recurring => Ok(Self::Recurring),
            ReportedItemType::OneTime => Ok(Self::OneTime),
            ReportedItemType::Metered => Ok(Self::Metered),
            ReportedItemType::Unspecified => Err(broken()),
        }
    }
}

/// A product of a subscription to report.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ItemInput {
    /// Required for a product that is not held yet.
    #[schema(nullable = false)]
    r#type: Option<ItemType>,
    product_key: Name,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    trial_started_at: Option<Option<Instant>>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    trial_ended_at: Option<Option<Instant>>,
}

impl ItemInput {
    fn into_proto(self) -> pb::ReportedItemPatch {
        let (trial_start_time, clear_trial_start_time) = parts(self.trial_started_at);
        let (trial_end_time, clear_trial_end_time) = parts(self.trial_ended_at);
        pb::ReportedItemPatch {
            product_key: self.product_key.0,
            r#type: self
                .r#type
                .map_or(ReportedItemType::Unspecified, ItemType::into_proto)
                .into(),
            trial_start_time,
            clear_trial_start_time,
            trial_end_time,
            clear_trial_end_time,
        }
    }
}

/// The instant that is set, and whether it is taken away.
fn parts(patch: Option<Option<Instant>>) -> (Option<prost_types::Timestamp>, bool) {
    match patch {
        None => (None, false),
        Some(None) => (None, true),
        Some(Some(instant)) => (Some(instant.into_proto()), false),
    }
}

/// What holds from a time on; absent members keep their value.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SubscriptionUpsert {
    /// Generated where absent.
    #[schema(nullable = false)]
    id: Option<Name>,
    /// Required for a new subscription.
    #[schema(nullable = false)]
    customer_id: Option<Name>,
    /// ISO 4217 code in any case.
    #[schema(nullable = false)]
    currency: Option<Name>,
    /// Required while something is paid.
    #[schema(nullable = false)]
    monthly_amount: Option<Amount>,
    /// From when on it holds; required.
    #[schema(required, nullable = false)]
    started_at: Option<Instant>,
    /// Null takes the end away.
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    ended_at: Option<Option<Instant>>,
    /// All products from then on.
    #[schema(nullable = false)]
    items: Option<Vec<ItemInput>>,
}

/// A product of a subscription.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Item {
    r#type: ItemType,
    product_key: String,
    #[schema(required)]
    trial_started_at: Option<String>,
    #[schema(required)]
    trial_ended_at: Option<String>,
}

impl Item {
    fn from_proto(wire: &pb::ReportedItem) -> Result<Self, Refusal> {
        Ok(Self {
            r#type: ItemType::from_proto(wire.r#type())?,
            product_key: wire.product_key.clone(),
            trial_started_at: optional(wire.trial_start_time.as_ref()),
            trial_ended_at: optional(wire.trial_end_time.as_ref()),
        })
    }
}

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Subscription {
    created_at: String,
    /// Absent until it is first told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    currency: Option<String>,
    customer_id: String,
    id: String,
    started_at: String,
    #[schema(required)]
    ended_at: Option<String>,
    /// Absent until it is first told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    monthly_amount: Option<String>,
    items: Vec<Item>,
}

impl Subscription {
    fn from_proto(wire: pb::ReportedSubscription, customer_id: String) -> Result<Self, Refusal> {
        let currency = wire.currency_code.to_ascii_lowercase();
        Ok(Self {
            created_at: required(wire.create_time.as_ref())?,
            currency: (!currency.is_empty()).then_some(currency),
            customer_id,
            started_at: required(wire.effective_time.as_ref())?,
            ended_at: optional(wire.end_time.as_ref()),
            monthly_amount: wire.monthly_amount.as_ref().map(amount).transpose()?,
            items: wire
                .items
                .iter()
                .map(Item::from_proto)
                .collect::<Result<_, _>>()?,
            id: wire.key,
        })
    }
}

/// A page of subscriptions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionPage {
    items: Vec<Subscription>,
    /// Token of the next page; null when nothing follows now.
    #[schema(required)]
    next: Option<String>,
}

/// Reports what holds from a time on; makes the subscription when it is not known.
#[utoipa::path(
    put,
    path = "/v4/subscriptions/upsert",
    operation_id = "upsertSubscription",
    tag = "Subscriptions",
    request_body = SubscriptionUpsert,
    responses(
        (status = 200, description = "The subscription after its last change.", body = Subscription),
        (status = 400, description = "A member is missing or wrong."),
    )
)]
pub(crate) async fn upsert(
    call: Call,
    Body(body): Body<SubscriptionUpsert>,
) -> Result<Json<Subscription>, Refusal> {
    if body.items.as_ref().is_some_and(Vec::is_empty) {
        return Err(Refusal::field("items", "must not be empty"));
    }
    let (end_time, clear_end_time) = parts(body.ended_at);
    let items = body.items.unwrap_or_default().into_iter();
    let request = call.rpc(pb::UpsertReportedSubscriptionRequest {
        key: text(body.id),
        customer_handle: text(body.customer_id),
        effective_time: body.started_at.map(Instant::into_proto),
        end_time,
        clear_end_time,
        items: items.map(ItemInput::into_proto).collect(),
        monthly_amount: body.monthly_amount.map(Amount::into_proto),
        currency_code: text(body.currency),
        request_id: call.request_id(),
    });
    let mut reports = call.clients().reports();
    let answer = call.take(reports.upsert_reported_subscription(request).await)?;
    let subscription = answer.subscription.ok_or_else(broken)?;
    let customer_id = id_of(&call, &subscription.customer_id).await?;
    Subscription::from_proto(subscription, customer_id).map(Json)
}

/// Lists all subscriptions in the order in which they were made.
#[utoipa::path(
    get,
    path = "/v4/subscriptions",
    operation_id = "listSubscriptions",
    tag = "Subscriptions",
    params(("next" = Option<String>, Query, description = "Token of the page before.")),
    responses(
        (status = 200, description = "The subscriptions of the page.", body = SubscriptionPage),
        (status = 400, description = "The token is wrong."),
    )
)]
pub(crate) async fn list(
    call: Call,
    PageToken(token): PageToken,
) -> Result<Json<SubscriptionPage>, Refusal> {
    let after_sequence = token.as_deref().map(page_token::read).transpose()?;
    let request = call.rpc(pb::ListReportedSubscriptionsRequest {
        after_sequence: after_sequence.unwrap_or_default(),
        page_size: PAGE_SIZE,
        customer_id: String::new(),
    });
    let mut reports = call.clients().reports();
    let page = call.take(reports.list_reported_subscriptions(request).await)?;
    let customers = page.subscriptions.iter().map(|one| one.customer_id.clone());
    let ids: HashMap<String, String> = ids_of(&call, customers.collect()).await?;
    let items = page.subscriptions.into_iter().map(|one| {
        let unnamed = || one.customer_id.clone();
        let customer_id = ids.get(&one.customer_id).cloned().unwrap_or_else(unnamed);
        Subscription::from_proto(one, customer_id)
    });
    Ok(Json(SubscriptionPage {
        items: items.collect::<Result<_, _>>()?,
        next: (page.next_after_sequence > 0).then(|| page_token::write(page.next_after_sequence)),
    }))
}

/// Removes a subscription with all its changes and histories.
#[utoipa::path(
    delete,
    path = "/v4/subscriptions/{id}",
    operation_id = "destroySubscription",
    tag = "Subscriptions",
    params(("id" = String, Path, description = "Id of the subscription.")),
    responses(
        (status = 204, description = "It is removed."),
        (status = 400, description = "It is managed by its plan or a store."),
        (status = 404, description = "There is none."),
    )
)]
pub(crate) async fn destroy(call: Call, PathText(handle): PathText) -> Result<StatusCode, Refusal> {
    let request = call.rpc(pb::DeleteReportedSubscriptionRequest {
        handle,
        request_id: call.request_id(),
    });
    let mut reports = call.clients().reports();
    call.take(reports.delete_reported_subscription(request).await)?;
    Ok(StatusCode::NO_CONTENT)
}
