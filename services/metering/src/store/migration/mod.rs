//! All migrations in order.

mod m0001_metering;

use sea_orm_migration::MigrationTrait;

/// What to apply, oldest first.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(m0001_metering::Migration)]
}
