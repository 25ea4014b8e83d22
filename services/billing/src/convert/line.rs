//! Lines of invoices.

use contract::billing::v1 as pb;
use kernel::{
    currency::Currency,
    id::{InvoiceId, LineId},
};

use super::{
    pairs, price, required_period, required_time, text, wire_decimal, wire_period, wire_time,
};
use crate::{
    domain::{
        edit::LineInput,
        invoice::{AmountDiscount, Detail, LINES_MAX, Line, ManagedBy},
        rating::{Category, Reason},
        tax::AppliedTax,
        totals::Totals,
    },
    error::BillingError,
};

/// Lines as sent; checked.
pub fn inputs(
    field: &str,
    wire: &[pb::LineInput],
    least: usize,
) -> Result<Vec<LineInput>, BillingError> {
    if wire.len() < least || wire.len() > LINES_MAX {
        return Err(BillingError::invalid(
            field,
            format!("must have {least} to {LINES_MAX} lines"),
        ));
    }
    wire.iter()
        .enumerate()
        .map(|(index, line)| input(&format!("{field}[{index}]"), line))
        .collect()
}

/// A line as sent; checked.
pub fn input(field: &str, wire: &pb::LineInput) -> Result<LineInput, BillingError> {
    let sent_price = wire
        .price
        .as_ref()
        .ok_or_else(|| BillingError::invalid(format!("{field}.price"), "is required"))?;
    let metadata = pairs(&format!("{field}.metadata"), &wire.metadata)?;
    LineInput {
        // An id that is none is treated like an unknown one: the line is new.
        id: wire.id.parse::<LineId>().ok(),
        name: wire.name.clone(),
        description: wire.description.clone(),
        metadata: (!metadata.is_empty()).then_some(metadata),
        period: required_period(&format!("{field}.period"), wire.period.as_ref())?,
        invoice_time: required_time(&format!("{field}.invoice_time"), wire.invoice_time.as_ref())?,
        price: price::from_proto(&format!("{field}.price"), sent_price)?,
        feature_key: text(&wire.feature_key),
        tax: price::tax(&format!("{field}.tax_config"), wire.tax_config.as_ref())?,
        discounts: price::discounts(&format!("{field}.discounts"), wire.discounts.as_ref())?,
    }
    .checked(field)
}

/// The wire form of a line.
pub fn to_proto(line: &Line, invoice: InvoiceId, currency: Currency) -> pb::InvoiceLine {
    pb::InvoiceLine {
        id: line.id.to_string(),
        name: line.name.clone(),
        description: line.description.clone(),
        metadata: line.metadata.clone(),
        managed_by: managed_by_to_proto(line.managed_by).into(),
        invoice_id: invoice.to_string(),
        currency_code: currency.code().to_owned(),
        period: wire_period(line.period),
        invoice_time: wire_time(Some(line.invoice_time)),
        price: Some(price::to_proto(&line.price)),
        feature_key: line.feature_key.clone().unwrap_or_default(),
        tax_config: price::tax_to_proto(&line.tax),
        discounts: price::discounts_to_proto(&line.discounts),
        quantity: line.quantity.map(contract::convert::decimal),
        metered_quantity: line.metered.map(contract::convert::decimal),
        pre_line_period_quantity: wire_decimal(line.quantity_before),
        metered_pre_line_period_quantity: wire_decimal(line.metered_before),
        usage_discounts: line
            .usage_discount
            .iter()
            .map(|usage| pb::AppliedUsageDiscount {
                id: usage.id.to_string(),
                quantity: wire_decimal(usage.quantity),
                pre_line_period_quantity: wire_decimal(usage.before),
                discount_quantity: wire_decimal(usage.discount_quantity),
                correlation_id: usage.correlation.clone(),
                create_time: wire_time(Some(usage.create_time)),
                update_time: wire_time(Some(usage.update_time)),
            })
            .collect(),
        children: line.children.iter().map(child_to_proto).collect(),
        totals: Some(totals_to_proto(&line.totals)),
        subscription: line.subscription.as_ref().map(|from| pb::LineSubscription {
            subscription_id: from.subscription.to_string(),
            phase_id: from.phase.to_string(),
            item_id: from.item.to_string(),
            billing_period: wire_period(from.billing_period),
        }),
        external_ids: external(line.external_invoicing.as_deref()),
        split_group_id: line
            .split
            .map(|split| split.id.to_string())
            .unwrap_or_default(),
        create_time: wire_time(Some(line.create_time)),
        update_time: wire_time(Some(line.update_time)),
        delete_time: wire_time(line.delete_time),
    }
}

