//! Which pending lines can be invoiced, which part of them, and whose usage has to be known
//! for that.

use std::collections::BTreeMap;

use kernel::{
    Decimal, Timestamp,
    calendar::floor_to_second,
    decimal::{self, DecimalError},
    id::{LineId, Ulid},
    period::Period,
};

use super::{
    invoice::{Line, SplitGroup},
    issue::{self, Finding, Issue},
    price::Model,
};
use crate::error::BillingError;

/// What is known about the meter behind a feature, for the sake of collecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metering {
    /// Usage can only grow over time: parts of a period can be billed.
    IncreaseOnly,
    /// Usage can fall, or nothing is known about it.
    Other,
}

/// The part of a pending line that can be invoiced; `None` when nothing of it can.
pub fn billable(
    line: &Line,
    as_of: Timestamp,
    progressive: bool,
    metering: Metering,
) -> Result<Option<Period>, BillingError> {
    let as_of = floor_to_second(as_of);
    let due = line.invoice_time <= as_of;
    let over = line.period.end <= as_of;
    let whole = |yes: bool| Ok(yes.then_some(line.period));
    if !line.price.is_progressive() && line.split.is_some() {
        return Err(BillingError::ProgressiveBillingNotSupported { line: line.id });
    }
    match (&line.price.model, progressive, metering) {
        (Model::Flat { .. }, _, _) => whole(due),
        (_, false, _) => whole(over && due),
        (Model::Volume { .. }, true, _) | (_, true, Metering::Other) => whole(over),
        (_, true, Metering::IncreaseOnly) => Ok((as_of > line.period.start).then_some(Period {
            start: line.period.start,
            end: line.period.end.min(as_of),
        })),
    }
}

/// Cuts a line at an instant inside its period. The part before keeps the id and is due
/// then; the part after, when there is one, is a new pending line. Both belong to one group.
pub fn split(
    line: &Line,
    at: Timestamp,
    ids: &mut dyn FnMut() -> Ulid,
    now: Timestamp,
) -> (Line, Option<Line>) {
    if at >= line.period.end {
        return (line.clone(), None);
    }
    let group = line.split.unwrap_or_else(|| SplitGroup {
        id: ids(),
        period: line.period,
    });
    let before = Line {
        period: Period {
            start: line.period.start,
            end: at,
        },
        invoice_time: at,
        split: Some(group),
        ..line.clone()
    };
    let after = Line {
        id: LineId::from_ulid(ids()),
        period: Period {
            start: at,
            end: line.period.end,
        },
        split: Some(group),
        create_time: now,
        update_time: now,
        ..line.clone()
    };
    (before, Some(after))
}

/// The spans whose usage a line needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spans {
    /// Usage in here is counted.
    pub counted: Period,
    /// Usage in here was counted before, and is inside `counted` as well.
    pub before: Option<Period>,
}

/// Which usage a line needs; `None` for a flat price. A later part of a split period is the
/// growth since the part before, so that maximum and distinct counts come out right.
pub fn spans(line: &Line) -> Option<Spans> {
    if line.price.is_flat() {
        return None;
    }
    Some(match line.split {
        Some(group) if group.period.start < line.period.start => Spans {
            counted: Period {
                start: group.period.start,
                end: line.period.end,
            },
            before: Some(Period {
                start: group.period.start,
                end: line.period.start,
            }),
        },
        Some(_) | None => Spans {
            counted: line.period,
            before: None,
        },
    })
}

/// The usage of one line, or why it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineUsage {
    /// For which spans it was asked.
    pub spans: Spans,
    /// What was found.
    pub found: Result<Quantities, String>,
}

/// Metered quantities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantities {
    /// Of the line.
    pub metered: Decimal,
    /// Of its usage period before the line.
    pub before: Decimal,
}

impl Quantities {
    /// From what the two spans hold.
    pub fn from_spans(counted: Decimal, before: Decimal) -> Result<Self, DecimalError> {
        Ok(Self {
            metered: decimal::sub(counted, before)?,
            before,
        })
    }
}

/// Usage gathered before a write, by line.
pub type UsageFacts = BTreeMap<LineId, LineUsage>;

/// Whether the facts answer for every one of these lines.
pub fn covers<'a>(facts: &UsageFacts, lines: impl Iterator<Item = &'a Line>) -> bool {
    lines
        .filter_map(|line| spans(line).map(|spans| (line.id, spans)))
        .all(|(id, spans)| facts.get(&id).is_some_and(|usage| usage.spans == spans))
}

