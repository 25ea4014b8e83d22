//! Meters and holds.

use super::*;
use crate::grpc::meter_service::BATCH_MAX;

async fn update(
    world: &World,
    meter: &pb::Meter,
    change: pb::Meter,
    paths: &[&str],
) -> Result<pb::Meter, Status> {
    let request = pb::UpdateMeterRequest {
        meter_ref: by_id(meter),
        meter: Some(change),
        update_mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        request_id: String::new(),
    };
    Ok(world
        .meters
        .clone()
        .update_meter(world.request(request))
        .await?
        .into_inner()
        .meter
        .unwrap())
}

async fn delete(world: &World, name: Option<pb::MeterRef>) -> Result<pb::Meter, Status> {
    let request = pb::DeleteMeterRequest {
        meter: name,
        request_id: String::new(),
    };
    Ok(world
        .meters
        .clone()
        .delete_meter(world.request(request))
        .await?
        .into_inner()
        .meter
        .unwrap())
}

async fn get(world: &World, name: Option<pb::MeterRef>) -> Result<pb::Meter, Status> {
    let answer = world
        .meters
        .clone()
        .get_meter(world.request(pb::GetMeterRequest { meter: name }))
        .await?;
    Ok(answer.into_inner().meter.unwrap())
}

fn hold(meter: &pb::Meter, holder: &str, keys: &[&str]) -> pb::PlaceMeterHoldRequest {
    pb::PlaceMeterHoldRequest {
        hold: Some(pb::MeterHold {
            meter_id: meter.id.clone(),
            reason: pb::meter_hold::Reason::Feature.into(),
            holder_id: holder.into(),
            group_by_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            display_text: format!("feature {holder}"),
            create_time: None,
        }),
        request_id: String::new(),
    }
}

#[tokio::test]
async fn a_slug_is_unique_among_live_meters() {
    everywhere(async |world: World| {
        let meter = world.create(sum_meter("tokens")).await.unwrap();
        assert_eq!(
            (meter.name.as_str(), text(meter.create_time)),
            ("tokens", "2025-06-15T12:00:00.5Z".to_owned())
        );
        refused(
            world.create(sum_meter("tokens")).await,
            Code::AlreadyExists,
            "METER_SLUG_TAKEN",
        );
        refused(
            world.create(sum_meter("Tokens")).await,
            Code::InvalidArgument,
            "INVALID_ARGUMENT",
        );
        let deleted = delete(&world, by_slug("tokens")).await.unwrap();
        assert!(deleted.delete_time.is_some());
        assert_eq!(
            delete(&world, by_id(&meter)).await.unwrap(),
            deleted,
            "deleting again changes nothing"
        );
        refused(
            delete(&world, by_slug("tokens")).await,
            Code::NotFound,
            "METER_NOT_FOUND",
        );
        refused(
            get(&world, by_slug("tokens")).await,
            Code::NotFound,
            "METER_NOT_FOUND",
        );
        assert_eq!(get(&world, by_id(&meter)).await.unwrap(), deleted);
        refused(
            update(&world, &meter, pb::Meter::default(), &["name"]).await,
            Code::FailedPrecondition,
            "METER_DELETED",
        );
        let again = world.create(sum_meter("tokens")).await.unwrap();
        assert_ne!(again.id, meter.id);
        let ids = vec![meter.id.clone()];
        let batch = pb::BatchGetMetersRequest {
            ids,
            slugs: vec!["tokens".into(), "none".into()],
        };
        let found = world
            .meters
            .clone()
            .batch_get_meters(world.request(batch))
            .await
            .unwrap()
            .into_inner()
            .meters;
        assert_eq!(
            found.iter().map(|meter| &meter.id).collect::<Vec<_>>(),
            [&meter.id, &again.id]
        );
    })
    .await;
}

