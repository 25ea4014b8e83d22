//! All migrations in order.

mod m0001_metering;
mod m0002_corrections;
mod m0003_hours;
mod m0004_deltas;

use sea_orm_migration::MigrationTrait;

/// What to apply, oldest first.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m0001_metering::Migration),
        Box::new(m0002_corrections::Migration),
        Box::new(m0003_hours::Migration),
        Box::new(m0004_deltas::Migration),
    ]
}
