//! How long events are kept, and what is remembered of those that are not.

use sea_orm_migration::{prelude::*, schema::*};

/// Adds the columns and the table.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0003_retention"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in COLUMNS {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        let last = Table::create()
            .table("pruned_object")
            .col(string("project_id"))
            .col(string("object"))
            .col(big_integer("last"))
            .primary_key(Index::create().col("project_id").col("object"))
            .to_owned();
        manager.create_table(last).await
    }
}

/// Of events from before, the end of the usage period is not known: those that tell of one are kept for more than the
/// longest usual one, 400 days.
const COLUMNS: [&str; 3] = [
    "ALTER TABLE event ADD COLUMN keep_until BIGINT NOT NULL DEFAULT 0",
    "UPDATE event SET keep_until = create_time + 34560000000000 WHERE dedupe_hash <> ''",
    "ALTER TABLE event_sequence ADD COLUMN prune_time BIGINT NOT NULL DEFAULT 0",
];
