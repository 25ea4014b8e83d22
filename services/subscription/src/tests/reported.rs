//! Reported subscriptions through their RPCs: both manners of reporting on one ledger, names of every form, what other
//! services are asked for, and the same subscription in the form of those from plans.

use contract::subscription::v1::{
    self as pb, reported_subscription::Origin,
    reported_subscription_service_server::ReportedSubscriptionService as _,
    revenue_service_server::RevenueService as _,
    subscription_service_server::SubscriptionService as _,
};
use kernel::decimal;
use tonic::{Code, Status};

use super::world::{CUSTOMER, World, wire};
use super::{START, id, reason};

pub const NOW: &str = "2024-06-01T00:00:00Z";

/// A monthly state of `gold` for `ann`.
pub fn create(key: &str, at: &str, hundredths: i64) -> pb::CreateReportedSubscriptionRequest {
    pb::CreateReportedSubscriptionRequest {
        customer_handle: "ann".to_owned(),
        primary_email: "ann@example.com".to_owned(),
        key: key.to_owned(),
        product_key: "gold".to_owned(),
        interval_duration: "P1M".to_owned(),
        amount_hundredths: Some(hundredths),
        effective_time: wire(at),
        ..Default::default()
    }
}

pub async fn created(
    world: &World,
    request: pb::CreateReportedSubscriptionRequest,
) -> Result<pb::ReportedEvent, Status> {
    let request = world.at(NOW, request);
    let answer = world.reported.create_reported_subscription(request).await?;
    Ok(answer.into_inner().event.unwrap())
}

pub fn change(handle: &str, at: &str, hundredths: i64) -> pb::ChangeReportedSubscriptionRequest {
    pb::ChangeReportedSubscriptionRequest {
        handle: handle.to_owned(),
        product_key: "gold".to_owned(),
        interval_duration: "P1M".to_owned(),
        amount_hundredths: Some(hundredths),
        effective_time: wire(at),
        ..Default::default()
    }
}

pub async fn changed(
    world: &World,
    request: pb::ChangeReportedSubscriptionRequest,
) -> Result<pb::ReportedEvent, Status> {
    let request = world.at(NOW, request);
    let answer = world.reported.change_reported_subscription(request).await?;
    Ok(answer.into_inner().event.unwrap())
}

pub async fn ended(world: &World, handle: &str, at: &str) -> Result<pb::ReportedEvent, Status> {
    let request = pb::EndReportedSubscriptionRequest {
        handle: handle.to_owned(),
        effective_time: wire(at),
        ..Default::default()
    };
    let request = world.at(NOW, request);
    let answer = world.reported.end_reported_subscription(request).await?;
    Ok(answer.into_inner().event.unwrap())
}

pub async fn retracted(world: &World, handle: &str) -> Result<(), Status> {
    let request = pb::RetractReportedEndRequest {
        handle: handle.to_owned(),
        ..Default::default()
    };
    let request = world.at(NOW, request);
    world.reported.retract_reported_end(request).await.map(drop)
}

pub fn item(product: &str, kind: pb::ReportedItemType) -> pb::ReportedItemPatch {
    pb::ReportedItemPatch {
        product_key: product.to_owned(),
        r#type: kind.into(),
        ..Default::default()
    }
}

pub fn amount(text: &str) -> Option<contract::kernel::v1::Decimal> {
    Some(contract::kernel::v1::Decimal {
        value: text.to_owned(),
    })
}

/// A recurring `basic` of `ann` in dollars.
pub fn upsert(key: &str, at: &str, value: &str) -> pb::UpsertReportedSubscriptionRequest {
    pb::UpsertReportedSubscriptionRequest {
        key: key.to_owned(),
        customer_handle: "ann".to_owned(),
        effective_time: wire(at),
        items: vec![item("basic", pb::ReportedItemType::Recurring)],
        monthly_amount: amount(value),
        currency_code: "usd".to_owned(),
        ..Default::default()
    }
}

