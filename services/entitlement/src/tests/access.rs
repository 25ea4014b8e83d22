//! Promotional access, what a customer may use and until when, and the erasure of all of it.

use pb::{access_service_server::AccessService as _, grant_promotional_access_request::Span};

use super::*;

async fn promote(
    world: &World,
    now: &str,
    key: &str,
    span: Option<Span>,
) -> Result<pb::PromotionalAccess, Status> {
    let message = pb::GrantPromotionalAccessRequest {
        customer: Some(customer_ref("acme")),
        feature_key: key.to_owned(),
        span,
        request_id: String::new(),
    };
    let answer = world
        .server
        .grant_promotional_access(world.at(now, message))
        .await?;
    Ok(answer.into_inner().access.unwrap())
}

async fn revoke(world: &World, now: &str, key: &str) -> Result<usize, Status> {
    let message = pb::RevokePromotionalAccessRequest {
        customer: Some(customer_ref("acme")),
        feature_key: key.to_owned(),
        request_id: String::new(),
    };
    let answer = world
        .server
        .revoke_promotional_access(world.at(now, message))
        .await?;
    Ok(answer.into_inner().revoked.len())
}

/// (feature, end, has an entitlement, is promotional)
async fn active(world: &World, now: &str) -> Vec<(String, Option<String>, bool, bool)> {
    let message = pb::ListActiveAccessRequest {
        customer_ids: vec![CUSTOMER.to_owned(), OTHER.to_owned()],
    };
    let answer = inside(
        world
            .server
            .list_active_access(world.at(now, message))
            .await,
    );
    let all = answer.access.into_iter();
    let own = all.filter(|access| access.customer_id == CUSTOMER);
    own.map(|access| {
        let end = access
            .end_time
            .map(|end| from_timestamp(&end).unwrap().to_string());
        let by_entitlement = !access.entitlement_id.is_empty();
        (access.feature_key, end, by_entitlement, access.promotional)
    })
    .collect()
}

fn days(count: u32) -> Option<Span> {
    Some(Span::Duration(format!("P{count}D")))
}

#[tokio::test]
async fn promotional_access_lasts_as_long_as_it_was_given_for() {
    let world = World::new().await;
    let first = promote(&world, NOW, "pro", days(7)).await.unwrap();
    assert_eq!(first.end_time, wire("2024-03-22T10:20:30Z"));
    promote(&world, NOW, "pro", days(3)).await.unwrap();
    let end = Some("2024-03-22T10:20:30Z".to_owned());
    assert_eq!(
        active(&world, NOW).await,
        [("pro".to_owned(), end, false, true)]
    );
    let value = world.value("2024-03-20T00:00:00Z", feature("pro")).await;
    assert!(value.unwrap().has_access);
    assert!(active(&world, "2024-03-22T10:20:30Z").await.is_empty());
    let value = world.value("2024-03-22T10:20:30Z", feature("pro")).await;
    assert_eq!(reason(value), "ENTITLEMENT_NOT_FOUND");
}

#[tokio::test]
async fn a_revocation_ends_all_of_it_and_nothing_else() {
    let world = World::new().await;
    promote(&world, NOW, "pro", days(7)).await.unwrap();
    promote(&world, NOW, "pro", None).await.unwrap();
    promote(&world, NOW, "sso", None).await.unwrap();
    let later = "2024-03-16T00:00:00Z";
    assert_eq!(revoke(&world, later, "pro").await.unwrap(), 2);
    let left = active(&world, later).await;
    assert_eq!(left, [("sso".to_owned(), None, false, true)]);
    let again = revoke(&world, later, "pro").await;
    assert_eq!(reason(again), "PROMOTION_NOT_FOUND");
}

#[tokio::test]
async fn it_stands_beside_entitlements_and_hides_no_balance() {
    let world = World::new().await;
    world.create(NOW, metered(issue(5))).await.unwrap();
    world.create(NOW, boolean("sso")).await.unwrap();
    promote(&world, NOW, "tokens", days(7)).await.unwrap();
    promote(&world, NOW, "beta", days(7)).await.unwrap();
    let end = Some("2024-03-22T10:20:30Z".to_owned());
    assert_eq!(
        active(&world, NOW).await,
        [
            ("beta".to_owned(), end.clone(), false, true),
            ("sso".to_owned(), None, true, false),
            ("tokens".to_owned(), None, true, true),
        ]
    );
    world.used("2024-03-15T10:20:10Z", 5);
    // Used up: the entitlement gives nothing, its value says so, and the promotion still does.
    assert_eq!(
        world.tokens(NOW).await,
        (false, "0".into(), "5".into(), "0".into())
    );
    assert_eq!(
        active(&world, NOW).await[2],
        ("tokens".to_owned(), end, false, true)
    );
    let message = pb::GetCustomerAccessRequest {
        customer: Some(customer_ref("acme")),
    };
    let answer = world.server.get_customer_access(world.at(NOW, message));
    let values: Vec<(String, bool)> = inside(answer.await)
        .values
        .into_iter()
        .map(|value| (value.feature_key, value.has_access))
        .collect();
    let expected = [("beta", true), ("sso", true), ("tokens", false)];
    assert_eq!(values, expected.map(|(key, has)| (key.to_owned(), has)));
    let message = pb::BatchGetValuesRequest {
        queries: vec![pb::batch_get_values_request::Query {
            customer_id: CUSTOMER.to_owned(),
            feature_keys: vec!["beta".to_owned(), "gamma".to_owned()],
        }],
        time: None,
        metered_only: false,
        with_entitlements: false,
    };
    let answer = inside(world.server.batch_get_values(world.at(NOW, message)).await);
    let access: Vec<bool> = answer
        .balances
        .iter()
        .map(|balance| balance.value.as_ref().unwrap().has_access)
        .collect();
    assert_eq!(access, [true, false]);
}

