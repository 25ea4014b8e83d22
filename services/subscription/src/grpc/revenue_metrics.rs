//! `QueryRevenueMetrics`: any metric over months, or over the days of one month.

use std::collections::BTreeSet;

use chassis::Context;
use contract::subscription::v1 as pb;
use jiff::Timestamp;
use kernel::period::Period;

use super::revenue::{RevenueServer, UNCONVERTED_MAX, month_field, months, visible_until};
use crate::convert::revenue as show;
use crate::domain::refusal::Refusal;
use crate::domain::revenue::basis::{Scope, bases};
use crate::domain::revenue::metric::{Grain, Metric, series};
use crate::error::SubscriptionError;
use crate::month::Month;

impl RevenueServer {
    /// Answers the call.
    pub(super) async fn metrics(
        &self,
        context: &Context,
        request: &pb::QueryRevenueMetricsRequest,
    ) -> Result<pb::QueryRevenueMetricsResponse, SubscriptionError> {
        let scope = match request.product_key.as_str() {
            "" => Scope::Account,
            key => Scope::Product(key),
        };
        let grain = grain(request.granularity)?;
        let wanted = wanted(&request.metrics, grain, scope != Scope::Account)?;
        let first = month_field("first_month", &request.first_month)?;
        let last = month_field("last_month", &request.last_month)?;
        if grain == Grain::Day && last.is_some() {
            return Err(SubscriptionError::field(
                "last_month",
                "is not for days: they are of one month",
            ));
        }
        let settings = self.settings(context).await?;
        let current = Month::of(context.now, &settings.time_zone);
        let (ledger, named) = match grain {
            Grain::Month => {
                let last = last.unwrap_or(current).min(current);
                let until = visible_until(last.period(&settings.time_zone)?, context.now);
                let ledger = self.ledger(context, settings.currency, until).await?;
                let named = months(first, last, &ledger.entries, &settings.time_zone)?
                    .into_iter()
                    .map(|(month, period)| (month.to_string(), period))
                    .collect();
                (ledger, named)
            }
            Grain::Day => {
                let month = first.ok_or_else(|| {
                    SubscriptionError::field("first_month", "is required for days")
                })?;
                // Ends that are known ahead are part of the answer.
                let ledger = self
                    .ledger(context, settings.currency, Timestamp::MAX)
                    .await?;
                let mut days = month.days(&settings.time_zone)?;
                days.retain(|(_, day)| day.start <= context.now);
                (ledger, days)
            }
        };
        let periods: Vec<Period> = named
            .iter()
            .map(|(_, period)| Period {
                end: visible_until(*period, context.now),
                ..*period
            })
            .collect();
        let bases = bases(&ledger.entries, &periods, scope).map_err(Refusal::from)?;
        let series = wanted
            .into_iter()
            .map(|metric| Ok(show::series(metric, &series(metric, &bases)?)))
            .collect::<Result<_, _>>()
            .map_err(|error: kernel::decimal::DecimalError| Refusal::from(error))?;
        Ok(pb::QueryRevenueMetricsResponse {
            currency_code: settings.currency.code().to_owned(),
            periods: named.into_iter().map(|(name, _)| name).collect(),
            series,
            unconverted_subscription_ids: ledger
                .left_out
                .into_iter()
                .take(UNCONVERTED_MAX)
                .collect(),
        })
    }
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
