//! Editing invoices and what it does to lines, totals and states.
#![expect(clippy::unwrap_used, reason = "tests")]

use contract::{
    billing::v1::{self as pb, invoice_service_server::InvoiceService as _},
    catalog::v1::tiered_price::Mode,
};

use super::{refusal, world::*};

/// The inputs that leave an invoice as it is.
pub fn echo(invoice: &pb::Invoice) -> Vec<pb::LineInput> {
    invoice
        .lines
        .iter()
        .map(|line| pb::LineInput {
            id: line.id.clone(),
            name: line.name.clone(),
            description: line.description.clone(),
            metadata: line.metadata.clone(),
            period: line.period,
            invoice_time: line.invoice_time,
            price: line.price.clone(),
            feature_key: line.feature_key.clone(),
            tax_config: line.tax_config.clone(),
            discounts: line.discounts.clone(),
        })
        .collect()
}

pub async fn put(
    world: &World,
    invoice: &pb::Invoice,
    lines: Vec<pb::LineInput>,
) -> Result<pb::Invoice, tonic::Status> {
    let request = pb::UpdateInvoiceRequest {
        invoice_id: invoice.id.clone(),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["lines".to_owned()],
        }),
        lines,
        ..Default::default()
    };
    Ok(world
        .billing
        .update_invoice(world.call(request))
        .await?
        .into_inner()
        .invoice
        .unwrap())
}

/// A draft that waits for manual approval, with ten units at 100.
async fn draft() -> (World, pb::Invoice) {
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
    world.used("api", "2024-01-01T01:00:00", 10);
    world
        .pending(
            "USD",
            vec![line(
                "use",
                "2024-01-01",
                "2024-01-02",
                "2024-01-02",
                unit("100"),
            )],
        )
        .await;
    world.advance("2024-01-02").await;
    world.advance("2024-01-02T01:00:00").await;
    let made = world.standard().await.remove(0);
    assert_eq!(
        (status(&made), total(&made)),
        ("draft.manual_approval_needed", "1000")
    );
    (world, made)
}

#[tokio::test]
async fn prices_change_totals_at_once() {
    let (world, made) = draft().await;
    let mut lines = echo(&made);
    let same = put(&world, &made, lines.clone()).await.unwrap();
    assert_eq!(total(&same), "1000");
    assert_eq!(same.lines[0].children[0].id, made.lines[0].children[0].id);
    lines[0].price = Some(unit("250"));
    let dearer = put(&world, &made, lines).await.unwrap();
    assert_eq!(total(&dearer), "2500");
    let none = put(&world, &made, vec![]).await.unwrap();
    assert_eq!(
        (total(&none), status(&none)),
        ("0", "draft.manual_approval_needed")
    );
    let all = pb::GetInvoiceRequest {
        invoice_id: made.id.clone(),
        include_deleted_lines: true,
    };
    let all = world
        .billing
        .get_invoice(world.call(all))
        .await
        .unwrap()
        .into_inner()
        .invoice
        .unwrap();
    assert_eq!(all.lines.len(), 1);
    assert!(all.lines[0].delete_time.is_some());
}

#[tokio::test]
async fn a_later_usage_line_makes_the_draft_wait_again() {
    let (world, made) = draft().await;
    let mut lines = echo(&made);
    lines.push(line(
        "more",
        "2024-01-02",
        "2024-01-03",
        "2024-01-03",
        unit("1"),
    ));
    let waiting = put(&world, &made, lines).await.unwrap();
    assert_eq!(status(&waiting), "draft.waiting_for_collection");
    assert_eq!(waiting.collection_time, wire("2024-01-03T01:00:00"));
    let snapshot = pb::SnapshotQuantitiesRequest {
        invoice_id: made.id.clone(),
        ..Default::default()
    };
    let taken = world
        .billing
        .snapshot_quantities(world.call(snapshot))
        .await
        .unwrap()
        .into_inner()
        .invoice
        .unwrap();
    assert_eq!(status(&taken), "draft.manual_approval_needed");
    assert_eq!(taken.quantity_snapshot_time, wire("2024-01-02T01:00:00"));
}

#[tokio::test]
async fn bad_lines_and_stale_etags_are_refused() {
    let (world, made) = draft().await;
    let mut empty = echo(&made);
    empty[0].period.as_mut().unwrap().start_time = wire("2024-01-02");
    assert_eq!(
        refusal(put(&world, &made, empty).await).0,
        "INVOICE_CREATE_UBP_LINE_PERIOD_IS_EMPTY"
    );
    let mut early = echo(&made);
    early[0].invoice_time = wire("2024-01-01");
    assert_eq!(refusal(put(&world, &made, early).await).0, "INVALID_FIELD");
    let stale = pb::UpdateInvoiceRequest {
        invoice_id: made.id.clone(),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["description".to_owned()],
        }),
        etag: "\"1\"".to_owned(),
        ..Default::default()
    };
    assert_eq!(
        refusal(world.billing.update_invoice(world.call(stale)).await).0,
        "STALE_ETAG"
    );
    let approve = pb::ApproveInvoiceRequest {
        invoice_id: made.id.clone(),
        ..Default::default()
    };
    let paid = world
        .billing
        .approve_invoice(world.call(approve))
        .await
        .unwrap()
        .into_inner()
        .invoice
        .unwrap();
    assert_eq!(status(&paid), "paid");
    let (reason, codes) = refusal(put(&world, &made, echo(&made)).await);
    assert_eq!(
        (reason.as_str(), codes[0].as_str()),
        (
            "INVOICE_ACTION_NOT_AVAILABLE",
            "invoice_action_not_available"
        )
    );
    let recalculate = pb::RecalculateTaxesRequest {
        invoice_id: made.id,
        ..Default::default()
    };
    assert_eq!(
        refusal(
            world
                .billing
                .recalculate_taxes(world.call(recalculate))
                .await
        )
        .0,
        "INVOICE_ACTION_NOT_AVAILABLE"
    );
}

