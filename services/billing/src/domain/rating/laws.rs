//! Laws of rating that hold for every price and quantity.

#![expect(clippy::unwrap_used, reason = "tests")]

use kernel::{Decimal, currency::Currency};
use proptest::prelude::*;

use super::{
    tables::{price, rating},
    *,
};
use crate::domain::price::{PercentageDiscount, Tier, UsageDiscount};

fn whole(range: std::ops::Range<i64>) -> impl Strategy<Value = Decimal> {
    range.prop_map(Decimal::from)
}

fn cents(range: std::ops::Range<i64>) -> impl Strategy<Value = Decimal> {
    range.prop_map(|cents| Decimal::new(cents, 2))
}

fn tiers() -> impl Strategy<Value = Vec<Tier>> {
    let part = (proptest::option::of(cents(0..5_000)), cents(0..500));
    (
        proptest::collection::btree_set(1i64..60, 0..4),
        proptest::collection::vec(part, 5),
    )
        .prop_map(|(bounds, parts)| {
            let bounds = bounds
                .into_iter()
                .map(|bound| Some(Decimal::from(bound)))
                .chain([None]);
            bounds
                .zip(parts)
                .map(|(up_to, (flat, unit))| Tier {
                    up_to,
                    flat,
                    unit: Some(unit),
                })
                .collect()
        })
}

fn increasing_model() -> impl Strategy<Value = Model> {
    prop_oneof![
        cents(0..10_000).prop_map(|amount| Model::Unit { amount }),
        tiers().prop_map(|tiers| Model::Graduated { tiers }),
        cents(0..10_000).prop_map(|multiplier| Model::Dynamic { multiplier }),
        (cents(0..10_000), whole(1..20)).prop_map(|(amount, per_package)| Model::Package {
            amount,
            per_package
        }),
    ]
}

fn any_model() -> impl Strategy<Value = Model> {
    prop_oneof![
        increasing_model(),
        tiers().prop_map(|tiers| Model::Volume { tiers })
    ]
}

fn discounts() -> impl Strategy<Value = Discounts> {
    (
        proptest::option::of(cents(0..10_001)),
        proptest::option::of(whole(0..50)),
    )
        .prop_map(|(percentage, usage)| Discounts {
            percentage: percentage.map(|percentage| PercentageDiscount {
                percentage,
                correlation: "p".to_owned(),
            }),
            usage: usage.map(|quantity| UsageDiscount {
                quantity,
                correlation: "u".to_owned(),
            }),
        })
}

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec!["JPY", "USD", "KWD"]).prop_map(|code| Currency::parse(code).unwrap())
}

/// The same prices in whole minor units: a currency without decimals has no cents.
fn fit(model: Model, currency: Currency) -> Model {
    if currency.minor_units() >= 2 {
        return model;
    }
    let whole = |amount: Decimal| amount * Decimal::ONE_HUNDRED;
    let fitted = |tiers: Vec<Tier>| {
        tiers
            .into_iter()
            .map(|tier| Tier {
                flat: tier.flat.map(whole),
                unit: tier.unit.map(whole),
                ..tier
            })
            .collect()
    };
    match model {
        Model::Flat { amount, term } => Model::Flat {
            amount: whole(amount),
            term,
        },
        Model::Unit { amount } => Model::Unit {
            amount: whole(amount),
        },
        Model::Graduated { tiers } => Model::Graduated {
            tiers: fitted(tiers),
        },
        Model::Volume { tiers } => Model::Volume {
            tiers: fitted(tiers),
        },
        Model::Dynamic { multiplier } => Model::Dynamic {
            multiplier: whole(multiplier),
        },
        Model::Package {
            amount,
            per_package,
        } => Model::Package {
            amount: whole(amount),
            per_package,
        },
    }
}

fn total(rating: &Rating<'_>) -> Totals {
    let children = rate(rating).unwrap().children;
    let parts: Vec<Totals> = children
        .iter()
        .map(|child| child.totals(rating.currency).unwrap())
        .collect();
    Totals::sum(&parts).unwrap()
}

