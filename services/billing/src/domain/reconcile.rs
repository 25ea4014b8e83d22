//! Calculates an invoice again and compares: the recorded quantities with those that metering
//! has now, the amounts with what the recorded quantities are rated to, the sums with their
//! parts, and the lines with those that their subscriptions ask for.

use std::collections::BTreeSet;

use kernel::{
    Decimal, Timestamp, decimal,
    id::{LineId, Ulid},
    period::Period,
};

use super::{
    calculate::calculate,
    collect::UsageFacts,
    invoice::{Detail, Invoice, Line},
    issue::Issue,
    state::State,
    sync::Operation,
    totals::Totals,
};

/// The issue of an issued line that is not as its subscription asks for.
pub const IMMUTABLE: &str = "immutable_invoice_handling_not_supported";

/// What kind of thing differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Metering has another quantity now.
    Quantity,
    /// The recorded quantities are rated to another amount.
    Rating,
    /// Sums do not add up.
    Totals,
    /// The subscription asks for another line.
    Subscription,
}

/// Something that is not as a new calculation has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What kind of thing differs.
    pub kind: Kind,
    /// Of which line; `None` for the invoice itself, or a line that is missing.
    pub line: Option<LineId>,
    /// What differs.
    pub field: String,
    /// What is recorded.
    pub recorded: String,
    /// What a new calculation has.
    pub recomputed: String,
}

/// Collects differences of one line, or of the invoice.
struct Comparison<'a> {
    kind: Kind,
    line: Option<LineId>,
    found: &'a mut Vec<Difference>,
}

impl Comparison<'_> {
    fn text(&mut self, field: impl Into<String>, recorded: String, recomputed: String) {
        if recorded != recomputed {
            self.found.push(Difference {
                kind: self.kind,
                line: self.line,
                field: field.into(),
                recorded,
                recomputed,
            });
        }
    }

    fn number(&mut self, field: impl Into<String>, recorded: Decimal, recomputed: Decimal) {
        if recorded != recomputed {
            self.text(
                field,
                decimal::format(recorded),
                decimal::format(recomputed),
            );
        }
    }

    fn totals(&mut self, field: &str, recorded: &Totals, recomputed: &Totals) {
        for (name, recorded, recomputed) in [
            ("amount", recorded.amount, recomputed.amount),
            ("charges_total", recorded.charges, recomputed.charges),
            ("discounts_total", recorded.discounts, recomputed.discounts),
            ("taxes_total", recorded.taxes, recomputed.taxes),
            ("total", recorded.total, recomputed.total),
        ] {
            self.number(format!("{field}.{name}"), recorded, recomputed);
        }
    }

    fn child(&mut self, recorded: &Detail, recomputed: &Detail) {
        let field = |name: &str| format!("children[{}].{name}", recorded.reference);
        self.text(
            field("name"),
            recorded.name.clone(),
            recomputed.name.clone(),
        );
        self.number(field("quantity"), recorded.quantity, recomputed.quantity);
        self.number(
            field("per_unit_amount"),
            recorded.per_unit,
            recomputed.per_unit,
        );
        self.text(
            field("period"),
            span(recorded.period),
            span(recomputed.period),
        );
        let discounts = |child: &Detail| {
            child
                .discounts
                .iter()
                .map(|off| format!("{}={}", off.reference, decimal::format(off.amount)))
                .collect::<Vec<_>>()
                .join(" ")
        };
        self.text(
            field("amount_discounts"),
            discounts(recorded),
            discounts(recomputed),
        );
        let taxes = |child: &Detail| {
            child
                .taxes
                .iter()
                .map(|tax| format!("{}={}", tax.name, decimal::format(tax.amount)))
                .collect::<Vec<_>>()
                .join(" ")
        };
        self.text(field("taxes"), taxes(recorded), taxes(recomputed));
        self.totals(
            &format!("children[{}]", recorded.reference),
            &recorded.totals,
            &recomputed.totals,
        );
    }
}

fn span(period: Period) -> String {
    format!("{}/{}", period.start, period.end)
}

/// Whether the quantities of an invoice are final, so that others mean something.
pub fn is_final(invoice: &Invoice) -> bool {
    let deleted = matches!(
        invoice.state,
        State::Deleted | State::DeleteInProgress | State::DeleteSyncing | State::DeleteFailed
    );
    !invoice.is_gathering() && !deleted && invoice.header.quantity_snapshot_time.is_some()
}

/// The quantities of an invoice beside those that metering has now.
pub fn quantities(invoice: &Invoice, facts: &UsageFacts) -> Vec<Difference> {
    let mut found = Vec::new();
    if !is_final(invoice) {
        return found;
    }
    for line in invoice.live_lines().filter(|line| !line.price.is_flat()) {
        let (Some(recorded), Some(usage)) = (line.metered, facts.get(&line.id)) else {
            continue;
        };
        let mut compare = Comparison {
            kind: Kind::Quantity,
            line: Some(line.id),
            found: &mut found,
        };
        match &usage.found {
            Ok(now) => {
                compare.number("metered_quantity", recorded, now.metered);
                compare.number("prior_quantity", line.metered_before, now.before);
            }
            Err(reason) => compare.text(
                "metered_quantity",
                decimal::format(recorded),
                reason.clone(),
            ),
        }
    }
    found
}

