//! Makes the drafts of events: the body, what it is about, and what tells it from a repeat.

use std::collections::BTreeMap;

use chassis::secret::{hex, sha256};
use contract::{
    billing::v1 as billing, catalog::v1 as catalog, customer::v1 as customer,
    entitlement::v1 as entitlement, notification::v1 as pb,
};
use jiff::{SignedDuration, Timestamp};
use kernel::id::EventId;

use crate::{
    Render, convert,
    domain::{
        event::{BalanceState, Draft, Sameness, Subjects, threshold_text},
        rule::{EventType, Threshold, ThresholdKind},
    },
    error::NotificationError,
    facts::{Balance, Scene},
    store::rule::Rule,
};

/// What happened to an entitlement.
#[derive(Clone, Debug)]
pub enum Occurrence {
    /// It crossed a threshold.
    Crossed(Threshold),
    /// A usage period began.
    Reset,
}

/// What tells an occurrence from a repeat.
pub fn sameness(rule: &Rule, balance: &Balance, subject: &str, what: &Occurrence) -> Sameness {
    let state = BalanceState {
        about_balance: matches!(
            what,
            Occurrence::Crossed(Threshold {
                kind: ThresholdKind::BalanceValue,
                ..
            })
        ),
        rule: rule.id,
        period: balance.period,
        subject,
        entitlement: balance.id,
        feature: &balance.entitlement.feature_id,
        measured_from: balance.measured_from,
    };
    match what {
        Occurrence::Crossed(threshold) => Sameness {
            hash: format!("bsnap_v2_{}", hex(&sha256(state.text().as_bytes()))),
            told: threshold_text(threshold),
            until: balance.period.1,
        },
        Occurrence::Reset => {
            let text = format!("reset\n{}\n{}\n{}", rule.id, balance.id, balance.period.0);
            Sameness {
                hash: format!("reset_v1_{}", hex(&sha256(text.as_bytes()))),
                told: "reset".to_owned(),
                until: balance.period.1,
            }
        }
    }
}

/// An event about an entitlement; none if what it shows is gone.
pub fn about_entitlement(
    render: Render,
    now: Timestamp,
    rule: &Rule,
    balance: &Balance,
    scene: &Scene,
    what: &Occurrence,
) -> Result<Option<Draft>, NotificationError> {
    let (Some(customer), Some(feature)) = (scene.customer(balance), scene.feature(balance)) else {
        return Ok(None);
    };
    let (subject, known) = scene.subject(customer);
    let threshold = match what {
        Occurrence::Crossed(threshold) => Some(threshold.clone()),
        Occurrence::Reset => None,
    };
    let sameness = sameness(rule, balance, &subject.key, what);
    let about = Subjects {
        entitlement_id: balance.entitlement.id.clone(),
        customer_id: customer.id.clone(),
        customer_key: customer.key.clone(),
        subject_id: if known {
            subject.id.clone()
        } else {
            String::new()
        },
        subject_key: subject.key.clone(),
        feature_id: feature.id.clone(),
        feature_key: feature.key.clone(),
        ..Subjects::default()
    };
    let facts = pb::EntitlementFacts {
        entitlement: Some(balance.entitlement.clone()),
        value: Some(balance.value.clone()),
        feature: Some(feature.clone()),
        customer: Some(customer.clone()),
        subject: Some(subject),
        threshold: threshold.as_ref().map(convert::rule::threshold),
    };
    let facts = pb::event_payload::Facts::Entitlement(facts);
    let object = format!("entitlement/{}", balance.entitlement.id);
    let draft = draft(render, now, rule, object, facts)?;
    Ok(Some(Draft {
        threshold,
        sameness: Some(sameness),
        about,
        ..draft
    }))
}

/// An event about an invoice.
pub fn about_invoice(
    render: Render,
    now: Timestamp,
    rule: &Rule,
    invoice: &billing::Invoice,
) -> Result<Draft, NotificationError> {
    let customer = invoice.customer.clone().unwrap_or_default();
    let about = Subjects {
        customer_id: customer.id,
        customer_key: customer.key,
        invoice_id: invoice.id.clone(),
        invoice_number: invoice.number.clone(),
        ..Subjects::default()
    };
    let facts = pb::event_payload::Facts::Invoice(invoice.clone());
    let object = format!("invoice/{}", invoice.id);
    Ok(Draft {
        about,
        ..draft(render, now, rule, object, facts)?
    })
}

