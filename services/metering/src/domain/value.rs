//! What one event says: the number a meter measures and the texts it is grouped by, read from the
//! digits of the event's data. A value that cannot be read is a complaint, never an error.

use std::borrow::Cow;

use kernel::{Decimal, decimal};
use serde_json::Value;

use super::jsonpath::JsonPath;

/// Why an event has no value for a meter. The sentences are documented and shown to users.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoValue {
    /// The event has no data at all.
    #[error("invalid event: null and missing value property")]
    NoData,
    /// The path leads nowhere.
    #[error("invalid event: missing value property: {0:?}")]
    Missing(String),
    /// The value is null.
    #[error("invalid event: value cannot be null")]
    Null,
    /// The value is a text that is no number.
    #[error("invalid event: value cannot be parsed as float64: {0}")]
    NotANumber(String),
    /// The value is the text `NaN`.
    #[error("invalid event: value cannot be NaN")]
    Nan,
    /// The value is a text such as `Inf`.
    #[error("invalid event: value cannot be infinity")]
    Infinity,
    /// The value has more digits than numbers here may have.
    #[error("invalid event: value is out of range: {0}")]
    OutOfRange(String),
    /// The value is neither number nor text.
    #[error("invalid event: unsupported value property type: {0}")]
    Unsupported(&'static str),
}

/// The node of a value property.
fn node<'data>(data: Option<&'data Value>, path: &JsonPath) -> Result<&'data Value, NoValue> {
    let data = data.ok_or(NoValue::NoData)?;
    match path.find(data) {
        None => Err(NoValue::Missing(path.as_str().to_owned())),
        Some(Value::Null) => Err(NoValue::Null),
        Some(node) => Ok(node),
    }
}

/// The number at a path: a JSON number, or a text that is one.
pub fn number(data: Option<&Value>, path: &JsonPath) -> Result<Decimal, NoValue> {
    match node(data, path)? {
        Value::Number(number) => {
            let text = number.to_string();
            decimal::parse_json_number(&text).map_err(|_| NoValue::OutOfRange(text))
        }
        Value::String(text) => number_in_text(text),
        Value::Null => Err(NoValue::Null),
        Value::Bool(_) => Err(NoValue::Unsupported("boolean")),
        Value::Array(_) => Err(NoValue::Unsupported("array")),
        Value::Object(_) => Err(NoValue::Unsupported("object")),
    }
}

/// Reads `[+-]digits[.digits][e[+-]digits]`, where one side of the point may be empty.
fn number_in_text(text: &str) -> Result<Decimal, NoValue> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if ["inf", "infinity"]
        .iter()
        .any(|word| unsigned.eq_ignore_ascii_case(word))
    {
        return Err(NoValue::Infinity);
    }
    if text.eq_ignore_ascii_case("nan") {
        return Err(NoValue::Nan);
    }
    let refuse = || NoValue::NotANumber(text.to_owned());
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => unsigned.split_at(at),
        None => (unsigned, ""),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return Err(refuse());
    }
    let whole = whole.trim_start_matches('0');
    let sign = if text.starts_with('-') { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    decimal::parse_json_number(&format!("{sign}{whole}{point}{fraction}{exponent}")).map_err(
        |error| match error {
            decimal::DecimalError::Syntax => refuse(),
            decimal::DecimalError::TooManyDigits
            | decimal::DecimalError::TooManyDecimals
            | decimal::DecimalError::TooLarge
            | decimal::DecimalError::Overflow
            | decimal::DecimalError::DivisionByZero => NoValue::OutOfRange(text.to_owned()),
        },
    )
}

/// The text at a path that distinct values are counted by; none for lists and objects.
pub fn distinct<'data>(
    data: Option<&'data Value>,
    path: &JsonPath,
) -> Result<Option<Cow<'data, str>>, NoValue> {
    node(data, path).map(scalar)
}

/// The group value at a path: empty when the property is missing, a list or an object.
pub fn group<'data>(data: Option<&'data Value>, path: &JsonPath) -> Cow<'data, str> {
    data.and_then(|data| path.find(data))
        .and_then(scalar)
        .unwrap_or(Cow::Borrowed(""))
}

