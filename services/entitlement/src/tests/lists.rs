//! Lists of entitlements.

use contract::entitlement::v1::{
    self as pb, entitlement_service_server::EntitlementService as _,
    list_entitlements_request::Kind,
};

use super::*;

async fn list(world: &World, message: pb::ListEntitlementsRequest) -> pb::ListEntitlementsResponse {
    inside(world.server.list_entitlements(world.at(NOW, message)).await)
}

fn keys(answer: &pb::ListEntitlementsResponse) -> Vec<&str> {
    answer
        .entitlements
        .iter()
        .map(|entitlement| entitlement.feature_key.as_str())
        .collect()
}

#[tokio::test]
async fn filters_narrow_and_pages_follow_one_another() {
    let world = World::new().await;
    for key in ["a", "b", "c"] {
        world.feature(key, None);
        world
            .create("2024-03-01T00:00Z", boolean(key))
            .await
            .unwrap();
    }
    world.create(NOW, metered(issue(5))).await.unwrap();
    let other = pb::NewEntitlement {
        customer: Some(customer_ref("globex")),
        ..boolean("sso")
    };
    world.create(NOW, other).await.unwrap();
    let everything = pb::ListEntitlementsRequest::default;
    assert_eq!(
        keys(&list(&world, everything()).await),
        ["a", "b", "c", "tokens", "sso"]
    );
    let mut page = pb::ListEntitlementsRequest {
        page_size: 2,
        ..everything()
    };
    let mut seen = Vec::new();
    loop {
        let answer = list(&world, page.clone()).await;
        seen.extend(keys(&answer).into_iter().map(str::to_owned));
        if answer.next_page_token.is_empty() {
            break;
        }
        page.page_token = answer.next_page_token;
    }
    assert_eq!(seen, ["a", "b", "c", "tokens", "sso"]);
    let stolen = pb::ListEntitlementsRequest {
        descending: true,
        ..page
    };
    let refused = world.server.list_entitlements(world.at(NOW, stolen)).await;
    assert!(refused.is_err());
    let numbered = pb::ListEntitlementsRequest {
        page: 3,
        page_size: 2,
        ..everything()
    };
    let third = list(&world, numbered).await;
    assert_eq!((keys(&third), third.total_size), (vec!["sso"], 5));
    let beyond = pb::ListEntitlementsRequest {
        page: 9,
        page_size: 2,
        ..everything()
    };
    let beyond = list(&world, beyond).await;
    assert_eq!((beyond.entitlements.len(), beyond.total_size), (0, 5));
    let metered_only = pb::ListEntitlementsRequest {
        kinds: vec![Kind::Metered.into()],
        ..everything()
    };
    assert_eq!(keys(&list(&world, metered_only).await), ["tokens"]);
    let of_globex = pb::ListEntitlementsRequest {
        customers: vec![customer_ref("globex")],
        ..everything()
    };
    assert_eq!(keys(&list(&world, of_globex).await), ["sso"]);
    let of_ids = pb::ListEntitlementsRequest {
        customer_ids: vec![OTHER.to_owned(), "x".to_owned()],
        ..everything()
    };
    assert_eq!(keys(&list(&world, of_ids).await), ["sso"]);
    let of_features = pb::ListEntitlementsRequest {
        features: vec!["a".into(), "sso".into()],
        ..everything()
    };
    assert_eq!(keys(&list(&world, of_features).await), ["a", "sso"]);
    let odd = pb::ListEntitlementsRequest {
        kinds: vec![17],
        ..everything()
    };
    let refused = world.server.list_entitlements(world.at(NOW, odd)).await;
    assert_eq!(reason(refused), "INVALID_ARGUMENT");
}

#[tokio::test]
async fn a_filter_takes_a_thousand_values_and_asks_for_its_customers_at_once() {
    let world = World::new().await;
    world.create(NOW, metered(issue(5))).await.unwrap();
    let other = pb::NewEntitlement {
        customer: Some(customer_ref("globex")),
        ..boolean("sso")
    };
    world.create(NOW, other).await.unwrap();
    let asked = |method| world.calls(method);
    let before = ["GetCustomer", "ResolveSubjects", "BatchGetCustomers"].map(asked);
    let many = pb::ListEntitlementsRequest {
        customers: ["globex", CUSTOMER]
            .repeat(500)
            .into_iter()
            .map(customer_ref)
            .collect(),
        features: vec!["sso".to_owned(); 1_000],
        ..pb::ListEntitlementsRequest::default()
    };
    assert_eq!(keys(&list(&world, many.clone()).await), ["sso"]);
    let after = ["GetCustomer", "ResolveSubjects", "BatchGetCustomers"].map(asked);
    assert_eq!(after, [before[0], before[1] + 1, before[2] + 1]);
    let mut customers = many.clone();
    customers.customers.push(customer_ref("globex"));
    let mut features = many.clone();
    features.features.push("sso".to_owned());
    let mut ids = many;
    ids.customer_ids = vec![OTHER.to_owned(); 1_001];
    for too_many in [customers, features, ids] {
        let refused = world
            .server
            .list_entitlements(world.at(NOW, too_many))
            .await;
        let status = refused.unwrap_err();
        assert!(
            status.message().contains("must be at most 1000"),
            "{status}"
        );
    }
}

#[tokio::test]
async fn ended_ones_are_listed_unless_active_ones_are_asked_and_deleted_ones_only_when_asked() {
    let world = World::new().await;
    let old = world
        .create("2024-03-01T00:00Z", boolean("sso"))
        .await
        .unwrap();
    let message = pb::OverrideEntitlementRequest {
        entitlement: Some(feature("sso")),
        replacement: Some(boolean("sso")),
        request_id: String::new(),
    };
    let new = inside(
        world
            .server
            .override_entitlement(world.at("2024-03-02T00:00Z", message))
            .await,
    );
    let new = new.entitlement.unwrap();
    let ids = |answer: &pb::ListEntitlementsResponse| -> Vec<String> {
        answer
            .entitlements
            .iter()
            .map(|found| found.id.clone())
            .collect()
    };
    let all = list(&world, pb::ListEntitlementsRequest::default()).await;
    assert_eq!(ids(&all), [old.id.clone(), new.id.clone()]);
    let active = pb::ListEntitlementsRequest {
        active_only: true,
        ..pb::ListEntitlementsRequest::default()
    };
    assert_eq!(
        ids(&list(&world, active).await),
        std::slice::from_ref(&new.id)
    );
    world.delete("2024-03-03T00:00Z", &new.id).await.unwrap();
    let all = list(&world, pb::ListEntitlementsRequest::default()).await;
    assert_eq!(ids(&all), std::slice::from_ref(&old.id));
    let deleted = pb::ListEntitlementsRequest {
        include_deleted: true,
        ..pb::ListEntitlementsRequest::default()
    };
    assert_eq!(ids(&list(&world, deleted).await), [old.id, new.id]);
}
