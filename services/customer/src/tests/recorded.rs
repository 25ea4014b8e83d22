//! What is recorded of each change: who, when, what was before and after.

use contract::customer::v1 as pb;
use prost::Message;
use sea_orm::{ConnectionTrait as _, Statement};

use super::{World, acme, by_id, ok};

struct Entry {
    kind: String,
    actor: String,
    time: i64,
    before: Option<Vec<u8>>,
    after: Option<Vec<u8>>,
}

async fn entries(world: &World, resource: &str) -> Vec<Entry> {
    let db = world.database().await;
    let rows = db
        .query_all_raw(Statement::from_sql_and_values(
            db.get_database_backend(),
            "SELECT kind, actor, create_time, before, after FROM audit_entry \
             WHERE resource_id = $1 ORDER BY seq",
            [resource.into()],
        ))
        .await
        .expect("rows");
    let entries = rows.iter().map(|row| Entry {
        kind: row.try_get("", "kind").expect("a kind"),
        actor: row.try_get("", "actor").expect("an actor"),
        time: row.try_get("", "create_time").expect("a time"),
        before: row.try_get("", "before").expect("bytes"),
        after: row.try_get("", "after").expect("bytes"),
    });
    let entries = entries.collect();
    db.close().await.expect("closed");
    entries
}

fn read<M: Message + Default>(bytes: Option<&Vec<u8>>) -> M {
    M::decode(bytes.expect("a state").as_slice()).expect("a message")
}

#[tokio::test]
async fn each_change_of_a_customer_tells_what_was_and_what_is() {
    let world = World::start().await;
    world.freeze("2026-01-01T00:00:00Z").await;
    let made = world.create(acme("acme", &["s"])).await.expect("made");
    let changed = world
        .update(&made.id, acme("new", &[]), &["key"])
        .await
        .expect("changed");
    // A refused change leaves nothing.
    world
        .update(&made.id, acme(&made.id, &[]), &["key"])
        .await
        .expect_err("its own id");
    let gone = world.delete(&made.id).await.expect("deleted");
    let log = entries(&world, &made.id).await;
    let kinds: Vec<&str> = log.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["customer.created", "customer.updated", "customer.deleted"]
    );
    assert!(log[0].before.is_none());
    let states: Vec<pb::Customer> = log.iter().map(|entry| read(entry.after.as_ref())).collect();
    assert_eq!(states, [made.clone(), changed.clone(), gone]);
    assert_eq!(read::<pb::Customer>(log[1].before.as_ref()), made);
    assert_eq!(read::<pb::Customer>(log[2].before.as_ref()), changed);
    for entry in &log {
        assert!(entry.actor.starts_with("key:"), "{}", entry.actor);
        assert_eq!(entry.time, 1_767_225_600_000_000, "project time");
    }
    world.stop().await;
}

#[tokio::test]
async fn subjects_are_recorded_like_customers() {
    let world = World::start().await;
    world.create(acme("acme", &["s"])).await.expect("made");
    let list = world.request(pb::ListSubjectsRequest::default());
    let subject = ok(world.subjects().list_subjects(list).await)
        .subjects
        .remove(0);
    let upsert = |name: &str| pb::UpsertSubjectsRequest {
        upserts: vec![pb::SubjectUpsert {
            subject: Some(pb::Subject {
                key: "s".into(),
                display_name: name.into(),
                ..Default::default()
            }),
            update_mask: None,
        }],
        request_id: String::new(),
    };
    for name in ["Name", "Name"] {
        let request = world.request(upsert(name));
        ok(world.subjects().upsert_subjects(request).await);
    }
    let delete = world.request(pb::DeleteSubjectRequest {
        subject_ref: Some(pb::SubjectRef {
            r#ref: Some(pb::subject_ref::Ref::Key("s".into())),
        }),
        request_id: String::new(),
    });
    ok(world.subjects().delete_subject(delete).await);
    let log = entries(&world, &subject.id).await;
    let kinds: Vec<&str> = log.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["subject.created", "subject.updated", "subject.deleted"],
        "an upsert that changes nothing is no change"
    );
    assert_eq!(read::<pb::Subject>(log[0].after.as_ref()), subject);
    let after: pb::Subject = read(log[1].after.as_ref());
    assert_eq!(after.display_name, "Name");
    world.stop().await;
}

#[tokio::test]
async fn what_is_beside_a_customer_is_recorded_under_its_id() {
    let world = World::start().await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    let alias = world.request(pb::AddAliasRequest {
        customer_ref: by_id(&made.id),
        alias: "other".into(),
        request_id: String::new(),
    });
    ok(world.aliases().add_alias(alias).await);
    let attribute = world.request(pb::SetAttributesRequest {
        customer_ref: by_id(&made.id),
        attributes: vec![pb::CustomerAttribute {
            name: "a".into(),
            value: "v".into(),
            update_time: None,
        }],
        request_id: String::new(),
    });
    ok(world.attributes().set_attributes(attribute).await);
    let segment = world.request(pb::MergeSegmentsRequest {
        customer_ref: by_id(&made.id),
        changes: vec![pb::SegmentChange {
            name: "n".into(),
            value: Some("v".into()),
        }],
        request_id: String::new(),
    });
    ok(world.traits().merge_segments(segment).await);
    let log = entries(&world, &made.id).await;
    let kinds: Vec<&str> = log.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "customer.created",
            "aliases.updated",
            "attributes.updated",
            "traits.updated"
        ]
    );
    let aliases: pb::CustomerAliases = read(log[1].after.as_ref());
    assert_eq!(aliases.aliases[0].alias, "other");
    assert!(
        read::<pb::CustomerAliases>(log[1].before.as_ref())
            .aliases
            .is_empty()
    );
    let traits: pb::CustomerTraits = read(log[3].after.as_ref());
    assert_eq!(traits.traits[0].value, "v");
    world.stop().await;
}
