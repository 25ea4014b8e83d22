//! Webhooks under bad conditions: an endpoint that fails half of 2,000 deliveries, and a service that is killed in the
//! middle of them. Every event arrives, in the order of its object, signed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use contract::notification::v1 as notification;
use futures::future::join_all;
use perennial_sdk::Client;
use suite::{Installation, Receiver};

use super::setup::eventually;

const CHANNELS: usize = 5;
const RULES: usize = 8;
/// 8 rules × 50 events × 5 channels are 2,000 deliveries.
const EVENTS_OF_A_RULE: usize = 50;

/// Settings under which a test sees many attempts in a short time.
fn settings(folder: &std::path::Path) -> String {
    let path = folder.join("webhooks.toml");
    let text = "allow_private_webhooks = true\n\
                [notification]\n\
                retry_waits = \"50ms,100ms,200ms,400ms,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s\"\n\
                attempt_timeout = \"2s\"\n";
    std::fs::write(&path, text).unwrap();
    format!("--config={}", path.display())
}

/// Channels of a receiver with their secrets, by path.
async fn channels(client: &Client, receiver: &Receiver) -> Vec<(String, String, String)> {
    let mut made = Vec::new();
    for number in 0..CHANNELS {
        let path = format!("/{number}");
        let request = notification::CreateChannelRequest {
            channel: Some(notification::Channel {
                name: path.clone(),
                target: Some(notification::channel::Target::Webhook(
                    notification::Webhook {
                        url: receiver.url(&path),
                        ..Default::default()
                    },
                )),
                ..Default::default()
            }),
            request_id: String::new(),
        };
        let answer = client.channels().create_channel(request).await.unwrap();
        let channel = answer.into_inner().channel.unwrap();
        let Some(notification::channel::Target::Webhook(webhook)) = channel.target else {
            panic!("a webhook");
        };
        made.push((channel.id, path, webhook.signing_secret));
    }
    made
}

async fn rules(client: &Client, channels: &[(String, String, String)]) -> Vec<String> {
    let mut made = Vec::new();
    for number in 0..RULES {
        let request = notification::CreateRuleRequest {
            rule: Some(notification::Rule {
                name: format!("rule {number}"),
                event_type: notification::EventType::EntitlementReset.into(),
                channels: channels
                    .iter()
                    .map(|(id, _, _)| notification::RuleChannel {
                        id: id.clone(),
                        ..Default::default()
                    })
                    .collect(),
                ..Default::default()
            }),
            request_id: String::new(),
        };
        let answer = client.rules().create_rule(request).await.unwrap();
        made.push(answer.into_inner().rule.unwrap().id);
    }
    made
}

/// Fires a rule again and again; a call that a killed server did not answer is repeated.
async fn fire(client: Client, rule: String, fired: &AtomicUsize) -> Vec<String> {
    let mut made = Vec::new();
    for number in 0..EVENTS_OF_A_RULE {
        let request = notification::TestRuleRequest {
            id: rule.clone(),
            request_id: format!("{rule}-{number}"),
        };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(120);
        let event = loop {
            match client.rules().test_rule(request.clone()).await {
                Ok(answer) => break answer.into_inner().event.unwrap(),
                Err(refused) => {
                    assert!(tokio::time::Instant::now() < deadline, "{refused}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        };
        made.push(event.id);
        fired.fetch_add(1, Ordering::Relaxed);
    }
    made
}

/// An endpoint that fails the first attempt of every second event, with an error or a redirect.
async fn failing_half() -> Receiver {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    Receiver::start(move |message| {
        let (object, sequence) = message.place();
        let first = seen
            .lock()
            .unwrap()
            .insert((message.path.clone(), object, sequence));
        match (first && sequence % 2 == 0, sequence % 4) {
            (true, 0) => 500,
            (true, _) => 302,
            (false, _) => 204,
        }
    })
    .await
}

/// What has to hold in the end.
fn check(receiver: &Receiver, channels: &[(String, String, String)], made: &[Vec<String>]) {
    let secrets: BTreeMap<&str, &str> = channels
        .iter()
        .map(|(_, path, secret)| (path.as_str(), secret.as_str()))
        .collect();
    let mut taken: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    let mut ids: BTreeSet<(String, String)> = BTreeSet::new();
    for message in receiver.messages() {
        let secret = secrets[message.path.as_str()];
        assert!(message.is_signed(secret), "{message:?}");
        assert_eq!(message.json()["id"], message.id());
        if message.status < 300 {
            let (object, sequence) = message.place();
            // What was taken and not recorded before a kill comes again; what counts is its first time.
            if ids.insert((message.path.clone(), message.id().to_owned())) {
                taken
                    .entry((message.path.clone(), object))
                    .or_default()
                    .push(sequence);
            }
        }
    }
    for id in made.iter().flatten() {
        for (_, path, _) in channels {
            assert!(
                ids.contains(&(path.clone(), id.clone())),
                "{id} never came to {path}"
            );
        }
    }
    assert_eq!(taken.len(), CHANNELS * RULES);
    let in_order: Vec<i64> = (1..).take(EVENTS_OF_A_RULE).collect();
    for ((path, object), sequences) in taken {
        assert_eq!(sequences, in_order, "{object} at {path}");
    }
}

/// Fires everything; `part` is killed once while deliveries are under way.
async fn shake(mut installation: Installation, part: &'static str) {
    let receiver = failing_half().await;
    let client = installation.client();
    let channels = channels(&client, &receiver).await;
    let rules = rules(&client, &channels).await;
    let fired = AtomicUsize::new(0);
    let firing = join_all(
        rules
            .iter()
            .map(|rule| fire(client.clone(), rule.clone(), &fired)),
    );
    let kill = async {
        eventually(Duration::from_secs(180), || async {
            let (fired, taken) = (fired.load(Ordering::Relaxed), receiver.taken_count());
            if fired < RULES * EVENTS_OF_A_RULE / 3 || taken < 100 {
                return Err(format!("{fired} fired, {taken} taken"));
            }
            Ok(())
        })
        .await;
        installation.kill_part(part).unwrap();
        installation.spawn().await.unwrap();
    };
    let (made, ()) = tokio::join!(firing, kill);
    let all = RULES * EVENTS_OF_A_RULE * CHANNELS;
    assert_eq!(all, 2_000);
    eventually(Duration::from_secs(300), || async {
        let messages = receiver.messages();
        let done: BTreeSet<_> = messages
            .iter()
            .filter(|message| message.status < 300)
            .map(|message| (message.path.clone(), message.id().to_owned()))
            .collect();
        if done.len() < all {
            return Err(format!("{} of {all} arrived", done.len()));
        }
        Ok(())
    })
    .await;
    check(&receiver, &channels, &made);
    installation.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_deliveries_survive_a_bad_endpoint_and_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let config = settings(folder.path());
    let installation = Installation::all_in_one_with(&[&config]).await.unwrap();
    shake(installation, "serve").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_deliveries_survive_a_kill_of_the_notification_service_alone() {
    let folder = tempfile::tempdir().unwrap();
    let config = settings(folder.path());
    let Some(installation) = Installation::split_with(&[&config]).await.unwrap() else {
        println!("skipped: a split installation needs PERENNIAL_TEST_DATABASE_URL");
        return;
    };
    shake(installation, "notification").await;
}
