//! The scalar values of the contract. Reading one checks what the contract says about it
//! (pattern, length, digits), so a handler that holds one need not look again.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;
use kernel::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{
    AdditionalProperties, KnownFormat, ObjectBuilder, SchemaFormat, Type,
};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Free text of the user's own, by name.
pub(crate) type Metadata = BTreeMap<String, String>;

/// An object with any content, such as the facts that the server attached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Annotations(pub serde_json::Map<String, serde_json::Value>);

impl PartialSchema for Annotations {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .into()
    }
}

impl ToSchema for Annotations {}

/// Text of MIN to MAX characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(crate) struct Text<const MIN: usize, const MAX: usize>(pub String);

/// A display name.
pub(crate) type Label = Text<1, 256>;
/// An optional explanation.
pub(crate) type Description = Text<0, 1024>;
/// Text that may not be empty.
pub(crate) type Filled = Text<1, 100_000>;
/// A customer's key.
pub(crate) type ExternalKey = Text<1, 256>;

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Text<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        let length = text.chars().count();
        // PostgreSQL stores no text with it.
        if text.contains('\0') {
            return Err(D::Error::custom("must not contain the character U+0000"));
        }
        if length < MIN && MIN == 1 {
            return Err(D::Error::custom("must not be empty"));
        }
        if length < MIN || length > MAX {
            return Err(D::Error::custom(format!(
                "must have {MIN} to {MAX} characters"
            )));
        }
        Ok(Self(text))
    }
}

impl<const MIN: usize, const MAX: usize> PartialSchema for Text<MIN, MAX> {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(MAX));
        let text = if MIN > 0 {
            text.min_length(Some(MIN))
        } else {
            text
        };
        text.into()
    }
}

impl<const MIN: usize, const MAX: usize> ToSchema for Text<MIN, MAX> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("Text{MIN}To{MAX}"))
    }
}

impl<const MIN: usize, const MAX: usize> From<Text<MIN, MAX>> for String {
    fn from(text: Text<MIN, MAX>) -> Self {
        text.0
    }
}

/// A scalar that is a string of a certain form: its schema and its check in one place.
macro_rules! pattern {
    ($(#[$doc:meta])* $name:ident, $pattern:literal, $complaint:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub String);

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(reader)?;
                let check: fn(&str) -> bool = $check;
                if check(&text) {
                    Ok(Self(text))
                } else {
                    Err(<D::Error as serde::de::Error>::custom($complaint))
                }
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some($pattern))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

pub(crate) use pattern;

pattern!(
    /// An identifier that the server made.
    Ulid,
    "^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$",
    "must be a ULID",
    is_ulid
);

pattern!(
    /// A key that the user chose: lower case words joined by single underscores.
    Key,
    "^[a-z0-9]+(?:_[a-z0-9]+)*$",
    "must be 1 to 64 lower case letters, digits and single underscores",
    is_key
);

pattern!(
    /// An ISO 4217 currency code.
    CurrencyCode,
    "^[A-Z]{3}$",
    "must be a currency code of three upper case letters",
    |text| text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
);

pattern!(
    /// An ISO 3166-1 country code.
    CountryCode,
    "^[A-Z]{2}$",
    "must be a country code of two upper case letters",
    |text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
);

/// Whether a text has the form of a ULID.
pub(crate) fn is_ulid(text: &str) -> bool {
    text.len() == 26
        && text.as_bytes()[0] <= b'7'
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                && !matches!(byte.to_ascii_uppercase(), b'I' | b'L' | b'O' | b'U')
        })
        && text.as_bytes()[0].is_ascii_digit()
}

fn is_key(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.split('_').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

/// An exact number, written as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numeric(pub Decimal);

impl Serialize for Numeric {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.serialize_str(&kernel::decimal::format(self.0))
    }
}

impl<'de> Deserialize<'de> for Numeric {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        kernel::decimal::parse(&text)
            .map(Self)
            .map_err(D::Error::custom)
    }
}

impl PartialSchema for Numeric {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^\-?[0-9]+(\.[0-9]+)?$"))
            .into()
    }
}

impl ToSchema for Numeric {}

/// An exact number, written as a JSON number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        kernel::decimal::format(self.0)
            .parse::<serde_json::Number>()
            .map_err(serde::ser::Error::custom)?
            .serialize(writer)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(reader).map_err(|error| {
            // Whatever else is wrong, such as a field that is not there, is told as it is.
            if error.to_string().ends_with("expected a JSON number") {
                D::Error::custom("must be a number")
            } else {
                error
            }
        })?;
        kernel::decimal::parse_json_number(&number.to_string())
            .map(Self)
            .map_err(D::Error::custom)
    }
}

impl PartialSchema for Number {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Number).into()
    }
}

impl ToSchema for Number {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Number")
    }
}

/// An instant: RFC 3339 with any offset on input, UTC on output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub Timestamp);

