//! Events in: how many a second, durable, de-duplicated, rollups included, beside what the store takes raw;
//! what a query costs over one million and over ten; and how much memory it takes.
//!
//! Arguments: `quick` for a tenth of everything; else any of `batches`, `singles`, `query`, `memory`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use contract::metering::v1 as pb;
use perennial_sdk::Client;

use super::{
    RUNS, Table,
    ceiling::Ceiling,
    event::{self, SPAN, START},
    per_second, start,
    table::{median, milliseconds},
};
use crate::World;

/// Events of one batch.
const BATCH: u64 = 100;
/// Connections of the batches.
const CONNECTIONS: usize = 8;
/// Single events that wait for an answer at once.
const IN_FLIGHT: usize = 64;

/// How much is done.
#[derive(Clone, Copy)]
struct Amounts {
    batched: u64,
    single: u64,
    queried: [u64; 2],
    remembered: u64,
}

const FULL: Amounts = Amounts {
    batched: 200_000,
    single: 20_000,
    queried: [1_000_000, 10_000_000],
    remembered: 2_000_000,
};
const QUICK: Amounts = Amounts {
    batched: 20_000,
    single: 4_000,
    queried: [100_000, 1_000_000],
    remembered: 200_000,
};

/// Runs it.
pub async fn run(arguments: &[String]) -> anyhow::Result<()> {
    let quick = arguments.iter().any(|argument| argument == "quick");
    let amounts = if quick { QUICK } else { FULL };
    let chosen = |part: &str| {
        let parts = arguments.iter().filter(|argument| *argument != "quick");
        parts.clone().count() == 0 || parts.into_iter().any(|argument| argument == part)
    };
    if chosen("batches") || chosen("singles") {
        let mut table = Table::new("ingest: events a second");
        if chosen("batches") {
            batches(&mut table, amounts.batched).await?;
        }
        if chosen("singles") {
            singles(&mut table, amounts.single).await?;
        }
        table.print();
    }
    if chosen("memory") {
        let mut table = Table::new("ingest: memory of the process, its clients included");
        memory(&mut table, amounts.remembered).await?;
        table.print();
    }
    if chosen("query") {
        let mut table = Table::new("queries over 30 days by the hour");
        queries(&mut table, amounts.queried).await?;
        table.print();
    }
    Ok(())
}

/// A running suite with a meter over the events, grouped by model.
async fn measured() -> anyhow::Result<World> {
    let world = start().await;
    let meter = pb::Meter {
        slug: "tokens".into(),
        event_type: "prompt".into(),
        aggregation: pb::meter::Aggregation::Sum.into(),
        value_property: "$.tokens".into(),
        group_by: [("model".to_owned(), "$.model".to_owned())].into(),
        ..Default::default()
    };
    let request = pb::CreateMeterRequest {
        meter: Some(meter),
        request_id: String::new(),
    };
    world.client().meters().create_meter(request).await?;
    Ok(world)
}

/// How far time goes on from one event to the next, in seconds: a thousand events a second.
const STEP: f64 = 0.001;

async fn batches(table: &mut Table, count: u64) -> anyhow::Result<()> {
    let (mut grpc, mut rest, mut key, mut all) = (vec![], vec![], vec![], vec![]);
    let rows: Vec<event::Row> = (0..count).map(|n| event::row("e", n, STEP)).collect();
    for _ in 0..RUNS {
        for (indices, runs) in [(false, &mut key), (true, &mut all)] {
            let mut ceiling = Ceiling::open(indices).await?;
            runs.push(ceiling.bulk(&rows, CONNECTIONS).await?);
            ceiling.close().await?;
        }
        let world = measured().await?;
        grpc.push(over_grpc(&world, "e", 0, count, STEP).await?);
        world.stop().await;
        let world = measured().await?;
        rest.push(over_rest(&world, count).await?);
        world.stop().await;
    }
    let name = "the same rows, unique key only";
    let rows = "events/s";
    let grpc_name = format!("batches of {BATCH} over gRPC, {CONNECTIONS} connections");
    let rest_name = format!("batches of {BATCH} over REST, {CONNECTIONS} connections");
    table.row(&grpc_name, rows, &grpc, Some((name, &key)));
    table.row(&rest_name, rows, &rest, Some((name, &key)));
    let name = "the same rows, all four indices of events";
    table.row(&grpc_name, rows, &grpc, Some((name, &all)));
    table.row(&rest_name, rows, &rest, Some((name, &all)));
    Ok(())
}

