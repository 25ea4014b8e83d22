//! How invoices come about and who is on them: the parts that billing profiles, overrides and
//! invoices share (billing text §3).

use contract::billing::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::apps::App;
use super::customers::{Address, CustomerUsageAttribution};
use super::decode::union;
use super::entitlement_input::Interval;
use super::error::Problem;
use super::rate_cards::TaxConfig;
use super::scalars::{ExternalKey, Text, Time, Ulid, optional};
use super::value::{known, present, required_time};

/// A tax identity.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingPartyTaxIdentity {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Text<1, 32>>,
}

/// A party of an invoice.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingParty {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<ExternalKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_id: Option<BillingPartyTaxIdentity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1)]
    addresses: Option<Vec<Address>>,
}

fn tax_identity(code: String) -> Option<BillingPartyTaxIdentity> {
    optional(code).map(|code| BillingPartyTaxIdentity {
        code: Some(Text(code)),
    })
}

fn first_address(addresses: Option<Vec<Address>>) -> Result<Option<Address>, Problem> {
    let mut addresses = addresses.unwrap_or_default();
    if addresses.len() > 1 {
        return Err(Problem::invalid("addresses: must have at most one item"));
    }
    Ok(addresses.pop())
}

fn tax_code(identity: Option<BillingPartyTaxIdentity>) -> String {
    identity
        .and_then(|identity| identity.code)
        .map(String::from)
        .unwrap_or_default()
}

impl BillingParty {
    pub(crate) fn into_supplier(self) -> Result<pb::Supplier, Problem> {
        Ok(pb::Supplier {
            name: self.name.unwrap_or_default(),
            tax_code: tax_code(self.tax_id),
            address: first_address(self.addresses)?.map(Address::into_postal),
        })
    }

    pub(crate) fn from_supplier(wire: pb::Supplier) -> Self {
        Self {
            id: None,
            key: None,
            name: optional(wire.name),
            tax_id: tax_identity(wire.tax_code),
            addresses: wire
                .address
                .map(|address| vec![Address::from_postal(address)]),
        }
    }
}

/// The changeable part of a party of an invoice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingPartyReplaceUpdate {
    #[expect(dead_code, reason = "accepted and ignored, billing text §19.1")]
    key: Option<ExternalKey>,
    name: Option<String>,
    tax_id: Option<BillingPartyTaxIdentity>,
    #[schema(max_items = 1)]
    addresses: Option<Vec<Address>>,
}

impl BillingPartyReplaceUpdate {
    pub(crate) fn into_supplier(self) -> Result<pb::Supplier, Problem> {
        Ok(pb::Supplier {
            name: self.name.unwrap_or_default(),
            tax_code: tax_code(self.tax_id),
            address: first_address(self.addresses)?.map(Address::into_postal),
        })
    }

    pub(crate) fn into_customer(self) -> Result<pb::InvoiceCustomer, Problem> {
        Ok(pb::InvoiceCustomer {
            name: self.name.unwrap_or_default(),
            tax_code: tax_code(self.tax_id),
            address: first_address(self.addresses)?.map(Address::into_postal),
            ..pb::InvoiceCustomer::default()
        })
    }
}

/// The customer of an invoice, as known when the invoice was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingInvoiceCustomer {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_id: Option<BillingPartyTaxIdentity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1)]
    addresses: Option<Vec<Address>>,
    usage_attribution: CustomerUsageAttribution,
}

impl BillingInvoiceCustomer {
    pub(crate) fn from_proto(wire: pb::InvoiceCustomer) -> Self {
        Self {
            id: optional(wire.id),
            key: optional(wire.key),
            name: optional(wire.name),
            tax_id: tax_identity(wire.tax_code),
            addresses: wire
                .address
                .map(|address| vec![Address::from_postal(address)]),
            usage_attribution: CustomerUsageAttribution {
                subject_keys: wire.subject_keys.into_iter().map(Text).collect(),
            },
        }
    }
}

/// Collection follows the subscription.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlignmentSubscription {}

/// A repeated period.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecurringPeriodV2 {
    interval: Interval,
    anchor: Time,
}

/// Collection follows a period of its own.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlignmentAnchored {
    recurring_period: RecurringPeriodV2,
}

