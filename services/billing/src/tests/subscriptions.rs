//! Subscriptions lead to lines and invoices, at once and as time goes by.
#![expect(clippy::unwrap_used, reason = "tests")]

use contract::{
    billing::v1::{
        self as pb, invoice_service_server::InvoiceService as _,
        subscription_sync_service_server::SubscriptionSyncService as _,
    },
    catalog::v1 as catalog,
    subscription::v1 as sub,
};

use super::world::*;

const SUBSCRIPTION: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAA";
const PHASE: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAB";
const ITEM: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAC";

fn card(key: &str, price: catalog::Price) -> catalog::RateCard {
    let usage = !matches!(price.model, Some(catalog::price::Model::Flat(_)));
    catalog::RateCard {
        key: key.to_owned(),
        name: key.to_owned(),
        feature_key: if usage {
            "api".to_owned()
        } else {
            String::new()
        },
        billing_cadence: "P1M".to_owned(),
        price: Some(price),
        ..Default::default()
    }
}

fn version(index: i32, card: catalog::RateCard, start: &str, end: Option<&str>) -> sub::Item {
    sub::Item {
        id: ITEM.to_owned(),
        key: card.key.clone(),
        version_index: index,
        rate_card: Some(card),
        start_time: wire(start),
        end_time: end.and_then(wire),
        ..Default::default()
    }
}

/// A monthly subscription from a start, with these timelines.
fn state(
    revision: i64,
    start: &str,
    end: Option<&str>,
    timelines: Vec<Vec<sub::Item>>,
) -> sub::SubscriptionState {
    sub::SubscriptionState {
        subscription: Some(sub::Subscription {
            id: SUBSCRIPTION.to_owned(),
            customer_id: CUSTOMER.to_owned(),
            currency_code: "USD".to_owned(),
            active_from_time: wire(start),
            active_to_time: end.and_then(wire),
            billing_cadence: "P1M".to_owned(),
            billing_anchor_time: wire(start),
            proration_mode: sub::ProrationMode::ProratePrices.into(),
            revision,
            ..Default::default()
        }),
        phases: vec![sub::Phase {
            id: PHASE.to_owned(),
            key: "default".to_owned(),
            start_time: wire(start),
            end_time: end.and_then(wire),
            timelines: timelines
                .into_iter()
                .map(|versions| sub::ItemTimeline {
                    key: versions[0].key.clone(),
                    versions,
                })
                .collect(),
            ..Default::default()
        }],
        deleted: false,
    }
}

pub fn plain(revision: i64, end: Option<&str>) -> sub::SubscriptionState {
    let start = "2024-01-01";
    state(
        revision,
        start,
        end,
        vec![
            vec![version(0, card("fee", flat("49", false)), start, end)],
            vec![version(0, card("use", unit("2")), start, end)],
        ],
    )
}

pub async fn apply(world: &World, state: sub::SubscriptionState) -> pb::ApplySubscriptionResponse {
    let request = pb::ApplySubscriptionRequest {
        state: Some(state),
        ..Default::default()
    };
    world
        .billing
        .apply_subscription(world.call(request))
        .await
        .unwrap()
        .into_inner()
}

