//! Add-ons of a subscription: how many there are over time, and who may change that. What they make of the items stands in
//! `addon/merge.rs`; the items as the plan and edits left them are kept beside the merged ones.

mod card;
mod merge;

use jiff::Timestamp;
use kernel::id::{SubscriptionAddonId, Ulid};
use kernel::period::OpenPeriod;
use serde::{Deserialize, Serialize};

use super::lifecycle::Timing;
use super::plan::within;
use super::rate_card::{Labels, RateCard};
use super::refusal::Refusal;
use super::status::{Action, Status};
use super::subscription::{Subscription, VERSIONS_MAX};

/// Most add-ons of a subscription.
const ADDONS_MAX: usize = 100;
/// Most changes of quantity of one add-on.
const POINTS_MAX: usize = 1_000;
/// Most units.
const QUANTITY_MAX: i32 = 1_000_000;

/// An add-on that was bought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Addon {
    /// Its id.
    pub id: SubscriptionAddonId,
    /// The version that was bought.
    pub offer: AddonReference,
    /// Name for people.
    pub name: String,
    /// Text for people.
    pub description: String,
    /// Free values of the user.
    pub metadata: Labels,
    /// At most one unit.
    pub single: bool,
    /// Changes of quantity, by time.
    pub points: Vec<QuantityPoint>,
    /// What each unit adds.
    pub cards: Vec<RateCard>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A version of an add-on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddonReference {
    /// Id of the version.
    pub id: String,
    /// Key of all versions.
    pub key: String,
    /// Number of the version.
    pub version: i32,
}

/// From an instant on, so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuantityPoint {
    /// From when on.
    pub at: Timestamp,
    /// How many.
    pub quantity: i32,
}

/// A span in which the quantity does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The span; the last one is open.
    pub period: OpenPeriod,
    /// How many.
    pub quantity: i32,
}

/// An add-on as it is assigned to a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct AddonOffer {
    /// The version.
    pub reference: AddonReference,
    /// Name for people.
    pub name: String,
    /// Text for people.
    pub description: String,
    /// At most one unit.
    pub single: bool,
    /// Most units; `None`: no limit.
    pub max_quantity: Option<i32>,
    /// First phase in which it can be bought.
    pub from_phase: String,
    /// What each unit adds.
    pub cards: Vec<RateCard>,
}

impl Addon {
    /// Spans of equal quantity, by start.
    pub fn segments(&self) -> Vec<Segment> {
        let ends = self
            .points
            .iter()
            .skip(1)
            .map(|next| Some(next.at))
            .chain([None]);
        self.points
            .iter()
            .zip(ends)
            .map(|(point, end)| Segment {
                period: OpenPeriod {
                    start: point.at,
                    end,
                },
                quantity: point.quantity,
            })
            .collect()
    }

    /// Whether any unit of it counts while the subscription holds.
    fn counts_in(&self, period: OpenPeriod) -> bool {
        self.segments()
            .iter()
            .any(|segment| segment.quantity > 0 && segment.period.overlaps(&period))
    }
}

impl Subscription {
    /// Buys an add-on, or changes its quantity when it was bought before; gives back its id, too.
    pub fn with_addon(
        &self,
        offer: &AddonOffer,
        (quantity, metadata): (i32, Labels),
        timing: Timing,
        now: Timestamp,
        mint: &mut dyn FnMut() -> Ulid,
    ) -> Result<(Self, SubscriptionAddonId), Refusal> {
        if self.plan.is_none() {
            return Err(Refusal::AddonOfCustomPlan);
        }
        let known = self
            .addons
            .iter()
            .find(|addon| addon.offer.id == offer.reference.id);
        if known.is_none() && quantity <= 0 {
            return Err(Refusal::AddonQuantity);
        }
        let id = known.map_or_else(|| SubscriptionAddonId::from_ulid(mint()), |known| known.id);
        let mut next = self.clone();
        if known.is_none() {
            next.addons.push(Addon {
                id,
                offer: offer.reference.clone(),
                name: offer.name.clone(),
                description: offer.description.clone(),
                metadata,
                single: offer.single,
                points: Vec::new(),
                cards: offer.cards.clone(),
                created_at: now,
                updated_at: now,
            });
            within(next.addons.len(), ADDONS_MAX, "add-ons")?;
        }
        Ok((
            next.with_quantity(id, offer, quantity, timing, now, mint)?,
            id,
        ))
    }

