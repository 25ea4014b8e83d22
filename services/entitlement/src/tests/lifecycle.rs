//! Creation, uniqueness, override, deletion, resets, and the customer's hold through all of it.

use contract::{
    catalog::v1 as catalog,
    convert::from_timestamp,
    entitlement::v1::{self as pb, entitlement_service_server::EntitlementService as _},
    metering::v1::meter::Aggregation,
};

use super::*;

#[tokio::test]
async fn a_second_entitlement_for_the_feature_is_refused_until_the_first_is_deleted() {
    let world = World::new().await;
    let first = world.create(NOW, boolean("sso")).await.unwrap();
    let refused = world.create(NOW, boolean("sso")).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::AlreadyExists);
    let details = chassis::error::details(&refused);
    assert_eq!(details.reason, "ENTITLEMENT_EXISTS");
    assert_eq!(details.metadata["entitlement_id"], first.id);
    let gone = world.delete(NOW, &first.id).await.unwrap();
    assert!(gone.delete_time.is_some());
    assert_eq!(
        reason(world.delete(NOW, &first.id).await),
        "ENTITLEMENT_NOT_FOUND"
    );
    world.create(NOW, boolean("sso")).await.unwrap();
}

#[tokio::test]
async fn of_many_creations_at_once_one_succeeds() {
    let world = World::new().await;
    let attempts = (0..8).map(|_| {
        let world = world.clone();
        tokio::spawn(async move { world.create(NOW, boolean("sso")).await })
    });
    let mut made = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        match attempt.await.unwrap() {
            Ok(_) => made += 1,
            Err(status) => assert_eq!(status.code(), tonic::Code::AlreadyExists),
        }
    }
    assert_eq!(made, 1);
    world.run_holds(NOW).await;
    assert_eq!(world.neighbors.lock().unwrap().holds.len(), 1);
}

#[tokio::test]
async fn other_customers_features_and_projects_do_not_clash() {
    let world = World::new().await;
    world.create(NOW, boolean("sso")).await.unwrap();
    world.create(NOW, boolean("tokens")).await.unwrap();
    let other = pb::NewEntitlement {
        customer: Some(customer_ref("globex")),
        ..boolean("sso")
    };
    world.create(NOW, other).await.unwrap();
    let message = pb::CreateEntitlementRequest {
        entitlement: Some(boolean("sso")),
        request_id: String::new(),
    };
    inside(
        world
            .server
            .create_entitlement(world.elsewhere(NOW, message))
            .await,
    );
}

#[tokio::test]
async fn an_entitlement_is_invisible_in_another_project() {
    let world = World::new().await;
    let made = world.create(NOW, boolean("sso")).await.unwrap();
    let message = pb::GetEntitlementRequest {
        entitlement: Some(by_id(&made.id)),
    };
    let here = inside(
        world
            .server
            .get_entitlement(world.at(NOW, message.clone()))
            .await,
    );
    assert_eq!(here.entitlement, Some(made));
    let there = world
        .server
        .get_entitlement(world.elsewhere(NOW, message))
        .await;
    assert_eq!(reason(there), "ENTITLEMENT_NOT_FOUND");
}

#[tokio::test]
async fn a_repeated_request_answers_the_same_entitlement() {
    let world = World::new().await;
    let message = pb::CreateEntitlementRequest {
        entitlement: Some(boolean("sso")),
        request_id: "once".to_owned(),
    };
    let first = inside(
        world
            .server
            .create_entitlement(world.at(NOW, message.clone()))
            .await,
    );
    let again = inside(
        world
            .server
            .create_entitlement(world.at(NOW, message))
            .await,
    );
    assert_eq!(first, again);
    let delete = pb::DeleteEntitlementRequest {
        entitlement: Some(feature("sso")),
        request_id: "gone".to_owned(),
        ..pb::DeleteEntitlementRequest::default()
    };
    let first = inside(
        world
            .server
            .delete_entitlement(world.at(NOW, delete.clone()))
            .await,
    );
    let again = inside(world.server.delete_entitlement(world.at(NOW, delete)).await);
    assert_eq!(first, again);
    assert!(world.neighbors.lock().unwrap().holds.is_empty());
}