/// Lines as `name start amount`, sorted.
fn lines(invoice: &pb::Invoice) -> Vec<String> {
    let mut lines: Vec<String> = invoice
        .lines
        .iter()
        .map(|line| {
            let start =
                contract::convert::from_timestamp(&line.period.unwrap().start_time.unwrap())
                    .unwrap();
            let total = shown(&line.totals.as_ref().unwrap().total).to_owned();
            format!(
                "{} {} {total}",
                line.name,
                start.to_string().get(..10).unwrap()
            )
        })
        .collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn a_fee_in_advance_is_paid_right_after_subscribing() {
    let world = World::new("2024-01-01").await;
    let check = pb::CheckSetupRequest {
        state: Some(plain(1, None)),
        ..Default::default()
    };
    let checked = world
        .billing
        .check_setup(world.call(check))
        .await
        .unwrap()
        .into_inner();
    assert!(!checked.billing_profile_id.is_empty());
    let applied = apply(&world, plain(1, None)).await;
    assert!(applied.applied);
    assert_eq!(applied.invoice_ids.len(), 1);
    let paid = world.get(&applied.invoice_ids[0]).await;
    assert_eq!((status(&paid), total(&paid)), ("paid", "49"));
    let from = paid.lines[0].subscription.clone().unwrap();
    assert_eq!(
        (
            from.subscription_id.as_str(),
            from.phase_id.as_str(),
            from.item_id.as_str()
        ),
        (SUBSCRIPTION, PHASE, ITEM)
    );
    assert_eq!(paid.lines[0].managed_by(), pb::ManagedBy::Subscription);
    // The same revision again changes nothing.
    let again = apply(&world, plain(1, None)).await;
    assert_eq!((again.applied, again.invoice_ids.len()), (false, 0));
    assert_eq!(world.standard().await.len(), 1);
    let by_subscription = pb::ListInvoicesRequest {
        subscription_id: SUBSCRIPTION.to_owned(),
        page: 1,
        ..Default::default()
    };
    let found = world
        .billing
        .list_invoices(world.call(by_subscription))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.total_size, 1);
}

#[tokio::test]
async fn months_go_by() {
    let world = World::new("2024-01-01").await;
    apply(&world, plain(1, None)).await;
    for (month, used) in [("01", 10), ("02", 20), ("03", 30)] {
        world.used("api", &format!("2024-{month}-10"), used);
    }
    world.advance("2024-01-10").await;
    assert_eq!(
        lines(&world.gathering().await),
        ["fee 2024-02-01 49", "use 2024-01-01 20"]
    );
    for time in [
        "2024-02-01",
        "2024-02-01T01:00:00",
        "2024-03-01",
        "2024-03-01T02:00:00",
        "2024-04-01",
        "2024-04-01T03:00:00",
    ] {
        world.advance(time).await;
    }
    let all = world.standard().await;
    let totals: Vec<&str> = all.iter().map(total).collect();
    assert_eq!(totals, ["49", "69", "89", "109"]);
    assert!(all.iter().all(|invoice| status(invoice) == "paid"));
    assert_eq!(lines(&all[1]), ["fee 2024-02-01 49", "use 2024-01-01 20"]);
    assert_eq!(
        lines(&world.gathering().await),
        ["fee 2024-05-01 49", "use 2024-04-01 0"]
    );
}

#[tokio::test]
async fn a_jump_over_months_makes_the_same_invoices() {
    let world = World::new("2024-01-01").await;
    apply(&world, plain(1, None)).await;
    for (month, used) in [("01", 10), ("02", 20), ("03", 30)] {
        world.used("api", &format!("2024-{month}-10"), used);
    }
    world.advance("2024-04-02").await;
    let all = world.standard().await;
    let totals: Vec<&str> = all.iter().map(total).collect();
    assert_eq!(totals, ["49", "69", "89", "109"]);
    let made: Vec<_> = all.iter().map(|invoice| invoice.create_time).collect();
    assert_eq!(
        made,
        [
            wire("2024-01-01"),
            wire("2024-02-01"),
            wire("2024-03-01"),
            wire("2024-04-01")
        ]
    );
    assert_eq!(all[3].payment_time, wire("2024-04-01T01:00:00"));
    assert_eq!(
        lines(&world.gathering().await),
        ["fee 2024-05-01 49", "use 2024-04-01 0"]
    );
}

