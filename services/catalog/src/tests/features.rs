//! Features: keys, meters, filters, archiving, holds.

use contract::{
    catalog::v1::{self as pb, feature_service_server::FeatureService as _},
    metering::v1 as metering_pb,
};

use super::{World, reason};

pub fn feature(key: &str, meter: &str) -> pb::CreateFeatureRequest {
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

pub async fn archive(
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
        let holds = &world.meters.state().holds;
        assert_eq!(holds[0].holder_id, made.id);
        assert_eq!(holds[0].group_by_keys, ["model"]);
    }
    archive(&world, "tokens").await.unwrap();
    assert!(world.meters.state().holds.is_empty());
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
    assert!(world.meters.state().holds.is_empty());
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
            revision: 0,
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

#[tokio::test]
async fn a_late_call_of_a_holder_does_not_undo_a_newer_one() {
    let world = World::new().await;
    let made = create(&world, "tokens", "").await;
    let held = pb::FeatureHold {
        feature_id: made.id,
        start_time: Some(contract::convert::timestamp(world.now())),
        ..Default::default()
    };
    let replace = async |revision, holds: &[pb::FeatureHold]| {
        let request = pb::ReplaceFeatureHoldsRequest {
            reason: pb::feature_hold::Reason::Subscription.into(),
            holder_id: "01SUBSCRIPTION".into(),
            holds: holds.to_vec(),
            revision,
            request_id: String::new(),
        };
        let call = world.call(request);
        world.catalog.replace_feature_holds(call).await.unwrap();
    };
    replace(2, std::slice::from_ref(&held)).await;
    // Revision 1 held nothing; it comes late.
    replace(1, &[]).await;
    assert_eq!(reason(archive(&world, "tokens").await), "FEATURE_IN_USE");
    // The same revision again is the same state again.
    replace(2, std::slice::from_ref(&held)).await;
    replace(3, &[]).await;
    replace(2, std::slice::from_ref(&held)).await;
    archive(&world, "tokens").await.unwrap();
}

/// Runs the timer of left holds, as the loop does once one is due.
async fn settle(world: &World) -> Result<u64, tonic::Status> {
    use chassis::timer::Timer as _;
    let releases = crate::worker::MeterReleases(world.catalog.clone());
    let due = releases.due().await?;
    if due.iter().all(|(_, due)| *due > world.now()) {
        return Ok(0);
    }
    releases.run(&world.context()).await
}

#[tokio::test]
async fn a_hold_that_a_failed_commit_leaves_behind_is_released_later() {
    let world = World::new().await;
    // The commit fails where it writes its audit row, after the hold was placed.
    world
        .execute("ALTER TABLE audit_entry RENAME TO audit_away")
        .await;
    let failed = world
        .catalog
        .create_feature(world.call(feature("tokens", "tokens")))
        .await;
    assert!(failed.is_err());
    world
        .execute("ALTER TABLE audit_away RENAME TO audit_entry")
        .await;
    assert_eq!(world.meters.state().holds.len(), 1, "left behind");
    assert_eq!(settle(&world).await.unwrap(), 0, "it may still be made");
    world.advance(61);
    assert_eq!(settle(&world).await.unwrap(), 1);
    assert!(world.meters.state().holds.is_empty());

    let made = create(&world, "tokens", "tokens").await;
    world.advance(61);
    assert_eq!(settle(&world).await.unwrap(), 0);
    assert_eq!(world.meters.state().holds[0].holder_id, made.id);
}

#[tokio::test]
async fn a_meter_that_cannot_be_told_of_the_archiving_is_told_later() {
    let world = World::new().await;
    create(&world, "tokens", "tokens").await;
    world.meters.state().down = true;
    archive(&world, "tokens").await.unwrap();
    assert!(settle(&world).await.is_err(), "it is tried again");
    assert_eq!(world.meters.state().holds.len(), 1);
    world.meters.state().down = false;
    assert_eq!(settle(&world).await.unwrap(), 1);
    assert!(world.meters.state().holds.is_empty());
    assert_eq!(settle(&world).await.unwrap(), 0);
}

#[tokio::test]
async fn every_bad_feature_is_refused_with_its_field_and_leaves_nothing() {
    use pb::llm_unit_cost::{ModelSource, ProviderSource, TokenTypeSource};
    use pb::unit_cost::Source;
    let world = World::new().await;
    let filter = || metering_pb::FilterString {
        operator: Some(metering_pb::filter_string::Operator::Equals("a".into())),
    };
    let manual = |amount: &str| {
        Source::Manual(pb::ManualUnitCost {
            amount: super::decimal(amount),
        })
    };
    let llm = |model: &str, kind: &str| {
        Source::Llm(pb::LlmUnitCost {
            provider_source: Some(ProviderSource::Provider("openai".into())),
            model_source: Some(ModelSource::ModelProperty(model.into())),
            token_type_source: Some(TokenTypeSource::TokenType(kind.into())),
            pricing: None,
        })
    };
    let base = |meter: &str| feature("tokens", meter).feature.unwrap();
    let keyed = |key: &str| pb::Feature {
        key: key.into(),
        ..base("")
    };
    let filtered = |meter: &str, name: &str| pb::Feature {
        meter_group_by_filters: [(name.to_owned(), filter())].into(),
        ..base(meter)
    };
    let costed = |meter: &str, source| pb::Feature {
        unit_cost: Some(pb::UnitCost {
            source: Some(source),
        }),
        ..base(meter)
    };
    let no_provider = Source::Llm(pb::LlmUnitCost::default());
    let cases = [
        (keyed(""), "feature.key"),
        (keyed("Not a key"), "feature.key"),
        (keyed(&"k".repeat(65)), "feature.key"),
        (keyed("01arz3ndektsv4rrffq69g5fav"), "feature.key"),
        (
            pb::Feature {
                name: String::new(),
                ..base("")
            },
            "feature.name",
        ),
        (filtered("", "model"), "feature.meter_group_by_filters"),
        (
            filtered("tokens", "region"),
            "feature.meter_group_by_filters[region]",
        ),
        (base("latency"), "feature.meter_slug"),
        (costed("", manual("1")), "feature.unit_cost"),
        (
            costed("tokens", manual("-1")),
            "feature.unit_cost.manual.amount",
        ),
        (
            costed("tokens", manual("x")),
            "feature.unit_cost.manual.amount",
        ),
        (
            costed("tokens", llm("region", "input")),
            "feature.unit_cost.llm.model_property",
        ),
        (
            costed("tokens", llm("model", "images")),
            "feature.unit_cost.llm.token_type",
        ),
        (
            costed("tokens", no_provider),
            "feature.unit_cost.llm.provider",
        ),
    ];
    for (bad, field) in cases {
        let request = pb::CreateFeatureRequest {
            feature: Some(bad),
            request_id: String::new(),
        };
        let status = world
            .catalog
            .create_feature(world.call(request))
            .await
            .unwrap_err();
        assert_eq!(status.code(), tonic::Code::InvalidArgument, "{field}");
        let details = chassis::error::details(&status);
        let fields: Vec<&str> = details
            .violations
            .iter()
            .map(|violation| violation.field.as_str())
            .collect();
        assert_eq!(fields, [field]);
    }
    assert!(world.meters.state().holds.is_empty());
    assert!(world.kinds().await.is_empty(), "nothing was written");
}
