//! Usage periods that are billed in parts: tiers, discounts and commitments count over all of them, whatever
//! became of the invoices in between.
#![expect(clippy::unwrap_used, reason = "tests")]

use contract::{
    billing::v1::{self as pb, invoice_service_server::InvoiceService as _},
    catalog::v1 as catalog,
    metering::v1::meter::Aggregation,
};

use super::{refusal, world::*};

/// A usage line of a day.
fn day(price: catalog::Price) -> pb::LineInput {
    line("use", "2024-01-01", "2024-01-02", "2024-01-02", price)
}

fn capped(amount: &str, maximum: &str) -> catalog::Price {
    catalog::Price {
        maximum_amount: number(maximum),
        ..unit(amount)
    }
}

/// A world with a line of a day, and invoices that wait for nothing.
async fn world(line: pb::LineInput) -> World {
    let world = World::new("2024-01-01").await;
    world
        .update_profile(|profile| {
            let collection = profile.workflow.as_mut().unwrap().collection.as_mut();
            collection.unwrap().interval_duration = "PT0S".to_owned();
        })
        .await;
    world.pending("USD", vec![line]).await;
    world
}

/// Quantity, metered quantity, and both before the line.
fn quantities(line: &pb::InvoiceLine) -> [&str; 4] {
    [
        shown(&line.quantity),
        shown(&line.metered_quantity),
        shown(&line.pre_line_period_quantity),
        shown(&line.metered_pre_line_period_quantity),
    ]
}

