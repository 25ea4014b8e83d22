//! Calendar windows in a time zone. They partition time: every instant is in exactly one window of a
//! size and zone, and each window ends where the next begins, across clock changes too.

use jiff::{Timestamp, tz::TimeZone};

/// Clock changes that are looked at, two a year. What follows is in every zone a rule that repeats itself.
const CHANGES_MAX: usize = 500;

/// Length of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowSize {
    /// Full minutes.
    Minute,
    /// Full hours.
    Hour,
    /// Civil days.
    Day,
    /// Civil months.
    Month,
}

/// How a query cuts time.
#[derive(Clone, Debug)]
pub struct Windows {
    /// Length of the windows.
    pub size: WindowSize,
    /// Whose calendar it is.
    pub zone: TimeZone,
}

/// One window, half-open, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// First second inside.
    pub start: i64,
    /// First second after.
    pub end: i64,
}

/// The instant lies outside the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the instant has no window")]
pub struct NoWindow;

impl Window {
    /// Whether a second is inside.
    pub const fn contains(self, second: i64) -> bool {
        self.start <= second && second < self.end
    }
}

/// The zone of an IANA name; empty means UTC.
pub fn zone(name: &str) -> Option<TimeZone> {
    if name.is_empty() {
        return Some(TimeZone::UTC);
    }
    TimeZone::get(name).ok()
}

/// The full minute that a second is in.
pub const fn minute_of(second: i64) -> Window {
    let start = second - second.rem_euclid(60);
    Window {
        start,
        end: start + 60,
    }
}

impl Windows {
    /// Whether every window begins and ends on a full minute of UTC. The one zone that was off by seconds
    /// after 1970 still is when that year began.
    pub fn has_whole_minutes(&self) -> bool {
        self.offset(0).is_ok_and(|offset| offset % 60 == 0)
    }

