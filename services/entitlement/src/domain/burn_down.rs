//! The burn-down: usage consumes grants, phase by phase and reset by reset. A course is planned first,
//! so that its usage can be asked in one batch, and is then burned; both are pure functions.

use std::collections::BTreeMap;

use kernel::{Decimal, Timestamp, decimal, id::GrantId, period::Period};
use serde::{Deserialize, Serialize};

use super::{
    grant::Grant,
    timeline::{Reset, Timeline},
    usage::{Aggregation, UsagePlan},
};
use crate::error::EntitlementError;

/// Most phases of one course: four years of hours.
pub const PHASES_MAX: usize = 40_000;
/// Most refills of all grants in one course.
const REFILLS_MAX: usize = 1_000_000;

/// The state right after a reset, or at the start of measuring: all that later balances depend on.
/// Grants that are not listed have nothing left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The instant.
    pub at: Timestamp,
    /// What rolled over, per grant.
    pub balances: BTreeMap<GrantId, Decimal>,
    /// Overage that the new period starts with.
    pub overage: Decimal,
}

/// A stretch in which nothing but usage happens: no grant starts, ends or refills, no reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// The stretch; empty only when the course ends on a reset or where it starts.
    pub period: Period,
    /// The reset that opens it.
    pub reset: Option<Reset>,
}

/// The phases from a checkpoint to an instant.
#[derive(Clone, Debug)]
pub struct Course<'a> {
    /// All grants in burn order.
    grants: Vec<Runner<'a>>,
    aggregation: Aggregation,
    from: Checkpoint,
    until: Timestamp,
    phases: Vec<Phase>,
}

/// A grant in a course, with what it does when.
#[derive(Clone, Debug)]
struct Runner<'a> {
    grant: &'a Grant,
    end: Option<Timestamp>,
    /// When it refills during the course, in order.
    refills: Vec<Timestamp>,
    /// Whether it is active at some time of the course.
    relevant: bool,
}

/// What burning a course came to.
#[derive(Clone, Debug)]
pub struct BurnDown {
    /// One per phase, in order.
    pub segments: Vec<Segment>,
    /// The state at the end of the course.
    pub standing: Standing,
    /// The state after the last reset that was not later than asked.
    pub checkpoint: Option<Checkpoint>,
}

/// One burned phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The phase.
    pub period: Period,
    /// Usage in it.
    pub usage: Decimal,
    /// Overage that it started with.
    pub overage_at_start: Decimal,
    /// Overage that it ended with.
    pub overage: Decimal,
    /// Balance per relevant grant at its start.
    pub balances_at_start: BTreeMap<GrantId, Decimal>,
    /// Balance per relevant grant at its end, before any rollover or refill.
    pub balances_at_end: BTreeMap<GrantId, Decimal>,
    /// What was taken from each grant that had something, in burn order.
    pub grant_usages: Vec<(GrantId, Decimal)>,
}

/// What a customer has at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Sum of what is left in active grants.
    pub balance: Decimal,
    /// Usage that no grant covered.
    pub overage: Decimal,
    /// Usage in the usage period.
    pub usage: Decimal,
    /// Full amounts of active grants, and what others gave in this usage period before they ended.
    pub total_available: Decimal,
}

/// What changes while a course burns.
struct Ledger {
    balances: BTreeMap<GrantId, Decimal>,
    overage: Decimal,
    /// Usage in the current usage period.
    usage: Decimal,
    /// What each grant gave in the current usage period.
    given: BTreeMap<GrantId, Decimal>,
}

impl Checkpoint {
    /// The state at the start of measuring: grants that were there before are whole.
    pub fn start(timeline: &Timeline, grants: &[Grant]) -> Self {
        Self {
            at: timeline.measure_from,
            balances: grants
                .iter()
                .filter(|grant| grant.is_active(timeline.measure_from))
                .map(|grant| (grant.id, grant.amount))
                .collect(),
            overage: Decimal::ZERO,
        }
    }
}

