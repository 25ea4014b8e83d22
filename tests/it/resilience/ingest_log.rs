//! The ingest log, on a real nats-server: processes, the server and both are killed while clients are at
//! work; what was accepted counts once. Clients of the JSON API see the log only by its absence.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures::future::join_all;
use perennial_sdk::Client;
use rust_decimal::Decimal;
use serde_json::json;
use suite::{Installation, Nats, World};
use tonic::Code;

use super::setup::{counted, event, eventually, meter, send, stored};

const LIMIT: Duration = Duration::from_secs(120);
const CLIENTS: usize = 4;

/// Sends batches until each was accepted; says how many were.
async fn send_all(client: Client, sender: usize, batches: usize, accepted: &AtomicUsize) {
    for batch in 0..batches {
        let deadline = tokio::time::Instant::now() + LIMIT;
        loop {
            let events = ids(sender, batch)
                .iter()
                .map(|id| event(id, &format!("subject-{sender}")))
                .collect();
            match send(&client, events).await {
                Ok(_) => break,
                Err(status) => {
                    let passing = [
                        Code::Unavailable,
                        Code::Unknown,
                        Code::Cancelled,
                        Code::Internal,
                    ];
                    assert!(passing.contains(&status.code()), "{status:?}");
                    assert!(tokio::time::Instant::now() < deadline, "{status:?}");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
        accepted.fetch_add(1, Ordering::Relaxed);
    }
}

fn ids(sender: usize, batch: usize) -> Vec<String> {
    (0..5)
        .map(|number| format!("{sender}-{batch}-{number}"))
        .collect()
}

async fn at_least(accepted: &AtomicUsize, wanted: usize) {
    eventually(LIMIT, || async {
        let count = accepted.load(Ordering::Relaxed);
        if count < wanted {
            return Err(format!("{count} accepted"));
        }
        Ok(())
    })
    .await;
}

/// Everything that was sent is stored and counted, once.
async fn all_once(client: &Client, batches: usize) {
    let sent: BTreeSet<String> = (0..CLIENTS)
        .flat_map(|sender| (0..batches).flat_map(move |batch| ids(sender, batch)))
        .collect();
    eventually(LIMIT, || async {
        let count = counted(client).await;
        if count < Decimal::from(sent.len()) {
            return Err(format!("{count} of {}", sent.len()));
        }
        Ok(())
    })
    .await;
    let there = stored(client).await;
    let once: BTreeSet<String> = there.iter().cloned().collect();
    assert_eq!(once.len(), there.len(), "an event is stored twice");
    assert_eq!(once, sent);
    assert_eq!(counted(client).await, Decimal::from(sent.len()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_process_the_log_or_both_loses_and_doubles_nothing() {
    let Some(mut nats) = Nats::with(&["--user", "me", "--pass", "s3cret"]).await else {
        return;
    };
    let flag = format!("--ingest-log={}", nats.url_as("me", "s3cret"));
    let mut installation = Installation::all_in_one_with(&[&flag]).await.unwrap();
    meter(&installation.client()).await;
    let accepted = AtomicUsize::new(0);
    let client = installation.client();
    let senders =
        join_all((0..CLIENTS).map(|sender| send_all(client.clone(), sender, 150, &accepted)));
    let trouble = async {
        for (round, (process, log)) in [(true, false), (false, true), (true, true)]
            .into_iter()
            .enumerate()
        {
            at_least(&accepted, (round + 1) * 100).await;
            if process {
                installation.kill().unwrap();
            }
            if log {
                nats.restart().await;
            }
            installation.spawn().await.unwrap();
        }
    };
    tokio::join!(senders, trouble);
    all_once(&installation.client(), 150).await;
    let log = installation.log("serve");
    assert!(log.contains("the ingest log is ready"), "{log}");
    assert!(!log.contains("s3cret"), "{log}");
    installation.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_metering_service_of_a_split_installation_loses_nothing() {
    let Some(nats) = Nats::start().await else {
        return;
    };
    let flag = format!("--ingest-log={}", nats.url());
    let Some(mut installation) = Installation::split_with(&[&flag]).await.unwrap() else {
        return;
    };
    meter(&installation.client()).await;
    let accepted = AtomicUsize::new(0);
    let client = installation.client();
    let senders =
        join_all((0..CLIENTS).map(|sender| send_all(client.clone(), sender, 60, &accepted)));
    let trouble = async {
        for round in 1..=2 {
            at_least(&accepted, round * 80).await;
            installation.kill_part("metering").unwrap();
            installation.spawn().await.unwrap();
        }
    };
    tokio::join!(senders, trouble);
    all_once(&installation.client(), 60).await;
    installation.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_with_one_log_count_every_event_once() {
    let Some(nats) = Nats::start().await else {
        return;
    };
    let url = nats.url();
    let settings = [("ingest_log", url.as_str())];
    let world = World::with(&settings).await;
    let Some(replica) = world.replica_with(&settings).await else {
        world.stop().await;
        return;
    };
    meter(&world.client()).await;
    let accepted = AtomicUsize::new(0);
    let senders = (0..CLIENTS).map(|sender| {
        let client = if sender % 2 == 0 {
            world.client()
        } else {
            replica.client()
        };
        send_all(client, sender, 40, &accepted)
    });
    join_all(senders).await;
    all_once(&world.client(), 40).await;
    // What was accepted before a replica stops is brought in by the other one.
    replica.stop().await;
    all_once(&world.client(), 40).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_the_json_api_see_the_log_only_by_its_absence() {
    let Some(mut nats) = Nats::start().await else {
        return;
    };
    let world = World::with(&[("ingest_log", &nats.url())]).await;
    let rest = world.rest();
    let ready = async |wanted: u16| {
        eventually(LIMIT, || async {
            let answer = rest.get("/readyz").await;
            if answer.status != wanted {
                return Err(format!("{} {}", answer.status, answer.text));
            }
            Ok(answer.json)
        })
        .await
    };
    assert_eq!(ready(200).await["ingest_log"], json!(true));
    let start = "2026-01-01T00:00:00Z".parse().unwrap();
    world.client().freeze_clock(start).await.unwrap();
    meter(&world.client()).await;
    let events = |ids: &[&str]| {
        let events: Vec<_> = ids
            .iter()
            .map(|id| {
                json!({"specversion": "1.0", "id": id, "source": "json", "type": "prompt", "subject": "s"})
            })
            .collect();
        json!(events).to_string()
    };
    let post = async |ids: &[&str]| {
        let kind = "application/cloudevents-batch+json";
        rest.post_text("/api/v1/events", kind, &events(ids)).await
    };
    assert_eq!(post(&["1", "2", "2"]).await.status, 204);
    assert_eq!(post(&["2", "3"]).await.status, 204);
    // A clock that moves waits for what was accepted before: from here on it is to be seen.
    world.client().advance_clock("PT1H").await.unwrap();
    assert_eq!(counted(&world.client()).await, Decimal::from(3));
    let bad = rest
        .post_text(
            "/api/v1/events",
            "application/cloudevents-batch+json",
            r#"[{"id":"1"}]"#,
        )
        .await;
    assert_eq!(bad.status, 400, "{}", bad.text);

    nats.kill();
    assert_eq!(ready(503).await["ingest_log"], json!(false));
    assert_eq!(rest.get("/healthz").await.status, 200);
    let refused = post(&["4"]).await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert_eq!(counted(&world.client()).await, Decimal::from(3));

    nats.restart().await;
    ready(200).await;
    assert_eq!(post(&["4"]).await.status, 204);
    world.client().advance_clock("PT1H").await.unwrap();
    assert_eq!(counted(&world.client()).await, Decimal::from(4));
    world.stop().await;
}
