//! Traits and segments: one store with two ways in. A segment is any name and value; a trait is
//! written in lower case and has limits. Names that differ only in case are one category, of
//! which the value written last is shown as the trait.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Timestamp;

use super::text;
use crate::error::CustomerError;

/// Most segments of one customer, and most changes of one request.
pub const TRAITS_MAX: usize = 1000;
/// Most different traits of one category, counting those written as traits.
pub const CATEGORY_TRAITS_MAX: u64 = 100;
const LENGTH_MAX: usize = 255;

/// What a trait says when it says nothing.
const BLANK: [&str; 2] = ["none", "#n/a"];
/// Categories that are computed, not given.
const RESERVED: [&str; 11] = [
    "age of account",
    "age range",
    "country",
    "location",
    "company industry",
    "company size",
    "gender",
    "job category",
    "mrr quartile",
    "twitter followers",
    "activity level",
];

/// One trait as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trait {
    /// Name of the segment, in its own case.
    pub name: String,
    /// Value, in its own case.
    pub value: String,
    /// Whether it was written as a trait, and counts against the limit of its category.
    pub limited: bool,
    /// Place among the customer's traits: the one added first is the lowest.
    pub added: i64,
    /// When the value was set, in order: the one written last is the highest.
    pub written: i64,
    /// When it was added.
    pub create_time: Timestamp,
    /// When the value was last set.
    pub update_time: Timestamp,
}

impl Trait {
    /// The category it belongs to.
    pub fn category(&self) -> String {
        self.name.to_lowercase()
    }
}

/// One segment to set, or to remove when there is no value.
pub type SegmentChange = (String, Option<String>);

/// Checks the changes of a request.
pub fn segments(given: Vec<SegmentChange>) -> Result<Vec<SegmentChange>, CustomerError> {
    if given.len() > TRAITS_MAX {
        return Err(CustomerError::invalid(
            "changes",
            format!("must not be more than {TRAITS_MAX}"),
        ));
    }
    let mut seen = BTreeSet::new();
    for (index, (name, value)) in given.iter().enumerate() {
        let wrong = |part: &str, least: usize| {
            CustomerError::invalid(
                format!("changes.{index}.{part}"),
                format!("must have {least} to {LENGTH_MAX} characters, none of them U+0000"),
            )
        };
        text::required("segment", name.clone(), LENGTH_MAX).map_err(|_| wrong("name", 1))?;
        if let Some(value) = value {
            text::bounded("segment", value, LENGTH_MAX).map_err(|_| wrong("value", 0))?;
        }
        if !seen.insert(name) {
            return Err(CustomerError::invalid(
                format!("changes.{index}.name"),
                "must not be given twice",
            ));
        }
    }
    Ok(given)
}

/// The stored traits after a change of segments. `number` is greater than every number in use.
pub fn merge(
    stored: &[Trait],
    changes: &[SegmentChange],
    number: i64,
    now: Timestamp,
) -> Result<Vec<Trait>, CustomerError> {
    let mut after = stored.to_vec();
    for (number, (name, value)) in (number..).zip(changes) {
        match value {
            None => after.retain(|one| one.name != *name),
            Some(value) => set(&mut after, (name, value, false), number, now),
        }
    }
    if after.len() > TRAITS_MAX {
        return Err(CustomerError::invalid(
            "changes",
            format!("a customer must not have more than {TRAITS_MAX} segments"),
        ));
    }
    Ok(after)
}

fn set(
    traits: &mut Vec<Trait>,
    (name, value, limited): (&str, &str, bool),
    number: i64,
    now: Timestamp,
) {
    match traits.iter_mut().find(|one| one.name == name) {
        Some(found) if found.value == value && found.limited == limited => {}
        Some(found) => {
            value.clone_into(&mut found.value);
            found.limited = limited;
            found.written = number;
            found.update_time = now;
        }
        None => traits.push(Trait {
            name: name.to_owned(),
            value: value.to_owned(),
            limited,
            added: number,
            written: number,
            create_time: now,
            update_time: now,
        }),
    }
}

/// A trait that may be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTrait {
    /// Its category, trimmed and in lower case.
    pub category: String,
    /// Itself, trimmed and in lower case.
    pub value: String,
}

impl NewTrait {
    /// Checks category and trait.
    pub fn new(category: &str, value: &str) -> Result<Self, CustomerError> {
        let category = self::category(category)?;
        if RESERVED.contains(&category.as_str()) {
            return Err(CustomerError::invalid(
                "category",
                format!("`{category}` is reserved"),
            ));
        }
        Ok(Self {
            category,
            value: word("trait", value)?,
        })
    }

    /// The stored traits of a customer with this one.
    pub fn set(
        &self,
        stored: &[Trait],
        number: i64,
        now: Timestamp,
    ) -> Result<Vec<Trait>, CustomerError> {
        let held = shown(stored).remove(&self.category);
        if held.is_some_and(|held| held.value.to_lowercase() == self.value) {
            return Err(CustomerError::TraitHeld);
        }
        let mut after = stored.to_vec();
        set(&mut after, (&self.category, &self.value, true), number, now);
        // Setting back an older value of the same name must make it the newest again.
        if let Some(own) = after.iter_mut().find(|one| one.name == self.category) {
            own.written = number;
        }
        Ok(after)
    }
}

