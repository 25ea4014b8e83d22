//! The trace in which an event was made, so that its deliveries go on in it.

use sea_orm_migration::prelude::*;

/// Adds the column.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_trace"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared("ALTER TABLE event ADD COLUMN traceparent TEXT NOT NULL DEFAULT ''")
            .await
            .map(drop)
    }
}
