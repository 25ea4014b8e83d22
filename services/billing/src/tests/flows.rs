//! Pending lines become invoices: whole days, in parts, with late usage, by hand and by timer.
#![expect(clippy::unwrap_used, reason = "tests")]

use contract::{
    billing::v1::{self as pb, invoice_service_server::InvoiceService as _},
    catalog::v1::tiered_price::Mode,
    metering::v1::meter::Aggregation,
};

use super::{refusal, world::*};

/// The four lines of a day, each with its own meter.
fn day() -> Vec<pb::LineInput> {
    let tiers = [("10", "100"), ("20", "90"), ("", "80")];
    let of = |name: &str, feature: &str, price| pb::LineInput {
        feature_key: feature.to_owned(),
        ..line(name, "2024-01-01", "2024-01-02", "2024-01-02", price)
    };
    let mut capped = unit("100");
    capped.maximum_amount = number("2000");
    let mut least = tiered(Mode::Volume, &tiers);
    least.minimum_amount = number("3000");
    vec![
        of("a", "api", capped),
        of("b", "", flat("100", true)),
        of("c", "calls", tiered(Mode::Graduated, &tiers)),
        of("d", "disk", least),
    ]
}

async fn day_world() -> World {
    let world = World::new("2024-01-01").await;
    world.meter("calls", Aggregation::Sum);
    world.meter("disk", Aggregation::Sum);
    let answer = world.pending("USD", day()).await;
    assert!(answer.invoice_is_new);
    assert_eq!(
        answer
            .lines
            .iter()
            .map(|line| line.name.as_str())
            .collect::<Vec<_>>(),
        ["a", "b", "c", "d"]
    );
    world
}

fn of<'a>(invoice: &'a pb::Invoice, name: &str) -> &'a pb::InvoiceLine {
    invoice.lines.iter().find(|line| line.name == name).unwrap()
}

#[tokio::test]
async fn a_day_in_parts() {
    let world = day_world().await;
    let (reason, codes) = refusal(world.try_invoice().await);
    assert_eq!(
        (reason.as_str(), codes[0].as_str()),
        ("INVOICE_CREATE_NO_LINES", "invoice_create_no_lines")
    );

    world.used("api", "2024-01-01T00:30:00", 10);
    world.jump("2024-01-01T01:00:00");
    let first = world.invoice().await;
    assert_eq!(total(&first), "1000");
    assert_eq!(first.lines.len(), 2);
    assert_eq!(sums(&of(&first, "a").totals), "1000/0/0/1000");
    assert_eq!(sums(&of(&first, "c").totals), "0/0/0/0");
    assert_eq!(status(&first), "draft.waiting_for_collection");
    assert_eq!(first.number, "DRAFT-TECU-1");
    let delete = pb::DeleteInvoiceRequest {
        invoice_id: first.id.clone(),
        ..Default::default()
    };
    let deleted = world
        .billing
        .delete_invoice(world.call(delete))
        .await
        .unwrap()
        .into_inner()
        .invoice
        .unwrap();
    assert_eq!(status(&deleted), "deleted");
    assert!(deleted.delete_time.is_some());

    world.used("api", "2024-01-01T01:30:00", 20);
    world.used("calls", "2024-01-01T01:30:00", 15);
    world.jump("2024-01-01T02:00:00");
    let second = world.invoice().await;
    assert_eq!(sums(&of(&second, "a").totals), "2000/0/0/2000");
    assert_eq!(shown(&of(&second, "a").quantity), "20");
    assert_eq!(
        shown(&of(&second, "a").metered_pre_line_period_quantity),
        "10"
    );
    assert_eq!(sums(&of(&second, "c").totals), "1450/0/0/1450");
    assert_eq!(total(&second), "3450");

    world.used("api", "2024-01-01T03:00:00", 30);
    world.used("calls", "2024-01-01T03:00:00", 15);
    world.used("disk", "2024-01-01T03:00:00", 25);
    world.jump("2024-01-02");
    let last = world.invoice().await;
    assert_eq!(last.lines.len(), 4);
    assert_eq!(sums(&of(&last, "a").totals), "3000/0/3000/0");
    assert_eq!(sums(&of(&last, "c").totals), "1250/0/0/1250");
    assert_eq!(sums(&of(&last, "d").totals), "2000/1000/0/3000");
    assert_eq!(sums(&last.totals), "6350/1000/3000/4350");
    assert_eq!(
        of(&last, "a").split_group_id,
        of(&second, "a").split_group_id
    );
    // Nothing is left: the gathering invoice is gone.
    assert!(
        world
            .list()
            .await
            .iter()
            .all(|invoice| status(invoice) != "gathering")
    );
    assert_eq!(world.differences().await, [""; 0]);
}

