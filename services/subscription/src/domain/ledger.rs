//! The ledger of terms: what a change of a subscription does to what its customer pays and may use. A subscription sells, of
//! each item key, at most one version at any instant; an entry says that in a span of time it sold one thing before and sells
//! another since. Nothing else about a subscription is in it, so a change that alters no terms has no entry.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kernel::calendar::CalendarError;
use kernel::id::ItemId;
use kernel::period::OpenPeriod;
use serde::{Deserialize, Serialize};

use super::rate_card::RateCard;
use super::subscription::Subscription;

/// What brought a change about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A subscription was made.
    Created,
    /// It was edited.
    Edited,
    /// It was given an end.
    Canceled,
    /// Its end was taken back.
    Continued,
    /// Its end was taken back, and what was to follow deleted.
    Restored,
    /// Another plan follows.
    Changed,
    /// Another version of its plan follows.
    Migrated,
    /// It was deleted.
    Deleted,
    /// There are more or fewer of an add-on.
    AddonChanged,
}

/// An item version as far as it decides what is paid and allowed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sold {
    /// The version.
    pub item_id: ItemId,
    /// Key of its phase.
    pub phase: String,
    /// Its card.
    pub card: RateCard,
}

/// In a span of time, one thing is sold in place of another.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Key of the item.
    pub item: String,
    /// The span; never empty.
    pub span: OpenPeriod,
    /// What was sold in it.
    pub before: Option<Sold>,
    /// What is sold in it.
    pub after: Option<Sold>,
}

impl Cause {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Created, "created"),
        (Self::Edited, "edited"),
        (Self::Canceled, "canceled"),
        (Self::Continued, "continued"),
        (Self::Restored, "restored"),
        (Self::Changed, "changed"),
        (Self::Migrated, "migrated"),
        (Self::Deleted, "deleted"),
        (Self::AddonChanged, "addon_changed"),
    ];

    /// The name it is stored under.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .into_iter()
            .find(|(cause, _)| *cause == self)
            .map_or("", |(_, name)| name)
    }

    /// Reads a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(_, name)| *name == text)
            .map(|(cause, _)| cause)
    }
}

/// Spans of one item key, each with what is sold in it.
type Terms = Vec<(OpenPeriod, Sold)>;

/// What a write changes, by item and time. `None` before: the subscription is new.
pub fn entries(
    before: Option<&Subscription>,
    after: &Subscription,
) -> Result<Vec<Entry>, CalendarError> {
    let before = before.map(terms).transpose()?.unwrap_or_default();
    let after = terms(after)?;
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let none = Terms::new();
    Ok(keys
        .into_iter()
        .flat_map(|key| {
            let old = before.get(key).unwrap_or(&none);
            let new = after.get(key).unwrap_or(&none);
            difference(key, old, new)
        })
        .collect())
}

/// What a subscription sells, by item key. A deleted one sells nothing, and never did.
fn terms(subscription: &Subscription) -> Result<BTreeMap<String, Terms>, CalendarError> {
    let mut terms: BTreeMap<String, Terms> = BTreeMap::new();
    if subscription.deleted_at.is_some() {
        return Ok(terms);
    }
    for (phase, times) in subscription.phases.iter().zip(subscription.times()?) {
        for (timeline, periods) in phase.timelines.iter().zip(&times.items) {
            for (version, period) in timeline.versions.iter().zip(periods) {
                if !period.is_empty() {
                    let sold = Sold {
                        item_id: version.id,
                        phase: phase.key.clone(),
                        card: version.card.clone(),
                    };
                    let of_key = terms.entry(timeline.key.clone()).or_default();
                    of_key.push((*period, sold));
                }
            }
        }
    }
    Ok(terms)
}

fn difference(key: &str, old: &Terms, new: &Terms) -> Vec<Entry> {
    let bounds: BTreeSet<Timestamp> = old
        .iter()
        .chain(new)
        .flat_map(|(period, _)| [Some(period.start), period.end])
        .flatten()
        .collect();
    let ends = bounds.iter().skip(1).map(|end| Some(*end)).chain([None]);
    let mut found: Vec<Entry> = Vec::new();
    for (start, end) in bounds.iter().copied().zip(ends) {
        let (before, after) = (at(old, start), at(new, start));
        if before == after {
            continue;
        }
        // Neighbors that say the same are one.
        match found.last_mut() {
            Some(last)
                if last.span.end == Some(start)
                    && (last.before.as_ref(), last.after.as_ref()) == (before, after) =>
            {
                last.span.end = end;
            }
            Some(_) | None => found.push(Entry {
                item: key.to_owned(),
                span: OpenPeriod { start, end },
                before: before.cloned(),
                after: after.cloned(),
            }),
        }
    }
    found
}

fn at(terms: &Terms, instant: Timestamp) -> Option<&Sold> {
    terms
        .iter()
        .find(|(period, _)| period.contains(instant))
        .map(|(_, sold)| sold)
}

#[cfg(test)]
mod tests;
