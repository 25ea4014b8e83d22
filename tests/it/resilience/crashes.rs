//! kill -9 while clients are at work: what was acknowledged is there after the restart, once,
//! and what was not can be repeated without harm.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures::future::join_all;
use perennial_sdk::Client;
use rust_decimal::Decimal;
use suite::Installation;

use super::setup::{
    FEE, all_whole, company, counted, customer, event, eventually, half_made, meter, revenue, send,
    stored, subscribe, subscriptions,
};

const CLIENTS: usize = 4;

/// Sends events until the server is gone; answers which were acknowledged, and the batch
/// that was not.
async fn send_until_killed(
    client: Client,
    sender: usize,
    acknowledged: &AtomicUsize,
) -> (Vec<String>, Vec<String>) {
    let mut known = Vec::new();
    for batch in 0.. {
        let ids: Vec<String> = (0..5)
            .map(|number| format!("{sender}-{batch}-{number}"))
            .collect();
        let events = ids
            .iter()
            .map(|id| event(id, &format!("subject-{sender}")))
            .collect();
        if send(&client, events).await.is_err() {
            return (known, ids);
        }
        acknowledged.fetch_add(ids.len(), Ordering::Relaxed);
        known.extend(ids);
    }
    unreachable!("the loop ends with the server")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_events_outlive_a_kill_and_count_once() {
    let mut installation = Installation::all_in_one().await.unwrap();
    meter(&installation.client()).await;
    let mut all: BTreeSet<String> = BTreeSet::new();
    for round in 0..2 {
        let acknowledged = AtomicUsize::new(0);
        let client = installation.client();
        let senders = join_all((0..CLIENTS).map(|sender| {
            send_until_killed(client.clone(), round * CLIENTS + sender, &acknowledged)
        }));
        let kill = async {
            eventually(Duration::from_secs(90), || async {
                let count = acknowledged.load(Ordering::Relaxed);
                if count < 300 {
                    Err(format!("{count} acknowledged"))
                } else {
                    Ok(())
                }
            })
            .await;
            installation.kill().unwrap();
        };
        let (sent, ()) = tokio::join!(senders, kill);
        installation.spawn().await.unwrap();

        let client = installation.client();
        let ids = stored(&client).await;
        let once: BTreeSet<String> = ids.iter().cloned().collect();
        assert_eq!(once.len(), ids.len(), "an event is stored twice");
        assert_eq!(counted(&client).await, Decimal::from(ids.len()));
        for (sender, (known, unknown)) in sent.into_iter().enumerate() {
            let subject = format!("subject-{}", round * CLIENTS + sender);
            for id in &known {
                assert!(once.contains(id), "{id} was acknowledged and is lost");
            }
            // All or none of a batch.
            let there = unknown.iter().filter(|id| once.contains(*id)).count();
            assert!(
                there == 0 || there == unknown.len(),
                "{there} of {unknown:?}"
            );
            // The client does not know, and sends it again; to be sure, everything.
            let again: Vec<String> = known.into_iter().chain(unknown).collect();
            let events = again.iter().map(|id| event(id, &subject)).collect();
            send(&client, events).await.unwrap();
            all.extend(again);
        }
        assert_eq!(counted(&client).await, Decimal::from(all.len()));
    }
    installation.stop().await.unwrap();
}

/// Signs customers up until the server is gone: key and, if it was acknowledged, the id of
/// the subscription.
async fn sign_up_until_killed(
    client: Client,
    signer: usize,
    acknowledged: &AtomicUsize,
) -> Vec<(String, Option<String>)> {
    let mut signed = Vec::new();
    for number in 0.. {
        let key = format!("customer-{signer}-{number}");
        let outcome = sign_up(&client, &key).await.ok();
        signed.push((key, outcome.clone()));
        if outcome.is_none() {
            return signed;
        }
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    unreachable!("the loop ends with the server")
}

/// The request ids are made of the key, so that a repeat is a repeat.
async fn sign_up(client: &Client, key: &str) -> Result<String, tonic::Status> {
    let id = customer(client, key, &format!("{key}-customer")).await?;
    subscribe(client, &id, &format!("{key}-subscription")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_subscription_is_half_made_after_a_kill() {
    let mut installation = Installation::all_in_one().await.unwrap();
    company(&installation.client()).await;
    let acknowledged = AtomicUsize::new(0);
    let client = installation.client();
    let signers = join_all(
        (0..CLIENTS).map(|signer| sign_up_until_killed(client.clone(), signer, &acknowledged)),
    );
    let kill = async {
        eventually(Duration::from_secs(90), || async {
            let count = acknowledged.load(Ordering::Relaxed);
            if count < 12 {
                Err(format!("{count} acknowledged"))
            } else {
                Ok(())
            }
        })
        .await;
        installation.kill().unwrap();
    };
    let (signed, ()) = tokio::join!(signers, kill);
    installation.spawn().await.unwrap();
    let client = installation.client();

    let mut customers = Vec::new();
    let mut open = Vec::new();
    for (key, subscription) in signed.into_iter().flatten() {
        // The answer to the first creation, or the first creation.
        let id = customer(&client, &key, &format!("{key}-customer"))
            .await
            .unwrap();
        match subscription {
            // Right after the start: what was acknowledged had been applied.
            Some(subscription) => {
                let there = subscriptions(&client, &id).await;
                assert_eq!(there.len(), 1, "{key}");
                assert_eq!(there[0].id, subscription);
                assert_eq!(half_made(&client, &id).await, None);
            }
            None => open.push((key, id.clone())),
        }
        customers.push(id);
    }
    // What was committed and not yet told to the others follows by itself.
    all_whole(&client, &customers, Duration::from_secs(120)).await;

    // Repeating makes what is missing and doubles nothing. A reservation without a commit stands in nobody's way.
    for (key, id) in &open {
        sign_up(&client, key).await.unwrap();
        assert_eq!(half_made(&client, id).await, None);
    }
    let mut count = 0;
    for id in &customers {
        count += subscriptions(&client, id).await.len();
    }
    assert!(count >= 12);
    assert_eq!(
        revenue(&client).await,
        Decimal::from(FEE) * Decimal::from(count)
    );
    installation.stop().await.unwrap();
}
