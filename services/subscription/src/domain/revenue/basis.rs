//! What every revenue metric is computed from: sums over customers of one period, for the whole account or for one
//! product. Customers add up independently, so the basis of many is the sum of the bases of each.
//!
//! Only a customer's value just before the start and just before the end decide the class of a movement; what comes and
//! goes between them is invisible. Trials are flows: each entry into one and each way out of one counts. Within one
//! product the class is that of the customer's whole account, so that moving from one product to another is neither new
//! business in the one nor churn in the other. A trial that moves to another product is lost in the old one and started
//! in the new one, so that the flows of each product add up.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kernel::Decimal;
use kernel::decimal::{self, DecimalError};
use kernel::period::Period;

use super::change::Class;
use super::movement::{Kind, movement};
use super::series::{Entry, by_customer};

/// What the figures are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// All subscriptions.
    Account,
    /// The subscriptions of one product.
    Product(&'a str),
}

/// A sum and the customers behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Sum of monthly values, or of their differences.
    pub amount: Decimal,
    /// How many customers.
    pub customers: i64,
}

/// The sums of one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// Paying just before the start.
    pub existing: Part,
    /// Paying just before the end.
    pub active: Part,
    /// Paying at the end, not at the start, never before.
    pub new: Part,
    /// Paying at the end, not at the start, at some time before.
    pub reactivated: Part,
    /// Left by their own choice; at most 0.
    pub canceled: Part,
    /// Left because they did not pay; at most 0.
    pub delinquent: Part,
    /// Paying at both ends, more at the second. For a whole account.
    pub upgraded: Part,
    /// Paying at both ends, less at the second; at most 0. For a whole account.
    pub downgraded: Part,
    /// Any other difference, of customers who stay customers. For one product.
    pub plan_changed: Part,
    /// What those who paid at the start pay at the end.
    pub retained: Decimal,
    /// In a trial and not paying just before the start.
    pub trialing_start: i64,
    /// In a trial and not paying just before the end.
    pub trialing_end: i64,
    /// Trials begun.
    pub trials_started: i64,
    /// Trials that became paid.
    pub trials_converted: i64,
    /// Trials that ended unpaid.
    pub trials_lost: i64,
    /// What those with a converted trial pay at the end.
    pub converted: Decimal,
    /// Seconds from start to conversion of all converted trials.
    pub conversion_seconds: i64,
    /// Worth, just before the end, of subscriptions whose end is known and not before it.
    pub ending: Decimal,
}

/// The bases of consecutive periods. `entries` may reach beyond the last period; ends that are known ahead count as such.
pub fn bases(
    entries: &[Entry],
    periods: &[Period],
    scope: Scope<'_>,
) -> Result<Vec<Basis>, DecimalError> {
    let mut all: Vec<Basis> = periods.iter().map(|_| Basis::default()).collect();
    for entries in by_customer(entries).values() {
        for (basis, own) in all.iter_mut().zip(of_customer(entries, periods, scope)?) {
            basis.add(&own)?;
        }
    }
    Ok(all)
}

/// The bases of one customer, whose entries are in order of time.
pub fn of_customer(
    entries: &[&Entry],
    periods: &[Period],
    scope: Scope<'_>,
) -> Result<Vec<Basis>, DecimalError> {
    let mut customer = Customer {
        scope,
        live: BTreeMap::new(),
        has_paid: false,
        left_as: Class::Ended,
        trial_start: None,
    };
    let mut rest = entries;
    let mut found = Vec::with_capacity(periods.len());
    for period in periods {
        let mut basis = Basis::default();
        // What happened before the first period only sets the stage.
        rest = customer
            .advance(rest, period.start, &mut Basis::default())?
            .0;
        let start = customer.stand()?;
        let (later, converted) = customer.advance(rest, period.end, &mut basis)?;
        rest = later;
        let end = customer.stand()?;
        basis.trialing_start = i64::from(start.trialing);
        basis.trialing_end = i64::from(end.trialing);
        if converted {
            basis.converted = end.own;
        }
        basis.existing = part(start.own);
        basis.active = part(end.own);
        if !start.own.is_zero() {
            basis.retained = end.own;
        }
        basis.ending = customer.ending(rest)?;
        basis.class(&start, &end, customer.left_as)?;
        found.push(basis);
    }
    Ok(found)
}

