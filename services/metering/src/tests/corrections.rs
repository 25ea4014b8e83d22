//! Corrections: what is voided or replaced counts nowhere and stays visible, whatever was added up before.

use super::{
    rollups::{ALL, agree, mixed, of, rows, twins, work},
    *,
};

fn named(id: &str) -> pb::EventRef {
    pb::EventRef {
        source: "test".into(),
        id: id.into(),
    }
}

fn void_request(ids: &[&str], reason: &str) -> pb::VoidEventsRequest {
    pb::VoidEventsRequest {
        events: ids.iter().map(|id| named(id)).collect(),
        reason: reason.into(),
        request_id: String::new(),
    }
}

async fn void(world: &World, request: pb::VoidEventsRequest) -> Result<i64, Status> {
    let mut usage = world.usage.clone();
    let answer = usage.void_events(world.request(request));
    Ok(answer.await?.into_inner().voided_count)
}

fn replace_request(id: &str, data: &str) -> pb::ReplaceEventRequest {
    pb::ReplaceEventRequest {
        event: Some(named(id)),
        replacement: Some(pb::UsageEvent {
            data: data.into(),
            ..Default::default()
        }),
        reason: "wrong value".into(),
        request_id: String::new(),
    }
}

async fn replace(
    world: &World,
    request: pb::ReplaceEventRequest,
) -> Result<pb::IngestedEvent, Status> {
    let mut usage = world.usage.clone();
    let answer = usage.replace_event(world.request(request));
    Ok(answer.await?.into_inner().event.unwrap())
}

async fn listed(world: &World) -> Vec<pb::IngestedEvent> {
    let request = pb::ListEventsRequest::default();
    let mut usage = world.usage.clone();
    let answer = usage.list_events(world.request(request));
    answer.await.unwrap().into_inner().events
}

