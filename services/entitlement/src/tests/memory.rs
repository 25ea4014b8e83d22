//! What is remembered between two questions saves calls and rows, and is never older than what was written.

use super::*;

fn calls(world: &World) -> [usize; 3] {
    ["GetCustomer", "BatchGetCustomers", "QueryUsage"].map(|method| world.calls(method))
}

/// Whether the service remembers: it does where it knows the versions of its neighbors.
fn remembers(world: &World) -> bool {
    world.env.versions("metering").is_some()
}

#[tokio::test]
async fn a_check_with_nothing_new_behind_it_asks_nobody() {
    checks_ask_nobody(World::new().await).await;
    checks_ask_nobody(World::apart().await).await;
}

async fn checks_ask_nobody(world: World) {
    world.create(NOW, metered(issue(50))).await.unwrap();
    let first = world.tokens(NOW).await;
    let before = calls(&world);
    for _ in 0..20 {
        assert_eq!(world.tokens(NOW).await, first);
    }
    if remembers(&world) {
        assert_eq!(calls(&world), before);
    }
    // Another minute is another question; who is asked is still known.
    world.tokens("2024-03-15T10:21:30Z").await;
    if remembers(&world) {
        assert_eq!(calls(&world), [before[0], before[1], before[2] + 1]);
    }
}

#[tokio::test]
async fn every_change_is_in_the_next_answer() {
    changes_are_answered(World::new().await).await;
    changes_are_answered(World::apart().await).await;
}

async fn changes_are_answered(world: World) {
    let made = world.create(NOW, metered(issue(50))).await.unwrap();
    let balance = async || world.tokens(NOW).await.1;
    assert_eq!(balance().await, "50");
    // Usage.
    world.used("2024-03-15T10:20:10Z", 20);
    assert_eq!(balance().await, "30");
    // Usage of the past.
    world.used("2024-03-15T10:20:01Z", 5);
    assert_eq!(balance().await, "25");
    // A grant.
    let grant = world
        .grant(NOW, feature("tokens"), new_grant(100, NOW))
        .await
        .unwrap();
    assert_eq!(balance().await, "125");
    // A void.
    let void = pb::VoidGrantRequest {
        id: grant.id,
        ..pb::VoidGrantRequest::default()
    };
    world.server.void_grant(world.at(NOW, void)).await.unwrap();
    assert_eq!(balance().await, "25");
    // A subject key that takes its usage along.
    world.customer(CUSTOMER, "acme", &[]);
    assert_eq!(balance().await, "50");
    world.customer(CUSTOMER, "acme", &["acme-eu"]);
    // A reset: its minute's usage belongs to the new period.
    let reset = pb::ResetEntitlementUsageRequest {
        entitlement: Some(feature("tokens")),
        ..pb::ResetEntitlementUsageRequest::default()
    };
    world.reset(NOW, reset).await.unwrap();
    assert_eq!(world.tokens(NOW).await.1, "25");
    // An override.
    let replacement = pb::OverrideEntitlementRequest {
        entitlement: Some(by_id(&made.id)),
        replacement: Some(metered(issue(7))),
        request_id: String::new(),
    };
    world
        .server
        .override_entitlement(world.at(NOW, replacement))
        .await
        .unwrap();
    assert_eq!(world.tokens(NOW).await.2, "25");
    assert!(!world.value(NOW, by_id(&made.id)).await.unwrap().has_access);
    // A deletion.
    let current = world.value(NOW, feature("tokens")).await.unwrap();
    world.delete(NOW, &current.entitlement_id).await.unwrap();
    let gone = world.value(NOW, feature("tokens")).await;
    assert_eq!(reason(gone), "ENTITLEMENT_NOT_FOUND");
    let gone = world.value(NOW, by_id(&current.entitlement_id)).await;
    assert_eq!(reason(gone), "ENTITLEMENT_NOT_FOUND");
}

#[tokio::test]
async fn a_key_that_changes_hands_names_the_new_customer() {
    let world = World::new().await;
    world.create(NOW, metered(issue(50))).await.unwrap();
    let other = pb::NewEntitlement {
        customer: Some(customer_ref(OTHER)),
        ..metered(issue(70))
    };
    world.create(NOW, other).await.unwrap();
    assert_eq!(world.tokens(NOW).await.1, "50");
    world.customer(CUSTOMER, "acme-old", &[]);
    world.customer(OTHER, "acme", &[]);
    assert_eq!(world.tokens(NOW).await.1, "70");
}

#[tokio::test]
async fn a_refused_write_changes_no_answer() {
    let world = World::new().await;
    world.create(NOW, metered(issue(50))).await.unwrap();
    let before = world.tokens(NOW).await;
    let early = world
        .grant(
            NOW,
            feature("tokens"),
            new_grant(100, "2024-01-01T00:00:00Z"),
        )
        .await;
    assert_eq!(reason(early), "GRANT_BEFORE_USAGE_PERIOD");
    assert_eq!(world.tokens(NOW).await, before);
}

#[tokio::test]
async fn projects_do_not_share_what_is_remembered() {
    let world = World::new().await;
    world.create(NOW, metered(issue(50))).await.unwrap();
    world.tokens(NOW).await;
    let message = pb::GetEntitlementValueRequest {
        entitlement: Some(feature("tokens")),
        time: None,
        allow_missing: true,
    };
    let elsewhere = world.elsewhere(NOW, message);
    let value = inside(world.server.get_entitlement_value(elsewhere).await).value;
    assert!(!value.unwrap().has_access);
}