pub async fn upserted(
    world: &World,
    request: pb::UpsertReportedSubscriptionRequest,
) -> Result<pb::ReportedSubscription, Status> {
    let request = world.at(NOW, request);
    let answer = world.reported.upsert_reported_subscription(request).await?;
    Ok(answer.into_inner().subscription.unwrap())
}

pub async fn paid(
    world: &World,
    request: pb::UpsertReportedPaymentRequest,
) -> Result<pb::ReportedPayment, Status> {
    let request = world.at(NOW, request);
    let answer = world.reported.upsert_reported_payment(request).await?;
    Ok(answer.into_inner().payment.unwrap())
}

pub async fn listed(world: &World) -> Vec<pb::ReportedSubscription> {
    let request = pb::ListReportedSubscriptionsRequest::default();
    let answer = world
        .reported
        .list_reported_subscriptions(world.at(NOW, request))
        .await
        .unwrap();
    answer.into_inner().subscriptions
}

/// The events of a customer, two on a page.
pub async fn events(world: &World, customer: &str) -> Vec<String> {
    let mut page_token = String::new();
    let mut found = Vec::new();
    loop {
        let request = pb::ListReportedEventsRequest {
            customer_id: customer.to_owned(),
            page_size: 2,
            page_token,
        };
        let request = world.at(NOW, request);
        let answer = world.reported.list_reported_events(request).await.unwrap();
        let answer = answer.into_inner();
        found.extend(answer.events.into_iter().map(|event| {
            let day = super::world::instant(event.effective_time.as_ref()).to_string();
            format!(
                "{} {} {} {} {}",
                &day[..10],
                event.alias,
                event.product_key,
                event.amount_hundredths,
                event
                    .status()
                    .as_str_name()
                    .trim_start_matches("REPORTED_STATUS_")
            )
        }));
        if answer.next_page_token.is_empty() {
            return found;
        }
        page_token = answer.next_page_token;
    }
}

/// What the revenue ledger says: day, product, value, class.
pub async fn ledger(world: &World) -> Vec<String> {
    let request = world.at(NOW, pb::ListRevenueChangesRequest::default());
    let answer = world.revenue.list_revenue_changes(request).await.unwrap();
    let show = |change: pb::RevenueChange| {
        let class = change
            .class()
            .as_str_name()
            .trim_start_matches("REVENUE_CLASS_")
            .to_owned();
        let day = super::world::instant(change.effective_time.as_ref()).to_string();
        let value = change.monthly_value.unwrap();
        let value = decimal::parse(&value.amount.unwrap().value).unwrap();
        format!(
            "{} {} {} {class}",
            &day[..10],
            change.product_key,
            decimal::format(value)
        )
    };
    answer.into_inner().changes.into_iter().map(show).collect()
}

#[tokio::test]
async fn a_whole_state_lives_through_change_end_and_its_retraction() {
    let world = World::new().await;
    let event = created(&world, create("deal-1", "2024-01-01T00:00:00Z", 12_000))
        .await
        .unwrap();
    assert_eq!(
        (event.alias.as_str(), event.currency_code.as_str()),
        ("deal-1", "USD")
    );
    assert_eq!(event.short_id.len(), 28, "{}", event.short_id);
    assert_eq!(event.status(), pb::ReportedStatus::Active);
    let mut yearly = change("deal-1", "2024-02-01T00:00:00Z", 120_000);
    yearly.interval_duration = "P1Y".to_owned();
    let event = changed(&world, yearly).await.unwrap();
    assert_eq!(
        (event.amount_hundredths, event.interval_duration.as_str()),
        (120_000, "P1Y")
    );
    let short_id = event.short_id.clone();
    let event = ended(&world, &short_id, "2024-05-01T00:00:00Z")
        .await
        .unwrap();
    assert_eq!(event.status(), pb::ReportedStatus::EndedVoluntary);
    assert_eq!(event.amount_hundredths, 120_000, "an end repeats what was");
    assert_eq!(
        ledger(&world).await,
        [
            "2024-01-01 gold 120 PAID",
            "2024-02-01 gold 100 PAID",
            "2024-05-01 gold 0 ENDED"
        ]
    );
    let again = ended(&world, "deal-1", "2024-05-02T00:00:00Z")
        .await
        .unwrap_err();
    assert_eq!(
        (again.code(), reason(&again)),
        (Code::FailedPrecondition, "ALREADY_ENDED".into())
    );
    retracted(&world, "deal-1").await.unwrap();
    assert_eq!(
        reason(&retracted(&world, "deal-1").await.unwrap_err()),
        "NOT_ENDED"
    );
    assert_eq!(ledger(&world).await.len(), 2);
    let customer = event.customer_id;
    assert_eq!(
        events(&world, &customer).await,
        [
            "2024-01-01 deal-1 gold 12000 ACTIVE",
            "2024-02-01 deal-1 gold 120000 ACTIVE"
        ]
    );
    let neighbors = world.neighbors.lock().unwrap();
    let products: Vec<(&str, &str)> = neighbors
        .ensured
        .iter()
        .map(|(key, every)| (key.as_str(), every.as_str()))
        .collect();
    assert_eq!(products, [("gold", "P1M"), ("gold", "P1Y")]);
    assert_eq!(neighbors.report.as_ref().unwrap().customer_id, customer);
}

