//! Lines of invoices as they are shown (billing text §12).

use contract::billing::v1 as pb;
use contract::catalog::v1 as catalog;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::Problem;
use super::prices::{FlatPriceWithPaymentTerm, Price, PricePaymentTerm};
use super::rate_cards::TaxConfig;
use super::scalars::{
    CurrencyCode, Key, Metadata, Number, Numeric, Time, Ulid, metadata, optional,
};
use super::value::{
    Period, known, number_or_zero, numeric, numeric_or_zero, numeric_unless_zero, present,
    required_time, time,
};

/// Takes a share off the amount.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingDiscountPercentage {
    percentage: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Ulid>,
}

/// Takes units off the billed quantity.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingDiscountUsage {
    quantity: Numeric,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Ulid>,
}

/// Reductions of a line; the correlation ids stay when a line is split.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingDiscounts {
    #[serde(skip_serializing_if = "Option::is_none")]
    percentage: Option<BillingDiscountPercentage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<BillingDiscountUsage>,
}

impl BillingDiscounts {
    pub(crate) fn into_proto(self) -> catalog::Discounts {
        catalog::Discounts {
            percentage: self.percentage.map(|discount| catalog::PercentageDiscount {
                percentage: Some(discount.percentage.into()),
                correlation_id: discount
                    .correlation_id
                    .map(String::from)
                    .unwrap_or_default(),
            }),
            usage: self.usage.map(|discount| catalog::UsageDiscount {
                quantity: Some(discount.quantity.into()),
                correlation_id: discount
                    .correlation_id
                    .map(String::from)
                    .unwrap_or_default(),
            }),
        }
    }

    fn from_proto(wire: catalog::Discounts) -> Result<Self, Problem> {
        Ok(Self {
            percentage: wire
                .percentage
                .map(|discount| {
                    Ok::<_, Problem>(BillingDiscountPercentage {
                        percentage: number_or_zero(discount.percentage.as_ref())?,
                        correlation_id: optional(discount.correlation_id).map(Ulid),
                    })
                })
                .transpose()?,
            usage: wire
                .usage
                .map(|discount| {
                    Ok::<_, Problem>(BillingDiscountUsage {
                        quantity: numeric_or_zero(discount.quantity.as_ref())?,
                        correlation_id: optional(discount.correlation_id).map(Ulid),
                    })
                })
                .transpose()?,
        })
    }
}

/// What a line charges.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceUsageBasedRateCard {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature_key: Option<Key>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_config: Option<TaxConfig>,
    pub price: Option<Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discounts: Option<BillingDiscounts>,
}

/// Sums.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceTotals {
    amount: Numeric,
    charges_total: Numeric,
    discounts_total: Numeric,
    taxes_inclusive_total: Numeric,
    taxes_exclusive_total: Numeric,
    taxes_total: Numeric,
    total: Numeric,
}

impl InvoiceTotals {
    pub(crate) fn from_proto(wire: Option<&pb::Totals>) -> Result<Self, Problem> {
        let zero = pb::Totals::default();
        let wire = wire.unwrap_or(&zero);
        Ok(Self {
            amount: numeric_or_zero(wire.amount.as_ref())?,
            charges_total: numeric_or_zero(wire.charges_total.as_ref())?,
            discounts_total: numeric_or_zero(wire.discounts_total.as_ref())?,
            taxes_inclusive_total: numeric_or_zero(wire.taxes_inclusive_total.as_ref())?,
            taxes_exclusive_total: numeric_or_zero(wire.taxes_exclusive_total.as_ref())?,
            taxes_total: numeric_or_zero(wire.taxes_total.as_ref())?,
            total: numeric_or_zero(wire.total.as_ref())?,
        })
    }
}

/// Who made a line.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InvoiceLineManagedBy {
    /// A subscription.
    Subscription,
    /// The server.
    System,
    /// The user.
    Manual,
}

impl InvoiceLineManagedBy {
    fn from_proto(wire: i32) -> Result<Self, Problem> {
        match known(wire)? {
            pb::ManagedBy::Unspecified | pb::ManagedBy::Manual => Ok(Self::Manual),
            pb::ManagedBy::Subscription => Ok(Self::Subscription),
            pb::ManagedBy::System => Ok(Self::System),
        }
    }
}

/// State of a line.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "split lines are never shown")]
pub(crate) enum InvoiceLineStatus {
    /// It counts.
    Valid,
    /// It is a part of another line.
    Detailed,
    /// It was split.
    Split,
}

/// Kind of a line.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UsageBasedWord {
    /// Charged by a price model.
    UsageBased,
}

/// Kind of a part of a line.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FlatFeeWord {
    /// A fixed amount.
    FlatFee,
}

/// The invoice that a line is on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceReference {
    #[schema(value_type = Ulid)]
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
}

