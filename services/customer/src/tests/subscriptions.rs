//! What the subscription service reserves and reports.

use contract::{
    customer::v1::{self as pb, customer_ref::Ref},
    kernel::v1::Period,
};
use tonic::Code::{FailedPrecondition, InvalidArgument, NotFound};

use super::{World, acme, ok, refusal, time};

async fn reserve(
    world: &World,
    customer: &str,
    subscription: &str,
    currency: &str,
) -> Result<(), tonic::Status> {
    let request = world.internal(pb::ReserveForSubscriptionRequest {
        customer_id: customer.to_owned(),
        currency_code: currency.to_owned(),
        subscription_id: subscription.to_owned(),
        revision: 1,
        request_id: String::new(),
    });
    world
        .customers()
        .reserve_for_subscription(request)
        .await
        .map(drop)
}

/// Takes back what was reserved for a subscription.
async fn let_go(world: &World, customer: &str, subscription: &str) {
    let request = world.internal(pb::ReleaseHoldRequest {
        customer_id: customer.to_owned(),
        reason: pb::hold::Reason::Subscription.into(),
        holder_id: subscription.to_owned(),
        request_id: String::new(),
    });
    ok(world.customers().release_hold(request).await);
}

fn active(id: &str, plan: &str, currency: &str) -> pb::CustomerSubscription {
    pb::CustomerSubscription {
        subscription_id: id.into(),
        plan_key: plan.into(),
        period: Some(Period {
            start_time: time("2020-01-01T00:00:00Z"),
            end_time: None,
        }),
        currency_code: currency.into(),
        entitled_items: Vec::new(),
    }
}

async fn report(
    world: &World,
    customer: &str,
    sequence: i64,
    subscriptions: Vec<pb::CustomerSubscription>,
) {
    let request = world.internal(pb::ReportSubscriptionsRequest {
        customer_id: customer.to_owned(),
        subscriptions,
        sequence,
        ledger_update_time: None,
        request_id: String::new(),
    });
    ok(world.customers().report_subscriptions(request).await);
}

#[tokio::test]
async fn the_currency_of_the_first_priced_subscription_stays() {
    let world = World::start().await;
    let made = world.create(acme("acme", &["s"])).await.expect("made");
    reserve(&world, &made.id, "s1", "")
        .await
        .expect("nothing is priced");
    reserve(&world, &made.id, "s1", "EUR").await.expect("free");
    reserve(&world, &made.id, "s1", "EUR")
        .await
        .expect("repeated");
    let other = reserve(&world, &made.id, "s2", "USD").await;
    assert_eq!(
        refusal(other),
        (FailedPrecondition, "CURRENCY_MISMATCH".into())
    );
    let before = world.get(Ref::Id(made.id.clone())).await.expect("found");
    assert_eq!(before.currency_code, "", "reserved, not set");
    // The report does not say the currency; the reservation does.
    report(&world, &made.id, 1, vec![active("s1", "pro", "")]).await;
    let after = world.get(Ref::Id(made.id.clone())).await.expect("found");
    assert_eq!(after.currency_code, "EUR");
    assert_eq!(after.active_subscription_ids, ["s1"]);
    let later = reserve(&world, &made.id, "s3", "USD").await;
    assert_eq!(
        refusal(later),
        (FailedPrecondition, "CURRENCY_MISMATCH".into())
    );
    world.stop().await;
}