#[tokio::test]
async fn an_update_changes_what_its_mask_names() {
    everywhere(async |world: World| {
        let meter = world.create(sum_meter("tokens")).await.unwrap();
        let change = pb::Meter {
            name: "Tokens".into(),
            description: "D".into(),
            ..Default::default()
        };
        let renamed = update(&world, &meter, change, &["name"]).await.unwrap();
        assert_eq!(
            (renamed.name.as_str(), renamed.description.as_str()),
            ("Tokens", "")
        );
        assert_eq!(renamed.group_by, meter.group_by);
        let stale = pb::Meter {
            etag: meter.etag.clone(),
            ..Default::default()
        };
        refused(
            update(&world, &meter, stale, &["name"]).await,
            Code::Aborted,
            "ETAG_STALE",
        );
        refused(
            update(&world, &meter, pb::Meter::default(), &["aggregation"]).await,
            Code::InvalidArgument,
            "INVALID_ARGUMENT",
        );
        let emptied = update(&world, &meter, pb::Meter::default(), &["*"])
            .await
            .unwrap();
        assert_eq!(
            (emptied.name.as_str(), emptied.group_by.len()),
            ("tokens", 0)
        );
    })
    .await;
}

#[tokio::test]
async fn a_held_meter_stays() {
    everywhere(async |world: World| {
        let meter = world.create(sum_meter("tokens")).await.unwrap();
        let place = async |request| {
            world
                .meters
                .clone()
                .place_meter_hold(world.request(request))
                .await
        };
        refused(
            place(hold(&meter, "f1", &["nope"])).await,
            Code::InvalidArgument,
            "INVALID_ARGUMENT",
        );
        place(hold(&meter, "f1", &[])).await.unwrap();
        place(hold(&meter, "f1", &["model"])).await.unwrap();
        let status = delete(&world, by_id(&meter)).await.unwrap_err();
        assert!(status.message().contains("feature f1"), "{status:?}");
        refused(
            Err::<(), _>(status),
            Code::FailedPrecondition,
            "METER_IN_USE",
        );
        refused(
            update(&world, &meter, pb::Meter::default(), &["group_by"]).await,
            Code::FailedPrecondition,
            "METER_GROUP_BY_IN_USE",
        );
        let release = pb::ReleaseMeterHoldRequest {
            meter_id: meter.id.clone(),
            reason: pb::meter_hold::Reason::Feature.into(),
            holder_id: "f1".into(),
            request_id: String::new(),
        };
        world
            .meters
            .clone()
            .release_meter_hold(world.request(release.clone()))
            .await
            .unwrap();
        world
            .meters
            .clone()
            .release_meter_hold(world.request(release))
            .await
            .unwrap();
        delete(&world, by_id(&meter)).await.unwrap();
        refused(
            place(hold(&meter, "f1", &[])).await,
            Code::FailedPrecondition,
            "METER_DELETED",
        );
    })
    .await;
}

#[tokio::test]
async fn several_holds_are_placed_at_once_or_none() {
    everywhere(async |world: World| {
        let one = world.create(sum_meter("tokens")).await.unwrap();
        let other = world.create(sum_meter("seconds")).await.unwrap();
        let gone = world.create(sum_meter("gone")).await.unwrap();
        delete(&world, by_id(&gone)).await.unwrap();
        let place = async |holds: Vec<pb::PlaceMeterHoldRequest>| {
            let request = pb::PlaceMeterHoldsRequest {
                holds: holds.into_iter().filter_map(|one| one.hold).collect(),
                request_id: String::new(),
            };
            let mut meters = world.meters.clone();
            meters.place_meter_holds(world.request(request)).await
        };
        let good = || hold(&one, "f1", &["model"]);
        let unknown = pb::Meter {
            id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".into(),
            ..pb::Meter::default()
        };
        let gone = || hold(&gone, "f2", &[]);
        refused(
            place(vec![good(), gone()]).await,
            Code::FailedPrecondition,
            "METER_DELETED",
        );
        refused(
            place(vec![good(), hold(&unknown, "f2", &[])]).await,
            Code::NotFound,
            "METER_NOT_FOUND",
        );
        let wrong = [
            (Vec::new(), "holds"),
            (vec![good(); BATCH_MAX + 1], "holds"),
            (vec![good(), hold(&other, "", &[])], "holds[1].holder_id"),
            (
                vec![good(), hold(&other, "f2", &["nope"])],
                "holds[1].group_by_keys",
            ),
            (vec![good(), hold(&one, "f1", &[])], "holds[1].holder_id"),
        ];
        for (holds, field) in wrong {
            let status = place(holds).await.unwrap_err();
            let details = chassis::error::details(&status);
            assert_eq!(
                (status.code(), details.violations[0].field.as_str()),
                (Code::InvalidArgument, field)
            );
        }
        // None of those left a hold behind.
        let free = update(&world, &one, pb::Meter::default(), &["group_by"]).await;
        let free = free.unwrap();
        let back = pb::Meter {
            group_by: one.group_by.clone(),
            ..pb::Meter::default()
        };
        assert_eq!(free.group_by.len(), 0);
        update(&world, &one, back, &["group_by"]).await.unwrap();
        let both = vec![hold(&other, "f1", &[]), good(), hold(&one, "f3", &[])];
        for _ in 0..2 {
            let placed = place(both.clone()).await.unwrap().into_inner().holds;
            let names = placed
                .iter()
                .map(|hold| (hold.meter_id.as_str(), hold.holder_id.as_str()));
            let (one, other) = (one.id.as_str(), other.id.as_str());
            let wanted = [(other, "f1"), (one, "f1"), (one, "f3")];
            assert_eq!(names.collect::<Vec<_>>(), wanted);
        }
        for (meter, holders) in [(&one, "f1,f3"), (&other, "f1")] {
            let status = delete(&world, by_id(meter)).await.unwrap_err();
            let details = chassis::error::details(&status);
            assert_eq!(details.reason, "METER_IN_USE");
            assert_eq!(details.metadata["holder_ids"], holders);
        }
    })
    .await;
}

