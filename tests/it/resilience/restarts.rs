//! A restart on the same data: keys, clocks and positions are kept, another master key is
//! refused.

use std::os::unix::fs::PermissionsExt as _;

use contract::feed::v1::ListEventsRequest;
use serde_json::Value;
use suite::Installation;

use super::{
    feeds::of_service,
    setup::{company, customer, half_made, subscribe},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generated_keys_are_made_once() {
    let mut installation = Installation::with_generated_keys().await.unwrap();
    let path = installation.folder().join("bootstrap.json");
    let read = || std::fs::read_to_string(&path).unwrap();
    let first = read();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let kept: Value = serde_json::from_str(&first).unwrap();
    let key = kept["bootstrap_key"].as_str().unwrap();
    let id = customer(&installation.client_with(key), "acme", "r-1")
        .await
        .unwrap();

    installation.kill().unwrap();
    installation.spawn().await.unwrap();
    assert_eq!(read(), first);
    // The answer was sealed with the master key: it can still be opened.
    let again = customer(&installation.client_with(key), "acme", "r-1")
        .await
        .unwrap();
    assert_eq!(again, id);
    installation.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_test_clock_holds_from_the_first_call_after_a_restart() {
    let mut installation = Installation::all_in_one().await.unwrap();
    company(&installation.client()).await;
    let acme = customer(&installation.client(), "acme", "").await.unwrap();
    subscribe(&installation.client(), &acme, "").await.unwrap();
    installation.kill().unwrap();

    // Asked from the moment that the port is open.
    let start = installation.spawn_without_waiting().unwrap();
    let client = installation.client();
    let mut number = 0;
    while number < 20 {
        let request = contract::customer::v1::CreateCustomerRequest {
            customer: Some(contract::customer::v1::Customer {
                key: format!("early-{number}"),
                display_name: "Early".into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        match client.customers().create_customer(request).await {
            Ok(answer) => {
                let made = answer.into_inner().customer.unwrap();
                let time = contract::convert::from_timestamp(&made.create_time.unwrap()).unwrap();
                assert_eq!(time.to_string(), "2026-01-01T00:00:00Z");
                number += 1;
            }
            Err(status) => {
                assert_eq!(status.code(), tonic::Code::Unavailable, "{status:?}");
                assert!(
                    start.elapsed() < std::time::Duration::from_secs(60),
                    "{status:?}"
                );
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }
    }
    installation.spawn().await.unwrap();
    assert_eq!(half_made(&client, &acme).await, None);
    installation.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_goes_on_where_it_was() {
    let mut installation = Installation::all_in_one().await.unwrap();
    let client = installation.client();
    customer(&client, "before", "").await.unwrap();
    let list = |client: perennial_sdk::Client, cursor: i64| async move {
        let request = ListEventsRequest {
            cursor,
            ..Default::default()
        };
        let answer = client
            .feeds()
            .list_events(of_service(request, "customer"))
            .await;
        answer.unwrap().into_inner()
    };
    let seen = list(client, 0).await;
    installation.kill().unwrap();
    installation.spawn().await.unwrap();
    let client = installation.client();
    assert!(
        list(client.clone(), seen.next_cursor)
            .await
            .events
            .is_empty()
    );
    let after = customer(&client, "after", "").await.unwrap();
    let missed = list(client.clone(), seen.next_cursor).await;
    let ids: Vec<&str> = missed
        .events
        .iter()
        .filter(|event| event.kind == "customer.created")
        .map(|event| event.resource_id.as_str())
        .collect();
    assert_eq!(ids, [after.as_str()]);
    installation.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_master_key_is_refused() {
    let mut installation = Installation::all_in_one().await.unwrap();
    let id = customer(&installation.client(), "acme", "r-1")
        .await
        .unwrap();
    installation.kill().unwrap();
    let said = installation
        .refused_start("YW5vdGhlci1tYXN0ZXIta2V5LW9mLTMyLWJ5dGVzISE=")
        .await
        .unwrap();
    assert!(said.contains("was made with another master key"), "{said}");
    // The right one still opens everything.
    installation.spawn().await.unwrap();
    let again = customer(&installation.client(), "acme", "r-1")
        .await
        .unwrap();
    assert_eq!(again, id);
    installation.stop().await.unwrap();
}
