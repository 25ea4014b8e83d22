//! Revenue by month as five kinds of movement, and the customers behind any figure of a period. The movements of a month sum
//! to the difference of its two ends, exactly.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Decimal;
use kernel::decimal::{self, DecimalError};
use kernel::period::Period;

use super::basis::{Basis, Part, Scope, of_customer};
use super::entry::Entry;
use super::movement::Kind;

/// The revenue of one period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Revenue just before the start.
    pub mrr_start: Decimal,
    /// Revenue just before the end.
    pub mrr_end: Decimal,
    /// Paying customers just before the start.
    pub customers_start: i64,
    /// Paying customers just before the end.
    pub customers_end: i64,
    /// Customers in a trial, without revenue, just before the end.
    pub trialing_end: i64,
    /// By kind.
    pub movements: BTreeMap<Kind, Part>,
}

impl Figures {
    /// What the basis of a whole account says.
    pub fn of(basis: &Basis) -> Result<Self, DecimalError> {
        let movements = [
            (Kind::New, basis.new),
            (Kind::Expansion, basis.upgraded),
            (Kind::Contraction, basis.downgraded),
            (Kind::Churn, basis.churned()?),
            (Kind::Reactivation, basis.reactivated),
        ];
        Ok(Self {
            mrr_start: basis.existing.amount,
            mrr_end: basis.active.amount,
            customers_start: basis.existing.customers,
            customers_end: basis.active.customers,
            trialing_end: basis.trialing_end,
            movements: movements
                .into_iter()
                .filter(|(_, part)| part.customers != 0)
                .collect(),
        })
    }
}

/// One customer in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerFigures {
    /// The basis of this customer alone.
    pub basis: Basis,
    /// How the customer moved.
    pub kind: Option<Kind>,
    /// Subscriptions of the scope whose value changed within the period.
    pub subscription_ids: Vec<String>,
}

/// One customer in a period, by entries in order of time.
pub fn customer_figures(
    entries: &[&Entry],
    period: Period,
    scope: Scope<'_>,
) -> Result<CustomerFigures, DecimalError> {
    let bases = of_customer(entries, &[period], scope)?;
    let basis = bases.first().copied().unwrap_or_default();
    let kinds = [
        (Kind::New, basis.new),
        (Kind::Expansion, basis.upgraded),
        (Kind::Contraction, basis.downgraded),
        (Kind::Churn, basis.churned()?),
        (Kind::Reactivation, basis.reactivated),
        (Kind::PlanChange, basis.plan_changed),
    ];
    let kind = kinds.iter().find(|(_, part)| part.customers != 0);
    let before = values(entries, period.start, scope)?;
    let after = values(entries, period.end, scope)?;
    let keys: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let value = |of: &BTreeMap<&str, Decimal>, key: &str| of.get(key).copied().unwrap_or_default();
    Ok(CustomerFigures {
        basis,
        kind: kind.map(|(kind, _)| *kind),
        subscription_ids: keys
            .into_iter()
            .filter(|key| value(&before, key) != value(&after, key))
            .map(str::to_owned)
            .collect(),
    })
}

