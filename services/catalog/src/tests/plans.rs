//! Plans: versions, states, validation, publishing.

use contract::catalog::v1::{self as pb, plan::State, plan_service_server::PlanService as _};
use tonic::{Response, Status};

use super::{World, features, flat, phase, plan, reason, refusal, usage};

pub async fn create(
    world: &World,
    plan: pb::Plan,
) -> Result<Response<pb::CreatePlanResponse>, Status> {
    let request = pb::CreatePlanRequest {
        plan: Some(plan),
        request_id: String::new(),
    };
    world.catalog.create_plan(world.call(request)).await
}

pub async fn created(world: &World, plan: pb::Plan) -> pb::Plan {
    create(world, plan)
        .await
        .unwrap()
        .into_inner()
        .plan
        .unwrap()
}

pub async fn publish(world: &World, id: &str) -> Result<Response<pb::PublishPlanResponse>, Status> {
    let request = pb::PublishPlanRequest {
        id: id.into(),
        ..Default::default()
    };
    world.catalog.publish_plan(world.call(request)).await
}

async fn get(world: &World, r#ref: pb::PlanRef) -> Result<Response<pb::GetPlanResponse>, Status> {
    world
        .catalog
        .get_plan(world.call(pb::GetPlanRequest { plan: Some(r#ref) }))
        .await
}

fn key(key: &str, latest: bool) -> pb::PlanRef {
    pb::PlanRef {
        r#ref: Some(pb::plan_ref::Ref::IdOrKey(key.into())),
        version: 0,
        latest,
    }
}

async fn found(world: &World, r#ref: pb::PlanRef) -> pb::Plan {
    get(world, r#ref).await.unwrap().into_inner().plan.unwrap()
}

async fn next(
    world: &World,
    handle: &str,
) -> Result<Response<pb::CreateNextPlanVersionResponse>, Status> {
    let request = pb::CreateNextPlanVersionRequest {
        plan: Some(key(handle, false)),
        request_id: String::new(),
    };
    world
        .catalog
        .create_next_plan_version(world.call(request))
        .await
}

async fn delete(world: &World, id: &str) -> Result<Response<pb::DeletePlanResponse>, Status> {
    let request = pb::DeletePlanRequest {
        id: id.into(),
        request_id: String::new(),
    };
    world.catalog.delete_plan(world.call(request)).await
}

#[tokio::test]
async fn the_misaligned_plan_is_stored_mended_and_published() {
    let world = World::new().await;
    let mut misaligned = plan(vec![flat("fee", "P1M")]);
    misaligned.phases[0].rate_cards.push(flat("setup", "P1W"));
    let draft = created(&world, misaligned).await;
    assert_eq!(draft.state(), State::Draft);
    assert_eq!(
        draft.validation_issues[0].code,
        "rate_card_billing_cadence_unaligned"
    );
    assert_eq!(
        draft.validation_issues[0].field,
        "$.phases[?(@.key=='default')].rateCards[?(@.key=='setup')].billingCadence"
    );
    let (why, codes) = refusal(publish(&world, &draft.id).await);
    assert_eq!(why, "PLAN_NOT_PUBLISHABLE");
    assert_eq!(codes, ["rate_card_billing_cadence_unaligned"]);

    let update = pb::UpdatePlanRequest {
        plan: Some(pb::Plan {
            id: draft.id.clone(),
            etag: draft.etag.clone(),
            phases: vec![phase("default", vec![flat("fee", "P1M")])],
            ..Default::default()
        }),
        update_mask: None,
        request_id: String::new(),
    };
    let mended = world
        .catalog
        .update_plan(world.call(update.clone()))
        .await
        .unwrap()
        .into_inner()
        .plan
        .unwrap();
    assert!(mended.validation_issues.is_empty());
    assert_eq!(mended.name, "Pro");
    assert_eq!(
        reason(world.catalog.update_plan(world.call(update)).await),
        "ETAG_STALE"
    );

    let active = publish(&world, &draft.id)
        .await
        .unwrap()
        .into_inner()
        .plan
        .unwrap();
    assert_eq!(active.state(), State::Active);
    assert_eq!(reason(publish(&world, &draft.id).await), "PLAN_STATE");
    let amount = active.phases[0].rate_cards[0].price.clone().unwrap();
    let Some(pb::price::Model::Flat(flat)) = amount.model else {
        panic!("a flat price");
    };
    assert_eq!(flat.amount.unwrap().value, "10.5");
    assert_eq!(flat.payment_term, i32::from(pb::PaymentTerm::InAdvance));
}

#[tokio::test]
async fn versions_follow_each_other_without_gap_or_overlap() {
    let world = World::new().await;
    assert_eq!(reason(next(&world, "pro").await), "PLAN_HAS_NO_VERSIONS");
    let first = created(&world, plan(vec![flat("fee", "P1M")])).await;
    assert_eq!(
        reason(create(&world, plan(vec![flat("fee", "P1M")])).await),
        "PLAN_DRAFT_EXISTS"
    );
    assert_eq!(reason(next(&world, "pro").await), "PLAN_DRAFT_EXISTS");
    assert_eq!(
        reason(get(&world, key("pro", false)).await),
        "PLAN_NOT_FOUND"
    );
    assert_eq!(found(&world, key("pro", true)).await.id, first.id);
    publish(&world, &first.id).await.unwrap();

    let second = next(&world, "pro")
        .await
        .unwrap()
        .into_inner()
        .plan
        .unwrap();
    assert_eq!((second.version, second.state()), (2, State::Draft));
    assert_eq!(second.phases, first.phases);
    assert_eq!(found(&world, key("pro", false)).await.id, first.id);
    // In the very same instant: the frozen clock has not moved.
    let second = publish(&world, &second.id)
        .await
        .unwrap()
        .into_inner()
        .plan
        .unwrap();
    let former = found(&world, key(&first.id, false)).await;
    assert_eq!(former.state(), State::Archived);
    assert_eq!(former.effective_to_time, second.effective_from_time);
    assert_eq!(found(&world, key("pro", false)).await.id, second.id);

    assert_eq!(reason(delete(&world, &second.id).await), "PLAN_STATE");
    world.advance(60);
    let archive = pb::ArchivePlanRequest {
        id: second.id.clone(),
        request_id: String::new(),
    };
    world
        .catalog
        .archive_plan(world.call(archive.clone()))
        .await
        .unwrap();
    assert_eq!(
        reason(world.catalog.archive_plan(world.call(archive)).await),
        "PLAN_STATE"
    );
    assert_eq!(
        reason(get(&world, key("pro", false)).await),
        "PLAN_NOT_FOUND"
    );
    delete(&world, &second.id).await.unwrap();
    delete(&world, &second.id).await.unwrap();
    assert_eq!(reason(publish(&world, &second.id).await), "PLAN_DELETED");
    let third = next(&world, "pro")
        .await
        .unwrap()
        .into_inner()
        .plan
        .unwrap();
    assert_eq!(
        third.version, 3,
        "the number of a deleted version is not used again"
    );
}

#[tokio::test]
async fn a_scheduled_version_waits_for_its_time() {
    let world = World::new().await;
    let first = created(&world, plan(vec![flat("fee", "P1M")])).await;
    publish(&world, &first.id).await.unwrap();
    let second = next(&world, "pro")
        .await
        .unwrap()
        .into_inner()
        .plan
        .unwrap();
    let later = world.now() + jiff::SignedDuration::from_secs(3600);
    let request = pb::PublishPlanRequest {
        id: second.id.clone(),
        effective_time: Some(contract::convert::timestamp(later)),
        request_id: String::new(),
    };
    let second = world
        .catalog
        .publish_plan(world.call(request))
        .await
        .unwrap()
        .into_inner()
        .plan
        .unwrap();
    assert_eq!(second.state(), State::Scheduled);
    assert_eq!(found(&world, key("pro", false)).await.id, first.id);
    world.advance(3600);
    assert_eq!(found(&world, key("pro", false)).await.id, second.id);
    assert_eq!(
        found(&world, key(&first.id, false)).await.state(),
        State::Archived
    );
}

#[tokio::test]
async fn rate_cards_name_live_features() {
    let world = World::new().await;
    let metered = || plan(vec![usage("tokens")]);
    assert_eq!(
        reason(create(&world, metered()).await),
        "RATE_CARD_FEATURE_NOT_FOUND"
    );
    let feature = features::create(&world, "tokens", "tokens").await;
    let draft = created(&world, metered()).await;
    assert_eq!(draft.phases[0].rate_cards[0].feature_id, feature.id);

    use pb::feature_service_server::FeatureService as _;
    let archive = pb::ArchiveFeatureRequest {
        feature: Some(pb::FeatureRef {
            r#ref: Some(pb::feature_ref::Ref::Id(feature.id)),
        }),
        request_id: String::new(),
    };
    world
        .catalog
        .archive_feature(world.call(archive))
        .await
        .unwrap();
    let (_, codes) = refusal(publish(&world, &draft.id).await);
    assert_eq!(codes, ["rate_card_feature_archived"]);

    let feature = features::create(&world, "tokens", "tokens").await;
    let update = pb::UpdatePlanRequest {
        plan: Some(pb::Plan {
            id: draft.id.clone(),
            ..metered()
        }),
        ..Default::default()
    };
    world.catalog.update_plan(world.call(update)).await.unwrap();
    publish(&world, &draft.id).await.unwrap();
    let archive = pb::ArchiveFeatureRequest {
        feature: Some(pb::FeatureRef {
            r#ref: Some(pb::feature_ref::Ref::Id(feature.id)),
        }),
        request_id: String::new(),
    };
    assert_eq!(
        reason(world.catalog.archive_feature(world.call(archive)).await),
        "FEATURE_IN_USE"
    );
}

#[tokio::test]
async fn critical_issues_are_refused_at_once() {
    let world = World::new().await;
    let (why, codes) =
        refusal(create(&world, plan(vec![flat("a", "P1M"), flat("a", "P1M")])).await);
    assert_eq!(why, "INVALID_PLAN");
    assert_eq!(codes, ["rate_card_duplicated_key"]);
    let mut unknown = plan(vec![flat("a", "P1M")]);
    unknown.currency_code = "XYZ".into();
    assert_eq!(reason(create(&world, unknown).await), "INVALID_ARGUMENT");
}

#[tokio::test]
async fn a_custom_plan_is_checked_without_being_stored() {
    let world = World::new().await;
    let mut custom = plan(vec![usage("tokens"), flat("fee", "P1W")]);
    custom.key = String::new();
    let validate = |strict| {
        let plan = Some(custom.clone());
        world
            .catalog
            .validate_plan(world.call(pb::ValidatePlanRequest { plan, strict }))
    };
    let codes = |answer: pb::ValidatePlanResponse| {
        answer
            .issues
            .into_iter()
            .map(|issue| issue.code)
            .collect::<Vec<_>>()
    };
    let lenient = validate(false).await.unwrap().into_inner();
    assert_eq!(codes(lenient), ["rate_card_billing_cadence_unaligned"]);
    let strict = validate(true).await.unwrap().into_inner();
    assert_eq!(
        codes(strict),
        [
            "rate_card_billing_cadence_unaligned",
            "rate_card_feature_not_found"
        ]
    );
    let feature = features::create(&world, "tokens", "tokens").await;
    let strict = validate(true).await.unwrap().into_inner();
    assert_eq!(
        strict.plan.clone().unwrap().phases[0].rate_cards[0].feature_id,
        feature.id
    );
    assert_eq!(codes(strict), ["rate_card_billing_cadence_unaligned"]);
}

#[tokio::test]
async fn lists_widen_by_name_and_narrow_by_state() {
    let world = World::new().await;
    let keyed = |key: &str, currency: &str| pb::Plan {
        key: key.into(),
        currency_code: currency.into(),
        ..plan(vec![flat("fee", "P1M")])
    };
    let pro = created(&world, keyed("pro", "USD")).await;
    publish(&world, &pro.id).await.unwrap();
    next(&world, "pro").await.unwrap();
    created(&world, keyed("team", "EUR")).await;
    created(&world, keyed("free", "USD")).await;
    let list = async |request: pb::ListPlansRequest| {
        let answer = world
            .catalog
            .list_plans(world.call(request))
            .await
            .unwrap()
            .into_inner();
        let name = |plan: pb::Plan| format!("{} {}", plan.key, plan.version);
        answer.plans.into_iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(list(pb::ListPlansRequest::default()).await.len(), 4);
    let by_name = pb::ListPlansRequest {
        keys: vec!["team".into()],
        key_versions: vec![pb::PlanKeyVersion {
            key: "pro".into(),
            version: 2,
        }],
        order_by: pb::list_plans_request::OrderBy::Key.into(),
        descending: true,
        ..Default::default()
    };
    assert_eq!(list(by_name.clone()).await, ["team 1", "pro 2"]);
    let active = pb::ListPlansRequest {
        keys: vec!["pro".into(), "team".into()],
        states: vec![State::Active.into()],
        ..Default::default()
    };
    assert_eq!(list(active).await, ["pro 1"]);
}

#[tokio::test]
async fn the_same_request_id_makes_one_plan() {
    let world = World::new().await;
    let request = pb::CreatePlanRequest {
        plan: Some(plan(vec![flat("fee", "P1M")])),
        request_id: "once".into(),
    };
    let first = world
        .catalog
        .create_plan(world.call(request.clone()))
        .await
        .unwrap()
        .into_inner();
    let second = world
        .catalog
        .create_plan(world.call(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first, second);
}
