//! How a reported subscription goes on in time: one time line, or one for each product once two were ever held at the same
//! instant, each cut into stretches in which nothing changes. Payments, while they cover an instant, take the place of what the
//! facts say then.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kernel::Decimal;
use kernel::currency::Currency;
use kernel::decimal::{self, DecimalError};
use kernel::period::OpenPeriod;

use super::fold::{State, ordered};
use super::{Amount, EndReason, ItemKind, Reported};

/// What a stretch counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// On trial: nothing is paid yet.
    Trial,
    /// Given away.
    Free,
    /// Paid, with an amount of 0 too.
    Paid,
}

/// A part of a time line in which nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The product.
    pub product_key: String,
    /// What it counts as.
    pub phase: Phase,
    /// What it costs; 0 unless paid.
    pub amount: Amount,
    /// Currency of the amount; `None`: none was reported, as in a trial.
    pub currency: Option<Currency>,
    /// From when on.
    pub start: Timestamp,
    /// Until when; `None`: open.
    pub end: Option<Timestamp>,
    /// Why it ended, where nothing follows it at once.
    pub end_reason: Option<EndReason>,
    /// The fact or payment that began it: the same whenever the same reports lead to it. Time lines of several products may
    /// share it.
    pub anchor: String,
    /// When its trial ends, if that is known.
    pub trial_end: Option<Timestamp>,
}

/// All that one time line sold, by time, without overlaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The one product that it is about; `None`: it is the only one and about whatever the subscription sells.
    pub product_key: Option<String>,
    /// Its stretches.
    pub stretches: Vec<Stretch>,
}

/// What one product is at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The product.
    pub product_key: String,
    /// What it counts as.
    pub phase: Phase,
    /// What it costs.
    pub amount: Amount,
    /// Currency of the amount.
    pub currency: Option<Currency>,
    /// When its trial ends.
    pub trial_end: Option<Timestamp>,
    /// What set the amount; it is converted at the rate of that instant.
    pub set_by: String,
}

/// A span in which nothing changes.
struct Segment {
    start: Timestamp,
    parts: Vec<Part>,
    /// Why something that is not among the parts is not.
    state: State,
    anchor: String,
    several: bool,
}

impl Reported {
    /// The time lines: one, or one for each product by first appearance.
    pub fn lines(&self) -> Result<Vec<Line>, DecimalError> {
        let segments = self.segments()?;
        let mut lines: Vec<Line> = Vec::new();
        let several = segments.iter().any(|segment| segment.several);
        if !several {
            lines.push(Line {
                product_key: None,
                stretches: stretches(&segments, |parts| parts.first()),
            });
            lines.retain(|line| !line.stretches.is_empty());
            return Ok(lines);
        }
        let mut seen = BTreeSet::new();
        for part in segments.iter().flat_map(|segment| &segment.parts) {
            if seen.insert(part.product_key.as_str()) {
                let own = |parts: &'_ [Part]| {
                    parts
                        .iter()
                        .position(|own| own.product_key == part.product_key)
                };
                lines.push(Line {
                    product_key: Some(part.product_key.clone()),
                    stretches: stretches(&segments, |parts| own(parts).map(|index| &parts[index])),
                });
            }
        }
        Ok(lines)
    }

    /// Whether two products were ever held at the same instant, so that each is shown on its own.
    pub fn has_parts(&self) -> Result<bool, DecimalError> {
        Ok(self.segments()?.iter().any(|segment| segment.several))
    }

    /// From its first instant to the end of the last thing that it sells; without length when it sells nothing.
    pub fn life(&self) -> Result<OpenPeriod, DecimalError> {
        let lines = self.lines()?;
        let stretches = || lines.iter().flat_map(|line| &line.stretches);
        let start = self.start().unwrap_or(self.created_at);
        let end = if stretches().any(|stretch| stretch.end.is_none()) {
            None
        } else {
            let last = stretches().filter_map(|stretch| stretch.end).max();
            Some(last.unwrap_or(start).max(start))
        };
        Ok(OpenPeriod { start, end })
    }

    /// What is sold at an instant, in a state of the facts up to then: the payments that cover it, else what the facts say.
    pub fn parts_at(&self, state: &State, at: Timestamp) -> Result<Vec<Part>, DecimalError> {
        let paid = self.paid_at(at)?;
        if paid.is_empty() {
            parts(state, at)
        } else {
            Ok(paid)
        }
    }

    /// Every instant at which something may change.
    pub fn instants(&self) -> Result<BTreeSet<Timestamp>, DecimalError> {
        let facts = ordered(&self.facts);
        let mut instants: BTreeSet<Timestamp> = facts.iter().map(|fact| fact.at).collect();
        for payment in self.payments.iter().filter(|payment| payment.kind.recurs()) {
            instants.extend([payment.start, payment.end]);
        }
        let mut state = State::default();
        for (index, fact) in facts.iter().enumerate() {
            state.apply(fact)?;
            let next = facts.get(index + 1).map(|next| next.at);
            let ends = state.items.iter().filter_map(|item| item.trial_end);
            let ends = ends.chain(state.end.map(|end| end.at));
            instants
                .extend(ends.filter(|end| *end > fact.at && next.is_none_or(|next| *end < next)));
        }
        Ok(instants)
    }

    fn segments(&self) -> Result<Vec<Segment>, DecimalError> {
        let facts = ordered(&self.facts);
        let mut rest = facts.as_slice();
        let mut state = State::default();
        let mut segments = Vec::new();
        for start in self.instants()? {
            let mut anchor = None;
            while let [fact, later @ ..] = rest
                && fact.at <= start
            {
                state.apply(fact)?;
                anchor = Some(fact.id.clone());
                rest = later;
            }
            let anchor = anchor
                .or_else(|| {
                    let mut payments = self.payments.iter();
                    let moved =
                        payments.find(|payment| payment.start == start || payment.end == start);
                    moved.map(|payment| payment.id.clone())
                })
                .or_else(|| state.last.clone().map(|(id, _)| id));
            let parts = self.parts_at(&state, start)?;
            let held = if state.is_over(start) {
                0
            } else {
                state.items.len()
            };
            segments.push(Segment {
                start,
                several: held.max(parts.len()) > 1,
                parts,
                state: state.clone(),
                anchor: anchor.unwrap_or_default(),
            });
        }
        Ok(segments)
    }

    /// What payments say at an instant; those of one product add up.
    fn paid_at(&self, at: Timestamp) -> Result<Vec<Part>, DecimalError> {
        let mut found: Vec<Part> = Vec::new();
        for payment in self.payments.iter().filter(|payment| payment.covers(at)) {
            let known = found
                .iter_mut()
                .find(|part| part.product_key == payment.product_key);
            match known {
                Some(part) => {
                    part.amount.value = decimal::add(part.amount.value, payment.monthly_amount)?;
                    part.set_by = format!("{}+{}", part.set_by, payment.id);
                }
                None => found.push(Part {
                    product_key: payment.product_key.clone(),
                    phase: Phase::Paid,
                    amount: Amount {
                        value: payment.monthly_amount,
                        months: 1,
                    },
                    currency: Some(payment.currency),
                    trial_end: None,
                    set_by: payment.id.clone(),
                }),
            }
        }
        Ok(found)
    }
}