#[tokio::test]
async fn the_same_day_at_once() {
    let world = day_world().await;
    world
        .update_profile(|profile| {
            profile
                .workflow
                .as_mut()
                .unwrap()
                .invoicing
                .as_mut()
                .unwrap()
                .progressive_billing = Some(false);
        })
        .await;
    world.used("api", "2024-01-01T03:00:00", 30);
    world.used("calls", "2024-01-01T03:00:00", 30);
    world.used("disk", "2024-01-01T03:00:00", 25);
    world.jump("2024-01-01T01:00:00");
    assert!(world.try_invoice().await.is_err());
    world.jump("2024-01-02");
    let whole = world.invoice().await;
    assert_eq!(sums(&whole.totals), "7800/1000/1000/7800");
    assert_eq!(sums(&of(&whole, "c").totals), "2700/0/0/2700");
}

#[tokio::test]
async fn late_usage_is_waited_for() {
    let world = World::new("2024-01-01").await;
    let volume = tiered(Mode::Volume, &[("1000", "1"), ("", "1")]);
    let lines = vec![
        line(
            "unit",
            "2024-01-01",
            "2024-01-01T12:00:00",
            "2024-01-01T12:00:00",
            unit("1"),
        ),
        line("volume", "2024-01-01", "2024-01-02", "2024-01-02", volume),
    ];
    world.pending("USD", lines).await;
    world.used("api", "2024-01-01T00:30:00", 1);
    assert_eq!(
        world.gathering().await.collection_time,
        wire("2024-01-01T12:00:00")
    );
    world.jump("2024-01-02T00:30:00");
    let made = world.invoice().await;
    assert_eq!(made.collection_time, wire("2024-01-02T01:00:00"));
    assert_eq!(status(&made), "draft.waiting_for_collection");
    assert_eq!(total(&made), "2");
    assert_eq!(
        (actions(&made).advance, made.quantity_snapshot_time),
        (String::new(), None)
    );
    let early = pb::AdvanceInvoiceRequest {
        invoice_id: made.id.clone(),
        ..Default::default()
    };
    let (reason, codes) = refusal(
        world
            .billing
            .advance_invoice(world.call(early.clone()))
            .await,
    );
    assert_eq!(
        (reason.as_str(), codes[0].as_str()),
        ("INVOICE_CANNOT_ADVANCE", "invoice_cannot_advance")
    );

    world.used("api", "2024-01-01T00:35:00", 2);
    world.jump("2024-01-02T01:00:00");
    assert_eq!(
        actions(&world.get(&made.id).await).advance,
        "payment_processing.pending"
    );
    let advanced = world
        .billing
        .advance_invoice(world.call(early))
        .await
        .unwrap()
        .into_inner()
        .invoice
        .unwrap();
    assert_eq!(total(&advanced), "6");
    assert_eq!(advanced.quantity_snapshot_time, wire("2024-01-02T01:00:00"));
    assert_eq!(status(&advanced), "paid");
}

#[tokio::test]
async fn a_flat_fee_is_paid_at_once() {
    let world = World::new("2024-01-01").await;
    world
        .pending(
            "USD",
            vec![line(
                "fee",
                "2024-01-01",
                "2024-02-01",
                "2024-01-01",
                flat("100", false),
            )],
        )
        .await;
    assert!(world.neighbors.lock().unwrap().held);
    let paid = world.invoice().await;
    assert_eq!(status(&paid), "paid");
    assert_eq!(paid.number, "OM-SANDBOX-TECU-1");
    let now = wire("2024-01-01");
    assert_eq!(
        (paid.collection_time, paid.draft_until_time, paid.issue_time),
        (now, now, now)
    );
    assert_eq!(
        (
            paid.sent_to_customer_time,
            paid.quantity_snapshot_time,
            paid.payment_time
        ),
        (now, now, now)
    );
    assert_eq!(paid.due_time, wire("2024-01-31"));
    assert_eq!(actions(&paid), pb::AvailableActions::default());
    assert!(!world.neighbors.lock().unwrap().held);
    assert_eq!(world.neighbors.lock().unwrap().questions, 0);
}

