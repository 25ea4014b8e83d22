//! The schema, one step per file, forward only.

mod m0001_entitlement;

use sea_orm_migration::MigrationTrait;

/// All steps in order.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(m0001_entitlement::Migration)]
}
