//! Handles that people choose for plans, phases, rate cards, features and meters.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

/// Longest key, in characters.
pub const KEY_LENGTH_MAX: usize = 64;

/// `^[a-z0-9]+(?:_[a-z0-9]+)*$`, 1 to 64 characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ResourceKey(String);

/// The text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 lower-case letters and digits, with single underscores between them")]
pub struct BadKey;

impl ResourceKey {
    /// Reads a key.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if text.len() > KEY_LENGTH_MAX || !text.split('_').all(word) {
            return Err(BadKey);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, taken out.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Whether a text given as "id or key" is an id, and hence only an id.
pub fn looks_like_ulid(text: &str) -> bool {
    crate::id::parse_ulid(text).is_ok()
}

impl AsRef<str> for ResourceKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for ResourceKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for ResourceKey {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl fmt::Display for ResourceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for ResourceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

impl std::str::FromStr for ResourceKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for ResourceKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_grammar_is_lower_case_words_joined_by_single_underscores() {
        for text in ["a", "0", "api_calls", "gpt4_tokens_2", &"k".repeat(64)] {
            assert_eq!(ResourceKey::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "_",
            "_a",
            "a_",
            "a__b",
            "A",
            "a-b",
            "a b",
            "é",
            "a.b",
            &"k".repeat(65),
        ] {
            assert_eq!(ResourceKey::parse(text), Err(BadKey), "{text}");
        }
    }

    #[test]
    fn a_ulid_is_told_from_a_key() {
        assert!(looks_like_ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
        assert!(!looks_like_ulid("pro_plan"));
        assert!(!looks_like_ulid("91ARZ3NDEKTSV4RRFFQ69G5FAV"));
    }
}
