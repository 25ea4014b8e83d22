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

fn active(id: &str, plan: &str, currency: &str) -> pb::CustomerSubscription {
    pb::CustomerSubscription {
        subscription_id: id.into(),
        plan_key: plan.into(),
        period: Some(Period {
            start_time: time("2020-01-01T00:00:00Z"),
            end_time: None,
        }),
        currency_code: currency.into(),
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
