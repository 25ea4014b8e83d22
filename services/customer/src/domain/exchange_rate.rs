//! Finds a rate between two currencies in the project's table: the pair itself, else its
//! inverse, else through the project's currency, else through the dollar.

use kernel::{
    Decimal, Timestamp,
    currency::Currency,
    decimal::{self, DecimalError},
};

use crate::error::CustomerError;

/// Decimals kept of a computed rate, so that it is a number every caller accepts.
const DECIMALS: u32 = 18;

/// One entry of the table: one unit of `from` is worth `rate` units of `to` from `time` on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Currency converted from.
    pub from: Currency,
    /// Currency converted to.
    pub to: Currency,
    /// Units of `to` for one of `from`.
    pub rate: Decimal,
    /// From when on it holds.
    pub time: Timestamp,
}

impl Rate {
    /// An entry that the table may hold.
    pub fn new(
        from: Currency,
        to: Currency,
        rate: Decimal,
        time: Timestamp,
    ) -> Result<Self, CustomerError> {
        if from == to {
            return Err(CustomerError::invalid(
                "rate.to_currency_code",
                "must be another currency than the first",
            ));
        }
        if rate <= Decimal::ZERO {
            return Err(CustomerError::invalid("rate.rate", "must be above zero"));
        }
        Ok(Self {
            from,
            to,
            rate,
            time,
        })
    }
}

/// A rate that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Units of the second currency for one of the first.
    pub rate: Decimal,
    /// Since when: the time of the newest entry used. None for equal currencies.
    pub time: Option<Timestamp>,
}

/// The rate between two currencies at an instant, or nothing when the table has no way from
/// one to the other. `table` may hold entries of other pairs too, in any order.
pub fn lookup(
    table: &[Rate],
    from: Currency,
    to: Currency,
    at: Timestamp,
    project_currency: Currency,
    dollar: Currency,
) -> Result<Option<Quote>, DecimalError> {
    if from == to {
        return Ok(Some(Quote {
            rate: Decimal::ONE,
            time: None,
        }));
    }
    if let Some(found) = leg(table, from, to, at)? {
        return rounded(found).map(Some);
    }
    for middle in [project_currency, dollar] {
        if middle == from || middle == to {
            continue;
        }
        let first = leg(table, from, middle, at)?;
        let second = leg(table, middle, to, at)?;
        if let (Some(first), Some(second)) = (first, second) {
            return rounded(Quote {
                rate: decimal::mul(first.rate, second.rate)?,
                time: first.time.max(second.time),
            })
            .map(Some);
        }
    }
    Ok(None)
}

/// The pair's own rate, else the inverse of the opposite pair's.
fn leg(
    table: &[Rate],
    from: Currency,
    to: Currency,
    at: Timestamp,
) -> Result<Option<Quote>, DecimalError> {
    if let Some(entry) = entry_at(table, from, to, at) {
        return Ok(Some(Quote {
            rate: entry.rate,
            time: Some(entry.time),
        }));
    }
    let Some(entry) = entry_at(table, to, from, at) else {
        return Ok(None);
    };
    Ok(Some(Quote {
        rate: decimal::div(Decimal::ONE, entry.rate)?,
        time: Some(entry.time),
    }))
}

/// The newest entry of a pair at or before an instant; the pair's earliest serves the time
/// before it.
fn entry_at(table: &[Rate], from: Currency, to: Currency, at: Timestamp) -> Option<&Rate> {
    let pair = || {
        table
            .iter()
            .filter(|rate| rate.from == from && rate.to == to)
    };
    pair()
        .filter(|rate| rate.time <= at)
        .max_by_key(|rate| rate.time)
        .or_else(|| pair().min_by_key(|rate| rate.time))
}

fn rounded(quote: Quote) -> Result<Quote, DecimalError> {
    let rate = decimal::round_half_away(quote.rate, DECIMALS);
    if rate.is_zero() {
        return Err(DecimalError::TooManyDecimals);
    }
    Ok(Quote { rate, ..quote })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn rate(from: &str, to: &str, rate: &str, second: i64) -> Rate {
        Rate::new(
            currency(from),
            currency(to),
            decimal::parse(rate).unwrap(),
            at(second),
        )
        .unwrap()
    }

    fn check(table: &[Rate], from: &str, to: &str, second: i64, expected: Option<&str>) {
        let found = lookup(
            table,
            currency(from),
            currency(to),
            at(second),
            currency("EUR"),
            currency("USD"),
        )
        .unwrap();
        assert_eq!(
            found.map(|quote| decimal::format(quote.rate)).as_deref(),
            expected
        );
    }

    #[test]
    fn the_newest_rate_at_or_before_the_instant_holds() {
        let table = [
            rate("USD", "EUR", "0.9", 10),
            rate("USD", "EUR", "0.8", 20),
            rate("USD", "EUR", "0.7", 30),
        ];
        check(&table, "USD", "EUR", 20, Some("0.8"));
        check(&table, "USD", "EUR", 29, Some("0.8"));
        check(&table, "USD", "EUR", 99, Some("0.7"));
        check(&table, "USD", "EUR", 1, Some("0.9"));
    }

    #[test]
    fn the_pair_itself_comes_before_its_inverse() {
        let table = [rate("EUR", "USD", "1.25", 10)];
        check(&table, "USD", "EUR", 10, Some("0.8"));
        let both = [rate("EUR", "USD", "1.25", 10), rate("USD", "EUR", "0.5", 5)];
        check(&both, "USD", "EUR", 10, Some("0.5"));
    }

    #[test]
    fn the_project_currency_bridges_before_the_dollar() {
        let table = [
            rate("GBP", "EUR", "1.2", 0),
            rate("EUR", "CHF", "0.5", 0),
            rate("GBP", "USD", "3", 0),
            rate("USD", "CHF", "3", 0),
        ];
        check(&table, "GBP", "CHF", 0, Some("0.6"));
        check(&table[2..], "GBP", "CHF", 0, Some("9"));
        check(&table[2..3], "GBP", "CHF", 0, None);
    }

    #[test]
    fn equal_currencies_need_no_entry() {
        check(&[], "JPY", "JPY", 0, Some("1"));
        check(&[], "JPY", "USD", 0, None);
    }

    #[test]
    fn an_entry_is_above_zero_and_between_two_currencies() {
        assert!(Rate::new(currency("USD"), currency("USD"), Decimal::ONE, at(0)).is_err());
        assert!(Rate::new(currency("USD"), currency("EUR"), Decimal::ZERO, at(0)).is_err());
    }

    proptest! {
        #[test]
        fn the_order_of_the_table_does_not_matter(
            entries in proptest::collection::btree_map(0i64..50, 1u32..1000, 1..10),
            asked in 0i64..60,
        ) {
            let table: Vec<Rate> = entries
                .iter()
                .map(|(time, value)| rate("USD", "EUR", &value.to_string(), *time))
                .collect();
            let reversed: Vec<Rate> = table.iter().rev().cloned().collect();
            let find = |table: &[Rate]| {
                lookup(table, currency("USD"), currency("EUR"), at(asked), currency("EUR"), currency("USD"))
                    .unwrap()
            };
            prop_assert_eq!(find(&table), find(&reversed));
        }
    }
}
