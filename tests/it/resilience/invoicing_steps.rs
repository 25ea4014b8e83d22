//! The steps of an invoice, for whoever kills billing between them: from pending usage to paid in the sandbox, and the
//! calls that make a copy of it at Stripe. No death charges twice, and none lets a charge be forgotten.

use std::{collections::BTreeSet, time::Duration};

use contract::{
    billing::v1 as billing,
    catalog::v1 as catalog,
    convert::{decimal, timestamp},
    kernel::v1::Period,
};
use futures::future::join_all;
use perennial_sdk::Client;
use suite::{
    Stepped,
    fake_stripe::{FakeStripe, Fault, KEY},
};
use tonic::Status;

use super::setup::{company, customer, event, eventually, invoices, send};

/// Longest time that anything waited for may take.
const LIMIT: Duration = Duration::from_secs(120);
/// Events of each customer, and what one costs.
const EVENTS: usize = 3;
const PRICE: i64 = 2;

/// Lets invoices wait so long for late usage.
pub async fn wait_for_late_usage(client: &Client, interval: &str) {
    let request = billing::GetProfileRequest::default();
    let answer = client
        .billing_profiles()
        .get_profile(request)
        .await
        .unwrap();
    let mut profile = answer.into_inner().profile.unwrap();
    let workflow = profile.workflow.get_or_insert_default();
    let collection = workflow.collection.get_or_insert_default();
    collection.interval_duration = interval.to_owned();
    let request = billing::UpdateProfileRequest {
        profile: Some(profile),
        ..Default::default()
    };
    client
        .billing_profiles()
        .update_profile(request)
        .await
        .unwrap();
}

/// Usage of last month, and a pending line for it that lasts until the next one: no timer invoices a part of it, a caller may.
pub async fn use_something(client: &Client, customer: &str, subject: &str) {
    let at = |text: &str| Some(timestamp(text.parse().unwrap()));
    let used = (0..EVENTS).map(|number| {
        let mut used = event(format!("{subject}-{number}"), subject);
        used.time = at("2025-12-15T00:00:00Z");
        used
    });
    send(client, used.collect()).await.unwrap();
    let price = catalog::price::Model::Unit(catalog::UnitPrice {
        amount: Some(decimal(PRICE.into())),
    });
    let line = billing::LineInput {
        name: "tokens".into(),
        period: Some(Period {
            start_time: at("2025-12-01T00:00:00Z"),
            end_time: at("2026-02-01T00:00:00Z"),
        }),
        invoice_time: at("2026-02-01T00:00:00Z"),
        price: Some(catalog::Price {
            model: Some(price),
            ..Default::default()
        }),
        feature_key: "tokens".into(),
        ..Default::default()
    };
    let request = billing::CreatePendingLinesRequest {
        customer_id: customer.into(),
        currency_code: "USD".into(),
        lines: vec![line],
        ..Default::default()
    };
    let answer = client.invoices().create_pending_lines(request).await;
    answer.unwrap();
}

/// Invoices what was used until now; answers the id of the invoice.
pub async fn invoice(client: &Client, customer: &str, request_id: &str) -> Result<String, Status> {
    let request = billing::InvoicePendingLinesRequest {
        customer_id: customer.into(),
        request_id: request_id.into(),
        ..Default::default()
    };
    let answer = client.invoices().invoice_pending_lines(request).await?;
    Ok(answer.into_inner().invoices.remove(0).id)
}

/// Waits no longer for late usage.
pub async fn snapshot(client: &Client, invoice: &str, request_id: &str) -> Result<(), Status> {
    let request = billing::SnapshotQuantitiesRequest {
        invoice_id: invoice.into(),
        request_id: request_id.into(),
    };
    let answer = client.invoices().snapshot_quantities(request).await;
    answer.map(drop)
}

/// Issues a draft, which the sandbox then pays.
pub async fn approve(client: &Client, invoice: &str, request_id: &str) -> Result<(), Status> {
    let request = billing::ApproveInvoiceRequest {
        invoice_id: invoice.into(),
        request_id: request_id.into(),
    };
    client.invoices().approve_invoice(request).await.map(drop)
}

/// Somebody who pays through Stripe.
struct Payer {
    customer: String,
    at_stripe: String,
}

async fn payer(client: &Client, stripe: &FakeStripe, key: &str) -> Payer {
    let (at_stripe, method) = (format!("cus_{key}"), format!("pm_{key}"));
    stripe.customer(&at_stripe);
    stripe.payment_method(&method, &at_stripe);
    let customer = customer(client, key, "").await.unwrap();
    let known = billing::StripeCustomer {
        stripe_customer_id: at_stripe.clone(),
        default_payment_method_id: method,
    };
    let request = billing::PutCustomerAppsRequest {
        customer_id: customer.clone(),
        items: vec![billing::CustomerAppInput {
            r#type: billing::app::Type::Stripe.into(),
            stripe: Some(known),
            ..Default::default()
        }],
        ..Default::default()
    };
    let answer = client.customer_apps().put_customer_apps(request).await;
    answer.unwrap();
    use_something(client, &customer, key).await;
    // Only what an invoice asks counts.
    stripe.state().lanes.remove(&at_stripe);
    Payer {
        customer,
        at_stripe,
    }
}

