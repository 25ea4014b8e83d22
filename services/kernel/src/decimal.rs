//! The decimal grammar of the suite and its arithmetic. Digits are read as text and never pass
//! through a float; every operation is checked, so that overflow is an answer and not a panic.

use rust_decimal::{Decimal, RoundingStrategy};

/// Most significant digits that a number may have.
pub const SIGNIFICANT_DIGITS_MAX: usize = 28;
/// Most digits after the point that a number may have.
pub const DECIMALS_MAX: usize = 18;
/// Most digits before the point: absolute values stay below 10^18.
pub const INTEGER_DIGITS_MAX: usize = 18;
/// Longest text that is looked at. Far above any legal number; it bounds the work on hostile input.
const TEXT_LENGTH_MAX: usize = 1_024;

/// Decimals that hold of a sum of quotients: up to a million of them, cut at the twelfth decimal, err by less than half a
/// millionth together.
const TRUSTED_DECIMALS: u32 = 6;

/// Why a text is no number of ours, or why arithmetic has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// The text does not follow the grammar.
    #[error("not a decimal number")]
    Syntax,
    /// More than [`SIGNIFICANT_DIGITS_MAX`] digits matter.
    #[error("more than 28 significant digits")]
    TooManyDigits,
    /// More than [`DECIMALS_MAX`] digits after the point matter.
    #[error("more than 18 decimals")]
    TooManyDecimals,
    /// The absolute value is 10^18 or more.
    #[error("absolute value of 10^18 or more")]
    TooLarge,
    /// A result does not fit.
    #[error("arithmetic overflow")]
    Overflow,
    /// A division by zero.
    #[error("division by zero")]
    DivisionByZero,
}

/// Reads `-?digits[.digits]`. Zeros that do not change the value count against no limit.
pub fn parse(text: &str) -> Result<Decimal, DecimalError> {
    let parts = split(text)?;
    if parts.exponent.is_some() {
        return Err(DecimalError::Syntax);
    }
    assemble(&parts, 0)
}

/// Reads a JSON number from its digits: as [`parse`], but an exponent is allowed, and a
/// superfluous leading zero is not.
pub fn parse_json_number(text: &str) -> Result<Decimal, DecimalError> {
    let parts = split(text)?;
    if parts.integer.len() > 1 && parts.integer.starts_with('0') {
        return Err(DecimalError::Syntax);
    }
    let exponent = match parts.exponent {
        Some(text) => read_exponent(text)?,
        None => 0,
    };
    assemble(&parts, exponent)
}

/// Writes the canonical text: no exponent, no trailing zeros, `0` for zero of either sign.
pub fn format(value: Decimal) -> String {
    if value.is_zero() {
        return "0".to_owned();
    }
    value.normalize().to_string()
}

/// Rounds to `digits` decimals; a half goes away from zero (2.345 → 2.35, -2.345 → -2.35).
pub fn round_half_away(value: Decimal, digits: u32) -> Decimal {
    value.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
}

/// Rounds for show what was put together from quotients. They were cut when they were made (12001 ÷ 1200 is kept as
/// 10.000833333333), so that what is exactly a half may be held a hair below it. It is taken to [`TRUSTED_DECIMALS`]
/// first: 20.834999999999 → 20.835 → 20.84.
pub fn round_shown(value: Decimal, digits: u32) -> Decimal {
    round_half_away(round_half_away(value, TRUSTED_DECIMALS), digits)
}

/// The sum of all values; zero for none.
pub fn checked_sum(values: impl IntoIterator<Item = Decimal>) -> Result<Decimal, DecimalError> {
    values.into_iter().try_fold(Decimal::ZERO, add)
}

/// `a + b`.
pub fn add(a: Decimal, b: Decimal) -> Result<Decimal, DecimalError> {
    a.checked_add(b).ok_or(DecimalError::Overflow)
}

/// `a - b`.
pub fn sub(a: Decimal, b: Decimal) -> Result<Decimal, DecimalError> {
    a.checked_sub(b).ok_or(DecimalError::Overflow)
}

/// `a × b`, to 28 digits.
pub fn mul(a: Decimal, b: Decimal) -> Result<Decimal, DecimalError> {
    a.checked_mul(b).ok_or(DecimalError::Overflow)
}

/// `a ÷ b`, to 28 digits.
pub fn div(a: Decimal, b: Decimal) -> Result<Decimal, DecimalError> {
    if b.is_zero() {
        return Err(DecimalError::DivisionByZero);
    }
    a.checked_div(b).ok_or(DecimalError::Overflow)
}

/// A number taken apart, all pieces still text.
struct Parts<'a> {
    negative: bool,
    integer: &'a str,
    fraction: &'a str,
    exponent: Option<&'a str>,
}

