//! Money of terms and purchases: sums in USD, and the worth of a month of a period that a store sold.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kernel::Decimal;
use kernel::calendar::IsoDuration;
use kernel::decimal::{self, DecimalError};

use super::{Payment, Product};
use crate::domain::revenue::normalize::DECIMALS;

/// Rates into USD by currency and instant; none where none is known.
pub type Rates = BTreeMap<(String, Timestamp), Option<Decimal>>;

/// The currency of the sums.
pub const USD: &str = "USD";
/// Decimals of the sums.
const CENTS: u32 = 2;
/// Longest run of months that is recognized from dates alone.
const MONTHS_MAX: i64 = 36;
/// How far a period may be off its length in months or its product's length, in seconds: stores count in zones of their own.
const TOLERANCE: i64 = 24 * 60 * 60;
const DAY: i64 = 24 * 60 * 60;

/// What something brought in, rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revenue {
    /// What customers paid.
    pub gross: Decimal,
    /// The part that is tax.
    pub tax: Decimal,
    /// The part that the store keeps.
    pub commission: Decimal,
    /// The rest.
    pub proceeds: Decimal,
}

/// The rates that a sum of payments needs.
pub fn wanted(payments: &[Payment], now: Timestamp) -> impl Iterator<Item = (String, Timestamp)> {
    payments
        .iter()
        .filter(move |payment| payment.at <= now && payment.amount.currency != USD)
        .map(|payment| (payment.amount.currency.clone(), payment.at))
}

/// The sums until an instant. Rounded after summing, the rest from what is exact; a payment without a rate is left out.
pub fn sum(payments: &[Payment], rates: &Rates, now: Timestamp) -> Result<Revenue, DecimalError> {
    let mut exact = Revenue::default();
    for payment in payments.iter().filter(|payment| payment.at <= now) {
        let Some(amount) = in_usd(payment, rates)? else {
            continue;
        };
        exact.gross = decimal::add(exact.gross, amount)?;
        exact.tax = decimal::add(exact.tax, decimal::mul(amount, payment.tax)?)?;
        exact.commission =
            decimal::add(exact.commission, decimal::mul(amount, payment.commission)?)?;
    }
    let proceeds = decimal::sub(decimal::sub(exact.gross, exact.tax)?, exact.commission)?;
    let round = |value| decimal::round_half_away(value, CENTS);
    Ok(Revenue {
        gross: round(exact.gross),
        tax: round(exact.tax),
        commission: round(exact.commission),
        proceeds: round(proceeds),
    })
}

/// A payment in USD at the rate of its day.
pub fn in_usd(payment: &Payment, rates: &Rates) -> Result<Option<Decimal>, DecimalError> {
    if payment.amount.currency == USD {
        return Ok(Some(payment.amount.value));
    }
    let key = (payment.amount.currency.clone(), payment.at);
    match rates.get(&key).copied().flatten() {
        Some(rate) => Ok(Some(decimal::mul(payment.amount.value, rate)?)),
        None => Ok(None),
    }
}

/// The worth of a month of a price for a period: by days of 30, weeks of which four are a month, and months.
pub fn monthly(
    price: Decimal,
    start: Timestamp,
    end: Timestamp,
    product: &Product,
) -> Result<Decimal, DecimalError> {
    let months = match &product.duration {
        Some(duration) if close(duration, start, end) => months(duration)?,
        Some(_) | None => months_between(start, end)?,
    };
    if months.is_zero() {
        return Ok(Decimal::ZERO);
    }
    Ok(decimal::round_half_away(
        decimal::div(price, months)?,
        DECIMALS,
    ))
}

/// How many months a length counts as: a week is a quarter of one, a day a thirtieth.
fn months(duration: &IsoDuration) -> Result<Decimal, DecimalError> {
    if duration.is_whole_months() {
        return duration.months();
    }
    let epoch = Timestamp::UNIX_EPOCH;
    match duration.add_to(epoch) {
        Ok(end) => days_as_months(epoch, end),
        Err(_) => Ok(Decimal::ZERO),
    }
}

fn months_between(start: Timestamp, end: Timestamp) -> Result<Decimal, DecimalError> {
    let whole = (1..=MONTHS_MAX).find(|count| close(&IsoDuration::from_months(*count), start, end));
    match whole {
        Some(count) => Ok(Decimal::from(count)),
        None => days_as_months(start, end),
    }
}

/// Days of 30 a month, but weeks of four: 7 days count as 7.5 do.
fn days_as_months(start: Timestamp, end: Timestamp) -> Result<Decimal, DecimalError> {
    let seconds = end.duration_since(start).as_secs();
    let days = (seconds + DAY / 2) / DAY;
    if days > 0 && days % 7 == 0 {
        return decimal::div(Decimal::from(days / 7), Decimal::from(4));
    }
    decimal::div(Decimal::from(days.max(1)), Decimal::from(30))
}

/// Whether a period is about so long.
fn close(duration: &IsoDuration, start: Timestamp, end: Timestamp) -> bool {
    duration.add_to(start).is_ok_and(|expected| {
        let off = expected.duration_since(end).as_secs();
        // Short lengths must not be taken for each other.
        let length = end.duration_since(start).as_secs();
        off.abs() <= TOLERANCE.min(length / 8)
    })
}
