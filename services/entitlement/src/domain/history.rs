//! How a metered entitlement was used over time: calendar windows, and the segments of the burn-down.

use jiff::{
    Span, ToSpan,
    civil::Date,
    tz::{Offset, TimeZone},
};
use kernel::{
    Decimal, Timestamp,
    calendar::{CalendarError, ceil_to_minute, floor_to_minute},
    decimal,
    period::Period,
};

use super::{
    balance::{answerable, horizon},
    burn_down::{Checkpoint, Course, Segment},
    entitlement::Metered,
    grant::Grant,
    usage::{Aggregation, UsagePlan, UsageTable},
};
use crate::error::EntitlementError;

/// Most windows of one answer.
pub const WINDOWS_MAX: usize = 10_000;

/// Length of a calendar window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowSize {
    /// A minute.
    Minute,
    /// An hour of the clock.
    Hour,
    /// A civil day.
    Day,
    /// A civil month.
    Month,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct HistoryRequest {
    /// Size of the windows.
    pub window_size: WindowSize,
    /// Zone whose calendar cuts the windows.
    pub zone: TimeZone,
    /// Start; the last reset when not said.
    pub from: Option<Timestamp>,
    /// End; now when not said.
    pub to: Option<Timestamp>,
}

/// A history that waits for usage.
#[derive(Clone, Debug)]
pub struct HistoryQuestion<'a> {
    course: Course<'a>,
    usage_plan: UsagePlan,
    windows: Vec<Window>,
    segments_from: Timestamp,
}

/// A window, and the part of it that was asked for.
#[derive(Clone, Copy, Debug)]
struct Window {
    period: Period,
    asked: Period,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct History {
    /// Every window of the range.
    pub windows: Vec<HistoryWindow>,
    /// The segments of the burn-down over the range.
    pub segments: Vec<Segment>,
}

/// Usage and balance of one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryWindow {
    /// The window with its full calendar bounds.
    pub period: Period,
    /// Usage in the part that was asked for.
    pub usage: Decimal,
    /// Balance at its start.
    pub balance_at_start: Decimal,
}

impl HistoryRequest {
    /// From when the balance must be known, so that a checkpoint from then or earlier serves.
    pub fn start(&self, metered: &Metered) -> Result<Timestamp, EntitlementError> {
        let from = floor_to_minute(self.from.unwrap_or_else(|| metered.timeline.last_reset()));
        let window = window_start(self.window_size, &self.zone, from)?;
        Ok(from.min(window.max(metered.timeline.measure_from)))
    }
}

impl<'a> HistoryQuestion<'a> {
    /// The question for a range.
    pub fn new(
        metered: &Metered,
        grants: &'a [Grant],
        checkpoint: Option<Checkpoint>,
        request: &HistoryRequest,
        now: Timestamp,
    ) -> Result<Self, EntitlementError> {
        let timeline = &metered.timeline;
        let measure_from = timeline.measure_from;
        let asked_from = request.from.unwrap_or_else(|| timeline.last_reset());
        if asked_from < measure_from {
            return Err(EntitlementError::HistoryBeforeMeasuring { measure_from });
        }
        let to = request.to.map_or_else(|| horizon(now, now), ceil_to_minute);
        let from = floor_to_minute(asked_from).max(measure_from);
        if to < from {
            return Err(EntitlementError::invalid(
                "end_time",
                "must not lie before the start",
            ));
        }
        let windows = windows(
            request,
            Period {
                start: from,
                end: to,
            },
            measure_from,
        )?;
        let segments_from = windows
            .first()
            .map_or(from, |window| window.period.start.min(from));
        let aggregation = metered.source.aggregation;
        // A limit is measured anew in every phase, so a phase of a latest value must not be cut.
        let extra: &[Timestamp] = match aggregation {
            Aggregation::Additive | Aggregation::Count | Aggregation::Unique => &[segments_from],
            Aggregation::Latest => &[],
        };
        let start = checkpoint
            .filter(|checkpoint| checkpoint.at <= segments_from)
            .unwrap_or_else(|| Checkpoint::start(timeline, grants));
        let course = Course::plan(grants, timeline, aggregation, start, to, extra)?;
        let mut usage_plan = course.usage_plan();
        for window in &windows {
            usage_plan.cut(window.period.start);
            usage_plan.cut(window.asked.start);
            usage_plan.cut(window.asked.end);
        }
        Ok(Self {
            course,
            usage_plan,
            windows,
            segments_from,
        })
    }

