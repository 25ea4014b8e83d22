//! Usage periods of a metered entitlement: a schedule that repeats from an anchor, cut and moved by
//! manual resets. Periods are always derived from the anchor, never from the period before.

use kernel::{
    Timestamp,
    calendar::{CalendarError, Recurrence},
    period::Period,
};
use serde::{Deserialize, Serialize};

/// The course of usage periods: from when usage is measured, and every manual reset since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// Usage before this minute does not count.
    pub measure_from: Timestamp,
    /// The schedule as it was asked for. Manual resets keep its interval and may move its anchor.
    pub schedule: Recurrence,
    /// Whether programmatic resets charge overage to the next period.
    pub preserve_overage: bool,
    /// Manual resets by ascending time, one per minute.
    pub resets: Vec<ManualReset>,
}

/// A reset that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualReset {
    /// First minute of the new period.
    pub at: Timestamp,
    /// Anchor of the schedule from then on.
    pub anchor: Timestamp,
    /// Whether this reset charges overage to the new period.
    pub preserve_overage: bool,
}

/// A boundary between two usage periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// First instant of the new period.
    pub at: Timestamp,
    /// Whether overage is charged to the new period.
    pub preserve_overage: bool,
}

/// A stretch of the timeline that one schedule governs.
struct Stretch {
    start: Timestamp,
    end: Option<Timestamp>,
    schedule: Recurrence,
}

impl Timeline {
    /// Time of the last manual reset, else the start of measuring.
    pub fn last_reset(&self) -> Timestamp {
        self.resets
            .last()
            .map_or(self.measure_from, |reset| reset.at)
    }

    /// The usage period that contains an instant; before everything, the first one.
    pub fn period_at(&self, instant: Timestamp) -> Result<Period, CalendarError> {
        let stretch = self
            .resets
            .iter()
            .rposition(|reset| reset.at <= instant)
            .map_or_else(|| self.stretch(0), |index| self.stretch(index + 1));
        let period = stretch.schedule.period_at(instant.max(stretch.start))?;
        Ok(Period {
            start: period.start.max(stretch.start),
            end: stretch.end.map_or(period.end, |end| period.end.min(end)),
        })
    }

