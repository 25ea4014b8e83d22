//! Entitlements: a customer's right to a feature over a span of time, how one is replaced, reset and
//! deleted.

use std::collections::BTreeMap;

use kernel::{
    Decimal, Timestamp,
    calendar::{CalendarError, Recurrence, floor_to_minute},
    id::{CustomerId, EntitlementId, FeatureId, GrantId, ItemId, SubscriptionId},
    period::{OpenPeriod, Period},
};

use super::{
    grant::{Grant, ISSUE_ANNOTATION},
    occupancy::{Holder, Occupant},
    timeline::{ManualReset, Timeline},
    usage::Aggregation,
};
use crate::error::EntitlementError;

/// Most labels of an entitlement or grant.
pub const LABELS_MAX: usize = 500;

/// A customer's right to a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// Its id.
    pub id: EntitlementId,
    /// Who has it.
    pub customer: CustomerId,
    /// The feature that it was made for.
    pub feature: FeatureId,
    /// Key of that feature.
    pub feature_key: String,
    /// What kind of right it is.
    pub kind: Kind,
    /// First instant at which it gives access.
    pub active_from: Timestamp,
    /// First instant at which it gives none any more.
    pub active_to: Option<Timestamp>,
    /// The subscription that manages it.
    pub managed_by: Option<Manager>,
    /// Labels of the caller.
    pub metadata: BTreeMap<String, String>,
    /// Facts kept with it; values are JSON documents.
    pub annotations: BTreeMap<String, String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last written.
    pub updated: Timestamp,
    /// When it was deleted.
    pub deleted: Option<Timestamp>,
    /// Counts writes from 1.
    pub revision: i64,
}

/// The item version of a subscription that an entitlement belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manager {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The item version.
    pub item: ItemId,
}

/// What kind of right an entitlement is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Usage is measured against grants.
    Metered(Metered),
    /// A fixed configuration.
    Static {
        /// A JSON document, kept to the letter.
        config: String,
        /// Usage periods that are only reported.
        usage_period: Option<Recurrence>,
    },
    /// Plain yes.
    Boolean {
        /// Usage periods that are only reported.
        usage_period: Option<Recurrence>,
    },
}

/// The metered kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metered {
    /// Usage periods and resets.
    pub timeline: Timeline,
    /// Whether access stays when the balance is used up.
    pub soft_limit: bool,
    /// Amount that every usage period starts with.
    pub issue: Option<Issue>,
    /// Where usage comes from.
    pub source: UsageSource,
}

/// Amount that every usage period starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Not negative.
    pub amount: Decimal,
    /// Burn priority; 1 when not said.
    pub priority: Option<u8>,
}

/// The meter behind a feature, as it was when the entitlement was made. Features never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageSource {
    /// How usage is counted.
    pub aggregation: Aggregation,
    /// The question for metering without customer and span; opaque to the domain.
    pub query: Vec<u8>,
}

/// A feature that something is to be made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its id.
    pub id: FeatureId,
    /// Its key.
    pub key: String,
    /// Its meter, when it has one whose usage adds up to balances.
    pub source: FeatureSource,
}

/// Whether usage of a feature can be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeatureSource {
    /// It has no meter.
    None,
    /// Its meter aggregates in a way that makes no balance.
    Unsupported,
    /// It can.
    Meter(UsageSource),
}

/// A manual reset that somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewReset {
    /// When; now when not said.
    pub effective: Option<Timestamp>,
    /// Whether the schedule of periods stays.
    pub retain_anchor: bool,
    /// Whether overage is charged to the new period; as the entitlement says when not said.
    pub preserve_overage: Option<bool>,
}

