//! Reserve, commit, apply: who is asked before, who is told after, and what happens when somebody cannot hear.

use contract::subscription::v1::{
    self as pb, subscription_service_server::SubscriptionService as _,
};
use tonic::{Code, Status};

use super::world::{CUSTOMER, World, create, instant};
use super::{LATER, START, cancel, id};
use crate::domain::fixture::time;

#[tokio::test]
async fn a_new_subscription_is_known_everywhere() {
    let world = World::new().await;
    let view = world.subscribe(START).await;
    let subscription = view.subscription.clone().unwrap();
    assert_eq!(subscription.name, "Plan pro");
    assert_eq!(subscription.status(), pb::SubscriptionStatus::Active);
    assert_eq!(subscription.plan.unwrap().version, 1);
    assert_eq!(
        instant(view.current_billing_period_end_time.as_ref()),
        time("2024-02-01T00:00:00Z")
    );
    assert_eq!(view.phases.len(), 2);
    let id = id(&view);
    assert_eq!(
        (world.known("entitlement", &id), world.known("billing", &id)),
        (1, 1)
    );
    let neighbors = world.neighbors.lock().unwrap();
    assert!(neighbors.holds.contains_key(&id));
    let report = neighbors.report.clone().unwrap();
    assert_eq!(
        (report.sequence, report.subscriptions[0].plan_key.as_str()),
        (1, "pro")
    );
    assert_eq!(report.subscriptions[0].currency_code, "USD");
}

#[tokio::test]
async fn a_refused_reservation_is_the_answer_and_nothing_is_stored() {
    let world = World::new().await;
    let refusal = Status::already_exists("an entitlement of the feature exists");
    world
        .neighbors
        .lock()
        .unwrap()
        .refuse
        .insert("ReserveSubscription", refusal);
    let refused = world
        .subscriptions
        .create_subscription(world.at(START, create("pro")))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::AlreadyExists, "an entitlement of the feature exists")
    );
    let list = pb::ListSubscriptionsRequest::default();
    let listed = world
        .subscriptions
        .list_subscriptions(world.at(START, list))
        .await
        .unwrap();
    assert!(listed.into_inner().subscriptions.is_empty());
    assert_eq!(world.called("ApplySubscription"), 0);
}

#[tokio::test]
async fn what_a_service_misses_it_is_told_later() {
    let world = World::new().await;
    world
        .neighbors
        .lock()
        .unwrap()
        .refuse
        .insert("ApplySubscription", Status::unavailable("down"));
    let view = world.subscribe(START).await;
    let id = id(&view);
    assert_eq!(world.known("billing", &id), 0);
    assert_eq!(world.work(START).await, 0);
    world.neighbors.lock().unwrap().refuse.clear();
    assert_eq!(world.work(START).await, 1);
    assert_eq!(
        (world.known("entitlement", &id), world.known("billing", &id)),
        (1, 1)
    );
    assert_eq!(world.work(START).await, 0);
}

#[tokio::test]
async fn one_deaf_service_does_not_keep_the_others_from_listening() {
    let world = World::new().await;
    let view = world.subscribe(START).await;
    let id = id(&view);
    world.neighbors.lock().unwrap().down.insert("entitlement");
    cancel(&world, &id, LATER, pb::TimingPolicy::NextBillingCycle)
        .await
        .unwrap();
    assert_eq!(
        (world.known("entitlement", &id), world.known("billing", &id)),
        (1, 2)
    );
    world.neighbors.lock().unwrap().down.clear();
    let sync = pb::SyncCustomerRequest {
        customer_id: CUSTOMER.to_owned(),
    };
    let synced = world
        .subscriptions
        .sync_customer(world.at(LATER, sync))
        .await
        .unwrap();
    assert_eq!(synced.into_inner().applied_count, 1);
    assert_eq!(world.known("entitlement", &id), 2);
}
