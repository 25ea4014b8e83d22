//! What is behind the figures: movements, contributions, customers, products, CSV.

use contract::subscription::v1::{self as pb, revenue_service_server::RevenueService as _};
use kernel::Decimal;
use kernel::decimal;
use kernel::id::{CustomerId, Ulid};
use tonic::{Code, Status};

use super::world::World;
use crate::domain::fixture::time;
use crate::domain::revenue::change::Class;
use crate::store::revenue::NewEntry;

const NOW: &str = "2024-06-15T12:00:00Z";

fn customer(number: u128) -> String {
    CustomerId::from_ulid(Ulid(1_000 + number)).to_string()
}

fn entry(at: &str, product: &str, class: Class, value: &str) -> NewEntry {
    NewEntry {
        at: time(&format!("{at}T00:00:00Z")),
        part: 0,
        product_key: product.to_owned(),
        currency: "USD".to_owned(),
        monthly_value: decimal::parse(value).unwrap(),
        class,
    }
}

/// Five customers: one who stays, one who moves from x to y, one who leaves unpaid, one who comes back, one in a trial that
/// becomes paid in June and ends in July.
async fn world() -> World {
    let world = World::new().await;
    let paid = |at: &str, product: &str, value: &str| entry(at, product, Class::Paid, value);
    world
        .write_ledger(1, 1, &[paid("2024-01-10", "x", "10")])
        .await;
    world
        .write_ledger(
            2,
            2,
            &[paid("2024-01-10", "x", "10"), paid("2024-06-02", "y", "30")],
        )
        .await;
    world
        .write_ledger(
            3,
            3,
            &[
                paid("2024-02-10", "y", "20"),
                entry("2024-06-03", "y", Class::Delinquent, "0"),
            ],
        )
        .await;
    world
        .write_ledger(
            4,
            4,
            &[
                paid("2024-01-10", "y", "1.005"),
                entry("2024-03-01", "y", Class::Ended, "0"),
            ],
        )
        .await;
    world
        .write_ledger(4, 40, &[paid("2024-06-04", "y", "2.005")])
        .await;
    world
        .write_ledger(
            5,
            5,
            &[
                entry("2024-05-20", "x", Class::Trial, "0"),
                paid("2024-06-05", "x", "9"),
                entry("2024-07-05", "x", Class::Ended, "0"),
            ],
        )
        .await;
    world
}

/// What the sum of the contributions is divided by, after it was multiplied.
fn denominator(metric: pb::RevenueMetric) -> (&'static [pb::RevenueMetric], i64) {
    use pb::RevenueMetric as M;
    let of_customers = [
        M::CustomersChurnRate,
        M::CustomersChurnCancellationsRate,
        M::CustomersChurnDelinquentRate,
        M::CustomersRetentionRate,
    ];
    let of_revenue = [
        M::GrowthRate,
        M::RevenueChurnRate,
        M::RevenueChurnCancellationsRate,
        M::RevenueChurnDelinquentRate,
        M::RevenueRetentionRate,
        M::UpgradeRate,
        M::DowngradeRate,
        M::PlanChangeRate,
    ];
    if of_customers.contains(&metric) {
        (&[M::ExistingCustomers], 100)
    } else if of_revenue.contains(&metric) {
        (&[M::ExistingRecurringRevenue], 100)
    } else if metric == M::CustomerConversionRate {
        (
            &[M::ExistingTrialingCustomers, M::NewTrialingCustomers],
            100,
        )
    } else if metric == M::AverageRevenuePerUser {
        (&[M::ActiveCustomers], 1)
    } else if metric == M::TrialConversionTime {
        (&[M::ConvertedCustomers], 1)
    } else {
        (&[], 1)
    }
}

async fn movements(
    world: &World,
    request: pb::ListMovementsRequest,
) -> Result<pb::ListMovementsResponse, Status> {
    let answer = world.revenue.list_movements(world.at(NOW, request));
    Ok(answer.await?.into_inner())
}

