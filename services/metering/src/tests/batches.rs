//! Batches of questions: asked together they are answered as each alone.

use super::{
    rollups::{mixed, of, twins, work},
    *,
};

/// What the questions are answered when asked in one call.
async fn ask(world: &World, queries: Vec<pb::UsageQuery>) -> Vec<pb::UsageResult> {
    let request = world.request(pb::QueryUsageRequest { queries });
    let answer = world.usage.clone().query_usage(request).await.unwrap();
    answer.into_inner().results
}

/// Questions of some askers about the same spans, from one of which nothing comes, and of two who share a subject.
fn questions(meter: &pb::Meter) -> Vec<pb::UsageQuery> {
    let spans = [
        ("2025-03-08T20:00:00Z", "2025-03-09T20:00:00Z"),
        ("2025-03-08T20:00:10Z", "2025-03-09T03:07:31Z"),
        ("2025-03-09T20:00:00Z", "2025-03-10T20:00:00Z"),
        ("2025-03-10T00:00:00Z", "2025-03-10T00:00:00Z"),
    ];
    let not_m1 = pb::FilterString {
        operator: Some(pb::filter_string::Operator::NotEquals("m1".into())),
    };
    let askers: [&[&str]; 6] = [
        &["s0"],
        &["s1", "nobody"],
        &["s2"],
        &["nobody else"],
        &[],
        &["s2", "s3"],
    ];
    let mut queries = Vec::new();
    for (from, to) in spans {
        for subjects in askers {
            let plain = pb::UsageQuery {
                meter_id: meter.id.clone(),
                subject_keys: subjects.iter().map(|text| (*text).to_owned()).collect(),
                start_time: Some(at(from)),
                end_time: Some(at(to)),
                ..Default::default()
            };
            queries.push(plain.clone());
            queries.push(pb::UsageQuery {
                group_by_filters: [("model".to_owned(), not_m1.clone())].into(),
                ..plain.clone()
            });
            queries.push(pb::UsageQuery {
                window_size: pb::WindowSize::Hour.into(),
                ..plain
            });
        }
    }
    queries
}

#[tokio::test]
async fn a_batch_of_many_customers_is_answered_as_each_alone() {
    use pb::meter::Aggregation::{Count, Latest, Sum, UniqueCount};
    everywhere(async |world: World| {
        world.ingest(mixed("old", 120), true).await.unwrap();
        for aggregation in [Sum, Count, UniqueCount, Latest] {
            let (live, witness) = twins(&world, of(aggregation)).await;
            work(&world).await;
            let together = ask(&world, questions(&live)).await;
            let mut alone = Vec::new();
            for query in questions(&live) {
                alone.extend(ask(&world, vec![query]).await);
            }
            assert_eq!(together, alone, "{aggregation:?}");
            let of_events = ask(&world, questions(&witness)).await;
            assert_eq!(together, of_events, "{aggregation:?}");
            assert!(together.iter().any(|result| result.value.is_some()));
        }
    })
    .await;
}