#[tokio::test]
async fn what_is_reserved_keeps_a_customer_until_it_is_taken_back() {
    let world = World::start().await;
    for currency in ["", "EUR"] {
        let made = world.create(acme("acme", &[])).await.expect("made");
        for subscription in ["s1", "s2"] {
            reserve(&world, &made.id, subscription, currency)
                .await
                .expect("reserved");
        }
        for subscription in ["s1", "s2"] {
            let status = world.delete(&made.id).await.expect_err("reserved");
            let facts = super::details(&status);
            assert_eq!(facts.reason, "CUSTOMER_HELD");
            assert_eq!(facts.metadata["reasons"], "SUBSCRIPTION");
            let_go(&world, &made.id, subscription).await;
        }
        world.delete(&made.id).await.expect("nothing is reserved");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_deleted_customer_reserves_nothing() {
    let world = World::start().await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    world.delete(&made.id).await.expect("deleted");
    let refused = reserve(&world, &made.id, "s1", "").await;
    assert_eq!(
        refusal(refused),
        (FailedPrecondition, "CUSTOMER_DELETED".into())
    );
    let unknown = reserve(&world, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "s1", "").await;
    assert_eq!(refusal(unknown), (NotFound, "CUSTOMER_NOT_FOUND".into()));
    world.stop().await;
}

#[tokio::test]
async fn reports_filter_lists_and_lock_subject_keys() {
    let world = World::start().await;
    let made = world.create(acme("acme", &["a", "b"])).await.expect("made");
    world.create(acme("other", &[])).await.expect("made");
    report(&world, &made.id, 5, vec![active("s1", "pro", "USD")]).await;
    let on_plan = async |plan: &str| {
        let request = world.request(pb::ListCustomersRequest {
            plan_key: plan.into(),
            ..Default::default()
        });
        ok(world.customers().list_customers(request).await).customers
    };
    let found = on_plan("pro").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].active_subscription_ids, ["s1"]);
    assert!(on_plan("free").await.is_empty());
    let reordered = world
        .update(&made.id, acme("", &["b", "a"]), &["usage_attribution"])
        .await;
    assert_eq!(
        refusal(reordered),
        (FailedPrecondition, "SUBJECT_KEYS_LOCKED".into())
    );
    let same = world
        .update(&made.id, acme("", &["a", "b"]), &["usage_attribution"])
        .await;
    assert!(
        same.expect("unchanged").active_subscription_ids.is_empty(),
        "an answer of a write"
    );

    report(&world, &made.id, 4, vec![]).await;
    assert_eq!(
        on_plan("pro").await.len(),
        1,
        "an older report changes nothing"
    );
    report(&world, &made.id, 6, vec![]).await;
    assert!(on_plan("pro").await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a_subscription_is_reported_once() {
    let world = World::start().await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    let request = world.internal(pb::ReportSubscriptionsRequest {
        customer_id: made.id,
        subscriptions: vec![active("s1", "", ""), active("s1", "", "")],
        ..Default::default()
    });
    let refused = world.customers().report_subscriptions(request).await;
    assert_eq!(refusal(refused).0, InvalidArgument);
    world.stop().await;
}

#[tokio::test]
async fn what_subscriptions_entitle_to_holds_the_customer_like_an_entitlement() {
    let world = World::start().await;
    let made = world.create(acme("acme", &["s"])).await.expect("made");
    let entitling = |items: &[(&str, Option<&str>)]| {
        let items = items.iter().map(|(item, end)| pb::EntitledItem {
            item_id: (*item).into(),
            feature_key: "sso".into(),
            period: Some(Period {
                start_time: time("2020-01-01T00:00:00Z"),
                end_time: end.and_then(time),
            }),
        });
        pb::CustomerSubscription {
            entitled_items: items.collect(),
            ..active("s1", "pro", "EUR")
        }
    };
    let placed = world.internal(pb::PlaceHoldRequest {
        customer_id: made.id.clone(),
        reason: pb::hold::Reason::Entitlement.into(),
        holder_id: "own".into(),
        period: active("", "", "").period,
        ..Default::default()
    });
    ok(world.customers().place_hold(placed).await);
    let refused = async || {
        let status = world.delete(&made.id).await.expect_err("it is held");
        let details = chassis::error::details(&status);
        let fields = details.violations.into_iter().map(|wrong| wrong.field);
        (
            details.metadata["reasons"].clone(),
            fields.collect::<Vec<_>>(),
        )
    };
    let ended = Some("2021-01-01T00:00:00Z");
    let both = entitling(&[
        ("i1", None),
        ("i2", ended),
        ("i3", Some("2999-01-01T00:00:00Z")),
    ]);
    report(&world, &made.id, 1, vec![both]).await;
    let (reasons, fields) = refused().await;
    assert_eq!(reasons, "SUBSCRIPTION,ENTITLEMENT");
    let wanted = [
        "SUBSCRIPTION:s1",
        "ENTITLEMENT:own",
        "ENTITLEMENT:i1",
        "ENTITLEMENT:i3",
    ];
    assert_eq!(fields, wanted);
    report(&world, &made.id, 2, vec![entitling(&[("i3", None)])]).await;
    let wanted = ["SUBSCRIPTION:s1", "ENTITLEMENT:own", "ENTITLEMENT:i3"];
    assert_eq!(refused().await.1, wanted);
    report(&world, &made.id, 3, Vec::new()).await;
    assert_eq!(
        refused().await.1,
        ["ENTITLEMENT:own"],
        "it was placed by itself"
    );
    let many: Vec<String> = (0..1_001).map(|number| format!("i{number}")).collect();
    let many: Vec<_> = many.iter().map(|item| (item.as_str(), None)).collect();
    let wrong = [
        entitling(&[("i1", None), ("i1", None)]),
        entitling(&[("", None)]),
        entitling(&many),
        entitling(&[("i1", Some("2019-01-01T00:00:00Z"))]),
    ];
    for wrong in wrong {
        let request = world.internal(pb::ReportSubscriptionsRequest {
            customer_id: made.id.clone(),
            subscriptions: vec![wrong],
            ..Default::default()
        });
        let status = refusal(world.customers().report_subscriptions(request).await);
        assert_eq!(status.0, InvalidArgument);
    }
    assert_eq!(
        refused().await.1,
        ["ENTITLEMENT:own"],
        "nothing was written"
    );
    world.stop().await;
}

#[tokio::test]
async fn what_is_reported_holds_the_customer_until_it_is_no_longer() {
    let world = World::start().await;
    let made = world.create(acme("acme", &["s"])).await.expect("made");
    let held = async || {
        let request = world.internal(pb::ListHoldsRequest {
            customer_id: made.id.clone(),
            include_inactive: true,
        });
        let holds = ok(world.customers().list_holds(request).await).holds;
        holds
            .into_iter()
            .map(|hold| (hold.reason(), hold.holder_id, hold.period))
            .collect::<Vec<_>>()
    };
    let subscription = pb::hold::Reason::Subscription;
    let one = active("s1", "pro", "EUR");
    let mut ended = active("s2", "pro", "EUR");
    if let Some(period) = &mut ended.period {
        period.end_time = period.start_time;
    }
    report(&world, &made.id, 1, vec![one.clone(), ended]).await;
    let first = held().await;
    assert_eq!(
        first,
        [(subscription, "s1".to_owned(), one.period)],
        "no span, no hold"
    );
    let mut shorter = one.clone();
    if let Some(period) = &mut shorter.period {
        period.end_time = time("2999-01-01T00:00:00Z");
    }
    let two = active("s3", "pro", "EUR");
    report(&world, &made.id, 3, vec![shorter.clone(), two.clone()]).await;
    let both = [
        (subscription, "s1".to_owned(), shorter.period),
        (subscription, "s3".to_owned(), two.period),
    ];
    assert_eq!(held().await, both);
    // What comes late changes nothing.
    report(&world, &made.id, 2, Vec::new()).await;
    assert_eq!(held().await, both);
    report(&world, &made.id, 4, Vec::new()).await;
    assert_eq!(held().await, []);
}

/// Looks at a customer as one who is about to subscribe it.
async fn look(world: &World, id: &str) {
    let request = world.internal(pb::GetCustomerRequest {
        customer_ref: super::by_id(id),
        include_deleted: true,
        for_subscription: true,
    });
    ok(world.customers().get_customer(request).await);
}

#[tokio::test]
async fn what_was_just_seen_decides_only_as_long_as_it_stands() {
    let world = World::start().await;
    let in_euro = pb::Customer {
        currency_code: "EUR".into(),
        ..acme("acme", &["s"])
    };
    let made = world.create(in_euro).await.expect("made");
    look(&world, &made.id).await;
    let in_dollars = pb::Customer {
        currency_code: "USD".into(),
        ..acme("acme", &[])
    };
    let mask = ["currency_code"];
    world
        .update(&made.id, in_dollars, &mask)
        .await
        .expect("changed");
    reserve(&world, &made.id, "s1", "USD")
        .await
        .expect("it is in dollars by now");
    look(&world, &made.id).await;
    let renamed = pb::Customer {
        display_name: "New".into(),
        ..acme("acme", &[])
    };
    let mask = ["display_name"];
    let renamed = world.update(&made.id, renamed, &mask).await;
    let renamed = renamed.expect("renamed");
    let request = world.internal(pb::ReserveForSubscriptionRequest {
        customer_id: made.id.clone(),
        subscription_id: "s1".into(),
        revision: 2,
        ..Default::default()
    });
    let told = ok(world.customers().reserve_for_subscription(request).await).customer;
    let told = told.expect("a customer");
    assert_eq!(
        (told.display_name, told.etag),
        ("New".to_owned(), renamed.etag)
    );
    let_go(&world, &made.id, "s1").await;
    look(&world, &made.id).await;
    world.delete(&made.id).await.expect("deleted");
    let refused = reserve(&world, &made.id, "s2", "USD").await;
    assert_eq!(
        refusal(refused),
        (FailedPrecondition, "CUSTOMER_DELETED".into())
    );
    world.stop().await;
}

#[tokio::test]
async fn what_one_replica_has_seen_gives_way_to_what_another_one_wrote() {
    let mut world = World::start().await;
    let made = world.create(acme("acme", &["s"])).await.expect("made");
    reserve(&world, &made.id, "s1", "EUR").await.expect("free");
    let mut first = world.customers();
    world.restart().await;
    report(&world, &made.id, 5, vec![active("s1", "pro", "EUR")]).await;
    // The first one still has in mind that nothing was reported.
    let late = world.internal(pb::ReportSubscriptionsRequest {
        customer_id: made.id.clone(),
        sequence: 4,
        ..Default::default()
    });
    ok(first.report_subscriptions(late).await);
    let found = world.get(Ref::Id(made.id.clone())).await.expect("found");
    assert_eq!(found.active_subscription_ids, ["s1"]);
    assert_eq!(found.currency_code, "EUR");
    world.stop().await;
}