#[tokio::test]
async fn customers_are_found_or_made_as_the_report_names_them() {
    let world = World::new().await;
    let first = created(&world, create("", START, 100)).await.unwrap();
    assert_eq!(first.alias, "", "no name of its own");
    let second = created(&world, create("", START, 100)).await.unwrap();
    assert_eq!(first.customer_id, second.customer_id, "the same name");
    let mut nameless = create("", START, 100);
    nameless.customer_handle = String::new();
    let third = created(&world, nameless).await.unwrap();
    assert_ne!(first.customer_id, third.customer_id);
    let mut both = create("", START, 100);
    both.existing_customer_handle = third.customer_id.clone();
    both.customer_handle = "bob".to_owned();
    let fourth = created(&world, both).await.unwrap();
    assert_eq!(third.customer_id, fourth.customer_id);
    assert_eq!(
        world.neighbors.lock().unwrap().customers["bob"],
        third.customer_id
    );
    let mut two = create("", START, 100);
    two.existing_customer_handle = third.customer_id;
    let refusal = created(&world, two).await.unwrap_err();
    assert_eq!(
        chassis::error::details(&refusal).violations[0].field,
        "customer_handle"
    );
    let mut unknown = create("", START, 100);
    unknown.existing_customer_handle = "nobody".to_owned();
    let refusal = created(&world, unknown).await.unwrap_err();
    assert_eq!(
        chassis::error::details(&refusal).violations[0].field,
        "existing_customer_handle"
    );
    assert_eq!(listed(&world).await.len(), 4);
}

