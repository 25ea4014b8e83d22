//! Migrations, oldest first.

mod m0001_subscription;
mod m0002_subscription_change;
mod m0003_reported;
mod m0004_stores;
mod m0005_revenue_sums;
mod m0006_store_lines;
mod m0007_given_definition;

use sea_orm_migration::MigrationTrait;

/// All of them.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m0001_subscription::Migration),
        Box::new(m0002_subscription_change::Migration),
        Box::new(m0003_reported::Migration),
        Box::new(m0004_stores::Migration),
        Box::new(m0005_revenue_sums::Migration),
        Box::new(m0006_store_lines::Migration),
        Box::new(m0007_given_definition::Migration),
    ]
}