#[tokio::test]
async fn manual_approval_and_a_failing_payment() {
    let world = World::new("2024-01-01").await;
    world
        .update_profile(|profile| {
            profile
                .workflow
                .as_mut()
                .unwrap()
                .invoicing
                .as_mut()
                .unwrap()
                .auto_advance = Some(false);
        })
        .await;
    world
        .pending(
            "USD",
            vec![line(
                "fee",
                "2024-01-01",
                "2024-02-01",
                "2024-01-01",
                flat("100", false),
            )],
        )
        .await;
    let draft = world.invoice().await;
    assert_eq!(status(&draft), "draft.manual_approval_needed");
    let can = actions(&draft);
    assert_eq!(
        (can.approve.as_str(), can.delete.as_str()),
        ("payment_processing.pending", "deleted")
    );
    assert_eq!((draft.draft_until_time, draft.due_time), (None, None));

    let mark = pb::UpdateInvoiceRequest {
        invoice_id: draft.id.clone(),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["metadata".to_owned()],
        }),
        metadata: [(
            "openmeter.io/sandbox/target-payment-status".to_owned(),
            "failed".to_owned(),
        )]
        .into(),
        ..Default::default()
    };
    let updated = world
        .billing
        .update_invoice(world.call(mark))
        .await
        .unwrap()
        .into_inner()
        .invoice
        .unwrap();
    assert_eq!(status(&updated), "draft.manual_approval_needed");
    let approve = pb::ApproveInvoiceRequest {
        invoice_id: draft.id.clone(),
        ..Default::default()
    };
    let failed = world
        .billing
        .approve_invoice(world.call(approve.clone()))
        .await
        .unwrap()
        .into_inner()
        .invoice
        .unwrap();
    assert_eq!(status(&failed), "payment_processing.failed");
    assert!(failed.status_details.as_ref().unwrap().failed);
    assert_eq!(failed.due_time, wire("2024-01-31"));
    assert_eq!(failed.validation_issues.len(), 1);
    assert_eq!(
        failed.validation_issues[0].code,
        "simulated_payment_failure"
    );
    assert_eq!(
        failed.validation_issues[0].component,
        "app.sandbox.invoiceCustomers.initiate_payment"
    );
    assert_eq!(actions(&failed).retry, "payment_processing.pending");
    let (reason, _) = refusal(world.billing.approve_invoice(world.call(approve)).await);
    assert_eq!(reason, "INVOICE_ACTION_NOT_AVAILABLE");
    let retry = pb::RetryInvoiceRequest {
        invoice_id: draft.id.clone(),
        ..Default::default()
    };
    let again = world
        .billing
        .retry_invoice(world.call(retry))
        .await
        .unwrap()
        .into_inner()
        .invoice
        .unwrap();
    assert_eq!(status(&again), "payment_processing.failed");
    assert_eq!(
        again.validation_issues[0].severity(),
        pb::invoice_issue::Severity::Critical
    );

    let again_pending = pb::VoidLineAction {
        action: Some(pb::void_line_action::Action::Pending(
            pb::VoidLinePending::default(),
        )),
    };
    let void = pb::VoidInvoiceRequest {
        invoice_id: draft.id.clone(),
        reason: "wrong".to_owned(),
        action: Some(again_pending),
        ..Default::default()
    };
    let voided = world
        .billing
        .void_invoice(world.call(void))
        .await
        .unwrap()
        .into_inner()
        .invoice
        .unwrap();
    assert_eq!(
        (status(&voided), voided.void_time),
        ("voided", wire("2024-01-01"))
    );
    assert_eq!(world.gathering().await.lines.len(), 1);
}

