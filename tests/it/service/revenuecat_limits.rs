//! The documented limits of the RevenueCat dialect, on the test clock: per key and domain, in windows of a minute.

use suite::{World, http::Answer};

use super::revenuecat_scene::{Project, key, refused};

fn usage(answer: &Answer) -> (i64, i64) {
    let read = |name: &str| answer.headers[name].to_str().unwrap().parse().unwrap();
    (
        read("revenuecat-rate-limit-current-usage"),
        read("revenuecat-rate-limit-current-limit"),
    )
}

#[tokio::test]
async fn each_domain_counts_the_calls_of_a_key_in_windows_of_a_minute() {
    let world = World::start().await;
    let client = world.client();
    client
        .freeze_clock("2025-06-01T12:00:10.250Z".parse().unwrap())
        .await
        .unwrap();
    let project = Project::of(&world).await;
    let project = project.with_key(&key(&world, &[]).await);
    for count in 1..=5 {
        let answer = project.get("/metrics/overview").await;
        assert_eq!(
            (answer.status, usage(&answer)),
            (200, (count, 5)),
            "{}",
            answer.text
        );
    }
    let refusal = project.get("/metrics/overview").await;
    assert_eq!(refused(&refusal, 429), ("rate_limit_error", None));
    assert_eq!(usage(&refusal), (5, 5));
    // 49.75 seconds of the minute are left.
    assert_eq!(refusal.headers["retry-after"], "50");
    assert_eq!(refusal.json["backoff_ms"], 50_000);
    // Other domains and other keys have counts of their own.
    assert_eq!(usage(&project.get("/apps").await), (1, 60));
    assert_eq!(usage(&project.get("/customers").await), (1, 480));
    assert_eq!(usage(&project.get("/entitlements").await), (2, 60));
    let other = project.with_key(&key(&world, &[]).await);
    assert_eq!(usage(&other.get("/metrics/overview").await), (1, 5));
    // A call that is refused for another reason counts, and does not tell the count.
    let missing = project.get("/customers/nobody").await;
    assert_eq!(refused(&missing, 404).0, "resource_missing");
    assert!(
        !missing
            .headers
            .contains_key("revenuecat-rate-limit-current-usage")
    );
    assert_eq!(usage(&project.get("/customers").await), (3, 480));
    // An unknown path and a wrong method are refused before anything is counted.
    assert_eq!(project.get("/nothing").await.status, 404);
    assert_eq!(project.delete("/customers").await.status, 400);
    assert_eq!(usage(&project.get("/customers").await), (4, 480));
    client.advance_clock("PT49S").await.unwrap();
    let still = project.get("/metrics/overview").await;
    assert_eq!(refused(&still, 429).0, "rate_limit_error");
    assert_eq!(still.headers["retry-after"], "1");
    client.advance_clock("PT1S").await.unwrap();
    assert_eq!(usage(&project.get("/metrics/overview").await), (1, 5));
    world.stop().await;
}

#[tokio::test]
async fn nobody_is_counted_while_limits_are_off() {
    let world = World::with(&[("rate_limits", "off")]).await;
    let project = Project::of(&world).await;
    for _ in 0..7 {
        let answer = project.get("/metrics/overview").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(
            !answer
                .headers
                .contains_key("revenuecat-rate-limit-current-usage")
        );
    }
    world.stop().await;
}