/// Ids in outside systems.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceLineAppExternalIds {
    #[serde(skip_serializing_if = "Option::is_none")]
    invoicing: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax: Option<String>,
}

fn external_ids(wire: Option<pb::LineExternalIds>) -> Option<InvoiceLineAppExternalIds> {
    let wire = wire?;
    let ids = InvoiceLineAppExternalIds {
        invoicing: optional(wire.invoicing),
        tax: optional(wire.tax),
    };
    (ids.invoicing.is_some() || ids.tax.is_some()).then_some(ids)
}

/// An id.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdResource {
    #[schema(value_type = Ulid)]
    id: String,
}

/// Where a line comes from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceLineSubscriptionReference {
    subscription: IdResource,
    phase: IdResource,
    item: IdResource,
    billing_period: Period,
}

/// A tax of a line.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceLineTaxItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<TaxConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    surcharge: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    behavior: Option<super::rate_cards::TaxBehavior>,
}

/// The maximum spend was reached.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiscountReasonMaximumSpend {}

/// Why something was taken off.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum BillingDiscountReason {
    /// The maximum spend was reached.
    MaximumSpend(DiscountReasonMaximumSpend),
    /// The rate card takes a share off.
    RatecardPercentage(BillingDiscountPercentage),
    /// The rate card takes units off.
    RatecardUsage(BillingDiscountUsage),
}

/// Money taken off.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceLineAmountDiscount {
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    #[schema(value_type = Ulid)]
    id: String,
    reason: BillingDiscountReason,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_ids: Option<InvoiceLineAppExternalIds>,
    amount: Numeric,
}

/// Units taken off.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceLineUsageDiscount {
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    #[schema(value_type = Ulid)]
    id: String,
    reason: BillingDiscountReason,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_ids: Option<InvoiceLineAppExternalIds>,
    quantity: Numeric,
    #[serde(skip_serializing_if = "Option::is_none")]
    pre_line_period_quantity: Option<Numeric>,
}

/// What was taken off a line.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceLineDiscounts {
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Vec<InvoiceLineAmountDiscount>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Vec<InvoiceLineUsageDiscount>>,
}

/// What a part of a line charges for.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InvoiceDetailedLineCostCategory {
    /// Something sold.
    Regular,
    /// What is missing to the minimum spend.
    Commitment,
}

/// The price of a part of a line.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum DetailedPrice {
    /// A fixed amount.
    Flat(FlatPriceWithPaymentTerm),
}

/// What a part of a line charges.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceDetailedLineRateCard {
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_config: Option<TaxConfig>,
    price: Option<DetailedPrice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discounts: Option<BillingDiscounts>,
}

/// How the amount of a line comes about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceDetailedLine {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    #[schema(value_type = Ulid)]
    id: String,
    managed_by: InvoiceLineManagedBy,
    status: InvoiceLineStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    discounts: Option<InvoiceLineDiscounts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice: Option<InvoiceReference>,
    #[schema(value_type = CurrencyCode)]
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    taxes: Option<Vec<InvoiceLineTaxItem>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_config: Option<TaxConfig>,
    totals: InvoiceTotals,
    period: Period,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_ids: Option<InvoiceLineAppExternalIds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription: Option<InvoiceLineSubscriptionReference>,
    invoice_at: Time,
    r#type: FlatFeeWord,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_unit_amount: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_term: Option<PricePaymentTerm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_card: Option<InvoiceDetailedLineRateCard>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<InvoiceDetailedLineCostCategory>,
}

/// A line of an invoice.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceLine {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    #[schema(value_type = Ulid)]
    id: String,
    managed_by: InvoiceLineManagedBy,
    status: InvoiceLineStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    discounts: Option<InvoiceLineDiscounts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice: Option<InvoiceReference>,
    #[schema(value_type = CurrencyCode)]
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    taxes: Option<Vec<InvoiceLineTaxItem>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_config: Option<TaxConfig>,
    totals: InvoiceTotals,
    period: Period,
    invoice_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_ids: Option<InvoiceLineAppExternalIds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription: Option<InvoiceLineSubscriptionReference>,
    r#type: UsageBasedWord,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Key>)]
    feature_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    children: Option<Vec<InvoiceDetailedLine>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_card: Option<InvoiceUsageBasedRateCard>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metered_quantity: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pre_line_period_quantity: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metered_pre_line_period_quantity: Option<Numeric>,
}

