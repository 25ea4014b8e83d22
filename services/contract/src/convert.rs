//! Wire values ↔ kernel values. Reading checks everything that the type promises; the error does
//! not know where the value stood, so the caller names the field.

use ::kernel::currency::{Currency, UnknownCurrency};
use ::kernel::decimal::{self, DecimalError};
use ::kernel::money::Money;
use ::kernel::period::{EndsBeforeStart, OpenPeriod, Period};
use ::kernel::{Decimal, Timestamp, calendar};

use crate::kernel::v1 as pb;

/// Why a wire value is no value of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadValue {
    /// A part without which there is no value is absent.
    #[error("is required")]
    Missing,
    /// The text is no decimal within the limits.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// The currency is not known.
    #[error(transparent)]
    Currency(#[from] UnknownCurrency),
    /// The seconds or nanoseconds are out of range.
    #[error("is not a valid time")]
    Time,
    /// The end lies before the start.
    #[error(transparent)]
    Period(#[from] EndsBeforeStart),
}

/// A time for the wire.
pub fn timestamp(instant: Timestamp) -> prost_types::Timestamp {
    let (mut seconds, mut nanos) = (instant.as_second(), instant.subsec_nanosecond());
    // The wire counts nanoseconds forward also before 1970; the kernel's type counts them backward.
    if nanos < 0 {
        seconds -= 1;
        nanos += 1_000_000_000;
    }
    prost_types::Timestamp { seconds, nanos }
}

/// A time from the wire, cut to the microseconds that both databases keep.
pub fn from_timestamp(wire: &prost_types::Timestamp) -> Result<Timestamp, BadValue> {
    if !(0..1_000_000_000).contains(&wire.nanos) {
        return Err(BadValue::Time);
    }
    let instant = Timestamp::new(wire.seconds, wire.nanos).map_err(|_| BadValue::Time)?;
    Ok(calendar::truncate_to_micros(instant))
}

/// A time that may be absent, from the wire.
pub fn from_optional_timestamp(
    wire: Option<&prost_types::Timestamp>,
) -> Result<Option<Timestamp>, BadValue> {
    wire.map(from_timestamp).transpose()
}

/// A time that must be there, from the wire.
pub fn from_required_timestamp(
    wire: Option<&prost_types::Timestamp>,
) -> Result<Timestamp, BadValue> {
    from_timestamp(wire.ok_or(BadValue::Missing)?)
}

/// A number for the wire, in canonical text.
pub fn decimal(value: Decimal) -> pb::Decimal {
    pb::Decimal {
        value: decimal::format(value),
    }
}

/// A number from the wire.
pub fn from_decimal(wire: &pb::Decimal) -> Result<Decimal, BadValue> {
    Ok(decimal::parse(&wire.value)?)
}

/// A number that may be absent, from the wire.
pub fn from_optional_decimal(wire: Option<&pb::Decimal>) -> Result<Option<Decimal>, BadValue> {
    wire.map(from_decimal).transpose()
}

/// A number that must be there, from the wire.
pub fn from_required_decimal(wire: Option<&pb::Decimal>) -> Result<Decimal, BadValue> {
    from_decimal(wire.ok_or(BadValue::Missing)?)
}

/// An amount for the wire.
pub fn money(value: Money) -> pb::Money {
    pb::Money {
        amount: Some(decimal(value.amount)),
        currency_code: value.currency.code().to_owned(),
    }
}

/// An amount from the wire.
pub fn from_money(wire: &pb::Money) -> Result<Money, BadValue> {
    let amount = from_required_decimal(wire.amount.as_ref())?;
    Ok(Money::new(amount, Currency::parse(&wire.currency_code)?))
}

/// A period for the wire.
pub fn period(value: Period) -> pb::Period {
    pb::Period {
        start_time: Some(timestamp(value.start)),
        end_time: Some(timestamp(value.end)),
    }
}

/// A period with both bounds, from the wire.
pub fn from_period(wire: &pb::Period) -> Result<Period, BadValue> {
    let start = from_required_timestamp(wire.start_time.as_ref())?;
    let end = from_required_timestamp(wire.end_time.as_ref())?;
    Ok(Period::new(start, end)?)
}

/// A period that may have no end, for the wire.
pub fn open_period(value: OpenPeriod) -> pb::Period {
    pb::Period {
        start_time: Some(timestamp(value.start)),
        end_time: value.end.map(timestamp),
    }
}

/// A period that may have no end, from the wire.
pub fn from_open_period(wire: &pb::Period) -> Result<OpenPeriod, BadValue> {
    let start = from_required_timestamp(wire.start_time.as_ref())?;
    let end = from_optional_timestamp(wire.end_time.as_ref())?;
    Ok(OpenPeriod::new(start, end)?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn wire(text: &str) -> pb::Decimal {
        pb::Decimal {
            value: text.to_owned(),
        }
    }

    #[test]
    fn decimals_keep_their_value_and_lose_their_padding() {
        assert_eq!(decimal(from_decimal(&wire("1.500")).unwrap()), wire("1.5"));
        assert_eq!(
            from_decimal(&wire("")),
            Err(BadValue::Decimal(DecimalError::Syntax))
        );
        assert_eq!(
            from_decimal(&wire("1e3")),
            Err(BadValue::Decimal(DecimalError::Syntax))
        );
        assert_eq!(from_optional_decimal(None), Ok(None));
        assert_eq!(from_required_decimal(None), Err(BadValue::Missing));
    }

    #[test]
    fn money_needs_an_amount_and_a_known_currency() {
        let dollars = pb::Money {
            amount: Some(wire("12.5")),
            currency_code: "USD".to_owned(),
        };
        assert_eq!(money(from_money(&dollars).unwrap()), dollars);
        let nothing = pb::Money {
            amount: None,
            ..dollars.clone()
        };
        assert_eq!(from_money(&nothing), Err(BadValue::Missing));
        let unknown = pb::Money {
            currency_code: "usd".to_owned(),
            ..dollars
        };
        assert_eq!(
            from_money(&unknown),
            Err(BadValue::Currency(UnknownCurrency))
        );
    }

    #[test]
    fn times_out_of_range_are_refused() {
        for (seconds, nanos) in [
            (0, -1),
            (0, 1_000_000_000),
            (i64::MAX, 0),
            (i64::MIN, 0),
            (400_000_000_000, 0),
        ] {
            let wire = prost_types::Timestamp { seconds, nanos };
            assert_eq!(from_timestamp(&wire), Err(BadValue::Time), "{wire:?}");
        }
    }

    #[test]
    fn times_are_cut_to_microseconds() {
        let wire = prost_types::Timestamp {
            seconds: -1,
            nanos: 123_456_789,
        };
        let instant = from_timestamp(&wire).unwrap();
        assert_eq!(instant.to_string(), "1969-12-31T23:59:59.123456Z");
    }

    #[test]
    fn periods_need_a_start_and_keep_their_order() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let closed = Period::new(at(1), at(2)).unwrap();
        assert_eq!(from_period(&period(closed)), Ok(closed));
        let open = OpenPeriod::new(at(1), None).unwrap();
        assert_eq!(from_open_period(&open_period(open)), Ok(open));
        assert_eq!(from_period(&open_period(open)), Err(BadValue::Missing));
        assert_eq!(from_period(&pb::Period::default()), Err(BadValue::Missing));
        let backward = pb::Period {
            start_time: Some(timestamp(at(2))),
            end_time: Some(timestamp(at(1))),
        };
        assert_eq!(
            from_period(&backward),
            Err(BadValue::Period(EndsBeforeStart))
        );
    }

    proptest! {
        #[test]
        fn reading_undoes_writing(
            seconds in -62_135_596_800_i64..253_402_300_000, micros in 0_i32..1_000_000,
            mantissa in -1_000_000_000_000_000_000_i64..1_000_000_000_000_000_000, scale in 0_u32..=18,
        ) {
            let instant = Timestamp::new(seconds, 0).unwrap() + jiff::SignedDuration::from_micros(micros.into());
            prop_assert_eq!(from_timestamp(&timestamp(instant)), Ok(instant));
            let number = Decimal::new(mantissa, scale);
            prop_assert_eq!(from_decimal(&decimal(number)), Ok(number));
            let amount = Money::new(number, Currency::USD);
            prop_assert_eq!(from_money(&money(amount)), Ok(amount));
        }
    }
}
