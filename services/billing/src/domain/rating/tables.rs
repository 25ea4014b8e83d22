//! Worked examples of every price model, with commitments and discounts.

#![expect(clippy::unwrap_used, reason = "tests")]

use kernel::{Decimal, Timestamp, currency::Currency, period::Period};

use super::*;
use crate::domain::price::{PercentageDiscount, Tier, UsageDiscount};

pub(super) fn d(text: &str) -> Decimal {
    kernel::decimal::parse(text).unwrap()
}

fn text(value: Decimal) -> String {
    kernel::decimal::format(value)
}

pub(super) fn price(model: Model) -> Price {
    Price {
        model,
        minimum: None,
        maximum: None,
    }
}

fn with(model: Model, minimum: Option<&str>, maximum: Option<&str>) -> Price {
    Price {
        model,
        minimum: minimum.map(d),
        maximum: maximum.map(d),
    }
}

pub(super) fn tier(up_to: Option<&str>, flat: Option<&str>, unit: Option<&str>) -> Tier {
    Tier {
        up_to: up_to.map(d),
        flat: flat.map(d),
        unit: unit.map(d),
    }
}

fn seconds(start: i64, end: i64) -> Period {
    Period::new(
        Timestamp::from_second(start).unwrap(),
        Timestamp::from_second(end).unwrap(),
    )
    .unwrap()
}

pub(super) fn rating<'a>(price: &'a Price, discounts: &'a Discounts, quantity: &str) -> Rating<'a> {
    Rating {
        name: "line",
        currency: Currency::USD,
        price,
        discounts,
        metered: d(quantity),
        metered_before: Decimal::ZERO,
        part: Part {
            first: true,
            last: true,
        },
        billed_before: Decimal::ZERO,
        discounted_before: Decimal::ZERO,
        period: seconds(0, 100),
        whole_period: seconds(0, 100),
    }
}

const NONE: Discounts = Discounts {
    percentage: None,
    usage: None,
};

fn percent(percentage: &str) -> Discounts {
    Discounts {
        percentage: Some(PercentageDiscount {
            percentage: d(percentage),
            correlation: "c".to_owned(),
        }),
        usage: None,
    }
}

fn units_off(quantity: &str) -> Discounts {
    Discounts {
        percentage: None,
        usage: Some(UsageDiscount {
            quantity: d(quantity),
            correlation: "c".to_owned(),
        }),
    }
}

/// The children as `suffix quantity@price[-discount…]`.
fn shown(rated: &Rated) -> Vec<String> {
    rated
        .children
        .iter()
        .map(|child| {
            let name = child.name.strip_prefix("line: ").unwrap_or("line");
            let off: String = child
                .discounts
                .iter()
                .map(|off| format!("-{}", text(off.amount)))
                .collect();
            format!(
                "{name} {}@{}{off}",
                text(child.quantity),
                text(child.per_unit)
            )
        })
        .collect()
}

/// `amount/charges/discounts/total`.
fn sums(rating: &Rating<'_>) -> String {
    let rated = rate(rating).unwrap();
    let parts: Vec<Totals> = rated
        .children
        .iter()
        .map(|child| child.totals(rating.currency).unwrap())
        .collect();
    let sum = Totals::sum(&parts).unwrap();
    format!(
        "{}/{}/{}/{}",
        text(sum.amount),
        text(sum.charges),
        text(sum.discounts),
        text(sum.total)
    )
}

fn tiers_a() -> Model {
    Model::Graduated {
        tiers: vec![
            tier(Some("5"), Some("100"), Some("0")),
            tier(Some("10"), Some("50"), None),
            tier(Some("15"), None, Some("5")),
            tier(None, None, Some("1")),
        ],
    }
}

fn volume_tiers() -> Model {
    Model::Volume {
        tiers: vec![
            tier(None, None, Some("5")),
            tier(Some("5"), Some("100"), None),
            tier(Some("10"), Some("150"), None),
            tier(Some("15"), None, Some("10")),
        ],
    }
}

