//! Reserve, commit, apply: who is asked before, who is told after, and what happens when somebody cannot hear.

use contract::subscription::v1::{
    self as pb, subscription_service_server::SubscriptionService as _,
};
use tonic::{Code, Status};

use chassis::timer::Timer as _;

use super::world::{CUSTOMER, World, create, instant};
use super::{LATER, START, cancel, get, id};
use crate::domain::fixture::time;
use crate::grpc::subscription::SubscriptionServer;
use crate::worker::ApplyTimer;

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

/// Lists what the customer has.
async fn listed(world: &World) -> Vec<pb::Subscription> {
    let list = pb::ListSubscriptionsRequest::default();
    let listed = world
        .subscriptions
        .list_subscriptions(world.at(START, list));
    listed.await.unwrap().into_inner().subscriptions
}

#[tokio::test]
async fn what_a_dead_process_reserved_stands_in_nobodys_way() {
    // With and without a key that makes the retry a retry.
    for request_id in ["", "r1"] {
        let world = World::new().await;
        let request = || {
            let request = pb::CreateSubscriptionRequest {
                request_id: request_id.to_owned(),
                ..create("pro")
            };
            world.at(START, request)
        };
        let dying = world.subscriptions.create_subscription(request());
        world.die("ReserveSubscription", dying).await;
        assert_eq!(world.neighbors.lock().unwrap().reserved.len(), 1);
        assert!(listed(&world).await.is_empty());
        let restarted = SubscriptionServer::new(world.replica());
        let made = restarted.create_subscription(request()).await.unwrap();
        let made = id(&made.into_inner().view.unwrap());
        let there = listed(&world).await;
        assert_eq!((there.len(), &there[0].id), (1, &made));
        let neighbors = world.neighbors.lock().unwrap();
        assert!(neighbors.reserved.values().all(|state| state.deleted));
        assert!(neighbors.applied.contains_key(&("entitlement", made)));
    }
}

#[tokio::test]
async fn a_process_taken_for_dead_does_not_commit_on_an_old_decision() {
    let world = World::new().await;
    // It hangs with its reservation made, long enough to be given up, and then goes on.
    let slow = world
        .subscriptions
        .create_subscription(world.at(START, create("pro")));
    world.neighbors.lock().unwrap().slow = Some("ReserveSubscription");
    let other = SubscriptionServer::new(world.replica());
    let overtaking = async {
        world.turns.parked.notified().await;
        let made = other
            .create_subscription(world.at(START, create("pro")))
            .await
            .unwrap();
        world.turns.resumed.notify_one();
        id(&made.into_inner().view.unwrap())
    };
    let (slow, made) = tokio::join!(slow, overtaking);
    assert_eq!(super::reason(&slow.unwrap_err()), "SINGLE_SUBSCRIPTION");
    let there = listed(&world).await;
    assert_eq!((there.len(), &there[0].id), (1, &made));
}

#[tokio::test]
async fn what_a_dead_process_committed_is_applied_as_soon_as_another_starts() {
    let world = World::new().await;
    let dying = world
        .subscriptions
        .create_subscription(world.at(START, create("pro")));
    let before = ApplyTimer::new(world.replica());
    // The first service to be told heard it; the others did not.
    world.die("ReportSubscriptions", dying).await;
    let there = listed(&world).await;
    let id = &there[0].id;
    assert!(get(&world, id, START).await.is_ok());
    assert_eq!(world.known("entitlement", id), 0);
    // A process that ran all the time leaves it to the call for a while: how should it know.
    assert_eq!(before.due().await.unwrap(), []);
    let restarted = ApplyTimer::new(world.replica());
    assert_eq!(restarted.due().await.unwrap().len(), 1);
    assert_eq!(restarted.run(&world.context(START)).await.unwrap(), 1);
    assert_eq!(
        (world.known("entitlement", id), world.known("billing", id)),
        (1, 1)
    );
    assert_eq!(restarted.due().await.unwrap(), []);
}
