//! Calculates an invoice: rates its lines, adds them up and brings the header up to date.
//! What cannot be rated becomes an issue, never a failed call.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{
    Decimal, Timestamp, decimal,
    id::{LineId, Ulid},
};

use super::{
    app::Kind,
    header,
    invoice::{AmountDiscount, AppliedUsage, Detail, Invoice, Line},
    issue::{self, Finding},
    rating::{self, Child, Part, Rating, RatingError},
    tax::{self, ManualRate},
    totals::Totals,
};

/// What earlier parts of a split usage period have on live invoices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Sum of their gross amounts.
    pub billed: Decimal,
    /// Units of usage discounts they took, by correlation id.
    pub discounted: BTreeMap<String, Decimal>,
}

impl Earlier {
    /// Sums up the parts that end where the line starts, or before.
    pub fn of<'a>(
        line: &Line,
        parts: impl IntoIterator<Item = &'a Line>,
    ) -> Result<Self, decimal::DecimalError> {
        let mut earlier = Self::default();
        let (Some(group), true) = (line.split, line.is_live()) else {
            return Ok(earlier);
        };
        for part in parts {
            let same = part.split.is_some_and(|split| split.id == group.id) && part.id != line.id;
            if !same || !part.is_live() || part.period.end > line.period.start {
                continue;
            }
            earlier.billed = decimal::add(earlier.billed, part.totals.amount)?;
            if let Some(usage) = &part.usage_discount {
                let units = earlier
                    .discounted
                    .entry(usage.correlation.clone())
                    .or_default();
                *units = decimal::add(*units, usage.quantity)?;
            }
        }
        Ok(earlier)
    }
}

/// Rates one line from the quantities it has.
pub fn rate_line(
    line: &mut Line,
    currency: kernel::currency::Currency,
    earlier: &Earlier,
    rates: &[ManualRate],
    now: Timestamp,
    ids: &mut dyn FnMut() -> Ulid,
) -> Result<(), RatingError> {
    let whole = line.whole_period();
    let usage = line.discounts.usage.as_ref();
    let rated = rating::rate(&Rating {
        name: &line.name,
        currency,
        price: &line.price,
        discounts: &line.discounts,
        metered: line.metered.unwrap_or_default(),
        metered_before: line.metered_before,
        part: Part {
            first: line.period.start == whole.start,
            last: line.period.end == whole.end,
        },
        billed_before: earlier.billed,
        discounted_before: usage
            .and_then(|discount| earlier.discounted.get(&discount.correlation))
            .copied()
            .unwrap_or_default(),
        period: line.period,
        whole_period: whole,
    })?;
    let children = rated
        .children
        .into_iter()
        .map(|child| {
            let net = child.totals(currency)?;
            let taxes = tax::taxes(net.total, &line.tax, rates, currency)?;
            let totals = net.taxed(&taxes)?;
            let known = line
                .children
                .iter()
                .find(|detail| detail.reference == child.reference);
            let detail = Detail {
                taxes,
                totals,
                ..detail(child, known, now, ids)
            };
            let known = known.map(|known| (known, known.update_time));
            Ok(unless_changed(detail, known, |detail| {
                &mut detail.update_time
            }))
        })
        .collect::<Result<Vec<Detail>, RatingError>>()?;
    line.totals = Totals::sum(children.iter().map(|child| &child.totals))?;
    line.children = children;
    line.quantity = Some(rated.quantity);
    line.quantity_before = rated.quantity_before;
    line.usage_discount = match (rated.usage_discount, usage) {
        (Some(taken), Some(discount)) => {
            let known = line.usage_discount.as_ref();
            let applied = AppliedUsage {
                id: known.map_or_else(&mut *ids, |known| known.id),
                quantity: taken.quantity,
                before: taken.before,
                discount_quantity: discount.quantity,
                correlation: discount.correlation.clone(),
                create_time: known.map_or(now, |known| known.create_time),
                update_time: now,
            };
            let known = known.map(|known| (known, known.update_time));
            Some(unless_changed(applied, known, |usage| {
                &mut usage.update_time
            }))
        }
        (Some(_), None) | (None, _) => None,
    };
    Ok(())
}

/// What is calculated again and comes out the same keeps the time of its last change.
fn unless_changed<T: PartialEq>(
    mut new: T,
    known: Option<(&T, Timestamp)>,
    update_time: fn(&mut T) -> &mut Timestamp,
) -> T {
    if let Some((known, before)) = known {
        let now = std::mem::replace(update_time(&mut new), before);
        if new != *known {
            *update_time(&mut new) = now;
        }
    }
    new
}

