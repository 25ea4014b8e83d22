//! Where customers may have several subscriptions at a time.

use contract::subscription::v1::{
    self as pb, subscription_service_server::SubscriptionService as _,
};
use tonic::Code;

use super::world::{World, create};
use super::{LATER, START, cancel, id, reason};
use crate::convert;
use crate::domain::fixture::flat;

#[tokio::test]
async fn items_of_one_key_are_sold_once_at_a_time() {
    let world = World::of_several().await;
    let first = id(&world.subscribe(START).await);
    let refused = world
        .subscriptions
        .create_subscription(world.at(START, create("pro")))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "SINGLE_ITEM")
    );
    // The trial sells nothing, so only the paid phases meet: two sides.
    let issues = chassis::error::details(&refused).issues;
    assert_eq!(issues.len(), 2);
    for issue in issues {
        assert_eq!(
            issue.code,
            "only_single_subscription_item_allowed_at_a_time"
        );
        assert_eq!(issue.status, Some(409));
        let field = issue.field.unwrap();
        assert!(
            field.starts_with("$.plans[?(@.key=='pro' && @.version=='1'"),
            "{field}"
        );
        assert!(
            field.ends_with(".phases[?(@.key=='paid')].items[?(@.key=='fee')]"),
            "{field}"
        );
    }
    assert_eq!(world.called("ReserveSubscription"), 1);

    // Another key may be sold beside it.
    world.plan("seats", 1, "3");
    let mut plan = world.neighbors.lock().unwrap().plans[&("seats".to_owned(), 1)].clone();
    plan.phases[1].rate_cards = vec![convert::rate_card::to_proto(&flat("seat", "3"))];
    world
        .neighbors
        .lock()
        .unwrap()
        .plans
        .insert(("seats".to_owned(), 1), plan);
    world.neighbors.lock().unwrap().reserved.clear();
    let second = world
        .subscriptions
        .create_subscription(world.at(START, create("seats")))
        .await
        .unwrap();
    let second = id(&second.into_inner().view.unwrap());
    let report = world.neighbors.lock().unwrap().report.clone().unwrap();
    assert_eq!(report.subscriptions.len(), 2);

    // Which of them a restore should delete nobody knows.
    cancel(&world, &first, LATER, pb::TimingPolicy::NextBillingCycle)
        .await
        .unwrap();
    let request = pb::RestoreSubscriptionRequest {
        id: first.clone(),
        ..Default::default()
    };
    let refused = world
        .subscriptions
        .restore_subscription(world.at(LATER, request))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED")
    );
    let request = pb::UnscheduleCancellationRequest {
        id: first,
        ..Default::default()
    };
    world
        .subscriptions
        .unschedule_cancellation(world.at(LATER, request))
        .await
        .unwrap();
    assert_eq!(world.known("billing", &second), 1);
}
