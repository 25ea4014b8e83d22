//! Revenue metrics by month and by day (text §8): names, dates and rounding; the figures
//! are the subscription service's.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::http::StatusCode;
use contract::subscription::v1 as pb;
use contract::subscription::v1::RevenueMetric;
use kernel::Decimal;
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use super::error::Refusal;
use super::extract::Parameters;
use crate::call::Call;

/// Metrics by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MetricsResponse {
    data: BTreeMap<String, Vec<MetricDataPoint>>,
}

/// A metric in one month or on one day.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MetricDataPoint {
    /// YYYY-MM or YYYY-MM-DD.
    date: String,
    /// Money in the account's currency, a rate in percent, or a count; null where a
    /// denominator is 0.
    #[schema(value_type = f64, nullable)]
    value: Option<Number>,
}

/// Reads monthly metrics, from the first month of the account to the current one.
#[utoipa::path(
    get,
    path = "/metrics/monthly",
    operation_id = "getMonthlyMetrics",
    tag = "Metrics",
    params(
        ("plan_id" = Option<String>, Query, description = "Only this plan."),
        ("metrics" = Option<String>, Query, description = "Names, with commas between; all where absent."),
    ),
    responses(
        (status = 200, description = "The metrics.", body = MetricsResponse),
        (status = 400, description = "A metric or parameter is not known here."),
    )
)]
pub(crate) async fn monthly(
    call: Call,
    query: Parameters,
) -> Result<Json<MetricsResponse>, Refusal> {
    query.only(&["plan_id", "metrics"])?;
    answer(&call, &query, pb::RevenueGranularity::Month, "").await
}

/// Reads metrics of the days of the current or the previous month.
#[utoipa::path(
    get,
    path = "/metrics/daily",
    operation_id = "getDailyMetrics",
    tag = "Metrics",
    params(
        ("month" = String, Query, description = "The month, YYYY-MM.", pattern = r"^\d{4}-\d{2}$"),
        ("plan_id" = Option<String>, Query, description = "Only this plan."),
        ("metrics" = Option<String>, Query, description = "Names, with commas between; all where absent."),
    ),
    responses(
        (status = 200, description = "The metrics.", body = MetricsResponse),
        (status = 400, description = "A metric or parameter is not known here, or the month \
                                      neither the current nor the previous one."),
    )
)]
pub(crate) async fn daily(call: Call, query: Parameters) -> Result<Json<MetricsResponse>, Refusal> {
    query.only(&["month", "plan_id", "metrics"])?;
    let month = query.required("month")?;
    if !is_month(month) {
        return Err(Refusal::bad("month: must be a month as YYYY-MM"));
    }
    refuse_far_months(&call, month).await?;
    answer(&call, &query, pb::RevenueGranularity::Day, month).await
}

/// Refuses months other than the current and the previous one of the account's time zone:
/// those from which a monthly series has one or two periods.
async fn refuse_far_months(call: &Call, month: &str) -> Result<(), Refusal> {
    let request = call.rpc(pb::QueryRevenueMetricsRequest {
        metrics: vec![RevenueMetric::ActiveCustomers.into()],
        granularity: pb::RevenueGranularity::Month.into(),
        first_month: month.to_owned(),
        ..Default::default()
    });
    let answer = call
        .clients()
        .revenue()
        .query_revenue_metrics(request)
        .await;
    let near = match call.take(answer) {
        Ok(answer) => (1..=2).contains(&answer.periods.len()),
        // Out of the reach of any series.
        Err(status) if status.code() == tonic::Code::InvalidArgument => false,
        Err(status) => return Err(status.into()),
    };
    if near {
        return Ok(());
    }
    Err(Refusal::bad(
        "month: must be the current or the previous month",
    ))
}

/// Four digits, a dash and a number from 01 to 12.
fn is_month(text: &str) -> bool {
    text.len() == 7 && format!("{text}-01").parse::<jiff::civil::Date>().is_ok()
}

async fn answer(
    call: &Call,
    query: &Parameters,
    granularity: pb::RevenueGranularity,
    month: &str,
) -> Result<Json<MetricsResponse>, Refusal> {
    let metrics = metrics(query.text("metrics").unwrap_or_default())?;
    let request = call.rpc(pb::QueryRevenueMetricsRequest {
        metrics: metrics.iter().map(|metric| (*metric).into()).collect(),
        product_key: query.text("plan_id").unwrap_or_default().to_owned(),
        granularity: granularity.into(),
        first_month: month.to_owned(),
        last_month: String::new(),
    });
    let answer = call
        .clients()
        .revenue()
        .query_revenue_metrics(request)
        .await;
    let answer = call.take(answer)?;
    let mut data = BTreeMap::new();
    for series in &answer.series {
        let points = answer.periods.iter().zip(&series.points);
        let points = points.map(|(period, point)| {
            Ok(MetricDataPoint {
                date: period.clone(),
                value: number(series.metric(), point.value.as_ref())?,
            })
        });
        let points: Result<Vec<_>, Refusal> = points.collect();
        data.insert(name(series.metric()), points?);
    }
    Ok(Json(MetricsResponse { data }))
}

/// The metrics of a list of names: blanks around names do not count, duplicates neither.
/// None for none, which asks for all.
fn metrics(list: &str) -> Result<BTreeSet<RevenueMetric>, Refusal> {
    if list.trim().is_empty() {
        return Ok(BTreeSet::new());
    }
    list.split(',')
        .map(|name| {
            let name = name.trim();
            RevenueMetric::from_str_name(&format!("{PREFIX}{}", name.to_ascii_uppercase()))
                .filter(|metric| *metric != RevenueMetric::Unspecified)
                .filter(|_| !name.contains(|letter: char| letter.is_ascii_uppercase()))
                .ok_or_else(|| Refusal::bad(format!("metrics: unknown metric \"{name}\"")))
        })
        .collect()
}

