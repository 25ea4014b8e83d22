//! What timers look for is found by indices of its own, whatever else a project holds; and
//! the note of a hold says which change it is about.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Run;

impl MigrationName for Run {
    fn name(&self) -> &'static str {
        "m0004_run"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Run {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("stale_hold")
                    .add_column(text("token").default(""))
                    .to_owned(),
            )
            .await?;
        let connection = manager.get_connection();
        for statement in [
            "CREATE INDEX invoice_pending_due ON invoice (project_id, due_time, id) \
             WHERE state = 'gathering' AND due_time IS NOT NULL",
            "CREATE INDEX invoice_draft_due ON invoice (project_id, due_time, id) \
             WHERE state <> 'gathering' AND due_time IS NOT NULL",
            "CREATE INDEX subscription_due ON subscription (project_id, next_sync_time) \
             WHERE next_sync_time IS NOT NULL",
            "DROP INDEX invoice_by_due_time",
            "DROP INDEX subscription_by_next_sync",
        ] {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