/// An event with invented facts.
pub fn test(render: Render, now: Timestamp, rule: &Rule) -> Result<Draft, NotificationError> {
    let (facts, about, threshold) = match rule.spec.event {
        EventType::BalanceThreshold | EventType::EntitlementReset => {
            let threshold = (rule.spec.event == EventType::BalanceThreshold).then(|| Threshold {
                kind: ThresholdKind::Percent,
                value: 50.into(),
            });
            let (facts, about) = invented_entitlement(now, threshold.as_ref());
            (
                pb::event_payload::Facts::Entitlement(facts),
                about,
                threshold,
            )
        }
        EventType::InvoiceCreated | EventType::InvoiceUpdated => {
            let invoice = invented_invoice(now);
            let about = Subjects {
                invoice_id: invoice.id.clone(),
                invoice_number: invoice.number.clone(),
                ..Subjects::default()
            };
            (pb::event_payload::Facts::Invoice(invoice), about, None)
        }
    };
    let object = format!("rule/{}", rule.id);
    Ok(Draft {
        threshold,
        about,
        test: true,
        ..draft(render, now, rule, object, facts)?
    })
}

fn draft(
    render: Render,
    now: Timestamp,
    rule: &Rule,
    object: String,
    facts: pb::event_payload::Facts,
) -> Result<Draft, NotificationError> {
    let id: EventId = chassis::id::next();
    let payload = pb::EventPayload {
        event_id: id.to_string(),
        event_type: convert::rule::to_event(rule.spec.event).into(),
        create_time: Some(contract::convert::timestamp(now)),
        facts: Some(facts),
    };
    Ok(Draft {
        id,
        event: rule.spec.event,
        rule: rule.id,
        channels: rule.spec.channels.clone(),
        object,
        body: render(payload).map_err(NotificationError::Render)?,
        threshold: None,
        sameness: None,
        test: false,
        about: Subjects::default(),
    })
}

fn some_id() -> String {
    chassis::id::next::<EventId>().to_string()
}

fn number(value: i64) -> Option<contract::kernel::v1::Decimal> {
    Some(contract::convert::decimal(value.into()))
}

fn invented_entitlement(
    now: Timestamp,
    threshold: Option<&Threshold>,
) -> (pb::EntitlementFacts, Subjects) {
    let at = |time: Timestamp| Some(contract::convert::timestamp(time));
    let start = now - SignedDuration::from_hours(24);
    let end = start + SignedDuration::from_hours(30 * 24);
    let (feature_id, customer_id, subject_id) = (some_id(), some_id(), some_id());
    let feature_key = "test-feature-1".to_owned();
    let subject_key = "test-subject-1".to_owned();
    let period = contract::kernel::v1::Period {
        start_time: at(start),
        end_time: at(end),
    };
    let entitlement = entitlement::Entitlement {
        id: some_id(),
        customer_id: customer_id.clone(),
        feature_id: feature_id.clone(),
        feature_key: feature_key.clone(),
        kind: Some(entitlement::entitlement::Kind::Metered(
            entitlement::MeteredEntitlement {
                measure_usage_from_time: at(start),
                soft_limit: true,
                preserve_overage_at_reset: false,
                issue: Some(entitlement::Issue {
                    amount: number(10_000),
                    priority: Some(1),
                }),
                last_reset_time: at(start),
            },
        )),
        active_from_time: at(start),
        usage_period: Some(entitlement::UsagePeriod {
            interval: "P1M".to_owned(),
            anchor_time: at(start),
        }),
        current_usage_period: Some(period),
        create_time: at(start),
        update_time: at(start),
        ..entitlement::Entitlement::default()
    };
    let metered = entitlement::MeteredValue {
        balance: number(10_000),
        usage: number(5_001),
        overage: number(99),
        total_available_grant_amount: number(10_000),
        usage_period: Some(period),
    };
    let value = entitlement::EntitlementValue {
        entitlement_id: entitlement.id.clone(),
        customer_id: customer_id.clone(),
        feature_key: feature_key.clone(),
        has_access: true,
        kind: Some(entitlement::entitlement_value::Kind::Metered(metered)),
        active_to_time: None,
    };
    let about = Subjects {
        entitlement_id: entitlement.id.clone(),
        customer_id: customer_id.clone(),
        subject_id: subject_id.clone(),
        subject_key: subject_key.clone(),
        feature_id: feature_id.clone(),
        feature_key: feature_key.clone(),
        ..Subjects::default()
    };
    let facts = pb::EntitlementFacts {
        entitlement: Some(entitlement),
        value: Some(value),
        feature: Some(catalog::Feature {
            id: feature_id,
            key: feature_key,
            name: "Test Feature 1".to_owned(),
            create_time: at(start),
            update_time: at(start),
            ..catalog::Feature::default()
        }),
        customer: Some(customer::Customer {
            id: customer_id,
            display_name: "Test Customer 1".to_owned(),
            usage_attribution: Some(customer::UsageAttribution {
                subject_keys: vec![subject_key.clone()],
            }),
            create_time: at(start),
            update_time: at(start),
            ..customer::Customer::default()
        }),
        subject: Some(customer::Subject {
            id: subject_id,
            key: subject_key,
            display_name: "Test Subject 1".to_owned(),
            create_time: at(start),
            update_time: at(start),
            ..customer::Subject::default()
        }),
        threshold: threshold.map(convert::rule::threshold),
    };
    (facts, about)
}

