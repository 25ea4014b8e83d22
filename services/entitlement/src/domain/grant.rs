//! Grants: allotments that usage burns. When one is active, what it is worth after a reset, when it
//! refills, and in which order several burn.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::{SignedDuration, civil, tz::TimeZone};
use kernel::{
    Decimal, Timestamp,
    calendar::{CalendarError, IsoDuration, Recurrence, floor_to_minute, floor_to_second},
    decimal,
    id::{EntitlementId, GrantId},
    period::Period,
};
use serde::{Deserialize, Serialize};

use super::{balance::ANSWER_END, burn_down::PHASES_MAX};
use crate::error::EntitlementError;

/// Annotation of the grant that carries an entitlement's issue amount.
pub const ISSUE_ANNOTATION: &str = "issueAfterReset";
/// Most grants that one entitlement may have.
pub const GRANTS_MAX: usize = 10_000;
/// Most units of time that a grant may live.
const EXPIRATION_COUNT_MAX: i64 = 1_000;

/// An allotment of a metered entitlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The entitlement that it belongs to.
    pub entitlement: EntitlementId,
    /// What it is worth at first, and after every refill.
    pub amount: Decimal,
    /// Lower burns first.
    pub priority: u8,
    /// First minute at which it can be used.
    pub effective: Timestamp,
    /// Its length of life as asked for.
    pub expiration: Option<Expiration>,
    /// First instant at which it is gone by its length of life.
    pub expires: Option<Timestamp>,
    /// Least balance after a reset.
    pub min_rollover: Decimal,
    /// Most balance after a reset; wins over the least.
    pub max_rollover: Decimal,
    /// When it refills.
    pub recurrence: Option<Recurrence>,
    /// From when it was voided.
    pub voided: Option<Timestamp>,
    /// When its entitlement was deleted.
    pub deleted: Option<Timestamp>,
    /// Labels of the caller.
    pub metadata: BTreeMap<String, String>,
    /// Facts kept with it; values are JSON documents.
    pub annotations: BTreeMap<String, String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last written.
    pub updated: Timestamp,
    /// Counts writes from 1.
    pub revision: i64,
}

/// Length of life of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiration {
    /// The unit.
    pub unit: ExpirationUnit,
    /// How many, 1 to 1000.
    pub count: i64,
}

/// A unit of the length of life of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpirationUnit {
    /// 60 minutes.
    Hour,
    /// A civil day in UTC.
    Day,
    /// Seven civil days.
    Week,
    /// A calendar month, overflowing.
    Month,
    /// A calendar year, overflowing.
    Year,
}

/// What somebody asks to be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGrant {
    /// Above zero.
    pub amount: Decimal,
    /// Lower burns first.
    pub priority: u8,
    /// From when it can be used; cut to the minute.
    pub effective: Timestamp,
    /// Length of life.
    pub expiration: Option<Expiration>,
    /// Least balance after a reset.
    pub min_rollover: Decimal,
    /// Most balance after a reset; the amount when not said.
    pub max_rollover: Option<Decimal>,
    /// Refills.
    pub recurrence: Option<NewRecurrence>,
    /// Labels of the caller.
    pub metadata: BTreeMap<String, String>,
    /// Facts to keep; values are JSON documents.
    pub annotations: BTreeMap<String, String>,
}

/// Refills that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecurrence {
    /// Time between two refills, at least an hour.
    pub interval: IsoDuration,
    /// Any refill instant; the start of the grant when not said.
    pub anchor: Option<Timestamp>,
}

impl Expiration {
    /// A length of life of 1 to 1000 units.
    pub fn new(unit: ExpirationUnit, count: i64) -> Result<Self, EntitlementError> {
        if (1..=EXPIRATION_COUNT_MAX).contains(&count) {
            Ok(Self { unit, count })
        } else {
            Err(EntitlementError::invalid(
                "grant.expiration.count",
                "must be from 1 to 1000",
            ))
        }
    }

    /// When a life that starts at an instant is over. Months and years overflow: 31 January and a
    /// month is 2 or 3 March, unlike a recurrence, which would clamp.
    pub fn after(self, start: Timestamp) -> Result<Timestamp, CalendarError> {
        match self.unit {
            ExpirationUnit::Hour => start
                .checked_add(SignedDuration::from_hours(self.count))
                .map_err(|_| CalendarError::OutOfRange),
            ExpirationUnit::Day => days_after(start, self.count),
            ExpirationUnit::Week => days_after(start, self.count * 7),
            ExpirationUnit::Month => months_after(start, self.count),
            ExpirationUnit::Year => months_after(start, self.count * 12),
        }
    }
}

