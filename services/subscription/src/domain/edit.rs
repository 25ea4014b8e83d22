//! Edits of a running subscription: an ordered list of operations, applied at one instant, all or none. What happened
//! before that instant stays; only `unschedule_edit` may drop versions of a key that has none now.

use jiff::{SignedDuration, Timestamp};
use kernel::calendar::{CalendarError, IsoDuration};
use kernel::id::{ItemId, PhaseId, Ulid};

use super::lifecycle::Timing;
use super::plan::within;
use super::rate_card::RateCard;
use super::refusal::Refusal;
use super::status::Action;
use super::subscription::{ItemVersion, PHASES_MAX, Phase, Subscription, Timeline, VERSIONS_MAX};
use super::timeline::{PhaseTimes, Position};

/// One operation of an edit.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Adds a version of an item.
    AddItem {
        /// Key of the phase.
        phase: String,
        /// What is sold.
        card: Box<RateCard>,
    },
    /// Ends or removes an item.
    RemoveItem {
        /// Key of the phase.
        phase: String,
        /// Key of the item.
        item: String,
    },
    /// Adds a phase ahead.
    AddPhase {
        /// Key of the phase.
        key: String,
        /// Name for people.
        name: String,
        /// Text for people.
        description: String,
        /// Distance from the start of the subscription.
        start_after: IsoDuration,
        /// Its length, needed when a phase follows.
        duration: Option<IsoDuration>,
    },
    /// Removes a phase ahead.
    RemovePhase {
        /// Key of the phase.
        phase: String,
        /// What fills the gap.
        shift: Shift,
    },
    /// Moves all phases after one.
    StretchPhase {
        /// Key of the phase.
        phase: String,
        /// By how much; negative: earlier.
        by: IsoDuration,
    },
    /// Drops what edits have scheduled in the current phase.
    UnscheduleEdit,
}

/// What fills the gap of a removed phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Later phases start earlier.
    Next,
    /// The previous phase lasts longer.
    Previous,
}

impl Subscription {
    /// The instant of an edit.
    pub fn edit_time(&self, timing: Timing, now: Timestamp) -> Result<Timestamp, Refusal> {
        match timing {
            Timing::Immediate => Ok(now),
            Timing::At(_) => Err(Refusal::CustomEditTiming),
            Timing::NextBillingCycle => {
                let end = self.billing_period_at(now)?.end;
                if self.phase_at(now)? == self.phase_at(end)? {
                    Ok(end)
                } else {
                    Err(Refusal::NextCycleInOtherPhase)
                }
            }
        }
    }

    /// Applies operations at an instant; `mint` yields fresh ids.
    pub fn edited(
        &self,
        operations: &[Operation],
        timing: Timing,
        now: Timestamp,
        mint: &mut dyn FnMut() -> Ulid,
    ) -> Result<Self, Refusal> {
        if self.has_addons() {
            return Err(Refusal::HasAddons);
        }
        let at = self.edit_time(timing, now)?;
        let mut edit = Edit {
            subscription: self.clone(),
            at,
            now,
            mint,
        };
        for operation in operations {
            edit.apply(operation)?;
            edit.subscription.check(false)?;
        }
        let edited = edit.subscription;
        edited.check(true)?;
        edited.check_alignment()?;
        within(edited.phases.len(), PHASES_MAX, "phases")?;
        within(edited.cards().count(), VERSIONS_MAX, "item versions")?;
        self.permit(Action::Update, now)?;
        // No add-on counts any more, so the merged items and those without add-ons are the same again.
        Ok(Self {
            base: None,
            ..edited
        }
        .written(now))
    }
}

/// An edit under way.
struct Edit<'a> {
    subscription: Subscription,
    at: Timestamp,
    now: Timestamp,
    mint: &'a mut dyn FnMut() -> Ulid,
}

