//! SIGTERM: running calls are answered, streams end, the process is gone within seconds.

use std::time::{Duration, Instant};

use contract::feed::v1::{ListEventsRequest, WatchEventsRequest};
use futures::StreamExt as _;
use suite::Installation;

use super::{
    feeds::of_service,
    setup::{counted, customer, event, meter, send},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_answers_running_calls_and_takes_seconds() {
    let mut installation = Installation::all_in_one().await.unwrap();
    let client = installation.client();
    meter(&client).await;
    customer(&client, "acme", "").await.unwrap();
    let cursor = {
        let request = of_service(ListEventsRequest::default(), "customer");
        client
            .feeds()
            .list_events(request)
            .await
            .unwrap()
            .into_inner()
            .next_cursor
    };
    // Calls that wait: nothing happens in this feed any more.
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let request = ListEventsRequest {
                cursor,
                wait_ms: 25_000,
                ..Default::default()
            };
            let mut feeds = client.feeds();
            tokio::spawn(async move { feeds.list_events(of_service(request, "customer")).await })
        })
        .collect();
    let request = WatchEventsRequest {
        cursor,
        ..Default::default()
    };
    let mut watch = client
        .feeds()
        .watch_events(of_service(request, "customer"))
        .await
        .unwrap()
        .into_inner();
    // And one that works until the server does not take any more.
    let working = {
        let client = client.clone();
        tokio::spawn(async move {
            let mut acknowledged = 0_u32;
            while send(&client, vec![event(format!("e-{acknowledged}"), "acme")])
                .await
                .is_ok()
            {
                acknowledged += 1;
            }
            acknowledged
        })
    };
    // The calls share one connection: when this is answered, those have arrived.
    send(&client, vec![event("last", "acme")]).await.unwrap();

    let asked = Instant::now();
    installation.terminate().unwrap();
    for call in waiting {
        let answer = call.await.unwrap().unwrap().into_inner();
        assert!(answer.events.is_empty());
    }
    let end = tokio::time::timeout(Duration::from_secs(60), watch.next())
        .await
        .unwrap();
    assert!(end.is_none(), "{end:?}");
    installation.ended().await.unwrap();
    let took = asked.elapsed();
    println!("stopped in {took:?}");
    // Nothing had to be cut off at the end of the drain.
    assert!(took < chassis::server::DRAIN, "{took:?}");

    let acknowledged = working.await.unwrap();
    installation.spawn().await.unwrap();
    // The last one may have been stored while its answer was on the way.
    let stored = counted(&installation.client()).await;
    let known = rust_decimal::Decimal::from(acknowledged + 1);
    assert!(
        stored == known || stored == known + rust_decimal::Decimal::ONE,
        "{stored} {known}"
    );
    installation.stop().await.unwrap();
}