#[tokio::test]
async fn every_figure_is_the_sum_of_what_is_behind_it() {
    let world = world().await;
    for (product, day) in [
        ("", ""),
        ("x", ""),
        ("y", ""),
        ("", "2024-06-05"),
        ("y", "2024-06-02"),
    ] {
        let request = pb::QueryRevenueMetricsRequest {
            product_key: product.to_owned(),
            granularity: if day.is_empty() { 1 } else { 2 },
            first_month: "2024-06".to_owned(),
            ..Default::default()
        };
        let answer = world
            .revenue
            .query_revenue_metrics(world.at(NOW, request))
            .await
            .unwrap()
            .into_inner();
        let place = answer
            .periods
            .iter()
            .position(|period| day.is_empty() || period == day)
            .unwrap();
        let mut compared = 0;
        for series in &answer.series {
            let request = pb::ListMovementsRequest {
                month: if day.is_empty() {
                    "2024-06".to_owned()
                } else {
                    String::new()
                },
                day: day.to_owned(),
                product_key: product.to_owned(),
                metric: series.metric,
                page_size: 2,
                ..Default::default()
            };
            if movements(&world, request.clone()).await.is_err() {
                assert!(
                    matches!(
                        series.metric(),
                        pb::RevenueMetric::LifetimeValue
                            | pb::RevenueMetric::SaasQuickRatio
                            | pb::RevenueMetric::CumulativeNetNewMrr
                            | pb::RevenueMetric::CumulativeNewTrialingCustomers
                    ),
                    "{:?}",
                    series.metric()
                );
                continue;
            }
            let (mut sum, mut token) = (Decimal::ZERO, String::new());
            loop {
                let page_token = std::mem::take(&mut token);
                let page = movements(
                    &world,
                    pb::ListMovementsRequest {
                        page_token,
                        ..request.clone()
                    },
                )
                .await
                .unwrap();
                for movement in &page.movements {
                    sum += decimal::parse(&movement.contribution.clone().unwrap().value).unwrap();
                }
                token = page.next_page_token;
                if token.is_empty() {
                    break;
                }
            }
            let of = |metric: pb::RevenueMetric| {
                let found = answer.series.iter().find(|other| other.metric() == metric);
                let value = found.unwrap().points[place].value.clone().unwrap();
                value.value.parse::<Decimal>().unwrap()
            };
            // Of a rate or mean it is the numerator that adds up.
            let (denominators, factor) = denominator(series.metric());
            let denominator: Decimal = denominators.iter().map(|metric| of(*metric)).sum();
            let shown = series.points[place].value.clone();
            let expected = match (denominators.is_empty(), denominator.is_zero()) {
                (true, _) => Some(sum),
                (false, true) => None,
                (false, false) => Some(sum * Decimal::from(factor) / denominator),
            };
            let rounded = |value: Decimal| decimal::format(decimal::round_half_away(value, 12));
            assert_eq!(
                shown.map(|value| rounded(value.value.parse().unwrap())),
                expected.map(rounded),
                "{:?} {product} {day}",
                series.metric()
            );
            compared += 1;
        }
        let left = answer.series.len() - compared;
        assert!(left <= 2, "{left} metrics have nobody behind them");
    }
}