#[tokio::test]
async fn split_lines_keep_period_and_kind_of_price() {
    let world = World::new("2024-01-01").await;
    world.used("api", "2024-01-01T00:30:00", 10);
    world
        .pending(
            "USD",
            vec![line(
                "use",
                "2024-01-01",
                "2024-01-02",
                "2024-01-02",
                unit("1"),
            )],
        )
        .await;
    world.jump("2024-01-01T01:00:00");
    let made = world.invoice().await;
    let mut shorter = echo(&made);
    shorter[0].period.as_mut().unwrap().end_time = wire("2024-01-01T00:45:00");
    assert_eq!(
        refusal(put(&world, &made, shorter).await).0,
        "INVOICE_LINE_NO_PERIOD_CHANGE_FOR_SPLIT_LINE"
    );
    let mut volume = echo(&made);
    volume[0].price = Some(tiered(Mode::Volume, &[("", "1")]));
    assert_eq!(
        refusal(put(&world, &made, volume).await).0,
        "INVOICE_PROGRESSIVE_BILLING_NOT_SUPPORTED"
    );
    let mut dearer = echo(&made);
    dearer[0].price = Some(unit("2"));
    assert_eq!(total(&put(&world, &made, dearer).await.unwrap()), "20");
}

#[tokio::test]
async fn gathering_invoices_take_lines_only() {
    let world = World::new("2024-01-01").await;
    world
        .pending(
            "USD",
            vec![line(
                "a",
                "2024-01-01",
                "2024-02-01",
                "2024-02-01",
                flat("1", false),
            )],
        )
        .await;
    let pending = world.gathering().await;
    let mut lines = echo(&pending);
    lines.push(line(
        "b",
        "2024-01-01",
        "2024-02-01",
        "2024-01-15",
        flat("2", false),
    ));
    let both = put(&world, &pending, lines).await.unwrap();
    assert_eq!(
        (total(&both), both.collection_time),
        ("3", wire("2024-01-15"))
    );
    let delete = pb::DeleteInvoiceRequest {
        invoice_id: pending.id.clone(),
        ..Default::default()
    };
    assert_eq!(
        refusal(world.billing.delete_invoice(world.call(delete)).await).0,
        "INVOICE_CANNOT_DELETE_GATHERING"
    );
    let advance = pb::AdvanceInvoiceRequest {
        invoice_id: pending.id.clone(),
        ..Default::default()
    };
    assert!(
        world
            .billing
            .advance_invoice(world.call(advance))
            .await
            .is_err()
    );
    let none = put(&world, &pending, vec![]).await.unwrap();
    assert!(none.delete_time.is_some());
    assert!(!world.neighbors.lock().unwrap().held);
}

#[tokio::test]
async fn simulations_store_nothing() {
    let world = World::new("2024-01-01").await;
    let graduated = tiered(
        Mode::Graduated,
        &[("1000", "0.01"), ("5000", "0.008"), ("", "0.005")],
    );
    let ask = |price, quantity: &str, before: &str| pb::SimulateInvoiceRequest {
        customer_id: CUSTOMER.to_owned(),
        currency_code: "USD".to_owned(),
        lines: vec![pb::SimulatedLine {
            line: Some(line("use", "2024-01-01", "2024-02-01", "2024-02-01", price)),
            quantity: number(quantity),
            pre_line_period_quantity: number(before),
        }],
        number: String::new(),
    };
    let request = ask(graduated, "7500", "0");
    let simulated = world
        .billing
        .simulate_invoice(world.call(request))
        .await
        .unwrap()
        .into_inner()
        .invoice
        .unwrap();
    assert_eq!(
        (total(&simulated), simulated.number.as_str()),
        ("54.5", "INV-SIMULATED")
    );
    assert_eq!(status(&simulated), "draft.created");
    assert!(world.list().await.is_empty());
    assert_eq!(world.neighbors.lock().unwrap().questions, 0);
    let volume = ask(tiered(Mode::Volume, &[("", "1")]), "1", "1");
    let (reason, codes) = refusal(world.billing.simulate_invoice(world.call(volume)).await);
    assert_eq!(reason, "INVOICE_LINE_GRADUATED_SPLIT_NOT_SUPPORTED");
    assert_eq!(codes, ["invoice_line_graduated_split_not_supported"]);
}
