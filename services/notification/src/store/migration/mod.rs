//! Migrations, forward only, one per file.

mod m0001_notification;

use sea_orm_migration::MigrationTrait;

/// All migrations, oldest first.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(m0001_notification::Migration)]
}
