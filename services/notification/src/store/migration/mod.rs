//! Migrations, forward only, one per file.

mod m0001_notification;
mod m0002_event;
mod m0003_retention;
mod m0004_trace;

use sea_orm_migration::MigrationTrait;

/// All migrations, oldest first.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m0001_notification::Migration),
        Box::new(m0002_event::Migration),
        Box::new(m0003_retention::Migration),
        Box::new(m0004_trace::Migration),
    ]
}
