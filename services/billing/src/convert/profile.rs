//! Billing profiles and their workflows.

use contract::billing::v1 as pb;
use kernel::calendar::{IsoDuration, Recurrence};

use super::{app, customer, pairs, price, required_time, wire_time};
use crate::{
    domain::{
        app::App,
        profile::{
            CollectionMethod, NewProfile, Profile, Workflow, default_draft_period,
            default_due_after, default_interval,
        },
        tax::ManualRate,
    },
    error::BillingError,
};

/// The wire form of a profile, with its app in full when it is at hand.
pub fn to_proto(profile: &Profile, app: Option<&App>) -> pb::BillingProfile {
    pb::BillingProfile {
        id: profile.id.to_string(),
        name: profile.name.clone(),
        description: profile.description.clone(),
        metadata: profile.metadata.clone(),
        supplier: Some(customer::supplier_to_proto(&profile.supplier)),
        default: profile.default,
        workflow: Some(workflow_to_proto(&profile.workflow)),
        apps: Some(apps_to_proto(profile.app, app)),
        etag: chassis::etag::of(profile.revision),
        create_time: wire_time(Some(profile.create_time)),
        update_time: wire_time(Some(profile.update_time)),
        delete_time: wire_time(profile.delete_time),
    }
}

/// The wire form of the three apps, which are one.
pub fn apps_to_proto(id: kernel::id::AppId, full: Option<&App>) -> pb::ProfileApps {
    pb::ProfileApps {
        tax_app_id: id.to_string(),
        invoicing_app_id: id.to_string(),
        payment_app_id: id.to_string(),
        app: full.map(app::to_proto),
    }
}

/// A profile as sent; checked.
pub fn from_proto(wire: &pb::BillingProfile) -> Result<NewProfile, BillingError> {
    let new = NewProfile {
        name: wire.name.clone(),
        description: wire.description.clone(),
        metadata: pairs("profile.metadata", &wire.metadata)?,
        supplier: customer::supplier("profile.supplier", wire.supplier.as_ref())?,
        default: wire.default,
        workflow: workflow("profile.workflow", wire.workflow.as_ref())?,
    };
    new.check()?;
    Ok(new)
}

/// A workflow as sent; what it does not say has its default.
pub fn workflow(field: &str, wire: Option<&pb::Workflow>) -> Result<Workflow, BillingError> {
    let wire = wire.cloned().unwrap_or_default();
    let collection = wire.collection.unwrap_or_default();
    let invoicing = wire.invoicing.unwrap_or_default();
    let payment = wire.payment.unwrap_or_default();
    let tax = wire.tax.unwrap_or_default();
    let alignment = match collection.anchored_alignment {
        None => None,
        Some(anchored) => {
            let path = format!("{field}.collection.anchored_alignment");
            let refuse = |error: kernel::calendar::CalendarError| {
                BillingError::invalid(format!("{path}.interval_duration"), error.to_string())
            };
            let interval = IsoDuration::parse(&anchored.interval_duration).map_err(refuse)?;
            let anchor = required_time(
                &format!("{path}.anchor_time"),
                anchored.anchor_time.as_ref(),
            )?;
            Some(Recurrence::new(interval, anchor).map_err(refuse)?)
        }
    };
    let default_tax = price::tax(
        &format!("{field}.invoicing.default_tax_config"),
        invoicing.default_tax_config.as_ref(),
    )?;
    let workflow = Workflow {
        alignment,
        collection_interval: super::duration(
            &format!("{field}.collection.interval_duration"),
            &collection.interval_duration,
            default_interval,
        )?,
        auto_advance: invoicing.auto_advance.unwrap_or(true),
        draft_period: super::duration(
            &format!("{field}.invoicing.draft_period_duration"),
            &invoicing.draft_period_duration,
            default_draft_period,
        )?,
        due_after: super::duration(
            &format!("{field}.invoicing.due_after_duration"),
            &invoicing.due_after_duration,
            default_due_after,
        )?,
        progressive_billing: invoicing.progressive_billing.unwrap_or(true),
        default_tax: (!default_tax.is_empty()).then_some(default_tax),
        collection_method: method(field, payment.collection_method)?,
        tax_enabled: tax.enabled.unwrap_or(true),
        tax_enforced: tax.enforced,
        tax_rates: rates(
            &format!("{field}.tax.manual_rates.rates"),
            tax.manual_rates.as_ref(),
        )?
        .unwrap_or_default(),
    };
    workflow.check(field)?;
    Ok(workflow)
}

