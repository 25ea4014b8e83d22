//! Migrations, forward only, one per file.

mod m0001_catalog;
mod m0002_stores;

use sea_orm_migration::MigrationTrait;

/// All migrations, oldest first.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m0001_catalog::Migration),
        Box::new(m0002_stores::Migration),
    ]
}