#[tokio::test]
async fn the_output_of_a_metered_entitlement_is_complete() {
    let world = World::new().await;
    let made = world
        .create(NOW, metered(pb::NewMeteredEntitlement::default()))
        .await
        .unwrap();
    let Some(pb::entitlement::Kind::Metered(part)) = &made.kind else {
        panic!("{made:?}");
    };
    assert_eq!(part.measure_usage_from_time, wire("2024-03-15T10:20Z"));
    assert_eq!(part.last_reset_time, wire("2024-03-15T10:20Z"));
    assert_eq!(part.issue, None);
    assert_eq!(made.active_from_time, wire(NOW));
    assert_eq!(made.active_to_time, None);
    let period = made.current_usage_period.unwrap();
    assert_eq!(period.start_time, wire("2024-03-15T10:20Z"));
    assert_eq!(period.end_time, wire("2024-04-01T00:00Z"));
    let asked = made.usage_period.unwrap();
    assert_eq!(asked.interval, "P1M");
    assert_eq!(asked.anchor_time, wire("2024-01-01T00:00Z"));
}

#[tokio::test]
async fn refusals_name_their_reason() {
    let world = World::new().await;
    world.feature("average", Some(Aggregation::Avg));
    let archived = world.feature("old", None);
    world
        .neighbors
        .lock()
        .unwrap()
        .features
        .last_mut()
        .unwrap()
        .archive_time = wire(NOW);
    let new = |key: &str| pb::NewEntitlement {
        feature_key: key.to_owned(),
        ..metered(pb::NewMeteredEntitlement::default())
    };
    assert_eq!(
        reason(world.create(NOW, new("sso")).await),
        "FEATURE_HAS_NO_METER"
    );
    assert_eq!(
        reason(world.create(NOW, new("average")).await),
        "AGGREGATION_NOT_SUPPORTED"
    );
    assert_eq!(
        reason(world.create(NOW, new("nothing")).await),
        "FEATURE_NOT_FOUND"
    );
    assert_eq!(
        reason(world.create(NOW, new("old")).await),
        "FEATURE_NOT_FOUND"
    );
    let by_archived_id = pb::NewEntitlement {
        feature_id: archived,
        ..boolean("sso")
    };
    assert_eq!(
        reason(world.create(NOW, by_archived_id).await),
        "FEATURE_NOT_FOUND"
    );
    let stranger = pb::NewEntitlement {
        customer: Some(customer_ref("nobody")),
        ..boolean("sso")
    };
    assert_eq!(
        reason(world.create(NOW, stranger).await),
        "CUSTOMER_NOT_FOUND"
    );
    let no_json = pb::NewEntitlement {
        kind: Some(pb::new_entitlement::Kind::Static(pb::StaticEntitlement {
            config: "{a}".to_owned(),
        })),
        ..boolean("sso")
    };
    assert_eq!(reason(world.create(NOW, no_json).await), "INVALID_ARGUMENT");
    let no_kind = pb::NewEntitlement {
        kind: None,
        ..boolean("sso")
    };
    assert_eq!(reason(world.create(NOW, no_kind).await), "INVALID_ARGUMENT");
    world.customer("01ARZ3NDEKTSV4RRFFQ69G5FAX", "", &[]);
    let nameless = pb::NewEntitlement {
        customer: Some(customer_ref("01ARZ3NDEKTSV4RRFFQ69G5FAX")),
        ..boolean("sso")
    };
    assert_eq!(
        reason(world.create(NOW, nameless).await),
        "CUSTOMER_WITHOUT_SUBJECTS"
    );
    world
        .neighbors
        .lock()
        .unwrap()
        .customers
        .get_mut(OTHER)
        .unwrap()
        .delete_time = wire(NOW);
    let deleted = pb::NewEntitlement {
        customer: Some(customer_ref(OTHER)),
        ..boolean("sso")
    };
    assert_eq!(reason(world.create(NOW, deleted).await), "CUSTOMER_DELETED");
    world.run_holds(NOW).await;
    assert!(world.neighbors.lock().unwrap().holds.is_empty());
}