impl<'a> Course<'a> {
    /// Plans the way from a checkpoint to an instant. `extra_cuts` split phases; they change no balance.
    pub fn plan(
        grants: &'a [Grant],
        timeline: &Timeline,
        aggregation: Aggregation,
        from: Checkpoint,
        until: Timestamp,
        extra_cuts: &[Timestamp],
    ) -> Result<Self, EntitlementError> {
        let course = Period {
            start: from.at,
            end: until,
        };
        let mut ordered = Vec::with_capacity(grants.len());
        let mut refills = 0;
        for grant in grants {
            let runner = Runner::new(grant, course)?;
            refills += runner.refills.len();
            if refills > REFILLS_MAX {
                return Err(EntitlementError::TooManySegments { limit: PHASES_MAX });
            }
            ordered.push(runner);
        }
        ordered.sort_by(|a, b| a.grant.burn_order(b.grant));
        let mut phases = Vec::new();
        if from.at <= until {
            let resets = timeline.resets_between(from.at, until)?;
            let openings = std::iter::once((from.at, None))
                .chain(resets.iter().map(|reset| (reset.at, Some(*reset))));
            let ends = resets.iter().map(|reset| reset.at).chain([until]);
            for ((start, reset), end) in openings.zip(ends) {
                cut_period(
                    Period { start, end },
                    reset,
                    &ordered,
                    extra_cuts,
                    &mut phases,
                )?;
            }
        }
        Ok(Self {
            grants: ordered,
            aggregation,
            from,
            until,
            phases,
        })
    }

    /// The phases in order.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// The usage that burning will ask for.
    pub fn usage_plan(&self) -> UsagePlan {
        let resets = self.phases.iter().filter_map(|phase| phase.reset);
        let starts = std::iter::once(self.from.at).chain(resets.map(|reset| reset.at));
        let mut plan = UsagePlan::new(self.aggregation, starts);
        for phase in &self.phases {
            plan.cut(phase.period.start);
            plan.cut(phase.period.end);
        }
        plan
    }

    /// Burns the course. `usage` answers for the span of each phase. The checkpoint of the result is
    /// the last one at or before `checkpoint_until`.
    pub fn burn(
        &self,
        usage: impl Fn(Period) -> Result<Option<Decimal>, EntitlementError>,
        checkpoint_until: Timestamp,
    ) -> Result<BurnDown, EntitlementError> {
        let mut segments = Vec::with_capacity(self.phases.len());
        let (standing, checkpoint) = self.walk(usage, checkpoint_until, Some(&mut segments))?;
        Ok(BurnDown {
            segments,
            standing,
            checkpoint,
        })
    }

    /// Burns the course for its end alone, which spares the segments.
    pub fn settle(
        &self,
        usage: impl Fn(Period) -> Result<Option<Decimal>, EntitlementError>,
        checkpoint_until: Timestamp,
    ) -> Result<(Standing, Option<Checkpoint>), EntitlementError> {
        self.walk(usage, checkpoint_until, None)
    }

    fn walk(
        &self,
        usage: impl Fn(Period) -> Result<Option<Decimal>, EntitlementError>,
        checkpoint_until: Timestamp,
        mut segments: Option<&mut Vec<Segment>>,
    ) -> Result<(Standing, Option<Checkpoint>), EntitlementError> {
        let mut ledger = Ledger {
            balances: self.from.balances.clone(),
            overage: self.from.overage,
            usage: Decimal::ZERO,
            given: BTreeMap::new(),
        };
        let mut checkpoint = None;
        for phase in &self.phases {
            if let Some(reset) = phase.reset {
                self.reset(&mut ledger, reset)?;
                if reset.at <= checkpoint_until {
                    checkpoint = Some(Checkpoint {
                        at: reset.at,
                        balances: ledger.balances.clone(),
                        overage: ledger.overage,
                    });
                }
            }
            let used = usage(phase.period)?;
            self.arrive(&mut ledger, phase.period.start);
            let before = segments
                .as_ref()
                .map(|_| (self.relevant_balances(&ledger), ledger.overage));
            let taken = self.burn_phase(&mut ledger, phase.period.start, used)?;
            if let (Some(segments), Some((balances_at_start, overage_at_start))) =
                (segments.as_deref_mut(), before)
            {
                segments.push(Segment {
                    period: phase.period,
                    usage: used.unwrap_or_default(),
                    overage_at_start,
                    overage: ledger.overage,
                    balances_at_start,
                    balances_at_end: self.relevant_balances(&ledger),
                    grant_usages: taken.from,
                });
            }
        }
        let ends_in_phase = self
            .phases
            .last()
            .is_none_or(|phase| !phase.period.is_empty());
        if ends_in_phase {
            self.close(&mut ledger)?;
        }
        Ok((self.standing(&ledger)?, checkpoint))
    }

