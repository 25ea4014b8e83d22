//! Revenue figures and the ledger.

use contract::convert::{decimal, timestamp};
use contract::subscription::v1 as pb;
use jiff::Timestamp;
use kernel::Decimal;
use kernel::decimal::DecimalError;
use kernel::period::Period;

use crate::domain::refusal::Refusal;
use crate::domain::revenue::change::Class;
use crate::domain::revenue::metric::Metric;
use crate::domain::revenue::movement::Kind;
use crate::domain::revenue::series::Figures;
use crate::domain::revenue::standing::{Standing, Status};
use crate::error::SubscriptionError;
use crate::revenue::drill::Found;
use crate::revenue::read::Paid;
use crate::store::revenue::LedgerEntry;

/// The figures of one month.
pub fn month(name: &str, period: Period, now: Timestamp, figures: &Figures) -> pb::RevenueMonth {
    let movements = Kind::ALL.into_iter().map(|kind| {
        let total = figures.movements.get(&kind).copied().unwrap_or_default();
        pb::MovementTotal {
            kind: self::kind(kind).into(),
            amount: Some(decimal(total.amount)),
            customer_count: total.customers,
        }
    });
    pb::RevenueMonth {
        month: name.to_owned(),
        start_time: Some(timestamp(period.start)),
        end_time: Some(timestamp(period.end.min(now))),
        mrr_start: Some(decimal(figures.mrr_start)),
        mrr_end: Some(decimal(figures.mrr_end)),
        customer_count_start: figures.customers_start,
        customer_count_end: figures.customers_end,
        movements: movements.collect(),
        trialing_customer_count_end: figures.trialing_end,
    }
}

/// One customer behind a figure.
pub fn movement(found: &Found) -> Result<pb::Movement, SubscriptionError> {
    let basis = &found.figures.basis;
    let (before, after) = (basis.existing.amount, basis.active.amount);
    let amount = kernel::decimal::sub(after, before).map_err(Refusal::from)?;
    let kind = found
        .figures
        .kind
        .map_or(pb::MovementKind::Unspecified, kind);
    Ok(pb::Movement {
        customer_id: found.customer_id.clone(),
        kind: kind.into(),
        value_before: Some(decimal(before)),
        value_after: Some(decimal(after)),
        amount: Some(decimal(amount)),
        subscription_ids: found.figures.subscription_ids.clone(),
        contribution: found.contribution.map(decimal),
    })
}

/// What a customer is worth.
pub fn customer(
    id: &str,
    standing: Option<&Standing>,
    spent: Decimal,
    is_excluded: bool,
) -> Result<pb::CustomerRevenue, SubscriptionError> {
    let revenue = standing.map_or(Decimal::ZERO, |standing| standing.revenue);
    let status = standing.map_or(Status::NoHistory, |standing| standing.status);
    let status = match status {
        Status::Active => pb::CustomerRevenueStatus::Active,
        Status::Canceled => pb::CustomerRevenueStatus::Canceled,
        Status::Trialing => pb::CustomerRevenueStatus::Trialing,
        Status::ChurnedDelinquent => pb::CustomerRevenueStatus::ChurnedDelinquent,
        Status::ChurnedVoluntary => pb::CustomerRevenueStatus::ChurnedVoluntary,
        Status::ChurnedTrial => pb::CustomerRevenueStatus::ChurnedTrial,
        Status::NoHistory => pb::CustomerRevenueStatus::NoHistory,
    };
    let products = standing.map(|standing| standing.products.iter().cloned().collect());
    let time = |of: fn(&Standing) -> Option<Timestamp>| standing.and_then(of).map(timestamp);
    Ok(pb::CustomerRevenue {
        customer_id: id.to_owned(),
        mrr: Some(decimal(revenue)),
        mrr_cents: cents(revenue)?,
        product_keys: products.unwrap_or_default(),
        status: status.into(),
        activate_time: time(|standing| standing.activated),
        churn_time: time(|standing| standing.churned),
        is_trialing: standing.is_some_and(|standing| standing.is_trialing),
        had_trial: standing.is_some_and(|standing| standing.had_trial),
        total_spend: Some(decimal(spent)),
        total_spend_cents: cents(spent)?,
        is_excluded,
    })
}

/// A product that somebody pays for.
pub fn paying_product(paid: &Paid) -> pb::PayingProduct {
    pb::PayingProduct {
        product_key: paid.product.clone(),
        mrr: Some(decimal(paid.part.amount)),
        customer_count: paid.part.customers,
    }
}

