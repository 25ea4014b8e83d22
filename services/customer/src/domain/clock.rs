//! Where a test clock may stand and how it moves.

use kernel::{Timestamp, calendar::IsoDuration};

use crate::error::CustomerError;

/// Seconds since 1970 of the first instant a test clock cannot reach: the year 9000.
const END_SECOND: i64 = 221_845_392_000;

/// An instant at which a test clock may stand, cut to microseconds.
pub fn admit(field: &'static str, time: Timestamp) -> Result<Timestamp, CustomerError> {
    if !(0..END_SECOND).contains(&time.as_second()) {
        return Err(CustomerError::invalid(
            field,
            "must lie in the years 1970 to 8999",
        ));
    }
    Ok(kernel::calendar::truncate_to_micros(time))
}

/// The instant a duration after another; it must lie later.
pub fn advanced(time: Timestamp, by: &str) -> Result<Timestamp, CustomerError> {
    const FIELD: &str = "advance_duration";
    let duration = IsoDuration::parse(by).map_err(|_| {
        CustomerError::invalid(FIELD, format!("`{by}` is not an ISO 8601 duration"))
    })?;
    let target = duration
        .add_to(time)
        .map_err(|_| CustomerError::invalid(FIELD, "leads out of the calendar"))?;
    if target <= time {
        return Err(CustomerError::invalid(FIELD, "must lead forward"));
    }
    admit(FIELD, target)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_clock_advances_by_the_calendar_and_only_forward() {
        let start: Timestamp = "2024-01-31T15:00:00Z".parse().unwrap();
        let found = advanced(start, "P1M").unwrap();
        assert_eq!(found.to_string(), "2024-02-29T15:00:00Z");
        for wrong in ["PT0S", "-P1D", "P9999Y", "tomorrow", ""] {
            assert!(advanced(start, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_clock_stands_within_the_calendar() {
        assert!(admit("time", Timestamp::from_second(-1).unwrap()).is_err());
        assert!(admit("time", Timestamp::from_second(END_SECOND).unwrap()).is_err());
        let last: Timestamp = "8999-12-31T23:59:59Z".parse().unwrap();
        assert!(admit("time", last).is_ok());
    }
}
