//! What has to change so that the lines of a subscription are those it should have. Lines
//! are found again by their reference. What a person touched stays, what was issued stays
//! and is reported.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Decimal, Timestamp, id::LineId, period::Period};

use super::{Expected, expected::version};
use crate::domain::{
    invoice::{Line, ManagedBy, SplitGroup},
    price::Model,
    subscription::Subscription,
};

/// Metadata key of a line that sync shall leave alone.
pub const IGNORE: &str = "billing.subscription.sync.ignore";

/// What may still be done with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is pending.
    Gathering,
    /// It is on an invoice that can be edited.
    Mutable,
    /// It is on an invoice that cannot be edited any more.
    Immutable,
    /// It is on an invoice that was deleted or voided: what became of it was decided there.
    Settled,
}

/// A line that exists, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    /// The line.
    pub line: Line,
    /// What may still be done with it.
    pub standing: Standing,
}

/// One step towards the lines that should exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Make a pending line.
    Create {
        /// The line.
        expected: Box<Expected>,
        /// The split usage period that it continues, if any.
        split: Option<SplitGroup>,
    },
    /// Change a line; it is un-deleted if it was deleted.
    Update {
        /// Which.
        line: LineId,
        /// Its new period.
        period: Period,
        /// Its new invoice time, used while it is pending.
        invoice_time: Timestamp,
        /// Its new flat amount, if it has one.
        amount: Option<Decimal>,
    },
    /// The usage period that a part belongs to has another length.
    Regroup {
        /// Which part.
        line: LineId,
        /// The whole usage period.
        period: Period,
    },
    /// Delete a line.
    Delete {
        /// Which.
        line: LineId,
    },
    /// Report that an issued line is not as it should be.
    Warn {
        /// Which.
        line: LineId,
        /// What should be different.
        message: String,
    },
}

/// Compares what should be with what is.
pub fn difference(expected: &[Expected], existing: &[Existing]) -> Vec<Operation> {
    let mut known: BTreeMap<&str, Vec<&Existing>> = BTreeMap::new();
    for existing in existing {
        if let Some(reference) = &existing.line.reference {
            known.entry(reference).or_default().push(existing);
        }
    }
    let mut operations = Vec::new();
    for expected in expected {
        match known.remove(expected.reference.as_str()) {
            None => operations.push(Operation::Create {
                expected: Box::new(expected.clone()),
                split: None,
            }),
            Some(parts) => compare(expected, parts, &mut operations),
        }
    }
    for part in known.into_values().flatten() {
        if part.line.is_live() && !is_left_alone(part) {
            remove(part, &mut operations);
        }
    }
    operations
}

/// Whether a line stays that is not expected now and may be later: who goes on from here without looking would make it
/// a second time. Lines of versions that the subscription no longer has are never expected again.
pub fn leaves_over(
    subscription: &Subscription,
    expected: &[Expected],
    existing: &[Existing],
) -> bool {
    let expected: BTreeSet<&str> = expected
        .iter()
        .map(|expected| expected.reference.as_str())
        .collect();
    let versions: BTreeSet<String> = subscription
        .phases
        .iter()
        .flat_map(|phase| phase.items.iter().map(move |item| (phase, item)))
        .map(|(phase, item)| version(subscription, phase, item))
        .collect();
    existing
        .iter()
        .filter(|one| is_left_alone(one) || one.standing != Standing::Gathering)
        .filter_map(|one| one.line.reference.as_deref())
        .filter(|reference| !expected.contains(reference))
        .any(|reference| {
            let of = reference.split_once("/period[");
            versions.contains(of.map_or(reference, |(version, _)| version))
        })
}

/// Whether sync keeps its hands off a line.
fn is_left_alone(existing: &Existing) -> bool {
    existing.line.managed_by == ManagedBy::Manual
        || existing.line.metadata.contains_key(IGNORE)
        || existing.standing == Standing::Settled
}