#[tokio::test]
async fn an_invalid_grant_aborts_the_whole_creation() {
    let world = World::new().await;
    let part = pb::NewMeteredEntitlement {
        grants: vec![new_grant(10, NOW), new_grant(0, NOW)],
        ..pb::NewMeteredEntitlement::default()
    };
    let refused = world.create(NOW, metered(part)).await.unwrap_err();
    let details = chassis::error::details(&refused);
    assert_eq!(details.issues[0].code, "grant_amount_must_be_positive");
    assert_eq!(details.issues[0].attributes["amount"], "0");
    assert_eq!(
        reason(world.value(NOW, feature("tokens")).await),
        "ENTITLEMENT_NOT_FOUND"
    );
}

#[tokio::test]
async fn an_override_ends_the_old_and_starts_the_new() {
    let world = World::new().await;
    let old = world.create(NOW, boolean("sso")).await.unwrap();
    let later = "2024-03-16T00:00:05Z";
    let replacement = pb::NewEntitlement {
        customer: None,
        kind: Some(pb::new_entitlement::Kind::Static(pb::StaticEntitlement {
            config: "{\"a\":1}".to_owned(),
        })),
        ..boolean("sso")
    };
    let message = pb::OverrideEntitlementRequest {
        entitlement: Some(feature("sso")),
        replacement: Some(replacement),
        request_id: String::new(),
    };
    let answer = inside(
        world
            .server
            .override_entitlement(world.at(later, message.clone()))
            .await,
    );
    let (new, ended) = (answer.entitlement.unwrap(), answer.superseded.unwrap());
    assert_ne!(new.id, old.id);
    assert_eq!(
        (ended.id, ended.active_to_time, ended.delete_time),
        (old.id.clone(), wire(later), None)
    );
    assert!(!world.value(later, by_id(&old.id)).await.unwrap().has_access);
    let value = world.value(later, feature("sso")).await.unwrap();
    assert!(value.has_access);
    let config = pb::StaticValue {
        config: "{\"a\":1}".to_owned(),
    };
    assert_eq!(
        value.kind,
        Some(pb::entitlement_value::Kind::Static(config))
    );
    assert_eq!(world.hold(&old.id).unwrap().end_time, wire(later));
    assert_eq!(world.hold(&new.id).unwrap().end_time, None);
    let other_feature = pb::OverrideEntitlementRequest {
        replacement: Some(boolean("tokens")),
        ..message.clone()
    };
    let refused = world
        .server
        .override_entitlement(world.at(later, other_feature))
        .await;
    assert_eq!(reason(refused), "OVERRIDE_OF_OTHER_FEATURE");
    let over = pb::OverrideEntitlementRequest {
        entitlement: Some(by_id(&old.id)),
        ..message
    };
    let refused = world
        .server
        .override_entitlement(world.at(later, over))
        .await;
    assert_eq!(reason(refused), "ENTITLEMENT_NOT_FOUND");
}

#[tokio::test]
async fn a_stale_etag_is_refused() {
    let world = World::new().await;
    let made = world
        .create(NOW, metered(pb::NewMeteredEntitlement::default()))
        .await
        .unwrap();
    let reset = pb::ResetEntitlementUsageRequest {
        entitlement: Some(by_id(&made.id)),
        ..pb::ResetEntitlementUsageRequest::default()
    };
    let after = world.reset(NOW, reset).await.unwrap();
    let delete = |etag: &str| pb::DeleteEntitlementRequest {
        entitlement: Some(by_id(&made.id)),
        etag: etag.to_owned(),
        request_id: String::new(),
    };
    let stale = world
        .server
        .delete_entitlement(world.at(NOW, delete(&made.etag)))
        .await;
    assert_eq!(reason(stale), "ETAG_STALE");
    inside(
        world
            .server
            .delete_entitlement(world.at(NOW, delete(&after.etag)))
            .await,
    );
}