/// What each subscription is worth just before an instant.
fn values<'a>(
    entries: &[&'a Entry],
    until: jiff::Timestamp,
    scope: Scope<'_>,
) -> Result<BTreeMap<&'a str, Decimal>, DecimalError> {
    let mut live: BTreeMap<(&str, i32), &Entry> = BTreeMap::new();
    for entry in entries.iter().take_while(|entry| entry.at < until) {
        live.insert((&entry.subscription_id, entry.part), entry);
    }
    let mut values = BTreeMap::new();
    for ((id, _), entry) in live {
        let included = match scope {
            Scope::Account => true,
            Scope::Product(product) => entry.product_key == product,
        };
        if included {
            let sum: &mut Decimal = values.entry(id).or_default();
            *sum = decimal::add(*sum, entry.monthly_value)?;
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::basis::bases;
    use super::super::change::Class;
    use super::super::entry::by_customer;
    use super::*;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn series(entries: &[Entry], periods: &[Period]) -> Result<Vec<Figures>, DecimalError> {
        let bases = bases(entries, periods, Scope::Account)?;
        bases.iter().map(Figures::of).collect()
    }

    fn movements(entries: &[Entry], period: Period) -> Vec<CustomerFigures> {
        let customers = by_customer(entries);
        let all = customers
            .values()
            .map(|entries| customer_figures(entries, period, Scope::Account).unwrap());
        all.filter(|figures| figures.kind.is_some()).collect()
    }

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400).unwrap()
    }

    fn entry(customer: &str, subscription: &str, day: i64, value: i64) -> Entry {
        let class = if value == 0 {
            Class::Ended
        } else {
            Class::Paid
        };
        Entry {
            customer_id: customer.into(),
            subscription_id: subscription.into(),
            part: 0,
            product_key: "plan".into(),
            at: at(day),
            monthly_value: value.into(),
            class,
        }
    }

    fn periods(count: i64) -> Vec<Period> {
        (0..count)
            .map(|index| Period {
                start: at(index * 30),
                end: at((index + 1) * 30),
            })
            .collect()
    }

    fn moved(figures: &Figures) -> Vec<(Kind, i64, String)> {
        let each = figures.movements.iter();
        each.map(|(kind, total)| (*kind, total.customers, decimal::format(total.amount)))
            .collect()
    }

    #[test]
    fn a_life_from_new_to_reactivated() {
        let entries = [
            entry("a", "1", 5, 10),
            entry("a", "1", 35, 25),
            entry("a", "1", 65, 15),
            entry("a", "1", 95, 0),
            entry("a", "2", 125, 7),
        ];
        let figures = series(&entries, &periods(5)).unwrap();
        let kinds: Vec<_> = figures
            .iter()
            .map(|month| moved(month)[0].clone())
            .collect();
        assert_eq!(
            kinds,
            [
                (Kind::New, 1, "10".into()),
                (Kind::Expansion, 1, "15".into()),
                (Kind::Contraction, 1, "-10".into()),
                (Kind::Churn, 1, "-15".into()),
                (Kind::Reactivation, 1, "7".into()),
            ]
        );
        assert_eq!(
            (figures[2].customers_start, figures[3].customers_end),
            (1, 0)
        );
    }

    #[test]
    fn a_change_of_plan_is_no_churn() {
        let entries = [
            entry("a", "1", 5, 10),
            entry("a", "1", 40, 0),
            entry("a", "2", 40, 30),
        ];
        let figures = series(&entries, &periods(2)).unwrap();
        assert_eq!(moved(&figures[1]), [(Kind::Expansion, 1, "20".into())]);
        let movements = movements(&entries, periods(2)[1]);
        assert_eq!(movements[0].subscription_ids, ["1", "2"]);
    }

    #[test]
    fn new_and_gone_in_one_month_is_invisible_but_remembered() {
        let entries = [
            entry("a", "1", 5, 10),
            entry("a", "1", 20, 0),
            entry("a", "2", 40, 5),
        ];
        let figures = series(&entries, &periods(2)).unwrap();
        assert!(figures[0].movements.is_empty());
        assert_eq!(moved(&figures[1]), [(Kind::Reactivation, 1, "5".into())]);
    }

    #[test]
    fn a_trial_counts_while_nothing_is_paid() {
        let mut trial = entry("a", "1", 5, 0);
        trial.class = Class::Trial;
        let figures = series(&[trial, entry("a", "1", 35, 10)], &periods(2)).unwrap();
        assert_eq!((figures[0].trialing_end, figures[1].trialing_end), (1, 0));
        assert_eq!(figures[0].customers_end, 0);
    }

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let one = (
            0_u8..4,
            0_u8..3,
            0_i64..200,
            0_i64..1_000_000_000_000_000,
            any::<bool>(),
        );
        prop::collection::vec(one, 0..40).prop_map(|all| {
            all.into_iter()
                .map(|(customer, subscription, day, value, ended)| {
                    let mut entry = entry(
                        &format!("c{customer}"),
                        &format!("c{customer}s{subscription}"),
                        day,
                        0,
                    );
                    if !ended {
                        entry.monthly_value = Decimal::new(value, 12);
                        entry.class = Class::Paid;
                    }
                    entry
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn movements_sum_to_the_difference_of_the_ends(entries in entries()) {
            let periods = periods(8);
            let figures = series(&entries, &periods).unwrap();
            for (index, month) in figures.iter().enumerate() {
                let moved = month.movements.values().map(|total| total.amount).sum::<Decimal>();
                prop_assert_eq!(moved, month.mrr_end - month.mrr_start);
                if let Some(next) = figures.get(index + 1) {
                    prop_assert_eq!(month.mrr_end, next.mrr_start);
                    prop_assert_eq!(month.customers_end, next.customers_start);
                }
                let count = |kind| month.movements.get(&kind).map_or(0, |total| total.customers);
                let joined = count(Kind::New) + count(Kind::Reactivation) - count(Kind::Churn);
                prop_assert_eq!(joined, month.customers_end - month.customers_start);
            }
        }

        #[test]
        fn the_drill_down_sums_to_the_series(entries in entries(), month in 0_usize..7) {
            let periods = periods(7);
            let figures = series(&entries, &periods).unwrap();
            let movements = movements(&entries, periods[month]);
            for kind in Kind::ALL {
                let of_kind = movements.iter().filter(|found| found.kind == Some(kind));
                let amount = |basis: &Basis| basis.active.amount - basis.existing.amount;
                let sum = of_kind.map(|found| amount(&found.basis)).sum::<Decimal>();
                let total = figures[month].movements.get(&kind).copied().unwrap_or_default();
                prop_assert_eq!(sum, total.amount);
            }
        }
    }
}
