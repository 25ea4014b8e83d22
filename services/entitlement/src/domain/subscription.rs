//! The entitlements that a subscription brings along: what its full state asks for, and the difference
//! to what is there.

use std::collections::BTreeMap;

use kernel::{
    Timestamp,
    calendar::{IsoDuration, Recurrence, floor_to_minute},
    id::{CustomerId, EntitlementId, FeatureId, GrantId, ItemId, SubscriptionId},
    period::OpenPeriod,
};

use super::{
    entitlement::{Entitlement, Feature, Issue, Kind, Manager, Metered, check_config},
    grant::Grant,
    occupancy::{Holder, Occupant},
    timeline::Timeline,
};
use crate::error::EntitlementError;

/// Annotation that names the subscription.
pub const SUBSCRIPTION_ANNOTATION: &str = "subscription.id";

/// A subscription as far as entitlements go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionRights {
    /// The subscription.
    pub id: SubscriptionId,
    /// Counts its writes.
    pub revision: i64,
    /// Who has it.
    pub customer: CustomerId,
    /// The rights of its item versions; none when it was deleted.
    pub rights: Vec<ItemRight>,
}

/// The right that one item version brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRight {
    /// The item version.
    pub item: ItemId,
    /// Key of the feature.
    pub feature_key: String,
    /// The feature that the rate card named, when it is known.
    pub feature_id: Option<FeatureId>,
    /// When the item version counts; never empty.
    pub span: OpenPeriod,
    /// Start of its phase: from when usage is measured.
    pub phase_start: Timestamp,
    /// Billing anchor of the subscription: the anchor of the usage periods.
    pub anchor: Timestamp,
    /// What the rate card asks for.
    pub template: Template,
    /// Labels of the template.
    pub metadata: BTreeMap<String, String>,
}

/// What a rate card entitles to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Template {
    /// A balance that usage consumes.
    Metered {
        /// Whether access stays when it is used up.
        soft_limit: bool,
        /// Amount that every period starts with.
        issue: Option<Issue>,
        /// Whether resets charge overage to the next period.
        preserve_overage: bool,
        /// Length of a usage period.
        interval: IsoDuration,
    },
    /// A fixed configuration.
    Static {
        /// A JSON document.
        config: String,
    },
    /// Plain yes.
    Boolean,
}

/// What must be done so that the entitlements are what the state asks for.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// To be made.
    pub create: Vec<ItemRight>,
    /// To be written with another end.
    pub retime: Vec<Entitlement>,
    /// To be deleted.
    pub delete: Vec<Entitlement>,
}

impl ItemRight {
    /// What it takes of its customer's features.
    pub fn occupant(&self, subscription: SubscriptionId) -> Occupant {
        Occupant {
            holder: Holder::Reservation(subscription),
            feature_key: self.feature_key.clone(),
            span: self.span,
        }
    }

    /// The entitlement, with the grant of its issue amount.
    pub fn make(
        self,
        id: EntitlementId,
        subscription: SubscriptionId,
        customer: CustomerId,
        feature: &Feature,
        now: Timestamp,
        next_grant: impl FnOnce() -> GrantId,
    ) -> Result<(Entitlement, Option<Grant>), EntitlementError> {
        let kind = self.kind(feature)?;
        let grant = match &kind {
            Kind::Metered(metered) => metered.default_grant(id, now, next_grant)?,
            Kind::Static { .. } | Kind::Boolean { .. } => None,
        };
        let entitlement = Entitlement {
            id,
            customer,
            feature: feature.id,
            feature_key: feature.key.clone(),
            kind,
            active_from: self.span.start,
            active_to: self.span.end,
            managed_by: Some(Manager {
                subscription,
                item: self.item,
            }),
            metadata: self.metadata,
            annotations: [(
                SUBSCRIPTION_ANNOTATION.to_owned(),
                format!("\"{subscription}\""),
            )]
            .into(),
            created: now,
            updated: now,
            deleted: None,
            revision: 1,
        };
        Ok((entitlement, grant))
    }

    /// Refuses what could not be made.
    pub fn check(&self, feature: &Feature) -> Result<(), EntitlementError> {
        self.kind(feature).map(|_| ())
    }

