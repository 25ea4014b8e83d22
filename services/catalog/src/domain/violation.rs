//! What makes a request unreadable as a resource: it is refused whatever the state, with the
//! field named. Softer problems of a resource are issues (`issue`).

use std::collections::BTreeMap;

use kernel::key::ResourceKey;

/// Longest name, in characters.
pub const NAME_LENGTH_MAX: usize = 256;
/// Longest description, in characters.
pub const DESCRIPTION_LENGTH_MAX: usize = 1024;
/// Most metadata entries of one resource.
pub const METADATA_COUNT_MAX: usize = 200;
/// Most rate cards of one phase or add-on.
pub const RATE_CARD_COUNT_MAX: usize = 200;
/// Most phases of one plan.
pub const PHASE_COUNT_MAX: usize = 50;
/// Most tiers of one price.
pub const TIER_COUNT_MAX: usize = 100;

/// One field that cannot be what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in the request.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

/// Gathers violations under a path.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Adds one.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(Violation {
            field: field.into(),
            description: description.into(),
        });
    }

    /// Adds one when the condition does not hold.
    pub fn require(&mut self, holds: bool, field: impl Into<String>, description: &str) {
        if !holds {
            self.add(field, description);
        }
    }

    /// A key may be empty here (that is an issue of its own), but not malformed.
    pub fn key(&mut self, key: &str, path: &str) {
        if !key.is_empty()
            && let Err(bad) = ResourceKey::parse(key)
        {
            self.add(format!("{path}.key"), bad.to_string());
        }
    }

    /// Lengths of name and description, number of metadata entries.
    pub fn labels(
        &mut self,
        path: &str,
        name: &str,
        description: Option<&str>,
        metadata: &BTreeMap<String, String>,
    ) {
        self.require(
            name.chars().count() <= NAME_LENGTH_MAX,
            format!("{path}.name"),
            "must have at most 256 characters",
        );
        self.require(
            description.is_none_or(|text| text.chars().count() <= DESCRIPTION_LENGTH_MAX),
            format!("{path}.description"),
            "must have at most 1024 characters",
        );
        // PostgreSQL stores no text with it.
        let clean = |text: &str| !text.contains('\0');
        let no_nul = "must not contain the character U+0000";
        self.require(clean(name), format!("{path}.name"), no_nul);
        self.require(
            description.is_none_or(clean),
            format!("{path}.description"),
            no_nul,
        );
        self.require(
            metadata
                .iter()
                .all(|(key, value)| clean(key) && clean(value)),
            format!("{path}.metadata"),
            no_nul,
        );
        self.require(
            metadata.len() <= METADATA_COUNT_MAX,
            format!("{path}.metadata"),
            "must have at most 200 entries",
        );
    }

    /// Length in characters of a text that PostgreSQL must be able to store.
    pub fn text(&mut self, path: impl Into<String>, text: &str, least: usize, most: usize) {
        let path = path.into();
        let length = text.chars().count();
        if !(least..=most).contains(&length) {
            self.add(path, format!("must have {least} to {most} characters"));
        } else if text.contains('\0') {
            self.add(path, "must not contain the character U+0000");
        }
    }

    /// All of them; none means that the resource can be read.
    pub fn into_vec(self) -> Vec<Violation> {
        self.0
    }
}
