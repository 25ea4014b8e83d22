//! The schema, one step per file, forward only.

mod m0001_billing;
mod m0002_stripe;
mod m0003_hold;
mod m0004_run;
mod m0005_reached;
mod m0006_compression;

use sea_orm_migration::MigrationTrait;

/// All steps in order.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m0001_billing::Billing),
        Box::new(m0002_stripe::Stripe),
        Box::new(m0003_hold::Hold),
        Box::new(m0004_run::Run),
        Box::new(m0005_reached::Reached),
        Box::new(m0006_compression::Compression),
    ]
}
