//! Many callers want the same thing at the same instant: one gets it, the others are told
//! why not, and what is counted is counted once.

use std::{collections::BTreeSet, time::Duration};

use contract::{
    billing::v1 as billing,
    catalog::v1::{self as catalog, plan_ref},
    convert::timestamp,
    customer::v1 as customers,
    entitlement::v1 as entitlement,
    kernel::v1::Period,
};
use futures::future::join_all;
use perennial_sdk::Client;
use suite::World;
use tonic::{Code, Status};

use super::setup::{
    company, counted, customer, draft, entitlements, event, flat_price, half_made, invoices, meter,
    publish, send, stored, subscribe, subscriptions, winners,
};

/// More callers than the worlds have database connections.
const CALLERS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_subscriptions_of_a_customer_is_made() {
    let world = World::start().await;
    let client = world.client();
    company(&client).await;
    let acme = customer(&client, "acme", "").await.unwrap();
    let answers = join_all((0..CALLERS).map(|_| subscribe(&client, &acme, ""))).await;
    let made = winners(answers);
    assert_eq!(made.len(), 1);
    let listed = subscriptions(&client, &acme).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].id, made[0]);
    assert_eq!(half_made(&client, &acme).await, None);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_is_asked_for_many_times_at_once_is_answered_alike() {
    let world = World::start().await;
    let client = world.client();
    company(&client).await;
    let acme = customer(&client, "acme", "").await.unwrap();
    let answers = join_all((0..CALLERS).map(|_| subscribe(&client, &acme, "r-1"))).await;
    let ids: BTreeSet<String> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(half_made(&client, &acme).await, None);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_customers_subscribe_side_by_side() {
    let world = World::start().await;
    let client = world.client();
    company(&client).await;
    let signed = join_all((0..CALLERS).map(|number| {
        let client = client.clone();
        async move {
            let id = customer(&client, &format!("customer-{number}"), "")
                .await
                .unwrap();
            subscribe(&client, &id, "").await.unwrap();
            id
        }
    }))
    .await;
    for id in signed {
        assert_eq!(half_made(&client, &id).await, None);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_entitlements_to_a_feature_is_made() {
    let world = World::start().await;
    let client = world.client();
    company(&client).await;
    let acme = customer(&client, "acme", "").await.unwrap();
    let answers = join_all((0..CALLERS).map(|_| {
        let request = entitlement::CreateEntitlementRequest {
            entitlement: Some(entitlement::NewEntitlement {
                customer: Some(customers::CustomerRef {
                    r#ref: Some(customers::customer_ref::Ref::Id(acme.clone())),
                }),
                feature_key: "tokens".into(),
                kind: Some(entitlement::new_entitlement::Kind::Boolean(
                    entitlement::BooleanEntitlement::default(),
                )),
                ..Default::default()
            }),
            request_id: String::new(),
        };
        let mut entitlements = client.entitlements();
        async move { entitlements.create_entitlement(request).await }
    }))
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for refused in answers.into_iter().filter_map(Result::err) {
        assert_eq!(refused.code(), Code::AlreadyExists, "{refused:?}");
    }
    assert_eq!(entitlements(&client, &acme).await.len(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entitlement_by_hand_and_one_by_subscription_exclude_each_other() {
    let world = World::start().await;
    let client = world.client();
    company(&client).await;
    for round in 0..3 {
        let acme = customer(&client, &format!("acme-{round}"), "")
            .await
            .unwrap();
        let request = entitlement::CreateEntitlementRequest {
            entitlement: Some(entitlement::NewEntitlement {
                customer: Some(customers::CustomerRef {
                    r#ref: Some(customers::customer_ref::Ref::Id(acme.clone())),
                }),
                feature_key: "tokens".into(),
                kind: Some(entitlement::new_entitlement::Kind::Boolean(
                    entitlement::BooleanEntitlement::default(),
                )),
                ..Default::default()
            }),
            request_id: String::new(),
        };
        let mut by_hand = client.entitlements();
        let (subscribed, entitled) = tokio::join!(
            subscribe(&client, &acme, ""),
            by_hand.create_entitlement(request)
        );
        assert!(
            subscribed.is_ok() != entitled.is_ok(),
            "{subscribed:?} {entitled:?}"
        );
        assert_eq!(entitlements(&client, &acme).await.len(), 1);
        let expected = usize::from(subscribed.is_ok());
        assert_eq!(subscriptions(&client, &acme).await.len(), expected);
        assert_eq!(invoices(&client, &acme).await.len(), expected);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_published_many_times_at_once_is_one_version() {
    let world = World::start().await;
    let client = world.client();
    company(&client).await;
    let plan = draft(&client, "team").await;
    let answers = join_all((0..CALLERS).map(|_| publish(&client, &plan))).await;
    for published in winners(answers) {
        assert_eq!(published.version, 1);
        assert_eq!(published.state(), catalog::plan::State::Active);
    }
    let next = || async {
        let request = catalog::CreateNextPlanVersionRequest {
            plan: Some(catalog::PlanRef {
                r#ref: Some(plan_ref::Ref::Id(plan.clone())),
                ..Default::default()
            }),
            request_id: String::new(),
        };
        client.plans().create_next_plan_version(request).await
    };
    let drafts = winners(join_all((0..CALLERS).map(|_| next())).await);
    assert_eq!(drafts.len(), 1, "{drafts:?}");
    assert_eq!(drafts[0].get_ref().plan.as_ref().unwrap().version, 2);
    world.stop().await;
}

/// Deletes a customer.
async fn delete(client: &Client, id: &str) -> Result<(), Status> {
    let request = customers::DeleteCustomerRequest {
        customer_ref: Some(customers::CustomerRef {
            r#ref: Some(customers::customer_ref::Ref::Id(id.into())),
        }),
        ..Default::default()
    };
    client.customers().delete_customer(request).await.map(drop)
}

/// Gives customers something and deletes them, at moments ever further apart: one of both succeeds, the other is refused.
/// Answers the customers, and whether they were deleted.
async fn one_of_both<Made, Giving>(
    client: &Client,
    give: impl Fn(String) -> Giving,
) -> Vec<(String, bool)>
where
    Giving: Future<Output = Result<Made, Status>>,
{
    const ROUNDS: u64 = 12;
    let mut seen = Vec::new();
    for round in 0..ROUNDS {
        let id = customer(client, &format!("c{round}"), "").await.unwrap();
        let deletion = async {
            tokio::time::sleep(Duration::from_millis(4 * round)).await;
            delete(client, &id).await
        };
        let (given, deleted) = tokio::join!(give(id.clone()), deletion);
        let is_deleted = deleted.is_ok();
        let refusal = match (given.map(drop), deleted) {
            (Ok(()), Err(refusal)) | (Err(refusal), Ok(())) => refusal,
            (given, deleted) => panic!("{id}: {given:?}, {deleted:?}"),
        };
        assert_eq!(refusal.code(), Code::FailedPrecondition, "{refusal:?}");
        seen.push((id, is_deleted));
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_is_subscribed_or_deleted() {
    let world = World::start().await;
    let client = world.client();
    company(&client).await;
    for (id, deleted) in one_of_both(&client, |id| subscribe_once(&client, id)).await {
        let live = subscriptions(&client, &id).await;
        assert_eq!(live.is_empty(), deleted, "{id}: {live:?}");
        let billed = every_invoice(&client, &id).await;
        assert_eq!(billed == 0, deleted, "{id}: {billed} invoices");
    }
    world.stop().await;
}

async fn subscribe_once(client: &Client, id: String) -> Result<String, Status> {
    subscribe(client, &id, "").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_has_a_pending_line_or_is_deleted() {
    let world = World::start().await;
    let client = world.client();
    company(&client).await;
    for (id, deleted) in one_of_both(&client, |id| add_line(&client, id)).await {
        let billed = every_invoice(&client, &id).await;
        assert_eq!(billed == 0, deleted, "{id}: {billed} invoices");
    }
    world.stop().await;
}

/// A line that is due in a year.
async fn add_line(client: &Client, customer_id: String) -> Result<(), Status> {
    let start = "2027-01-01T00:00:00Z".parse().unwrap();
    let end = "2027-02-01T00:00:00Z".parse().unwrap();
    let line = billing::LineInput {
        name: "later".into(),
        period: Some(Period {
            start_time: Some(timestamp(start)),
            end_time: Some(timestamp(end)),
        }),
        invoice_time: Some(timestamp(end)),
        price: Some(flat_price(5)),
        ..Default::default()
    };
    let request = billing::CreatePendingLinesRequest {
        customer_id,
        currency_code: "USD".into(),
        lines: vec![line],
        request_id: String::new(),
    };
    client
        .invoices()
        .create_pending_lines(request)
        .await
        .map(drop)
}

/// How many invoices a customer has, gathering ones too.
async fn every_invoice(client: &Client, customer: &str) -> usize {
    let request = billing::ListInvoicesRequest {
        customer_ids: vec![customer.into()],
        page_size: 100,
        ..Default::default()
    };
    let answer = client.invoices().list_invoices(request).await.unwrap();
    answer.into_inner().invoices.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_sent_by_many_at_once_count_once() {
    const EVENTS: usize = 300;
    let world = World::start().await;
    let client = world.client();
    meter(&client).await;
    let batch: Vec<_> = (0..EVENTS)
        .map(|number| event(format!("e-{number}"), &format!("subject-{}", number % 7)))
        .collect();
    let answers = join_all((0..8).map(|sender| {
        // Each starts elsewhere, so that commits meet in the middle of each other's rows.
        let mut events = batch.clone();
        events.rotate_left(sender * EVENTS / 8);
        let client = client.clone();
        tokio::spawn(async move {
            let mut new = 0;
            for part in events.chunks(50) {
                new += send(&client, part.to_vec()).await.unwrap();
            }
            new
        })
    }))
    .await;
    let new: i64 = answers.into_iter().map(Result::unwrap).sum();
    assert_eq!(usize::try_from(new).unwrap(), EVENTS);
    assert_eq!(counted(&client).await, EVENTS.into());
    let ids = stored(&client).await;
    assert_eq!(ids.len(), EVENTS);
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), EVENTS);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_pending_line_is_invoiced_once() {
    const LINES: usize = 10;
    let world = World::start().await;
    let client = world.client();
    company(&client).await;
    let acme = customer(&client, "acme", "").await.unwrap();
    let start = "2025-12-01T00:00:00Z".parse().unwrap();
    let end = "2026-01-01T00:00:00Z".parse().unwrap();
    let lines = (0..LINES)
        .map(|number| billing::LineInput {
            name: format!("line {number}"),
            period: Some(Period {
                start_time: Some(timestamp(start)),
                end_time: Some(timestamp(end)),
            }),
            invoice_time: Some(timestamp(end)),
            price: Some(flat_price(5)),
            ..Default::default()
        })
        .collect();
    let request = billing::CreatePendingLinesRequest {
        customer_id: acme.clone(),
        currency_code: "USD".into(),
        lines,
        request_id: String::new(),
    };
    client
        .invoices()
        .create_pending_lines(request)
        .await
        .unwrap();
    let answers = join_all((0..CALLERS).map(|_| {
        let request = billing::InvoicePendingLinesRequest {
            customer_id: acme.clone(),
            ..Default::default()
        };
        let mut invoices = client.invoices();
        async move { invoices.invoice_pending_lines(request).await }
    }))
    .await;
    let made: usize = winners(answers)
        .into_iter()
        .map(|answer| answer.into_inner().invoices.len())
        .sum();
    // The run behind the scenes is one more who wants to invoice them.
    assert!(made <= 1, "{made}");
    let invoices = invoices(&client, &acme).await;
    assert_eq!(invoices.len(), 1);
    let names: BTreeSet<&str> = invoices[0]
        .lines
        .iter()
        .map(|line| line.name.as_str())
        .collect();
    assert_eq!((invoices[0].lines.len(), names.len()), (LINES, LINES));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_customers_with_a_key_is_made() {
    let world = World::start().await;
    let client = world.client();
    let answers = join_all((0..CALLERS).map(|_| customer(&client, "acme", ""))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for refused in answers.into_iter().filter_map(Result::err) {
        assert_eq!(refused.code(), Code::AlreadyExists, "{refused:?}");
    }
    let list = client
        .customers()
        .list_customers(customers::ListCustomersRequest::default())
        .await
        .unwrap();
    assert_eq!(list.into_inner().customers.len(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_updates_from_the_same_state_is_made() {
    let world = World::start().await;
    let client = world.client();
    let id = customer(&client, "acme", "").await.unwrap();
    let get = customers::GetCustomerRequest {
        customer_ref: Some(customers::CustomerRef {
            r#ref: Some(customers::customer_ref::Ref::Id(id.clone())),
        }),
        include_deleted: false,
        for_subscription: false,
    };
    let read = client.customers().get_customer(get.clone()).await.unwrap();
    let before = read.into_inner().customer.unwrap();
    let answers = join_all((0..CALLERS).map(|number| {
        let mut after = before.clone();
        after.display_name = format!("name {number}");
        let request = customers::UpdateCustomerRequest {
            customer_ref: get.customer_ref.clone(),
            customer: Some(after),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["display_name".into()],
            }),
            ..Default::default()
        };
        let mut customers = client.customers();
        async move { customers.update_customer(request).await }
    }))
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(refused.code(), Code::Aborted, "{refused:?}");
    }
    let winner = answers
        .into_iter()
        .find_map(Result::ok)
        .unwrap()
        .into_inner();
    let read = client.customers().get_customer(get).await.unwrap();
    assert_eq!(read.into_inner().customer, winner.customer);
    world.stop().await;
}