fn compare(expected: &Expected, mut parts: Vec<&Existing>, operations: &mut Vec<Operation>) {
    parts.sort_by_key(|part| (part.line.period.start, part.line.period.end));
    let split = parts.iter().find_map(|part| part.line.split);
    if let Some(group) = split {
        compare_parts(expected, group, &parts, operations);
        return;
    }
    // One line, or one that replaced another which sync had deleted before.
    let Some(found) = parts
        .iter()
        .find(|part| part.line.is_live())
        .or_else(|| parts.last())
    else {
        return;
    };
    if !is_left_alone(found) {
        update(
            found,
            expected.period,
            expected.invoice_time,
            flat_amount(&expected.price.model),
            operations,
        );
    }
}

fn flat_amount(model: &Model) -> Option<Decimal> {
    match model {
        Model::Flat { amount, .. } => Some(*amount),
        Model::Unit { .. }
        | Model::Graduated { .. }
        | Model::Volume { .. }
        | Model::Dynamic { .. }
        | Model::Package { .. } => None,
    }
}

fn update(
    found: &Existing,
    period: Period,
    invoice_time: Timestamp,
    amount: Option<Decimal>,
    operations: &mut Vec<Operation>,
) {
    let line = &found.line;
    let same_amount = amount == flat_amount(&line.price.model);
    let same_time = found.standing != Standing::Gathering || line.invoice_time == invoice_time;
    if line.is_live() && line.period == period && same_amount && same_time {
        return;
    }
    match found.standing {
        Standing::Gathering | Standing::Mutable => {
            operations.push(Operation::Update {
                line: line.id,
                period,
                invoice_time,
                amount,
            });
        }
        Standing::Immutable if line.is_live() => {
            let mut changes = Vec::new();
            if line.period != period {
                changes.push(format!(
                    "its period should be {} to {}",
                    period.start, period.end
                ));
            }
            if let (false, Some(amount)) = (same_amount, amount) {
                changes.push(format!(
                    "its amount should be {}",
                    kernel::decimal::format(amount)
                ));
            }
            let message = format!(
                "the line is on an issued invoice, but {}",
                changes.join(" and ")
            );
            operations.push(Operation::Warn {
                line: line.id,
                message,
            });
        }
        Standing::Immutable | Standing::Settled => {}
    }
}

fn remove(found: &Existing, operations: &mut Vec<Operation>) {
    match found.standing {
        Standing::Gathering | Standing::Mutable => operations.push(Operation::Delete {
            line: found.line.id,
        }),
        Standing::Immutable => operations.push(Operation::Warn {
            line: found.line.id,
            message: "the line is on an issued invoice, but it should be deleted".to_owned(),
        }),
        Standing::Settled => {}
    }
}

