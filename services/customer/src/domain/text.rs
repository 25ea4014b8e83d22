//! Checks of texts that users give: length in characters, required or not.

use std::collections::BTreeMap;

use crate::error::CustomerError;

/// Most pairs in a metadata map.
const METADATA_PAIRS_MAX: usize = 500;

/// A text of 1 to `max` characters.
pub fn required(field: &'static str, text: String, max: usize) -> Result<String, CustomerError> {
    if text.is_empty() {
        return Err(CustomerError::invalid(field, "must not be empty"));
    }
    bounded(field, &text, max)?;
    Ok(text)
}

/// A text of at most `max` characters; empty means absent.
pub fn optional(
    field: &'static str,
    text: String,
    max: usize,
) -> Result<Option<String>, CustomerError> {
    bounded(field, &text, max)?;
    Ok((!text.is_empty()).then_some(text))
}

/// Metadata within its limits.
pub fn metadata(
    pairs: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, CustomerError> {
    if pairs.len() > METADATA_PAIRS_MAX {
        return Err(CustomerError::invalid(
            "metadata",
            format!("must not have more than {METADATA_PAIRS_MAX} pairs"),
        ));
    }
    for (key, value) in &pairs {
        bounded("metadata", key, 256)?;
        bounded("metadata", value, 4096)?;
    }
    Ok(pairs)
}

/// Refuses a text of more than `max` characters, and the NUL character, which PostgreSQL
/// cannot store.
pub fn bounded(field: &'static str, text: &str, max: usize) -> Result<(), CustomerError> {
    if text.chars().count() > max {
        return Err(CustomerError::invalid(
            field,
            format!("must not be longer than {max} characters"),
        ));
    }
    if text.contains('\0') {
        return Err(CustomerError::invalid(
            field,
            "must not contain the character U+0000",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters() {
        assert!(required("name", "ä".repeat(256), 256).is_ok());
        assert!(required("name", "a".repeat(257), 256).is_err());
        assert!(required("name", String::new(), 256).is_err());
        assert_eq!(optional("name", String::new(), 1).ok(), Some(None));
        assert!(optional("name", "\0".to_owned(), 1).is_err());
    }

    #[test]
    fn metadata_has_a_limit() {
        let many = (0..=METADATA_PAIRS_MAX)
            .map(|index| (index.to_string(), String::new()))
            .collect();
        assert!(metadata(many).is_err());
    }
}
