//! Add-ons of subscriptions: bought extras and how many there are over time
//! (catalog text §13).

use axum::Json;
use axum::http::StatusCode;
use contract::subscription::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::addons::AddonInstanceType;
use super::error::{Problem, ProblemDocument, subscription_refusal};
use super::extract::{Body, Call, Path};
use super::rate_cards::RateCard;
use super::scalars::{Description, Key, Label, Metadata, Time, Ulid, metadata, optional};
use super::subscription_input::SubscriptionTiming;
use super::value::{present, required_time, time};

/// The add-on version that was bought.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionAddonReference {
    #[schema(value_type = Ulid)]
    id: String,
    #[schema(value_type = Key)]
    key: String,
    version: i32,
    instance_type: AddonInstanceType,
}

/// A span in which the quantity stays.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionAddonTimelineSegment {
    active_from: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_to: Option<Time>,
    quantity: i32,
}

/// What each unit adds, and the items that it touches.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionAddonRateCard {
    rate_card: RateCard,
    affected_subscription_item_ids: Vec<String>,
}

/// An add-on of a subscription.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionAddon {
    #[schema(value_type = Ulid)]
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    active_from: Time,
    /// Never set: the last span is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    active_to: Option<Time>,
    addon: SubscriptionAddonReference,
    quantity_at: Time,
    quantity: i32,
    timeline: Vec<SubscriptionAddonTimelineSegment>,
    #[schema(value_type = Ulid)]
    subscription_id: String,
    rate_cards: Vec<SubscriptionAddonRateCard>,
}

impl SubscriptionAddon {
    fn from_proto(wire: pb::SubscriptionAddon) -> Result<Self, Problem> {
        let timeline = wire
            .timeline
            .iter()
            .map(|segment| {
                Ok(SubscriptionAddonTimelineSegment {
                    active_from: required_time(segment.start_time.as_ref())?,
                    active_to: time(segment.end_time.as_ref())?,
                    quantity: segment.quantity,
                })
            })
            .collect::<Result<Vec<_>, Problem>>()?;
        Ok(Self {
            id: wire.id,
            name: wire.name,
            description: optional(wire.description),
            metadata: metadata(wire.metadata),
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: None,
            active_from: present(timeline.first().map(|first| first.active_from))?,
            active_to: None,
            addon: SubscriptionAddonReference {
                id: wire.addon_id,
                key: wire.addon_key,
                version: wire.addon_version,
                instance_type: if wire.single {
                    AddonInstanceType::Single
                } else {
                    AddonInstanceType::Multiple
                },
            },
            quantity_at: required_time(wire.quantity_time.as_ref())?,
            quantity: wire.quantity,
            timeline,
            subscription_id: wire.subscription_id,
            rate_cards: wire
                .rate_cards
                .into_iter()
                .map(|card| {
                    Ok(SubscriptionAddonRateCard {
                        rate_card: RateCard::from_proto(present(card.rate_card)?)?,
                        affected_subscription_item_ids: card.affected_item_ids,
                    })
                })
                .collect::<Result<_, Problem>>()?,
        })
    }
}

/// An add-on version to buy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionAddonReferenceInput {
    id: Ulid,
}

/// An add-on to buy; its name and description are its own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionAddonCreate {
    #[expect(dead_code, reason = "ignored, catalog text §13.1")]
    name: Label,
    #[expect(dead_code, reason = "ignored, catalog text §13.1")]
    description: Option<Description>,
    metadata: Option<Metadata>,
    #[schema(minimum = 0)]
    quantity: i32,
    timing: SubscriptionTiming,
    addon: SubscriptionAddonReferenceInput,
}

/// How many there are to be, and from when on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionAddonUpdate {
    #[expect(dead_code, reason = "ignored, catalog text §13.1")]
    name: Option<Label>,
    #[expect(dead_code, reason = "ignored, catalog text §13.1")]
    description: Option<Description>,
    #[expect(dead_code, reason = "ignored, catalog text §13.1")]
    metadata: Option<Metadata>,
    #[schema(minimum = 0)]
    quantity: Option<i32>,
    timing: Option<SubscriptionTiming>,
}