fn days_after(start: Timestamp, days: i64) -> Result<Timestamp, CalendarError> {
    start
        .checked_add(SignedDuration::from_hours(days * 24))
        .map_err(|_| CalendarError::OutOfRange)
}

fn months_after(start: Timestamp, months: i64) -> Result<Timestamp, CalendarError> {
    let date = TimeZone::UTC.to_datetime(start).date();
    let month = i64::from(date.year()) * 12 + i64::from(date.month()) - 1 + months;
    let year = i16::try_from(month.div_euclid(12)).map_err(|_| CalendarError::OutOfRange)?;
    let month = i8::try_from(month.rem_euclid(12) + 1).map_err(|_| CalendarError::OutOfRange)?;
    let first = civil::Date::new(year, month, 1).map_err(|_| CalendarError::OutOfRange)?;
    let old_first = date.first_of_month();
    let shift = old_first
        .until(first)
        .map_err(|_| CalendarError::OutOfRange)?
        .get_days();
    days_after(start, i64::from(shift))
}

/// Refuses grants that together could be worth more than an answer can carry at any instant.
pub fn check_total(grants: &[&Grant]) -> Result<(), EntitlementError> {
    let mut changes: Vec<(Timestamp, bool, Decimal)> = Vec::new();
    for grant in grants {
        let end = grant.end();
        if end.is_some_and(|end| end <= grant.effective) {
            continue;
        }
        changes.push((grant.effective, true, grant.worth_max()));
        changes.extend(end.map(|end| (end, false, grant.worth_max())));
    }
    // At one instant what ends comes before what starts.
    changes.sort_unstable();
    let mut total = Decimal::ZERO;
    for (at, starts, worth) in changes {
        total = if starts {
            decimal::add(total, worth)?
        } else {
            decimal::sub(total, worth)?
        };
        if total >= Decimal::from(ANSWER_END) {
            return Err(EntitlementError::GrantsTooLarge { at });
        }
    }
    Ok(())
}

impl NewGrant {
    /// The grant, for an entitlement whose usage period started at `period_start`.
    pub fn into_grant(
        self,
        id: GrantId,
        entitlement: EntitlementId,
        period_start: Timestamp,
        now: Timestamp,
    ) -> Result<Grant, EntitlementError> {
        if self.amount <= Decimal::ZERO {
            return Err(EntitlementError::GrantAmountNotPositive {
                amount: self.amount,
            });
        }
        for (field, value) in [
            ("grant.min_rollover_amount", Some(self.min_rollover)),
            ("grant.max_rollover_amount", self.max_rollover),
        ] {
            if value.is_some_and(|value| value < Decimal::ZERO) {
                return Err(EntitlementError::invalid(field, "must not be negative"));
            }
        }
        let effective = floor_to_minute(self.effective);
        if effective < period_start {
            return Err(EntitlementError::GrantBeforeUsagePeriod {
                effective,
                period_start,
            });
        }
        let recurrence = match self.recurrence {
            None => None,
            Some(asked) if !asked.interval.at_least_an_hour() => {
                return Err(EntitlementError::invalid(
                    "grant.recurrence.interval",
                    "must be at least an hour",
                ));
            }
            Some(asked) => Some(Recurrence::new(
                asked.interval,
                asked.anchor.map_or(effective, floor_to_minute),
            )?),
        };
        Ok(Grant {
            id,
            entitlement,
            amount: self.amount,
            priority: self.priority,
            effective,
            expiration: self.expiration,
            expires: self
                .expiration
                .map(|expiration| expiration.after(effective))
                .transpose()?,
            min_rollover: self.min_rollover,
            max_rollover: self.max_rollover.unwrap_or(self.amount),
            recurrence,
            voided: None,
            deleted: None,
            metadata: self.metadata,
            annotations: self.annotations,
            created: now,
            updated: now,
            revision: 1,
        })
    }
}

