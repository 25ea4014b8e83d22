//! A service of a split installation is away: what needs it is refused and leaves nothing,
//! what was promised is made good when it is back.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use contract::{
    billing::v1 as billing, customer::v1 as customers, subscription::v1 as subscription,
};
use futures::future::join_all;
use suite::Installation;
use tonic::Code;

use super::setup::{
    all_whole, company, customer, entitlements, event, eventually, half_made, invoices, send,
    subscribe, subscriptions,
};

/// Longer than the pauses of a client channel before it connects again.
const BACK: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_billing_nothing_is_sold_and_the_rest_goes_on() {
    let Some(mut installation) = Installation::split().await.unwrap() else {
        println!("skipped: a split installation needs PERENNIAL_TEST_DATABASE_URL");
        return;
    };
    let client = installation.client();
    company(&client).await;
    let acme = customer(&client, "acme", "").await.unwrap();
    installation.kill_part("billing").unwrap();

    let refused = subscribe(&client, &acme, "r-1").await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    assert!(subscriptions(&client, &acme).await.is_empty());
    assert!(entitlements(&client, &acme).await.is_empty());
    // Those that do not need it do not notice.
    assert_eq!(send(&client, vec![event("e-1", "acme")]).await.unwrap(), 1);

    installation.spawn().await.unwrap();
    // The same request id: the refusal was none to be remembered.
    eventually(BACK, || async {
        subscribe(&client, &acme, "r-1")
            .await
            .map_err(|status| status.to_string())
    })
    .await;
    assert_eq!(half_made(&client, &acme).await, None);
    installation.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_reaches_entitlement_and_billing_when_they_are_back() {
    let Some(mut installation) = Installation::split().await.unwrap() else {
        println!("skipped: a split installation needs PERENNIAL_TEST_DATABASE_URL");
        return;
    };
    let client = installation.client();
    company(&client).await;
    let acme = customer(&client, "acme", "").await.unwrap();
    let id = subscribe(&client, &acme, "").await.unwrap();
    client.advance_clock("P1D").await.unwrap();
    installation.kill_part("entitlement").unwrap();

    // Ending needs nobody's consent.
    let request = subscription::CancelSubscriptionRequest {
        id,
        timing: Some(subscription::Timing {
            when: Some(subscription::timing::When::Policy(
                subscription::TimingPolicy::Immediate.into(),
            )),
        }),
        ..Default::default()
    };
    client
        .subscriptions()
        .cancel_subscription(request)
        .await
        .unwrap();

    // A change of the customer's name, which billing shows, while billing is away.
    installation.kill_part("billing").unwrap();
    let request = customers::UpdateCustomerRequest {
        customer_ref: Some(customers::CustomerRef {
            r#ref: Some(customers::customer_ref::Ref::Id(acme.clone())),
        }),
        customer: Some(customers::Customer {
            display_name: "Acme Limited".into(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["display_name".into()],
        }),
        ..Default::default()
    };
    client.customers().update_customer(request).await.unwrap();

    installation.spawn().await.unwrap();
    eventually(BACK, || async {
        match entitlements(&client, &acme).await.len() {
            0 => Ok(()),
            count => Err(format!("{count} entitlements after the end")),
        }
    })
    .await;
    // Billing follows the feed of customers from where it was.
    eventually(BACK, || async {
        let request = billing::ListCustomerBillingsRequest {
            include_all_customers: true,
            customer_name: "Acme Limited".into(),
            ..Default::default()
        };
        let list = client
            .billing_overrides()
            .list_customer_billings(request)
            .await;
        match list
            .map_err(|status| status.to_string())?
            .into_inner()
            .customer_billings
            .len()
        {
            1 => Ok(()),
            count => Err(format!("billing knows {count} of that name")),
        }
    })
    .await;
    assert_eq!(invoices(&client, &acme).await.len(), 1);
    installation.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_killed_under_load_leave_nothing_half_made() {
    let Some(mut installation) = Installation::split().await.unwrap() else {
        println!("skipped: a split installation needs PERENNIAL_TEST_DATABASE_URL");
        return;
    };
    let client = installation.client();
    company(&client).await;
    let (made, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let done = AtomicBool::new(false);
    let (made, refused, done) = (&made, &refused, &done);
    let signers = join_all((0..3).map(|signer| {
        let client = client.clone();
        async move {
            let mut customers = Vec::new();
            for number in 0.. {
                if done.load(Ordering::Relaxed) {
                    return customers;
                }
                let key = format!("customer-{signer}-{number}");
                let Ok(id) = customer(&client, &key, "").await else {
                    continue;
                };
                customers.push(id.clone());
                match subscribe(&client, &id, "").await {
                    Ok(_) => {
                        made.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(status) => {
                        assert_eq!(status.code(), Code::Unavailable, "{status:?}");
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
            unreachable!("the loop ends when it is told to")
        }
    }));
    let shake = async {
        for part in ["entitlement", "billing"] {
            more(made, 4).await;
            installation.kill_part(part).unwrap();
            // The load has felt it.
            more(refused, 2).await;
            installation.spawn().await.unwrap();
        }
        more(made, 4).await;
        done.store(true, Ordering::Relaxed);
    };
    let (customers, ()) = tokio::join!(signers, shake);
    let customers: Vec<String> = customers.into_iter().flatten().collect();
    println!(
        "{} customers, {made:?} subscribed, {refused:?} refused",
        customers.len()
    );
    all_whole(&client, &customers, Duration::from_secs(120)).await;
    installation.stop().await.unwrap();
}

/// Waits until a count has grown by so much.
async fn more(count: &AtomicUsize, by: usize) {
    let goal = count.load(Ordering::Relaxed) + by;
    eventually(Duration::from_secs(90), || async {
        let now = count.load(Ordering::Relaxed);
        if now < goal {
            Err(format!("{now} of {goal}"))
        } else {
            Ok(())
        }
    })
    .await;
}
