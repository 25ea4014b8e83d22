//! Subjects: upserts, provisioning, deletion.

use contract::customer::v1::{self as pb, subject_ref::Ref};
use tonic::Code::{InvalidArgument, NotFound};

use super::{World, acme, ok, refusal};

fn upsert(subject: pb::Subject, mask: Option<&[&str]>) -> pb::SubjectUpsert {
    pb::SubjectUpsert {
        subject: Some(subject),
        update_mask: mask.map(|paths| prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
    }
}

fn named(key: &str, display_name: &str) -> pb::Subject {
    pb::Subject {
        key: key.into(),
        display_name: display_name.into(),
        ..Default::default()
    }
}

async fn send(
    world: &World,
    upserts: Vec<pb::SubjectUpsert>,
) -> Result<Vec<pb::Subject>, tonic::Status> {
    let request = world.request(pb::UpsertSubjectsRequest {
        upserts,
        request_id: String::new(),
    });
    let answer = world.subjects().upsert_subjects(request).await?;
    Ok(answer.into_inner().subjects)
}

async fn get(
    world: &World,
    name: Ref,
    include_deleted: bool,
) -> Result<pb::Subject, tonic::Status> {
    let request = world.request(pb::GetSubjectRequest {
        subject_ref: Some(pb::SubjectRef { r#ref: Some(name) }),
        include_deleted,
    });
    let answer = world.subjects().get_subject(request).await?;
    Ok(answer.into_inner().subject.expect("a subject"))
}

async fn all(world: &World) -> Vec<pb::Subject> {
    let request = world.request(pb::ListSubjectsRequest::default());
    ok(world.subjects().list_subjects(request).await).subjects
}

#[tokio::test]
async fn upserts_answer_in_order_and_change_only_what_is_named() {
    let world = World::start().await;
    let first = send(
        &world,
        vec![upsert(named("b", "B"), None), upsert(named("a", "A"), None)],
    )
    .await
    .expect("stored");
    assert_eq!(first[0].key, "b");
    assert_eq!(first[1].metadata_json, "{}");
    let mask: &[&str] = &["metadata_json"];
    let subject = pb::Subject {
        metadata_json: r#"{"n": 1.50}"#.into(),
        ..named("b", "ignored")
    };
    let second = send(&world, vec![upsert(subject, Some(mask))])
        .await
        .expect("stored");
    assert_eq!(second[0].id, first[0].id);
    assert_eq!(second[0].display_name, "B");
    assert_eq!(second[0].metadata_json, r#"{"n":1.50}"#);
    let cleared = send(
        &world,
        vec![upsert(named("b", ""), Some(&["display_name"]))],
    )
    .await;
    assert_eq!(cleared.expect("stored")[0].display_name, "");
    let ids: Vec<String> = all(&world).await.into_iter().map(|s| s.key).collect();
    assert_eq!(ids, ["b", "a"], "by id, which is by creation");
    world.stop().await;
}

#[tokio::test]
async fn one_bad_upsert_stores_none() {
    let world = World::start().await;
    let bad = pb::Subject {
        stripe_customer_id: "nope".into(),
        ..named("b", "")
    };
    let refused = send(
        &world,
        vec![upsert(named("a", ""), None), upsert(bad, None)],
    )
    .await;
    assert_eq!(
        refusal(refused),
        (InvalidArgument, "INVALID_ARGUMENT".into())
    );
    assert!(all(&world).await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn customers_bring_the_subjects_that_are_missing() {
    let world = World::start().await;
    send(&world, vec![upsert(named("known", "Known"), None)])
        .await
        .expect("stored");
    let made = world
        .create(acme("acme", &["known", "new"]))
        .await
        .expect("made");
    let subjects = all(&world).await;
    assert_eq!(subjects.len(), 2);
    assert_eq!(subjects[0].display_name, "Known");
    let expected = format!(
        r#"{{"createdBy":"subject.provisioner","customerId":"{}"}}"#,
        made.id
    );
    assert_eq!(subjects[1].metadata_json, expected);
    world.stop().await;
}

#[tokio::test]
async fn a_deleted_subject_is_found_by_id_alone() {
    let world = World::start().await;
    let made = send(&world, vec![upsert(named("a", ""), None)])
        .await
        .expect("stored");
    let id = made[0].id.clone();
    let delete = async |name| {
        let request = world.request(pb::DeleteSubjectRequest {
            subject_ref: Some(pb::SubjectRef { r#ref: Some(name) }),
            request_id: String::new(),
        });
        world.subjects().delete_subject(request).await
    };
    ok(delete(Ref::IdOrKey("a".into())).await);
    ok(delete(Ref::IdOrKey(id.clone())).await);
    let by_key = delete(Ref::IdOrKey("a".into())).await;
    assert_eq!(refusal(by_key), (NotFound, "SUBJECT_NOT_FOUND".into()));
    assert!(
        get(&world, Ref::Id(id.clone()), true)
            .await
            .expect("by id")
            .delete_time
            .is_some()
    );
    assert!(get(&world, Ref::Id(id.clone()), false).await.is_err());
    let again = send(&world, vec![upsert(named("a", ""), None)])
        .await
        .expect("stored");
    assert_ne!(again[0].id, id, "the key is free");
    world.stop().await;
}