impl Grant {
    /// First instant at which it is gone for whatever cause; none when it never ends.
    pub fn end(&self) -> Option<Timestamp> {
        [self.expires, self.voided, self.deleted]
            .into_iter()
            .flatten()
            .map(floor_to_minute)
            .min()
    }

    /// Whether it can be used at an instant.
    pub fn is_active(&self, instant: Timestamp) -> bool {
        self.effective <= instant && self.end().is_none_or(|end| instant < end)
    }

    /// Whether it is active at some moment of a period, or at its start when that is empty.
    pub fn touches(&self, period: Period) -> bool {
        self.is_active(period.start)
            || (self.effective < period.end
                && self
                    .end()
                    .is_none_or(|end| period.start < end && self.effective < end))
    }

    /// Its balance after a reset.
    pub fn rolled_over(&self, balance: Decimal) -> Decimal {
        balance.max(self.min_rollover).min(self.max_rollover)
    }

    /// Every refill from the start to the end of a period, both included, in order. Its own start is no
    /// refill.
    pub fn refills_within(&self, period: Period) -> Result<Vec<Timestamp>, EntitlementError> {
        let Some(recurrence) = &self.recurrence else {
            return Ok(Vec::new());
        };
        let past_end = period
            .end
            .checked_add(SignedDuration::from_nanos(1))
            .unwrap_or(Timestamp::MAX);
        let to = self.end().map_or(past_end, |end| end.min(past_end));
        let found = match recurrence.occurrences_in(self.effective.max(period.start), to) {
            Err(CalendarError::TooManyOccurrences) => {
                return Err(EntitlementError::TooManySegments { limit: PHASES_MAX });
            }
            found => found?,
        };
        Ok(found
            .into_iter()
            .filter(|refill| *refill > self.effective)
            .collect())
    }

    /// The most that it can be worth without credit: its amount, or what a reset may lift it to.
    pub fn worth_max(&self) -> Decimal {
        self.amount.max(self.rolled_over(self.amount))
    }

    /// First refill at or after an instant, whether or not the grant still lives then.
    pub fn next_refill(&self, now: Timestamp) -> Result<Option<Timestamp>, CalendarError> {
        let Some(recurrence) = &self.recurrence else {
            return Ok(None);
        };
        let period = recurrence.period_at(now)?;
        Ok(Some(if period.start == now { now } else { period.end }))
    }

    /// Which of two grants burns first: lower priority, then earlier expiration in whole seconds
    /// (never expiring last), then earlier creation, then the smaller id.
    pub fn burn_order(&self, other: &Self) -> Ordering {
        let expiration =
            |grant: &Self| (grant.expires.is_none(), grant.expires.map(floor_to_second));
        self.priority
            .cmp(&other.priority)
            .then_with(|| expiration(self).cmp(&expiration(other)))
            .then_with(|| self.created.cmp(&other.created))
            .then_with(|| self.id.cmp(&other.id))
    }

