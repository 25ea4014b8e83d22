//! Subject keys: which list a customer may have, and what changes between two lists. One
//! subject key belongs to at most one live customer.

use std::collections::BTreeSet;

use super::{
    customer::{KEY_LENGTH_MAX, key_bytes},
    text,
};
use crate::error::CustomerError;

/// Most subject keys of one customer.
pub const SUBJECT_KEYS_MAX: usize = 10_000;

/// The keys in ascending order; none empty, none twice.
pub fn normalize(given: Vec<String>) -> Result<Vec<String>, CustomerError> {
    if given.len() > SUBJECT_KEYS_MAX {
        return Err(CustomerError::invalid(
            "usage_attribution.subject_keys",
            format!("must not be more than {SUBJECT_KEYS_MAX}"),
        ));
    }
    let mut seen = BTreeSet::new();
    for key in given {
        key_bytes("usage_attribution.subject_keys", &key)?;
        let key = text::required("usage_attribution.subject_keys", key, KEY_LENGTH_MAX)?;
        if let Some(twice) = seen.replace(key) {
            return Err(CustomerError::SubjectKeysTaken { keys: vec![twice] });
        }
    }
    Ok(seen.into_iter().collect())
}

/// What changes between two attributions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Keys to claim.
    pub added: Vec<String>,
    /// Keys to release.
    pub removed: Vec<String>,
}

/// The difference of two lists, each in ascending order.
pub fn difference(before: &[String], after: &[String]) -> Difference {
    let old: BTreeSet<&String> = before.iter().collect();
    let new: BTreeSet<&String> = after.iter().collect();
    let owned = |keys: Vec<&&String>| keys.into_iter().map(|key| (*key).clone()).collect();
    Difference {
        added: owned(new.difference(&old).collect()),
        removed: owned(old.difference(&new).collect()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_twice_in_one_request_is_a_conflict() {
        assert!(matches!(
            normalize(vec!["a".into(), "a".into()]),
            Err(CustomerError::SubjectKeysTaken { keys }) if keys == ["a"]
        ));
    }

    proptest! {
        #[test]
        fn applying_the_difference_gives_the_new_list(
            before in proptest::collection::btree_set("[a-e]{1,2}", 0..12),
            after in proptest::collection::btree_set("[a-e]{1,2}", 0..12),
        ) {
            let before: Vec<String> = before.into_iter().collect();
            let after: Vec<String> = after.into_iter().collect();
            let Difference { added, removed } = difference(&before, &after);
            let mut result: BTreeSet<String> = before.into_iter().collect();
            for key in removed {
                prop_assert!(result.remove(&key));
            }
            for key in added {
                prop_assert!(result.insert(key));
            }
            prop_assert_eq!(result.into_iter().collect::<Vec<_>>(), after);
        }

        #[test]
        fn normalizing_twice_changes_nothing(keys in proptest::collection::btree_set("[a-z]{1,4}", 0..12)) {
            let once = normalize(keys.into_iter().rev().collect()).unwrap();
            prop_assert_eq!(normalize(once.clone()).unwrap(), once);
        }
    }
}
