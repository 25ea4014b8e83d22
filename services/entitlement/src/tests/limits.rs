//! Numbers that are too large are refused where they come in, and leave nothing behind.

use super::*;

const MOST: i64 = 999_999_999_999_999_999;

async fn grants(world: &World) -> usize {
    let message = pb::ListGrantsRequest::default();
    inside(world.server.list_grants(world.at(NOW, message)).await)
        .grants
        .len()
}

#[tokio::test]
async fn grants_that_no_answer_could_carry_together_are_refused() {
    let world = World::new().await;
    world
        .create(NOW, metered(pb::NewMeteredEntitlement::default()))
        .await
        .unwrap();
    let grant = async |new: pb::NewGrant| world.grant(NOW, feature("tokens"), new).await;
    let expiring = pb::NewGrant {
        expiration: Some(pb::GrantExpiration {
            unit: pb::grant_expiration::Unit::Day.into(),
            count: 1,
        }),
        ..new_grant(MOST, NOW)
    };
    grant(expiring).await.unwrap();
    let refused = grant(new_grant(1, NOW)).await;
    let details = chassis::error::details(refused.as_ref().unwrap_err());
    assert_eq!(details.reason, "GRANTS_TOO_LARGE");
    assert_eq!(details.violations[0].field, "grant.amount");
    assert_eq!(refused.unwrap_err().code(), tonic::Code::InvalidArgument);
    assert_eq!(grants(&world).await, 1);
    // After the first one has expired there is room.
    grant(new_grant(MOST, "2024-03-16T10:20:00Z"))
        .await
        .unwrap();
    let lifted = pb::NewGrant {
        min_rollover_amount: number(1),
        max_rollover_amount: number(MOST),
        ..new_grant(1, "2024-03-17T00:00:00Z")
    };
    assert_eq!(reason(grant(lifted).await), "GRANTS_TOO_LARGE");
    assert_eq!(world.tokens(NOW).await.1, MOST.to_string());
}

#[tokio::test]
async fn grants_of_a_creation_are_bounded_together() {
    let world = World::new().await;
    let new = metered(pb::NewMeteredEntitlement {
        grants: vec![new_grant(MOST, NOW), new_grant(1, NOW)],
        ..pb::NewMeteredEntitlement::default()
    });
    assert_eq!(reason(world.create(NOW, new).await), "GRANTS_TOO_LARGE");
    assert_eq!(grants(&world).await, 0);
    let value = world.value(NOW, feature("tokens")).await;
    assert_eq!(reason(value), "ENTITLEMENT_NOT_FOUND");
}
