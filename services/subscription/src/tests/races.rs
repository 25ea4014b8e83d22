//! Two processes on one database change the same customer's subscriptions at the same time: one wins, and the other is told
//! what stands in its way.

use contract::subscription::v1::{
    self as pb, subscription_service_server::SubscriptionService as _,
};
use futures::future::join_all;
use tonic::{Response, Status};

use super::world::{World, create, policy, source};
use super::{LATER, START, add_item, edit, get, id, reason};
use crate::grpc::subscription::SubscriptionServer;

/// Two processes.
fn both(world: &World) -> [SubscriptionServer; 2] {
    [world.replica(), world.replica()].map(SubscriptionServer::new)
}

/// The one answer, and why the others failed.
fn winner<T>(outcomes: Vec<Result<Response<T>, Status>>) -> (T, Vec<String>) {
    let (good, bad): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(good.len(), 1);
    let refused = bad.into_iter().filter_map(Result::err);
    let reasons = refused.map(|refused| reason(&refused)).collect();
    let won = good.into_iter().flatten().next().unwrap();
    (won.into_inner(), reasons)
}

#[tokio::test]
async fn of_creations_on_two_processes_one_wins() {
    let world = World::new().await;
    let servers = both(&world);
    let tries = (0..6)
        .map(|number| servers[number % 2].create_subscription(world.at(START, create("pro"))));
    let (won, refused) = winner(join_all(tries).await);
    assert_eq!(refused, ["SINGLE_SUBSCRIPTION"; 5]);
    let id = id(&won.view.unwrap());
    assert_eq!(
        (world.known("entitlement", &id), world.known("billing", &id)),
        (1, 1)
    );
}

#[tokio::test]
async fn of_changes_on_two_processes_one_wins() {
    let world = World::new().await;
    world.plan("team", 1, "30");
    let first = id(&world.subscribe(START).await);
    let servers = both(&world);
    let change = pb::ChangeSubscriptionRequest {
        id: first.clone(),
        source: Some(source("team", 0)),
        timing: policy(pb::TimingPolicy::NextBillingCycle),
        ..Default::default()
    };
    let tries = servers
        .iter()
        .map(|server| server.change_subscription(world.at(LATER, change.clone())));
    let (won, refused) = winner(join_all(tries).await);
    assert_eq!(refused, ["TRANSITION_NOT_ALLOWED"]);
    let next = id(&won.next.unwrap());
    let current = get(&world, &first, LATER).await.unwrap();
    let annotations = current.subscription.unwrap().annotations;
    assert_eq!(annotations["subscription.superseding.id"], next);
    assert_eq!(
        (
            world.known("billing", &first),
            world.known("billing", &next)
        ),
        (2, 1)
    );
}

#[tokio::test]
async fn of_cancellations_on_two_processes_one_wins() {
    let world = World::new().await;
    let first = id(&world.subscribe(START).await);
    let servers = both(&world);
    let cancel = pb::CancelSubscriptionRequest {
        id: first.clone(),
        ..Default::default()
    };
    let tries = servers
        .iter()
        .map(|server| server.cancel_subscription(world.at(LATER, cancel.clone())));
    let (won, refused) = winner(join_all(tries).await);
    assert_eq!(refused, ["TRANSITION_NOT_ALLOWED"]);
    assert_eq!(won.subscription.unwrap().revision, 2);
}

#[tokio::test]
async fn of_edits_of_one_state_on_two_processes_one_wins() {
    let world = World::new().await;
    let first = id(&world.subscribe(START).await);
    let servers = both(&world);
    let request = |key: &str, etag: String| pb::EditSubscriptionRequest {
        etag,
        ..edit(&first, vec![add_item("paid", key, "1")])
    };
    let seen = chassis::etag::of(1);
    let tries = ["a", "b"]
        .into_iter()
        .zip(&servers)
        .map(|(key, server)| server.edit_subscription(world.at(LATER, request(key, seen.clone()))));
    let (won, refused) = winner(join_all(tries).await);
    assert_eq!(refused, ["STALE_ETAG"]);
    assert_eq!(won.subscription.unwrap().revision, 2);
    // Without a state that they were made for, edits follow each other and none is lost.
    let tries = ["c", "d"].into_iter().zip(&servers).map(|(key, server)| {
        server.edit_subscription(world.at(LATER, request(key, String::new())))
    });
    for outcome in join_all(tries).await {
        outcome.unwrap();
    }
    let view = get(&world, &first, LATER).await.unwrap();
    let keys: Vec<String> = view.phases[1]
        .items
        .iter()
        .map(|item| item.key.clone())
        .collect();
    assert!(
        keys.contains(&"c".to_owned()) && keys.contains(&"d".to_owned()),
        "{keys:?}"
    );
    assert_eq!(view.subscription.unwrap().revision, 4);
}