impl Basis {
    /// Adds another basis of the same period.
    pub fn add(&mut self, other: &Self) -> Result<(), DecimalError> {
        for (sum, part) in [
            (&mut self.existing, &other.existing),
            (&mut self.active, &other.active),
            (&mut self.new, &other.new),
            (&mut self.reactivated, &other.reactivated),
            (&mut self.canceled, &other.canceled),
            (&mut self.delinquent, &other.delinquent),
            (&mut self.upgraded, &other.upgraded),
            (&mut self.downgraded, &other.downgraded),
            (&mut self.plan_changed, &other.plan_changed),
        ] {
            sum.amount = decimal::add(sum.amount, part.amount)?;
            sum.customers += part.customers;
        }
        for (sum, amount) in [
            (&mut self.retained, other.retained),
            (&mut self.converted, other.converted),
            (&mut self.ending, other.ending),
        ] {
            *sum = decimal::add(*sum, amount)?;
        }
        for (sum, count) in [
            (&mut self.trialing_start, other.trialing_start),
            (&mut self.trialing_end, other.trialing_end),
            (&mut self.trials_started, other.trials_started),
            (&mut self.trials_converted, other.trials_converted),
            (&mut self.trials_lost, other.trials_lost),
            (&mut self.conversion_seconds, other.conversion_seconds),
        ] {
            *sum += count;
        }
        Ok(())
    }

    /// Both kinds of churn.
    pub fn churned(&self) -> Result<Part, DecimalError> {
        Ok(Part {
            amount: decimal::add(self.canceled.amount, self.delinquent.amount)?,
            customers: self.canceled.customers + self.delinquent.customers,
        })
    }

    /// Puts the difference of the scope where the customer's whole account says.
    fn class(&mut self, start: &Stand, end: &Stand, left_as: Class) -> Result<(), DecimalError> {
        if start.own == end.own {
            return Ok(());
        }
        let kind = movement(start.whole, end.whole, start.has_paid).map(|movement| movement.kind);
        let part = match (kind, left_as) {
            (Some(Kind::New), _) => &mut self.new,
            (Some(Kind::Reactivation), _) => &mut self.reactivated,
            (Some(Kind::Churn), Class::Delinquent) => &mut self.delinquent,
            (Some(Kind::Churn), _) => &mut self.canceled,
            (Some(Kind::Expansion), _) if start.is_account => &mut self.upgraded,
            (Some(Kind::Contraction), _) if start.is_account => &mut self.downgraded,
            (Some(Kind::Expansion | Kind::Contraction) | None, _) => &mut self.plan_changed,
        };
        part.amount = decimal::sub(end.own, start.own)?;
        part.customers = 1;
        Ok(())
    }
}

fn part(amount: Decimal) -> Part {
    Part {
        amount,
        customers: i64::from(!amount.is_zero()),
    }
}

/// One subscription at an instant.
#[derive(Clone, Copy)]
struct Live<'a> {
    product: &'a str,
    value: Decimal,
    class: Class,
}

/// One customer on the way through time.
struct Customer<'a> {
    scope: Scope<'a>,
    live: BTreeMap<&'a str, Live<'a>>,
    has_paid: bool,
    /// How the last subscription that lost its value lost it.
    left_as: Class,
    trial_start: Option<Timestamp>,
}

/// A customer at an instant.
struct Stand {
    is_account: bool,
    /// Value of the scope.
    own: Decimal,
    /// Value of everything.
    whole: Decimal,
    has_paid: bool,
    /// In a trial of the scope, paying nothing at all.
    trialing: bool,
    /// In any trial, paying nothing at all.
    trialing_at_all: bool,
}

impl<'a> Customer<'a> {
    fn includes(&self, live: &Live<'_>) -> bool {
        match self.scope {
            Scope::Account => true,
            Scope::Product(product) => live.product == product,
        }
    }

    fn stand(&self) -> Result<Stand, DecimalError> {
        let whole = decimal::checked_sum(self.live.values().map(|live| live.value))?;
        let own = self.live.values().filter(|live| self.includes(live));
        let in_trial = |live: &&Live<'_>| live.class == Class::Trial;
        Ok(Stand {
            is_account: self.scope == Scope::Account,
            own: decimal::checked_sum(own.clone().map(|live| live.value))?,
            whole,
            has_paid: self.has_paid,
            trialing: whole.is_zero() && own.clone().any(|live| in_trial(&live)),
            trialing_at_all: whole.is_zero() && self.live.values().any(|live| in_trial(&live)),
        })
    }