async fn total(world: &World, meter: &pb::Meter) -> Vec<String> {
    let query = pb::QueryMeterRequest {
        meter: by_id(meter),
        ..Default::default()
    };
    let rows = world.query(query).await.unwrap();
    values(&rows).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_voided_event_counts_nowhere_and_stays_listed() {
    everywhere(async |world: World| {
        let (meter, witness) = twins(&world, sum_meter("total")).await;
        let events =
            [("1", "s1", 5), ("2", "s1", 7), ("3", "s2", 11)].map(|(id, subject, value)| {
                let data = format!(r#"{{"v":{value},"model":"m{id}"}}"#);
                event(id, subject, "2025-06-10T10:00:00Z", &data)
            });
        world.ingest(events.to_vec(), true).await.unwrap();
        assert_eq!(total(&world, &meter).await, ["23"]);
        let voided = void(&world, void_request(&["2", "3"], "sent twice")).await;
        assert_eq!(voided.unwrap(), 2);
        assert_eq!(total(&world, &meter).await, ["5"]);
        assert_eq!(total(&world, &witness).await, ["5"]);
        // Again: nothing more happens, and the first reason stays.
        let again = void(&world, void_request(&["2", "1"], "all")).await;
        assert_eq!(again.unwrap(), 1);
        assert_eq!(total(&world, &meter).await, [""; 0]);
        let listed = listed(&world).await;
        assert_eq!(listed.len(), 3);
        for event in &listed {
            let id = &event.event.as_ref().unwrap().id;
            let correction = event.correction.as_ref().unwrap();
            let reason = if id == "1" { "all" } else { "sent twice" };
            assert_eq!(event.state(), pb::ingested_event::State::Voided);
            assert_eq!(
                (correction.reason.as_str(), correction.actor.as_str()),
                (reason, "key:test")
            );
            assert_eq!(event.validation_error, format!("event voided: {reason}"));
            assert_eq!(correction.replacement, None);
        }
        // Lists of what has usage forget them, and so do spans of other services.
        let request = pb::ListMeterSubjectsRequest {
            meter: by_id(&meter),
            ..Default::default()
        };
        let mut usage = world.usage.clone();
        let subjects = usage.list_meter_subjects(world.request(request));
        assert!(subjects.await.unwrap().into_inner().subjects.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_voided_identity_stays_taken() {
    everywhere(async |world: World| {
        let meter = world.create(sum_meter("total")).await.unwrap();
        let sent = event("1", "s1", "2025-06-10T10:00:00Z", r#"{"v":5}"#);
        world.ingest(vec![sent.clone()], true).await.unwrap();
        void(&world, void_request(&["1"], "test data"))
            .await
            .unwrap();
        assert_eq!(
            world.ingest(vec![sent.clone()], true).await.unwrap(),
            (1, 0)
        );
        let other = pb::UsageEvent {
            data: r#"{"v":6}"#.into(),
            ..sent
        };
        refused(
            world.ingest(vec![other], true).await,
            Code::AlreadyExists,
            "EVENT_CONFLICT",
        );
        assert_eq!(total(&world, &meter).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_replacement_counts_instead() {
    everywhere(async |world: World| {
        let (meter, witness) = twins(&world, sum_meter("total")).await;
        let sent = event("e", "s1", "2025-06-10T10:00:00Z", r#"{"v":5,"model":"m"}"#);
        world.ingest(vec![sent.clone()], true).await.unwrap();
        let replacement = replace(&world, replace_request("e", r#"{"v":"8.5","model":"m"}"#))
            .await
            .unwrap();
        let event = replacement.event.clone().unwrap();
        assert_eq!((event.id.as_str(), event.subject.as_str()), ("e~1", "s1"));
        assert_eq!(event.time, sent.time);
        assert_eq!(replacement.replaces, Some(named("e")));
        assert_eq!(replacement.state(), pb::ingested_event::State::Active);
        assert_eq!(total(&world, &meter).await, ["8.5"]);
        // It can be replaced again, also for another subject and time.
        let mut request = replace_request("e~1", r#"{"v":2,"model":"m"}"#);
        request.replacement.as_mut().unwrap().subject = "s2".into();
        request.replacement.as_mut().unwrap().time = Some(at("2025-05-01T00:00:00Z"));
        replace(&world, request).await.unwrap();
        for meter in [&meter, &witness] {
            let query = pb::QueryMeterRequest {
                meter: by_id(meter),
                group_by: vec!["subject".into()],
                window_size: pb::WindowSize::Month.into(),
                ..Default::default()
            };
            let rows = world.query(query).await.unwrap();
            assert_eq!(values(&rows), ["2"]);
            assert_eq!(rows[0].subject.as_deref(), Some("s2"));
            assert_eq!(text(rows[0].window_start_time), "2025-05-01T00:00:00Z");
        }
        let listed = listed(&world).await;
        let links: Vec<(String, Option<pb::EventRef>, Option<pb::EventRef>)> = listed
            .into_iter()
            .map(|listed| {
                let replacement = listed.correction.and_then(|found| found.replacement);
                (listed.event.unwrap().id, listed.replaces, replacement)
            })
            .collect();
        let link = |id| Some(named(id));
        assert_eq!(
            links,
            [
                ("e~1".to_owned(), link("e"), link("e~2")),
                ("e".to_owned(), None, link("e~1")),
                ("e~2".to_owned(), link("e~1"), None),
            ]
        );
        refused(
            replace(&world, replace_request("e", "")).await,
            Code::FailedPrecondition,
            "EVENT_VOIDED",
        );
    })
    .await;
}

#[tokio::test]
async fn a_taken_identity_is_no_replacement() {
    everywhere(async |world: World| {
        let meter = world.create(sum_meter("total")).await.unwrap();
        let data = r#"{"v":5}"#;
        let events = ["e", "e~1"].map(|id| event(id, "s1", "2025-06-10T10:00:00Z", data));
        world.ingest(events.to_vec(), true).await.unwrap();
        for data in [data, r#"{"v":6}"#] {
            refused(
                replace(&world, replace_request("e", data)).await,
                Code::AlreadyExists,
                "EVENT_CONFLICT",
            );
        }
        assert_eq!(total(&world, &meter).await, ["10"]);
        assert_eq!(
            rows(&world, "SELECT COUNT(*) FROM usage_correction").await,
            0
        );
    })
    .await;
}

#[tokio::test]
async fn bad_corrections_change_nothing() {
    everywhere(async |world: World| {
        let data = r#"{"v":5}"#;
        let sent = event("1", "s1", "2025-06-10T10:00:00Z", data);
        world.ingest(vec![sent], true).await.unwrap();
        refused(
            void(&world, void_request(&["1", "none"], "why")).await,
            Code::NotFound,
            "EVENT_NOT_FOUND",
        );
        refused(
            replace(&world, replace_request("none", data)).await,
            Code::NotFound,
            "EVENT_NOT_FOUND",
        );
        let field = async |result: Result<i64, Status>, field: &str| {
            let status = result.unwrap_err();
            let details = chassis::error::details(&status);
            assert_eq!(status.code(), Code::InvalidArgument);
            assert_eq!(details.violations[0].field, field);
        };
        let many: Vec<String> = (0..1_001).map(|id| id.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let long = "x".repeat(1_001);
        for (request, name) in [
            (void_request(&[], "why"), "events"),
            (void_request(&many, "why"), "events"),
            (void_request(&["1", "1"], "why"), "events[1]"),
            (void_request(&["1", ""], "why"), "events[1].id"),
            (void_request(&["1"], " "), "reason"),
            (void_request(&["1"], &long), "reason"),
            (void_request(&["1"], "a\0b"), "reason"),
        ] {
            field(void(&world, request).await, name).await;
        }
        let no_reason = pb::ReplaceEventRequest {
            reason: String::new(),
            ..replace_request("1", data)
        };
        let no_event = pb::ReplaceEventRequest {
            event: None,
            ..replace_request("1", data)
        };
        let nothing = pb::ReplaceEventRequest {
            replacement: None,
            ..replace_request("1", data)
        };
        let mut too_old = replace_request("1", data);
        too_old.replacement.as_mut().unwrap().time = Some(at("1970-01-01T00:00:00Z"));
        for (request, name) in [
            (no_reason, "reason"),
            (no_event, "event"),
            (nothing, "replacement"),
            (replace_request("1", "[1]"), "replacement.data"),
            (too_old, "replacement.time"),
        ] {
            field(replace(&world, request).await.map(|_| 0), name).await;
        }
        assert_eq!(
            rows(&world, "SELECT COUNT(*) FROM usage_correction").await,
            0
        );
        assert_eq!(rows(&world, "SELECT COUNT(*) FROM usage_event").await, 1);
    })
    .await;
}

#[tokio::test]
async fn other_projects_have_other_events() {
    everywhere(async |world: World| {
        let sent = event("1", "s1", "2025-06-10T10:00:00Z", r#"{"v":5}"#);
        world.ingest(vec![sent], true).await.unwrap();
        let elsewhere = World {
            project: chassis::id::next(),
            ..world
        };
        refused(
            void(&elsewhere, void_request(&["1"], "why")).await,
            Code::NotFound,
            "EVENT_NOT_FOUND",
        );
    })
    .await;
}

#[tokio::test]
async fn corrections_are_announced_and_audited() {
    everywhere(async |world: World| {
        use prost::Message as _;
        let events = vec![
            event("1", "s2", "2025-06-02T00:00:00Z", ""),
            event("2", "s1", "2025-06-01T00:00:00Z", ""),
        ];
        world.ingest(events, true).await.unwrap();
        let request = pb::VoidEventsRequest {
            request_id: "once".into(),
            ..void_request(&["1", "2"], "test run")
        };
        for _ in 0..2 {
            assert_eq!(void(&world, request.clone()).await.unwrap(), 2, "replayed");
        }
        let statement = sea_orm::Statement::from_string(
            world.db.backend(),
            "SELECT payload FROM outbox WHERE kind = 'usage.changed' ORDER BY seq",
        );
        let found = world.db.reader().query_all_raw(statement).await.unwrap();
        assert_eq!(found.len(), 2, "one of the events, one of their end");
        let payload: Vec<u8> = found[1].try_get_by_index(0).unwrap();
        let changed = pb::UsageChanged::decode(payload.as_slice()).unwrap();
        assert_eq!(changed.subject_keys, ["s1", "s2"]);
        assert_eq!(text(changed.from_time), "2025-06-01T00:00:00Z");
        assert_eq!(changed.event_count, 2);
        let statement = sea_orm::Statement::from_string(
            world.db.backend(),
            "SELECT resource_id, actor, before, after FROM audit_entry \
             WHERE kind = 'usage_event.voided' ORDER BY resource_id",
        );
        let audits = world.db.reader().query_all_raw(statement).await.unwrap();
        assert_eq!(audits.len(), 2);
        let (id, actor): (String, String) = (
            audits[0].try_get_by_index(0).unwrap(),
            audits[0].try_get_by_index(1).unwrap(),
        );
        assert_eq!((id.as_str(), actor.as_str()), ("test/1", "key:test"));
        let state = |column| {
            let bytes: Vec<u8> = audits[0].try_get_by_index(column).unwrap();
            pb::IngestedEvent::decode(bytes.as_slice()).unwrap()
        };
        assert_eq!(state(2).state(), pb::ingested_event::State::Active);
        assert_eq!(state(3).correction.unwrap().reason, "test run");
    })
    .await;
}

/// The ids of every third event of some.
fn thirds(prefix: &str, count: usize) -> Vec<String> {
    (0..count)
        .step_by(3)
        .map(|id| format!("{prefix}{id}"))
        .collect()
}

#[tokio::test]
async fn rollups_follow_corrections_at_every_stage() {
    everywhere(async |world: World| {
        let void_all = async |ids: Vec<String>| {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            void(&world, void_request(&ids, "why")).await.unwrap();
        };
        // Old events are for the builder; a part of them is voided before it starts.
        world.ingest(mixed("old", 2_300), true).await.unwrap();
        let mut meters = Vec::new();
        for aggregation in ALL {
            meters.push(twins(&world, of(aggregation)).await);
        }
        world.ingest(mixed("new", 60), true).await.unwrap();
        void_all(thirds("new", 30)).await;
        void_all(thirds("old", 30)).await;
        for meter in &meters {
            agree(&world, meter).await;
        }
        work(&world).await;
        for meter in &meters {
            agree(&world, meter).await;
        }
        // Now everything is built and merged.
        void_all(thirds("old", 300)).await;
        void_all(thirds("new", 60)).await;
        replace(
            &world,
            replace_request("old2", r#"{"v":1000000,"model":"m1"}"#),
        )
        .await
        .unwrap();
        for meter in &meters {
            agree(&world, meter).await;
        }
        work(&world).await;
        for meter in &meters {
            agree(&world, meter).await;
        }
    })
    .await;
}

/// A builder that has read events and not yet added them must not bring back what is voided meanwhile.
#[tokio::test]
async fn builders_and_corrections_side_by_side_lose_nothing() {
    everywhere(async |world: World| {
        world.ingest(mixed("old", 2_300), true).await.unwrap();
        let meters = twins(&world, of(pb::meter::Aggregation::Sum)).await;
        let correct = async {
            for id in thirds("old", 120) {
                void(&world, void_request(&[&id], "why")).await.unwrap();
            }
        };
        let build = async {
            for _ in 0..4 {
                work(&world).await;
            }
        };
        let late = async {
            for event in mixed("new", 40) {
                world.ingest(vec![event], true).await.unwrap();
            }
        };
        futures::join!(correct, build, late);
        work(&world).await;
        agree(&world, &meters).await;
    })
    .await;
}
