//! Calendar time in UTC: ISO 8601 durations that keep their text, recurrences counted from an
//! anchor, and rounding of instants. Everything periodic in the suite goes through here.

mod duration;
mod parts;
mod recurrence;

pub use duration::IsoDuration;
pub use recurrence::{OCCURRENCES_MAX, Recurrence};

use jiff::Timestamp;

/// Why calendar arithmetic has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The text is no ISO 8601 duration.
    #[error("not an ISO 8601 duration")]
    Syntax,
    /// The result lies outside the years -9999 to 9999.
    #[error("time out of range")]
    OutOfRange,
    /// A recurrence needs an interval longer than nothing.
    #[error("interval must be positive")]
    NotPositive,
    /// More than [`OCCURRENCES_MAX`] occurrences were asked for at once.
    #[error("too many occurrences")]
    TooManyOccurrences,
}

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// The last whole second at or before an instant.
pub fn floor_to_second(instant: Timestamp) -> Timestamp {
    floor_to(instant, NANOS_PER_SECOND)
}

/// The last whole minute at or before an instant.
pub fn floor_to_minute(instant: Timestamp) -> Timestamp {
    floor_to(instant, 60 * NANOS_PER_SECOND)
}

/// The first whole minute at or after an instant.
pub fn ceil_to_minute(instant: Timestamp) -> Timestamp {
    let minute = 60 * NANOS_PER_SECOND;
    let nanos = instant.as_nanosecond();
    let up = nanos.div_euclid(minute) + i128::from(nanos.rem_euclid(minute) != 0);
    Timestamp::from_nanosecond(up * minute).unwrap_or(Timestamp::MAX)
}

/// The last whole microsecond at or before an instant: what both databases keep.
pub fn truncate_to_micros(instant: Timestamp) -> Timestamp {
    floor_to(instant, 1_000)
}

fn floor_to(instant: Timestamp, step: i128) -> Timestamp {
    let nanos = instant.as_nanosecond();
    Timestamp::from_nanosecond(nanos - nanos.rem_euclid(step)).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn instants_round_down_and_up() {
        let instant = at("2025-01-01T10:15:30.123456789Z");
        assert_eq!(floor_to_second(instant), at("2025-01-01T10:15:30Z"));
        assert_eq!(floor_to_minute(instant), at("2025-01-01T10:15:00Z"));
        assert_eq!(ceil_to_minute(instant), at("2025-01-01T10:16:00Z"));
        assert_eq!(
            truncate_to_micros(instant),
            at("2025-01-01T10:15:30.123456Z")
        );
        assert_eq!(
            ceil_to_minute(at("2025-01-01T10:15:00Z")),
            at("2025-01-01T10:15:00Z")
        );
    }

    #[test]
    fn rounding_down_goes_to_the_past_before_1970_too() {
        assert_eq!(
            floor_to_minute(at("1969-12-31T23:59:30Z")),
            at("1969-12-31T23:59:00Z")
        );
        assert_eq!(
            ceil_to_minute(at("1969-12-31T23:58:30Z")),
            at("1969-12-31T23:59:00Z")
        );
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        assert_eq!(ceil_to_minute(Timestamp::MAX), Timestamp::MAX);
        assert!(
            floor_to_minute(Timestamp::MIN)
                <= Timestamp::MIN
                    .saturating_add(jiff::SignedDuration::from_mins(1))
                    .unwrap()
        );
    }
}
