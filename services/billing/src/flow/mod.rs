//! What billing does, from gathered facts to one committed write: each file is one kind of
//! work. Other services are asked before a write begins, never during one.

pub mod advance;
pub mod apply;
pub mod begin;
pub mod collect;
pub mod custom;
pub mod customer_app;
pub mod edit;
pub mod explain;
pub mod facts;
pub mod gather;
pub mod hold;
pub mod install;
pub mod oauth;
pub mod outside;
pub mod provision;
pub mod read;
pub mod reconcile;
pub mod run;
pub mod settings;
pub mod settle;
pub mod simulate;
pub mod sync_stripe;
pub mod webhook;

use std::sync::Arc;

use chassis::{BuildError, Db, Env, Link, Recent, Write, feed::Consumer};
use contract::{
    billing::v1 as pb,
    catalog::v1::feature_service_client::FeatureServiceClient,
    customer::v1::customer_service_client::CustomerServiceClient,
    metering::v1::{
        meter_service_client::MeterServiceClient, usage_service_client::UsageServiceClient,
    },
};
use kernel::id::{CustomerId, ProjectId, Ulid};
use tonic::{Code, Status};

use self::{provision::Effective, settings::Settings};
use crate::{
    consume,
    convert::{self, invoice::Lines},
    domain::{app::App, header, invoice::Invoice, totals::Totals},
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
    /// What applied to customers without anything of their own when they were about to subscribe. It may be outdated: the
    /// write that goes by it checks it.
    pub seen: Recent<(ProjectId, CustomerId), Effective>,
    env: Env,
    stripe: Stripe,
    customers: CustomerServiceClient<Link>,
    /// Follows the customers for their lists.
    pub(crate) copies: Consumer,
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
            page_key: env.page_key(),
            settings: Arc::new(settings),
            seen: Recent::default(),
            copies: Consumer::new(env, db.clone(), consume::customers()),
            db,
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

/// What an event and an audit row tell of an invoice besides what it is.
#[derive(Default)]
pub(crate) struct Past<'a> {
    /// What it was: none for a new one, and for a gathering invoice, whose lines tell their own story.
    pub before: Option<&'a pb::Invoice>,
    /// The states that it passed.
    pub passed: Vec<pb::Invoice>,
}

/// Stores an invoice and records its event and audit row.
pub(crate) async fn store_invoice(
    w: &mut Write,
    kind: &'static str,
    invoice: &mut Invoice,
    app: &App,
    past: Past<'_>,
) -> Result<pb::Invoice, BillingError> {
    let project = w.context().project;
    let before = past.before;
    let after = record_invoice(w, kind, invoice, app, past).await?;
    store::invoice::save(w.tx(), project, invoice).await?;
    if before.is_some_and(|before| held(before) != hold::holds(invoice)) {
        hold::note(w, &[invoice.customer()]).await?;
    }
    Ok(after)
}

/// Whether an invoice held its customer when it was shown so.
fn held(shown: &pb::Invoice) -> bool {
    use pb::InvoiceState::{Deleted, Paid, Uncollectible, Voided};
    shown.delete_time.is_none() && ![Deleted, Paid, Uncollectible, Voided].contains(&shown.state())
}

/// The same without storing it: a run stores many together.
async fn record_invoice(
    w: &mut Write,
    kind: &'static str,
    invoice: &mut Invoice,
    app: &App,
    past: Past<'_>,
) -> Result<pb::Invoice, BillingError> {
    let mut after = told(w, invoice, app, past.passed);
    w.record(kind, &after.id, invoice.revision, past.before, Some(&after))
        .await?;
    after.passed.clear();
    Ok(after)
}

/// Tells the states that an invoice passed, without an audit row: nothing is to be kept of it.
pub(crate) async fn tell_invoice(
    w: &mut Write,
    invoice: &mut Invoice,
    app: &App,
    passed: Vec<pb::Invoice>,
) -> Result<(), BillingError> {
    if passed.is_empty() {
        return Ok(());
    }
    let after = told(w, invoice, app, passed);
    w.event("invoice.updated", &after.id, invoice.revision, &after)
        .await?;
    Ok(())
}

/// The next revision of an invoice, as an event tells it.
fn told(w: &Write, invoice: &mut Invoice, app: &App, passed: Vec<pb::Invoice>) -> pb::Invoice {
    let now = w.context().now;
    invoice.revision += 1;
    invoice.update_time = now;
    pb::Invoice {
        passed,
        ..convert::invoice::to_proto(invoice, app, now, Lines::Live, false)
    }
}

/// Brings a gathering invoice whose lines changed up to date and records it, without storing
/// it. Empty, it is deleted.
pub(crate) async fn record_gathering(
    w: &mut Write,
    invoice: &mut Invoice,
    app: &App,
) -> Result<(), BillingError> {
    // Rated when read; what is stored would be out of date at once.
    invoice.header.totals = Totals::default();
    header::update_gathering(invoice, w.context().now);
    let kind = if invoice.revision == 0 {
        "invoice.created"
    } else {
        "invoice.updated"
    };
    record_invoice(w, kind, invoice, app, Past::default()).await?;
    Ok(())
}