impl Edit<'_> {
    fn apply(&mut self, operation: &Operation) -> Result<(), Refusal> {
        match operation {
            Operation::AddItem { phase, card } => self.add_item(phase, card),
            Operation::RemoveItem { phase, item } => self.remove_item(phase, item),
            Operation::AddPhase {
                key,
                name,
                description,
                start_after,
                duration,
            } => self.add_phase(key, name, description, start_after, duration.as_ref()),
            Operation::RemovePhase { phase, shift } => self.remove_phase(phase, *shift),
            Operation::StretchPhase { phase, by } => self.stretch_phase(phase, by),
            Operation::UnscheduleEdit => self.unschedule(),
        }
    }

    fn add_item(&mut self, key: &str, card: &RateCard) -> Result<(), Refusal> {
        let (index, times) = self.find_phase(key)?;
        let position = self.open_for(&times, "add item", key)?;
        let distance = self.distance(&times)?;
        let (at, now) = (self.at, self.now);
        let id = ItemId::from_ulid((self.mint)());
        let phase = &mut self.subscription.phases[index];
        let slot = phase
            .timelines
            .iter()
            .position(|timeline| timeline.key == card.key);
        if let Some(slot) = slot {
            if position == Position::Future {
                return Err(Refusal::ItemExists {
                    phase: key.to_owned(),
                    item: card.key.clone(),
                });
            }
            let timeline = &mut phase.timelines[slot];
            if let (Some(last), Some(period)) =
                (timeline.versions.last_mut(), times.items[slot].last())
            {
                let ends_later = last.ends_after.is_some() && period.end.is_none_or(|end| end > at);
                if ends_later || period.start > at {
                    return Err(Refusal::ItemOverlap {
                        item: card.key.clone(),
                    });
                }
                if last.ends_after.is_none() {
                    last.ends_after = Some(distance);
                    last.updated_at = now;
                }
            }
        }
        let starts_after =
            (position == Position::Current && !distance.is_zero()).then_some(distance);
        let version = ItemVersion {
            id,
            card: card.clone(),
            starts_after,
            ends_after: None,
            created_at: now,
            updated_at: now,
        };
        match slot {
            Some(slot) => phase.timelines[slot].versions.push(version),
            None => phase.timelines.push(Timeline {
                key: card.key.clone(),
                versions: vec![version],
            }),
        }
        phase.updated_at = now;
        Ok(())
    }

    fn remove_item(&mut self, key: &str, item: &str) -> Result<(), Refusal> {
        let (index, times) = self.find_phase(key)?;
        let unknown = || Refusal::ItemNotFound {
            phase: key.to_owned(),
            item: item.to_owned(),
        };
        let slot = self.subscription.phases[index]
            .timelines
            .iter()
            .position(|timeline| timeline.key == item)
            .ok_or_else(unknown)?;
        let position = self.open_for(&times, "remove item", key)?;
        let distance = self.distance(&times)?;
        let (at, now) = (self.at, self.now);
        let phase = &mut self.subscription.phases[index];
        let versions = &mut phase.timelines[slot].versions;
        if position == Position::Future {
            versions.pop();
        } else {
            // What has not begun never will; what is left ends now.
            let begun = times.items[slot]
                .iter()
                .filter(|period| period.start <= at)
                .count();
            let dropped = versions.len() > begun;
            versions.truncate(begun);
            match versions.last_mut() {
                Some(last) if last.ends_after.is_none_or(|end| end > distance) => {
                    last.ends_after = Some(distance);
                    last.updated_at = now;
                }
                Some(_) | None if dropped => {}
                Some(_) | None => return Err(unknown()),
            }
        }
        if phase.timelines[slot].versions.is_empty() {
            phase.timelines.remove(slot);
        }
        phase.updated_at = now;
        Ok(())
    }

    fn add_phase(
        &mut self,
        key: &str,
        name: &str,
        description: &str,
        start_after: &IsoDuration,
        duration: Option<&IsoDuration>,
    ) -> Result<(), Refusal> {
        if self
            .subscription
            .phases
            .iter()
            .any(|phase| phase.key == key)
        {
            return Err(Refusal::PhaseExists(key.to_owned()));
        }
        let start = start_after.add_to(self.subscription.active_from)?;
        if start <= self.at {
            return Err(Refusal::PhaseInPast {
                operation: "add",
                phase: key.to_owned(),
            });
        }
        if self.subscription.active_to.is_some_and(|end| start >= end) {
            return Err(Refusal::PhaseAfterEnd(key.to_owned()));
        }
        let times = self.subscription.times()?;
        let place = times
            .iter()
            .position(|phase| phase.period.start >= start)
            .unwrap_or(times.len());
        let phases = &mut self.subscription.phases;
        if let Some(next) = phases.get(place) {
            let duration = duration.ok_or_else(|| Refusal::DurationRequired(key.to_owned()))?;
            let moved = start_after.plus(duration).plus(&next.start_after.negated());
            shift(&mut phases[place..], &moved, self.now);
        }
        let phase = Phase {
            id: PhaseId::from_ulid((self.mint)()),
            key: key.to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
            start_after: start_after.clone(),
            timelines: Vec::new(),
            created_at: self.now,
            updated_at: self.now,
        };
        phases.insert(place, phase);
        self.ordered_after(place)
    }

    fn remove_phase(&mut self, key: &str, gap: Shift) -> Result<(), Refusal> {
        let (index, times) = self.find_phase(key)?;
        if times.period.start <= self.at {
            return Err(Refusal::PhaseInPast {
                operation: "remove",
                phase: key.to_owned(),
            });
        }
        let removed = self.subscription.phases.remove(index);
        let later = &mut self.subscription.phases[index..];
        if let (Shift::Next, Some(next)) = (gap, later.first()) {
            let moved = removed.start_after.plus(&next.start_after.negated());
            shift(later, &moved, self.now);
        }
        Ok(())
    }

    fn stretch_phase(&mut self, key: &str, by: &IsoDuration) -> Result<(), Refusal> {
        let (index, times) = self.find_phase(key)?;
        if by.is_zero() {
            return Err(Refusal::NothingToStretch);
        }
        if self.subscription.phases.len() == 1 {
            return Err(Refusal::SinglePhase);
        }
        self.open_for(&times, "stretch", key)?;
        shift(&mut self.subscription.phases[index + 1..], by, self.now);
        self.ordered_after(index)?;
        // A phase that has not begun must not be moved into the past.
        match self.subscription.phases.get(index + 1) {
            Some(next) if next.start_after.add_to(self.subscription.active_from)? <= self.at => {
                Err(Refusal::PhaseInPast {
                    operation: "stretch",
                    phase: key.to_owned(),
                })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn unschedule(&mut self) -> Result<(), Refusal> {
        let index = self
            .subscription
            .phase_at(self.at)?
            .ok_or(Refusal::NoCurrentPhase)?;
        let times = self.subscription.times()?.swap_remove(index);
        let (at, now) = (self.at, self.now);
        let phase = &mut self.subscription.phases[index];
        for (timeline, periods) in phase.timelines.iter_mut().zip(&times.items) {
            let kept = periods
                .iter()
                .rposition(|period| period.contains(at))
                .map_or(0, |active| active + 1);
            timeline.versions.truncate(kept);
            if let Some(active) = timeline.versions.last_mut()
                && active.ends_after.take().is_some()
            {
                active.updated_at = now;
            }
        }
        phase
            .timelines
            .retain(|timeline| !timeline.versions.is_empty());
        phase.updated_at = now;
        Ok(())
    }

    fn find_phase(&self, key: &str) -> Result<(usize, PhaseTimes), Refusal> {
        let index = self
            .subscription
            .phases
            .iter()
            .position(|phase| phase.key == key)
            .ok_or_else(|| Refusal::PhaseNotFound(key.to_owned()))?;
        Ok((index, self.subscription.times()?.swap_remove(index)))
    }

    fn open_for(
        &self,
        times: &PhaseTimes,
        operation: &'static str,
        key: &str,
    ) -> Result<Position, Refusal> {
        match times.position_at(self.at) {
            Position::Past => Err(Refusal::PastPhase {
                operation,
                phase: key.to_owned(),
            }),
            position @ (Position::Current | Position::Future) => Ok(position),
        }
    }

    /// How far the edit lies behind the start of a phase.
    fn distance(&self, times: &PhaseTimes) -> Result<SignedDuration, CalendarError> {
        Ok(times.period.start.duration_until(self.at))
    }

    /// Refuses phases after `index` that would start at or before the one before them.
    fn ordered_after(&self, index: usize) -> Result<(), Refusal> {
        let phases = &self.subscription.phases[index..];
        for pair in phases.windows(2) {
            let start = |phase: &Phase| phase.start_after.add_to(self.subscription.active_from);
            if start(&pair[1])? <= start(&pair[0])? {
                return Err(Refusal::PhaseWouldDisappear(pair[0].key.clone()));
            }
        }
        Ok(())
    }
}

fn shift(phases: &mut [Phase], by: &IsoDuration, now: Timestamp) {
    if by.is_zero() {
        return;
    }
    for phase in phases {
        phase.start_after = phase.start_after.plus(by);
        phase.updated_at = now;
    }
}

#[cfg(test)]
mod tests;
