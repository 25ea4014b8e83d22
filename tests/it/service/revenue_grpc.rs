//! Revenue over gRPC while the sums are kept behind it: every acknowledged change is in the next figure.

use contract::customer::v1 as customer;
use contract::subscription::v1::{
    BatchGetCustomerRevenueRequest, CreateReportedSubscriptionRequest, CustomerRevenueStatus,
    ListPayingProductsRequest, ListUnconvertedSubscriptionsRequest, QueryRevenueMetricsRequest,
    ReportedStatus, RevenueMetric,
    reported_subscription_service_client::ReportedSubscriptionServiceClient,
};
use perennial_sdk::{Client, Transport};
use suite::World;

type Reports = ReportedSubscriptionServiceClient<Transport>;

/// Reports a subscription since January; answers whose it is.
async fn report(reports: &mut Reports, key: &str, product: &str, hundredths: i64) -> String {
    let january: kernel::Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
    let request = CreateReportedSubscriptionRequest {
        customer_handle: format!("customer-{key}"),
        primary_email: format!("{key}@customers.example"),
        key: key.to_owned(),
        product_key: product.to_owned(),
        interval_duration: "P1M".to_owned(),
        currency_code: "USD".to_owned(),
        status: ReportedStatus::Active.into(),
        amount_hundredths: Some(hundredths),
        effective_time: Some(contract::convert::timestamp(january)),
        ..Default::default()
    };
    let answer = reports.create_reported_subscription(request).await.unwrap();
    answer.into_inner().customer.unwrap().id
}

/// Revenue at the end of January.
async fn january(client: &Client) -> String {
    let request = QueryRevenueMetricsRequest {
        metrics: vec![RevenueMetric::RecurringRevenue.into()],
        first_month: "2026-01".to_owned(),
        last_month: "2026-01".to_owned(),
        ..Default::default()
    };
    let answer = client.revenue().query_revenue_metrics(request).await;
    let answer = answer.unwrap().into_inner();
    let value = answer.series[0].points[0].value.clone();
    format!("{} {}", value.unwrap().value, answer.currency_code)
}

#[tokio::test]
async fn every_acknowledged_change_is_in_the_next_figure() {
    let world = World::start().await;
    let client = world.client();
    client
        .freeze_clock("2026-03-15T00:00:00Z".parse().unwrap())
        .await
        .unwrap();
    let mut reports = Reports::new(client.transport());
    let first = report(&mut reports, "one", "small", 1_000).await;
    assert_eq!(january(&client).await, "10 USD");
    let second = report(&mut reports, "two", "large", 3_000).await;
    assert_eq!(january(&client).await, "40 USD");

    let products = client
        .revenue()
        .list_paying_products(ListPayingProductsRequest::default())
        .await
        .unwrap()
        .into_inner();
    let keys: Vec<&str> = products
        .products
        .iter()
        .map(|product| product.product_key.as_str())
        .collect();
    assert_eq!(keys, ["large", "small"]);
    let request = BatchGetCustomerRevenueRequest {
        customer_ids: vec![first.clone(), second.clone()],
    };
    let shown = client
        .revenue()
        .batch_get_customer_revenue(request)
        .await
        .unwrap()
        .into_inner()
        .customers;
    assert_eq!((shown[0].mrr_cents, shown[1].mrr_cents), (1_000, 3_000));
    assert_eq!(shown[0].status(), CustomerRevenueStatus::Active);
    // January, February and March were begun.
    assert_eq!(shown[0].total_spend_cents, 3_000);

    let excluded = customer::ExcludeCustomerRequest {
        customer_ref: Some(customer::CustomerRef {
            r#ref: Some(customer::customer_ref::Ref::Id(second)),
        }),
        ..Default::default()
    };
    client.privacy().exclude_customer(excluded).await.unwrap();
    assert_eq!(january(&client).await, "10 USD");

    // Another currency: without a rate nothing can be said, with one everything is counted anew.
    let update = customer::UpdateProjectRequest {
        project: Some(customer::Project {
            currency_code: "EUR".to_owned(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["currency_code".to_owned()],
        }),
        ..Default::default()
    };
    client.projects().update_project(update).await.unwrap();
    assert_eq!(january(&client).await, "0 EUR");
    let missing = async || {
        let request = ListUnconvertedSubscriptionsRequest::default();
        let mut revenue = client.revenue();
        let answer = revenue.list_unconverted_subscriptions(request);
        answer.await.unwrap().into_inner().changes.len()
    };
    assert_eq!(missing().await, 1);
    let rate = customer::SetRateRequest {
        rate: Some(customer::ExchangeRate {
            from_currency_code: "USD".to_owned(),
            to_currency_code: "EUR".to_owned(),
            rate: Some(contract::convert::decimal("0.5".parse().unwrap())),
            effective_time: None,
            ..Default::default()
        }),
        ..Default::default()
    };
    client.rates().set_rate(rate).await.unwrap();
    assert_eq!(january(&client).await, "5 EUR");
    assert_eq!(missing().await, 0);
    world.stop().await;
}