/// The category that a caller names.
pub fn category(text: &str) -> Result<String, CustomerError> {
    word("category", text)
}

fn word(field: &'static str, text: &str) -> Result<String, CustomerError> {
    let word = text.trim().to_lowercase();
    let word = text::required(field, word, LENGTH_MAX)?;
    if BLANK.contains(&word.as_str()) {
        return Err(CustomerError::invalid(field, format!("`{word}` is blank")));
    }
    Ok(word)
}

/// Traits by category, in their own case: of names that differ only in case, the one written
/// last.
pub fn shown(stored: &[Trait]) -> BTreeMap<String, &Trait> {
    let mut shown: BTreeMap<String, &Trait> = BTreeMap::new();
    for one in stored {
        let slot = shown.entry(one.category()).or_insert(one);
        if slot.written < one.written {
            *slot = one;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::error::Problem as _;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn change(name: &str, value: Option<&str>) -> SegmentChange {
        (name.to_owned(), value.map(str::to_owned))
    }

    fn pairs(traits: &[Trait]) -> Vec<(&str, &str)> {
        traits
            .iter()
            .map(|one| (one.name.as_str(), one.value.as_str()))
            .collect()
    }

    #[test]
    fn segments_merge_keep_their_place_and_their_case() {
        let first = merge(
            &[],
            &[change("Plan", Some("Gold")), change("zone", Some("EU"))],
            1,
            at(1),
        )
        .unwrap();
        let second = merge(
            &first,
            &[
                change("plan", Some("silver")),
                change("Plan", Some("Tin")),
                change("absent", None),
            ],
            10,
            at(2),
        )
        .unwrap();
        assert_eq!(
            pairs(&second),
            [("Plan", "Tin"), ("zone", "EU"), ("plan", "silver")]
        );
        assert_eq!(
            (second[0].create_time, second[0].update_time),
            (at(1), at(2))
        );
        // Of the two the later one is the trait.
        assert_eq!(shown(&second)["plan"].value, "Tin");
        let third = merge(&second, &[change("Plan", None)], 20, at(3)).unwrap();
        assert_eq!(shown(&third)["plan"].value, "silver");
    }

    #[test]
    fn what_a_segment_must_not_be() {
        let long = "x".repeat(256);
        for (given, field) in [
            (vec![change("", Some("v"))], "changes.0.name"),
            (vec![change("a", Some("\0"))], "changes.0.value"),
            (vec![change("a", Some(&long))], "changes.0.value"),
            (
                vec![change("a", None), change("a", Some("v"))],
                "changes.1.name",
            ),
        ] {
            let error = segments(given).unwrap_err();
            assert_eq!(error.violations()[0].field, field);
        }
        assert!(segments(vec![change("a", None); 1001]).is_err());
        assert!(segments(vec![change("a", Some(""))]).is_ok());
    }

    #[test]
    fn a_trait_is_trimmed_in_lower_case_and_not_blank() {
        let good = NewTrait::new("  Team Size ", " N/A ").unwrap();
        assert_eq!(
            (good.category.as_str(), good.value.as_str()),
            ("team size", "n/a")
        );
        for (category, value) in [
            ("", "v"),
            ("  ", "v"),
            ("None", "v"),
            ("#N/A", "v"),
            ("c", ""),
            ("c", " NONE"),
            ("c", "#n/a"),
            ("Age of Account", "v"),
            ("activity level", "v"),
        ] {
            assert!(
                NewTrait::new(category, value).is_err(),
                "{category}/{value}"
            );
        }
    }

    #[test]
    fn a_trait_replaces_the_one_shown_and_is_not_set_twice() {
        let stored = merge(&[], &[change("Plan", Some("Gold"))], 1, at(1)).unwrap();
        let gold = NewTrait::new("plan", "gold").unwrap();
        let refused = gold.set(&stored, 5, at(2)).unwrap_err();
        assert_eq!(refused.reason(), "TRAIT_HELD");
        let silver = NewTrait::new("plan", "silver").unwrap();
        let after = silver.set(&stored, 5, at(2)).unwrap();
        assert_eq!(shown(&after)["plan"].value, "silver");
        let probe = merge(&after, &[change("Plan", Some("Iron"))], 9, at(3)).unwrap();
        let back = silver.set(&probe, 20, at(4)).unwrap();
        assert_eq!(shown(&back)["plan"].value, "silver");
    }

    proptest! {
        #[test]
        fn the_last_write_of_a_category_is_shown(
            writes in proptest::collection::vec(("[aA]", "[x-z]"), 1..12),
        ) {
            let mut stored = Vec::new();
            let mut last = String::new();
            for (number, (name, value)) in (1..).zip(&writes) {
                let same = stored.iter().any(|one: &Trait| one.name == *name && one.value == *value);
                stored = merge(&stored, &[change(name, Some(value))], number, at(number)).unwrap();
                if !same {
                    last.clone_from(value);
                }
            }
            prop_assert_eq!(&shown(&stored)["a"].value, &last);
            prop_assert!(stored.len() <= 2);
        }
    }
}
