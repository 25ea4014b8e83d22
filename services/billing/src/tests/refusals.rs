//! Documented refusals that no story of the other files runs into.
#![expect(clippy::unwrap_used, reason = "tests")]

use contract::{billing::v1 as pb, catalog::v1 as catalog};

use super::{editing, refusal, subscriptions, world::*};
use crate::{domain::app::Kind, error::BillingError};

fn both(reason: &str) -> (String, Vec<String>) {
    (reason.to_owned(), vec![reason.to_lowercase()])
}

#[tokio::test]
async fn the_period_of_a_line_of_a_subscription_is_fixed() {
    let world = World::new("2024-01-01").await;
    world
        .update_profile(|profile| {
            let invoicing = pb::InvoicingSettings {
                auto_advance: Some(false),
                ..Default::default()
            };
            profile.workflow.as_mut().unwrap().invoicing = Some(invoicing);
        })
        .await;
    let applied = subscriptions::apply(&world, subscriptions::plain(1, None)).await;
    let draft = world.get(&applied.invoice_ids[0]).await;
    assert_eq!(status(&draft), "draft.manual_approval_needed");
    let mut shorter = editing::echo(&draft);
    shorter[0].period.as_mut().unwrap().end_time = wire("2024-01-15");
    assert_eq!(
        refusal(editing::put(&world, &draft, shorter).await),
        both("INVOICE_LINE_NO_PERIOD_CHANGE_FOR_SUBSCRIPTION_MANAGED_LINE")
    );
    assert_eq!(world.get(&draft.id).await, draft);
}

#[tokio::test]
async fn the_usage_discount_of_a_split_line_is_fixed() {
    let world = World::new("2024-01-01").await;
    world.used("api", "2024-01-01T00:30:00", 10);
    let mut usage = line("use", "2024-01-01", "2024-01-02", "2024-01-02", unit("1"));
    usage.discounts = Some(catalog::Discounts {
        usage: Some(catalog::UsageDiscount {
            quantity: number("5"),
            ..Default::default()
        }),
        ..Default::default()
    });
    world.pending("USD", vec![usage]).await;
    world.jump("2024-01-01T01:00:00");
    let part = world.invoice().await;
    assert_eq!(total(&part), "5");
    let mut larger = editing::echo(&part);
    let discount = larger[0].discounts.as_mut().unwrap().usage.as_mut();
    discount.unwrap().quantity = number("6");
    assert_eq!(
        refusal(editing::put(&world, &part, larger).await),
        both("INVOICE_LINE_PROGRESSIVE_BILLING_USAGE_DISCOUNT_UPDATE_FORBIDDEN")
    );
}

#[test]
fn an_app_that_refuses_a_deletion_without_a_word_has_a_code() {
    let silent = BillingError::DeleteFailed { issues: Vec::new() };
    assert_eq!(
        refusal::<()>(Err(silent.into())),
        both("INVOICE_DELETE_FAILED")
    );
}

#[tokio::test]
async fn without_a_default_profile_nobody_can_be_billed() {
    // Every call of a project makes its default profile first: only the flow below it sees
    // a project without one.
    let world = World::new("2024-01-01").await;
    let customer = CUSTOMER.parse().unwrap();
    let answer = world
        .billing
        .app_of_customer(&world.context(), customer, Kind::Sandbox)
        .await;
    assert_eq!(
        refusal(answer.map_err(tonic::Status::from)),
        both("DEFAULT_PROFILE_NOT_FOUND")
    );
}