#[tokio::test]
async fn a_reset_starts_a_period_and_keeps_the_output_of_the_schedule() {
    let world = World::new().await;
    let part = pb::NewMeteredEntitlement {
        measure_start: Some(
            pb::new_metered_entitlement::MeasureStart::MeasureUsageFromPreset(
                pb::new_metered_entitlement::MeasureUsageFrom::CurrentPeriodStart.into(),
            ),
        ),
        ..issue(50)
    };
    let made = world.create(NOW, metered(part)).await.unwrap();
    world.used("2024-03-10T00:00Z", 60);
    assert_eq!(
        world.tokens(NOW).await,
        (false, "0".into(), "60".into(), "10".into())
    );
    let ask = |effective: Option<&str>, retain_anchor, preserve_overage| {
        pb::ResetEntitlementUsageRequest {
            entitlement: Some(feature("tokens")),
            effective_time: effective.map(|text| wire(text).unwrap()),
            retain_anchor,
            preserve_overage,
            request_id: String::new(),
        }
    };
    let early = world
        .reset(NOW, ask(Some("2024-02-29T23:59Z"), false, None))
        .await;
    assert_eq!(reason(early), "RESET_BEFORE_USAGE_PERIOD");
    let late = world
        .reset(NOW, ask(Some("2024-03-15T10:21Z"), false, None))
        .await;
    assert_eq!(reason(late), "RESET_IN_FUTURE");
    let after = world
        .reset(NOW, ask(Some("2024-03-15T10:00:40Z"), false, Some(true)))
        .await
        .unwrap();
    assert_eq!(after.usage_period, made.usage_period);
    let period = after.current_usage_period.unwrap();
    assert_eq!(period.start_time, wire("2024-03-15T10:00Z"));
    assert_eq!(period.end_time, wire("2024-04-15T10:00Z"));
    assert_eq!(
        world.tokens(NOW).await,
        (true, "40".into(), "0".into(), "0".into())
    );
    let retained = world.reset(NOW, ask(None, true, None)).await.unwrap();
    let period = retained.current_usage_period.unwrap();
    assert_eq!(period.start_time, wire("2024-03-15T10:20Z"));
    assert_eq!(period.end_time, wire("2024-04-15T10:00Z"));
    world.create(NOW, boolean("sso")).await.unwrap();
    let plain = pb::ResetEntitlementUsageRequest {
        entitlement: Some(feature("sso")),
        ..pb::ResetEntitlementUsageRequest::default()
    };
    assert_eq!(
        reason(world.reset(NOW, plain).await),
        "ENTITLEMENT_NOT_METERED"
    );
}

#[tokio::test]
async fn a_hold_that_was_not_heard_is_told_by_the_timer() {
    let world = World::new().await;
    let made = world.create(NOW, boolean("sso")).await.unwrap();
    let hold = world.hold(&made.id).unwrap();
    assert_eq!((hold.start_time, hold.end_time), (wire(NOW), None));
    assert_eq!(world.run_holds(NOW).await, 0);
    world.neighbors.lock().unwrap().down.insert("ReleaseHold");
    world.delete(NOW, &made.id).await.unwrap();
    assert!(world.hold(&made.id).is_some());
    world.neighbors.lock().unwrap().down.clear();
    assert_eq!(world.run_holds(NOW).await, 1);
    assert_eq!(world.hold(&made.id), None);
    assert_eq!(world.run_holds(NOW).await, 0);
}

