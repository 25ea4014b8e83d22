//! Lists of plans and add-ons: every order in both directions, by token and by number, deleted ones
//! and states, and tokens that belong to one question only.

use contract::catalog::v1::{
    self as pb, addon_service_server::AddonService as _, list_plans_request::OrderBy, plan::State,
    plan_service_server::PlanService as _,
};

use super::{World, addons, flat, plan, plans, refused};

fn named(key: &str) -> pb::Plan {
    pb::Plan {
        key: key.into(),
        ..plan(vec![flat("fee", "P1M")])
    }
}

/// Versions `b 1` (archived), `b 2` (active), `a 1` (draft, changed last), `c 1` (deleted), made in
/// this order, a second apart.
async fn some(world: &World) {
    let first = plans::created(world, named("b")).await;
    plans::publish(world, &first.id).await.unwrap();
    world.advance(1);
    let second = plans::created(world, named("b")).await;
    world.advance(1);
    plans::publish(world, &second.id).await.unwrap();
    let draft = plans::created(world, named("a")).await;
    world.advance(1);
    let deleted = plans::created(world, named("c")).await;
    let delete = pb::DeletePlanRequest {
        id: deleted.id,
        request_id: String::new(),
    };
    world.catalog.delete_plan(world.call(delete)).await.unwrap();
    world.advance(1);
    let update = pb::UpdatePlanRequest {
        plan: Some(pb::Plan {
            id: draft.id,
            name: "Changed".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    world.catalog.update_plan(world.call(update)).await.unwrap();
}

async fn all(world: &World, mut request: pb::ListPlansRequest) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        let call = world.call(request.clone());
        let page = world.catalog.list_plans(call).await.unwrap().into_inner();
        let name = |plan: &pb::Plan| format!("{} {}", plan.key, plan.version);
        found.extend(page.plans.iter().map(name));
        if page.next_page_token.is_empty() {
            return found;
        }
        assert!(!page.plans.is_empty());
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn every_order_goes_both_ways_one_row_at_a_time() {
    let world = World::new().await;
    some(&world).await;
    for (order, expected) in [
        (OrderBy::Unspecified, ["b 1", "b 2", "a 1"]),
        (OrderBy::Id, ["b 1", "b 2", "a 1"]),
        (OrderBy::Key, ["a 1", "b 1", "b 2"]),
        (OrderBy::Version, ["b 1", "a 1", "b 2"]),
        (OrderBy::CreateTime, ["b 1", "b 2", "a 1"]),
        (OrderBy::UpdateTime, ["b 1", "b 2", "a 1"]),
    ] {
        let mut request = pb::ListPlansRequest {
            order_by: order.into(),
            page_size: 1,
            ..Default::default()
        };
        assert_eq!(all(&world, request.clone()).await, expected, "{order:?}");
        request.descending = true;
        let mut backwards = expected;
        backwards.reverse();
        assert_eq!(all(&world, request).await, backwards, "{order:?}");
    }
}

#[tokio::test]
async fn states_narrow_and_deleted_versions_are_listed_when_asked_for() {
    let world = World::new().await;
    some(&world).await;
    let listed = |states: &[State], include_deleted| {
        let request = pb::ListPlansRequest {
            states: states.iter().map(|state| (*state).into()).collect(),
            include_deleted,
            ..Default::default()
        };
        all(&world, request)
    };
    assert_eq!(listed(&[State::Draft], false).await, ["a 1"]);
    assert_eq!(listed(&[State::Draft], true).await, ["a 1", "c 1"]);
    assert_eq!(listed(&[State::Active], false).await, ["b 2"]);
    assert_eq!(listed(&[State::Archived], false).await, ["b 1"]);
    assert!(listed(&[State::Scheduled], false).await.is_empty());
    assert_eq!(
        listed(&[State::Active, State::Archived], false).await,
        ["b 1", "b 2"]
    );
    assert_eq!(listed(&[], true).await.len(), 4);
}

#[tokio::test]
async fn a_token_is_good_for_its_own_question_only() {
    let world = World::new().await;
    some(&world).await;
    let list = |request| world.catalog.list_plans(world.call(request));
    let first = pb::ListPlansRequest {
        page_size: 1,
        ..Default::default()
    };
    let token = list(first.clone())
        .await
        .unwrap()
        .into_inner()
        .next_page_token;
    let with = |change: fn(&mut pb::ListPlansRequest)| {
        let mut request = pb::ListPlansRequest {
            page_token: token.clone(),
            ..first.clone()
        };
        change(&mut request);
        request
    };
    for (request, field) in [
        (with(|request| request.descending = true), "page_token"),
        (
            with(|request| request.keys = vec!["b".into()]),
            "page_token",
        ),
        (with(|request| request.page_token.push('x')), "page_token"),
        (with(|request| request.page = 1), "page"),
        (with(|request| request.page = -1), "page"),
        (with(|request| request.page_size = -1), "page_size"),
        (
            with(|request| {
                request.page_token.clear();
                request.ids = vec![String::new(); 251];
            }),
            "ids",
        ),
        (
            with(|request| {
                request.page_token.clear();
                request.states = vec![0];
            }),
            "states",
        ),
        (
            with(|request| {
                request.page_token.clear();
                request.order_by = 99;
            }),
            "order_by",
        ),
    ] {
        let (code, _, fields) = refused(list(request).await);
        assert_eq!(code, tonic::Code::InvalidArgument, "{field}");
        assert_eq!(fields, [field]);
    }
    let elsewhere = world.call_as(chassis::id::next(), with(|_| {}));
    let (_, _, fields) = refused(world.catalog.list_plans(elsewhere).await);
    assert_eq!(fields, ["page_token"]);
}

#[tokio::test]
async fn add_ons_are_listed_like_plans() {
    let world = World::new().await;
    let named = |key: &str| pb::Addon {
        key: key.into(),
        ..addons::addon(vec![flat("fee", "P1M")])
    };
    addons::published(&world, named("b")).await;
    world.advance(1);
    addons::published(&world, named("b")).await;
    addons::create(&world, named("a")).await.unwrap();
    let list = async |request: pb::ListAddonsRequest| {
        let answer = world.catalog.list_addons(world.call(request)).await;
        let addons = answer.unwrap().into_inner().addons;
        addons
            .into_iter()
            .map(|addon| format!("{} {}", addon.key, addon.version))
            .collect::<Vec<_>>()
    };
    let by_key = pb::ListAddonsRequest {
        order_by: pb::list_addons_request::OrderBy::Key.into(),
        ..Default::default()
    };
    assert_eq!(list(by_key).await, ["a 1", "b 1", "b 2"]);
    let active = pb::ListAddonsRequest {
        states: vec![pb::addon::State::Active.into()],
        ..Default::default()
    };
    assert_eq!(list(active).await, ["b 2"]);
    let widened = pb::ListAddonsRequest {
        keys: vec!["a".into()],
        key_versions: vec![pb::AddonKeyVersion {
            key: "b".into(),
            version: 1,
        }],
        descending: true,
        ..Default::default()
    };
    assert_eq!(list(widened).await, ["a 1", "b 1"]);
}
