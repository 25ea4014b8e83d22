//! What makes a request unreadable: it is refused whatever the state, with the field named.

use std::collections::BTreeMap;

/// Longest name, in characters.
pub const NAME_LENGTH_MAX: usize = 256;
/// Most metadata entries of one resource.
pub const METADATA_COUNT_MAX: usize = 200;

/// One field that cannot be what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in the request.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

/// Gathers violations.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Adds one when the condition does not hold.
    pub fn require(&mut self, holds: bool, field: impl Into<String>, description: &str) {
        if !holds {
            self.0.push(Violation {
                field: field.into(),
                description: description.to_owned(),
            });
        }
    }

    /// Length of a name, number of metadata entries.
    pub fn labels(&mut self, path: &str, name: &str, metadata: &BTreeMap<String, String>) {
        self.require(
            (1..=NAME_LENGTH_MAX).contains(&name.chars().count()),
            format!("{path}.name"),
            "must have 1 to 256 characters",
        );
        self.require(
            metadata.len() <= METADATA_COUNT_MAX,
            format!("{path}.metadata"),
            "must have at most 200 entries",
        );
    }

    /// All of them; none means that the resource can be read.
    pub fn into_vec(self) -> Vec<Violation> {
        self.0
    }
}
