//! Store subscriptions among those of every origin: listed, read, never written but by their store; and what they leave when they go.

use contract::catalog::v1 as catalog;
use contract::subscription::v1::{
    self as pb, StoreTransactionType as Type, reported_subscription::Origin,
    reported_subscription_service_server::ReportedSubscriptionService as _,
    revenue_service_server::RevenueService as _,
    store_transaction_service_server::StoreTransactionService as _,
    subscription_service_server::SubscriptionService as _,
};
use tonic::Code;

use super::reported::{
    NOW, amount, change, changed, create, created, ended, events, listed, retracted, upsert,
    upserted,
};
use super::sold::{OTHER, bought, by_id, day, happened, usd};
use super::world::{CUSTOMER, World, wire};
use super::{START, reason};

const APPLE: pb::Store = pb::Store::AppStore;

/// What a customer may see of a store: gold by the month, silver by the year.
async fn world() -> World {
    let world = World::new().await;
    world.sells("gold.m", "P1M");
    world.sells("silver", "P1Y");
    world
}

async fn tell(world: &World, told: pb::StoreTransaction) -> Vec<pb::Term> {
    world.tell(NOW, told).await.unwrap().terms
}

/// A subscription of ten dollars a month since May.
async fn running(world: &World) -> pb::ReportedSubscription {
    tell(world, bought("1", "gold.m", APPLE, "2024-05-15T00:00:00Z")).await;
    listed(world).await.remove(0)
}

async fn of_status(world: &World, status: pb::SubscriptionStatus) -> Vec<pb::Subscription> {
    let request = pb::ListSubscriptionsRequest {
        customer_id: CUSTOMER.to_owned(),
        statuses: vec![status.into()],
        ..Default::default()
    };
    let answer = world
        .subscriptions
        .list_subscriptions(world.at(NOW, request));
    answer.await.unwrap().into_inner().subscriptions
}

