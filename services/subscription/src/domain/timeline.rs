//! Absolute times of phases and items, and the billing period they are billed in. All of it is derived anew from the
//! stored distances, so canceling truncates and un-canceling restores.

use jiff::{SignedDuration, Timestamp};
use kernel::calendar::{CalendarError, Recurrence};
use kernel::period::{OpenPeriod, Period};

use super::refusal::{Flaw, FlawCode, Refusal};
use super::subscription::{ItemVersion, Phase, Subscription};

/// When a phase and everything in it holds; parallel to the stored phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseTimes {
    /// The phase. Empty when it was skipped or cut away.
    pub period: OpenPeriod,
    /// Versions of each timeline.
    pub items: Vec<Vec<OpenPeriod>>,
}

/// Where a phase stands relative to an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// It is over, or never had a length.
    Past,
    /// It holds.
    Current,
    /// It lies ahead.
    Future,
}

impl PhaseTimes {
    /// Where the phase stands at an instant.
    pub fn position_at(&self, t: Timestamp) -> Position {
        if self.period.contains(t) {
            Position::Current
        } else if self.period.start > t {
            Position::Future
        } else {
            Position::Past
        }
    }
}

impl Subscription {
    /// Times of all phases, parallel to `phases`.
    pub fn times(&self) -> Result<Vec<PhaseTimes>, CalendarError> {
        self.times_until(self.active_to)
    }

    /// The features that items sell, and when.
    pub fn sold_features(&self) -> Result<Vec<(&str, OpenPeriod)>, CalendarError> {
        let items = self.lasting_items()?.into_iter();
        let sold =
            items.filter_map(|(item, period)| Some((item.card.feature_id.as_deref()?, period)));
        Ok(sold.collect())
    }

    /// The items that entitle to something, and when.
    pub fn entitled_items(&self) -> Result<Vec<(&ItemVersion, OpenPeriod)>, CalendarError> {
        let mut items = self.lasting_items()?;
        items.retain(|(item, _)| item.card.entitlement.is_some());
        Ok(items)
    }

    /// Items of all phases and when they hold, but for those without length.
    fn lasting_items(&self) -> Result<Vec<(&ItemVersion, OpenPeriod)>, CalendarError> {
        let times = self.times()?;
        let mut items = Vec::new();
        for (phase, times) in self.phases.iter().zip(&times) {
            for (timeline, periods) in phase.timelines.iter().zip(&times.items) {
                let held = timeline.versions.iter().zip(periods.iter().copied());
                items.extend(held.filter(|(_, period)| !period.is_empty()));
            }
        }
        Ok(items)
    }

    /// Times as they would be with another end.
    pub fn times_until(&self, end: Option<Timestamp>) -> Result<Vec<PhaseTimes>, CalendarError> {
        let starts = self
            .phases
            .iter()
            .map(|phase| phase.start_after.add_to(self.active_from))
            .collect::<Result<Vec<_>, _>>()?;
        self.phases
            .iter()
            .enumerate()
            .map(|(index, phase)| {
                let start = starts[index];
                let next = starts.get(index + 1).copied();
                let end = earliest(next, end).map(|end| end.max(start));
                let period = OpenPeriod { start, end };
                Ok(PhaseTimes {
                    period,
                    items: item_times(phase, period)?,
                })
            })
            .collect()
    }

    /// Index of the phase that holds at an instant.
    pub fn phase_at(&self, t: Timestamp) -> Result<Option<usize>, CalendarError> {
        Ok(self
            .times()?
            .iter()
            .position(|phase| phase.period.contains(t)))
    }