#[test]
fn flat_prices_are_one_child_and_round_only_the_amount() {
    let price = Price::flat(d("10.005"), PaymentTerm::InAdvance);
    let rating = rating(&price, &NONE, "7");
    let rated = rate(&rating).unwrap();
    assert_eq!(shown(&rated), ["line 1@10.005"]);
    assert_eq!(rated.quantity, Decimal::ONE);
    assert_eq!(rated.children[0].reference, "flat-price");
    assert_eq!(sums(&rating), "10.01/0/0/10.01");
}

#[test]
fn a_split_flat_price_is_charged_by_one_part() {
    for (term, first, last, count) in [
        (PaymentTerm::InAdvance, true, false, 1),
        (PaymentTerm::InAdvance, false, true, 0),
        (PaymentTerm::InArrears, true, false, 0),
        (PaymentTerm::InArrears, false, true, 1),
    ] {
        let price = Price::flat(d("10"), term);
        let rating = Rating {
            part: Part { first, last },
            ..rating(&price, &NONE, "1")
        };
        assert_eq!(
            rate(&rating).unwrap().children.len(),
            count,
            "{term:?} {first} {last}"
        );
    }
}

#[test]
fn unit_prices() {
    let price = price(Model::Unit {
        amount: d("0.0125"),
    });
    assert_eq!(sums(&rating(&price, &NONE, "333")), "4.16/0/0/4.16");
    assert_eq!(
        shown(&rate(&rating(&price, &NONE, "2")).unwrap()),
        ["usage in period 2@0.0125"]
    );
    for none in ["0", "-1"] {
        assert!(
            rate(&rating(&price, &NONE, none))
                .unwrap()
                .children
                .is_empty()
        );
    }
}

#[test]
fn volume_prices() {
    for (quantity, children, amount) in [
        ("0", vec!["flat price for tier 1 1@100"], "100"),
        ("3", vec!["flat price for tier 1 1@100"], "100"),
        ("5", vec!["flat price for tier 1 1@100"], "100"),
        ("7", vec!["flat price for tier 2 1@150"], "150"),
        ("10", vec!["flat price for tier 2 1@150"], "150"),
        ("14", vec!["unit price for tier 3 14@10"], "140"),
        ("15", vec!["unit price for tier 3 15@10"], "150"),
        ("16", vec!["unit price for tier 4 16@5"], "80"),
        ("100", vec!["unit price for tier 4 100@5"], "500"),
    ] {
        let price = price(volume_tiers());
        let rating = rating(&price, &NONE, quantity);
        assert_eq!(shown(&rate(&rating).unwrap()), children, "{quantity}");
        assert_eq!(
            sums(&rating),
            format!("{amount}/0/0/{amount}"),
            "{quantity}"
        );
    }
}

#[test]
fn volume_prices_with_commitments() {
    let capped = with(volume_tiers(), None, Some("125"));
    assert_eq!(sums(&rating(&capped, &NONE, "7")), "150/0/25/125");
    let least = with(volume_tiers(), Some("150"), None);
    assert_eq!(sums(&rating(&least, &NONE, "0")), "100/50/0/150");
    let met = with(volume_tiers(), Some("100"), None);
    assert_eq!(sums(&rating(&met, &NONE, "100")), "500/0/0/500");
    let only_unit = price(Model::Volume {
        tiers: vec![tier(None, None, Some("5"))],
    });
    assert!(
        rate(&rating(&only_unit, &NONE, "0"))
            .unwrap()
            .children
            .is_empty()
    );
    let steps = Model::Volume {
        tiers: vec![
            tier(Some("10"), None, Some("100")),
            tier(Some("20"), None, Some("90")),
            tier(None, None, Some("80")),
        ],
    };
    assert_eq!(
        sums(&rating(&with(steps, Some("3000"), None), &NONE, "25")),
        "2000/1000/0/3000"
    );
}

#[test]
fn volume_prices_are_never_split() {
    let price = price(volume_tiers());
    let not_last = Rating {
        part: Part {
            first: true,
            last: false,
        },
        ..rating(&price, &NONE, "7")
    };
    assert!(rate(&not_last).unwrap().children.is_empty());
    let before = Rating {
        metered_before: d("1"),
        ..rating(&price, &NONE, "7")
    };
    assert_eq!(rate(&before), Err(RatingError::VolumeSplit));
}

