//! What billing does, from gathered facts to one committed write: each file is one kind of
//! work. Other services are asked before a write begins, never during one.

pub mod advance;
pub mod apply;
pub mod collect;
pub mod custom;
pub mod customer_app;
pub mod edit;
pub mod facts;
pub mod gather;
pub mod hold;
pub mod install;
pub mod oauth;
pub mod outside;
pub mod provision;
pub mod read;
pub mod settings;
pub mod settle;
pub mod simulate;
pub mod sync_stripe;
pub mod webhook;

use std::sync::Arc;

use chassis::{BuildError, Db, Env, Link, Write};
use contract::{
    billing::v1 as pb,
    catalog::v1::feature_service_client::FeatureServiceClient,
    customer::v1::customer_service_client::CustomerServiceClient,
    metering::v1::{
        meter_service_client::MeterServiceClient, usage_service_client::UsageServiceClient,
    },
};
use kernel::id::Ulid;
use tonic::{Code, Status};

use self::settings::Settings;
use crate::{
    convert::{self, invoice::Lines},
    domain::{app::App, invoice::Invoice},
    error::BillingError,
    store,
    stripe::Stripe,
};

/// How often a write is planned anew when somebody else was faster.
pub const ATTEMPTS: usize = 4;

/// Billing with everything that it needs. Cheap to clone.
#[derive(Clone)]
pub struct Billing {
    /// Its database.
    pub db: Db,
    /// Signs page tokens.
    pub page_key: [u8; 32],
    /// Settings of the service.
    pub settings: Arc<Settings>,
    env: Env,
    stripe: Stripe,
    customers: CustomerServiceClient<Link>,
    features: FeatureServiceClient<Link>,
    meters: MeterServiceClient<Link>,
    usage: UsageServiceClient<Link>,
}

impl Billing {
    /// Billing over a database, with links to the services it asks.
    pub fn new(env: &Env, db: Db, settings: Settings) -> Result<Self, BuildError> {
        let stripe = Stripe::new(
            &settings.stripe_api_base,
            settings.stripe_timeout,
            settings.stripe_pause,
        )
        .map_err(|error| BuildError::Setting(format!("billing: {error}")))?;
        Ok(Self {
            db,
            page_key: env.page_key(),
            settings: Arc::new(settings),
            env: env.clone(),
            stripe,
            customers: CustomerServiceClient::new(env.link("customer")),
            features: FeatureServiceClient::new(env.link("catalog")),
            meters: MeterServiceClient::new(env.link("metering")),
            usage: UsageServiceClient::new(env.link("metering")),
        })
    }
}

/// A new id for whatever the domain makes.
fn fresh() -> Ulid {
    chassis::id::next()
}

/// Whether a refused write may be planned again.
fn is_raced(status: &Status) -> bool {
    status.code() == Code::Aborted && chassis::error::details(status).reason == "CONCURRENT_CHANGE"
}

/// Stores an invoice and records its event and audit row. `before` is none for a new one, and
/// for a gathering invoice, whose lines tell their own story.
async fn store_invoice(
    w: &mut Write,
    kind: &'static str,
    invoice: &mut Invoice,
    app: &App,
    before: Option<&pb::Invoice>,
) -> Result<pb::Invoice, BillingError> {
    let (project, now) = (w.context().project, w.context().now);
    invoice.revision += 1;
    invoice.update_time = now;
    store::invoice::save(w.tx(), project, invoice).await?;
    let after = convert::invoice::to_proto(invoice, app, now, Lines::Live, false);
    w.record(kind, &after.id, invoice.revision, before, Some(&after))
        .await?;
    Ok(after)
}
