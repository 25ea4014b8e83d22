//! Every operation: its happy path and its refusals.

use contract::subscription::v1::{
    self as pb, subscription_service_server::SubscriptionService as _,
};
use tonic::Code;

use super::world::{CUSTOMER, World, create, instant, wire};
use super::{LATER, START, add_item, cancel, change, edit, get, id, reason};
use crate::domain::fixture::time;

#[tokio::test]
async fn a_second_subscription_at_the_same_time_is_refused_with_both_sides() {
    let world = World::new().await;
    world.subscribe(START).await;
    let refused = world
        .subscriptions
        .create_subscription(world.at(LATER, create("pro")))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "SINGLE_SUBSCRIPTION")
    );
    let issues = chassis::error::details(&refused).issues;
    assert_eq!(issues.len(), 2);
    assert!(issues.iter().all(|issue| issue.status == Some(409)));
    assert!(
        issues[0]
            .field
            .clone()
            .unwrap()
            .starts_with("$.plans[?(@.key=='pro' && @.version=='1'")
    );
}

#[tokio::test]
async fn of_many_creations_at_once_one_wins() {
    let world = World::new().await;
    let tries = (0..8).map(|_| {
        world
            .subscriptions
            .create_subscription(world.at(START, create("pro")))
    });
    let outcomes = futures::future::join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert_eq!(reason(&refused), "SINGLE_SUBSCRIPTION");
    }
}

#[tokio::test]
async fn a_retry_gets_the_first_answer() {
    let world = World::new().await;
    let request = pb::CreateSubscriptionRequest {
        request_id: "r1".to_owned(),
        ..create("pro")
    };
    let first = world
        .subscriptions
        .create_subscription(world.at(START, request.clone()))
        .await
        .unwrap();
    let again = world
        .subscriptions
        .create_subscription(world.at(START, request.clone()))
        .await
        .unwrap();
    assert_eq!(first.get_ref(), again.get_ref());
    assert_eq!(world.called("ReserveSubscription"), 1);
    let other = pb::CreateSubscriptionRequest {
        name: "other".to_owned(),
        ..request
    };
    let refused = world
        .subscriptions
        .create_subscription(world.at(START, other))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    let id = id(&first.into_inner().view.unwrap());
    let cancel = pb::CancelSubscriptionRequest {
        id,
        request_id: "r2".to_owned(),
        ..Default::default()
    };
    let first = world
        .subscriptions
        .cancel_subscription(world.at(LATER, cancel.clone()))
        .await
        .unwrap();
    let again = world
        .subscriptions
        .cancel_subscription(world.at(LATER, cancel))
        .await
        .unwrap();
    assert_eq!(first.get_ref(), again.get_ref());
}

#[tokio::test]
async fn canceled_is_canceled_until_it_is_taken_back() {
    let world = World::new().await;
    let id = id(&world.subscribe(START).await);
    let canceled = cancel(&world, &id, LATER, pb::TimingPolicy::NextBillingCycle)
        .await
        .unwrap();
    assert_eq!(canceled.status(), pb::SubscriptionStatus::Canceled);
    assert_eq!(
        instant(canceled.active_to_time.as_ref()),
        time("2024-03-01T00:00:00Z")
    );
    let refused = cancel(&world, &id, LATER, pb::TimingPolicy::Immediate)
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "TRANSITION_NOT_ALLOWED");
    assert_eq!(
        refused.message(),
        "transition cancel in state canceled not allowed"
    );
    let request = pb::UnscheduleCancellationRequest {
        id: id.clone(),
        ..Default::default()
    };
    let open = world
        .subscriptions
        .unschedule_cancellation(world.at(LATER, request))
        .await
        .unwrap();
    assert_eq!(open.into_inner().subscription.unwrap().active_to_time, None);
    let gone = get(&world, "01ARZ3NDEKTSV4RRFFQ69G5FAX", LATER)
        .await
        .unwrap_err();
    assert_eq!(
        (gone.code(), reason(&gone).as_str()),
        (Code::NotFound, "SUBSCRIPTION_NOT_FOUND")
    );
}

