//! Revenue as the ledger tells it.

use contract::subscription::v1::{
    self as pb, revenue_service_server::RevenueService as _,
    subscription_service_server::SubscriptionService as _,
};

use super::world::{World, create};
use super::{START, cancel, change, id};

fn totals(month: &pb::RevenueMonth) -> Vec<(pb::MovementKind, String)> {
    month
        .movements
        .iter()
        .filter(|total| total.customer_count > 0)
        .map(|total| (total.kind(), total.amount.clone().unwrap().value))
        .collect()
}

#[tokio::test]
async fn revenue_follows_trial_payment_change_and_end() {
    let world = World::new().await;
    world.plan("team", 1, "30");
    let first = id(&world.subscribe(START).await);
    let changed = change(
        &world,
        &first,
        "2024-03-10T00:00:00Z",
        pb::TimingPolicy::Immediate,
    )
    .await;
    let second = id(&changed.next.unwrap());
    cancel(
        &world,
        &second,
        "2024-05-10T00:00:00Z",
        pb::TimingPolicy::Immediate,
    )
    .await
    .unwrap();
    let request = pb::GetRevenueSeriesRequest::default();
    let now = "2024-06-15T00:00:00Z";
    let series = world
        .revenue
        .get_revenue_series(world.at(now, request))
        .await
        .unwrap()
        .into_inner();
    let months: Vec<_> = series
        .months
        .iter()
        .map(|month| (month.month.as_str(), totals(month)))
        .collect();
    let kind = |kind, amount: &str| vec![(kind, amount.to_owned())];
    assert_eq!(
        months,
        [
            ("2024-01", vec![]),
            ("2024-02", kind(pb::MovementKind::New, "10")),
            // The new plan begins with a free month of its own.
            ("2024-03", kind(pb::MovementKind::Churn, "-10")),
            ("2024-04", kind(pb::MovementKind::Reactivation, "30")),
            ("2024-05", kind(pb::MovementKind::Churn, "-30")),
            ("2024-06", vec![]),
        ]
    );
    assert_eq!(series.months[0].trialing_customer_count_end, 1);
    let request = pb::ListMovementsRequest {
        month: "2024-04".to_owned(),
        ..Default::default()
    };
    let movements = world
        .revenue
        .list_movements(world.at(now, request))
        .await
        .unwrap()
        .into_inner()
        .movements;
    assert_eq!(
        (movements.len(), movements[0].subscription_ids.clone()),
        (1, vec![second])
    );
    let request = pb::ListRevenueChangesRequest {
        subscription_id: first,
        ..Default::default()
    };
    let changes = world
        .revenue
        .list_revenue_changes(world.at(now, request))
        .await
        .unwrap()
        .into_inner()
        .changes;
    let classes: Vec<_> = changes.iter().map(pb::RevenueChange::class).collect();
    assert_eq!(
        classes,
        [
            pb::RevenueClass::Trial,
            pb::RevenueClass::Paid,
            pb::RevenueClass::Ended
        ]
    );
}

/// The values of one metric; `-` where there is none.
fn values(answer: &pb::QueryRevenueMetricsResponse, metric: pb::RevenueMetric) -> Vec<String> {
    let series = answer
        .series
        .iter()
        .find(|series| series.metric() == metric);
    let points = series.unwrap().points.iter();
    points
        .map(|point| {
            point
                .value
                .clone()
                .map_or("-".to_owned(), |value| value.value)
        })
        .collect()
}

