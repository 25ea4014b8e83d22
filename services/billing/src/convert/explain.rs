//! Explanations of invoices, and what a new calculation found.

use contract::{billing::v1 as pb, catalog::v1 as catalog, metering::v1 as metering};
use kernel::id::InvoiceId;

use super::{invoice as invoices, line as lines, price, wire_decimal, wire_period, wire_time};
use crate::domain::{
    calculate::Earlier,
    collect::{LineUsage, spans},
    explain::{statement, tier},
    invoice::{Detail, Invoice, Line},
    reconcile::{Difference, Kind},
    subscription::{Item, Phase, Subscription},
};

/// What a line is explained from.
pub struct Evidence<'a> {
    /// What earlier parts billed.
    pub earlier: &'a Earlier,
    /// Other parts of split usage periods, each with its invoice.
    pub parts: &'a [(InvoiceId, Line)],
    /// The feature and its meter, as far as they are there.
    pub feature: Option<(&'a catalog::Feature, Option<&'a metering::Meter>)>,
    /// The subjects whose usage counts.
    pub subjects: Vec<String>,
    /// Usage as metering has it now.
    pub usage: Option<&'a LineUsage>,
    /// The same by day.
    pub days: &'a [metering::UsageWindow],
}

/// An explained invoice.
pub fn invoice(
    invoice: &Invoice,
    explained: Vec<pb::LineExplanation>,
    differences: &[Difference],
) -> pb::InvoiceExplanation {
    pb::InvoiceExplanation {
        invoice_id: invoice.id.to_string(),
        number: invoice.number.clone(),
        currency_code: invoice.currency.code().to_owned(),
        state: invoices::state_to_proto(invoice.state).into(),
        quantity_snapshot_time: wire_time(invoice.header.quantity_snapshot_time),
        lines: explained,
        totals: Some(lines::totals_to_proto(&invoice.header.totals)),
        differences: differences.iter().map(difference).collect(),
    }
}

/// An explained line, without where it comes from.
pub fn line(line: &Line, invoice: &Invoice, evidence: &Evidence<'_>) -> pb::LineExplanation {
    pb::LineExplanation {
        line_id: line.id.to_string(),
        name: line.name.clone(),
        managed_by: lines::managed_by_to_proto(line.managed_by).into(),
        origin: None,
        period: wire_period(line.period),
        price: Some(price::to_proto(&line.price)),
        usage: usage(line, evidence),
        earlier_parts: earlier_parts(line, evidence.parts),
        billed_before: wire_decimal(evidence.earlier.billed),
        amounts: line
            .children
            .iter()
            .map(|child| amount(line, child, invoice, evidence))
            .collect(),
        totals: Some(lines::totals_to_proto(&line.totals)),
    }
}

fn usage(line: &Line, evidence: &Evidence<'_>) -> Option<pb::LineUsage> {
    let spans = spans(line)?;
    let (feature, meter) = evidence.feature.unzip();
    let meter = meter.flatten();
    let found = evidence.usage.map(|usage| &usage.found);
    let current = found.and_then(|found| found.as_ref().ok());
    Some(pb::LineUsage {
        feature_key: line.feature_key.clone().unwrap_or_default(),
        feature_id: feature
            .map(|feature| feature.id.clone())
            .unwrap_or_default(),
        meter_id: meter.map(|meter| meter.id.clone()).unwrap_or_default(),
        meter_slug: meter.map(|meter| meter.slug.clone()).unwrap_or_default(),
        subject_keys: evidence.subjects.clone(),
        counted_period: wire_period(spans.counted),
        prior_period: spans.before.and_then(wire_period),
        metered_quantity: line.metered.map(contract::convert::decimal),
        prior_quantity: wire_decimal(line.metered_before),
        billed_quantity: line.quantity.map(contract::convert::decimal),
        discounted_quantity: line
            .usage_discount
            .as_ref()
            .and_then(|taken| wire_decimal(taken.quantity)),
        current_quantity: current.and_then(|current| wire_decimal(current.metered)),
        current_prior_quantity: current.and_then(|current| wire_decimal(current.before)),
        problem: found
            .and_then(|found| found.as_ref().err())
            .cloned()
            .unwrap_or_default(),
        days: evidence
            .days
            .iter()
            .map(|window| pb::UsageDay {
                start_time: window.start_time,
                quantity: window.value.clone(),
            })
            .collect(),
    })
}

