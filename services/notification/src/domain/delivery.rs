//! A delivery: its states, and when an attempt that failed is followed by another.

use jiff::{SignedDuration, Timestamp};

/// Longest time that a delivery may go on, counted from its first attempt.
pub const SENDING_MAX: SignedDuration = SignedDuration::from_hours(48);
/// Longest time that a delivery may wait to be handed over.
pub const PENDING_MAX: SignedDuration = SignedDuration::from_hours(3);
/// Most random addition to a wait, in thousandths of it.
pub const JITTER_PERMILLE_MAX: u32 = 100;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not handed over yet.
    Pending,
    /// Handed over.
    Sending,
    /// Taken by the endpoint.
    Success,
    /// Given up.
    Failed,
    /// Asked for once more.
    Resending,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Sending,
        Self::Success,
        Self::Failed,
        Self::Resending,
    ];

    /// The contract's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Sending => "SENDING",
            Self::Success => "SUCCESS",
            Self::Failed => "FAILED",
            Self::Resending => "RESENDING",
        }
    }

    /// The state with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// The waits between attempts: the first attempt is made at once, the one after the n-th
/// failure after the n-th wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    waits: Vec<SignedDuration>,
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another attempt.
    At(Timestamp),
    /// None: all attempts were made.
    Exhausted,
    /// None: it has gone on for too long.
    TooOld,
}

impl Default for Schedule {
    /// At once, then after 5 seconds, 5 and 30 minutes, 2, 5, 10 and 10 hours.
    fn default() -> Self {
        let minutes = SignedDuration::from_mins;
        let hours = SignedDuration::from_hours;
        Self {
            waits: vec![
                SignedDuration::from_secs(5),
                minutes(5),
                minutes(30),
                hours(2),
                hours(5),
                hours(10),
                hours(10),
            ],
        }
    }
}

impl Schedule {
    /// A schedule with these waits; none if one of them is negative.
    pub fn new(waits: Vec<SignedDuration>) -> Option<Self> {
        waits
            .iter()
            .all(|wait| !wait.is_negative())
            .then_some(Self { waits })
    }

    /// What follows the failure of the attempt with this number (from 1), which ended at `now`.
    /// `jitter` is the random part of the wait, in thousandths, so that what failed together is
    /// not tried again together.
    pub fn after_failure(
        &self,
        attempt: u32,
        first: Timestamp,
        now: Timestamp,
        jitter: u32,
    ) -> Next {
        let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(wait) = self.waits.get(index) else {
            return Next::Exhausted;
        };
        let extra = wait
            .as_millis()
            .saturating_mul(i128::from(jitter.min(JITTER_PERMILLE_MAX)))
            / 1000;
        let extra = SignedDuration::from_millis(i64::try_from(extra).unwrap_or_default());
        let at = wait
            .checked_add(extra)
            .and_then(|wait| now.checked_add(wait).ok());
        match at {
            Some(at) if at.duration_since(first) <= SENDING_MAX => Next::At(at),
            Some(_) | None => Next::TooOld,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn waits_grow_as_documented_and_end_after_eight_attempts() {
        let schedule = Schedule::default();
        let mut now = at(0);
        let mut waits = Vec::new();
        for attempt in 1.. {
            match schedule.after_failure(attempt, at(0), now, 0) {
                Next::At(next) => {
                    waits.push(next.duration_since(now).as_secs());
                    now = next;
                }
                end @ (Next::Exhausted | Next::TooOld) => {
                    assert_eq!((attempt, end), (8, Next::Exhausted));
                    break;
                }
            }
        }
        assert_eq!(waits, [5, 300, 1800, 7200, 18000, 36000, 36000]);
    }

    #[test]
    fn nothing_goes_on_for_more_than_two_days() {
        let late = at(48 * 3600 - 4);
        assert_eq!(
            Schedule::default().after_failure(1, at(0), late, 0),
            Next::TooOld
        );
    }

    #[test]
    fn words_are_read_back() {
        for state in State::ALL {
            assert_eq!(State::from_word(state.word()), Some(state));
        }
        assert_eq!(State::from_word("LOST"), None);
    }

    proptest! {
        #[test]
        fn jitter_adds_at_most_a_tenth(attempt in 1u32..8, jitter in 0u32..5000) {
            let schedule = Schedule::default();
            let exact = schedule.after_failure(attempt, at(0), at(0), 0);
            let with = schedule.after_failure(attempt, at(0), at(0), jitter);
            if let (Next::At(exact), Next::At(with)) = (exact, with) {
                prop_assert!(with >= exact);
                let most = exact.duration_since(at(0)).as_secs() * 11;
                prop_assert!(with.duration_since(at(0)).as_secs() * 10 <= most);
            } else {
                prop_assert!(false, "all seven waits are followed by an attempt");
            }
        }
    }
}
