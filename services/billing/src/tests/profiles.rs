//! Profiles, overrides and apps.
#![expect(clippy::unwrap_used, reason = "tests")]

use contract::billing::v1::{
    self as pb, app_service_server::AppService as _, override_service_server::OverrideService as _,
    profile_service_server::ProfileService as _,
};

use super::{refusal, world::*};

async fn default(world: &World) -> pb::BillingProfile {
    let request = pb::GetProfileRequest::default();
    world
        .billing
        .get_profile(world.call(request))
        .await
        .unwrap()
        .into_inner()
        .profile
        .unwrap()
}

async fn create(
    world: &World,
    name: &str,
    default: bool,
    app: &str,
) -> Result<pb::BillingProfile, tonic::Status> {
    let profile = pb::BillingProfile {
        name: name.to_owned(),
        default,
        supplier: Some(pb::Supplier {
            name: "Seller".to_owned(),
            tax_code: String::new(),
            address: Some(pb::PostalAddress {
                country: "DE".to_owned(),
                ..Default::default()
            }),
        }),
        apps: Some(pb::ProfileApps {
            tax_app_id: app.to_owned(),
            invoicing_app_id: app.to_owned(),
            payment_app_id: app.to_owned(),
            app: None,
        }),
        ..Default::default()
    };
    let request = pb::CreateProfileRequest {
        profile: Some(profile),
        request_id: String::new(),
    };
    Ok(world
        .billing
        .create_profile(world.call(request))
        .await?
        .into_inner()
        .profile
        .unwrap())
}

fn app(profile: &pb::BillingProfile) -> String {
    profile.apps.as_ref().unwrap().invoicing_app_id.clone()
}