/// What Stripe has of a customer: the states of the invoices, and the amounts of their items.
fn charged(stripe: &FakeStripe, payer: &Payer) -> Vec<(String, Vec<i64>)> {
    let mine = |copy: &serde_json::Value| copy["customer"] == payer.at_stripe.as_str();
    let copies = stripe.invoices().into_iter().filter(mine);
    let shown = copies.map(|copy| {
        let items = stripe.items(copy["id"].as_str().unwrap());
        let amounts = items.into_iter().map(|(_, amount)| amount).collect();
        (copy["status"].as_str().unwrap().to_owned(), amounts)
    });
    shown.collect()
}

/// Waits until a customer has one invoice, which Stripe has, too, and lets be paid.
async fn is_charged_once(client: &Client, stripe: &FakeStripe, payer: &Payer) {
    let cents = 100 * PRICE * i64::try_from(EVENTS).unwrap();
    let expected = [("open".to_owned(), vec![cents])];
    eventually(LIMIT, || async {
        let here = invoices(client, &payer.customer).await;
        let states: Vec<_> = here.iter().map(billing::Invoice::state).collect();
        let there = charged(stripe, payer);
        if states == [billing::InvoiceState::PaymentProcessingPending] && there == expected {
            return Ok(());
        }
        Err(format!("{}: {states:?}, {there:?}", payer.at_stripe))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_death_between_two_calls_to_stripe_charges_twice_or_forgets() {
    let stripe = FakeStripe::start().await;
    let settings = [
        ("stripe_api_base", stripe.base()),
        ("stripe_timeout_ms", "300000"),
    ];
    let mut stepped = Stepped::asking("billing", &settings).await.unwrap();
    let client = stepped.client();
    company(&client).await;
    let request = billing::InstallAppWithApiKeyRequest {
        r#type: billing::app::Type::Stripe.into(),
        api_key: KEY.into(),
        ..Default::default()
    };
    let installed = client.apps().install_app_with_api_key(request).await;
    assert!(installed.unwrap().into_inner().became_default);
    wait_for_late_usage(&client, "P0D").await;

    let rehearsal = payer(&client, &stripe, "rehearsal").await;
    invoice(&client, &rehearsal.customer, "").await.unwrap();
    is_charged_once(&client, &stripe, &rehearsal).await;
    let calls = stripe.state().lanes[&rehearsal.at_stripe].calls;
    println!("{calls} calls: {:?}", stripe.calls());

    // Each dies at another call, before it is carried out or after.
    let mut payers = Vec::new();
    for (at, fault) in (0..calls).flat_map(|at| [(at, Fault::Stall), (at, Fault::Hang)]) {
        let key = format!("{fault:?}{at}").to_lowercase();
        let payer = payer(&client, &stripe, &key).await;
        let mut state = stripe.state();
        let lane = state.lanes.entry(payer.at_stripe.clone()).or_default();
        lane.stop_at = Some((at, fault));
        payers.push(payer);
    }
    let begun = join_all(payers.iter().map(|payer| {
        let request_id = format!("invoice-{}", payer.at_stripe);
        let client = &client;
        async move { drop(invoice(client, &payer.customer, &request_id).await) }
    }));
    let kill = async {
        eventually(LIMIT, || async {
            let state = stripe.state();
            let reached = |payer: &&Payer| {
                let lane = state.lanes[&payer.at_stripe];
                lane.stop_at.is_some_and(|(at, _)| lane.calls > at)
            };
            let waiting: BTreeSet<&str> = payers
                .iter()
                .filter(|payer| !reached(payer))
                .map(|payer| payer.at_stripe.as_str())
                .collect();
            let told = format!("not stopped: {waiting:?}");
            waiting.is_empty().then_some(()).ok_or(told)
        })
        .await;
        stepped.kill().unwrap();
        stripe.heal();
        stepped.kill_and_restart().await.unwrap();
    };
    tokio::join!(begun, kill);

    // Whether or not the client repeats its call: what was recorded is carried out.
    join_all(payers.iter().step_by(2).map(|payer| async {
        let request_id = format!("invoice-{}", payer.at_stripe);
        eventually(LIMIT, || async {
            let again = invoice(&client, &payer.customer, &request_id).await;
            again.map(drop).map_err(|status| format!("{status:?}"))
        })
        .await;
    }))
    .await;
    for payer in &payers {
        is_charged_once(&client, &stripe, payer).await;
    }
    stepped.stop().await.unwrap();
}
