//! Billing's copy of a plan-based subscription: phases, items and their versions in absolute
//! times, as the subscription service last told it.

use kernel::{
    Timestamp,
    calendar::{CalendarError, IsoDuration, Recurrence},
    currency::Currency,
    id::{CustomerId, ItemId, PhaseId, SubscriptionId},
    period::Period,
};
use serde::{Deserialize, Serialize};

use super::price::{Discounts, Price, TaxConfig};

/// A subscription, as far as billing cares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Who pays.
    pub customer: CustomerId,
    /// Currency of its prices.
    pub currency: Currency,
    /// Start.
    pub active_from: Timestamp,
    /// End, when one is known.
    pub active_to: Option<Timestamp>,
    /// Length of a billing period.
    pub cadence: IsoDuration,
    /// On which billing periods hang.
    pub anchor: Timestamp,
    /// Whether flat prices of a part of a period are prorated.
    pub prorate: bool,
    /// Counts its changes.
    pub revision: i64,
    /// Nothing of it ever counted.
    pub deleted: bool,
    /// Its phases by start.
    pub phases: Vec<Phase>,
    /// The plan version that it was made from; `None` for a plan of its own, and in copies
    /// made before this was kept.
    #[serde(default)]
    pub plan: Option<Plan>,
}

/// A version of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Id of the version.
    pub id: String,
    /// Key of the plan.
    pub key: String,
    /// Number of the version.
    pub version: i32,
}

/// A stage of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// Its id.
    pub id: PhaseId,
    /// Its key.
    pub key: String,
    /// Start.
    pub start: Timestamp,
    /// End, when one is known.
    pub end: Option<Timestamp>,
    /// The versions of its items.
    pub items: Vec<Item>,
}

/// One version of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// Key of the item.
    pub key: String,
    /// Position among the versions of the key.
    pub version: i32,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// The feature sold.
    pub feature_key: Option<String>,
    /// How often it is charged; `None` for once.
    pub cadence: Option<IsoDuration>,
    /// What it costs; `None` when it is not billed.
    pub price: Option<Price>,
    /// Its discounts.
    pub discounts: Discounts,
    /// How it is taxed.
    pub tax: TaxConfig,
    /// Start.
    pub start: Timestamp,
    /// End, when one is known.
    pub end: Option<Timestamp>,
}

impl Phase {
    /// Whether nothing of it is left.
    pub fn is_empty(&self) -> bool {
        self.end.is_some_and(|end| end <= self.start)
    }

    /// Its items that are billed.
    pub fn priced(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.price.is_some())
    }
}

impl Subscription {
    /// Whether anything in it is billed.
    pub fn is_priced(&self) -> bool {
        self.phases
            .iter()
            .any(|phase| phase.priced().next().is_some())
    }

    /// The recurrence of its billing periods.
    pub fn billing(&self) -> Result<Recurrence, CalendarError> {
        Recurrence::new(self.cadence.clone(), self.anchor)
    }

    /// The billing period at an instant, cut to the phase that holds it; before the start the
    /// first phase, after the end the last one.
    pub fn aligned_period(&self, instant: Timestamp) -> Result<Option<Period>, CalendarError> {
        let holds =
            |phase: &&Phase| phase.start <= instant && phase.end.is_none_or(|end| instant < end);
        let live = || self.phases.iter().filter(|phase| !phase.is_empty());
        let phase = live().find(holds).or_else(|| {
            if live().next().is_some_and(|first| instant < first.start) {
                live().next()
            } else {
                live().next_back()
            }
        });
        let Some(phase) = phase else {
            return Ok(None);
        };
        self.period_in(phase, instant).map(Some)
    }

    /// The billing period at an instant, cut to a phase.
    pub fn period_in(&self, phase: &Phase, instant: Timestamp) -> Result<Period, CalendarError> {
        let whole = self.billing()?.period_at(instant)?;
        let start = whole.start.max(phase.start);
        let end = phase.end.map_or(whole.end, |end| whole.end.min(end));
        Ok(Period {
            start: start.min(end),
            end,
        })
    }
}
