//! Add-ons: bought, changed, shown, and what they close.

use contract::catalog::v1::{Addon, PlanAddon, addon::InstanceType};
use contract::subscription::v1::{
    self as pb, subscription_addon_service_server::SubscriptionAddonService as _,
    subscription_service_server::SubscriptionService as _,
};
use tonic::{Code, Status};

use super::world::World;
use super::{LATER, START, add_item, edit, get, id, policy, reason};
use crate::convert;
use crate::domain::fixture::flat;

/// A world with one subscription in its paid phase, and an add-on of 4 on its fee.
pub(super) async fn world() -> (World, String) {
    let world = World::new().await;
    let addon = Addon {
        id: "extra-1".to_owned(),
        key: "extra".to_owned(),
        version: 1,
        name: "Extra".to_owned(),
        instance_type: InstanceType::Multiple.into(),
        rate_cards: vec![convert::rate_card::to_proto(&flat("fee", "4"))],
        ..Default::default()
    };
    world.neighbors.lock().unwrap().addon = Some(PlanAddon {
        plan_id: "pro-1".to_owned(),
        addon: Some(addon),
        from_plan_phase: "trial".to_owned(),
        max_quantity: Some(3),
        ..Default::default()
    });
    let id = id(&world.subscribe(START).await);
    (world, id)
}

async fn buy(world: &World, id: &str, quantity: i32) -> Result<pb::SubscriptionAddon, Status> {
    let request = pb::CreateSubscriptionAddonRequest {
        subscription_id: id.to_owned(),
        addon_id: "extra-1".to_owned(),
        quantity,
        ..Default::default()
    };
    let answer = world
        .addons
        .create_subscription_addon(world.at(LATER, request))
        .await?;
    Ok(answer.into_inner().addon.unwrap())
}

#[tokio::test]
async fn a_bought_addon_changes_the_items_for_everyone() {
    let (world, id) = world().await;
    let addon = buy(&world, &id, 2).await.unwrap();
    assert_eq!(
        (addon.quantity, addon.timeline.len(), addon.name.as_str()),
        (2, 1, "Extra")
    );
    let view = get(&world, &id, LATER).await.unwrap();
    let items: Vec<_> = view.phases[1]
        .items
        .iter()
        .map(|item| item.id.clone())
        .collect();
    assert_eq!(addon.rate_cards[0].affected_item_ids, items);
    let price = view.phases[1].items[0]
        .rate_card
        .clone()
        .unwrap()
        .price
        .unwrap();
    let expected = convert::rate_card::to_proto(&flat("fee", "18"))
        .price
        .unwrap();
    assert_eq!(price, expected);
    assert_eq!(
        (world.known("entitlement", &id), world.known("billing", &id)),
        (2, 2)
    );
    let refused = world
        .subscriptions
        .edit_subscription(world.at(LATER, edit(&id, vec![add_item("paid", "x", "1")])));
    let refused = refused.await.unwrap_err();
    assert_eq!(reason(&refused), "TRANSITION_NOT_ALLOWED");
    assert_eq!(
        refused.message(),
        "subscription with addons cannot be edited"
    );
}

#[tokio::test]
async fn its_quantity_changes_until_nothing_is_left() {
    let (world, id) = world().await;
    let addon = buy(&world, &id, 2).await.unwrap();
    let update = pb::UpdateSubscriptionAddonRequest {
        subscription_id: id.clone(),
        id: addon.id.clone(),
        quantity: Some(0),
        timing: policy(pb::TimingPolicy::NextBillingCycle),
        request_id: "once".to_owned(),
    };
    let first = world
        .addons
        .update_subscription_addon(world.at(LATER, update.clone()))
        .await
        .unwrap();
    let again = world
        .addons
        .update_subscription_addon(world.at(LATER, update.clone()))
        .await
        .unwrap();
    assert_eq!(first.get_ref(), again.get_ref());
    let changed = first.into_inner().addon.unwrap();
    assert_eq!((changed.quantity, changed.timeline[1].quantity), (2, 0));
    let list = pb::ListSubscriptionAddonsRequest {
        subscription_id: id.clone(),
    };
    let listed = world
        .addons
        .list_subscription_addons(world.at("2024-03-02T00:00:00Z", list))
        .await
        .unwrap();
    assert_eq!(listed.into_inner().addons[0].quantity, 0);
    let unknown = pb::GetSubscriptionAddonRequest {
        subscription_id: id.clone(),
        id: "none".to_owned(),
    };
    let refused = world
        .addons
        .get_subscription_addon(world.at(LATER, unknown))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "SUBSCRIPTION_ADDON_NOT_FOUND")
    );
    let missing = pb::UpdateSubscriptionAddonRequest {
        quantity: None,
        request_id: String::new(),
        ..update
    };
    let refused = world
        .addons
        .update_subscription_addon(world.at(LATER, missing))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn only_what_the_plan_offers_is_sold() {
    let (world, id) = world().await;
    assert_eq!(
        reason(&buy(&world, &id, 4).await.unwrap_err()),
        "ADDON_QUANTITY_ABOVE_MAXIMUM"
    );
    assert_eq!(
        reason(&buy(&world, &id, 0).await.unwrap_err()),
        "ADDON_QUANTITY"
    );
    world
        .neighbors
        .lock()
        .unwrap()
        .addon
        .as_mut()
        .unwrap()
        .plan_id = "other".to_owned();
    let refused = buy(&world, &id, 1).await.unwrap_err();
    assert_eq!(reason(&refused), "ADDON_NOT_LINKED");
    assert_eq!(
        refused.message(),
        "addon extra@1 is not linked to the plan pro@1"
    );
    world.neighbors.lock().unwrap().addon = None;
    assert_eq!(
        buy(&world, &id, 1).await.unwrap_err().code(),
        Code::NotFound
    );
}
