//! Grants through the service: defaults, voids, lists.

use contract::entitlement::v1::{self as pb, grant_service_server::GrantService as _};

use super::*;

async fn void(world: &World, now: &str, id: &str, time: Option<&str>) -> Result<pb::Grant, Status> {
    let message = pb::VoidGrantRequest {
        id: id.to_owned(),
        void_time: time.map(|text| wire(text).unwrap()),
        request_id: String::new(),
    };
    let answer = world.server.void_grant(world.at(now, message)).await?;
    Ok(answer.into_inner().grant.unwrap())
}

async fn list(world: &World, message: pb::ListGrantsRequest) -> pb::ListGrantsResponse {
    inside(world.server.list_grants(world.at(NOW, message)).await)
}

#[tokio::test]
async fn rollover_defaults_are_those_of_the_caller() {
    let later = "2024-03-15T10:22:30Z";
    for (max, balance) in [(number(0), "0"), (None, "100")] {
        let world = World::new().await;
        world
            .create(NOW, metered(pb::NewMeteredEntitlement::default()))
            .await
            .unwrap();
        let grant = pb::NewGrant {
            max_rollover_amount: max,
            expiration: Some(pb::GrantExpiration {
                unit: pb::grant_expiration::Unit::Year.into(),
                count: 1,
            }),
            ..new_grant(100, NOW)
        };
        world.grant(NOW, feature("tokens"), grant).await.unwrap();
        let reset = pb::ResetEntitlementUsageRequest {
            entitlement: Some(feature("tokens")),
            ..pb::ResetEntitlementUsageRequest::default()
        };
        world.reset(later, reset).await.unwrap();
        assert_eq!(world.tokens(later).await.1, balance);
    }
}

#[tokio::test]
async fn the_output_of_a_grant_is_complete() {
    let world = World::new().await;
    let made = world
        .create(NOW, metered(pb::NewMeteredEntitlement::default()))
        .await
        .unwrap();
    let asked = pb::NewGrant {
        recurrence: Some(pb::GrantRecurrence {
            interval: "P1D".to_owned(),
            anchor_time: None,
        }),
        annotations: [("ticket".to_owned(), "\"T-1\"".to_owned())].into(),
        ..new_grant(100, NOW)
    };
    let grant = world.grant(NOW, feature("tokens"), asked).await.unwrap();
    assert_eq!(
        (grant.entitlement_id.as_str(), grant.priority),
        (made.id.as_str(), 0)
    );
    assert_eq!(grant.effective_time, wire("2024-03-15T10:20Z"));
    assert_eq!(
        grant.recurrence.unwrap().anchor_time,
        wire("2024-03-15T10:20Z")
    );
    assert_eq!(grant.next_recurrence_time, wire("2024-03-16T10:20Z"));
    assert_eq!(digits(grant.max_rollover_amount.as_ref()), "100");
    assert_eq!((grant.expire_time, grant.void_time), (None, None));
    assert_eq!(
        (grant.customer_id.as_str(), grant.feature_key.as_str()),
        (CUSTOMER, "tokens")
    );
    assert_eq!(grant.annotations["ticket"], "\"T-1\"");
}

#[tokio::test]
async fn wrong_grants_are_refused() {
    let world = World::new().await;
    world
        .create(NOW, metered(pb::NewMeteredEntitlement::default()))
        .await
        .unwrap();
    world.create(NOW, boolean("sso")).await.unwrap();
    let refuse = async |entitlement: &str, grant: pb::NewGrant| {
        reason(world.grant(NOW, feature(entitlement), grant).await)
    };
    assert_eq!(
        refuse("tokens", new_grant(0, NOW)).await,
        "GRANT_AMOUNT_NOT_POSITIVE"
    );
    assert_eq!(
        refuse("tokens", new_grant(-5, NOW)).await,
        "GRANT_AMOUNT_NOT_POSITIVE"
    );
    let early = new_grant(5, "2024-03-15T10:19:59Z");
    assert_eq!(refuse("tokens", early).await, "GRANT_BEFORE_USAGE_PERIOD");
    let loud = pb::NewGrant {
        priority: 256,
        ..new_grant(5, NOW)
    };
    assert_eq!(refuse("tokens", loud).await, "INVALID_ARGUMENT");
    let hasty = pb::NewGrant {
        recurrence: Some(pb::GrantRecurrence {
            interval: "PT1M".to_owned(),
            anchor_time: None,
        }),
        ..new_grant(5, NOW)
    };
    assert_eq!(refuse("tokens", hasty).await, "INVALID_ARGUMENT");
    assert_eq!(
        refuse("sso", new_grant(5, NOW)).await,
        "ENTITLEMENT_NOT_METERED"
    );
    assert_eq!(
        refuse("nothing", new_grant(5, NOW)).await,
        "ENTITLEMENT_NOT_FOUND"
    );
}

