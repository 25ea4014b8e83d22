//! Values, access, batches and history through the service.

use contract::{
    entitlement::v1::{self as pb, entitlement_service_server::EntitlementService as _},
    metering::v1::{FilterString, filter_string::Operator, meter::Aggregation},
};

use super::*;

fn missing_allowed(
    entitlement: pb::EntitlementRef,
    time: Option<&str>,
) -> pb::GetEntitlementValueRequest {
    pb::GetEntitlementValueRequest {
        entitlement: Some(entitlement),
        time: time.map(|text| wire(text).unwrap()),
        allow_missing: true,
    }
}

#[tokio::test]
async fn a_credit_check_counts_what_passes_the_filter_of_the_feature() {
    let world = World::new().await;
    world.feature("gpt", Some(Aggregation::Count));
    let filter = FilterString {
        operator: Some(Operator::Equals("gpt-4".to_owned())),
    };
    let only_gpt4 = [("model".to_owned(), filter)].into();
    world
        .neighbors
        .lock()
        .unwrap()
        .features
        .last_mut()
        .unwrap()
        .meter_group_by_filters = only_gpt4;
    let new = pb::NewEntitlement {
        feature_key: "gpt".to_owned(),
        ..metered(pb::NewMeteredEntitlement::default())
    };
    world.create(NOW, new).await.unwrap();
    world
        .grant(NOW, feature("gpt"), new_grant(100, NOW))
        .await
        .unwrap();
    for model in ["gpt-4", "gpt-3"] {
        let event = Event {
            subject: "acme",
            time: at("2024-03-15T10:20:40Z"),
            value: 1,
            model,
        };
        world.report(event);
    }
    let later = "2024-03-15T10:25Z";
    let value = world.value(later, feature("gpt")).await.unwrap();
    let Some(pb::entitlement_value::Kind::Metered(balance)) = &value.kind else {
        panic!("{value:?}");
    };
    assert!(value.has_access);
    assert_eq!(digits(balance.balance.as_ref()), "99");
    assert_eq!(digits(balance.usage.as_ref()), "1");
    assert_eq!(digits(balance.overage.as_ref()), "0");
    assert_eq!(digits(balance.total_available_grant_amount.as_ref()), "100");
    let message = pb::GetCustomerAccessRequest {
        customer: Some(customer_ref("acme")),
    };
    let access = inside(
        world
            .server
            .get_customer_access(world.at(later, message))
            .await,
    );
    assert_eq!(access.values, [value]);
}

#[tokio::test]
async fn issues_overage_and_soft_limits_work_over_time() {
    let world = World::new().await;
    let part = pb::NewMeteredEntitlement {
        preserve_overage_at_reset: true,
        ..issue(50)
    };
    world.create(NOW, metered(part)).await.unwrap();
    world.used("2024-03-20T00:00Z", 60);
    assert_eq!(
        world.tokens("2024-03-21T00:00Z").await,
        (false, "0".into(), "60".into(), "10".into())
    );
    // The programmatic reset of 1 April charges the overage to the new period.
    assert_eq!(
        world.tokens("2024-04-02T00:00Z").await,
        (true, "40".into(), "0".into(), "0".into())
    );
    let soft = World::new().await;
    let part = pb::NewMeteredEntitlement {
        soft_limit: true,
        ..pb::NewMeteredEntitlement::default()
    };
    soft.create(NOW, metered(part)).await.unwrap();
    soft.used("2024-03-20T00:00Z", 5);
    assert_eq!(
        soft.tokens("2024-03-21T00:00Z").await,
        (true, "0".into(), "5".into(), "5".into())
    );
}

#[tokio::test]
async fn a_value_is_that_of_its_time() {
    let world = World::new().await;
    let made = world.create(NOW, metered(issue(50))).await.unwrap();
    world.used("2024-03-20T00:00Z", 30);
    world
        .grant(
            "2024-03-21T00:00Z",
            feature("tokens"),
            new_grant(7, "2024-03-25T00:00Z"),
        )
        .await
        .unwrap();
    let now = "2024-03-21T00:00Z";
    for (time, balance) in [
        ("2024-03-19T00:00Z", Some("50")),
        ("2024-03-21T00:00Z", Some("20")),
        ("2024-03-26T00:00Z", Some("27")),
        ("2024-04-01T00:00Z", Some("57")),
        ("2024-03-15T10:20:29Z", None),
    ] {
        let message = missing_allowed(by_id(&made.id), Some(time));
        let value = inside(
            world
                .server
                .get_entitlement_value(world.at(now, message))
                .await,
        )
        .value
        .unwrap();
        assert_eq!(value.has_access, balance.is_some(), "{time}");
        match (value.kind, balance) {
            (Some(pb::entitlement_value::Kind::Metered(found)), Some(expected)) => {
                assert_eq!(digits(found.balance.as_ref()), expected, "{time}");
            }
            (found, _) => assert_eq!(found, None, "{time}"),
        }
    }
}