    /// The aligned billing period at an instant: that of the recurrence, cut to the phase. After the end: the last one.
    pub fn billing_period_at(&self, t: Timestamp) -> Result<Period, Refusal> {
        if t < self.active_from {
            return Err(Refusal::BeforeStart);
        }
        let times = self.times()?;
        let recurrence = Recurrence {
            interval: self.billing_cadence.clone(),
            anchor: self.billing_anchor,
        };
        let clamp = |period: Period, phase: OpenPeriod| Period {
            start: period.start.max(phase.start),
            end: phase.end.map_or(period.end, |end| period.end.min(end)),
        };
        if let Some(phase) = times.iter().find(|phase| phase.period.contains(t)) {
            return Ok(clamp(recurrence.period_at(t)?, phase.period));
        }
        let last = times
            .iter()
            .rev()
            .find(|phase| !phase.period.is_empty())
            .or(times.last());
        let Some(OpenPeriod {
            start,
            end: Some(end),
        }) = last.map(|phase| phase.period)
        else {
            return Err(Refusal::NoCurrentPhase);
        };
        let inside = end
            .checked_sub(SignedDuration::from_micros(1))
            .map_err(|_| CalendarError::OutOfRange)?
            .max(start);
        Ok(clamp(
            recurrence.period_at(inside)?,
            OpenPeriod {
                start,
                end: Some(end),
            },
        ))
    }

    /// The version of each key that stands for a phase at an instant: now active, first ahead, or last past.
    pub fn shown_items(times: &PhaseTimes, phase: &Phase, t: Timestamp) -> Vec<(usize, usize)> {
        let position = times.position_at(t);
        phase
            .timelines
            .iter()
            .enumerate()
            .filter_map(|(index, timeline)| {
                let version = match position {
                    Position::Current => {
                        times.items[index].iter().position(|item| item.contains(t))
                    }
                    Position::Future => (!timeline.versions.is_empty()).then_some(0),
                    Position::Past => timeline.versions.len().checked_sub(1),
                };
                version.map(|version| (index, version))
            })
            .collect()
    }

    /// What is wrong with the whole; empty phases are only looked for when nothing more will follow.
    pub fn check(&self, complete: bool) -> Result<(), Refusal> {
        let times = self.times()?;
        let mut flaws = Vec::new();
        for (phase, times) in self.phases.iter().zip(&times) {
            let path = format!("$.phases[?(@.key=='{}')]", phase.key);
            if phase.start_after.is_negative() {
                flaws.push(Flaw {
                    code: FlawCode::PhaseStartAfterIsNegative,
                    field: format!("{path}.startAfter"),
                });
            }
            if complete && phase.timelines.is_empty() {
                flaws.push(Flaw {
                    code: FlawCode::PhaseHasNoItems,
                    field: format!("{path}.items"),
                });
            }
            for (timeline, periods) in phase.timelines.iter().zip(&times.items) {
                let overlaps = periods
                    .windows(2)
                    .any(|pair| pair[0].end.is_none_or(|end| end > pair[1].start));
                if overlaps {
                    let field = format!("{path}.itemsByKey.{}", timeline.key);
                    flaws.push(Flaw {
                        code: FlawCode::ItemHistoryOverlap,
                        field,
                    });
                }
            }
        }
        refuse(flaws)
    }

    /// Refuses priced cards whose cadence does not fit the billing cadence.
    pub fn check_alignment(&self) -> Result<(), Refusal> {
        let mut flaws = Vec::new();
        for phase in &self.phases {
            for timeline in &phase.timelines {
                for (index, version) in timeline.versions.iter().enumerate() {
                    let card = &version.card;
                    let aligned = card
                        .billing_cadence
                        .as_ref()
                        .is_none_or(|cadence| cadence.aligns_with(&self.billing_cadence));
                    if card.is_billed() && !aligned {
                        let field = format!(
                            "$.phases[?(@.key=='{}')].itemsByKey.{}[{index}].billingCadence",
                            phase.key, timeline.key
                        );
                        flaws.push(Flaw {
                            code: FlawCode::CadenceUnaligned,
                            field,
                        });
                    }
                }
            }
        }
        refuse(flaws)
    }
}