    /// Ends the grant. What was burned before stays burned.
    pub fn void(
        mut self,
        asked: Option<Timestamp>,
        period_start: Timestamp,
        now: Timestamp,
    ) -> Result<Self, EntitlementError> {
        if self.voided.is_some() {
            return Err(EntitlementError::GrantAlreadyVoided(self.id));
        }
        if asked.is_some_and(|asked| asked > now) {
            return Err(EntitlementError::VoidInFuture);
        }
        let at = floor_to_minute(asked.unwrap_or(now));
        if at < period_start {
            return Err(EntitlementError::VoidBeforeUsagePeriod { period_start });
        }
        self.voided = Some(at);
        self.updated = now;
        self.revision += 1;
        Ok(self)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::timeline::tests::at;
    use kernel::id::Ulid;

    /// A grant with the given number as id, of the given amount, that survives resets in full.
    pub(crate) fn grant(number: u128, amount: i64, effective: &str) -> Grant {
        Grant {
            id: GrantId::from_ulid(Ulid(number)),
            entitlement: EntitlementId::from_ulid(Ulid(1)),
            amount: Decimal::from(amount),
            priority: 1,
            effective: at(effective),
            expiration: None,
            expires: None,
            min_rollover: Decimal::ZERO,
            max_rollover: Decimal::from(amount),
            recurrence: None,
            voided: None,
            deleted: None,
            metadata: BTreeMap::new(),
            annotations: BTreeMap::new(),
            created: at(effective),
            updated: at(effective),
            revision: 1,
        }
    }

    pub(crate) fn new_grant(amount: i64, effective: &str) -> NewGrant {
        NewGrant {
            amount: Decimal::from(amount),
            priority: 0,
            effective: at(effective),
            expiration: None,
            min_rollover: Decimal::ZERO,
            max_rollover: None,
            recurrence: None,
            metadata: BTreeMap::new(),
            annotations: BTreeMap::new(),
        }
    }

    #[test]
    fn the_rollover_table_holds() {
        for (before, min, max, after) in [
            (90, 0, 0, 0),
            (90, 0, 100, 90),
            (90, 0, 50, 50),
            (0, 50, 50, 50),
            (30, 50, 100, 50),
            (30, 50, 20, 20),
            (77, 100, 100, 100),
        ] {
            let grant = Grant {
                min_rollover: Decimal::from(min),
                max_rollover: Decimal::from(max),
                ..grant(1, 100, "2024-01-01T00:00Z")
            };
            assert_eq!(
                grant.rolled_over(Decimal::from(before)),
                Decimal::from(after),
                "{before} {min} {max}"
            );
        }
    }

    #[test]
    fn expirations_overflow_short_months() {
        let check = |unit, count, start: &str, end: &str| {
            let expiration = Expiration::new(unit, count).unwrap();
            assert_eq!(expiration.after(at(start)).unwrap(), at(end));
        };
        check(
            ExpirationUnit::Hour,
            30,
            "2024-01-31T10:00Z",
            "2024-02-01T16:00Z",
        );
        check(
            ExpirationUnit::Day,
            1,
            "2024-02-28T10:00Z",
            "2024-02-29T10:00Z",
        );
        check(
            ExpirationUnit::Week,
            2,
            "2024-01-31T10:00Z",
            "2024-02-14T10:00Z",
        );
        check(
            ExpirationUnit::Month,
            1,
            "2024-01-31T10:00Z",
            "2024-03-02T10:00Z",
        );
        check(
            ExpirationUnit::Month,
            13,
            "2024-01-15T10:00Z",
            "2025-02-15T10:00Z",
        );
        check(
            ExpirationUnit::Year,
            1,
            "2024-02-29T00:00Z",
            "2025-03-01T00:00Z",
        );
        check(
            ExpirationUnit::Year,
            100,
            "2024-01-01T00:00Z",
            "2124-01-01T00:00Z",
        );
    }

    #[test]
    fn a_length_of_life_is_one_to_a_thousand_units() {
        assert!(Expiration::new(ExpirationUnit::Day, 0).is_err());
        assert!(Expiration::new(ExpirationUnit::Year, 1_001).is_err());
        let far = Expiration::new(ExpirationUnit::Year, 1_000).unwrap();
        assert!(far.after(at("9500-01-01T00:00Z")).is_err());
    }

    #[test]
    fn grants_burn_by_priority_expiration_creation_and_id() {
        let start = "2024-01-01T00:00Z";
        let mut grants = [
            grant(5, 1, start),
            grant(4, 1, start),
            Grant {
                created: at("2023-01-01T00:00Z"),
                ..grant(9, 1, start)
            },
            Grant {
                expires: Some(at("2025-01-01T00:00Z")),
                ..grant(8, 1, start)
            },
            Grant {
                expires: Some(at("2024-06-01T00:00:00.9Z")),
                created: at("2024-05-05T00:00Z"),
                ..grant(7, 1, start)
            },
            Grant {
                expires: Some(at("2024-06-01T00:00:00.1Z")),
                ..grant(6, 1, start)
            },
            Grant {
                priority: 0,
                ..grant(10, 1, start)
            },
        ];
        grants.sort_by(Grant::burn_order);
        let order: Vec<u128> = grants.iter().map(|grant| grant.id.ulid().0).collect();
        assert_eq!(order, [10, 6, 7, 8, 9, 4, 5]);
    }

    #[test]
    fn a_new_grant_is_checked_and_cut_to_the_minute() {
        let id = GrantId::from_ulid(Ulid(3));
        let entitlement = EntitlementId::from_ulid(Ulid(1));
        let start = at("2024-01-01T00:00Z");
        let make = |new: NewGrant| new.into_grant(id, entitlement, start, at("2024-01-05T00:00Z"));
        let made = make(NewGrant {
            effective: at("2024-01-02T10:20:30Z"),
            recurrence: Some(NewRecurrence {
                interval: IsoDuration::parse("P1D").unwrap(),
                anchor: None,
            }),
            ..new_grant(100, "2024-01-01T00:00Z")
        })
        .unwrap();
        assert_eq!(made.effective, at("2024-01-02T10:20Z"));
        assert_eq!(made.max_rollover, Decimal::from(100));
        assert_eq!(
            made.recurrence.as_ref().unwrap().anchor,
            at("2024-01-02T10:20Z")
        );
        assert_eq!(
            made.next_refill(at("2024-01-03T10:20Z")).unwrap(),
            Some(at("2024-01-03T10:20Z"))
        );
        assert!(matches!(
            make(new_grant(0, "2024-01-02T00:00Z")),
            Err(EntitlementError::GrantAmountNotPositive { .. })
        ));
        assert!(matches!(
            make(new_grant(1, "2023-12-31T23:59Z")),
            Err(EntitlementError::GrantBeforeUsagePeriod { .. })
        ));
        assert!(
            make(NewGrant {
                recurrence: Some(NewRecurrence {
                    interval: IsoDuration::parse("PT59M").unwrap(),
                    anchor: None
                }),
                ..new_grant(1, "2024-01-02T00:00Z")
            })
            .is_err()
        );
    }

    #[test]
    fn a_grant_is_voided_once_within_the_current_period() {
        let start = at("2024-01-10T00:00Z");
        let now = at("2024-01-15T10:00:30Z");
        let void =
            |asked: Option<&str>| grant(1, 1, "2024-01-01T00:00Z").void(asked.map(at), start, now);
        let voided = void(None).unwrap();
        assert_eq!(voided.voided, Some(at("2024-01-15T10:00Z")));
        assert!(matches!(
            voided.void(None, start, now),
            Err(EntitlementError::GrantAlreadyVoided(_))
        ));
        assert!(matches!(
            void(Some("2024-01-15T10:01Z")),
            Err(EntitlementError::VoidInFuture)
        ));
        assert!(matches!(
            void(Some("2024-01-09T10:01Z")),
            Err(EntitlementError::VoidBeforeUsagePeriod { .. })
        ));
    }

    #[test]
    fn a_grant_that_ends_before_it_starts_is_never_active() {
        let never = Grant {
            voided: Some(at("2023-12-01T00:00Z")),
            ..grant(1, 1, "2024-01-01T00:00Z")
        };
        assert!(!never.is_active(at("2024-01-01T00:00Z")));
        let year = Period {
            start: at("2023-01-01T00:00Z"),
            end: at("2025-01-01T00:00Z"),
        };
        assert!(!never.touches(year));
        assert!(never.refills_within(year).unwrap().is_empty());
    }

    #[test]
    fn what_grants_can_be_worth_together_is_bounded_at_every_instant() {
        let most = 999_999_999_999_999_999_i64;
        let whole = grant(1, most, "2024-01-01T00:00Z");
        let one = |start: &str| grant(2, 1, start);
        assert!(check_total(&[&whole]).is_ok());
        assert!(matches!(
            check_total(&[&whole, &one("2025-01-01T00:00Z")]),
            Err(EntitlementError::GrantsTooLarge { at: instant }) if instant == at("2025-01-01T00:00Z")
        ));
        // One after the other is no sum, and what never lives is nothing.
        let ended = Grant {
            expires: Some(at("2025-01-01T00:00Z")),
            ..whole.clone()
        };
        assert!(check_total(&[&ended, &one("2025-01-01T00:00Z")]).is_ok());
        assert!(check_total(&[&ended, &one("2024-12-31T23:59Z")]).is_err());
        let never = Grant {
            voided: Some(at("2023-01-01T00:00Z")),
            ..one("2024-01-01T00:00Z")
        };
        assert!(check_total(&[&whole, &never]).is_ok());
        // A reset may lift a grant above its amount.
        let lifted = Grant {
            min_rollover: Decimal::from(most),
            max_rollover: Decimal::from(most),
            ..one("2024-01-01T00:00Z")
        };
        assert_eq!(lifted.worth_max(), Decimal::from(most));
        assert!(check_total(&[&lifted, &one("2024-02-01T00:00Z")]).is_err());
    }
}