/// What the facts say that is sold at an instant.
fn parts(state: &State, at: Timestamp) -> Result<Vec<Part>, DecimalError> {
    if state.is_over(at) {
        return Ok(Vec::new());
    }
    let nothing = Amount {
        value: Decimal::ZERO,
        months: state.months.unwrap_or(1),
    };
    let amounts = state.amounts()?;
    let parts = state
        .items
        .iter()
        .zip(amounts)
        .filter_map(|(item, amount)| {
            let phase = match item.kind {
                ItemKind::Trial if item.trial_end.is_some_and(|end| end <= at) => return None,
                ItemKind::Trial => Phase::Trial,
                ItemKind::Free => Phase::Free,
                ItemKind::Recurring | ItemKind::Metered => Phase::Paid,
                ItemKind::OneTime => return None,
            };
            let set_by = match phase {
                Phase::Paid => state.amount_by.clone(),
                Phase::Trial | Phase::Free => String::new(),
            };
            Some(Part {
                product_key: item.product_key.clone(),
                phase,
                amount: amount.unwrap_or(nothing),
                currency: state.currency,
                trial_end: item.trial_end.filter(|_| phase == Phase::Trial),
                set_by,
            })
        });
    Ok(parts.collect())
}

/// Why a product is not sold in a state.
pub fn absence(state: &State, product_key: &str, at: Timestamp) -> EndReason {
    match state.end.filter(|end| end.at <= at) {
        Some(end) => end.reason,
        None => *state
            .removed
            .get(product_key)
            .unwrap_or(&EndReason::Voluntary),
    }
}

/// The stretches of what `pick` finds in each segment.
fn stretches(segments: &[Segment], pick: impl Fn(&[Part]) -> Option<&Part>) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut running: Option<Part> = None;
    for segment in segments {
        let part = pick(&segment.parts);
        if part == running.as_ref() {
            continue;
        }
        if let (Some(last), Some(ended)) = (found.last_mut(), &running) {
            last.end = Some(segment.start);
            if part.is_none() {
                last.end_reason = Some(absence(&segment.state, &ended.product_key, segment.start));
            }
        }
        if let Some(part) = part {
            found.push(Stretch {
                product_key: part.product_key.clone(),
                phase: part.phase,
                amount: part.amount,
                currency: part.currency,
                start: segment.start,
                end: None,
                end_reason: None,
                anchor: segment.anchor.clone(),
                trial_end: part.trial_end,
            });
        }
        running = part.cloned();
    }
    found
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::Origin;
    use super::super::state_report::WholeState;
    use super::super::tests::{fresh, state};

    #[test]
    fn a_trial_keeps_the_interval_that_it_leads_to() {
        let trial = |months| WholeState {
            months,
            is_trial: true,
            ..state("2024-01-01", "gold", 0)
        };
        for months in [1, 12] {
            let mut reported = fresh(Origin::States);
            reported.begin("f0".to_owned(), &trial(months));
            let stretch = &reported.lines().unwrap()[0].stretches[0];
            assert_eq!(stretch.amount.months, months);
            assert_eq!(reported.events().unwrap()[0].amount.months, months);
            // Nothing is paid, so that nothing is told of an amount.
            assert_eq!(reported.latest_view().unwrap().monthly_amount, None);
            let paid = WholeState {
                months: 13 - months,
                ..state("2024-01-15", "gold", 12_000)
            };
            reported.change("f1".to_owned(), None, &paid).unwrap();
            let events = reported.events().unwrap();
            let told: Vec<u32> = events.iter().map(|event| event.amount.months).collect();
            assert_eq!(told, [months, 13 - months]);
        }
    }
}
