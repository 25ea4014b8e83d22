//! Deliveries to a real endpoint: signatures, retries, order, limits, and what a dead endpoint comes to.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use contract::notification::v1::{self as pb, DeliveryState, EventType};
use jiff::SignedDuration;

use super::{
    World,
    endpoint::{Endpoint, is_signed},
    rule_of, secret, settings, until,
};

async fn delivered(world: &World, event: &str, state: DeliveryState) -> pb::Delivery {
    until(async || {
        let delivery = world.event(event).await.deliveries.pop().unwrap();
        (delivery.state() == state).then_some(delivery)
    })
    .await
}

async fn invoice_rule(world: &World, channel: &str) -> pb::Rule {
    world
        .made_rule(rule_of(EventType::InvoiceCreated, &[channel], &[]))
        .await
}

#[tokio::test]
async fn a_delivery_is_signed_and_says_what_it_is() {
    let world = World::local().await;
    let endpoint = Endpoint::start(|_, _| 204).await;
    let ops = world.channel_to(&endpoint.url()).await;
    let rule = invoice_rule(&world, &ops.id).await;
    world.deliver();
    let event = world.fired(&rule.id).await;
    let done = delivered(&world, &event.id, DeliveryState::Success).await;
    assert_eq!((done.reason.as_str(), done.next_attempt_time), ("", None));
    let message = endpoint.received().pop().unwrap();
    assert!(is_signed(&message, &secret(&ops)));
    assert_eq!(message.body, event.body_json);
    assert_eq!(message.headers["content-type"], "application/json");
    assert_eq!(message.headers["webhook-id"], event.id);
    assert_eq!(message.headers["x-env"], "test");
    assert_eq!(message.headers["perennial-object"], event.object);
    assert_eq!(message.headers["perennial-sequence"], "1");
    let attempt = done.attempts.first().unwrap();
    assert_eq!(
        (attempt.state(), attempt.status_code),
        (DeliveryState::Success, 204)
    );
    assert_eq!(attempt.url, endpoint.url());
}

#[tokio::test]
async fn what_fails_is_tried_again_with_the_same_id_until_it_is_taken() {
    let world = World::local().await;
    // A redirect is no success, and is not followed.
    let answers = [500, 302, 429, 200];
    let endpoint = Endpoint::start(move |number, _| answers[number.min(3)]).await;
    let ops = world.channel_to(&endpoint.url()).await;
    let rule = invoice_rule(&world, &ops.id).await;
    world.deliver();
    let event = world.fired(&rule.id).await;
    let done = delivered(&world, &event.id, DeliveryState::Success).await;
    let codes: Vec<i32> = done
        .attempts
        .iter()
        .map(|attempt| attempt.status_code)
        .collect();
    assert_eq!(codes, [200, 429, 302, 500], "newest first");
    assert_eq!(done.attempts[3].response_body, "message 0");
    assert_eq!(done.attempts[3].state(), DeliveryState::Failed);
    let received = endpoint.received();
    assert!(
        received
            .iter()
            .all(|message| message.headers["webhook-id"] == event.id)
    );
    assert!(
        received
            .iter()
            .all(|message| is_signed(message, &secret(&ops)))
    );
}

#[tokio::test]
async fn between_attempts_it_is_sending_and_says_when_it_goes_on() {
    let world = World::local().await;
    let endpoint = Endpoint::start(|_, _| 503).await;
    let ops = world.channel_to(&endpoint.url()).await;
    let rule = invoice_rule(&world, &ops.id).await;
    world.deliver_with(settings(&[3_600_000]));
    let event = world.fired(&rule.id).await;
    let waiting = until(async || {
        let delivery = world.event(&event.id).await.deliveries.pop().unwrap();
        (delivery.attempts.len() == 1).then_some(delivery)
    })
    .await;
    assert_eq!(waiting.state(), DeliveryState::Sending);
    assert_eq!(waiting.reason, "the endpoint answered 503");
    assert!(waiting.next_attempt_time.is_some());
}

#[tokio::test]
async fn after_the_last_attempt_it_is_given_up_and_the_next_one_goes_on() {
    let world = World::local().await;
    let endpoint = Endpoint::start(|number, _| if number < 3 { 500 } else { 200 }).await;
    let ops = world.channel_to(&endpoint.url()).await;
    let rule = invoice_rule(&world, &ops.id).await;
    let (first, second) = (world.fired(&rule.id).await, world.fired(&rule.id).await);
    assert_eq!(second.deliveries[0].state(), DeliveryState::Sending);
    assert_eq!(
        second.deliveries[0].reason,
        "waits for an earlier event of the same object"
    );
    world.deliver_with(settings(&[10, 10]));
    let failed = delivered(&world, &first.id, DeliveryState::Failed).await;
    assert_eq!(
        failed.reason,
        "given up after 3 attempts: the endpoint answered 500"
    );
    assert_eq!(failed.next_attempt_time, None);
    delivered(&world, &second.id, DeliveryState::Success).await;
    assert_eq!(endpoint.taken(), [second.id]);
    // What was given up can be found.
    let list = pb::ListEventsRequest {
        delivery_states: vec![DeliveryState::Failed.into()],
        ..Default::default()
    };
    use pb::event_service_server::EventService as _;
    let found = world
        .service
        .list_events(world.call(list))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.events[0].id, first.id);
    assert_eq!(found.events.len(), 1);
}

