//! Ingest, de-duplication and lists of events.

use super::*;

fn numbered(count: usize, time: &str) -> Vec<pb::UsageEvent> {
    (0..count)
        .map(|index| event(&format!("e{index}"), "s1", time, r#"{"v":1}"#))
        .collect()
}

#[tokio::test]
async fn an_identity_is_stored_once_for_ever() {
    everywhere(async |world: World| {
        let time = "2025-06-01T00:00:00Z";
        assert_eq!(
            world.ingest(numbered(1_234, time), true).await.unwrap(),
            (1_234, 1_234)
        );
        assert_eq!(
            world.ingest(numbered(1_300, time), true).await.unwrap(),
            (1_300, 66)
        );
        let mut other = event("e0", "s2", time, "");
        refused(
            world.ingest(vec![other.clone()], true).await,
            Code::AlreadyExists,
            "EVENT_CONFLICT",
        );
        assert_eq!(
            world.ingest(vec![other.clone()], false).await.unwrap(),
            (1, 0)
        );
        other.source = "elsewhere".into();
        let twice = vec![other.clone(), other];
        assert_eq!(world.ingest(twice, true).await.unwrap(), (2, 1));
        let untimed = pb::UsageEvent {
            time: None,
            ..event("e0", "s1", time, r#"{"v":1}"#)
        };
        assert_eq!(
            world.ingest(vec![untimed], true).await.unwrap(),
            (1, 0),
            "a default time is no content"
        );
        let old = event("old", "s1", "1970-01-01T00:00:00Z", "");
        assert_eq!(world.ingest(vec![old], true).await.unwrap(), (0, 0));
        assert_eq!(world.ingest(Vec::new(), true).await.unwrap(), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_refused_call_stores_nothing() {
    everywhere(async |world: World| {
        let time = "2025-06-01T00:00:00Z";
        let status = world
            .ingest(
                vec![event("1", "s1", time, ""), event("2", "", time, "[1]")],
                true,
            )
            .await
            .unwrap_err();
        let fields: Vec<String> = chassis::error::details(&status)
            .violations
            .into_iter()
            .map(|violation| violation.field)
            .collect();
        assert_eq!(fields, ["events[1].subject", "events[1].data"]);
        world
            .ingest(vec![event("1", "s1", time, "")], true)
            .await
            .unwrap();
        let conflict = vec![event("3", "s1", time, ""), event("1", "s2", time, "")];
        refused(
            world.ingest(conflict, true).await,
            Code::AlreadyExists,
            "EVENT_CONFLICT",
        );
        assert_eq!(
            world
                .ingest(vec![event("3", "s1", time, "")], true)
                .await
                .unwrap(),
            (1, 1)
        );
    })
    .await;
}

#[tokio::test]
async fn concurrent_calls_share_commits_and_count_each_event_once() {
    everywhere(async |world: World| {
        let world = Arc::new(world);
        let calls: Vec<_> = (0..24_usize)
            .map(|call| {
                let world = world.clone();
                tokio::spawn(async move {
                    let events = (0..50)
                        .map(|index| {
                            let id = (call * 25 + index).to_string();
                            event(&id, "s1", "2025-06-01T00:00:00Z", "")
                        })
                        .collect();
                    world.ingest(events, true).await.unwrap()
                })
            })
            .collect();
        let bad = event("0", "someone-else", "2025-06-01T00:00:00Z", "");
        let mut new = 0;
        for call in calls {
            new += call.await.unwrap().1;
        }
        assert_eq!(new, 23 * 25 + 50);
        refused(
            world.ingest(vec![bad], true).await,
            Code::AlreadyExists,
            "EVENT_CONFLICT",
        );
    })
    .await;
}

#[tokio::test]
async fn a_request_id_replays_its_answer() {
    everywhere(async |world: World| {
        let send = async |events: Vec<pb::UsageEvent>| {
            let request = pb::IngestEventsRequest {
                events,
                reject_conflicts: None,
                request_id: "r1".into(),
            };
            world
                .usage
                .clone()
                .ingest_events(world.request(request))
                .await
        };
        let events = numbered(3, "2025-06-01T00:00:00Z");
        let first = send(events.clone()).await.unwrap().into_inner();
        assert_eq!((first.accepted_count, first.new_count), (3, 3));
        assert_eq!(send(events).await.unwrap().into_inner(), first);
        refused(
            send(numbered(4, "2025-06-01T00:00:00Z")).await,
            Code::InvalidArgument,
            "REQUEST_ID_REUSED",
        );
    })
    .await;
}

#[tokio::test]
async fn a_stream_is_stored_in_batches() {
    everywhere(async |world: World| {
        let events = numbered(2_500, "2025-06-01T00:00:00Z");
        let messages: Vec<pb::StreamEventsRequest> = events
            .chunks(700)
            .map(|events| pb::StreamEventsRequest {
                events: events.to_vec(),
                reject_conflicts: Some(true),
            })
            .collect();
        let request = world.request(()).map(|()| futures::stream::iter(messages));
        let answer = world
            .usage
            .clone()
            .stream_events(request)
            .await
            .unwrap()
            .into_inner();
        assert_eq!((answer.accepted_count, answer.new_count), (2_500, 2_500));
        let export = world.request(pb::ExportUsageRequest::default());
        let mut stream = world
            .usage
            .clone()
            .export_usage(export)
            .await
            .unwrap()
            .into_inner();
        let mut exported = 0;
        while let Some(chunk) = stream.message().await.unwrap() {
            exported += chunk.events.len();
        }
        assert_eq!(exported, 2_500);
    })
    .await;
}

#[tokio::test]
async fn new_events_are_announced_once_a_commit() {
    everywhere(async |world: World| {
        use prost::Message as _;
        let events = vec![
            event("1", "s2", "2025-06-02T00:00:00Z", ""),
            event("2", "s1", "2025-06-01T00:00:00Z", ""),
            event("3", "s1", "2025-06-03T00:00:00Z", ""),
        ];
        world.ingest(events.clone(), true).await.unwrap();
        world.ingest(events, true).await.unwrap();
        let statement =
            sea_orm::Statement::from_string(world.db.backend(), "SELECT payload FROM outbox");
        let rows = world.db.reader().query_all_raw(statement).await.unwrap();
        assert_eq!(rows.len(), 1, "a repeated call announces nothing");
        let payload: Vec<u8> = rows[0].try_get_by_index(0).unwrap();
        let changed = pb::UsageChanged::decode(payload.as_slice()).unwrap();
        assert_eq!(changed.subject_keys, ["s1", "s2"]);
        assert_eq!(
            (changed.event_types.as_slice(), changed.event_count),
            (["api".to_owned()].as_slice(), 3)
        );
        assert_eq!(text(changed.from_time), "2025-06-01T00:00:00Z");
    })
    .await;
}

async fn list(
    world: &World,
    request: pb::ListEventsRequest,
) -> Result<pb::ListEventsResponse, Status> {
    Ok(world
        .usage
        .clone()
        .list_events(world.request(request))
        .await?
        .into_inner())
}

fn ids(answer: &pb::ListEventsResponse) -> Vec<&str> {
    answer
        .events
        .iter()
        .map(|listed| listed.event.as_ref().unwrap().id.as_str())
        .collect()
}

fn filter(operator: pb::filter_string::Operator) -> Option<pb::FilterString> {
    Some(pb::FilterString {
        operator: Some(operator),
    })
}

#[tokio::test]
async fn the_documented_invalid_events_are_listed_with_their_complaint() {
    everywhere(async |world: World| {
        world
            .create(pb::Meter {
                value_property: "$.duration_ms".into(),
                ..sum_meter("duration")
            })
            .await
            .unwrap();
        let data = [
            "null",
            "",
            "{}",
            r#"{"duration_ms":"NaN"}"#,
            r#"{"duration_ms":"Inf"}"#,
            r#"{"duration_ms":"100"}"#,
        ];
        let events = data
            .iter()
            .enumerate()
            .map(|(index, data)| event(&index.to_string(), "s1", "2025-06-01T00:00:00Z", data));
        world.ingest(events.collect(), true).await.unwrap();
        let query = pb::QueryMeterRequest {
            meter: by_slug("duration"),
            ..Default::default()
        };
        assert_eq!(values(&world.query(query).await.unwrap()), ["100"]);
        let listed = list(&world, pb::ListEventsRequest::default())
            .await
            .unwrap();
        assert_eq!(ids(&listed), ["5", "4", "3", "2", "1", "0"]);
        let complaints: Vec<&str> = listed
            .events
            .iter()
            .map(|event| event.validation_error.as_str())
            .collect();
        assert_eq!(
            complaints,
            [
                "",
                "invalid event: value cannot be infinity",
                "invalid event: value cannot be NaN",
                "invalid event: missing value property: \"$.duration_ms\"",
                "invalid event: null and missing value property",
                "invalid event: null and missing value property",
            ]
        );
        assert_eq!(listed.events[0].customer_id, "C1");
        assert_eq!(text(listed.events[0].ingest_time), "2025-06-15T12:00:00Z");
        let stranger = pb::UsageEvent {
            r#type: "other".into(),
            ..event("9", "nobody", "2025-06-02T00:00:00Z", "")
        };
        world.ingest(vec![stranger], true).await.unwrap();
        let listed = list(
            &world,
            pb::ListEventsRequest {
                page_size: 1,
                ..Default::default()
            },
        )
        .await
        .unwrap();
        assert_eq!(
            listed.events[0].validation_error,
            "no meter found for event type: other\nno customer found for event subject: nobody"
        );
    })
    .await;
}

#[tokio::test]
async fn a_walk_over_one_second_sees_every_event_once() {
    everywhere(async |world: World| {
        let time = "2025-06-01T00:00:00Z";
        let mut events: Vec<pb::UsageEvent> = (1..=5)
            .map(|n| event(&format!("ev-{n}"), "s1", time, ""))
            .collect();
        events.push(pb::UsageEvent {
            source: "second".into(),
            ..event("ev-3", "s1", time, "")
        });
        world.ingest(events, true).await.unwrap();
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let request = pb::ListEventsRequest {
                page_size: 2,
                page_token: token,
                ..Default::default()
            };
            let page = list(&world, request).await.unwrap();
            seen.extend(ids(&page).into_iter().map(str::to_owned));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, ["ev-5", "ev-4", "ev-3", "ev-3", "ev-2", "ev-1"]);
        let after = Some(pb::EventCursor {
            time: Some(at(time)),
            id: "ev-3".into(),
            source: String::new(),
        });
        let behind = list(
            &world,
            pb::ListEventsRequest {
                after,
                ..Default::default()
            },
        )
        .await
        .unwrap();
        assert_eq!(ids(&behind), ["ev-2", "ev-1"]);
        let bad = pb::ListEventsRequest {
            page_token: "x".into(),
            ..Default::default()
        };
        assert_eq!(
            list(&world, bad).await.unwrap_err().code(),
            Code::InvalidArgument
        );
    })
    .await;
}

#[tokio::test]
async fn filters_choose_events() {
    use contract::metering::v1::filter_string::Operator;
    everywhere(async |world: World| {
        let mut events: Vec<pb::UsageEvent> = (0..1_100)
            .map(|n| event(&format!("a{n:04}"), "s1", "2025-06-01T00:00:00Z", ""))
            .collect();
        events.push(event("needle-A", "s2", "2025-05-01T00:00:00Z", ""));
        events.push(event("needle-b", "c2", "2025-05-02T00:00:00Z", ""));
        world.ingest(events, true).await.unwrap();
        let by = async |request: pb::ListEventsRequest| list(&world, request).await.unwrap();
        let id = |operator| pb::ListEventsRequest {
            id: filter(operator),
            ..Default::default()
        };
        assert_eq!(
            ids(&by(id(Operator::Contains("needle".into()))).await),
            ["needle-b", "needle-A"]
        );
        assert_eq!(ids(&by(id(Operator::Like("%-a".into()))).await), [""; 0]);
        assert_eq!(
            ids(&by(id(Operator::LikeIgnoreCase("%-a".into()))).await),
            ["needle-A"]
        );
        assert_eq!(
            ids(&by(id(Operator::Equals("a0007".into()))).await),
            ["a0007"]
        );
        let one_of = pb::StringList {
            values: vec!["a0001".into(), "needle-A".into()],
        };
        assert_eq!(
            ids(&by(id(Operator::OneOf(one_of))).await),
            ["a0001", "needle-A"]
        );
        let customers = pb::ListEventsRequest {
            customer_ids: vec!["C2".into()],
            ..Default::default()
        };
        assert_eq!(ids(&by(customers).await), ["needle-b", "needle-A"]);
        let unknown = pb::ListEventsRequest {
            customer_ids: vec!["X".into()],
            ..Default::default()
        };
        refused(
            list(&world, unknown).await,
            Code::InvalidArgument,
            "CUSTOMER_NOT_FOUND",
        );
        let before = pb::FilterTime {
            operator: Some(pb::filter_time::Operator::LessOrEqual(at(
                "2025-05-01T00:00:00Z",
            ))),
        };
        let time = pb::ListEventsRequest {
            time: Some(before),
            ..Default::default()
        };
        assert_eq!(ids(&by(time).await), ["needle-A"]);
    })
    .await;
}
