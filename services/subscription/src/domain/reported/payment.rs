//! Payments for spans of time, and how many months such a span has.

use jiff::Timestamp;
use kernel::Decimal;
use kernel::calendar::{CalendarError, IsoDuration};
use kernel::currency::Currency;
use kernel::decimal::{self, DecimalError};
use serde::{Deserialize, Serialize};

use super::ItemKind;
use crate::domain::refusal::Refusal;

/// Decimals of a shown amount and of a shown duration.
const SHOWN_DECIMALS: u32 = 2;

/// A reported payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// Its ULID.
    pub id: String,
    /// The reporter's id of it.
    pub key: String,
    /// The order of receipt.
    pub receipt: u64,
    /// First instant paid for.
    pub start: Timestamp,
    /// End of what is paid for.
    pub end: Timestamp,
    /// Amount of a month.
    pub monthly_amount: Decimal,
    /// Its currency.
    pub currency: Currency,
    /// What was paid: recurring, metered or once.
    pub kind: ItemKind,
    /// For which product.
    pub product_key: String,
    /// Who reported it first.
    pub reporter_id: String,
    /// When it was first reported.
    pub created_at: Timestamp,
}

impl Payment {
    /// Whether it is the recurring revenue of its subscription at an instant.
    pub fn covers(&self, at: Timestamp) -> bool {
        self.kind.recurs() && self.start <= at && at < self.end
    }

    /// How many months it pays for, exactly: whole months, and the rest as a share of the month that follows.
    /// 30 March to 30 September: 6.
    pub fn months(&self) -> Result<Decimal, Refusal> {
        months_between(self.start, self.end)
    }

    /// Its months as shown.
    pub fn months_shown(&self) -> Result<Decimal, Refusal> {
        Ok(decimal::round_half_away(self.months()?, SHOWN_DECIMALS))
    }

    /// What was paid in all, as shown.
    pub fn total(&self) -> Result<Decimal, Refusal> {
        self.for_all_months(self.monthly_amount)
    }

    /// What a month of it costs at a rate, as shown.
    pub fn monthly_at(&self, rate: Decimal) -> Result<Decimal, DecimalError> {
        let monthly = decimal::mul(self.monthly_amount, rate)?;
        Ok(decimal::round_shown(monthly, SHOWN_DECIMALS))
    }

    /// What was paid in all at a rate, as shown: that many months of what is shown of one. 33.33 at 1.2 is 40.00 a month, and
    /// 80.00 for two.
    pub fn total_at(&self, rate: Decimal) -> Result<Decimal, Refusal> {
        self.for_all_months(self.monthly_at(rate)?)
    }

    fn for_all_months(&self, monthly: Decimal) -> Result<Decimal, Refusal> {
        let total = decimal::mul(monthly, self.months()?)?;
        Ok(decimal::round_shown(total, SHOWN_DECIMALS))
    }
}

/// Whole calendar months from a start, each counted from it so that a day is clamped only where its month lacks it, and the
/// rest as a share of the month that follows.
pub fn months_between(start: Timestamp, end: Timestamp) -> Result<Decimal, Refusal> {
    let after = |months: i64| IsoDuration::from_months(months).add_to(start);
    let days = start.duration_until(end).as_secs() / 86_400;
    // No month has fewer than 28 days or more than 31: not before the one, not behind the other.
    let (mut low, mut high) = (days / 31 - 1, days / 28 + 2);
    low = low.max(0);
    while low < high {
        let middle = (low + high + 1) / 2;
        let inside = match after(middle) {
            Ok(time) => time <= end,
            Err(CalendarError::OutOfRange) => false,
            Err(error) => return Err(error.into()),
        };
        if inside {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    let whole = Decimal::from(low);
    let from = after(low)?;
    if from >= end {
        return Ok(whole);
    }
    let rest = from.duration_until(end).as_micros();
    let month = from.duration_until(after(low + 1)?).as_micros();
    let too_long = || Refusal::from(CalendarError::OutOfRange);
    let rest = Decimal::from(i64::try_from(rest).map_err(|_| too_long())?);
    let month = Decimal::from(i64::try_from(month).map_err(|_| too_long())?);
    Ok(decimal::add(whole, decimal::div(rest, month)?)?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::fixture::time;

    #[test]
    fn months_are_counted_from_the_start() {
        let check = |start: &str, end: &str, expected: &str| {
            let months = months_between(time(start), time(end)).unwrap();
            let months = decimal::round_half_away(months, SHOWN_DECIMALS);
            assert_eq!(decimal::format(months), expected, "{start} to {end}");
        };
        check("2021-03-30T07:00:00Z", "2021-09-30T07:00:00Z", "6");
        check("2021-12-05T15:00:00Z", "2022-12-05T15:00:00Z", "12");
        check("2024-01-31T00:00:00Z", "2024-02-29T00:00:00Z", "1");
        check("2024-01-31T00:00:00Z", "2024-03-31T00:00:00Z", "2");
        check("2024-01-01T00:00:00Z", "2024-01-16T12:00:00Z", "0.5");
        check("2024-01-01T00:00:00Z", "2024-02-11T00:00:00Z", "1.34");
        check("2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z", "0");
        check("2000-02-29T00:00:00Z", "2100-02-28T00:00:00Z", "1200");
    }

    fn paid(amount: &str, end: &str) -> Payment {
        Payment {
            id: "p".to_owned(),
            key: "h".to_owned(),
            receipt: 0,
            start: time("2026-10-05T00:00:00Z"),
            end: time(end),
            monthly_amount: decimal::parse(amount).unwrap(),
            currency: Currency::parse("EUR").unwrap(),
            kind: ItemKind::Recurring,
            product_key: "a".to_owned(),
            reporter_id: String::new(),
            created_at: time("2026-10-05T00:00:00Z"),
        }
    }

    #[test]
    fn a_converted_total_is_that_many_months_of_the_converted_amount() {
        let payment = paid("33.33", "2026-12-05T00:00:00Z");
        let rate = decimal::parse("1.2").unwrap();
        let shown = |amount: Decimal| decimal::format(amount);
        assert_eq!(shown(payment.total().unwrap()), "66.66");
        assert_eq!(shown(payment.monthly_at(rate).unwrap()), "40");
        assert_eq!(shown(payment.total_at(rate).unwrap()), "80");
    }

    #[test]
    fn a_share_of_a_month_that_has_no_end_of_digits_is_paid_to_the_cent() {
        // One month and ten of the thirty days of November: 4/3 of 0.03375 are 0.045.
        let payment = paid("0.03375", "2026-11-15T00:00:00Z");
        assert_eq!(decimal::format(payment.total().unwrap()), "0.05");
    }

    proptest::proptest! {
        #[test]
        fn whole_months_are_what_the_calendar_adds(day in 0i64..20_000, months in 0i64..1_200) {
            let start = time("1990-01-01T00:00:00Z")
                .checked_add(jiff::SignedDuration::from_hours(day * 24)).unwrap();
            let end = IsoDuration::from_months(months).add_to(start).unwrap();
            proptest::prop_assert_eq!(months_between(start, end).unwrap(), Decimal::from(months));
        }
    }
}
