//! The migrations in order, one per file; the file's stem is its name.

pub mod m0001_project;
pub mod m0002_customer;
pub mod m0003_subject;
pub mod m0004_identity;
pub mod m0005_rate_charge;
pub mod m0006_report_change;

use sea_orm_migration::MigrationTrait;

/// All migrations.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m0001_project::Projects),
        Box::new(m0002_customer::Customers),
        Box::new(m0003_subject::Subjects),
        Box::new(m0004_identity::Identity),
        Box::new(m0005_rate_charge::RateCharges),
        Box::new(m0006_report_change::ReportChange),
    ]
}