#[tokio::test]
async fn a_missing_feature_makes_the_invoice_invalid_until_it_is_there() {
    let world = World::new("2024-01-01").await;
    let lines = vec![pb::LineInput {
        feature_key: "later".to_owned(),
        ..line("use", "2024-01-01", "2024-01-02", "2024-01-02", unit("2"))
    }];
    world.pending("USD", lines).await;
    world.jump("2024-01-02T02:00:00");
    let invalid = world.invoice().await;
    assert_eq!(status(&invalid), "draft.invalid");
    assert_eq!(
        invalid.validation_issues[0].code,
        "invoice_line_snapshot_failed"
    );
    assert_eq!(invalid.validation_issues[0].component, "openmeter.metering");
    let retry = pb::RetryInvoiceRequest {
        invoice_id: invalid.id.clone(),
        ..Default::default()
    };
    let still = world
        .billing
        .retry_invoice(world.call(retry.clone()))
        .await
        .unwrap()
        .into_inner()
        .invoice
        .unwrap();
    assert_eq!(status(&still), "draft.invalid");
    world.meter("later", Aggregation::Sum);
    world.used("later", "2024-01-01T03:00:00", 4);
    let fine = world
        .billing
        .retry_invoice(world.call(retry))
        .await
        .unwrap()
        .into_inner()
        .invoice
        .unwrap();
    assert_eq!((status(&fine), total(&fine)), ("paid", "8"));
}

#[tokio::test]
async fn timers_collect_and_advance() {
    let world = World::new("2024-01-01").await;
    world
        .pending(
            "USD",
            vec![line(
                "use",
                "2024-01-01",
                "2024-01-02",
                "2024-01-02",
                unit("3"),
            )],
        )
        .await;
    world.used("api", "2024-01-01T03:00:00", 5);
    world.advance("2024-01-01T12:00:00").await;
    assert!(world.standard().await.is_empty());
    world.advance("2024-01-02").await;
    let waiting = world.standard().await;
    assert_eq!(status(&waiting[0]), "draft.waiting_for_collection");
    assert_eq!(waiting[0].lines[0].split_group_id, "");
    world.advance("2024-01-02T01:00:00").await;
    let paid = world.standard().await;
    assert_eq!((status(&paid[0]), total(&paid[0])), ("paid", "15"));
}

#[tokio::test]
async fn each_currency_has_its_gathering_invoice() {
    let world = World::new("2024-01-01").await;
    let fee = || {
        vec![line(
            "fee",
            "2024-01-01",
            "2024-02-01",
            "2024-01-01",
            flat("100", false),
        )]
    };
    let usd = world.pending("USD", fee()).await;
    let huf = world.pending("HUF", fee()).await;
    assert_eq!(usd.invoice.unwrap().number, "GATHER-TECU-USD-1");
    assert_eq!(huf.invoice.unwrap().number, "GATHER-TECU-HUF-2");
    assert!(!world.pending("USD", fee()).await.invoice_is_new);
    let made = world.try_invoice().await.unwrap();
    let mut totals: Vec<(String, String)> = made
        .iter()
        .map(|invoice| (invoice.currency_code.clone(), total(invoice).to_owned()))
        .collect();
    totals.sort();
    assert_eq!(
        totals,
        [
            ("HUF".to_owned(), "100".to_owned()),
            ("USD".to_owned(), "200".to_owned())
        ]
    );
    // Revived with the same number.
    let revived = world.pending("USD", fee()).await;
    assert!(!revived.invoice_is_new);
    assert_eq!(revived.invoice.unwrap().number, "GATHER-TECU-USD-1");
    assert_eq!(world.gathering().await.lines.len(), 1);
}