#[test]
fn graduated_prices() {
    let both = [
        "usage price for tier 1 5@0",
        "flat price for tier 1 1@100",
        "flat price for tier 2 1@50",
    ];
    let check = |quantity: &str, expected: &[&str], amount: &str| {
        let price = price(tiers_a());
        let rating = rating(&price, &NONE, quantity);
        assert_eq!(shown(&rate(&rating).unwrap()), expected, "{quantity}");
        assert_eq!(
            sums(&rating),
            format!("{amount}/0/0/{amount}"),
            "{quantity}"
        );
    };
    check(
        "0",
        &["usage price for tier 1 0@0", "flat price for tier 1 1@100"],
        "100",
    );
    check(
        "3",
        &["usage price for tier 1 3@0", "flat price for tier 1 1@100"],
        "100",
    );
    check(
        "5",
        &["usage price for tier 1 5@0", "flat price for tier 1 1@100"],
        "100",
    );
    check("6", &both, "150");
    check("10", &both, "150");
    check(
        "12",
        &[&both[..], &["usage price for tier 3 2@5"]].concat(),
        "160",
    );
    check(
        "22",
        &[
            &both[..],
            &["usage price for tier 3 5@5", "usage price for tier 4 7@1"],
        ]
        .concat(),
        "182",
    );
}

#[test]
fn graduated_prices_of_later_parts() {
    let check = |before: &str, quantity: &str, first: bool, expected: &[&str]| {
        let price = price(tiers_a());
        let rating = Rating {
            metered_before: d(before),
            part: Part { first, last: true },
            ..rating(&price, &NONE, quantity)
        };
        assert_eq!(
            shown(&rate(&rating).unwrap()),
            expected,
            "{before} {quantity}"
        );
    };
    check(
        "12",
        "10",
        false,
        &["usage price for tier 3 3@5", "usage price for tier 4 7@1"],
    );
    check("7", "1", false, &[]);
    check("0", "0", false, &["usage price for tier 1 0@0"]);
    check("2", "0", false, &[]);
}

#[test]
fn a_progressive_month_of_graduated_prices() {
    let price = price(Model::Graduated {
        tiers: vec![
            tier(Some("10"), Some("100"), Some("10")),
            tier(Some("20"), Some("200"), Some("5")),
            tier(None, None, Some("80")),
        ],
    });
    let part = |first: bool, last: bool, quantity: &str| {
        sums(&Rating {
            part: Part { first, last },
            ..rating(&price, &NONE, quantity)
        })
    };
    assert_eq!(part(true, false, "0"), "100/0/0/100");
    assert_eq!(part(false, false, "0"), "0/0/0/0");
    assert_eq!(part(false, true, "15"), "325/0/0/325");
}

#[test]
fn graduated_and_volume_differ_on_the_same_tiers() {
    let tiers = vec![
        tier(Some("1000"), None, Some("0.01")),
        tier(Some("5000"), None, Some("0.008")),
        tier(None, None, Some("0.005")),
    ];
    let graduated = price(Model::Graduated {
        tiers: tiers.clone(),
    });
    assert_eq!(sums(&rating(&graduated, &NONE, "7500")), "54.5/0/0/54.5");
    let volume = price(Model::Volume { tiers });
    assert_eq!(sums(&rating(&volume, &NONE, "7500")), "37.5/0/0/37.5");
}

#[test]
fn package_prices() {
    let check = |size: &str, before: &str, quantity: &str, first: bool, packages: Option<&str>| {
        let price = price(Model::Package {
            amount: d("15"),
            per_package: d(size),
        });
        let rating = Rating {
            metered_before: d(before),
            part: Part { first, last: true },
            ..rating(&price, &NONE, quantity)
        };
        let found = rate(&rating)
            .unwrap()
            .children
            .first()
            .map(|child| text(child.quantity));
        assert_eq!(found.as_deref(), packages, "{size} {before} {quantity}");
    };
    check("10", "0", "0", true, None);
    check("10", "0", "1", true, Some("1"));
    check("10", "0", "9", true, Some("1"));
    check("10", "0", "10", true, Some("1"));
    check("10", "0", "11", true, Some("2"));
    check("10", "17", "5", false, Some("1"));
    check("1", "0", "2.5", true, Some("3"));
    // A simulated line is always first: nothing was charged before it.
    check("10", "17", "5", true, Some("3"));
    check("0.3", "0", "0.9", true, Some("3"));
}

