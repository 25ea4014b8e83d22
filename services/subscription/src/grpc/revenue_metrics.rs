//! `GetRevenueSeries`, `QueryRevenueMetrics` and `ExportRevenueMetrics`: figures of months, or of the days of one month.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chassis::Context;
use contract::subscription::v1 as pb;
use kernel::decimal;

use super::revenue::{RevenueServer, month_field};
use crate::convert::revenue as show;
use crate::domain::refusal::Refusal;
use crate::domain::revenue::basis::Scope;
use crate::domain::revenue::metric::{Grain, Metric, series};
use crate::domain::revenue::month::{Day, Month};
use crate::domain::revenue::series::Figures as MonthFigures;
use crate::error::SubscriptionError;
use crate::revenue::read::{Figures, Periods};
use crate::revenue::settings::Settings;

/// Most months of one series.
const MONTHS_MAX: usize = 120;
/// Most months of a series that begins with the ledger, however far its first entry is back.
const ALL_MONTHS_MAX: usize = 1200;
/// Decimals of what is exported.
const EXPORTED_DECIMALS: u32 = 2;

/// What was asked for, read.
struct Query<'a> {
    scope: Scope<'a>,
    grain: Grain,
    metrics: BTreeSet<Metric>,
    first: Option<Month>,
    last: Option<Month>,
}

impl<'a> Query<'a> {
    fn parse(request: &'a pb::QueryRevenueMetricsRequest) -> Result<Self, SubscriptionError> {
        let scope = match request.product_key.as_str() {
            "" => Scope::Account,
            key => Scope::Product(key),
        };
        let grain = grain(request.granularity)?;
        let metrics = wanted(&request.metrics, grain, scope != Scope::Account)?;
        let first = month_field("first_month", &request.first_month)?;
        let last = month_field("last_month", &request.last_month)?;
        if grain == Grain::Day && last.is_some() {
            return Err(SubscriptionError::field(
                "last_month",
                "is not for days: they are of one month",
            ));
        }
        if grain == Grain::Day && first.is_none() {
            return Err(SubscriptionError::field(
                "first_month",
                "is required for days",
            ));
        }
        Ok(Self {
            scope,
            grain,
            metrics,
            first,
            last,
        })
    }
}

impl RevenueServer {
    /// Answers `GetRevenueSeries`.
    pub(super) async fn series(
        &self,
        context: &Context,
        request: &pb::GetRevenueSeriesRequest,
    ) -> Result<pb::GetRevenueSeriesResponse, SubscriptionError> {
        let first = month_field("first_month", &request.first_month)?;
        let last = month_field("last_month", &request.last_month)?;
        let settings = self.revenue.settings(context).await?;
        let months = self.months(context, &settings, first, last).await?;
        let figures = self
            .revenue
            .figures(context, &settings, Scope::Account, Periods::Months(&months))
            .await?;
        let months = months
            .iter()
            .zip(&figures.bases)
            .map(|(month, basis)| {
                let period = month.period(&settings.time_zone)?;
                let figures = MonthFigures::of(basis).map_err(Refusal::from)?;
                Ok(show::month(
                    &month.to_string(),
                    period,
                    context.now,
                    &figures,
                ))
            })
            .collect::<Result<_, SubscriptionError>>()?;
        Ok(pb::GetRevenueSeriesResponse {
            currency_code: settings.currency.code().to_owned(),
            months,
            folded_customer_count: folded(&figures),
            unconverted_subscription_ids: figures.left_out,
        })
    }

    /// Answers `QueryRevenueMetrics`.
    pub(super) async fn metrics(
        &self,
        context: &Context,
        request: &pb::QueryRevenueMetricsRequest,
    ) -> Result<pb::QueryRevenueMetricsResponse, SubscriptionError> {
        let query = Query::parse(request)?;
        let settings = self.revenue.settings(context).await?;
        let (periods, figures): (Vec<String>, Figures) = match query.grain {
            Grain::Month => {
                let months = self
                    .months(context, &settings, query.first, query.last)
                    .await?;
                let periods = Periods::Months(&months);
                let figures = self
                    .revenue
                    .figures(context, &settings, query.scope, periods);
                let names = months.iter().map(ToString::to_string).collect();
                (names, figures.await?)
            }
            Grain::Day => {
                let days: Vec<Day> = match query.first {
                    None => Vec::new(),
                    Some(month) => month
                        .days(&settings.time_zone)?
                        .into_iter()
                        .filter(|(_, period)| period.start <= context.now)
                        .map(|(day, _)| day)
                        .collect(),
                };
                let periods = Periods::Days(&days);
                let figures = self
                    .revenue
                    .figures(context, &settings, query.scope, periods);
                let names = days.iter().map(ToString::to_string).collect();
                (names, figures.await?)
            }
        };
        let series = query
            .metrics
            .into_iter()
            .map(|metric| Ok(show::series(metric, &series(metric, &figures.bases)?)))
            .collect::<Result<_, _>>()
            .map_err(|error: decimal::DecimalError| Refusal::from(error))?;
        Ok(pb::QueryRevenueMetricsResponse {
            currency_code: settings.currency.code().to_owned(),
            periods,
            series,
            folded_customer_count: folded(&figures),
            unconverted_subscription_ids: figures.left_out,
        })
    }