#[tokio::test]
async fn an_edit_changes_a_draft_in_place() {
    let world = World::new("2024-01-01").await;
    world
        .update_profile(|profile| {
            let workflow = profile.workflow.as_mut().unwrap();
            workflow.invoicing.as_mut().unwrap().auto_advance = Some(false);
        })
        .await;
    let applied = apply(&world, plain(1, None)).await;
    let draft = world.get(&applied.invoice_ids[0]).await;
    assert_eq!(
        (status(&draft), total(&draft)),
        ("draft.manual_approval_needed", "49")
    );
    world.jump("2024-01-02");
    let (start, next) = ("2024-01-01", "2024-01-02");
    let fees = vec![
        version(0, card("fee", flat("49", false)), start, Some(next)),
        version(1, card("fee", flat("98", false)), next, None),
    ];
    apply(&world, state(2, start, None, vec![fees])).await;
    let draft = world.get(&draft.id).await;
    assert_eq!(lines(&draft), ["fee 2024-01-01 1.58"]);
    assert_eq!(
        (status(&draft), total(&draft)),
        ("draft.manual_approval_needed", "1.58")
    );
    assert!(draft.validation_issues.is_empty());
    // Back again: the whole month.
    apply(&world, plain(3, None)).await;
    assert_eq!(total(&world.get(&draft.id).await), "49");
}

#[tokio::test]
async fn an_edit_prorates_what_is_pending_and_reports_what_is_issued() {
    let world = World::new("2024-01-01").await;
    apply(&world, plain(1, None)).await;
    world.jump("2024-01-02");
    let start = "2024-01-01";
    let next = "2024-01-02";
    let edited = state(
        2,
        start,
        None,
        vec![
            vec![
                version(0, card("fee", flat("49", false)), start, Some(next)),
                version(1, card("fee", flat("98", false)), next, None),
            ],
            vec![version(0, card("use", unit("2")), start, None)],
        ],
    );
    let applied = apply(&world, edited).await;
    assert_eq!(applied.invoice_ids.len(), 1);
    let second = world.get(&applied.invoice_ids[0]).await;
    assert_eq!(lines(&second), ["fee 2024-01-02 94.84"]);
    let all = world.standard().await;
    let first = all.iter().find(|invoice| invoice.id != second.id).unwrap();
    assert_eq!((total(first), first.validation_issues.len()), ("49", 1));
    assert_eq!(
        first.validation_issues[0].code,
        "immutable_invoice_handling_not_supported"
    );
    assert_eq!(
        first.validation_issues[0].severity(),
        pb::invoice_issue::Severity::Warning
    );
    assert_eq!(
        lines(&world.gathering().await),
        ["fee 2024-02-01 98", "use 2024-01-01 0"]
    );
    // Another sync finds the same and does not report it twice.
    let sync = pb::SyncCustomerRequest {
        customer_id: CUSTOMER.to_owned(),
        ..Default::default()
    };
    world.billing.sync_customer(world.call(sync)).await.unwrap();
    assert_eq!(world.get(&first.id).await.validation_issues.len(), 1);
}

#[tokio::test]
async fn canceling_trims_lines_and_unscheduling_brings_them_back() {
    let world = World::new("2024-01-01").await;
    apply(&world, plain(1, None)).await;
    world.jump("2024-01-10");
    apply(&world, plain(2, Some("2024-01-20"))).await;
    let pending = world.gathering().await;
    assert_eq!(pending.lines.len(), 1);
    assert_eq!(
        pending.lines[0].period.unwrap().end_time,
        wire("2024-01-20")
    );
    apply(&world, plain(3, None)).await;
    let pending = world.gathering().await;
    assert_eq!(lines(&pending), ["fee 2024-02-01 49", "use 2024-01-01 0"]);
    assert_eq!(
        pending
            .lines
            .iter()
            .find(|line| line.name == "use")
            .unwrap()
            .invoice_time,
        wire("2024-02-01")
    );
    apply(&world, plain(4, Some("2024-01-20"))).await;
    world.used("api", "2024-01-15", 5);
    world.advance("2024-01-20").await;
    world.advance("2024-01-20T01:00:00").await;
    let last = world.standard().await.pop().unwrap();
    assert_eq!((status(&last), total(&last)), ("paid", "10"));
    world.advance("2024-06-01").await;
    assert_eq!(world.standard().await.len(), 2);
    assert!(!world.neighbors.lock().unwrap().held);
}

