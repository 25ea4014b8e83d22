//! When customers were seen and touched, and the lists and counts of it.

use contract::customer::v1::{self as pb, customer_ref::Ref, list_customers_request::OrderBy};
use tonic::Code::NotFound;

use super::{World, acme, by_handle, by_id, field, ok, refusal, time};

async fn see(world: &World, handle: &str) -> Result<(), tonic::Status> {
    let request = world.request(pb::RecordCustomerSeenRequest {
        customer_ref: by_handle(handle),
        request_id: String::new(),
    });
    world
        .engagement()
        .record_customer_seen(request)
        .await
        .map(|_| ())
}

async fn keys(world: &World, request: pb::ListCustomersRequest) -> String {
    let answer = world
        .customers()
        .list_customers(world.request(request))
        .await;
    ok(answer)
        .customers
        .into_iter()
        .map(|one| one.key)
        .collect()
}

#[tokio::test]
async fn a_customer_is_seen_when_somebody_says_so_and_counted() {
    let world = World::start().await;
    world.freeze("2026-01-01T00:00:00Z").await;
    let a = world.create(acme("a", &[])).await.expect("made");
    let read = world.get(Ref::Id(a.id.clone())).await.expect("found");
    assert_eq!(read.last_seen_time, None, "to be made is not to be seen");
    world.freeze("2026-01-03T00:00:00Z").await;
    world.create(acme("b", &[])).await.expect("made");
    see(&world, &a.profitwell_id).await.expect("seen");
    world.freeze("2026-01-02T00:00:00Z").await;
    see(&world, "a").await.expect("seen");
    let read = world.get(Ref::Id(a.id.clone())).await.expect("found");
    assert_eq!(
        read.last_seen_time,
        time("2026-01-03T00:00:00Z"),
        "never moves back"
    );
    assert_eq!(read.etag, a.etag);
    let nobody = see(&world, "nobody").await;
    assert_eq!(refusal(nobody), (NotFound, "CUSTOMER_NOT_FOUND".into()));

    let count = async |start: &str, end: &str| {
        let request = world.request(pb::CountCustomersRequest {
            start_time: time(start),
            end_time: time(end),
        });
        let answer = ok(world.engagement().count_customers(request).await);
        (answer.created_count, answer.seen_count)
    };
    assert_eq!(
        count("2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z").await,
        (1, 1)
    );
    assert_eq!(
        count("2025-12-31T00:00:00Z", "2026-01-02T00:00:00Z").await,
        (1, 0)
    );
    world.delete(&a.id).await.expect("deleted");
    assert_eq!(
        count("2025-12-31T00:00:00Z", "2026-01-03T00:00:00Z").await,
        (2, 1)
    );
    let endless = world.request(pb::CountCustomersRequest {
        start_time: time("2026-01-01T00:00:00Z"),
        end_time: None,
    });
    assert_eq!(
        field(world.engagement().count_customers(endless).await),
        "end_time"
    );
    world.stop().await;
}

#[tokio::test]
async fn lists_go_by_the_last_change_of_anything() {
    let world = World::start().await;
    let mut ids = Vec::new();
    for (day, key) in ["a", "b", "c", "d"].into_iter().enumerate() {
        world
            .freeze(&format!("2026-01-0{}T00:00:00Z", day + 1))
            .await;
        ids.push(world.create(acme(key, &[])).await.expect("made").id);
    }
    let by_touch = |descending| pb::ListCustomersRequest {
        order_by: OrderBy::TouchTime.into(),
        descending,
        ..Default::default()
    };
    assert_eq!(keys(&world, by_touch(false)).await, "abcd");
    // Subscriptions touch at the time that their owner tells.
    let report = world.internal(pb::ReportSubscriptionsRequest {
        customer_id: ids[0].clone(),
        sequence: 1,
        ledger_update_time: time("2026-01-02T12:00:00Z"),
        ..Default::default()
    });
    ok(world.customers().report_subscriptions(report).await);
    world.freeze("2026-01-09T00:00:00Z").await;
    let segments = world.request(pb::MergeSegmentsRequest {
        customer_ref: by_id(&ids[1]),
        changes: vec![pb::SegmentChange {
            name: "n".into(),
            value: Some("v".into()),
        }],
        request_id: String::new(),
    });
    ok(world.traits().merge_segments(segments).await);
    assert_eq!(keys(&world, by_touch(false)).await, "acdb");
    assert_eq!(keys(&world, by_touch(true)).await, "bdca");
    let between = pb::ListCustomersRequest {
        touch_start_time: time("2026-01-02T12:00:00Z"),
        touch_end_time: time("2026-01-04T00:00:00Z"),
        ..by_touch(false)
    };
    assert_eq!(
        keys(&world, between).await,
        "ac",
        "start inclusive, end exclusive"
    );
    let paged = pb::ListCustomersRequest {
        page_size: 2,
        page: 2,
        ..by_touch(false)
    };
    assert_eq!(keys(&world, paged).await, "db");
    world.stop().await;
}

#[tokio::test]
async fn a_list_goes_on_behind_a_customer_that_is_in_it() {
    let world = World::start().await;
    let mut ids = Vec::new();
    for key in ["a", "b", "c", "d"] {
        let customer = pb::Customer {
            primary_email: if key == "b" { "B@x.org" } else { "" }.into(),
            ..acme(key, &[])
        };
        ids.push(world.create(customer).await.expect("made").id);
    }
    let behind = |handle: &str| pb::ListCustomersRequest {
        order_by: OrderBy::CreateTime.into(),
        after_customer: by_handle(handle),
        page_size: 2,
        ..Default::default()
    };
    assert_eq!(keys(&world, behind("a")).await, "bc");
    assert_eq!(keys(&world, behind(&ids[1])).await, "cd");
    assert_eq!(keys(&world, behind("d")).await, "");
    world.delete(&ids[0]).await.expect("deleted");
    let filtered = pb::ListCustomersRequest {
        key: "c".into(),
        ..behind("b")
    };
    let both = pb::ListCustomersRequest {
        page: 1,
        ..behind("b")
    };
    for wrong in [behind("nobody"), behind(&ids[0]), filtered, both] {
        let refused = world.customers().list_customers(world.request(wrong)).await;
        assert_eq!(field(refused), "after_customer");
    }
    let email = pb::ListCustomersRequest {
        primary_email_equal: "b@X.org".into(),
        ..Default::default()
    };
    assert_eq!(keys(&world, email).await, "b");
    let part = pb::ListCustomersRequest {
        primary_email_equal: "@X.org".into(),
        ..Default::default()
    };
    assert_eq!(keys(&world, part).await, "");
    world.stop().await;
}