fn refuse(flaws: Vec<Flaw>) -> Result<(), Refusal> {
    if flaws.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Invalid(flaws))
    }
}

fn item_times(phase: &Phase, period: OpenPeriod) -> Result<Vec<Vec<OpenPeriod>>, CalendarError> {
    phase
        .timelines
        .iter()
        .map(|timeline| {
            timeline
                .versions
                .iter()
                .map(|version| version_times(version, period))
                .collect()
        })
        .collect()
}

fn version_times(version: &ItemVersion, phase: OpenPeriod) -> Result<OpenPeriod, CalendarError> {
    let at = |distance: Option<SignedDuration>| match distance {
        Some(distance) => phase
            .start
            .checked_add(distance)
            .map(Some)
            .map_err(|_| CalendarError::OutOfRange),
        None => Ok(None),
    };
    let start = earliest(
        Some(at(version.starts_after)?.unwrap_or(phase.start)),
        phase.end,
    )
    .unwrap_or(phase.start);
    let end = earliest(at(version.ends_after)?, phase.end).map(|end| end.max(start));
    Ok(OpenPeriod { start, end })
}

fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::fixture::{Sketch, time, unpriced};
    use super::super::rate_card::{EntitlementTemplate, Labels, RateCard};
    use super::*;

    #[test]
    fn durations_are_summed_before_they_are_added() {
        let subscription = Sketch::new("2024-01-31T00:00:00Z")
            .phases(&["P1M", "P1M", ""])
            .build();
        let starts: Vec<_> = subscription
            .times()
            .unwrap()
            .iter()
            .map(|phase| phase.period.start)
            .collect();
        assert_eq!(starts[1], time("2024-02-29T00:00:00Z"));
        assert_eq!(starts[2], time("2024-03-31T00:00:00Z"));
    }

    #[test]
    fn items_sell_and_entitle_as_long_as_they_last() {
        let sold = RateCard {
            feature_id: Some("f".into()),
            ..unpriced("sold")
        };
        let entitling = RateCard {
            entitlement: Some(EntitlementTemplate::Boolean {
                metadata: Labels::new(),
            }),
            ..sold.clone()
        };
        let mut subscription = Sketch::new("2024-01-01T00:00:00Z")
            .phase("P1M", vec![sold, unpriced("other")])
            .phase("P1M", vec![entitling.clone()])
            .phase("", vec![entitling])
            .build();
        let [second, third] = ["2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"].map(time);
        let starts = |subscription: &Subscription| {
            let sold = subscription.sold_features().unwrap();
            let entitled = subscription.entitled_items().unwrap();
            let entitled: Vec<_> = entitled
                .iter()
                .map(|(_, period)| (period.start, period.end))
                .collect();
            (sold.len(), entitled)
        };
        let both = vec![(second, Some(third)), (third, None)];
        assert_eq!(starts(&subscription), (3, both));
        subscription.active_to = Some(third);
        assert_eq!(starts(&subscription), (2, vec![(second, Some(third))]));
    }

    #[test]
    fn the_aligned_period_is_cut_to_the_phase() {
        // Table of the aligned billing period: anchor, start, phase lengths, instant, period.
        let check = |anchor: &str, start: &str, phases: &[&str], t: &str, from: &str, to: &str| {
            let subscription = Sketch::new(start).anchor(anchor).phases(phases).build();
            let period = subscription.billing_period_at(time(t)).unwrap();
            assert_eq!(
                (period.start, period.end),
                (time(from), time(to)),
                "anchor {anchor}, at {t}"
            );
        };
        let first = "2024-01-01T00:00:00Z";
        check(
            first,
            first,
            &["P1M", ""],
            "2024-01-10T00:00:00Z",
            first,
            "2024-02-01T00:00:00Z",
        );
        check(
            first,
            first,
            &["P14D", ""],
            "2024-01-10T00:00:00Z",
            first,
            "2024-01-15T00:00:00Z",
        );
        check(
            first,
            first,
            &["P14D", ""],
            "2024-01-20T00:00:00Z",
            "2024-01-15T00:00:00Z",
            "2024-02-01T00:00:00Z",
        );
        let (anchor, start) = ("2025-01-31T15:00:00Z", "2025-07-10T15:00:00Z");
        check(
            anchor,
            start,
            &[""],
            "2025-07-20T00:00:00Z",
            start,
            "2025-07-31T15:00:00Z",
        );
        check(
            anchor,
            start,
            &[""],
            "2025-09-29T00:00:00Z",
            "2025-08-31T15:00:00Z",
            "2025-09-30T15:00:00Z",
        );
        check(
            "2025-06-01T00:00:00Z",
            "2025-06-15T12:00:00Z",
            &[""],
            "2025-06-20T00:00:00Z",
            "2025-06-15T12:00:00Z",
            "2025-07-01T00:00:00Z",
        );
    }

    #[test]
    fn before_the_start_there_is_no_period_and_after_the_end_it_is_the_last() {
        let mut subscription = Sketch::new("2024-01-01T00:00:00Z")
            .phases(&["P1M", "P2M", ""])
            .build();
        assert_eq!(
            subscription.billing_period_at(time("2023-12-31T00:00:00Z")),
            Err(Refusal::BeforeStart)
        );
        subscription.active_to = Some(time("2024-02-10T00:00:00Z"));
        let last = Period {
            start: time("2024-02-01T00:00:00Z"),
            end: time("2024-02-10T00:00:00Z"),
        };
        assert_eq!(
            subscription.billing_period_at(time("2024-02-10T00:00:00Z")),
            Ok(last)
        );
        assert_eq!(
            subscription.billing_period_at(time("2025-02-10T00:00:00Z")),
            Ok(last)
        );
    }

    #[test]
    fn an_end_cuts_phases_and_items_and_its_loss_restores_them() {
        let mut subscription = Sketch::new("2024-01-01T00:00:00Z")
            .phases(&["P1M", "P1M", ""])
            .build();
        let before = subscription.times().unwrap();
        subscription.active_to = Some(time("2024-01-10T00:00:00Z"));
        let cut = subscription.times().unwrap();
        assert_eq!(cut[0].period.end, subscription.active_to);
        assert_eq!(cut[0].items[0][0].end, subscription.active_to);
        for phase in &cut[1..] {
            assert!(phase.period.is_empty() && phase.items[0][0].is_empty());
        }
        assert_eq!(cut[1].period.start, time("2024-02-01T00:00:00Z"));
        subscription.active_to = None;
        assert_eq!(subscription.times().unwrap(), before);
    }

    #[test]
    fn a_phase_shows_the_current_the_first_or_the_last_version() {
        let mut subscription = Sketch::new("2024-01-01T00:00:00Z").phases(&[""]).build();
        let mut later = subscription.phases[0].timelines[0].versions[0].clone();
        let change = SignedDuration::from_hours(24);
        subscription.phases[0].timelines[0].versions[0].ends_after = Some(change);
        later.starts_after = Some(change);
        subscription.phases[0].timelines[0].versions.push(later);
        let shown = |subscription: &Subscription, t: &str| {
            let times = subscription.times().unwrap();
            Subscription::shown_items(&times[0], &subscription.phases[0], time(t))
        };
        assert_eq!(shown(&subscription, "2023-12-01T00:00:00Z"), [(0, 0)]);
        assert_eq!(shown(&subscription, "2024-01-01T12:00:00Z"), [(0, 0)]);
        assert_eq!(shown(&subscription, "2024-01-02T00:00:00Z"), [(0, 1)]);
        subscription.active_to = Some(time("2024-02-01T00:00:00Z"));
        assert_eq!(shown(&subscription, "2024-03-01T00:00:00Z"), [(0, 1)]);
    }
}