/// Puts the gathered quantities on lines and reports what is missing. `only` restricts it
/// to some lines; the others keep what they have.
pub fn snapshot(
    lines: &mut [Line],
    facts: &UsageFacts,
    only: impl Fn(&Line) -> bool,
    issues: &mut Vec<Issue>,
    now: Timestamp,
    ids: &mut dyn FnMut() -> Ulid,
) {
    let mut findings = Vec::new();
    for line in lines.iter_mut().filter(|line| line.is_live() && only(line)) {
        let path = format!("/line[{}]", line.id);
        if line.price.is_flat() {
            line.metered = Some(Decimal::ONE);
            line.metered_before = Decimal::ZERO;
            continue;
        }
        match facts.get(&line.id).map(|usage| &usage.found) {
            Some(Ok(quantities)) => {
                line.metered = Some(quantities.metered);
                line.metered_before = quantities.before;
            }
            Some(Err(reason)) => {
                findings.push(Finding::critical(
                    "invoice_line_snapshot_failed",
                    reason.clone(),
                    path,
                ));
            }
            None => findings.push(Finding::critical(
                "invoice_line_snapshot_failed",
                "usage was not gathered",
                path,
            )),
        }
    }
    issue::report(issues, issue::METERING, findings, now, ids);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::{
        edit::tests::line,
        price::{PaymentTerm, Price, Tier},
    };

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3600).unwrap()
    }

    fn price(model: Model) -> Price {
        Price {
            model,
            minimum: None,
            maximum: None,
        }
    }

    fn unit() -> Price {
        price(Model::Unit {
            amount: Decimal::ONE,
        })
    }

    fn volume() -> Price {
        price(Model::Volume {
            tiers: vec![Tier {
                up_to: None,
                flat: None,
                unit: Some(Decimal::ONE),
            }],
        })
    }

    /// A line of hours 0 to 24, invoiced at hour 24.
    fn day(price: Price) -> Line {
        Line {
            period: Period {
                start: at(0),
                end: at(24),
            },
            invoice_time: at(24),
            ..line(price)
        }
    }

    #[test]
    fn what_can_be_invoiced_depends_on_price_meter_and_progress() {
        use Metering::{IncreaseOnly, Other};
        let flat = || Price::flat(Decimal::ONE, PaymentTerm::InArrears);
        for (price, as_of, progressive, metering, until) in [
            (flat(), 23, true, IncreaseOnly, None),
            (flat(), 24, false, IncreaseOnly, Some(24)),
            (unit(), 0, true, IncreaseOnly, None),
            (unit(), 1, true, IncreaseOnly, Some(1)),
            (unit(), 30, true, IncreaseOnly, Some(24)),
            (unit(), 23, false, IncreaseOnly, None),
            (unit(), 24, false, IncreaseOnly, Some(24)),
            (unit(), 23, true, Other, None),
            (unit(), 24, true, Other, Some(24)),
            (volume(), 23, true, IncreaseOnly, None),
            (volume(), 24, true, IncreaseOnly, Some(24)),
            (volume(), 24, false, IncreaseOnly, Some(24)),
        ] {
            let line = day(price.clone());
            let found = billable(&line, at(as_of), progressive, metering).unwrap();
            assert_eq!(
                found.map(|period| period.end),
                until.map(at),
                "{price:?} {as_of} {progressive}"
            );
        }
        // Without progressive billing the invoice time counts too, with it it does not.
        let late = Line {
            invoice_time: at(48),
            ..day(unit())
        };
        assert!(
            billable(&late, at(24), false, IncreaseOnly)
                .unwrap()
                .is_none()
        );
        assert!(billable(&late, at(24), true, Other).unwrap().is_some());
    }

    #[test]
    fn splits_keep_the_id_in_front_and_the_group_behind() {
        let mut next = 100;
        let mut ids = || {
            next += 1;
            Ulid(next)
        };
        let line = day(unit());
        let (first, rest) = split(&line, at(5), &mut ids, at(5));
        let rest = rest.unwrap();
        assert_eq!(
            (first.id, first.period.end, first.invoice_time),
            (line.id, at(5), at(5))
        );
        assert_eq!(
            (rest.period.start, rest.period.end, rest.invoice_time),
            (at(5), at(24), at(24))
        );
        assert_eq!(first.split.unwrap().period, line.period);
        let (second, rest) = split(&rest, at(9), &mut ids, at(9));
        assert_eq!(second.split, first.split);
        assert_eq!(
            spans(&second).unwrap(),
            Spans {
                counted: Period {
                    start: at(0),
                    end: at(9)
                },
                before: Some(Period {
                    start: at(0),
                    end: at(5)
                })
            }
        );
        assert!(split(&rest.unwrap(), at(24), &mut ids, at(24)).1.is_none());
        let volume = Line {
            split: first.split,
            ..day(volume())
        };
        assert!(billable(&volume, at(24), true, Metering::IncreaseOnly).is_err());
    }
}
