//! Every rule of an add-on, and of its assignment to a plan, through the service.

use contract::catalog::v1::{
    self as pb, addon::InstanceType, plan_addon_service_server::PlanAddonService as _,
};
use tonic::Code;

use super::{
    World, addons, features, flat,
    issues::{Expected, brief, fee, issues, metered, of_feature, wrong_fields},
    plan, plans,
};

#[tokio::test]
async fn rules_of_an_add_on() {
    let world = World::new().await;
    let base = |cards| addons::addon(cards);
    let refuses = async |bad: pb::Addon, expected: Expected<'_>, wrong: &str| {
        let status = addons::create(&world, bad).await.unwrap_err();
        let details = chassis::error::details(&status);
        assert_eq!(
            (status.code(), details.reason.as_str(), status.message()),
            (Code::InvalidArgument, "INVALID_ADDON", "invalid add-on")
        );
        assert_eq!(brief(&issues(&status)), expected);
        assert_eq!(wrong_fields(&status)[0].0, wrong);
        assert!(world.kinds().await.is_empty(), "nothing was written");
    };
    let keyless = pb::Addon {
        key: String::new(),
        ..base(vec![fee()])
    };
    refuses(keyless, &[("addon_key_empty", "$.key")], "addon.key").await;
    let unknown = pb::Addon {
        instance_type: 0,
        ..base(vec![fee()])
    };
    refuses(
        unknown,
        &[("addon_invalid_instance_type", "$.instanceType")],
        "addon.instance_type",
    )
    .await;
    let field = "$.ratecards[?(@.key=='fee')].key";
    refuses(
        base(vec![fee(), fee()]),
        &[("rate_card_duplicated_key", field)],
        "addon.rate_cards[1].key",
    )
    .await;

    let warns = async |soft: pb::Addon, shown: Expected<'_>, published: Expected<'_>| {
        let made = addons::create(&world, soft).await.unwrap();
        let made = made.into_inner().addon.unwrap();
        let found: Vec<(&str, &str)> = made
            .validation_issues
            .iter()
            .map(|issue| (issue.code.as_str(), issue.field.as_str()))
            .collect();
        assert_eq!(found, shown);
        let status = addons::publish(&world, &made.id).await.unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(brief(&issues(&status)), published);
        addons::delete(&world, &made.id).await.unwrap();
    };
    let nameless = pb::Addon {
        name: String::new(),
        ..base(vec![fee()])
    };
    let expected = [("addon_name_empty", "$.name")];
    warns(nameless, &expected, &expected).await;
    let expected = [("addon_has_no_rate_cards", "$.rateCards")];
    warns(base(vec![]), &expected, &expected).await;
    let expected = [(
        "rate_card_multiple_billing_cadence",
        "$.ratecards[*].billingCadence",
    )];
    let cards = vec![fee(), flat("year", "P1Y")];
    warns(base(cards), &[], &expected).await;
    let many = pb::Addon {
        instance_type: InstanceType::Multiple.into(),
        ..base(vec![metered()])
    };
    let expected = [(
        "addon_invalid_ratecard_price_for_multi_instance",
        "$.ratecards[?(@.key=='fee')].price",
    )];
    warns(many, &[], &expected).await;
    features::create(&world, "fee", "").await;
    let card = of_feature(fee());
    let draft = addons::create(&world, base(vec![card])).await.unwrap();
    let draft = draft.into_inner().addon.unwrap();
    features::archive(&world, "fee").await.unwrap();
    let status = addons::publish(&world, &draft.id).await.unwrap_err();
    let field = "$.rateCards[?(@.key=='fee')].featureKey";
    assert_eq!(
        brief(&issues(&status)),
        [("rate_card_feature_archived", field)]
    );
}

#[tokio::test]
async fn rules_of_an_assignment_are_shown_and_hold_up_the_plan() {
    let world = World::new().await;
    let draft = plans::created(&world, plan(vec![fee()])).await;
    let check = async |extra: pb::Addon, quantity, phase: &str, code: &str, field: &str| {
        let extra = addons::published(&world, extra).await;
        let request = pb::CreatePlanAddonRequest {
            plan_id: draft.id.clone(),
            addon_id: extra.id.clone(),
            from_plan_phase: phase.into(),
            max_quantity: quantity,
            ..Default::default()
        };
        let made = world
            .catalog
            .create_plan_addon(world.call(request))
            .await
            .unwrap();
        let shown = made.into_inner().plan_addon.unwrap().validation_issues;
        let shown: Vec<(&str, &str)> = shown
            .iter()
            .map(|issue| (issue.code.as_str(), issue.field.as_str()))
            .collect();
        assert_eq!(shown, [(code, field)]);
        let status = plans::publish(&world, &draft.id).await.unwrap_err();
        assert_eq!(
            brief(&issues(&status)),
            [("plan_has_incompatible_addon", "")]
        );
        let remove = pb::DeletePlanAddonRequest {
            plan_id: draft.id.clone(),
            addon: Some(pb::AddonRef {
                r#ref: Some(pb::addon_ref::Ref::Id(extra.id.clone())),
                ..Default::default()
            }),
            request_id: String::new(),
        };
        world
            .catalog
            .delete_plan_addon(world.call(remove))
            .await
            .unwrap();
    };
    let base = |card| addons::addon(vec![card]);
    let other = || flat("other", "P1M");
    check(
        base(other()),
        Some(1),
        "default",
        "plan_addon_max_quantity_must_not_be_set",
        "$.maxQuantity",
    )
    .await;
    let many = pb::Addon {
        instance_type: InstanceType::Multiple.into(),
        ..base(other())
    };
    check(
        many,
        Some(0),
        "default",
        "plan_addon_max_quantity_must_be_set",
        "$.maxQuantity",
    )
    .await;
    check(
        base(flat("other", "P1W")),
        None,
        "default",
        "rate_card_billing_cadence_unaligned",
        "$.billingCadence",
    )
    .await;
    let euros = pb::Addon {
        currency_code: "EUR".into(),
        ..base(other())
    };
    check(
        euros,
        None,
        "default",
        "plan_addon_currency_mismatch",
        "$.addon.currency",
    )
    .await;
    check(
        base(other()),
        None,
        "gold",
        "plan_addon_unknown_plan_phase_key",
        "$.fromPlanPhase",
    )
    .await;
    let card = "$.addon.ratecards[?(@.key=='fee')]";
    check(
        base(metered()),
        None,
        "default",
        "rate_card_price_type_mismatch",
        &format!("{card}.price"),
    )
    .await;
    check(
        base(flat("fee", "P3M")),
        None,
        "default",
        "rate_card_billing_cadence_mismatch",
        &format!("{card}.billingCadence"),
    )
    .await;
    plans::publish(&world, &draft.id).await.unwrap();
}
