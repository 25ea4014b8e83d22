//! Customers who were erased: what was measured stays to the last digit, and nothing says whose it was.

use chassis::feed::Event;
use kernel::id::{CustomerId, Ulid};
use prost::Message as _;

use super::{
    rollups::{ALL, agree, mixed, of, rows, twins, work},
    *,
};

/// What the erased customer's usage is known under.
const NOBODY: &str = "erased:00000000000000000000000007";

/// Lets the service hear that a customer was erased.
async fn hear(world: &World, time: Timestamp, subjects: &[&str]) {
    let (key, keys) = subjects.split_first().unwrap_or((&"", &[]));
    let id = CustomerId::from_ulid(Ulid(7)).to_string();
    let customer = customer::Customer {
        id: id.clone(),
        key: (*key).to_owned(),
        usage_attribution: Some(customer::UsageAttribution {
            subject_keys: keys.iter().map(ToString::to_string).collect(),
        }),
        ..Default::default()
    };
    let event = Event {
        cursor: 1,
        kind: "customer.erased".to_owned(),
        project: world.project,
        id,
        revision: 2,
        payload: customer.encode_to_vec(),
        create_time: time,
        actor: String::new(),
    };
    let handler = crate::erase::customers().handler;
    assert!(handler.wants(world.db.reader(), &event).await.unwrap());
    let context = Context::background(&world.env, world.project, world.now);
    let mut write = world.db.system_write(&context).await.unwrap();
    handler.apply(&mut write, &event).await.unwrap();
    write.commit().await.unwrap();
}

async fn grouped(world: &World, meter: &pb::Meter, key: &str) -> Vec<pb::UsageRow> {
    let query = pb::QueryMeterRequest {
        meter: by_id(meter),
        group_by: vec![key.into()],
        ..Default::default()
    };
    world.query(query).await.unwrap()
}

/// Value by subject.
async fn by_subject(world: &World, meter: &pb::Meter) -> Vec<(String, String)> {
    let rows = grouped(world, meter, "subject").await;
    let row = |row: pb::UsageRow| (row.subject.unwrap(), row.value.unwrap().value);
    rows.into_iter().map(row).collect()
}

fn told(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(subject, value): &(&str, &str)| ((*subject).to_owned(), (*value).to_owned());
    rows.iter().map(owned).collect()
}

