//! Revenue in tables: MRR and its movements by month or day, or any other metrics, and what could not be converted.

use anyhow::Context as _;
use contract::subscription::v1::{
    ExportRevenueMetricsRequest, ListUnconvertedSubscriptionsRequest, QueryRevenueMetricsRequest,
    QueryRevenueMetricsResponse, RevenueChange, RevenueGranularity, RevenueMetric,
};
use futures::TryStreamExt as _;
use kernel::Decimal;
use kernel::decimal::{format, round_shown};
use perennial_sdk::{Client, Error, pages};
use serde_json::{Map, Value, json};

use crate::{
    cli::{Output, RevenueArgs},
    failure::misused,
    screen::{Grid, Screen},
};

/// Decimals of the tables.
const DECIMALS: u32 = 2;
/// What is not known of a ratio.
const NOTHING: &str = "-";

/// MRR and what moved it, in the order in which it adds up, with the heads of their columns.
const ACCOUNT: [(RevenueMetric, &str); 7] = [
    (RevenueMetric::ExistingRecurringRevenue, "start"),
    (RevenueMetric::NewRecurringRevenue, "new"),
    (RevenueMetric::ReactivatedRecurringRevenue, "reactivated"),
    (RevenueMetric::UpgradedRecurringRevenue, "upgraded"),
    (RevenueMetric::DowngradedRecurringRevenue, "downgraded"),
    (RevenueMetric::ChurnedRecurringRevenue, "churned"),
    (RevenueMetric::RecurringRevenue, "end"),
];
/// The same of one product.
const PRODUCT: [(RevenueMetric, &str); 6] = [
    (RevenueMetric::ExistingRecurringRevenue, "start"),
    (RevenueMetric::NewRecurringRevenue, "new"),
    (RevenueMetric::ReactivatedRecurringRevenue, "reactivated"),
    (RevenueMetric::PlanChangedRecurringRevenue, "changed"),
    (RevenueMetric::ChurnedRecurringRevenue, "churned"),
    (RevenueMetric::RecurringRevenue, "end"),
];
/// The same by day, where the start is the end of the day before.
const DAYS: [(RevenueMetric, &str); 6] = [
    (RevenueMetric::NewRecurringRevenue, "new"),
    (RevenueMetric::ReactivatedRecurringRevenue, "reactivated"),
    (RevenueMetric::UpgradedRecurringRevenue, "upgraded"),
    (RevenueMetric::DowngradedRecurringRevenue, "downgraded"),
    (RevenueMetric::ChurnedRecurringRevenue, "churned"),
    (RevenueMetric::RecurringRevenue, "end"),
];
/// The same by day of one product.
const PRODUCT_DAYS: [(RevenueMetric, &str); 4] = [
    (RevenueMetric::NewRecurringRevenue, "new"),
    (RevenueMetric::ReactivatedRecurringRevenue, "reactivated"),
    (RevenueMetric::ChurnedRecurringRevenue, "churned"),
    (RevenueMetric::RecurringRevenue, "end"),
];

/// Figures by period.
#[derive(Clone, Debug)]
pub struct Table {
    /// Currency of the amounts.
    pub currency: String,
    /// What each column is, and its head.
    pub columns: Vec<(RevenueMetric, String)>,
    /// The periods, each with a value for each column.
    pub rows: Vec<(String, Vec<Option<Decimal>>)>,
}

/// Prints figures and what is not in them.
pub async fn run(
    client: &Client,
    query: &RevenueArgs,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let request = request(query)?;
    if screen.output() == Output::Csv {
        let request = ExportRevenueMetricsRequest {
            metrics: request.metrics,
            product_key: request.product_key,
            granularity: request.granularity,
            first_month: request.first_month,
            last_month: request.last_month,
        };
        let revenue = client.revenue();
        let answer = client.call(|_| async {
            revenue
                .clone()
                .export_revenue_metrics(request.clone())
                .await
        });
        return screen.raw(&answer.await?.csv);
    }
    let table = read(client, request, heads(query)).await?;
    let left_out = unconverted(client).await?;
    if screen.output() == Output::Json {
        return screen.record(&table.to_json(&left_out));
    }
    table.show(screen)?;
    list(&left_out, screen)
}

/// Reads figures.
pub async fn read(
    client: &Client,
    request: QueryRevenueMetricsRequest,
    heads: &[(RevenueMetric, &str)],
) -> anyhow::Result<Table> {
    let revenue = client.revenue();
    let answer =
        client.call(|_| async { revenue.clone().query_revenue_metrics(request.clone()).await });
    table(&answer.await?, heads)
}

/// The request for MRR and its movements in these months.
pub fn months(first: &str, last: &str) -> QueryRevenueMetricsRequest {
    QueryRevenueMetricsRequest {
        metrics: ACCOUNT
            .iter()
            .map(|(metric, _)| i32::from(*metric))
            .collect(),
        first_month: first.to_owned(),
        last_month: last.to_owned(),
        ..Default::default()
    }
}

