//! Scalars of the contract (text §2): instants, amounts, ids, and members of which absent,
//! null and given are three things.

use axum::http::StatusCode;
use kernel::Decimal;
use prost_types::Timestamp as Wire;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use utoipa::ToSchema;

use super::error::Refusal;
use crate::instant;

/// Longest id.
const ID_LENGTH_MAX: usize = 255;
/// Most digits of an amount before and after its point.
const DIGITS_MAX: (usize, usize) = (15, 6);

/// An instant of a request: ISO 8601, UTC where no zone is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String)]
pub(crate) struct Instant(kernel::Timestamp);

impl Instant {
    /// The instant as the services take it.
    pub(crate) fn into_proto(self) -> Wire {
        contract::convert::timestamp(self.0)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        instant::parse(&text, b"T")
            .map(|(time, _)| Self(time))
            .ok_or_else(|| D::Error::custom("must be an ISO 8601 date-time"))
    }
}

/// An instant of an answer that every answer has.
pub(crate) fn required(wire: Option<&Wire>) -> Result<String, Refusal> {
    wire.and_then(instant::utc_seconds).ok_or_else(broken)
}

/// An instant of an answer that may be absent.
pub(crate) fn optional(wire: Option<&Wire>) -> Option<String> {
    wire.and_then(instant::utc_seconds)
}

/// An instant of a history, which has milliseconds.
pub(crate) fn with_milliseconds(wire: Option<&Wire>) -> Result<String, Refusal> {
    wire.and_then(instant::utc_milliseconds).ok_or_else(broken)
}

/// An answer of a service that breaks its own contract.
pub(crate) fn broken() -> Refusal {
    Refusal::bare(StatusCode::INTERNAL_SERVER_ERROR)
}

/// An amount of a request: digits as text or as a number, not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, pattern = r"^\d{1,15}(\.\d{1,6})?$")]
pub(crate) struct Amount(Decimal);

impl Amount {
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let digits = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let good = digits(whole, DIGITS_MAX.0)
            && fraction.is_none_or(|fraction| digits(fraction, DIGITS_MAX.1));
        good.then(|| kernel::decimal::parse(text).ok().map(Self))
            .flatten()
    }

    /// The amount as the services take it.
    pub(crate) fn into_proto(self) -> contract::kernel::v1::Decimal {
        contract::convert::decimal(self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let parsed = match Value::deserialize(reader)? {
            Value::String(text) => Self::parse(&text),
            // Another spelling of a number, such as 1e2, is read like its plain one.
            Value::Number(number) => kernel::decimal::parse_json_number(&number.to_string())
                .ok()
                .and_then(|value| Self::parse(&kernel::decimal::format(value))),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        parsed.ok_or_else(|| {
            D::Error::custom("must be an amount such as \"45.12\", with at most 6 decimals")
        })
    }
}

/// An amount of an answer: the shortest text with at least one decimal.
pub(crate) fn amount(wire: &contract::kernel::v1::Decimal) -> Result<String, Refusal> {
    let value = contract::convert::from_decimal(wire).map_err(|_| broken())?;
    let mut text = kernel::decimal::format(value);
    if !text.contains('.') {
        text.push_str(".0");
    }
    Ok(text)
}

/// An amount that every answer has.
pub(crate) fn required_amount(
    wire: Option<&contract::kernel::v1::Decimal>,
) -> Result<String, Refusal> {
    wire.ok_or_else(broken).and_then(amount)
}

/// A number of an answer, an integer when it is whole.
pub(crate) fn number(wire: Option<&contract::kernel::v1::Decimal>) -> Result<Number, Refusal> {
    let value = contract::convert::from_required_decimal(wire).map_err(|_| broken())?;
    kernel::decimal::format(value).parse().map_err(|_| broken())
}

/// An id or another text of a request that must not be empty, at most 255 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 255)]
pub(crate) struct Name(pub String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        if text.is_empty() || text.chars().nth(ID_LENGTH_MAX).is_some() || text.contains('\0') {
            return Err(D::Error::custom(format!(
                "must have 1 to {ID_LENGTH_MAX} characters, none of them U+0000"
            )));
        }
        Ok(Self(text))
    }
}

/// The value of a segment of a request: at most 255 characters, perhaps none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(value_type = String, max_length = 255)]
pub(crate) struct SegmentValue(pub String);

impl<'de> Deserialize<'de> for SegmentValue {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        if text.chars().nth(ID_LENGTH_MAX).is_some() || text.contains('\0') {
            return Err(D::Error::custom(format!(
                "must have at most {ID_LENGTH_MAX} characters, none of them U+0000"
            )));
        }
        Ok(Self(text))
    }
}

/// The text of a name that may be absent.
pub(crate) fn text(name: Option<Name>) -> String {
    name.map(|name| name.0).unwrap_or_default()
}

/// Reads a member of which null and absent are two things: `None` is absent, `Some(None)` is
/// null.
pub(crate) fn patch<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    reader: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(reader).map(Some)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::decode::from_json;

    fn read<T: for<'de> Deserialize<'de>>(json: &str) -> Option<T> {
        from_json(&serde_json::from_str(json).unwrap()).ok()
    }

    #[test]
    fn amounts_are_printed_with_at_least_one_decimal() {
        for (given, shown) in [
            ("\"250.50\"", "250.5"),
            ("\"100\"", "100.0"),
            ("\"5000\"", "5000.0"),
            ("\"290.99\"", "290.99"),
            ("\"0.000001\"", "0.000001"),
            ("\"999999999999999.999999\"", "999999999999999.999999"),
            ("100.45", "100.45"),
            ("1e2", "100.0"),
            ("0", "0.0"),
        ] {
            let read: Amount = read(given).unwrap();
            assert_eq!(amount(&read.into_proto()).unwrap(), shown, "{given}");
        }
    }

    #[test]
    fn other_amounts_are_refused() {
        for given in [
            "\"\"",
            "\"-1\"",
            "-1",
            "\"1.\"",
            "\".5\"",
            "\"1,5\"",
            "\"1.1234567\"",
            "\"1234567890123456\"",
            "\"1e2\"",
            "\" 1\"",
            "1e20",
            "true",
            "[]",
        ] {
            assert_eq!(read::<Amount>(given), None, "{given}");
        }
    }

    #[test]
    fn ids_have_a_length() {
        assert_eq!(read::<Name>("\"\""), None);
        assert_eq!(read::<Name>("\"a\\u0000\""), None);
        assert_eq!(read::<Name>("1"), None);
        let long = |length: usize| format!("\"{}\"", "é".repeat(length));
        assert!(read::<Name>(&long(255)).is_some());
        assert_eq!(read::<Name>(&long(256)), None);
        assert_eq!(
            read::<SegmentValue>("\"\""),
            Some(SegmentValue(String::new()))
        );
        assert!(read::<SegmentValue>(&long(255)).is_some());
        assert_eq!(read::<SegmentValue>(&long(256)), None);
        assert_eq!(read::<SegmentValue>("1"), None);
    }
}
