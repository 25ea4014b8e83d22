//! States of plan and add-on versions, computed from effective times, and how publishing one
//! version moves the others of its key: neither gap nor overlap.

use jiff::Timestamp;
use kernel::currency::Currency;

/// What the user says about one version of a plan or an add-on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer<B> {
    /// Shared by all versions.
    pub key: String,
    /// Currency of all amounts.
    pub currency: Currency,
    /// What may change while the version is a draft.
    pub body: B,
}

/// One stored version of a plan or an add-on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version<Id, B> {
    /// Identifies the version.
    pub id: Id,
    /// Counts from 1 per key.
    pub number: i32,
    /// What the user says about it.
    pub offer: Offer<B>,
    /// When it is in effect.
    pub effective: Effective,
    /// Counts its writes.
    pub revision: i64,
    /// When it was made.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// When it was deleted.
    pub delete_time: Option<Timestamp>,
}

/// When a version is in effect, half-open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effective {
    /// First instant; none: a draft.
    pub from: Option<Timestamp>,
    /// First instant after; none: open-ended.
    pub to: Option<Timestamp>,
}

/// Where a version is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not published.
    Draft,
    /// Published, in effect later.
    Scheduled,
    /// In effect.
    Active,
    /// No longer offered.
    Archived,
}

impl State {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Active => "active",
            Self::Archived => "archived",
        }
    }

    /// Whether a plan version may be changed, published and given add-ons.
    pub fn is_editable(self) -> bool {
        match self {
            Self::Draft | Self::Scheduled => true,
            Self::Active | Self::Archived => false,
        }
    }
}

impl Effective {
    /// The state at an instant. A version that ended in the instant it began is archived.
    pub fn state(&self, now: Timestamp) -> State {
        match (self.from, self.to) {
            (None, _) => State::Draft,
            (Some(_), Some(to)) if to <= now => State::Archived,
            (Some(from), _) if from > now => State::Scheduled,
            (Some(_), _) => State::Active,
        }
    }

    /// The state of an add-on, which is never scheduled: published ones are in effect even
    /// when a test clock was set back to before.
    pub fn addon_state(&self, now: Timestamp) -> State {
        match self.state(now) {
            State::Draft => State::Draft,
            State::Scheduled | State::Active => State::Active,
            State::Archived => State::Archived,
        }
    }

    fn covers(&self, instant: Timestamp) -> bool {
        self.state(instant) == State::Active
    }
}

/// What publishing does to the versions of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication<T> {
    /// When the published version is in effect.
    pub effective: Effective,
    /// The version that ends where the published one begins.
    pub ended: Option<T>,
}

/// Puts a version into effect at `from`, among the other live versions of its key: the one in
/// effect then ends there, and the new one ends where the next scheduled one begins.
pub fn publish<T: Copy>(others: &[(T, Effective)], from: Timestamp) -> Publication<T> {
    let ended = others
        .iter()
        .find(|(_, effective)| effective.covers(from))
        .map(|(id, _)| *id);
    let to = others
        .iter()
        .filter_map(|(_, effective)| effective.from)
        .filter(|start| *start > from)
        .min();
    Publication {
        effective: Effective {
            from: Some(from),
            to,
        },
        ended,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn effective(from: Option<i64>, to: Option<i64>) -> Effective {
        Effective {
            from: from.map(at),
            to: to.map(at),
        }
    }

    #[test]
    fn the_state_follows_from_the_effective_times() {
        let check = |from, to, expected| {
            assert_eq!(
                effective(from, to).state(at(10)),
                expected,
                "{from:?}..{to:?}"
            );
        };
        check(None, None, State::Draft);
        check(Some(5), None, State::Active);
        check(Some(10), None, State::Active);
        check(Some(5), Some(11), State::Active);
        check(Some(5), Some(10), State::Archived);
        check(Some(10), Some(10), State::Archived);
        check(Some(11), None, State::Scheduled);
        check(Some(11), Some(20), State::Scheduled);
    }

    #[test]
    fn publishing_ends_the_active_version_at_the_same_instant() {
        let published = publish(&[(1, effective(Some(5), None))], at(10));
        assert_eq!(published.ended, Some(1));
        assert_eq!(published.effective, effective(Some(10), None));
    }

    proptest! {
        /// Whatever is published in whatever order, one version at most is in effect at any
        /// time, and none is missing once the first one has begun.
        #[test]
        fn versions_neither_overlap_nor_leave_gaps(starts in proptest::collection::vec(0i64..50, 1..12)) {
            let mut versions: Vec<(usize, Effective)> = Vec::new();
            for (id, start) in starts.iter().enumerate() {
                let published = publish(&versions, at(*start));
                if let Some(ended) = published.ended {
                    for (other, effective) in &mut versions {
                        if *other == ended {
                            effective.to = Some(at(*start));
                        }
                    }
                }
                versions.push((id, published.effective));
            }
            let first = *starts.iter().min().unwrap();
            for second in first..60 {
                let active = versions.iter().filter(|(_, e)| e.covers(at(second))).count();
                prop_assert_eq!(active, 1, "at {}", second);
            }
        }
    }
}