/// 20 customers with two metered features each, and one with a plain one.
async fn crowd(world: &World) -> Vec<String> {
    world.feature("seats", Some(Aggregation::Latest));
    let mut ids = Vec::new();
    for number in 0..20_u128 {
        let id = Ulid(7_000 + number).to_string();
        world.customer(&id, &format!("customer-{number}"), &[]);
        for key in ["tokens", "seats"] {
            let new = pb::NewEntitlement {
                customer: Some(customer_ref(&id)),
                feature_key: key.to_owned(),
                ..metered(issue(50))
            };
            world.create(NOW, new).await.unwrap();
        }
        ids.push(id);
    }
    ids
}

#[tokio::test]
async fn a_batch_of_many_customers_and_features_asks_each_neighbor_once() {
    let world = World::new().await;
    let ids = crowd(&world).await;
    let message = pb::BatchGetValuesRequest {
        queries: ids
            .iter()
            .map(|id| pb::batch_get_values_request::Query {
                customer_id: id.clone(),
                feature_keys: vec!["tokens".into(), "seats".into(), "sso".into()],
            })
            .collect(),
        time: None,
        metered_only: false,
        with_entitlements: false,
    };
    let before = calls(&world);
    let answer = inside(
        world
            .server
            .batch_get_values(world.at(NOW, message.clone()))
            .await,
    );
    assert_eq!(answer.balances.len(), 60);
    let with_access = answer
        .balances
        .iter()
        .filter(|balance| balance.value.as_ref().unwrap().has_access);
    assert_eq!(with_access.count(), 40);
    let after = calls(&world);
    assert_eq!(after[0], before[0], "no customer is asked for by itself");
    assert!(after[1] <= before[1] + 1);
    assert_eq!(after[2], before[2] + 1);
    // Of a customer with news, and of nobody else, usage is asked again.
    let spans = world.spans();
    world.report(Event {
        subject: "customer-3",
        time: at("2024-03-15T10:20:05Z"),
        value: 1,
        model: "",
    });
    world
        .server
        .batch_get_values(world.at(NOW, message))
        .await
        .unwrap();
    if remembers(&world) {
        assert_eq!(world.spans(), spans + 2);
    }
}

#[tokio::test]
async fn access_to_all_features_asks_each_neighbor_once() {
    let world = World::new().await;
    for number in 0..30 {
        let key = format!("feature-{number}");
        world.feature(&key, Some(Aggregation::Sum));
        let new = pb::NewEntitlement {
            feature_key: key,
            ..metered(issue(50))
        };
        world.create(NOW, new).await.unwrap();
    }
    world.create(NOW, boolean("sso")).await.unwrap();
    let before = calls(&world);
    let message = pb::GetCustomerAccessRequest {
        customer: Some(customer_ref("acme")),
    };
    let answer = inside(
        world
            .server
            .get_customer_access(world.at(NOW, message))
            .await,
    );
    assert_eq!(answer.values.len(), 31);
    assert!(
        answer
            .values
            .is_sorted_by(|a, b| a.feature_key < b.feature_key)
    );
    let after = calls(&world);
    assert!(after[0] <= before[0] + 1);
    assert_eq!([after[1], after[2]], [before[1], before[2] + 1]);
}

#[tokio::test]
async fn a_batch_is_bounded() {
    let world = World::new().await;
    let query = |count: usize| pb::batch_get_values_request::Query {
        customer_id: CUSTOMER.to_owned(),
        feature_keys: (0..count).map(|number| format!("f{number}")).collect(),
    };
    let ask = async |queries: Vec<pb::batch_get_values_request::Query>| {
        let message = pb::BatchGetValuesRequest {
            queries,
            time: None,
            metered_only: false,
            with_entitlements: false,
        };
        world.server.batch_get_values(world.at(NOW, message)).await
    };
    assert_eq!(
        ask(vec![query(100); 100])
            .await
            .unwrap()
            .get_ref()
            .balances
            .len(),
        10_000
    );
    for queries in [
        vec![query(101)],
        vec![query(1); 1_001],
        vec![query(100); 101],
    ] {
        assert_eq!(reason(ask(queries).await), "INVALID_ARGUMENT");
    }
}

#[tokio::test]
async fn of_a_long_period_only_what_is_new_is_asked_again() {
    long_periods_are_answered(World::new().await).await;
    long_periods_are_answered(World::apart().await).await;
}

async fn long_periods_are_answered(world: World) {
    let from = pb::new_metered_entitlement::MeasureStart::MeasureUsageFromTime(timestamp(at(
        "2024-03-01T00:00Z",
    )));
    let new = pb::NewMeteredEntitlement {
        measure_start: Some(from),
        ..issue(1_000)
    };
    world.create(NOW, metered(new)).await.unwrap();
    for day in 1..=14 {
        world.used(&format!("2024-03-{day:02}T12:00Z"), 10);
    }
    let asked = async |expected: &str| {
        let before = world.spans();
        assert_eq!(world.tokens(NOW).await.1, expected);
        world.spans() - before
    };
    assert_eq!(asked("860").await, 1, "at first one span is asked");
    if !remembers(&world) {
        return;
    }
    // From the second time on in pieces: 14 days and the 11 hours of today.
    world.used("2024-03-15T10:20:01Z", 1);
    assert_eq!(asked("859").await, 25);
    world.used("2024-03-15T10:20:02Z", 1);
    assert_eq!(asked("858").await, 1);
    // However late: only its day.
    world.used("2024-03-02T12:00:01Z", 8);
    assert_eq!(asked("850").await, 1);
    world.used("2024-03-15T01:00:01Z", 10);
    world.used("2024-03-07T01:00:01Z", 10);
    assert_eq!(asked("830").await, 2);
    assert_eq!(asked("830").await, 0);
    // With another subject everything is another.
    world.customer(CUSTOMER, "acme", &["acme-eu", "acme-us"]);
    assert_eq!(asked("830").await, 25);
}