/// When pending lines are collected.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum CollectionAlignment {
    /// With the subscription.
    Subscription(AlignmentSubscription),
    /// With a period of their own.
    Anchored(AlignmentAnchored),
}
union!(CollectionAlignment by "type" { "subscription" => Subscription, "anchored" => Anchored });

/// How pending lines are collected.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingWorkflowCollectionSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    alignment: Option<CollectionAlignment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<String>,
}

/// How drafts become invoices.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingWorkflowInvoicingSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_advance: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    draft_period: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progressive_billing: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_tax_config: Option<TaxConfig>,
}

/// How payments are collected.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CollectionMethod {
    /// The customer is charged.
    ChargeAutomatically,
    /// The customer is sent the invoice.
    SendInvoice,
}

/// How payments are collected.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingWorkflowPaymentSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    collection_method: Option<CollectionMethod>,
}

/// How taxes are treated.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingWorkflowTaxSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enforced: Option<bool>,
}

/// How invoices come about; what is not said has its default.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingWorkflow {
    #[serde(skip_serializing_if = "Option::is_none")]
    collection: Option<BillingWorkflowCollectionSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoicing: Option<BillingWorkflowInvoicingSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<BillingWorkflowPaymentSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax: Option<BillingWorkflowTaxSettings>,
}

impl BillingWorkflowPaymentSettings {
    pub(crate) fn into_proto(self) -> pb::PaymentSettings {
        use pb::payment_settings::CollectionMethod as Wire;
        pb::PaymentSettings {
            collection_method: match self.collection_method {
                None => Wire::Unspecified,
                Some(CollectionMethod::ChargeAutomatically) => Wire::ChargeAutomatically,
                Some(CollectionMethod::SendInvoice) => Wire::SendInvoice,
            }
            .into(),
        }
    }

    fn from_proto(wire: pb::PaymentSettings) -> Result<Self, Problem> {
        use pb::payment_settings::CollectionMethod as Wire;
        Ok(Self {
            collection_method: Some(match known(wire.collection_method)? {
                Wire::Unspecified | Wire::ChargeAutomatically => {
                    CollectionMethod::ChargeAutomatically
                }
                Wire::SendInvoice => CollectionMethod::SendInvoice,
            }),
        })
    }
}

impl BillingWorkflow {
    pub(crate) fn into_proto(self) -> pb::Workflow {
        pb::Workflow {
            collection: self.collection.map(|collection| pb::CollectionSettings {
                anchored_alignment: match collection.alignment {
                    Some(CollectionAlignment::Anchored(anchored)) => Some(pb::AnchoredAlignment {
                        interval_duration: anchored.recurring_period.interval.into_duration(),
                        anchor_time: Some(anchored.recurring_period.anchor.into()),
                    }),
                    Some(CollectionAlignment::Subscription(AlignmentSubscription {})) | None => {
                        None
                    }
                },
                interval_duration: collection.interval.unwrap_or_default(),
            }),
            invoicing: self.invoicing.map(|invoicing| pb::InvoicingSettings {
                auto_advance: invoicing.auto_advance,
                draft_period_duration: invoicing.draft_period.unwrap_or_default(),
                due_after_duration: invoicing.due_after.unwrap_or_default(),
                progressive_billing: invoicing.progressive_billing,
                default_tax_config: invoicing.default_tax_config.map(TaxConfig::into_proto),
            }),
            payment: self.payment.map(BillingWorkflowPaymentSettings::into_proto),
            tax: self.tax.map(|tax| pb::TaxSettings {
                enabled: tax.enabled,
                enforced: tax.enforced.unwrap_or_default(),
                manual_rates: None,
            }),
        }
    }