#[tokio::test]
async fn the_example_of_a_void_holds() {
    let world = World::new().await;
    let start = "2024-06-28T13:00Z";
    let part = pb::NewMeteredEntitlement { ..issue(500) };
    world.create(start, metered(part)).await.unwrap();
    let week = pb::NewGrant {
        priority: 1,
        expiration: Some(pb::GrantExpiration {
            unit: pb::grant_expiration::Unit::Week.into(),
            count: 1,
        }),
        ..new_grant(10_000, start)
    };
    let grant = world.grant(start, feature("tokens"), week).await.unwrap();
    world.used("2024-06-28T13:09Z", 10);
    let now = "2024-06-28T14:54:04Z";
    assert_eq!(
        reason(void(&world, now, &grant.id, Some("2024-06-28T14:55Z")).await),
        "VOID_IN_FUTURE"
    );
    let early = void(&world, now, &grant.id, Some("2024-06-28T12:59Z")).await;
    assert_eq!(reason(early), "VOID_BEFORE_USAGE_PERIOD");
    let voided = void(&world, now, &grant.id, None).await.unwrap();
    assert_eq!(voided.void_time, wire("2024-06-28T14:54Z"));
    assert_eq!(
        reason(void(&world, now, &grant.id, None).await),
        "GRANT_ALREADY_VOIDED"
    );
    assert_eq!(
        reason(void(&world, now, CUSTOMER, None).await),
        "GRANT_NOT_FOUND"
    );
    world.used("2024-06-28T15:09Z", 12);
    assert_eq!(world.tokens("2024-06-28T16:38Z").await.1, "488");
}

#[tokio::test]
async fn lists_filter_sort_and_page() {
    let world = World::new().await;
    let made = world.create(NOW, metered(issue(50))).await.unwrap();
    for (amount, effective) in [
        (3, "2024-03-18T00:00Z"),
        (2, "2024-03-17T00:00Z"),
        (1, "2024-03-16T00:00Z"),
    ] {
        world
            .grant(NOW, feature("tokens"), new_grant(amount, effective))
            .await
            .unwrap();
    }
    let all = list(&world, pb::ListGrantsRequest::default()).await;
    let amounts = |answer: &pb::ListGrantsResponse| -> Vec<String> {
        let grants = answer.grants.iter();
        grants
            .map(|grant| digits(grant.amount.as_ref()).to_owned())
            .collect()
    };
    assert_eq!(amounts(&all), ["50", "1", "2", "3"]);
    assert_eq!(all.grants[0].annotations["issueAfterReset"], "true");
    let numbered = pb::ListGrantsRequest {
        page: 2,
        page_size: 3,
        ..pb::ListGrantsRequest::default()
    };
    let second = list(&world, numbered).await;
    assert_eq!(
        (amounts(&second), second.total_size),
        (vec!["3".to_owned()], 4)
    );
    let mut tokened = pb::ListGrantsRequest {
        page_size: 3,
        descending: true,
        entitlement: Some(by_id(&made.id)),
        order_by: pb::list_grants_request::OrderBy::CreateTime.into(),
        ..pb::ListGrantsRequest::default()
    };
    let first = list(&world, tokened.clone()).await;
    assert_eq!(amounts(&first), ["1", "2", "3"]);
    tokened.page_token = first.next_page_token;
    let rest = list(&world, tokened).await;
    assert_eq!(
        (amounts(&rest), rest.next_page_token.as_str()),
        (vec!["50".to_owned()], "")
    );
    let of = |customer: &str, feature: &str| pb::ListGrantsRequest {
        customers: vec![customer_ref(customer)],
        features: vec![feature.to_owned()],
        ..pb::ListGrantsRequest::default()
    };
    assert_eq!(list(&world, of("acme", "tokens")).await.grants.len(), 4);
    assert_eq!(
        list(&world, of("acme", &made.feature_id))
            .await
            .grants
            .len(),
        4
    );
    assert_eq!(list(&world, of("acme", "sso")).await.grants.len(), 0);
    assert_eq!(list(&world, of("globex", "tokens")).await.grants.len(), 0);
    let stranger = world
        .server
        .list_grants(world.at(NOW, of("nobody", "tokens")))
        .await;
    assert_eq!(reason(stranger), "CUSTOMER_NOT_FOUND");
    world.delete(NOW, &made.id).await.unwrap();
    assert!(
        list(&world, pb::ListGrantsRequest::default())
            .await
            .grants
            .is_empty()
    );
    let deleted = pb::ListGrantsRequest {
        include_deleted: true,
        ..pb::ListGrantsRequest::default()
    };
    let deleted = list(&world, deleted).await;
    assert_eq!(deleted.grants.len(), 4);
    assert_eq!(deleted.grants[0].delete_time, wire(NOW));
}