#[tokio::test]
async fn wrong_promotions_are_refused_and_leave_nothing() {
    let world = World::new().await;
    for (key, span) in [
        ("", None),
        (&*"x".repeat(257), None),
        ("pro", Some(Span::Duration("P0D".to_owned()))),
        ("pro", Some(Span::Duration("soon".to_owned()))),
        ("pro", wire(NOW).map(Span::EndTime)),
    ] {
        let refused = promote(&world, NOW, key, span).await;
        assert_eq!(reason(refused), "INVALID_ARGUMENT");
    }
    let nobody = pb::GrantPromotionalAccessRequest {
        customer: Some(customer_ref("nobody")),
        feature_key: "pro".to_owned(),
        ..pb::GrantPromotionalAccessRequest::default()
    };
    let refused = world
        .server
        .grant_promotional_access(world.at(NOW, nobody))
        .await;
    assert_eq!(reason(refused), "CUSTOMER_NOT_FOUND");
    for ids in [Vec::new(), vec![CUSTOMER.to_owned(); 101]] {
        let message = pb::ListActiveAccessRequest { customer_ids: ids };
        let refused = world
            .server
            .list_active_access(world.at(NOW, message))
            .await;
        assert_eq!(reason(refused), "INVALID_ARGUMENT");
    }
    assert!(active(&world, NOW).await.is_empty());
}

#[tokio::test]
async fn an_erased_customer_leaves_nothing_that_somebody_wrote() {
    let world = World::new().await;
    let secret = "jane@example.com";
    let labels: std::collections::HashMap<_, _> = [("owner".to_owned(), secret.to_owned())].into();
    let fixed = pb::NewEntitlement {
        kind: Some(pb::new_entitlement::Kind::Static(pb::StaticEntitlement {
            config: format!("\"{secret}\""),
        })),
        metadata: labels.clone().into_iter().collect(),
        ..boolean("sso")
    };
    world.create(NOW, fixed).await.unwrap();
    world.create(NOW, metered(issue(5))).await.unwrap();
    let grant = pb::NewGrant {
        metadata: labels.into_iter().collect(),
        ..new_grant(5, NOW)
    };
    world.grant(NOW, feature("tokens"), grant).await.unwrap();
    promote(&world, NOW, "pro", None).await.unwrap();
    let other = pb::NewEntitlement {
        customer: Some(customer_ref(OTHER)),
        ..metered(issue(7))
    };
    let kept = world.create(NOW, other).await.unwrap();
    assert!(world.tokens(NOW).await.0);

    let erase = async || {
        let message = pb::EraseCustomerRightsRequest {
            customer_id: CUSTOMER.to_owned(),
            request_id: String::new(),
        };
        let answer = world.server.erase_customer_rights(world.at(NOW, message));
        inside(answer.await).entitlement_count
    };
    assert_eq!(erase().await, 2);
    assert_eq!(erase().await, 0);
    let gone = world.value(NOW, feature("tokens")).await;
    assert_eq!(reason(gone), "ENTITLEMENT_NOT_FOUND");
    assert!(active(&world, NOW).await.is_empty());
    assert!(world.value(NOW, by_id(&kept.id)).await.unwrap().has_access);

    let reader = world.server.db.reader();
    let backend = reader.get_database_backend();
    let rows = async |sql: &str| {
        let statement = sea_orm::Statement::from_string(backend, sql.to_owned());
        reader.query_all_raw(statement).await.unwrap()
    };
    for table in ["entitlement", "entitlement_grant", "promotional_access"] {
        let sql = format!("SELECT 1 FROM {table} WHERE customer_id = '{CUSTOMER}'");
        assert!(rows(&sql).await.is_empty(), "{table}");
    }
    let mut bytes: Vec<u8> = Vec::new();
    for row in rows("SELECT payload FROM outbox").await {
        bytes.extend(row.try_get_by_index::<Vec<u8>>(0).unwrap());
    }
    for row in rows("SELECT before, after FROM audit_entry").await {
        for column in 0..2 {
            bytes.extend(
                row.try_get_by_index::<Option<Vec<u8>>>(column)
                    .unwrap()
                    .unwrap_or_default(),
            );
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains(secret));
    assert!(text.contains(&kept.id));
}