#[tokio::test]
async fn movements_are_listed_by_kind_product_and_day() {
    let world = world().await;
    let listed = async |request: pb::ListMovementsRequest| {
        let found = movements(&world, request).await.unwrap();
        let each = found.movements.into_iter().map(|movement| {
            (
                movement.customer_id.clone(),
                movement.kind(),
                movement.amount.unwrap().value,
                movement.subscription_ids.len(),
            )
        });
        each.collect::<Vec<_>>()
    };
    let june = || pb::ListMovementsRequest {
        month: "2024-06".to_owned(),
        ..Default::default()
    };
    use pb::MovementKind as Kind;
    assert_eq!(
        listed(june()).await,
        [
            (customer(2), Kind::Expansion, "20".to_owned(), 1),
            (customer(3), Kind::Churn, "-20".to_owned(), 1),
            (customer(4), Kind::Reactivation, "2.005".to_owned(), 1),
            (customer(5), Kind::New, "9".to_owned(), 1),
        ]
    );
    let of_x = pb::ListMovementsRequest {
        product_key: "x".to_owned(),
        ..june()
    };
    assert_eq!(
        listed(of_x.clone()).await,
        [
            (customer(2), Kind::PlanChange, "-10".to_owned(), 1),
            (customer(5), Kind::New, "9".to_owned(), 1),
        ]
    );
    let changes = pb::ListMovementsRequest {
        kinds: vec![Kind::PlanChange.into()],
        ..of_x
    };
    assert_eq!(listed(changes).await.len(), 1);
    let day = pb::ListMovementsRequest {
        day: "2024-06-03".to_owned(),
        ..Default::default()
    };
    assert_eq!(
        listed(day).await,
        [(customer(3), Kind::Churn, "-20".to_owned(), 1)]
    );
    let trials = pb::ListMovementsRequest {
        metric: pb::RevenueMetric::ConvertedCustomers.into(),
        ..june()
    };
    assert_eq!(listed(trials).await.len(), 1);
}

#[tokio::test]
async fn customers_are_shown_as_they_are_now() {
    let world = world().await;
    let ids = [1, 2, 3, 4, 5, 6].map(customer);
    let request = pb::BatchGetCustomerRevenueRequest {
        customer_ids: ids.to_vec(),
    };
    let answer = world
        .revenue
        .batch_get_customer_revenue(world.at(NOW, request))
        .await
        .unwrap()
        .into_inner();
    use pb::CustomerRevenueStatus as Is;
    let shown: Vec<_> = answer
        .customers
        .iter()
        .map(|found| {
            (
                found.status(),
                found.mrr.clone().unwrap().value,
                found.mrr_cents,
                found.product_keys.join(","),
            )
        })
        .collect();
    let expected = [
        (Is::Active, "10", 1_000, "x"),
        (Is::Active, "30", 3_000, "y"),
        (Is::ChurnedDelinquent, "0", 0, ""),
        // Half a cent away from zero.
        (Is::Active, "2.005", 201, "y"),
        (Is::Canceled, "9", 900, "x"),
        (Is::NoHistory, "0", 0, ""),
    ];
    let expected =
        expected.map(|(status, mrr, cents, keys)| (status, mrr.to_owned(), cents, keys.to_owned()));
    assert_eq!(shown, expected);
    let day = |time: Option<prost_types::Timestamp>| {
        time.map(|time| {
            contract::convert::from_timestamp(&time)
                .unwrap()
                .to_string()[..10]
                .to_owned()
        })
    };
    let back = &answer.customers[3];
    assert_eq!(day(back.activate_time).unwrap(), "2024-01-10");
    assert_eq!(day(back.churn_time).unwrap(), "2024-03-01");
    assert!(answer.customers[4].had_trial && !answer.customers[4].is_trialing);
    assert_eq!(answer.customers[4].churn_time, None);
}

#[tokio::test]
async fn products_with_revenue_come_first_by_revenue() {
    let world = world().await;
    let page = async |page_token: String| {
        let request = pb::ListPayingProductsRequest {
            page_size: 1,
            page_token,
        };
        let answer = world.revenue.list_paying_products(world.at(NOW, request));
        answer.await.unwrap().into_inner()
    };
    for restated in [false, true] {
        if restated {
            world.restate(NOW).await;
        }
        let first = page(String::new()).await;
        let shown = |page: &pb::ListPayingProductsResponse| {
            let product = &page.products[0];
            (
                product.product_key.clone(),
                product.mrr.clone().unwrap().value,
                product.customer_count,
            )
        };
        assert_eq!(shown(&first), ("y".to_owned(), "32.005".to_owned(), 2));
        let second = page(first.next_page_token).await;
        assert_eq!(shown(&second), ("x".to_owned(), "19".to_owned(), 2));
        assert!(second.next_page_token.is_empty());
    }
}

