//! Calls at the same moment: exactly one wins, the others learn clearly why not.

use std::future::Future;

use contract::catalog::v1::{
    self as pb, feature_service_server::FeatureService as _,
    offering_service_server::OfferingService as _, plan::State,
    plan_service_server::PlanService as _, product_service_server::ProductService as _,
};
use tonic::{Code, Response, Status};

use super::{World, access, addons, features, flat, plan, plans};

/// Calls made at once.
const CALLS: usize = 8;

/// How many of some calls at once succeed, and code and reason of the others.
async fn race<T, F: Future<Output = Result<Response<T>, Status>>>(
    calls: impl Iterator<Item = F>,
) -> (usize, Vec<(Code, String)>) {
    let mut won = 0;
    let mut lost = Vec::new();
    for outcome in futures::future::join_all(calls).await {
        match outcome {
            Ok(_) => won += 1,
            Err(status) => {
                lost.push((status.code(), chassis::error::details(&status).reason));
            }
        }
    }
    (won, lost)
}

/// Exactly one call wins; all others are refused with one of these.
fn one_winner((won, lost): (usize, Vec<(Code, String)>), refusals: &[(Code, &str)]) {
    assert_eq!(won, 1, "{lost:?}");
    for (code, reason) in &lost {
        assert!(
            refusals.contains(&(*code, reason.as_str())),
            "{code:?} {reason}"
        );
    }
}

#[tokio::test]
async fn one_of_many_features_of_a_key_is_made() {
    let world = World::new().await;
    let calls = (0..CALLS).map(|_| {
        let request = features::feature("tokens", "tokens");
        world.catalog.create_feature(world.call(request))
    });
    one_winner(
        race(calls).await,
        &[(Code::AlreadyExists, "FEATURE_KEY_TAKEN")],
    );
    assert_eq!(world.meters.state().holds.len(), 1);
}

#[tokio::test]
async fn one_of_many_drafts_of_a_key_is_made() {
    let world = World::new().await;
    let calls = (0..CALLS).map(|_| plans::create(&world, plan(vec![flat("fee", "P1M")])));
    one_winner(
        race(calls).await,
        &[(Code::FailedPrecondition, "PLAN_DRAFT_EXISTS")],
    );
    let calls = (0..CALLS).map(|_| addons::create(&world, addons::addon(vec![])));
    one_winner(
        race(calls).await,
        &[(Code::FailedPrecondition, "ADDON_DRAFT_EXISTS")],
    );
}

#[tokio::test]
async fn a_draft_is_published_once() {
    let world = World::new().await;
    let first = plans::created(&world, plan(vec![flat("fee", "P1M")])).await;
    plans::publish(&world, &first.id).await.unwrap();
    let second = plans::created(&world, plan(vec![flat("fee", "P1M")])).await;
    world.advance(60);
    let calls = (0..CALLS).map(|_| plans::publish(&world, &second.id));
    one_winner(
        race(calls).await,
        &[
            (Code::FailedPrecondition, "PLAN_STATE"),
            (Code::Aborted, "ETAG_STALE"),
        ],
    );
    let list = pb::ListPlansRequest {
        keys: vec!["pro".into()],
        order_by: pb::list_plans_request::OrderBy::Version.into(),
        ..Default::default()
    };
    let answer = world.catalog.list_plans(world.call(list)).await.unwrap();
    let versions = answer.into_inner().plans;
    let states: Vec<State> = versions.iter().map(pb::Plan::state).collect();
    assert_eq!(states, [State::Archived, State::Active]);
    assert_eq!(
        versions[0].effective_to_time, versions[1].effective_from_time,
        "neither gap nor overlap"
    );
}

#[tokio::test]
async fn of_writes_at_one_etag_one_wins() {
    let world = World::new().await;
    let draft = plans::created(&world, plan(vec![flat("fee", "P1M")])).await;
    let calls = (0..CALLS).map(|index| {
        let request = pb::UpdatePlanRequest {
            plan: Some(pb::Plan {
                id: draft.id.clone(),
                name: format!("name {index}"),
                etag: draft.etag.clone(),
                ..Default::default()
            }),
            ..Default::default()
        };
        world.catalog.update_plan(world.call(request))
    });
    one_winner(race(calls).await, &[(Code::Aborted, "ETAG_STALE")]);
    assert_eq!(
        world.audit(&draft.id).await.len(),
        2,
        "made and changed once"
    );
}

#[tokio::test]
async fn a_feature_is_archived_or_sold_but_not_both() {
    for _ in 0..4 {
        let world = World::new().await;
        features::create(&world, "fee", "").await;
        let card = pb::RateCard {
            feature_key: "fee".into(),
            ..flat("fee", "P1M")
        };
        let draft = plans::created(&world, plan(vec![card])).await;
        let (archived, published) = futures::join!(
            features::archive(&world, "fee"),
            plans::publish(&world, &draft.id)
        );
        assert_ne!(archived.is_ok(), published.is_ok());
    }
}

#[tokio::test]
async fn the_first_products_of_a_project_share_one_default_app() {
    let world = World::new().await;
    let calls = (0..CALLS).map(|index| {
        let request = pb::EnsureProductRequest {
            product_key: format!("plan {}", index % 2),
            kind: pb::product::Kind::Subscription.into(),
            duration: "P1M".into(),
            ..Default::default()
        };
        world.catalog.ensure_product(world.call(request))
    });
    let (won, lost) = race(calls).await;
    assert_eq!(won, CALLS, "{lost:?}");
    let mut made = world.kinds().await;
    made.sort();
    assert_eq!(
        made,
        [
            "named_plan.created",
            "named_plan.created",
            "product.created",
            "product.created",
            "store_app.created"
        ]
    );
}

#[tokio::test]
async fn the_first_offerings_of_a_project_have_one_current() {
    let world = World::new().await;
    let keys: Vec<String> = (0..CALLS)
        .map(|index| format!("offering {index}"))
        .collect();
    let (won, lost) = race(keys.iter().map(|key| access::offer(&world, key))).await;
    assert_eq!(won, CALLS, "{lost:?}");
    let list = pb::ListOfferingsRequest::default();
    let answer = world.catalog.list_offerings(world.call(list)).await;
    let all = answer.unwrap().into_inner().offerings;
    assert_eq!(all.iter().filter(|offering| offering.is_current).count(), 1);
    let same = (0..CALLS).map(|_| access::offer(&world, "same"));
    one_winner(
        race(same).await,
        &[(Code::AlreadyExists, "OFFERING_EXISTS")],
    );
}
