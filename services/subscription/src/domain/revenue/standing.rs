//! What one customer is at an instant, by the whole ledger of theirs: what they pay, for what, since when, and how they left.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kernel::Decimal;
use kernel::decimal::{self, DecimalError};

use super::change::Class;
use super::entry::Entry;

/// What a customer is. The first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Pays, and not for all that is paid an end is known.
    Active,
    /// Pays, but for all that is paid an end is known.
    Canceled,
    /// Pays nothing, in a trial.
    Trialing,
    /// Paid once, and left because of not paying.
    ChurnedDelinquent,
    /// Paid once, and left by choice.
    ChurnedVoluntary,
    /// Never paid, was in a trial.
    ChurnedTrial,
    /// None of these.
    NoHistory,
}

/// A customer at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Monthly recurring revenue.
    pub revenue: Decimal,
    /// What is sold to them and not over.
    pub products: BTreeSet<String>,
    /// What they are.
    pub status: Status,
    /// When they first paid.
    pub activated: Option<Timestamp>,
    /// When they last stopped paying, or left a trial without paying.
    pub churned: Option<Timestamp>,
    /// In a trial, whether they pay for something else or not.
    pub is_trialing: bool,
    /// Is in a trial or was in one.
    pub had_trial: bool,
}

/// A customer by entries before `until`, which are in order of time; ends that are known ahead count as such.
pub fn standing(entries: &[&Entry], until: Timestamp) -> Result<Standing, DecimalError> {
    let (past, ahead) = entries.split_at(entries.partition_point(|entry| entry.at < until));
    let mut live: BTreeMap<(&str, i32), &Entry> = BTreeMap::new();
    let (mut activated, mut churned) = (None, None);
    let (mut revenue, mut is_trialing, mut had_trial) = (Decimal::ZERO, false, false);
    let (mut last_over, mut left_as) = (Class::Ended, Class::Ended);
    for instant in past.chunk_by(|a, b| a.at == b.at) {
        let at = instant.first().map(|entry| entry.at);
        for entry in instant {
            let old = live.insert((&entry.subscription_id, entry.part), entry);
            let lost = old.is_some_and(|old| !old.monthly_value.is_zero());
            if lost && entry.monthly_value.is_zero() {
                last_over = entry.class;
            }
        }
        let (paid, tried) = (!revenue.is_zero(), is_trialing);
        revenue = decimal::checked_sum(live.values().map(|entry| entry.monthly_value))?;
        is_trialing = live.values().any(|entry| entry.class == Class::Trial);
        had_trial |= is_trialing;
        if revenue.is_zero() {
            if paid {
                (churned, left_as) = (at, last_over);
            } else if tried && !is_trialing {
                churned = at;
            }
        } else {
            activated = activated.or(at);
        }
    }
    let is_owed = |ended: &Entry| {
        let own = |entry: &&&Entry| entry.subscription_id == ended.subscription_id;
        let mut own = entries.iter().filter(own);
        own.any(|entry| entry.class == Class::PastDue)
    };
    let over: BTreeSet<(&str, i32)> = ahead
        .iter()
        .filter(|entry| entry.class.is_over() && entry.class != Class::Lapsed)
        // What is not paid yet still may be.
        .filter(|entry| entry.class != Class::Delinquent || !is_owed(entry))
        .map(|entry| (entry.subscription_id.as_str(), entry.part))
        .collect();
    let mut paying = live
        .iter()
        .filter(|(_, entry)| !entry.monthly_value.is_zero());
    let status = if !revenue.is_zero() {
        if paying.all(|(key, _)| over.contains(key)) {
            Status::Canceled
        } else {
            Status::Active
        }
    } else if is_trialing {
        Status::Trialing
    } else if activated.is_some() {
        match left_as {
            Class::Delinquent => Status::ChurnedDelinquent,
            Class::Ended
            | Class::Lapsed
            | Class::Paid
            | Class::PastDue
            | Class::Free
            | Class::Trial => Status::ChurnedVoluntary,
        }
    } else if had_trial {
        Status::ChurnedTrial
    } else {
        Status::NoHistory
    };
    let unended = live.values().filter(|entry| !entry.class.is_over());
    Ok(Standing {
        revenue,
        products: unended.map(|entry| entry.product_key.clone()).collect(),
        status,
        activated,
        churned,
        is_trialing,
        had_trial,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400).unwrap()
    }

    fn entry(subscription: &str, product: &str, day: i64, class: Class, value: i64) -> Entry {
        Entry {
            customer_id: "a".into(),
            subscription_id: subscription.into(),
            part: 0,
            product_key: product.into(),
            at: at(day),
            monthly_value: value.into(),
            class,
        }
    }

    /// Status, revenue, day of activation and of churn at noon of a day.
    fn seen(entries: &[Entry], day: i64) -> (Status, String, Option<i64>, Option<i64>) {
        let mut entries: Vec<&Entry> = entries.iter().collect();
        entries.sort_by_key(|entry| entry.at);
        let noon = at(day) + jiff::SignedDuration::from_hours(12);
        let found = standing(&entries, noon).unwrap();
        let day = |at: Option<Timestamp>| at.map(|at| at.as_second() / 86_400);
        let revenue = decimal::format(found.revenue);
        (
            found.status,
            revenue,
            day(found.activated),
            day(found.churned),
        )
    }

    #[test]
    fn a_life_in_all_states() {
        let entries = [
            entry("1", "x", 1, Class::Trial, 0),
            entry("1", "x", 10, Class::Paid, 20),
            entry("1", "x", 40, Class::Delinquent, 0),
            entry("2", "y", 60, Class::Paid, 5),
            entry("2", "y", 80, Class::Ended, 0),
        ];
        let zero = || "0".to_owned();
        assert_eq!(seen(&entries, 0), (Status::NoHistory, zero(), None, None));
        assert_eq!(seen(&entries, 5), (Status::Trialing, zero(), None, None));
        assert_eq!(
            seen(&entries, 20),
            (Status::Canceled, "20".to_owned(), Some(10), None)
        );
        assert_eq!(
            seen(&entries[..2], 20),
            (Status::Active, "20".to_owned(), Some(10), None)
        );
        assert_eq!(
            seen(&entries, 50),
            (Status::ChurnedDelinquent, zero(), Some(10), Some(40))
        );
        assert_eq!(
            seen(&entries, 70),
            (Status::Canceled, "5".to_owned(), Some(10), Some(40))
        );
        assert_eq!(
            seen(&entries, 90),
            (Status::ChurnedVoluntary, zero(), Some(10), Some(80))
        );
    }

    #[test]
    fn a_trial_that_came_to_nothing() {
        let entries = [
            entry("1", "x", 1, Class::Trial, 0),
            entry("1", "x", 10, Class::Ended, 0),
        ];
        assert_eq!(
            seen(&entries, 20),
            (Status::ChurnedTrial, "0".to_owned(), None, Some(10))
        );
    }

    #[test]
    fn a_lapse_and_a_debt_ahead_are_no_cancellation() {
        let mut entries = [
            entry("1", "x", 1, Class::Paid, 20),
            entry("1", "x", 30, Class::Lapsed, 0),
        ];
        assert_eq!(seen(&entries, 10).0, Status::Active);
        assert_eq!(seen(&entries, 31).0, Status::ChurnedVoluntary);
        entries[1].class = Class::Ended;
        assert_eq!(seen(&entries, 10).0, Status::Canceled);
        let owed = [
            entry("1", "x", 1, Class::Paid, 20),
            entry("1", "x", 30, Class::PastDue, 20),
            entry("1", "x", 90, Class::Delinquent, 0),
        ];
        for day in [10, 31] {
            let expected = (Status::Active, "20".to_owned(), Some(1), None);
            assert_eq!(seen(&owed, day), expected);
        }
        assert_eq!(seen(&owed, 91).0, Status::ChurnedDelinquent);
    }

    #[test]
    fn one_end_of_two_is_no_cancellation_and_what_is_over_is_not_sold() {
        let entries = [
            entry("1", "x", 1, Class::Paid, 20),
            entry("2", "y", 1, Class::Paid, 5),
            entry("3", "z", 2, Class::Free, 0),
            entry("1", "x", 30, Class::Ended, 0),
        ];
        let sorted: Vec<&Entry> = entries.iter().collect();
        let found = standing(&sorted, at(10)).unwrap();
        assert_eq!(found.status, Status::Active);
        assert_eq!(Vec::from_iter(found.products), ["x", "y", "z"]);
        let found = standing(&sorted, at(31)).unwrap();
        assert_eq!(Vec::from_iter(found.products), ["y", "z"]);
        assert_eq!((found.status, found.churned), (Status::Active, None));
    }
}
