//! Meters, holds, usage events and portal tokens.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, big_pk_auto},
    sea_orm::DatabaseBackend,
};

/// The first tables.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_metering"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str| text_column(manager, name).not_null().take();
        manager
            .create_table(
                Table::create()
                    .table("meter")
                    .col(text("project_id"))
                    .col(text("id"))
                    .col(text("slug"))
                    .col(text("name"))
                    .col(text("description"))
                    .col(text("event_type"))
                    .col(big_integer_null("event_from"))
                    .col(text("aggregation"))
                    .col(text("value_property"))
                    .col(text("group_by"))
                    .col(text("metadata"))
                    .col(big_integer("revision"))
                    .col(big_integer("create_time"))
                    .col(big_integer("update_time"))
                    .col(big_integer_null("delete_time"))
                    .primary_key(Index::create().col("project_id").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("meter_hold")
                    .col(text("project_id"))
                    .col(text("meter_id"))
                    .col(text("reason"))
                    .col(text("holder_id"))
                    .col(text("group_by_keys"))
                    .col(text("display_text"))
                    .col(big_integer("create_time"))
                    .primary_key(
                        Index::create()
                            .col("project_id")
                            .col("meter_id")
                            .col("reason")
                            .col("holder_id"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("usage_event")
                    // Grows with every event, so that new rows land at the end of the table.
                    .col(big_pk_auto("seq"))
                    .col(text("project_id"))
                    .col(text("source"))
                    .col(text("event_id"))
                    .col(text("event_type"))
                    .col(text("subject"))
                    .col(big_integer("time"))
                    .col(text_column(manager, "data"))
                    .col(big_integer("ingest_time"))
                    .col(big_integer("store_time"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("meter_rollup")
                    .col(text("project_id"))
                    .col(text("meter_id"))
                    .col(text("group_by"))
                    .col(big_integer("generation"))
                    .col(big_integer("until_seq"))
                    .col(big_integer("built_seq"))
                    .primary_key(Index::create().col("project_id").col("meter_id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("usage_rollup")
                    .col(big_pk_auto("seq"))
                    .col(text("project_id"))
                    .col(text("meter_id"))
                    .col(big_integer("generation"))
                    .col(text("subject"))
                    .col(big_integer("minute"))
                    .col(text("group_values"))
                    .col(big_integer("event_count"))
                    .col(text("state"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("usage_rollup_mark")
                    .col(text("name").primary_key())
                    .col(big_integer("seq"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("portal_token")
                    .col(text("project_id"))
                    .col(text("id"))
                    .col(text("subject"))
                    .col(text("meter_slugs"))
                    .col(big_integer("expire_time"))
                    .col(big_integer("create_time"))
                    .primary_key(Index::create().col("project_id").col("id"))
                    .to_owned(),
            )
            .await?;
        for statement in [
            "CREATE UNIQUE INDEX meter_live_slug ON meter (project_id, slug) WHERE delete_time IS NULL",
            // The identity of events, for ever.
            "CREATE UNIQUE INDEX usage_event_identity ON usage_event (project_id, source, event_id)",
            // Meter queries: the events of a type and some subjects in a span.
            "CREATE INDEX usage_event_by_subject ON usage_event (project_id, event_type, subject, time)",
            // Lists of events.
            "CREATE INDEX usage_event_by_time ON usage_event (project_id, time, event_id)",
            "CREATE INDEX usage_event_by_ingest_time ON usage_event (project_id, ingest_time, event_id)",
            "CREATE INDEX usage_rollup_by_subject ON usage_rollup (project_id, meter_id, subject, minute)",
            // The builder looks for what is not complete.
            "CREATE INDEX meter_rollup_unfinished ON meter_rollup (project_id) WHERE built_seq < until_seq",
            "CREATE INDEX portal_token_by_subject ON portal_token (project_id, subject)",
        ] {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }
}

/// A text column in byte order. SQLite's own order is that already.
pub(super) fn text_column(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.text();
    if manager.get_database_backend() == DatabaseBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}