    /// Everything is printed, with the defaults (billing text §3.1).
    pub(crate) fn from_proto(wire: pb::Workflow) -> Result<Self, Problem> {
        let collection = wire.collection.unwrap_or_default();
        let invoicing = wire.invoicing.unwrap_or_default();
        let tax = wire.tax.unwrap_or_default();
        let alignment = match collection.anchored_alignment {
            None => CollectionAlignment::Subscription(AlignmentSubscription {}),
            Some(anchored) => CollectionAlignment::Anchored(AlignmentAnchored {
                recurring_period: RecurringPeriodV2 {
                    interval: Interval::of_duration(anchored.interval_duration),
                    anchor: required_time(anchored.anchor_time.as_ref())?,
                },
            }),
        };
        let or = |text: String, default: &str| {
            Some(optional(text).unwrap_or_else(|| default.to_owned()))
        };
        Ok(Self {
            collection: Some(BillingWorkflowCollectionSettings {
                alignment: Some(alignment),
                interval: or(collection.interval_duration, "PT1H"),
            }),
            invoicing: Some(BillingWorkflowInvoicingSettings {
                auto_advance: Some(invoicing.auto_advance.unwrap_or(true)),
                draft_period: or(invoicing.draft_period_duration, "P0D"),
                due_after: or(invoicing.due_after_duration, "P30D"),
                progressive_billing: Some(invoicing.progressive_billing.unwrap_or(true)),
                default_tax_config: invoicing.default_tax_config.map(TaxConfig::from_proto),
            }),
            payment: Some(BillingWorkflowPaymentSettings::from_proto(
                wire.payment.unwrap_or_default(),
            )?),
            tax: Some(BillingWorkflowTaxSettings {
                enabled: Some(tax.enabled.unwrap_or(true)),
                enforced: Some(tax.enforced),
            }),
        })
    }
}

/// An app, named by its id.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppReference {
    #[schema(value_type = Ulid)]
    id: String,
}

/// An app, in full or named by its id.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum AppOrReference {
    /// In full.
    App(Box<App>),
    /// Named by its id.
    Reference(AppReference),
}

/// The apps that calculate tax, send invoices and collect payments.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingProfileApps {
    tax: AppOrReference,
    invoicing: AppOrReference,
    payment: AppOrReference,
}

impl BillingProfileApps {
    /// In full when asked for. All three are the same app (billing text §3.2).
    pub(crate) fn from_proto(wire: pb::ProfileApps, in_full: bool) -> Result<Self, Problem> {
        let app = |id: &str| {
            Ok::<_, Problem>(if in_full {
                let app = present(wire.app.clone())?;
                AppOrReference::App(Box::new(App::from_proto(app)?))
            } else {
                AppOrReference::Reference(AppReference { id: id.to_owned() })
            })
        };
        Ok(Self {
            tax: app(&wire.tax_app_id)?,
            invoicing: app(&wire.invoicing_app_id)?,
            payment: app(&wire.payment_app_id)?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_json;
    use serde_json::json;

    #[test]
    fn defaults_are_printed() {
        let workflow = BillingWorkflow::from_proto(pb::Workflow::default()).unwrap();
        assert_eq!(
            serde_json::to_value(workflow).unwrap(),
            json!({
                "collection": {"alignment": {"type": "subscription"}, "interval": "PT1H"},
                "invoicing": {
                    "autoAdvance": true, "draftPeriod": "P0D", "dueAfter": "P30D",
                    "progressiveBilling": true,
                },
                "payment": {"collectionMethod": "charge_automatically"},
                "tax": {"enabled": true, "enforced": false},
            })
        );
    }

    #[test]
    fn what_was_said_survives_the_way_there_and_back() {
        let said = json!({
            "collection": {
                "alignment": {
                    "type": "anchored",
                    "recurringPeriod": {"interval": "MONTH", "anchor": "2024-01-01T00:00:00Z"},
                },
                "interval": "PT2H",
            },
            "invoicing": {
                "autoAdvance": false, "draftPeriod": "P1D", "dueAfter": "P14D",
                "progressiveBilling": false, "defaultTaxConfig": {"behavior": "exclusive"},
            },
            "payment": {"collectionMethod": "send_invoice"},
            "tax": {"enabled": false, "enforced": false},
        });
        let there = from_json::<BillingWorkflow>(&said).unwrap().into_proto();
        let back = BillingWorkflow::from_proto(there).unwrap();
        assert_eq!(serde_json::to_value(back).unwrap(), said);
    }

    #[test]
    fn a_party_has_one_address() {
        let party: BillingParty = from_json(&json!({
            "name": "A", "addresses": [{"country": "AT"}, {"country": "DE"}],
        }))
        .unwrap();
        assert!(party.into_supplier().is_err());
    }
}
