//! Usage in pieces: full days (UTC) up to today, then full hours. Each piece is kept with the version of its
//! day or hour, so that a new event makes one piece old and not the whole period. Only usage that can be put
//! together from pieces is cut: sums, counts and latest values, not distinct values.

use kernel::{Decimal, Timestamp, decimal, period::Period};

use crate::{domain::usage::Aggregation, error::EntitlementError};

/// Most pieces of one question; longer ones are asked as they are.
pub const PIECES_MAX: usize = 800;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// A part of a span that lies within one day or one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The part.
    pub period: Period,
    unit: &'static str,
    number: i64,
}

impl Piece {
    /// The name of the version that grows when usage of a subject changes in the piece.
    pub fn scope(&self, subject: &str) -> String {
        format!("{}:{}:{subject}", self.unit, self.number)
    }

    /// The piece as a key: first and past last second.
    pub fn key(&self) -> (i64, i64) {
        let period = self.period;
        (period.start.as_second(), period.end.as_second())
    }
}

/// Cuts spans, each by itself; none when the aggregation cannot be put together or the pieces are too many.
pub fn cut(spans: &[Period], aggregation: Aggregation, now: Timestamp) -> Option<Vec<Vec<Piece>>> {
    match aggregation {
        Aggregation::Additive | Aggregation::Count | Aggregation::Latest => {}
        Aggregation::Unique => return None,
    }
    let today = now.as_second().div_euclid(DAY);
    let mut count = 0;
    let mut cut = Vec::with_capacity(spans.len());
    for span in spans {
        let mut pieces = Vec::new();
        let mut start = span.start;
        while start < span.end {
            let day = start.as_second().div_euclid(DAY);
            let (unit, length) = if day == today {
                ("hour", HOUR)
            } else {
                ("day", DAY)
            };
            let number = start.as_second().div_euclid(length);
            let next = Timestamp::from_second((number + 1) * length).unwrap_or(Timestamp::MAX);
            let end = next.min(span.end);
            pieces.push(Piece {
                period: Period { start, end },
                unit,
                number,
            });
            start = end;
            count += 1;
            if count > PIECES_MAX {
                return None;
            }
        }
        cut.push(pieces);
    }
    Some(cut)
}

/// Usage of a span from that of its pieces, in order.
pub fn join(
    pieces: &[Option<Decimal>],
    aggregation: Aggregation,
) -> Result<Option<Decimal>, EntitlementError> {
    let mut known = pieces.iter().filter_map(|value| *value);
    match aggregation {
        Aggregation::Additive | Aggregation::Count => {
            let Some(first) = known.next() else {
                return Ok(None);
            };
            Ok(Some(known.try_fold(first, decimal::add)?))
        }
        Aggregation::Latest => Ok(known.next_back()),
        Aggregation::Unique => Err(EntitlementError::UsageMismatch),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        timeline::tests::at,
        usage::{UsagePlan, tests::answer},
    };

    const NOW: &str = "2024-01-03T02:30:00Z";

    #[test]
    fn a_span_is_cut_at_days_and_today_at_hours() {
        let span = Period {
            start: at("2024-01-01T22:10Z"),
            end: at("2024-01-03T02:31Z"),
        };
        let pieces = cut(&[span], Aggregation::Count, at(NOW)).unwrap();
        let names: Vec<String> = pieces[0].iter().map(|piece| piece.scope("s")).collect();
        assert_eq!(
            names,
            [
                "day:19723:s",
                "day:19724:s",
                "hour:473400:s",
                "hour:473401:s",
                "hour:473402:s"
            ]
        );
        assert_eq!(pieces[0][0].period.start, span.start);
        assert_eq!(pieces[0][4].period.end, span.end);
        assert_eq!(cut(&[span], Aggregation::Unique, at(NOW)), None);
        let long = Period {
            end: at("2034-01-01T00:00Z"),
            ..span
        };
        assert_eq!(cut(&[long], Aggregation::Count, at(NOW)), None);
    }

    proptest! {
        #[test]
        fn pieces_come_to_the_whole(
            events in proptest::collection::vec((0_i64..4 * DAY, -20_i64..60), 0..30),
            bounds in proptest::array::uniform3(0_i64..4 * 1_440),
            kind in 0_usize..3,
        ) {
            let aggregation = [Aggregation::Additive, Aggregation::Count, Aggregation::Latest][kind];
            let start = at("2024-01-01T00:00Z");
            let minute = |count: i64| start + jiff::SignedDuration::from_mins(count);
            let mut bounds = bounds;
            bounds.sort_unstable();
            let events: Vec<(Timestamp, i64)> = events
                .into_iter()
                .map(|(second, value)| (start + jiff::SignedDuration::from_secs(second), value))
                .collect();
            let whole = |spans: &[Period]| {
                let mut plan = UsagePlan::new(aggregation, [spans[0].start]);
                for span in spans {
                    plan.cut(span.start);
                    plan.cut(span.end);
                }
                answer(plan, &events)
            };
            let spans: Vec<Period> = bounds
                .windows(2)
                .map(|pair| Period { start: minute(pair[0]), end: minute(pair[1]) })
                .filter(|span| !span.is_empty())
                .collect();
            if spans.is_empty() {
                return Ok(());
            }
            let table = whole(&spans);
            for (span, pieces) in spans.iter().zip(cut(&spans, aggregation, at(NOW)).unwrap()) {
                let periods: Vec<Period> = pieces.iter().map(|piece| piece.period).collect();
                let parts = whole(&periods);
                let values: Vec<Option<Decimal>> = periods
                    .iter()
                    .map(|part| parts.between(part.start, part.end).unwrap())
                    .collect();
                prop_assert_eq!(
                    join(&values, aggregation).unwrap(),
                    table.between(span.start, span.end).unwrap()
                );
            }
        }
    }
}
