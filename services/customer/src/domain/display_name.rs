//! The name of a customer for people: given by somebody, or else its e-mail address, else its
//! key. A derived name follows what it is derived from.

/// Longest derived name.
const DERIVED_LENGTH_MAX: usize = 256;
/// What a customer without personal data is called.
pub const ANONYMIZED: &str = "anonymized";

/// A name and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name as it is shown.
    pub text: String,
    /// Whether nobody gave it.
    pub derived: bool,
}

impl Name {
    /// The name of a new customer.
    pub fn new(given: Option<String>, email: Option<&str>, key: Option<&str>) -> Self {
        match given {
            Some(text) => Self {
                text,
                derived: false,
            },
            None => Self::derive(email, key),
        }
    }

    /// A name made of e-mail address or key.
    pub fn derive(email: Option<&str>, key: Option<&str>) -> Self {
        let text = email.or(key).unwrap_or(ANONYMIZED);
        Self {
            text: text.chars().take(DERIVED_LENGTH_MAX).collect(),
            derived: true,
        }
    }

    /// The name after somebody gave one. Sending a derived name back does not make it a given
    /// one: that is what a client does that replaces the whole customer.
    pub fn given(self, text: String) -> Self {
        let derived = self.derived && self.text == text;
        Self { text, derived }
    }

    /// The name after e-mail address or key changed.
    pub fn following(self, email: Option<&str>, key: Option<&str>) -> Self {
        if self.derived {
            return Self::derive(email, key);
        }
        self
    }

    /// The name that somebody gave.
    pub fn if_given(&self) -> Option<&str> {
        (!self.derived).then_some(self.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: Name, text: &str, derived: bool) {
        assert_eq!((name.text.as_str(), name.derived), (text, derived));
    }

    #[test]
    fn a_name_that_nobody_gave_is_the_email_else_the_key_and_follows_them() {
        check(Name::new(None, Some("a@b"), Some("k")), "a@b", true);
        check(Name::new(None, None, Some("k")), "k", true);
        let name = Name::new(None, None, Some("k"));
        check(name.clone().following(Some("a@b"), Some("k")), "a@b", true);
        check(name.clone().given("k".into()), "k", true);
        let given = name.given("Anna".into());
        check(given.following(Some("a@b"), Some("k")), "Anna", false);
        let long = "ä".repeat(1500);
        let cut = Name::derive(None, Some(&long));
        assert_eq!(cut.text.chars().count(), 256);
    }
}
