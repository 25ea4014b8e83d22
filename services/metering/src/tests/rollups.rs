//! Rollups answer like the events they were made of. A deleted meter always reads events, so its twin
//! that was deleted is the witness.

use super::*;
use crate::worker::Worker;

async fn work(world: &World) {
    let worker = Worker {
        env: world.env.clone(),
        db: world.db.clone(),
    };
    worker.round().await.unwrap();
}

async fn rows(world: &World, sql: &str) -> i64 {
    let statement = sea_orm::Statement::from_string(world.db.backend(), sql);
    let row = world
        .db
        .reader()
        .query_one_raw(statement)
        .await
        .unwrap()
        .unwrap();
    row.try_get_by_index(0).unwrap()
}

/// A meter and its deleted twin.
async fn twins(world: &World, meter: pb::Meter) -> (pb::Meter, pb::Meter) {
    let witness = world.create(meter.clone()).await.unwrap();
    let request = pb::DeleteMeterRequest {
        meter: by_id(&witness),
        request_id: String::new(),
    };
    world
        .meters
        .clone()
        .delete_meter(world.request(request))
        .await
        .unwrap();
    (world.create(meter).await.unwrap(), witness)
}

/// Events of all kinds over two days, told apart by `prefix`.
fn mixed(prefix: &str, count: i64) -> Vec<pb::UsageEvent> {
    let start = at("2025-03-08T20:00:10Z").seconds;
    (0..count)
        .map(|index| {
            let data = match index % 7 {
                0 => String::new(),
                1 => r#"{"v":"nonsense","model":"a"}"#.to_owned(),
                2 => format!(r#"{{"v":"{index}.25","model":null}}"#),
                _ => format!(r#"{{"v":{}.{index},"model":"m{}"}}"#, index % 50, index % 3),
            };
            let mut event = event(
                &format!("{prefix}{index}"),
                &format!("s{}", index % 4),
                "2025-01-01T00:00:00Z",
                &data,
            );
            event.time = Some(prost_types::Timestamp {
                seconds: start + index * 7_919 % 172_800,
                nanos: 0,
            });
            event
        })
        .collect()
}

/// Asks the same of both and expects the same.
async fn agree(world: &World, (live, witness): &(pb::Meter, pb::Meter)) {
    let base = pb::QueryMeterRequest::default();
    let odd_span = pb::QueryMeterRequest {
        from_time: Some(at("2025-03-08T23:59:31Z")),
        to_time: Some(at("2025-03-10T07:00:29Z")),
        ..base.clone()
    };
    let like = pb::FilterString {
        operator: Some(pb::filter_string::Operator::NotEquals("m1".into())),
    };
    let windowed = pb::QueryMeterRequest {
        window_size: pb::WindowSize::Day.into(),
        window_time_zone: "America/Los_Angeles".into(),
        ..base.clone()
    };
    let questions = [
        base.clone(),
        odd_span.clone(),
        windowed.clone(),
        pb::QueryMeterRequest {
            window_size: pb::WindowSize::Minute.into(),
            ..odd_span.clone()
        },
        pb::QueryMeterRequest {
            group_by: vec!["model".into(), "subject".into()],
            ..windowed
        },
        pb::QueryMeterRequest {
            subjects: vec!["s1".into(), "s3".into()],
            ..odd_span.clone()
        },
        pb::QueryMeterRequest {
            customer_ids: vec!["C2".into()],
            ..base
        },
        pb::QueryMeterRequest {
            group_by_filters: [("model".to_owned(), like)].into(),
            ..odd_span
        },
    ];
    for question in questions {
        let ahead = world
            .query(pb::QueryMeterRequest {
                meter: by_id(live),
                ..question.clone()
            })
            .await
            .unwrap();
        let raw = world
            .query(pb::QueryMeterRequest {
                meter: by_id(witness),
                ..question.clone()
            })
            .await
            .unwrap();
        assert_eq!(ahead, raw, "{:?} {question:?}", live.aggregation());
        assert!(!raw.is_empty());
    }
}

fn of(aggregation: pb::meter::Aggregation) -> pb::Meter {
    let mut meter = sum_meter(&aggregation.as_str_name().to_lowercase());
    if aggregation == pb::meter::Aggregation::Count {
        meter.value_property.clear();
    }
    meter.aggregation = aggregation.into();
    meter
}

const ALL: [pb::meter::Aggregation; 7] = [
    pb::meter::Aggregation::Sum,
    pb::meter::Aggregation::Count,
    pb::meter::Aggregation::UniqueCount,
    pb::meter::Aggregation::Avg,
    pb::meter::Aggregation::Min,
    pb::meter::Aggregation::Max,
    pb::meter::Aggregation::Latest,
];

#[tokio::test]
async fn rollups_answer_like_events_at_every_stage() {
    everywhere(async |world: World| {
        // Half of the events are there before the meters, so that the builder has to add them.
        world.ingest(mixed("old", 2_300), true).await.unwrap();
        let mut meters = Vec::new();
        for aggregation in ALL {
            meters.push(twins(&world, of(aggregation)).await);
        }
        for (index, event) in mixed("new", 60).into_iter().enumerate() {
            world.ingest(vec![event], true).await.unwrap();
            if index == 30 {
                work(&world).await;
            }
        }
        for meter in &meters {
            agree(&world, meter).await;
        }
        work(&world).await;
        assert_eq!(
            rows(
                &world,
                "SELECT COUNT(*) FROM meter_rollup WHERE built_seq < until_seq"
            )
            .await,
            0
        );
        for meter in &meters {
            agree(&world, meter).await;
        }
    })
    .await;
}

#[tokio::test]
async fn rows_of_one_key_are_merged() {
    everywhere(async |world: World| {
        let meter = world.create(of(pb::meter::Aggregation::Sum)).await.unwrap();
        for index in 0..20 {
            let data = r#"{"v":1.5,"model":"m"}"#;
            let event = event(&index.to_string(), "s1", "2025-03-09T10:00:07Z", data);
            world.ingest(vec![event], true).await.unwrap();
        }
        work(&world).await;
        assert_eq!(rows(&world, "SELECT COUNT(*) FROM usage_rollup").await, 1);
        assert_eq!(
            rows(&world, "SELECT event_count FROM usage_rollup").await,
            20
        );
        let query = pb::QueryMeterRequest {
            meter: by_id(&meter),
            ..Default::default()
        };
        assert_eq!(values(&world.query(query).await.unwrap()), ["30"]);
    })
    .await;
}

#[tokio::test]
async fn new_group_bys_apply_to_history() {
    everywhere(async |world: World| {
        let meter = world.create(of(pb::meter::Aggregation::Sum)).await.unwrap();
        world.ingest(mixed("e", 100), true).await.unwrap();
        let request = pb::UpdateMeterRequest {
            meter_ref: by_id(&meter),
            meter: Some(pb::Meter {
                group_by: [("kind".to_owned(), "$.model".to_owned())].into(),
                ..Default::default()
            }),
            update_mask: None,
            request_id: String::new(),
        };
        world
            .meters
            .clone()
            .update_meter(world.request(request))
            .await
            .unwrap();
        world.ingest(mixed("f", 100), true).await.unwrap();
        let query = || pb::QueryMeterRequest {
            meter: by_id(&meter),
            group_by: vec!["kind".into()],
            ..Default::default()
        };
        let before = world.query(query()).await.unwrap();
        work(&world).await;
        assert_eq!(
            rows(
                &world,
                "SELECT COUNT(*) FROM meter_rollup WHERE generation = 2 AND built_seq >= until_seq"
            )
            .await,
            1
        );
        assert_eq!(
            rows(
                &world,
                "SELECT COUNT(*) FROM usage_rollup WHERE generation <> 2"
            )
            .await,
            0
        );
        assert_eq!(world.query(query()).await.unwrap(), before);
        assert_eq!(
            before
                .iter()
                .map(|row| row.group_by["kind"].as_str())
                .collect::<Vec<_>>(),
            ["m0", "m1", "m2", "null"]
        );
    })
    .await;
}