    /// Every reset in `(after, until]`, in order. A programmatic reset that falls on a manual one
    /// counts once, as the manual one.
    pub fn resets_between(
        &self,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Reset>, CalendarError> {
        let mut found = Vec::new();
        for index in 0..=self.resets.len() {
            let stretch = self.stretch(index);
            if let Some(manual) = index.checked_sub(1).and_then(|last| self.resets.get(last))
                && manual.at > self.measure_from
                && after < manual.at
                && manual.at <= until
            {
                found.push(Reset {
                    at: manual.at,
                    preserve_overage: manual.preserve_overage,
                });
            }
            let next = until.saturating_add(jiff::SignedDuration::from_nanos(1));
            let past_until = next.unwrap_or(Timestamp::MAX);
            let to = stretch.end.map_or(past_until, |end| end.min(past_until));
            let boundaries = stretch
                .schedule
                .occurrences_in(stretch.start.max(after), to)?;
            found.extend(
                boundaries
                    .into_iter()
                    .filter(|at| *at > stretch.start && *at > after)
                    .map(|at| Reset {
                        at,
                        preserve_overage: self.preserve_overage,
                    }),
            );
        }
        Ok(found)
    }

    /// Adds a manual reset; one at the same minute is replaced.
    pub fn with_reset(mut self, reset: ManualReset) -> Self {
        self.resets.retain(|earlier| earlier.at != reset.at);
        self.resets.push(reset);
        self.resets.sort_by_key(|reset| reset.at);
        self
    }

    /// The anchor that governs an instant.
    pub fn anchor_at(&self, instant: Timestamp) -> Timestamp {
        self.resets
            .iter()
            .rfind(|reset| reset.at <= instant)
            .map_or(self.schedule.anchor, |reset| reset.anchor)
    }

    /// The stretch before the reset with this index; the last one is open.
    fn stretch(&self, index: usize) -> Stretch {
        let opening = index.checked_sub(1).and_then(|last| self.resets.get(last));
        Stretch {
            start: opening.map_or(self.measure_from, |reset| reset.at),
            end: self.resets.get(index).map(|reset| reset.at),
            schedule: Recurrence {
                interval: self.schedule.interval.clone(),
                anchor: opening.map_or(self.schedule.anchor, |reset| reset.anchor),
            },
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use kernel::calendar::IsoDuration;
    use proptest::prelude::*;

    pub(crate) fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    pub(crate) fn timeline(measure_from: &str, anchor: &str, interval: &str) -> Timeline {
        Timeline {
            measure_from: at(measure_from),
            schedule: Recurrence::new(IsoDuration::parse(interval).unwrap(), at(anchor)).unwrap(),
            preserve_overage: false,
            resets: Vec::new(),
        }
    }

    fn manual(time: &str, anchor: &str) -> ManualReset {
        ManualReset {
            at: at(time),
            anchor: at(anchor),
            preserve_overage: false,
        }
    }

    fn check(timeline: &Timeline, instant: &str, start: &str, end: &str) {
        assert_eq!(
            timeline.period_at(at(instant)).unwrap(),
            Period {
                start: at(start),
                end: at(end)
            },
            "{instant}"
        );
    }

    #[test]
    fn the_table_of_current_periods_holds() {
        let plain = timeline("2024-01-10T08:30Z", "2024-01-01T00:00Z", "P1M");
        check(
            &plain,
            "2024-01-05T00:00Z",
            "2024-01-10T08:30Z",
            "2024-02-01T00:00Z",
        );
        check(
            &plain,
            "2024-01-20T00:00Z",
            "2024-01-10T08:30Z",
            "2024-02-01T00:00Z",
        );
        check(
            &plain,
            "2024-03-15T00:00Z",
            "2024-03-01T00:00Z",
            "2024-04-01T00:00Z",
        );
        let retained = plain
            .clone()
            .with_reset(manual("2024-03-10T12:00Z", "2024-01-01T00:00Z"));
        check(
            &retained,
            "2024-03-15T00:00Z",
            "2024-03-10T12:00Z",
            "2024-04-01T00:00Z",
        );
        check(
            &retained,
            "2024-03-09T00:00Z",
            "2024-03-01T00:00Z",
            "2024-03-10T12:00Z",
        );
        let moved = plain.with_reset(manual("2024-03-10T12:00Z", "2024-03-10T12:00Z"));
        check(
            &moved,
            "2024-03-15T00:00Z",
            "2024-03-10T12:00Z",
            "2024-04-10T12:00Z",
        );
    }

    #[test]
    fn an_anchor_in_the_future_works_backwards() {
        let daily = timeline("2024-06-28T14:35Z", "2024-06-28T14:48Z", "P1D");
        check(
            &daily,
            "2024-06-28T14:36Z",
            "2024-06-28T14:35Z",
            "2024-06-28T14:48Z",
        );
        check(
            &daily,
            "2024-06-28T14:48Z",
            "2024-06-28T14:48Z",
            "2024-06-29T14:48Z",
        );
    }

    #[test]
    fn boundaries_after_the_start_of_measuring_are_resets() {
        let daily = timeline("2025-06-05T00:00Z", "2025-06-05T01:00Z", "P1D");
        let resets = daily
            .resets_between(at("2025-06-06T14:08:02Z"), at("2025-06-10T14:08:02Z"))
            .unwrap();
        let times: Vec<String> = resets.iter().map(|reset| reset.at.to_string()).collect();
        assert_eq!(
            times,
            [
                "2025-06-07T01:00:00Z",
                "2025-06-08T01:00:00Z",
                "2025-06-09T01:00:00Z",
                "2025-06-10T01:00:00Z"
            ]
        );
    }

    #[test]
    fn a_subscription_that_starts_inside_a_period_keeps_the_days_of_its_anchor() {
        // The example of the catalog specification, section 10.4.
        let first = timeline("2025-07-10T15:00Z", "2025-01-31T15:00Z", "P1M");
        check(
            &first,
            "2025-07-10T15:00Z",
            "2025-07-10T15:00Z",
            "2025-07-31T15:00Z",
        );
        let second = timeline("2025-08-10T15:00Z", "2025-01-31T15:00Z", "P1M");
        check(
            &second,
            "2025-08-10T15:00Z",
            "2025-08-10T15:00Z",
            "2025-08-31T15:00Z",
        );
        check(
            &second,
            "2025-09-01T00:00Z",
            "2025-08-31T15:00Z",
            "2025-09-30T15:00Z",
        );
    }

    #[test]
    fn a_manual_reset_on_a_boundary_counts_once() {
        let daily =
            timeline("2025-06-05T00:00Z", "2025-06-05T00:00Z", "P1D").with_reset(ManualReset {
                at: at("2025-06-07T00:00Z"),
                anchor: at("2025-06-05T00:00Z"),
                preserve_overage: true,
            });
        let resets = daily
            .resets_between(at("2025-06-05T00:00Z"), at("2025-06-08T00:00Z"))
            .unwrap();
        let found: Vec<(String, bool)> = resets
            .iter()
            .map(|reset| (reset.at.to_string(), reset.preserve_overage))
            .collect();
        assert_eq!(
            found,
            [
                ("2025-06-06T00:00:00Z".to_owned(), false),
                ("2025-06-07T00:00:00Z".to_owned(), true),
                ("2025-06-08T00:00:00Z".to_owned(), false)
            ]
        );
    }

    #[test]
    fn a_second_reset_in_the_same_minute_replaces_the_first() {
        let twice = timeline("2025-06-05T00:00Z", "2025-06-05T00:00Z", "P1D")
            .with_reset(manual("2025-06-07T10:00Z", "2025-06-07T10:00Z"))
            .with_reset(manual("2025-06-07T10:00Z", "2025-06-05T00:00Z"));
        assert_eq!(twice.resets.len(), 1);
        check(
            &twice,
            "2025-06-07T11:00Z",
            "2025-06-07T10:00Z",
            "2025-06-08T00:00Z",
        );
    }

    proptest! {
        #[test]
        fn periods_touch_at_every_reset(
            minutes in proptest::collection::vec((1_i64..20_000, any::<bool>()), 0..5),
            ask in 0_i64..40_000,
        ) {
            let start = at("2025-01-03T07:30Z");
            let minute = |count: i64| start + jiff::SignedDuration::from_mins(count);
            let mut timeline = timeline("2025-01-03T07:30Z", "2025-01-01T00:00Z", "P1D");
            let mut sorted = minutes;
            sorted.sort_unstable();
            for (offset, retain) in sorted {
                let time = minute(offset);
                let anchor = if retain { timeline.anchor_at(time) } else { time };
                timeline = timeline.with_reset(ManualReset { at: time, anchor, preserve_overage: false });
            }
            let period = timeline.period_at(minute(ask)).unwrap();
            prop_assert!(period.contains(minute(ask)));
            let resets = timeline.resets_between(start, minute(ask)).unwrap();
            prop_assert_eq!(resets.last().map_or(start, |reset| reset.at), period.start);
            let next = timeline.resets_between(minute(ask), period.end).unwrap();
            prop_assert_eq!(next.len(), 1);
            prop_assert_eq!(next[0].at, period.end);
        }

        #[test]
        fn resets_of_two_halves_are_the_resets_of_the_whole(a in 0_i64..5_000, b in 0_i64..5_000, c in 0_i64..5_000) {
            let mut instants = [a, b, c];
            instants.sort_unstable();
            let start = at("2025-01-03T07:30Z");
            let [a, b, c] = instants.map(|count| start + jiff::SignedDuration::from_mins(count));
            let timeline = timeline("2025-01-03T07:30Z", "2025-01-01T00:00Z", "PT1H")
                .with_reset(manual("2025-01-04T10:10Z", "2025-01-04T10:10Z"));
            let mut halves = timeline.resets_between(a, b).unwrap();
            halves.extend(timeline.resets_between(b, c).unwrap());
            prop_assert_eq!(halves, timeline.resets_between(a, c).unwrap());
        }
    }
}
