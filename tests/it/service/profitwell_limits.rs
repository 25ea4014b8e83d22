//! The throttles of the ProfitWell dialect, on the test clock: six buckets of a token, in sliding windows.

use contract::customer::v1::KeyKind;
use reqwest::Method;
use serde_json::{Value, json};
use suite::{World, http::Answer};

use super::ledger_scene::{Caller, NOW, refused, token};

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// An operation, the body it takes, and what is answered as long as it is not throttled.
type Operation = (Method, &'static str, Value, u16);

/// A bucket beside the base one.
struct Bucket {
    /// Calls that fit, and the seconds of its window.
    limit: usize,
    window: i64,
    /// All that is counted in it, also under the paths of older clients.
    operations: Vec<Operation>,
}

/// The buckets; those of a day with the limits that [`throttled`] gives them.
fn buckets() -> [Bucket; 5] {
    let no = || Value::Null;
    let plan = || json!({"name": "Other"});
    [
        Bucket {
            limit: 9,
            window: DAY,
            operations: vec![
                (Method::GET, "/plans", no(), 200),
                (Method::POST, "/plans/", json!({}), 400),
                (Method::GET, "/plans/none/", no(), 404),
                (Method::PUT, "/plans/none", plan(), 404),
            ],
        },
        Bucket {
            limit: 8,
            window: DAY,
            operations: vec![
                (Method::GET, "/metrics/monthly/", no(), 200),
                (Method::GET, "/metrics/daily?month=never", no(), 400),
                (Method::GET, "/company/settings", no(), 200),
            ],
        },
        Bucket {
            limit: 10,
            window: MINUTE,
            operations: vec![
                (Method::POST, "/customers/nobody/exclude", no(), 404),
                (Method::POST, "/metrics/exclude_customer/nobody/", no(), 404),
            ],
        },
        Bucket {
            limit: 20,
            window: MINUTE,
            operations: vec![
                (Method::POST, "/customers/nobody/anonymize", no(), 404),
                (Method::POST, "/customers/anonymize_by_email", no(), 400),
                (
                    Method::POST,
                    "/gdpr/anonymize_by_customer_id/nobody/",
                    no(),
                    404,
                ),
                (
                    Method::POST,
                    "/gdpr/anonymize_by_email/no@bo.dy/",
                    no(),
                    404,
                ),
            ],
        },
        Bucket {
            limit: 20,
            window: MINUTE,
            operations: vec![
                (Method::POST, "/traits", json!({}), 400),
                (Method::POST, "/traits/remove", json!({}), 400),
                (Method::GET, "/customers/nobody/traits", no(), 404),
                (Method::DELETE, "/traits/categories/nobody", no(), 404),
                (Method::PUT, "/customer_traits/trait/", json!({}), 400),
                (Method::GET, "/customer_traits/customer/nobody/", no(), 404),
            ],
        },
    ]
}

/// An installation whose clock stands, with smaller buckets for a day.
async fn throttled() -> World {
    let world = World::with(&[
        ("gateway.limit_profitwell_plans", "9"),
        ("gateway.limit_profitwell_metrics", "8"),
    ])
    .await;
    world
        .client()
        .freeze_clock(NOW.parse().unwrap())
        .await
        .unwrap();
    world
}

async fn private(world: &World) -> Caller {
    Caller::profitwell(world, &token(world, KeyKind::ProfitwellPrivate).await)
}

async fn call(caller: &Caller, (method, path, body, _): &Operation) -> Answer {
    let mut request = caller.request(method.clone(), path);
    if !body.is_null() {
        request = request.json(body);
    }
    caller.send(request).await
}

#[track_caller]
fn throttles(answer: Answer, seconds: i64) {
    assert_eq!(answer.headers["retry-after"], seconds.to_string().as_str());
    assert_eq!(refused(answer, 429), "Request was throttled.");
}

#[tokio::test]
async fn each_bucket_is_full_until_its_window_has_passed() {
    let world = throttled().await;
    let client = world.client();
    for bucket in buckets() {
        let caller = private(&world).await;
        for operation in bucket.operations.iter().cycle().take(bucket.limit) {
            let answer = call(&caller, operation).await;
            assert_eq!(answer.status, operation.3, "{operation:?}: {}", answer.text);
        }
        for operation in &bucket.operations {
            throttles(call(&caller, operation).await, bucket.window);
        }
        // Only what was let in is charged to the base bucket, which is full with 25.
        for _ in bucket.limit..25 {
            caller.get("/status").await.expect(200);
        }
        throttles(caller.get("/status/").await, 5);
        client.advance_clock("PT6S").await.unwrap();
        caller.get("/status").await.expect(200);
        throttles(
            call(&caller, &bucket.operations[0]).await,
            bucket.window - 6,
        );
        let rest = format!("PT{}S", bucket.window - 6);
        client.advance_clock(&rest).await.unwrap();
        let answer = call(&caller, &bucket.operations[0]).await;
        assert_eq!(answer.status, bucket.operations[0].3, "{}", answer.text);
    }
    world.stop().await;
}

#[tokio::test]
async fn every_token_has_buckets_of_its_own_and_a_bad_one_is_told_first() {
    let world = throttled().await;
    let caller = private(&world).await;
    let public = token(&world, KeyKind::ProfitwellPublic).await;
    let public = Caller::profitwell(&world, &public);
    let event = "/dotjs/v1/customer/event/";
    let body = json!({"user_id": "nobody"});
    for _ in 0..25 {
        caller.get("/customers/nobody").await.expect(404);
        public.post(event, &body).await.expect(400);
    }
    throttles(caller.get("/plans").await, 5);
    throttles(public.post(event, &body).await, 5);
    let unknown = caller.with(Some("unknown")).get("/plans").await;
    assert_eq!(refused(unknown, 401), "Unauthorized");
    private(&world).await.get("/plans").await.expect(200);
    world.stop().await;
}
