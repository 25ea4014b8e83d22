//! Subscriptions lead to lines and invoices, at once and as time goes by.
#![expect(clippy::unwrap_used, reason = "tests")]

use contract::{
    billing::v1::{
        self as pb, invoice_service_server::InvoiceService as _,
        override_service_server::OverrideService as _, profile_service_server::ProfileService as _,
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

/// Asks whether the customer could be billed, as is done before subscribing.
async fn check(world: &World) -> pb::CheckSetupResponse {
    let request = pb::CheckSetupRequest {
        state: Some(plain(1, None)),
        ..Default::default()
    };
    let answer = world.billing.check_setup(world.call(request)).await;
    answer.unwrap().into_inner()
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
    assert!(!check(&world).await.billing_profile_id.is_empty());
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

/// Pins the customer to a profile that differs from the default one.
async fn pin_to_another(world: &World, change: impl FnOnce(&mut pb::BillingProfile)) {
    let call = world.call(pb::GetProfileRequest::default());
    let known = world.billing.get_profile(call).await.unwrap().into_inner();
    let mut other = known.profile.unwrap();
    other.default = false;
    change(&mut other);
    let call = world.call(pb::CreateProfileRequest {
        profile: Some(other),
        ..Default::default()
    });
    let made = world
        .billing
        .create_profile(call)
        .await
        .unwrap()
        .into_inner();
    let call = world.call(pb::PutOverrideRequest {
        customer_id: CUSTOMER.to_owned(),
        billing_profile_id: made.profile.unwrap().id,
        ..Default::default()
    });
    world.billing.put_override(call).await.unwrap();
}

/// Between the question whether a customer can be billed and the subscription, anything may change.
#[tokio::test]
async fn what_was_seen_before_subscribing_may_be_outdated() {
    let by_hand = |profile: &mut pb::BillingProfile| {
        let workflow = profile.workflow.as_mut().unwrap();
        workflow.invoicing.as_mut().unwrap().auto_advance = Some(false);
    };
    // The profile.
    let world = World::new("2024-01-01").await;
    check(&world).await;
    world.update_profile(by_hand).await;
    let applied = apply(&world, plain(1, None)).await;
    let draft = world.get(&applied.invoice_ids[0]).await;
    assert_eq!(status(&draft), "draft.manual_approval_needed");
    // What is pending.
    let world = World::new("2024-01-01").await;
    check(&world).await;
    let due = line(
        "due",
        "2024-01-01",
        "2024-02-01",
        "2024-01-01",
        flat("5", true),
    );
    world.pending("USD", vec![due]).await;
    let applied = apply(&world, plain(1, None)).await;
    let paid = world.get(&applied.invoice_ids[0]).await;
    assert_eq!((applied.invoice_ids.len(), total(&paid)), (1, "54"));
    // The profile of the customer.
    let world = World::new("2024-01-01").await;
    check(&world).await;
    pin_to_another(&world, by_hand).await;
    let applied = apply(&world, plain(1, None)).await;
    let draft = world.get(&applied.invoice_ids[0]).await;
    assert_eq!(status(&draft), "draft.manual_approval_needed");
    // The subscription itself.
    let world = World::new("2024-01-01").await;
    assert!(apply(&world, plain(1, None)).await.applied);
    check(&world).await;
    assert!(!apply(&world, plain(1, None)).await.applied);
    assert_eq!(world.standard().await.len(), 1);
}

/// What was due before is invoiced with the first fee, what is not stays on the same gathering invoice; an earlier one that
/// ran empty is taken up again.
#[tokio::test]
async fn a_new_subscription_joins_what_is_pending() {
    let world = World::new("2024-01-01").await;
    let of = |name: &str, due: &str| line(name, "2024-01-01", "2024-02-01", due, flat("5", true));
    let gathering = world.pending("USD", vec![of("due", "2024-01-01")]).await;
    let gathering = gathering.invoice.unwrap();
    world.invoice().await;
    assert_eq!(world.list().await.len(), 1, "nothing is pending");

    let fees = |id: &str, revision: i64| {
        let start = "2024-01-01";
        let fee = version(0, card("fee", flat("49", false)), start, None);
        let mut state = state(revision, start, None, vec![vec![fee]]);
        state.subscription.as_mut().unwrap().id = id.to_owned();
        state
    };
    // A fee of this month only: nothing has to be gathered.
    let applied = apply(&world, fees(SUBSCRIPTION, 1)).await;
    assert_eq!(applied.invoice_ids.len(), 1);
    assert_eq!(world.list().await.len(), 2, "nothing is pending");
    assert!(!world.neighbors.lock().unwrap().held);

    world
        .pending(
            "USD",
            vec![of("due", "2024-01-01"), of("later", "2024-02-01")],
        )
        .await;
    world.pending("HUF", vec![of("due", "2024-01-01")]).await;
    let applied = apply(&world, fees("01ARZ3NDEKTSV4RRFFQ69G5FAE", 1)).await;
    assert_eq!(applied.invoice_ids.len(), 2, "one of each currency");
    let mut made = Vec::new();
    for id in &applied.invoice_ids {
        let invoice = world.get(id).await;
        made.push(format!(
            "{} {} {:?}",
            invoice.currency_code,
            status(&invoice),
            lines(&invoice)
        ));
    }
    made.sort();
    assert_eq!(
        made,
        [
            r#"HUF paid ["due 2024-01-01 5"]"#,
            r#"USD paid ["due 2024-01-01 5", "fee 2024-01-01 49"]"#,
        ]
    );
    let left = world.gathering().await;
    assert_eq!(left.id, gathering.id);
    assert_eq!(left.number, gathering.number);
    assert_eq!(lines(&left), ["later 2024-01-01 5"]);
    assert!(world.neighbors.lock().unwrap().held);
    assert_eq!(world.differences().await, Vec::<String>::new());
    // Nothing comes twice, and nothing is forgotten as time goes by.
    world.advance("2024-02-02").await;
    let standard = world.standard().await;
    let mut totals: Vec<&str> = standard.iter().map(total).collect();
    totals.sort_unstable();
    assert_eq!(totals, ["103", "49", "5", "5", "54"]);
}

/// Usage that is over when the subscription is told is asked for before it is invoiced.
#[tokio::test]
async fn a_subscription_from_before_is_invoiced_with_its_usage() {
    let world = World::new("2024-02-10").await;
    world.used("api", "2024-01-10", 10);
    let applied = apply(&world, plain(1, None)).await;
    assert_eq!(applied.invoice_ids.len(), 1);
    let invoice = world.get(&applied.invoice_ids[0]).await;
    assert_eq!(
        lines(&invoice),
        [
            "fee 2024-01-01 49",
            "fee 2024-02-01 49",
            "use 2024-01-01 20"
        ]
    );
    assert_eq!(
        lines(&world.gathering().await),
        ["fee 2024-03-01 49", "use 2024-02-01 0"]
    );
    assert!(world.neighbors.lock().unwrap().held);
}

/// Numbers are given without a gap, whatever becomes of the first invoice.
#[tokio::test]
async fn the_first_invoice_takes_the_numbers_it_needs() {
    let world = World::new("2024-01-01T12:00:00").await;
    for (index, auto_advance) in [true, false].into_iter().enumerate() {
        let set = |profile: &mut pb::BillingProfile| {
            let workflow = profile.workflow.as_mut().unwrap();
            workflow.invoicing.as_mut().unwrap().auto_advance = Some(auto_advance);
        };
        world.update_profile(set).await;
        let mut state = plain(1, None);
        let id = format!("01ARZ3NDEKTSV4RRFFQ69G5FB{index}");
        state.subscription.as_mut().unwrap().id = id;
        apply(&world, state).await;
    }
    let mut numbers = world.numbers().await;
    numbers.sort();
    assert_eq!(numbers.len(), 2);
    assert!(
        numbers[0].starts_with("DRAFT-") && numbers[0].ends_with("-2"),
        "{numbers:?}"
    );
    assert!(
        numbers[1].starts_with("OM-SANDBOX-") && numbers[1].ends_with("-1"),
        "{numbers:?}"
    );
    assert!(world.gathering().await.number.ends_with("-USD-1"));
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