#[test]
fn dynamic_prices() {
    let price = price(Model::Dynamic {
        multiplier: d("1.33333"),
    });
    assert_eq!(
        shown(&rate(&rating(&price, &NONE, "10")).unwrap()),
        ["usage in period 1@13.33"]
    );
    assert!(
        rate(&rating(&price, &NONE, "0"))
            .unwrap()
            .children
            .is_empty()
    );
}

#[test]
fn usage_discounts_move_the_tiers() {
    let discounts = units_off("5");
    let price = price(tiers_a());
    let rating = rating(&price, &discounts, "22");
    assert_eq!(sums(&rating), "177/0/0/177");
}

#[test]
fn usage_discounts_reduce_the_quantity() {
    let discounts = units_off("50");
    let unit = price(Model::Unit { amount: d("1") });
    let line = rating(&unit, &discounts, "80");
    let rated = rate(&line).unwrap();
    assert_eq!(text(rated.quantity), "30");
    assert_eq!(sums(&line), "30/0/0/30");
    let least = with(Model::Unit { amount: d("1") }, Some("20"), None);
    let line = rating(&least, &discounts, "30");
    let rated = rate(&line).unwrap();
    assert_eq!(text(rated.quantity), "0");
    assert_eq!(text(rated.usage_discount.unwrap().quantity), "30");
    assert_eq!(sums(&line), "0/20/0/20");
}

#[test]
fn a_usage_discount_is_used_up_over_the_parts() {
    let discounts = units_off("110");
    let price = price(Model::Unit { amount: d("1") });
    for (metered, before, used, quantity, quantity_before, taken) in [
        ("50", "0", "0", "0", "0", Some(("50", "0"))),
        ("75", "50", "50", "15", "0", Some(("60", "50"))),
        ("30", "125", "110", "30", "15", None),
    ] {
        let rated = rate(&Rating {
            metered_before: d(before),
            discounted_before: d(used),
            ..rating(&price, &discounts, metered)
        })
        .unwrap();
        assert_eq!(text(rated.quantity), quantity);
        assert_eq!(text(rated.quantity_before), quantity_before);
        let found = rated
            .usage_discount
            .map(|off| (text(off.quantity), text(off.before)));
        assert_eq!(
            found,
            taken.map(|(quantity, before)| (quantity.to_owned(), before.to_owned()))
        );
    }
    let over = Rating {
        discounted_before: d("111"),
        ..rating(&price, &discounts, "1")
    };
    assert_eq!(rate(&over), Err(RatingError::DiscountOvercommitted));
}

#[test]
fn percentage_discounts() {
    let half = percent("50");
    let flat = Price::flat(d("200"), PaymentTerm::InAdvance);
    assert_eq!(sums(&rating(&flat, &half, "1")), "200/0/100/100");
    let third = percent("33.33");
    let unit = price(Model::Unit { amount: d("9.99") });
    assert_eq!(sums(&rating(&unit, &third, "10")), "99.9/0/33.3/66.6");
    let free = price(tiers_a());
    let rated = rate(&rating(&free, &half, "0")).unwrap();
    assert_eq!(
        shown(&rated),
        [
            "usage price for tier 1 0@0-0",
            "flat price for tier 1 1@100-50"
        ]
    );
    assert!(
        matches!(&rated.children[0].discounts[0].reason, Reason::Percentage { percentage, .. } if *percentage == d("50"))
    );
}