fn method(field: &str, wire: i32) -> Result<CollectionMethod, BillingError> {
    use pb::payment_settings::CollectionMethod as Wire;
    match Wire::try_from(wire) {
        Ok(Wire::Unspecified | Wire::ChargeAutomatically) => {
            Ok(CollectionMethod::ChargeAutomatically)
        }
        Ok(Wire::SendInvoice) => Ok(CollectionMethod::SendInvoice),
        Err(_) => Err(BillingError::invalid(
            format!("{field}.payment.collection_method"),
            "is unknown",
        )),
    }
}

/// The wire form of a workflow, every part said.
pub fn workflow_to_proto(workflow: &Workflow) -> pb::Workflow {
    use pb::payment_settings::CollectionMethod as Wire;
    let method = match workflow.collection_method {
        CollectionMethod::ChargeAutomatically => Wire::ChargeAutomatically,
        CollectionMethod::SendInvoice => Wire::SendInvoice,
    };
    pb::Workflow {
        collection: Some(pb::CollectionSettings {
            anchored_alignment: workflow.alignment.as_ref().map(|alignment| {
                pb::AnchoredAlignment {
                    interval_duration: alignment.interval.to_string(),
                    anchor_time: wire_time(Some(alignment.anchor)),
                }
            }),
            interval_duration: workflow.collection_interval.to_string(),
        }),
        invoicing: Some(pb::InvoicingSettings {
            auto_advance: Some(workflow.auto_advance),
            draft_period_duration: workflow.draft_period.to_string(),
            due_after_duration: workflow.due_after.to_string(),
            progressive_billing: Some(workflow.progressive_billing),
            default_tax_config: workflow.default_tax.as_ref().and_then(price::tax_to_proto),
        }),
        payment: Some(pb::PaymentSettings {
            collection_method: method.into(),
        }),
        tax: Some(pb::TaxSettings {
            enabled: Some(workflow.tax_enabled),
            enforced: workflow.tax_enforced,
            manual_rates: rates_to_proto(&workflow.tax_rates),
        }),
    }
}

/// Manual tax rates as sent; `None` when they are not said.
pub fn rates(
    field: &str,
    wire: Option<&pb::ManualTaxRates>,
) -> Result<Option<Vec<ManualRate>>, BillingError> {
    let Some(wire) = wire else {
        return Ok(None);
    };
    wire.rates
        .iter()
        .enumerate()
        .map(|(index, rate)| {
            let path = |name: &str| format!("{field}[{index}].{name}");
            Ok(ManualRate {
                name: rate.display_name.clone(),
                percentage: super::required_decimal(&path("percentage"), rate.percentage.as_ref())?,
                behavior: price::behavior(&path("behavior"), rate.behavior)?,
                tax_code: super::text(&rate.tax_code),
            })
        })
        .collect::<Result<_, _>>()
        .map(Some)
}

/// The wire form of manual tax rates.
pub fn rates_to_proto(rates: &[ManualRate]) -> Option<pb::ManualTaxRates> {
    Some(pb::ManualTaxRates {
        rates: rates
            .iter()
            .map(|rate| pb::ManualTaxRate {
                display_name: rate.name.clone(),
                percentage: super::wire_decimal(rate.percentage),
                behavior: price::behavior_to_proto(rate.behavior).into(),
                tax_code: rate.tax_code.clone().unwrap_or_default(),
            })
            .collect(),
    })
}