impl InvoiceLine {
    /// A line of the invoice with this number.
    pub(crate) fn from_proto(wire: pb::InvoiceLine, number: Option<&str>) -> Result<Self, Problem> {
        let invoice_at = required_time(wire.invoice_time.as_ref())?;
        let tax_config = wire.tax_config.map(TaxConfig::from_proto);
        let price = wire.price.map(Price::from_proto).transpose()?;
        let feature_key = optional(wire.feature_key);
        let invoice = optional(wire.invoice_id).map(|id| InvoiceReference {
            id,
            number: number.map(str::to_owned),
        });
        let parent = Parent {
            invoice_at,
            currency: &wire.currency_code,
            tax_config: tax_config.as_ref(),
            invoice: invoice.as_ref(),
        };
        let children = wire
            .children
            .into_iter()
            .map(|child| parent.child(child))
            .collect::<Result<Vec<_>, _>>()?;
        let usage = wire
            .usage_discounts
            .into_iter()
            .map(usage_discount)
            .collect::<Result<Vec<_>, _>>()?;
        let rate_card = InvoiceUsageBasedRateCard {
            feature_key: feature_key.clone().map(Key),
            tax_config: tax_config.clone(),
            price: price.clone(),
            discounts: wire
                .discounts
                .map(BillingDiscounts::from_proto)
                .transpose()?,
        };
        Ok(Self {
            name: wire.name,
            description: optional(wire.description),
            metadata: metadata(wire.metadata),
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            id: wire.id,
            managed_by: InvoiceLineManagedBy::from_proto(wire.managed_by)?,
            status: InvoiceLineStatus::Valid,
            discounts: (!usage.is_empty()).then_some(InvoiceLineDiscounts {
                amount: None,
                usage: Some(usage),
            }),
            invoice,
            currency: wire.currency_code,
            taxes: None,
            tax_config,
            totals: InvoiceTotals::from_proto(wire.totals.as_ref())?,
            period: Period::from_proto(&present(wire.period)?)?,
            invoice_at,
            external_ids: external_ids(wire.external_ids),
            subscription: wire
                .subscription
                .map(|of| {
                    Ok::<_, Problem>(InvoiceLineSubscriptionReference {
                        subscription: IdResource {
                            id: of.subscription_id,
                        },
                        phase: IdResource { id: of.phase_id },
                        item: IdResource { id: of.item_id },
                        billing_period: Period::from_proto(&present(of.billing_period)?)?,
                    })
                })
                .transpose()?,
            r#type: UsageBasedWord::UsageBased,
            price,
            feature_key,
            children: Some(children),
            rate_card: Some(rate_card),
            metered_quantity: numeric(
                // Told only where a discount makes a difference.
                wire.metered_quantity
                    .as_ref()
                    .filter(|metered| wire.quantity.as_ref() != Some(*metered)),
            )?,
            quantity: numeric(wire.quantity.as_ref())?,
            pre_line_period_quantity: numeric_unless_zero(wire.pre_line_period_quantity.as_ref())?,
            metered_pre_line_period_quantity: numeric_unless_zero(
                wire.metered_pre_line_period_quantity.as_ref(),
            )?,
        })
    }
}

fn usage_discount(wire: pb::AppliedUsageDiscount) -> Result<InvoiceLineUsageDiscount, Problem> {
    Ok(InvoiceLineUsageDiscount {
        created_at: required_time(wire.create_time.as_ref())?,
        updated_at: required_time(wire.update_time.as_ref())?,
        deleted_at: None,
        id: wire.id,
        reason: BillingDiscountReason::RatecardUsage(BillingDiscountUsage {
            quantity: numeric_or_zero(wire.discount_quantity.as_ref())?,
            correlation_id: optional(wire.correlation_id).map(Ulid),
        }),
        description: None,
        external_ids: None,
        quantity: numeric_or_zero(wire.quantity.as_ref())?,
        pre_line_period_quantity: numeric_unless_zero(wire.pre_line_period_quantity.as_ref())?,
    })
}

fn amount_discount(wire: pb::AmountDiscount) -> Result<InvoiceLineAmountDiscount, Problem> {
    use pb::amount_discount::Reason;
    let reason = match known(wire.reason)? {
        Reason::Unspecified | Reason::MaximumSpend => {
            BillingDiscountReason::MaximumSpend(DiscountReasonMaximumSpend {})
        }
        Reason::RatecardPercentage => {
            BillingDiscountReason::RatecardPercentage(BillingDiscountPercentage {
                percentage: number_or_zero(wire.percentage.as_ref())?,
                correlation_id: optional(wire.correlation_id).map(Ulid),
            })
        }
    };
    Ok(InvoiceLineAmountDiscount {
        created_at: required_time(wire.create_time.as_ref())?,
        updated_at: required_time(wire.update_time.as_ref())?,
        deleted_at: None,
        id: wire.id,
        reason,
        description: optional(wire.description),
        external_ids: external_ids(wire.external_ids),
        amount: numeric_or_zero(wire.amount.as_ref())?,
    })
}

/// What the parts of a line take from it.
struct Parent<'a> {
    invoice_at: Time,
    currency: &'a str,
    tax_config: Option<&'a TaxConfig>,
    invoice: Option<&'a InvoiceReference>,
}