#[tokio::test]
async fn events_of_an_object_arrive_in_order_however_often_they_fail() {
    let world = World::local().await;
    // Every message fails the first time and every third the second time too.
    let endpoint = Endpoint::start({
        let tries = std::sync::Mutex::new(BTreeMap::<String, usize>::new());
        move |_, message| {
            let mut tries = tries.lock().unwrap();
            let known = tries.len();
            let count = tries
                .entry(message.headers["webhook-id"].clone())
                .or_default();
            *count += 1;
            let needed = if known.is_multiple_of(3) { 3 } else { 2 };
            if *count < needed { 500 } else { 200 }
        }
    })
    .await;
    let ops = world.channel_to(&endpoint.url()).await;
    let rules = [
        invoice_rule(&world, &ops.id).await,
        invoice_rule(&world, &ops.id).await,
        invoice_rule(&world, &ops.id).await,
    ];
    world.deliver();
    let mut made: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for _ in 0..12 {
        for rule in &rules {
            let event = world.fired(&rule.id).await;
            made.entry(event.object).or_default().push(event.id);
        }
    }
    until(async || (endpoint.taken().len() >= 36).then_some(())).await;
    for (object, ids) in made {
        let arrived = endpoint
            .received()
            .into_iter()
            .filter(|message| {
                message.status == 200 && message.headers["perennial-object"] == object
            })
            .map(|message| message.headers["webhook-id"].clone());
        assert_eq!(arrived.collect::<Vec<_>>(), ids);
    }
}

#[tokio::test]
async fn an_endpoint_that_never_answers_holds_up_nobody_else() {
    let world = World::local().await;
    // It accepts connections and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::start(|_, _| 200).await;
    let stuck = world
        .channel_to(&format!("http://{}/", silent.local_addr().unwrap()))
        .await;
    let fine = world.channel_to(&endpoint.url()).await;
    let mut stuck_events = Vec::new();
    for _ in 0..5 {
        let rule = invoice_rule(&world, &stuck.id).await;
        stuck_events.push(world.fired(&rule.id).await.id);
    }
    let rule = invoice_rule(&world, &fine.id).await;
    let mut limited = settings(&[3_600_000]);
    limited.channel_in_flight_max = 2;
    limited.in_flight_max = 3;
    limited.timeout = std::time::Duration::from_secs(3600);
    world.deliver_with(limited);
    let event = world.fired(&rule.id).await;
    delivered(&world, &event.id, DeliveryState::Success).await;
    let mut under_way = 0;
    for id in &stuck_events {
        let delivery = world.event(id).await.deliveries.pop().unwrap();
        under_way += usize::from(delivery.state() == DeliveryState::Sending);
    }
    assert_eq!(under_way, 2, "a channel gets no more than its share");
}

#[tokio::test]
async fn a_slow_endpoint_is_a_failure() {
    let world = World::local().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ops = world
        .channel_to(&format!("http://{}/", silent.local_addr().unwrap()))
        .await;
    let rule = invoice_rule(&world, &ops.id).await;
    let mut hasty = settings(&[]);
    hasty.timeout = std::time::Duration::from_millis(100);
    world.deliver_with(hasty);
    let event = world.fired(&rule.id).await;
    let failed = delivered(&world, &event.id, DeliveryState::Failed).await;
    assert_eq!(failed.attempts[0].status_code, 0);
    assert_eq!(
        failed.attempts[0].response_body,
        "the endpoint did not answer in time"
    );
}

#[tokio::test]
async fn what_waits_for_a_channel_that_is_disabled_fails_and_says_why() {
    let world = World::local().await;
    let endpoint = Endpoint::start(|_, _| 200).await;
    let ops = world.channel_to(&endpoint.url()).await;
    let rule = invoice_rule(&world, &ops.id).await;
    let (first, second) = (world.fired(&rule.id).await, world.fired(&rule.id).await);
    world.set_disabled(&ops.id, true).await;
    world.deliver();
    for event in [first, second] {
        let failed = delivered(&world, &event.id, DeliveryState::Failed).await;
        assert_eq!(failed.reason, "the channel is disabled");
        assert!(failed.attempts.is_empty());
    }
    assert!(endpoint.received().is_empty());
}

