//! The price of a part of a period: a flat amount times the share of the full period.

use kernel::{
    Decimal,
    currency::Currency,
    decimal::{self, DecimalError},
    period::Period,
};

/// The rounded amount of a flat price for `service` out of `full`. Lengths are exact time.
pub fn prorate(
    amount: Decimal,
    service: Period,
    full: Period,
    currency: Currency,
) -> Result<Decimal, DecimalError> {
    let length = |period: Period| Decimal::from(period.duration().as_secs());
    let whole = length(full);
    if whole.is_zero() {
        return Ok(currency.round(amount));
    }
    // Multiplied first: the quotient of two lengths alone would lose digits.
    let part = decimal::div(decimal::mul(amount, length(service))?, whole)?;
    Ok(currency.round(part))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn days(start: i64, end: i64) -> Period {
        let at = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        Period {
            start: at(start),
            end: at(end),
        }
    }

    fn check(amount: &str, service: Period, expected: &str) {
        let amount = kernel::decimal::parse(amount).unwrap();
        let found = prorate(amount, service, days(0, 31), Currency::USD).unwrap();
        assert_eq!(kernel::decimal::format(found), expected);
    }

    #[test]
    fn parts_of_january() {
        check("10", days(0, 1), "0.32");
        check("20", days(1, 31), "19.35");
        check("5", days(0, 14), "2.26");
        check("5", days(14, 31), "2.74");
        check("20", days(0, 31), "20");
    }

    #[test]
    fn a_full_period_without_length_costs_everything() {
        let amount = Decimal::from(7);
        assert_eq!(
            prorate(amount, days(0, 0), days(0, 0), Currency::USD).unwrap(),
            amount
        );
    }

    proptest! {
        #[test]
        fn two_parts_sum_to_the_whole_within_a_cent(cents in 0i64..10_000_000, cut in 0i64..=31) {
            let amount = Decimal::new(cents, 2);
            let full = days(0, 31);
            let part = |service| prorate(amount, service, full, Currency::USD).unwrap();
            let sum = part(days(0, cut)) + part(days(cut, 31));
            prop_assert!((sum - amount).abs() <= Decimal::new(1, 2));
            prop_assert_eq!(part(full), amount);
        }
    }
}
