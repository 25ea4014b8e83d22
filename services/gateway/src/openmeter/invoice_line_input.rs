//! Lines of invoices as they are sent: pending ones, edited ones, those to compute; and what
//! becomes of the lines of a voided invoice (billing text §5.1, §19 to §21).

use contract::billing::v1 as pb;
use contract::catalog::v1 as catalog;
use serde::Deserialize;
use utoipa::ToSchema;

use super::decode::union;
use super::error::Problem;
use super::invoice_lines::{BillingDiscounts, InvoiceUsageBasedRateCard};
use super::prices::Price;
use super::rate_cards::TaxConfig;
use super::scalars::{Description, Key, Label, Metadata, Numeric, Time, Ulid};
use super::value::Period;

/// A line that waits to be invoiced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoicePendingLineCreate {
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
    tax_config: Option<TaxConfig>,
    period: Period,
    invoice_at: Time,
    price: Option<Price>,
    feature_key: Option<Key>,
    rate_card: Option<InvoiceUsageBasedRateCard>,
}

/// A line that stays on an invoice, or that is added to it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceLineReplaceUpdate {
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
    tax_config: Option<TaxConfig>,
    period: Period,
    invoice_at: Time,
    price: Option<Price>,
    feature_key: Option<Key>,
    rate_card: Option<InvoiceUsageBasedRateCard>,
    id: Option<Ulid>,
}

/// A line to compute.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceSimulationLine {
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
    tax_config: Option<TaxConfig>,
    period: Period,
    invoice_at: Time,
    price: Option<Price>,
    feature_key: Option<Key>,
    rate_card: Option<InvoiceUsageBasedRateCard>,
    quantity: Numeric,
    pre_line_period_quantity: Option<Numeric>,
    id: Option<Ulid>,
}

/// What a line charges, from the rate card or from the older fields beside it; where both
/// are sent they must say the same (billing text §5.1).
struct Charge {
    price: catalog::Price,
    feature_key: String,
    tax_config: Option<catalog::TaxConfig>,
    discounts: Option<catalog::Discounts>,
}

impl Charge {
    fn new(
        at: &str,
        card: Option<InvoiceUsageBasedRateCard>,
        price: Option<Price>,
        feature_key: Option<Key>,
        tax_config: Option<TaxConfig>,
    ) -> Result<Self, Problem> {
        let price = price.map(Price::into_proto);
        let feature_key = feature_key.map(String::from);
        let tax_config = tax_config.map(TaxConfig::into_proto);
        let Some(card) = card else {
            return Ok(Self {
                price: price
                    .ok_or_else(|| Problem::invalid(format!("{at}.rateCard: is required")))?,
                feature_key: feature_key.unwrap_or_default(),
                tax_config,
                discounts: None,
            });
        };
        let of_card = card
            .price
            .map(Price::into_proto)
            .ok_or_else(|| Problem::invalid(format!("{at}.rateCard.price: is required")))?;
        let card_feature = card.feature_key.map(String::from);
        let card_tax = card.tax_config.map(TaxConfig::into_proto);
        let differs = |field: &str| {
            Problem::invalid(format!("{at}.{field}: must equal the one of the rate card"))
        };
        if price.is_some_and(|price| price != of_card) {
            return Err(differs("price"));
        }
        if let (Some(old), Some(new)) = (&feature_key, &card_feature)
            && old != new
        {
            return Err(differs("featureKey"));
        }
        if let (Some(old), Some(new)) = (&tax_config, &card_tax)
            && old != new
        {
            return Err(differs("taxConfig"));
        }
        Ok(Self {
            price: of_card,
            feature_key: card_feature.or(feature_key).unwrap_or_default(),
            tax_config: card_tax.or(tax_config),
            discounts: card.discounts.map(BillingDiscounts::into_proto),
        })
    }

    fn into_line(self) -> pb::LineInput {
        pb::LineInput {
            price: Some(self.price),
            feature_key: self.feature_key,
            tax_config: self.tax_config,
            discounts: self.discounts,
            ..pb::LineInput::default()
        }
    }
}

impl InvoicePendingLineCreate {
    pub(crate) fn into_proto(self, index: usize) -> Result<pb::LineInput, Problem> {
        let at = format!("lines[{index}]");
        let charge = Charge::new(
            &at,
            self.rate_card,
            self.price,
            self.feature_key,
            self.tax_config,
        )?;
        Ok(pb::LineInput {
            name: self.name.into(),
            description: self.description.map(String::from).unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            period: Some(self.period.into_proto()),
            invoice_time: Some(self.invoice_at.into()),
            ..charge.into_line()
        })
    }
}

