//! How an entitlement is made from what somebody asks for. Everything that influences balances is cut
//! to the minute here.

use std::collections::BTreeMap;

use kernel::{
    Decimal, Timestamp,
    calendar::{IsoDuration, Recurrence, floor_to_minute},
    id::{CustomerId, EntitlementId, GrantId},
};

use super::{
    entitlement::{Entitlement, Feature, Issue, Kind, Metered, check_config, check_labels},
    grant::{Grant, NewGrant, check_total},
    timeline::Timeline,
};
use crate::error::EntitlementError;

/// Most grants that are made along with an entitlement.
pub const GRANTS_AT_CREATION_MAX: usize = 100;
/// Most usage periods between the start of measuring and the creation.
const PAST_PERIODS_MAX: usize = 10_000;

/// What somebody asks to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntitlement {
    /// What kind of right.
    pub kind: NewKind,
    /// Usage periods; a metered one must have them.
    pub usage_period: Option<NewUsagePeriod>,
    /// Labels of the caller.
    pub metadata: BTreeMap<String, String>,
}

/// What kind of right somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewKind {
    /// Metered.
    Metered(NewMetered),
    /// Static.
    Static {
        /// A JSON document.
        config: String,
    },
    /// Boolean.
    Boolean,
}

/// What somebody asks of a metered entitlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMetered {
    /// From when usage counts.
    pub measure_from: MeasureFrom,
    /// Whether access stays when the balance is used up.
    pub soft_limit: bool,
    /// Whether resets charge overage to the next period.
    pub preserve_overage: bool,
    /// Amount that every period starts with.
    pub issue: Option<Issue>,
    /// Grants to make along; not together with an issue amount.
    pub grants: Vec<NewGrant>,
}

/// From when usage counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureFrom {
    /// From the creation.
    Now,
    /// From the start of the usage period that contains the creation.
    CurrentPeriodStart,
    /// From an instant.
    At(Timestamp),
}

/// Usage periods that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUsagePeriod {
    /// Length, at least an hour.
    pub interval: IsoDuration,
    /// Any boundary; now when not said.
    pub anchor: Option<Timestamp>,
}

impl NewUsagePeriod {
    fn schedule(self, now: Timestamp) -> Result<Recurrence, EntitlementError> {
        if !self.interval.at_least_an_hour() {
            return Err(EntitlementError::invalid(
                "entitlement.usage_period.interval",
                "must be at least an hour",
            ));
        }
        let anchor = floor_to_minute(self.anchor.unwrap_or(now));
        Ok(Recurrence::new(self.interval, anchor)?)
    }
}

impl NewEntitlement {
    /// Makes the entitlement, active from `now` on, with the grants that come along. `next_grant`
    /// gives their ids.
    pub fn make(
        self,
        id: EntitlementId,
        customer: CustomerId,
        feature: Feature,
        now: Timestamp,
        mut next_grant: impl FnMut() -> GrantId,
    ) -> Result<(Entitlement, Vec<Grant>), EntitlementError> {
        check_labels("entitlement.metadata", &self.metadata)?;
        let schedule = self
            .usage_period
            .map(|period| period.schedule(now))
            .transpose()?;
        let mut grants = Vec::new();
        let kind = match self.kind {
            NewKind::Boolean => Kind::Boolean {
                usage_period: schedule,
            },
            NewKind::Static { config } => {
                check_config("entitlement.static.config", &config)?;
                Kind::Static {
                    config,
                    usage_period: schedule,
                }
            }
            NewKind::Metered(asked) => {
                let Some(schedule) = schedule else {
                    return Err(EntitlementError::invalid(
                        "entitlement.usage_period",
                        "is required for a metered entitlement",
                    ));
                };
                let (metered, made) = asked.make(id, &feature, schedule, now, &mut next_grant)?;
                grants = made;
                Kind::Metered(metered)
            }
        };
        let entitlement = Entitlement {
            id,
            customer,
            feature: feature.id,
            feature_key: feature.key,
            kind,
            active_from: now,
            active_to: None,
            managed_by: None,
            metadata: self.metadata,
            annotations: BTreeMap::new(),
            created: now,
            updated: now,
            deleted: None,
            revision: 1,
        };
        Ok((entitlement, grants))
    }
}