#[tokio::test]
async fn an_edit_is_checked_by_catalog_and_by_etag() {
    let world = World::new().await;
    let id = id(&world.subscribe(START).await);
    let request = edit(&id, vec![add_item("trial", "extra", "5")]);
    let answer = world
        .subscriptions
        .edit_subscription(world.at(START, request.clone()))
        .await
        .unwrap();
    let edited = answer.into_inner().subscription.unwrap();
    assert_eq!(edited.revision, 2);
    let stale = pb::EditSubscriptionRequest {
        etag: chassis::etag::of(1),
        ..request.clone()
    };
    let refused = world
        .subscriptions
        .edit_subscription(world.at(START, stale))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Aborted, "STALE_ETAG")
    );
    world.neighbors.lock().unwrap().issues = vec![contract::kernel::v1::ValidationIssue {
        code: "entitlement_template_with_no_feature".to_owned(),
        field: "$.phases[?(@.key=='operation_0')].ratecards[?(@.key=='extra')].featureKey"
            .to_owned(),
        http_status: 400,
        ..Default::default()
    }];
    let refused = world
        .subscriptions
        .edit_subscription(world.at(START, request))
        .await
        .unwrap_err();
    let issues = chassis::error::details(&refused).issues;
    assert_eq!(
        issues[0].field.as_deref(),
        Some("$.phases[?(@.key=='trial')].items.extra.featureKey")
    );
    let empty = world
        .subscriptions
        .edit_subscription(world.at(START, edit(&id, vec![])))
        .await
        .unwrap_err();
    assert_eq!(reason(&empty), "NO_OPERATIONS");
}

#[tokio::test]
async fn a_change_links_two_that_touch_and_keeps_the_anchor() {
    let world = World::new().await;
    world.plan("team", 1, "30");
    let first = id(&world.subscribe(START).await);
    let changed = change(&world, &first, LATER, pb::TimingPolicy::NextBillingCycle).await;
    let (current, next) = (
        changed.current.unwrap(),
        changed.next.unwrap().subscription.unwrap(),
    );
    assert_eq!(current.active_to_time, next.active_from_time);
    assert_eq!(next.billing_anchor_time, wire(START));
    assert_eq!(next.status(), pb::SubscriptionStatus::Scheduled);
    assert_eq!(current.annotations["subscription.superseding.id"], next.id);
    assert_eq!(next.annotations["subscription.previous.id"], first);
    // A cancellation with a follower cannot be taken back, only restored.
    let request = pb::UnscheduleCancellationRequest {
        id: first.clone(),
        ..Default::default()
    };
    let refused = world
        .subscriptions
        .unschedule_cancellation(world.at(LATER, request))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "SINGLE_SUBSCRIPTION");
    let request = pb::RestoreSubscriptionRequest {
        id: first.clone(),
        ..Default::default()
    };
    let restored = world
        .subscriptions
        .restore_subscription(world.at(LATER, request))
        .await
        .unwrap();
    let restored = restored.into_inner().subscription.unwrap();
    assert_eq!(
        (restored.active_to_time, restored.annotations.len()),
        (None, 0)
    );
    assert_eq!(
        get(&world, &next.id, LATER).await.unwrap_err().code(),
        Code::NotFound
    );
    let neighbors = world.neighbors.lock().unwrap();
    assert!(neighbors.applied[&("billing", next.id.clone())].deleted);
    assert!(!neighbors.holds.contains_key(&next.id));
}

#[tokio::test]
async fn deleting_what_is_scheduled_frees_the_one_before() {
    let world = World::new().await;
    world.plan("team", 1, "30");
    let first = id(&world.subscribe(START).await);
    let changed = change(&world, &first, LATER, pb::TimingPolicy::NextBillingCycle).await;
    let next = id(&changed.next.unwrap());
    let delete = |id: &str| pb::DeleteSubscriptionRequest {
        id: id.to_owned(),
        ..Default::default()
    };
    let refused = world
        .subscriptions
        .delete_subscription(world.at(LATER, delete(&first)))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "TRANSITION_NOT_ALLOWED");
    world
        .subscriptions
        .delete_subscription(world.at(LATER, delete(&next)))
        .await
        .unwrap();
    let left = get(&world, &first, LATER)
        .await
        .unwrap()
        .subscription
        .unwrap();
    assert!(left.annotations.is_empty());
    let gone = world
        .subscriptions
        .delete_subscription(world.at(LATER, delete(&next)))
        .await
        .unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
}