#[tokio::test]
async fn what_an_erased_customer_used_counts_on_at_every_stage() {
    everywhere(async |world: World| {
        world.ingest(mixed("old", 120), true).await.unwrap();
        let mut meters = Vec::new();
        for aggregation in ALL {
            meters.push(twins(&world, of(aggregation)).await);
        }
        world.ingest(mixed("new", 120), true).await.unwrap();
        let mut before = Vec::new();
        for (live, _) in &meters {
            before.push(grouped(&world, live, "model").await);
        }
        hear(&world, world.now, &["c0", "s0"]).await;
        // The builder has not begun; then it has added what was there before the meters.
        for _ in 0..2 {
            for (meter, before) in meters.iter().zip(&before) {
                agree(&world, meter).await;
                assert_eq!(grouped(&world, &meter.0, "model").await, *before);
            }
            work(&world).await;
        }
        let (meter, _) = &meters[0];
        let subjects = by_subject(&world, meter).await;
        let subjects: Vec<&str> = subjects
            .iter()
            .map(|(subject, _)| subject.as_str())
            .collect();
        assert_eq!(subjects, [NOBODY, "s1", "s2", "s3"]);
        for table in ["usage_event", "usage_rollup", "usage_rollup_hour"] {
            let count =
                |subject: &str| format!("SELECT COUNT(*) FROM {table} WHERE subject = '{subject}'");
            assert_eq!(rows(&world, &count("s0")).await, 0, "{table}");
            assert!(rows(&world, &count(NOBODY)).await > 0, "{table}");
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_of_an_event_says_whose_it_was() {
    everywhere(async |world: World| {
        let meter = world.create(sum_meter("total")).await.unwrap();
        let time = "2025-06-10T10:00:00Z";
        let data = r#"{"email":"olga@m.com","model":"a","v":1.50}"#;
        let login = pb::UsageEvent {
            r#type: "login".into(),
            ..event("3", "c0", time, r#"{"from":"olga's home"}"#)
        };
        let sent = vec![
            event("1", "s0", time, data),
            event("2", "s0", time, data),
            login,
            event("4", "s0", time, ""),
            event("5", "s1", time, data),
        ];
        world.ingest(sent.clone(), true).await.unwrap();
        let void = pb::VoidEventsRequest {
            events: vec![pb::EventRef {
                source: "test".into(),
                id: "2".into(),
            }],
            reason: "olga asked for it".into(),
            request_id: String::new(),
        };
        let mut usage = world.usage.clone();
        usage.void_events(world.request(void)).await.unwrap();
        for subject in ["s0", "s1"] {
            let request = pb::CreatePortalTokenRequest {
                portal_token: Some(pb::PortalToken {
                    subject: subject.into(),
                    ..Default::default()
                }),
                request_id: String::new(),
            };
            let mut tokens = world.tokens.clone();
            tokens
                .create_portal_token(world.request(request))
                .await
                .unwrap();
        }

        // Who had been deleted before had no subjects any more.
        hear(&world, world.now, &[]).await;
        assert_eq!(
            by_subject(&world, &meter).await,
            told(&[("s0", "1.5"), ("s1", "1.5")])
        );
        // Hearing it again changes nothing.
        for _ in 0..2 {
            hear(&world, world.now, &["c0", "s0"]).await;
            let rows = by_subject(&world, &meter).await;
            assert_eq!(rows, told(&[(NOBODY, "1.5"), ("s1", "1.5")]));
        }
        let request = pb::ListEventsRequest::default();
        let listed = usage.list_events(world.request(request)).await.unwrap();
        let mut listed = listed.into_inner().events;
        listed.sort_by_key(|listed| listed.event.as_ref().unwrap().id.clone());
        let shown: Vec<(&str, &str)> = listed
            .iter()
            .map(|listed| listed.event.as_ref().unwrap())
            .map(|event| (event.subject.as_str(), event.data.as_str()))
            .collect();
        let kept = r#"{"model":"a","v":1.50}"#;
        assert_eq!(shown[..2], [(NOBODY, kept); 2]);
        assert_eq!(shown[2..], [(NOBODY, "{}"), (NOBODY, ""), ("s1", data)]);
        let correction = listed[1].correction.as_ref().unwrap();
        assert_eq!(
            (correction.reason.as_str(), correction.actor.as_str()),
            ("", "key:test")
        );
        assert_eq!(rows(&world, "SELECT COUNT(*) FROM portal_token").await, 1);
        let found = "SELECT before FROM audit_entry UNION ALL SELECT after FROM audit_entry \
                     UNION ALL SELECT payload FROM outbox";
        let found = sea_orm::Statement::from_string(world.db.backend(), found);
        for row in world.db.reader().query_all_raw(found).await.unwrap() {
            let bytes: Option<Vec<u8>> = row.try_get_by_index(0).unwrap();
            let bytes = bytes.unwrap_or_default();
            assert!(!bytes.windows(4).any(|part| part == b"olga"));
        }
        // Whoever sends the same again repeats itself; nothing is there to compare it with.
        assert_eq!(world.ingest(sent, true).await.unwrap(), (5, 0));
        let other = event("5", "s1", time, kept);
        let conflict = world.ingest(vec![other], true).await;
        refused(conflict, Code::AlreadyExists, "EVENT_CONFLICT");
    })
    .await;
}

#[tokio::test]
async fn whoever_takes_the_subject_before_it_is_heard_keeps_what_is_its_own() {
    everywhere(async |mut world: World| {
        let meters = twins(&world, sum_meter("total")).await;
        let (erased, time) = (world.now, "2025-06-10T10:00:00Z");
        let usage = |id, value| event(id, "s0", time, &format!(r#"{{"v":{value}}}"#));
        world.ingest(vec![usage("1", 5)], true).await.unwrap();
        world.now = "2025-06-15T13:00:00Z".parse().unwrap();
        world.ingest(vec![usage("2", 7)], true).await.unwrap();
        hear(&world, erased, &["s0"]).await;
        for _ in 0..2 {
            for meter in [&meters.0, &meters.1] {
                let rows = by_subject(&world, meter).await;
                assert_eq!(rows, told(&[(NOBODY, "5"), ("s0", "7")]));
            }
            work(&world).await;
        }
    })
    .await;
}