/// The wire form of who made a line.
pub fn managed_by_to_proto(managed_by: ManagedBy) -> pb::ManagedBy {
    match managed_by {
        ManagedBy::Manual => pb::ManagedBy::Manual,
        ManagedBy::Subscription => pb::ManagedBy::Subscription,
    }
}

fn external(invoicing: Option<&str>) -> Option<pb::LineExternalIds> {
    invoicing.map(|id| pb::LineExternalIds {
        invoicing: id.to_owned(),
        tax: String::new(),
    })
}

fn child_to_proto(child: &Detail) -> pb::DetailedLine {
    pb::DetailedLine {
        id: child.id.to_string(),
        name: child.name.clone(),
        quantity: wire_decimal(child.quantity),
        per_unit_amount: wire_decimal(child.per_unit),
        category: match child.category {
            Category::Regular => pb::detailed_line::Category::Regular,
            Category::Commitment => pb::detailed_line::Category::Commitment,
        }
        .into(),
        payment_term: price::term_to_proto(child.term).into(),
        period: wire_period(child.period),
        amount_discounts: child.discounts.iter().map(discount_to_proto).collect(),
        totals: Some(totals_to_proto(&child.totals)),
        external_ids: external(child.external_invoicing.as_deref()),
        create_time: wire_time(Some(child.create_time)),
        update_time: wire_time(Some(child.update_time)),
        taxes: child.taxes.iter().map(tax_to_proto).collect(),
    }
}

fn tax_to_proto(tax: &AppliedTax) -> pb::LineTax {
    pb::LineTax {
        display_name: tax.name.clone(),
        percentage: wire_decimal(tax.percentage),
        behavior: price::behavior_to_proto(Some(tax.behavior)).into(),
        amount: wire_decimal(tax.amount),
    }
}

fn discount_to_proto(discount: &AmountDiscount) -> pb::AmountDiscount {
    let (reason, percentage, correlation) = match &discount.reason {
        Reason::Percentage {
            percentage,
            correlation,
        } => (
            pb::amount_discount::Reason::RatecardPercentage,
            wire_decimal(*percentage),
            correlation.clone(),
        ),
        Reason::MaximumSpend => (
            pb::amount_discount::Reason::MaximumSpend,
            None,
            String::new(),
        ),
    };
    pb::AmountDiscount {
        id: discount.id.to_string(),
        amount: wire_decimal(discount.amount),
        reason: reason.into(),
        percentage,
        correlation_id: correlation,
        description: discount.description.clone(),
        external_ids: external(discount.external_invoicing.as_deref()),
        create_time: wire_time(Some(discount.create_time)),
        update_time: wire_time(Some(discount.update_time)),
    }
}

/// The wire form of totals.
pub fn totals_to_proto(totals: &Totals) -> pb::Totals {
    pb::Totals {
        amount: wire_decimal(totals.amount),
        charges_total: wire_decimal(totals.charges),
        discounts_total: wire_decimal(totals.discounts),
        taxes_inclusive_total: wire_decimal(totals.taxes_inclusive),
        taxes_exclusive_total: wire_decimal(totals.taxes_exclusive),
        taxes_total: wire_decimal(totals.taxes),
        total: wire_decimal(totals.total),
    }
}