/// An issued invoice of one line of 1000 USD.
fn invented_invoice(now: Timestamp) -> billing::Invoice {
    let at = |time: Timestamp| Some(contract::convert::timestamp(time));
    let start = now - SignedDuration::from_hours(30 * 24);
    let period = contract::kernel::v1::Period {
        start_time: at(start),
        end_time: at(now),
    };
    let totals = billing::Totals {
        amount: number(1000),
        charges_total: number(0),
        discounts_total: number(0),
        taxes_inclusive_total: number(0),
        taxes_exclusive_total: number(0),
        taxes_total: number(0),
        total: number(1000),
    };
    let id = some_id();
    let price = catalog::Price {
        model: Some(catalog::price::Model::Flat(catalog::FlatPrice {
            amount: number(1000),
            payment_term: catalog::PaymentTerm::InArrears.into(),
        })),
        ..catalog::Price::default()
    };
    let line = billing::InvoiceLine {
        id: some_id(),
        name: "Test line".to_owned(),
        managed_by: billing::ManagedBy::Manual.into(),
        invoice_id: id.clone(),
        currency_code: "USD".to_owned(),
        period: Some(period),
        invoice_time: at(now),
        price: Some(price),
        quantity: number(1),
        metered_quantity: number(1),
        totals: Some(totals.clone()),
        create_time: at(now),
        update_time: at(now),
        ..billing::InvoiceLine::default()
    };
    billing::Invoice {
        id,
        metadata: BTreeMap::new(),
        supplier: Some(billing::Supplier {
            name: "Test Supplier".to_owned(),
            ..Default::default()
        }),
        customer: Some(billing::InvoiceCustomer {
            id: some_id(),
            name: "Test Customer 1".to_owned(),
            ..Default::default()
        }),
        number: "TEST-INV-1".to_owned(),
        currency_code: "USD".to_owned(),
        totals: Some(totals),
        state: billing::InvoiceState::Issued.into(),
        status_details: Some(billing::StatusDetails {
            extended_status: "issued".to_owned(),
            status: "issued".to_owned(),
            immutable: true,
            ..Default::default()
        }),
        issue_time: at(now),
        period: Some(period),
        workflow: Some(billing::InvoiceWorkflow {
            source_billing_profile_id: some_id(),
            workflow: Some(billing::Workflow::default()),
            apps: None,
        }),
        lines: vec![line],
        revision: 1,
        create_time: at(now),
        update_time: at(now),
        ..billing::Invoice::default()
    }
}