    /// Answers `ExportRevenueMetrics`.
    pub(super) async fn export(
        &self,
        context: &Context,
        request: pb::ExportRevenueMetricsRequest,
    ) -> Result<pb::ExportRevenueMetricsResponse, SubscriptionError> {
        let request = pb::QueryRevenueMetricsRequest {
            metrics: request.metrics,
            product_key: request.product_key,
            granularity: request.granularity,
            first_month: request.first_month,
            last_month: request.last_month,
        };
        let answer = self.metrics(context, &request).await?;
        Ok(pb::ExportRevenueMetricsResponse { csv: csv(&answer) })
    }

    /// The months of a series: from the first, or that of the first entry, to the last, or the current one.
    async fn months(
        &self,
        context: &Context,
        settings: &Settings,
        first: Option<Month>,
        last: Option<Month>,
    ) -> Result<Vec<Month>, SubscriptionError> {
        let current = Month::of(context.now, &settings.time_zone);
        let last = last.unwrap_or(current).min(current);
        let asked = first.is_some();
        let first = match first {
            Some(first) => Some(first),
            None => self.revenue.first_month(context.project, settings).await?,
        };
        let Some(first) = first else {
            return Ok(Vec::new());
        };
        let months_max = if asked { MONTHS_MAX } else { ALL_MONTHS_MAX };
        let months: Vec<Month> = first.through(last).take(months_max + 1).collect();
        if months.len() > months_max {
            return Err(SubscriptionError::field(
                "first_month",
                format!("must be at most {months_max} months before the last"),
            ));
        }
        Ok(months)
    }
}

fn folded(figures: &Figures) -> i64 {
    i64::try_from(figures.looked_up).unwrap_or(i64::MAX)
}

/// A head, then a line for each period. Nothing in it needs quotes.
fn csv(answer: &pb::QueryRevenueMetricsResponse) -> String {
    let mut csv = String::from("period,currency");
    for series in &answer.series {
        let name = show::metric_from(series.metric).map(Metric::name);
        let _ = write!(csv, ",{}", name.unwrap_or_default());
    }
    csv.push_str("\r\n");
    for (index, period) in answer.periods.iter().enumerate() {
        let _ = write!(csv, "{period},{}", answer.currency_code);
        for series in &answer.series {
            let value = series
                .points
                .get(index)
                .and_then(|point| point.value.as_ref());
            csv.push(',');
            // A quotient has more decimals than a caller may send.
            if let Some(value) = value.and_then(|value| value.value.parse().ok()) {
                let rounded = decimal::round_shown(value, EXPORTED_DECIMALS);
                csv.push_str(&decimal::format(rounded));
            }
        }
        csv.push_str("\r\n");
    }
    csv
}

fn grain(value: i32) -> Result<Grain, SubscriptionError> {
    match pb::RevenueGranularity::try_from(value) {
        Ok(pb::RevenueGranularity::Unspecified | pb::RevenueGranularity::Month) => Ok(Grain::Month),
        Ok(pb::RevenueGranularity::Day) => Ok(Grain::Day),
        Err(_) => Err(SubscriptionError::field("granularity", "is unknown")),
    }
}

fn wanted(
    named: &[i32],
    grain: Grain,
    one_product: bool,
) -> Result<BTreeSet<Metric>, SubscriptionError> {
    if named.is_empty() {
        let all = Metric::ALL.into_iter();
        return Ok(all
            .filter(|metric| metric.applies(grain, one_product))
            .collect());
    }
    let mut wanted = BTreeSet::new();
    for (index, value) in named.iter().enumerate() {
        let field = || format!("metrics[{index}]");
        let metric = show::metric_from(*value)
            .ok_or_else(|| SubscriptionError::field(field(), "is not a metric"))?;
        if !metric.applies(grain, one_product) {
            return Err(SubscriptionError::field(
                field(),
                "is not for this scope and granularity",
            ));
        }
        if !wanted.insert(metric) {
            return Err(SubscriptionError::field(field(), "is named twice"));
        }
    }
    Ok(wanted)
}
