//! Entitlements that subscriptions bring along: reserved, applied in any order, protected, topped up.

use contract::{
    catalog::v1::{self as catalog, entitlement_template::Template},
    entitlement::v1::{self as pb, entitlement_service_server::EntitlementService as _},
    subscription::v1 as subscription,
};

use super::*;

const PLAN: &str = "01ARZ3NDEKTSV4RRFFQ69G5FB0";
const SUCCESSOR: &str = "01ARZ3NDEKTSV4RRFFQ69G5FB1";
const START: &str = "2025-07-10T15:00Z";

fn tokens_template(amount: i64) -> Template {
    Template::Metered(catalog::MeteredEntitlementTemplate {
        issue_after_reset: number(amount),
        usage_period_duration: "P1M".to_owned(),
        ..catalog::MeteredEntitlementTemplate::default()
    })
}

fn item(
    number: u128,
    key: &str,
    template: Template,
    start: &str,
    end: Option<&str>,
) -> subscription::Item {
    subscription::Item {
        id: Ulid(number).to_string(),
        key: key.to_owned(),
        rate_card: Some(catalog::RateCard {
            key: key.to_owned(),
            feature_key: key.to_owned(),
            billing_cadence: "P1M".to_owned(),
            entitlement_template: Some(catalog::EntitlementTemplate {
                template: Some(template),
            }),
            ..catalog::RateCard::default()
        }),
        start_time: wire(start),
        end_time: end.map(|text| wire(text).unwrap()),
        ..subscription::Item::default()
    }
}

fn phase(start: &str, items: Vec<subscription::Item>) -> subscription::Phase {
    subscription::Phase {
        start_time: wire(start),
        timelines: items
            .into_iter()
            .map(|item| subscription::ItemTimeline {
                key: item.key.clone(),
                versions: vec![item],
            })
            .collect(),
        ..subscription::Phase::default()
    }
}

fn state(
    id: &str,
    revision: i64,
    phases: Vec<subscription::Phase>,
) -> subscription::SubscriptionState {
    subscription::SubscriptionState {
        subscription: Some(subscription::Subscription {
            id: id.to_owned(),
            customer_id: CUSTOMER.to_owned(),
            billing_anchor_time: wire("2025-01-31T15:00:20Z"),
            revision,
            ..subscription::Subscription::default()
        }),
        phases,
        deleted: false,
    }
}

/// A month of 1000 tokens, then 1000 tokens for ever, as in the worked example.
fn two_phases(revision: i64) -> subscription::SubscriptionState {
    let change = "2025-08-10T15:00Z";
    state(
        PLAN,
        revision,
        vec![
            phase(
                START,
                vec![item(
                    1,
                    "tokens",
                    tokens_template(1_000),
                    START,
                    Some(change),
                )],
            ),
            phase(
                change,
                vec![item(2, "tokens", tokens_template(1_000), change, None)],
            ),
        ],
    )
}

async fn reserve(world: &World, state: subscription::SubscriptionState) -> Result<(), Status> {
    let message = pb::ReserveSubscriptionRequest {
        state: Some(state),
        customer: None,
        request_id: String::new(),
    };
    world
        .server
        .reserve_subscription(world.at(START, message))
        .await
        .map(drop)
}

async fn apply(
    world: &World,
    now: &str,
    state: subscription::SubscriptionState,
) -> Vec<pb::Entitlement> {
    let message = pb::ApplySubscriptionRequest {
        state: Some(state),
        request_id: String::new(),
    };
    inside(
        world
            .server
            .apply_subscription(world.at(now, message))
            .await,
    )
    .entitlements
}

