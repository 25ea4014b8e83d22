//! What clients look things up by: entitlement definitions, offerings and packages have a lookup
//! key and a name; plans by name have a key and a name.

use super::{
    product::{DISPLAY_NAME_LENGTH_MAX, IDENTIFIER_LENGTH_MAX},
    violation::{Violation, Violations},
};

/// Longest lookup key, in characters.
const LOOKUP_KEY_LENGTH_MAX: usize = 200;
/// Longest metadata of an offering, in bytes.
const METADATA_LENGTH_MAX: usize = 65_536;

/// A lookup key and a name for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// What clients look it up by.
    pub lookup_key: String,
    /// Name for people.
    pub display_name: String,
}

impl Label {
    /// What makes the label unreadable; paths start with `path`.
    pub fn violations(&self, path: &str) -> Vec<Violation> {
        let mut found = Violations::default();
        let most = LOOKUP_KEY_LENGTH_MAX;
        found.text(format!("{path}.lookup_key"), &self.lookup_key, 1, most);
        display_name(path, &self.display_name, &mut found);
        found.into_vec()
    }
}

fn display_name(path: &str, name: &str, found: &mut Violations) {
    found.text(
        format!("{path}.display_name"),
        name,
        1,
        DISPLAY_NAME_LENGTH_MAX,
    );
}

/// What makes a plan's key and name unreadable; paths start with `path`.
pub fn plan_violations(path: &str, key: &str, name: &str) -> Vec<Violation> {
    let mut found = Violations::default();
    found.text(format!("{path}.key"), key, 1, IDENTIFIER_LENGTH_MAX);
    display_name(path, name, &mut found);
    found.into_vec()
}

/// What makes the metadata of an offering unreadable: it is one JSON object, or empty.
pub fn metadata_violations(text: &str) -> Vec<Violation> {
    let mut found = Violations::default();
    let path = "offering.metadata_json";
    let object = || serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text);
    if text.len() > METADATA_LENGTH_MAX {
        found.add(path, "must have at most 65536 bytes");
    } else if !text.is_empty() && object().is_err() {
        found.add(path, "must be a JSON object");
    } else {
        found.require(
            !text.contains('\0'),
            path,
            "must not contain the character U+0000",
        );
    }
    found.into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(violations: Vec<Violation>) -> Vec<String> {
        violations.into_iter().map(|found| found.field).collect()
    }

    #[test]
    fn keys_and_names_have_lengths() {
        let label = |key: &str, name: &str| Label {
            lookup_key: key.into(),
            display_name: name.into(),
        };
        let check = |key: &str, name: &str, expected: &[&str]| {
            assert_eq!(fields(label(key, name).violations("offering")), expected);
        };
        check("Premium", "Premium access", &[]);
        check(&"k".repeat(200), &"n".repeat(1500), &[]);
        check("", "", &["offering.lookup_key", "offering.display_name"]);
        check(&"k".repeat(201), "n", &["offering.lookup_key"]);
        check("k", &"n".repeat(1501), &["offering.display_name"]);
        assert_eq!(
            fields(plan_violations("named_plan", &"k".repeat(256), "n")),
            ["named_plan.key"]
        );
    }

    #[test]
    fn metadata_is_a_json_object_or_nothing() {
        for text in ["", "{}", r#"{"a": [1.50, null]}"#] {
            assert!(metadata_violations(text).is_empty(), "{text}");
        }
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(METADATA_LENGTH_MAX));
        for text in ["[]", "1", "null", "{", "{} {}", long.as_str()] {
            assert_eq!(
                fields(metadata_violations(text)),
                ["offering.metadata_json"]
            );
        }
    }
}
