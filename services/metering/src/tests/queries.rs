//! Meter queries over stored events.

use super::*;

fn query(slug: &str) -> pb::QueryMeterRequest {
    pb::QueryMeterRequest {
        meter: by_slug(slug),
        ..Default::default()
    }
}

/// Five subjects, one event of "100" each at T, T+1 min, T+1 h and T+1 d.
async fn total_example(world: &World) {
    world.create(sum_meter("total")).await.unwrap();
    world
        .create(pb::Meter {
            aggregation: pb::meter::Aggregation::Count.into(),
            value_property: String::new(),
            ..sum_meter("calls")
        })
        .await
        .unwrap();
    let times = [
        "2025-01-01T00:00:00Z",
        "2025-01-01T00:01:00Z",
        "2025-01-01T01:00:00Z",
        "2025-01-02T00:00:00Z",
    ];
    let mut events = Vec::new();
    for subject in 1..=5 {
        for (index, time) in times.iter().enumerate() {
            let data = format!(r#"{{"v":"100","model":"m{}"}}"#, index % 2);
            events.push(event(
                &format!("{subject}-{index}"),
                &format!("s{subject}"),
                time,
                &data,
            ));
        }
    }
    world.ingest(events, true).await.unwrap();
}

#[tokio::test]
async fn the_documented_total() {
    everywhere(async |world: World| {
        total_example(&world).await;
        let rows = world.query(query("total")).await.unwrap();
        assert_eq!(values(&rows), ["2000"]);
        assert_eq!(text(rows[0].window_start_time), "2025-01-01T00:00:00Z");
        assert_eq!(text(rows[0].window_end_time), "2025-01-02T00:01:00Z");
        for (size, sums, counts) in [
            (
                pb::WindowSize::Minute,
                vec!["500", "500", "500", "500"],
                vec!["5", "5", "5", "5"],
            ),
            (
                pb::WindowSize::Hour,
                vec!["1000", "500", "500"],
                vec!["10", "5", "5"],
            ),
            (pb::WindowSize::Day, vec!["1500", "500"], vec!["15", "5"]),
            (pb::WindowSize::Month, vec!["2000"], vec!["20"]),
        ] {
            let windowed = |slug| pb::QueryMeterRequest {
                window_size: size.into(),
                ..query(slug)
            };
            assert_eq!(values(&world.query(windowed("total")).await.unwrap()), sums);
            assert_eq!(
                values(&world.query(windowed("calls")).await.unwrap()),
                counts
            );
        }
        let rows = world
            .query(pb::QueryMeterRequest {
                subjects: vec!["s1".into(), "s2".into()],
                ..query("total")
            })
            .await
            .unwrap();
        assert_eq!(values(&rows), ["400", "400"]);
        assert_eq!(rows[1].subject.as_deref(), Some("s2"));
        let rows = world
            .query(pb::QueryMeterRequest {
                customer_ids: vec!["C1".into(), "C3".into()],
                ..query("calls")
            })
            .await
            .unwrap();
        assert_eq!(values(&rows), ["4", "4"]);
        assert_eq!(
            (rows[0].customer_id.as_deref(), rows[0].subject.as_deref()),
            (Some("C1"), None)
        );
        let unknown = pb::QueryMeterRequest {
            customer_ids: vec!["X".into()],
            ..query("total")
        };
        refused(
            world.query(unknown).await,
            Code::NotFound,
            "CUSTOMER_NOT_FOUND",
        );
    })
    .await;
}

#[tokio::test]
async fn spans_groups_and_filters() {
    everywhere(async |world: World| {
        total_example(&world).await;
        let span = pb::QueryMeterRequest {
            from_time: Some(at("2025-01-01T00:01:00Z")),
            to_time: Some(at("2025-01-02T00:00:00Z")),
            ..query("total")
        };
        let rows = world.query(span.clone()).await.unwrap();
        assert_eq!(values(&rows), ["1000"]);
        assert_eq!(text(rows[0].window_end_time), "2025-01-02T00:00:00Z");
        let rows = world
            .query(pb::QueryMeterRequest {
                group_by: vec!["model".into()],
                ..span.clone()
            })
            .await
            .unwrap();
        assert_eq!(values(&rows), ["500", "500"]);
        assert_eq!(rows[0].group_by["model"], "m0");
        let list = pb::StringList {
            values: vec!["m1".into(), "m7".into()],
        };
        let rows = world
            .query(pb::QueryMeterRequest {
                group_by_values: [("model".to_owned(), list)].into(),
                ..span.clone()
            })
            .await
            .unwrap();
        assert_eq!(values(&rows), ["500"]);
        let like = pb::FilterString {
            operator: Some(pb::filter_string::Operator::Like("m%".into())),
        };
        let rows = world
            .query(pb::QueryMeterRequest {
                group_by_filters: [("model".to_owned(), like)].into(),
                ..span
            })
            .await
            .unwrap();
        assert_eq!(values(&rows), ["1000"]);
        refused(
            world
                .query(pb::QueryMeterRequest {
                    group_by: vec!["x".into()],
                    ..query("total")
                })
                .await,
            Code::InvalidArgument,
            "INVALID_ARGUMENT",
        );
        let many = pb::StringList {
            values: (0..=1_000).map(|number| number.to_string()).collect(),
        };
        let answer = world.query(pb::QueryMeterRequest {
            group_by_values: [("model".to_owned(), many)].into(),
            ..query("total")
        });
        refused(answer.await, Code::InvalidArgument, "INVALID_ARGUMENT");
        refused(
            world.query(query("nothing")).await,
            Code::NotFound,
            "METER_NOT_FOUND",
        );
    })
    .await;
}

#[tokio::test]
async fn days_of_a_time_zone_follow_its_clock() {
    everywhere(async |world: World| {
        world.create(sum_meter("total")).await.unwrap();
        let events = (6..=12).map(|day| {
            event(
                &day.to_string(),
                "s1",
                &format!("2025-03-{day:02}T18:00:00Z"),
                r#"{"v":100}"#,
            )
        });
        world.ingest(events.collect(), true).await.unwrap();
        let rows = world
            .query(pb::QueryMeterRequest {
                window_size: pb::WindowSize::Day.into(),
                window_time_zone: "America/Los_Angeles".into(),
                ..query("total")
            })
            .await
            .unwrap();
        assert_eq!(values(&rows), ["100"; 7]);
        assert_eq!(text(rows[3].window_start_time), "2025-03-09T08:00:00Z");
        assert_eq!(text(rows[3].window_end_time), "2025-03-10T07:00:00Z");
    })
    .await;
}

#[tokio::test]
async fn every_aggregation_is_exact() {
    use pb::meter::Aggregation;
    everywhere(async |world: World| {
        let events = [
            ("1", "2025-01-01T00:00:00Z", r#"{"v":123}"#),
            ("2", "2025-01-03T00:00:00Z", r#"{"v":"0.4567890123456789"}"#),
            ("3", "2025-01-02T00:00:00Z", r#"{"v":null}"#),
            ("4", "2025-01-04T00:00:00Z", r#"{"v":"abc"}"#),
        ];
        world
            .ingest(
                events
                    .iter()
                    .map(|(id, time, data)| event(id, "s1", time, data))
                    .collect(),
                true,
            )
            .await
            .unwrap();
        for (aggregation, slug, expected) in [
            (Aggregation::Sum, "sum", "123.4567890123456789"),
            (Aggregation::Count, "count", "4"),
            (Aggregation::UniqueCount, "unique", "3"),
            (Aggregation::Avg, "avg", "61.72839450617283945"),
            (Aggregation::Min, "min", "0.4567890123456789"),
            (Aggregation::Max, "max", "123"),
            (Aggregation::Latest, "latest", "0.4567890123456789"),
        ] {
            let value_property = if aggregation == Aggregation::Count {
                ""
            } else {
                "$.v"
            };
            let meter = pb::Meter {
                aggregation: aggregation.into(),
                value_property: value_property.into(),
                ..sum_meter(slug)
            };
            world.create(meter).await.unwrap();
            assert_eq!(
                values(&world.query(query(slug)).await.unwrap()),
                [expected],
                "{slug}"
            );
        }
        let from = Some(at("2025-01-02T00:00:00Z"));
        let meter = pb::Meter {
            event_from_time: from,
            ..sum_meter("later")
        };
        world.create(meter).await.unwrap();
        assert_eq!(
            values(&world.query(query("later")).await.unwrap()),
            ["0.4567890123456789"]
        );
    })
    .await;
}

#[tokio::test]
async fn the_internal_batch_answers_each_question() {
    everywhere(async |world: World| {
        total_example(&world).await;
        let meters = pb::BatchGetMetersRequest {
            ids: Vec::new(),
            slugs: vec!["total".into(), "calls".into()],
        };
        let meters = world
            .meters
            .clone()
            .batch_get_meters(world.request(meters))
            .await
            .unwrap()
            .into_inner()
            .meters;
        let ask = |slug: &str, subjects: &[&str]| pb::UsageQuery {
            meter_id: meters
                .iter()
                .find(|meter| meter.slug == slug)
                .unwrap()
                .id
                .clone(),
            subject_keys: subjects
                .iter()
                .map(|subject| (*subject).to_owned())
                .collect(),
            ..Default::default()
        };
        let empty_span = pb::UsageQuery {
            start_time: Some(at("2025-01-01T00:00:00Z")),
            end_time: Some(at("2025-01-01T00:00:00Z")),
            ..ask("calls", &["s1"])
        };
        let hours = pb::UsageQuery {
            window_size: pb::WindowSize::Hour.into(),
            ..ask("total", &["s1", "s2"])
        };
        let m1 = pb::FilterString {
            operator: Some(pb::filter_string::Operator::Equals("m1".into())),
        };
        let filtered = pb::UsageQuery {
            group_by_filters: [("model".to_owned(), m1)].into(),
            ..ask("calls", &["s1"])
        };
        let queries = vec![
            ask("total", &["s1", "s2"]),
            ask("total", &["nobody"]),
            ask("calls", &["nobody"]),
            ask("calls", &[]),
            empty_span,
            hours,
            filtered,
        ];
        let request = world.request(pb::QueryUsageRequest { queries });
        let results = world
            .usage
            .clone()
            .query_usage(request)
            .await
            .unwrap()
            .into_inner()
            .results;
        let got: Vec<Option<&str>> = results
            .iter()
            .map(|result| result.value.as_ref().map(|value| value.value.as_str()))
            .collect();
        assert_eq!(
            got,
            [
                Some("800"),
                None,
                Some("0"),
                Some("0"),
                Some("0"),
                None,
                Some("2")
            ]
        );
        let windows: Vec<&str> = results[5]
            .windows
            .iter()
            .map(|window| window.value.as_ref().unwrap().value.as_str())
            .collect();
        assert_eq!(windows, ["400", "200", "200"]);
        let unknown = pb::UsageQuery {
            meter_id: "none".into(),
            ..Default::default()
        };
        let request = world.request(pb::QueryUsageRequest {
            queries: vec![unknown],
        });
        refused(
            world.usage.clone().query_usage(request).await,
            Code::NotFound,
            "METER_NOT_FOUND",
        );
    })
    .await;
}

#[tokio::test]
async fn subjects_group_values_and_counts() {
    everywhere(async |world: World| {
        total_example(&world).await;
        let today = [
            event("t1", "s9", "2025-06-15T00:00:00Z", r#"{"model":"m9"}"#),
            event("t2", "s9", "2025-06-15T09:00:00Z", ""),
        ];
        world.ingest(today.to_vec(), true).await.unwrap();
        let subjects = async |token: String| {
            let request = pb::ListMeterSubjectsRequest {
                meter: by_slug("total"),
                page_size: 4,
                page_token: token,
                ..Default::default()
            };
            world
                .usage
                .clone()
                .list_meter_subjects(world.request(request))
                .await
                .unwrap()
                .into_inner()
        };
        let first = subjects(String::new()).await;
        assert_eq!(first.subjects, ["s1", "s2", "s3", "s4"]);
        let second = subjects(first.next_page_token).await;
        assert_eq!(
            (second.subjects, second.next_page_token.as_str()),
            (vec!["s5".to_owned(), "s9".to_owned()], "")
        );
        let group_values = async |key: &str| {
            let request = pb::ListGroupByValuesRequest {
                meter: by_slug("total"),
                group_by_key: key.into(),
                ..Default::default()
            };
            world
                .usage
                .clone()
                .list_group_by_values(world.request(request))
                .await
        };
        assert_eq!(
            group_values("model").await.unwrap().into_inner().values,
            ["", "m9"]
        );
        refused(
            group_values("x").await,
            Code::InvalidArgument,
            "INVALID_ARGUMENT",
        );
        let counts = world
            .usage
            .clone()
            .count_events(world.request(pb::CountEventsRequest::default()))
            .await
            .unwrap();
        assert_eq!(
            counts.into_inner().counts,
            [pb::SubjectCount {
                subject: "s9".into(),
                event_count: 2
            }]
        );
    })
    .await;
}
