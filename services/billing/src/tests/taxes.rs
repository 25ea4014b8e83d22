//! Manual tax rates of profiles and customers.
#![expect(clippy::unwrap_used, reason = "tests")]

use contract::{
    billing::v1::{self as pb, override_service_server::OverrideService as _},
    catalog::v1::{self as catalog, tax_config::Behavior},
};

use super::{refusal, world::*};

fn rate(name: &str, percentage: &str, behavior: Behavior) -> pb::ManualTaxRate {
    pb::ManualTaxRate {
        display_name: name.to_owned(),
        percentage: number(percentage),
        behavior: behavior.into(),
        tax_code: String::new(),
    }
}

async fn world(rates: Vec<pb::ManualTaxRate>) -> World {
    let world = World::new("2024-01-01").await;
    world
        .update_profile(|profile| {
            let tax = profile.workflow.as_mut().unwrap().tax.as_mut().unwrap();
            tax.manual_rates = Some(pb::ManualTaxRates { rates });
        })
        .await;
    world
}

async fn invoice(world: &World, amount: &str, behavior: Behavior) -> pb::Invoice {
    let mut fee = line(
        "fee",
        "2024-01-01",
        "2024-02-01",
        "2024-01-01",
        flat(amount, false),
    );
    fee.tax_config = Some(catalog::TaxConfig {
        behavior: behavior.into(),
        ..Default::default()
    });
    world.pending("EUR", vec![fee]).await;
    world.invoice().await
}

/// `inclusive/exclusive/all/total`.
fn taxes(invoice: &pb::Invoice) -> String {
    let totals = invoice.totals.as_ref().unwrap();
    format!(
        "{}/{}/{}/{}",
        shown(&totals.taxes_inclusive_total),
        shown(&totals.taxes_exclusive_total),
        shown(&totals.taxes_total),
        shown(&totals.total)
    )
}

async fn put(world: &World, rates: Option<Vec<pb::ManualTaxRate>>) -> pb::CustomerBilling {
    let request = pb::PutOverrideRequest {
        customer_id: CUSTOMER.to_owned(),
        tax_rates: rates.map(|rates| pb::ManualTaxRates { rates }),
        ..Default::default()
    };
    world
        .billing
        .put_override(world.call(request))
        .await
        .unwrap()
        .into_inner()
        .customer_billing
        .unwrap()
}

#[tokio::test]
async fn the_rates_of_a_profile_are_charged() {
    let world = world(vec![rate("VAT", "19", Behavior::Unspecified)]).await;
    let on_top = invoice(&world, "100", Behavior::Unspecified).await;
    assert_eq!(taxes(&on_top), "0/19/19/119");
    let tax = &on_top.lines[0].children[0].taxes[0];
    assert_eq!(
        (
            tax.display_name.as_str(),
            shown(&tax.amount),
            tax.behavior()
        ),
        ("VAT", "19", Behavior::Exclusive)
    );
    let contained = invoice(&world, "119", Behavior::Inclusive).await;
    assert_eq!(taxes(&contained), "19/0/19/119");
    // An update that does not say rates keeps them; invoices keep theirs.
    world
        .update_profile(|profile| {
            let tax = profile.workflow.as_mut().unwrap().tax.as_mut().unwrap();
            tax.manual_rates = None;
        })
        .await;
    let kept = invoice(&world, "10", Behavior::Unspecified).await;
    assert_eq!(taxes(&kept), "0/1.9/1.9/11.9");
    world
        .update_profile(|profile| {
            let tax = profile.workflow.as_mut().unwrap().tax.as_mut().unwrap();
            tax.enabled = Some(false);
        })
        .await;
    let untaxed = invoice(&world, "10", Behavior::Unspecified).await;
    assert_eq!(taxes(&untaxed), "0/0/0/10");
    assert_eq!(taxes(&world.get(&on_top.id).await), "0/19/19/119");
}

#[tokio::test]
async fn the_rates_of_a_customer_replace_those_of_its_profile() {
    let world = world(vec![rate("VAT", "19", Behavior::Unspecified)]).await;
    let own = put(
        &world,
        Some(vec![
            rate("GST", "5", Behavior::Inclusive),
            rate("PST", "7", Behavior::Exclusive),
        ]),
    )
    .await;
    assert_eq!(
        own.customer_override
            .unwrap()
            .tax_rates
            .unwrap()
            .rates
            .len(),
        2
    );
    let both = invoice(&world, "105", Behavior::Unspecified).await;
    assert_eq!(taxes(&both), "5/7/12/112");
    // Pinning again without rates keeps them.
    put(&world, None).await;
    let kept = invoice(&world, "105", Behavior::Unspecified).await;
    assert_eq!(taxes(&kept), "5/7/12/112");
    put(&world, Some(Vec::new())).await;
    let exempt = invoice(&world, "105", Behavior::Unspecified).await;
    assert_eq!(taxes(&exempt), "0/0/0/105");
}

#[tokio::test]
async fn wrong_rates_are_refused_and_nothing_is_written() {
    let world = world(Vec::new()).await;
    for (name, percentage) in [("", "1"), ("VAT", "-1"), ("VAT", "101")] {
        let request = pb::PutOverrideRequest {
            customer_id: CUSTOMER.to_owned(),
            tax_rates: Some(pb::ManualTaxRates {
                rates: vec![rate(name, percentage, Behavior::Unspecified)],
            }),
            ..Default::default()
        };
        let answer = world.billing.put_override(world.call(request)).await;
        assert_eq!(refusal(answer).0, "INVALID_FIELD", "{name} {percentage}");
    }
    let request = pb::GetCustomerBillingRequest {
        customer_id: CUSTOMER.to_owned(),
    };
    let answer = world
        .billing
        .get_customer_billing(world.call(request))
        .await
        .unwrap();
    let billing = answer.into_inner().customer_billing.unwrap();
    assert_eq!(billing.customer_override, None);
}
