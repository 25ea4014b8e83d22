//! The change ledger of one subscription: from each instant on, what it is worth and what it counts as. Derived from the
//! time line alone, so writing it anew after every change of the subscription gives the same past.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kernel::Decimal;
use kernel::decimal;

use super::super::rate_card::RateCard;
use super::super::refusal::Refusal;
use super::super::subscription::Subscription;
use super::super::timeline::PhaseTimes;
use super::normalize::monthly_value;

/// What a subscription counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Nothing is paid yet, a priced phase follows.
    Trial,
    /// No charge at all.
    Free,
    /// Charged, even if by usage alone.
    Paid,
    /// Over.
    Ended,
    /// Over, because it was not paid.
    Delinquent,
    /// Paid for until now, and a store still tries to be paid for more: counts as paid, but not where stores count.
    PastDue,
    /// Over unless its store tells of another period: ahead of time it is no cancelation.
    Lapsed,
}

/// One entry of the ledger: holds until the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// From when on.
    pub at: Timestamp,
    /// Worth of a month, in the subscription's currency.
    pub monthly_value: Decimal,
    /// What it counts as.
    pub class: Class,
}

/// The ledger of a subscription, ahead of now too. A deleted one, and one without length, has none.
pub fn changes(subscription: &Subscription) -> Result<Vec<Change>, Refusal> {
    if subscription.deleted_at.is_some() || subscription.active_period().is_empty() {
        return Ok(Vec::new());
    }
    let times = subscription.times()?;
    let uncanceled = subscription.times_until(None)?;
    let mut found: Vec<Change> = Vec::new();
    for at in instants(subscription, &times) {
        let change = if subscription.active_to.is_some_and(|end| end <= at) {
            Change {
                at,
                monthly_value: Decimal::ZERO,
                class: Class::Ended,
            }
        } else {
            state_at(subscription, &times, &uncanceled, at)?
        };
        let same = found.last().is_some_and(|last| {
            (last.monthly_value, last.class) == (change.monthly_value, change.class)
        });
        if !same {
            found.push(change);
        }
    }
    Ok(found)
}

/// Key under which the other dialects know what is sold: the plan's, or one made of the subscription's id.
pub fn product_key(subscription: &Subscription) -> String {
    match &subscription.plan {
        Some(plan) => plan.key.clone(),
        None => format!("custom-{}", subscription.id.to_string().to_lowercase()),
    }
}

impl Class {
    /// Whether it says that a subscription is over.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::Delinquent | Self::Lapsed)
    }

    /// The name it is stored under.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::Free => "free",
            Self::Paid => "paid",
            Self::Ended => "ended",
            Self::Delinquent => "delinquent",
            Self::PastDue => "past_due",
            Self::Lapsed => "lapsed",
        }
    }

    /// Reads a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Trial,
            Self::Free,
            Self::Paid,
            Self::Ended,
            Self::Delinquent,
            Self::PastDue,
            Self::Lapsed,
        ]
        .into_iter()
        .find(|class| class.as_str() == text)
    }
}

/// Every instant at which something may change.
fn instants(subscription: &Subscription, times: &[PhaseTimes]) -> BTreeSet<Timestamp> {
    let inside = |at: &Timestamp| *at >= subscription.active_from;
    let mut instants = BTreeSet::from([subscription.active_from]);
    for phase in times {
        for period in phase
            .items
            .iter()
            .flatten()
            .chain([&phase.period])
            .filter(|period| !period.is_empty())
        {
            instants.extend(
                [Some(period.start), period.end]
                    .into_iter()
                    .flatten()
                    .filter(inside),
            );
        }
    }
    instants.extend(subscription.active_to);
    instants
}

fn state_at(
    subscription: &Subscription,
    times: &[PhaseTimes],
    uncanceled: &[PhaseTimes],
    at: Timestamp,
) -> Result<Change, Refusal> {
    let active: Vec<&RateCard> = versions(subscription, times)
        .filter(|(_, phase, index)| {
            phase.period.contains(at) && phase.items[index.0][index.1].contains(at)
        })
        .map(|(card, ..)| card)
        .collect();
    let values = active
        .iter()
        .map(|card| monthly_value(card))
        .collect::<Result<Vec<_>, _>>()?;
    let value = decimal::checked_sum(values)?;
    let charged = active.iter().any(|card| card.has_charge());
    let follows = versions(subscription, uncanceled).any(|(card, phase, index)| {
        phase.period.start > at && !phase.items[index.0][index.1].is_empty() && card.has_charge()
    });
    let class = match (charged, follows) {
        (true, _) => Class::Paid,
        (false, true) => Class::Trial,
        (false, false) => Class::Free,
    };
    Ok(Change {
        at,
        monthly_value: value,
        class,
    })
}

