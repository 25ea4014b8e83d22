//! Invoices explain themselves, and a new calculation finds what is not right.
#![expect(clippy::unwrap_used, reason = "tests")]

use contract::{
    billing::v1::{
        self as pb, invoice_service_server::InvoiceService as _,
        subscription_sync_service_server::SubscriptionSyncService as _,
    },
    catalog::v1::{self as catalog, tiered_price::Mode},
    subscription::v1 as sub,
};
use sea_orm::ConnectionTrait as _;

use super::{refusal, subscriptions, world::*};

const NONE: [&str; 0] = [];

/// A graduated line of a day with a usage discount and a maximum, billed in two parts.
async fn in_two_parts() -> (World, pb::Invoice, pb::Invoice) {
    let world = World::new("2024-01-01").await;
    let mut price = tiered(Mode::Graduated, &[("10", "100"), ("20", "90"), ("", "80")]);
    price.maximum_amount = number("2000");
    let mut line = line("calls", "2024-01-01", "2024-01-02", "2024-01-02", price);
    line.discounts = Some(catalog::Discounts {
        usage: Some(catalog::UsageDiscount {
            quantity: number("5"),
            ..Default::default()
        }),
        ..Default::default()
    });
    world.pending("USD", vec![line]).await;
    world.used("api", "2024-01-01T00:30:00", 17);
    world.jump("2024-01-01T01:00:00");
    let first = world.invoice().await;
    world.used("api", "2024-01-01T03:00:00", 15);
    world.advance("2024-01-02").await;
    let second = world
        .standard()
        .await
        .into_iter()
        .find(|invoice| invoice.id != first.id)
        .unwrap();
    world.advance("2024-01-03").await;
    (world, first, second)
}

#[tokio::test]
async fn a_part_of_a_usage_period_explains_itself() {
    let (world, first, second) = in_two_parts().await;
    let told = world.explain(&first.id).await;
    assert_eq!(told.number, world.get(&first.id).await.number);
    assert_eq!(told.differences, []);
    let line = &told.lines[0];
    let usage = line.usage.as_ref().unwrap();
    assert_eq!(
        [
            shown(&usage.metered_quantity),
            shown(&usage.discounted_quantity),
            shown(&usage.billed_quantity),
            shown(&usage.current_quantity),
            shown(&usage.prior_quantity),
        ],
        ["17", "5", "12", "17", "0"]
    );
    assert_eq!(usage.subject_keys, [CUSTOMER, "acme", "acme-1"]);
    assert_eq!(usage.meter_id, "api");
    assert_eq!(usage.feature_id, "feature-api");
    assert!(usage.prior_period.is_none());
    assert_eq!(usage.days.len(), 1);
    assert_eq!(shown(&usage.days[0].quantity), "17");
    assert_eq!(usage.days[0].start_time, wire("2024-01-01"));
    let statements: Vec<&str> = line
        .amounts
        .iter()
        .map(|amount| amount.statement.as_str())
        .collect();
    assert_eq!(
        statements,
        [
            "10 × 100 = 1000; total 1000 USD",
            "2 × 90 = 180; total 180 USD"
        ]
    );
    assert_eq!(
        (
            line.amounts[1].tier,
            shown(&line.amounts[1].tier_above_quantity),
            shown(&line.amounts[1].tier_up_to_quantity)
        ),
        (2, "10", "20")
    );

    let told = world.explain(&second.id).await;
    assert_eq!(told.differences, []);
    let line = &told.lines[0];
    let usage = line.usage.as_ref().unwrap();
    assert_eq!(
        [
            shown(&usage.metered_quantity),
            shown(&usage.prior_quantity),
            shown(&usage.discounted_quantity),
            shown(&usage.billed_quantity),
        ],
        ["15", "17", "", "15"]
    );
    assert_eq!(
        usage.prior_period.unwrap().end_time,
        wire("2024-01-01T01:00:00")
    );
    assert_eq!(line.earlier_parts.len(), 1);
    assert_eq!(line.earlier_parts[0].invoice_id, first.id);
    assert_eq!(shown(&line.earlier_parts[0].amount), "1180");
    assert_eq!(shown(&line.earlier_parts[0].discounted_quantity), "5");
    assert_eq!(shown(&line.billed_before), "1180");
    let statements: Vec<&str> = line
        .amounts
        .iter()
        .map(|amount| amount.statement.as_str())
        .collect();
    assert_eq!(
        statements,
        [
            "8 × 90 = 720; total 720 USD",
            "7 × 80 = 560; less what exceeds the maximum of 2000 = 460; total 100 USD"
        ]
    );
    assert_eq!(world.differences().await, NONE);
}