/// Lists the add-ons of a subscription, in the order in which they were bought.
#[utoipa::path(
    get, path = "/api/v1/subscriptions/{subscriptionId}/addons",
    operation_id = "listSubscriptionAddons", tag = "Subscriptions",
    params(("subscriptionId" = String, Path)),
    responses((status = 200, body = Vec<SubscriptionAddon>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn list(
    call: Call,
    Path(subscription_id): Path<String>,
) -> Result<Json<Vec<SubscriptionAddon>>, Problem> {
    let request = pb::ListSubscriptionAddonsRequest { subscription_id };
    let answer = call
        .clients()
        .subscription_addons()
        .list_subscription_addons(call.rpc(request))
        .await;
    call.take(answer)?
        .addons
        .into_iter()
        .map(SubscriptionAddon::from_proto)
        .collect::<Result<_, _>>()
        .map(Json)
}

/// Buys an add-on; one that was bought before gets the new quantity.
#[utoipa::path(
    post, path = "/api/v1/subscriptions/{subscriptionId}/addons",
    operation_id = "createSubscriptionAddon", tag = "Subscriptions",
    params(("subscriptionId" = String, Path)),
    request_body = SubscriptionAddonCreate,
    responses(
        (status = 201, body = SubscriptionAddon), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn create(
    call: Call,
    Path(subscription_id): Path<String>,
    Body(new): Body<SubscriptionAddonCreate>,
) -> Result<(StatusCode, Json<SubscriptionAddon>), Problem> {
    let request = pb::CreateSubscriptionAddonRequest {
        subscription_id,
        addon_id: new.addon.id.into(),
        quantity: new.quantity,
        timing: Some(new.timing.into_proto()),
        metadata: new.metadata.unwrap_or_default(),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .subscription_addons()
        .create_subscription_addon(call.rpc(request))
        .await;
    let answer = call.take(subscription_refusal(answer))?;
    let addon = SubscriptionAddon::from_proto(present(answer.addon)?)?;
    Ok((StatusCode::CREATED, Json(addon)))
}

/// Shows an add-on of a subscription.
#[utoipa::path(
    get, path = "/api/v1/subscriptions/{subscriptionId}/addons/{subscriptionAddonId}",
    operation_id = "getSubscriptionAddon", tag = "Subscriptions",
    params(("subscriptionId" = String, Path), ("subscriptionAddonId" = String, Path)),
    responses((status = 200, body = SubscriptionAddon), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(
    call: Call,
    Path((subscription_id, id)): Path<(String, String)>,
) -> Result<Json<SubscriptionAddon>, Problem> {
    let request = pb::GetSubscriptionAddonRequest {
        subscription_id,
        id,
    };
    let answer = call
        .clients()
        .subscription_addons()
        .get_subscription_addon(call.rpc(request))
        .await;
    SubscriptionAddon::from_proto(present(call.take(answer)?.addon)?).map(Json)
}

/// Changes how many there are.
#[utoipa::path(
    patch, path = "/api/v1/subscriptions/{subscriptionId}/addons/{subscriptionAddonId}",
    operation_id = "updateSubscriptionAddon", tag = "Subscriptions",
    params(("subscriptionId" = String, Path), ("subscriptionAddonId" = String, Path)),
    request_body = SubscriptionAddonUpdate,
    responses((status = 200, body = SubscriptionAddon), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn update(
    call: Call,
    Path((subscription_id, id)): Path<(String, String)>,
    Body(update): Body<SubscriptionAddonUpdate>,
) -> Result<Json<SubscriptionAddon>, Problem> {
    // Both are optional in the contract, and required by what it does (catalog text §13.2).
    let quantity = update
        .quantity
        .ok_or_else(|| Problem::invalid("quantity: is required"))?;
    let timing = update
        .timing
        .ok_or_else(|| Problem::invalid("timing: is required"))?;
    let request = pb::UpdateSubscriptionAddonRequest {
        subscription_id,
        id,
        quantity: Some(quantity),
        timing: Some(timing.into_proto()),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .subscription_addons()
        .update_subscription_addon(call.rpc(request))
        .await;
    let answer = call.take(subscription_refusal(answer))?;
    SubscriptionAddon::from_proto(present(answer.addon)?).map(Json)
}
