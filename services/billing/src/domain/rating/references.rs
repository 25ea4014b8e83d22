//! What every child of a line is called inside it, and what commitments and discounts look like
//! beside each price model.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::{
    tables::{d, price, rating, tier},
    *,
};
use crate::domain::price::{PercentageDiscount, UsageDiscount};

fn models() -> [(Model, &'static [&'static str]); 6] {
    let tiers = || {
        vec![
            tier(Some("5"), Some("10"), Some("2")),
            tier(None, Some("20"), Some("1")),
        ]
    };
    [
        (
            Model::Flat {
                amount: d("100"),
                term: PaymentTerm::InAdvance,
            },
            &["flat-price"],
        ),
        (Model::Unit { amount: d("2") }, &["unit-price-usage"]),
        (
            Model::Package {
                amount: d("15"),
                per_package: d("10"),
            },
            &["usage"],
        ),
        (
            Model::Dynamic {
                multiplier: d("1.5"),
            },
            &["usage"],
        ),
        (
            Model::Volume { tiers: tiers() },
            &["volume-flat-price", "volume-tiered-price"],
        ),
        (
            Model::Graduated { tiers: tiers() },
            &[
                "graduated-tiered-1-price-usage",
                "graduated-tiered-1-flat-price",
                "graduated-tiered-2-price-usage",
                "graduated-tiered-2-flat-price",
            ],
        ),
    ]
}

fn references(rated: &Rated) -> Vec<&str> {
    let children = rated.children.iter();
    children.map(|child| child.reference.as_str()).collect()
}

#[test]
fn each_child_has_its_documented_reference() {
    let none = Discounts::default();
    for (model, expected) in models() {
        let price = price(model);
        let rated = rate(&rating(&price, &none, "12")).unwrap();
        assert_eq!(references(&rated), expected, "{price:?}");
    }
}

#[test]
fn only_the_last_part_of_a_usage_period_fills_up_the_minimum() {
    let none = Discounts::default();
    for (model, expected) in models() {
        let flat = matches!(model, Model::Flat { .. });
        let price = Price {
            model,
            minimum: Some(d("1000")),
            maximum: None,
        };
        let last = rating(&price, &none, "12");
        let rated = rate(&last).unwrap();
        let fills = rated.children.last().unwrap();
        if flat {
            // Commitments are about usage.
            assert_eq!(references(&rated), expected);
            continue;
        }
        assert_eq!(fills.reference, "min-spend");
        assert_eq!(fills.name, "line: minimum spend");
        assert_eq!(fills.category, Category::Commitment);
        assert_eq!(fills.term, PaymentTerm::InArrears);
        assert_eq!(fills.quantity, Decimal::ONE);
        assert!(fills.discounts.is_empty());
        let sums: Vec<Totals> = rated
            .children
            .iter()
            .map(|child| child.totals(last.currency).unwrap())
            .collect();
        assert_eq!(Totals::sum(&sums).unwrap().total, d("1000"));
        let early = Rating {
            part: Part {
                first: true,
                last: false,
            },
            ..rating(&price, &none, "12")
        };
        let rated = rate(&early).unwrap();
        assert!(
            rated
                .children
                .iter()
                .all(|child| child.category == Category::Regular),
            "{price:?}"
        );
    }
}

#[test]
fn discounts_have_their_references_reasons_and_sentences() {
    let both = Discounts {
        percentage: Some(PercentageDiscount {
            percentage: d("10"),
            correlation: "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
        }),
        usage: None,
    };
    let price = Price {
        model: Model::Unit { amount: d("10") },
        minimum: None,
        maximum: Some(d("50.005")),
    };
    let rated = rate(&rating(&price, &both, "10")).unwrap();
    let [percentage, maximum] = rated.children[0].discounts.as_slice() else {
        panic!("{rated:?}");
    };
    assert_eq!(
        percentage.reference,
        "rateCardDiscount/correlationID=01ARZ3NDEKTSV4RRFFQ69G5FAV"
    );
    assert_eq!(
        (percentage.amount, percentage.description.as_str()),
        (d("10"), "")
    );
    assert_eq!(maximum.reference, "line_maximum_spend");
    assert_eq!(maximum.reason, Reason::MaximumSpend);
    // 90 are left of 100, and 50.005 are 50.01 in cents.
    assert_eq!(
        (maximum.amount, maximum.description.as_str()),
        (d("39.99"), "Maximum spend discount for charges over 50.01")
    );
}

#[test]
fn what_a_usage_discount_covers_has_no_children() {
    let discounts = Discounts {
        percentage: None,
        usage: Some(UsageDiscount {
            quantity: d("50"),
            correlation: "c".to_owned(),
        }),
    };
    let unit = price(Model::Unit { amount: d("1") });
    let rated = rate(&rating(&unit, &discounts, "30")).unwrap();
    assert!(rated.children.is_empty());
    assert_eq!((rated.quantity, rated.quantity_before), (d("0"), d("0")));
    let taken = rated.usage_discount.unwrap();
    assert_eq!((taken.quantity, taken.before), (d("30"), d("0")));
    // Nothing used, nothing taken.
    let rated = rate(&rating(&unit, &discounts, "0")).unwrap();
    assert_eq!(rated.usage_discount, None);
}

#[test]
fn a_reached_maximum_takes_each_child_off_entirely() {
    let none = Discounts::default();
    for (model, _) in models() {
        if matches!(model, Model::Flat { .. }) {
            continue;
        }
        let price = Price {
            model,
            minimum: None,
            maximum: Some(d("100")),
        };
        let later = Rating {
            billed_before: d("100"),
            ..rating(&price, &none, "12")
        };
        for child in rate(&later).unwrap().children {
            let totals = child.totals(later.currency).unwrap();
            assert_eq!(totals.total, d("0"), "{price:?}");
            assert_eq!(totals.discounts, totals.amount, "{price:?}");
        }
    }
}