/// The amounts of an invoice beside what its recorded quantities are rated to now. `parts` are
/// the other parts of its split usage periods on live standard invoices.
pub fn amounts(invoice: &Invoice, parts: &[Line], now: Timestamp) -> Vec<Difference> {
    let mut found = Vec::new();
    if invoice.is_gathering() {
        // Nothing is recorded: every read rates it.
        return found;
    }
    let mut again = invoice.clone();
    calculate(&mut again, parts, now, &mut || Ulid(0));
    for (recorded, recomputed) in invoice.live_lines().zip(again.live_lines()) {
        let mut compare = Comparison {
            kind: Kind::Rating,
            line: Some(recorded.id),
            found: &mut found,
        };
        line(&mut compare, recorded, recomputed);
    }
    let mut compare = Comparison {
        kind: Kind::Totals,
        line: None,
        found: &mut found,
    };
    match Totals::sum(invoice.live_lines().map(|line| &line.totals)) {
        Ok(sum) => compare.totals("totals", &invoice.header.totals, &sum),
        Err(error) => compare.text(
            "totals",
            decimal::format(invoice.header.totals.total),
            error.to_string(),
        ),
    }
    found
}

fn line(compare: &mut Comparison<'_>, recorded: &Line, recomputed: &Line) {
    compare.number(
        "quantity",
        recorded.quantity.unwrap_or_default(),
        recomputed.quantity.unwrap_or_default(),
    );
    compare.number(
        "pre_line_period_quantity",
        recorded.quantity_before,
        recomputed.quantity_before,
    );
    let taken = |line: &Line| {
        line.usage_discount
            .as_ref()
            .map(|usage| usage.quantity)
            .unwrap_or_default()
    };
    compare.number("usage_discount", taken(recorded), taken(recomputed));
    let references: BTreeSet<&str> = recorded
        .children
        .iter()
        .chain(&recomputed.children)
        .map(|child| child.reference.as_str())
        .collect();
    for reference in references {
        let named = |line: &'_ Line| -> Option<usize> {
            line.children
                .iter()
                .position(|child| child.reference == reference)
        };
        let was = named(recorded).and_then(|index| recorded.children.get(index));
        let is = named(recomputed).and_then(|index| recomputed.children.get(index));
        match (was, is) {
            (Some(was), Some(is)) => compare.child(was, is),
            (was, is) => {
                let total = |child: Option<&Detail>| {
                    child.map_or_else(String::new, |child| decimal::format(child.totals.total))
                };
                compare.text(format!("children[{reference}]"), total(was), total(is));
            }
        }
    }
    compare.totals("totals", &recorded.totals, &recomputed.totals);
}

/// What subscriptions ask of the lines of an invoice. What is issued and different was told
/// by an issue; that is no difference.
pub fn asked<'a>(
    invoice: &Invoice,
    operations: impl Iterator<Item = &'a Operation>,
) -> Vec<Difference> {
    let mut found = Vec::new();
    for operation in operations {
        let (Operation::Update { line, .. }
        | Operation::Regroup { line, .. }
        | Operation::Delete { line }
        | Operation::Warn { line, .. }) = operation
        else {
            continue;
        };
        let Some(recorded) = invoice.lines.iter().find(|known| known.id == *line) else {
            continue;
        };
        let mut compare = Comparison {
            kind: Kind::Subscription,
            line: Some(*line),
            found: &mut found,
        };
        match operation {
            Operation::Create { .. } => {}
            Operation::Update {
                period,
                invoice_time,
                amount,
                ..
            } => {
                compare.text("period", span(recorded.period), span(*period));
                if invoice.is_gathering() {
                    compare.text(
                        "invoice_time",
                        recorded.invoice_time.to_string(),
                        invoice_time.to_string(),
                    );
                }
                if let (Some(amount), super::price::Model::Flat { amount: was, .. }) =
                    (amount, &recorded.price.model)
                {
                    compare.number("price", *was, *amount);
                }
                if !recorded.is_live() {
                    compare.text("line", String::new(), span(*period));
                }
            }
            Operation::Regroup { period, .. } => {
                compare.text("usage_period", span(recorded.whole_period()), span(*period));
            }
            Operation::Delete { .. } => {
                compare.text("line", span(recorded.period), String::new());
            }
            Operation::Warn { message, .. } => {
                if !is_told(&invoice.header.issues, *line) {
                    compare.text("line", span(recorded.period), message.clone());
                }
            }
        }
    }
    found
}

fn is_told(issues: &[Issue], line: LineId) -> bool {
    let path = format!("/line[{line}]");
    issues
        .iter()
        .any(|issue| issue.code == IMMUTABLE && issue.path == path)
}

/// Lines that subscriptions ask for and that are nowhere.
pub fn missing<'a>(operations: impl Iterator<Item = &'a Operation>) -> Vec<Difference> {
    operations
        .filter_map(|operation| match operation {
            Operation::Create { expected, .. } => Some(Difference {
                kind: Kind::Subscription,
                line: None,
                field: expected.reference.clone(),
                recorded: String::new(),
                recomputed: format!("{} {}", expected.name, span(expected.period)),
            }),
            Operation::Update { .. }
            | Operation::Regroup { .. }
            | Operation::Delete { .. }
            | Operation::Warn { .. } => None,
        })
        .collect()
}