#[tokio::test]
async fn usage_of_now_counts_on_a_clock_that_stands_on_a_full_minute() {
    let world = World::new().await;
    let now = "2024-03-15T10:00Z";
    world.create(now, metered(issue(50))).await.unwrap();
    world.used(now, 8);
    assert_eq!(world.tokens(now).await.1, "42");
    // A minute before a reset it is still the old period.
    assert_eq!(world.tokens("2024-03-31T23:59Z").await.1, "42");
    assert_eq!(world.tokens("2024-04-01T00:00Z").await.1, "50");
}

#[tokio::test]
async fn a_missing_entitlement_is_no_access_or_not_found_as_asked() {
    let world = World::new().await;
    assert_eq!(
        reason(world.value(NOW, feature("tokens")).await),
        "ENTITLEMENT_NOT_FOUND"
    );
    let message = missing_allowed(feature("nothing"), None);
    let value = inside(
        world
            .server
            .get_entitlement_value(world.at(NOW, message))
            .await,
    )
    .value
    .unwrap();
    assert!(!value.has_access);
    assert_eq!(
        (value.entitlement_id.as_str(), value.customer_id.as_str()),
        ("", CUSTOMER)
    );
    let stranger = pb::EntitlementRef {
        customer: Some(customer_ref("nobody")),
        ..feature("tokens")
    };
    let refused = world
        .server
        .get_entitlement_value(world.at(NOW, missing_allowed(stranger, None)))
        .await;
    assert_eq!(reason(refused), "CUSTOMER_NOT_FOUND");
    // Somebody else's entitlement is not found through this customer.
    let made = world.create(NOW, boolean("sso")).await.unwrap();
    let crossed = pb::EntitlementRef {
        customer: Some(customer_ref("globex")),
        entitlement: Some(pb::entitlement_ref::Entitlement::Id(made.id.clone())),
    };
    assert_eq!(
        reason(world.value(NOW, crossed).await),
        "ENTITLEMENT_NOT_FOUND"
    );
    assert!(world.value(NOW, by_id(&made.id)).await.unwrap().has_access);
}

#[tokio::test]
async fn a_batch_costs_one_call_to_metering() {
    let world = World::new().await;
    world.create(NOW, metered(issue(50))).await.unwrap();
    world.create(NOW, boolean("sso")).await.unwrap();
    let other = pb::NewEntitlement {
        customer: Some(customer_ref("globex")),
        ..metered(issue(70))
    };
    world.create(NOW, other).await.unwrap();
    world.used("2024-03-20T00:00Z", 30);
    let query = |customer: &str, keys: &[&str]| pb::batch_get_values_request::Query {
        customer_id: customer.to_owned(),
        feature_keys: keys.iter().map(|&key| key.to_owned()).collect(),
    };
    let message = pb::BatchGetValuesRequest {
        queries: vec![
            query(OTHER, &["tokens", "sso"]),
            query(CUSTOMER, &[]),
            query("01ARZ3NDEKTSV4RRFFQ69G5FAZ", &["tokens"]),
        ],
        time: None,
        ..Default::default()
    };
    let later = "2024-03-21T00:00Z";
    let answer = inside(
        world
            .server
            .batch_get_values(world.at(later, message.clone()))
            .await,
    );
    let facts: Vec<_> = answer
        .balances
        .iter()
        .map(|balance| {
            let value = balance.value.as_ref().unwrap();
            let amount = match &value.kind {
                Some(pb::entitlement_value::Kind::Metered(part)) => digits(part.balance.as_ref()),
                _ => "",
            };
            (
                balance.query_index,
                value.feature_key.as_str(),
                value.has_access,
                amount,
            )
        })
        .collect();
    assert_eq!(
        facts,
        [
            (0, "tokens", true, "70"),
            (0, "sso", false, ""),
            (1, "sso", true, ""),
            (1, "tokens", true, "20"),
        ]
    );
    assert_eq!(world.calls("QueryUsage"), 1);
    let only = pb::BatchGetValuesRequest {
        metered_only: true,
        with_entitlements: true,
        ..message
    };
    assert!(answer.balances.iter().all(|one| one.entitlement.is_none()));
    let answer = inside(world.server.batch_get_values(world.at(later, only)).await);
    assert_eq!(answer.balances.len(), 2);
    assert!(answer.balances.iter().all(|one| one.entitlement.is_some()));
}