    /// The spans whose usage must be known.
    pub fn spans(&self) -> Vec<Period> {
        self.usage_plan.spans()
    }

    /// The history, from one usage per span.
    pub fn answer(self, usage: Vec<Option<Decimal>>) -> Result<History, EntitlementError> {
        let table = self.usage_plan.answered(usage)?;
        let burned = self
            .course
            .burn(|span| table.between(span.start, span.end), Timestamp::MIN)?;
        let first = burned
            .segments
            .iter()
            .rposition(|segment| segment.period.start <= self.segments_from)
            .unwrap_or(0);
        let segments = burned.segments.get(first..).unwrap_or_default().to_vec();
        let windows = self
            .windows
            .iter()
            .map(|window| {
                Ok(HistoryWindow {
                    period: window.period,
                    usage: table
                        .between(window.asked.start, window.asked.end)?
                        .unwrap_or_default(),
                    balance_at_start: balance_at(window.period.start, &segments, &table)?,
                })
            })
            .collect::<Result<Vec<_>, EntitlementError>>()?;
        answerable(
            windows
                .iter()
                .flat_map(|window| [window.usage, window.balance_at_start]),
        )?;
        answerable(
            segments
                .iter()
                .flat_map(|segment| [segment.usage, segment.overage]),
        )?;
        Ok(History { windows, segments })
    }
}

/// The balance at an instant inside the segments: that of its segment less what was used since.
fn balance_at(
    instant: Timestamp,
    segments: &[Segment],
    usage: &UsageTable,
) -> Result<Decimal, EntitlementError> {
    let Some(segment) = segments
        .iter()
        .rfind(|segment| segment.period.start <= instant)
    else {
        return Ok(Decimal::ZERO);
    };
    let at_start = decimal::checked_sum(segment.balances_at_start.values().copied())?;
    let used = usage
        .between(segment.period.start, instant)?
        .unwrap_or_default();
    let need = decimal::add(used, segment.overage_at_start)?;
    Ok(decimal::sub(at_start, need)?.max(Decimal::ZERO))
}

/// All windows that share a moment with a range and do not start before measuring.
fn windows(
    request: &HistoryRequest,
    range: Period,
    measure_from: Timestamp,
) -> Result<Vec<Window>, EntitlementError> {
    let mut found = Vec::new();
    let mut start = window_start(request.window_size, &request.zone, range.start)?;
    while start < range.end {
        let end = window_end(request.window_size, &request.zone, start)?;
        let period = Period { start, end };
        if let Some(asked) = period.intersect(&range).filter(|_| start >= measure_from) {
            found.push(Window { period, asked });
        }
        if found.len() > WINDOWS_MAX {
            return Err(EntitlementError::TooManyWindows { limit: WINDOWS_MAX });
        }
        start = end;
    }
    Ok(found)
}

/// Start of the window that contains an instant.
fn window_start(
    size: WindowSize,
    zone: &TimeZone,
    instant: Timestamp,
) -> Result<Timestamp, CalendarError> {
    let date = zone.to_datetime(instant).date();
    match size {
        WindowSize::Minute => floor_by_clock(zone, instant, 60),
        WindowSize::Hour => floor_by_clock(zone, instant, 3_600),
        WindowSize::Day => midnight(zone, date),
        WindowSize::Month => midnight(zone, date.first_of_month()),
    }
}

/// End of the window that starts at an instant.
fn window_end(
    size: WindowSize,
    zone: &TimeZone,
    start: Timestamp,
) -> Result<Timestamp, CalendarError> {
    let date = zone.to_datetime(start).date();
    let next_midnight = |span: Span| {
        let next = date
            .checked_add(span)
            .map_err(|_| CalendarError::OutOfRange)?;
        midnight(zone, next)
    };
    let clock = |seconds: i64| {
        let length = jiff::SignedDuration::from_secs(seconds);
        start
            .checked_add(length)
            .map_err(|_| CalendarError::OutOfRange)
    };
    match size {
        WindowSize::Minute => clock(60),
        WindowSize::Hour => clock(3_600),
        WindowSize::Day => next_midnight(1.day()),
        WindowSize::Month => next_midnight(1.month()),
    }
}

fn midnight(zone: &TimeZone, date: Date) -> Result<Timestamp, CalendarError> {
    let start = date
        .to_zoned(zone.clone())
        .and_then(|zoned| zoned.start_of_day())
        .map_err(|_| CalendarError::OutOfRange)?;
    Ok(start.timestamp())
}

