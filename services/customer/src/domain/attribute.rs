//! Attributes of customers: names and values within their limits. `$email` and `$displayName`
//! are no attributes of their own but another way to the customer's e-mail and name.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Timestamp, attribute::RESERVED_NAMES};

use super::{customer::Customer, display_name::Name, text};
use crate::error::CustomerError;

/// Most attributes of one customer.
pub const ATTRIBUTES_MAX: usize = 50;
const NAME_LENGTH_MAX: usize = 40;
const VALUE_LENGTH_MAX: usize = 500;
/// The e-mail address.
const EMAIL: &str = "$email";
/// The name.
const DISPLAY_NAME: &str = "$displayName";

/// One attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its value.
    pub value: String,
    /// When it was last set.
    pub update_time: Timestamp,
}

/// Attributes by name.
pub type Attributes = BTreeMap<String, Attribute>;

/// Values to set by name; an empty one removes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeChanges(BTreeMap<String, String>);

impl AttributeChanges {
    /// Checks names and values, which come in the order of the request.
    pub fn new(given: Vec<(String, String)>) -> Result<Self, CustomerError> {
        if given.len() > ATTRIBUTES_MAX {
            return Err(too_many());
        }
        let mut seen = BTreeSet::new();
        for (index, (name, value)) in given.iter().enumerate() {
            if !is_name(name) {
                return Err(CustomerError::invalid(
                    format!("attributes.{index}.name"),
                    "must be a reserved name, or a letter followed by letters, digits, _ and -, \
                     40 characters at most",
                ));
            }
            if !seen.insert(name) {
                return Err(CustomerError::invalid(
                    format!("attributes.{index}.name"),
                    "must not be given twice",
                ));
            }
            text::bounded("attributes.value", value, VALUE_LENGTH_MAX).map_err(|_| {
                CustomerError::invalid(
                    format!("attributes.{index}.value"),
                    "must not be longer than 500 characters, nor contain U+0000",
                )
            })?;
        }
        Ok(Self(given.into_iter().collect()))
    }

    /// Whether nothing is to be set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name and e-mail address that a new customer gets of them.
    pub fn name_and_email(&self) -> (Option<&str>, Option<&str>) {
        let of = |name: &str| {
            let value = self.0.get(name)?;
            (!value.is_empty()).then_some(value.as_str())
        };
        (of(DISPLAY_NAME), of(EMAIL))
    }
}

/// What a change makes of the stored attributes and of the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The stored attributes afterwards.
    pub stored: Attributes,
    /// The customer afterwards, when it is another.
    pub customer: Option<Customer>,
}

/// Applies a change to a customer and its stored attributes.
pub fn change(
    customer: &Customer,
    stored: &Attributes,
    changes: &AttributeChanges,
    now: Timestamp,
) -> Result<Changed, CustomerError> {
    customer.require_live()?;
    let (mut after, mut person) = (stored.clone(), customer.clone());
    for (name, value) in &changes.0 {
        let same = shown(customer, stored)
            .get(name)
            .map_or(value.is_empty(), |old| old.value == *value);
        if same {
            continue;
        }
        if value.is_empty() {
            after.remove(name);
        } else {
            let attribute = Attribute {
                value: value.clone(),
                update_time: now,
            };
            after.insert(name.clone(), attribute);
        }
        let given = (!value.is_empty()).then(|| value.clone());
        match name.as_str() {
            EMAIL => person.email = given,
            DISPLAY_NAME => {
                person.name = Name::new(given, None, None);
            }
            _ => {}
        }
    }
    person.name = person
        .name
        .following(person.email.as_deref(), person.key.as_deref());
    if after.len() > ATTRIBUTES_MAX {
        return Err(too_many());
    }
    let moved = person != *customer;
    Ok(Changed {
        stored: after,
        customer: moved.then(|| {
            Customer {
                revision: customer.revision + 1,
                update_time: now,
                touch_time: now,
                ..person
            }
            .with_privacy_of_its_data()
        }),
    })
}

