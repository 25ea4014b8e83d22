//! Migrations, oldest first.

mod m0001_subscription;
mod m0002_subscription_change;

use sea_orm_migration::MigrationTrait;

/// All of them.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m0001_subscription::Migration),
        Box::new(m0002_subscription_change::Migration),
    ]
}
