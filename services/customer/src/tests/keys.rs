//! API keys: made, used, revoked; the bootstrap key.

use contract::customer::v1::{self as pb, KeyKind};
use tonic::Code::{InvalidArgument, PermissionDenied, Unauthenticated};

use super::{BOOTSTRAP, World, ok, refusal, with_key};

fn new(kind: KeyKind, permissions: &[&str], request_id: &str) -> pb::CreateKeyRequest {
    pb::CreateKeyRequest {
        key: Some(pb::ApiKey {
            display_name: "test".into(),
            kind: kind.into(),
            permissions: permissions.iter().map(|p| (*p).to_owned()).collect(),
            ..Default::default()
        }),
        request_id: request_id.into(),
    }
}

async fn list_customers(world: &World, key: &str) -> Result<(), tonic::Status> {
    let request = with_key(key, pb::ListCustomersRequest::default());
    world.customers().list_customers(request).await.map(drop)
}

#[tokio::test]
async fn a_key_opens_what_it_lists_until_it_is_revoked() {
    let world = World::start().await;
    let request = world.request(new(
        KeyKind::Secret,
        &["customer_information:customers:read"],
        "",
    ));
    let made = ok(world.keys().create_key(request).await);
    assert!(made.secret.starts_with("sk_"));
    let key = made.key.expect("a key");
    assert!(made.secret.starts_with(&key.public_prefix));
    list_customers(&world, &made.secret)
        .await
        .expect("permitted");
    let write = with_key(&made.secret, pb::CreateCustomerRequest::default());
    let refused = world.customers().create_customer(write).await;
    assert_eq!(refusal(refused).0, PermissionDenied);
    let tampered = format!("{}0", &made.secret[..made.secret.len() - 1]);
    if tampered != made.secret {
        assert_eq!(
            refusal(list_customers(&world, &tampered).await).0,
            Unauthenticated
        );
    }
    let revoke = || {
        world.request(pb::RevokeKeyRequest {
            id: key.id.clone(),
            request_id: String::new(),
        })
    };
    let revoked = ok(world.keys().revoke_key(revoke()).await)
        .key
        .expect("a key");
    assert!(revoked.revoke_time.is_some());
    let again = ok(world.keys().revoke_key(revoke()).await)
        .key
        .expect("a key");
    assert_eq!(again.revoke_time, revoked.revoke_time);
    let listed = ok(world
        .keys()
        .list_keys(world.request(pb::ListKeysRequest::default()))
        .await);
    assert_eq!(listed.keys.len(), 2, "with the bootstrap key");
    world.stop().await;
}

#[tokio::test]
async fn a_revoked_or_unknown_key_authenticates_nobody() {
    let mut world = World::start().await;
    let made = ok(world
        .keys()
        .create_key(world.request(new(KeyKind::Secret, &[], "")))
        .await);
    let revoke = world.request(pb::RevokeKeyRequest {
        id: made.key.expect("a key").id,
        request_id: String::new(),
    });
    ok(world.keys().revoke_key(revoke).await);
    world.restart().await;
    assert_eq!(
        refusal(list_customers(&world, &made.secret).await).0,
        Unauthenticated
    );
    assert_eq!(
        refusal(list_customers(&world, "anything").await).0,
        Unauthenticated
    );
    list_customers(&world, BOOTSTRAP)
        .await
        .expect("still good after a restart");
    world.stop().await;
}

#[tokio::test]
async fn a_replayed_creation_does_not_show_the_key_again() {
    let world = World::start().await;
    let send = async || {
        let request = world.request(new(KeyKind::Secret, &[], "once"));
        ok(world.keys().create_key(request).await)
    };
    let (first, second) = (send().await, send().await);
    assert_eq!(first.key, second.key);
    assert!(!first.secret.is_empty());
    assert!(second.secret.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn keys_hand_on_no_more_than_they_have() {
    let world = World::start().await;
    let request = world.request(new(
        KeyKind::Secret,
        &["project:keys:read_write", "catalog:plans:read"],
        "",
    ));
    let limited = ok(world.keys().create_key(request).await).secret;
    let send = async |kind, permissions: &[&str]| {
        let request = with_key(&limited, new(kind, permissions, ""));
        world.keys().create_key(request).await
    };
    ok(send(KeyKind::Secret, &["catalog:plans:read"]).await);
    let more = send(KeyKind::Secret, &["catalog:plans:read_write"]).await;
    assert_eq!(
        refusal(more),
        (PermissionDenied, "PERMISSION_NOT_HELD".into())
    );
    let all = send(KeyKind::Probe, &[]).await;
    assert_eq!(
        refusal(all),
        (PermissionDenied, "PERMISSION_NOT_HELD".into())
    );
    let unknown = send(KeyKind::Secret, &["nonsense:read"]).await;
    assert_eq!(
        refusal(unknown),
        (InvalidArgument, "INVALID_ARGUMENT".into())
    );
    world.stop().await;
}

#[tokio::test]
async fn other_kinds_do_not_open_grpc() {
    let world = World::start().await;
    for kind in [
        KeyKind::ProfitwellPrivate,
        KeyKind::ProfitwellPublic,
        KeyKind::Probe,
    ] {
        let made = ok(world
            .keys()
            .create_key(world.request(new(kind, &[], "")))
            .await);
        assert_eq!(
            refusal(list_customers(&world, &made.secret).await).0,
            Unauthenticated
        );
    }
    world.stop().await;
}
