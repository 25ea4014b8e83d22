//! What a refusal names as wrong is a field of the request.

use contract::entitlement::v1::access_service_server::AccessService as _;

use super::*;

/// The first field that a refusal names.
fn wrong<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> String {
    let refused = answer.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{refused:?}");
    let details = chassis::error::details(&refused);
    details.violations[0].field.clone()
}

#[tokio::test]
async fn what_is_made_and_what_replaces_are_told_apart() {
    let world = World::new().await;
    world.create(NOW, boolean("sso")).await.unwrap();
    let low = |amount, priority| {
        metered(pb::NewMeteredEntitlement {
            issue: Some(pb::Issue {
                amount: number(amount),
                priority,
            }),
            ..pb::NewMeteredEntitlement::default()
        })
    };
    let kindless = pb::NewEntitlement {
        kind: None,
        ..boolean("tokens")
    };
    let nameless = pb::NewEntitlement {
        customer: Some(customer_ref("")),
        ..boolean("sso")
    };
    for (path, bad) in [
        ("metered.issue.amount", low(-1, None)),
        ("metered.issue.priority", low(1, Some(0))),
        ("kind", kindless),
        ("customer", nameless),
    ] {
        let create = pb::CreateEntitlementRequest {
            entitlement: Some(bad.clone()),
            request_id: String::new(),
        };
        let refused = world.server.create_entitlement(world.at(NOW, create)).await;
        assert_eq!(wrong(refused), format!("entitlement.{path}"));
        let replace = pb::OverrideEntitlementRequest {
            entitlement: Some(feature("sso")),
            replacement: Some(bad),
            request_id: String::new(),
        };
        let refused = world
            .server
            .override_entitlement(world.at(NOW, replace))
            .await;
        assert_eq!(wrong(refused), format!("replacement.{path}"));
    }
    let which = pb::OverrideEntitlementRequest {
        entitlement: None,
        replacement: Some(boolean("sso")),
        request_id: String::new(),
    };
    let refused = world
        .server
        .override_entitlement(world.at(NOW, which))
        .await;
    assert_eq!(wrong(refused), "entitlement");
}

#[tokio::test]
async fn a_customer_without_name_is_refused_in_the_field_that_holds_it() {
    let world = World::new().await;
    for nobody in [
        None,
        Some(customer_ref("")),
        Some(customer::CustomerRef::default()),
    ] {
        let grant = pb::GrantPromotionalAccessRequest {
            customer: nobody.clone(),
            feature_key: "sso".to_owned(),
            ..Default::default()
        };
        let refused = world
            .server
            .grant_promotional_access(world.at(NOW, grant))
            .await;
        assert_eq!(wrong(refused), "customer");
        let access = pb::GetCustomerAccessRequest { customer: nobody };
        let refused = world
            .server
            .get_customer_access(world.at(NOW, access))
            .await;
        assert_eq!(wrong(refused), "customer");
    }
    let list = pb::ListEntitlementsRequest {
        customers: vec![customer_ref("acme"), customer_ref("")],
        ..Default::default()
    };
    let refused = world.server.list_entitlements(world.at(NOW, list)).await;
    assert_eq!(wrong(refused), "customers[1]");
}