#[tokio::test]
async fn a_progressive_part_in_the_middle_of_the_month() {
    let world = World::new("2024-01-01").await;
    apply(&world, plain(1, None)).await;
    world.used("api", "2024-01-05", 10);
    world.advance("2024-01-11").await;
    let part = world.invoice().await;
    assert_eq!(total(&part), "20");
    world.used("api", "2024-01-20", 7);
    world.advance("2024-02-02").await;
    let mut totals: Vec<String> = world
        .standard()
        .await
        .iter()
        .map(|invoice| total(invoice).to_owned())
        .collect();
    totals.sort();
    // 49 in January, 20 for the first part, then the rest (14) with the next fee.
    assert_eq!(totals, ["20", "49", "63"]);
}

#[tokio::test]
async fn what_a_person_deleted_stays_deleted() {
    let world = World::new("2024-01-01").await;
    apply(&world, plain(1, None)).await;
    // Lines of the next period are made right after the period began.
    world.advance("2024-01-01T00:00:01").await;
    let pending = world.gathering().await;
    assert_eq!(lines(&pending), ["fee 2024-02-01 49", "use 2024-01-01 0"]);
    let keep = pending
        .lines
        .iter()
        .find(|line| line.name == "use")
        .unwrap();
    let request = pb::UpdateInvoiceRequest {
        invoice_id: pending.id.clone(),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["lines".to_owned()],
        }),
        lines: vec![pb::LineInput {
            id: keep.id.clone(),
            name: keep.name.clone(),
            period: keep.period,
            invoice_time: keep.invoice_time,
            price: keep.price.clone(),
            feature_key: keep.feature_key.clone(),
            ..Default::default()
        }],
        ..Default::default()
    };
    world
        .billing
        .update_invoice(world.call(request))
        .await
        .unwrap();
    world.jump("2024-01-02");
    let sync = pb::SyncCustomerRequest {
        customer_id: CUSTOMER.to_owned(),
        ..Default::default()
    };
    world.billing.sync_customer(world.call(sync)).await.unwrap();
    let left = world.gathering().await;
    assert_eq!(lines(&left), ["use 2024-01-01 0"]);
    assert_eq!(left.lines[0].managed_by(), pb::ManagedBy::Subscription);
}

#[tokio::test]
async fn a_deleted_subscription_leaves_no_pending_lines() {
    let world = World::new("2024-01-01").await;
    let later = |revision| {
        let start = "2024-03-01";
        state(
            revision,
            start,
            None,
            vec![vec![version(
                0,
                card("fee", flat("49", false)),
                start,
                None,
            )]],
        )
    };
    apply(&world, later(1)).await;
    assert_eq!(lines(&world.gathering().await), ["fee 2024-03-01 49"]);
    apply(
        &world,
        sub::SubscriptionState {
            deleted: true,
            ..later(2)
        },
    )
    .await;
    assert!(world.list().await.is_empty());
    assert!(!world.neighbors.lock().unwrap().held);
}

#[tokio::test]
async fn nothing_is_sold_to_a_customer_that_stripe_cannot_bill() {
    let scene = super::stripe::Scene::new().await;
    scene.install(super::fake_stripe::KEY).await.unwrap();
    let check = || {
        let request = pb::CheckSetupRequest {
            state: Some(plain(1, None)),
            ..Default::default()
        };
        scene.world.billing.check_setup(scene.world.call(request))
    };
    assert_eq!(super::refusal(check().await).0, "PROVIDER_REFUSED");
    scene.stripe.customer("cus_1");
    scene.stripe.payment_method("pm_1", "cus_1");
    scene.put_customer("cus_1", "pm_1").await.unwrap();
    assert!(check().await.is_ok());
}