#[tokio::test]
async fn a_dead_endpoint_is_disabled_and_can_be_enabled_again() {
    let world = World::local().await;
    let alive = Arc::new(AtomicBool::new(false));
    let endpoint = Endpoint::start({
        let alive = alive.clone();
        move |_, _| {
            if alive.load(Ordering::SeqCst) {
                200
            } else {
                500
            }
        }
    })
    .await;
    let ops = world.channel_to(&endpoint.url()).await;
    let rule = invoice_rule(&world, &ops.id).await;
    let mut impatient = settings(&[30; 40]);
    impatient.disable_after = SignedDuration::from_millis(200);
    world.deliver_with(impatient);
    let event = world.fired(&rule.id).await;
    let dead = until(async || {
        let channel = world.channel_now(&ops.id).await;
        channel.disabled.then_some(channel)
    })
    .await;
    assert!(
        dead.disable_reason
            .starts_with("no delivery succeeded since ")
    );
    delivered(&world, &event.id, DeliveryState::Failed).await;

    alive.store(true, Ordering::SeqCst);
    world.set_disabled(&ops.id, false).await;
    assert_eq!(world.channel_now(&ops.id).await.disable_reason, "");
    world.resend(&event.id, &[]).await.unwrap();
    delivered(&world, &event.id, DeliveryState::Success).await;
    assert!(!world.channel_now(&ops.id).await.disabled);
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_not_called() {
    let world = World::local().await;
    let endpoint = Endpoint::start(|_, _| 200).await;
    let by_name = format!("http://localhost:{}/", endpoint.address.port());
    let mut closed = settings(&[]);
    closed.allow_private = false;
    world.deliver_with(closed);
    // The channel was accepted while private addresses were allowed.
    for url in [endpoint.url(), by_name] {
        let ops = world.channel_to(&url).await;
        let rule = invoice_rule(&world, &ops.id).await;
        let event = world.fired(&rule.id).await;
        let failed = delivered(&world, &event.id, DeliveryState::Failed).await;
        let said = &failed.attempts[0].response_body;
        assert_eq!(
            said, "the address is loopback, private or reserved",
            "{url}"
        );
    }
    assert!(endpoint.received().is_empty());
}

#[tokio::test]
async fn what_a_dead_process_was_sending_is_sent_by_the_next() {
    let world = World::local().await;
    let endpoint = Endpoint::start(|_, _| 200).await;
    let ops = world.channel_to(&endpoint.url()).await;
    let rule = invoice_rule(&world, &ops.id).await;
    let event = world.fired(&rule.id).await;
    // A claim that ran out, as a process leaves it that died.
    let now = chassis::clock::system_now();
    let write = world.db.system_write(&world.background()).await.unwrap();
    let past = now - SignedDuration::from_secs(1);
    let claimed = crate::store::queue::claim(write.tx(), (now, past), "dead", 10, &[])
        .await
        .unwrap();
    assert_eq!(claimed.len(), 1);
    write.commit().await.unwrap();
    world.deliver();
    delivered(&world, &event.id, DeliveryState::Success).await;
    assert_eq!(endpoint.taken(), [event.id]);
}

#[tokio::test]
async fn two_senders_on_one_database_send_each_event_once() {
    let world = World::local().await;
    let count = Arc::new(AtomicUsize::new(0));
    let endpoint = Endpoint::start({
        let count = count.clone();
        move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
            200
        }
    })
    .await;
    let ops = world.channel_to(&endpoint.url()).await;
    let rules = [
        invoice_rule(&world, &ops.id).await,
        invoice_rule(&world, &ops.id).await,
    ];
    world.deliver();
    world.deliver();
    let mut made = BTreeSet::new();
    for number in 0..60 {
        made.insert(world.fired(&rules[number % 2].id).await.id);
    }
    for id in &made {
        delivered(&world, id, DeliveryState::Success).await;
    }
    assert_eq!(count.load(Ordering::SeqCst), made.len());
}

#[tokio::test]
async fn what_could_not_be_handed_over_is_given_up_when_asked() {
    let world = World::local().await;
    let ops = world.made_channel().await;
    let rule = invoice_rule(&world, &ops.id).await;
    let (first, second) = (world.fired(&rule.id).await, world.fired(&rule.id).await);
    let now = chassis::clock::system_now();
    let write = world.db.system_write(&world.background()).await.unwrap();
    let later = now + SignedDuration::from_secs(60);
    let count = crate::store::queue::give_up_pending(write.tx(), later, now)
        .await
        .unwrap();
    write.commit().await.unwrap();
    assert_eq!(count, 1);
    let failed = world.event(&first.id).await.deliveries.pop().unwrap();
    assert_eq!(failed.state(), DeliveryState::Failed);
    // Its successor is no longer held back.
    let next = world.event(&second.id).await.deliveries.pop().unwrap();
    assert!(next.next_attempt_time.is_some());
}
