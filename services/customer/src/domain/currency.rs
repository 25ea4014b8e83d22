//! The currency of a customer: once something priced is subscribed to, it stays.

use kernel::{Timestamp, currency::Currency};

use crate::error::CustomerError;

/// What is promised to a subscription that is not committed yet: that the customer stays, and its currency if something is
/// priced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The subscription.
    pub subscription: String,
    /// Its revision.
    pub revision: i64,
    /// Its currency; none when nothing is priced.
    pub currency: Option<Currency>,
    /// When the promise ends, in system time.
    pub expire_time: Timestamp,
}

impl Reservation {
    /// Whether it still binds.
    pub fn binds_at(&self, system_now: Timestamp) -> bool {
        self.expire_time > system_now
    }
}

/// The currency of a code.
pub fn parse(field: &'static str, code: &str) -> Result<Currency, CustomerError> {
    Currency::parse(code).map_err(|_| {
        CustomerError::invalid(
            field,
            format!("`{code}` is not a currency code of ISO 4217"),
        )
    })
}

/// Whether a customer can take a subscription priced in `wanted`. Reservations of other
/// subscriptions bind like the customer's own currency until they end.
pub fn admit(
    current: Option<Currency>,
    reservations: &[Reservation],
    subscription: &str,
    wanted: Currency,
    system_now: Timestamp,
) -> Result<(), CustomerError> {
    let reserved = reservations
        .iter()
        .filter(|other| other.subscription != subscription && other.binds_at(system_now))
        .filter_map(|other| other.currency);
    for bound in current.into_iter().chain(reserved) {
        if bound != wanted {
            return Err(CustomerError::CurrencyMismatch {
                customer: bound,
                wanted,
            });
        }
    }
    Ok(())
}

/// The currency after a report: the one it has, else that of the first priced subscription.
pub fn settle(
    current: Option<Currency>,
    reported: impl IntoIterator<Item = Currency>,
) -> Option<Currency> {
    current.or_else(|| reported.into_iter().next())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn reservation() -> Reservation {
        Reservation {
            subscription: "s1".into(),
            revision: 1,
            currency: Some(currency("EUR")),
            expire_time: at(60),
        }
    }

    #[test]
    fn the_first_currency_stays() {
        let usd = currency("USD");
        assert!(admit(None, &[], "s", usd, at(0)).is_ok());
        assert!(admit(Some(usd), &[], "s", usd, at(0)).is_ok());
        assert!(admit(Some(currency("EUR")), &[], "s", usd, at(0)).is_err());
        assert_eq!(settle(Some(usd), [currency("EUR")]), Some(usd));
        assert_eq!(settle(None, [usd, currency("EUR")]), Some(usd));
        assert_eq!(settle(None, []), None);
    }

    #[test]
    fn a_reservation_binds_other_subscriptions_until_it_ends() {
        let usd = currency("USD");
        let reserved = [reservation()];
        assert!(admit(None, &reserved, "s2", usd, at(59)).is_err());
        assert!(admit(None, &reserved, "s2", usd, at(60)).is_ok());
        assert!(admit(None, &reserved, "s1", usd, at(0)).is_ok());
    }
}
