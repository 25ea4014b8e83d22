//! Documented limits, counted by key on the project's clock.

use chassis::error::details;
use contract::customer::v1::{
    self as pb, principal_service_client::PrincipalServiceClient, rate_charge::Window,
};
use tonic::{
    Code::{PermissionDenied, ResourceExhausted, Unauthenticated},
    Status,
};

use super::{BOOTSTRAP, World, field, refusal};

fn charge(bucket: &str, limit: i32, seconds: i64, window: Window) -> pb::RateCharge {
    pb::RateCharge {
        bucket: bucket.into(),
        limit,
        span: Some(prost_types::Duration { seconds, nanos: 0 }),
        window: window.into(),
    }
}

async fn admit(world: &World, charges: Vec<pb::RateCharge>) -> Result<Vec<i32>, Status> {
    let request = world.internal(pb::AdmitCallRequest {
        key: BOOTSTRAP.into(),
        charges,
        ..Default::default()
    });
    let mut client = PrincipalServiceClient::new(world.link.clone());
    let answer = client.admit_call(request).await?.into_inner();
    assert!(answer.principal.is_some());
    Ok(answer
        .usages
        .into_iter()
        .map(|usage| usage.used_count)
        .collect())
}

fn wait(answer: Result<Vec<i32>, Status>) -> (String, String) {
    let status = answer.expect_err("limited");
    assert_eq!(status.code(), ResourceExhausted, "{status:?}");
    let facts = details(&status);
    assert_eq!(facts.reason, "RATE_LIMITED");
    (
        facts.metadata["bucket"].clone(),
        facts.metadata["retry_after_ms"].clone(),
    )
}

#[tokio::test]
async fn a_fixed_window_ends_with_the_minute() {
    let world = World::start().await;
    world.freeze("2026-01-01T00:00:50Z").await;
    let minute = || vec![charge("customers", 2, 60, Window::Fixed)];
    assert_eq!(admit(&world, minute()).await.expect("first"), [1]);
    assert_eq!(admit(&world, minute()).await.expect("second"), [2]);
    assert_eq!(
        wait(admit(&world, minute()).await),
        ("customers".into(), "10000".into())
    );
    world.freeze("2026-01-01T00:01:00Z").await;
    assert_eq!(admit(&world, minute()).await.expect("a new minute"), [1]);
    world.stop().await;
}

#[tokio::test]
async fn all_buckets_are_charged_or_none() {
    let world = World::start().await;
    world.freeze("2026-01-01T00:00:00Z").await;
    let both = || {
        vec![
            charge("base", 25, 5, Window::Sliding),
            charge("traits", 1, 60, Window::Sliding),
        ]
    };
    let base = || vec![charge("base", 25, 5, Window::Sliding)];
    assert_eq!(admit(&world, both()).await.expect("first"), [1, 1]);
    assert_eq!(
        wait(admit(&world, both()).await),
        ("traits".into(), "60000".into())
    );
    assert_eq!(
        admit(&world, base()).await.expect("second"),
        [2],
        "the refused one is not counted"
    );
    world.freeze("2026-01-01T00:00:05Z").await;
    assert_eq!(admit(&world, base()).await.expect("alone again"), [1]);
    world.stop().await;
}

#[tokio::test]
async fn many_calls_at_once_are_counted_one_by_one() {
    let world = World::start().await;
    world.freeze("2026-01-01T00:00:00Z").await;
    let calls = (0..20).map(|_| admit(&world, vec![charge("base", 7, 5, Window::Sliding)]));
    let answers = futures::future::join_all(calls).await;
    let mut used: Vec<i32> = answers
        .into_iter()
        .filter_map(Result::ok)
        .flatten()
        .collect();
    used.sort_unstable();
    assert_eq!(used, [1, 2, 3, 4, 5, 6, 7]);
    world.stop().await;
}

#[tokio::test]
async fn wrong_keys_and_buckets_are_refused_and_clients_admit_nobody() {
    let world = World::start().await;
    assert_eq!(admit(&world, vec![]).await.expect("no limits"), [0; 0]);
    for (wrong, expected) in [
        (charge("", 1, 1, Window::Fixed), "charges.bucket"),
        (charge("b", 0, 1, Window::Fixed), "charges.limit"),
        (charge("b", 1, 0, Window::Fixed), "charges.span"),
        (charge("b", 1, i64::MAX, Window::Fixed), "charges.span"),
        (charge("b", 1, 1, Window::Unspecified), "charges.window"),
    ] {
        assert_eq!(field(admit(&world, vec![wrong]).await), expected);
    }
    let many = vec![charge("b", 9, 1, Window::Fixed); 5];
    assert_eq!(field(admit(&world, many).await), "charges");
    let mut client = PrincipalServiceClient::new(world.link.clone());
    let unknown = world.internal(pb::AdmitCallRequest {
        key: "sk_unknown".into(),
        ..Default::default()
    });
    assert_eq!(refusal(client.admit_call(unknown).await).0, Unauthenticated);
    let outside = world.request(pb::AdmitCallRequest::default());
    assert_eq!(
        refusal(client.admit_call(outside).await).0,
        PermissionDenied
    );
    world.stop().await;
}
