//! The metrics by name: which there are for months and for days, for the whole account and for one product, and how each
//! follows from the bases of its period and of those before it. Nothing is rounded here. A rate is in percent; a value
//! whose denominator is 0 is absent.

use kernel::Decimal;
use kernel::decimal::{self, DecimalError};

use super::basis::{Basis, Part};

/// Months over which the churn rate behind the lifetime value is averaged.
const LIFETIME_MONTHS: usize = 6;
const SECONDS_PER_DAY: i64 = 86_400;

/// A metric. Names are those of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    RecurringRevenue,
    ExistingRecurringRevenue,
    NewRecurringRevenue,
    ReactivatedRecurringRevenue,
    ChurnedRecurringRevenue,
    ChurnedRecurringRevenueCancellations,
    ChurnedRecurringRevenueDelinquent,
    UpgradedRecurringRevenue,
    DowngradedRecurringRevenue,
    PlanChangedRecurringRevenue,
    ActiveCustomers,
    ExistingCustomers,
    NewCustomers,
    ReactivatedCustomers,
    ChurnedCustomers,
    ChurnedCustomersCancellations,
    ChurnedCustomersDelinquent,
    UpgradedCustomers,
    DowngradedCustomers,
    AverageRevenuePerUser,
    GrowthRate,
    RevenueChurnRate,
    RevenueChurnCancellationsRate,
    RevenueChurnDelinquentRate,
    CustomersChurnRate,
    CustomersChurnCancellationsRate,
    CustomersChurnDelinquentRate,
    CustomersRetentionRate,
    RevenueRetentionRate,
    UpgradeRate,
    DowngradeRate,
    PlanChangeRate,
    LifetimeValue,
    SaasQuickRatio,
    ExistingTrialingCustomers,
    ActiveTrialingCustomers,
    NewTrialingCustomers,
    ConvertedCustomers,
    ChurnedTrialingCustomers,
    CustomerConversionRate,
    ConvertedRecurringRevenue,
    TrialConversionTime,
    CumulativeNetNewMrr,
    CumulativeNewTrialingCustomers,
    FutureChurnMrr,
}

/// How long the periods of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// Months.
    Month,
    /// The days of one month, from its first on.
    Day,
}

/// What a metric is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Applies {
    Account,
    Product,
    Both,
    Never,
}

impl Metric {
    /// All metrics in the order of the contract.
    pub const ALL: [Self; 45] = [
        Self::RecurringRevenue,
        Self::ExistingRecurringRevenue,
        Self::NewRecurringRevenue,
        Self::ReactivatedRecurringRevenue,
        Self::ChurnedRecurringRevenue,
        Self::ChurnedRecurringRevenueCancellations,
        Self::ChurnedRecurringRevenueDelinquent,
        Self::UpgradedRecurringRevenue,
        Self::DowngradedRecurringRevenue,
        Self::PlanChangedRecurringRevenue,
        Self::ActiveCustomers,
        Self::ExistingCustomers,
        Self::NewCustomers,
        Self::ReactivatedCustomers,
        Self::ChurnedCustomers,
        Self::ChurnedCustomersCancellations,
        Self::ChurnedCustomersDelinquent,
        Self::UpgradedCustomers,
        Self::DowngradedCustomers,
        Self::AverageRevenuePerUser,
        Self::GrowthRate,
        Self::RevenueChurnRate,
        Self::RevenueChurnCancellationsRate,
        Self::RevenueChurnDelinquentRate,
        Self::CustomersChurnRate,
        Self::CustomersChurnCancellationsRate,
        Self::CustomersChurnDelinquentRate,
        Self::CustomersRetentionRate,
        Self::RevenueRetentionRate,
        Self::UpgradeRate,
        Self::DowngradeRate,
        Self::PlanChangeRate,
        Self::LifetimeValue,
        Self::SaasQuickRatio,
        Self::ExistingTrialingCustomers,
        Self::ActiveTrialingCustomers,
        Self::NewTrialingCustomers,
        Self::ConvertedCustomers,
        Self::ChurnedTrialingCustomers,
        Self::CustomerConversionRate,
        Self::ConvertedRecurringRevenue,
        Self::TrialConversionTime,
        Self::CumulativeNetNewMrr,
        Self::CumulativeNewTrialingCustomers,
        Self::FutureChurnMrr,
    ];