impl Metered {
    /// The grant that carries the issue amount, effective from the current usage period on. Its
    /// limits lift and cap it to the amount at every reset.
    pub fn default_grant(
        &self,
        entitlement: EntitlementId,
        now: Timestamp,
        next_grant: impl FnOnce() -> GrantId,
    ) -> Result<Option<Grant>, EntitlementError> {
        let Some(issue) = self
            .issue
            .as_ref()
            .filter(|issue| issue.amount > Decimal::ZERO)
        else {
            return Ok(None);
        };
        let period_start = self.timeline.period_at(now)?.start;
        Ok(Some(Grant {
            id: next_grant(),
            entitlement,
            amount: issue.amount,
            priority: issue.priority.unwrap_or(1),
            effective: period_start,
            expiration: None,
            expires: None,
            min_rollover: issue.amount,
            max_rollover: issue.amount,
            recurrence: None,
            voided: None,
            deleted: None,
            metadata: BTreeMap::new(),
            annotations: [(ISSUE_ANNOTATION.to_owned(), "true".to_owned())].into(),
            created: now,
            updated: now,
            revision: 1,
        }))
    }
}

impl Issue {
    /// An amount that is not negative, and a priority of 1 to 255.
    pub fn new(amount: Decimal, priority: Option<i32>) -> Result<Self, EntitlementError> {
        if amount < Decimal::ZERO {
            return Err(EntitlementError::invalid(
                "entitlement.metered.issue.amount",
                "must not be negative",
            ));
        }
        let priority = match priority {
            None => None,
            Some(priority) => Some(
                u8::try_from(priority)
                    .ok()
                    .filter(|priority| *priority > 0)
                    .ok_or_else(|| {
                        EntitlementError::invalid(
                            "entitlement.metered.issue.priority",
                            "must be from 1 to 255",
                        )
                    })?,
            ),
        };
        Ok(Self { amount, priority })
    }
}

impl Feature {
    /// Where its usage comes from, for a metered entitlement.
    pub fn usage_source(&self) -> Result<UsageSource, EntitlementError> {
        match &self.source {
            FeatureSource::Meter(source) => Ok(source.clone()),
            FeatureSource::None => Err(EntitlementError::FeatureHasNoMeter {
                feature_key: self.key.clone(),
            }),
            FeatureSource::Unsupported => Err(EntitlementError::AggregationNotSupported {
                feature_key: self.key.clone(),
            }),
        }
    }
}

impl Kind {
    /// The word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Metered(_) => "metered",
            Self::Static { .. } => "static",
            Self::Boolean { .. } => "boolean",
        }
    }
}

impl Entitlement {
    /// When it is active: empty when it ended or was deleted before it started.
    pub fn span(&self) -> OpenPeriod {
        let end = [self.active_to, self.deleted].into_iter().flatten().min();
        OpenPeriod {
            start: self.active_from,
            end: end.map(|end| end.max(self.active_from)),
        }
    }

    /// Whether it gives access at an instant, balance aside.
    pub fn is_active(&self, instant: Timestamp) -> bool {
        self.span().contains(instant)
    }

    /// What it takes of its customer's features.
    pub fn occupant(&self) -> Occupant {
        Occupant {
            holder: Holder::Entitlement(self.id),
            feature_key: self.feature_key.clone(),
            span: self.span(),
        }
    }

    /// The metered part, which grants, resets and history need.
    pub fn metered(&self) -> Result<&Metered, EntitlementError> {
        match &self.kind {
            Kind::Metered(metered) => Ok(metered),
            Kind::Static { .. } | Kind::Boolean { .. } => Err(EntitlementError::NotMetered {
                kind: self.kind.name(),
            }),
        }
    }

    /// The usage periods as they were asked for.
    pub fn usage_period(&self) -> Option<&Recurrence> {
        match &self.kind {
            Kind::Metered(metered) => Some(&metered.timeline.schedule),
            Kind::Static { usage_period, .. } | Kind::Boolean { usage_period } => {
                usage_period.as_ref()
            }
        }
    }

    /// The usage period that contains an instant.
    pub fn current_usage_period(&self, now: Timestamp) -> Result<Option<Period>, CalendarError> {
        match &self.kind {
            Kind::Metered(metered) => metered.timeline.period_at(now).map(Some),
            Kind::Static { usage_period, .. } | Kind::Boolean { usage_period } => usage_period
                .as_ref()
                .map(|schedule| schedule.period_at(now))
                .transpose(),
        }
    }

