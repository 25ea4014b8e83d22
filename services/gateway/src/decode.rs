//! Reads wire types out of JSON values (and query strings) and says where something is
//! wrong: every error carries the path of the field, such as `phases[0].key`. Unions are
//! read by their discriminator here, because serde's own buffering would lose the path and
//! the digits of numbers.

use std::fmt::{self, Display};

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde_json::{Map, Value};

/// One field that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DecodeError {
    /// Where it is; empty for the whole document.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

impl DecodeError {
    fn new(message: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            message: message.into(),
        }
    }

    /// The same error, seen from one level above.
    pub(crate) fn under(mut self, parent: &str) -> Self {
        if self.path.is_empty() {
            parent.clone_into(&mut self.path);
        } else if self.path.starts_with('[') {
            self.path.insert_str(0, parent);
        } else {
            self.path.insert(0, '.');
            self.path.insert_str(0, parent);
        }
        self
    }
}

impl Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("is required").under(field)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!(
            "must be one of {}, not \"{variant}\"",
            expected.join(", ")
        ))
    }
}

/// Reads a JSON body.
pub(crate) fn from_json<'de, T: de::Deserialize<'de>>(value: &'de Value) -> Result<T, DecodeError> {
    T::deserialize(Reader { value, text: false })
}

/// Reads the parameters of a query string, where every scalar is text and a list of one
/// looks like a scalar.
pub(crate) fn from_query<'de, T: de::Deserialize<'de>>(
    value: &'de Value,
) -> Result<T, DecodeError> {
    T::deserialize(Reader { value, text: true })
}

/// A value that is being read.
#[derive(Clone, Copy)]
struct Reader<'de> {
    value: &'de Value,
    /// Scalars are text, as in a query string.
    text: bool,
}

impl<'de> Reader<'de> {
    fn inner(self, value: &'de Value) -> Self {
        Self { value, ..self }
    }

    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let parsed = match self.value {
            Value::String(text) if self.text => text.parse().ok(),
            Value::Number(number) => number.as_i64(),
            Value::Null
            | Value::Bool(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => None,
        };
        match parsed {
            Some(integer) => visitor.visit_i64(integer),
            None => Err(DecodeError::new("must be an integer")),
        }
    }
}

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            self.integer(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = DecodeError;

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Number(number) => number
                .deserialize_any(visitor)
                .map_err(|error| DecodeError::new(error.to_string())),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(Items::new(self, items)),
            Value::Object(fields) => visitor.visit_map(Fields::new(self, fields)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::String(text) if self.text && text == "true" => visitor.visit_bool(true),
            Value::String(text) if self.text && text == "false" => visitor.visit_bool(false),
            Value::Null
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => Err(DecodeError::new("must be true or false")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(_) if self.text => Err(DecodeError::new("may be given only once")),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => Err(DecodeError::new("must be a string")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.value.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::Array(items) => visitor.visit_seq(Items::new(self, items)),
            Value::String(_) if self.text => {
                visitor.visit_seq(Items::new(self, std::slice::from_ref(self.value)))
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => Err(DecodeError::new("must be an array")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if let Value::Object(fields) = self.value {
            visitor.visit_map(Fields::new(self, fields))
        } else {
            Err(DecodeError::new("must be an object"))
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_map(visitor)
    }

    /// A closed set of words, or (when `name` is the lower-case name of a property) a union
    /// told apart by that property.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if !name.starts_with(char::is_lowercase) {
            return match self.value {
                Value::String(word) => visitor.visit_enum(word.as_str().into_deserializer()),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Array(_)
                | Value::Object(_) => Err(DecodeError::new("must be a string")),
            };
        }
        let Value::Object(fields) = self.value else {
            return Err(DecodeError::new("must be an object"));
        };
        match fields.get(name) {
            Some(Value::String(word)) => visitor.visit_enum(Union {
                tag: name,
                word,
                content: self,
            }),
            Some(_) => Err(DecodeError::new("must be a string").under(name)),
            None => Err(DecodeError::new("is required").under(name)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

/// The elements of an array.
struct Items<'de> {
    reader: Reader<'de>,
    items: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
}

impl<'de> Items<'de> {
    fn new(reader: Reader<'de>, items: &'de [Value]) -> Self {
        Self {
            reader,
            items: items.iter().enumerate(),
        }
    }
}

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some((index, value)) = self.items.next() else {
            return Ok(None);
        };
        seed.deserialize(self.reader.inner(value))
            .map(Some)
            .map_err(|error| error.under(&format!("[{index}]")))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The properties of an object.
struct Fields<'de> {
    reader: Reader<'de>,
    fields: serde_json::map::Iter<'de>,
    current: Option<(&'de str, &'de Value)>,
}

impl<'de> Fields<'de> {
    fn new(reader: Reader<'de>, fields: &'de Map<String, Value>) -> Self {
        Self {
            reader,
            fields: fields.iter(),
            current: None,
        }
    }
}

impl<'de> de::MapAccess<'de> for Fields<'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        let Some((name, value)) = self.fields.next() else {
            return Ok(None);
        };
        self.current = Some((name, value));
        seed.deserialize(StrDeserializer::<DecodeError>::new(name))
            .map(Some)
            .map_err(|error| error.under(name))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let Some((name, value)) = self.current.take() else {
            return Err(DecodeError::new("value before its name"));
        };
        seed.deserialize(self.reader.inner(value))
            .map_err(|error| error.under(name))
    }
}

/// An object that is one of several kinds, told apart by a property.
struct Union<'de> {
    tag: &'static str,
    word: &'de str,
    content: Reader<'de>,
}

impl<'de> de::EnumAccess<'de> for Union<'de> {
    type Error = DecodeError;
    type Variant = Reader<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), DecodeError> {
        let kind = seed
            .deserialize(StrDeserializer::<DecodeError>::new(self.word))
            .map_err(|error| error.under(self.tag))?;
        Ok((kind, self.content))
    }
}