/// A child with the ids of the one it replaces, without taxes and sums yet.
fn detail(
    child: Child,
    known: Option<&Detail>,
    now: Timestamp,
    ids: &mut dyn FnMut() -> Ulid,
) -> Detail {
    let discounts = child
        .discounts
        .into_iter()
        .map(|off| {
            let known = known.and_then(|detail| {
                detail
                    .discounts
                    .iter()
                    .find(|discount| discount.reference == off.reference)
            });
            let discount = AmountDiscount {
                id: known.map_or_else(&mut *ids, |known| known.id),
                reference: off.reference,
                amount: off.amount,
                reason: off.reason,
                description: off.description,
                external_invoicing: known.and_then(|known| known.external_invoicing.clone()),
                create_time: known.map_or(now, |known| known.create_time),
                update_time: now,
            };
            let known = known.map(|known| (known, known.update_time));
            unless_changed(discount, known, |discount| &mut discount.update_time)
        })
        .collect();
    Detail {
        id: known.map_or_else(&mut *ids, |known| known.id),
        reference: child.reference,
        name: child.name,
        quantity: child.quantity,
        per_unit: child.per_unit,
        category: child.category,
        term: child.term,
        period: child.period,
        discounts,
        taxes: Vec::new(),
        totals: Totals::default(),
        external_invoicing: known.and_then(|known| known.external_invoicing.clone()),
        create_time: known.map_or(now, |known| known.create_time),
        update_time: now,
    }
}

/// Calculates the whole invoice. `parts` are the parts of its split usage periods on live
/// standard invoices.
pub fn calculate(
    invoice: &mut Invoice,
    parts: &[Line],
    now: Timestamp,
    ids: &mut dyn FnMut() -> Ulid,
) {
    let mut findings = Vec::new();
    let default_tax = invoice
        .header
        .workflow
        .default_tax
        .clone()
        .unwrap_or_default();
    let currency = invoice.currency;
    let workflow = &invoice.header.workflow;
    // Other apps compute taxes themselves, outside.
    let rates = if invoice.header.app_kind == Kind::Sandbox && workflow.tax_enabled {
        workflow.tax_rates.as_slice()
    } else {
        &[]
    };
    // Parts of one usage period may be on one invoice: each counts what is rated before it.
    let own: BTreeSet<LineId> = invoice.lines.iter().map(|line| line.id).collect();
    let others: Vec<&Line> = parts
        .iter()
        .filter(|part| !own.contains(&part.id))
        .collect();
    let mut order: Vec<usize> = (0..invoice.lines.len()).collect();
    order.sort_by_key(|index| invoice.lines.get(*index).map(|line| line.period.start));
    for index in order {
        let Some(line) = invoice.lines.get(index).filter(|line| line.is_live()) else {
            continue;
        };
        let earlier = match line.split {
            Some(_) => Earlier::of(line, others.iter().copied().chain(&invoice.lines)),
            None => Ok(Earlier::default()),
        };
        let Some(line) = invoice.lines.get_mut(index) else {
            continue;
        };
        line.tax = line.tax.or(&default_tax);
        let rated = earlier
            .map_err(RatingError::from)
            .and_then(|earlier| rate_line(line, currency, &earlier, rates, now, ids));
        if let Err(error) = rated {
            line.children.clear();
            line.totals = Totals::default();
            findings.push(Finding::critical(
                code(error),
                error.to_string(),
                format!("/line[{}]", line.id),
            ));
        }
    }
    if let Err(error) = header::update_totals(invoice) {
        findings.push(Finding::critical("", error.to_string(), ""));
    }
    if !invoice.is_gathering()
        && let Err(error) = header::update_times(invoice)
    {
        findings.push(Finding::critical("", error.to_string(), ""));
    }
    issue::report(
        &mut invoice.header.issues,
        issue::CALCULATION,
        findings,
        now,
        ids,
    );
}

/// The issue code of a line that cannot be rated.
fn code(error: RatingError) -> &'static str {
    match error {
        RatingError::VolumeSplit => "invoice_line_graduated_split_not_supported",
        RatingError::DiscountOvercommitted | RatingError::Arithmetic(_) => "",
    }
}
