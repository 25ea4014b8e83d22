//! Add-ons: what catalog offers with a plan, and what a subscription has bought.

use contract::catalog::v1::{self as catalog, addon::InstanceType};
use contract::convert::timestamp;
use contract::subscription::v1 as pb;
use jiff::Timestamp;

use super::rate_card;
use crate::domain::addon::{Addon, AddonOffer, AddonReference};
use crate::domain::subscription::Subscription;
use crate::error::SubscriptionError;

/// Reads an add-on as it is assigned to a plan.
pub fn offer(assigned: catalog::PlanAddon) -> Result<AddonOffer, SubscriptionError> {
    let addon = assigned
        .addon
        .ok_or_else(|| SubscriptionError::field("addon_id", "is not known"))?;
    let single = match addon.instance_type() {
        InstanceType::Single => true,
        InstanceType::Multiple | InstanceType::Unspecified => false,
    };
    Ok(AddonOffer {
        reference: AddonReference {
            id: addon.id,
            key: addon.key,
            version: addon.version,
        },
        name: addon.name,
        description: addon.description,
        single,
        max_quantity: assigned.max_quantity,
        from_phase: assigned.from_plan_phase,
        cards: addon
            .rate_cards
            .into_iter()
            .enumerate()
            .map(|(index, card)| rate_card::from_proto(card, &format!("addon.rate_cards[{index}]")))
            .collect::<Result<_, _>>()?,
    })
}

/// An add-on of a subscription at an instant.
pub fn to_proto(
    subscription: &Subscription,
    addon: &Addon,
    now: Timestamp,
) -> Result<pb::SubscriptionAddon, SubscriptionError> {
    let segments = addon.segments();
    let quantity = segments
        .iter()
        .find(|segment| segment.period.contains(now))
        .map_or(0, |segment| segment.quantity);
    let rate_cards = addon.cards.iter().map(|card| {
        Ok(pb::AddonRateCard {
            rate_card: Some(rate_card::to_proto(card)),
            affected_item_ids: subscription.items_touched(addon, &card.key)?,
        })
    });
    Ok(pb::SubscriptionAddon {
        id: addon.id.to_string(),
        subscription_id: subscription.id.to_string(),
        addon_id: addon.offer.id.clone(),
        addon_key: addon.offer.key.clone(),
        addon_version: addon.offer.version,
        name: addon.name.clone(),
        description: addon.description.clone(),
        metadata: addon.metadata.clone(),
        timeline: segments
            .iter()
            .map(|segment| pb::AddonQuantitySegment {
                start_time: Some(timestamp(segment.period.start)),
                end_time: segment.period.end.map(timestamp),
                quantity: segment.quantity,
            })
            .collect(),
        rate_cards: rate_cards.collect::<Result<_, SubscriptionError>>()?,
        create_time: Some(timestamp(addon.created_at)),
        update_time: Some(timestamp(addon.updated_at)),
        quantity,
        quantity_time: Some(timestamp(now)),
        single: addon.single,
    })
}
