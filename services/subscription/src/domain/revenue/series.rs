//! Revenue by month: the ledger of a project folded customer by customer. The movements of a month sum to the difference
//! of its two ends, exactly.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kernel::Decimal;
use kernel::decimal::{self, DecimalError};
use kernel::period::Period;

use super::change::Class;
use super::movement::{Kind, Movement, movement};

/// One entry of the ledger in the currency of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The customer.
    pub customer_id: String,
    /// The subscription.
    pub subscription_id: String,
    /// What is sold.
    pub product_key: String,
    /// From when on.
    pub at: Timestamp,
    /// Worth of a month.
    pub monthly_value: Decimal,
    /// What the subscription counts as.
    pub class: Class,
}

/// Sum of one kind of movement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Sum of the differences.
    pub amount: Decimal,
    /// How many customers.
    pub customers: i64,
}

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
    pub movements: BTreeMap<Kind, Total>,
}

/// One customer's movement and the subscriptions behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerMovement {
    /// The customer.
    pub customer_id: String,
    /// How the customer moved.
    pub movement: Movement,
    /// Subscriptions whose value changed within the period.
    pub subscription_ids: Vec<String>,
}

/// Figures of consecutive periods.
pub fn series(entries: &[Entry], periods: &[Period]) -> Result<Vec<Figures>, DecimalError> {
    let mut figures: Vec<Figures> = periods.iter().map(|_| Figures::default()).collect();
    for entries in by_customer(entries).values() {
        let mut fold = Fold::default();
        let mut rest = entries.as_slice();
        for (period, figures) in periods.iter().zip(&mut figures) {
            rest = fold.advance(rest, period.start)?;
            let (before, paid_before) = (fold.total()?, fold.paid);
            rest = fold.advance(rest, period.end)?;
            let after = fold.total()?;
            figures.add(
                before,
                after,
                fold.is_trialing(),
                movement(before, after, paid_before),
            )?;
        }
    }
    Ok(figures)
}

/// Who moved in a period, by customer.
pub fn customer_movements(
    entries: &[Entry],
    period: Period,
) -> Result<Vec<CustomerMovement>, DecimalError> {
    let mut found = Vec::new();
    for (customer_id, entries) in by_customer(entries) {
        let mut fold = Fold::default();
        let rest = fold.advance(&entries, period.start)?;
        let (before, values, paid_before) = (fold.total()?, fold.values.clone(), fold.paid);
        fold.advance(rest, period.end)?;
        if let Some(movement) = movement(before, fold.total()?, paid_before) {
            let keys: BTreeSet<&str> = values.keys().chain(fold.values.keys()).copied().collect();
            let value = |of: &BTreeMap<&str, (Decimal, Class)>, key: &str| {
                of.get(key).map(|(value, _)| *value)
            };
            let subscription_ids = keys
                .into_iter()
                .filter(|key| {
                    value(&values, key).unwrap_or_default()
                        != value(&fold.values, key).unwrap_or_default()
                })
                .map(str::to_owned)
                .collect();
            found.push(CustomerMovement {
                customer_id: customer_id.to_owned(),
                movement,
                subscription_ids,
            });
        }
    }
    Ok(found)
}

impl Figures {
    fn add(
        &mut self,
        before: Decimal,
        after: Decimal,
        trialing: bool,
        movement: Option<Movement>,
    ) -> Result<(), DecimalError> {
        self.mrr_start = decimal::add(self.mrr_start, before)?;
        self.mrr_end = decimal::add(self.mrr_end, after)?;
        self.customers_start += i64::from(!before.is_zero());
        self.customers_end += i64::from(!after.is_zero());
        self.trialing_end += i64::from(trialing);
        if let Some(movement) = movement {
            let total = self.movements.entry(movement.kind).or_default();
            total.amount = decimal::add(total.amount, movement.amount()?)?;
            total.customers += 1;
        }
        Ok(())
    }
}

/// One customer at an instant.
#[derive(Default)]
struct Fold<'a> {
    values: BTreeMap<&'a str, (Decimal, Class)>,
    paid: bool,
}

impl<'a> Fold<'a> {
    /// Takes in all entries before an instant and gives back the rest. Entries of one instant count together: a change
    /// of plan is no moment without revenue.
    fn advance<'e>(
        &mut self,
        entries: &'e [&'a Entry],
        until: Timestamp,
    ) -> Result<&'e [&'a Entry], DecimalError> {
        let count = entries.iter().take_while(|entry| entry.at < until).count();
        let (due, rest) = entries.split_at(count);
        for instant in due.chunk_by(|a, b| a.at == b.at) {
            for entry in instant {
                self.values
                    .insert(&entry.subscription_id, (entry.monthly_value, entry.class));
            }
            self.paid |= !self.total()?.is_zero();
        }
        Ok(rest)
    }

    fn total(&self) -> Result<Decimal, DecimalError> {
        decimal::checked_sum(self.values.values().map(|(value, _)| *value))
    }

    fn is_trialing(&self) -> bool {
        let trial = self
            .values
            .values()
            .any(|(_, class)| *class == Class::Trial);
        trial && self.values.values().all(|(value, _)| value.is_zero())
    }
}

/// The entries of each customer in order of time.
pub fn by_customer(entries: &[Entry]) -> BTreeMap<&str, Vec<&Entry>> {
    let mut customers: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        customers.entry(&entry.customer_id).or_default().push(entry);
    }
    for entries in customers.values_mut() {
        entries.sort_by_key(|entry| entry.at);
    }
    customers
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

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
        let movements = customer_movements(&entries, periods(2)[1]).unwrap();
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
            let movements = customer_movements(&entries, periods[month]).unwrap();
            for kind in Kind::ALL {
                let of_kind = movements.iter().filter(|found| found.movement.kind == kind);
                let sum = of_kind.map(|found| found.movement.amount().unwrap()).sum::<Decimal>();
                let total = figures[month].movements.get(&kind).copied().unwrap_or_default();
                prop_assert_eq!(sum, total.amount);
            }
        }
    }
}