/// The attributes as they are shown: e-mail and name are those of the customer, whoever set
/// them last.
pub fn shown(customer: &Customer, stored: &Attributes) -> Attributes {
    let mut shown = stored.clone();
    let facts = [
        (EMAIL, customer.email.as_deref()),
        (
            DISPLAY_NAME,
            customer
                .name
                .if_given()
                .filter(|_| customer.anonymize_time.is_none()),
        ),
    ];
    for (name, value) in facts {
        match value {
            None => {
                shown.remove(name);
            }
            Some(value) if shown.get(name).is_some_and(|old| old.value == value) => {}
            Some(value) => {
                let attribute = Attribute {
                    value: value.to_owned(),
                    update_time: customer.update_time,
                };
                shown.insert(name.to_owned(), attribute);
            }
        }
    }
    shown
}

fn is_name(name: &str) -> bool {
    if name.starts_with('$') {
        return RESERVED_NAMES.contains(&name);
    }
    let mut characters = name.bytes();
    characters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && characters.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        && name.len() <= NAME_LENGTH_MAX
}

fn too_many() -> CustomerError {
    CustomerError::invalid(
        "attributes",
        format!("must not be more than {ATTRIBUTES_MAX}"),
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::customer::{Draft, NewCustomer};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn customer() -> Customer {
        let draft = Draft {
            key: "k".into(),
            derive_name: true,
            ..Draft::default()
        };
        NewCustomer::new(draft).unwrap().into_customer(
            kernel::id::CustomerId::from_ulid(ulid::Ulid::nil()),
            "pwu_x".into(),
            at(1),
        )
    }

    fn changes(pairs: &[(&str, &str)]) -> Result<AttributeChanges, CustomerError> {
        let owned = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        AttributeChanges::new(owned.collect())
    }

    fn field(pairs: &[(&str, &str)]) -> String {
        let refused = changes(pairs).unwrap_err();
        let CustomerError::Invalid { field, .. } = refused else {
            panic!("{refused:?}")
        };
        field
    }

    #[test]
    fn names_and_values_have_rules() {
        for good in ["a", "A-b_9", "$ip", "$tenjinId"] {
            assert!(changes(&[(good, "v")]).is_ok(), "{good}");
        }
        let long = "a".repeat(41);
        for bad in ["", "9a", "_a", "a b", "ä", "$nope", "$", &long] {
            assert_eq!(field(&[("ok", "v"), (bad, "v")]), "attributes.1.name");
        }
        assert_eq!(field(&[("a", "v"), ("a", "w")]), "attributes.1.name");
        assert_eq!(field(&[("a", &"v".repeat(501))]), "attributes.0.value");
        let many: Vec<(String, String)> = (0..51).map(|n| (format!("a{n}"), "v".into())).collect();
        assert!(AttributeChanges::new(many).is_err());
    }

    #[test]
    fn email_and_name_are_those_of_the_customer() {
        let first = change(
            &customer(),
            &Attributes::new(),
            &changes(&[("$email", "a@b"), ("$displayName", "Anna"), ("c", "1")]).unwrap(),
            at(2),
        )
        .unwrap();
        let person = first.customer.clone().unwrap();
        assert_eq!(person.email.as_deref(), Some("a@b"));
        assert_eq!(
            (person.name.text.as_str(), person.name.derived),
            ("Anna", false)
        );
        assert_eq!(person.revision, 2);
        // Whoever changes the customer later changes the attribute.
        let mut moved = person.clone();
        moved.email = Some("new@b".into());
        moved.update_time = at(3);
        let seen = shown(&moved, &first.stored);
        assert_eq!(seen["$email"].value, "new@b");
        assert_eq!(seen["$email"].update_time, at(3));
        assert_eq!(seen["$displayName"].update_time, at(2));
        // Removing them derives the name again.
        let bare = change(
            &person,
            &first.stored,
            &changes(&[("$displayName", ""), ("c", "")]).unwrap(),
            at(4),
        )
        .unwrap();
        let person = bare.customer.unwrap();
        assert_eq!(
            (person.name.text.as_str(), person.name.derived),
            ("a@b", true)
        );
        assert_eq!(bare.stored.keys().collect::<Vec<_>>(), ["$email"]);
    }

    #[test]
    fn setting_what_is_there_changes_nothing() {
        let stored = Attributes::from([(
            "a".to_owned(),
            Attribute {
                value: "v".into(),
                update_time: at(1),
            },
        )]);
        let same = changes(&[("a", "v"), ("b", "")]).unwrap();
        let done = change(&customer(), &stored, &same, at(9)).unwrap();
        assert_eq!((done.stored, done.customer), (stored, None));
    }
}