/// MRR and what moved it, of the whole account by months.
pub fn movements() -> &'static [(RevenueMetric, &'static str)] {
    &ACCOUNT
}

impl Table {
    /// Shows it to people: a head, then a line for each period.
    pub fn show(&self, screen: &mut Screen<'_>) -> anyhow::Result<()> {
        screen.line(&format!("Recurring revenue, {}", self.currency))?;
        if self.rows.is_empty() {
            return screen.line("  nothing yet");
        }
        let heads = self.columns.iter().map(|(_, head)| head.clone());
        let rows = self.rows.iter().map(|(period, values)| {
            let values = values.iter().map(|value| shown(*value));
            std::iter::once(period.clone()).chain(values).collect()
        });
        let grid = Grid {
            heads: std::iter::once(String::new()).chain(heads).collect(),
            numbers: std::iter::once(false)
                .chain(self.columns.iter().map(|_| true))
                .collect(),
            rows: rows.collect(),
        };
        screen.grid(&grid, "  ")
    }

    fn to_json(&self, left_out: &[RevenueChange]) -> Value {
        let rows = self.rows.iter().map(|(period, values)| {
            let mut row = Map::from_iter([("period".to_owned(), json!(period))]);
            row.extend(self.columns.iter().zip(values).map(|((metric, _), value)| {
                (name(*metric), json!(value.map(|value| shown(Some(value)))))
            }));
            Value::Object(row)
        });
        let left_out = left_out.iter().map(|change| {
            let (amount, currency) = amount(change);
            json!({
                "subscription_id": change.subscription_id,
                "customer_id": change.customer_id,
                "product": change.product_key,
                "monthly_value": amount,
                "currency": currency,
            })
        });
        json!({
            "currency": self.currency,
            "periods": rows.collect::<Vec<_>>(),
            "unconverted": left_out.collect::<Vec<_>>(),
        })
    }
}

fn request(query: &RevenueArgs) -> anyhow::Result<QueryRevenueMetricsRequest> {
    let granularity = match query.days {
        Some(_) => RevenueGranularity::Day,
        None => RevenueGranularity::Month,
    };
    let metrics = match query.metrics.as_slice() {
        [] => heads(query)
            .iter()
            .map(|(metric, _)| i32::from(*metric))
            .collect(),
        [all] if all == "all" => Vec::new(),
        named => named
            .iter()
            .map(|name| metric(name).map(i32::from))
            .collect::<anyhow::Result<_>>()?,
    };
    let first = query.days.as_ref().or(query.first.as_ref());
    Ok(QueryRevenueMetricsRequest {
        metrics,
        product_key: query.product.clone().unwrap_or_default(),
        granularity: granularity.into(),
        first_month: first.cloned().unwrap_or_default(),
        last_month: query.last.clone().unwrap_or_default(),
    })
}

/// The columns where no metrics are named.
fn heads(query: &RevenueArgs) -> &'static [(RevenueMetric, &'static str)] {
    if !query.metrics.is_empty() {
        return &[];
    }
    match (&query.days, &query.product) {
        (None, None) => &ACCOUNT,
        (None, Some(_)) => &PRODUCT,
        (Some(_), None) => &DAYS,
        (Some(_), Some(_)) => &PRODUCT_DAYS,
    }
}

/// Puts an answer in columns: those of the heads, in their order, or all under their own names.
fn table(
    answer: &QueryRevenueMetricsResponse,
    heads: &[(RevenueMetric, &str)],
) -> anyhow::Result<Table> {
    let columns: Vec<(RevenueMetric, String)> = if heads.is_empty() {
        let all = answer.series.iter();
        all.map(|series| (series.metric(), name(series.metric())))
            .collect()
    } else {
        let heads = heads.iter();
        heads
            .map(|(metric, head)| (*metric, (*head).to_owned()))
            .collect()
    };
    let mut rows = Vec::with_capacity(answer.periods.len());
    for (index, period) in answer.periods.iter().enumerate() {
        let mut values = Vec::with_capacity(columns.len());
        for (metric, _) in &columns {
            let series = answer
                .series
                .iter()
                .find(|series| series.metric() == *metric);
            let point = series.and_then(|series| series.points.get(index));
            let value = point.and_then(|point| point.value.as_ref());
            // A quotient has more decimals than a caller may send.
            let value = value.map(|value| value.value.parse());
            values.push(value.transpose().context("a number of the server")?);
        }
        rows.push((period.clone(), values));
    }
    Ok(Table {
        currency: answer.currency_code.clone(),
        columns,
        rows,
    })
}

/// What is in no figure, because there is no rate.
pub async fn unconverted(client: &Client) -> anyhow::Result<Vec<RevenueChange>> {
    Ok(pages(|page_token| async move {
        let request = ListUnconvertedSubscriptionsRequest {
            page_size: 250,
            page_token,
        };
        let mut revenue = client.revenue();
        let answer = revenue.list_unconverted_subscriptions(request);
        let answer = answer.await?.into_inner();
        Ok::<_, Error>((answer.changes, answer.next_page_token))
    })
    .try_collect()
    .await?)
}