    /// Changes how many there are of an add-on; zero takes its effect away.
    pub fn with_quantity(
        &self,
        id: SubscriptionAddonId,
        offer: &AddonOffer,
        quantity: i32,
        timing: Timing,
        now: Timestamp,
        mint: &mut dyn FnMut() -> Ulid,
    ) -> Result<Self, Refusal> {
        let at = self.addon_time(timing, now)?;
        self.permit(Action::ChangeAddons, now)?;
        if !(0..=QUANTITY_MAX).contains(&quantity) || (offer.single && quantity > 1) {
            return Err(Refusal::AddonQuantity);
        }
        if let Some(max) = offer.max_quantity.filter(|max| quantity > *max) {
            return Err(Refusal::AddonTooMany(max));
        }
        self.check_addon_phase(offer, at)?;
        let mut next = self.clone();
        let addon = next
            .addons
            .iter_mut()
            .find(|addon| addon.id == id)
            .ok_or_else(|| Refusal::AddonNotFound(id.to_string()))?;
        addon.points.retain(|point| point.at != at);
        addon.points.push(QuantityPoint { at, quantity });
        addon.points.sort_by_key(|point| point.at);
        addon.updated_at = now;
        within(addon.points.len(), POINTS_MAX, "changes of quantity")?;
        let base = next.base.take().unwrap_or_else(|| next.phases.clone());
        next.phases = merge::merged(&next, &base, now, mint)?;
        next.base = Some(base);
        within(next.cards().count(), VERSIONS_MAX, "item versions")?;
        next.check(true)?;
        next.check_alignment()?;
        Ok(next.written(now))
    }

    /// Whether an add-on counts, ever, while the subscription holds; then its items cannot be edited.
    pub fn has_addons(&self) -> bool {
        self.addons
            .iter()
            .any(|addon| addon.counts_in(self.active_period()))
    }

    /// Ids of the item versions with a key that hold while an add-on counts.
    pub fn items_touched(&self, addon: &Addon, key: &str) -> Result<Vec<String>, Refusal> {
        let segments = addon.segments();
        let mut ids = Vec::new();
        for (phase, times) in self.phases.iter().zip(self.times()?) {
            for (timeline, periods) in phase.timelines.iter().zip(&times.items) {
                for (version, period) in timeline.versions.iter().zip(periods) {
                    let counts =
                        |segment: &Segment| segment.quantity > 0 && segment.period.overlaps(period);
                    if timeline.key == key && segments.iter().any(counts) {
                        ids.push(version.id.to_string());
                    }
                }
            }
        }
        Ok(ids)
    }

    fn addon_time(&self, timing: Timing, now: Timestamp) -> Result<Timestamp, Refusal> {
        let at = match timing {
            Timing::Immediate => now,
            Timing::NextBillingCycle => self.billing_period_at(now)?.end,
            Timing::At(at) => at,
        };
        match self.status_at(at) {
            Status::Active | Status::Canceled => Ok(at),
            Status::Scheduled | Status::Inactive => Err(Refusal::AddonOutsideSubscription),
        }
    }

    fn check_addon_phase(&self, offer: &AddonOffer, at: Timestamp) -> Result<(), Refusal> {
        let current = self
            .phase_at(at)?
            .ok_or(Refusal::AddonOutsideSubscription)?;
        match self
            .phases
            .iter()
            .position(|phase| phase.key == offer.from_phase)
        {
            Some(first) if first <= current => Ok(()),
            Some(_) | None => Err(Refusal::AddonTooEarly(offer.from_phase.clone())),
        }
    }
}

#[cfg(test)]
mod tests;