    /// Starts a new usage period: grants roll over, and overage, if it is kept, is charged to them.
    fn reset(&self, ledger: &mut Ledger, reset: Reset) -> Result<(), EntitlementError> {
        let mut rolled = BTreeMap::new();
        let mut order = Vec::new();
        for runner in &self.grants {
            // A grant that starts with the period has nothing to roll over.
            let grant = runner.grant;
            if runner.is_active(reset.at) && grant.effective < reset.at {
                let balance = ledger.balances.get(&grant.id).copied().unwrap_or_default();
                rolled.insert(grant.id, grant.rolled_over(balance));
                order.push(grant.id);
            }
        }
        ledger.balances = rolled;
        let carried = if reset.preserve_overage {
            ledger.overage
        } else {
            Decimal::ZERO
        };
        ledger.overage = take(carried, &mut ledger.balances, &order)?.left;
        ledger.usage = Decimal::ZERO;
        ledger.given.clear();
        Ok(())
    }

    /// Brings balances to where they are at an instant: ended grants lose theirs, starting and
    /// refilling ones get their amount.
    fn arrive(&self, ledger: &mut Ledger, instant: Timestamp) {
        for runner in &self.grants {
            let grant = runner.grant;
            if !runner.is_active(instant) {
                ledger.balances.remove(&grant.id);
            } else if grant.effective == instant
                || runner.refills.binary_search(&instant).is_ok()
                // Amounts are limits here, not budgets: every phase is measured against all of them.
                || self.aggregation == Aggregation::Latest
            {
                ledger.balances.insert(grant.id, grant.amount);
            }
        }
    }

    /// The grants that are active at an instant, in burn order.
    fn order_at(&self, instant: Timestamp) -> Vec<GrantId> {
        let active = self
            .grants
            .iter()
            .filter(|runner| runner.is_active(instant));
        active.map(|runner| runner.grant.id).collect()
    }

    /// Charges usage and the overage so far to what is there.
    fn burn_phase(
        &self,
        ledger: &mut Ledger,
        start: Timestamp,
        used: Option<Decimal>,
    ) -> Result<Taken, EntitlementError> {
        let usage = used.unwrap_or_default();
        let need = decimal::add(usage, ledger.overage)?;
        let taken = take(need, &mut ledger.balances, &self.order_at(start))?;
        ledger.overage = taken.left;
        ledger.usage = match (self.aggregation, used) {
            (Aggregation::Additive | Aggregation::Count | Aggregation::Unique, _) => {
                decimal::add(ledger.usage, usage)?
            }
            (Aggregation::Latest, Some(latest)) => latest,
            (Aggregation::Latest, None) => ledger.usage,
        };
        for (id, amount) in &taken.from {
            let given = ledger.given.entry(*id).or_default();
            *given = decimal::add(*given, *amount)?;
        }
        Ok(taken)
    }

    /// Applies what happens exactly at the end of the course. What starts there covers overage at once.
    fn close(&self, ledger: &mut Ledger) -> Result<(), EntitlementError> {
        if self.until < self.from.at {
            // Before measuring starts, every active grant is whole.
            for id in self.order_at(self.until) {
                if let Some(runner) = self.grants.iter().find(|runner| runner.grant.id == id) {
                    ledger.balances.insert(id, runner.grant.amount);
                }
            }
            return Ok(());
        }
        for runner in &self.grants {
            let grant = runner.grant;
            if !runner.is_active(self.until) {
                ledger.balances.remove(&grant.id);
            } else if grant.effective == self.until
                || runner.refills.binary_search(&self.until).is_ok()
            {
                ledger.balances.insert(grant.id, grant.amount);
            }
        }
        if ledger.overage > Decimal::ZERO {
            let order = self.order_at(self.until);
            ledger.overage = take(ledger.overage, &mut ledger.balances, &order)?.left;
        }
        Ok(())
    }