/// The last multiple of a number of seconds on the zone's clock.
fn floor_by_clock(
    zone: &TimeZone,
    instant: Timestamp,
    seconds: i64,
) -> Result<Timestamp, CalendarError> {
    let offset: Offset = zone.to_offset(instant);
    let local = instant.as_nanosecond().div_euclid(1_000_000_000) + i128::from(offset.seconds());
    let floored = local - local.rem_euclid(i128::from(seconds)) - i128::from(offset.seconds());
    Timestamp::from_nanosecond(floored * 1_000_000_000).map_err(|_| CalendarError::OutOfRange)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::{
        entitlement::tests::metered,
        grant::tests::grant,
        timeline::{
            ManualReset,
            tests::{at, timeline},
        },
        usage::tests::answer,
    };

    const START: &str = "2024-01-01T00:00Z";

    fn minutes(count: i64) -> Timestamp {
        at(START) + SignedDuration::from_mins(count)
    }

    fn ask(
        metered: &Metered,
        grants: &[Grant],
        events: &[(Timestamp, i64)],
        window_size: WindowSize,
        from: Option<Timestamp>,
        to: Timestamp,
    ) -> History {
        let request = HistoryRequest {
            window_size,
            zone: TimeZone::UTC,
            from,
            to: Some(to),
        };
        let question = HistoryQuestion::new(metered, grants, None, &request, to).unwrap();
        let spans = question.spans();
        let mut usage_plan = question.usage_plan.clone();
        usage_plan.cut(spans[0].start);
        let table = answer(usage_plan, events);
        let answers = spans
            .iter()
            .map(|span| table.between(span.start, span.end).unwrap())
            .collect();
        question.answer(answers).unwrap()
    }

    fn numbers(windows: &[HistoryWindow]) -> Vec<(i64, i64)> {
        let number = |value: Decimal| i64::try_from(value).unwrap();
        windows
            .iter()
            .map(|window| (number(window.balance_at_start), number(window.usage)))
            .collect()
    }

    fn hourly_story() -> (Vec<Grant>, Vec<(Timestamp, i64)>) {
        let grants = vec![
            grant(1, 10_000, START),
            grant(2, 10_000, &minutes(180).to_string()),
            grant(3, 10_000, &minutes(330).to_string()),
        ];
        let events = vec![
            (minutes(1), 100),
            (minutes(121), 100),
            (minutes(181), 100),
            (minutes(301), 100),
            (minutes(481), 1_100),
            (minutes(720) - SignedDuration::from_secs(1), 100),
        ];
        (grants, events)
    }

    #[test]
    fn the_hourly_example_holds() {
        let metered = metered(timeline(START, START, "P1M"));
        let (grants, events) = hourly_story();
        let expected = [
            (10_000, 100),
            (9_900, 0),
            (9_900, 100),
            (19_800, 100),
            (19_700, 0),
            (19_700, 100),
            (29_600, 0),
            (29_600, 0),
            (29_600, 1_100),
            (28_500, 0),
            (28_500, 0),
            (28_500, 100),
        ];
        let whole = ask(
            &metered,
            &grants,
            &events,
            WindowSize::Hour,
            Some(minutes(0)),
            minutes(720),
        );
        assert_eq!(numbers(&whole.windows), expected);
        let segments: Vec<(Timestamp, Timestamp, Decimal, Decimal, Decimal)> = whole
            .segments
            .iter()
            .map(|segment| {
                (
                    segment.period.start,
                    segment.period.end,
                    segment.balances_at_start.values().sum(),
                    segment.balances_at_end.values().sum(),
                    segment.usage,
                )
            })
            .collect();
        let number = Decimal::from;
        assert_eq!(
            segments,
            [
                (
                    minutes(0),
                    minutes(180),
                    number(10_000),
                    number(9_800),
                    number(200)
                ),
                (
                    minutes(180),
                    minutes(330),
                    number(19_800),
                    number(19_600),
                    number(200)
                ),
                (
                    minutes(330),
                    minutes(720),
                    number(29_600),
                    number(28_400),
                    number(1_200)
                )
            ]
        );
        let two_seconds = SignedDuration::from_secs(2);
        let inside = ask(
            &metered,
            &grants,
            &events,
            WindowSize::Hour,
            Some(minutes(0) + two_seconds),
            minutes(720) - two_seconds,
        );
        assert_eq!(numbers(&inside.windows), expected);
        let later = ask(
            &metered,
            &grants,
            &events,
            WindowSize::Hour,
            Some(minutes(60)),
            minutes(720),
        );
        assert_eq!(numbers(&later.windows), expected[1..]);
        assert_eq!(later.segments[0].period.start, minutes(60));
    }

    #[test]
    fn the_daily_example_with_a_reset_inside_a_day_holds() {
        let reset = minutes(12 * 60);
        let line = timeline(START, START, "P1M").with_reset(ManualReset {
            at: reset,
            anchor: reset,
            preserve_overage: false,
        });
        let grants = [
            Grant {
                max_rollover: Decimal::ZERO,
                ..grant(1, 10_000, START)
            },
            grant(2, 7_000, &reset.to_string()),
        ];
        let events = [
            (minutes(60), 100),
            (minutes(11 * 60), 500),
            (minutes(18 * 60), 300),
            (minutes(25 * 60), 1_100),
        ];
        let metered = metered(line);
        let history = ask(
            &metered,
            &grants,
            &events,
            WindowSize::Day,
            Some(minutes(0)),
            minutes(2 * 1_440),
        );
        assert_eq!(numbers(&history.windows), [(10_000, 900), (6_700, 1_100)]);
        assert_eq!(history.segments.len(), 2);
        // Without a start, the history begins at the last reset; its own day began before.
        let since = ask(
            &metered,
            &grants,
            &events,
            WindowSize::Day,
            None,
            minutes(2 * 1_440),
        );
        assert_eq!(numbers(&since.windows), [(10_000, 300), (6_700, 1_100)]);
    }

    #[test]
    fn windows_before_measuring_are_left_out() {
        let metered = metered(timeline("2024-01-01T08:30Z", START, "P1M"));
        let history = ask(&metered, &[], &[], WindowSize::Hour, None, minutes(11 * 60));
        assert_eq!(history.windows.len(), 2);
        assert_eq!(history.windows[0].period.start, minutes(9 * 60));
        let request = HistoryRequest {
            window_size: WindowSize::Hour,
            zone: TimeZone::UTC,
            from: Some(minutes(0)),
            to: None,
        };
        let early = HistoryQuestion::new(&metered, &[], None, &request, minutes(1_440));
        assert!(matches!(
            early,
            Err(EntitlementError::HistoryBeforeMeasuring { .. })
        ));
    }

    #[test]
    fn a_history_that_ends_on_a_reset_ends_with_an_empty_segment() {
        let metered = metered(timeline(START, START, "P1D"));
        let history = ask(
            &metered,
            &[],
            &[],
            WindowSize::Hour,
            Some(minutes(0)),
            minutes(1_440),
        );
        assert_eq!(history.windows.len(), 24);
        let last = history.segments.last().unwrap();
        assert_eq!(
            (last.period.start, last.period.end),
            (minutes(1_440), minutes(1_440))
        );
    }

    #[test]
    fn days_follow_the_zone_and_its_clock_changes() {
        let zone = TimeZone::get("America/Los_Angeles").unwrap();
        let start = window_start(WindowSize::Day, &zone, at("2025-03-09T17:00Z")).unwrap();
        assert_eq!(start, at("2025-03-09T08:00Z"));
        assert_eq!(
            window_end(WindowSize::Day, &zone, start).unwrap(),
            at("2025-03-10T07:00Z")
        );
        let month = window_start(WindowSize::Month, &zone, at("2025-03-09T17:00Z")).unwrap();
        assert_eq!(month, at("2025-03-01T08:00Z"));
        assert_eq!(
            window_end(WindowSize::Month, &zone, month).unwrap(),
            at("2025-04-01T07:00Z")
        );
        let half = TimeZone::get("Asia/Kolkata").unwrap();
        let hour = window_start(WindowSize::Hour, &half, at("2025-03-09T17:10Z")).unwrap();
        assert_eq!(hour, at("2025-03-09T16:30Z"));
    }

    #[test]
    fn too_many_windows_are_refused() {
        let metered = metered(timeline(START, START, "P1M"));
        let request = HistoryRequest {
            window_size: WindowSize::Minute,
            zone: TimeZone::UTC,
            from: None,
            to: Some(at("2024-02-01T00:00Z")),
        };
        let asked = HistoryQuestion::new(&metered, &[], None, &request, at("2024-02-01T00:00Z"));
        assert!(matches!(
            asked,
            Err(EntitlementError::TooManyWindows { .. })
        ));
    }
}
