//! Migrations, oldest first.

mod m0001_subscription;

use sea_orm_migration::MigrationTrait;

/// All of them.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(m0001_subscription::Migration)]
}