    fn standing(&self, ledger: &Ledger) -> Result<Standing, EntitlementError> {
        let mut balance = Decimal::ZERO;
        let mut total_available = Decimal::ZERO;
        for runner in &self.grants {
            let grant = runner.grant;
            if runner.is_active(self.until) {
                let left = ledger.balances.get(&grant.id).copied().unwrap_or_default();
                balance = decimal::add(balance, left)?;
                total_available = decimal::add(total_available, grant.amount)?;
            } else if let Some(given) = ledger.given.get(&grant.id) {
                total_available = decimal::add(total_available, *given)?;
            }
        }
        Ok(Standing {
            balance,
            overage: ledger.overage,
            usage: ledger.usage,
            total_available,
        })
    }

    /// Balances of all grants that are active at some time of the course, of the others nothing.
    fn relevant_balances(&self, ledger: &Ledger) -> BTreeMap<GrantId, Decimal> {
        let relevant = self.grants.iter().filter(|runner| runner.relevant);
        relevant
            .map(|runner| {
                let id = runner.grant.id;
                let balance = ledger.balances.get(&id).copied().unwrap_or_default();
                (id, balance)
            })
            .collect()
    }
}

impl<'a> Runner<'a> {
    fn new(grant: &'a Grant, course: Period) -> Result<Self, EntitlementError> {
        let end = grant.end();
        let at_end = grant.is_active(course.end);
        Ok(Self {
            refills: grant.refills_within(course)?,
            relevant: grant.touches(course) || at_end,
            grant,
            end,
        })
    }

    fn is_active(&self, instant: Timestamp) -> bool {
        self.grant.effective <= instant && self.end.is_none_or(|end| instant < end)
    }

    /// Every instant strictly inside a period of the course at which it starts, ends or refills.
    fn cuts_inside(&self, period: Period) -> impl Iterator<Item = Timestamp> + '_ {
        let lives = self.end.is_none_or(|end| self.grant.effective < end);
        let bounds = std::iter::once(self.grant.effective).chain(self.end);
        let first = self
            .refills
            .partition_point(|refill| *refill <= period.start);
        let refills = self.refills.iter().skip(first).copied();
        bounds
            .filter(move |cut| lives && period.start < *cut && *cut < period.end)
            .chain(refills.take_while(move |refill| *refill < period.end))
    }
}

/// Cuts a usage period into phases.
fn cut_period(
    period: Period,
    reset: Option<Reset>,
    grants: &[Runner<'_>],
    extra_cuts: &[Timestamp],
    phases: &mut Vec<Phase>,
) -> Result<(), EntitlementError> {
    let mut cuts: Vec<Timestamp> = extra_cuts
        .iter()
        .copied()
        .filter(|cut| period.start < *cut && *cut < period.end)
        .collect();
    for grant in grants {
        cuts.extend(grant.cuts_inside(period));
    }
    cuts.sort_unstable();
    cuts.dedup();
    if phases.len() + cuts.len() >= PHASES_MAX {
        return Err(EntitlementError::TooManySegments { limit: PHASES_MAX });
    }
    let mut start = period.start;
    let mut reset = reset;
    for end in cuts.into_iter().chain([period.end]) {
        phases.push(Phase {
            period: Period { start, end },
            reset: reset.take(),
        });
        start = end;
    }
    Ok(())
}

/// What was taken from balances.
struct Taken {
    /// Per grant that had something, in burn order.
    from: Vec<(GrantId, Decimal)>,
    /// What no balance covered. Negative when credit found no active grant to go to.
    left: Decimal,
}

/// Takes `need` from balances in order. A negative need is credit: it goes to the first grant that
/// has something, else to the last one, which was burned last.
fn take(
    need: Decimal,
    balances: &mut BTreeMap<GrantId, Decimal>,
    order: &[GrantId],
) -> Result<Taken, EntitlementError> {
    let mut left = need;
    let mut from = Vec::new();
    for id in order {
        let Some(balance) = balances.get_mut(id).filter(|balance| !balance.is_zero()) else {
            continue;
        };
        let amount = left.min(*balance);
        *balance = decimal::sub(*balance, amount)?;
        left = decimal::sub(left, amount)?;
        from.push((*id, amount));
    }
    if left < Decimal::ZERO
        && let Some(last) = order.last()
    {
        balances.insert(*last, decimal::sub(Decimal::ZERO, left)?);
        from.push((*last, left));
        left = Decimal::ZERO;
    }
    Ok(Taken { from, left })
}

#[cfg(test)]
mod examples;
#[cfg(test)]
mod laws;