#[tokio::test]
async fn a_checkpoint_changes_no_answer_and_saves_questions() {
    let world = World::new().await;
    let new = pb::NewEntitlement {
        usage_period: Some(pb::UsagePeriod {
            interval: "P1D".to_owned(),
            anchor_time: wire("2024-01-01T00:00Z"),
        }),
        ..metered(pb::NewMeteredEntitlement::default())
    };
    world.create(NOW, new).await.unwrap();
    world
        .grant(NOW, feature("tokens"), new_grant(1_000, NOW))
        .await
        .unwrap();
    for day in 16..30 {
        world.used(&format!("2024-03-{day}T12:00Z"), 10);
    }
    let later = "2024-04-20T12:00Z";
    let first = world.tokens(later).await;
    assert_eq!(first, (true, "860".into(), "0".into(), "0".into()));
    let reader = world.server.db.reader();
    let rows = reader
        .query_all_raw(sea_orm::Statement::from_string(
            reader.get_database_backend(),
            "SELECT reset_time FROM balance_checkpoint",
        ))
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(world.tokens(later).await, first);
    // An event from before the checkpoint comes too late, one of the last days does not.
    world.used("2024-03-20T12:00Z", 5);
    world.used("2024-04-15T12:00Z", 60);
    assert_eq!(world.tokens(later).await.1, "800");
    let early = missing_allowed(feature("tokens"), Some("2024-03-17T00:00Z"));
    let value = inside(
        world
            .server
            .get_entitlement_value(world.at(later, early))
            .await,
    )
    .value
    .unwrap();
    let Some(pb::entitlement_value::Kind::Metered(part)) = value.kind else {
        panic!("no balance");
    };
    assert_eq!(digits(part.balance.as_ref()), "990");
}

#[tokio::test]
async fn a_history_shows_windows_and_segments() {
    let world = World::new().await;
    let made = world
        .create("2024-03-15T10:00Z", metered(issue(50)))
        .await
        .unwrap();
    world
        .grant(
            "2024-03-15T10:00Z",
            feature("tokens"),
            new_grant(7, "2024-03-15T12:30Z"),
        )
        .await
        .unwrap();
    world.used("2024-03-15T10:30Z", 20);
    world.used("2024-03-15T13:30Z", 1);
    let message = pb::GetEntitlementHistoryRequest {
        entitlement: Some(feature("tokens")),
        window_size: pb::get_entitlement_history_request::WindowSize::Hour.into(),
        start_time: None,
        end_time: None,
        window_time_zone: String::new(),
    };
    let now = "2024-03-15T13:59:30Z";
    let history = inside(
        world
            .server
            .get_entitlement_history(world.at(now, message.clone()))
            .await,
    );
    let windows: Vec<(&str, &str)> = history
        .windows
        .iter()
        .map(|window| {
            (
                digits(window.balance_at_start.as_ref()),
                digits(window.usage.as_ref()),
            )
        })
        .collect();
    assert_eq!(
        windows,
        [("50", "20"), ("30", "0"), ("30", "0"), ("37", "1")]
    );
    assert_eq!(history.segments.len(), 2);
    let last = &history.segments[1];
    assert_eq!(digits(last.balance_at_end.as_ref()), "36");
    assert_eq!(last.grant_usages.len(), 2);
    assert_eq!(digits(last.grant_usages[0].usage.as_ref()), "1");
    assert_eq!(world.calls("QueryUsage"), 1);
    let early = pb::GetEntitlementHistoryRequest {
        start_time: wire("2024-03-15T09:00Z"),
        ..message.clone()
    };
    let refused = world
        .server
        .get_entitlement_history(world.at(now, early))
        .await;
    assert_eq!(reason(refused), "HISTORY_BEFORE_MEASURING");
    let nowhere = pb::GetEntitlementHistoryRequest {
        window_time_zone: "Mars/Olympus".to_owned(),
        ..message.clone()
    };
    let refused = world
        .server
        .get_entitlement_history(world.at(now, nowhere))
        .await;
    assert_eq!(reason(refused), "INVALID_ARGUMENT");
    world.create(NOW, boolean("sso")).await.unwrap();
    let plain = pb::GetEntitlementHistoryRequest {
        entitlement: Some(feature("sso")),
        ..message
    };
    let refused = world
        .server
        .get_entitlement_history(world.at(now, plain))
        .await;
    assert_eq!(reason(refused), "ENTITLEMENT_NOT_METERED");
    assert_eq!(made.feature_key, "tokens");
}