fn list(left_out: &[RevenueChange], screen: &mut Screen<'_>) -> anyhow::Result<()> {
    if left_out.is_empty() {
        return Ok(());
    }
    screen.line("\nNot in these figures, because there is no exchange rate:")?;
    let rows = left_out.iter().map(|change| {
        let (amount, currency) = amount(change);
        let subscription = format!("subscription {}", change.subscription_id);
        let currency = format!("{currency} a month");
        vec![subscription, change.product_key.clone(), amount, currency]
    });
    let grid = Grid {
        heads: Vec::new(),
        numbers: vec![false, false, true, false],
        rows: rows.collect(),
    };
    screen.grid(&grid, "  ")?;
    screen.line("Set one with: perennial rates set FROM TO RATE")
}

fn amount(change: &RevenueChange) -> (String, String) {
    let money = change.monthly_value.clone().unwrap_or_default();
    let amount = money
        .amount
        .map_or_else(|| "0".to_owned(), |amount| amount.value);
    (amount, money.currency_code)
}

fn shown(value: Option<Decimal>) -> String {
    value.map_or_else(
        || NOTHING.to_owned(),
        |value| format(round_shown(value, DECIMALS)),
    )
}

/// A metric as users name it: in lower case, without what all of them begin with.
fn name(metric: RevenueMetric) -> String {
    let name = metric.as_str_name();
    name.trim_start_matches("REVENUE_METRIC_").to_lowercase()
}

fn metric(text: &str) -> anyhow::Result<RevenueMetric> {
    let full = format!("REVENUE_METRIC_{}", text.to_uppercase());
    match RevenueMetric::from_str_name(&full) {
        Some(RevenueMetric::Unspecified) | None => {
            Err(misused(format!("`{text}` is not a metric")))
        }
        Some(metric) => Ok(metric),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use contract::kernel::v1::{self as wire, Money};
    use contract::subscription::v1::{RevenueMetricPoint, RevenueMetricSeries};

    use super::*;

    fn answer() -> QueryRevenueMetricsResponse {
        let series = |metric: RevenueMetric, values: [Option<&str>; 2]| RevenueMetricSeries {
            metric: metric.into(),
            points: values
                .map(|value| RevenueMetricPoint {
                    value: value.map(|value| wire::Decimal {
                        value: value.to_owned(),
                    }),
                })
                .to_vec(),
        };
        QueryRevenueMetricsResponse {
            currency_code: "EUR".to_owned(),
            periods: vec!["2026-01".to_owned(), "2026-02".to_owned()],
            series: vec![
                series(RevenueMetric::RecurringRevenue, [Some("10.005"), Some("7")]),
                series(
                    RevenueMetric::GrowthRate,
                    [None, Some("-30.0349825087456271864067966017")],
                ),
            ],
            ..Default::default()
        }
    }

    #[test]
    fn an_answer_becomes_a_table() {
        let table = table(&answer(), &[]).unwrap();
        let cells: Vec<Vec<String>> = table
            .rows
            .iter()
            .map(|(_, values)| values.iter().map(|value| shown(*value)).collect())
            .collect();
        assert_eq!(cells, [["10.01", "-"], ["7", "-30.03"]]);
        let left_out = RevenueChange {
            subscription_id: "01".to_owned(),
            product_key: "pro".to_owned(),
            monthly_value: Some(Money {
                amount: Some(wire::Decimal {
                    value: "5".to_owned(),
                }),
                currency_code: "GBP".to_owned(),
            }),
            ..Default::default()
        };
        let shown = table.to_json(&[left_out]);
        assert_eq!(shown["periods"][0]["growth_rate"], Value::Null);
        assert_eq!(shown["periods"][1]["growth_rate"], "-30.03");
        assert_eq!(shown["unconverted"][0]["currency"], "GBP");
    }

    #[test]
    fn what_is_asked_for_follows_the_arguments() {
        let days = RevenueArgs {
            days: Some("2026-01".to_owned()),
            product: Some("pro".to_owned()),
            ..Default::default()
        };
        let asked = request(&days).unwrap();
        assert_eq!(
            (asked.granularity(), asked.metrics.len()),
            (RevenueGranularity::Day, 4)
        );
        assert_eq!(
            (asked.first_month.as_str(), asked.product_key.as_str()),
            ("2026-01", "pro")
        );
        let named = |name: &str| RevenueArgs {
            metrics: vec![name.to_owned()],
            ..Default::default()
        };
        let asked = request(&named("growth_rate")).unwrap();
        assert_eq!(asked.metrics, [i32::from(RevenueMetric::GrowthRate)]);
        assert!(request(&named("all")).unwrap().metrics.is_empty());
        assert!(request(&named("unspecified")).is_err());
        assert!(request(&named("luck")).is_err());
    }
}