/// An amount in hundredths, half away from zero; of sums of quotients too.
fn cents(amount: Decimal) -> Result<i64, SubscriptionError> {
    let hundredths = kernel::decimal::mul(amount, Decimal::ONE_HUNDRED).map_err(Refusal::from)?;
    let whole = kernel::decimal::round_shown(hundredths, 0);
    i64::try_from(whole).map_err(|_| Refusal::from(DecimalError::Overflow).into())
}

/// An entry of the ledger.
pub fn change(entry: &LedgerEntry) -> pb::RevenueChange {
    pb::RevenueChange {
        subscription_id: entry.subscription_id.clone(),
        customer_id: entry.customer_id.clone(),
        product_key: entry.product_key.clone(),
        effective_time: Some(timestamp(entry.at)),
        monthly_value: Some(contract::kernel::v1::Money {
            amount: Some(decimal(entry.monthly_value)),
            currency_code: entry.currency.clone(),
        }),
        class: match entry.class {
            Class::Trial => pb::RevenueClass::Trial,
            Class::Free => pb::RevenueClass::Free,
            Class::Paid | Class::PastDue => pb::RevenueClass::Paid,
            Class::Ended | Class::Lapsed => pb::RevenueClass::Ended,
            Class::Delinquent => pb::RevenueClass::Delinquent,
        }
        .into(),
    }
}

/// Reads a kind of a filter.
pub fn kind_from(value: i32) -> Result<Kind, SubscriptionError> {
    match pb::MovementKind::try_from(value) {
        Ok(pb::MovementKind::New) => Ok(Kind::New),
        Ok(pb::MovementKind::Expansion) => Ok(Kind::Expansion),
        Ok(pb::MovementKind::Contraction) => Ok(Kind::Contraction),
        Ok(pb::MovementKind::Churn) => Ok(Kind::Churn),
        Ok(pb::MovementKind::Reactivation) => Ok(Kind::Reactivation),
        Ok(pb::MovementKind::PlanChange) => Ok(Kind::PlanChange),
        Ok(pb::MovementKind::Unspecified) | Err(_) => {
            Err(SubscriptionError::field("kinds", "is not a kind"))
        }
    }
}

fn kind(kind: Kind) -> pb::MovementKind {
    match kind {
        Kind::New => pb::MovementKind::New,
        Kind::Expansion => pb::MovementKind::Expansion,
        Kind::Contraction => pb::MovementKind::Contraction,
        Kind::Churn => pb::MovementKind::Churn,
        Kind::Reactivation => pb::MovementKind::Reactivation,
        Kind::PlanChange => pb::MovementKind::PlanChange,
    }
}

/// A metric over its periods.
pub fn series(of: Metric, values: &[Option<Decimal>]) -> pb::RevenueMetricSeries {
    let points = values.iter().map(|value| pb::RevenueMetricPoint {
        value: value.map(decimal),
    });
    pb::RevenueMetricSeries {
        metric: metric(of).into(),
        points: points.collect(),
    }
}

/// Reads a metric.
pub fn metric_from(value: i32) -> Option<Metric> {
    let value = pb::RevenueMetric::try_from(value).ok()?;
    Metric::ALL
        .into_iter()
        .find(|known| metric(*known) == value)
}