#[tokio::test]
async fn a_series_is_exported_as_csv() {
    let world = world().await;
    let request = pb::ExportRevenueMetricsRequest {
        metrics: vec![
            pb::RevenueMetric::RecurringRevenue.into(),
            pb::RevenueMetric::GrowthRate.into(),
        ],
        first_month: "2024-04".to_owned(),
        ..Default::default()
    };
    let csv = world
        .revenue
        .export_revenue_metrics(world.at(NOW, request))
        .await
        .unwrap()
        .into_inner()
        .csv;
    let lines = [
        "period,currency,recurring_revenue,growth_rate",
        "2024-04,USD,40,0",
        "2024-05,USD,40,0",
        "2024-06,USD,51.01,27.51",
        "",
    ];
    assert_eq!(csv, lines.join("\r\n"));
    let request = pb::ExportRevenueMetricsRequest {
        metrics: vec![pb::RevenueMetric::GrowthRate.into()],
        first_month: "2024-01".to_owned(),
        last_month: "2024-01".to_owned(),
        ..Default::default()
    };
    let csv = world
        .revenue
        .export_revenue_metrics(world.at(NOW, request))
        .await
        .unwrap()
        .into_inner()
        .csv;
    assert_eq!(csv, "period,currency,growth_rate\r\n2024-01,USD,\r\n");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_its_field() {
    let world = World::new().await;
    let field = |status: Status| {
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        chassis::error::details(&status).violations[0].field.clone()
    };
    let june = || pb::ListMovementsRequest {
        month: "2024-06".to_owned(),
        ..Default::default()
    };
    for (request, expected) in [
        (pb::ListMovementsRequest::default(), "month"),
        (
            pb::ListMovementsRequest {
                month: "June".to_owned(),
                ..Default::default()
            },
            "month",
        ),
        (
            pb::ListMovementsRequest {
                day: "2024-06-31".to_owned(),
                ..Default::default()
            },
            "day",
        ),
        (
            pb::ListMovementsRequest {
                day: "2024-06-01".to_owned(),
                ..june()
            },
            "day",
        ),
        (
            pb::ListMovementsRequest {
                kinds: vec![99],
                ..june()
            },
            "kinds",
        ),
        (
            pb::ListMovementsRequest {
                metric: 99,
                ..june()
            },
            "metric",
        ),
        (
            pb::ListMovementsRequest {
                metric: pb::RevenueMetric::SaasQuickRatio.into(),
                ..june()
            },
            "metric",
        ),
        (
            pb::ListMovementsRequest {
                metric: pb::RevenueMetric::PlanChangeRate.into(),
                ..june()
            },
            "metric",
        ),
        (
            pb::ListMovementsRequest {
                metric: 1,
                kinds: vec![1],
                ..june()
            },
            "kinds",
        ),
    ] {
        let shown = format!("{request:?}");
        assert_eq!(
            field(movements(&world, request).await.unwrap_err()),
            expected,
            "{shown}"
        );
    }
    for (ids, expected) in [
        (vec![], "customer_ids"),
        (vec![customer(1); 251], "customer_ids"),
        (vec!["nobody".to_owned()], "customer_ids[0]"),
        (vec![customer(1), customer(1)], "customer_ids[1]"),
    ] {
        let request = pb::BatchGetCustomerRevenueRequest { customer_ids: ids };
        let refused = world
            .revenue
            .batch_get_customer_revenue(world.at(NOW, request))
            .await;
        assert_eq!(field(refused.unwrap_err()), expected);
    }
    let request = pb::ExportRevenueMetricsRequest {
        granularity: 2,
        ..Default::default()
    };
    let refused = world
        .revenue
        .export_revenue_metrics(world.at(NOW, request))
        .await;
    assert_eq!(field(refused.unwrap_err()), "first_month");
    let request = pb::ListMovementsRequest {
        page_token: "no".to_owned(),
        ..june()
    };
    assert_eq!(
        movements(&world, request).await.unwrap_err().code(),
        Code::InvalidArgument
    );
}
