//! When invoices are collected, issued and due, and what the sandbox makes of their payment.
#![expect(clippy::unwrap_used, reason = "tests")]

use contract::billing::v1::{self as pb, invoice_service_server::InvoiceService as _};

use super::world::*;

/// A workflow, and what it makes of an invoice of the 20th of January whose line fell due on the 10th.
struct Case {
    usage: bool,
    monthly: bool,
    interval: &'static str,
    auto: bool,
    draft: &'static str,
    state: &'static str,
    collection: &'static str,
    draft_until: Option<&'static str>,
    due: Option<&'static str>,
}

const PLAIN: Case = Case {
    usage: true,
    monthly: false,
    interval: "PT1H",
    auto: true,
    draft: "P0D",
    state: "paid",
    collection: "2024-01-10T01:00:00",
    draft_until: Some("2024-01-20"),
    due: Some("2024-02-19"),
};

async fn check(case: Case) {
    let world = World::new("2024-01-01").await;
    world
        .update_profile(|profile| {
            let workflow = profile.workflow.as_mut().unwrap();
            let collection = workflow.collection.as_mut().unwrap();
            collection.interval_duration = case.interval.to_owned();
            collection.anchored_alignment = case.monthly.then(|| pb::AnchoredAlignment {
                interval_duration: "P1M".to_owned(),
                anchor_time: wire("2023-06-01"),
            });
            let invoicing = workflow.invoicing.as_mut().unwrap();
            invoicing.auto_advance = Some(case.auto);
            invoicing.draft_period_duration = case.draft.to_owned();
        })
        .await;
    let price = if case.usage {
        unit("1")
    } else {
        flat("1", true)
    };
    let due = line("line", "2024-01-01", "2024-01-10", "2024-01-10", price);
    world.pending("USD", vec![due]).await;
    world.jump("2024-01-20");
    let made = world.invoice().await;
    assert_eq!(status(&made), case.state);
    assert_eq!(made.collection_time, wire(case.collection));
    assert_eq!(made.draft_until_time, case.draft_until.and_then(wire));
    assert_eq!(made.due_time, case.due.and_then(wire));
    let period = made.period.unwrap();
    assert_eq!(
        (period.start_time, period.end_time),
        (wire("2024-01-01"), wire("2024-01-10"))
    );
}

#[tokio::test]
async fn what_is_late_is_issued_at_once() {
    check(PLAIN).await;
    check(Case {
        interval: "PT0S",
        collection: "2024-01-10",
        ..PLAIN
    })
    .await;
}

#[tokio::test]
async fn a_draft_period_counts_from_the_birth_of_what_is_late() {
    check(Case {
        draft: "P3D",
        state: "draft.waiting_auto_approval",
        draft_until: Some("2024-01-23"),
        due: Some("2024-02-22"),
        ..PLAIN
    })
    .await;
}

#[tokio::test]
async fn an_anchor_collects_at_its_next_occurrence() {
    check(Case {
        monthly: true,
        state: "draft.waiting_for_collection",
        collection: "2024-02-01T01:00:00",
        draft_until: Some("2024-02-01T01:00:00"),
        due: Some("2024-03-02T01:00:00"),
        ..PLAIN
    })
    .await;
    // Fees wait for the anchor too, but not for late usage.
    check(Case {
        usage: false,
        monthly: true,
        state: "draft.waiting_for_collection",
        collection: "2024-02-01",
        draft_until: Some("2024-02-01"),
        due: Some("2024-03-02"),
        ..PLAIN
    })
    .await;
}

#[tokio::test]
async fn fees_are_collected_when_they_are_invoiced() {
    check(Case {
        usage: false,
        collection: "2024-01-20",
        ..PLAIN
    })
    .await;
}

#[tokio::test]
async fn without_automatic_approval_nothing_is_due_before_it_is_issued() {
    check(Case {
        auto: false,
        state: "draft.manual_approval_needed",
        draft_until: None,
        due: None,
        ..PLAIN
    })
    .await;
}

/// A draft of a fee that waits for approval, in a sandbox that shall do this with its payment.
async fn approved(target: &str) -> (World, pb::Invoice) {
    let world = World::new("2024-01-01").await;
    world
        .update_profile(|profile| {
            let invoicing = profile.workflow.as_mut().unwrap().invoicing.as_mut();
            invoicing.unwrap().auto_advance = Some(false);
        })
        .await;
    let fee = line(
        "fee",
        "2024-01-01",
        "2024-02-01",
        "2024-01-01",
        flat("100", false),
    );
    world.pending("USD", vec![fee]).await;
    let draft = world.invoice().await;
    let mark = pb::UpdateInvoiceRequest {
        invoice_id: draft.id.clone(),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["metadata".to_owned()],
        }),
        metadata: [(
            "openmeter.io/sandbox/target-payment-status".to_owned(),
            target.to_owned(),
        )]
        .into(),
        ..Default::default()
    };
    let updated = world.billing.update_invoice(world.call(mark)).await;
    updated.unwrap();
    world.jump("2024-01-05");
    let approve = pb::ApproveInvoiceRequest {
        invoice_id: draft.id,
        ..Default::default()
    };
    let answer = world.billing.approve_invoice(world.call(approve)).await;
    let invoice = answer.unwrap().into_inner().invoice.unwrap();
    (world, invoice)
}

#[tokio::test]
async fn the_sandbox_pays_as_it_is_told() {
    for (target, expected, issues, retry) in [
        ("paid", "paid", 0, ""),
        ("anything else", "paid", 0, ""),
        (
            "failed",
            "payment_processing.failed",
            1,
            "payment_processing.pending",
        ),
        ("uncollectible", "uncollectible", 0, ""),
        (
            "action_required",
            "payment_processing.action_required",
            0,
            "payment_processing.pending",
        ),
    ] {
        let (world, invoice) = approved(target).await;
        assert_eq!(status(&invoice), expected, "{target}");
        assert_eq!(invoice.validation_issues.len(), issues, "{target}");
        assert_eq!(actions(&invoice).retry, retry, "{target}");
        assert_eq!(invoice.issue_time, wire("2024-01-05"), "{target}");
        assert_eq!(invoice.due_time, wire("2024-02-04"), "{target}");
        // Paid and uncollectible are the end: nobody is held by them.
        let over = ["paid", "uncollectible"].contains(&expected);
        assert_eq!(world.neighbors.lock().unwrap().held, !over, "{target}");
    }
}