#[tokio::test]
async fn the_worked_example_of_two_phases_holds() {
    let world = World::new().await;
    reserve(&world, two_phases(1)).await.unwrap();
    let made = apply(&world, START, two_phases(1)).await;
    assert_eq!(made.len(), 2);
    let (a, b) = (&made[0], &made[1]);
    assert_eq!(
        (a.active_from_time, a.active_to_time),
        (wire(START), wire("2025-08-10T15:00Z"))
    );
    assert_eq!(
        (b.active_from_time, b.active_to_time),
        (wire("2025-08-10T15:00Z"), None)
    );
    assert_eq!(a.subscription_id, PLAN);
    assert_eq!(a.subscription_item_id, Ulid(1).to_string());
    assert_eq!(a.annotations["subscription.id"], format!("\"{PLAN}\""));
    assert_eq!(
        a.usage_period.as_ref().unwrap().anchor_time,
        wire("2025-01-31T15:00Z")
    );
    let period = a.current_usage_period.unwrap();
    assert_eq!(
        (period.start_time, period.end_time),
        (wire(START), wire("2025-07-31T15:00Z"))
    );
    assert_eq!(world.calls("PlaceHolds"), 0, "the subscription holds");
    assert_eq!(world.calls("PlaceMeterHolds"), 1);
    world.used("2025-07-20T00:00Z", 400);
    assert_eq!(world.tokens("2025-07-30T00:00Z").await.1, "600");
    assert_eq!(world.tokens("2025-08-01T00:00Z").await.1, "1000");
    world.used("2025-08-20T00:00Z", 1);
    let value = world
        .value("2025-08-21T00:00Z", feature("tokens"))
        .await
        .unwrap();
    assert_eq!(value.entitlement_id, b.id);
    assert_eq!(world.tokens("2025-08-21T00:00Z").await.1, "999");
}

#[tokio::test]
async fn only_newer_states_have_an_effect() {
    let world = World::new().await;
    let made = apply(&world, START, two_phases(5)).await;
    let again = apply(&world, "2025-07-11T00:00Z", two_phases(5)).await;
    assert_eq!(
        made.iter().map(|found| &found.etag).collect::<Vec<_>>(),
        again.iter().map(|found| &found.etag).collect::<Vec<_>>()
    );
    let older = apply(&world, "2025-07-11T00:00Z", state(PLAN, 4, Vec::new())).await;
    assert_eq!(older.len(), 2);
    let newer = apply(&world, "2025-07-11T00:00Z", state(PLAN, 6, Vec::new())).await;
    assert!(newer.is_empty());
    assert!(world.neighbors.lock().unwrap().meter_holds.is_empty());
    let deleted = subscription::SubscriptionState {
        deleted: true,
        ..two_phases(7)
    };
    assert!(apply(&world, "2025-07-11T00:00Z", deleted).await.is_empty());
}

#[tokio::test]
async fn a_moved_end_keeps_the_entitlement_with_its_top_up() {
    let world = World::new().await;
    let open = |revision, end| {
        state(
            PLAN,
            revision,
            vec![phase(
                START,
                vec![item(1, "tokens", tokens_template(10), START, end)],
            )],
        )
    };
    let made = apply(&world, START, open(1, None)).await;
    world
        .grant(
            "2025-07-11T00:00Z",
            feature("tokens"),
            new_grant(5, "2025-07-11T00:00Z"),
        )
        .await
        .unwrap();
    let canceled = apply(
        &world,
        "2025-07-12T00:00Z",
        open(2, Some("2025-08-01T00:00Z")),
    )
    .await;
    assert_eq!(canceled[0].id, made[0].id);
    assert_eq!(canceled[0].active_to_time, wire("2025-08-01T00:00Z"));
    assert_eq!(world.tokens("2025-07-13T00:00Z").await.1, "15");
    assert_eq!(
        reason(world.value("2025-08-01T00:00Z", feature("tokens")).await),
        "ENTITLEMENT_NOT_FOUND"
    );
    let restored = apply(&world, "2025-07-14T00:00Z", open(3, None)).await;
    assert_eq!(
        (restored[0].id.clone(), restored[0].active_to_time),
        (made[0].id.clone(), None)
    );
}