fn split(text: &str) -> Result<Parts<'_>, DecimalError> {
    if text.len() > TEXT_LENGTH_MAX {
        return Err(DecimalError::TooManyDigits);
    }
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (integer, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return Err(DecimalError::Syntax),
        Some((integer, fraction)) => (integer, fraction),
        None => (mantissa, ""),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if integer.is_empty() || !digits(integer) || !digits(fraction) {
        return Err(DecimalError::Syntax);
    }
    Ok(Parts {
        negative,
        integer,
        fraction,
        exponent,
    })
}

/// Reads `[+-]?digits`. What is too long to matter is capped: it is out of every limit anyway.
fn read_exponent(text: &str) -> Result<i64, DecimalError> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        [..] => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DecimalError::Syntax);
    }
    let size = digits.bytes().fold(0_i64, |size, byte| {
        (size * 10 + i64::from(byte - b'0')).min(1_000_000)
    });
    Ok(if negative { -size } else { size })
}

/// Builds `0.DIGITS × 10^point` after checking it against the limits.
fn assemble(parts: &Parts<'_>, exponent: i64) -> Result<Decimal, DecimalError> {
    let all: Vec<u8> = parts
        .integer
        .bytes()
        .chain(parts.fraction.bytes())
        .collect();
    let leading = all.iter().take_while(|digit| **digit == b'0').count();
    if leading == all.len() {
        return Ok(Decimal::ZERO);
    }
    let trailing = all.iter().rev().take_while(|digit| **digit == b'0').count();
    let digits = &all[leading..all.len() - trailing];
    // Both casts are of lengths that `TEXT_LENGTH_MAX` bounds.
    let point = parts.integer.len() as i64 - leading as i64 + exponent;
    let decimals = digits.len() as i64 - point;
    if point > INTEGER_DIGITS_MAX as i64 {
        return Err(DecimalError::TooLarge);
    }
    if decimals > DECIMALS_MAX as i64 {
        return Err(DecimalError::TooManyDecimals);
    }
    if digits.len() > SIGNIFICANT_DIGITS_MAX {
        return Err(DecimalError::TooManyDigits);
    }
    let mut mantissa = digits
        .iter()
        .fold(0_i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    for _ in decimals..0 {
        mantissa *= 10;
    }
    let scale = u32::try_from(decimals.max(0)).map_err(|_| DecimalError::TooManyDecimals)?;
    Decimal::try_from_i128_with_scale(if parts.negative { -mantissa } else { mantissa }, scale)
        .map_err(|_| DecimalError::TooManyDigits)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn check(input: &str, expected: Result<&str, DecimalError>) {
        assert_eq!(
            parse(input).map(format),
            expected.map(str::to_owned),
            "{input}"
        );
    }

    #[test]
    fn plain_numbers_are_read_and_written_canonically() {
        check("0", Ok("0"));
        check("-0", Ok("0"));
        check("-0.000", Ok("0"));
        check("0.10", Ok("0.1"));
        check("1000", Ok("1000"));
        check("007", Ok("7"));
        check("-12.3400", Ok("-12.34"));
        check("12345678901234567.89", Ok("12345678901234567.89"));
        check("0.000000000000000001", Ok("0.000000000000000001"));
        check(
            "999999999999999999.9999999999",
            Ok("999999999999999999.9999999999"),
        );
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "", "-", ".", "1.", ".5", "+1", "1e3", "1E3", " 1", "1 ", "--1", "1.2.3", "0x1", "NaN",
            "1_000", "١",
        ] {
            check(text, Err(DecimalError::Syntax));
        }
    }

    #[test]
    fn limits_hold_at_their_edges() {
        check("1000000000000000000", Err(DecimalError::TooLarge));
        check("-1000000000000000000", Err(DecimalError::TooLarge));
        check("999999999999999999", Ok("999999999999999999"));
        check("0.0000000000000000001", Err(DecimalError::TooManyDecimals));
        check(
            "123456789012345678.9012345678",
            Ok("123456789012345678.9012345678"),
        );
        check(
            "123456789012345678.90123456789",
            Err(DecimalError::TooManyDigits),
        );
    }

    #[test]
    fn zeros_that_change_nothing_count_against_no_limit() {
        check("1.0000000000000000000000000000000", Ok("1"));
        check("00000000000000000000000000000000001", Ok("1"));
        check(&"0".repeat(2_000), Err(DecimalError::TooManyDigits));
    }

    #[test]
    fn json_numbers_may_have_an_exponent() {
        let check = |input: &str, expected: Result<&str, DecimalError>| {
            assert_eq!(
                parse_json_number(input).map(format),
                expected.map(str::to_owned),
                "{input}"
            );
        };
        check("1e3", Ok("1000"));
        check("1.25E+2", Ok("125"));
        check("125e-2", Ok("1.25"));
        check("-1e-18", Ok("-0.000000000000000001"));
        check("0e999999999999999999999", Ok("0"));
        check("1e17", Ok("100000000000000000"));
        check("1e18", Err(DecimalError::TooLarge));
        check("1e99999999999999999999", Err(DecimalError::TooLarge));
        check("1e-19", Err(DecimalError::TooManyDecimals));
        check("01", Err(DecimalError::Syntax));
        check("1e", Err(DecimalError::Syntax));
        check("1e+", Err(DecimalError::Syntax));
        check("1e1.5", Err(DecimalError::Syntax));
    }

    #[test]
    fn halves_round_away_from_zero() {
        let check = |input: &str, digits: u32, expected: &str| {
            assert_eq!(
                format(round_half_away(parse(input).unwrap(), digits)),
                expected,
                "{input}"
            );
        };
        check("2.345", 2, "2.35");
        check("-2.345", 2, "-2.35");
        check("2.344999", 2, "2.34");
        check("0.5", 0, "1");
        check("-0.5", 0, "-1");
        check("2.5", 0, "3");
        check("1.23", 4, "1.23");
    }

    #[test]
    fn a_half_that_was_cut_is_a_half_when_shown() {
        let check = |input: &str, digits: u32, expected: &str| {
            assert_eq!(
                format(round_shown(parse(input).unwrap(), digits)),
                expected,
                "{input}"
            );
        };
        check("20.834999999999", 2, "20.84");
        check("-20.834999999999", 2, "-20.84");
        check("0.004999999999", 2, "0.01");
        check("0.499999999999", 0, "1");
        check("20.834166666667", 2, "20.83");
        check("20.835", 2, "20.84");
    }

    #[test]
    fn arithmetic_answers_instead_of_panicking() {
        assert_eq!(add(Decimal::MAX, Decimal::ONE), Err(DecimalError::Overflow));
        assert_eq!(sub(Decimal::MIN, Decimal::ONE), Err(DecimalError::Overflow));
        assert_eq!(mul(Decimal::MAX, Decimal::TWO), Err(DecimalError::Overflow));
        assert_eq!(
            div(Decimal::ONE, Decimal::ZERO),
            Err(DecimalError::DivisionByZero)
        );
        assert_eq!(
            checked_sum([Decimal::ONE, Decimal::TWO]),
            Ok(Decimal::from(3))
        );
        assert_eq!(checked_sum([]), Ok(Decimal::ZERO));
        assert_eq!(
            checked_sum([Decimal::MAX, Decimal::MAX]),
            Err(DecimalError::Overflow)
        );
    }

    /// Any number within the limits, as the text of its digits.
    fn legal() -> impl Strategy<Value = Decimal> {
        (
            -9_999_999_999_999_999_999_999_999_999_i128..=9_999_999_999_999_999_999_999_999_999,
            10_u32..=18,
        )
            .prop_map(|(mantissa, scale)| Decimal::from_i128_with_scale(mantissa, scale))
    }

    proptest! {
        #[test]
        fn parse_undoes_format(value in legal()) {
            prop_assert_eq!(parse(&format(value)), Ok(value));
            prop_assert_eq!(parse_json_number(&format(value)), Ok(value));
        }

        #[test]
        fn format_is_stable(value in legal()) {
            let text = format(value);
            prop_assert_eq!(parse(&text).map(format), Ok(text));
        }

        #[test]
        fn no_text_panics(text in "[-+0-9.eE]{0,40}") {
            let plain = parse(&text);
            let json = parse_json_number(&text);
            if let (Ok(plain), Ok(json)) = (plain, json) {
                prop_assert_eq!(plain, json);
            }
        }

        #[test]
        fn rounding_moves_at_most_half_a_unit(value in legal(), digits in 0_u32..=18) {
            let moved = (round_half_away(value, digits) - value).abs();
            prop_assert!(moved * Decimal::TWO <= Decimal::from_i128_with_scale(1, digits));
        }

        #[test]
        fn cut_twelfths_add_up_to_the_cent(years in proptest::collection::vec(-1_000_000_000_000_i64..=1_000_000_000_000, 1..400)) {
            let month = |year: &i64| {
                let month = div(Decimal::from(*year), Decimal::from(1_200)).unwrap();
                round_half_away(month, 12)
            };
            let shown = round_shown(checked_sum(years.iter().map(month)).unwrap(), 2);
            // The sum in cents is a twelfth of all of them.
            let whole: i128 = years.iter().map(|year| i128::from(*year)).sum();
            let cents = (whole * 2 + whole.signum() * 12) / 24;
            prop_assert_eq!(shown, Decimal::from_i128_with_scale(cents, 2));
        }

        #[test]
        fn rounding_is_odd(value in legal(), digits in 0_u32..=18) {
            prop_assert_eq!(round_half_away(-value, digits), -round_half_away(value, digits));
        }
    }
}
