//! What commits add to rollups, one row a commit and meter, until it is merged into the rows.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_pk_auto},
    sea_orm::DatabaseBackend,
};

use super::m0001_metering::text_column;

/// The table of deltas.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_deltas"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str| text_column(manager, name).not_null().take();
        manager
            .create_table(
                Table::create()
                    .table("usage_rollup_delta")
                    .col(big_pk_auto("seq"))
                    .col(text("project_id"))
                    .col(text("meter_id"))
                    .col(big_integer("generation"))
                    .col(big_integer("first_minute"))
                    .col(big_integer("last_minute"))
                    .col(big_integer("partial_count"))
                    .col(text("partials"))
                    .to_owned(),
            )
            .await?;
        let mut statements = vec![
            "CREATE INDEX usage_rollup_delta_by_meter ON usage_rollup_delta (project_id, meter_id)",
            // How far rows were merged no longer says anything: every row that is added now is merged.
            "DELETE FROM usage_rollup_mark",
        ];
        if manager.get_database_backend() == DatabaseBackend::Postgres {
            // It lives for seconds: compressing it is not worth the time.
            statements
                .push("ALTER TABLE usage_rollup_delta ALTER COLUMN partials SET STORAGE EXTERNAL");
        }
        for statement in statements {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }
}