#[tokio::test]
async fn fields_are_folded_and_parts_have_names_of_their_own() {
    let world = World::new().await;
    let one = upserted(&world, upsert("sub_1", "2024-01-01T00:00:00Z", "100.01"))
        .await
        .unwrap();
    assert_eq!(
        (one.origin(), one.sequence, one.revision),
        (Origin::Patches, 1, 1)
    );
    let mut more = upsert("sub_1", "2024-02-01T00:00:00Z", "100.01");
    more.customer_handle = String::new();
    more.items = vec![
        item("basic", pb::ReportedItemType::Unspecified),
        item("extra", pb::ReportedItemType::Metered),
    ];
    let two = upserted(&world, more).await.unwrap();
    assert_eq!(
        (two.id.as_str(), two.revision, two.items.len()),
        (one.id.as_str(), 2, 2)
    );
    assert_eq!(two.create_time, one.create_time);
    assert_eq!(
        ledger(&world).await,
        [
            "2024-01-01 basic 100.01 PAID",
            "2024-02-01 basic 50.01 PAID",
            "2024-02-01 extra 50 PAID"
        ]
    );
    // Every form ever shown leads to it: the whole, and each item.
    let part = changed(&world, change_of("sub_1:extra", "extra", 7_000))
        .await
        .unwrap();
    assert_eq!(
        (part.alias.as_str(), part.amount_hundredths),
        ("sub_1:extra", 7_000)
    );
    assert_ne!(part.short_id, one.short_id);
    let gone = ended(&world, &part.short_id, "2024-04-01T00:00:00Z")
        .await
        .unwrap();
    assert_eq!(
        (gone.product_key.as_str(), gone.status()),
        ("extra", pb::ReportedStatus::EndedVoluntary)
    );
    let now = get(&world, &one.short_id).await;
    assert_eq!((now.items.len(), now.monthly_amount), (1, amount("50.01")));
    retracted(&world, "sub_1:extra").await.unwrap();
    assert_eq!(get(&world, "sub_1").await.monthly_amount, amount("120.01"));
    assert_eq!(
        events(&world, &one.customer_id).await,
        [
            "2024-01-01 sub_1:basic basic 10001 ACTIVE",
            "2024-02-01 sub_1:basic basic 5001 ACTIVE",
            "2024-02-01 sub_1:extra extra 5000 ACTIVE",
            "2024-03-01 sub_1:extra extra 7000 ACTIVE",
        ]
    );
    // A new subscription may be called like an item, which keeps its short id.
    let other = upserted(&world, upsert("sub_1:extra", START, "1"))
        .await
        .unwrap();
    assert_ne!(other.id, one.id);
    assert_eq!(get(&world, &part.short_id).await.id, one.id);
}

fn change_of(
    handle: &str,
    product: &str,
    hundredths: i64,
) -> pb::ChangeReportedSubscriptionRequest {
    pb::ChangeReportedSubscriptionRequest {
        product_key: product.to_owned(),
        ..change(handle, "2024-03-01T00:00:00Z", hundredths)
    }
}

async fn get(world: &World, handle: &str) -> pb::ReportedSubscription {
    let request = pb::GetReportedSubscriptionRequest {
        handle: handle.to_owned(),
    };
    let request = world.at(NOW, request);
    let answer = world
        .reported
        .get_reported_subscription(request)
        .await
        .unwrap();
    answer.into_inner().subscription.unwrap()
}

