//! The ledger of terms over gRPC: every change of what is paid or allowed, with cause, actor and effective time.

use contract::subscription::v1::{
    self as pb, subscription_addon_service_server::SubscriptionAddonService as _,
    subscription_service_server::SubscriptionService as _,
};
use pb::ChangeCause::{
    AddonChanged, Canceled, Changed, Continued, Created, Deleted, Edited, Restored,
};
use tonic::Code;

use super::world::{CUSTOMER, World, wire};
use super::{LATER, START, add_item, cancel, change, edit, id, reason};

/// Cause, item and effective time of the changes of a subscription.
async fn changes(world: &World, subscription: &str) -> Vec<(pb::ChangeCause, String, String)> {
    let request = pb::ListSubscriptionChangesRequest {
        subscription_id: subscription.to_owned(),
        ..Default::default()
    };
    let listed = world
        .subscriptions
        .list_subscription_changes(world.at(LATER, request));
    let changes = listed.await.unwrap().into_inner().changes;
    changes
        .iter()
        .map(|change| {
            let effective = super::world::instant(change.effective_time.as_ref()).to_string();
            (
                change.cause(),
                change.item_key.clone(),
                effective[..10].to_owned(),
            )
        })
        .collect()
}

fn row(cause: pb::ChangeCause, item: &str, from: &str) -> (pb::ChangeCause, String, String) {
    (cause, item.to_owned(), from.to_owned())
}

#[tokio::test]
async fn every_operation_leaves_what_it_changed() {
    let world = World::new().await;
    world.plan("team", 1, "30");
    let first = id(&world.subscribe(START).await);
    let mut expected = vec![
        row(Created, "fee", "2024-01-01"),
        row(Created, "fee", "2024-02-01"),
    ];
    assert_eq!(changes(&world, &first).await, expected);
    let request = edit(&first, vec![add_item("paid", "fee", "12")]);
    world
        .subscriptions
        .edit_subscription(world.at(LATER, request))
        .await
        .unwrap();
    expected.push(row(Edited, "fee", "2024-02-10"));
    cancel(&world, &first, LATER, pb::TimingPolicy::NextBillingCycle)
        .await
        .unwrap();
    expected.push(row(Canceled, "fee", "2024-03-01"));
    let request = pb::UnscheduleCancellationRequest {
        id: first.clone(),
        ..Default::default()
    };
    world
        .subscriptions
        .unschedule_cancellation(world.at(LATER, request))
        .await
        .unwrap();
    expected.push(row(Continued, "fee", "2024-03-01"));
    let next = change(&world, &first, LATER, pb::TimingPolicy::NextBillingCycle)
        .await
        .next;
    let next = id(&next.unwrap());
    expected.push(row(Changed, "fee", "2024-03-01"));
    // The next one starts with its free month.
    let mut of_next = vec![
        row(Changed, "fee", "2024-03-01"),
        row(Changed, "fee", "2024-04-01"),
    ];
    assert_eq!(changes(&world, &next).await, of_next);
    let request = pb::RestoreSubscriptionRequest {
        id: first.clone(),
        ..Default::default()
    };
    world
        .subscriptions
        .restore_subscription(world.at(LATER, request))
        .await
        .unwrap();
    expected.push(row(Restored, "fee", "2024-03-01"));
    of_next.extend([
        row(Restored, "fee", "2024-03-01"),
        row(Restored, "fee", "2024-04-01"),
    ]);
    assert_eq!(changes(&world, &first).await, expected);
    assert_eq!(changes(&world, &next).await, of_next);
    let next = change(&world, &first, LATER, pb::TimingPolicy::NextBillingCycle)
        .await
        .next;
    let next = id(&next.unwrap());
    expected.push(row(Changed, "fee", "2024-03-01"));
    let request = pb::DeleteSubscriptionRequest {
        id: next.clone(),
        ..Default::default()
    };
    world
        .subscriptions
        .delete_subscription(world.at(LATER, request))
        .await
        .unwrap();
    // That the link is cut changes no terms of the first.
    assert_eq!(changes(&world, &first).await, expected);
    assert_eq!(
        changes(&world, &next).await[2..],
        [
            row(Deleted, "fee", "2024-03-01"),
            row(Deleted, "fee", "2024-04-01")
        ]
    );
}

#[tokio::test]
async fn an_entry_says_who_did_what_when_and_what_it_replaces() {
    let (world, subscription) = super::addons::world().await;
    let request = pb::CreateSubscriptionAddonRequest {
        subscription_id: subscription.clone(),
        addon_id: "extra-1".to_owned(),
        quantity: 2,
        ..Default::default()
    };
    world
        .addons
        .create_subscription_addon(world.at(LATER, request))
        .await
        .unwrap();
    let page = async |page_token: String| {
        let request = pb::ListSubscriptionChangesRequest {
            customer_id: CUSTOMER.to_owned(),
            page_size: 2,
            page_token,
            ..Default::default()
        };
        let listed = world
            .subscriptions
            .list_subscription_changes(world.at(LATER, request));
        listed.await.unwrap().into_inner()
    };
    let first = page(String::new()).await;
    assert_eq!(first.changes.len(), 2);
    let second = page(first.next_page_token).await;
    assert_eq!(
        (second.changes.len(), second.next_page_token.as_str()),
        (1, "")
    );
    let bought = &second.changes[0];
    assert_eq!(
        (bought.cause(), bought.actor.as_str(), bought.revision),
        (AddonChanged, "key:test", 2)
    );
    assert_eq!(
        (bought.record_time, bought.effective_time, bought.end_time),
        (wire(LATER), wire(LATER), None)
    );
    assert_eq!(
        (&bought.subscription_id, bought.customer_id.as_str()),
        (&subscription, CUSTOMER)
    );
    let amount = |sold: &Option<pb::SoldItem>| {
        let sold = sold.as_ref().unwrap();
        assert_eq!(sold.phase_key, "paid");
        sold.rate_card.clone().unwrap().price
    };
    let price = |amount: &str| {
        let card = crate::domain::fixture::flat("fee", amount);
        crate::convert::rate_card::to_proto(&card).price
    };
    assert_eq!(
        (amount(&bought.before), amount(&bought.after)),
        (price("10"), price("18"))
    );
    for (request, field) in [
        (
            pb::ListSubscriptionChangesRequest {
                customer_id: "x".to_owned(),
                ..Default::default()
            },
            "customer_id",
        ),
        (
            pb::ListSubscriptionChangesRequest {
                subscription_id: "x".to_owned(),
                ..Default::default()
            },
            "subscription_id",
        ),
    ] {
        let refused = world
            .subscriptions
            .list_subscription_changes(world.at(LATER, request));
        let refused = refused.await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::InvalidArgument, "INVALID_ARGUMENT")
        );
        assert_eq!(chassis::error::details(&refused).violations[0].field, field);
    }
}
