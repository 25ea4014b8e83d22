//! Corrections of events, and how far queries and builders have come.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null},
};

use super::m0001_metering::text_column;

/// Tables and columns that were added later.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_corrections"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str| text_column(manager, name).not_null().take();
        manager
            .create_table(
                Table::create()
                    .table("usage_correction")
                    .col(text("project_id"))
                    // The event that no longer counts.
                    .col(big_integer("seq"))
                    .col(text("reason"))
                    .col(text("actor"))
                    .col(big_integer("correct_time"))
                    // The event that counts instead.
                    .col(big_integer_null("replacement_seq"))
                    .primary_key(Index::create().col("project_id").col("seq"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("query_progress")
                    .col(text("project_id"))
                    .col(text("client_id"))
                    .col(big_integer("success_count"))
                    .col(big_integer("failed_count"))
                    .col(big_integer("total_count"))
                    .col(big_integer("update_time"))
                    // System time: when it may be forgotten.
                    .col(big_integer("expire_time"))
                    .primary_key(Index::create().col("project_id").col("client_id"))
                    .to_owned(),
            )
            .await?;
        for statement in [
            "CREATE INDEX usage_correction_by_replacement ON usage_correction (project_id, replacement_seq) \
             WHERE replacement_seq IS NOT NULL",
            "CREATE INDEX query_progress_expired ON query_progress (expire_time)",
            // Grows when an event that the builder may have read is corrected.
            "ALTER TABLE meter_rollup ADD COLUMN corrections BIGINT NOT NULL DEFAULT 0",
            // How many events the builder has to add; none until it has counted them.
            "ALTER TABLE meter_rollup ADD COLUMN event_total BIGINT",
            "ALTER TABLE meter_rollup ADD COLUMN success_count BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE meter_rollup ADD COLUMN failed_count BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE meter_rollup ADD COLUMN update_time BIGINT NOT NULL DEFAULT 0",
        ] {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }
}