    /// Whether there is such a series.
    pub fn applies(self, grain: Grain, one_product: bool) -> bool {
        let applies = match grain {
            Grain::Month => self.by_month(),
            Grain::Day => self.by_day(),
        };
        match applies {
            Applies::Both => true,
            Applies::Account => !one_product,
            Applies::Product => one_product,
            Applies::Never => false,
        }
    }

    fn by_month(self) -> Applies {
        match self {
            Self::UpgradedRecurringRevenue
            | Self::DowngradedRecurringRevenue
            | Self::UpgradedCustomers
            | Self::DowngradedCustomers
            | Self::UpgradeRate
            | Self::DowngradeRate
            | Self::SaasQuickRatio
            | Self::TrialConversionTime => Applies::Account,
            Self::PlanChangedRecurringRevenue | Self::PlanChangeRate => Applies::Product,
            Self::CumulativeNetNewMrr
            | Self::CumulativeNewTrialingCustomers
            | Self::FutureChurnMrr => Applies::Never,
            Self::RecurringRevenue
            | Self::ExistingRecurringRevenue
            | Self::NewRecurringRevenue
            | Self::ReactivatedRecurringRevenue
            | Self::ChurnedRecurringRevenue
            | Self::ChurnedRecurringRevenueCancellations
            | Self::ChurnedRecurringRevenueDelinquent
            | Self::ActiveCustomers
            | Self::ExistingCustomers
            | Self::NewCustomers
            | Self::ReactivatedCustomers
            | Self::ChurnedCustomers
            | Self::ChurnedCustomersCancellations
            | Self::ChurnedCustomersDelinquent
            | Self::AverageRevenuePerUser
            | Self::GrowthRate
            | Self::RevenueChurnRate
            | Self::RevenueChurnCancellationsRate
            | Self::RevenueChurnDelinquentRate
            | Self::CustomersChurnRate
            | Self::CustomersChurnCancellationsRate
            | Self::CustomersChurnDelinquentRate
            | Self::CustomersRetentionRate
            | Self::RevenueRetentionRate
            | Self::LifetimeValue
            | Self::ExistingTrialingCustomers
            | Self::ActiveTrialingCustomers
            | Self::NewTrialingCustomers
            | Self::ConvertedCustomers
            | Self::ChurnedTrialingCustomers
            | Self::CustomerConversionRate
            | Self::ConvertedRecurringRevenue => Applies::Both,
        }
    }

    fn by_day(self) -> Applies {
        const BOTH: [Metric; 9] = [
            Metric::ActiveCustomers,
            Metric::RecurringRevenue,
            Metric::NewCustomers,
            Metric::NewRecurringRevenue,
            Metric::ReactivatedCustomers,
            Metric::ReactivatedRecurringRevenue,
            Metric::ChurnedCustomers,
            Metric::ChurnedRecurringRevenue,
            Metric::FutureChurnMrr,
        ];
        const ACCOUNT: [Metric; 6] = [
            Metric::UpgradedCustomers,
            Metric::UpgradedRecurringRevenue,
            Metric::DowngradedCustomers,
            Metric::DowngradedRecurringRevenue,
            Metric::CumulativeNetNewMrr,
            Metric::CumulativeNewTrialingCustomers,
        ];
        if BOTH.contains(&self) {
            Applies::Both
        } else if ACCOUNT.contains(&self) {
            Applies::Account
        } else {
            Applies::Never
        }
    }

