//! Add-ons and their assignment to plans.

use contract::catalog::v1::{
    self as pb, addon::InstanceType, addon::State, addon_service_server::AddonService as _,
    plan_addon_service_server::PlanAddonService as _,
};
use tonic::{Response, Status};

use super::{World, flat, plan, plans, reason, refusal, usage};

pub fn addon(rate_cards: Vec<pb::RateCard>) -> pb::Addon {
    pb::Addon {
        key: "extra".into(),
        name: "Extra".into(),
        currency_code: "USD".into(),
        instance_type: InstanceType::Single.into(),
        rate_cards,
        ..Default::default()
    }
}

pub async fn create(
    world: &World,
    addon: pb::Addon,
) -> Result<Response<pb::CreateAddonResponse>, Status> {
    let request = pb::CreateAddonRequest {
        addon: Some(addon),
        request_id: String::new(),
    };
    world.catalog.create_addon(world.call(request)).await
}

pub async fn publish(
    world: &World,
    id: &str,
) -> Result<Response<pb::PublishAddonResponse>, Status> {
    let request = pb::PublishAddonRequest {
        id: id.into(),
        request_id: String::new(),
    };
    world.catalog.publish_addon(world.call(request)).await
}

pub async fn published(world: &World, addon: pb::Addon) -> pb::Addon {
    let draft = create(world, addon)
        .await
        .unwrap()
        .into_inner()
        .addon
        .unwrap();
    publish(world, &draft.id)
        .await
        .unwrap()
        .into_inner()
        .addon
        .unwrap()
}

pub async fn delete(world: &World, id: &str) -> Result<Response<pb::DeleteAddonResponse>, Status> {
    let request = pb::DeleteAddonRequest {
        id: id.into(),
        request_id: String::new(),
    };
    world.catalog.delete_addon(world.call(request)).await
}

pub async fn assign(
    world: &World,
    plan: &str,
    addon: &str,
    phase: &str,
) -> Result<Response<pb::CreatePlanAddonResponse>, Status> {
    let request = pb::CreatePlanAddonRequest {
        plan_id: plan.into(),
        addon_id: addon.into(),
        from_plan_phase: phase.into(),
        ..Default::default()
    };
    world.catalog.create_plan_addon(world.call(request)).await
}

fn by_key(key: &str) -> Option<pb::AddonRef> {
    Some(pb::AddonRef {
        r#ref: Some(pb::addon_ref::Ref::IdOrKey(key.into())),
        ..Default::default()
    })
}

#[tokio::test]
async fn publishing_checks_more_than_a_draft_shows() {
    let world = World::new().await;
    let mut extra = addon(vec![flat("a", "P1M"), flat("b", "P1Y")]);
    extra.instance_type = InstanceType::Multiple.into();
    extra.rate_cards.push(pb::RateCard {
        feature_key: String::new(),
        ..usage("c")
    });
    let draft = create(&world, extra)
        .await
        .unwrap()
        .into_inner()
        .addon
        .unwrap();
    assert!(draft.validation_issues.is_empty());
    let (why, codes) = refusal(publish(&world, &draft.id).await);
    assert_eq!(why, "ADDON_NOT_PUBLISHABLE");
    assert_eq!(
        codes,
        [
            "rate_card_multiple_billing_cadence",
            "addon_invalid_ratecard_price_for_multi_instance"
        ]
    );
    assert_eq!(
        reason(create(&world, addon(vec![])).await),
        "ADDON_DRAFT_EXISTS"
    );
}

#[tokio::test]
async fn states_decide_what_can_be_done() {
    let world = World::new().await;
    let active = published(&world, addon(vec![flat("a", "P1M")])).await;
    assert_eq!(active.state(), State::Active);
    let (why, codes) = refusal(publish(&world, &active.id).await);
    assert_eq!(why, "ADDON_NOT_PUBLISHABLE");
    assert_eq!(codes, ["addon_invalid_status_for_publish"]);
    let (why, codes) = refusal(delete(&world, &active.id).await);
    assert_eq!(
        (why.as_str(), codes[0].as_str()),
        ("ADDON_STATE", "addon_invalid_status")
    );
    let second = published(&world, addon(vec![flat("a", "P1M")])).await;
    assert_eq!(second.version, 2);
    let get = |handle: &str| {
        world.call(pb::GetAddonRequest {
            addon: by_key(handle),
        })
    };
    let former = world
        .catalog
        .get_addon(get(&active.id))
        .await
        .unwrap()
        .into_inner()
        .addon
        .unwrap();
    assert_eq!(former.state(), State::Archived);
    delete(&world, &active.id).await.unwrap();
    delete(&world, &active.id).await.unwrap();
    let found = world
        .catalog
        .get_addon(get("extra"))
        .await
        .unwrap()
        .into_inner()
        .addon
        .unwrap();
    assert_eq!(found.id, second.id);
}