#[tokio::test]
async fn gathering_invoices_show_the_usage_of_the_moment() {
    let world = World::new("2024-01-01").await;
    let mut capped = unit("100");
    capped.maximum_amount = number("2000");
    world
        .pending(
            "USD",
            vec![line("a", "2024-01-01", "2024-01-02", "2024-01-02", capped)],
        )
        .await;
    let id = world.gathering().await.id;
    for (used, expected) in [
        (0, "0/0/0/0"),
        (10, "1000/0/0/1000"),
        (30, "4000/0/2000/2000"),
    ] {
        if used > 0 {
            world.used("api", "2024-01-01T01:00:00", used);
        }
        assert_eq!(sums(&world.get(&id).await.totals), expected);
    }
    assert!(!actions(&world.get(&id).await).invoice);
    world.jump("2024-01-01T02:00:00");
    assert!(actions(&world.get(&id).await).invoice);
}

#[tokio::test]
async fn only_wanted_lines_are_invoiced_or_none() {
    let world = World::new("2024-01-01").await;
    let lines = vec![
        line(
            "now",
            "2024-01-01",
            "2024-02-01",
            "2024-01-01",
            flat("1", false),
        ),
        line(
            "too",
            "2024-01-01",
            "2024-02-01",
            "2024-01-01",
            flat("2", false),
        ),
        line(
            "later",
            "2024-02-01",
            "2024-03-01",
            "2024-02-01",
            flat("4", false),
        ),
    ];
    let made = world.pending("USD", lines).await;
    let ask = |indexes: &[usize]| pb::InvoicePendingLinesRequest {
        customer_id: CUSTOMER.to_owned(),
        filter: Some(pb::LineFilter {
            line_ids: indexes
                .iter()
                .map(|index| made.lines[*index].id.clone())
                .collect(),
        }),
        ..Default::default()
    };
    let (reason, codes) = refusal(
        world
            .billing
            .invoice_pending_lines(world.call(ask(&[0, 2])))
            .await,
    );
    assert_eq!(
        (reason.as_str(), codes[0].as_str()),
        ("INVOICE_LINES_NOT_BILLABLE", "invoice_lines_not_billable")
    );
    assert!(
        world
            .billing
            .invoice_pending_lines(world.call(ask(&[])))
            .await
            .is_err()
    );
    let answer = world
        .billing
        .invoice_pending_lines(world.call(ask(&[1])))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(total(&answer.invoices[0]), "2");
    assert_eq!(answer.invoices[0].lines[0].id, made.lines[1].id);
    assert_eq!(world.gathering().await.lines.len(), 2);
    let future = pb::InvoicePendingLinesRequest {
        customer_id: CUSTOMER.to_owned(),
        as_of_time: wire("2024-01-02"),
        ..Default::default()
    };
    assert_eq!(
        refusal(
            world
                .billing
                .invoice_pending_lines(world.call(future))
                .await
        )
        .0,
        "INVALID_FIELD"
    );
}