#[tokio::test]
async fn an_edit_makes_a_new_entitlement_that_measures_from_the_phase() {
    let world = World::new().await;
    let change = "2025-07-15T00:00Z";
    apply(
        &world,
        START,
        state(
            PLAN,
            1,
            vec![phase(
                START,
                vec![item(1, "tokens", tokens_template(10), START, None)],
            )],
        ),
    )
    .await;
    world.used("2025-07-12T00:00Z", 4);
    let mut edited = phase(
        START,
        vec![item(1, "tokens", tokens_template(10), START, Some(change))],
    );
    edited.timelines[0]
        .versions
        .push(item(2, "tokens", tokens_template(100), change, None));
    let made = apply(&world, change, state(PLAN, 2, vec![edited])).await;
    assert_eq!(made.len(), 2);
    let value = world
        .value("2025-07-16T00:00Z", feature("tokens"))
        .await
        .unwrap();
    assert_eq!(value.entitlement_id, made[1].id);
    assert_eq!(
        world.tokens("2025-07-16T00:00Z").await,
        (true, "96".into(), "4".into(), "0".into())
    );
}

#[tokio::test]
async fn a_managed_entitlement_is_protected_and_takes_grants() {
    let world = World::new().await;
    let made = apply(&world, START, two_phases(1)).await;
    let id = &made[0].id;
    let now = "2025-07-11T00:00Z";
    assert_eq!(
        reason(world.delete(now, id).await),
        "ENTITLEMENT_MANAGED_BY_SUBSCRIPTION"
    );
    let reset = pb::ResetEntitlementUsageRequest {
        entitlement: Some(by_id(id)),
        ..pb::ResetEntitlementUsageRequest::default()
    };
    assert_eq!(
        reason(world.reset(now, reset).await),
        "ENTITLEMENT_MANAGED_BY_SUBSCRIPTION"
    );
    let message = pb::OverrideEntitlementRequest {
        entitlement: Some(by_id(id)),
        replacement: Some(boolean("tokens")),
        request_id: String::new(),
    };
    let refused = world
        .server
        .override_entitlement(world.at(now, message))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    assert_eq!(
        chassis::error::details(&refused).metadata["subscription_id"],
        PLAN
    );
    world
        .grant(now, by_id(id), new_grant(5, now))
        .await
        .unwrap();
    assert_eq!(world.tokens(now).await.1, "1005");
}

#[tokio::test]
async fn a_reservation_refuses_what_clashes_and_is_refused_by_it() {
    let world = World::new().await;
    let manual = world.create(START, metered(issue(1))).await.unwrap();
    let refused = reserve(&world, two_phases(1)).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::AlreadyExists);
    assert_eq!(
        chassis::error::details(&refused).metadata["entitlement_id"],
        manual.id
    );
    world.delete(START, &manual.id).await.unwrap();
    reserve(&world, two_phases(1)).await.unwrap();
    reserve(&world, two_phases(1)).await.unwrap();
    assert_eq!(
        reason(world.create(START, metered(issue(1))).await),
        "FEATURE_RESERVED_BY_SUBSCRIPTION"
    );
    world.create(START, boolean("sso")).await.unwrap();
    let rival = subscription::SubscriptionState {
        subscription: state(SUCCESSOR, 1, Vec::new()).subscription,
        ..two_phases(1)
    };
    assert_eq!(
        reason(reserve(&world, rival).await),
        "FEATURE_RESERVED_BY_SUBSCRIPTION"
    );
    apply(&world, START, two_phases(1)).await;
    assert_eq!(
        reason(world.create(START, metered(issue(1))).await),
        "ENTITLEMENT_EXISTS"
    );
}

#[tokio::test]
async fn of_many_who_reserve_a_feature_one_gets_it() {
    let world = World::new().await;
    let states = (0..8).map(|number| {
        let phases = vec![phase(
            START,
            vec![item(number, "tokens", tokens_template(1), START, None)],
        )];
        state(&Ulid(1_000 + number).to_string(), 1, phases)
    });
    let answers = states.map(|state| reserve(&world, state));
    let answers = futures::future::join_all(answers).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 7));
    for lost in lost {
        assert_eq!(reason(lost), "FEATURE_RESERVED_BY_SUBSCRIPTION");
    }
}

