//! The documents that webhooks carry (metering text §15.7). They are written once, when an event is made, and kept.

use contract::notification::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::balances::EntitlementValue;
use super::customers::Customer;
use super::entitlements::{Entitlement, Owner};
use super::error::Problem;
use super::features::Feature;
use super::invoice_document::Invoice;
use super::notification_rules::NotificationRuleBalanceThresholdValue;
use super::scalars::{Time, Ulid, optional};
use super::subjects::Subject;
use super::value::{broken, present, required_time};

/// What a payload about an entitlement tells.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationEventEntitlementValuePayloadBase {
    entitlement: Entitlement,
    feature: Feature,
    subject: Subject,
    value: EntitlementValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Customer>,
}

/// What a payload about a threshold tells.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationEventBalanceThresholdPayloadData {
    entitlement: Entitlement,
    feature: Feature,
    subject: Subject,
    value: EntitlementValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Customer>,
    threshold: NotificationRuleBalanceThresholdValue,
}

/// Tells that a usage period began.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationEventResetPayload {
    #[schema(value_type = Ulid)]
    id: String,
    timestamp: Time,
    data: NotificationEventEntitlementValuePayloadBase,
}

/// Tells that a threshold was crossed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationEventBalanceThresholdPayload {
    #[schema(value_type = Ulid)]
    id: String,
    timestamp: Time,
    data: NotificationEventBalanceThresholdPayloadData,
}

/// Tells that an invoice was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationEventInvoiceCreatedPayload {
    #[schema(value_type = Ulid)]
    id: String,
    timestamp: Time,
    data: Invoice,
}

/// Tells that an invoice changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationEventInvoiceUpdatedPayload {
    #[schema(value_type = Ulid)]
    id: String,
    timestamp: Time,
    data: Invoice,
}

/// What webhooks carry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type")]
pub(crate) enum NotificationEventPayload {
    /// A usage period began.
    #[serde(rename = "entitlements.reset")]
    Reset(Box<NotificationEventResetPayload>),
    /// A threshold was crossed.
    #[serde(rename = "entitlements.balance.threshold")]
    BalanceThreshold(Box<NotificationEventBalanceThresholdPayload>),
    /// An invoice was made.
    #[serde(rename = "invoice.created")]
    InvoiceCreated(Box<NotificationEventInvoiceCreatedPayload>),
    /// An invoice changed.
    #[serde(rename = "invoice.updated")]
    InvoiceUpdated(Box<NotificationEventInvoiceUpdatedPayload>),
}

/// The body of a webhook. The error is for the log.
pub fn notification_body(payload: pb::EventPayload) -> Result<String, String> {
    let document = NotificationEventPayload::from_proto(payload)
        .map_err(|problem| format!("a fact is missing or broken: {problem:?}"))?;
    serde_json::to_string(&document).map_err(|error| error.to_string())
}

impl NotificationEventPayload {
    fn from_proto(wire: pb::EventPayload) -> Result<Self, Problem> {
        let event = wire.event_type();
        let id = wire.event_id;
        let timestamp = required_time(wire.create_time.as_ref())?;
        let mismatch = || broken("facts of an event", &event.as_str_name());
        Ok(match (event, present(wire.facts)?) {
            (pb::EventType::EntitlementReset, pb::event_payload::Facts::Entitlement(facts)) => {
                let data = base(facts)?;
                Self::Reset(Box::new(NotificationEventResetPayload {
                    id,
                    timestamp,
                    data,
                }))
            }
            (pb::EventType::BalanceThreshold, pb::event_payload::Facts::Entitlement(facts)) => {
                let threshold = present(facts.threshold.as_ref())?;
                let threshold = NotificationRuleBalanceThresholdValue::from_proto(threshold)?;
                let base = base(facts)?;
                let data = NotificationEventBalanceThresholdPayloadData {
                    entitlement: base.entitlement,
                    feature: base.feature,
                    subject: base.subject,
                    value: base.value,
                    customer: base.customer,
                    threshold,
                };
                let payload = NotificationEventBalanceThresholdPayload {
                    id,
                    timestamp,
                    data,
                };
                Self::BalanceThreshold(Box::new(payload))
            }
            (pb::EventType::InvoiceCreated, pb::event_payload::Facts::Invoice(invoice)) => {
                let data = Invoice::from_proto(invoice, true)?;
                let payload = NotificationEventInvoiceCreatedPayload {
                    id,
                    timestamp,
                    data,
                };
                Self::InvoiceCreated(Box::new(payload))
            }
            (pb::EventType::InvoiceUpdated, pb::event_payload::Facts::Invoice(invoice)) => {
                let data = Invoice::from_proto(invoice, true)?;
                let payload = NotificationEventInvoiceUpdatedPayload {
                    id,
                    timestamp,
                    data,
                };
                Self::InvoiceUpdated(Box::new(payload))
            }
            (
                pb::EventType::Unspecified
                | pb::EventType::EntitlementReset
                | pb::EventType::BalanceThreshold
                | pb::EventType::InvoiceCreated
                | pb::EventType::InvoiceUpdated,
                pb::event_payload::Facts::Entitlement(_) | pb::event_payload::Facts::Invoice(_),
            ) => return Err(mismatch()),
        })
    }
}

fn base(
    facts: pb::EntitlementFacts,
) -> Result<NotificationEventEntitlementValuePayloadBase, Problem> {
    let subject = present(facts.subject)?;
    let customer_key = facts.customer.as_ref().map(|customer| customer.key.clone());
    let owner = Owner {
        customer_key: customer_key.and_then(optional),
        subject_key: subject.key.clone(),
    };
    Ok(NotificationEventEntitlementValuePayloadBase {
        entitlement: Entitlement::from_proto(present(facts.entitlement)?, &owner)?,
        feature: Feature::from_proto(present(facts.feature)?)?,
        subject: Subject::from_proto(subject)?,
        value: EntitlementValue::from_proto(present(facts.value)?)?,
        customer: facts.customer.map(Customer::from_proto).transpose()?,
    })
}