#[tokio::test]
async fn commitments_discounts_and_taxes_are_put_in_words() {
    let world = World::new("2024-01-01").await;
    let of = |name: &str, price| line(name, "2024-01-01", "2024-01-02", "2024-01-02", price);
    let mut least = unit("10");
    least.minimum_amount = number("100");
    let mut half = of("a", least);
    half.discounts = Some(catalog::Discounts {
        percentage: Some(catalog::PercentageDiscount {
            percentage: number("50"),
            ..Default::default()
        }),
        ..Default::default()
    });
    let package = catalog::Price {
        model: Some(catalog::price::Model::Package(catalog::PackagePrice {
            amount: number("15"),
            quantity_per_package: number("10"),
        })),
        ..Default::default()
    };
    let dynamic = catalog::Price {
        model: Some(catalog::price::Model::Dynamic(catalog::DynamicPrice {
            multiplier: number("1.33333"),
        })),
        ..Default::default()
    };
    let volume = tiered(Mode::Volume, &[("3", "7"), ("", "6")]);
    world
        .pending(
            "USD",
            vec![
                half,
                of("b", package),
                of("c", dynamic),
                of("d", volume),
                of("e", flat("9.999", true)),
            ],
        )
        .await;
    world.used("api", "2024-01-01T05:00:00", 5);
    let gathering = world.gathering().await;
    world.jump("2024-01-01T06:00:00");
    let now = world.explain(&gathering.id).await;
    assert_eq!(
        shown(&now.totals.as_ref().unwrap().total),
        shown(&world.gathering().await.totals.unwrap().total)
    );
    assert_eq!(now.lines[3].amounts[0].tier, 2);
    assert_eq!(shown(&now.lines[3].amounts[0].tier_above_quantity), "3");
    world.advance("2024-01-03").await;
    let invoice = world.standard().await.remove(0);
    assert_eq!(status(&invoice), "paid");
    let told = world.explain(&invoice.id).await;
    let statements: Vec<&str> = told
        .lines
        .iter()
        .flat_map(|line| &line.amounts)
        .map(|amount| amount.statement.as_str())
        .collect();
    assert_eq!(
        statements,
        [
            "5 × 10 = 50; less 50 % = 25; total 25 USD",
            "minimum 100 − 0 billed before − 25 = 75; total 75 USD",
            "1 packages of 10 × 15 = 15; total 15 USD",
            "5 × 1.33333 = 6.67; total 6.67 USD",
            "5 × 6 = 30; total 30 USD",
            "1 × 9.999 = 10; total 10 USD",
        ]
    );
    assert_eq!(world.differences().await, NONE);
}

/// Advances a subscription of a fee and of usage by two months.
async fn two_months() -> World {
    let world = World::new("2024-01-01").await;
    let mut state = subscriptions::plain(1, None);
    state.subscription.as_mut().unwrap().plan = Some(sub::PlanReference {
        id: "01ARZ3NDEKTSV4RRFFQ69G5FAP".to_owned(),
        key: "pro".to_owned(),
        version: 3,
    });
    subscriptions::apply(&world, state).await;
    world.used("api", "2024-01-10", 7);
    world.advance("2024-03-05").await;
    world
}

#[tokio::test]
async fn a_line_of_a_subscription_names_plan_and_rate_card() {
    let world = two_months().await;
    assert_eq!(world.differences().await, NONE);
    let invoice = world
        .standard()
        .await
        .into_iter()
        .find(|invoice| invoice.lines.iter().any(|line| line.name == "use"))
        .unwrap();
    let told = world.explain(&invoice.id).await;
    let line = told.lines.iter().find(|line| line.name == "use").unwrap();
    let origin = line.origin.as_ref().unwrap();
    assert_eq!(
        (
            origin.plan_key.as_str(),
            origin.plan_version,
            origin.phase_key.as_str(),
            origin.item_key.as_str(),
            origin.rate_card_name.as_str(),
            origin.subscription_revision,
        ),
        ("pro", 3, "default", "use", "use", 1)
    );
    assert_eq!(origin.rate_card_price, line.price);
    assert_eq!(origin.full_period.unwrap().start_time, wire("2024-01-01"));
    assert_eq!(origin.full_period.unwrap().end_time, wire("2024-02-01"));
    assert!(origin.reference.ends_with("/default/use/v[0]/period[0]"));
}