/// A scalar as text. Numbers that are equal read equal: 1, 1.0 and 1e0 are `1`.
fn scalar(node: &Value) -> Option<Cow<'_, str>> {
    match node {
        Value::Null => Some(Cow::Borrowed("null")),
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Number(number) => {
            let text = number.to_string();
            Some(Cow::Owned(
                decimal::parse_json_number(&text).map_or(text, decimal::format),
            ))
        }
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn read(data: &str) -> Result<String, String> {
        let data: Value = serde_json::from_str(data).unwrap();
        number(Some(&data), &JsonPath::parse("$.v").unwrap())
            .map(decimal::format)
            .map_err(|error| error.to_string())
    }

    fn good(data: &str, expected: &str) {
        assert_eq!(read(data), Ok(expected.to_owned()), "{data}");
    }

    fn bad(data: &str, expected: &str) {
        assert_eq!(
            read(data),
            Err(format!("invalid event: {expected}")),
            "{data}"
        );
    }

    #[test]
    fn numbers_are_read_from_their_digits() {
        good(r#"{"v":100}"#, "100");
        good(r#"{"v":0.1}"#, "0.1");
        good(r#"{"v":12345678901234567.891}"#, "12345678901234567.891");
        good(r#"{"v":1e3}"#, "1000");
        good(r#"{"v":1E+3}"#, "1000");
        good(r#"{"v":"100"}"#, "100");
        good(r#"{"v":"1e3"}"#, "1000");
        good(r#"{"v":"-0.5"}"#, "-0.5");
        good(r#"{"v":"+007."}"#, "7");
        good(r#"{"v":".5"}"#, "0.5");
    }

    #[test]
    fn what_is_no_number_says_why() {
        bad(r#"{"v":null}"#, "value cannot be null");
        bad(r#"{}"#, r#"missing value property: "$.v""#);
        bad(r#"{"v":"NaN"}"#, "value cannot be NaN");
        for text in ["Inf", "+Inf", "-Inf"] {
            bad(&format!(r#"{{"v":"{text}"}}"#), "value cannot be infinity");
        }
        bad(r#"{"v":""}"#, "value cannot be parsed as float64: ");
        bad(r#"{"v":" 1"}"#, "value cannot be parsed as float64:  1");
        bad(r#"{"v":"abc"}"#, "value cannot be parsed as float64: abc");
        bad(
            r#"{"v":"1_000"}"#,
            "value cannot be parsed as float64: 1_000",
        );
        bad(r#"{"v":"."}"#, "value cannot be parsed as float64: .");
        bad(r#"{"v":"1e"}"#, "value cannot be parsed as float64: 1e");
        bad(r#"{"v":"--1"}"#, "value cannot be parsed as float64: --1");
        bad(r#"{"v":true}"#, "unsupported value property type: boolean");
        bad(r#"{"v":[1]}"#, "unsupported value property type: array");
        bad(r#"{"v":{}}"#, "unsupported value property type: object");
        bad(r#"{"v":1e18}"#, "value is out of range: 1e+18");
        assert_eq!(
            number(None, &JsonPath::parse("$.v").unwrap()),
            Err(NoValue::NoData)
        );
    }

    #[test]
    fn group_values_are_the_json_text_of_scalars() {
        let data: Value =
            serde_json::from_str(r#"{"n":null,"b":true,"i":1,"d":0.50,"s":"x","o":{},"a":[1],"big":123456789012345678901234567890}"#)
                .unwrap();
        for (path, expected) in [
            ("$.n", "null"),
            ("$.b", "true"),
            ("$.i", "1"),
            ("$.d", "0.5"),
            ("$.s", "x"),
            ("$.o", ""),
            ("$.a", ""),
            ("$.a[0]", "1"),
            ("$.missing", ""),
            ("$.big", "123456789012345678901234567890"),
        ] {
            assert_eq!(
                group(Some(&data), &JsonPath::parse(path).unwrap()),
                expected,
                "{path}"
            );
        }
        assert_eq!(group(None, &JsonPath::parse("$.n").unwrap()), "");
    }
}
