//! Rollups by the hour. Those of meters that were there before are built anew, from their events.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_pk_auto},
};

use super::m0001_metering::text_column;

/// The table of hours.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0003_hours"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str| text_column(manager, name).not_null().take();
        manager
            .create_table(
                Table::create()
                    .table("usage_rollup_hour")
                    .col(big_pk_auto("seq"))
                    .col(text("project_id"))
                    .col(text("meter_id"))
                    .col(big_integer("generation"))
                    .col(text("subject"))
                    .col(big_integer("hour"))
                    .col(text("group_values"))
                    .col(big_integer("event_count"))
                    .col(text("state"))
                    .to_owned(),
            )
            .await?;
        for statement in [
            "CREATE INDEX usage_rollup_hour_by_subject ON usage_rollup_hour (project_id, meter_id, subject, hour)",
            "UPDATE meter_rollup SET generation = generation + 1, built_seq = 0, event_total = NULL, \
             success_count = 0, failed_count = 0, \
             until_seq = COALESCE((SELECT MAX(seq) FROM usage_event), 0)",
        ] {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }
}