    /// Refuses when only a subscription may change it.
    pub fn ensure_unmanaged(&self) -> Result<(), EntitlementError> {
        match self.managed_by {
            None => Ok(()),
            Some(manager) => Err(EntitlementError::Managed {
                entitlement: self.id,
                subscription: manager.subscription.to_string(),
            }),
        }
    }

    /// Refuses when it is over.
    pub fn ensure_not_ended(&self, now: Timestamp) -> Result<(), EntitlementError> {
        match self.span().end {
            Some(end) if end <= now => Err(EntitlementError::EntitlementEnded {
                entitlement: self.id,
                end,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses a grant that would never be of use: of what has ended, or from after its end on.
    pub fn ensure_takes(&self, grant: &Grant, now: Timestamp) -> Result<(), EntitlementError> {
        self.ensure_not_ended(now)?;
        match self.span().end {
            Some(end) if end <= grant.effective => Err(EntitlementError::GrantAfterEntitlement {
                effective: grant.effective,
                end,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether other services have to be told of it: metering of what is metered, customer of what no subscription manages. For its
    /// entitlements a subscription holds its customer itself.
    pub fn concerns_others(&self) -> bool {
        self.managed_by.is_none() || self.metered().is_ok()
    }

    /// Ends it now, because another one takes its place.
    pub fn supersede(mut self, now: Timestamp) -> Result<Self, EntitlementError> {
        self.ensure_unmanaged()?;
        if self.active_to.is_some_and(|end| end <= now) {
            return Err(EntitlementError::EntitlementNotFound(self.id.to_string()));
        }
        self.active_to = Some(now.max(self.active_from));
        self.updated = now;
        self.revision += 1;
        Ok(self)
    }

    /// Deletes it.
    pub fn delete(mut self, now: Timestamp) -> Self {
        self.deleted = Some(now);
        self.updated = now;
        self.revision += 1;
        self
    }

    /// Without the configuration that somebody wrote.
    pub fn without_config(mut self) -> Self {
        if let Kind::Static { config, .. } = &mut self.kind {
            "null".clone_into(config);
        }
        self
    }

    /// Starts a new usage period.
    pub fn reset(
        mut self,
        asked: NewReset,
        now: Timestamp,
    ) -> Result<(Self, ManualReset), EntitlementError> {
        self.metered()?;
        self.ensure_unmanaged()?;
        self.ensure_not_ended(now)?;
        if asked.effective.is_some_and(|effective| effective > now) {
            return Err(EntitlementError::ResetInFuture);
        }
        let at = floor_to_minute(asked.effective.unwrap_or(now));
        let kind_name = self.kind.name();
        let Kind::Metered(metered) = &mut self.kind else {
            return Err(EntitlementError::NotMetered { kind: kind_name });
        };
        let period_start = metered.timeline.period_at(now)?.start;
        if at < period_start {
            return Err(EntitlementError::ResetBeforeUsagePeriod { period_start });
        }
        let reset = ManualReset {
            at,
            anchor: if asked.retain_anchor {
                metered.timeline.anchor_at(at)
            } else {
                at
            },
            preserve_overage: asked
                .preserve_overage
                .unwrap_or(metered.timeline.preserve_overage),
        };
        metered.timeline = metered.timeline.clone().with_reset(reset.clone());
        self.updated = now;
        self.revision += 1;
        Ok((self, reset))
    }
}

/// Refuses a text that is no JSON document.
pub fn check_config(field: &str, config: &str) -> Result<(), EntitlementError> {
    serde_json::from_str::<serde::de::IgnoredAny>(config)
        .map(|_| ())
        .map_err(|_| EntitlementError::invalid(field, "must be a JSON document"))
}

/// Refuses too many or too long labels.
pub fn check_labels(
    field: &str,
    labels: &BTreeMap<String, String>,
) -> Result<(), EntitlementError> {
    let too_long = |(key, value): (&String, &String)| key.len() > 1_024 || value.len() > 16_384;
    if labels.len() > LABELS_MAX || labels.iter().any(too_long) {
        return Err(EntitlementError::invalid(
            field,
            "must be at most 500 pairs of at most 1024 and 16384 bytes",
        ));
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::id::Ulid;

    use super::*;
    use crate::domain::{
        creation::{
            MeasureFrom, NewMetered,
            tests::{NOW, asked_metered, boolean, make_metered},
        },
        timeline::tests::{at, timeline},
    };

    pub(crate) fn source() -> UsageSource {
        UsageSource {
            aggregation: Aggregation::Additive,
            query: Vec::new(),
        }
    }

    pub(crate) fn metered(timeline: Timeline) -> Metered {
        Metered {
            timeline,
            soft_limit: false,
            issue: None,
            source: source(),
        }
    }

    pub(crate) fn feature(key: &str) -> Feature {
        Feature {
            id: FeatureId::from_ulid(Ulid(5)),
            key: key.to_owned(),
            source: FeatureSource::Meter(source()),
        }
    }

    #[test]
    fn a_reset_moves_the_anchor_unless_told_otherwise() {
        let (entitlement, _) = make_metered(NewMetered {
            measure_from: MeasureFrom::At(at("2024-01-01T00:00Z")),
            ..asked_metered()
        })
        .unwrap();
        let reset = |effective: Option<&str>, retain_anchor| {
            let asked = NewReset {
                effective: effective.map(at),
                retain_anchor,
                preserve_overage: None,
            };
            entitlement.clone().reset(asked, at(NOW))
        };
        let (moved, made) = reset(None, false).unwrap();
        assert_eq!(made.at, at("2024-03-15T10:20Z"));
        assert_eq!(made.anchor, made.at);
        assert_eq!(moved.metered().unwrap().timeline.last_reset(), made.at);
        assert_eq!(moved.usage_period(), entitlement.usage_period());
        assert_eq!(moved.revision, 2);
        let (_, kept) = reset(Some("2024-03-02T00:00:10Z"), true).unwrap();
        assert_eq!(kept.anchor, at("2024-01-01T00:00Z"));
        assert!(reset(Some("2024-03-01T00:00Z"), true).is_ok());
        assert!(matches!(
            reset(Some("2024-02-29T23:59Z"), true),
            Err(EntitlementError::ResetBeforeUsagePeriod { .. })
        ));
        assert!(matches!(
            reset(Some("2024-03-15T10:20:31Z"), true),
            Err(EntitlementError::ResetInFuture)
        ));
        assert!(matches!(
            boolean(1, "api").reset(
                NewReset {
                    effective: None,
                    retain_anchor: false,
                    preserve_overage: None
                },
                at(NOW)
            ),
            Err(EntitlementError::NotMetered { kind: "boolean" })
        ));
        let (twice, _) = moved
            .reset(
                NewReset {
                    effective: None,
                    retain_anchor: false,
                    preserve_overage: Some(true),
                },
                at("2024-03-15T10:20:45Z"),
            )
            .unwrap();
        assert_eq!(
            twice.metered().unwrap().timeline,
            Timeline {
                resets: vec![ManualReset {
                    at: at("2024-03-15T10:20Z"),
                    anchor: at("2024-03-15T10:20Z"),
                    preserve_overage: true,
                }],
                ..timeline("2024-01-01T00:00Z", "2024-01-01T00:00Z", "P1M")
            }
        );
    }

    #[test]
    fn a_superseded_entitlement_is_over_but_not_deleted() {
        let old = boolean(1, "api")
            .supersede(at("2024-04-01T00:00Z"))
            .unwrap();
        assert!(!old.is_active(at("2024-04-01T00:00Z")));
        assert!(old.is_active(at("2024-03-31T00:00Z")));
        assert_eq!(old.deleted, None);
        assert!(matches!(
            old.supersede(at("2024-05-01T00:00Z")),
            Err(EntitlementError::EntitlementNotFound(_))
        ));
        let managed = Entitlement {
            managed_by: Some(Manager {
                subscription: SubscriptionId::from_ulid(Ulid(1)),
                item: ItemId::from_ulid(Ulid(1)),
            }),
            ..boolean(1, "api")
        };
        assert!(matches!(
            managed.supersede(at(NOW)),
            Err(EntitlementError::Managed { .. })
        ));
    }
}