impl Time {
    /// Reads RFC 3339 text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::read(text).ok()
    }

    /// The same, with the reason why not. (`jiff` alone would take more, such as a blank for the `T`.)
    fn read(text: &str) -> Result<Self, &'static str> {
        let strict = text.is_ascii()
            && text.len() >= 20
            && text.as_bytes()[10].eq_ignore_ascii_case(&b'T')
            && text.as_bytes()[4] == b'-'
            && !text.contains(['[', ' '])
            && (text.ends_with(['Z', 'z']) || text.as_bytes()[text.len() - 3] == b':');
        let malformed = "must be an RFC 3339 time such as 2026-01-31T15:04:05Z";
        if !strict {
            return Err(malformed);
        }
        text.parse().map(Self).map_err(|_| {
            if Pieces::parse(text).is_ok() {
                "is out of range: must not be after 9999-12-30T22:00:00Z"
            } else {
                malformed
            }
        })
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        Self::read(&text).map_err(D::Error::custom)
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}

impl ToSchema for Time {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("DateTime")
    }
}

/// A field of an upsert: absent leaves things as they are, null clears, a value sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Patch<T> {
    /// The property was not sent.
    #[default]
    Keep,
    /// The property was null.
    Clear,
    /// The property had a value.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        Ok(match Option::deserialize(reader)? {
            Some(value) => Self::Set(value),
            None => Self::Clear,
        })
    }
}

/// Sorted, so that answers are the same every time.
pub(crate) fn metadata<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Option<Metadata> {
    let map: Metadata = pairs.into_iter().collect();
    (!map.is_empty()).then_some(map)
}

/// Annotations whose values travel as plain text; absent when there are none.
pub(crate) fn annotations<I: IntoIterator<Item = (String, String)>>(
    pairs: I,
) -> Option<Annotations> {
    let map: serde_json::Map<_, _> = pairs
        .into_iter()
        .map(|(name, text)| (name, text.into()))
        .collect();
    (!map.is_empty()).then_some(Annotations(map))
}

/// Annotations whose values travel as JSON documents; absent when there are none.
pub(crate) fn annotations_of_json<I: IntoIterator<Item = (String, String)>>(
    pairs: I,
) -> Option<Annotations> {
    let map: serde_json::Map<_, _> = pairs
        .into_iter()
        .map(|(name, text)| {
            let value = serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text));
            (name, value)
        })
        .collect();
    (!map.is_empty()).then_some(Annotations(map))
}

/// Text that proto3 writes as empty when there is none.
pub(crate) fn optional(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_json;
    use serde_json::json;

    #[test]
    fn patterns_are_checked() {
        assert!(from_json::<Ulid>(&json!("01J0000000000000000000000Z")).is_ok());
        assert!(from_json::<Ulid>(&json!("81J0000000000000000000000Z")).is_err());
        assert!(from_json::<Ulid>(&json!("01J0000000000000000000000U")).is_err());
        assert!(from_json::<Key>(&json!("a_b_1")).is_ok());
        for bad in ["", "_a", "a_", "a__b", "A", "a-b"] {
            assert!(from_json::<Key>(&json!(bad)).is_err(), "{bad}");
        }
        assert!(from_json::<CurrencyCode>(&json!("usd")).is_err());
    }

    #[test]
    fn numbers_keep_their_digits() {
        let value: serde_json::Value =
            serde_json::from_str("123456789012345.123456789012").unwrap();
        let number: Number = from_json(&value).unwrap();
        assert_eq!(
            serde_json::to_string(&number).unwrap(),
            "123456789012345.123456789012"
        );
        let whole: Number = from_json(&json!(100)).unwrap();
        assert_eq!(serde_json::to_string(&whole).unwrap(), "100");
        assert!(from_json::<Number>(&json!("1")).is_err());
        let text: Numeric = from_json(&json!("0.10")).unwrap();
        assert_eq!(serde_json::to_string(&text).unwrap(), "\"0.1\"");
        assert!(from_json::<Numeric>(&json!("1e3")).is_err());
    }

    #[test]
    fn times_are_rfc_3339() {
        let time = Time::parse("2024-02-29T12:00:00.5+02:00").unwrap();
        assert_eq!(
            serde_json::to_string(&time).unwrap(),
            "\"2024-02-29T10:00:00.5Z\""
        );
        for bad in [
            "2024-02-29",
            "2024-02-29 12:00:00Z",
            "2024-02-29T12:00:00",
            "2024-02-30T12:00:00Z",
            "2024-02-29T12:00:00 02:00",
        ] {
            assert!(Time::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_time_after_the_last_one_is_out_of_range_and_well_formed() {
        let refused = |text: &str| Time::read(text).err().unwrap_or_default();
        assert_eq!(refused("9999-12-30T22:00:00Z"), "");
        assert!(refused("9999-12-31T23:59:59Z").contains("is out of range"));
        assert!(refused("9999-12-30T23:59:59-01:00").contains("is out of range"));
        assert!(refused("9999-12-32T23:59:59Z").contains("must be an RFC 3339 time"));
    }

    #[test]
    fn patches_tell_absent_from_null() {
        #[derive(Deserialize)]
        struct Upsert {
            #[serde(default)]
            name: Patch<String>,
        }
        let read = |value| from_json::<Upsert>(&value).unwrap().name;
        assert_eq!(read(json!({})), Patch::Keep);
        assert_eq!(read(json!({"name": null})), Patch::Clear);
        assert_eq!(read(json!({"name": "a"})), Patch::Set("a".to_owned()));
    }
}