const PREFIX: &str = "REVENUE_METRIC_";

/// The contract's name of a metric.
fn name(metric: RevenueMetric) -> String {
    metric
        .as_str_name()
        .trim_start_matches(PREFIX)
        .to_ascii_lowercase()
}

/// Decimals that a metric is shown with (text §8.1).
fn decimals(metric: RevenueMetric) -> u32 {
    use RevenueMetric as M;
    match metric {
        M::ActiveCustomers
        | M::ExistingCustomers
        | M::NewCustomers
        | M::ReactivatedCustomers
        | M::ChurnedCustomers
        | M::ChurnedCustomersCancellations
        | M::ChurnedCustomersDelinquent
        | M::UpgradedCustomers
        | M::DowngradedCustomers
        | M::ExistingTrialingCustomers
        | M::ActiveTrialingCustomers
        | M::NewTrialingCustomers
        | M::ConvertedCustomers
        | M::ChurnedTrialingCustomers
        | M::CumulativeNewTrialingCustomers => 0,
        M::TrialConversionTime => 1,
        M::Unspecified
        | M::RecurringRevenue
        | M::ExistingRecurringRevenue
        | M::NewRecurringRevenue
        | M::ReactivatedRecurringRevenue
        | M::ChurnedRecurringRevenue
        | M::ChurnedRecurringRevenueCancellations
        | M::ChurnedRecurringRevenueDelinquent
        | M::UpgradedRecurringRevenue
        | M::DowngradedRecurringRevenue
        | M::PlanChangedRecurringRevenue
        | M::AverageRevenuePerUser
        | M::GrowthRate
        | M::RevenueChurnRate
        | M::RevenueChurnCancellationsRate
        | M::RevenueChurnDelinquentRate
        | M::CustomersChurnRate
        | M::CustomersChurnCancellationsRate
        | M::CustomersChurnDelinquentRate
        | M::CustomersRetentionRate
        | M::RevenueRetentionRate
        | M::UpgradeRate
        | M::DowngradeRate
        | M::PlanChangeRate
        | M::LifetimeValue
        | M::SaasQuickRatio
        | M::CustomerConversionRate
        | M::ConvertedRecurringRevenue
        | M::CumulativeNetNewMrr
        | M::FutureChurnMrr => 2,
    }
}

fn number(
    metric: RevenueMetric,
    wire: Option<&contract::kernel::v1::Decimal>,
) -> Result<Option<Number>, Refusal> {
    let broken = || Refusal::bare(StatusCode::INTERNAL_SERVER_ERROR);
    let Some(wire) = wire else {
        return Ok(None);
    };
    // A quotient has more decimals than an input may have.
    let value: Decimal = wire.value.parse().map_err(|_| broken())?;
    let shown = rounded(value, decimals(metric)).ok_or_else(broken)?;
    Ok(Some(shown))
}

/// A JSON number of at most so many decimals, ties away from zero.
fn rounded(value: Decimal, decimals: u32) -> Option<Number> {
    let value = kernel::decimal::round_shown(value, decimals);
    kernel::decimal::format(value).parse().ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn every_metric_has_a_name_that_is_read_back() {
        for number in 1..=45 {
            let metric = RevenueMetric::try_from(number).unwrap();
            let found = metrics(&name(metric)).unwrap();
            assert_eq!(found.into_iter().collect::<Vec<_>>(), vec![metric]);
        }
        assert_eq!(name(RevenueMetric::SaasQuickRatio), "saas_quick_ratio");
    }

    #[test]
    fn lists_lose_blanks_and_duplicates() {
        let found = metrics(" growth_rate ,active_customers,growth_rate").unwrap();
        assert_eq!(found.len(), 2);
        assert!(metrics("").unwrap().is_empty());
        for bad in [
            "growth",
            "unspecified",
            "Growth_Rate",
            "growth_rate,",
            ",",
            "a b",
        ] {
            assert!(metrics(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn money_and_rates_have_two_decimals_and_counts_none() {
        let shown = |text: &str, decimals| {
            let value = kernel::decimal::parse(text).unwrap();
            rounded(value, decimals).unwrap().to_string()
        };
        assert_eq!(shown("8.333333", 2), "8.33");
        assert_eq!(shown("0.125", 2), "0.13");
        assert_eq!(shown("-0.125", 2), "-0.13");
        assert_eq!(shown("100", 2), "100");
        assert_eq!(shown("3", 0), "3");
        assert_eq!(shown("2.25", 1), "2.3");
        // 12001, 12001 and 1000 hundredths a year are 20.835 a month.
        assert_eq!(shown("20.834999999999", 2), "20.84");
    }

    #[test]
    fn quotients_have_as_many_decimals_as_it_takes() {
        let third = contract::kernel::v1::Decimal {
            value: "33.333333333333333333333333333".to_owned(),
        };
        let shown = number(RevenueMetric::CustomersChurnRate, Some(&third)).unwrap();
        assert_eq!(shown.unwrap().to_string(), "33.33");
        assert_eq!(number(RevenueMetric::GrowthRate, None).unwrap(), None);
    }

    #[test]
    fn months_are_four_and_two_digits() {
        assert!(is_month("2018-09"));
        for bad in [
            "2018-9",
            "2018-13",
            "2018-00",
            "201809",
            "2018-09-01",
            "abcd-09",
        ] {
            assert!(!is_month(bad), "{bad}");
        }
    }
}