#[tokio::test]
async fn a_subscription_without_a_key_gets_one_and_a_removed_one_leaves_nothing() {
    let world = World::new().await;
    let made = upserted(&world, upsert("", START, "10")).await.unwrap();
    assert!(
        made.key.starts_with("sub_") && made.key.len() == 16,
        "{}",
        made.key
    );
    let kept = upserted(&world, upsert("kept", START, "5")).await.unwrap();
    let remove = async |handle: &str| {
        let request = pb::DeleteReportedSubscriptionRequest {
            handle: handle.to_owned(),
            ..Default::default()
        };
        let request = world.at(NOW, request);
        world.reported.delete_reported_subscription(request).await
    };
    remove(&made.key).await.unwrap();
    assert_eq!(remove(&made.key).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(listed(&world).await, std::slice::from_ref(&kept));
    assert_eq!(ledger(&world).await.len(), 1);
    let again = upserted(&world, upsert(&made.key, "2024-02-01T00:00:00Z", "10"))
        .await
        .unwrap();
    assert_ne!(again.id, made.id);
    assert_eq!(
        (again.sequence, again.short_id == made.short_id),
        (3, false)
    );
}

#[tokio::test]
async fn payments_make_what_they_name_and_replace_the_amount() {
    let world = World::new().await;
    world
        .neighbors
        .lock()
        .unwrap()
        .rates
        .insert("PLN".to_owned(), "0.25");
    let request = pb::UpsertReportedPaymentRequest {
        key: "invoice_12_2021".to_owned(),
        subscription_key: "acme-deal-2021".to_owned(),
        customer_handle: "acme".to_owned(),
        start_time: wire("2021-12-05T15:00:00Z"),
        end_time: wire("2022-12-05T15:00:00Z"),
        monthly_amount: amount("95.90"),
        currency_code: "PLN".to_owned(),
        item_type: pb::ReportedItemType::Recurring.into(),
        product_key: "basic".to_owned(),
        ..Default::default()
    };
    let payment = paid(&world, request.clone()).await.unwrap();
    assert_eq!(payment.duration_months, amount("12"));
    assert_eq!(payment.original_total_amount, amount("1150.8"));
    assert_eq!(
        (payment.monthly_amount, payment.total_amount),
        (amount("23.98"), amount("287.76"))
    );
    assert_eq!(
        (payment.currency_code.as_str(), payment.reporter_id.len()),
        ("USD", 17)
    );
    let shown = &listed(&world).await[0];
    assert_eq!(
        (shown.key.as_str(), shown.monthly_amount.clone()),
        ("acme-deal-2021", amount("95.9"))
    );
    assert_eq!(
        ledger(&world).await,
        ["2021-12-05 basic 95.9 PAID", "2022-12-05 basic 0 ENDED"]
    );
    let correction = pb::UpsertReportedPaymentRequest {
        key: request.key.clone(),
        monthly_amount: amount("100"),
        ..Default::default()
    };
    let corrected = paid(&world, correction.clone()).await.unwrap();
    assert_eq!(corrected.create_time, payment.create_time);
    assert_eq!(ledger(&world).await[0], "2021-12-05 basic 100 PAID");
    for (field, wrong) in [
        (
            "subscription_key",
            pb::UpsertReportedPaymentRequest {
                subscription_key: "other".to_owned(),
                ..correction.clone()
            },
        ),
        (
            "customer_handle",
            pb::UpsertReportedPaymentRequest {
                customer_handle: "ann".to_owned(),
                ..correction.clone()
            },
        ),
        (
            "customer_handle",
            pb::UpsertReportedPaymentRequest {
                key: "another".to_owned(),
                customer_handle: "ann".to_owned(),
                ..request
            },
        ),
    ] {
        let refusal = paid(&world, wrong).await.unwrap_err();
        assert_eq!(chassis::error::details(&refusal).violations[0].field, field);
    }
}

#[tokio::test]
async fn plans_are_listed_with_reports_and_refuse_them() {
    let world = World::new().await;
    let plan = id(&world.subscribe(START).await);
    upserted(&world, upsert("sub_1", START, "10"))
        .await
        .unwrap();
    let all = listed(&world).await;
    assert_eq!(
        (all[0].key.as_str(), all[0].origin()),
        (plan.as_str(), Origin::Plan)
    );
    assert_eq!(all[0].items[0].r#type(), pb::ReportedItemType::Recurring);
    assert_eq!(all[0].monthly_amount, amount("10"));
    assert_eq!(
        all.iter().map(|one| one.sequence).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(
        events(&world, CUSTOMER).await,
        [
            format!("2024-01-01 {plan} pro 0 TRIALING"),
            format!("2024-02-01 {plan} pro 1000 ACTIVE")
        ]
    );
    for handle in [&plan, &all[0].short_id] {
        let refused = [
            changed(&world, change(handle, NOW, 1)).await.map(drop),
            ended(&world, handle, NOW).await.map(drop),
            retracted(&world, handle).await,
            upserted(&world, upsert(handle, NOW, "1")).await.map(drop),
        ];
        for refusal in refused {
            let refusal = refusal.unwrap_err();
            assert_eq!(reason(&refusal), "MANAGED_BY_PLAN");
            assert!(
                refusal.message().contains("is managed by its plan"),
                "{}",
                refusal.message()
            );
        }
    }
    let taken = created(&world, create(&plan, START, 1)).await.unwrap_err();
    assert_eq!(reason(&taken), "KEY_TAKEN");
}

#[tokio::test]
async fn a_reported_subscription_is_read_like_one_from_a_plan_and_never_written() {
    let world = World::new().await;
    let mut first = upsert("sub_1", "2024-01-10T00:00:00Z", "10");
    first.items[0].product_key = "Extra-Pack".to_owned();
    let made = upserted(&world, first).await.unwrap();
    let request = pb::GetSubscriptionRequest {
        id: made.id.clone(),
        time: None,
    };
    let answer = world
        .subscriptions
        .get_subscription(world.at(NOW, request))
        .await
        .unwrap();
    let view = answer.into_inner().view.unwrap();
    let shown = view.subscription.unwrap();
    assert!(shown.is_reported && shown.plan.is_none());
    assert_eq!(
        (shown.name.as_str(), shown.billing_cadence.as_str()),
        ("Extra-Pack", "P1M")
    );
    assert_eq!(shown.status(), pb::SubscriptionStatus::Active);
    assert_eq!(
        view.current_billing_period_start_time,
        wire("2024-05-10T00:00:00Z")
    );
    let item = &view.phases[0].items[0];
    assert_eq!(
        (
            view.phases[0].phase.as_ref().unwrap().key.as_str(),
            item.key.as_str()
        ),
        ("default", "extra_pack")
    );
    assert!(item.rate_card.as_ref().unwrap().price.is_some());
    let list = pb::ListSubscriptionsRequest {
        customer_id: made.customer_id.clone(),
        ..Default::default()
    };
    let answer = world
        .subscriptions
        .list_subscriptions(world.at(NOW, list))
        .await
        .unwrap();
    assert_eq!(answer.into_inner().subscriptions, [shown]);
    let refusal = super::cancel(&world, &made.id, NOW, pb::TimingPolicy::Immediate).await;
    let refusal = refusal.unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::FailedPrecondition, "REPORTED_SUBSCRIPTION".into())
    );
    // It is outside the rule that a customer has one subscription at a time.
    world
        .neighbors
        .lock()
        .unwrap()
        .customers
        .insert("ann".to_owned(), CUSTOMER.to_owned());
    upserted(&world, upsert("sub_2", START, "10"))
        .await
        .unwrap();
    world.subscribe(START).await;
}

#[tokio::test]
async fn the_same_request_is_answered_once() {
    let world = World::new().await;
    let mut request = create("deal", START, 100);
    request.request_id = "once".to_owned();
    let first = created(&world, request.clone()).await.unwrap();
    assert_eq!(created(&world, request).await.unwrap(), first);
    assert_eq!(listed(&world).await.len(), 1);
}

#[tokio::test]
async fn lists_go_on_behind_a_sequence_even_when_it_is_gone() {
    let world = World::new().await;
    for number in 0..5 {
        upserted(&world, upsert(&format!("sub_{number}"), START, "1"))
            .await
            .unwrap();
    }
    let page = async |after_sequence| {
        let request = pb::ListReportedSubscriptionsRequest {
            after_sequence,
            page_size: 2,
            ..Default::default()
        };
        let request = world.at(NOW, request);
        let answer = world
            .reported
            .list_reported_subscriptions(request)
            .await
            .unwrap();
        let answer = answer.into_inner();
        let keys: Vec<String> = answer
            .subscriptions
            .into_iter()
            .map(|one| one.key)
            .collect();
        (keys.join(" "), answer.next_after_sequence)
    };
    assert_eq!(page(0).await, ("sub_0 sub_1".to_owned(), 2));
    let request = pb::DeleteReportedSubscriptionRequest {
        handle: "sub_1".to_owned(),
        ..Default::default()
    };
    let request = world.at(NOW, request);
    world
        .reported
        .delete_reported_subscription(request)
        .await
        .unwrap();
    assert_eq!(page(2).await, ("sub_2 sub_3".to_owned(), 4));
    assert_eq!(page(4).await, ("sub_4".to_owned(), 0));
}

#[tokio::test]
async fn reports_that_come_at_once_make_one_subscription() {
    let world = World::new().await;
    let upserts = (1..=6).map(|month| {
        let at = format!("2024-0{month}-01T00:00:00Z");
        upserted(&world, upsert("sub_1", &at, &format!("{month}")))
    });
    for outcome in futures::future::join_all(upserts).await {
        outcome.unwrap();
    }
    assert_eq!(listed(&world).await.len(), 1);
    assert_eq!(ledger(&world).await.len(), 6, "no report is lost");
}
