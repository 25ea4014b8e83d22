//! The database server drops every connection while clients are at work, as in a fail-over:
//! what was acknowledged stays, the rest is refused as temporary, and all goes on by itself.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use futures::future::join_all;
use suite::World;
use tonic::Code;

use super::setup::{
    all_whole, company, counted, customer, event, eventually, send, stored, subscribe,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_lose_and_double_nothing() {
    let world = World::start().await;
    let client = world.client();
    company(&client).await;
    let (acknowledged, signed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (acknowledged, signed) = (&acknowledged, &signed);
    let done = AtomicBool::new(false);
    let done = &done;
    let senders = join_all((0..3).map(|sender| {
        let client = client.clone();
        async move {
            let mut number = 0;
            while !done.load(Ordering::Relaxed) {
                // The same event until it is acknowledged.
                let batch = vec![event(format!("{sender}-{number}"), "acme")];
                match send(&client, batch).await {
                    Ok(_) => {
                        acknowledged.fetch_add(1, Ordering::Relaxed);
                        number += 1;
                    }
                    Err(status) => understood(&status),
                }
            }
        }
    }));
    let signers = join_all((0..2).map(|signer| {
        let client = client.clone();
        async move {
            let mut customers = Vec::new();
            let mut number = 0;
            while !done.load(Ordering::Relaxed) {
                let key = format!("customer-{signer}-{number}");
                let id = match customer(&client, &key, &format!("{key}-customer")).await {
                    Ok(id) => id,
                    Err(status) => {
                        understood(&status);
                        continue;
                    }
                };
                if customers.last() != Some(&id) {
                    customers.push(id.clone());
                }
                match subscribe(&client, &id, &format!("{key}-subscription")).await {
                    Ok(_) => {
                        signed.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(status) => understood(&status),
                }
                number += 1;
            }
            customers
        }
    }));
    let shake = async {
        let mut cut = true;
        for _ in 0..3 {
            let goals = (
                acknowledged.load(Ordering::Relaxed) + 30,
                signed.load(Ordering::Relaxed) + 2,
            );
            eventually(Duration::from_secs(90), || async {
                let now = (
                    acknowledged.load(Ordering::Relaxed),
                    signed.load(Ordering::Relaxed),
                );
                if now.0 < goals.0 || now.1 < goals.1 {
                    return Err(format!("{now:?} of {goals:?}"));
                }
                Ok(())
            })
            .await;
            cut = world.cut_connections().await;
        }
        done.store(true, Ordering::Relaxed);
        cut
    };
    let (_, customers, cut) = tokio::join!(senders, signers, shake);
    if !cut {
        println!("nothing was cut: it needs PERENNIAL_TEST_DATABASE_URL");
    }
    let expected = acknowledged.load(Ordering::Relaxed);
    eventually(Duration::from_secs(90), || async {
        let ids = stored(&client).await.len();
        // One that each sender did not hear of may be stored.
        if ids < expected || ids > expected + 3 {
            return Err(format!("{ids} stored, {expected} acknowledged"));
        }
        Ok(())
    })
    .await;
    assert_eq!(counted(&client).await, stored(&client).await.len().into());
    let customers: Vec<String> = customers.into_iter().flatten().collect();
    all_whole(&client, &customers, Duration::from_secs(120)).await;
    world.stop().await;
}

/// A failure that passes says so.
#[track_caller]
fn understood(status: &tonic::Status) {
    assert!(
        [Code::Unavailable, Code::Aborted, Code::AlreadyExists].contains(&status.code()),
        "{status:?}"
    );
}
