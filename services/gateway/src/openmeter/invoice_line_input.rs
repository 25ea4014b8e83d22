//! Lines of invoices as they are sent: pending ones, edited ones, those to compute; and what
//! becomes of the lines of a voided invoice (billing text §5.1, §19 to §21).

use contract::billing::v1 as pb;
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

/// What all lines say, however they are sent.
struct Parts {
    id: Option<Ulid>,
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
    period: Period,
    invoice_at: Time,
    rate_card: Option<InvoiceUsageBasedRateCard>,
    price: Option<Price>,
    feature_key: Option<Key>,
    tax_config: Option<TaxConfig>,
}

impl Parts {
    /// The line. What it charges stands on the rate card or in the older fields beside it; where both are sent they must
    /// say the same (billing text §5.1).
    fn into_line(self, at: &str) -> Result<pb::LineInput, Problem> {
        let price = self.price.map(Price::into_proto);
        let feature_key = self.feature_key.map(String::from);
        let tax_config = self.tax_config.map(TaxConfig::into_proto);
        let line = pb::LineInput {
            id: self.id.map(String::from).unwrap_or_default(),
            name: self.name.into(),
            description: self.description.map(String::from).unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            period: Some(self.period.into_proto()),
            invoice_time: Some(self.invoice_at.into()),
            ..pb::LineInput::default()
        };
        let required = |field: &str| Problem::invalid(format!("{at}.{field}: is required"));
        let Some(card) = self.rate_card else {
            return Ok(pb::LineInput {
                price: Some(price.ok_or_else(|| required("rateCard"))?),
                feature_key: feature_key.unwrap_or_default(),
                tax_config,
                ..line
            });
        };
        let of_card = card.price.map(Price::into_proto);
        let of_card = of_card.ok_or_else(|| required("rateCard.price"))?;
        Ok(pb::LineInput {
            price: agreed(at, "price", Some(of_card), price)?,
            feature_key: agreed(
                at,
                "featureKey",
                card.feature_key.map(String::from),
                feature_key,
            )?
            .unwrap_or_default(),
            tax_config: agreed(
                at,
                "taxConfig",
                card.tax_config.map(TaxConfig::into_proto),
                tax_config,
            )?,
            discounts: card.discounts.map(BillingDiscounts::into_proto),
            ..line
        })
    }
}

/// What the rate card says, else the older field; both must be equal.
fn agreed<T: PartialEq>(
    at: &str,
    field: &str,
    card: Option<T>,
    older: Option<T>,
) -> Result<Option<T>, Problem> {
    match (card, older) {
        (Some(card), Some(older)) if card != older => Err(Problem::invalid(format!(
            "{at}.{field}: must equal the one of the rate card"
        ))),
        (card, older) => Ok(card.or(older)),
    }
}

/// The place of a line in a request.
fn place(index: usize) -> String {
    format!("lines[{index}]")
}

impl InvoicePendingLineCreate {
    pub(crate) fn into_proto(self, index: usize) -> Result<pb::LineInput, Problem> {
        Parts {
            id: None,
            name: self.name,
            description: self.description,
            metadata: self.metadata,
            period: self.period,
            invoice_at: self.invoice_at,
            rate_card: self.rate_card,
            price: self.price,
            feature_key: self.feature_key,
            tax_config: self.tax_config,
        }
        .into_line(&place(index))
    }
}

impl InvoiceLineReplaceUpdate {
    pub(crate) fn into_proto(self, index: usize) -> Result<pb::LineInput, Problem> {
        Parts {
            id: self.id,
            name: self.name,
            description: self.description,
            metadata: self.metadata,
            period: self.period,
            invoice_at: self.invoice_at,
            rate_card: self.rate_card,
            price: self.price,
            feature_key: self.feature_key,
            tax_config: self.tax_config,
        }
        .into_line(&place(index))
    }
}

impl InvoiceSimulationLine {
    pub(crate) fn into_proto(self, index: usize) -> Result<pb::SimulatedLine, Problem> {
        let line = Parts {
            id: self.id,
            name: self.name,
            description: self.description,
            metadata: self.metadata,
            period: self.period,
            invoice_at: self.invoice_at,
            rate_card: self.rate_card,
            price: self.price,
            feature_key: self.feature_key,
            tax_config: self.tax_config,
        }
        .into_line(&place(index))?;
        Ok(pb::SimulatedLine {
            line: Some(line),
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
