//! Exact sums. A decimal of 28 digits would round on the way, and the total would depend on the order
//! of the events; here whole and fractional parts are added as integers and rounded once, at the end.

use kernel::Decimal;

/// Digits after the point that an event value may have.
const DECIMALS: u32 = 18;
const ONE: i128 = 10_i128.pow(DECIMALS);
/// Results keep this many significant digits.
const MANTISSA_MAX: u128 = 10_u128.pow(28);
/// 10^18 in units of 10^-18: results stay below it.
const LIMIT: u128 = 10_u128.pow(36);

/// The sum of any number of event values. Never rounds, never overflows: a value is below 10^18 and
/// there would have to be 10^20 of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExactSum {
    whole: i128,
    /// In units of 10^-18; may exceed one whole.
    fraction: i128,
}

/// The total is 10^18 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the result is 10^18 or more")]
pub struct TooLarge;

impl ExactSum {
    /// Adds one value of at most 18 decimals.
    pub fn add(&mut self, value: Decimal) {
        let scale = value.scale().min(DECIMALS);
        let unit = 10_i128.pow(scale);
        let mantissa = value.mantissa();
        self.whole += mantissa / unit;
        self.fraction += mantissa % unit * 10_i128.pow(DECIMALS - scale);
    }

    /// Whole and fractional part, for storage.
    pub const fn parts(self) -> (i128, i128) {
        (self.whole, self.fraction)
    }

    /// The sum of stored parts.
    pub const fn from_parts(whole: i128, fraction: i128) -> Self {
        Self { whole, fraction }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: Self) {
        self.whole += other.whole;
        self.fraction += other.fraction;
    }

    /// The total, rounded half away from zero to 28 significant digits.
    pub fn total(self) -> Result<Decimal, TooLarge> {
        let whole = self.whole + self.fraction / ONE;
        let fraction = self.fraction % ONE;
        if whole.abs() > ONE {
            return Err(TooLarge);
        }
        decimal(whole * ONE + fraction)
    }

    /// The total divided by a count, rounded half away from zero to 18 decimals and 28 digits.
    pub fn mean(self, count: u64) -> Result<Decimal, TooLarge> {
        let count = i128::from(count.max(1));
        let quotient = self.whole / count;
        if quotient.abs() > ONE {
            return Err(TooLarge);
        }
        let rest = self.whole % count * ONE + self.fraction;
        let (part, remainder) = (rest / count, rest % count);
        let up = if remainder.abs() * 2 >= count {
            remainder.signum()
        } else {
            0
        };
        decimal(quotient * ONE + part + up)
    }
}

/// A number of units of 10^-18 as a decimal of at most 28 digits.
fn decimal(units: i128) -> Result<Decimal, TooLarge> {
    let mut scale = DECIMALS;
    let mut mantissa = units.unsigned_abs();
    if mantissa >= LIMIT {
        return Err(TooLarge);
    }
    let mut dropped = 1_u128;
    while mantissa / dropped >= MANTISSA_MAX && scale > 0 {
        dropped *= 10;
        scale -= 1;
    }
    let round = u128::from(dropped > 1 && mantissa % dropped >= dropped / 2);
    mantissa = mantissa / dropped + round;
    let signed = i128::try_from(mantissa).map_err(|_| TooLarge)? * units.signum();
    Decimal::try_from_i128_with_scale(signed, scale)
        .map(|total| total.normalize())
        .map_err(|_| TooLarge)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::decimal::{format, parse};
    use proptest::prelude::*;

    use super::*;

    fn sum(values: &[&str]) -> ExactSum {
        let mut sum = ExactSum::default();
        values
            .iter()
            .for_each(|value| sum.add(parse(value).unwrap()));
        sum
    }

    fn check(values: &[&str], total: &str, mean: &str) {
        let sum = sum(values);
        assert_eq!(format(sum.total().unwrap()), total);
        assert_eq!(format(sum.mean(values.len() as u64).unwrap()), mean);
    }

    #[test]
    fn sums_and_means_are_exact() {
        check(
            &["123", "0.4567890123456789"],
            "123.4567890123456789",
            "61.72839450617283945",
        );
        check(&["0.1", "0.2"], "0.3", "0.15");
        check(&["1", "1", "0"], "2", "0.666666666666666667");
        check(&["-1", "-1", "0"], "-2", "-0.666666666666666667");
        check(&["-0.5", "0.5"], "0", "0");
        check(
            &[
                "999999999999999999",
                "-999999999999999999",
                "0.000000000000000001",
            ],
            "0.000000000000000001",
            "0",
        );
    }

    #[test]
    fn digits_beyond_28_are_rounded_once() {
        check(
            &["123456789012345678", "0.123456789055555555"],
            "123456789012345678.1234567891",
            "61728394506172839.06172839453",
        );
    }

    #[test]
    fn a_total_beyond_the_limit_is_refused() {
        let sum = sum(&["999999999999999999", "1"]);
        assert_eq!(sum.total(), Err(TooLarge));
        assert_eq!(format(sum.mean(2).unwrap()), "500000000000000000");
    }

    fn value() -> impl Strategy<Value = Decimal> {
        (
            -999_999_999_999_999_999_i64..=999_999_999_999_999_999,
            0_u32..=18,
        )
            .prop_map(|(mantissa, scale)| Decimal::from_i128_with_scale(mantissa.into(), scale))
    }

    proptest! {
        #[test]
        fn order_and_splitting_change_nothing(values in proptest::collection::vec(value(), 0..40), cut in 0_usize..40) {
            let add = |values: &[Decimal]| {
                let mut sum = ExactSum::default();
                values.iter().for_each(|value| sum.add(*value));
                sum
            };
            let whole = add(&values);
            let cut = cut.min(values.len());
            let mut parts = add(&values[cut..]);
            parts.merge(add(&values[..cut]));
            prop_assert_eq!(whole.total(), parts.total());
            let reversed: Vec<Decimal> = values.iter().rev().copied().collect();
            prop_assert_eq!(whole, add(&reversed));
        }
    }
}
