//! An amount with its currency. Amounts of different currencies never meet without an error.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::decimal::{self, DecimalError};

/// An exact amount of one currency, not necessarily rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Units of the currency: 12.5 is twelve dollars fifty.
    pub amount: Decimal,
    /// What the amount is counted in.
    pub currency: Currency,
}

/// Why two amounts have no sum or difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The two amounts are of different currencies.
    #[error("amounts are in {left} and {right}")]
    CurrencyMismatch {
        /// Currency of the first amount.
        left: Currency,
        /// Currency of the second amount.
        right: Currency,
    },
    /// The result does not fit.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
}

#[expect(
    clippy::should_implement_trait,
    reason = "the operators of std cannot fail"
)]
impl Money {
    /// An amount of a currency.
    pub fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in a currency.
    pub fn zero(currency: Currency) -> Self {
        Self::new(Decimal::ZERO, currency)
    }

    /// The sum of two amounts of one currency.
    pub fn add(self, other: Self) -> Result<Self, MoneyError> {
        let currency = self.same_currency(other)?;
        Ok(Self::new(
            decimal::add(self.amount, other.amount)?,
            currency,
        ))
    }

    /// The difference of two amounts of one currency.
    pub fn sub(self, other: Self) -> Result<Self, MoneyError> {
        let currency = self.same_currency(other)?;
        Ok(Self::new(
            decimal::sub(self.amount, other.amount)?,
            currency,
        ))
    }

    /// Rounded to the currency's minor unit, halves away from zero.
    pub fn rounded(self) -> Self {
        Self::new(self.currency.round(self.amount), self.currency)
    }

    fn same_currency(self, other: Self) -> Result<Currency, MoneyError> {
        if self.currency == other.currency {
            Ok(self.currency)
        } else {
            Err(MoneyError::CurrencyMismatch {
                left: self.currency,
                right: other.currency,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn money(amount: &str, code: &str) -> Money {
        Money::new(
            decimal::parse(amount).unwrap(),
            Currency::parse(code).unwrap(),
        )
    }

    #[test]
    fn amounts_of_one_currency_add_and_subtract() {
        assert_eq!(
            money("1.1", "USD").add(money("2.2", "USD")),
            Ok(money("3.3", "USD"))
        );
        assert_eq!(
            money("1.1", "USD").sub(money("2.2", "USD")),
            Ok(money("-1.1", "USD"))
        );
        assert_eq!(
            money("5", "USD").add(Money::zero(Currency::USD)),
            Ok(money("5", "USD"))
        );
    }

    #[test]
    fn amounts_of_two_currencies_do_not_meet() {
        let mismatch = MoneyError::CurrencyMismatch {
            left: Currency::USD,
            right: Currency::parse("EUR").unwrap(),
        };
        assert_eq!(money("1", "USD").add(money("1", "EUR")), Err(mismatch));
        assert_eq!(money("1", "USD").sub(money("1", "EUR")), Err(mismatch));
        assert_eq!(mismatch.to_string(), "amounts are in USD and EUR");
    }

    #[test]
    fn rounding_follows_the_currency() {
        assert_eq!(money("1.005", "USD").rounded(), money("1.01", "USD"));
        assert_eq!(money("-1.005", "USD").rounded(), money("-1.01", "USD"));
        assert_eq!(money("1.5", "JPY").rounded(), money("2", "JPY"));
    }

    #[test]
    fn json_keeps_every_digit() {
        let amount = money("12345678901234567.8901234567", "USD");
        let json = serde_json::to_string(&amount).unwrap();
        assert_eq!(
            json,
            r#"{"amount":"12345678901234567.8901234567","currency":"USD"}"#
        );
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), amount);
    }
}