impl NewMetered {
    fn make(
        self,
        id: EntitlementId,
        feature: &Feature,
        schedule: Recurrence,
        now: Timestamp,
        next_grant: &mut impl FnMut() -> GrantId,
    ) -> Result<(Metered, Vec<Grant>), EntitlementError> {
        let measure_from = floor_to_minute(match self.measure_from {
            MeasureFrom::Now => now,
            MeasureFrom::At(instant) => instant,
            MeasureFrom::CurrentPeriodStart => schedule.period_at(now)?.start,
        });
        let issues = self
            .issue
            .as_ref()
            .is_some_and(|issue| issue.amount > Decimal::ZERO);
        if issues && !self.grants.is_empty() {
            return Err(EntitlementError::invalid(
                "entitlement.metered.grants",
                "cannot be given together with an issue amount",
            ));
        }
        if self.grants.len() > GRANTS_AT_CREATION_MAX {
            return Err(EntitlementError::invalid(
                "entitlement.metered.grants",
                "must be at most 100",
            ));
        }
        let metered = Metered {
            timeline: Timeline {
                measure_from,
                schedule,
                preserve_overage: self.preserve_overage,
                resets: Vec::new(),
            },
            soft_limit: self.soft_limit,
            issue: self.issue,
            source: feature.usage_source()?,
        };
        // Every balance walks through them until the first checkpoint.
        let past = metered.timeline.resets_between(measure_from, now);
        if !past.is_ok_and(|resets| resets.len() <= PAST_PERIODS_MAX) {
            return Err(EntitlementError::invalid(
                "entitlement.metered.measure_usage_from_time",
                "must not lie more than 10000 usage periods back",
            ));
        }
        let period_start = metered.timeline.period_at(now)?.start;
        let mut grants = Vec::new();
        for grant in self.grants {
            grants.push(grant.into_grant(next_grant(), id, period_start, now)?);
        }
        grants.extend(metered.default_grant(id, now, next_grant)?);
        check_total(&grants.iter().collect::<Vec<_>>())?;
        Ok((metered, grants))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::id::Ulid;

    use super::*;
    use crate::domain::{
        entitlement::{FeatureSource, tests::feature},
        grant::tests::new_grant,
        timeline::tests::at,
    };

    pub(crate) const NOW: &str = "2024-03-15T10:20:30Z";

    fn asked(kind: NewKind) -> NewEntitlement {
        NewEntitlement {
            kind,
            usage_period: Some(NewUsagePeriod {
                interval: IsoDuration::parse("P1M").unwrap(),
                anchor: Some(at("2024-01-01T00:00:59Z")),
            }),
            metadata: BTreeMap::new(),
        }
    }

    pub(crate) fn asked_metered() -> NewMetered {
        NewMetered {
            measure_from: MeasureFrom::Now,
            soft_limit: false,
            preserve_overage: false,
            issue: None,
            grants: Vec::new(),
        }
    }

    fn make(
        new: NewEntitlement,
        feature: Feature,
    ) -> Result<(Entitlement, Vec<Grant>), EntitlementError> {
        let mut number = 100;
        new.make(
            EntitlementId::from_ulid(Ulid(1)),
            CustomerId::from_ulid(Ulid(2)),
            feature,
            at(NOW),
            || {
                number += 1;
                GrantId::from_ulid(Ulid(number))
            },
        )
    }

    pub(crate) fn boolean(number: u128, key: &str) -> Entitlement {
        let (entitlement, _) = make(asked(NewKind::Boolean), feature(key)).unwrap();
        Entitlement {
            id: EntitlementId::from_ulid(Ulid(number)),
            ..entitlement
        }
    }

    pub(crate) fn make_metered(
        metered: NewMetered,
    ) -> Result<(Entitlement, Vec<Grant>), EntitlementError> {
        make(asked(NewKind::Metered(metered)), feature("api"))
    }

    #[test]
    fn times_are_cut_to_the_minute() {
        let (entitlement, grants) = make_metered(asked_metered()).unwrap();
        let line = &entitlement.metered().unwrap().timeline;
        assert_eq!(line.measure_from, at("2024-03-15T10:20Z"));
        assert_eq!(line.schedule.anchor, at("2024-01-01T00:00Z"));
        assert_eq!(entitlement.active_from, at(NOW));
        assert!(grants.is_empty());
    }

    #[test]
    fn measuring_can_start_with_the_current_period() {
        let (entitlement, _) = make_metered(NewMetered {
            measure_from: MeasureFrom::CurrentPeriodStart,
            ..asked_metered()
        })
        .unwrap();
        assert_eq!(
            entitlement.metered().unwrap().timeline.measure_from,
            at("2024-03-01T00:00Z")
        );
    }

    #[test]
    fn an_issue_brings_a_grant_that_every_reset_restores() {
        let (_, grants) = make_metered(NewMetered {
            measure_from: MeasureFrom::At(at("2024-01-01T00:00Z")),
            issue: Some(Issue::new(Decimal::from(50), None).unwrap()),
            ..asked_metered()
        })
        .unwrap();
        assert_eq!(grants.len(), 1);
        assert_eq!(grants[0].effective, at("2024-03-01T00:00Z"));
        assert_eq!(grants[0].priority, 1);
        assert_eq!(grants[0].min_rollover, Decimal::from(50));
        assert_eq!(grants[0].max_rollover, Decimal::from(50));
        assert_eq!(grants[0].annotations["issueAfterReset"], "true");
        let (_, none) = make_metered(NewMetered {
            issue: Some(Issue::new(Decimal::ZERO, None).unwrap()),
            ..asked_metered()
        })
        .unwrap();
        assert!(none.is_empty());
    }

    #[test]
    fn wrong_requests_are_refused() {
        let both = make_metered(NewMetered {
            issue: Some(Issue::new(Decimal::from(50), None).unwrap()),
            grants: vec![new_grant(1, NOW)],
            ..asked_metered()
        });
        assert!(matches!(both, Err(EntitlementError::Invalid(_))));
        let one_bad = make_metered(NewMetered {
            grants: vec![new_grant(1, NOW), new_grant(0, NOW)],
            ..asked_metered()
        });
        assert!(matches!(
            one_bad,
            Err(EntitlementError::GrantAmountNotPositive { .. })
        ));
        let no_period = NewEntitlement {
            usage_period: None,
            ..asked(NewKind::Metered(asked_metered()))
        };
        assert!(make(no_period, feature("api")).is_err());
        let short = NewEntitlement {
            usage_period: Some(NewUsagePeriod {
                interval: IsoDuration::parse("PT59M").unwrap(),
                anchor: None,
            }),
            ..asked(NewKind::Boolean)
        };
        assert!(make(short, feature("api")).is_err());
        let no_json = asked(NewKind::Static {
            config: "{a}".to_owned(),
        });
        assert!(make(no_json, feature("api")).is_err());
        let no_meter = Feature {
            source: FeatureSource::None,
            ..feature("api")
        };
        assert!(matches!(
            make(asked(NewKind::Metered(asked_metered())), no_meter.clone()),
            Err(EntitlementError::FeatureHasNoMeter { .. })
        ));
        assert!(make(asked(NewKind::Boolean), no_meter).is_ok());
        let long_ago = make_metered(NewMetered {
            measure_from: MeasureFrom::At(at("0001-01-01T00:00Z")),
            ..asked_metered()
        });
        assert!(matches!(long_ago, Err(EntitlementError::Invalid(_))));
        assert!(Issue::new(Decimal::ONE, Some(0)).is_err());
        assert!(Issue::new(Decimal::ONE, Some(256)).is_err());
    }
}