/// Rates a usage period in parts, as progressive billing does.
fn in_parts(price: &Price, discounts: &Discounts, parts: &[i64], currency: Currency) -> Totals {
    let (mut before, mut billed, mut discounted) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
    let mut sum = Totals::default();
    for (index, quantity) in parts.iter().enumerate() {
        let rating = Rating {
            currency,
            metered: Decimal::from(*quantity),
            metered_before: before,
            billed_before: billed,
            discounted_before: discounted,
            part: Part {
                first: index == 0,
                last: index + 1 == parts.len(),
            },
            ..rating(price, discounts, "0")
        };
        let rated = rate(&rating).unwrap();
        let part = total(&rating);
        billed += part.amount;
        before += rating.metered;
        discounted += rated
            .usage_discount
            .map_or(Decimal::ZERO, |off| off.quantity);
        sum = Totals::sum(&[sum, part]).unwrap();
    }
    sum
}

proptest! {
    #[test]
    fn the_total_is_what_the_children_say(
        model in any_model(), discounts in discounts(), quantity in 0i64..200,
        minimum in proptest::option::of(cents(0..50_000)), maximum in proptest::option::of(cents(50_000..90_000)),
        currency in currency(),
    ) {
        let price = Price { model, minimum, maximum };
        let rating = Rating { currency, ..rating(&price, &discounts, &quantity.to_string()) };
        let sum = total(&rating);
        prop_assert_eq!(sum.total, sum.amount + sum.charges - sum.discounts);
        prop_assert!(sum.total >= Decimal::ZERO);
        for amount in [sum.amount, sum.charges, sum.discounts] {
            prop_assert_eq!(currency.round(amount), amount);
        }
        if let Some(maximum) = price.maximum_spend() {
            prop_assert!(sum.total <= currency.round(maximum).max(sum.charges));
        }
        if let Some(minimum) = price.minimum_spend() {
            prop_assert!(sum.total >= currency.round(minimum) || maximum.is_some());
        }
    }

    #[test]
    fn more_usage_never_costs_less(
        model in increasing_model(), discounts in discounts(), quantity in 0i64..200, more in 0i64..50, currency in currency(),
    ) {
        let price = price(fit(model, currency));
        let of = |quantity: i64| total(&Rating { currency, ..rating(&price, &discounts, &quantity.to_string()) });
        let (less, most) = (of(quantity), of(quantity + more));
        // Each child rounds its percentage discount on its own: a minor unit per child at most.
        let ten = Decimal::new(10, currency.minor_units());
        let slack = if discounts.percentage.is_some() { ten } else { Decimal::ZERO };
        prop_assert!(most.total + slack >= less.total, "{less:?} {most:?}");
    }

    #[test]
    fn splitting_a_usage_period_changes_nothing(
        model in increasing_model(), usage in proptest::option::of(whole(0..80)),
        parts in proptest::collection::vec(0i64..60, 1..6),
        maximum in proptest::option::of(cents(1..50_000)), currency in currency(),
    ) {
        let price = Price { model: fit(model, currency), minimum: None, maximum: maximum.map(|most| currency.round(most)) };
        let discounts = Discounts {
            percentage: None,
            usage: usage.map(|quantity| UsageDiscount { quantity, correlation: "u".to_owned() }),
        };
        let whole: i64 = parts.iter().sum();
        let once = total(&Rating { currency, ..rating(&price, &discounts, &whole.to_string()) });
        let split = in_parts(&price, &discounts, &parts, currency);
        prop_assert_eq!(once.amount, split.amount);
        prop_assert_eq!(once.total, split.total);
    }

    #[test]
    fn without_usage_only_fixed_parts_are_billed(model in any_model()) {
        let price = price(model);
        let none = Discounts::default();
        let children = rate(&rating(&price, &none, "0")).unwrap().children;
        for child in children {
            prop_assert!(child.quantity.is_zero() || child.name.contains("flat price"), "{}", child.name);
        }
    }
}