/// The parts that count as billed before a line, by period.
fn earlier_parts(line: &Line, parts: &[(InvoiceId, Line)]) -> Vec<pb::EarlierPart> {
    let Some(group) = line.split else {
        return Vec::new();
    };
    let mut earlier: Vec<&(InvoiceId, Line)> = parts
        .iter()
        .filter(|(_, part)| {
            part.split.is_some_and(|split| split.id == group.id)
                && part.id != line.id
                && part.is_live()
                && part.period.end <= line.period.start
        })
        .collect();
    earlier.sort_by_key(|(_, part)| part.period.start);
    earlier
        .into_iter()
        .map(|(invoice, part)| pb::EarlierPart {
            line_id: part.id.to_string(),
            invoice_id: invoice.to_string(),
            period: wire_period(part.period),
            amount: wire_decimal(part.totals.amount),
            discounted_quantity: part
                .usage_discount
                .as_ref()
                .and_then(|taken| wire_decimal(taken.quantity)),
        })
        .collect()
}

fn amount(
    line: &Line,
    child: &Detail,
    invoice: &Invoice,
    evidence: &Evidence<'_>,
) -> pb::RatedAmount {
    let priced = tier(line, child);
    pb::RatedAmount {
        detailed_line_id: child.id.to_string(),
        name: child.name.clone(),
        quantity: wire_decimal(child.quantity),
        per_unit_amount: wire_decimal(child.per_unit),
        tier: priced
            .and_then(|tier| i32::try_from(tier.number).ok())
            .unwrap_or_default(),
        tier_above_quantity: priced.and_then(|tier| wire_decimal(tier.above)),
        tier_up_to_quantity: priced
            .and_then(|tier| tier.up_to)
            .map(contract::convert::decimal),
        statement: statement(line, child, evidence.earlier.billed, invoice.currency),
        totals: Some(lines::totals_to_proto(&child.totals)),
    }
}

/// The part of a subscription that a line charges for, without its rate card.
pub fn origin(copy: &Subscription, line: &Line) -> pb::LineOrigin {
    let from = line.subscription.as_ref();
    pb::LineOrigin {
        subscription_id: copy.id.to_string(),
        subscription_revision: copy.revision,
        plan_id: copy
            .plan
            .as_ref()
            .map(|plan| plan.id.clone())
            .unwrap_or_default(),
        plan_key: copy
            .plan
            .as_ref()
            .map(|plan| plan.key.clone())
            .unwrap_or_default(),
        plan_version: copy
            .plan
            .as_ref()
            .map(|plan| plan.version)
            .unwrap_or_default(),
        item_id: from.map(|from| from.item.to_string()).unwrap_or_default(),
        billing_period: from.and_then(|from| wire_period(from.billing_period)),
        reference: line.reference.clone().unwrap_or_default(),
        ..pb::LineOrigin::default()
    }
}

/// Adds the rate card.
pub fn rate_card(origin: &mut pb::LineOrigin, phase: &Phase, item: &Item) {
    origin.phase_key.clone_from(&phase.key);
    origin.item_key.clone_from(&item.key);
    origin.item_version = item.version;
    origin.rate_card_name.clone_from(&item.name);
    origin.rate_card_price = item.price.as_ref().map(price::to_proto);
}

/// A difference.
pub fn difference(difference: &Difference) -> pb::InvoiceDifference {
    use pb::invoice_difference::Kind as Wire;
    pb::InvoiceDifference {
        kind: match difference.kind {
            Kind::Quantity => Wire::Quantity,
            Kind::Rating => Wire::Rating,
            Kind::Totals => Wire::Totals,
            Kind::Subscription => Wire::Subscription,
        }
        .into(),
        line_id: difference
            .line
            .map(|line| line.to_string())
            .unwrap_or_default(),
        field: difference.field.clone(),
        recorded: difference.recorded.clone(),
        recomputed: difference.recomputed.clone(),
    }
}

/// What was found out about an invoice.
pub fn reconciliation(invoice: &Invoice, differences: &[Difference]) -> pb::InvoiceReconciliation {
    pb::InvoiceReconciliation {
        invoice_id: invoice.id.to_string(),
        number: invoice.number.clone(),
        customer_id: invoice.customer().to_string(),
        extended_status: invoice.state.text().to_owned(),
        currency_code: invoice.currency.code().to_owned(),
        total: wire_decimal(invoice.header.totals.total),
        line_count: i32::try_from(invoice.live_lines().count()).unwrap_or(i32::MAX),
        differences: differences.iter().map(difference).collect(),
    }
}