#[tokio::test]
async fn late_usage_is_a_difference_and_no_other() {
    let world = two_months().await;
    world.used("api", "2024-01-11", 3);
    assert_eq!(world.differences().await, ["metered_quantity 7 10"]);
}

#[tokio::test]
async fn what_was_changed_behind_our_back_is_found() {
    let world = two_months().await;
    let db = world.billing.db.reader();
    let invoice = world
        .standard()
        .await
        .into_iter()
        .find(|invoice| total(invoice) == "63")
        .unwrap();
    assert_eq!(invoice.lines.len(), 2);
    let used = invoice
        .lines
        .iter()
        .find(|line| line.name == "use")
        .unwrap();
    // The stored text of the line: the amount of its one child.
    for (table, id, from, to) in [
        (
            "invoice_line",
            &used.id,
            "\"per_unit\":\"2\"",
            "\"per_unit\":\"3\"",
        ),
        (
            "invoice",
            &invoice.id,
            "\"total\":\"63\"",
            "\"total\":\"62\"",
        ),
    ] {
        let statement =
            format!("UPDATE {table} SET body = replace(body, '{from}', '{to}') WHERE id = '{id}'");
        let changed = db.execute_unprepared(&statement).await.unwrap();
        assert_eq!(changed.rows_affected(), 1, "{statement}");
    }
    assert_eq!(
        world.differences().await,
        [
            "children[unit-price-usage].per_unit_amount 3 2",
            "totals.total 62 63"
        ]
    );
    // A line that is gone is missed by its subscription.
    let fee = invoice
        .lines
        .iter()
        .find(|line| line.name == "fee")
        .unwrap();
    let statement = format!("DELETE FROM invoice_line WHERE id = '{}'", fee.id);
    db.execute_unprepared(&statement).await.unwrap();
    let found = world.differences().await;
    assert!(
        found
            .iter()
            .any(|one| one.contains("/default/fee/v[0]/period[1]  fee 2024-02-01")),
        "{found:?}"
    );
}

#[tokio::test]
async fn what_is_issued_and_told_by_an_issue_is_no_difference() {
    let world = World::new("2024-01-01").await;
    subscriptions::apply(&world, subscriptions::plain(1, None)).await;
    world.advance("2024-01-15").await;
    // The fee of January is paid; the subscription ends in the middle of it.
    let request = pb::ApplySubscriptionRequest {
        state: Some(subscriptions::plain(2, Some("2024-01-20"))),
        ..Default::default()
    };
    world
        .billing
        .apply_subscription(world.call(request))
        .await
        .unwrap();
    world.advance("2024-03-01").await;
    let warned = world
        .standard()
        .await
        .into_iter()
        .any(|invoice| !invoice.validation_issues.is_empty());
    assert!(warned);
    assert_eq!(world.differences().await, NONE);
}

#[tokio::test]
async fn questions_about_invoices_that_are_not_there_are_refused() {
    let world = two_months().await;
    let explain = pb::ExplainInvoiceRequest {
        invoice_id: SOMEBODY.to_owned(),
    };
    let answer = world.billing.explain_invoice(world.call(explain)).await;
    assert_eq!(refusal(answer).0, "INVOICE_NOT_FOUND");
    let named = |ids: Vec<String>| pb::ReconcileInvoicesRequest {
        invoice_ids: ids,
        ..Default::default()
    };
    let id = world.standard().await[0].id.clone();
    for (ids, reason) in [
        (vec![id.clone(), SOMEBODY.to_owned()], "INVOICE_NOT_FOUND"),
        (vec!["x".to_owned()], "INVOICE_NOT_FOUND"),
        (vec![id.clone(); 251], "INVALID_FIELD"),
    ] {
        let answer = world
            .billing
            .reconcile_invoices(world.call(named(ids)))
            .await;
        assert_eq!(refusal(answer).0, reason);
    }
    let answer = world
        .billing
        .reconcile_invoices(world.call(named(vec![id.clone(), id])))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (answer.invoices.len(), answer.next_page_token.len()),
        (1, 0)
    );
    let foreign = pb::ReconcileInvoicesRequest {
        page_token: "x".to_owned(),
        ..Default::default()
    };
    let answer = world.billing.reconcile_invoices(world.call(foreign)).await;
    assert!(answer.is_err());
}

const SOMEBODY: &str = "01ARZ3NDEKTSV4RRFFQ69G5FZZ";
