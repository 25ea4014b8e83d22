//! The subscription as it is stored: phases at distances from the start, items at distances from their phase. Absolute
//! times are never stored, they follow (`timeline`), so that an end can be set and taken back without loss.

use jiff::{SignedDuration, Timestamp};
use kernel::calendar::IsoDuration;
use kernel::id::{CustomerId, ItemId, PhaseId, SubscriptionId};
use kernel::{currency::Currency, period::OpenPeriod};
use serde::{Deserialize, Serialize};

use super::addon::Addon;
use super::rate_card::{Labels, RateCard};
use super::refusal::{Refusal, Side};

/// Annotation that names the subscription before this one.
pub const PREVIOUS_ID: &str = "subscription.previous.id";
/// Annotation that names the subscription after this one.
pub const SUPERSEDING_ID: &str = "subscription.superseding.id";
/// Most phases of a subscription.
pub const PHASES_MAX: usize = 100;
/// Most item versions of a subscription.
pub const VERSIONS_MAX: usize = 2_000;

/// A customer on a plan version, or on a plan of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Who pays.
    pub customer_id: CustomerId,
    /// The plan version it was made from.
    pub plan: Option<PlanReference>,
    /// Name for people.
    pub name: String,
    /// Text for people.
    pub description: String,
    /// Free values of the user.
    pub metadata: Labels,
    /// Links to its neighbours in time.
    pub annotations: Labels,
    /// Currency of all prices.
    pub currency: Currency,
    /// Start, inclusive.
    pub active_from: Timestamp,
    /// End, exclusive.
    pub active_to: Option<Timestamp>,
    /// Length of a billing period.
    pub billing_cadence: IsoDuration,
    /// The instant on which billing periods hang.
    pub billing_anchor: Timestamp,
    /// How parts of a period are priced.
    pub proration: Proration,
    /// Stages by start; equal starts in the order of the plan.
    pub phases: Vec<Phase>,
    /// The stages without add-ons; `None` while none was bought: then `phases` are it.
    #[serde(default)]
    pub base: Option<Vec<Phase>>,
    /// Add-ons in the order in which they were bought.
    #[serde(default)]
    pub addons: Vec<Addon>,
    /// Counts writes from 1.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
}

/// A plan version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanReference {
    /// Id of the version.
    pub id: String,
    /// Key of all versions.
    pub key: String,
    /// Number of the version.
    pub version: i32,
}

/// How parts of a billing period are priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proration {
    /// In full.
    None,
    /// By their share.
    ProratePrices,
}

/// A stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Its id.
    pub id: PhaseId,
    /// Unique in the subscription.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Text for people.
    pub description: String,
    /// Distance from the start of the subscription.
    pub start_after: IsoDuration,
    /// Items in the order in which their keys came.
    pub timelines: Vec<Timeline>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// All versions of one item of a phase, by start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// Key of the item.
    pub key: String,
    /// Versions, never overlapping, never none.
    pub versions: Vec<ItemVersion>,
}

/// One version of an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemVersion {
    /// Its id: also what tells two equal versions apart.
    pub id: ItemId,
    /// What is sold.
    pub card: RateCard,
    /// Distance of its start from the start of the phase; `None`: starts with the phase.
    pub starts_after: Option<SignedDuration>,
    /// Distance of its end from the start of the phase; `None`: ends with the phase.
    pub ends_after: Option<SignedDuration>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Subscription {
    /// When it holds.
    pub fn active_period(&self) -> OpenPeriod {
        OpenPeriod {
            start: self.active_from,
            end: self.active_to,
        }
    }

    /// Whether any item is billed; such a subscription needs a usable billing setup.
    pub fn is_billed(&self) -> bool {
        self.cards().any(RateCard::is_billed)
    }

    /// Every card of every version.
    pub fn cards(&self) -> impl Iterator<Item = &RateCard> {
        self.phases
            .iter()
            .flat_map(|phase| &phase.timelines)
            .flat_map(|timeline| &timeline.versions)
            .map(|version| &version.card)
    }

    /// The same subscription, one write later.
    pub fn written(mut self, now: Timestamp) -> Self {
        self.revision += 1;
        self.updated_at = now;
        self
    }

    /// Refuses it when another live subscription of the customer holds at the same time.
    pub fn check_single(&self, others: &[Self]) -> Result<(), Refusal> {
        let other = others.iter().find(|other| {
            other.id != self.id
                && other.deleted_at.is_none()
                && other.active_period().overlaps(&self.active_period())
        });
        match other {
            Some(other) => Err(Refusal::OverlapsAnother(Box::new([
                self.side(),
                other.side(),
            ]))),
            None => Ok(()),
        }
    }

    /// How it is named where it overlaps another.
    pub fn side(&self) -> Side {
        Side {
            plan: self
                .plan
                .as_ref()
                .map(|plan| (plan.key.clone(), plan.version, plan.id.clone())),
            customer_id: self.customer_id.to_string(),
            active_from: self.active_from,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::fixture::{monthly, time};
    use super::*;

    #[test]
    fn back_to_back_is_allowed_and_overlap_is_not() {
        let mut first = monthly("2024-01-01T00:00:00Z");
        let second = monthly("2024-03-01T00:00:00Z");
        assert!(matches!(
            second.check_single(std::slice::from_ref(&first)),
            Err(Refusal::OverlapsAnother(_))
        ));
        first.active_to = Some(time("2024-03-01T00:00:00Z"));
        assert_eq!(second.check_single(std::slice::from_ref(&first)), Ok(()));
        first.active_to = Some(time("2024-03-01T00:00:01Z"));
        assert!(second.check_single(std::slice::from_ref(&first)).is_err());
        first.deleted_at = Some(time("2024-01-02T00:00:00Z"));
        assert_eq!(second.check_single(&[first]), Ok(()));
    }

    #[test]
    fn the_stored_form_reads_back_as_it_was() {
        let subscription = monthly("2024-01-01T00:00:00.123456Z");
        let text = serde_json::to_string(&subscription).unwrap();
        assert_eq!(
            serde_json::from_str::<Subscription>(&text).unwrap(),
            subscription
        );
    }
}