#[tokio::test]
async fn those_who_reserve_other_features_at_once_all_get_theirs() {
    let world = World::new().await;
    let keys = ["a", "b", "c", "d"];
    for key in keys {
        world.feature(key, Some(Aggregation::Sum));
    }
    let states = (0..).zip(keys).map(|(number, key)| {
        let own = item(number, key, tokens_template(1), START, None);
        let phases = vec![phase(START, vec![own])];
        state(&Ulid(1_000 + number).to_string(), 1, phases)
    });
    let states: Vec<_> = states.collect();
    let reserved = states.iter().map(|state| reserve(&world, state.clone()));
    for answer in futures::future::join_all(reserved).await {
        answer.unwrap();
    }
    let applied = states.into_iter().map(|state| apply(&world, START, state));
    for there in futures::future::join_all(applied).await {
        assert_eq!(there.len(), 1);
    }
}

/// A subscription of items, one per feature.
fn of_items(revision: i64, items: &[(&str, Template)]) -> subscription::SubscriptionState {
    let items = (1..)
        .zip(items)
        .map(|(number, (key, template))| item(number, key, template.clone(), START, None));
    state(PLAN, revision, vec![phase(START, items.collect())])
}

#[tokio::test]
async fn the_meters_of_a_subscription_are_held_at_once_and_one_that_is_gone_keeps_no_other_from_it()
{
    let world = World::new().await;
    for key in ["seconds", "gone"] {
        world.feature(key, Some(Aggregation::Sum));
    }
    let metered = |key| (key, tokens_template(1));
    let plain = Template::Boolean(catalog::BooleanEntitlementTemplate::default());
    let held = || world.neighbors.lock().unwrap().meter_holds.len();
    let some = [
        metered("tokens"),
        metered("seconds"),
        ("sso", plain.clone()),
    ];
    assert_eq!(apply(&world, START, of_items(1, &some)).await.len(), 3);
    assert_eq!((held(), world.calls("PlaceMeterHolds")), (2, 1));
    assert_eq!(world.run_holds(START).await, 0);
    assert!(apply(&world, START, of_items(2, &[])).await.is_empty());
    assert_eq!(held(), 0);
    {
        let mut neighbors = world.neighbors.lock().unwrap();
        let meter = neighbors.features.last().unwrap().meter_id.clone();
        neighbors.gone_meters.insert(meter);
    }
    let all = [
        metered("gone"),
        metered("tokens"),
        metered("seconds"),
        ("sso", plain),
    ];
    assert_eq!(apply(&world, START, of_items(3, &all)).await.len(), 4);
    assert_eq!((held(), world.calls("PlaceMeterHolds")), (2, 1 + 1 + 3));
    assert_eq!(world.run_holds(START).await, 0);
    assert!(world.neighbors.lock().unwrap().holds.is_empty());
}

#[tokio::test]
async fn what_was_not_heard_is_told_with_the_same_state_again() {
    let world = World::new().await;
    world
        .neighbors
        .lock()
        .unwrap()
        .down
        .insert("PlaceMeterHolds");
    let made = apply(&world, START, two_phases(1)).await;
    assert!(world.neighbors.lock().unwrap().meter_holds.is_empty());
    world.neighbors.lock().unwrap().down.clear();
    assert_eq!(apply(&world, START, two_phases(1)).await, made);
    assert_eq!(world.neighbors.lock().unwrap().meter_holds.len(), 1);
    assert_eq!(world.run_holds(START).await, 0);
}

#[tokio::test]
async fn a_reservation_asks_for_the_customer_unless_it_is_told() {
    let world = World::new().await;
    let reserve = async |customer| {
        let message = pb::ReserveSubscriptionRequest {
            state: Some(two_phases(1)),
            customer: Some(customer),
            request_id: String::new(),
        };
        world
            .server
            .reserve_subscription(world.at(START, message))
            .await
    };
    let told = contract::customer::v1::Customer {
        id: CUSTOMER.to_owned(),
        key: "acme".to_owned(),
        ..Default::default()
    };
    let other = contract::customer::v1::Customer {
        id: PLAN.to_owned(),
        ..told.clone()
    };
    let refused = reserve(other).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    let details = chassis::error::details(&refused);
    assert_eq!(details.violations[0].field, "customer");
    let nameless = contract::customer::v1::Customer {
        key: String::new(),
        ..told.clone()
    };
    assert_eq!(reason(reserve(nameless).await), "CUSTOMER_WITHOUT_SUBJECTS");
    let gone = contract::customer::v1::Customer {
        delete_time: wire(START),
        ..told.clone()
    };
    assert_eq!(reason(reserve(gone).await), "CUSTOMER_DELETED");
    reserve(told).await.unwrap();
}

