//! Features: keys, meters, filters, archiving, holds.

use contract::{
    catalog::v1::{self as pb, feature_service_server::FeatureService as _},
    metering::v1 as metering_pb,
};

use super::{World, reason};

fn feature(key: &str, meter: &str) -> pb::CreateFeatureRequest {
    pb::CreateFeatureRequest {
        feature: Some(pb::Feature {
            key: key.into(),
            name: key.into(),
            meter_slug: meter.into(),
            ..Default::default()
        }),
        request_id: String::new(),
    }
}

fn by_key(key: &str) -> Option<pb::FeatureRef> {
    Some(pb::FeatureRef {
        r#ref: Some(pb::feature_ref::Ref::IdOrKey(key.into())),
    })
}

pub async fn create(world: &World, key: &str, meter: &str) -> pb::Feature {
    let answer = world
        .catalog
        .create_feature(world.call(feature(key, meter)))
        .await;
    answer.unwrap().into_inner().feature.unwrap()
}

async fn archive(
    world: &World,
    key: &str,
) -> Result<tonic::Response<pb::ArchiveFeatureResponse>, tonic::Status> {
    let request = pb::ArchiveFeatureRequest {
        feature: by_key(key),
        request_id: String::new(),
    };
    world.catalog.archive_feature(world.call(request)).await
}

#[tokio::test]
async fn a_live_key_is_taken_and_an_archived_one_is_free() {
    let world = World::new().await;
    let first = create(&world, "tokens", "").await;
    let again = world
        .catalog
        .create_feature(world.call(feature("tokens", "")))
        .await;
    assert_eq!(reason(again), "FEATURE_KEY_TAKEN");
    archive(&world, "tokens").await.unwrap();
    assert_eq!(reason(archive(&world, "tokens").await), "FEATURE_NOT_FOUND");
    let second = create(&world, "tokens", "").await;
    assert_ne!(first.id, second.id);

    let get = |handle: &str, include_archived| {
        world.call(pb::GetFeatureRequest {
            feature: by_key(handle),
            include_archived,
        })
    };
    let found = world
        .catalog
        .get_feature(get("tokens", true))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.feature.unwrap().id, second.id);
    assert_eq!(
        reason(world.catalog.get_feature(get(&first.id, false)).await),
        "FEATURE_NOT_FOUND"
    );
    let found = world
        .catalog
        .get_feature(get(&first.id, true))
        .await
        .unwrap()
        .into_inner();
    assert!(found.feature.unwrap().archive_time.is_some());

    let batch = pb::BatchGetFeaturesRequest {
        ids: vec![first.id.clone()],
        keys: vec!["tokens".into(), "unknown".into()],
        include_archived: true,
    };
    let found = world
        .catalog
        .batch_get_features(world.call(batch))
        .await
        .unwrap()
        .into_inner();
    let ids: Vec<String> = found
        .features
        .into_iter()
        .map(|feature| feature.id)
        .collect();
    assert_eq!(ids, [second.id, first.id]);
}

#[tokio::test]
async fn a_feature_holds_its_meter_while_it_lives() {
    let world = World::new().await;
    let mut request = feature("tokens", "tokens");
    let filter = metering_pb::FilterString {
        operator: Some(metering_pb::filter_string::Operator::Equals("gpt-4".into())),
    };
    if let Some(feature) = &mut request.feature {
        feature
            .meter_group_by_filters
            .insert("model".into(), filter);
    }
    let made = world
        .catalog
        .create_feature(world.call(request.clone()))
        .await
        .unwrap()
        .into_inner();
    let made = made.feature.unwrap();
    assert_eq!(
        made.meter_group_by_filters,
        request.feature.unwrap().meter_group_by_filters
    );
    {
        let holds = world.meters.holds.lock().unwrap();
        assert_eq!(holds[0].holder_id, made.id);
        assert_eq!(holds[0].group_by_keys, ["model"]);
    }
    archive(&world, "tokens").await.unwrap();
    assert!(world.meters.holds.lock().unwrap().is_empty());
}

#[tokio::test]
async fn meters_must_exist_and_aggregate_something_consumable() {
    let world = World::new().await;
    let create = |meter| {
        world
            .catalog
            .create_feature(world.call(feature("f", meter)))
    };
    assert_eq!(reason(create("unknown").await), "METER_NOT_FOUND");
    assert_eq!(reason(create("latency").await), "INVALID_ARGUMENT");
    assert!(world.meters.holds.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_held_feature_is_not_archived() {
    let world = World::new().await;
    let made = create(&world, "tokens", "").await;
    let replace = |holds| {
        world.call(pb::ReplaceFeatureHoldsRequest {
            reason: pb::feature_hold::Reason::Subscription.into(),
            holder_id: "01SUBSCRIPTION".into(),
            holds,
            request_id: String::new(),
        })
    };
    let time = contract::convert::timestamp(world.now());
    let hold = pb::FeatureHold {
        feature_id: made.id,
        start_time: Some(time),
        ..Default::default()
    };
    world
        .catalog
        .replace_feature_holds(replace(vec![hold.clone(), hold]))
        .await
        .unwrap();
    assert_eq!(reason(archive(&world, "tokens").await), "FEATURE_IN_USE");
    world
        .catalog
        .replace_feature_holds(replace(vec![]))
        .await
        .unwrap();
    archive(&world, "tokens").await.unwrap();
}

#[tokio::test]
async fn lists_page_both_ways_and_stay_in_their_project() {
    let world = World::new().await;
    for key in ["c", "a", "d", "b"] {
        create(&world, key, "").await;
    }
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let request = pb::ListFeaturesRequest {
            page_size: 3,
            page_token: token,
            ..Default::default()
        };
        let page = world
            .catalog
            .list_features(world.call(request))
            .await
            .unwrap()
            .into_inner();
        seen.extend(page.features.into_iter().map(|feature| feature.key));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["a", "b", "c", "d"]);
    let numbered = pb::ListFeaturesRequest {
        page_size: 3,
        page: 2,
        descending: true,
        ..Default::default()
    };
    let page = world
        .catalog
        .list_features(world.call(numbered.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.total_size, 4);
    assert_eq!(page.features[0].key, "a");
    let other = world.call_as(chassis::id::next(), numbered);
    let page = world
        .catalog
        .list_features(other)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.total_size, 0);
}
