//! Packages of an offering: their places, and which products may stand together in one.

use std::collections::BTreeMap;

/// Which generations of client software are offered a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eligibility {
    /// All of them.
    All,
    /// Google clients before generation 6.
    GoogleBefore6,
    /// Google clients of generation 6 and later.
    GoogleFrom6,
}

impl Eligibility {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::GoogleBefore6 => "google_before_6",
            Self::GoogleFrom6 => "google_from_6",
        }
    }

    /// The criteria with this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::All, Self::GoogleBefore6, Self::GoogleFrom6]
            .into_iter()
            .find(|criteria| criteria.word() == word)
    }
}

/// Whether products with these criteria may stand in one package: `all` excludes the others.
pub fn go_together<Id>(products: &BTreeMap<Id, Eligibility>) -> bool {
    let all = products
        .values()
        .filter(|criteria| **criteria == Eligibility::All)
        .count();
    all == 0 || all == products.len()
}

/// Where a package is put among `count` others: at the end unless a place is asked for, and never
/// beyond it. Places count from 1.
pub fn place(wanted: Option<i32>, count: i32) -> i32 {
    let end = count.saturating_add(1);
    wanted.map_or(end, |wanted| wanted.clamp(1, end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_excludes_the_others() {
        let check = |criteria: &[Eligibility], expected| {
            let products = criteria.iter().copied().enumerate().collect();
            assert_eq!(go_together(&products), expected, "{criteria:?}");
        };
        check(&[], true);
        check(&[Eligibility::All, Eligibility::All], true);
        check(
            &[Eligibility::GoogleBefore6, Eligibility::GoogleFrom6],
            true,
        );
        check(&[Eligibility::All, Eligibility::GoogleFrom6], false);
    }

    proptest! {
        /// Packages put in, moved and taken out in any order stand at 1..n without gaps.
        #[test]
        fn places_have_no_gaps(steps in proptest::collection::vec((0usize..3, 0usize..10, 1i32..12), 1..40)) {
            let mut packages: Vec<usize> = Vec::new();
            for (number, (step, which, wanted)) in steps.into_iter().enumerate() {
                match step {
                    0 => {
                        let count = i32::try_from(packages.len()).unwrap_or(i32::MAX);
                        let at = place(Some(wanted), count);
                        prop_assert!((1..=count + 1).contains(&at));
                        packages.insert(usize::try_from(at).unwrap_or(1) - 1, number);
                    }
                    1 if which < packages.len() => {
                        let moved = packages.remove(which);
                        let count = i32::try_from(packages.len()).unwrap_or(i32::MAX);
                        let at = place(Some(wanted), count);
                        prop_assert!((1..=count + 1).contains(&at));
                        packages.insert(usize::try_from(at).unwrap_or(1) - 1, moved);
                    }
                    _ if which < packages.len() => {
                        packages.remove(which);
                    }
                    _ => {}
                }
            }
            let count = i32::try_from(packages.len()).unwrap_or(i32::MAX);
            prop_assert_eq!(place(None, count), count + 1);
        }
    }
}
