//! Two processes on one database: they race, and together behave like one. PostgreSQL only.

use std::time::Duration;

use futures::future::join_all;
use suite::World;

use super::setup::{
    all_whole, company, counted, customer, draft, event, half_made, publish, send, subscribe,
    subscriptions, winners,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_race_behave_like_one() {
    const CALLERS: usize = 8;
    const EVENTS: usize = 100;
    let world = World::start().await;
    let Some(replica) = world.replica().await else {
        println!("skipped: replicas need PERENNIAL_TEST_DATABASE_URL");
        world.stop().await;
        return;
    };
    let clients = [world.client(), replica.client()];
    company(&clients[0]).await;
    // The other one has heard of the clock.
    super::setup::eventually(Duration::from_secs(90), || async {
        let request = contract::customer::v1::GetClockRequest::default();
        let clock = clients[1]
            .clocks()
            .get_clock(request)
            .await
            .unwrap()
            .into_inner();
        let text = format!("{clock:?}");
        if text.contains("1767225600") {
            Ok(())
        } else {
            Err(text)
        }
    })
    .await;
    let acme = customer(&clients[0], "acme", "").await.unwrap();

    let both = || (0..CALLERS).map(|number| &clients[number % 2]);
    let answers = join_all(both().map(|client| subscribe(client, &acme, ""))).await;
    assert_eq!(winners(answers).len(), 1);
    assert_eq!(subscriptions(&clients[1], &acme).await.len(), 1);
    all_whole(
        &clients[0],
        std::slice::from_ref(&acme),
        Duration::from_secs(120),
    )
    .await;
    assert_eq!(half_made(&clients[1], &acme).await, None);

    let answers = join_all(both().map(|client| customer(client, "twin", ""))).await;
    assert_eq!(winners(answers).len(), 1);

    let plan = draft(&clients[0], "team").await;
    winners(join_all(both().map(|client| publish(client, &plan))).await);

    let batch: Vec<_> = (0..EVENTS)
        .map(|number| event(format!("e-{number}"), "acme"))
        .collect();
    let sent = join_all(both().map(|client| send(client, batch.clone()))).await;
    let new: i64 = sent.into_iter().map(Result::unwrap).sum();
    assert_eq!(usize::try_from(new).unwrap(), EVENTS);
    assert_eq!(counted(&clients[1]).await, EVENTS.into());
    replica.stop().await;
    world.stop().await;
}
