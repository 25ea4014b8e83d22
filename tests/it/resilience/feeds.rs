//! Feeds under load: a reader sees every event once and in order, however writers race, and
//! a watching one hears of it at once.

use std::{collections::BTreeSet, time::Duration};

use contract::feed::v1::{ListEventsRequest, WatchEventsRequest};
use futures::{StreamExt as _, future::join_all};
use suite::World;
use tonic::Request;

use super::setup::customer;

/// A call that every service answers, for one of them.
pub fn of_service<T>(message: T, service: &'static str) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("x-perennial-service", service.parse().unwrap());
    request
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_beside_racing_writers_misses_nothing() {
    const WRITERS: usize = 6;
    const EACH: usize = 20;
    let world = World::start().await;
    let client = world.client();
    let writers = join_all((0..WRITERS).map(|writer| {
        let client = client.clone();
        tokio::spawn(async move {
            let mut ids = Vec::new();
            for number in 0..EACH {
                ids.push(
                    customer(&client, &format!("c-{writer}-{number}"), "")
                        .await
                        .unwrap(),
                );
            }
            ids
        })
    }));
    let reader = {
        let client = client.clone();
        tokio::spawn(async move {
            let (mut cursor, mut seen) = (0, Vec::new());
            while seen.len() < WRITERS * EACH {
                let request = ListEventsRequest {
                    cursor,
                    page_size: 3,
                    wait_ms: 5_000,
                    ..Default::default()
                };
                let page = client
                    .feeds()
                    .list_events(of_service(request, "customer"))
                    .await;
                let page = page.unwrap().into_inner();
                assert!(!page.events.is_empty(), "{} events seen", seen.len());
                for event in page.events {
                    assert!(event.cursor > cursor);
                    cursor = event.cursor;
                    if event.kind == "customer.created" {
                        seen.push(event.resource_id);
                    }
                }
                assert_eq!(page.next_cursor, cursor);
            }
            seen
        })
    };
    let made: BTreeSet<String> = writers.await.into_iter().flat_map(Result::unwrap).collect();
    let seen = reader.await.unwrap();
    assert_eq!(seen.len(), made.len());
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), made);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watching_reader_hears_of_old_and_new_events() {
    let world = World::start().await;
    let client = world.client();
    let old = customer(&client, "old", "").await.unwrap();
    let mut watch = client
        .feeds()
        .watch_events(of_service(WatchEventsRequest::default(), "customer"))
        .await
        .unwrap()
        .into_inner()
        .filter_map(|event| async {
            let event = event.unwrap().event.unwrap();
            (event.kind == "customer.created").then_some(event.resource_id)
        })
        .boxed();
    let limit = Duration::from_secs(60);
    assert_eq!(
        tokio::time::timeout(limit, watch.next()).await.unwrap(),
        Some(old)
    );
    let new = customer(&client, "new", "").await.unwrap();
    assert_eq!(
        tokio::time::timeout(limit, watch.next()).await.unwrap(),
        Some(new)
    );
    drop(watch);
    world.stop().await;
}
