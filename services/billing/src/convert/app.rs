//! Apps.

use contract::billing::v1 as pb;

use super::wire_time;
use crate::{
    domain::app::{App, Kind},
    error::BillingError,
    store::customer_app::CustomerApp,
};

/// The wire form of an app.
pub fn to_proto(app: &App) -> pb::App {
    let custom = (app.kind == Kind::CustomInvoicing).then_some(pb::CustomInvoicingSettings {
        enable_draft_sync_hook: app.draft_sync_hook,
        enable_issuing_sync_hook: app.issuing_sync_hook,
    });
    pb::App {
        id: app.id.to_string(),
        r#type: kind_to_proto(app.kind).into(),
        name: app.name.clone(),
        description: app.description.clone(),
        metadata: app.metadata.clone(),
        status: if app.ready {
            pb::app::Status::Ready
        } else {
            pb::app::Status::Unauthorized
        }
        .into(),
        custom_invoicing: custom,
        etag: chassis::etag::of(app.revision),
        create_time: wire_time(Some(app.create_time)),
        update_time: wire_time(Some(app.update_time)),
        delete_time: wire_time(app.delete_time),
        stripe: app.stripe.as_ref().map(|to| pb::StripeAccount {
            account_id: to.account.clone(),
            live_mode: to.live,
            masked_api_key: to.masked_key.clone(),
        }),
    }
}

/// The wire form of what an app knows about a customer.
pub fn customer_to_proto(known: &CustomerApp, app: &App) -> pb::CustomerApp {
    pb::CustomerApp {
        app: Some(to_proto(app)),
        customer_id: known.customer.to_string(),
        stripe: known.stripe.as_ref().map(|stripe| pb::StripeCustomer {
            stripe_customer_id: stripe.id.clone(),
            default_payment_method_id: stripe.payment_method.clone().unwrap_or_default(),
        }),
        metadata: known.metadata.clone(),
        create_time: wire_time(Some(known.create_time)),
        update_time: wire_time(Some(known.update_time)),
    }
}

/// The wire value of a kind.
pub fn kind_to_proto(kind: Kind) -> pb::app::Type {
    match kind {
        Kind::Sandbox => pb::app::Type::Sandbox,
        Kind::Stripe => pb::app::Type::Stripe,
        Kind::CustomInvoicing => pb::app::Type::CustomInvoicing,
    }
}

/// The kind that a wire value names; `None` for an unset one.
pub fn kind_from_proto(field: &str, wire: i32) -> Result<Option<Kind>, BillingError> {
    match pb::app::Type::try_from(wire) {
        Ok(pb::app::Type::Unspecified) => Ok(None),
        Ok(pb::app::Type::Sandbox) => Ok(Some(Kind::Sandbox)),
        Ok(pb::app::Type::Stripe) => Ok(Some(Kind::Stripe)),
        Ok(pb::app::Type::CustomInvoicing) => Ok(Some(Kind::CustomInvoicing)),
        Err(_) => Err(BillingError::invalid(field, "is unknown")),
    }
}