    /// The value of the last of these consecutive periods; those before it are for what looks back. `None`: there is no
    /// denominator, or no period.
    pub fn value(self, bases: &[Basis]) -> Result<Option<Decimal>, DecimalError> {
        let Some(basis) = bases.last() else {
            return Ok(None);
        };
        let amount = |part: Part| Ok(Some(part.amount));
        let customers = |part: Part| Ok(Some(Decimal::from(part.customers)));
        let count = |count: i64| Ok(Some(Decimal::from(count)));
        let (b, e) = (basis.existing.amount, basis.active.amount);
        match self {
            Self::RecurringRevenue => amount(basis.active),
            Self::ExistingRecurringRevenue => amount(basis.existing),
            Self::NewRecurringRevenue => amount(basis.new),
            Self::ReactivatedRecurringRevenue => amount(basis.reactivated),
            Self::ChurnedRecurringRevenue => amount(basis.churned()?),
            Self::ChurnedRecurringRevenueCancellations => amount(basis.canceled),
            Self::ChurnedRecurringRevenueDelinquent => amount(basis.delinquent),
            Self::UpgradedRecurringRevenue => amount(basis.upgraded),
            Self::DowngradedRecurringRevenue => amount(basis.downgraded),
            Self::PlanChangedRecurringRevenue => amount(basis.plan_changed),
            Self::ActiveCustomers => customers(basis.active),
            Self::ExistingCustomers => customers(basis.existing),
            Self::NewCustomers => customers(basis.new),
            Self::ReactivatedCustomers => customers(basis.reactivated),
            Self::ChurnedCustomers => customers(basis.churned()?),
            Self::ChurnedCustomersCancellations => customers(basis.canceled),
            Self::ChurnedCustomersDelinquent => customers(basis.delinquent),
            Self::UpgradedCustomers => customers(basis.upgraded),
            Self::DowngradedCustomers => customers(basis.downgraded),
            Self::AverageRevenuePerUser => revenue_per_customer(basis),
            Self::GrowthRate => percent(decimal::sub(e, b)?, b),
            Self::RevenueChurnRate => percent(basis.churned()?.amount.abs(), b),
            Self::RevenueChurnCancellationsRate => percent(basis.canceled.amount.abs(), b),
            Self::RevenueChurnDelinquentRate => percent(basis.delinquent.amount.abs(), b),
            Self::CustomersChurnRate => customer_churn(basis),
            Self::CustomersChurnCancellationsRate => of_customers(basis, basis.canceled),
            Self::CustomersChurnDelinquentRate => of_customers(basis, basis.delinquent),
            Self::CustomersRetentionRate => customer_churn(basis)?
                .map(|rate| decimal::sub(Decimal::ONE_HUNDRED, rate))
                .transpose(),
            Self::RevenueRetentionRate => percent(basis.retained, b),
            Self::UpgradeRate => percent(basis.upgraded.amount, b),
            Self::DowngradeRate => percent(basis.downgraded.amount.abs(), b),
            Self::PlanChangeRate => percent(basis.plan_changed.amount, b),
            Self::LifetimeValue => lifetime_value(bases),
            Self::SaasQuickRatio => {
                let gained = decimal::checked_sum([
                    basis.new.amount,
                    basis.reactivated.amount,
                    basis.upgraded.amount,
                ])?;
                let lost = decimal::add(basis.churned()?.amount, basis.downgraded.amount)?;
                ratio(gained, lost.abs())
            }
            Self::ExistingTrialingCustomers => count(basis.trialing_start),
            Self::ActiveTrialingCustomers => count(basis.trialing_end),
            Self::NewTrialingCustomers => count(basis.trials_started),
            Self::ConvertedCustomers => count(basis.trials_converted),
            Self::ChurnedTrialingCustomers => count(basis.trials_lost),
            Self::CustomerConversionRate => percent(
                basis.trials_converted.into(),
                (basis.trialing_start + basis.trials_started).into(),
            ),
            Self::ConvertedRecurringRevenue => Ok(Some(basis.converted)),
            Self::TrialConversionTime => ratio(
                decimal::div(basis.conversion_seconds.into(), SECONDS_PER_DAY.into())?,
                basis.trials_converted.into(),
            ),
            Self::CumulativeNetNewMrr => {
                let first = bases.first().map_or(b, |first| first.existing.amount);
                decimal::sub(e, first).map(Some)
            }
            Self::CumulativeNewTrialingCustomers => {
                count(bases.iter().map(|basis| basis.trials_started).sum())
            }
            Self::FutureChurnMrr => Ok(Some(basis.ending)),
        }
    }
}

