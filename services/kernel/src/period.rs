//! Half-open spans of time. The start is inside, the end is not, so that neighbours share an
//! instant without sharing a moment.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// `[start, end)`. Empty when both are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Period {
    /// First instant inside.
    pub start: Timestamp,
    /// First instant after.
    pub end: Timestamp,
}

/// `[start, end)`, or from `start` on for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OpenPeriod {
    /// First instant inside.
    pub start: Timestamp,
    /// First instant after; `None` when there is no end.
    pub end: Option<Timestamp>,
}

/// A period would end before it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("period ends before it starts")]
pub struct EndsBeforeStart;

impl Period {
    /// A period from its bounds.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self, EndsBeforeStart> {
        if end < start {
            Err(EndsBeforeStart)
        } else {
            Ok(Self { start, end })
        }
    }

    /// Whether the instant is inside.
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.start <= instant && instant < self.end
    }

    /// What two periods share; `None` when that is not even a moment.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let shared = Self {
            start: self.start.max(other.start),
            end: self.end.min(other.end),
        };
        (shared.start < shared.end).then_some(shared)
    }

    /// Whether two periods share a moment. An empty period overlaps nothing.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.intersect(other).is_some()
    }

    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// How long it is.
    pub fn duration(&self) -> SignedDuration {
        self.start.duration_until(self.end)
    }
}

impl OpenPeriod {
    /// A period from its bounds.
    pub fn new(start: Timestamp, end: Option<Timestamp>) -> Result<Self, EndsBeforeStart> {
        if end.is_some_and(|end| end < start) {
            Err(EndsBeforeStart)
        } else {
            Ok(Self { start, end })
        }
    }

    /// Whether the instant is inside.
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.start <= instant && self.end.is_none_or(|end| instant < end)
    }

    /// What two periods share; `None` when that is not even a moment.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let start = self.start.max(other.start);
        let end = match (self.end, other.end) {
            (Some(left), Some(right)) => Some(left.min(right)),
            (end, None) | (None, end) => end,
        };
        end.is_none_or(|end| start < end)
            .then_some(Self { start, end })
    }

    /// Whether two periods share a moment. An empty period overlaps nothing.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.intersect(other).is_some()
    }

    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.end.is_some_and(|end| end <= self.start)
    }

    /// The closed part of it that lies before `end`; `None` when there is none.
    pub fn until(&self, end: Timestamp) -> Option<Period> {
        let end = self.end.map_or(end, |own| own.min(end));
        (self.start < end).then_some(Period {
            start: self.start,
            end,
        })
    }
}

impl From<Period> for OpenPeriod {
    fn from(period: Period) -> Self {
        Self {
            start: period.start,
            end: Some(period.end),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn period(start: i64, end: i64) -> Period {
        Period::new(at(start), at(end)).unwrap()
    }

    #[test]
    fn the_start_is_inside_and_the_end_is_not() {
        let period = period(10, 20);
        assert!(period.contains(at(10)) && period.contains(at(19)));
        assert!(!period.contains(at(9)) && !period.contains(at(20)));
        assert_eq!(period.duration(), SignedDuration::from_secs(10));
    }

    #[test]
    fn an_end_before_the_start_is_refused() {
        assert_eq!(Period::new(at(2), at(1)), Err(EndsBeforeStart));
        assert_eq!(OpenPeriod::new(at(2), Some(at(1))), Err(EndsBeforeStart));
        assert!(Period::new(at(1), at(1)).unwrap().is_empty());
    }

    #[test]
    fn neighbours_do_not_overlap() {
        assert!(!period(0, 10).overlaps(&period(10, 20)));
        assert_eq!(period(0, 10).intersect(&period(5, 20)), Some(period(5, 10)));
        assert_eq!(period(0, 10).intersect(&period(20, 30)), None);
    }

    #[test]
    fn an_open_period_never_ends() {
        let open = OpenPeriod {
            start: at(10),
            end: None,
        };
        assert!(open.contains(at(1_000_000)) && !open.contains(at(9)) && !open.is_empty());
        assert_eq!(
            open.intersect(&period(0, 20).into()),
            Some(period(10, 20).into())
        );
        assert_eq!(open.until(at(30)), Some(period(10, 30)));
        assert_eq!(open.until(at(10)), None);
    }

    proptest! {
        #[test]
        fn an_instant_is_in_the_intersection_when_it_is_in_both(
            a in 0_i64..50, b in 0_i64..50, c in 0_i64..50, d in 0_i64..50, t in 0_i64..50,
        ) {
            let (left, right) = (period(a.min(b), a.max(b)), period(c.min(d), c.max(d)));
            let both = left.contains(at(t)) && right.contains(at(t));
            prop_assert_eq!(left.intersect(&right).is_some_and(|shared| shared.contains(at(t))), both);
            let open = OpenPeriod { start: left.start, end: None };
            let both = open.contains(at(t)) && right.contains(at(t));
            prop_assert_eq!(open.intersect(&right.into()).is_some_and(|shared| shared.contains(at(t))), both);
        }
    }
}