/// What a metric is called in the contract.
pub fn metric(metric: Metric) -> pb::RevenueMetric {
    match metric {
        Metric::RecurringRevenue => pb::RevenueMetric::RecurringRevenue,
        Metric::ExistingRecurringRevenue => pb::RevenueMetric::ExistingRecurringRevenue,
        Metric::NewRecurringRevenue => pb::RevenueMetric::NewRecurringRevenue,
        Metric::ReactivatedRecurringRevenue => pb::RevenueMetric::ReactivatedRecurringRevenue,
        Metric::ChurnedRecurringRevenue => pb::RevenueMetric::ChurnedRecurringRevenue,
        Metric::ChurnedRecurringRevenueCancellations => {
            pb::RevenueMetric::ChurnedRecurringRevenueCancellations
        }
        Metric::ChurnedRecurringRevenueDelinquent => {
            pb::RevenueMetric::ChurnedRecurringRevenueDelinquent
        }
        Metric::UpgradedRecurringRevenue => pb::RevenueMetric::UpgradedRecurringRevenue,
        Metric::DowngradedRecurringRevenue => pb::RevenueMetric::DowngradedRecurringRevenue,
        Metric::PlanChangedRecurringRevenue => pb::RevenueMetric::PlanChangedRecurringRevenue,
        Metric::ActiveCustomers => pb::RevenueMetric::ActiveCustomers,
        Metric::ExistingCustomers => pb::RevenueMetric::ExistingCustomers,
        Metric::NewCustomers => pb::RevenueMetric::NewCustomers,
        Metric::ReactivatedCustomers => pb::RevenueMetric::ReactivatedCustomers,
        Metric::ChurnedCustomers => pb::RevenueMetric::ChurnedCustomers,
        Metric::ChurnedCustomersCancellations => pb::RevenueMetric::ChurnedCustomersCancellations,
        Metric::ChurnedCustomersDelinquent => pb::RevenueMetric::ChurnedCustomersDelinquent,
        Metric::UpgradedCustomers => pb::RevenueMetric::UpgradedCustomers,
        Metric::DowngradedCustomers => pb::RevenueMetric::DowngradedCustomers,
        Metric::AverageRevenuePerUser => pb::RevenueMetric::AverageRevenuePerUser,
        Metric::GrowthRate => pb::RevenueMetric::GrowthRate,
        Metric::RevenueChurnRate => pb::RevenueMetric::RevenueChurnRate,
        Metric::RevenueChurnCancellationsRate => pb::RevenueMetric::RevenueChurnCancellationsRate,
        Metric::RevenueChurnDelinquentRate => pb::RevenueMetric::RevenueChurnDelinquentRate,
        Metric::CustomersChurnRate => pb::RevenueMetric::CustomersChurnRate,
        Metric::CustomersChurnCancellationsRate => {
            pb::RevenueMetric::CustomersChurnCancellationsRate
        }
        Metric::CustomersChurnDelinquentRate => pb::RevenueMetric::CustomersChurnDelinquentRate,
        Metric::CustomersRetentionRate => pb::RevenueMetric::CustomersRetentionRate,
        Metric::RevenueRetentionRate => pb::RevenueMetric::RevenueRetentionRate,
        Metric::UpgradeRate => pb::RevenueMetric::UpgradeRate,
        Metric::DowngradeRate => pb::RevenueMetric::DowngradeRate,
        Metric::PlanChangeRate => pb::RevenueMetric::PlanChangeRate,
        Metric::LifetimeValue => pb::RevenueMetric::LifetimeValue,
        Metric::SaasQuickRatio => pb::RevenueMetric::SaasQuickRatio,
        Metric::ExistingTrialingCustomers => pb::RevenueMetric::ExistingTrialingCustomers,
        Metric::ActiveTrialingCustomers => pb::RevenueMetric::ActiveTrialingCustomers,
        Metric::NewTrialingCustomers => pb::RevenueMetric::NewTrialingCustomers,
        Metric::ConvertedCustomers => pb::RevenueMetric::ConvertedCustomers,
        Metric::ChurnedTrialingCustomers => pb::RevenueMetric::ChurnedTrialingCustomers,
        Metric::CustomerConversionRate => pb::RevenueMetric::CustomerConversionRate,
        Metric::ConvertedRecurringRevenue => pb::RevenueMetric::ConvertedRecurringRevenue,
        Metric::TrialConversionTime => pb::RevenueMetric::TrialConversionTime,
        Metric::CumulativeNetNewMrr => pb::RevenueMetric::CumulativeNetNewMrr,
        Metric::CumulativeNewTrialingCustomers => pb::RevenueMetric::CumulativeNewTrialingCustomers,
        Metric::FutureChurnMrr => pb::RevenueMetric::FutureChurnMrr,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::reported::Amount;
    use crate::domain::reported::fold::monthly;

    #[test]
    fn a_half_cent_of_years_rounds_up() {
        let check = |years: [i64; 3], expected: i64| {
            let month = |hundredths: i64| {
                let value = Decimal::new(hundredths, 2);
                monthly(Amount { value, months: 12 }).unwrap()
            };
            let sum = kernel::decimal::checked_sum(years.map(month)).unwrap();
            assert_eq!(cents(sum).unwrap(), expected, "{years:?}");
        };
        check([12_001, 12_001, 1_000], 2_084);
        check([1, 1, 4], 1);
        check([1, 1, 3], 0);
    }
}