impl Metric {
    /// What one customer with this basis adds to the metric; for a rate or mean, to its numerator. `None`: it is no sum over
    /// customers.
    pub fn contribution(self, own: &Basis) -> Result<Option<Decimal>, DecimalError> {
        let amount = |amount: Decimal| Ok(Some(amount));
        let count = |count: i64| Ok(Some(Decimal::from(count)));
        match self {
            Self::LifetimeValue
            | Self::SaasQuickRatio
            | Self::CumulativeNetNewMrr
            | Self::CumulativeNewTrialingCustomers => Ok(None),
            Self::AverageRevenuePerUser => amount(own.active.amount),
            Self::GrowthRate => decimal::sub(own.active.amount, own.existing.amount).map(Some),
            Self::RevenueChurnRate => amount(own.churned()?.amount.abs()),
            Self::RevenueChurnCancellationsRate => amount(own.canceled.amount.abs()),
            Self::RevenueChurnDelinquentRate => amount(own.delinquent.amount.abs()),
            Self::CustomersChurnRate => count(own.churned()?.customers),
            Self::CustomersChurnCancellationsRate => count(own.canceled.customers),
            Self::CustomersChurnDelinquentRate => count(own.delinquent.customers),
            Self::CustomersRetentionRate => {
                count(own.existing.customers - own.churned()?.customers)
            }
            Self::RevenueRetentionRate => amount(own.retained),
            Self::UpgradeRate => amount(own.upgraded.amount),
            Self::DowngradeRate => amount(own.downgraded.amount.abs()),
            Self::PlanChangeRate => amount(own.plan_changed.amount),
            Self::CustomerConversionRate => count(own.trials_converted),
            Self::TrialConversionTime => {
                decimal::div(own.conversion_seconds.into(), SECONDS_PER_DAY.into()).map(Some)
            }
            Self::RecurringRevenue
            | Self::ExistingRecurringRevenue
            | Self::NewRecurringRevenue
            | Self::ReactivatedRecurringRevenue
            | Self::ChurnedRecurringRevenue
            | Self::ChurnedRecurringRevenueCancellations
            | Self::ChurnedRecurringRevenueDelinquent
            | Self::UpgradedRecurringRevenue
            | Self::DowngradedRecurringRevenue
            | Self::PlanChangedRecurringRevenue
            | Self::ActiveCustomers
            | Self::ExistingCustomers
            | Self::NewCustomers
            | Self::ReactivatedCustomers
            | Self::ChurnedCustomers
            | Self::ChurnedCustomersCancellations
            | Self::ChurnedCustomersDelinquent
            | Self::UpgradedCustomers
            | Self::DowngradedCustomers
            | Self::ExistingTrialingCustomers
            | Self::ActiveTrialingCustomers
            | Self::NewTrialingCustomers
            | Self::ConvertedCustomers
            | Self::ChurnedTrialingCustomers
            | Self::ConvertedRecurringRevenue
            | Self::FutureChurnMrr => self.value(std::slice::from_ref(own)),
        }
    }

