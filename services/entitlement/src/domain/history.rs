//! How a metered entitlement was used over time: calendar windows, and the segments of the burn-down.

use kernel::{
    Decimal, Timestamp,
    calendar::{CalendarError, ceil_to_minute, floor_to_minute, floor_to_second},
    decimal,
    period::Period,
    window::{NoWindow, Windows},
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

/// What is asked.
#[derive(Clone, Debug)]
pub struct HistoryRequest {
    /// How time is cut.
    pub windows: Windows,
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
        let window = window_of(&self.windows, from)?;
        Ok(from.min(window.start.max(metered.timeline.measure_from)))
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
    let mut next = range.start;
    while next < range.end {
        let period = window_of(&request.windows, next)?;
        if let Some(asked) = period
            .intersect(&range)
            .filter(|_| period.start >= measure_from)
        {
            found.push(Window { period, asked });
        }
        if found.len() > WINDOWS_MAX {
            return Err(EntitlementError::TooManyWindows { limit: WINDOWS_MAX });
        }
        next = period.end;
    }
    Ok(found)
}

/// The calendar window that an instant is in.
fn window_of(windows: &Windows, instant: Timestamp) -> Result<Period, CalendarError> {
    let window = windows
        .window_of(floor_to_second(instant).as_second())
        .map_err(|NoWindow| CalendarError::OutOfRange)?;
    let at = |second| Timestamp::from_second(second).map_err(|_| CalendarError::OutOfRange);
    Ok(Period {
        start: at(window.start)?,
        end: at(window.end)?,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use jiff::SignedDuration;
    use kernel::window::{WindowSize, zone};

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

    fn in_utc(size: WindowSize) -> Windows {
        Windows {
            size,
            zone: zone("UTC").unwrap(),
        }
    }

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
            windows: in_utc(window_size),
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
            windows: in_utc(WindowSize::Hour),
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
    fn a_clock_change_of_half_an_hour_cuts_the_hour_that_it_is_in() {
        let metered = metered(timeline("2026-10-01T00:00Z", "2026-10-01T00:00Z", "P1M"));
        let request = HistoryRequest {
            windows: Windows {
                size: WindowSize::Hour,
                zone: zone("Australia/Lord_Howe").unwrap(),
            },
            from: Some(at("2026-10-03T13:00Z")),
            to: Some(at("2026-10-03T18:00Z")),
        };
        let question =
            HistoryQuestion::new(&metered, &[], None, &request, at("2026-10-04T00:00Z")).unwrap();
        let windows: Vec<(String, String)> = question
            .windows
            .iter()
            .map(|window| {
                (
                    window.period.start.to_string(),
                    window.period.end.to_string(),
                )
            })
            .collect();
        // 10:30 hours ahead of UTC until 15:30, then 11:00.
        let bounds = [
            "12:30", "13:30", "14:30", "15:30", "16:00", "17:00", "18:00",
        ]
        .map(|time| format!("2026-10-03T{time}:00Z"));
        let expected: Vec<(String, String)> = bounds
            .windows(2)
            .map(|pair| (pair[0].clone(), pair[1].clone()))
            .collect();
        assert_eq!(windows, expected);
    }

    #[test]
    fn too_many_windows_are_refused() {
        let metered = metered(timeline(START, START, "P1M"));
        let request = HistoryRequest {
            windows: in_utc(WindowSize::Minute),
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
