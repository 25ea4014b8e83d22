//! Who did what, when, and what was before and after: readable for each resource.

use contract::catalog::v1::{
    self as pb, addon_service_server::AddonService as _,
    plan_addon_service_server::PlanAddonService as _, plan_service_server::PlanService as _,
};
use prost::{Message, Name};

use super::{World, access, addons, features, flat, plan, plans, stores};

/// Kinds of a thing's entries; each was made by the caller at the world's time, and what is after one
/// is before the next.
async fn trail<M: Message + Name + Default + PartialEq + std::fmt::Debug>(
    world: &World,
    id: &str,
) -> Vec<String> {
    let entries = world.audit(id).await;
    let decode = |bytes: &[u8]| M::decode(bytes).unwrap();
    for entry in &entries {
        assert_eq!(entry.actor, "key:test");
        assert_eq!(entry.resource_type, M::full_name());
        let time = contract::convert::timestamp(world.now());
        assert_eq!(entry.create_time, Some(time));
    }
    for pair in entries.windows(2) {
        assert_eq!(decode(&pair[0].after), decode(&pair[1].before));
    }
    if let Some(first) = entries.first() {
        assert!(first.before.is_empty(), "there was nothing before");
    }
    entries.into_iter().map(|entry| entry.kind).collect()
}

#[tokio::test]
async fn the_trail_of_a_feature() {
    let world = World::new().await;
    let feature = features::create(&world, "tokens", "tokens").await;
    features::archive(&world, "tokens").await.unwrap();
    assert_eq!(
        trail::<pb::Feature>(&world, &feature.id).await,
        ["feature.created", "feature.archived"]
    );
    let entries = world.audit(&feature.id).await;
    let after = pb::Feature::decode(entries[1].after.as_slice()).unwrap();
    assert!(after.archive_time.is_some());
}

#[tokio::test]
async fn the_trail_of_a_plan() {
    let world = World::new().await;
    let draft = plans::created(&world, plan(vec![flat("fee", "P1M")])).await;
    let update = pb::UpdatePlanRequest {
        plan: Some(pb::Plan {
            id: draft.id.clone(),
            name: "Renamed".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    world.catalog.update_plan(world.call(update)).await.unwrap();
    plans::publish(&world, &draft.id).await.unwrap();
    let archive = pb::ArchivePlanRequest {
        id: draft.id.clone(),
        request_id: String::new(),
    };
    world
        .catalog
        .archive_plan(world.call(archive))
        .await
        .unwrap();
    let delete = pb::DeletePlanRequest {
        id: draft.id.clone(),
        request_id: String::new(),
    };
    world.catalog.delete_plan(world.call(delete)).await.unwrap();
    assert_eq!(
        trail::<pb::Plan>(&world, &draft.id).await,
        [
            "plan.created",
            "plan.updated",
            "plan.published",
            "plan.archived",
            "plan.deleted"
        ]
    );
    let entries = world.audit(&draft.id).await;
    let names = |bytes: &[u8]| pb::Plan::decode(bytes).unwrap().name;
    assert_eq!(names(&entries[1].before), "Pro");
    assert_eq!(names(&entries[1].after), "Renamed");
}

#[tokio::test]
async fn a_version_is_archived_when_it_has_ended_not_when_its_end_is_known() {
    let world = World::new().await;
    let next = async |id: &str, seconds: i64| {
        let request = pb::PublishPlanRequest {
            id: id.into(),
            effective_time: Some(contract::convert::timestamp(
                world.now() + jiff::SignedDuration::from_secs(seconds),
            )),
            ..Default::default()
        };
        world
            .catalog
            .publish_plan(world.call(request))
            .await
            .unwrap();
    };
    let cards = || plan(vec![flat("fee", "P1M")]);
    let first = plans::created(&world, cards()).await;
    plans::publish(&world, &first.id).await.unwrap();
    let second = plans::created(&world, cards()).await;
    next(&second.id, 3600).await;
    let published = ["plan.created", "plan.published"];
    assert_eq!(
        trail::<pb::Plan>(&world, &first.id).await,
        [&published[..], &["plan.updated"]].concat()
    );
    let third = plans::created(&world, cards()).await;
    next(&third.id, 0).await;
    assert_eq!(
        trail::<pb::Plan>(&world, &first.id).await,
        [&published[..], &["plan.updated", "plan.archived"]].concat()
    );
}

#[tokio::test]
async fn the_trail_of_an_add_on_and_of_its_assignment() {
    let world = World::new().await;
    let extra = addons::published(&world, addons::addon(vec![flat("other", "P1M")])).await;
    let draft = plans::created(&world, plan(vec![flat("fee", "P1M")])).await;
    addons::assign(&world, &draft.id, &extra.id, "default")
        .await
        .unwrap();
    let by_id = Some(pb::AddonRef {
        r#ref: Some(pb::addon_ref::Ref::Id(extra.id.clone())),
        ..Default::default()
    });
    let update = pb::UpdatePlanAddonRequest {
        plan_id: draft.id.clone(),
        addon: by_id.clone(),
        plan_addon: Some(pb::PlanAddon {
            from_plan_phase: "other".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    world
        .catalog
        .update_plan_addon(world.call(update))
        .await
        .unwrap();
    let remove = pb::DeletePlanAddonRequest {
        plan_id: draft.id.clone(),
        addon: by_id,
        request_id: String::new(),
    };
    world
        .catalog
        .delete_plan_addon(world.call(remove))
        .await
        .unwrap();
    let archive = pb::ArchiveAddonRequest {
        id: extra.id.clone(),
        request_id: String::new(),
    };
    world
        .catalog
        .archive_addon(world.call(archive))
        .await
        .unwrap();
    assert_eq!(
        trail::<pb::Addon>(&world, &extra.id).await,
        ["addon.created", "addon.published", "addon.archived"]
    );
    let assignment = world
        .audit("")
        .await
        .into_iter()
        .find(|entry| entry.kind == "plan_addon.created")
        .unwrap();
    assert_eq!(
        trail::<pb::PlanAddon>(&world, &assignment.resource_id).await,
        [
            "plan_addon.created",
            "plan_addon.updated",
            "plan_addon.deleted"
        ]
    );
}

#[tokio::test]
async fn the_trail_of_what_stores_sell() {
    let world = World::new().await;
    let play = stores::app(&world, stores::shop("Play")).await;
    let gold = stores::product(&world, &play, "gold").await;
    let premium = access::defined(&world, "premium").await;
    access::attach(&world, &premium.id, &[&gold.id])
        .await
        .unwrap();
    assert_eq!(
        trail::<pb::StoreApp>(&world, &play.id).await,
        ["store_app.created"]
    );
    assert_eq!(
        trail::<pb::Product>(&world, &gold.id).await,
        ["product.created"]
    );
    let entries = world.audit(&premium.id).await;
    let last = entries.last().unwrap();
    assert_eq!(last.kind, "entitlement_definition.products_changed");
    let products = |bytes: &[u8]| pb::EntitlementProducts::decode(bytes).unwrap().products;
    assert!(products(&last.before).is_empty());
    assert_eq!(products(&last.after)[0].id, gold.id);
    assert_eq!(
        world.kinds().await,
        [
            "store_app.created",
            "named_plan.created",
            "product.created",
            "entitlement_definition.created",
            "entitlement_definition.products_changed"
        ]
    );
}