    /// Whether customers contribute to it in whose ledger nothing happens within the period.
    pub fn is_level(self) -> bool {
        matches!(
            self,
            Self::RecurringRevenue
                | Self::ExistingRecurringRevenue
                | Self::ActiveCustomers
                | Self::ExistingCustomers
                | Self::AverageRevenuePerUser
                | Self::CustomersRetentionRate
                | Self::RevenueRetentionRate
                | Self::ExistingTrialingCustomers
                | Self::ActiveTrialingCustomers
                | Self::FutureChurnMrr
        )
    }

    /// Its name in lower case with underscores.
    pub fn name(self) -> String {
        let mut name = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_ascii_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    }
}

/// The metric over all periods.
pub fn series(metric: Metric, bases: &[Basis]) -> Result<Vec<Option<Decimal>>, DecimalError> {
    (1..=bases.len())
        .map(|end| metric.value(&bases[..end]))
        .collect()
}

fn ratio(numerator: Decimal, denominator: Decimal) -> Result<Option<Decimal>, DecimalError> {
    if denominator.is_zero() {
        return Ok(None);
    }
    decimal::div(numerator, denominator).map(Some)
}

fn percent(numerator: Decimal, denominator: Decimal) -> Result<Option<Decimal>, DecimalError> {
    ratio(decimal::mul(numerator, Decimal::ONE_HUNDRED)?, denominator)
}

fn of_customers(basis: &Basis, part: Part) -> Result<Option<Decimal>, DecimalError> {
    percent(part.customers.into(), basis.existing.customers.into())
}

fn customer_churn(basis: &Basis) -> Result<Option<Decimal>, DecimalError> {
    of_customers(basis, basis.churned()?)
}

fn revenue_per_customer(basis: &Basis) -> Result<Option<Decimal>, DecimalError> {
    ratio(basis.active.amount, basis.active.customers.into())
}