#[tokio::test]
async fn a_migration_takes_the_newer_version() {
    let world = World::new().await;
    let first = id(&world.subscribe(START).await);
    let migrate = |version| pb::MigrateSubscriptionRequest {
        id: first.clone(),
        target_version: version,
        starting_phase_key: "paid".to_owned(),
        ..Default::default()
    };
    let refused = world
        .subscriptions
        .migrate_subscription(world.at(LATER, migrate(0)))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "ALREADY_AT_VERSION");
    world.plan("pro", 2, "12");
    let answer = world
        .subscriptions
        .migrate_subscription(world.at(LATER, migrate(0)))
        .await
        .unwrap();
    let next = answer.into_inner().next.unwrap();
    assert_eq!(next.subscription.unwrap().plan.unwrap().version, 2);
    // The trial is skipped: listed, without length.
    let skipped = next.phases[0].phase.clone().unwrap();
    assert_eq!(skipped.start_time, skipped.end_time);
}

#[tokio::test]
async fn lists_go_by_status_and_page() {
    let world = World::new().await;
    let first = id(&world.subscribe(START).await);
    cancel(&world, &first, LATER, pb::TimingPolicy::Immediate)
        .await
        .unwrap();
    let second = id(&world.subscribe(LATER).await);
    let list = async |request: pb::ListSubscriptionsRequest| {
        world
            .subscriptions
            .list_subscriptions(world.at(LATER, request))
            .await
            .unwrap()
            .into_inner()
    };
    let ids = |answer: &pb::ListSubscriptionsResponse| {
        answer
            .subscriptions
            .iter()
            .map(|found| found.id.clone())
            .collect::<Vec<_>>()
    };
    let request = pb::ListSubscriptionsRequest {
        customer_id: CUSTOMER.to_owned(),
        ..Default::default()
    };
    assert_eq!(
        ids(&list(request.clone()).await),
        [second.clone(), first.clone()]
    );
    let inactive = pb::SubscriptionStatus::Inactive.into();
    let filtered = pb::ListSubscriptionsRequest {
        statuses: vec![inactive],
        ..request.clone()
    };
    assert_eq!(ids(&list(filtered).await), [first.as_str()]);
    let of_ids = |ids: &[&str]| pb::ListSubscriptionsRequest {
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..Default::default()
    };
    assert_eq!(ids(&list(of_ids(&[&first])).await), [first.as_str()]);
    let both = list(of_ids(&[&first, &second, "01ARZ3NDEKTSV4RRFFQ69G5FAX"])).await;
    assert_eq!(ids(&both), [second.as_str(), first.as_str()]);
    assert!(ids(&list(of_ids(&["none"])).await).is_empty());
    let many = pb::ListSubscriptionsRequest {
        ids: vec![first.clone(); 1_001],
        ..Default::default()
    };
    let refused = world
        .subscriptions
        .list_subscriptions(world.at(LATER, many))
        .await
        .unwrap_err();
    assert_eq!(chassis::error::details(&refused).violations[0].field, "ids");
    let by_end = pb::ListSubscriptionsRequest {
        order_by: pb::list_subscriptions_request::OrderBy::ActiveTo.into(),
        ascending: true,
        page_size: 1,
        ..request.clone()
    };
    let page = list(by_end.clone()).await;
    assert_eq!(ids(&page), [first.as_str()]);
    let page = list(pb::ListSubscriptionsRequest {
        page_token: page.next_page_token,
        ..by_end
    })
    .await;
    assert_eq!(
        (ids(&page), page.next_page_token.as_str()),
        (vec![second], "")
    );
    let numbered = list(pb::ListSubscriptionsRequest {
        page: 2,
        page_size: 1,
        ..request
    })
    .await;
    assert_eq!((ids(&numbered), numbered.total_size), (vec![first], 2));
}

#[tokio::test]
async fn another_project_sees_nothing() {
    let world = World::new().await;
    let view = world.subscribe(START).await;
    let mut request = tonic::Request::new(pb::GetSubscriptionRequest {
        id: id(&view),
        time: None,
    });
    let stranger = world
        .context(START)
        .in_project(kernel::id::ProjectId::from_ulid(kernel::id::Ulid(2)));
    request.extensions_mut().insert(stranger);
    assert_eq!(
        world
            .subscriptions
            .get_subscription(request)
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
}
