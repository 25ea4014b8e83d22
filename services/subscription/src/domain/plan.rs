//! From a plan to a subscription: phase lengths are summed as durations, and only the sums are added to the start.

use jiff::{SignedDuration, Timestamp};
use kernel::calendar::IsoDuration;
use kernel::currency::Currency;
use kernel::id::{CustomerId, ItemId, PhaseId, SubscriptionId, Ulid};

use super::lifecycle::Timing;
use super::rate_card::{Labels, RateCard};
use super::refusal::Refusal;
use super::subscription::{
    ItemVersion, PHASES_MAX, Phase, PlanReference, Proration, Subscription, Timeline, VERSIONS_MAX,
};

/// How far back a start may lie, so that clocks need not agree to the second.
const BACKDATING_MAX: SignedDuration = SignedDuration::from_mins(2);

/// A plan as far as subscriptions need it: validated by catalog.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The version; `None`: made for one subscription.
    pub reference: Option<PlanReference>,
    /// Name for people.
    pub name: String,
    /// Text for people.
    pub description: String,
    /// Free values of the user.
    pub metadata: Labels,
    /// Currency of all prices.
    pub currency: Currency,
    /// Length of a billing period.
    pub billing_cadence: IsoDuration,
    /// How parts of a period are priced.
    pub proration: Proration,
    /// Stages in order.
    pub phases: Vec<PlanPhase>,
}

/// A stage of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanPhase {
    /// Unique in the plan.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Text for people.
    pub description: String,
    /// Its length; `None` only for the last.
    pub duration: Option<IsoDuration>,
    /// What it sells.
    pub cards: Vec<RateCard>,
}

/// What the caller says about a new subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSubscription {
    /// Who pays.
    pub customer_id: CustomerId,
    /// Its name; empty: the plan's.
    pub name: String,
    /// Text for people.
    pub description: String,
    /// Free values of the user.
    pub metadata: Labels,
    /// Start, inclusive.
    pub active_from: Timestamp,
    /// The instant on which billing periods hang; `None`: the start.
    pub billing_anchor: Option<Timestamp>,
    /// The phase to start with; `None`: the first.
    pub starting_phase: Option<String>,
}

/// The start of a subscription made now.
pub fn starting_time(timing: Timing, now: Timestamp) -> Result<Timestamp, Refusal> {
    match timing {
        Timing::Immediate => Ok(now),
        Timing::At(start) if start.duration_until(now) > BACKDATING_MAX => {
            Err(Refusal::StartInPast)
        }
        Timing::At(start) => Ok(start),
        Timing::NextBillingCycle => Err(Refusal::TimingNotSupported {
            operation: "create",
            timing: "next_billing_cycle",
        }),
    }
}

/// Makes a subscription of a plan; `mint` yields fresh ids.
pub fn subscribe(
    plan: &Plan,
    new: NewSubscription,
    now: Timestamp,
    mint: &mut dyn FnMut() -> Ulid,
) -> Result<Subscription, Refusal> {
    let first = match &new.starting_phase {
        None => 0,
        Some(key) => plan
            .phases
            .iter()
            .position(|phase| phase.key == *key)
            .ok_or_else(|| Refusal::StartingPhaseNotFound(key.clone()))?,
    };
    let versions: usize = plan.phases.iter().map(|phase| phase.cards.len()).sum();
    within(plan.phases.len(), PHASES_MAX, "phases")?;
    within(versions, VERSIONS_MAX, "item versions")?;
    let mut start_after = IsoDuration::from_days(0);
    let mut phases = Vec::with_capacity(plan.phases.len());
    for (index, phase) in plan.phases.iter().enumerate() {
        phases.push(stage(phase, start_after.clone(), now, mint));
        if index >= first
            && let Some(duration) = &phase.duration
        {
            start_after = start_after.plus(duration);
        }
    }
    let subscription = Subscription {
        id: SubscriptionId::from_ulid(mint()),
        customer_id: new.customer_id,
        plan: plan.reference.clone(),
        name: if new.name.is_empty() {
            plan.name.clone()
        } else {
            new.name
        },
        description: new.description,
        metadata: new.metadata,
        annotations: Labels::new(),
        currency: plan.currency,
        active_from: new.active_from,
        active_to: None,
        billing_cadence: plan.billing_cadence.clone(),
        billing_anchor: new.billing_anchor.unwrap_or(new.active_from),
        proration: plan.proration,
        phases,
        base: None,
        addons: Vec::new(),
        revision: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    subscription.check(true)?;
    subscription.check_alignment()?;
    Ok(subscription)
}

/// Refuses more parts than there may be.
pub fn within(count: usize, max: usize, what: &'static str) -> Result<(), Refusal> {
    if count > max {
        Err(Refusal::TooMany { what, max })
    } else {
        Ok(())
    }
}

fn stage(
    phase: &PlanPhase,
    start_after: IsoDuration,
    now: Timestamp,
    mint: &mut dyn FnMut() -> Ulid,
) -> Phase {
    Phase {
        id: PhaseId::from_ulid(mint()),
        key: phase.key.clone(),
        name: phase.name.clone(),
        description: phase.description.clone(),
        start_after,
        timelines: phase
            .cards
            .iter()
            .map(|card| Timeline {
                key: card.key.clone(),
                versions: vec![ItemVersion {
                    id: ItemId::from_ulid(mint()),
                    card: card.clone(),
                    starts_after: None,
                    ends_after: None,
                    created_at: now,
                    updated_at: now,
                }],
            })
            .collect(),
        created_at: now,
        updated_at: now,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::fixture::{Sketch, time};
    use super::*;

    #[test]
    fn phases_before_the_starting_one_have_no_length() {
        let subscription = Sketch::new("2024-01-31T00:00:00Z")
            .phases(&["P1M", "P1M", "P1M", ""])
            .starting("phase_2")
            .build();
        let times = subscription.times().unwrap();
        assert!(times[0].period.is_empty() && times[1].period.is_empty());
        assert_eq!(times[0].period.start, subscription.active_from);
        assert_eq!(times[2].period.start, subscription.active_from);
        assert_eq!(times[3].period.start, time("2024-02-29T00:00:00Z"));
        assert!(times[0].items[0][0].is_empty());
    }

    #[test]
    fn an_unknown_starting_phase_is_refused() {
        let refusal = Sketch::new("2024-01-31T00:00:00Z")
            .phases(&[""])
            .starting("gone")
            .try_build();
        assert_eq!(refusal, Err(Refusal::StartingPhaseNotFound("gone".into())));
    }

    #[test]
    fn a_start_may_lie_two_minutes_back() {
        let now = time("2024-01-01T00:10:00Z");
        assert_eq!(starting_time(Timing::Immediate, now), Ok(now));
        let start = time("2024-01-01T00:08:00Z");
        assert_eq!(starting_time(Timing::At(start), now), Ok(start));
        let start = time("2024-01-01T00:07:59.999999Z");
        assert_eq!(
            starting_time(Timing::At(start), now),
            Err(Refusal::StartInPast)
        );
        assert!(starting_time(Timing::NextBillingCycle, now).is_err());
    }

    #[test]
    fn the_anchor_is_kept_as_given() {
        let subscription = Sketch::new("2025-07-10T15:00:00Z")
            .anchor("2025-01-31T15:00:00Z")
            .phases(&[""])
            .build();
        assert_eq!(subscription.billing_anchor, time("2025-01-31T15:00:00Z"));
    }
}
