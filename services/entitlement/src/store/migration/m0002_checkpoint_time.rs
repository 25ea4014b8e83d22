//! Finds the checkpoints that a change of usage reaches.

use sea_orm_migration::prelude::*;

/// Adds the index.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_checkpoint_time"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX balance_checkpoint_by_time ON balance_checkpoint (project_id, reset_time)",
            )
            .await
            .map(drop)
    }
}