impl Parent<'_> {
    fn child(&self, wire: pb::DetailedLine) -> Result<InvoiceDetailedLine, Problem> {
        use pb::detailed_line::Category;
        let amount = wire
            .amount_discounts
            .into_iter()
            .map(amount_discount)
            .collect::<Result<Vec<_>, _>>()?;
        let per_unit = numeric_or_zero(wire.per_unit_amount.as_ref())?;
        let quantity = numeric(wire.quantity.as_ref())?;
        let payment_term = PricePaymentTerm::from_proto(wire.payment_term)?;
        Ok(InvoiceDetailedLine {
            name: wire.name,
            description: None,
            metadata: None,
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: None,
            id: wire.id,
            managed_by: InvoiceLineManagedBy::System,
            status: InvoiceLineStatus::Detailed,
            discounts: (!amount.is_empty()).then_some(InvoiceLineDiscounts {
                amount: Some(amount),
                usage: None,
            }),
            invoice: self.invoice.map(|invoice| InvoiceReference {
                id: invoice.id.clone(),
                number: invoice.number.clone(),
            }),
            currency: self.currency.to_owned(),
            taxes: None,
            tax_config: self.tax_config.cloned(),
            totals: InvoiceTotals::from_proto(wire.totals.as_ref())?,
            period: Period::from_proto(&present(wire.period)?)?,
            external_ids: external_ids(wire.external_ids),
            subscription: None,
            invoice_at: self.invoice_at,
            r#type: FlatFeeWord::FlatFee,
            per_unit_amount: Some(per_unit),
            payment_term: Some(payment_term),
            quantity,
            rate_card: Some(InvoiceDetailedLineRateCard {
                tax_config: self.tax_config.cloned(),
                price: Some(DetailedPrice::Flat(FlatPriceWithPaymentTerm {
                    amount: per_unit,
                    payment_term: Some(payment_term),
                })),
                quantity,
                discounts: None,
            }),
            category: Some(match known(wire.category)? {
                Category::Unspecified | Category::Regular => {
                    InvoiceDetailedLineCostCategory::Regular
                }
                Category::Commitment => InvoiceDetailedLineCostCategory::Commitment,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::{Value, json};

    use super::*;

    /// The quantities of a line as it is shown: billed, metered, and both before the line.
    fn shown(quantities: [&str; 4], usage: Option<[&str; 2]>) -> (Vec<Value>, Value) {
        let number = |text: &str| {
            let value = contract::convert::decimal(kernel::decimal::parse(text).unwrap());
            Some(value)
        };
        let at = Some(prost_types::Timestamp::default());
        let [quantity, metered, before, metered_before] = quantities.map(number);
        let line = pb::InvoiceLine {
            managed_by: pb::ManagedBy::Manual.into(),
            period: Some(contract::kernel::v1::Period {
                start_time: at,
                end_time: at,
            }),
            invoice_time: at,
            create_time: at,
            update_time: at,
            quantity,
            metered_quantity: metered,
            pre_line_period_quantity: before,
            metered_pre_line_period_quantity: metered_before,
            usage_discounts: usage
                .into_iter()
                .map(|[taken, before]| pb::AppliedUsageDiscount {
                    quantity: number(taken),
                    pre_line_period_quantity: number(before),
                    create_time: at,
                    update_time: at,
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        };
        let line = InvoiceLine::from_proto(line, None).unwrap();
        let line = serde_json::to_value(line).unwrap();
        let names = [
            "quantity",
            "meteredQuantity",
            "preLinePeriodQuantity",
            "meteredPreLinePeriodQuantity",
        ];
        let quantities = names.map(|name| line[name].clone()).to_vec();
        let usage = &line["discounts"]["usage"][0];
        (quantities, usage["preLinePeriodQuantity"].clone())
    }

    /// The three parts of a usage period with a discount of 110 units, and a line without a discount.
    #[test]
    fn quantities_are_left_out_that_say_nothing_new() {
        for (quantities, usage, expected, expected_usage) in [
            (
                ["0", "50", "0", "0"],
                Some(["50", "0"]),
                json!(["0", "50", null, null]),
                Value::Null,
            ),
            (
                ["15", "75", "0", "50"],
                Some(["60", "50"]),
                json!(["15", "75", null, "50"]),
                json!("50"),
            ),
            (
                ["30", "30", "15", "125"],
                None,
                json!(["30", null, "15", "125"]),
                Value::Null,
            ),
            (
                ["7", "7", "0", "0"],
                None,
                json!(["7", null, null, null]),
                Value::Null,
            ),
        ] {
            let (found, found_usage) = shown(quantities, usage);
            assert_eq!(Value::Array(found), expected);
            assert_eq!(found_usage, expected_usage);
        }
    }
}