    /// Whether every window of a span begins and ends on a full hour of UTC: the zone is off by full hours
    /// and changes its clock at full hours, there at least.
    pub fn has_whole_hours(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> bool {
        if self.size == WindowSize::Minute {
            return false;
        }
        // A window may begin before the span.
        let start = from
            .map_or(Timestamp::UNIX_EPOCH, |from| {
                from.max(Timestamp::UNIX_EPOCH)
            })
            .checked_sub(jiff::SignedDuration::from_hours(32 * 24))
            .unwrap_or(Timestamp::MIN);
        let end = to
            .unwrap_or(Timestamp::MAX)
            .checked_add(jiff::SignedDuration::from_hours(32 * 24))
            .unwrap_or(Timestamp::MAX);
        let whole = |seconds: i64| seconds % 3_600 == 0;
        let changes = self.zone.following(start);
        self.offset(start.as_second()).is_ok_and(whole)
            && changes
                .take_while(|change| change.timestamp() <= end)
                .take(CHANGES_MAX)
                .all(|change| {
                    whole(change.timestamp().as_second()) && whole(change.offset().seconds().into())
                })
    }

    /// The window that a second is in.
    pub fn window_of(&self, second: i64) -> Result<Window, NoWindow> {
        let instant = Timestamp::from_second(second).map_err(|_| NoWindow)?;
        match self.size {
            WindowSize::Minute => self.clock_window(second, 60),
            WindowSize::Hour => self.clock_window(second, 3_600),
            WindowSize::Day => {
                let date = self.zone.to_datetime(instant).date();
                self.civil_window(date, date.tomorrow().map_err(|_| NoWindow)?)
            }
            WindowSize::Month => {
                let first = self.zone.to_datetime(instant).date().first_of_month();
                let next = first.last_of_month().tomorrow().map_err(|_| NoWindow)?;
                self.civil_window(first, next)
            }
        }
    }

    fn civil_window(
        &self,
        first: jiff::civil::Date,
        next: jiff::civil::Date,
    ) -> Result<Window, NoWindow> {
        let start_of = |date: jiff::civil::Date| {
            self.zone
                .to_zoned(date.at(0, 0, 0, 0))
                .map(|midnight| midnight.timestamp().as_second())
                .map_err(|_| NoWindow)
        };
        Ok(Window {
            start: start_of(first)?,
            end: start_of(next)?,
        })
    }

    /// Minutes and hours as the clock on the wall shows them; a change of the clock inside one cuts it.
    fn clock_window(&self, second: i64, length: i64) -> Result<Window, NoWindow> {
        let offset = self.offset(second)?;
        let wall = second + offset;
        let start = wall - wall.rem_euclid(length) - offset;
        let mut window = Window {
            start,
            end: start + length,
        };
        if self.offset(window.start)? != offset {
            let after = Timestamp::from_second(second + 1).map_err(|_| NoWindow)?;
            let change = self.zone.preceding(after).next().ok_or(NoWindow)?;
            window.start = change.timestamp().as_second();
        }
        if self.offset(window.end - 1)? != offset {
            let now = Timestamp::from_second(second).map_err(|_| NoWindow)?;
            let change = self.zone.following(now).next().ok_or(NoWindow)?;
            window.end = change.timestamp().as_second();
        }
        Ok(window)
    }

    fn offset(&self, second: i64) -> Result<i64, NoWindow> {
        let instant = Timestamp::from_second(second).map_err(|_| NoWindow)?;
        Ok(self.zone.to_offset(instant).seconds().into())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn second(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    fn check(zone_name: &str, size: WindowSize, instant: &str, start: &str, end: &str) {
        let windows = Windows {
            size,
            zone: zone(zone_name).unwrap(),
        };
        let expected = Window {
            start: second(start),
            end: second(end),
        };
        assert_eq!(
            windows.window_of(second(instant)).unwrap(),
            expected,
            "{instant} {size:?} {zone_name}"
        );
    }

    #[test]
    fn windows_in_utc() {
        let at = "2024-02-29T23:59:59Z";
        check(
            "",
            WindowSize::Minute,
            at,
            "2024-02-29T23:59:00Z",
            "2024-03-01T00:00:00Z",
        );
        check(
            "UTC",
            WindowSize::Hour,
            at,
            "2024-02-29T23:00:00Z",
            "2024-03-01T00:00:00Z",
        );
        check(
            "UTC",
            WindowSize::Day,
            at,
            "2024-02-29T00:00:00Z",
            "2024-03-01T00:00:00Z",
        );
        check(
            "UTC",
            WindowSize::Month,
            at,
            "2024-02-01T00:00:00Z",
            "2024-03-01T00:00:00Z",
        );
    }

    #[test]
    fn days_have_23_or_25_hours_when_the_clock_changes() {
        let zone = "America/Los_Angeles";
        check(
            zone,
            WindowSize::Day,
            "2025-03-09T17:00:00Z",
            "2025-03-09T08:00:00Z",
            "2025-03-10T07:00:00Z",
        );
        check(
            zone,
            WindowSize::Day,
            "2025-03-08T18:00:00Z",
            "2025-03-08T08:00:00Z",
            "2025-03-09T08:00:00Z",
        );
        check(
            zone,
            WindowSize::Day,
            "2025-11-02T18:00:00Z",
            "2025-11-02T07:00:00Z",
            "2025-11-03T08:00:00Z",
        );
        check(
            zone,
            WindowSize::Month,
            "2025-03-20T00:00:00Z",
            "2025-03-01T08:00:00Z",
            "2025-04-01T07:00:00Z",
        );
    }

    #[test]
    fn hours_follow_the_wall_clock_of_the_zone() {
        check(
            "Asia/Kolkata",
            WindowSize::Hour,
            "2025-01-01T00:10:00Z",
            "2024-12-31T23:30:00Z",
            "2025-01-01T00:30:00Z",
        );
        check(
            "America/Los_Angeles",
            WindowSize::Hour,
            "2025-11-02T08:30:00Z",
            "2025-11-02T08:00:00Z",
            "2025-11-02T09:00:00Z",
        );
        check(
            "America/Los_Angeles",
            WindowSize::Hour,
            "2025-11-02T09:30:00Z",
            "2025-11-02T09:00:00Z",
            "2025-11-02T10:00:00Z",
        );
        // Lord Howe moves its clock by half an hour, at 02:00, in the middle of no hour of UTC.
        check(
            "Australia/Lord_Howe",
            WindowSize::Hour,
            "2025-04-05T14:45:00Z",
            "2025-04-05T14:00:00Z",
            "2025-04-05T15:00:00Z",
        );
        check(
            "Australia/Lord_Howe",
            WindowSize::Hour,
            "2025-04-05T15:10:00Z",
            "2025-04-05T15:00:00Z",
            "2025-04-05T15:30:00Z",
        );
    }

    #[test]
    fn names_outside_the_database_are_no_zone() {
        assert!(zone("Mars/Olympus").is_none());
        assert!(zone("UTC").is_some());
    }

    #[test]
    fn hours_are_whole_where_the_clock_is_off_by_hours() {
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let whole = |name: &str, size, from: &str| {
            let windows = Windows {
                size,
                zone: zone(name).unwrap(),
            };
            windows.has_whole_hours(at(from), at("2026-01-01T00:00:00Z"))
        };
        let recent = "2020-01-01T00:00:00Z";
        for name in ["", "Europe/Berlin", "America/New_York", "Asia/Tokyo"] {
            assert!(whole(name, WindowSize::Day, recent), "{name}");
            assert!(!whole(name, WindowSize::Minute, recent), "{name}");
        }
        for name in ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"] {
            assert!(!whole(name, WindowSize::Hour, recent), "{name}");
        }
        // Half hours of long ago.
        assert!(whole("Asia/Singapore", WindowSize::Month, recent));
        assert!(!whole(
            "Asia/Singapore",
            WindowSize::Month,
            "1981-01-01T00:00:00Z"
        ));
    }

    proptest! {
        #[test]
        fn windows_partition_time(
            second in 0_i64..4_000_000_000,
            zone_name in prop::sample::select(vec![
                "UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana",
                "Pacific/Apia", "America/Sao_Paulo", "Africa/Monrovia",
            ]),
            size in prop::sample::select(vec![WindowSize::Minute, WindowSize::Hour, WindowSize::Day, WindowSize::Month]),
        ) {
            let windows = Windows { size, zone: zone(zone_name).unwrap() };
            let window = windows.window_of(second).unwrap();
            prop_assert!(window.contains(second));
            prop_assert_eq!(windows.window_of(window.start).unwrap(), window);
            prop_assert_eq!(windows.window_of(window.end - 1).unwrap(), window);
            prop_assert_eq!(windows.window_of(window.end).unwrap().start, window.end);
        }
    }
}