#[test]
fn maximum_spend() {
    let check = |model: Model,
                 maximum: &str,
                 discounts: &Discounts,
                 billed: &str,
                 before: &str,
                 quantity: &str,
                 expected: &str| {
        let price = with(model, None, Some(maximum));
        let rating = Rating {
            billed_before: d(billed),
            metered_before: d(before),
            part: Part {
                first: before == "0" && billed == "0",
                last: true,
            },
            ..rating(&price, discounts, quantity)
        };
        assert_eq!(sums(&rating), expected);
    };
    let ten = || Model::Unit { amount: d("10") };
    check(ten(), "100", &NONE, "70", "7", "5", "50/0/20/30");
    check(
        ten(),
        "100",
        &percent("50"),
        "35",
        "7",
        "20",
        "200/0/135/65",
    );
    check(
        Model::Dynamic {
            multiplier: d("1.33333"),
        },
        "100",
        &NONE,
        "93.33",
        "70",
        "50",
        "66.67/0/60/6.67",
    );
    check(
        Model::Package {
            amount: d("15"),
            per_package: d("10"),
        },
        "100",
        &NONE,
        "90",
        "60",
        "50",
        "75/0/65/10",
    );
    check(tiers_a(), "170", &NONE, "160", "12", "10", "22/0/12/10");
    check(tiers_a(), "170", &NONE, "0", "0", "22", "182/0/12/170");
    check(
        tiers_a(),
        "150",
        &percent("10"),
        "0",
        "0",
        "22",
        "182/0/32/150",
    );
    check(
        Model::Unit { amount: d("1000") },
        "10000.001",
        &NONE,
        "9000.01123",
        "9",
        "1",
        "1000/0/0.01/999.99",
    );
    check(
        Model::Unit { amount: d("1000") },
        "10000.001",
        &NONE,
        "9000.001",
        "9",
        "1",
        "1000/0/0/1000",
    );
}

#[test]
fn each_child_carries_its_share_of_the_maximum_discount() {
    let price = with(tiers_a(), None, Some("150"));
    let discounts = percent("10");
    let rated = rate(&rating(&price, &discounts, "22")).unwrap();
    assert_eq!(
        shown(&rated),
        [
            "usage price for tier 1 5@0-0",
            "flat price for tier 1 1@100-10",
            "flat price for tier 2 1@50-5",
            "usage price for tier 3 5@5-2.5-7.5",
            "usage price for tier 4 7@1-0.7-6.3",
        ]
    );
    let capped = with(Model::Unit { amount: d("100") }, None, Some("2000"));
    let rated = rate(&rating(&capped, &NONE, "40")).unwrap();
    assert_eq!(
        rated.children[0].discounts[0].description,
        "Maximum spend discount for charges over 2000"
    );
}

#[test]
fn minimum_spend() {
    let ten = || with(Model::Unit { amount: d("10") }, Some("100"), None);
    assert_eq!(sums(&rating(&ten(), &NONE, "0")), "0/100/0/100");
    assert_eq!(sums(&rating(&ten(), &percent("50"), "5")), "50/75/25/100");
    let a = with(tiers_a(), Some("1000"), None);
    let later = |before: &str, last: bool| Rating {
        metered_before: d(before),
        billed_before: d("100"),
        part: Part { first: false, last },
        whole_period: seconds(0, 200),
        period: seconds(100, 200),
        ..rating(&a, &NONE, "0")
    };
    let rated = rate(&later("0", true)).unwrap();
    assert_eq!(
        shown(&rated),
        ["usage price for tier 1 0@0", "minimum spend 1@900"]
    );
    assert_eq!(rated.children[1].period, seconds(0, 200));
    assert_eq!(rated.children[1].category, Category::Commitment);
    assert_eq!(
        shown(&rate(&later("2", true)).unwrap()),
        ["minimum spend 1@900"]
    );
    assert!(rate(&later("2", false)).unwrap().children.is_empty());
}

#[test]
fn rounding_follows_the_currency() {
    for (code, amount, quantity, expected) in [
        ("JPY", "33.335", "3", "100"),
        ("USD", "1.23556789", "1", "1.24"),
        ("JPY", "1.9556789", "1", "2"),
        ("KWD", "1.0005", "1", "1.001"),
        ("USD", "0.0125", "333", "4.16"),
    ] {
        let price = price(Model::Unit { amount: d(amount) });
        let rating = Rating {
            currency: Currency::parse(code).unwrap(),
            ..rating(&price, &NONE, quantity)
        };
        assert_eq!(
            sums(&rating),
            format!("{expected}/0/0/{expected}"),
            "{code}"
        );
    }
}

#[test]
fn numbers_beyond_all_bounds_are_an_error() {
    let price = price(Model::Unit {
        amount: d("999999999999999999"),
    });
    assert!(matches!(
        rate(&rating(&price, &NONE, "999999999999999999"))
            .and_then(|rated| Ok(rated.children[0].totals(Currency::USD)?)),
        Err(RatingError::Arithmetic(_))
    ));
}