#[tokio::test]
async fn an_incompatible_assignment_shows_and_holds_up_the_plan() {
    let world = World::new().await;
    let extra = published(&world, addon(vec![flat("fee", "P3M")])).await;
    let draft = plans::created(&world, plan(vec![flat("fee", "P1M")])).await;
    let assigned = assign(&world, &draft.id, &extra.id, "default")
        .await
        .unwrap()
        .into_inner()
        .plan_addon
        .unwrap();
    assert_eq!(
        assigned.validation_issues[0].code,
        "rate_card_billing_cadence_mismatch"
    );
    assert_eq!(
        assigned.validation_issues[0].field,
        "$.addon.ratecards[?(@.key=='fee')].billingCadence"
    );
    assert_eq!(
        reason(assign(&world, &draft.id, &extra.id, "default").await),
        "PLAN_ADDON_EXISTS"
    );
    let (_, codes) = refusal(plans::publish(&world, &draft.id).await);
    assert_eq!(codes, ["plan_has_incompatible_addon"]);
    assert_eq!(reason(delete(&world, &extra.id).await), "ADDON_STATE");

    let remove = || pb::DeletePlanAddonRequest {
        plan_id: draft.id.clone(),
        addon: by_key("extra"),
        request_id: String::new(),
    };
    world
        .catalog
        .delete_plan_addon(world.call(remove()))
        .await
        .unwrap();
    world
        .catalog
        .delete_plan_addon(world.call(remove()))
        .await
        .unwrap();
    plans::publish(&world, &draft.id).await.unwrap();
    assert_eq!(
        reason(assign(&world, &draft.id, &extra.id, "default").await),
        "PLAN_STATE"
    );
}

#[tokio::test]
async fn assignments_are_read_listed_and_changed() {
    let world = World::new().await;
    let extra = published(&world, addon(vec![flat("other", "P1M")])).await;
    let draft = plans::created(&world, plan(vec![flat("fee", "P1M")])).await;
    assign(&world, &draft.id, &extra.id, "unknown")
        .await
        .unwrap();
    let plan_ref = || {
        Some(pb::PlanRef {
            r#ref: Some(pb::plan_ref::Ref::IdOrKey("pro".into())),
            ..Default::default()
        })
    };
    let get = pb::GetPlanAddonRequest {
        plan: plan_ref(),
        addon: by_key("extra"),
    };
    let found = world
        .catalog
        .get_plan_addon(world.call(get))
        .await
        .unwrap()
        .into_inner()
        .plan_addon
        .unwrap();
    assert_eq!(
        found.validation_issues[0].code,
        "plan_addon_unknown_plan_phase_key"
    );

    let update = pb::UpdatePlanAddonRequest {
        plan_id: draft.id.clone(),
        addon: by_key(&extra.id),
        plan_addon: Some(pb::PlanAddon {
            from_plan_phase: "default".into(),
            max_quantity: Some(2),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["*".into()],
        }),
        request_id: String::new(),
    };
    let changed = world
        .catalog
        .update_plan_addon(world.call(update))
        .await
        .unwrap()
        .into_inner()
        .plan_addon
        .unwrap();
    assert_eq!(
        changed.validation_issues[0].code,
        "plan_addon_max_quantity_must_not_be_set"
    );
    let list = pb::ListPlanAddonsRequest {
        plan: plan_ref(),
        page: 1,
        ..Default::default()
    };
    let page = world
        .catalog
        .list_plan_addons(world.call(list))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((page.total_size, page.plan_addons.len()), (1, 1));
}

#[tokio::test]
async fn add_ons_of_a_plan_are_listed_by_key_and_version() {
    let world = World::new().await;
    let plan = plans::created(&world, plan(vec![flat("base", "P1M")])).await;
    for _ in 0..2 {
        let version = published(&world, addon(vec![flat("extra", "P1M")])).await;
        assign(&world, &plan.id, &version.id, "default")
            .await
            .unwrap();
    }
    let list = async |pairs: &[(&str, i32)], keys: &[&str]| -> Vec<i32> {
        let request = pb::ListPlanAddonsRequest {
            plan: Some(pb::PlanRef {
                r#ref: Some(pb::plan_ref::Ref::Id(plan.id.clone())),
                ..Default::default()
            }),
            key_versions: pairs
                .iter()
                .map(|(key, version)| pb::AddonKeyVersion {
                    key: (*key).to_owned(),
                    version: *version,
                })
                .collect(),
            addon_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            ..Default::default()
        };
        let answer = world.catalog.list_plan_addons(world.call(request)).await;
        let assigned = answer.unwrap().into_inner().plan_addons.into_iter();
        assigned.map(|one| one.addon.unwrap().version).collect()
    };
    assert_eq!(list(&[("extra", 1)], &[]).await, [1]);
    assert_eq!(list(&[("extra", 2)], &[]).await, [2]);
    assert_eq!(list(&[("extra", 2), ("extra", 1)], &[]).await, [1, 2]);
    assert!(list(&[("extra", 9)], &[]).await.is_empty());
    assert!(
        list(&[("extra", 1)], &["other"]).await.is_empty(),
        "both must hold"
    );
}