#[tokio::test]
async fn lists_are_sorted_and_paged() {
    everywhere(async |world: World| {
        for (slug, name) in [("b", "X"), ("a", "Y"), ("c", "X"), ("d", "Z")] {
            world
                .create(pb::Meter {
                    name: name.into(),
                    ..sum_meter(slug)
                })
                .await
                .unwrap();
        }
        delete(&world, by_slug("d")).await.unwrap();
        let list = async |request: pb::ListMetersRequest| {
            world
                .meters
                .clone()
                .list_meters(world.request(request))
                .await
                .unwrap()
                .into_inner()
        };
        let slugs = |answer: &pb::ListMetersResponse| {
            answer
                .meters
                .iter()
                .map(|meter| meter.slug.clone())
                .collect::<Vec<String>>()
        };
        assert_eq!(
            slugs(&list(pb::ListMetersRequest::default()).await),
            ["a", "b", "c"]
        );
        let by_name = pb::ListMetersRequest {
            order_by: pb::list_meters_request::OrderBy::Name.into(),
            descending: true,
            include_deleted: true,
            page_size: 1,
            ..Default::default()
        };
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let page = list(pb::ListMetersRequest {
                page_token: token,
                ..by_name.clone()
            })
            .await;
            seen.extend(slugs(&page));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, ["d", "a", "c", "b"]);
        let second = list(pb::ListMetersRequest {
            page: 2,
            page_size: 2,
            ..Default::default()
        })
        .await;
        assert_eq!(
            (slugs(&second), second.total_size),
            (vec!["c".to_owned()], 3)
        );
    })
    .await;
}

#[tokio::test]
async fn another_project_sees_nothing() {
    everywhere(async |mut world: World| {
        let meter = world.create(sum_meter("tokens")).await.unwrap();
        world
            .ingest(
                vec![event("1", "s1", "2025-06-01T00:00:00Z", r#"{"v":1}"#)],
                true,
            )
            .await
            .unwrap();
        world.project = chassis::id::next();
        refused(
            get(&world, by_id(&meter)).await,
            Code::NotFound,
            "METER_NOT_FOUND",
        );
        world.create(sum_meter("tokens")).await.unwrap();
        let query = pb::QueryMeterRequest {
            meter: by_slug("tokens"),
            ..Default::default()
        };
        assert!(world.query(query).await.unwrap().is_empty());
        let same = world
            .ingest(vec![event("1", "s1", "2025-06-02T00:00:00Z", "")], true)
            .await
            .unwrap();
        assert_eq!(same, (1, 1), "identity is scoped by project");
    })
    .await;
}