    fn kind(&self, feature: &Feature) -> Result<Kind, EntitlementError> {
        match &self.template {
            Template::Boolean => Ok(Kind::Boolean { usage_period: None }),
            Template::Static { config } => {
                check_config("entitlement_template.static.config", config)?;
                Ok(Kind::Static {
                    config: config.clone(),
                    usage_period: None,
                })
            }
            Template::Metered {
                soft_limit,
                issue,
                preserve_overage,
                interval,
            } => Ok(Kind::Metered(Metered {
                timeline: Timeline {
                    measure_from: floor_to_minute(self.phase_start),
                    schedule: Recurrence::new(interval.clone(), floor_to_minute(self.anchor))?,
                    preserve_overage: *preserve_overage,
                    resets: Vec::new(),
                },
                soft_limit: *soft_limit,
                issue: issue.clone(),
                source: feature.usage_source()?,
            })),
        }
    }

    /// Whether an entitlement is what this asks for, its end aside.
    fn is_met_by(&self, entitlement: &Entitlement) -> bool {
        let same_kind = match (&self.template, &entitlement.kind) {
            (Template::Boolean, Kind::Boolean { .. }) => true,
            (Template::Static { config }, Kind::Static { config: there, .. }) => config == there,
            (
                Template::Metered {
                    soft_limit,
                    issue,
                    preserve_overage,
                    interval,
                },
                Kind::Metered(there),
            ) => {
                *soft_limit == there.soft_limit
                    && *issue == there.issue
                    && *preserve_overage == there.timeline.preserve_overage
                    && *interval == there.timeline.schedule.interval
                    && floor_to_minute(self.anchor) == there.timeline.schedule.anchor
                    && floor_to_minute(self.phase_start) == there.timeline.measure_from
            }
            (
                Template::Boolean | Template::Static { .. } | Template::Metered { .. },
                Kind::Boolean { .. } | Kind::Static { .. } | Kind::Metered(_),
            ) => false,
        };
        same_kind
            && self.feature_key == entitlement.feature_key
            && self.feature_id.is_none_or(|id| id == entitlement.feature)
            && self.span.start == entitlement.active_from
            && self.metadata == entitlement.metadata
    }
}