/// What a customer pays in a month by how many of them leave in one: the mean churn of up to six months, those without a
/// rate left out.
fn lifetime_value(bases: &[Basis]) -> Result<Option<Decimal>, DecimalError> {
    let Some(revenue) = bases
        .last()
        .map(revenue_per_customer)
        .transpose()?
        .flatten()
    else {
        return Ok(None);
    };
    let rates: Vec<Decimal> = bases
        .iter()
        .rev()
        .take(LIFETIME_MONTHS)
        .filter_map(|basis| customer_churn(basis).transpose())
        .collect::<Result<_, _>>()?;
    let months = Decimal::from(rates.len());
    // revenue ÷ (sum of rates ÷ 100 ÷ months), with one division.
    let numerator = decimal::mul(decimal::mul(revenue, Decimal::ONE_HUNDRED)?, months)?;
    ratio(numerator, decimal::checked_sum(rates)?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn part(amount: i64, customers: i64) -> Part {
        Part {
            amount: amount.into(),
            customers,
        }
    }

    fn shown(metric: Metric, bases: &[Basis]) -> String {
        metric.value(bases).unwrap().map_or_else(
            || "null".to_owned(),
            |value| decimal::format(decimal::round_half_away(value, 2)),
        )
    }

    /// 10 customers with 1000; 1 new with 50, 1 back with 30, 2 gone with 150 and 50, 1 up by 20, 1 down by 10.
    fn month() -> Basis {
        Basis {
            existing: part(1_000, 10),
            active: part(890, 10),
            new: part(50, 1),
            reactivated: part(30, 1),
            canceled: part(-150, 1),
            delinquent: part(-50, 1),
            upgraded: part(20, 1),
            downgraded: part(-10, 1),
            retained: 810.into(),
            trialing_start: 2,
            trials_started: 3,
            trials_converted: 1,
            trials_lost: 1,
            trialing_end: 3,
            converted: 50.into(),
            conversion_seconds: 10 * SECONDS_PER_DAY + SECONDS_PER_DAY / 2,
            ..Basis::default()
        }
    }

    #[test]
    fn a_month_in_all_its_metrics() {
        let month = [month()];
        for (metric, expected) in [
            (Metric::RecurringRevenue, "890"),
            (Metric::ChurnedRecurringRevenue, "-200"),
            (Metric::ChurnedCustomers, "2"),
            (Metric::AverageRevenuePerUser, "89"),
            (Metric::GrowthRate, "-11"),
            (Metric::RevenueChurnRate, "20"),
            (Metric::RevenueChurnCancellationsRate, "15"),
            (Metric::RevenueChurnDelinquentRate, "5"),
            (Metric::CustomersChurnRate, "20"),
            (Metric::CustomersRetentionRate, "80"),
            (Metric::RevenueRetentionRate, "81"),
            (Metric::UpgradeRate, "2"),
            (Metric::DowngradeRate, "1"),
            (Metric::LifetimeValue, "445"),
            (Metric::SaasQuickRatio, "0.48"),
            (Metric::CustomerConversionRate, "20"),
            (Metric::TrialConversionTime, "10.5"),
            (Metric::CumulativeNetNewMrr, "-110"),
        ] {
            assert_eq!(shown(metric, &month), expected, "{metric:?}");
        }
    }

    #[test]
    fn without_a_denominator_there_is_no_value() {
        let first = [Basis {
            active: part(50, 1),
            new: part(50, 1),
            ..Basis::default()
        }];
        for metric in [
            Metric::GrowthRate,
            Metric::RevenueChurnRate,
            Metric::CustomersRetentionRate,
            Metric::LifetimeValue,
            Metric::SaasQuickRatio,
            Metric::CustomerConversionRate,
            Metric::TrialConversionTime,
        ] {
            assert_eq!(shown(metric, &first), "null", "{metric:?}");
            assert_eq!(metric.value(&[]), Ok(None));
        }
        assert_eq!(shown(Metric::AverageRevenuePerUser, &first), "50");
    }

    #[test]
    fn lifetime_is_smoothed_over_six_months() {
        let month = |existing: i64, gone: i64| Basis {
            existing: part(existing * 10, existing),
            active: part(100, 10),
            canceled: part(-gone * 10, gone),
            ..Basis::default()
        };
        // The first month is out of reach, the second has no rate: (50 + 0 + 0 + 10 + 0) / 5 = 12 %.
        let months = [
            month(10, 10),
            month(0, 0),
            month(10, 5),
            month(10, 0),
            month(10, 0),
            month(10, 1),
            month(10, 0),
        ];
        assert_eq!(shown(Metric::LifetimeValue, &months), "83.33");
        assert_eq!(shown(Metric::LifetimeValue, &[month(10, 0)]), "null");
    }

    #[test]
    fn days_add_up_within_their_month() {
        let day = |existing: i64, active: i64, trials| Basis {
            existing: part(existing, 1),
            active: part(active, 1),
            trials_started: trials,
            ..Basis::default()
        };
        let days = [day(100, 110, 1), day(110, 90, 0), day(90, 130, 2)];
        let of = |metric| {
            let values = series(metric, &days).unwrap();
            values
                .into_iter()
                .map(|value| decimal::format(value.unwrap()))
                .collect::<Vec<_>>()
        };
        assert_eq!(of(Metric::CumulativeNetNewMrr), ["10", "-10", "30"]);
        assert_eq!(of(Metric::CumulativeNewTrialingCustomers), ["1", "1", "3"]);
    }

    #[test]
    fn each_series_is_for_what_the_contract_says() {
        let count = |grain, one_product| {
            Metric::ALL
                .iter()
                .filter(|metric| metric.applies(grain, one_product))
                .count()
        };
        assert_eq!(count(Grain::Month, false), 40);
        assert_eq!(count(Grain::Month, true), 34);
        assert_eq!(count(Grain::Day, false), 15);
        assert_eq!(count(Grain::Day, true), 9);
    }
}