#[tokio::test]
async fn an_archived_feature_keeps_its_entitlements() {
    let world = World::new().await;
    world.create(NOW, metered(issue(5))).await.unwrap();
    let mut features = std::mem::take(&mut world.neighbors.lock().unwrap().features);
    for feature in &mut features {
        feature.archive_time = wire(NOW);
    }
    features.push(catalog::Feature {
        id: Ulid(99).to_string(),
        key: "tokens".to_owned(),
        ..catalog::Feature::default()
    });
    world.neighbors.lock().unwrap().features = features;
    assert_eq!(world.tokens(NOW).await.1, "5");
    assert_eq!(
        reason(world.create(NOW, boolean("tokens")).await),
        "ENTITLEMENT_EXISTS"
    );
}

#[tokio::test]
async fn times_are_kept_to_the_microsecond() {
    let world = World::new().await;
    let made = world
        .create("2024-03-15T10:20:30.123456789Z", boolean("sso"))
        .await
        .unwrap();
    let read = inside(
        world
            .server
            .get_entitlement(world.at(
                NOW,
                pb::GetEntitlementRequest {
                    entitlement: Some(by_id(&made.id)),
                },
            ))
            .await,
    );
    let stored = read.entitlement.unwrap().create_time.unwrap();
    assert_eq!(
        from_timestamp(&stored).unwrap(),
        at("2024-03-15T10:20:30.123456Z")
    );
}

#[tokio::test]
async fn a_meter_is_held_as_long_as_an_entitlement_measures_with_it() {
    let world = World::new().await;
    let held = || world.neighbors.lock().unwrap().meter_holds.len();
    world.create(NOW, boolean("sso")).await.unwrap();
    assert_eq!(held(), 0);
    let one = world.create(NOW, metered(issue(5))).await.unwrap();
    let other = pb::NewEntitlement {
        customer: Some(customer_ref(OTHER)),
        ..metered(issue(5))
    };
    let other = world.create(NOW, other).await.unwrap();
    assert_eq!(held(), 1, "one hold per feature");
    world.delete(NOW, &one.id).await.unwrap();
    assert_eq!(held(), 1);
    world.delete(NOW, &other.id).await.unwrap();
    assert_eq!(held(), 0);
    // A release that was not heard is told by the timer.
    let one = world.create(NOW, metered(issue(5))).await.unwrap();
    let down = |is_down: bool| {
        let mut neighbors = world.neighbors.lock().unwrap();
        neighbors.down.clear();
        neighbors.down.extend(is_down.then_some("ReleaseMeterHold"));
    };
    down(true);
    world.delete(NOW, &one.id).await.unwrap();
    assert_eq!(held(), 1);
    down(false);
    world.run_holds(NOW).await;
    assert_eq!(held(), 0);
    assert_eq!(world.run_holds(NOW).await, 0);
}

#[tokio::test]
async fn what_has_ended_takes_no_grants_and_no_resets() {
    let world = World::new().await;
    let plain = || metered(pb::NewMeteredEntitlement::default());
    let old = world.create(NOW, plain()).await.unwrap();
    let later = "2024-03-16T00:00:05Z";
    let message = pb::OverrideEntitlementRequest {
        entitlement: Some(feature("tokens")),
        replacement: Some(pb::NewEntitlement {
            customer: None,
            ..plain()
        }),
        request_id: String::new(),
    };
    let answer = world
        .server
        .override_entitlement(world.at(later, message))
        .await;
    let ended = inside(answer).superseded;
    let grant = world
        .grant(later, by_id(&old.id), new_grant(5, later))
        .await;
    assert_eq!(reason(grant), "ENTITLEMENT_ENDED");
    let reset = pb::ResetEntitlementUsageRequest {
        entitlement: Some(by_id(&old.id)),
        ..pb::ResetEntitlementUsageRequest::default()
    };
    assert_eq!(reason(world.reset(later, reset).await), "ENTITLEMENT_ENDED");
    let shown = pb::GetEntitlementRequest {
        entitlement: Some(by_id(&old.id)),
    };
    let shown = inside(world.server.get_entitlement(world.at(later, shown)).await);
    assert_eq!(shown.entitlement, ended);
    // What came after it takes both.
    world
        .grant(later, feature("tokens"), new_grant(5, later))
        .await
        .unwrap();
}