#[tokio::test]
async fn a_profile_without_apps_lacks_fields_not_an_app() {
    let world = World::new("2024-01-01").await;
    let refused = create(&world, "bare", false, "").await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    let details = chassis::error::details(&refused);
    assert_eq!(details.violations[0].field, "profile.apps.tax_app_id");
    let unknown = create(&world, "bare", false, "01ARZ3NDEKTSV4RRFFQ69G5FAV").await;
    assert_eq!(unknown.unwrap_err().code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn every_project_starts_with_a_sandbox_profile() {
    let world = World::new("2024-01-01").await;
    let first = default(&world).await;
    assert_eq!(first.name, "openmeter-sandbox");
    assert!(first.default);
    let full = first.apps.as_ref().unwrap().app.as_ref().unwrap();
    assert_eq!(
        (full.name.as_str(), full.r#type()),
        ("Sandbox", pb::app::Type::Sandbox)
    );
    let invoicing = first.workflow.as_ref().unwrap().invoicing.clone().unwrap();
    assert_eq!(invoicing.due_after_duration, "P30D");
    assert_eq!(
        (invoicing.auto_advance, invoicing.progressive_billing),
        (Some(true), Some(true))
    );
    assert_eq!(default(&world).await, first);
}

#[tokio::test]
async fn there_is_one_default_and_it_stays() {
    let world = World::new("2024-01-01").await;
    let old = default(&world).await;
    let new = create(&world, "new", true, &app(&old)).await.unwrap();
    assert_eq!(default(&world).await.id, new.id);
    let unset = pb::UpdateProfileRequest {
        profile: Some(pb::BillingProfile {
            default: false,
            ..new.clone()
        }),
        ..Default::default()
    };
    assert_eq!(
        refusal(world.billing.update_profile(world.call(unset)).await).1,
        ["default_profile_cannot_be_unset"]
    );
    let delete = |id: &str| pb::DeleteProfileRequest {
        profile_id: id.to_owned(),
        ..Default::default()
    };
    assert_eq!(
        refusal(
            world
                .billing
                .delete_profile(world.call(delete(&new.id)))
                .await
        )
        .1,
        ["default_profile_cannot_be_deleted"]
    );
    world
        .billing
        .delete_profile(world.call(delete(&old.id)))
        .await
        .unwrap();
    world
        .billing
        .delete_profile(world.call(delete(&old.id)))
        .await
        .unwrap();
    let update = pb::UpdateProfileRequest {
        profile: Some(old),
        ..Default::default()
    };
    assert_eq!(
        refusal(world.billing.update_profile(world.call(update)).await).1,
        ["profile_already_deleted"]
    );
}

#[tokio::test]
async fn bad_profiles_are_refused() {
    let world = World::new("2024-01-01").await;
    let known = default(&world).await;
    assert_eq!(
        refusal(create(&world, "", false, &app(&known)).await).0,
        "INVALID_FIELD"
    );
    assert_eq!(
        refusal(create(&world, "x", false, CUSTOMER).await).0,
        "APP_NOT_FOUND"
    );
    let get = pb::GetProfileRequest {
        profile_id: CUSTOMER.to_owned(),
    };
    assert_eq!(
        refusal(world.billing.get_profile(world.call(get)).await).1,
        ["profile_not_found"]
    );
    let mut negative = known.clone();
    negative
        .workflow
        .as_mut()
        .unwrap()
        .collection
        .as_mut()
        .unwrap()
        .interval_duration = "-PT1H".to_owned();
    let update = pb::UpdateProfileRequest {
        profile: Some(negative),
        ..Default::default()
    };
    assert_eq!(
        refusal(world.billing.update_profile(world.call(update)).await).0,
        "INVALID_FIELD"
    );
}

#[tokio::test]
async fn overrides_pin_customers() {
    let world = World::new("2024-01-01").await;
    let old = default(&world).await;
    let other = create(&world, "other", false, &app(&old)).await.unwrap();
    let get = || pb::GetCustomerBillingRequest {
        customer_id: CUSTOMER.to_owned(),
    };
    let read = async || {
        world
            .billing
            .get_customer_billing(world.call(get()))
            .await
            .unwrap()
            .into_inner()
            .customer_billing
            .unwrap()
    };
    let billing = read().await;
    assert!(billing.customer_override.is_none());
    assert_eq!(billing.profile.unwrap().id, old.id);
    let delete = || pb::DeleteOverrideRequest {
        customer_id: CUSTOMER.to_owned(),
        ..Default::default()
    };
    assert_eq!(
        refusal(world.billing.delete_override(world.call(delete())).await).1,
        ["customer_override_not_found"]
    );
    let pin = pb::PutOverrideRequest {
        customer_id: CUSTOMER.to_owned(),
        billing_profile_id: other.id.clone(),
        ..Default::default()
    };
    world.billing.put_override(world.call(pin)).await.unwrap();
    assert_eq!(read().await.profile.unwrap().id, other.id);
    let referenced = pb::DeleteProfileRequest {
        profile_id: other.id.clone(),
        ..Default::default()
    };
    assert_eq!(
        refusal(world.billing.delete_profile(world.call(referenced)).await).1,
        ["profile_referenced"]
    );
    let list = |profiles: &[&str], all: bool| pb::ListCustomerBillingsRequest {
        billing_profile_ids: profiles.iter().map(|id| (*id).to_owned()).collect(),
        include_all_customers: all,
        page: 1,
        ..Default::default()
    };
    for (profiles, all, expected) in [
        (vec![], false, 1),
        (vec![other.id.as_str()], false, 1),
        (vec![old.id.as_str()], true, 0),
        (vec![], true, 1),
    ] {
        let answer = world
            .billing
            .list_customer_billings(world.call(list(&profiles, all)))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(answer.total_size, expected, "{profiles:?} {all}");
        assert_eq!(
            answer.customer_billings.len(),
            usize::try_from(expected).unwrap()
        );
    }
    world
        .billing
        .delete_override(world.call(delete()))
        .await
        .unwrap();
    assert_eq!(
        refusal(world.billing.delete_override(world.call(delete())).await).1,
        ["customer_override_deleted"]
    );
    assert_eq!(read().await.profile.unwrap().id, old.id);
}

#[tokio::test]
async fn apps_are_kept_while_in_use() {
    let world = World::new("2024-01-01").await;
    let used = app(&default(&world).await);
    let uninstall = |id: &str| pb::UninstallAppRequest {
        app_id: id.to_owned(),
        ..Default::default()
    };
    assert_eq!(
        refusal(
            world
                .billing
                .uninstall_app(world.call(uninstall(&used)))
                .await
        )
        .0,
        "APP_IN_USE"
    );
    let install = pb::InstallAppRequest {
        r#type: pb::app::Type::CustomInvoicing.into(),
        ..Default::default()
    };
    let custom = world
        .billing
        .install_app(world.call(install))
        .await
        .unwrap()
        .into_inner()
        .app
        .unwrap();
    assert_eq!(custom.name, "Custom Invoicing");
    let list = pb::ListAppsRequest {
        page: 1,
        ..Default::default()
    };
    assert_eq!(
        world
            .billing
            .list_apps(world.call(list))
            .await
            .unwrap()
            .into_inner()
            .total_size,
        2
    );
    world
        .billing
        .uninstall_app(world.call(uninstall(&custom.id)))
        .await
        .unwrap();
    assert_eq!(
        refusal(
            world
                .billing
                .uninstall_app(world.call(uninstall(&custom.id)))
                .await
        )
        .0,
        "APP_NOT_FOUND"
    );
}

#[tokio::test]
async fn lists_of_customers_follow_who_is_pinned_where() {
    let world = World::new("2024-01-01").await;
    let first = default(&world).await;
    let second = create(&world, "other", false, &app(&first)).await.unwrap();
    let [a, b, c] = ["01", "02", "03"].map(|end| format!("01ARZ3NDEKTSV4RRFFQ69G00{end}"));
    for (customer, profile) in [(&a, ""), (&b, second.id.as_str()), (&c, first.id.as_str())] {
        world
            .neighbors
            .lock()
            .unwrap()
            .others
            .push(customer.clone());
        let put = pb::PutOverrideRequest {
            customer_id: customer.clone(),
            billing_profile_id: profile.to_owned(),
            ..Default::default()
        };
        world.billing.put_override(world.call(put)).await.unwrap();
    }
    let delete = pb::DeleteOverrideRequest {
        customer_id: a.clone(),
        ..Default::default()
    };
    world
        .billing
        .delete_override(world.call(delete))
        .await
        .unwrap();
    let (a, b, c) = (a.as_str(), b.as_str(), c.as_str());
    for (profiles, all, without, expected) in [
        (vec![], true, false, vec![a, b, c]),
        (vec![], false, false, vec![b, c]),
        (vec![first.id.clone()], false, false, vec![c]),
        (vec![first.id.clone()], true, false, vec![a, c]),
        (vec![second.id.clone()], true, false, vec![b]),
        (vec![], true, true, vec![a]),
    ] {
        let list = pb::ListCustomerBillingsRequest {
            billing_profile_ids: profiles.clone(),
            include_all_customers: all,
            customers_without_pinned_profile: without,
            page: 1,
            ..Default::default()
        };
        let answer = world
            .billing
            .list_customer_billings(world.call(list))
            .await
            .unwrap()
            .into_inner();
        let mut found: Vec<String> = answer
            .customer_billings
            .into_iter()
            .map(|billing| billing.customer_id)
            .collect();
        found.sort();
        assert_eq!(found, expected, "{profiles:?} {all} {without}");
    }
    let both = pb::ListCustomerBillingsRequest {
        billing_profile_ids: vec![first.id],
        customers_without_pinned_profile: true,
        page: 1,
        ..Default::default()
    };
    let refused = world.billing.list_customer_billings(world.call(both)).await;
    assert_eq!(refusal(refused).0, "INVALID_FIELD");
}

#[tokio::test]
async fn a_default_of_another_kind_leaves_subscribers_where_they_are() {
    let world = World::new("2024-01-01").await;
    let old = default(&world).await;
    super::subscriptions::apply(&world, super::subscriptions::plain(1, None)).await;
    let install = pb::InstallAppRequest {
        r#type: pb::app::Type::CustomInvoicing.into(),
        ..Default::default()
    };
    let custom = world
        .billing
        .install_app(world.call(install))
        .await
        .unwrap()
        .into_inner()
        .app
        .unwrap();
    // One of the same kind moves nobody.
    let same = create(&world, "same", true, &app(&old)).await.unwrap();
    let profile_of = async || {
        let get = pb::GetCustomerBillingRequest {
            customer_id: CUSTOMER.to_owned(),
        };
        let found = world
            .billing
            .get_customer_billing(world.call(get))
            .await
            .unwrap()
            .into_inner()
            .customer_billing
            .unwrap();
        let pinned = found.customer_override.map(|own| own.billing_profile_id);
        (found.profile.unwrap().id, pinned)
    };
    assert_eq!(profile_of().await, (same.id.clone(), None));
    create(&world, "custom", true, &custom.id).await.unwrap();
    assert_eq!(profile_of().await, (same.id.clone(), Some(same.id)));
}