impl<'de> de::VariantAccess<'de> for Reader<'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, DecodeError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_map(visitor)
    }
}

/// Reads a property that the contract requires and lets be null: absent is not the same.
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    reader: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(reader)
}

/// Reads text that may be null, but not empty.
pub(crate) fn filled<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<String>, D::Error> {
    match Option::<String>::deserialize(reader)? {
        Some(text) if text.is_empty() => Err(de::Error::custom("must not be empty")),
        text => Ok(text),
    }
}

/// Lets a union be read by its discriminator: `union!(Price by "type" { "flat" => Flat, … })`.
/// (serde's `tag` attribute writes the same form; it is used for that and for the schema.)
macro_rules! union {
    ($name:ident by $tag:literal { $($word:literal => $variant:ident),+ $(,)? }) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                struct Kinds;
                impl<'de> serde::de::Visitor<'de> for Kinds {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("an object with `", $tag, "`"))
                    }
                    fn visit_enum<A: serde::de::EnumAccess<'de>>(
                        self,
                        access: A,
                    ) -> Result<$name, A::Error> {
                        use serde::de::{Error as _, VariantAccess as _};
                        // The discriminator's own errors must be raised while it is read, so
                        // that they carry its name.
                        struct Word;
                        impl<'de> serde::de::DeserializeSeed<'de> for Word {
                            type Value = &'static str;
                            fn deserialize<D: serde::Deserializer<'de>>(
                                self,
                                reader: D,
                            ) -> Result<&'static str, D::Error> {
                                let word = <String as serde::Deserialize>::deserialize(reader)?;
                                [$($word),+]
                                    .into_iter()
                                    .find(|known| *known == word)
                                    .ok_or_else(|| D::Error::unknown_variant(&word, &[$($word),+]))
                            }
                        }
                        let (word, content) = access.variant_seed(Word)?;
                        match word {
                            $($word => content.newtype_variant().map($name::$variant),)+
                            other => Err(A::Error::unknown_variant(other, &[$($word),+])),
                        }
                    }
                }
                reader.deserialize_enum($tag, &[$($word),+], Kinds)
            }
        }
    };
}
pub(crate) use union;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use serde_json::json;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "UPPERCASE")]
    enum Size {
        Small,
        Large,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Box_ {
        size: Size,
        count: u8,
        label: Option<String>,
    }

    #[derive(Debug, PartialEq)]
    enum Thing {
        Box(Box_),
        Words(Words),
    }
    union!(Thing by "kind" { "box" => Box, "words" => Words });

    #[derive(Debug, Deserialize, PartialEq)]
    struct Words {
        words: Vec<String>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Load {
        things: Vec<Thing>,
    }

    fn message(value: Value) -> String {
        from_json::<Load>(&value).unwrap_err().to_string()
    }

    #[test]
    fn unions_are_read_by_their_discriminator() {
        let load = json!({"things": [
            {"kind": "words", "words": ["a"], "unknown": 1},
            {"size": "SMALL", "count": 2, "kind": "box"},
        ]});
        let load: Load = from_json(&load).unwrap();
        assert_eq!(
            load.things[0],
            Thing::Words(Words {
                words: vec!["a".into()]
            })
        );
        assert_eq!(
            load.things[1],
            Thing::Box(Box_ {
                size: Size::Small,
                count: 2,
                label: None
            })
        );
    }

    #[test]
    fn errors_name_the_field() {
        assert_eq!(message(json!({})), "things: is required");
        assert_eq!(message(json!([])), "must be an object");
        assert_eq!(message(json!({"things": 1})), "things: must be an array");
        assert_eq!(
            message(json!({"things": [{}]})),
            "things[0].kind: is required"
        );
        assert_eq!(
            message(json!({"things": [{"kind": "bag"}]})),
            "things[0].kind: must be one of box, words, not \"bag\""
        );
        assert_eq!(
            message(json!({"things": [{"kind": "box", "count": 1}]})),
            "things[0].size: is required"
        );
        assert_eq!(
            message(json!({"things": [{"kind": "box", "size": "HUGE", "count": 1}]})),
            "things[0].size: must be one of SMALL, LARGE, not \"HUGE\""
        );
        assert_eq!(
            message(json!({"things": [{"kind": "words", "words": ["a", 1]}]})),
            "things[0].words[1]: must be a string"
        );
        assert_eq!(
            message(json!({"things": [{"kind": "box", "size": "SMALL", "count": 1.5}]})),
            "things[0].count: must be an integer"
        );
    }

    #[test]
    fn query_text_becomes_what_the_parameter_is() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Filter {
            page: Option<u32>,
            deleted: Option<bool>,
            keys: Vec<String>,
        }
        let query = json!({"page": "3", "deleted": "true", "keys": "one"});
        let filter: Filter = from_query(&query).unwrap();
        assert_eq!(
            filter,
            Filter {
                page: Some(3),
                deleted: Some(true),
                keys: vec!["one".into()]
            }
        );
        let query = json!({"page": "x", "keys": []});
        let error = from_query::<Filter>(&query).unwrap_err();
        assert_eq!(error.to_string(), "page: must be an integer");
    }
}