#[tokio::test]
async fn a_reservation_checks_what_cannot_be_made() {
    let world = World::new().await;
    let with = |key: &str, template| {
        state(
            PLAN,
            1,
            vec![phase(START, vec![item(1, key, template, START, None)])],
        )
    };
    assert_eq!(
        reason(reserve(&world, with("sso", tokens_template(1))).await),
        "FEATURE_HAS_NO_METER"
    );
    assert_eq!(
        reason(reserve(&world, with("nothing", tokens_template(1))).await),
        "FEATURE_NOT_FOUND"
    );
    let boolean = Template::Boolean(catalog::BooleanEntitlementTemplate::default());
    reserve(&world, with("sso", boolean)).await.unwrap();
    let no_json = Template::Static(catalog::StaticEntitlementTemplate {
        config: "{a}".to_owned(),
        ..catalog::StaticEntitlementTemplate::default()
    });
    assert_eq!(
        reason(reserve(&world, with("sso", no_json)).await),
        "INVALID_ARGUMENT"
    );
}

#[tokio::test]
async fn two_subscriptions_change_together_whichever_state_comes_first() {
    let change = "2025-07-20T00:00Z";
    let old = |revision, end| {
        state(
            PLAN,
            revision,
            vec![phase(
                START,
                vec![item(1, "tokens", tokens_template(10), START, end)],
            )],
        )
    };
    let next = || {
        state(
            SUCCESSOR,
            1,
            vec![phase(
                change,
                vec![item(2, "tokens", tokens_template(20), change, None)],
            )],
        )
    };
    for old_first in [true, false] {
        let world = World::new().await;
        apply(&world, START, old(1, None)).await;
        assert_eq!(reason(reserve(&world, next()).await), "ENTITLEMENT_EXISTS");
        reserve(&world, old(2, Some(change))).await.unwrap();
        reserve(&world, next()).await.unwrap();
        if old_first {
            apply(&world, START, old(2, Some(change))).await;
            apply(&world, START, next()).await;
        } else {
            apply(&world, START, next()).await;
            apply(&world, START, old(2, Some(change))).await;
        }
        assert_eq!(
            world.tokens("2025-07-19T00:00Z").await.1,
            "10",
            "{old_first}"
        );
        assert_eq!(
            world.tokens("2025-07-21T00:00Z").await.1,
            "20",
            "{old_first}"
        );
    }
}

#[tokio::test]
async fn a_committed_subscription_wins_over_what_came_after_its_reservation() {
    let world = World::new().await;
    let manual = world
        .create("2025-07-01T00:00Z", metered(issue(1)))
        .await
        .unwrap();
    let made = apply(&world, START, two_phases(1)).await;
    assert_eq!(made.len(), 2);
    let ended = world
        .server
        .get_entitlement(world.at(
            START,
            pb::GetEntitlementRequest {
                entitlement: Some(by_id(&manual.id)),
            },
        ))
        .await;
    assert_eq!(
        inside(ended).entitlement.unwrap().active_to_time,
        wire(START)
    );
}

#[tokio::test]
async fn a_grant_starts_before_its_entitlement_ends() {
    let world = World::new().await;
    let change = "2025-08-10T15:00Z";
    let made = apply(&world, START, two_phases(1)).await;
    let first = made.iter().find(|one| one.active_to_time == wire(change));
    let first = &first.unwrap().id;
    let grant = async |now: &str, effective: &str| {
        world
            .grant(now, by_id(first), new_grant(5, effective))
            .await
    };
    assert_eq!(
        reason(grant(START, change).await),
        "GRANT_AFTER_ENTITLEMENT"
    );
    grant(START, "2025-08-10T14:59Z").await.unwrap();
    assert_eq!(reason(grant(change, change).await), "ENTITLEMENT_ENDED");
}