/// Makes the sandbox refuse the payment of an invoice, so that it can be voided.
async fn refuse_payment(world: &World, invoice: &pb::Invoice) {
    let request = pb::UpdateInvoiceRequest {
        invoice_id: invoice.id.clone(),
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
    world
        .billing
        .update_invoice(world.call(request))
        .await
        .unwrap();
}

async fn void(world: &World, invoice: &pb::Invoice, again: bool) -> pb::Invoice {
    use pb::void_line_action::Action;
    let action = if again {
        Action::Pending(pb::VoidLinePending::default())
    } else {
        Action::Discard(pb::VoidLineDiscard {})
    };
    let request = pb::VoidInvoiceRequest {
        invoice_id: invoice.id.clone(),
        reason: "wrong".to_owned(),
        action: Some(pb::VoidLineAction {
            action: Some(action),
        }),
        ..Default::default()
    };
    let answer = world.billing.void_invoice(world.call(request)).await;
    answer.unwrap().into_inner().invoice.unwrap()
}

/// The first part of a day with a maximum of 1000, whose invoice of 700 is issued and not paid.
async fn unpaid_part() -> (World, pb::Invoice) {
    let world = World::new("2024-01-01").await;
    world.pending("USD", vec![day(capped("100", "1000"))]).await;
    world.used("api", "2024-01-01T00:30:00", 7);
    world.jump("2024-01-01T01:00:00");
    let part = world.invoice().await;
    assert_eq!(total(&part), "700");
    refuse_payment(&world, &part).await;
    world.advance("2024-01-01T02:00:00").await;
    let part = world.get(&part.id).await;
    assert_eq!(status(&part), "payment_processing.failed");
    world.used("api", "2024-01-01T03:00:00", 5);
    (world, part)
}

#[tokio::test]
async fn a_part_on_an_issued_invoice_counts() {
    let (world, _) = unpaid_part().await;
    world.jump("2024-01-02");
    assert_eq!(sums(&world.invoice().await.totals), "500/0/200/300");
}

#[tokio::test]
async fn a_part_on_a_void_invoice_is_not_charged_and_does_not_count() {
    let (world, part) = unpaid_part().await;
    assert_eq!(status(&void(&world, &part, false).await), "voided");
    world.jump("2024-01-02");
    assert_eq!(sums(&world.invoice().await.totals), "500/0/0/500");
    assert_eq!(world.differences().await, [""; 0]);
}

#[tokio::test]
async fn a_part_that_is_charged_again_counts_once() {
    let (world, part) = unpaid_part().await;
    void(&world, &part, true).await;
    world.jump("2024-01-02");
    let both = world.invoice().await;
    assert_eq!(both.lines.len(), 2);
    let of: Vec<String> = both.lines.iter().map(|line| sums(&line.totals)).collect();
    assert_eq!(of, ["700/0/0/700", "500/0/200/300"]);
    assert_eq!(sums(&both.totals), "1200/0/200/1000");
    // The same once the quantities are final.
    world.advance("2024-01-02T01:00:00").await;
    let paid = world.get(&both.id).await;
    assert_eq!(
        (status(&paid), sums(&paid.totals).as_str()),
        ("paid", "1200/0/200/1000")
    );
    assert_eq!(world.differences().await, [""; 0]);
}

#[tokio::test]
async fn a_usage_discount_is_used_up_over_the_parts() {
    let world = world(pb::LineInput {
        discounts: Some(catalog::Discounts {
            usage: Some(catalog::UsageDiscount {
                quantity: number("110"),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..day(unit("1"))
    })
    .await;
    let given = world.gathering().await.lines[0].discounts.clone().unwrap();
    let mut correlations = vec![given.usage.unwrap().correlation_id];
    for (when, until, used, expected, taken) in [
        (
            "2024-01-01T00:30:00",
            "2024-01-01T01:00:00",
            50,
            ["0", "50", "0", "0"],
            Some(("50", "0")),
        ),
        (
            "2024-01-01T01:30:00",
            "2024-01-01T02:00:00",
            75,
            ["15", "75", "0", "50"],
            Some(("60", "50")),
        ),
        (
            "2024-01-01T20:00:00",
            "2024-01-02",
            30,
            ["30", "30", "15", "125"],
            None,
        ),
    ] {
        world.used("api", when, used);
        world.jump(until);
        let part = world.invoice().await;
        assert_eq!(quantities(&part.lines[0]), expected, "{until}");
        let found = part.lines[0].usage_discounts.first().map(|discount| {
            (
                shown(&discount.quantity),
                shown(&discount.pre_line_period_quantity),
            )
        });
        assert_eq!(found, taken, "{until}");
        let discounts = part.lines[0].discounts.clone().unwrap();
        correlations.push(discounts.usage.unwrap().correlation_id);
    }
    correlations.dedup();
    assert_eq!(correlations.len(), 1, "one discount: {correlations:?}");
}

#[tokio::test]
async fn parts_of_a_maximum_meter_are_what_it_grew() {
    let world = world(day(unit("1"))).await;
    world.meter("api", Aggregation::Max);
    for (when, used, until, expected) in [
        ("2024-01-01T00:30:00", 10, "2024-01-01T01:00:00", "10"),
        ("2024-01-01T01:30:00", 25, "2024-01-01T02:00:00", "15"),
        ("2024-01-01T02:30:00", 20, "2024-01-01T03:00:00", "0"),
    ] {
        world.used("api", when, used);
        world.jump(until);
        assert_eq!(total(&world.invoice().await), expected, "{until}");
    }
}

#[tokio::test]
async fn what_can_fall_is_billed_when_its_period_is_over() {
    for aggregation in [Aggregation::Avg, Aggregation::Min, Aggregation::Latest] {
        let late = pb::LineInput {
            invoice_time: wire("2024-01-05"),
            ..day(unit("1"))
        };
        let world = world(late).await;
        world.meter("api", aggregation);
        world.used("api", "2024-01-01T00:30:00", 4);
        world.jump("2024-01-01T12:00:00");
        assert_eq!(
            refusal(world.try_invoice().await).0,
            "INVOICE_CREATE_NO_LINES"
        );
        world.jump("2024-01-02");
        let whole = world.invoice().await;
        assert_eq!(total(&whole), "4", "{aggregation:?}");
        assert_eq!(whole.lines[0].split_group_id, "");
    }
}

#[tokio::test]
async fn a_caller_decides_whether_periods_are_cut() {
    let world = world(day(unit("1"))).await;
    world.used("api", "2024-01-01T00:30:00", 4);
    world.jump("2024-01-01T12:00:00");
    let ask = |progressive: Option<bool>| pb::InvoicePendingLinesRequest {
        customer_id: CUSTOMER.to_owned(),
        progressive_billing: progressive,
        ..Default::default()
    };
    let refused = world
        .billing
        .invoice_pending_lines(world.call(ask(Some(false))))
        .await;
    assert_eq!(refusal(refused).0, "INVOICE_CREATE_NO_LINES");
    world
        .update_profile(|profile| {
            let invoicing = profile.workflow.as_mut().unwrap().invoicing.as_mut();
            invoicing.unwrap().progressive_billing = Some(false);
        })
        .await;
    assert_eq!(
        refusal(world.try_invoice().await).0,
        "INVOICE_CREATE_NO_LINES"
    );
    let made = world
        .billing
        .invoice_pending_lines(world.call(ask(Some(true))))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(total(&made.invoices[0]), "4");
    assert_ne!(made.invoices[0].lines[0].split_group_id, "");
}