/// Sends events in batches over connections of their own; answers events a second.
async fn over_grpc(
    world: &World,
    run: &str,
    first: u64,
    count: u64,
    step: f64,
) -> anyhow::Result<f64> {
    let next = Arc::new(AtomicU64::new(first));
    let until = first + count;
    let stored = Arc::new(AtomicU64::new(0));
    let senders = (0..CONNECTIONS).map(|_| {
        let (client, run) = (world.client(), run.to_owned());
        let (next, stored) = (next.clone(), stored.clone());
        tokio::spawn(async move {
            loop {
                let first = next.fetch_add(BATCH, Ordering::Relaxed);
                if first >= until {
                    return anyhow::Ok(());
                }
                let numbers = first..until.min(first + BATCH);
                let events = numbers.map(|number| event::event(&run, number, step));
                let new = send(&client, events.collect(), String::new()).await?;
                stored.fetch_add(new, Ordering::Relaxed);
            }
        })
    });
    let senders: Vec<_> = senders.collect();
    let rate = per_second(count, async {
        for sender in senders {
            sender.await??;
        }
        Ok(())
    })
    .await?;
    let stored = stored.load(Ordering::Relaxed);
    anyhow::ensure!(stored == count, "{stored} of {count} events were stored");
    Ok(rate)
}

async fn send(
    client: &Client,
    events: Vec<pb::UsageEvent>,
    request_id: String,
) -> anyhow::Result<u64> {
    let request = pb::IngestEventsRequest {
        events,
        request_id,
        ..Default::default()
    };
    let answer = client.usage().ingest_events(request).await?.into_inner();
    Ok(answer.new_count.unsigned_abs())
}

async fn over_rest(world: &World, count: u64) -> anyhow::Result<f64> {
    let next = Arc::new(AtomicU64::new(0));
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (rest, next) = (world.rest(), next.clone());
            tokio::spawn(async move {
                loop {
                    let first = next.fetch_add(BATCH, Ordering::Relaxed);
                    if first >= count {
                        return anyhow::Ok(());
                    }
                    let events: Vec<String> = (first..count.min(first + BATCH))
                        .map(|number| event::json(&event::event("r", number, STEP)))
                        .collect();
                    let body = format!("[{}]", events.join(","));
                    let kind = "application/cloudevents-batch+json";
                    let answer = rest.post_text("/api/v1/events", kind, &body).await;
                    anyhow::ensure!(answer.status == 204, "{}", answer.text);
                }
            })
        })
        .collect();
    per_second(count, async {
        for sender in senders {
            sender.await??;
        }
        Ok(())
    })
    .await
}

async fn singles(table: &mut Table, count: u64) -> anyhow::Result<()> {
    let (mut ours, mut alone, mut raw) = (vec![], vec![], vec![]);
    let rows: Vec<event::Row> = (0..count).map(|n| event::row("s", n, STEP)).collect();
    for _ in 0..RUNS {
        let mut ceiling = Ceiling::open(false).await?;
        raw.push(ceiling.singles(&rows, CONNECTIONS).await?);
        ceiling.close().await?;
        ours.push(one_by_one(count, |_| String::new()).await?);
        // An answer that is remembered by its id has a commit of its own.
        alone.push(one_by_one(count / 10, |number| format!("single-{number}")).await?);
    }
    let name = format!("single events over gRPC, {IN_FLIGHT} in flight");
    for (what, ceiling) in [
        ("one commit an event, unique key only", &raw),
        ("the same calls with a commit each", &alone),
    ] {
        table.row(&name, "events/s", &ours, Some((what, ceiling)));
    }
    Ok(())
}

/// Sends events in calls of their own, under request ids; answers events a second.
async fn one_by_one(count: u64, request_id: fn(u64) -> String) -> anyhow::Result<f64> {
    let world = measured().await?;
    let next = Arc::new(AtomicU64::new(0));
    let clients: Vec<Client> = (0..CONNECTIONS).map(|_| world.client()).collect();
    let senders: Vec<_> = (0..IN_FLIGHT)
        .map(|place| {
            let (client, next) = (clients[place % CONNECTIONS].clone(), next.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return anyhow::Ok(());
                    }
                    let event = event::event("s", number, STEP);
                    send(&client, vec![event], request_id(number)).await?;
                }
            })
        })
        .collect();
    let rate = per_second(count, async {
        for sender in senders {
            sender.await??;
        }
        Ok(())
    })
    .await?;
    world.stop().await;
    Ok(rate)
}

