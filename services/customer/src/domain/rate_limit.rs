//! Documented rate limits: how often a key may call in a span of project time. A fixed span
//! begins at multiples of its length, a sliding one lies before each call.

use super::text;
use crate::error::CustomerError;

/// Most buckets of one call.
pub const CHARGES_MAX: usize = 4;
/// Longest span, in microseconds: a day.
const SPAN_MAX: i64 = 24 * 60 * 60 * 1_000_000;
/// Most calls of a span.
const LIMIT_MAX: u32 = 100_000;

/// A bucket that a call is counted in. Times and spans are in microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Name of the bucket.
    pub bucket: String,
    /// Most calls of a span.
    pub limit: u32,
    /// Length of the span.
    pub span: i64,
    /// Whether the span slides with the call.
    pub sliding: bool,
}

impl Charge {
    /// Checks a bucket.
    pub fn new(
        bucket: String,
        limit: i32,
        span: i64,
        sliding: bool,
    ) -> Result<Self, CustomerError> {
        let limit = u32::try_from(limit)
            .ok()
            .filter(|limit| (1..=LIMIT_MAX).contains(limit));
        if !(1..=SPAN_MAX).contains(&span) {
            return Err(CustomerError::invalid(
                "charges.span",
                "must be positive and no longer than a day",
            ));
        }
        Ok(Self {
            bucket: text::required("charges.bucket", bucket, 64)?,
            limit: limit.ok_or_else(|| {
                CustomerError::invalid("charges.limit", format!("must be 1 to {LIMIT_MAX}"))
            })?,
            span,
            sliding,
        })
    }

    /// The first instant whose calls count at `now`.
    pub fn counts_from(&self, now: i64) -> i64 {
        if self.sliding {
            now - self.span + 1
        } else {
            now - now.rem_euclid(self.span)
        }
    }

    /// How much is used with one more call at `now`, when these calls count; refused when it is
    /// too much.
    pub fn admit(&self, mut counting: Vec<i64>, now: i64) -> Result<u32, CustomerError> {
        let used = u32::try_from(counting.len()).unwrap_or(u32::MAX);
        if used < self.limit {
            return Ok(used + 1);
        }
        counting.sort_unstable();
        // The call that has to leave the span before another one fits.
        let place = (used - self.limit) as usize;
        let free = if self.sliding {
            counting[place] + self.span
        } else {
            self.counts_from(now) + self.span
        };
        let wait = (free - now).max(1);
        Err(CustomerError::RateLimited {
            bucket: self.bucket.clone(),
            limit: self.limit,
            retry_after_ms: wait.saturating_add(999) / 1000,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000;

    fn charge(limit: i32, seconds: i64, sliding: bool) -> Charge {
        Charge::new("base".into(), limit, seconds * SECOND, sliding).unwrap()
    }

    fn wait(answer: Result<u32, CustomerError>) -> i64 {
        let refused = answer.unwrap_err();
        let CustomerError::RateLimited { retry_after_ms, .. } = refused else {
            panic!("{refused:?}")
        };
        retry_after_ms
    }

    #[test]
    fn a_fixed_span_begins_at_multiples_of_its_length() {
        let minute = charge(2, 60, false);
        let now = 130 * SECOND;
        assert_eq!(minute.counts_from(now), 120 * SECOND);
        assert_eq!(minute.admit(vec![125 * SECOND], now).unwrap(), 2);
        let full = minute.admit(vec![125 * SECOND, 126 * SECOND], now);
        assert_eq!(wait(full), 50_000);
    }

    #[test]
    fn a_sliding_span_frees_a_place_when_its_oldest_call_leaves_it() {
        let base = charge(2, 5, true);
        let now = 10 * SECOND;
        assert!(base.counts_from(now) > 5 * SECOND);
        let full = base.admit(vec![9 * SECOND, 6 * SECOND], now);
        assert_eq!(wait(full), 1_000);
        let overfull = base.admit(vec![9 * SECOND, 6 * SECOND, 8 * SECOND], now);
        assert_eq!(wait(overfull), 3_000);
    }

    #[test]
    fn what_a_bucket_must_not_be() {
        for (limit, span) in [
            (0, 1),
            (-1, 1),
            (100_001, 1),
            (1, 0),
            (1, -1),
            (1, SPAN_MAX + 1),
        ] {
            assert!(Charge::new("b".into(), limit, span, true).is_err());
        }
        assert!(Charge::new(String::new(), 1, 1, true).is_err());
    }

    proptest! {
        #[test]
        fn no_sliding_span_holds_more_than_its_limit(
            limit in 1i32..6, gaps in proptest::collection::vec(0i64..4, 1..60),
        ) {
            let charge = charge(limit, 5, true);
            let (mut now, mut calls) = (0, Vec::new());
            for gap in gaps {
                now += gap * SECOND;
                let counting = |now: i64, calls: &[i64]| -> Vec<i64> {
                    let from = charge.counts_from(now);
                    calls.iter().copied().filter(|call| *call >= from).collect()
                };
                match charge.admit(counting(now, &calls), now) {
                    Ok(_) => calls.push(now),
                    Err(error) => {
                        let CustomerError::RateLimited { retry_after_ms, .. } = error else {
                            panic!("another refusal");
                        };
                        // Who waits as told is let in.
                        let later = now + retry_after_ms * 1000;
                        prop_assert!(charge.admit(counting(later, &calls), later).is_ok());
                    }
                }
                prop_assert!(counting(now, &calls).len() <= limit as usize);
            }
        }
    }
}