#[tokio::test]
async fn a_repeated_request_answers_the_same_and_invoices_once() {
    let world = World::new("2024-01-01").await;
    for (number, named) in [(1, false), (2, true)] {
        let fee = flat("100", false);
        let fee = line("fee", "2024-01-01", "2024-02-01", "2024-01-01", fee);
        let pending = world.pending("USD", vec![fee]).await;
        // What was invoiced is no pending line any more: naming it would be refused now.
        let filter = named.then(|| pb::LineFilter {
            line_ids: vec![pending.lines[0].id.clone()],
        });
        let request = pb::InvoicePendingLinesRequest {
            customer_id: CUSTOMER.to_owned(),
            filter,
            request_id: format!("once-{number}"),
            ..Default::default()
        };
        let mut answers = Vec::new();
        for _ in 0..2 {
            let call = world.call(request.clone());
            let answer = world.billing.invoice_pending_lines(call).await;
            answers.push(answer.unwrap().into_inner());
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(world.standard().await.len(), number);
    }
}

#[tokio::test]
async fn lines_of_a_deleted_customer_end_with_it() {
    let world = World::new("2024-01-10").await;
    world.neighbors.lock().unwrap().deleted = Some(at("2024-01-05"));
    let ask = |end: &str| pb::CreatePendingLinesRequest {
        customer_id: CUSTOMER.to_owned(),
        currency_code: "USD".to_owned(),
        lines: vec![line(
            "fee",
            "2024-01-01",
            end,
            "2024-01-01",
            flat("1", false),
        )],
        ..Default::default()
    };
    let (reason, _) = refusal(
        world
            .billing
            .create_pending_lines(world.call(ask("2024-01-06")))
            .await,
    );
    assert_eq!(reason, "CUSTOMER_DELETED");
    assert!(
        world
            .billing
            .create_pending_lines(world.call(ask("2024-01-05")))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn concurrent_calls_invoice_each_line_once() {
    let world = World::new("2024-01-01").await;
    let fee = line(
        "fee",
        "2024-01-01",
        "2024-02-01",
        "2024-01-01",
        flat("100", false),
    );
    world.pending("USD", vec![fee]).await;
    let answers = futures::future::join_all((0..8).map(|_| world.try_invoice())).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for answer in answers {
        if let Err(status) = answer {
            assert_eq!(
                chassis::error::details(&status).reason,
                "INVOICE_CREATE_NO_LINES"
            );
        }
    }
    assert_eq!(world.standard().await.len(), 1);
}

#[tokio::test]
async fn a_first_line_needs_a_customer_who_can_be_held() {
    let world = World::new("2024-01-01").await;
    let fee = line(
        "fee",
        "2024-02-01",
        "2024-03-01",
        "2024-02-01",
        flat("1", false),
    );
    world.neighbors.lock().unwrap().refuses_holds = true;
    let refused = world.try_pending(vec![fee.clone()]).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unavailable);
    assert_eq!(world.neighbors.lock().unwrap().told, []);
    world.neighbors.lock().unwrap().refuses_holds = false;
    world.pending("USD", vec![fee.clone()]).await;
    assert!(world.neighbors.lock().unwrap().held);
    // The next line finds the customer held: nothing is asked that could be refused.
    world.neighbors.lock().unwrap().refuses_holds = true;
    world.try_pending(vec![fee]).await.unwrap();
}

#[tokio::test]
async fn a_customer_is_let_go_when_nothing_comes_of_the_first_line() {
    let world = World::new("2024-01-01").await;
    let (ctx, customer) = (world.context(), world.buyer().await.id);
    // Whoever asked for this is gone before the line was written.
    world.billing.hold_ahead(&ctx, customer).await.unwrap();
    assert!(world.neighbors.lock().unwrap().held);
    world.advance("2024-01-02").await;
    assert!(!world.neighbors.lock().unwrap().held);
}

#[tokio::test]
async fn pages_of_invoices_are_kept_apart_by_place_and_not_by_count() {
    use pb::list_invoices_request::Order;
    let world = World::new("2024-01-01").await;
    for amount in ["1", "2", "3", "4", "5"] {
        let fee = line(
            "fee",
            "2024-01-01",
            "2024-02-01",
            "2024-01-01",
            flat(amount, false),
        );
        world.pending("USD", vec![fee]).await;
        world.invoice().await;
    }
    // One without an issue time.
    let later = line(
        "later",
        "2024-01-01",
        "2024-02-01",
        "2024-03-01",
        flat("6", false),
    );
    world.pending("USD", vec![later]).await;
    for order in [
        Order::CreateTime,
        Order::CustomerName,
        Order::IssueTime,
        Order::Status,
        Order::UpdateTime,
        Order::PeriodStartTime,
    ] {
        for descending in [false, true] {
            let list = async |size: i32, token: String, page: i32| {
                let request = pb::ListInvoicesRequest {
                    page_size: size,
                    page_token: token,
                    page,
                    order: order.into(),
                    descending,
                    ..Default::default()
                };
                world
                    .billing
                    .list_invoices(world.call(request))
                    .await
                    .unwrap()
                    .into_inner()
            };
            let whole: Vec<String> = list(10, String::new(), 1)
                .await
                .invoices
                .into_iter()
                .map(|invoice| invoice.id)
                .collect();
            assert_eq!(whole.len(), 6, "{order:?}");
            let (mut parts, mut token) = (Vec::new(), String::new());
            loop {
                let page = list(2, token, 0).await;
                parts.extend(page.invoices.into_iter().map(|invoice| invoice.id));
                token = page.next_page_token;
                if token.is_empty() {
                    break;
                }
            }
            assert_eq!(parts, whole, "{order:?} {descending}");
        }
    }
}
