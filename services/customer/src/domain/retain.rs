//! What is done to keep a customer, and who asked not to be bothered with it.

use kernel::Timestamp;

/// One way to keep a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Intervention {
    /// Reminders about a failed payment.
    Retain,
    /// Offers of a longer term.
    TermOptimization,
    /// Offers to somebody who left.
    Reactivation,
}

impl Intervention {
    const ALL: [Self; 3] = [Self::Retain, Self::TermOptimization, Self::Reactivation];

    /// The word stored for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Retain => "retain",
            Self::TermOptimization => "term_optimization",
            Self::Reactivation => "reactivation",
        }
    }

    /// The intervention of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// A lasting opt-out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptOut {
    /// From what.
    pub intervention: Intervention,
    /// Since when.
    pub create_time: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_bring_back_what_they_stand_for() {
        for one in Intervention::ALL {
            assert_eq!(Intervention::from_word(one.word()), Some(one));
        }
        assert_eq!(Intervention::from_word("nothing"), None);
    }
}