async fn memory(table: &mut Table, count: u64) -> anyhow::Result<()> {
    let world = measured().await?;
    let part = count / 4;
    for quarter in 0..4 {
        over_grpc(&world, "m", quarter * part, part, STEP).await?;
        table.row(
            format!("resident after {} events", (quarter + 1) * part),
            "MiB",
            &[mebibytes("VmRSS:")?],
            None,
        );
    }
    table.row("peak", "MiB", &[mebibytes("VmHWM:")?], None);
    world.stop().await;
    Ok(())
}

/// A line of what the kernel says about this process, in MiB.
#[expect(
    clippy::float_arithmetic,
    reason = "a figure to print, rounded by its reader"
)]
pub(super) fn mebibytes(line: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kibibytes: f64 = status
        .lines()
        .find_map(|text| text.strip_prefix(line))
        .and_then(|text| text.split_whitespace().next())
        .context("the kernel says nothing about memory")?
        .parse()?;
    Ok(kibibytes / 1_024.0)
}

/// Longest wait for the rows of rollups to be merged.
const MERGE_LIMIT: Duration = Duration::from_secs(600);

async fn queries(table: &mut Table, amounts: [u64; 2]) -> anyhow::Result<()> {
    let world = measured().await?;
    let mut sent = 0;
    for (round, amount) in amounts.into_iter().enumerate() {
        let count = amount - sent;
        // Every round is spread over the same 30 days.
        over_grpc(&world, &format!("q{round}"), 0, count, step_over(count)).await?;
        sent = amount;
        settle(&world).await?;
        let all = pb::QueryMeterRequest::default();
        for (what, query) in [
            ("all subjects", all.clone()),
            (
                "all subjects by model",
                pb::QueryMeterRequest {
                    group_by: vec!["model".into()],
                    ..all.clone()
                },
            ),
            (
                "one subject",
                pb::QueryMeterRequest {
                    subjects: vec!["customer-007".into()],
                    ..all
                },
            ),
        ] {
            let mut times = vec![];
            let mut rows = 0;
            for _ in 0..RUNS {
                let start = Instant::now();
                rows = ask(&world, query.clone()).await?;
                times.push(milliseconds(start.elapsed()));
            }
            table.row(
                format!("{what}, {sent} events, {rows} rows answered"),
                "ms",
                &times,
                None,
            );
        }
    }
    world.stop().await;
    Ok(())
}

#[expect(
    clippy::float_arithmetic,
    reason = "where events lie need not be exact"
)]
/// How far time goes on from one event to the next when they fill the 30 days.
fn step_over(count: u64) -> f64 {
    SPAN as f64 / count as f64
}

async fn ask(world: &World, query: pb::QueryMeterRequest) -> anyhow::Result<usize> {
    let second = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let mut request = tonic::Request::new(pb::QueryMeterRequest {
        meter: Some(pb::MeterRef {
            r#ref: Some(pb::meter_ref::Ref::Slug("tokens".into())),
        }),
        from_time: second(START),
        to_time: second(START + SPAN),
        window_size: pb::WindowSize::Hour.into(),
        ..query
    });
    request.set_timeout(Duration::from_secs(120));
    let answer = world.client().usage().query_meter(request).await?;
    Ok(answer.into_inner().rows.len())
}

/// Waits until a query takes as long as the one before: what is merged behind the scenes is merged.
async fn settle(world: &World) -> anyhow::Result<()> {
    let (start, mut last) = (Instant::now(), f64::MAX);
    loop {
        let mut times = vec![];
        for _ in 0..RUNS {
            let start = Instant::now();
            ask(world, pb::QueryMeterRequest::default()).await?;
            times.push(milliseconds(start.elapsed()));
        }
        let now = median(&times);
        if is_steady(last, now) || start.elapsed() > MERGE_LIMIT {
            return Ok(());
        }
        last = now;
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
}

/// Whether the second time is no longer much shorter than the first.
#[expect(clippy::float_arithmetic, reason = "two measured times are compared")]
fn is_steady(before: f64, now: f64) -> bool {
    now > before * 0.97
}