#[tokio::test]
async fn metrics_follow_a_customer_by_month_day_and_product() {
    use pb::RevenueMetric as Metric;
    let world = World::new().await;
    world.plan("team", 1, "30");
    let first = id(&world.subscribe(START).await);
    let changed = change(
        &world,
        &first,
        "2024-03-10T00:00:00Z",
        pb::TimingPolicy::Immediate,
    )
    .await;
    let second = id(&changed.next.unwrap());
    cancel(
        &world,
        &second,
        "2024-05-10T00:00:00Z",
        pb::TimingPolicy::Immediate,
    )
    .await
    .unwrap();
    let ask = async |now: &str, request: pb::QueryRevenueMetricsRequest| {
        let answer = world.revenue.query_revenue_metrics(world.at(now, request));
        answer.await.map(tonic::Response::into_inner)
    };
    let now = "2024-06-15T00:00:00Z";
    let months = ask(now, pb::QueryRevenueMetricsRequest::default())
        .await
        .unwrap();
    assert_eq!(months.periods.first().unwrap(), "2024-01");
    assert_eq!(months.periods.last().unwrap(), "2024-06");
    assert_eq!(months.series.len(), 40);
    for (metric, expected) in [
        (Metric::RecurringRevenue, ["0", "10", "0", "30", "0", "0"]),
        (Metric::NewRecurringRevenue, ["0", "10", "0", "0", "0", "0"]),
        (
            Metric::ReactivatedRecurringRevenue,
            ["0", "0", "0", "30", "0", "0"],
        ),
        (
            Metric::ChurnedRecurringRevenueCancellations,
            ["0", "0", "-10", "0", "-30", "0"],
        ),
        (Metric::RevenueChurnRate, ["-", "-", "100", "-", "100", "-"]),
        (Metric::NewTrialingCustomers, ["1", "0", "1", "0", "0", "0"]),
        (Metric::ConvertedCustomers, ["0", "1", "0", "1", "0", "0"]),
        (
            Metric::AverageRevenuePerUser,
            ["-", "10", "-", "30", "-", "-"],
        ),
    ] {
        assert_eq!(values(&months, metric), expected, "{metric:?}");
    }

    let of_team = pb::QueryRevenueMetricsRequest {
        product_key: "team".to_owned(),
        metrics: vec![Metric::RecurringRevenue.into()],
        ..Default::default()
    };
    let team = ask(now, of_team).await.unwrap();
    assert_eq!(
        values(&team, Metric::RecurringRevenue),
        ["0", "0", "0", "30", "0", "0"]
    );

    let of_may = pb::QueryRevenueMetricsRequest {
        granularity: pb::RevenueGranularity::Day.into(),
        first_month: "2024-05".to_owned(),
        ..Default::default()
    };
    let days = ask("2024-05-12T00:00:00Z", of_may).await.unwrap();
    assert_eq!((days.periods.len(), days.series.len()), (12, 15));
    assert_eq!(days.periods[11], "2024-05-12");
    let churned = values(&days, Metric::ChurnedRecurringRevenue);
    assert_eq!((churned[8].as_str(), churned[9].as_str()), ("0", "-30"));
    let ending = values(&days, Metric::FutureChurnMrr);
    assert_eq!((ending[8].as_str(), ending[9].as_str()), ("30", "0"));

    let refused = [
        (
            pb::QueryRevenueMetricsRequest {
                metrics: vec![Metric::PlanChangeRate.into()],
                ..Default::default()
            },
            "metrics[0]",
        ),
        (
            pb::QueryRevenueMetricsRequest {
                metrics: vec![Metric::GrowthRate.into(), Metric::GrowthRate.into()],
                ..Default::default()
            },
            "metrics[1]",
        ),
        (
            pb::QueryRevenueMetricsRequest {
                granularity: pb::RevenueGranularity::Day.into(),
                ..Default::default()
            },
            "first_month",
        ),
        (
            pb::QueryRevenueMetricsRequest {
                first_month: "2024-5".to_owned(),
                ..Default::default()
            },
            "first_month",
        ),
    ];
    for (request, field) in refused {
        let status = ask(now, request).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        let details = chassis::error::details(&status);
        assert_eq!(details.violations[0].field, field);
    }
}

#[tokio::test]
async fn a_change_counts_at_once_and_a_missing_rate_leaves_it_out() {
    let world = World::new().await;
    world
        .neighbors
        .lock()
        .unwrap()
        .plans
        .get_mut(&("pro".to_owned(), 1))
        .unwrap()
        .currency_code = "EUR".to_owned();
    let request = pb::CreateSubscriptionRequest {
        starting_phase_key: "paid".to_owned(),
        ..create("pro")
    };
    world
        .subscriptions
        .create_subscription(world.at(START, request))
        .await
        .unwrap();
    let series = async || {
        let request = pb::GetRevenueSeriesRequest {
            first_month: "2024-01".to_owned(),
            ..Default::default()
        };
        world
            .revenue
            .get_revenue_series(world.at(START, request))
            .await
            .unwrap()
            .into_inner()
    };
    let without = series().await;
    assert_eq!(without.unconverted_subscription_ids.len(), 1);
    world
        .neighbors
        .lock()
        .unwrap()
        .rates
        .insert("EUR".to_owned(), "1.1");
    let with = series().await;
    assert_eq!(with.months[0].mrr_end.clone().unwrap().value, "11");
    assert_eq!(
        totals(&with.months[0]),
        [(pb::MovementKind::New, "11".to_owned())]
    );
}