/// Parts of a usage period: the end moves with the last part, parts behind it go.
fn compare_parts(
    expected: &Expected,
    group: SplitGroup,
    parts: &[&Existing],
    operations: &mut Vec<Operation>,
) {
    let whole = Period {
        start: group.period.start,
        end: expected.period.end,
    };
    let live: Vec<&&Existing> = parts.iter().filter(|part| part.line.is_live()).collect();
    let mut covered = whole.start;
    for part in &live {
        let period = part.line.period;
        if group.period != whole {
            operations.push(Operation::Regroup {
                line: part.line.id,
                period: whole,
            });
        }
        if period.start >= whole.end {
            if !is_left_alone(part) {
                remove(part, operations);
            }
            continue;
        }
        let is_last = period.end >= group.period.end || period.end > whole.end;
        let pending = part.standing == Standing::Gathering;
        // Only a pending part can grow; an invoiced one is continued by a new part.
        let end = if is_last && (pending || whole.end < period.end) {
            whole.end
        } else {
            period.end
        };
        covered = end;
        if !is_left_alone(part) {
            let invoice_time = if pending && is_last {
                expected.invoice_time
            } else {
                part.line.invoice_time
            };
            update(
                part,
                Period {
                    start: period.start,
                    end,
                },
                invoice_time,
                None,
                operations,
            );
        }
    }
    let invoiced = live.iter().any(|part| part.standing != Standing::Gathering);
    if covered < whole.end && group.period.end < whole.end && invoiced {
        let mut rest = expected.clone();
        rest.period = Period {
            start: covered,
            end: whole.end,
        };
        operations.push(Operation::Create {
            expected: Box::new(rest),
            split: Some(SplitGroup {
                id: group.id,
                period: whole,
            }),
        });
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use kernel::id::{ItemId, PhaseId, SubscriptionId, Ulid};

    use super::*;
    use crate::domain::{
        edit::tests::line,
        invoice::LineSubscription,
        price::{Discounts, PaymentTerm, Price, TaxConfig},
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn seconds(start: i64, end: i64) -> Period {
        Period {
            start: at(start),
            end: at(end),
        }
    }

    fn unit() -> Price {
        Price {
            model: Model::Unit {
                amount: Decimal::ONE,
            },
            minimum: None,
            maximum: None,
        }
    }

    fn flat(amount: i64) -> Price {
        Price::flat(Decimal::from(amount), PaymentTerm::InAdvance)
    }

    fn should(price: Price, period: Period) -> Expected {
        Expected {
            reference: "s/p/i/v[0]/period[0]".to_owned(),
            name: "line".to_owned(),
            description: String::new(),
            period,
            invoice_time: period.end,
            price,
            feature_key: None,
            tax: TaxConfig::default(),
            discounts: Discounts::default(),
            subscription: LineSubscription {
                subscription: SubscriptionId::from_ulid(Ulid(1)),
                phase: PhaseId::from_ulid(Ulid(2)),
                item: ItemId::from_ulid(Ulid(3)),
                billing_period: period,
            },
        }
    }

    fn is(id: u128, price: Price, period: Period, standing: Standing) -> Existing {
        Existing {
            line: Line {
                id: LineId::from_ulid(Ulid(id)),
                reference: Some("s/p/i/v[0]/period[0]".to_owned()),
                managed_by: ManagedBy::Subscription,
                period,
                invoice_time: period.end,
                ..line(price)
            },
            standing,
        }
    }

    fn part(id: u128, period: Period, whole: Period, standing: Standing) -> Existing {
        let mut part = is(id, unit(), period, standing);
        part.line.split = Some(SplitGroup {
            id: Ulid(99),
            period: whole,
        });
        part
    }

    fn id(number: u128) -> LineId {
        LineId::from_ulid(Ulid(number))
    }

    #[test]
    fn lines_are_created_updated_and_deleted() {
        let month = seconds(0, 100);
        let wanted = [should(flat(10), month)];
        assert!(matches!(
            difference(&wanted, &[])[..],
            [Operation::Create { .. }]
        ));
        let there = is(1, flat(10), month, Standing::Gathering);
        assert_eq!(difference(&wanted, std::slice::from_ref(&there)), []);
        assert_eq!(
            difference(&[], std::slice::from_ref(&there)),
            [Operation::Delete { line: id(1) }]
        );
        let shorter = [should(flat(5), seconds(0, 50))];
        assert_eq!(
            difference(&shorter, &[there]),
            [Operation::Update {
                line: id(1),
                period: seconds(0, 50),
                invoice_time: at(50),
                amount: Some(Decimal::from(5))
            }]
        );
    }

    #[test]
    fn what_was_issued_is_only_reported() {
        let issued = is(1, flat(10), seconds(0, 100), Standing::Immutable);
        let shorter = [should(flat(5), seconds(0, 50))];
        let operations = difference(&shorter, std::slice::from_ref(&issued));
        assert!(
            matches!(&operations[..], [Operation::Warn { message, .. }] if message.contains("amount should be 5"))
        );
        assert!(matches!(
            difference(&[], &[issued])[..],
            [Operation::Warn { .. }]
        ));
        let settled = is(1, flat(10), seconds(0, 100), Standing::Settled);
        assert_eq!(difference(&shorter, std::slice::from_ref(&settled)), []);
        assert_eq!(difference(&[], &[settled]), []);
    }

    #[test]
    fn what_a_person_touched_is_left_alone() {
        let mut touched = is(1, flat(10), seconds(0, 100), Standing::Gathering);
        touched.line.managed_by = ManagedBy::Manual;
        assert_eq!(
            difference(
                &[should(flat(5), seconds(0, 50))],
                std::slice::from_ref(&touched)
            ),
            []
        );
        assert_eq!(difference(&[], std::slice::from_ref(&touched)), []);
        touched.line.delete_time = Some(at(1));
        assert_eq!(
            difference(&[should(flat(5), seconds(0, 50))], &[touched]),
            []
        );
        let mut ignored = is(1, flat(10), seconds(0, 100), Standing::Gathering);
        ignored
            .line
            .metadata
            .insert(IGNORE.to_owned(), "true".to_owned());
        assert_eq!(difference(&[], &[ignored]), []);
    }

    #[test]
    fn a_line_that_sync_deleted_on_a_draft_comes_back() {
        let mut deleted = is(1, flat(10), seconds(0, 100), Standing::Mutable);
        deleted.line.delete_time = Some(at(1));
        let operations = difference(&[should(flat(10), seconds(0, 100))], &[deleted]);
        assert!(matches!(operations[..], [Operation::Update { .. }]));
    }

    #[test]
    fn extending_a_split_period_moves_its_last_part() {
        let whole = seconds(0, 100);
        let parts = [
            part(1, seconds(0, 40), whole, Standing::Immutable),
            part(2, seconds(40, 100), whole, Standing::Gathering),
        ];
        let operations = difference(&[should(unit(), seconds(0, 150))], &parts);
        assert!(operations.contains(&Operation::Update {
            line: id(2),
            period: seconds(40, 150),
            invoice_time: at(150),
            amount: None
        }));
        assert!(operations.contains(&Operation::Regroup {
            line: id(1),
            period: seconds(0, 150)
        }));
        assert_eq!(operations.len(), 3);
        assert_eq!(difference(&[should(unit(), whole)], &parts), []);
    }

    #[test]
    fn shrinking_a_split_period_trims_and_deletes_parts() {
        let whole = seconds(0, 100);
        let parts = [
            part(1, seconds(0, 40), whole, Standing::Immutable),
            part(2, seconds(40, 80), whole, Standing::Mutable),
            part(3, seconds(80, 100), whole, Standing::Gathering),
        ];
        let operations = difference(&[should(unit(), seconds(0, 60))], &parts);
        assert!(operations.contains(&Operation::Delete { line: id(3) }));
        assert!(operations.contains(&Operation::Update {
            line: id(2),
            period: seconds(40, 60),
            invoice_time: at(80),
            amount: None
        }));
        let deep = difference(&[should(unit(), seconds(0, 20))], &parts);
        assert!(
            deep.iter().any(
                |operation| matches!(operation, Operation::Warn { line, .. } if *line == id(1))
            )
        );
        assert!(deep.contains(&Operation::Delete { line: id(2) }));
    }

    #[test]
    fn a_split_period_invoiced_to_its_end_is_continued_by_a_new_part() {
        let whole = seconds(0, 100);
        let parts = [
            part(1, seconds(0, 40), whole, Standing::Immutable),
            part(2, seconds(40, 100), whole, Standing::Immutable),
        ];
        let operations = difference(&[should(unit(), seconds(0, 150))], &parts);
        assert!(operations.iter().any(|operation| matches!(
            operation,
            Operation::Create { expected, split: Some(_) } if expected.period == seconds(100, 150)
        )));
    }
}
