//! The ingest log on a real nats-server: what is accepted is stored once, whatever happens to the server,
//! the messages, the database and the workers.

use std::{collections::BTreeSet, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chassis::config::Secret;
use futures::future::join_all;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::{nats::Nats, *};
use crate::{
    ingest::Ingest,
    log::{Log, LogBacklog},
};

const LIMIT: Duration = Duration::from_secs(90);
const TIME: &str = "2025-06-01T00:00:00Z";
const STREAM: &str = "PERENNIAL_USAGE";
const PARKED: &str = "PERENNIAL_USAGE_PARKED";

/// Runs a test with a log on every database there is, where there is a server for it.
async fn logged<F: AsyncFn(&World, &mut Nats)>(settings: &[(&str, &str)], test: F) {
    on_every_database(async |url, folder| {
        let Some(mut nats) = Nats::start().await else {
            return;
        };
        let world = World::start(config(&url, &nats.url(), settings), folder).await;
        let work = work(&world);
        usable(&world, true).await;
        test(&world, &mut nats).await;
        world.env.shutdown.cancel();
        work.await.unwrap();
    })
    .await;
}

fn config(url: &str, log: &str, settings: &[(&str, &str)]) -> ServiceConfig {
    let mut config = ServiceConfig::on(url).with_setting("ingest_log_max_bytes", "67108864");
    config.ingest_log = Some(Secret(log.to_owned()));
    settings.iter().fold(config, |config, (name, value)| {
        config.with_setting(name, *value)
    })
}

fn backlog(world: &World) -> Arc<dyn Backlog> {
    world.backlog.clone().unwrap()
}

fn work(world: &World) -> JoinHandle<()> {
    let clocks = world.env.clocks();
    clocks.replace_if(clocks.version(), []);
    let backlog = backlog(world);
    tokio::spawn(async move { backlog.run().await })
}

/// Waits until the log says so of itself.
async fn usable(world: &World, wanted: bool) {
    let mut ready = backlog(world).ready();
    let said = ready.wait_for(|ready| *ready == wanted);
    tokio::time::timeout(LIMIT, said).await.unwrap().unwrap();
}

async fn settle(world: &World) {
    backlog(world).drain(LIMIT).await.unwrap();
}

async fn answer(world: &World, request: pb::IngestEventsRequest) -> pb::IngestEventsResponse {
    let mut usage = world.usage.clone();
    let answer = usage.ingest_events(world.request(request)).await;
    answer.unwrap().into_inner()
}

/// Sends until it is accepted, as a client does.
async fn send(world: &World, events: Vec<pb::UsageEvent>) {
    let deadline = tokio::time::Instant::now() + LIMIT;
    while let Err(status) = world.ingest(events.clone(), true).await {
        assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        assert!(tokio::time::Instant::now() < deadline, "{status:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// All stored events in the order of storing.
async fn stored(world: &World) -> Vec<pb::UsageEvent> {
    use futures::TryStreamExt as _;
    let request = world.request(pb::ExportUsageRequest::default());
    let chunks = world.usage.clone().export_usage(request).await.unwrap();
    let chunks: Vec<pb::ExportUsageResponse> = chunks.into_inner().try_collect().await.unwrap();
    chunks
        .into_iter()
        .flat_map(|chunk| chunk.events)
        .map(|event| event.event.unwrap())
        .collect()
}

fn ids(events: &[pb::UsageEvent]) -> BTreeSet<String> {
    let ids: BTreeSet<String> = events.iter().map(|event| event.id.clone()).collect();
    assert_eq!(ids.len(), events.len(), "an event is stored twice");
    ids
}

async fn ask(nats: &Nats, subject: String, body: &'static str) -> Value {
    let client = async_nats::connect(nats.url()).await.unwrap();
    let answer = client.request(subject, body.into()).await.unwrap();
    serde_json::from_slice(&answer.payload).unwrap()
}

async fn messages(nats: &Nats, stream: &str) -> u64 {
    let info = ask(nats, format!("$JS.API.STREAM.INFO.{stream}"), "").await;
    info["state"]["messages"].as_u64().unwrap()
}

/// Reason and content of the first message that was set aside.
async fn parked(nats: &Nats) -> (String, Vec<u8>) {
    let subject = format!("$JS.API.STREAM.MSG.GET.{PARKED}");
    let answer = ask(nats, subject, r#"{"seq":1}"#).await;
    let read = |field: &str| {
        let text = answer["message"][field].as_str().unwrap();
        STANDARD.decode(text).unwrap()
    };
    let headers = String::from_utf8(read("hdrs")).unwrap();
    let reason = headers
        .lines()
        .find_map(|line| line.strip_prefix("Perennial-Reason:"));
    (reason.unwrap().trim().to_owned(), read("data"))
}

async fn sql(world: &World, sqlite: &str, postgres: &str) {
    let write = world.db.system_write(&world.context()).await.unwrap();
    let postgres_there = world.db.backend() == sea_orm::DatabaseBackend::Postgres;
    let statement = if postgres_there { postgres } else { sqlite };
    write.tx().execute_unprepared(statement).await.unwrap();
    write.commit().await.unwrap();
}

fn batch(prefix: &str, count: usize) -> Vec<pb::UsageEvent> {
    (0..count)
        .map(|number| {
            let subject = format!("subject-{}", number % 37);
            event(&format!("{prefix}-{number}"), &subject, TIME, r#"{"v":1}"#)
        })
        .collect()
}

#[tokio::test]
async fn what_the_log_takes_in_is_stored_once() {
    logged(&[], async |world, nats| {
        let meter = world.create(sum_meter("m")).await.unwrap();
        let events = batch("a", 1_000);
        // Nobody knows yet what is new, not even of a repetition.
        for _ in 0..2 {
            let request = pb::IngestEventsRequest {
                events: events.clone(),
                ..Default::default()
            };
            let answer = answer(world, request).await;
            assert_eq!(
                (
                    answer.accepted_count,
                    answer.new_count,
                    answer.pending_count
                ),
                (1_000, 0, 1_000)
            );
        }
        // The same events in other company are other messages: only the database knows them.
        send(world, events[100..900].to_vec()).await;
        settle(world).await;
        assert_eq!(ids(&stored(world).await), ids(&events));
        let query = pb::QueryMeterRequest {
            meter: by_id(&meter),
            ..Default::default()
        };
        assert_eq!(values(&world.query(query).await.unwrap()), ["1000"]);
        assert_eq!(
            (messages(nats, STREAM).await, messages(nats, PARKED).await),
            (0, 0)
        );
        assert_eq!(backlog(world).drain(LIMIT).await.unwrap(), 0);
        assert_eq!(world.ingest(Vec::new(), true).await.unwrap(), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn bad_input_is_refused_before_the_log() {
    logged(&[], async |world, nats| {
        let bad = vec![event("1", "s1", TIME, ""), event("2", "", TIME, "[1]")];
        let status = world.ingest(bad, true).await.unwrap_err();
        let fields: Vec<String> = chassis::error::details(&status)
            .violations
            .into_iter()
            .map(|violation| violation.field)
            .collect();
        assert_eq!(fields, ["events[1].subject", "events[1].data"]);
        let twice = vec![event("1", "s1", TIME, ""), event("1", "s2", TIME, "")];
        refused(
            world.ingest(twice.clone(), true).await,
            Code::AlreadyExists,
            "EVENT_CONFLICT",
        );
        settle(world).await;
        assert_eq!(stored(world).await, []);
        world.ingest(twice, false).await.unwrap();
        settle(world).await;
        assert_eq!(stored(world).await.len(), 1);
        assert_eq!(messages(nats, PARKED).await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_first_of_an_identity_wins_and_strict_callers_find_the_other_set_aside() {
    logged(&[], async |world, nats| {
        let first = event("1", "s1", TIME, r#"{"v":1.50}"#);
        send(world, vec![first.clone()]).await;
        settle(world).await;
        let other = event("1", "s1", TIME, r#"{"v":2}"#);
        assert_eq!(
            world.ingest(vec![other.clone()], false).await.unwrap(),
            (1, 0)
        );
        settle(world).await;
        assert_eq!(messages(nats, PARKED).await, 0);
        // Beside an event that is fine, in a batch that is large enough for several commits.
        let other = event("1", "s1", TIME, r#"{"v":3.0}"#);
        let mut events = batch("fine", 300);
        events.push(other);
        send(world, events).await;
        settle(world).await;
        assert_eq!(stored(world).await.len(), 301);
        assert_eq!(stored(world).await[0], first);
        assert_eq!(messages(nats, PARKED).await, 1);
        let (reason, content) = parked(nats).await;
        assert_eq!(reason, "EVENT_CONFLICT");
        let content = String::from_utf8(content).unwrap();
        assert!(content.contains(r#""data":{"v":3.0}"#), "{content}");
        assert!(content.contains(r#""specversion":"1.0""#), "{content}");
    })
    .await;
}

#[tokio::test]
async fn one_subjects_events_stay_in_order() {
    logged(&[], async |world, _| {
        let clients = (0..4).map(|client| async move {
            let subject = format!("subject-{client}");
            for number in 0..60 {
                // Not in the order of the ids, in which a commit inserts them.
                let id = format!("{client}-{:03}", 999 - number);
                send(world, vec![event(&id, &subject, TIME, "")]).await;
                // Comes too late, with the identity of the one before.
                let late = event(&id, &subject, TIME, r#"{"late":true}"#);
                world.ingest(vec![late], false).await.unwrap();
            }
        });
        join_all(clients).await;
        settle(world).await;
        let stored = stored(world).await;
        assert_eq!(ids(&stored).len(), 240);
        for client in 0..4 {
            let subject = format!("subject-{client}");
            let own: Vec<&pb::UsageEvent> = stored
                .iter()
                .filter(|event| event.subject == subject)
                .collect();
            assert!(own.iter().rev().is_sorted_by_key(|event| &event.id));
            assert!(own.iter().all(|event| event.data.is_empty()));
        }
    })
    .await;
}

#[tokio::test]
async fn poison_is_set_aside_and_blocks_nobody() {
    logged(&[], async |world, nats| {
        sql(
            world,
            "CREATE TRIGGER poison BEFORE INSERT ON usage_event WHEN NEW.event_id = 'poison' \
             BEGIN SELECT RAISE(ABORT, 'poison is refused'); END",
            "ALTER TABLE usage_event ADD CONSTRAINT poison CHECK (event_id <> 'poison')",
        )
        .await;
        let client = async_nats::connect(nats.url()).await.unwrap();
        let mut events = batch("a", 40);
        events.insert(20, event("poison", "subject-1", TIME, r#"{"v":7}"#));
        send(world, events).await;
        send(world, batch("b", 40)).await;
        settle(world).await;
        assert_eq!(ids(&stored(world).await).len(), 80);
        assert_eq!(messages(nats, PARKED).await, 1);
        let (reason, content) = parked(nats).await;
        assert!(reason.contains("poison"), "{reason}");
        let content: Value = serde_json::from_slice(&content).unwrap();
        assert_eq!(
            (&content["id"], &content["subject"]),
            (&"poison".into(), &"subject-1".into())
        );
        // What is no message at all, in every partition.
        for partition in 0..16 {
            let subject = format!("{STREAM}.events.{partition:02}");
            client
                .request(subject, format!("garbage {partition}").into())
                .await
                .unwrap();
        }
        send(world, batch("c", 40)).await;
        settle(world).await;
        assert_eq!(ids(&stored(world).await).len(), 120);
        assert_eq!(messages(nats, PARKED).await, 17);
    })
    .await;
}

#[tokio::test]
async fn a_full_log_refuses_until_there_is_room() {
    logged(
        &[("ingest_log_max_bytes", "1048576")],
        async |world, nats| {
            // The database stands still, so that nothing leaves the log.
            let hold = world.db.system_write(&world.context()).await.unwrap();
            if world.db.backend() == sea_orm::DatabaseBackend::Postgres {
                let lock = "LOCK TABLE usage_event IN EXCLUSIVE MODE";
                hold.tx().execute_unprepared(lock).await.unwrap();
            }
            let data = format!(r#"{{"v":1,"filler":"{}"}}"#, "x".repeat(50_000));
            let mut accepted = Vec::new();
            let status = loop {
                let event = event(&format!("{}", accepted.len()), "s1", TIME, &data);
                match world.ingest(vec![event.clone()], true).await {
                    Ok(_) => accepted.push(event),
                    Err(status) => break status,
                }
                assert!(accepted.len() < 100, "it is never full");
            };
            refused::<()>(Err(status), Code::ResourceExhausted, "INGEST_LOG_FULL");
            assert!(accepted.len() > 10);
            drop(hold);
            settle(world).await;
            assert_eq!(ids(&stored(world).await), ids(&accepted));
            assert_eq!(messages(nats, STREAM).await, 0);
            send(world, vec![event("later", "s1", TIME, &data)]).await;
            settle(world).await;
            assert_eq!(stored(world).await.len(), accepted.len() + 1);
        },
    )
    .await;
}

#[tokio::test]
async fn without_the_log_calls_are_refused_until_it_is_back() {
    logged(&[], async |world, nats| {
        send(world, batch("before", 50)).await;
        nats.kill();
        usable(world, false).await;
        refused(
            world.ingest(batch("during", 50), true).await,
            Code::Unavailable,
            "INGEST_LOG_UNAVAILABLE",
        );
        let drained = backlog(world).drain(LIMIT).await;
        assert_eq!(drained.unwrap_err().code(), Code::Unavailable);
        nats.restart().await;
        usable(world, true).await;
        send(world, batch("after", 50)).await;
        settle(world).await;
        let expected = [batch("before", 50), batch("after", 50)].concat();
        assert_eq!(ids(&stored(world).await), ids(&expected));
    })
    .await;
}

#[tokio::test]
async fn a_server_killed_at_any_moment_loses_and_doubles_nothing() {
    logged(&[], async |world, nats| {
        let meter = world.create(sum_meter("m")).await.unwrap();
        let clients = (0..4).map(|client| async move {
            for number in 0..60 {
                let mut events = batch(&format!("{client}-{number}"), 10);
                send(world, events.clone()).await;
                if number % 10 == 0 {
                    // A client that did not hear the answer.
                    events.truncate(7);
                    send(world, events).await;
                }
            }
        });
        let killer = async {
            for _ in 0..4 {
                let pause = u64::from(chassis::secret::random::<1>()[0]);
                tokio::time::sleep(Duration::from_millis(20 + pause)).await;
                nats.restart().await;
                usable(world, true).await;
            }
        };
        tokio::join!(join_all(clients), killer);
        usable(world, true).await;
        settle(world).await;
        let expected: Vec<pb::UsageEvent> = (0..4)
            .flat_map(|client| (0..60).map(move |number| (client, number)))
            .flat_map(|(client, number)| batch(&format!("{client}-{number}"), 10))
            .collect();
        assert_eq!(ids(&stored(world).await), ids(&expected));
        let query = pb::QueryMeterRequest {
            meter: by_id(&meter),
            ..Default::default()
        };
        assert_eq!(values(&world.query(query).await.unwrap()), ["2400"]);
    })
    .await;
}

#[tokio::test]
async fn a_database_that_is_cut_off_delays_and_loses_nothing() {
    logged(&[], async |world, nats| {
        let on_postgres = world.db.backend() == sea_orm::DatabaseBackend::Postgres;
        for round in 0..5 {
            send(world, batch(&format!("{round}"), 100)).await;
            if on_postgres {
                let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                           WHERE datname = current_database() AND pid <> pg_backend_pid()";
                // The connection may be one that was cut a round ago.
                while world.db.reader().execute_unprepared(cut).await.is_err() {}
            }
        }
        settle(world).await;
        assert_eq!(ids(&stored(world).await).len(), 500);
        assert_eq!(messages(nats, PARKED).await, 0);
    })
    .await;
}

#[tokio::test]
async fn replicas_share_the_partitions() {
    logged(&[], async |world, nats| {
        let owners = async || -> BTreeSet<String> {
            let names = ask(nats, format!("$JS.API.CONSUMER.NAMES.{STREAM}"), "").await;
            let names = names["consumers"].as_array().cloned().unwrap_or_default();
            let mut owners: Vec<String> = names
                .iter()
                .filter_map(|name| Some(name.as_str()?.split('_').nth(1)?.to_owned()))
                .collect();
            owners.sort();
            let all = owners.len();
            let different: BTreeSet<String> = owners.into_iter().collect();
            if all == 16 {
                different
            } else {
                BTreeSet::new()
            }
        };
        let until = async |replicas: usize| {
            let deadline = tokio::time::Instant::now() + LIMIT;
            while owners().await.len() != replicas {
                assert!(
                    tokio::time::Instant::now() < deadline,
                    "{:?}",
                    owners().await
                );
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        until(1).await;
        let replica = || {
            let mut env = world.env.clone();
            env.shutdown = CancellationToken::new();
            let stop = env.shutdown.clone();
            let log = Log::new(&env).unwrap().unwrap();
            let ingest = Ingest::start(&world.db);
            let backlog = LogBacklog::new(log, env, world.db.clone(), ingest);
            (stop, tokio::spawn(async move { backlog.run().await }))
        };
        let (stop, stopped) = replica();
        let (_, killed) = replica();
        until(3).await;
        send(world, batch("shared", 500)).await;
        // One says goodbye, the other one does not.
        stop.cancel();
        stopped.await.unwrap();
        killed.abort();
        send(world, batch("taken over", 500)).await;
        settle(world).await;
        assert_eq!(ids(&stored(world).await).len(), 1_000);
    })
    .await;
}

#[tokio::test]
async fn a_request_id_is_kept_with_a_log_too() {
    logged(&[], async |world, _| {
        let call = async |events: Vec<pb::UsageEvent>| {
            let request = pb::IngestEventsRequest {
                events,
                request_id: "one".into(),
                ..Default::default()
            };
            world
                .usage
                .clone()
                .ingest_events(world.request(request))
                .await
        };
        let first = call(batch("a", 3)).await.unwrap().into_inner();
        assert_eq!((first.accepted_count, first.pending_count), (3, 3));
        let again = call(batch("a", 3)).await.unwrap();
        assert!(again.metadata().contains_key("x-perennial-replayed"));
        assert_eq!(again.into_inner(), first);
        refused(
            call(batch("b", 3)).await,
            Code::InvalidArgument,
            "REQUEST_ID_REUSED",
        );
        settle(world).await;
        assert_eq!(stored(world).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_stream_of_events_goes_into_the_log() {
    logged(&[], async |world, _| {
        let pieces = (0..5).map(|piece| pb::StreamEventsRequest {
            events: batch(&format!("{piece}"), 500),
            reject_conflicts: None,
        });
        let request = world.request(futures::stream::iter(pieces.collect::<Vec<_>>()));
        let answer = world.usage.clone().stream_events(request).await.unwrap();
        let answer = answer.into_inner();
        assert_eq!(
            (
                answer.accepted_count,
                answer.new_count,
                answer.pending_count
            ),
            (2_500, 0, 2_500)
        );
        settle(world).await;
        assert_eq!(ids(&stored(world).await).len(), 2_500);
    })
    .await;
}

#[tokio::test]
async fn a_log_that_needs_a_password_opens_with_the_right_one_only() {
    let Some(nats) = Nats::with(&["--user", "me", "--pass", "s3cret"]).await else {
        return;
    };
    for (password, opens) in [("wrong", false), ("s3cret", true)] {
        let folder = tempfile::tempdir().unwrap();
        let url = Db::sqlite_url(folder.path(), "metering");
        let config = config(&url, &nats.url_as("me", password), &[]);
        assert!(!format!("{config:?}").contains(password));
        let world = World::start(config, folder).await;
        let work = work(&world);
        if opens {
            usable(&world, true).await;
            send(&world, batch("a", 10)).await;
            settle(&world).await;
            assert_eq!(stored(&world).await.len(), 10);
        } else {
            let refused_call = world.ingest(batch("a", 10), true).await;
            refused(refused_call, Code::Unavailable, "INGEST_LOG_UNAVAILABLE");
        }
        world.env.shutdown.cancel();
        work.await.unwrap();
    }
}

#[tokio::test]
async fn without_a_log_nothing_waits() {
    everywhere(async |world: World| {
        assert!(world.backlog.is_none());
        let request = pb::IngestEventsRequest {
            events: batch("a", 10),
            ..Default::default()
        };
        let answer = answer(&world, request).await;
        assert_eq!(
            (
                answer.accepted_count,
                answer.new_count,
                answer.pending_count
            ),
            (10, 10, 0)
        );
    })
    .await;
}