impl InvoiceLineReplaceUpdate {
    pub(crate) fn into_proto(self, index: usize) -> Result<pb::LineInput, Problem> {
        let at = format!("lines[{index}]");
        let charge = Charge::new(
            &at,
            self.rate_card,
            self.price,
            self.feature_key,
            self.tax_config,
        )?;
        Ok(pb::LineInput {
            id: self.id.map(String::from).unwrap_or_default(),
            name: self.name.into(),
            description: self.description.map(String::from).unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            period: Some(self.period.into_proto()),
            invoice_time: Some(self.invoice_at.into()),
            ..charge.into_line()
        })
    }
}

impl InvoiceSimulationLine {
    pub(crate) fn into_proto(self, index: usize) -> Result<pb::SimulatedLine, Problem> {
        let at = format!("lines[{index}]");
        let charge = Charge::new(
            &at,
            self.rate_card,
            self.price,
            self.feature_key,
            self.tax_config,
        )?;
        Ok(pb::SimulatedLine {
            line: Some(pb::LineInput {
                id: self.id.map(String::from).unwrap_or_default(),
                name: self.name.into(),
                description: self.description.map(String::from).unwrap_or_default(),
                metadata: self.metadata.unwrap_or_default(),
                period: Some(self.period.into_proto()),
                invoice_time: Some(self.invoice_at.into()),
                ..charge.into_line()
            }),
            quantity: Some(self.quantity.into()),
            pre_line_period_quantity: self.pre_line_period_quantity.map(Into::into),
        })
    }
}

/// The line is forgotten.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VoidLineDiscard {}

/// The line waits to be invoiced again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VoidLinePending {
    next_invoice_at: Option<Time>,
}

/// What happens to a line of a voided invoice.
#[derive(Debug, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = VoidInvoiceLineActionCreate)]
pub(crate) enum VoidLineAction {
    /// It is forgotten.
    Discard(VoidLineDiscard),
    /// It waits to be invoiced again.
    Pending(VoidLinePending),
}
union!(VoidLineAction by "type" { "discard" => Discard, "pending" => Pending });

impl VoidLineAction {
    pub(crate) fn into_proto(self) -> pb::VoidLineAction {
        use pb::void_line_action::Action;
        let action = match self {
            Self::Discard(VoidLineDiscard {}) => Action::Discard(pb::VoidLineDiscard {}),
            Self::Pending(pending) => Action::Pending(pb::VoidLinePending {
                next_invoice_time: pending.next_invoice_at.map(Into::into),
            }),
        };
        pb::VoidLineAction {
            action: Some(action),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_json;
    use serde_json::{Value, json};

    fn line(extra: Value) -> Result<pb::LineInput, Problem> {
        let mut body = json!({
            "name": "Fee", "invoiceAt": "2024-02-01T00:00:00Z",
            "period": {"from": "2024-01-01T00:00:00Z", "to": "2024-02-01T00:00:00Z"},
        });
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        from_json::<InvoicePendingLineCreate>(&body)
            .unwrap()
            .into_proto(0)
    }

    #[test]
    fn a_line_is_charged_by_its_rate_card_or_by_the_older_fields() {
        let flat = json!({"type": "flat", "amount": "10"});
        let card = line(json!({"rateCard": {"price": flat, "featureKey": "a"}})).unwrap();
        let older = line(json!({"price": flat, "featureKey": "a"})).unwrap();
        assert_eq!(card, older);
        assert_eq!(card.feature_key, "a");
    }

    #[test]
    fn both_forms_must_say_the_same() {
        let flat = |amount: &str| json!({"type": "flat", "amount": amount});
        assert!(line(json!({"rateCard": {"price": flat("1")}, "price": flat("1.0")})).is_ok());
        let refused = line(json!({"rateCard": {"price": flat("1")}, "price": flat("2")}));
        assert_eq!(
            refused.unwrap_err().detail.unwrap(),
            "validation error: lines[0].price: must equal the one of the rate card"
        );
    }

    #[test]
    fn a_line_without_a_price_is_refused() {
        let refused = line(json!({"rateCard": {"price": null}})).unwrap_err();
        assert_eq!(
            refused.detail.unwrap(),
            "validation error: lines[0].rateCard.price: is required"
        );
        assert!(line(json!({})).is_err());
    }
}