/// Compares what a subscription asks for with its live entitlements. An item version whose end alone
/// moved keeps its entitlement, and with it the grants that were added by hand.
pub fn difference(rights: Vec<ItemRight>, there: Vec<Entitlement>, now: Timestamp) -> Difference {
    let mut by_item: BTreeMap<ItemId, Entitlement> = BTreeMap::new();
    let mut difference = Difference::default();
    for entitlement in there {
        match entitlement.managed_by {
            Some(manager) => {
                if let Some(double) = by_item.insert(manager.item, entitlement) {
                    difference.delete.push(double.delete(now));
                }
            }
            None => difference.delete.push(entitlement.delete(now)),
        }
    }
    for right in rights {
        match by_item.remove(&right.item) {
            Some(entitlement) if right.is_met_by(&entitlement) => {
                if entitlement.active_to != right.span.end {
                    difference.retime.push(Entitlement {
                        active_to: right.span.end,
                        updated: now,
                        revision: entitlement.revision + 1,
                        ..entitlement
                    });
                }
            }
            Some(entitlement) => {
                difference.delete.push(entitlement.delete(now));
                difference.create.push(right);
            }
            None => difference.create.push(right),
        }
    }
    let gone = by_item
        .into_values()
        .map(|entitlement| entitlement.delete(now));
    difference.delete.extend(gone);
    difference
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::{Decimal, id::Ulid};

    use super::*;
    use crate::domain::{entitlement::tests::feature, timeline::tests::at};

    fn right(item: u128, start: &str, end: Option<&str>) -> ItemRight {
        ItemRight {
            item: ItemId::from_ulid(Ulid(item)),
            feature_key: "tokens".to_owned(),
            feature_id: None,
            span: OpenPeriod {
                start: at(start),
                end: end.map(at),
            },
            phase_start: at(start),
            anchor: at("2025-01-31T15:00:20Z"),
            template: Template::Metered {
                soft_limit: false,
                issue: Some(Issue {
                    amount: Decimal::from(1000),
                    priority: None,
                }),
                preserve_overage: false,
                interval: IsoDuration::parse("P1M").unwrap(),
            },
            metadata: BTreeMap::new(),
        }
    }

    fn made(right: &ItemRight, now: &str) -> (Entitlement, Option<Grant>) {
        right
            .clone()
            .make(
                EntitlementId::from_ulid(Ulid(right.item.ulid().0 + 100)),
                SubscriptionId::from_ulid(Ulid(77)),
                CustomerId::from_ulid(Ulid(2)),
                &feature("tokens"),
                at(now),
                || GrantId::from_ulid(Ulid(9)),
            )
            .unwrap()
    }

    const NOW: &str = "2025-07-10T15:00Z";

    #[test]
    fn the_worked_example_of_two_phases_holds() {
        let first = right(1, "2025-07-10T15:00Z", Some("2025-08-10T15:00Z"));
        let (a, grant) = made(&first, NOW);
        let period = a.current_usage_period(at(NOW)).unwrap().unwrap();
        assert_eq!(period.start, at("2025-07-10T15:00Z"));
        assert_eq!(period.end, at("2025-07-31T15:00Z"));
        assert_eq!(grant.unwrap().effective, at("2025-07-10T15:00Z"));
        assert_eq!(
            a.annotations["subscription.id"],
            "\"0000000000000000000000002D\""
        );
        let second = right(2, "2025-08-10T15:00Z", None);
        let (b, grant) = made(&second, NOW);
        let period = b.current_usage_period(at(NOW)).unwrap().unwrap();
        assert_eq!(period.start, at("2025-08-10T15:00Z"));
        assert_eq!(period.end, at("2025-08-31T15:00Z"));
        assert_eq!(grant.unwrap().effective, at("2025-08-10T15:00Z"));
        assert!(!b.is_active(at(NOW)));
    }

    #[test]
    fn the_same_state_changes_nothing() {
        let wanted = vec![
            right(1, NOW, Some("2025-08-10T15:00Z")),
            right(2, "2025-08-10T15:00Z", None),
        ];
        let there = wanted.iter().map(|right| made(right, NOW).0).collect();
        let difference = difference(wanted, there, at(NOW));
        assert!(difference.create.is_empty());
        assert!(difference.retime.is_empty());
        assert!(difference.delete.is_empty());
    }

    #[test]
    fn a_moved_end_keeps_the_entitlement_and_a_changed_template_does_not() {
        let old = right(1, NOW, None);
        let there = vec![made(&old, NOW).0];
        let ended = right(1, NOW, Some("2025-09-10T15:00Z"));
        let moved = difference(vec![ended], there.clone(), at("2025-08-01T00:00Z"));
        assert_eq!(moved.retime.len(), 1);
        assert_eq!(moved.retime[0].active_to, Some(at("2025-09-10T15:00Z")));
        assert_eq!(moved.retime[0].id, there[0].id);
        assert!(moved.create.is_empty() && moved.delete.is_empty());
        let other = ItemRight {
            template: Template::Boolean,
            ..old
        };
        let changed = difference(vec![other], there, at("2025-08-01T00:00Z"));
        assert_eq!((changed.create.len(), changed.delete.len()), (1, 1));
    }

    #[test]
    fn what_the_state_does_not_name_is_deleted() {
        let there = vec![made(&right(1, NOW, None), NOW).0];
        let nothing = difference(Vec::new(), there, at("2025-08-01T00:00Z"));
        assert_eq!(nothing.delete.len(), 1);
        assert_eq!(nothing.delete[0].deleted, Some(at("2025-08-01T00:00Z")));
    }

    #[test]
    fn applying_any_states_in_any_order_ends_with_the_newest() {
        let states = [
            vec![right(1, NOW, None)],
            vec![
                right(1, NOW, Some("2025-08-10T15:00Z")),
                right(2, "2025-08-10T15:00Z", None),
            ],
            vec![right(2, NOW, None)],
        ];
        for first in &states {
            let mut there: Vec<Entitlement> =
                first.iter().map(|right| made(right, NOW).0).collect();
            let last = &states[1];
            let change = difference(last.clone(), there.clone(), at(NOW));
            there.retain(|entitlement| {
                let touched = change.delete.iter().chain(&change.retime);
                touched.into_iter().all(|other| other.id != entitlement.id)
            });
            there.extend(change.retime);
            there.extend(change.create.iter().map(|right| made(right, NOW).0));
            let again = difference(last.clone(), there, at(NOW));
            assert!(again.create.is_empty() && again.retime.is_empty() && again.delete.is_empty());
        }
    }
}