    /// Takes in all entries before an instant, counts trials, and gives back the rest and whether a trial of the scope
    /// was converted. Entries of one instant count together: a change of plan is no moment without revenue.
    fn advance<'e>(
        &mut self,
        entries: &'e [&'a Entry],
        until: Timestamp,
        basis: &mut Basis,
    ) -> Result<(&'e [&'a Entry], bool), DecimalError> {
        let (due, rest) = entries.split_at(entries.partition_point(|entry| entry.at < until));
        let mut converted = false;
        for instant in due.chunk_by(|a, b| a.at == b.at) {
            let before = self.stand()?;
            let mut at = until;
            for entry in instant {
                at = entry.at;
                let live = Live {
                    product: &entry.product_key,
                    value: entry.monthly_value,
                    class: entry.class,
                };
                let old = self.live.insert(&entry.subscription_id, live);
                if live.value.is_zero() && old.is_some_and(|old| !old.value.is_zero()) {
                    self.left_as = live.class;
                }
            }
            let after = self.stand()?;
            self.has_paid |= !after.whole.is_zero();
            match (before.trialing, after.trialing) {
                (false, true) => basis.trials_started += 1,
                (true, false) if after.whole.is_zero() => basis.trials_lost += 1,
                (true, false) => {
                    converted = true;
                    basis.trials_converted += 1;
                    let start = self.trial_start.unwrap_or(at);
                    basis.conversion_seconds += at.as_second() - start.as_second();
                }
                (true, true) | (false, false) => {}
            }
            match (before.trialing_at_all, after.trialing_at_all) {
                (false, true) => self.trial_start = Some(at),
                (_, false) => self.trial_start = None,
                (true, true) => {}
            }
        }
        Ok((rest, converted))
    }

    /// Worth of the scope's subscriptions that have an end among the entries ahead.
    fn ending(&self, ahead: &[&Entry]) -> Result<Decimal, DecimalError> {
        let over: BTreeSet<&str> = ahead
            .iter()
            .filter(|entry| matches!(entry.class, Class::Ended | Class::Delinquent))
            .map(|entry| entry.subscription_id.as_str())
            .collect();
        let ending = self
            .live
            .iter()
            .filter(|(id, live)| self.includes(live) && over.contains(*id));
        decimal::checked_sum(ending.map(|(_, live)| live.value))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400).unwrap()
    }

    fn entry(subscription: &str, product: &str, day: i64, class: Class, value: i64) -> Entry {
        Entry {
            customer_id: subscription[..1].into(),
            subscription_id: subscription.into(),
            product_key: product.into(),
            at: at(day),
            monthly_value: value.into(),
            class,
        }
    }

    fn paid(subscription: &str, product: &str, day: i64, value: i64) -> Entry {
        entry(subscription, product, day, Class::Paid, value)
    }

    fn periods(count: i64, days: i64) -> Vec<Period> {
        (0..count)
            .map(|index| Period {
                start: at(index * days),
                end: at((index + 1) * days),
            })
            .collect()
    }

    fn part(amount: i64, customers: i64) -> Part {
        Part {
            amount: amount.into(),
            customers,
        }
    }

    #[test]
    fn moving_between_products_is_no_new_business_and_no_churn() {
        let entries = [
            paid("a1", "small", 5, 10),
            entry("a1", "small", 40, Class::Ended, 0),
            paid("a2", "large", 40, 30),
        ];
        let periods = periods(2, 30);
        let account = bases(&entries, &periods, Scope::Account).unwrap()[1];
        assert_eq!(account.upgraded, part(20, 1));
        assert_eq!(account.retained, 30.into());
        let small = bases(&entries, &periods, Scope::Product("small")).unwrap()[1];
        assert_eq!(
            (small.canceled, small.plan_changed),
            (part(0, 0), part(-10, 1))
        );
        let large = bases(&entries, &periods, Scope::Product("large")).unwrap()[1];
        assert_eq!((large.new, large.plan_changed), (part(0, 0), part(30, 1)));
    }

    #[test]
    fn the_latest_end_says_why_a_customer_left() {
        let both = |first, second| {
            let entries = [
                paid("a1", "x", 1, 10),
                paid("a2", "x", 1, 5),
                entry("a1", "x", 35, first, 0),
                entry("a2", "x", 36, second, 0),
            ];
            bases(&entries, &periods(2, 30), Scope::Account).unwrap()[1]
        };
        let left = both(Class::Ended, Class::Delinquent);
        assert_eq!((left.canceled, left.delinquent), (part(0, 0), part(-15, 1)));
        let left = both(Class::Delinquent, Class::Ended);
        assert_eq!((left.canceled, left.delinquent), (part(-15, 1), part(0, 0)));
        // Put on zero, the customer has left by choice.
        let left = both(Class::Delinquent, Class::Paid);
        assert_eq!((left.canceled, left.delinquent), (part(-15, 1), part(0, 0)));
    }

    #[test]
    fn trials_are_flows() {
        let entries = [
            entry("a1", "x", 2, Class::Trial, 0),
            paid("a1", "x", 12, 10),
            entry("b1", "x", 3, Class::Trial, 0),
            entry("b1", "x", 8, Class::Ended, 0),
            entry("c1", "x", 20, Class::Trial, 0),
        ];
        let months = bases(&entries, &periods(2, 30), Scope::Account).unwrap();
        let flows = |basis: &Basis| {
            (
                basis.trialing_start,
                basis.trials_started,
                basis.trials_converted,
                basis.trials_lost,
                basis.trialing_end,
            )
        };
        assert_eq!(flows(&months[0]), (0, 3, 1, 1, 1));
        assert_eq!(flows(&months[1]), (1, 0, 0, 0, 1));
        assert_eq!(months[0].converted, 10.into());
        assert_eq!(months[0].conversion_seconds, 10 * 86_400);
    }

    #[test]
    fn an_end_that_is_known_ahead_is_revenue_about_to_go() {
        let entries = [
            paid("a1", "x", 1, 10),
            entry("a1", "x", 45, Class::Ended, 0),
            paid("b1", "x", 1, 7),
        ];
        let days = bases(&entries, &periods(3, 20), Scope::Account).unwrap();
        let ending: Vec<_> = days.iter().map(|day| day.ending).collect();
        assert_eq!(ending, [10.into(), 10.into(), Decimal::ZERO]);
    }

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let one = (
            0..4_usize,
            0..3_usize,
            0..3_usize,
            0_i64..200,
            0..6_usize,
            1_i64..1_000_000,
        );
        prop::collection::vec(one, 0..50).prop_map(|all| {
            all.into_iter()
                .map(|(customer, subscription, product, day, class, value)| {
                    let id = format!("{}{subscription}", ["a", "b", "c", "d"][customer]);
                    let class = [
                        Class::Trial,
                        Class::Free,
                        Class::Ended,
                        Class::Delinquent,
                        Class::Paid,
                        Class::Paid,
                    ][class];
                    let mut entry = entry(&id, ["x", "y", "z"][product], day, class, 0);
                    if class == Class::Paid {
                        entry.monthly_value = Decimal::new(value, 3);
                    }
                    entry
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn every_difference_has_its_class(entries in entries(), days in 1_i64..40) {
            for scope in [Scope::Account, Scope::Product("x")] {
                let bases = bases(&entries, &periods(6, days), scope).unwrap();
                for basis in &bases {
                    let churned = basis.churned().unwrap();
                    let moved = basis.new.amount + basis.reactivated.amount + churned.amount
                        + basis.upgraded.amount + basis.downgraded.amount + basis.plan_changed.amount;
                    prop_assert_eq!(basis.existing.amount + moved, basis.active.amount);
                    let flow = basis.trialing_start + basis.trials_started
                        - basis.trials_converted - basis.trials_lost;
                    prop_assert_eq!(flow, basis.trialing_end);
                    if scope == Scope::Account {
                        prop_assert_eq!(basis.plan_changed, Part::default());
                        let joined = basis.new.customers + basis.reactivated.customers - churned.customers;
                        prop_assert_eq!(basis.existing.customers + joined, basis.active.customers);
                    }
                }
                for pair in bases.windows(2) {
                    prop_assert_eq!(pair[0].active, pair[1].existing);
                    prop_assert_eq!(pair[0].trialing_end, pair[1].trialing_start);
                }
            }
        }

        #[test]
        fn products_sum_to_the_account(entries in entries()) {
            let periods = periods(7, 30);
            let account = bases(&entries, &periods, Scope::Account).unwrap();
            let mut sums = vec![Basis::default(); periods.len()];
            for product in ["x", "y", "z"] {
                for (sum, basis) in sums.iter_mut().zip(bases(&entries, &periods, Scope::Product(product)).unwrap()) {
                    sum.add(&basis).unwrap();
                }
            }
            for (account, sum) in account.iter().zip(&sums) {
                prop_assert_eq!(account.existing.amount, sum.existing.amount);
                prop_assert_eq!(account.active.amount, sum.active.amount);
                prop_assert_eq!(account.new.amount, sum.new.amount);
                prop_assert_eq!(account.reactivated.amount, sum.reactivated.amount);
                prop_assert_eq!(account.canceled.amount, sum.canceled.amount);
                prop_assert_eq!(account.delinquent.amount, sum.delinquent.amount);
                prop_assert_eq!(account.upgraded.amount + account.downgraded.amount, sum.plan_changed.amount);
                prop_assert_eq!(account.ending, sum.ending);
            }
        }

        #[test]
        fn where_periods_are_cut_changes_no_flow(entries in entries()) {
            let whole = bases(&entries, &periods(1, 240), Scope::Account).unwrap()[0];
            let days = bases(&entries, &periods(240, 1), Scope::Account).unwrap();
            prop_assert_eq!(days[239].active, whole.active);
            let sum = |read: fn(&Basis) -> i64| days.iter().map(read).sum::<i64>();
            prop_assert_eq!(sum(|day| day.trials_started), whole.trials_started);
            prop_assert_eq!(sum(|day| day.trials_converted), whole.trials_converted);
            prop_assert_eq!(sum(|day| day.conversion_seconds), whole.conversion_seconds);
        }
    }
}