#[tokio::test]
async fn it_is_listed_and_read_like_every_other() {
    let world = world().await;
    let terms = tell(&world, bought("1", "gold.m", APPLE, "2024-05-15T00:00:00Z")).await;
    let line = listed(&world).await.remove(0);
    assert_eq!((line.key.as_str(), line.origin()), ("S", Origin::Store));
    assert_eq!(line.customer_id, CUSTOMER);
    assert_eq!((line.sequence, line.revision), (1, 1));
    assert!(line.short_id.starts_with("pws_"));
    // The term says what it is a stretch of.
    assert_eq!(terms[0].source_id, line.id);
    let item = &line.items[0];
    assert_eq!(
        (item.product_key.as_str(), item.r#type()),
        ("gold-m", pb::ReportedItemType::Recurring)
    );
    assert_eq!(line.monthly_amount, amount("10"));
    assert_eq!((line.end_time, line.currency_code.as_str()), (None, "USD"));
    let expected = ["2024-05-15 S gold.m 1000 ACTIVE"];
    assert_eq!(events(&world, CUSTOMER).await, expected);
    for handle in ["S", &line.id, &line.short_id] {
        let request = pb::GetReportedSubscriptionRequest {
            handle: handle.to_owned(),
        };
        let answer = world
            .reported
            .get_reported_subscription(world.at(NOW, request));
        let read = answer.await.unwrap().into_inner().subscription;
        assert_eq!(read, Some(line.clone()));
    }
    let request = pb::GetSubscriptionRequest {
        id: line.id.clone(),
        time: None,
    };
    let answer = world.subscriptions.get_subscription(world.at(NOW, request));
    let view = answer.await.unwrap().into_inner().view.unwrap();
    let shown = view.subscription.unwrap();
    assert!(shown.is_reported && shown.plan.is_none());
    assert_eq!(
        (shown.name.as_str(), shown.billing_cadence.as_str()),
        ("gold.m", "P1M")
    );
    assert_eq!(view.phases[0].items[0].key, "gold_m");
    assert_eq!(
        of_status(&world, pb::SubscriptionStatus::Active).await,
        [shown]
    );
    // It is outside the rule that a customer has one subscription at a time.
    world.subscribe(START).await;
}

#[tokio::test]
async fn lists_filter_by_what_the_store_will_do() {
    use pb::SubscriptionStatus::{Active, Canceled, Inactive};
    let world = world().await;
    running(&world).await;
    let count = async |status| of_status(&world, status).await.len();
    assert_eq!((count(Active).await, count(Canceled).await), (1, 0));
    tell(
        &world,
        happened("2", Type::Cancellation, APPLE, "2024-05-20T00:00:00Z"),
    )
    .await;
    assert_eq!((count(Active).await, count(Canceled).await), (0, 1));
    assert_eq!(day(listed(&world).await[0].end_time), "2024-06-15");
    tell(
        &world,
        happened("3", Type::Uncancellation, APPLE, "2024-05-21T00:00:00Z"),
    )
    .await;
    assert_eq!((count(Active).await, count(Canceled).await), (1, 0));
    assert_eq!(listed(&world).await[0].end_time, None);
    tell(
        &world,
        happened("4", Type::Expiration, APPLE, "2024-05-22T00:00:00Z"),
    )
    .await;
    assert_eq!((count(Active).await, count(Inactive).await), (0, 1));
    let shown = &of_status(&world, Inactive).await[0];
    assert_eq!(day(shown.active_to_time), "2024-05-22");
}

#[tokio::test]
async fn nobody_but_the_store_writes_it() {
    let world = world().await;
    let line = running(&world).await;
    for handle in ["S", &line.id, &line.short_id] {
        let delete = pb::DeleteReportedSubscriptionRequest {
            handle: handle.to_owned(),
            ..Default::default()
        };
        let deleted = world
            .reported
            .delete_reported_subscription(world.at(NOW, delete));
        let refused = [
            changed(&world, change(handle, NOW, 1)).await.map(drop),
            ended(&world, handle, NOW).await.map(drop),
            retracted(&world, handle).await,
            upserted(&world, upsert(handle, NOW, "1")).await.map(drop),
            deleted.await.map(drop),
        ];
        for refusal in refused {
            let refusal = refusal.unwrap_err();
            assert_eq!(
                (refusal.code(), reason(&refusal).as_str()),
                (Code::FailedPrecondition, "MANAGED_BY_STORE")
            );
        }
    }
    let taken = created(&world, create("S", START, 1)).await.unwrap_err();
    assert_eq!(reason(&taken), "KEY_TAKEN");
    let canceled = super::cancel(&world, &line.id, NOW, pb::TimingPolicy::Immediate).await;
    assert_eq!(reason(&canceled.unwrap_err()), "REPORTED_SUBSCRIPTION");
    assert_eq!(listed(&world).await, [line]);
}

#[tokio::test]
async fn a_name_that_is_taken_stays_with_its_holder() {
    let world = world().await;
    let first = upserted(&world, upsert("S", START, "10")).await.unwrap();
    tell(&world, bought("1", "gold.m", APPLE, "2024-05-15T00:00:00Z")).await;
    let all = listed(&world).await;
    assert_eq!(all[0].id, first.id);
    assert_eq!(all[1].origin(), Origin::Store);
    assert_eq!(all[1].key, all[1].short_id);
    // The same identifier of another store is another subscription.
    let other = pb::StoreTransaction {
        store: pb::Store::Amazon.into(),
        ..bought("1", "gold.m", APPLE, "2024-05-15T00:00:00Z")
    };
    tell(&world, other).await;
    assert_eq!(listed(&world).await.len(), 3);
}

#[tokio::test]
async fn test_purchases_are_listed_nowhere_and_count_in_no_figure() {
    let world = world().await;
    let test = pb::StoreTransaction {
        environment: pb::StoreEnvironment::Sandbox.into(),
        ..bought("1", "gold.m", APPLE, "2024-05-15T00:00:00Z")
    };
    let terms = tell(&world, test).await;
    assert_eq!(terms[0].source_id, terms[0].id);
    assert!(listed(&world).await.is_empty());
    assert!(events(&world, CUSTOMER).await.is_empty());
    assert!(
        of_status(&world, pb::SubscriptionStatus::Active)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn it_goes_where_its_rights_go_and_away_with_its_owner() {
    let world = world().await;
    let line = running(&world).await;
    let request = pb::TransferStoreRightsRequest {
        source: by_id(CUSTOMER),
        target: by_id(OTHER),
        ..Default::default()
    };
    let stores = world.stores();
    let moved = stores.transfer_store_rights(world.at(NOW, request));
    moved.await.unwrap();
    let now = listed(&world).await.remove(0);
    assert_eq!((&now.id, now.customer_id.as_str()), (&line.id, OTHER));
    assert!(events(&world, CUSTOMER).await.is_empty());
    assert_eq!(events(&world, OTHER).await.len(), 1);
    let erase = pb::EraseCustomerRequest {
        customer_id: OTHER.to_owned(),
        ..Default::default()
    };
    let gone = world.subscriptions.erase_customer(world.at(NOW, erase));
    let gone = gone.await.unwrap().into_inner();
    assert_eq!(gone.subscription_count, 1);
    assert!(listed(&world).await.is_empty());
    // Told anew it is a new one, and its name is free.
    let again = running(&world).await;
    assert_ne!(again.id, line.id);
    assert_eq!(again.key, "S");
}

#[tokio::test]
async fn a_year_is_a_year_and_other_lengths_are_months() {
    let world = world().await;
    world.sells("weekly", "P1W");
    let of = |id: &str, product, subscription: &str| pb::StoreTransaction {
        store_subscription_identifier: subscription.to_owned(),
        price: usd("12"),
        ..bought(id, product, APPLE, "2024-05-30T00:00:00Z")
    };
    tell(&world, of("1", "silver", "Y")).await;
    tell(&world, of("2", "weekly", "W")).await;
    let long = "L".repeat(37);
    tell(&world, of("3", "gold.m", &long)).await;
    assert_eq!(
        events(&world, CUSTOMER).await,
        [
            "2024-05-30 Y silver 1200 ACTIVE",
            "2024-05-30 W weekly 4800 ACTIVE",
            // Longer than a name may be there.
            "2024-05-30  gold.m 1200 ACTIVE",
        ]
    );
    let all = listed(&world).await;
    let amounts = all.iter().map(|one| one.monthly_amount.clone());
    let expected = [amount("1"), amount("48"), amount("12")];
    assert_eq!(amounts.collect::<Vec<_>>(), expected);
    assert_eq!(all[2].key, long);
}

#[tokio::test]
async fn a_customer_of_a_store_is_active_until_somebody_cancels() {
    let world = world().await;
    running(&world).await;
    let standing = async || {
        let request = pb::BatchGetCustomerRevenueRequest {
            customer_ids: vec![CUSTOMER.to_owned()],
        };
        let answer = world
            .revenue
            .batch_get_customer_revenue(world.at(NOW, request));
        let found = answer.await.unwrap().into_inner().customers.remove(0);
        (found.status(), found.mrr_cents)
    };
    assert_eq!(standing().await, (pb::CustomerRevenueStatus::Active, 1000));
    tell(
        &world,
        happened("2", Type::Cancellation, APPLE, "2024-05-20T00:00:00Z"),
    )
    .await;
    assert_eq!(
        standing().await,
        (pb::CustomerRevenueStatus::Canceled, 1000)
    );
}

#[tokio::test]
async fn a_small_business_pays_half_the_commission() {
    let world = world().await;
    world.is_sold_by("gold.m", catalog::store_app::Type::AppStore);
    let share = async |told: pb::StoreTransaction| {
        let answer = world.tell(NOW, told).await.unwrap();
        let share = answer.transaction.unwrap().commission_share.unwrap();
        (share.value, answer.duplicate)
    };
    let first = bought("1", "gold.m", APPLE, "2024-05-15T00:00:00Z");
    assert_eq!(share(first.clone()).await, ("0.3".into(), false));
    world.neighbors.lock().unwrap().small_business = true;
    // What was recorded stays, and is no other transaction when it is told again.
    assert_eq!(share(first).await, ("0.3".into(), true));
    let renewal = pb::StoreTransaction {
        price: usd("10"),
        ..happened("2", Type::Renewal, APPLE, "2024-06-01T00:00:00Z")
    };
    assert_eq!(share(renewal.clone()).await, ("0.15".into(), false));
    world.neighbors.lock().unwrap().small_business = false;
    assert_eq!(share(renewal).await, ("0.15".into(), true));
    world.neighbors.lock().unwrap().small_business = true;
    let said = pb::StoreTransaction {
        commission_share: amount("0.2"),
        ..bought("3", "gold.m", APPLE, "2024-06-01T00:00:00Z")
    };
    assert_eq!(share(said).await, ("0.2".into(), false));
    world.is_sold_by("silver", catalog::store_app::Type::Amazon);
    let amazon = pb::StoreTransaction {
        store_subscription_identifier: "A".to_owned(),
        ..bought("4", "silver", pb::Store::Amazon, "2024-05-15T00:00:00Z")
    };
    assert_eq!(share(amazon).await, ("0.3".into(), false));
}

#[tokio::test]
async fn only_the_store_of_its_app_sells_a_product() {
    use catalog::store_app::Type as App;
    let world = world().await;
    let stores = [
        (App::Amazon, pb::Store::Amazon),
        (App::AppStore, pb::Store::AppStore),
        (App::MacAppStore, pb::Store::MacAppStore),
        (App::PlayStore, pb::Store::PlayStore),
        (App::Stripe, pb::Store::Stripe),
        (App::BuiltIn, pb::Store::BuiltIn),
    ];
    for app in stores.map(|(app, _)| app).into_iter().chain([App::Roku]) {
        world.is_sold_by("gold.m", app);
        for (own, store) in stores {
            let told = pb::StoreTransaction {
                store_subscription_identifier: format!("{app:?}"),
                ..bought("1", "gold.m", store, "2024-05-15T00:00:00Z")
            };
            let answer = world.tell(NOW, told).await;
            if own == app {
                assert_eq!(answer.unwrap().terms.len(), 1);
                continue;
            }
            let refusal = answer.unwrap_err();
            assert_eq!(refusal.code(), Code::InvalidArgument, "{app:?} {store:?}");
            let details = chassis::error::details(&refusal);
            assert_eq!(details.violations[0].field, "transaction.store");
        }
    }
    // What was refused left nothing.
    assert_eq!(world.list(NOW, CUSTOMER).await.len(), stores.len());
}

#[tokio::test]
async fn an_erasure_by_name_is_answered_once_and_for_all() {
    let world = world().await;
    {
        let mut neighbors = world.neighbors.lock().unwrap();
        neighbors
            .customers
            .insert("ann".to_owned(), CUSTOMER.to_owned());
    }
    running(&world).await;
    let erase = |handle: &str, request_id: &str| pb::EraseCustomerRequest {
        handle: handle.to_owned(),
        request_id: request_id.to_owned(),
        ..Default::default()
    };
    let call = async |request| {
        let answer = world.subscriptions.erase_customer(world.at(NOW, request));
        answer.await.map(tonic::Response::into_inner)
    };
    let first = call(erase("ann", "once")).await.unwrap();
    assert_eq!(
        (first.subscription_count, first.customer_id.as_str()),
        (1, CUSTOMER)
    );
    assert_eq!(first.erase_time, wire(NOW));
    assert_eq!(call(erase("ann", "once")).await.unwrap(), first);
    let again = call(erase("ann", "twice")).await.unwrap_err();
    assert_eq!(again.code(), Code::NotFound);
    let both = pb::EraseCustomerRequest {
        customer_id: CUSTOMER.to_owned(),
        ..erase("ann", "")
    };
    assert_eq!(call(both).await.unwrap_err().code(), Code::InvalidArgument);
}
