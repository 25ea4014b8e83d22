//! Movements, trials and ends, and the laws they obey.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(day * 86_400).unwrap()
}

fn entry(subscription: &str, product: &str, day: i64, class: Class, value: i64) -> Entry {
    Entry {
        customer_id: subscription[..1].into(),
        subscription_id: subscription.into(),
        part: 0,
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
