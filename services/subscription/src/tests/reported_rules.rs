//! What reports are refused for: code, reason and field, and that nothing is left behind; and the erasure of customers.

use contract::subscription::v1::{
    self as pb, subscription_service_server::SubscriptionService as _,
};
use tonic::{Code, Status};

use super::reported::{
    NOW, amount, change, changed, create, created, ended, events, item, ledger, listed, paid,
    retracted, upsert, upserted,
};
use super::world::{CUSTOMER, World, wire};
use super::{START, id, reason};

/// The field that a refusal names.
fn field(refusal: &Status) -> String {
    assert_eq!(refusal.code(), Code::InvalidArgument, "{refusal:?}");
    chassis::error::details(refusal).violations[0].field.clone()
}

/// Fields, each with what spoils it in a good request.
type Cases<T> = Vec<(&'static str, fn(&mut T))>;

async fn nothing_is_left(world: &World) {
    assert!(listed(world).await.is_empty());
    assert!(ledger(world).await.is_empty());
    let neighbors = world.neighbors.lock().unwrap();
    assert!(neighbors.ensured.is_empty() && neighbors.customers.is_empty());
}

#[tokio::test]
async fn a_new_state_is_judged_field_by_field() {
    let world = World::new().await;
    let cases: Cases<pb::CreateReportedSubscriptionRequest> = vec![
        ("primary_email", |r| r.primary_email.clear()),
        ("product_key", |r| r.product_key.clear()),
        ("product_key", |r| r.product_key = "x".repeat(256)),
        ("interval_duration", |r| r.interval_duration.clear()),
        ("interval_duration", |r| {
            r.interval_duration = "P1W".to_owned()
        }),
        ("amount_hundredths", |r| r.amount_hundredths = None),
        ("amount_hundredths", |r| r.amount_hundredths = Some(-1)),
        ("amount_hundredths", |r| {
            r.amount_hundredths = Some(1_000_000_000_001)
        }),
        ("amount_hundredths", |r| {
            r.set_status(pb::ReportedStatus::Trialing)
        }),
        ("effective_time", |r| r.effective_time = None),
        ("currency_code", |r| r.currency_code = "xxz".to_owned()),
        ("status", |r| {
            r.set_status(pb::ReportedStatus::EndedVoluntary)
        }),
        ("key", |r| r.key = "x".repeat(37)),
        ("key", |r| r.key = "pws_mine".to_owned()),
        ("customer_handle", |r| {
            r.customer_handle = "pwu_mine".to_owned()
        }),
        ("existing_customer_handle", |r| {
            r.existing_customer_handle = "nobody".to_owned()
        }),
    ];
    for (name, spoil) in cases {
        let mut request = create("deal", START, 100);
        spoil(&mut request);
        assert_eq!(field(&created(&world, request).await.unwrap_err()), name);
    }
    nothing_is_left(&world).await;
    created(&world, create("deal", START, 100)).await.unwrap();
    let taken = created(&world, create("deal", START, 100))
        .await
        .unwrap_err();
    assert_eq!(
        (taken.code(), reason(&taken)),
        (Code::AlreadyExists, "KEY_TAKEN".to_owned())
    );
}

#[tokio::test]
async fn a_change_is_judged_by_field_and_by_the_life_of_the_subscription() {
    let world = World::new().await;
    created(&world, create("deal", "2024-02-01T00:00:00Z", 100))
        .await
        .unwrap();
    let cases: Cases<pb::ChangeReportedSubscriptionRequest> = vec![
        ("product_key", |r| r.product_key.clear()),
        ("interval_duration", |r| {
            r.interval_duration = "P3M".to_owned()
        }),
        ("amount_hundredths", |r| r.amount_hundredths = None),
        ("effective_time", |r| r.effective_time = None),
        ("status", |r| r.set_status(pb::ReportedStatus::Trialing)),
        ("currency_code", |r| r.currency_code = "eur".to_owned()),
    ];
    for (name, spoil) in cases {
        let mut request = change("deal", "2024-03-01T00:00:00Z", 100);
        spoil(&mut request);
        assert_eq!(field(&changed(&world, request).await.unwrap_err()), name);
    }
    let refused = async |request| reason(&changed(&world, request).await.unwrap_err());
    assert_eq!(
        refused(change("other", NOW, 1)).await,
        "SUBSCRIPTION_NOT_FOUND"
    );
    assert_eq!(refused(change("deal", START, 1)).await, "BEFORE_START");
    let early = ended(&world, "deal", START).await.unwrap_err();
    assert_eq!(reason(&early), "BEFORE_LAST_CHANGE");
    ended(&world, "deal", "2024-04-01T00:00:00Z").await.unwrap();
    assert_eq!(
        refused(change("deal", "2024-04-01T00:00:00Z", 1)).await,
        "ENDED"
    );
    changed(&world, change("deal", "2024-03-15T00:00:00Z", 50))
        .await
        .unwrap();
    assert_eq!(
        ledger(&world).await,
        [
            "2024-02-01 gold 1 PAID",
            "2024-03-15 gold 0.5 PAID",
            "2024-04-01 gold 0 ENDED"
        ]
    );
}

#[tokio::test]
async fn fields_are_judged_and_refused_reports_leave_nothing() {
    let world = World::new().await;
    let cases: Cases<pb::UpsertReportedSubscriptionRequest> = vec![
        ("effective_time", |r| r.effective_time = None),
        ("customer_handle", |r| r.customer_handle.clear()),
        ("items", |r| r.items.clear()),
        ("items[0].type", |r| r.items[0].r#type = 0),
        ("items[0].product_key", |r| {
            r.items[0].product_key = "a b".to_owned()
        }),
        ("items[1].product_key", |r| r.items.push(r.items[0].clone())),
        ("items[0].trial_start_time", |r| {
            r.items = vec![item("a", pb::ReportedItemType::Free)]
        }),
        ("items[0].trial_end_time", |r| {
            r.items[0].trial_end_time = wire(START);
            r.items[0].clear_trial_end_time = true;
        }),
        ("monthly_amount", |r| r.monthly_amount = None),
        ("monthly_amount", |r| r.monthly_amount = amount("-1")),
        ("monthly_amount", |r| r.monthly_amount = amount("1e3")),
        ("currency_code", |r| r.currency_code.clear()),
        ("currency_code", |r| r.currency_code = "dollars".to_owned()),
        ("end_time", |r| r.end_time = wire("2023-12-31T00:00:00Z")),
        ("end_time", |r| {
            r.end_time = wire(NOW);
            r.clear_end_time = true;
        }),
        ("key", |r| r.key = "x".repeat(256)),
    ];
    for (name, spoil) in cases {
        let mut request = upsert("sub_1", START, "10");
        spoil(&mut request);
        assert_eq!(field(&upserted(&world, request).await.unwrap_err()), name);
    }
    nothing_is_left(&world).await;
    upserted(&world, upsert("sub_1", START, "10"))
        .await
        .unwrap();
    let mut other = upsert("sub_1", START, "10");
    other.customer_handle = "bob".to_owned();
    assert_eq!(
        field(&upserted(&world, other).await.unwrap_err()),
        "customer_handle"
    );
}

#[tokio::test]
async fn all_that_is_missing_is_named_at_once() {
    let world = World::new().await;
    let named = |refusal: &Status| -> Vec<String> {
        assert_eq!(refusal.code(), Code::InvalidArgument, "{refusal:?}");
        let violations = chassis::error::details(refusal).violations;
        violations.into_iter().map(|wrong| wrong.field).collect()
    };
    let nothing = pb::UpsertReportedSubscriptionRequest::default();
    let refusal = upserted(&world, nothing).await.unwrap_err();
    let all = ["effective_time", "customer_handle", "items"];
    assert_eq!(named(&refusal), all);
    let nobodys = pb::UpsertReportedPaymentRequest {
        key: "h".to_owned(),
        ..Default::default()
    };
    let refusal = paid(&world, nobodys.clone()).await.unwrap_err();
    let all = [
        "customer_handle",
        "start_time",
        "end_time",
        "monthly_amount",
        "currency_code",
        "item_type",
        "product_key",
    ];
    assert_eq!(named(&refusal), all);
    nothing_is_left(&world).await;
    // A new payment names its customer for a known subscription too.
    upserted(&world, upsert("sub_1", START, "10"))
        .await
        .unwrap();
    let of_known = pb::UpsertReportedPaymentRequest {
        subscription_key: "sub_1".to_owned(),
        ..nobodys
    };
    assert_eq!(named(&paid(&world, of_known).await.unwrap_err()), all);
}

#[tokio::test]
async fn a_trial_that_ran_out_is_ended_by_nobody_else() {
    let world = World::new().await;
    let mut trial = upsert("pt", "2024-01-01T00:00:00Z", "10");
    (trial.monthly_amount, trial.currency_code) = (None, String::new());
    trial.items[0].set_type(pb::ReportedItemType::Trial);
    trial.items[0].trial_start_time = wire("2024-01-01T00:00:00Z");
    trial.items[0].trial_end_time = wire("2024-01-15T00:00:00Z");
    let made = upserted(&world, trial).await.unwrap();
    let told = async || events(&world, &made.customer_id).await;
    let ran_out = [
        "2024-01-01 pt basic 0 TRIALING",
        "2024-01-15 pt basic 0 ENDED_VOLUNTARY",
    ];
    assert_eq!(told().await, ran_out);
    let before = listed(&world).await;
    let refusal = ended(&world, "pt", "2024-02-01T00:00:00Z")
        .await
        .unwrap_err();
    assert_eq!(refusal.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refusal), "ALREADY_ENDED");
    assert_eq!(listed(&world).await, before);
    retracted(&world, "pt").await.unwrap();
    assert_eq!(told().await, ran_out[..1]);
    assert_eq!(listed(&world).await[0].items[0].trial_end_time, None);
}

#[tokio::test]
async fn an_amount_needs_a_rate_into_the_projects_currency() {
    let world = World::new().await;
    let mut state = create("deal", START, 100);
    state.currency_code = "eur".to_owned();
    let mut fields = upsert("sub_1", START, "10");
    fields.currency_code = "EUR".to_owned();
    for refusal in [
        created(&world, state.clone()).await.map(drop),
        upserted(&world, fields.clone()).await.map(drop),
    ] {
        let refusal = refusal.unwrap_err();
        let expected = (Code::FailedPrecondition, "EXCHANGE_RATE_MISSING".to_owned());
        assert_eq!((refusal.code(), reason(&refusal)), expected);
    }
    nothing_is_left(&world).await;
    world
        .neighbors
        .lock()
        .unwrap()
        .rates
        .insert("EUR".to_owned(), "1.1");
    created(&world, state).await.unwrap();
    upserted(&world, fields).await.unwrap();
}

#[tokio::test]
async fn another_project_sees_nothing() {
    let world = World::new().await;
    let event = created(&world, create("deal", START, 100)).await.unwrap();
    let mut request = world.at(NOW, change("deal", NOW, 1));
    let context = world.context(NOW);
    let other = context.in_project(kernel::id::ProjectId::from_ulid(kernel::id::Ulid(2)));
    request.extensions_mut().insert(other.clone());
    use contract::subscription::v1::reported_subscription_service_server::ReportedSubscriptionService as _;
    let refusal = world
        .reported
        .change_reported_subscription(request)
        .await
        .unwrap_err();
    assert_eq!(refusal.code(), Code::NotFound);
    for handle in [event.short_id, event.subscription_id] {
        let mut request = tonic::Request::new(pb::GetReportedSubscriptionRequest { handle });
        request.extensions_mut().insert(other.clone());
        let refusal = world
            .reported
            .get_reported_subscription(request)
            .await
            .unwrap_err();
        assert_eq!(refusal.code(), Code::NotFound);
    }
}

async fn erase(world: &World) -> Result<i64, Status> {
    let request = pb::EraseCustomerRequest {
        customer_id: CUSTOMER.to_owned(),
        ..Default::default()
    };
    let answer = world
        .subscriptions
        .erase_customer(world.at(NOW, request))
        .await?;
    Ok(answer.into_inner().subscription_count)
}

/// A customer with a subscription from a plan and a reported one.
async fn with_both() -> (World, String) {
    let world = World::new().await;
    let plan = id(&world.subscribe(START).await);
    world
        .neighbors
        .lock()
        .unwrap()
        .customers
        .insert("ann".to_owned(), CUSTOMER.to_owned());
    upserted(&world, upsert("sub_1", START, "10"))
        .await
        .unwrap();
    (world, plan)
}

#[tokio::test]
async fn an_erased_customer_leaves_nothing_anywhere() {
    let (world, plan) = with_both().await;
    assert_eq!(erase(&world).await.unwrap(), 2);
    assert!(listed(&world).await.is_empty());
    assert!(ledger(&world).await.is_empty());
    {
        let neighbors = world.neighbors.lock().unwrap();
        assert!(neighbors.customers.is_empty());
        assert!(neighbors.feature_holds[&plan].is_empty());
        let order: Vec<&str> = neighbors
            .calls
            .iter()
            .map(String::as_str)
            .filter(|call| call.starts_with("Erase"))
            .collect();
        let expected = [
            "EraseCustomerRights",
            "EraseCustomerInvoices",
            "EraseCustomer",
        ];
        assert_eq!(order, expected);
    }
    assert_eq!(erase(&world).await.unwrap(), 0, "once more is no mistake");
    upserted(&world, upsert("sub_1", START, "10"))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_interrupted_erasure_is_finished_by_the_worker() {
    for down in ["entitlement", "billing", "customer"] {
        let (world, _) = with_both().await;
        world.neighbors.lock().unwrap().down.insert(down);
        assert_eq!(
            erase(&world).await.unwrap_err().code(),
            Code::Unavailable,
            "{down}"
        );
        world.neighbors.lock().unwrap().down.clear();
        assert!(listed(&world).await.is_empty(), "here it is gone at once");
        assert!(!world.neighbors.lock().unwrap().customers.is_empty());
        // The same call goes on, and so does the worker, whoever comes first.
        assert_eq!(erase(&world).await.unwrap(), 0);
        assert!(
            world.neighbors.lock().unwrap().customers.is_empty(),
            "{down}"
        );
    }
}

#[tokio::test]
async fn what_a_dead_process_left_is_erased_by_the_next() {
    let (world, _) = with_both().await;
    world.die("EraseCustomerRights", erase(&world)).await;
    assert!(!world.neighbors.lock().unwrap().customers.is_empty());
    assert_eq!(world.finish_erasures(NOW).await, 1);
    assert!(world.neighbors.lock().unwrap().customers.is_empty());
    assert_eq!(world.finish_erasures(NOW).await, 0);
}