type Indexed<'a> = (&'a RateCard, &'a PhaseTimes, (usize, usize));

fn versions<'a>(
    subscription: &'a Subscription,
    times: &'a [PhaseTimes],
) -> impl Iterator<Item = Indexed<'a>> {
    subscription
        .phases
        .iter()
        .zip(times)
        .flat_map(|(phase, times)| {
            phase
                .timelines
                .iter()
                .enumerate()
                .flat_map(move |(key, timeline)| {
                    let cards = timeline.versions.iter().enumerate();
                    cards.map(move |(version, item)| (&item.card, times, (key, version)))
                })
        })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::super::fixture::{Sketch, flat, mint, time, unit, unpriced};
    use super::super::super::lifecycle::Timing;
    use super::*;

    fn ledger(subscription: &Subscription) -> Vec<String> {
        changes(subscription)
            .unwrap()
            .iter()
            .map(|change| {
                let day = &change.at.to_string()[..10];
                format!(
                    "{day} {} {}",
                    decimal::format(change.monthly_value),
                    change.class.as_str()
                )
            })
            .collect()
    }

    fn trial() -> Sketch {
        Sketch::new("2024-01-01T00:00:00Z").phase("P1M", vec![unpriced("seat"), flat("zero", "0")])
    }

    #[test]
    fn a_trial_ends_where_the_priced_phase_starts() {
        let subscription = trial()
            .phase("", vec![flat("fee", "10"), unit("api", Some("5"))])
            .build();
        assert_eq!(
            ledger(&subscription),
            ["2024-01-01 0 trial", "2024-02-01 15 paid"]
        );
    }

    #[test]
    fn a_canceled_trial_is_still_a_trial() {
        let subscription = trial().phase("", vec![flat("fee", "10")]).build();
        let canceled = subscription
            .canceled(Timing::NextBillingCycle, time("2024-01-10T00:00:00Z"))
            .unwrap();
        assert_eq!(
            ledger(&canceled),
            ["2024-01-01 0 trial", "2024-02-01 0 ended"]
        );
    }

    #[test]
    fn without_a_charge_ahead_it_is_free_and_with_usage_it_is_paid() {
        let free = trial().phase("", vec![flat("zero", "0")]).build();
        assert_eq!(ledger(&free), ["2024-01-01 0 free"]);
        let usage = Sketch::new("2024-01-01T00:00:00Z")
            .phase("P1M", vec![unit("api", None)])
            .phase("", vec![flat("fee", "10")])
            .build();
        assert_eq!(ledger(&usage), ["2024-01-01 0 paid", "2024-02-01 10 paid"]);
    }

    #[test]
    fn an_edit_is_a_change_and_an_end_is_the_last() {
        use super::super::super::edit::Operation;
        let subscription = Sketch::new("2024-01-01T00:00:00Z").phases(&[""]).build();
        let card = Box::new(flat("fee", "25"));
        let operation = Operation::AddItem {
            phase: "phase_0".into(),
            card,
        };
        let now = time("2024-01-10T00:00:00Z");
        let edited = subscription
            .edited(&[operation], Timing::Immediate, now, &mut mint())
            .unwrap();
        let canceled = edited.canceled(Timing::NextBillingCycle, now).unwrap();
        assert_eq!(
            ledger(&canceled),
            [
                "2024-01-01 10 paid",
                "2024-01-10 25 paid",
                "2024-02-01 0 ended"
            ]
        );
    }

    #[test]
    fn what_never_held_has_no_ledger() {
        let subscription = Sketch::new("2024-01-01T00:00:00Z").phases(&[""]).build();
        let deleted = subscription.deleted(time("2023-12-01T00:00:00Z")).unwrap();
        assert!(changes(&deleted).unwrap().is_empty());
        let ended = subscription
            .canceled(Timing::Immediate, subscription.active_from)
            .unwrap();
        assert!(changes(&ended).unwrap().is_empty());
    }

    #[test]
    fn a_plan_of_its_own_has_a_key_of_its_own() {
        let subscription = Sketch::new("2024-01-01T00:00:00Z").phases(&[""]).build();
        let key = product_key(&subscription);
        assert!(
            key.starts_with("custom-0") && key.chars().all(|c| !c.is_uppercase()),
            "{key}"
        );
    }
}
