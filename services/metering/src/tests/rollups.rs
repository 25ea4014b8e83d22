//! Rollups answer like the events they were made of. A deleted meter always reads events, so its twin
//! that was deleted is the witness.

use super::*;
use crate::worker::Worker;

pub(super) async fn work(world: &World) {
    let worker = Worker {
        env: world.env.clone(),
        db: world.db.clone(),
    };
    worker.round().await.unwrap();
}

pub(super) async fn rows(world: &World, sql: &str) -> i64 {
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
pub(super) async fn twins(world: &World, meter: pb::Meter) -> (pb::Meter, pb::Meter) {
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
pub(super) fn mixed(prefix: &str, count: i64) -> Vec<pb::UsageEvent> {
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
pub(super) async fn agree(world: &World, (live, witness): &(pb::Meter, pb::Meter)) {
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
        let raw = ask_both(world, (live, witness), &question).await;
        assert!(!raw.is_empty());
    }
}

/// What both meters answer, which must be the same.
async fn ask_both(
    world: &World,
    (live, witness): (&pb::Meter, &pb::Meter),
    question: &pb::QueryMeterRequest,
) -> Vec<pb::UsageRow> {
    let ask = |meter| {
        world.query(pb::QueryMeterRequest {
            meter: by_id(meter),
            ..question.clone()
        })
    };
    let (ahead, raw) = (ask(live).await.unwrap(), ask(witness).await.unwrap());
    assert_eq!(ahead, raw, "{:?} {question:?}", live.aggregation());
    raw
}

/// Random events around clock changes, in zones whose days have 23, 24½ and 25 hours, and in one whose
/// minutes once did not begin with ours.
mod random {
    use proptest::{
        collection::{btree_set, vec},
        option,
        prelude::*,
        sample::select,
        strategy::ValueTree as _,
        test_runner::TestRunner,
    };

    use super::*;

    const STARTS: [&str; 4] = [
        "2025-03-08T20:00:00Z",
        "2025-10-25T12:00:00Z",
        "2025-04-05T03:00:00Z",
        "1971-12-31T00:00:00Z",
    ];
    const ZONES: [&str; 6] = [
        "",
        "America/Los_Angeles",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "Africa/Monrovia",
    ];
    const SPAN: i64 = 2 * 86_400;

    #[derive(Clone, Debug)]
    struct Case {
        start: &'static str,
        events: Vec<(i64, u8, &'static str, Option<u8>)>,
        voided: Vec<usize>,
        questions: Vec<Question>,
    }

    #[derive(Clone, Debug)]
    struct Question {
        from: Option<i64>,
        length: Option<i64>,
        size: i32,
        zone: &'static str,
        subjects: Vec<String>,
        customers: Vec<String>,
        group_by: Vec<String>,
        filter: u8,
    }

    fn question() -> impl Strategy<Value = Question> {
        let texts = |texts: &'static [&'static str]| {
            let max = texts.len();
            btree_set(select(texts), 0..=max).prop_map(|texts| {
                texts
                    .into_iter()
                    .map(str::to_owned)
                    .collect::<Vec<String>>()
            })
        };
        (
            option::of(-3_600..SPAN),
            option::of(1..SPAN),
            0..5_i32,
            select(&ZONES[..]),
            option::weighted(0.3, texts(&["s0", "s1", "s2", "nobody"])),
            option::weighted(0.3, texts(&["C0", "C1"])),
            texts(&["model", "size", "subject"]),
            0..7_u8,
        )
            .prop_map(
                |(from, length, size, zone, subjects, customers, group_by, filter)| Question {
                    from,
                    length,
                    size,
                    zone,
                    subjects: subjects.unwrap_or_default(),
                    customers: customers.unwrap_or_default(),
                    group_by,
                    filter,
                },
            )
    }

    fn case() -> impl Strategy<Value = Case> {
        let value = select(
            &[
                "1",
                "-2.5",
                "0.1",
                "\"1e2\"",
                "\"1\"",
                "null",
                "\"x\"",
                "[1]",
                "999999999999999.125",
            ][..],
        );
        let event = (0..SPAN, 0..3_u8, value, option::of(0..3_u8));
        (
            select(&STARTS[..]),
            vec(event, 1..60),
            vec(0..60_usize, 0..6),
            vec(question(), 4),
        )
            .prop_map(|(start, events, voided, questions)| Case {
                start,
                events,
                voided,
                questions,
            })
    }

    impl Question {
        fn asked(&self, start: i64) -> pb::QueryMeterRequest {
            use pb::filter_string::Operator;
            let second = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
            let from = self.from.map(|from| start + from);
            let to = self.length.map(|length| from.unwrap_or(start) + length);
            let list = |values: &[&str]| pb::StringList {
                values: values.iter().map(|value| (*value).to_owned()).collect(),
            };
            let operator = match self.filter {
                2 => Some(Operator::NotEquals("m1".into())),
                3 => Some(Operator::Like("m%".into())),
                4 => Some(Operator::GreaterThan("m0".into())),
                5 => Some(Operator::NoneOf(list(&["m0", ""]))),
                _ => None,
            };
            pb::QueryMeterRequest {
                from_time: from.and_then(second),
                to_time: to.and_then(second),
                window_size: self.size,
                window_time_zone: self.zone.into(),
                subjects: self.subjects.clone(),
                customer_ids: self.customers.clone(),
                group_by: self.group_by.clone(),
                group_by_values: (self.filter == 1)
                    .then(|| ("model".to_owned(), list(&["m1", ""])))
                    .into_iter()
                    .collect(),
                group_by_filters: operator
                    .map(|operator| {
                        let operator = Some(operator);
                        ("model".to_owned(), pb::FilterString { operator })
                    })
                    .into_iter()
                    .collect(),
                ..Default::default()
            }
        }
    }

    /// A third of the events is older than the meters, a third is merged, a third is fresh; some are voided.
    async fn check(world: &World, case: &Case) {
        let start = at(case.start).seconds;
        let events: Vec<pb::UsageEvent> = case
            .events
            .iter()
            .enumerate()
            .map(|(index, (second, subject, value, model))| {
                let model = model.map(|model| format!(r#","model":"m{model}""#));
                let data = format!(
                    r#"{{"v":{value},"size":{}{}}}"#,
                    index % 2,
                    model.unwrap_or_default()
                );
                let (id, subject) = (format!("e{index}"), format!("s{subject}"));
                let mut event = event(&id, &subject, "2025-01-01T00:00:00Z", &data);
                event.time = Some(prost_types::Timestamp {
                    seconds: start + second,
                    nanos: 0,
                });
                event
            })
            .collect();
        let part = events.len().div_ceil(3);
        let mut parts = events.chunks(part);
        let mut ingest = async || {
            let events = parts.next().unwrap_or_default().to_vec();
            world.ingest(events, true).await.unwrap();
        };
        ingest().await;
        let mut meters = Vec::new();
        for aggregation in ALL {
            let mut meter = of(aggregation);
            meter.group_by.insert("size".into(), "$.size".into());
            meters.push(twins(world, meter).await);
        }
        ingest().await;
        work(world).await;
        ingest().await;
        for index in &case.voided {
            if let Some(event) = events.get(*index) {
                let request = pb::VoidEventsRequest {
                    events: vec![pb::EventRef {
                        source: event.source.clone(),
                        id: event.id.clone(),
                    }],
                    reason: "why".into(),
                    request_id: String::new(),
                };
                let mut usage = world.usage.clone();
                usage.void_events(world.request(request)).await.unwrap();
            }
        }
        for question in &case.questions {
            for (live, witness) in &meters {
                ask_both(world, (live, witness), &question.asked(start)).await;
            }
        }
    }

    /// Cases on each database.
    const CASES: usize = 12;

    #[tokio::test]
    async fn both_ways_answer_alike() {
        everywhere(async |mut world: World| {
            let (mut runner, cases) = (TestRunner::default(), case());
            for _ in 0..CASES {
                let case = cases.new_tree(&mut runner).unwrap().current();
                println!("{case:?}");
                world.project = chassis::id::next();
                check(&world, &case).await;
            }
        })
        .await;
    }
}

pub(super) fn of(aggregation: pb::meter::Aggregation) -> pb::Meter {
    let mut meter = sum_meter(&aggregation.as_str_name().to_lowercase());
    if aggregation == pb::meter::Aggregation::Count {
        meter.value_property.clear();
    }
    meter.aggregation = aggregation.into();
    meter
}

pub(super) const ALL: [pb::meter::Aggregation; 7] = [
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
async fn repeated_events_among_new_ones_count_once() {
    everywhere(async |world: World| {
        let meter = world.create(of(pb::meter::Aggregation::Sum)).await.unwrap();
        let data = r#"{"v":1,"model":"m"}"#;
        let batch = |numbers: &[usize]| -> Vec<pb::UsageEvent> {
            let time = "2025-03-09T10:00:07Z";
            let event = |number: &usize| event(&number.to_string(), "s1", time, data);
            numbers.iter().map(event).collect()
        };
        for numbers in [
            vec![1, 2, 3],
            vec![2, 4, 1, 5, 3, 6],
            (0..40).collect(),
            (0..700).rev().collect(),
            vec![699, 1],
        ] {
            world.ingest(batch(&numbers), true).await.unwrap();
        }
        let query = pb::QueryMeterRequest {
            meter: by_id(&meter),
            ..Default::default()
        };
        assert_eq!(values(&world.query(query).await.unwrap()), ["700"]);
        work(&world).await;
        let events = "SELECT CAST(SUM(event_count) AS BIGINT) FROM usage_rollup";
        assert_eq!(rows(&world, events).await, 700);
        assert_eq!(
            rows(&world, &events.replace("rollup", "rollup_hour")).await,
            700
        );
    })
    .await;
}

/// What is merged moves from one table to another: no query sees it twice or not at all.
#[tokio::test]
async fn queries_see_everything_while_it_is_merged() {
    everywhere(async |world: World| {
        let meter = world.create(of(pb::meter::Aggregation::Sum)).await.unwrap();
        for round in 0..10 {
            world
                .ingest(mixed(&format!("r{round}"), 40), true)
                .await
                .unwrap();
            let query = || {
                world.query(pb::QueryMeterRequest {
                    meter: by_id(&meter),
                    ..Default::default()
                })
            };
            let before = query().await.unwrap();
            assert_eq!(before.len(), 1);
            let asked = async {
                for _ in 0..10 {
                    assert_eq!(query().await.unwrap(), before);
                }
            };
            tokio::join!(asked, work(&world));
            assert_eq!(query().await.unwrap(), before);
            let left = rows(&world, "SELECT COUNT(*) FROM usage_rollup_delta").await;
            assert_eq!(left, 0);
        }
    })
    .await;
}

/// Two replicas that merge the same do it once.
#[tokio::test]
async fn what_was_merged_meanwhile_is_not_merged_again() {
    everywhere(async |world: World| {
        let meter = world.create(of(pb::meter::Aggregation::Sum)).await.unwrap();
        for round in 0..5 {
            world
                .ingest(mixed(&format!("r{round}"), 70), true)
                .await
                .unwrap();
            tokio::join!(work(&world), work(&world), work(&world));
        }
        let events = "SELECT CAST(SUM(event_count) AS BIGINT) FROM usage_rollup";
        assert_eq!(rows(&world, events).await, 350);
        let keys = "SELECT COUNT(*) FROM (SELECT 1 FROM usage_rollup GROUP BY subject, minute, group_values) AS keys";
        let all = "SELECT COUNT(*) FROM usage_rollup";
        assert_eq!(rows(&world, keys).await, rows(&world, all).await);
        let query = pb::QueryMeterRequest {
            meter: by_id(&meter),
            ..Default::default()
        };
        assert_eq!(values(&world.query(query).await.unwrap()).len(), 1);
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
            rows(&world, "SELECT COUNT(*) FROM usage_rollup_hour").await,
            1
        );
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
