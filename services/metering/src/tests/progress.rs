//! How far builders and named queries have come.

use super::{
    rollups::{rows, work},
    *,
};

async fn progress(world: &World, id: &str) -> Result<(i64, i64, i64), Status> {
    let request = world.request(pb::GetProgressRequest { id: id.into() });
    let found = world
        .usage
        .clone()
        .get_progress(request)
        .await?
        .into_inner();
    assert!(found.update_time.is_some());
    Ok((found.success_count, found.failed_count, found.total_count))
}

/// Events of which every fifth has no value.
async fn fill(world: &World, prefix: &str, count: usize) {
    let events = (0..count).map(|index| {
        let data = if index % 5 == 0 { "" } else { r#"{"v":1}"# };
        event(
            &format!("{prefix}{index}"),
            "s1",
            "2025-06-10T10:00:00Z",
            data,
        )
    });
    world.ingest(events.collect(), true).await.unwrap();
}

#[tokio::test]
async fn the_back_fill_of_a_meter_is_visible() {
    everywhere(async |world: World| {
        fill(&world, "old", 2_500).await;
        let meter = world.create(sum_meter("total")).await.unwrap();
        let (success, failed, total) = progress(&world, &meter.id).await.unwrap();
        assert_eq!(total, 2_500);
        assert!(success + failed <= total);
        work(&world).await;
        assert_eq!(
            progress(&world, &meter.id).await.unwrap(),
            (2_000, 500, 2_500)
        );
        // What comes later is added with its commit and is no back-fill.
        fill(&world, "new", 10).await;
        assert_eq!(
            progress(&world, &meter.id).await.unwrap(),
            (2_000, 500, 2_500)
        );
        let unused = pb::Meter {
            event_type: "other".into(),
            ..sum_meter("unused")
        };
        let unused = world.create(unused).await.unwrap();
        assert_eq!(progress(&world, &unused.id).await.unwrap(), (0, 0, 0));
        // New group-bys start over.
        let request = pb::UpdateMeterRequest {
            meter_ref: by_id(&meter),
            meter: Some(pb::Meter {
                group_by: [("kind".to_owned(), "$.kind".to_owned())].into(),
                ..Default::default()
            }),
            update_mask: None,
            request_id: String::new(),
        };
        let mut meters = world.meters.clone();
        meters.update_meter(world.request(request)).await.unwrap();
        assert_eq!(progress(&world, &meter.id).await.unwrap().2, 2_510);
        work(&world).await;
        assert_eq!(
            progress(&world, &meter.id).await.unwrap(),
            (2_008, 502, 2_510)
        );
    })
    .await;
}

#[tokio::test]
async fn the_back_fill_leaves_voided_events_out() {
    everywhere(async |world: World| {
        fill(&world, "old", 10).await;
        let request = pb::VoidEventsRequest {
            events: vec![pb::EventRef {
                source: "test".into(),
                id: "old1".into(),
            }],
            reason: "why".into(),
            request_id: String::new(),
        };
        let mut usage = world.usage.clone();
        usage.void_events(world.request(request)).await.unwrap();
        let meter = world.create(sum_meter("total")).await.unwrap();
        work(&world).await;
        assert_eq!(progress(&world, &meter.id).await.unwrap(), (7, 2, 9));
    })
    .await;
}

#[tokio::test]
async fn a_named_query_is_visible_to_its_project_for_a_while() {
    everywhere(async |world: World| {
        fill(&world, "e", 50).await;
        let meter = world.create(sum_meter("total")).await.unwrap();
        let request = pb::DeleteMeterRequest {
            meter: by_id(&meter),
            request_id: String::new(),
        };
        let mut meters = world.meters.clone();
        meters.delete_meter(world.request(request)).await.unwrap();
        refused(
            progress(&world, &meter.id).await,
            Code::NotFound,
            "PROGRESS_NOT_FOUND",
        );
        refused(
            progress(&world, "mine").await,
            Code::NotFound,
            "PROGRESS_NOT_FOUND",
        );
        let query = |name: &str| pb::QueryMeterRequest {
            meter: by_id(&meter),
            client_id: name.into(),
            ..Default::default()
        };
        let named = world.query(query("mine")).await.unwrap();
        assert_eq!(named, world.query(query("")).await.unwrap());
        // A deleted meter reads events.
        assert_eq!(progress(&world, "mine").await.unwrap(), (40, 10, 50));
        let list = pb::ListEventsRequest {
            client_id: "mine".into(),
            page_size: 5,
            ..Default::default()
        };
        let mut usage = world.usage.clone();
        usage.list_events(world.request(list)).await.unwrap();
        assert_eq!(progress(&world, "mine").await.unwrap(), (5, 0, 5));
        let long = "x".repeat(37);
        let status = world.query(query(&long)).await.unwrap_err();
        let details = chassis::error::details(&status);
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(details.violations[0].field, "client_id");
        // It ends by itself.
        let past = "UPDATE query_progress SET expire_time = 1";
        world.db.reader().execute_unprepared(past).await.unwrap();
        refused(
            progress(&world, "mine").await,
            Code::NotFound,
            "PROGRESS_NOT_FOUND",
        );
        work(&world).await;
        assert_eq!(rows(&world, "SELECT COUNT(*) FROM query_progress").await, 0);
        world.query(query("mine")).await.unwrap();
        let elsewhere = World {
            project: chassis::id::next(),
            ..world
        };
        refused(
            progress(&elsewhere, "mine").await,
            Code::NotFound,
            "PROGRESS_NOT_FOUND",
        );
    })
    .await;
}

#[tokio::test]
async fn adjacent_spans_answer_like_single_ones() {
    everywhere(async |world: World| {
        let events = (0..200).map(|index| {
            let mut event = event(
                &format!("{index}"),
                &format!("s{}", index % 3),
                "2025-06-10T00:00:00Z",
                "",
            );
            event.time.as_mut().unwrap().seconds += index * 977;
            event.data = format!(r#"{{"v":{index},"model":"m{}"}}"#, index % 2);
            event
        });
        world.ingest(events.collect(), true).await.unwrap();
        for aggregation in super::rollups::ALL {
            let meter = world.create(super::rollups::of(aggregation)).await.unwrap();
            let start = at("2025-06-10T00:00:00Z").seconds;
            let second = |after: i64| {
                Some(prost_types::Timestamp {
                    seconds: start + after,
                    nanos: 0,
                })
            };
            let m1 = pb::FilterString {
                operator: Some(pb::filter_string::Operator::Equals("m1".into())),
            };
            let ask = |from: Option<i64>, to: Option<i64>, filtered: bool, subject: &str| {
                pb::UsageQuery {
                    meter_id: meter.id.clone(),
                    subject_keys: vec![subject.into(), "s2".into()],
                    start_time: from.and_then(second),
                    end_time: to.and_then(second),
                    group_by_filters: filtered
                        .then(|| ("model".to_owned(), m1.clone()))
                        .into_iter()
                        .collect(),
                    ..Default::default()
                }
            };
            let mut questions = vec![ask(None, Some(0), false, "s1")];
            // Adjacent; then a gap, a step back, an odd second, an empty span, other filters and subjects.
            for hour in 0..60 {
                questions.push(ask(
                    Some(hour * 3_600),
                    Some((hour + 1) * 3_600),
                    false,
                    "s1",
                ));
            }
            questions.extend([
                ask(Some(300_000), Some(300_060), false, "s1"),
                ask(Some(0), Some(7_200), false, "s1"),
                ask(Some(7_200), Some(7_261), false, "s1"),
                ask(Some(7_261), Some(90_000), false, "s1"),
                ask(Some(90_000), Some(90_000), false, "s1"),
                ask(Some(90_000), Some(96_000), true, "s1"),
                ask(Some(96_000), Some(102_000), true, "s1"),
                ask(Some(102_000), Some(108_000), true, "s0"),
                ask(Some(108_000), None, true, "s0"),
            ]);
            work(&world).await;
            let answer = async |queries: Vec<pb::UsageQuery>| {
                let request = world.request(pb::QueryUsageRequest { queries });
                let mut usage = world.usage.clone();
                usage
                    .query_usage(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .results
            };
            let together = answer(questions.clone()).await;
            let mut single = Vec::new();
            for question in questions {
                single.extend(answer(vec![question]).await);
            }
            assert_eq!(together, single, "{aggregation:?}");
        }
    })
    .await;
}
